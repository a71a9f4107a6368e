"""Person-time of officers on a roster, by unit and year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.officers.officer_events import YEAR as DAYS_OF_YEAR
from accountability.privacy import MIN_CELL, disclose
from accountability.records.totals import YEAR
from accountability.results import Result
from accountability.study.cohort import Cohort
from accountability.study.exposure import headcount, roster_days
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import column_names, takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PersonTime(Result):
    """Person-time of officers.

    ``table``: the columns of `by`, ``year``, ``n`` (officers who served in it), ``days``, ``officer_years``. Rows of
    fewer than ten officers are hidden.
    """

    by: tuple[str, ...]

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide units with few officers."""
        return disclose(table, counts=["n"], keep=[*self.by, YEAR], within=[YEAR], parts=bool(self.by))

    def sentence(self) -> str:
        """State the person-time of each year."""
        total = self.true_numbers().groupby(YEAR)[["officer_years", "n"]].sum()
        said = [
            f"{year}: " + (f"{row['officer_years']:,.0f} officer-years" if row["n"] >= MIN_CELL else "too few to show")
            for year, row in total.iterrows()
        ]
        return "; ".join(said) + "."


@takes("cohort")
def person_time(data: Cohort, by: str | Sequence[str] | None = None) -> PersonTime:
    """Count the person-time of all officers on the roster, accused or not, by unit and calendar year.

    Parameters
    ----------
    data : Cohort or Dataset
        With a roster: one row per spell of an officer.
    by : str or sequence of str, optional
        Columns of the roster, such as the unit.

    Returns
    -------
    PersonTime
        Days count from the first to the last day of each spell, both included, within the days of receipt that the
        card states. A spell without a last day runs to the end.

    Raises
    ------
    Refusal
        Without a roster, or if the card does not state the days it covers.
    ParameterError
        For a column that the roster lacks.

    Examples
    --------
    >>> import accountability
    >>> from accountability import officers
    >>> served = officers.person_time(accountability.load("generated_districts"), by="district")
    >>> served.table.head(2)[["district", "year", "days"]].values.tolist()
    [['01', 2016, 29280], ['01', 2017, 29200]]
    """
    names = column_names(by, "officers.person_time")
    if "officer_id" in names:
        raise ParameterError("officer_id tells single officers apart, who are not listed; name a unit of the roster")
    served = roster_days(data, names)
    for name in names:
        served[name] = served[name].astype("str").fillna(NOT_RECORDED)
    return PersonTime(
        estimand=f"person-time of officers of {data.name} by {' and '.join([*names, YEAR])}",
        assumptions=("the roster lists everyone who served, and every change of unit",),
        method="days of the roster's spells within the days of receipt covered",
        table=served.assign(officer_years=served["days"] / DAYS_OF_YEAR),
        flow=data.flow(),
        by=tuple(names),
    )


def how_many(cohort: Cohort, officers: int | str, accused: int) -> int:
    """Return a number of officers as given, or the largest of an outside total in any year.

    Raises
    ------
    ParameterError
        For a number below that of the accused.
    Refusal
        When more are accused over the days covered than a total counts in any year.
    """
    if not isinstance(officers, str) or officers not in cohort.totals:
        least = f"at least the {accused:,} who are accused, or the name of a total"
        check_number("officers", officers, accused, np.inf, least)
        return int(officers)
    number = headcount(cohort, officers)
    if number < accused:
        raise Refusal(
            f"{cohort.name}: {officers} are {number:,} at most in a year, and {accused:,} officers are accused over "
            "all days covered, as officers come and go; keep the complaints of one year, or say how many ever served"
        )
    return number
