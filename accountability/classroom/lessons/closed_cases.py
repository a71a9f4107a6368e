"""One synthetic agency published in six ways: the usual figure, the best estimate, and the true value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability import delay, synthetic
from accountability.classroom.lessons.lesson import Shown, enough
from accountability.delay.curve import Curve
from accountability.delay.groups import median_of
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import Refused, or_refusal
from accountability.study import clocks, overview
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.synthetic.source_files import loaded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RULES: Final = MappingProxyType(
    {
        "everything": "every complaint, open or closed, to the day",
        "closed_only": "closed complaints only",
        "trailing_window": "received in the last years, open or closed",
        "sustained_only": "closed with a sustained finding only",
        "months_only": "every complaint, dated to the month",
        "status_only": "every complaint, closed or pending, no closing day",
    }
)

ESTIMATORS: Final = MappingProxyType(
    {
        delay.DelayCurve: "closing curve (Kaplan-Meier)",
        delay.ReverseTimeCurve: "the curve read backwards in time",
        delay.CoarseCurve: "smooth curve for coarse dates",
        delay.IntervalCurve: "curve for intervals (Turnbull)",
        delay.CurrentStatusCurve: "curve for current status",
    }
)


@dataclass(frozen=True, eq=False, repr=False)
class Releases:
    """One synthetic agency, and its releases under six publication rules.

    Attributes
    ----------
    datasets : mapping of str to Dataset
        By rule, in the order of :data:`RULES`.
    true_days : DataFrame
        Every complaint ever received, published or not: ``case_id``, ``received``, ``year``, ``days`` to its closing,
        also after the release.
    """

    datasets: Mapping[str, Dataset]
    true_days: pd.DataFrame

    @property
    def complaints(self) -> int:
        """Number of complaints received."""
        return len(self.true_days)

    def published(self) -> pd.DataFrame:
        """Return what each rule publishes: ``rule, means, complaints, with_closing_date, pending``."""
        rows = []
        for rule, data in self.datasets.items():
            closed = data.events.loc[data.events["stage"] == "closed", "case_id"].nunique()
            pending = data.allegations.loc[data.allegations["finding"] == "pending", "case_id"].nunique()
            rows.append((rule, RULES[rule], len(data.cases), closed, pending))
        return pd.DataFrame(rows, columns=["rule", "means", "complaints", "with_closing_date", "pending"])

    def usual(self) -> Shown:
        """Compute the usual figure from each release, and compare it with the true value.

        ``table``: ``rule``; ``published``, ``open`` (complaints); ``usual_figure`` (the statistic), ``usual_days``;
        ``true_median`` (days, of all complaints); ``off_by`` (usual over true, minus one).
        """
        true = _median(self.true_days["days"])
        rows = []
        for rule, data in self.datasets.items():
            delays = clocks.as_published(data)
            if delays.current_status:
                what, days = "median age of the pending", float(np.median(delays.days_lower[~delays.event]))
            else:
                what, days = "median of the closed", _median_of_closed(delays)
            rows.append((rule, len(delays), delays.n_open, what, days, true, days / true - 1))
        columns = ["rule", "published", "open", "usual_figure", "usual_days", "true_median", "off_by"]
        table = pd.DataFrame(rows, columns=columns)
        off = f"{table['off_by'].min():+.0%} to {table['off_by'].max():+.0%}"
        sides = [
            f"{side} it from {', '.join(table.loc[which, 'rule'].str.replace('_', ' '))}"
            for side, which in (("below", table["off_by"] < 0), ("above", table["off_by"] > 0))
            if which.any()
        ]
        return Shown(
            estimand="the figure usually computed from each release, and the true median of all complaints",
            assumptions=("none makes the usual figure the delay of all complaints",),
            method="medians of what happens to be dated; truth from every complaint generated",
            table=table,
            said=f"Half of all complaints closed within {int(true):,} days; the usual figures are off by {off}: "
            f"{', '.join(sides)}.",
            picture=partial(_draw_usual, table),
            height=3.0,
        )

    def honest(self, confidence: float = 0.95) -> Shown:
        """Estimate from each release what it allows, and compare it with the true value for the same complaints.

        ``table``: ``rule``; ``estimator`` (or why there is none); ``describes`` (which complaints); ``median``,
        ``lower``, ``upper`` (days; for a status likelihood-ratio limits); ``reads``; ``true_median`` (days, of the
        complaints described; missing without an estimate).
        """
        rows = []
        for rule, data in self.datasets.items():
            delays = clocks.as_published(data)
            answer = or_refusal(partial(delay.how_long, delays, None, confidence))
            if isinstance(answer, Refused):
                rows.append((rule, "none: refused", "", None, None, None, "", np.nan))
                continue
            found = median_of(answer.curve)
            whom, true = self._described(rule, answer.curve)
            numbers = [found[name] for name in ("median", "median_lower", "median_upper", "reads")]
            if isinstance(answer.curve, delay.CurrentStatusCurve | delay.IntervalCurve):
                # Where the dates leave the curve open, these are its bounds, without sampling error.
                chance = delay.quantile_limits(delays, [0.5], confidence=confidence).table.iloc[0]
                numbers[1:3] = chance["lower"], chance["upper"]
            rows.append((rule, ESTIMATORS[type(answer.curve)], whom, *numbers, true))
        columns = ["rule", "estimator", "describes", "median", "lower", "upper", "reads", "true_median"]
        table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(("median", "lower", "upper"), "Int64"))
        none = table.loc[table["true_median"].isna(), "rule"]
        text = f"{len(table) - len(none)} of {len(table)} releases carry an answer"
        return Shown(
            estimand="median days to closing that each release can carry, and the truth of the same complaints",
            assumptions=("those of each estimator, which its own result lists",),
            method="delay.how_long on each release; truth from every complaint generated",
            table=table,
            said=f"{text}; none comes from {', '.join(none)}." if len(none) else f"{text}.",
            picture=partial(_draw_honest, table),
            height=3.0,
        )

    def trend(self, confidence: float = 0.95) -> Shown:
        """Compare the median by year of receipt: closed cases only, with open cases (Kaplan-Meier), and the true value.

        ``table``: ``year``; ``closed_only``, ``counted``, ``lower``, ``upper``, ``true_median`` (days; ``counted`` is
        missing if half had not closed).
        """
        usual = self._by_year("closed_only")
        closed = delay.mean_of_closed_only(usual, "year_received").table.set_index("year_received")["median_days"]
        curve = delay.closing_curve(self._by_year("everything"), "year_received", confidence)
        counted = curve.median().set_index("year_received")
        true = self.true_days.groupby("year")["days"].agg(_median)
        table = pd.DataFrame({"closed_only": closed, "counted": counted["estimate"], "lower": counted["lower"]})
        table = table.assign(upper=counted["upper"], true_median=true.reindex(table.index))
        table = table.rename_axis("year").reset_index()
        alone, with_open, truth = (_moved(table[column]) for column in ("closed_only", "counted", "true_median"))
        return Shown(
            estimand="median days to closing by year of receipt",
            assumptions=("open complaints of a year close on like those of their age and year",),
            method=f"median of closed complaints; {curve.method}; every complaint generated",
            table=table,
            said=f"From {int(table['year'].iloc[0])} to {int(table['year'].iloc[-1])} the median of closed complaints "
            f"alone went {alone}, with open ones counted {with_open}, and in truth {truth}.",
            picture=partial(_draw_trend, table),
        )

    def _by_year(self, rule: str) -> Durations:
        cohort = Cohort.of(self.datasets[rule])
        return clocks.durations(cohort.with_case_column("year_received", overview.year_of(cohort)))

    def _described(self, rule: str, curve: Curve) -> tuple[str, float]:
        """Which complaints an estimate describes, and their true median."""
        if isinstance(curve, delay.ReverseTimeCurve):
            of = self.true_days["days"] <= curve.within
            return f"complaints that close within {curve.within:,} days", _median(self.true_days.loc[of, "days"])
        if rule == "trailing_window":
            of = self.true_days["case_id"].isin(self.datasets[rule].cases["case_id"])
            return "complaints received in the window", _median(self.true_days.loc[of, "days"])
        return "all complaints", _median(self.true_days["days"])


def press_release(trend: Shown) -> str:
    """Return a press release on the median of closed complaints by year.

    Parameters
    ----------
    trend : Shown
        From :meth:`Releases.trend`.

    Returns
    -------
    str

    Examples
    --------
    >>> from accountability.classroom.lessons import closed_cases
    >>> closed_cases.press_release(closed_cases.publish(1000).trend())[:60]
    'From 2014 to 2019 the median of closed complaints went from '
    """
    shown = trend.table.dropna(subset="closed_only")
    years, days = shown["year"].tolist(), shown["closed_only"].astype("float64")
    falls, steps = int((days.diff() < 0).sum()), len(days) - 1
    often = "in every year" if falls == steps else f"in {falls} of {steps} years"
    verdict = "faster" if days.iloc[-1] < days.iloc[0] else "not faster"
    return (
        f"From {years[0]} to {years[-1]} the median of closed complaints went from {days.iloc[0]:,.0f} to "
        f"{days.iloc[-1]:,.0f} days; it fell {often}. A press release could call that {verdict}."
    )


@lru_cache(maxsize=2)
def publish(complaints: int = 5000) -> Releases:
    """Generate the class's agency and publish it in six ways; the exercises have another, see :func:`own`.

    Parameters
    ----------
    complaints : int
        Complaints received, 300 or more, so that every release has enough.

    Returns
    -------
    Releases

    Raises
    ------
    ParameterError
        For fewer complaints.
    """
    enough("complaints", complaints, 300)
    made = {
        rule: synthetic.agency(complaints, publication=rule) for rule in RULES if rule in synthetic.PUBLICATION_RULES
    }
    data = {rule: loaded(agency) for rule, agency in made.items()}
    data["months_only"] = months_only(data["everything"])
    whole = made["everything"]
    data["status_only"] = status_only(data["everything"], whole.design.received_to)
    return Releases(
        datasets=MappingProxyType({rule: data[rule] for rule in RULES}),
        true_days=_true_days(whole),
    )


def _true_days(whole: synthetic.Agency) -> pd.DataFrame:
    received = pd.to_datetime(whole.complaints["received_date"], format="%Y-%m-%d")
    true = whole.complaints[["complaint_id"]].assign(received=received, year=received.dt.year)
    true = true.merge(whole.latent[["complaint_id", "days"]], on="complaint_id", validate="1:1")
    return true.rename(columns={"complaint_id": "case_id"})


def months_only(data: Dataset) -> Dataset:
    """Publish the same complaints with dates coarsened to months."""
    month = data.events["earliest"].dt.to_period("M")
    events = data.events.assign(
        earliest=month.dt.start_time.astype("datetime64[s]"),
        latest=month.dt.end_time.dt.normalize().astype("datetime64[s]"),
        precision="month",
    )
    return replace(data, name="generated_months_only", events=events)


def status_only(data: Dataset, on: dt.date) -> Dataset:
    """Publish the same complaints with only the day of receipt and the status on one day."""
    closed = data.events[(data.events["stage"] == "closed") & (data.events["latest"] <= pd.Timestamp(on))]
    pending = ~data.allegations["case_id"].isin(closed["case_id"])
    allegations = data.allegations.assign(finding=data.allegations["finding"].mask(pending, "pending"))
    sampling = data.card.sampling.model_copy(
        update={"rule": "no_closing_date", "open_cases": "status_only", "closing_date": False}
    )
    events = data.events[data.events["stage"] == "received"].reset_index(drop=True)
    card = data.card.model_copy(update={"sampling": sampling, "observed_until": on})
    return replace(data, name="generated_status_only", allegations=allegations, events=events, card=card)


def _median(days: pd.Series) -> float:
    """First day by which at least half had closed, as the curves count it."""
    return float(np.quantile(days.to_numpy(), 0.5, method="inverted_cdf"))


def _median_of_closed(delays: Durations) -> float:
    row = delay.mean_of_closed_only(delays).table.iloc[0]
    if "median_days" in row.index:
        return float(row["median_days"])
    return float(row["median_days_lower"] + row["median_days_upper"]) / 2


def _draw_usual(table: pd.DataFrame, axes: Axes) -> None:
    """Each figure and how far it is from the truth, which is the upright line."""
    ends = table[["usual_days", "true_median"]]
    frame = table.assign(lower=ends.min(axis=1), upper=ends.max(axis=1))
    true = float(table["true_median"].iloc[0])
    draw.ranges(
        axes,
        frame,
        label="rule",
        estimate="usual_days",
        lower="lower",
        upper="upper",
        null=true,
        kind="days",
        beside=False,
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("days: the usual figure, and the true median of all complaints (upright line)")


def _draw_honest(table: pd.DataFrame, axes: Axes) -> None:
    """Each estimate with its interval or bounds, and the truth of the same complaints as a cross."""
    shown = table.dropna(subset="true_median")
    frame = shown[["median", "lower", "upper", "true_median"]].astype("float64").assign(rule=shown["rule"])
    heights = draw.ranges(
        axes, frame, label="rule", estimate="median", lower="lower", upper="upper", kind="days", beside=False
    )
    axes.plot(frame["true_median"], heights, "x", color=draw.COLOURS[1], label="truth")
    draw.key_above(axes)
    axes.set_xlim(left=0)
    axes.set_xlabel("median days: estimate with its limits, and the truth")


def _draw_trend(table: pd.DataFrame, axes: Axes) -> None:
    """The three lines."""
    frame = table.assign(counted=table["counted"].astype("float64"))
    names = {"true_median": "truth", "counted": "open ones counted", "closed_only": "closed ones alone"}
    for number, (column, label) in enumerate(names.items()):
        draw.lines(axes, frame, x="year", y=column, label=label, number=number)
    axes.set_xticks(frame["year"])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("year of receipt")
    axes.set_ylabel("median days to closing")
    draw.lines_named(axes)


def _moved(days: pd.Series) -> str:
    end = "not reached" if pd.isna(days.iloc[-1]) else f"{days.iloc[-1]:,.0f}"
    return f"from {days.iloc[0]:,.0f} to {end} days"
