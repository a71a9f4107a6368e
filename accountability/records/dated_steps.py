"""Read the dated steps of a file, merge repeated ones within a case, and mark impossible ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accountability.errors import DateError, SourceError
from accountability.records.column import Column
from accountability.records.contract import File, Order
from accountability.records.dates.date_columns import parse
from accountability.records.dates.date_spec import DateSpec
from accountability.records.ledger import Entry, Log
from accountability.records.lookup import places
from accountability.vocabulary import PRECISIONS, STAGES

Places = npt.NDArray[np.int64]
Dated = tuple[str, Column, pd.DataFrame]
STAGE_TYPE = pd.CategoricalDtype(list(STAGES))
PRECISION_TYPE = pd.CategoricalDtype(list(PRECISIONS))
PRECISION_TEXTS = pd.Series(list(PRECISIONS), dtype="str")
_DAY = "datetime64[s]"
NO_EVENTS: Mapping[str, Any] = {
    "case_id": "str", "officer_id": "str", "stage": STAGE_TYPE, "earliest": _DAY, "latest": _DAY,
    "precision": PRECISION_TYPE, "raw_text": "str", "set_aside": "str", "source_row": "int64",
}  # fmt: skip
#: Stages that begin a case or a pause: a cell without a day there says nothing of an end.
BEGINNINGS = ("incident", "received", "suspended_clock", "resumed_clock")
MOSTLY = 0.5
#: Why the step of a case is set aside of which nobody knows whether it happened.
UNKNOWN_STATE = "not known whether it happened"
BLANKS = " \t\r\n\u00a0\u200b\ufeff"
FORMAT_PROBLEMS = ("unreadable", "two_digit_year", "time_of_day", "number", "ambiguous", "incomplete")


def read_dates(
    values: pd.Series, frame: pd.DataFrame, parts: Mapping[str, str], column: Column, name: str, log: Log
) -> pd.DataFrame:
    """Read a column of dates.

    Parameters
    ----------
    values : Series of str
        The cells; the years if the date is in parts.
    frame : DataFrame
        The rows, with the columns that `column` names and ``source_row``.
    parts : mapping
        ``month_of`` and ``day_of`` to the columns that hold the months and the days.

    Returns
    -------
    DataFrame
        As from :func:`accountability.records.dates.parse`, and ``raw_text``: the cell, or its parts joined by hyphens.
        With ``not_yet`` where cells are declared to say that the step has not happened.

    Raises
    ------
    SourceError
        If more than half of the cells do not fit the declared format.
    DateError
        If the declaration is invalid.
    """
    assert column.date is not None  # the caller asks for dated columns only
    where, source_row = f"{log.file}, column {name!r}", frame["source_row"]
    try:
        spec = DateSpec.of(column.date)
    except DateError as error:
        raise DateError(f"{where}: {error}") from None
    if column.in_parts:
        from accountability.records.dates.date_parts import parse_parts

        month, day = (frame[parts[part]] if part in parts else None for part in ("month_of", "day_of"))
        parsed = parse_parts(values, month, day, spec)
        held = pd.concat([part for part in (values, month, day) if part is not None], axis=1).fillna("")
        joined = held.iloc[:, 0].str.cat(held.iloc[:, 1:], sep="-").str.rstrip("-")
        values = joined.where(joined != "")
        parsed = _with_states(values, parsed, _states(values, column.no_day, frame))
    else:
        cells, codes = values, None
        if not any(isinstance(told, Mapping) for told in column.no_day.values()):  # else another column says a state
            codes, texts = pd.factorize(values)  # each distinct cell is read once, the empty one last
            cells = pd.Series(texts.array.take(np.append(np.arange(len(texts)), -1), allow_fill=True))
        state = _states(cells, column.no_day, frame)
        parsed = _with_states(cells, parse(cells if state is None else cells.mask(state.notna()), spec), state)
        sound = parsed["problem"].isna().all()
        parsed = parsed if codes is None else parsed.take(codes).set_axis(values.index)
        if sound:
            return parsed
    if (unknown := parsed["problem"] == UNKNOWN_STATE).any():
        why = "declared under `no_day` as saying neither that the step happened nor that it did not"
        log.note(name, "value set aside", "no_day", why, source_row[unknown])
    faults = parsed.loc[parsed["problem"].notna() & ~unknown]
    for problem, rows in faults.groupby("problem", observed=True):
        sample = rows["raw_text"].iloc[0]
        if problem in FORMAT_PROBLEMS and len(rows) > MOSTLY * (filled := int(parsed["raw_text"].notna().sum())):
            raise SourceError(
                f"{where}: {len(rows):,} of {filled:,} cells cannot be read as {column.date!r} ({problem!s}), first "
                f"{sample!r} in data row {source_row[rows.index[0]]}; correct `date` in source.yaml"
            )
        why = f"{problem} date, for instance {sample!r}"
        log.note(name, "value set aside", str(problem), why, source_row[rows.index])
    return parsed


def _states(values: pd.Series, no_day: Mapping[str, Any], frame: pd.DataFrame) -> pd.Series | None:
    """What each cell without a day is declared to say of its case; None where nothing is declared."""
    if not no_day:
        return None
    seen = values.str.strip(BLANKS).fillna("")
    found = pd.Series(None, index=values.index, dtype="str")
    for text, told in no_day.items():
        if isinstance(told, Mapping):
            ((other, states),) = told.items()
            if other not in frame:
                raise SourceError(f"no_day of {values.name!r} looks at {other!r}, which is no column of the file")
            said = frame[other].str.strip(BLANKS).fillna("").map({key.strip(BLANKS): s for key, s in states.items()})
        else:
            said = pd.Series(told, index=values.index, dtype="str")
        found = found.mask(seen == text.strip(BLANKS), said.fillna("unknown"))
    return found


def _with_states(values: pd.Series, parsed: pd.DataFrame, state: pd.Series | None) -> pd.DataFrame:
    """A step on an unknown day is dated without ends; of an open case there is none; an unknown one is set aside."""
    precision, problem = parsed["precision"].astype("str"), parsed["problem"].astype("str")
    if state is not None:
        done, unknown = state == "closed_on_unknown_day", state == "unknown"
        values = values.mask(state == "open").mask((done | unknown) & values.isna(), "")
        precision = precision.mask(done, "open")
        problem = problem.mask(state.notna()).mask(unknown, UNKNOWN_STATE)
        parsed = parsed.assign(not_yet=state == "open")
    kinds = pd.Categorical.from_codes(places(precision, PRECISION_TEXTS), dtype=PRECISION_TYPE)
    return parsed.assign(precision=kinds, problem=problem, raw_text=values)


def events_of(rows: pd.DataFrame, dated: list[Dated], declared: File, log: Log) -> pd.DataFrame:
    """Return dated steps, one row each; a step of the whole case once, even if several rows repeat it.

    Raises
    ------
    SourceError
        If rows of a case date one of its steps differently and ``varies`` does not say what to do; or a row names a
        stage outside the vocabulary.
    """
    parts = []
    case_codes: npt.NDArray[np.int64] | None = None
    for column_name, column, parsed in dated:
        whole_case = declared.table == "cases" or column.of == "case"
        repeated = whole_case and declared.table != "cases"
        filled = parsed["raw_text"].notna().to_numpy(dtype=bool, copy=True)
        if column.stage is None:  # the row says that the step happened, unless its cell is declared to say it has not
            filled |= ~parsed["not_yet"].to_numpy(dtype=bool) if "not_yet" in parsed else True
        if repeated:
            case_codes = pd.factorize(rows["case_id"])[0] if case_codes is None else case_codes
            days = parsed.loc[filled]
            first, other = _first_and_other(case_codes[filled], days)
            filled[filled] = first | other
            repeated = bool(other.any())
        own = [] if column.stage is not None else [c for c in rows.columns if c not in NO_EVENTS]
        held = rows[[*(c for c in ("case_id", "officer_id", "stage", "source_row") if c in rows), *own]]
        if not filled.all():  # before the rest is made, which would hold the same day once for each row of a case
            held, parsed = held[filled], parsed[filled]
        missing = pd.Series(None, index=held.index, dtype="str")
        if column.stage is None:
            stage = pd.Categorical(_known_stages(held, declared.path), dtype=STAGE_TYPE)
        else:
            place = STAGE_TYPE.categories.get_loc(column.stage)
            stage = pd.Categorical.from_codes(np.full(len(held), place, dtype="int8"), dtype=STAGE_TYPE)
        part = pd.DataFrame(
            {
                "case_id": held["case_id"],
                "officer_id": missing if whole_case else held.get("officer_id", missing),
                "stage": stage,
                "earliest": parsed["earliest"],
                "latest": parsed["latest"],
                "precision": parsed["precision"],
                "raw_text": parsed["raw_text"],
                "set_aside": parsed["problem"],
                "source_row": held["source_row"],
            },
            copy=False,  # all parts are copied as they are joined
        )
        if column.stage is None:
            part = part.join(held[own])
        if repeated:
            part = _once_a_case(part, column, column_name, declared.path, log)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(NO_EVENTS)).astype(NO_EVENTS)


def _first_and_other(
    case: npt.NDArray[np.int64], dated: pd.DataFrame
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which rows are the first of their case, and which do not say the same as the first; all others repeat it."""
    place = np.arange(len(case))
    first = np.zeros(int(case.max(initial=-1)) + 2, dtype=np.int64)
    first[case[::-1]] = place[::-1]  # where a case stands several times, the last that is assigned stays
    first = first[case]
    other = np.zeros(len(case), dtype=bool)
    for day in ("earliest", "latest"):
        values = dated[day].to_numpy().view(np.int64)
        other |= values != values[first]
    problem = pd.factorize(dated["problem"])[0]
    return place == first, other | (problem != problem[first])


