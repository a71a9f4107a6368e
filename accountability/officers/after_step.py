"""An officer's next complaint after a complaint, a finding, a penalty or a dismissal, with leaving as the other end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability import delay
from accountability.errors import ParameterError, Refusal, check_number
from accountability.figures.group_curves import Curves
from accountability.officers.officer_events import APPOINTED, ON_THE_EVIDENCE, days_served
from accountability.privacy import disclose
from accountability.records.lookup import places
from accountability.remembered import remembered
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Ints
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import column_names, takes
from accountability.study.occurrences import FOREVER, NEVER, Which, stage_of
from accountability.vocabulary import PENALTY_LADDER, STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AFTER: Final = {
    "complaint": "a first complaint on record",
    "finding": "a first sustained finding",
    "cleared": "a first finding other than sustained",
    "penalty": "a first penalty",
    "dismissal": "a dismissal",
}
NEXT: Final = "next complaint"
LEFT: Final = "left the agency"
EPOCH: Final = dt.date(1970, 1, 1)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NextComplaint(Result):
    """Share of officers with a next complaint, and share who left before one, by days since a step.

    ``table``: ``after`` (a key of ``AFTER``), the groups, ``end`` (next complaint, or left the agency), ``day``,
    ``estimate``, ``lower``, ``upper`` (missing beyond the last day on which an officer was watched), ``n`` (officers),
    ``hidden``.

    Attributes
    ----------
    curves : DataFrame
        The shares on every day shown: ``after``, the groups, ``end``, ``day``, ``estimate``, ``lower``, ``upper``.
    counted : DataFrame
        By ``after``: ``n`` officers, ``events`` (next complaints), ``left`` (who left before one), ``hidden``.
    by : tuple of str
    confidence : float
    leaving : bool
        Whether the source dates officers' leaving.
    """

    curves: pd.DataFrame
    counted: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    leaving: bool

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share with a next complaint by days since each step."""
        last = int(self.table["day"].max())
        shown = self.curves[(self.curves["end"] == NEXT) & (self.curves["day"] <= last)]
        shown = shown.assign(after=shown["after"].map(AFTER))
        return Curves(
            frame=shown,
            by=(*(("after",) if shown["after"].nunique() > 1 or not self.by else ()), *self.by),
            last=float(shown["day"].max()),
            x="days since the step",
            y="officers with a next complaint",
        ).draw(ax)

    def figure_title(self) -> str:
        """Say the first share."""
        row = self.table[self.table["end"] == NEXT].iloc[0]
        if row["hidden"]:
            return "The next complaint of officers"
        return (
            f"{percent(row['estimate'])} of officers drew a next complaint within {row['day']:,} days of {_step(row)}"
        )

    def sentence(self) -> str:
        """Say the shares by the first day asked for."""
        rows = self.table[(self.table["end"] == NEXT) & (self.table["day"] == self.table["day"].min())]
        said = []
        for row in rows.to_dict("records"):
            group = "".join(f", {row[name]}" for name in self.by)
            if row["hidden"] or row["estimate"] != row["estimate"]:
                said.append(f"after {_step(row)}{group}: not shown")
                continue
            between = f"{percent(self.confidence)} interval {percent(row['lower'])} to {percent(row['upper'])}"
            ends = "no interval exists" if row["lower"] != row["lower"] else between
            said.append(
                f"after {_step(row)}{group}: {percent(row['estimate'])} ({ends}) of {plural(int(row['n']), 'officer')}"
            )
        day = int(rows["day"].iloc[0])
        return f"Officers with a next complaint within {plural(day, 'day')}: {'; '.join(said)}."


def _step(row: pd.Series | dict[str, object]) -> str:
    return AFTER[str(row["after"])]


