"""Predicted curves for given covariates, and differences between them on given days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.regression.cox_model import Cox, require_model
from accountability.delay.regression.regression_result import Stated, stated_cases, within_follow_up
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.figures.group_curves import Curves
from accountability.results import Result, percent, plural
from accountability.stats.arrays import ROUNDING, Days, Floats
from accountability.stats.intervals import curve_interval, wald
from accountability.stats.sandwich import by_cluster

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PredictedCurves(Result):
    """Predicted share still open by day, for given covariates.

    ``table``: ``label``, ``day``, ``estimate`` (share still open), ``std_error``, ``lower``, ``upper``; missing beyond
    the last day on which a case (of the curve's stratum, and of each stated level) was watched.

    Attributes
    ----------
    confidence : float
    covariates : pandas.DataFrame
        The given covariates, one row per curve.
    """

    confidence: float
    covariates: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curves with their bands."""
        if self.table["day"].nunique() == 1:
            axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
            draw.ranges(
                axes, self.table, label="label", estimate="estimate", lower="lower", upper="upper", kind="share"
            )
            return draw.labelled(axes, f"predicted share still open on day {self.table['day'].iloc[0]:,}")
        last = float(self.table["day"].max())
        return Curves(frame=self.table, by=("label",), last=last, y="predicted share still open").draw(ax)

    def sentence(self) -> str:
        """State each curve's share on the last day that all of them reach."""
        known = self.table.groupby("day")["estimate"].transform(lambda shares: shares.notna().all())
        if not known.any():
            return "No case was watched as long as the days asked for."
        last = self.table[known & (self.table["day"] == self.table.loc[known, "day"].max())]
        said = [
            f"{row['label']}: {percent(row['estimate'], 1)} "
            + (
                f"({percent(row['lower'], 1)} to {percent(row['upper'], 1)})"
                if pd.notna(row["lower"])
                else "(no interval exists)"
            )
            for row in last.to_dict("records")
        ]
        return (
            f"Predicted still open after {plural(int(last['day'].max()), 'day')} ({percent(self.confidence)} "
            f"interval): {'; '.join(said)}."
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ShareDifferences(Result):
    """Difference of the shares closed by given days.

    ``table``: ``label``, ``reference``, ``day``, ``closed_by``, ``reference_closed_by``, ``estimate`` (their
    difference), ``std_error``, ``lower``, ``upper`` (shares); missing beyond the last day on which cases of both strata
    were watched.

    Attributes
    ----------
    confidence : float
    """

    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each difference with its interval, in points."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        points = self.table.assign(
            label=self.table["label"] + ", day " + self.table["day"].astype("str"),
            **{name: 100 * self.table[name] for name in ("estimate", "lower", "upper")},
        )
        draw.ranges(
            axes, points, label="label", estimate="estimate", lower="lower", upper="upper", null=0.0, unit="points"
        )
        axes.set_xlabel(f"points more closed ({percent(self.confidence)} interval)")
        return axes

    def sentence(self) -> str:
        """State each difference in points."""
        said = [
            f"by day {row['day']:,}, {percent(row['closed_by'], 1)} of {row['label']} and "
            f"{percent(row['reference_closed_by'], 1)} of {row['reference']} are predicted closed, a difference of "
            f"{100 * row['estimate']:+.1f} points ("
            + (
                f"{percent(self.confidence)} interval {100 * row['lower']:+.1f} to {100 * row['upper']:+.1f})"
                if pd.notna(row["lower"])
                else "no interval exists)"
            )
            if pd.notna(row["estimate"])
            else f"by day {row['day']:,}, {row['label']} and {row['reference']} were not both watched"
            for row in self.table.to_dict("records")
        ]
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}. These are differences between groups, not effects."