def _known_stages(rows: pd.DataFrame, name: str) -> pd.Series:
    unknown = rows["stage"].notna() & ~rows["stage"].isin(list(STAGES))
    if unknown.any():
        first = rows[unknown].iloc[0]
        raise SourceError(
            f"{name}: {int(unknown.sum()):,} row(s) name a stage outside the vocabulary, first {first['stage']!r} in "
            f"data row {first['source_row']}; code the column `to: stage` with a codebook block"
        )
    return rows["stage"]


def _once_a_case(part: pd.DataFrame, column: Column, column_name: str, name: str, log: Log) -> pd.DataFrame:
    part = part.drop_duplicates(["case_id", "earliest", "latest", "set_aside"])
    if column.varies == "keep":
        return part
    distinct = part.drop_duplicates(["case_id", "earliest", "latest"])
    other = distinct[distinct["case_id"].duplicated()]
    if other.empty:
        return part
    if column.varies != "first":
        case = other["case_id"].iloc[0]
        found = distinct.loc[distinct["case_id"] == case, "raw_text"].tolist()
        raise SourceError(
            f"{name}, column {column_name!r}: dated `of: case` and differs within {other['case_id'].nunique():,} "
            f"case(s), for instance {case}: {found}; say `varies: keep` (each is a step of the case) or "
            "`varies: first` (the first row's date)"
        )
    why = "another row of the case gives another date; that of the first row is used"
    log.note(column_name, "value set aside", "varies", why, other["source_row"])
    return part.drop_duplicates("case_id")