@takes("cohort")
def next_complaint(
    data: Cohort,
    after: str | Sequence[str] | None = None,
    *,
    days: int | Sequence[int] = (365, 1095),
    by: str | Sequence[str] | None = None,
    start: str = "received",
    confidence: float = 0.95,
) -> NextComplaint:
    """Estimate when an officer's next complaint comes, with leaving as a competing end.

    Parameters
    ----------
    data : Cohort or Dataset
    after : str or sequence of str, optional
        Keys of :data:`AFTER`; those the source dates when left out (with `by`, a complaint).
    days : int or sequence of int
        Days since the step for which the shares are given.
    by : str or sequence of str, optional
        Columns of the allegations that describe officers.
    start : str
        Stage that dates a complaint; with ``incident``, what is complained about has to come after the step.
    confidence : float

    Returns
    -------
    NextComplaint

    Raises
    ------
    Refusal
        When no officer is identified, or no officer is watched after a step that was asked for.
    ParameterError
        For an unknown step or column.

    Notes
    -----
    Each officer is followed once, from its first step of the kind: to the first complaint dated after that day, to the
    day it left, or to the last day of receipt that the source covers. Shares are cumulative incidences (Aalen and
    Johansen 1978): who left draws no complaint later, and is not taken for one still to come. A finding is dated by the
    closing of its complaint; a penalty by the day it was imposed where that is dated, else by the closing. A complaint
    of the day of the step is not counted as next.

    Examples
    --------
    >>> import accountability
    >>> from accountability import officers
    >>> found = officers.next_complaint(accountability.load("synthetic"), days=365)
    >>> found.table[found.table["end"] == "next complaint"][["after", "estimate"]].round(2).values.tolist()
    [['complaint', 0.62], ['finding', 0.71], ['cleared', 0.65], ['penalty', 0.71], ['dismissal', nan]]
    """
    names = tuple(column_names(by, "officers.next_complaint", "by"))
    asked = list(AFTER) if after is None else column_names(after, "officers.next_complaint", "after")
    if (wrong := [one for one in asked if one not in AFTER]) or not asked:
        raise ParameterError(f"after: expected some of {', '.join(AFTER)}; found {', '.join(map(repr, wrong))}")
    if missing := [name for name in names if name not in data.allegations]:
        held = ", ".join(map(str, data.allegations))
        raise ParameterError(f"by: {data.name} has no column {', '.join(missing)} in its allegations; there are {held}")
    asked = ["complaint"] if after is None and names else asked
    grid: list[int] = np.atleast_1d(np.asarray(days, dtype=object)).tolist()
    for day in grid:
        check_number("days", day, 1, 10_000, "days from 1 to 10,000")
    if start not in STAGES:
        raise ParameterError(f"start: unknown stage {start!r}; the stages are {', '.join(STAGES)}")
    rows, first, last = _complaints(data, start, names)
    leaving = bool(((data.events["stage"] == "left_agency") & data.events["officer_id"].notna()).any())
    parts, curves, counted = [], [], []
    for step in asked:
        made = _followed(data, rows, step, first, last, names)
        if made is None:
            if after is not None:
                raise Refusal(
                    f"{data.name}: expected officers watched after {AFTER[step]} with a known day, found none. Write "
                    f"after='complaint', or declare the column that dates it"
                )
            continue
        ends = made.table["end"]
        counted.append(
            {"after": step, "n": len(made), "events": int((ends == NEXT).sum()), "left": int((ends == LEFT).sum())}
        )
        if not made.event.any():
            continue
        found = delay.competing_closings(made, "end", by=list(names) or None, confidence=confidence)
        at = found.at(grid).rename(columns={"cause": "end"})
        curve = found.table.dropna(subset="day").rename(columns={"cause": "end"})
        at, curve = _with_sizes(at, curve, made.table, names) if names else (at.assign(n=len(made)), curve)
        parts += [at[at["end"] == NEXT].assign(after=step), at[at["end"] != NEXT].assign(after=step)]
        curves.append(curve.assign(after=step))
    if not parts:
        raise Refusal(f"{data.name}: no officer is watched until a next complaint, so nothing can be said of one")
    table = pd.concat(parts, ignore_index=True)
    shown = ["after", *names, "end", "day"]
    rest = [name for name in table if name not in (*shown, "hidden")]
    return NextComplaint(
        estimand=f"share of officers whose next complaint came by so many days after a step, {data.name}",
        assumptions=(
            "when the records end tells nothing about an officer's next complaint",
            "an officer who left draws no complaint later"
            if leaving
            else "no officer left: the source dates no leaving, so shares are too low where many did",
            "an officer never accused is not held; who was accused had drawn a complaint to be seen",
        ),
        method=f"cumulative incidence (Aalen-Johansen), an officer once, {percent(confidence)} log-log intervals",
        table=table[[*shown, *rest, "hidden"]],
        flow=data.flow(),
        curves=pd.concat(curves, ignore_index=True)[[*shown, "estimate", "lower", "upper"]],
        counted=disclose(pd.DataFrame(counted), counts=["n", "events", "left"], keep=["after"], parts=False),
        by=names,
        confidence=confidence,
        leaving=leaving,
        cautions=() if leaving else ("The source dates no officer's leaving",),
    )


