"""Panels: one row per unit and month, with outcomes, exposure and cohort."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.reforms.reform import Reform
from accountability.results import plural
from accountability.stats.arrays import Floats

#: The columns of a panel beside its outcomes.
KEYS = ("unit", "period", "exposure", "cohort")


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """A panel of units by months.

    Attributes
    ----------
    frame : DataFrame
        ``unit``, ``period`` (int: months since January 1970, or the user's own count), ``exposure`` (share of the month
        in which the unit could have the outcome), ``cohort`` (float: first period in which the unit is affected;
        infinite if never), and the outcomes (float; missing where not observed, which is not zero). Sorted by unit and
        period. If units were affected in groups, ``cluster`` names the group.
    per : str
        Type of unit: officer, unit or agency.
    outcomes : tuple of str
        The outcome columns.
    calendar : bool
        Whether periods are calendar months.
    reform : Reform or None
        The reform of the cohorts.
    labels : dict
        The outcomes in words.
    cautions : tuple of str
        Cautions for every sentence.
    """

    frame: pd.DataFrame
    per: str
    outcomes: tuple[str, ...]
    calendar: bool = True
    reform: Reform | None = None
    labels: dict[str, str] | None = None
    cautions: tuple[str, ...] = ()

    def month(self, period: float) -> str:
        """Return a period for readers: ``2007-09`` for calendar months."""
        if math.isinf(period):
            return "never"
        return str(pd.Period(ordinal=int(period), freq="M")) if self.calendar else str(int(period))

    @property
    def units(self) -> str:
        """Plural of the unit: officers, units, agencies."""
        return "agencies" if self.per == "agency" else f"{self.per}s"

    def label(self, outcome: str) -> str:
        """Return an outcome in words."""
        return (self.labels or {}).get(outcome, outcome.replace("_", " "))

    def what(self) -> str:
        """The reform in words."""
        return self.reform.what if self.reform else "the change"

    @property
    def periods(self) -> tuple[int, int]:
        """First and last period."""
        return int(self.frame["period"].min()), int(self.frame["period"].max())

    @property
    def cohorts(self) -> dict[float, int]:
        """First affected period to the number of units; infinity for those never affected."""
        counted = self.frame.groupby("cohort")["unit"].nunique()
        return dict(zip(counted.index.astype(float), counted.astype(int), strict=True))

    def require(self, outcome: str) -> str:
        """Refuse an unknown outcome."""
        if outcome not in self.outcomes:
            raise ParameterError(f"outcome: expected one of {', '.join(self.outcomes)}, found {outcome!r}")
        return outcome

    @property
    def clusters(self) -> pd.Series:
        """Cluster of each row: the group affected together, or the unit itself."""
        return self.frame["cluster"] if "cluster" in self.frame else self.frame["unit"]

    def wide(self, outcome: str) -> tuple[Floats, Floats, Floats]:
        """Return an outcome as units by periods (missing where not observed), the periods, and the units' cohorts."""
        frame = self.frame
        first, last = self.periods
        row, names = pd.factorize(frame["unit"])
        values = np.full((len(names), last - first + 1), np.nan)
        values[row, frame["period"].to_numpy() - first] = frame[self.require(outcome)].to_numpy(dtype=float)
        cohort = np.full(len(names), np.inf)
        cohort[row] = frame["cohort"].to_numpy(dtype=float)
        return values, np.arange(first, last + 1, dtype=float), cohort

    def __repr__(self) -> str:
        first, last = (self.month(period) for period in self.periods)
        return (
            f"Panel of {plural(self.frame['unit'].nunique(), self.per)}, {first} to {last}, "
            f"{plural(len(self.frame), 'row')}; "
            f"outcomes: {', '.join(self.outcomes)}"
        )