def set_aside_future(events: pd.DataFrame, until: dt.date | None, entries: list[Entry]) -> pd.DataFrame:
    """Mark the steps dated after the last day a release covers."""
    if until is None:
        return events
    late = (events["earliest"] > pd.Timestamp(until)) & events["set_aside"].isna()
    return _set_aside(events, late, _late(until), "observed_until", entries)


def _late(until: dt.date) -> str:
    return f"after {until}, the last day the release covers"


def told_of_future(
    events: pd.DataFrame, until: dt.date | None, told: Mapping[tuple[str, str], str], entries: list[Entry]
) -> pd.DataFrame:
    """Treat steps after the last day covered as ``after_cutoff`` says: not yet happened, or on an unknown day.

    Parameters
    ----------
    told : mapping
        File and stage to the declared state.
    """
    if until is None or not told:
        return events
    late = (events["set_aside"] == _late(until)).fillna(False).to_numpy(dtype=bool)
    for (file, stage), state in told.items():
        rows = late & (events["source_file"] == file).to_numpy(dtype=bool) & (events["stage"] == stage).to_numpy(bool)
        if not rows.any() or state == "unknown":
            continue
        why = f"dated after {until} and declared {state.replace('_', ' ')}"
        Log(file, entries).note(stage, "value set aside", "after_cutoff", why, events.loc[rows, "source_row"])
        if state == "open":
            events, late = events[~rows].reset_index(drop=True), late[~rows]
            continue
        blank = {"earliest": events["earliest"].mask(rows), "latest": events["latest"].mask(rows)}
        events = events.assign(**blank, precision=events["precision"].mask(rows, "open"))
        events = events.assign(set_aside=events["set_aside"].mask(rows))
    return events


