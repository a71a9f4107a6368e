"""Find the column of an unknown file that numbers the cases, and the one that numbers people.

A case has one day of receipt: a number whose rows have several is a person's. A number that only counts rows is not a
case number if another column repeats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.hints import NAMED
from accountability.records.onboard.screen_rows import running

_SAME: Final = 0.9
_ENOUGH: Final = 2.1
_FEWEST: Final = 5
_DISTINCT: Final = 12
_FAR: Final = 5
_NO_PERSON: Final = NAMED["age"] | NAMED["place"] | NAMED["birth"] | NAMED["other_people"]
_NOBODY: Final = re.compile(
    r"0+|9{4,}|x{2,}|[-?.]+|unk(?:nown)?\.?|n/?a|none|null|nil|tbd|unidentified|no (?:officer|number|id)|"
    r"not (?:known|identified|available|applicable)",
    re.I,
)


def case_number(
    candidates: Sequence[ColumnProfile], columns: Sequence[ColumnProfile]
) -> tuple[ColumnProfile | None, list[ColumnProfile], ColumnProfile | None]:
    """Find the column that numbers the cases.

    Parameters
    ----------
    candidates : sequence of ColumnProfile
        Columns that may hold ids.
    columns : sequence of ColumnProfile
        All columns; their dates distinguish cases from persons.

    Returns
    -------
    tuple
        The column, or None; other candidates, the likeliest first; and a column whose rows have several days of
        receipt, like a person's number, or None.
    """
    days = _first_days(columns)
    held = {column.name: _kept(column, days) for column in candidates}
    repeats = [c for c in candidates if not c.unique and (held[c.name] or 0) >= _SAME and c.distinct > _FEWEST]
    people = [c for c in candidates if held[c.name] is not None and (held[c.name] or 0) < 1 - _SAME and _numbers(c)]
    # Few different ones are districts; a place, an age, a year or a measure tells nobody apart.
    people = [c for c in people if c.distinct > _DISTINCT and not set(c.words) & _NO_PERSON]
    people = [c for c in people if not c.measured and not _years(c)]

    def score(column: ColumnProfile) -> float:
        words = set(column.words)
        named = 2 * bool(words & NAMED["case"]) + 2 * bool(words & NAMED["id"])
        named -= 4 * bool(words & (NAMED["officer"] | NAMED["other_people"] | NAMED["row"]))
        exact = column.named_exactly("case")
        if column in people or (column.measured and not exact):
            return 0.0
        if counts_rows(column) and any(other is not column for other in repeats):
            return 0.0
        named -= 2 * counts_rows(column)
        named += exact  # an exact heading comes before a likeness
        spread = column.distinct / column.filled
        if column in repeats:
            return named + spread + (1.5 if _numbers(column) else 0.0)
        return named + spread if named >= 2 and (spread > 0.1 or named >= 4) else 0.0

    ranked = sorted(candidates, key=lambda column: -score(column))
    person = people[0] if people else None
    likely = [column for column in ranked if score(column) >= _ENOUGH - 0.2]
    if ranked and score(ranked[0]) >= _ENOUGH:
        return ranked[0], [c for c in likely if c is not ranked[0]], person
    counts = {column.name for column in candidates if column.measured or (repeats and counts_rows(column))}
    alone = [c for c in candidates if c.unique and c.rows > 1 and c.lengths[1] <= 30 and c.name not in counts]
    return (alone[0] if alone else None), [], person


def counts_rows(column: ColumnProfile) -> bool:
    """Return whether a column only numbers the rows: every whole number of a range once, in any order."""
    if not column.unique or not column.numeric or column.rows < 3:
        return False
    numbers = pd.to_numeric(column.values)
    return running(column.values) or bool(numbers.max() - numbers.min() == column.rows - 1 and (numbers % 1 == 0).all())


def placeholders(column: ColumnProfile) -> list[str]:
    """Return placeholder ids: usual words and numbers for that, and one far more frequent than the next."""
    texts = pd.Series(column.counts.index, dtype="str")
    named = texts[texts.str.strip().str.fullmatch(_NOBODY)].tolist()
    named = [text for text in named if not _in_a_row(text, column.counts)]
    rest = column.counts.drop(named)
    if len(rest) >= _DISTINCT:
        top, second = (int(count) for count in rest.iloc[:2])
        if top >= max(_FAR * second, _FEWEST, 0.01 * column.filled):
            named.insert(0, str(rest.index[0]))
    return named if len(named) < column.distinct else []


def _in_a_row(text: str, counts: pd.Series) -> bool:
    """Whether 00000 stands before 00001 and as often as others: the first of the numbers, and no placeholder."""
    if not text.strip().isdigit() or counts[text] > 2 * counts.median():
        return False
    beside = (f"{int(text) + step:0{len(text.strip())}d}" for step in (-1, 1))
    return any(one in counts.index for one in beside)


def _numbers(column: ColumnProfile) -> bool:
    """Whether most texts hold a digit and many differ, as numbers of cases and people do."""
    texts = pd.Series(column.counts.index[:400], dtype="str")
    return bool(len(texts)) and texts.str.contains(r"\d").mean() > _SAME and column.distinct > _FEWEST


def nobody_said(column: ColumnProfile) -> str:
    """Return the question about possible placeholder ids; one that may be a person's number is not shown."""
    texts, counts = placeholders(column), column.counts
    if not texts:
        return ""
    plain = [
        t.replace(" ", "").isalpha() or len(set(t.strip())) < 2 or t.strip().casefold() == "n/a" for t in texts[:4]
    ]
    shown = ", ".join(repr(text) if word else "one text" for text, word in zip(texts, plain, strict=False))
    asked = "a placeholder? blank: [TEXT] lets these rows have no number, blank: [] keeps it as one"
    stands = f"{shown} {'stands' if len(texts) == 1 else 'stand'} in {counts[texts].sum():,} rows"
    return f"blank: {stands}, the next in {counts.drop(texts).max():,}: {asked}"


def without_points(column: ColumnProfile) -> int:
    """Return the number of ids with 1012.0 read as 1012; 0 if that makes no difference."""
    plain = pd.Series(column.counts.index, dtype="str").str.replace(r"(?<=\d)\.0+$", "", regex=True).nunique()
    return int(plain) if plain < column.distinct else 0


def _years(column: ColumnProfile) -> bool:
    """Whether every text is a year: what a year tells apart is no person."""
    return column.whole and bool(pd.to_numeric(pd.Series(column.counts.index)).between(1900, 2100).all())


def _first_days(columns: Sequence[ColumnProfile]) -> np.ndarray | None:
    """The day of each row in the first column of dates that is filled throughout, as numbers."""
    for column in columns:
        if column.dates and not column.ambiguous and column.filled >= _SAME * column.rows:
            reading = column.dates[0]
            by_text = dict(zip(column.counts.index, reading.days, strict=True))
            days = column.values.map(by_text).to_numpy(dtype="datetime64[D]")
            return np.asarray(days.astype(np.int64))
    return None


def _kept(column: ColumnProfile, days: np.ndarray | None) -> float | None:
    """Share of a column's repeated texts whose rows have one day; None where none repeats or no day is known."""
    if days is None or column.unique:
        return None
    code, _ = pd.factorize(column.values)
    table = pd.DataFrame({"text": code, "day": days})[code >= 0]
    by_text = table.groupby("text")["day"].agg(["size", "min", "max"])
    again = by_text[by_text["size"] > 1]
    return None if again.empty else float((again["min"] == again["max"]).mean())
