"""Check the declared meaning of cells without a day in a stop column, and columns that contradict it.

A case is open only if that is declared: a blank may also mean that it closed on an unrecorded day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import pandas as pd

from accountability.errors import AccountabilityError
from accountability.records.case_ends import Tables, closing_state
from accountability.records.codebook import Block, Codebook
from accountability.records.column import Column
from accountability.records.contract import File, Source
from accountability.records.dated_steps import BEGINNINGS, BLANKS
from accountability.records.onboard.closings import (
    AFTER,
    FEW,
    FEWEST,
    after_cutoff,
    says_ended,
    says_going_on,
    without_day,
)
from accountability.records.onboard.points import Point
from accountability.records.onboard.proposed_text import scalar
from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import CLOSING_STATES

STATES: Final = tuple(state for state in CLOSING_STATES if state != "dated")
#: Coded columns that say that a case has ended, and the terms by which they do not.
_ENDINGS: Final = {"finding": ("pending",), "imposed_penalty": ("pending", "not_recorded")}
_SHOWN: Final = 40


def check_closing(
    raw: pd.DataFrame, file: File, name: str, until: dt.date | None, book: Codebook | None = None
) -> list[Point]:
    """Find undeclared cells without a day in a file's stop columns, and contradictions to declared ones.

    Parameters
    ----------
    raw : DataFrame of str
        The rows as published.
    file : File
        Its declaration.
    name : str
        Its name, for messages.
    until : date or None
        The last day the release covers.
    book : Codebook, optional
        Codebook of the coded columns.

    Returns
    -------
    list of Point
        For every stage that can end a clock: one per kind of cell without a day that ``no_day`` does not cover, and one
        for dates after the last day covered, with the count and the lines to write; one per column that says "closed"
        for a case declared open, or the reverse.
    """
    points: list[Point] = []
    for column, declared in file.readings:
        dates = declared.stage not in (None, *BEGINNINGS) or declared.to == "date"
        if dates and column in raw and declared.extract is None:
            cells = raw[column].mask(raw[column].isin(declared.blank)) if declared.blank else raw[column]
            if declared.in_parts:
                rest = [part for part in file.parts(column).values() if part in raw]
                cells = cells.fillna("").str.cat(raw[rest].fillna(""), sep="-").str.rstrip("-")
            cells = cells.str.strip(BLANKS).fillna("")
            if declared.stage is None:
                cells = cells[_closes(raw, file, book or Codebook({}))]
            points += _unsaid(cells, declared, f"{name}, {column}", until)
            if declared.stage is not None:
                points += _contradicted(raw, cells, file, column, declared, name, book or Codebook({}))
                points += _closed_yet_going_on(raw, cells, file, column, declared, name)
    return points


def _closes(raw: pd.DataFrame, file: File, book: Codebook) -> pd.Series:
    """Which rows of a file of events are closings."""
    column, declared = next((c, d) for c, d in file.columns.items() if d.to == "stage")
    if declared.codebook is None:
        return raw[column] == "closed"
    block = book.blocks.get(declared.codebook)
    closing = (
        [] if block is None else [w for w in raw[column].dropna().unique() if _term(block, w, "stage") == "closed"]
    )
    return raw[column].isin(closing)


def _term(block: Block, word: str, field: str) -> object:
    try:
        return block.code(word).get(field)
    except (LookupError, AccountabilityError):
        return None


def _unsaid(cells: pd.Series, declared: Column, where: str, until: dt.date | None) -> Iterator[Point]:
    said = {text.strip(BLANKS) for text in declared.no_day}
    open_ones = {str(text): int(n) for text, n in without_day(cells, declared, until).items() if str(text) not in said}
    late = after_cutoff(cells, declared, until)
    late = late[[str(text) not in said for text in late.index]]
    lines = [f"{scalar(text)}: {DECIDE}  # {count:,} cells" for text, count in list(open_ones.items())[:_SHOWN]]
    if len(late) and AFTER not in said:
        lines.append(f"{AFTER}: {DECIDE}  # {int(late.sum()):,} cells")
    kept = [f"{scalar(text)}: {_flow(state)}" for text, state in declared.no_day.items()]
    paste = "\n        ".join(["# source.yaml, in the line of this column:\n    no_day:", *kept, *lines])
    step = declared.stage or "date"
    for text, count in open_ones.items():
        what = "blank (empty, or nothing but a space)" if text == "" else f"{text[:40]!r}, no day of {step!r}"
        yield Point("closing", where, f"{what}: is such a case {', '.join(STATES)}?", count, paste=paste)
    if len(late) and AFTER not in said:
        what = f"a day of {step!r} after {until}, the last day covered, such as {late.index[0]!r}"
        yield Point("closing", where, f"{what}: is such a case {', '.join(STATES)}?", int(late.sum()), paste=paste)


def _flow(state: object) -> str:
    return scalar(state) if isinstance(state, dict) else str(state)


def _contradicted(
    raw: pd.DataFrame, cells: pd.Series, file: File, column: str, declared: Column, name: str, book: Codebook
) -> Iterator[Point]:
    """Columns of which a word says the opposite of what a cell without a day is declared to say."""
    for text, state in declared.no_day.items():
        if isinstance(state, dict) or state == "unknown" or text == AFTER:
            continue
        rows = cells == text.strip(BLANKS)
        shown = "blank" if not text.strip(BLANKS) else repr(text)
        for other in raw.columns:
            if other == column or raw[other].dtype != "str" or raw[other].nunique() > FEW:
                continue
            key = f"{declared.stage} contradicted by {other}"
            if file.settled.get(key, DECIDE) != DECIDE:
                continue
            words = raw.loc[rows, other]
            against = _against(words, state == "open", file.columns.get(other), declared.stage, book)
            hits = words[against]
            if len(hits) >= FEWEST or (len(hits) and len(hits) == int(rows.sum())):
                told = hits.value_counts().index[0]
                line = f"no_day: {{{scalar(text)}: {{{scalar(other)}: {{{scalar(told)}: DECIDE}}}}}}"
                yield Point(
                    "closing",
                    f"{name}, {column}",
                    f"{shown} is declared {state}, and {other} contradicts it: {told!r} in {len(hits):,} of "
                    f"{int(rows.sum()):,} such rows",
                    len(hits),
                    paste=f"# source.yaml, in the line of {column}: let {other} tell\n    {line}\n"
                    f"# or, under settled of the file, say why {state} is right\n    {scalar(key)}: DECIDE",
                )


def _closed_yet_going_on(
    raw: pd.DataFrame, cells: pd.Series, file: File, column: str, declared: Column, name: str
) -> Iterator[Point]:
    """Columns of which a word says that the case goes on where the closing is dated: a day of something else."""
    if declared.stage != "closed":
        return
    dated = (cells != "") & ~cells.isin([text.strip(BLANKS) for text in declared.no_day])
    for other in raw.columns:
        said = file.columns.get(other)
        key = f"closed contradicted by {other}"
        if other == column or raw[other].dtype != "str" or raw[other].nunique() > FEW:
            continue
        if file.settled.get(key, DECIDE) != DECIDE or (said is not None and said.codebook is not None):
            continue
        words = raw.loc[dated, other]
        hits = words[says_going_on(words)]
        if len(hits) >= FEWEST:
            told = hits.value_counts().index[0]
            yield Point(
                "closing",
                f"{name}, {column}",
                f"{len(hits):,} of {int(dated.sum()):,} closings are dated, and {other} says {told!r}: "
                "the day may be of something else, such as the last change",
                len(hits),
                paste=f"# source.yaml, under settled of {name}: say why the day is a closing; or, in the line of "
                f"{column},\n# stage: DECIDE with another step\n    {scalar(key)}: DECIDE",
            )


def _against(words: pd.Series, taken_open: bool, other: Column | None, stage: str | None, book: Codebook) -> pd.Series:
    """Which words of another column contradict that the step is open, or that it has happened."""
    plain = says_ended(words) if taken_open else says_going_on(words)
    if stage not in ("closed", "findings"):
        # A case may be closed and its penalty, or an appeal, still to come.
        return plain & False
    coded = other is not None and other.codebook in book.blocks and other.to in _ENDINGS | {"imposed": ()}
    if other is None or not coded:
        return plain & False if other is not None and str(other.to).startswith("recommended") else plain
    block = book.blocks[str(other.codebook)]
    ended = {}
    for word in words.dropna().unique():
        term = _term(block, word, "finding" if "finding" in block.gives else "penalty")
        ended[word] = None if term in (None, "not_recorded") else term != "pending"
    told = words.map(ended)
    return plain | (told == taken_open).fillna(False).astype(bool)


def contradicted_elsewhere(source: Source, made: Tables) -> list[Point]:
    """Find open cases with a finding, a penalty or a later step in the coded tables.

    Parameters
    ----------
    source : Source
    made : Tables
        The tables as loaded.

    Returns
    -------
    list of Point
        One per column or stage that contradicts an open case, unless ``settled`` explains it.
    """
    allegations, events = made.allegations, made.events
    stopping = [key for key, file in source.files.items() if any(c.stage == "closed" for _, c in file.readings)]
    if not stopping:
        return _no_stop(source, made)
    state = closing_state(made)
    still = state.index[(state == "open").to_numpy()]
    file, name = source.files[stopping[0]], source.names[stopping[0]]
    own = {reading.to for _, reading in file.readings}
    found: dict[str, tuple[int, str]] = {}
    for term, waiting in _ENDINGS.items():
        if term in allegations and not ({term, term.removesuffix("_penalty")} & own):
            rows = allegations[allegations["case_id"].isin(still) & allegations[term].notna()]
            rows = rows[~rows[term].isin(waiting)]
            if len(rows):
                found[term] = rows["case_id"].nunique(), str(rows[term].astype("str").value_counts().index[0])
    usable = events[events["set_aside"].isna() & events["case_id"].isin(still)]
    for stage in ("penalty_imposed", "penalty_served"):
        if cases_with := int(usable.loc[(usable["stage"] == stage).to_numpy(dtype=bool), "case_id"].nunique()):
            found[stage] = cases_with, "a day"
    points = []
    for other, (count, told) in found.items():
        key = f"closed contradicted by {other}"
        if file.settled.get(key, DECIDE) == DECIDE and (count >= FEWEST or count == len(still)):
            what = f"{count:,} of {len(still):,} open cases have {other} {told!r}, which contradicts an open case"
            line = f"# source.yaml, under settled of {name}: say why such a case is open, or change `no_day`\n"
            points.append(Point("closing", f"{name}, {other}", what, count, paste=f"{line}    {scalar(key)}: DECIDE"))
    return points


def _no_stop(source: Source, made: Tables) -> list[Point]:
    """A source in which nothing dates a closing, and whose card does not say so: no case is known to be open."""
    sampling = source.card.sampling
    dated = bool((made.events["stage"] == "closed").any())
    if dated or sampling.rule in ("no_closing_date", "case_files"):
        return []
    cases = len(made.cases)
    what = (
        f"no column dates a closing, so that none of {cases:,} cases is known to be open or closed, and no delay can "
        f"be estimated under the rule {sampling.rule!r}"
    )
    paste = (
        "# source.yaml, under card.sampling; a finding coded `pending` then says which cases are open\n"
        "    rule: no_closing_date\n    open_cases: status_only\n    closing_date: false\n"
        "# or, in the line of the column that holds the day\n    stage: closed"
    )
    return [Point("closing", source.source, what, cases, paste=paste)]
