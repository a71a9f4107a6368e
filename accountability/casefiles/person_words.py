"""Find words in a case file that may be a person's name."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from accountability.casefiles import casefile_tables
from accountability.casefiles.register import Conflict
from accountability.records.onboard.points import Point
from accountability.records.yaml_text import DECIDE

ROLE: Final = re.compile(r"[a-z]+(?:-[a-z]+)*(?:-\d+)?")
RANKS: Final = re.compile(
    r"agent|captain|chief|civilian|colonel|commander|corporal|deputy|detective|dispatcher|employee|firefighter|guard"
    r"|inspector|investigator|lieutenant|major|member|officer|partner|person|recruit|sergeant|sheriff|subject"
    r"|supervisor|trainee|trooper|unknown|unnamed|victim|witness"
)
CALENDAR: Final = (*calendar.month_name, *calendar.day_name, "Spring", "Summer", "Autumn", "Fall", "Winter")
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*")
_SENTENCE: Final = re.compile(r"(?:^|[.!?:;]\s+|[\"“(]\s*)$")


def points(
    tables: Mapping[str, pd.DataFrame], register: Mapping[str, Conflict], not_names: Iterable[str]
) -> Iterator[Point]:
    """List all words that may name a person.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of a case file, as text.
    register : mapping of str to Conflict
        Its conflicts.
    not_names : iterable of str
        Capitalised words that name no person, from ``conflicts.yaml``.

    Yields
    ------
    Point
        Officers that are not roles; then capitalised words inside a sentence that are not a month, an agency, an outlet
        or listed. Names in lower case or at the start of a sentence are not found.
    """
    for name in ("events.csv", "allegations.csv"):
        if name in tables:
            wrong = sorted({cell for cell in tables[name]["officer_id"] if cell and not _role(cell)})
            if wrong:
                what = f"{', '.join(wrong[:3])}: expected CASE/role, such as SPRINGFIELD-2012/officer-1"
                yield Point("names", f"{name}, officer_id", what, len(wrong))
    known = _known(tables, not_names)
    for where, texts in _texts(tables, register):
        seen: Counter[str] = Counter(word for text in texts for word in capitalised(text, known))
        if seen:
            shown = ", ".join(word for word, _ in seen.most_common(8)) + (" …" if len(seen) > 8 else "")
            what = f"{shown}: a person? Write the role; if it names none, list it under not_names in conflicts.yaml"
            yield Point("names", where, what, sum(seen.values()))


def capitalised(text: str, known: frozenset[str]) -> list[str]:
    """Return capitalised words inside sentences that are not known to name no person."""
    found = []
    for match in _WORD.finditer(text):
        word = _bare(match)
        begins = _SENTENCE.search(text[: match.start()]) is not None
        acronym = word.isupper() and len(word) <= 6
        if word[0].isupper() and not begins and not acronym and word.casefold() not in known:
            found.append(word)
    return found


def _bare(match: re.Match[str]) -> str:
    return match[0].removesuffix("'s").removesuffix("’s")


def _role(cell: str) -> bool:
    role = cell.rpartition("/")[2]
    return DECIDE in cell or (ROLE.fullmatch(role) is not None and any(map(RANKS.fullmatch, role.split("-"))))


def _known(tables: Mapping[str, pd.DataFrame], not_names: Iterable[str]) -> frozenset[str]:
    """Words of the calendar, of agencies and outlets, and those listed; a hyphenated word only as a whole."""
    texts = [*CALENDAR, *not_names]
    texts += [cell for _, cells in _cells(tables, "names_of") for cell in cells]
    words = {_bare(match).casefold() for text in texts for match in _WORD.finditer(text)}
    return frozenset(words | {DECIDE.casefold()})


def _cells(tables: Mapping[str, pd.DataFrame], which: str) -> Iterator[tuple[str, list[str]]]:
    """The cells of the columns that ``tables.yaml`` names for a purpose, under their place."""
    for name, form in casefile_tables.forms().items():
        for column in form.get(which, ()):
            if name in tables and column in tables[name]:
                yield f"{name}, {column}", list(tables[name][column])


def _texts(tables: Mapping[str, pd.DataFrame], register: Mapping[str, Conflict]) -> Iterator[tuple[str, Sequence[str]]]:
    yield from _cells(tables, "free_text")
    said = [
        text
        for conflict in register.values()
        for text in (
            conflict.question,
            conflict.because,
            conflict.elsewhere,
            *(part for reading in conflict.readings.values() for part in (reading.says, reading.changes)),
        )
    ]
    yield casefile_tables.CONFLICTS, said
