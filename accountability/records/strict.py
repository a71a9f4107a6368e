"""What every part of a declaration shares: no unknown key, no term outside the vocabulary, problems told by place."""

from __future__ import annotations

from collections.abc import Mapping
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


def problems(error: ValidationError, lines: Mapping[tuple[str, ...], int] | None = None) -> str:
    """What pydantic found, one indented line each: place, what is wrong, what stands there.

    Parameters
    ----------
    error : ValidationError
    lines : mapping, optional
        Place in the file to its line; a missing key gets the line of what it is missing from.
    """
    return "\n".join(f"  {text}" for _, text in problem_list(error, lines))


def problem_list(
    error: ValidationError, lines: Mapping[tuple[str, ...], int] | None = None
) -> list[tuple[tuple[str, ...], str]]:
    """The place of each thing pydantic found, and the thing in one line."""
    found = []
    for problem in error.errors(include_url=False):
        place = tuple(str(part) for part in problem["loc"])
        line = (
            next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None) if lines else None
        )
        text = f"{'.'.join(place)}: " if place else ""
        text += problem["msg"].removeprefix("Value error, ") if not place else problem["msg"]
        if place and problem["type"] not in ("missing", "extra_forbidden"):
            text += f" (found {_short(problem['input'])})"
        found.append((place, f"line {line}: {text}" if line else text))
    return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:119] + "…"
