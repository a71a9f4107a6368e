"""Rows that are alike in everything but their number, and complaints that may be one complaint twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Part, days_of, flow_of, is_case_files, row_word
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("check", "compared", "alike", "by_chance")
ROWS_NAMED, ROWS_UNNAMED = "rows alike, naming an officer", "rows alike, naming no officer"
CASES, STEPS, DATED = "complaints alike in all they hold", "steps alike", "repeats dealt with at load"
TWINS: Final = "pairs of complaints that look like one"
_NUMBERS: Final = frozenset({"source_row", "source_file", "repeats_a_row"})
#: Distances in days at which pairs are a matter of habit, not of repetition; whole weeks keep the weekday.
_SHIFTS: Final = (7, 14, 21)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Alike(Part):
    """Repeated rows and twin complaints.

    ``table``: ``check``; ``compared`` rows, complaints or steps; ``alike`` (rows beyond the first of each kind, pairs
    for those that share officer, category and day); ``by_chance`` (these only: pairs to be expected because an officer
    draws complaints at all, from pairs one to three weeks apart).
    """

    def _draw(self, axes: Axes) -> Axes:
        shown = self.table[::-1]
        axes.barh(shown["check"], shown["alike"].astype("float64"), color=draw.COLOURS[0])
        for place, count in enumerate(shown["alike"]):
            axes.annotate(f"{count:,}", (count, place), xytext=(3, 0), textcoords="offset points", va="center")
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.set_xlabel("rows, steps or pairs")
        return axes


def alike(dataset: Dataset) -> Alike:
    """Count rows that repeat another one and pairs of complaints that look like one.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Alike

    Notes
    -----
    Only what the coded tables hold is compared: rows may differ in columns that were removed because they identify
    people. Columns with another value in every row are numbers of the row and are left out. Complaints of several
    people about one event are twins without being repeated.
    """
    rows = _without_numbers(dataset.allegations)
    named = rows["officer_id"].notna() if "officer_id" in rows else pd.Series(False, index=rows.index)
    lines: list[dict[str, Any]] = [
        {"check": ROWS_NAMED, "compared": int(named.sum()), "alike": int(rows[named].duplicated().sum())},
        {"check": ROWS_UNNAMED, "compared": int((~named).sum()), "alike": int(rows[~named].duplicated().sum())},
        {"check": CASES, "compared": len(dataset.cases), "alike": _alike_cases(dataset)},
        _steps(dataset),
        _at_load(dataset),
    ]
    twins = _twins(dataset)
    lines += [] if twins is None else [twins]
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"by_chance": "float64"})
    table = table[(table["compared"] > 0) | (table["alike"] > 0)].reset_index(drop=True)
    return Alike(
        estimand=f"rows and complaints of {dataset.name} that repeat one another",
        assumptions=("what was removed at load is not compared", "two rows alike may still be two matters"),
        method="exact comparison of all coded columns; twins: pairs on one day, half the pairs weeks apart by chance",
        table=table,
        flow=flow_of(dataset),
        said=_said(table, row_word(dataset)),
    )


def _without_numbers(table: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in table if name not in _NUMBERS and (name == "case_id" or not _is_number(table[name]))]
    return table[kept]


def _is_number(column: pd.Series) -> bool:
    """Whether a column numbers the rows: another value in each of them, and more than a handful of rows."""
    return len(column) > 1 and bool(column.notna().all()) and column.is_unique and column.name != "officer_id"


def _alike_cases(dataset: Dataset) -> int:
    """Complaints alike in their own columns, their steps and their allegations."""
    cases = _without_numbers(dataset.cases).drop(columns=["case_id"])
    own = pd.util.hash_pandas_object(cases, index=False).to_numpy()
    ids = pd.Index(dataset.cases["case_id"])
    total = own.copy()
    held = np.zeros(len(ids), dtype=bool)
    for table, left_out in ((dataset.events, {"case_id"}), (_without_numbers(dataset.allegations), {"case_id"})):
        rows = _without_numbers(table).drop(columns=list(left_out))
        if rows.empty or rows.shape[1] == 0:
            continue
        place = ids.get_indexer(pd.Index(table["case_id"]))
        # A sum does not depend on the order of the rows; it wraps around, which hashes bear.
        np.add.at(total, place, pd.util.hash_pandas_object(rows, index=False).to_numpy() * np.uint64(2654435761))
        held[place] = True
    return int(pd.Series(total[held]).duplicated().sum())


def _steps(dataset: Dataset) -> dict[str, Any]:
    rows = _without_numbers(dataset.events)
    return {"check": STEPS, "compared": len(rows), "alike": int(rows.duplicated().sum())}


def _at_load(dataset: Dataset) -> dict[str, Any]:
    entries = dataset.ledger.entries
    repeats = entries[
        entries["rule"].str.startswith("exact repeat") | entries["action"].isin(["row merged", "row kept"])
    ]
    return {"check": DATED, "compared": int(dataset.ledger.rows["raw"].sum()), "alike": int(repeats["count"].sum())}


def _twins(dataset: Dataset) -> dict[str, Any] | None:
    """Pairs of complaints that name one officer for one category on one day of the incident (else of the receipt)."""
    rows = dataset.allegations
    if is_case_files(dataset) or "officer_id" not in rows or "category" not in rows:
        return None
    for stage in ("incident", "received"):
        dated = days_of(dataset, stage).groupby("case_id")["day"].min()
        if len(dated):
            break
    else:
        return None
    frame = rows[["case_id", "officer_id", "category"]].dropna().drop_duplicates()
    frame = frame.assign(day=frame["case_id"].map(dated)).dropna(subset="day")
    if frame.empty:
        return None
    counts = frame.groupby(["officer_id", "category", "day"]).size().rename("n").reset_index()
    same = int((counts["n"] * (counts["n"] - 1) // 2).sum())
    apart = []
    for shift in _SHIFTS:
        later = counts.assign(day=counts["day"] - shift)
        both = counts.merge(later, on=["officer_id", "category", "day"], suffixes=("", "_later"))
        apart.append(float((both["n"] * both["n_later"]).sum()))
    return {
        "check": TWINS,
        "compared": int(frame["case_id"].nunique()),
        "alike": same,
        # Pairs within a day are counted once, pairs of two days in one direction: half as many by chance.
        "by_chance": float(np.mean(apart)) / 2,
    }


def _said(table: pd.DataFrame, word: str) -> str:
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
