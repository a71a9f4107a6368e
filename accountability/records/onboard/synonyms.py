"""Words of agencies whose meaning is established, for proposing a codebook; all others are left to a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES


def _closed(reason: str) -> dict[str, str]:
    return {"finding": "closed_without_finding", "closing_reason": reason}


#: Text in lower case, blanks collapsed -> what it is coded to. Where usage differs between agencies ("no finding",
#: "closed", "founded", "dismissed", "open") a text is left out on purpose.
FINDING_WORDS: Final[Mapping[str, Any]] = {
    **{term: term for term in FINDINGS if term != "closed_without_finding"},
    **{term.replace("_", " "): term for term in FINDINGS if term != "closed_without_finding"},
    **{reason.replace("_", " "): _closed(reason) for reason in CLOSING_REASONS if reason != "not_stated"},
    "substantiated": "sustained",
    "not-sustained": "not_sustained",
    "unsustained": "not_sustained",
    "non-sustained": "not_sustained",
    "unsubstantiated": "not_sustained",
    "not substantiated": "not_sustained",
    "policy/training failure": "policy_failure",
    "complaint withdrawn": _closed("withdrawn"),
    "administratively closed": _closed("administrative"),
    "administrative closure": _closed("administrative"),
    "mediation": _closed("mediated"),
    "no jurisdiction": _closed("no_jurisdiction"),
}
PENALTY_WORDS: Final[Mapping[str, Any]] = {
    **{term.replace("_", " "): term for term in PENALTIES if term not in ("reversed", "not_recorded", "probation")},
    "no discipline": "none",
    "no penalty": "none",
    "counseling": "counselling_or_training",
    "counselling": "counselling_or_training",
    "counseled": "counselling_or_training",
    "verbal counseling": "counselling_or_training",
    "training": "counselling_or_training",
    "written reprimand": "reprimand",
    "oral reprimand": "reprimand",
    "verbal reprimand": "reprimand",
    "letter of reprimand": "reprimand",
    "suspended": "suspension",
    "demoted": "demotion",
    "reduction in rank": "demotion",
    "termination": "dismissal",
    "terminated": "dismissal",
    "fired": "dismissal",
    "resigned": "left_before_penalty",
    "retired": "left_before_penalty",
}
FINDING_TEXTS: Final = set(FINDING_WORDS)
PENALTY_TEXTS: Final = set(PENALTY_WORDS)

_SUSPENSIONS: Final = (
    r"(\d{1,3})[ -]days?'? suspension",
    r"suspension[ ,:-]*\(?(\d{1,3}) days?\)?",
    r"suspended(?: for)? (\d{1,3}) days?",
)


@dataclass(frozen=True, slots=True)
class DaysRule:
    """A pattern for suspensions of a stated number of days, with texts of the file it codes."""

    pattern: str
    examples: Mapping[str, int]


def tidy(text: str) -> str:
    """A text as the proposed blocks compare it: outer blanks off, inner ones single, case ignored."""
    return re.sub(r"[\s\u00a0]+", " ", text.strip(" \t\r\n\u00a0")).casefold()


def penalty_rules(texts: Iterable[str]) -> list[DaysRule]:
    """Rules for the suspensions of a stated length among some texts; each with up to three examples."""
    known = [text for text in texts if tidy(text) not in PENALTY_WORDS]
    found = []
    for pattern in _SUSPENSIONS:
        matched = {text: int(m[1]) for text in known if (m := re.fullmatch(pattern, tidy(text), re.ASCII))}
        if matched:
            found.append(DaysRule(pattern, matched))
    return found
