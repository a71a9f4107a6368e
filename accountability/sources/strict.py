"""What every part of a declaration shares: no unknown key, no term outside the vocabulary, problems told by place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Strict(BaseModel):
    """A part of a declaration: an unknown key is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def known_term(value: str, terms: Any, what: str) -> str:
    """Give the value back where it is one of the terms, and name the nearest where it is not."""
    if value not in terms:
        near = get_close_matches(value, list(terms), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{value!r} is not a {what} ({', '.join(terms)}){hint}")
    return value


def problems(error: ValidationError) -> str:
    """What pydantic found, one indented line each: dotted place, what is wrong, what stands there."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        + (f" (found {_short(problem['input'])})" if problem["type"] not in ("missing", "extra_forbidden") else "")
        for problem in error.errors(include_url=False)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:119] + "…"