def predicted_curves(model: Cox, at: Stated, *, days: Sequence[int] | None = None) -> PredictedCurves:
    """Predict the share of cases with given covariates still open by day.

    Parameters
    ----------
    model : Cox
    at : frame, or mapping or sequence of mappings
        A value for each column the model uses, one row per curve; with strata, for their columns too.
    days : sequence of int, optional
        Days wanted; every closing day when left out.

    Returns
    -------
    PredictedCurves

    Raises
    ------
    ParameterError
        For a missing column, an unknown level or stratum, or a negative day.

    Notes
    -----
    Exponential of minus the cumulative hazard, with the model's handling of ties; errors by the delta method as in R's
    ``survfit.coxph``, or clustered when the model's are; log-log intervals.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.cox(accountability.load("synthetic"), "category")
    >>> delay.predicted_curves(model, {"category": "Force"}, days=[180]).table["estimate"].round(2).tolist()
    [0.63]
    """
    require_model(model, "predicted_curves")
    stated = stated_cases(at)
    when = np.unique(model.sets.day) if days is None else _days(days)
    rates = _Rates(model, stated, when)
    share = np.exp(-rates.cumulative)
    error = share * rates.errors()
    lower, upper = curve_interval(share.ravel(), error.ravel(), model.confidence)
    curves, each = share.shape
    table = pd.DataFrame(
        {
            "label": np.repeat(_labels(stated), each),
            "day": np.tile(when, curves),
            "estimate": share.ravel(),
            "std_error": error.ravel(),
            "lower": lower,
            "upper": upper,
        }
    )
    table = within_follow_up(model, table, table["day"].to_numpy(), np.repeat(rates.stratum, each))
    table = _while_watched(table, np.repeat(_watched(model, stated), each))
    return PredictedCurves(
        estimand=f"share of cases with stated covariates still open, by {model.clock}",
        assumptions=model.assumptions,
        method=f"{model.method}; delta method, log-log intervals",
        table=table,
        flow=model.flow,
        follow_up=model.follow_up,
        cautions=model.cautions,
        confidence=model.confidence,
        covariates=stated,
    )


def share_differences(model: Cox, at: Stated, reference: Mapping[str, Any], *, days: Sequence[int]) -> ShareDifferences:
    """Estimate differences in the share closed by given days between covariates.

    Parameters
    ----------
    model : Cox
    at : frame, or mapping or sequence of mappings
        The covariates compared, as for :func:`predicted_curves`.
    reference : mapping
        The covariates they are compared with.
    days : sequence of int

    Returns
    -------
    ShareDifferences

    Raises
    ------
    ParameterError
        As for :func:`predicted_curves`.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.cox(accountability.load("synthetic"), "category")
    >>> found = delay.share_differences(model, {"category": "Force"}, {"category": "Courtesy"}, days=[180])
    >>> found.table["estimate"].round(2).tolist()
    [-0.41]
    """
    require_model(model, "share_differences")
    stated = pd.concat([stated_cases(reference), stated_cases(at)], ignore_index=True)
    when = _days(days)
    rates = _Rates(model, stated, when)
    share = np.exp(-rates.cumulative)
    labels = _labels(stated)
    rows = []
    for curve in range(1, len(stated)):
        for place, day in enumerate(when):
            slope = np.zeros(share.shape)
            slope[curve, place], slope[0, place] = share[curve, place], -share[0, place]
            gap = share[0, place] - share[curve, place]
            error = rates.error_of(slope)
            row = {"label": labels[curve], "reference": labels[0], "day": int(day)}
            row |= {"closed_by": 1 - share[curve, place], "reference_closed_by": 1 - share[0, place]}
            # Before any closing both shares are 1 without an error.
            lower, upper = wald(gap, error if error > ROUNDING else np.nan, model.confidence)
            row |= {
                "estimate": gap,
                "std_error": error,
                "lower": np.maximum(lower, -1.0),
                "upper": np.minimum(upper, 1.0),
            }
            rows.append(row)
    table = pd.DataFrame(rows)
    for stratum in (np.repeat(rates.stratum[1:], len(when)), rates.stratum[0]):
        table = within_follow_up(model, table, table["day"].to_numpy(), stratum)
    watched = _watched(model, stated)
    table = _while_watched(table, np.repeat(np.minimum(watched[1:], watched[0]), len(when)))
    shares = ["closed_by", "reference_closed_by"]
    table[shares] = table[shares].mask(table["estimate"].isna())
    return ShareDifferences(
        estimand=f"difference of shares closed by given days between stated covariates, by {model.clock}",
        assumptions=model.assumptions,
        method=f"{model.method}; delta method",
        table=table,
        flow=model.flow,
        follow_up=model.follow_up,
        cautions=model.cautions,
        confidence=model.confidence,
    )


def _watched(model: Cox, stated: pd.DataFrame) -> Floats:
    """Last day on which cases of every stated level were watched; without end where all of a level's had closed."""
    sets, made = model.sets, model.design
    closed = (sets.cell >= 0) & sets.closed[sets.cell]
    last = np.full(len(stated), np.inf)
    for column in made.levels:
        levels = made.patterns[column].astype("str").to_numpy()[made.pattern]
        for place, level in enumerate(stated[column].astype("str")):
            own = levels == level
            end = sets.end[own].max(initial=0)
            if (~closed & own & (sets.end == end)).any():
                last[place] = min(last[place], end)
    return last


def _while_watched(table: pd.DataFrame, last: Floats) -> pd.DataFrame:
    """Without the shares beyond a last day of each row: another group's cases say nothing of these there."""
    names = ("estimate", "std_error", "lower", "upper")
    return table.assign(**{name: table[name].mask(table["day"].to_numpy() > last) for name in names})


