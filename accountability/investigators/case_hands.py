"""Which investigator had which complaint, in which cell of complaints taken for alike, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.errors import ParameterError, Refusal, check_number
from accountability.privacy import MIN_CELL, disclose
from accountability.records.lookup import places
from accountability.results import plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.assigned import Assigned
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.grouping import NONE_STATED, group_cases
from accountability.study.inputs import column_names, takes
from accountability.study.occurrences import FOREVER, stage_of

OUTCOMES: Final = {
    "slow": "open more than {days} days, of complaints followed as long",
    "sustained": "sustained, of complaints whose findings are all on record",
}
#: Periods of receipt that may be named beside columns.
PERIODS: Final = {"year": "Y", "quarter": "Q", "month": "M"}
UNITS_OF: Final = ("investigator_unit", "investigated_by")
KINDS_OF: Final = ("category", "complaint_type")
_UNKNOWN: Final = ("pending", "not_recorded")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Investigated:
    """Complaints with one known investigator.

    Attributes
    ----------
    frame : DataFrame
        One row a complaint: ``investigator`` and ``cell`` (numbers), and a column an outcome (1, 0 or missing).
    cells : tuple of str
        What complaints of one cell share.
    days, least : int
        Age from which a complaint is slow; complaints an investigator needs in cells that others work in too.
    left_out : tuple of (str, int)
        Complaints left out, by reason.
    cohort : Cohort
        The complaints, for what else is known about them.
    """

    frame: pd.DataFrame
    cells: tuple[str, ...]
    days: int
    least: int
    left_out: tuple[tuple[str, int], ...]
    cohort: Cohort

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.cohort.name

    def accounted(self) -> pd.DataFrame:
        """Complaints counted, and those left out: ``reason``, ``n``, ``hidden``."""
        table = pd.DataFrame([("counted", len(self.frame)), *self.left_out], columns=["reason", "n"])
        return disclose(table, counts=["n"], keep=["reason"], parts=False)

    def words(self, outcome: str) -> str:
        """An outcome in words."""
        return OUTCOMES[outcome].format(days=self.days)

    def outcomes(self, asked: str | Sequence[str] | None) -> list[str]:
        """The outcomes asked for; those the source tells, when left out.

        Raises
        ------
        ParameterError
            For an unknown one, or one the source does not tell.
        """
        told = [name for name in OUTCOMES if self.frame[name].nunique() > 1]
        if asked is None:
            if not told:
                raise Refusal(
                    f"{self.name}: neither days nor findings tell {plural(len(self.frame), 'complaint')} apart"
                )
            return told
        names = [asked] if isinstance(asked, str) else list(asked)
        if wrong := [name for name in names if name not in told]:
            raise ParameterError(
                f"outcomes: expected some of {', '.join(told) or 'none'}, which differ between complaints with one "
                f"investigator of {self.name}; found {', '.join(map(repr, wrong))}"
            )
        return names

    def laid(self, *known: str) -> tuple[Assigned, pd.DataFrame]:
        """Complaints of which all these columns are known, by investigator and cell."""
        some = self.frame[self.frame[list(known)].notna().all(axis=1)] if known else self.frame
        who, cell = some["investigator"].to_numpy(), some["cell"].to_numpy()
        try:
            made = Assigned.of(who, cell, self.least)
        except Refusal:
            made = None
        if made is None or made.hands < MIN_CELL:
            raise Refusal(
                f"{self.name}: expected {MIN_CELL} or more investigators with {self.least} complaints each in cells of "
                f"{', '.join(self.cells)} that several work in; found {made.hands if made else 0} of "
                f"{some['investigator'].nunique():,}. Write fewer of cells=, or least={max(self.least // 2, 2)}"
            )
        return made, some.iloc[made.rows]

    def assumed(self) -> tuple[str, ...]:
        """What comparisons within cells rest on."""
        return (
            f"within a cell of {', '.join(self.cells)} complaints fall to investigators as if by lot",
            "complaints are given out one by one, and one investigator decides the pace and the finding of each",
            f"investigators with fewer than {self.least} complaints in cells shared with others are left out",
        )

    def __repr__(self) -> str:
        return (
            f"Investigated of {self.name}: {plural(len(self.frame), 'complaint')} of "
            f"{plural(self.frame['investigator'].nunique(), 'investigator')} in {self.frame['cell'].nunique():,} "
            f"cells of {', '.join(self.cells)}"
        )


@takes("cohort")
def investigated(
    data: Cohort,
    cells: str | Sequence[str] | None = None,
    *,
    also: str | None = None,
    days: int = 180,
    least: int = 30,
    first: int | None = None,
    last: int | None = None,
) -> Investigated:
    """Read who investigated which complaint, and what became of it.

    Parameters
    ----------
    data : Cohort or Dataset
        With a table of investigators.
    cells : str or sequence of str, optional
        What complaints of one cell share: columns of the investigators, cases or allegations, and ``year``, ``quarter``
        or ``month`` of receipt; in one text joined by ``;``. When left out, the investigator's unit, the year, and what
        is alleged, as far as held.
    also : str, optional
        One more of them.
    days : int
        A complaint is slow when it is open longer.
    least : int
        Complaints an investigator needs in cells that others work in too.
    first, last : int, optional
        First and last year of receipt.

    Returns
    -------
    Investigated
        Complaints with several investigators, or without a value of a cell's column, are left out and counted.

    Raises
    ------
    Refusal
        When no complaint has one known investigator.
    ParameterError
        For an unknown column or numbers out of range.

    Examples
    --------
    >>> import accountability
    >>> from accountability import investigators
    >>> investigators.investigated(accountability.load("generated_investigators"), least=20).cells
    ('investigated_by', 'year', 'category')
    """
    check_number("days", days, 1, 10_000, "days from 1 to 10,000")
    check_number("least", least, 2, 100_000, "complaints from 2 to 100,000")
    for called, asked_year in (("first", first), ("last", last)):
        if asked_year is not None:
            check_number(called, asked_year, 1900, 2100, "a year from 1900 to 2100, or None")
    if first is not None and last is not None and first > last:
        raise ParameterError(f"first and last: expected years in order, found {first} and {last}")
    table = data.people.get("investigators")
    if table is None or "investigator_id" not in table:
        raise Refusal(
            f"{data.name}: expected a table that says who investigated which complaint, found none. Declare its file:\n"
            "    table: investigators\nwith columns to: case_id and to: investigator_id"
        )
    ids = pd.Index(data.cases["case_id"])
    known = table[table["investigator_id"].notna() & (places(table["case_id"], ids) >= 0)]
    people = known.groupby("case_id")["investigator_id"].nunique().reindex(ids, fill_value=0).to_numpy()
    one = known.drop_duplicates("case_id").set_index("case_id").reindex(ids)
    when = stage_of(data, "received")
    dated = ~when.none & (when.earliest == when.latest) & (np.abs(when.earliest) < FOREVER)
    if isinstance(cells, str):
        cells = [name.strip() for name in cells.split(";")]
    chosen = _usual(data, one) if cells is None else column_names(cells, "investigators.investigated", "cells")
    names = tuple(dict.fromkeys([*chosen, *([also] if also else [])]))
    asked = {name: case_column(data, name, one, when.earliest, dated) for name in names}
    year = np.where(dated, when.earliest, 0).astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    outside = dated & ((year < (first or year.min())) | (year > (last or year.max())))
    left, kept = [], np.ones(len(ids), bool)
    for why, which in (
        ("no investigator identified", people == 0),
        ("several investigators", people > 1),
        ("no day of receipt", ~dated),
        ("received in other years", outside),
        *((f"no {name.replace('_', ' ')} on record", of.isna().to_numpy()) for name, of in asked.items()),
    ):
        left.append((why, int((which & kept).sum())))
        kept &= ~which
    if not kept.any():
        said = ", ".join(f"{why} {count:,}" for why, count in left if count)
        raise Refusal(
            f"{data.name}: expected complaints with one known investigator and a cell, "
            f"found none of {len(ids):,}: {said}"
        )
    of_cell = (
        pd.DataFrame(asked)[kept].groupby(list(names), sort=True).ngroup() if names else pd.Series(0, index=ids[kept])
    )
    frame = pd.DataFrame(
        {
            "case_id": ids[kept],
            "investigator": pd.factorize(one["investigator_id"].to_numpy()[kept])[0],
            "cell": of_cell.to_numpy(),
            "slow": _slow(data, ids, days)[kept],
            "sustained": _sustained(data, ids)[kept],
        }
    )
    return Investigated(frame, names, days, least, tuple((why, count) for why, count in left if count), data)


def case_column(data: Cohort, name: str, first: pd.DataFrame | None, day: Ints, dated: np.ndarray) -> pd.Series:
    """One value a case, missing where none is on record: a period of receipt, or a column."""
    ids = data.cases["case_id"]
    if name in PERIODS and name not in data.cases:
        days = np.where(dated, day, 0).astype("datetime64[D]")
        return pd.Series(pd.DatetimeIndex(days).to_period(PERIODS[name]).astype(str), dtype="str").where(dated)
    if first is not None and name in first and name not in ("case_id", "investigator_id"):
        value = first[name].reset_index(drop=True)
        return value.astype("str").where(value.notna())
    if name in ("investigator_id", "case_id", "officer_id"):
        raise ParameterError(
            f"{name!r} tells one from another; name what complaints share, such as 'year' or 'category'"
        )
    value = group_cases(data, name, 1).cases.set_index("case_id")[name].reindex(ids).reset_index(drop=True)
    return value.astype("str").where(value != NONE_STATED)


def _usual(data: Cohort, first: pd.DataFrame) -> tuple[str, ...]:
    held = {*first, *data.cases, *data.allegations}
    picked = [next((name for name in some if name in held), None) for some in (UNITS_OF, KINDS_OF)]
    return tuple(name for name in (picked[0], "year", picked[1]) if name)


def _slow(data: Cohort, ids: pd.Index, days: int) -> Floats:
    """1 where open longer, 0 where closed by then; missing where nobody can say, or not followed so long."""
    taken = durations(data)
    require_open_cases(taken, "who is slow")
    low, high, event, longest = taken.days_lower, taken.days_upper, taken.event, taken.longest
    late = np.where(event, low > days, low >= days)
    early = event & (high <= days)
    value = np.where((late | early) & ((longest < 0) | (longest >= days)), late.astype(float), np.nan)
    place = places(pd.Series(ids), pd.Index(taken.table["case_id"]))
    return np.where(place >= 0, value[place], np.nan)


def _sustained(data: Cohort, ids: pd.Index) -> Floats:
    """1 where a finding is sustained, 0 where all are known and none is; else missing."""
    rows = data.allegations
    if "finding" not in rows:
        return np.full(len(ids), np.nan)
    told = pd.DataFrame(
        {
            "case_id": rows["case_id"],
            "hit": rows["finding"] == "sustained",
            "known": rows["finding"].notna() & ~rows["finding"].isin(_UNKNOWN),
        }
    )
    of_case = told.groupby("case_id").agg(hit=("hit", "max"), known=("known", "min")).reindex(ids)
    hit, known = (of_case[name].fillna(False).to_numpy(dtype=bool) for name in ("hit", "known"))
    out: Floats = np.where(hit | known, hit.astype(float), np.nan)
    return out