def checked(frame: pd.DataFrame, outcomes: Sequence[str], what: str = "the panel") -> pd.DataFrame:
    """Return a checked frame in the form of :attr:`Panel.frame`.

    Raises
    ------
    ParameterError
        If a column is missing, a unit has two rows in a period or two cohorts, or a period is not a whole number.
    """
    if missing := [name for name in (*KEYS, *outcomes) if name not in frame]:
        raise ParameterError(f"{what} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    if frame.empty:
        raise ParameterError(f"{what}: expected a row a unit and period, found none")
    period = _numbers(frame["period"], what)
    if wrong := int((period.isna() | (period % 1 != 0)).sum()):
        raise ParameterError(f"{what}: expected whole numbers in period, found {wrong:,} of another kind")
    numbers = {name: _numbers(frame[name], what) for name in (*KEYS[2:], *outcomes)}
    for name in ("exposure", *outcomes):
        value = numbers[name]
        wrong_ones = np.isinf(value) | ((value.isna() | (value < 0)) if name == "exposure" else False)
        if wrong := int(wrong_ones.sum()):
            least = "from 0 on" if name == "exposure" else "or missing ones"
            raise ParameterError(f"{what}: expected finite numbers {least} in {name}, found {wrong:,} others")
    groups = [name for name in ("unit", "cluster") if name in frame]
    out = frame[groups].assign(period=period.astype("int64"), **numbers)
    out["cohort"] = out["cohort"].fillna(np.inf)
    out = out.sort_values(["unit", "period"], kind="stable", ignore_index=True)
    if twice := int(out.duplicated(["unit", "period"]).sum()):
        raise ParameterError(f"{what}: expected one row a unit and period, found {twice:,} more")
    for group in groups:
        several = out.groupby(group, observed=True)["cohort"].agg(["min", "max"])
        if mixed := int((several["min"] != several["max"]).sum()):
            raise ParameterError(f"{what}: expected one cohort a {group}, found {plural(mixed, group)} with several")
    if "cluster" in out and (mixed := int((out.groupby("unit", observed=True)["cluster"].nunique() != 1).sum())):
        raise ParameterError(f"{what}: expected one cluster a unit, found {plural(mixed, 'unit')} with none or several")
    return out


def _numbers(column: pd.Series, what: str) -> pd.Series:
    """A column as numbers; what is none would count as missing, and a cohort that is missing as never affected."""
    number = pd.Series(np.nan, index=column.index)
    if column.dtype.kind not in "mM":
        number = pd.to_numeric(column.astype("object"), errors="coerce").astype(float)
    if len(other := column[number.isna() & column.notna()]):
        raise ParameterError(
            f"{what}: expected numbers in {column.name}, found {len(other):,} of another kind, the first "
            f"{str(other.iloc[0])!r}"
            + (". Write months as counts: year * 12 + month" if column.name in ("period", "cohort") else "")
        )
    return number


def panel_from_frame(
    frame: pd.DataFrame,
    outcomes: Sequence[str],
    *,
    unit: str = "unit",
    period: str = "period",
    cohort: str = "cohort",
    exposure: str | None = None,
    cluster: str | None = None,
    per: str = "unit",
    reform: Reform | None = None,
) -> Panel:
    """Make a panel from an existing frame.

    Parameters
    ----------
    frame : DataFrame
        One row per unit and period.
    outcomes : sequence of str
        Its outcome columns; missing values were not observed.
    unit, period, cohort : str
        Its columns of units, of periods (whole numbers) and of the first period in which the unit is affected (missing
        or infinite if never).
    exposure : str, optional
        Its column of exposure; 1 when left out.
    cluster : str, optional
        Its column of the group in which units were affected together (a district); errors are then by group.
    per : str
        Type of unit.
    reform : Reform, optional
        The reform, for the sentences.

    Returns
    -------
    Panel

    Raises
    ------
    ParameterError
        If a column is missing, or a unit has two rows in a period or two cohorts.

    Examples
    --------
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> kept = pd.DataFrame({"officer": [1, 1, 2, 2], "month": [1, 2, 1, 2], "trained": [2, 2, None, None],
    ...                      "complaints": [1, 0, 0, 1]})
    >>> reforms.panel_from_frame(kept, ["complaints"], unit="officer", period="month", cohort="trained", per="officer")
    Panel of 2 officers, 1 to 2, 4 rows; outcomes: complaints
    """
    if not isinstance(frame, pd.DataFrame):
        raise ParameterError(
            f"reforms.panel_from_frame needs a frame, and was given a {type(frame).__name__}. Write:\n"
            "    reforms.panel_from_frame(frame, ['complaints'], unit='officer', period='month', cohort='trained')"
        )
    names = [outcomes] if isinstance(outcomes, str) else [*outcomes]
    given = {"unit": unit, "period": period, "cohort": cohort}
    given |= {name: column for name, column in (("exposure", exposure), ("cluster", cluster)) if column}
    if missing := [column for column in (*given.values(), *names) if column not in frame]:
        raise ParameterError(f"the frame has no column {', '.join(missing)}; it has {', '.join(map(str, frame))}")
    taken = frame[[*given.values(), *names]].set_axis([*given, *names], axis=1)
    taken = taken if exposure else taken.assign(exposure=1.0)
    return Panel(checked(taken, names), per, tuple(names), calendar=False, reform=reform)
