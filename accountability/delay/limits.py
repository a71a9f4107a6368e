"""Time limits on police discipline, as published law and policy: information with its citation, never legal advice.

Read in secondary copies; ``seen_in`` and ``confidence`` say how firmly. A limit without a number is listed because
looking and finding none is knowledge too. The limits themselves stand in ``law_limits.yaml``.
"""

from __future__ import annotations

import html
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml

from accountability.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMITS", "VERSION", "Limit", "limit", "numbered", "table"]


@dataclass(frozen=True, slots=True, repr=False)
class Limit:
    """One rule that something must happen within some time.

    Attributes
    ----------
    name : str
        Short name.
    jurisdiction : str
        Where it holds.
    value : int or None
        The number of units; None when no limit was found.
    unit : str
        ``calendar days``, ``business days``, ``months`` or ``years``.
    limits : str
        What must be done in time.
    starts : str
        What starts the clock.
    pauses : str
        What stops or extends it; empty when nothing is known to.
    consequence : str
        What follows when the limit has passed.
    effective_from, effective_to : str
        Since when and until when, as far as known.
    citation : str
        The rule's own reference.
    seen_in : str
        Where it was read.
    confidence : str
        How firmly it is known.
    """

    name: str
    jurisdiction: str
    value: int | None
    unit: str
    limits: str
    starts: str = ""
    pauses: str = ""
    consequence: str = ""
    effective_from: str = ""
    effective_to: str = ""
    citation: str = ""
    seen_in: str = ""
    confidence: str = ""

    def facts(self) -> dict[str, str]:
        """What is known of the rule, as a reader is shown it."""
        length = "no number was found" if self.value is None else f"{self.value} {self.unit}"
        return {
            "limit": f"{length} ({self.name})",
            "jurisdiction": self.jurisdiction,
            "what must be done in time": self.limits or "not stated",
            "the clock starts": self.starts or "not stated",
            "what stops or extends it": self.pauses or "nothing known",
            "what follows when it has passed": self.consequence or "not stated",
            "in force": f"from {self.effective_from or 'not stated'} to {self.effective_to or 'not stated'}",
            "citation": self.citation or "none",
            "read in": self.seen_in or "not stated",
            "confidence": self.confidence or "not stated",
        }

    def __repr__(self) -> str:
        facts = self.facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self.facts().items()
        )
        return f"<table><tbody>{rows}</tbody></table>"


_LISTED: Final = yaml.safe_load(pkgutil.get_data(__package__, "law_limits.yaml") or b"")

VERSION: Final[str] = _LISTED["version"]
"""Version of the list; a result that uses a limit names it."""

LIMITS: Final = tuple(Limit(**entry) for entry in _LISTED["limits"])


def limit(name: str) -> Limit:
    """Give a limit by its name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    for one in LIMITS:
        if one.name == name:
            return one
    raise ParameterError(f"no limit {name!r}; there are {', '.join(one.name for one in LIMITS)}")


def numbered() -> tuple[Limit, ...]:
    """All limits that have a number of days, months or years."""
    return tuple(one for one in LIMITS if one.value is not None)


def table() -> pd.DataFrame:
    """All limits, one row each."""
    import pandas as pd

    fields = Limit.__slots__
    return pd.DataFrame([{field: getattr(one, field) for field in fields} for one in LIMITS])