def _with_sizes(
    at: pd.DataFrame, curve: pd.DataFrame, officers: pd.DataFrame, names: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the number of officers of each group; those too small to show, or that would give one away, have no numbers.

    The share of a group on a day is a fraction of its officers, and would tell how many there are.
    """
    sizes = officers.groupby(list(names)).size().rename("n").reset_index()
    held = disclose(sizes, counts=["n"], keep=names)
    shut = held.loc[held["hidden"], list(names)].assign(shut=True)
    at, curve = (one.merge(shut, on=list(names), how="left") for one in (at.merge(sizes, on=list(names)), curve))
    away = at.pop("shut").notna()
    numbers = ["estimate", "lower", "upper", "n"]
    masked = at[numbers].astype({"n": "Int64"}).mask(away)
    return at.assign(**masked, hidden=at["hidden"] | away), curve[curve.pop("shut").isna()]


@remembered
def _complaints(data: Cohort, start: str, by: tuple[str, ...]) -> tuple[pd.DataFrame, int, int]:
    """One row an officer and complaint with its days; first and last day of receipt covered."""
    table = data.allegations
    read = {"case_id", "officer_id", "finding", "imposed_penalty", APPOINTED, *by}
    rows = table.loc[table["officer_id"].notna(), table.columns.isin(read)]
    if rows.empty:
        raise Refusal(
            f"{data.name}: no row of {len(table):,} identifies an officer, so nobody's next complaint is known"
        )
    ids = pd.Index(data.cases["case_id"])
    place = places(rows["case_id"], ids)
    dated = {}
    asked: tuple[tuple[str, str, Which], ...] = (("day", start, "first"), ("closed", "closed", "last"))
    for name, stage, which in asked:
        one = stage_of(data, stage, which)
        exact = (one.earliest == one.latest) & (one.earliest > NEVER) & (one.earliest < FOREVER)
        dated[name] = np.where(exact, one.earliest, FOREVER)[place]
    rows = rows.assign(**dated)
    # Officers are grouped by often, and by a number that is faster than by a text.
    rows = rows[rows["day"] < FOREVER].assign(who=lambda kept: pd.factorize(kept["officer_id"], sort=True)[0])
    if rows.empty:
        raise Refusal(f"{data.name}: no complaint against an identified officer has a day of {start!r}")
    period = data.card.period
    begins = getattr(period, "start", None)
    first = int(rows["day"].min()) if begins is None else (begins - EPOCH).days
    last = int(rows["day"].max()) if period is None else max((period.end - EPOCH).days, first + 1)
    return rows, first, last


def _steps(data: Cohort, rows: pd.DataFrame, step: str) -> pd.Series:
    """First day of a step, by number of the officer."""
    if step == "complaint":
        return rows.groupby("who")["day"].min()
    if step in ("finding", "cleared"):
        if "finding" not in rows:
            return pd.Series(dtype="int64")
        hit = rows["finding"] == "sustained" if step == "finding" else rows["finding"].isin(ON_THE_EVIDENCE[1:])
        return rows.loc[hit & (rows["closed"] < FOREVER), ["who", "closed"]].groupby("who")["closed"].min()
    if "imposed_penalty" not in rows:
        return pd.Series(dtype="int64")
    ladder = list(PENALTY_LADDER)
    hit = rows["imposed_penalty"].isin(ladder[1:] if step == "penalty" else ["dismissal"])
    own = data.events[(data.events["stage"] == "penalty_imposed") & data.events["set_aside"].isna()]
    own = own[own["officer_id"].notna() & (own["earliest"] == own["latest"])]
    day = own.groupby(["officer_id", "case_id"])["latest"].min()
    keys = pd.MultiIndex.from_frame(rows.loc[hit, ["officer_id", "case_id"]])
    imposed = day.reindex(keys).to_numpy().astype("datetime64[D]")
    when = np.where(np.isnat(imposed), rows.loc[hit, "closed"], imposed.astype(np.int64))
    found = pd.Series(when, index=rows.loc[hit, "who"].to_numpy(), dtype="int64")
    return found[found < FOREVER].groupby(level=0).min()


@remembered
def _followed(
    data: Cohort, rows: pd.DataFrame, step: str, first: int, last: int, by: tuple[str, ...]
) -> Durations | None:
    """Days from each officer's first step to its next complaint or leaving; none where nobody is watched after it."""
    begun = _steps(data, rows, step)
    begun = begun[(begun >= first) & (begun < last)]
    if begun.empty:
        return None
    of = rows.drop_duplicates("who").set_index("who").loc[begun.index].reset_index()
    _, stop = days_served(of, data.events, first, last)
    since = rows["who"].map(begun)
    later = rows.loc[(rows["day"] > since) & (rows["day"] <= last), ["who", "day"]]
    coming = later.groupby("who")["day"].min().reindex(begun.index).to_numpy(dtype=float, na_value=np.nan)
    origin = begun.to_numpy(dtype=np.int64)
    has, left = np.isfinite(coming), stop <= last
    end: Ints = np.where(has, np.nan_to_num(coming, nan=0.0).astype(np.int64), np.where(left, stop - 1, last))
    made = Durations.from_days(
        np.maximum(end - origin, 1),  # who left by the day of the step left on the day after
        has | left,
        groups={
            "officer": np.arange(len(begun)),
            "end": np.where(has, NEXT, np.where(left, LEFT, "")),
            **{name: of[name].astype("str").where(of[name].notna(), NOT_RECORDED).to_numpy() for name in by},
        },
        clock=f"days since {AFTER[step]}",
    )
    return replace(made, first_day=1)