class _Rates:
    """Summed daily rates of stated cases up to given days, and their errors."""

    def __init__(self, model: Cox, stated: pd.DataFrame, when: Days) -> None:
        self.model, self.when = model, when
        self.x = model.design.at(stated) - model.centre
        self.factor = np.exp(self.x @ model.coefficients)
        self.at = model.at_estimate()
        self.stratum = _strata(model, stated)
        sets, slots = model.sets, self.at.slots
        # Slots of the curve's stratum up to each day, as one run from the stratum's start.
        self.begin = sets.start[self.stratum]
        stops = [
            np.searchsorted(sets.day[sets.start[s] : sets.start[s + 1]], when, side="right") + sets.start[s]
            for s in self.stratum
        ]
        self.stop = np.array(stops)
        self.base = self._summed(slots.sums.a)
        self.cumulative = self.factor[:, None] * self.base
        # Slope of the cumulative rate by the coefficients, divided by the factor.
        self.slope = self.x[:, None, :] * self.base[..., None] - self._summed(slots.mean_each)

    def _summed(self, values: Floats) -> Floats:
        run = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        return run[self.stop] - run[self.begin][:, None]

    def errors(self) -> Floats:
        """Return the standard error of every cumulative hazard."""
        if self.model.clusters is None:
            own = self._summed(self.at.slots.sums.c0)
            spread = np.einsum("cdj,jk,cdk->cd", self.slope, self.model.model_covariance, self.slope)
            return self.factor[:, None] * np.sqrt(own + spread)
        out = np.empty(self.cumulative.shape)
        for place in np.ndindex(*out.shape):
            one = np.zeros(out.shape)
            one[place] = 1.0
            out[place] = self.error_of(one)
        return out

    def error_of(self, weight: Floats) -> float:
        """Return the standard error of a weighted sum of cumulative hazards."""
        pull = weight * self.factor[:, None]
        slope = np.einsum("cd,cdj->j", pull, self.slope)
        count = self._counted(pull)
        if self.model.clusters is None:
            own = float(np.sum(count**2 * self.at.slots.sums.c0))
            return float(np.sqrt(own + slope @ self.model.model_covariance @ slope))
        return self._clustered(count, slope)

    def _counted(self, pull: Floats) -> Floats:
        """How much each slot's rate counts in the sum."""
        change = np.zeros(self.model.sets.slots + 1)
        np.add.at(change, np.broadcast_to(self.begin[:, None], self.stop.shape), pull)
        np.add.at(change, self.stop, -pull)
        return np.cumsum(change)[:-1]

    def _clustered(self, count: Floats, slope: Floats) -> float:
        """Spread of what the clusters add to the sum (their infinitesimal jackknife)."""
        model, sets, sums = self.model, self.model.sets, self.at.slots.sums
        added = -self.at.weight[sets.pattern] * sets.per_cell(count * sums.c0, count * sums.c1)
        last = sets.last[sets.closed] - 1
        added[sets.closed] += (count * sums.a / sets.closings)[last]
        added = added + model.scores() @ (model.model_covariance @ slope)
        if model.cluster is None:
            return float(np.sqrt(np.sum(sets.number * added**2)))
        of_cluster = by_cluster(added[:, None], sets.cell, model.cluster, int(model.clusters or 0))
        return float(np.sqrt(np.sum(of_cluster**2)))


def _labels(stated: pd.DataFrame) -> list[str]:
    """Name curves by what tells them apart."""
    several = [name for name in stated.columns if stated[name].nunique() > 1]
    names = several or list(stated.columns)
    return [", ".join(f"{name} {row[name]}" for name in names) for row in stated.to_dict("records")]


def _strata(model: Cox, stated: pd.DataFrame) -> Days:
    groups = model.strata
    if not len(groups.columns):
        return np.zeros(len(stated), np.int64)
    missing = [name for name in groups.columns if name not in stated.columns]
    if missing:
        raise ParameterError(f"the model has strata: state {missing} for every curve")
    known = [tuple(str(value) for value in row) for row in groups.itertuples(index=False)]
    asked = [tuple(str(value) for value in row) for row in stated[list(groups.columns)].itertuples(index=False)]
    for row in asked:
        if row not in known:
            raise ParameterError(f"no stratum {', '.join(row)} in this model; there are {known}")
    return np.array([known.index(row) for row in asked])


def _days(days: Sequence[int]) -> Days:
    when = np.asarray(days)
    if when.ndim != 1 or not len(when) or when.dtype.kind not in "iu" or (when < 0).any():
        raise ParameterError(f"days must be whole numbers from 0, found {list(days)!r}")
    return np.unique(when).astype(np.int64)
