"""Words in column names that suggest their meaning, and words of agencies with an established meaning.

They are in ``words.yaml``. Guesses from them are marked for confirmation; other texts are left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.records.yaml_text import read_yaml
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES

_WORDS: Final = read_yaml(Path(__file__).with_name("words.yaml"))


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


NAMED: Final[Mapping[str, frozenset[str]]] = {what: frozenset(held) for what, held in _WORDS["names"].items()}
"""What a column may be of, to the words of its name that say so."""
STAGE_WORDS: Final = tuple((stage, frozenset(held)) for stage, held in _WORDS["stages"].items())
PERSON_WORDS: Final = tuple((kind, frozenset(held)) for kind, held in _WORDS["persons"].items())


def _closed(reason: str) -> dict[str, str]:
    return {"finding": "closed_without_finding", "closing_reason": reason}


#: Text in lower case, blanks collapsed -> what it is coded to.
FINDING_TERMS: Final[Mapping[str, Any]] = {
    **{text: term for term in FINDINGS if term != "closed_without_finding" for text in (term, term.replace("_", " "))},
    **{reason.replace("_", " "): _closed(reason) for reason in CLOSING_REASONS if reason != "not_stated"},
    **{text: term for term, texts in _WORDS["findings"].items() for text in texts},
    **{text: _closed(reason) for reason, texts in _WORDS["closing_reasons"].items() for text in texts},
}
PENALTY_TERMS: Final[Mapping[str, Any]] = {
    **{term.replace("_", " "): term for term in PENALTIES if term not in ("reversed", "not_recorded", "probation")},
    **{text: term for term, texts in _WORDS["penalties"].items() for text in texts},
}


@dataclass(frozen=True, slots=True)
class DaysRule:
    """A pattern for suspensions with a number of days, with examples from the file."""

    pattern: str
    examples: Mapping[str, int]


def tidy(text: str) -> str:
    """Return a text as proposed blocks compare it: no outer blanks, single inner ones, case ignored."""
    return re.sub(r"[\s\u00a0]+", " ", text.strip(" \t\r\n\u00a0")).casefold()


def penalty_rules(texts: Iterable[str]) -> list[DaysRule]:
    """Return rules for the suspensions of a stated length among texts, each with up to three examples."""
    known = [text for text in texts if tidy(text) not in PENALTY_TERMS]
    found = []
    for pattern in _WORDS["suspensions"]:
        matched = {text: int(m[1]) for text in known if (m := re.fullmatch(pattern, tidy(text), re.ASCII))}
        if matched:
            found.append(DaysRule(pattern, matched))
    return found
