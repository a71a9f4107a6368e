"""Repeated rows, complaints that may be duplicates, and ids that may not be one officer."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Kind, NotHeld, Part, anchor, days_of, draw_bars, is_case_files, row_word
from accountability.records.dataset import Dataset
from accountability.records.lookup import places
from accountability.results import percent, plural
from accountability.stats.arrays import Ints
from accountability.stats.compress import combine
from accountability.study import overview
from accountability.study.cohort import Cohort
from accountability.study.occurrences import rows_places

ROWS_NAMED, ROWS_UNNAMED = "rows alike, naming an officer", "rows alike, naming no officer"
CASES, STEPS, DATED = "complaints alike in all they hold", "steps alike", "repeats dealt with at load"
TWINS: Final = "pairs of complaints that look like one"
_NUMBERS: Final = frozenset({"source_row", "source_file", "repeats_a_row"})
_IDS: Final = frozenset({"case_id", "officer_id"})
#: Distances in days at which pairs are a matter of habit, not of repetition; whole weeks keep the weekday.
_SHIFTS: Final = (7, 14, 21)

#: What agencies write where a number should be; seen only in ids that are not pseudonyms.
PLACEHOLDER: Final = r"(?i)^\W*(?:unknown|unk|none|n/?a|null|nil|test|tbd|unidentified|not identified|x+|0+|9{3,})\W*$"
#: More complaints in one calendar year than any one person is plausibly named in.
MOST_A_YEAR: Final = 30
_ATTRIBUTES: Final = ("officer_race", "officer_gender", "officer_birth_year", "officer_birth_decade")
ROWS_WITHOUT = "rows that name no officer"
CASES_WITHOUT = "complaints in which no row names an officer"
PATTERN = "rows whose id looks like a placeholder"
BUSY = f"ids named in more than {MOST_A_YEAR} complaints of one year"
ROWS_BUSY = "rows of these ids"
CONTRADICT = "ids with contradicting race, gender or birth"
AT_LOAD = "values left out at load as placeholders"

REPEATS: Final = Kind(
    title="Repeats",
    what="rows and complaints of {name} that repeat one another",
    columns=("check", "compared", "alike", "by_chance"),
    draw=lambda axes, part: draw_bars(axes, part.table, "alike", xlabel="rows, steps or pairs"),
    method="exact comparison of all coded columns; twins: pairs on one day, half the pairs weeks apart by chance",
    single_cases=True,
)


@REPEATS
def duplicates(dataset: Dataset) -> Part:
    """Count repeated rows, and pairs of complaints that may be the same one.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Part
        ``table``: ``check``; ``compared`` rows, complaints or steps; ``alike`` (rows beyond the first of each kind; for
        complaints, pairs that share officer, category and day); ``by_chance`` (for these pairs, the number expected by
        chance, from pairs one to three weeks apart).

    Notes
    -----
    Only the coded tables are compared: rows may differ in columns that were removed because they identify people.
    Columns with a different value in every row are row numbers and are left out. Complaints of several people about one
    event look alike without being repeated.

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.duplicates(load("synthetic")).table[["check", "alike"]]
                                        check  alike
    0           rows alike, naming an officer      0
    1       complaints alike in all they hold      0
    2                             steps alike      0
    3              repeats dealt with at load      8
    4  pairs of complaints that look like one      6
    """
    rows = _without_numbers(dataset.allegations)
    named = rows["officer_id"].notna() if "officer_id" in rows else pd.Series(False, index=rows.index)
    steps = _without_numbers(dataset.events)
    entries = dataset.ledger.entries
    at_load = entries["rule"].str.startswith("exact repeat") | entries["action"].isin(["row merged", "row kept"])
    lines = [
        (ROWS_NAMED, int(named.sum()), _repeats(rows[named]), np.nan),
        (ROWS_UNNAMED, int((~named).sum()), _repeats(rows[~named]), np.nan),
        (CASES, len(dataset.cases), _alike_cases(dataset), np.nan),
        (STEPS, len(steps), _repeats(steps), np.nan),
        (DATED, int(dataset.ledger.rows["raw"].sum()), int(entries.loc[at_load, "count"].sum()), np.nan),
        *_twins(dataset),
    ]
    table = pd.DataFrame(lines, columns=list(REPEATS.columns))
    table = table[(table["compared"] > 0) | (table["alike"] > 0)].reset_index(drop=True)
    return REPEATS.of(
        dataset,
        table,
        _said_repeats(table, row_word(dataset)),
        assumptions=("what was removed at load is not compared", "two rows alike may still be two matters"),
    )


def _without_numbers(table: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in table if name not in _NUMBERS and (name in _IDS or not _is_number(table[name]))]
    return table[kept]


def _is_number(column: pd.Series) -> bool:
    """Whether a column numbers the rows: another value in each of them, and more than a handful of rows."""
    return len(column) > 1 and column.head(100).is_unique and bool(column.notna().all()) and column.is_unique


def _repeats(rows: pd.DataFrame) -> int:
    """Rows that repeat an earlier one."""
    place, kind = _tied(rows)
    return len(place) - len(np.unique(kind)) if rows.shape[1] else 0


def _tied(rows: pd.DataFrame) -> tuple[Ints, Ints]:
    """Positions of rows that are alike in all columns with another, and a number for each kind of them.

    A column is compared only where all before it are alike.
    """
    place, kind, kinds = np.arange(len(rows)), np.zeros(len(rows), np.int64), 1
    for name in rows:
        code, values = pd.factorize(rows[name].take(place), use_na_sentinel=False)
        both = combine([kind, code], [kinds, len(values)], len(place))
        again = both.number[both.code] > 1
        place, kind, kinds = place[again], both.code[again], len(both.found)
        if not len(place):
            break
    return place, kind


def _alike_cases(dataset: Dataset) -> int:
    """Complaints alike in their own columns, their steps and their allegations."""
    place, kind = _tied(_without_numbers(dataset.cases).drop(columns=["case_id"]))
    # Steps and allegations are read only of complaints that are alike in their own columns.
    tied, held = np.zeros((2, len(dataset.cases)), dtype=bool)
    tied[place] = True
    total = np.zeros(len(dataset.cases), np.uint64)
    for table in (dataset.events, dataset.allegations):
        rows = _without_numbers(table).drop(columns="case_id")
        if rows.empty or rows.shape[1] == 0:
            continue
        case = rows_places(table, dataset.cases)
        read = np.flatnonzero(tied[case])
        # A sum does not depend on the order of the rows; it wraps around, which hashes bear.
        hashed = pd.util.hash_pandas_object(rows.take(read), index=False).to_numpy()
        np.add.at(total, case[read], hashed * np.uint64(2654435761))
        held[case[read]] = True
    alike = pd.DataFrame({"own": kind, "rest": total[place]})[held[place]]
    return int(alike.duplicated().sum())


def _twins(dataset: Dataset) -> list[tuple[str, int, int, float]]:
    """Pairs of complaints that name one officer for one category on one day of the incident (else of the receipt)."""
    rows = dataset.allegations
    if is_case_files(dataset) or "officer_id" not in rows or "category" not in rows:
        return []
    for stage in ("incident", "received"):
        dated = days_of(dataset, stage).groupby("case_id")["day"].min()
        if len(dated):
            break
    else:
        return []
    frame = rows[["case_id", "officer_id", "category"]].dropna().drop_duplicates()
    frame = frame.assign(day=frame["case_id"].map(dated)).dropna(subset="day")
    if frame.empty:
        return []
    officer, category = (pd.factorize(frame[name])[0] for name in ("officer_id", "category"))
    day = (frame["day"] - frame["day"].min()).to_numpy(np.int64)
    # No day of one kind comes so close to the next kind that a shift would reach it.
    room = int(day.max()) + max(_SHIFTS) + 1
    kinds = combine([officer, category], [int(officer.max()) + 1, int(category.max()) + 1], len(frame))
    key, n = np.unique(kinds.code * room + day, return_counts=True)
    same = int((n * (n - 1) // 2).sum())
    apart = []
    for shift in _SHIFTS:
        place = np.minimum(np.searchsorted(key, key + shift), len(key) - 1)
        apart.append(float((n * n[place])[key[place] == key + shift].sum()))
    # Pairs within a day are counted once, pairs of two days in one direction: half as many by chance.
    return [(TWINS, int(frame["case_id"].nunique()), same, float(np.mean(apart)) / 2)]


def _said_repeats(table: pd.DataFrame, word: str) -> str:
    found = dict(zip(table["check"], table["alike"], strict=True))
    chances = dict(zip(table["check"], table["by_chance"], strict=True))

    def of(check: str) -> int:
        return int(found.get(check, 0))

    rows = of(ROWS_NAMED)
    text = f"{plural(rows, word + ' row')} that {'names' if rows == 1 else 'name'} an officer "
    text += f"{'repeats' if rows == 1 else 'repeat'} another in every coded column"
    if of(ROWS_UNNAMED):
        text += f", and {of(ROWS_UNNAMED):,} that name none"
    text += f"; {plural(of(CASES), 'complaint')} and {plural(of(STEPS), 'step')} do."
    if of(DATED):
        text += f" The load had already dealt with {plural(of(DATED), 'repeat')}."
    if TWINS in found:
        text += (
            f" {plural(of(TWINS), 'pair')} of complaints {'shares' if of(TWINS) == 1 else 'share'} officer, category "
            f"and day ({chances[TWINS]:,.1f} by chance): one event told twice, or one complaint numbered twice."
        )
    return text


IDENTITY: Final = Kind(
    title="Officers' ids",
    what="whether an officer's id in {name} is one officer",
    columns=("check", "counted", "of", "share", "unit"),
    draw=lambda axes, part: draw_bars(
        axes, part.table.dropna(subset="share"), "share", xlabel="share", counted=False
    ).set_xlim(0, 1),
    method=f"counts; {BUSY} are marked as implausible; numbers of ids below {{min_cell}} are not shown",
)


@IDENTITY
def identity(dataset: Dataset, min_cell: int = 10) -> Part:
    """Count rows without an officer, and ids that may be placeholders or several people.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Smaller numbers of ids are hidden.

    Returns
    -------
    Part
        ``table``: ``check``, ``counted`` (ids and rows of people are hidden from 1 to `min_cell` - 1), ``of`` (the
        number checked), ``share``, ``unit`` (rows, complaints or ids). No id is listed.

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.identity(load("synthetic")).table[["check", "counted"]].head(2)
                                             check  counted
    0                    rows that name no officer        0
    1  complaints in which no row names an officer        0
    """
    rows = dataset.allegations
    if "officer_id" not in rows or not rows["officer_id"].notna().any():
        raise NotHeld("no row names an officer")
    known = rows["officer_id"].notna()
    named = rows[known]
    rows_of = named["officer_id"].value_counts()
    ids = len(rows_of)
    if ids < min_cell:
        raise NotHeld(f"fewer than {min_cell} officers are named")
    without = len(dataset.cases) - len(np.unique(rows_places(rows, dataset.cases)[known.to_numpy()]))
    looks = int(rows_of[rows_of.index.str.fullmatch(PLACEHOLDER)].sum())
    start = anchor(dataset)
    busy = set() if start is None else _busy(overview.year_of(Cohort.of(dataset), start, which="first"), named)
    torn, with_attributes = _contradicting(named)
    entries = dataset.ledger.entries
    left_out = (entries["action"] == "value set aside") & entries["reason"].str.contains("left out of officer_id")
    at_load = int(entries.loc[left_out, "count"].sum())
    lines = [
        _line(ROWS_WITHOUT, len(rows) - len(named), len(rows), "rows"),
        _line(CASES_WITHOUT, without, len(dataset.cases), "complaints"),
        _line(PATTERN, looks, len(named), "rows"),
        _line(AT_LOAD, at_load, len(rows), "rows"),
        _line(BUSY, len(busy), ids, "ids", min_cell),
        # The rows of a few ids would say how often these few were accused.
        _line(ROWS_BUSY, int(named["officer_id"].isin(busy).sum()), len(named), "rows", hide=0 < len(busy) < min_cell),
    ]
    if with_attributes:
        lines.append(_line(CONTRADICT, torn, with_attributes, "ids", min_cell))
    table = pd.DataFrame(lines, columns=list(IDENTITY.columns)).astype({"counted": "Int64", "share": "Float64"})
    return IDENTITY.of(
        dataset,
        table,
        _said_ids(dataset, table, start is not None),
        assumptions=(
            "an id that two people share in every attribute looks like one person",
            "ids are pseudonyms where the source declares them so: their own spelling is then not seen",
        ),
        method=IDENTITY.method.format(min_cell=min_cell),
    )


def _line(check: str, count: int, of: int, unit: str, min_cell: int = 1, *, hide: bool = False) -> tuple[Any, ...]:
    shown = pd.NA if hide or 0 < count < min_cell else count
    return check, shown, of, shown / of if of else np.nan, unit


def _busy(year: pd.Series, named: pd.DataFrame) -> set[str]:
    """Ids named in more complaints of one year than plausible."""
    officer, ids = pd.factorize(named["officer_id"])
    case = places(named["case_id"], year.index)
    one = pd.DataFrame({"officer": officer, "case": case}).drop_duplicates()
    counts = one.groupby(["officer", year.to_numpy(float, na_value=np.nan)[one["case"]]]).size()
    return set(ids[counts[counts > MOST_A_YEAR].index.get_level_values(0)])


def _contradicting(named: pd.DataFrame) -> tuple[int, int]:
    held = [name for name in _ATTRIBUTES if name in named]
    if not held:
        return 0, 0
    distinct = named.groupby("officer_id")[held].nunique()
    return int((distinct > 1).any(axis=1).sum()), int((distinct > 0).any(axis=1).sum())


def _said_ids(dataset: Dataset, table: pd.DataFrame, dated: bool) -> str:
    found = {row["check"]: row for row in table.to_dict("records")}
    rows, cases = found[ROWS_WITHOUT], found[CASES_WITHOUT]
    text = (
        f"{percent(rows['share'], 1)} of {plural(rows['of'], row_word(dataset) + ' row')} and "
        f"{percent(cases['share'], 1)} of {plural(cases['of'], 'complaint')} name no officer."
    )
    if found[PATTERN]["counted"]:
        text += f" {plural(found[PATTERN]['counted'], 'row')} carry an id that looks like a placeholder."
    if dated:
        text += f" {_some(found[BUSY]['counted'])} named in more than {MOST_A_YEAR} complaints of one year."
    if CONTRADICT in found:
        text += f" {_some(found[CONTRADICT]['counted'])} given more than one race, gender or birth."
    return text


def _some(count: Any) -> str:
    if pd.isna(count):
        return "A few ids (too few to count here) are"
    return "No id is" if count == 0 else f"{plural(int(count), 'id')} {'is' if count == 1 else 'are'}"