def set_aside_disorder(events: pd.DataFrame, case: Places, order: Order, entries: list[Entry]) -> pd.DataFrame:
    """Mark dates in an impossible order.

    Parameters
    ----------
    case : array of int
        A number for the case of each step, equal for the steps of one case.
    """
    usable = events["set_aside"].isna().to_numpy(dtype=bool)
    first = np.flatnonzero(usable & (events["stage"] == order.first).to_numpy(dtype=bool))
    then = np.flatnonzero(usable & (events["stage"] == order.then).to_numpy(dtype=bool))
    earliest, latest = events["earliest"].to_numpy(), events["latest"].to_numpy()
    cases = int(case.max(initial=-1)) + 1
    marked = np.zeros(len(events), dtype=bool)
    if order.aside == order.then:
        limit = _by_case(True, case[first], earliest[first], cases)
        marked[then] = latest[then] < limit[case[then]]
        reason = f"{order.then} before {order.first}"
    else:
        limit = _by_case(False, case[then], latest[then], cases)
        marked[first] = earliest[first] > limit[case[first]]
        reason = f"{order.first} after {order.then}"
    return _set_aside(events, pd.Series(marked, index=events.index), reason, "order", entries)


def _by_case(first: bool, case: Places, dates: npt.NDArray[np.datetime64], cases: int) -> npt.NDArray[np.datetime64]:
    """The first or the last day of each case; no day where none is known."""
    # As whole numbers, of which NaT is the least: NumPy has no quick loop for dates.
    least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    found = np.full(cases, most if first else least)
    days = dates.view(np.int64)
    known = ~np.isnat(dates)
    (np.minimum if first else np.maximum).at(found, case[known], days[known])
    found[found == most] = least
    return found.view(dates.dtype)


def _set_aside(events: pd.DataFrame, marked: pd.Series, reason: str, rule: str, entries: list[Entry]) -> pd.DataFrame:
    if not marked.any():
        return events
    named = events.loc[marked, ["source_file", "stage", "source_row"]]
    for (file, stage), rows in named.groupby(["source_file", "stage"], observed=True):
        why = f"{reason}; the date is kept and marked, not repaired"
        Log(str(file), entries).note(str(stage), "value set aside", rule, why, rows["source_row"])
    texts = pc.if_else(pa.array(marked), pa.scalar(reason, pa.large_string()), _arrow(events["set_aside"]))
    return events.assign(set_aside=pd.array(texts, dtype="str"))  # pandas' `mask` takes over twice as long


def _arrow(values: pd.Series) -> pa.Array | pa.ChunkedArray:
    return pa.array(values.array, type=pa.large_string())
