"""Find cells of a stop column without a day, and what other cells of the row say about the case."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import pandas as pd

from accountability.errors import AccountabilityError
from accountability.records.column import Column
from accountability.records.dated_steps import BLANKS
from accountability.records.dates import DateSpec, parse
from accountability.records.yaml_text import DECIDE

#: Words by which a status, a finding or a reason says that a case has ended, and that it has not.
ENDED: Final = frozenset(
    (
        *("closed", "complete", "completed", "concluded", "final", "finalized", "resolved", "disposed", "done"),
        *("sustained", "unfounded", "exonerated", "withdrawn", "dismissed", "terminated", "adjudicated"),
        *("not sustained", "case closed", "closed case", "administratively closed", "investigation complete"),
    )
)
GOING_ON: Final = frozenset(
    ("open", "pending", "active", "ongoing", "in progress", "under investigation", "under review", "pending review")
)
FEW: Final = 60
FEWEST: Final = 3
#: Key of `no_day` for every date after the last day covered.
AFTER: Final = "after_cutoff"
_ENDED: Final = r"(?:case |investigation )?(?:closed|completed?|concluded|finali[sz]ed|resolved|disposed|adjudicated)\b"
_GOING_ON: Final = r"(?:case )?(?:open|pending|active|ongoing|in progress|under (?:investigation|review)|awaiting)\b"
_MOST: Final = 0.9
_SOON: Final = pd.Timedelta(days=3653)
_IMPLAUSIBLE: Final = pd.Timestamp("1950-01-01")


def propose_states(
    frame: pd.DataFrame, column: str, date: str | list[str] | dict[str, Any]
) -> tuple[dict[str, str], str]:
    """Propose the meaning of cells without a day in a stop column, from other cells of the row.

    Parameters
    ----------
    frame : DataFrame of str
        The rows as published.
    column : str
        The stop column.
    date : str, list or mapping
        The format of its dates.

    Returns
    -------
    tuple
        A state for each such text, ``DECIDE`` where the file does not tell or contradicts itself; and the evidence in
        words.
    """
    cells = frame[column].str.strip(BLANKS).fillna("")
    proposed: dict[str, str] = {}
    why: list[str] = []
    for text, count in without_day(cells, Column.model_validate({"stage": "closed", "date": date}), None).items():
        rows, dated = cells == text, ~cells.isin(["", text])
        state, told = _evidence(frame.drop(columns=column), rows, dated)
        proposed[str(text)] = state
        named = "blank" if text == "" else repr(str(text)[:40])
        why.append(f"{count:,} cells are {named} and name no closing day: {told}")
    return proposed, "; ".join(why)


def _evidence(others: pd.DataFrame, rows: pd.Series, dated: pd.Series) -> tuple[str, str]:
    going_on: str | None = None
    for name in others.columns:
        words = others[name].str.strip(BLANKS).str.casefold()
        if words.nunique() > FEW:
            continue
        if (hits := int(words[rows].isin(ENDED).sum())) and (hits >= FEWEST or hits == int(rows.sum())):
            told = others.loc[words.index[rows & words.isin(ENDED)][0], name]
            return DECIDE, f"{name} says {told!r} in {hits:,} of them, which contradicts an open case"
        open_words = words[rows].isin(GOING_ON).mean() >= _MOST
        empty = words[rows].replace("", None).isna().mean() >= _MOST
        filled = words[dated].replace("", None).notna().mean() >= _MOST
        if going_on is None and (open_words or (empty and filled)):
            going_on = f"{name} {'says the case goes on' if open_words else 'is blank too'}, so the case reads as open"
    return ("open", going_on) if going_on else (DECIDE, "nothing else in the file tells whether such a case is open")


def says_ended(words: pd.Series) -> pd.Series:
    """Return which words say that a case has ended."""
    text = words.str.strip(BLANKS).str.casefold()
    return text.isin(ENDED) | (text.str.match(_ENDED).fillna(False).astype(bool) & ~says_going_on(words))


def says_going_on(words: pd.Series) -> pd.Series:
    """Return which words say that a case is pending."""
    text = words.str.strip(BLANKS).str.casefold()
    return text.isin(GOING_ON) | text.str.match(_GOING_ON).fillna(False).astype(bool)


def told_by(others: pd.DataFrame, rows: pd.Series) -> dict[str, dict[str, str]]:
    """Return the columns whose words say whether cases without a day have ended: column, word, state."""
    found: dict[str, dict[str, str]] = {}
    for name in others.columns:
        words = others.loc[rows, name].str.strip(BLANKS).dropna()
        over, on = says_ended(words), says_going_on(words)
        if not len(words) or words.nunique() > FEW or not (over ^ on).all():
            continue
        ended = dict.fromkeys(words[over].unique(), "closed_on_unknown_day")
        found[str(name)] = {**ended, **dict.fromkeys(words[on].unique(), "open")}
    return found


def without_day(cells: pd.Series, declared: Column, until: dt.date | None) -> pd.Series:
    """Return the texts of a stop column that are not a possible closing day, with counts, the most frequent first.

    Days shortly after the last day covered are not included: the load sets them aside as unknown.
    """
    counts = cells.value_counts()
    if declared.in_parts:
        return counts[~counts.index.str.match(r"\d{4}\b")]
    try:
        read = parse(pd.Series(counts.index, dtype="str"), DateSpec.of(declared.date or "%Y-%m-%d"))
    except AccountabilityError:
        return counts.iloc[:0]  # the format itself is in the way, which the check of dates says
    last = pd.Timestamp(until) + _SOON if until is not None else pd.Timestamp.max.floor("s")
    none = (read["earliest"].isna() & read["latest"].isna()) | (read["earliest"] > last)
    none |= read["latest"] < _IMPLAUSIBLE
    return counts[none.to_numpy(dtype=bool)]


def after_cutoff(cells: pd.Series, declared: Column, until: dt.date | None) -> pd.Series:
    """Return the texts with a day after the last one covered, within ten years of it, with counts."""
    counts = cells.value_counts()
    if until is None or not len(counts) or declared.in_parts:
        return counts.iloc[:0]
    try:
        read = parse(pd.Series(counts.index, dtype="str"), DateSpec.of(declared.date or "%Y-%m-%d"))
    except AccountabilityError:
        return counts.iloc[:0]
    last = pd.Timestamp(until)
    return counts[((read["earliest"] > last) & (read["earliest"] <= last + _SOON)).to_numpy(dtype=bool)]
