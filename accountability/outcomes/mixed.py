"""Sustained or not when places differ: a logit with an intercept for each squad, district or investigator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.allegation_columns import NOT_RECORDED
from accountability.outcomes.modelled import (
    UNSEEN,
    delta,
    designed,
    hidden_levels,
    left_apart,
    put_together,
    rows_for,
)
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats.arrays import Floats
from accountability.stats.binary_logit import fit_random_intercept
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import z_critical
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLACES_AT = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SustainedByPlace(Result):
    """Sustained or not by several columns, with places that differ.

    Attributes
    ----------
    table : DataFrame
        One row a level: ``column``, ``level``, ``reference``, ``units``, ``adjusted`` with ``_low`` and ``_high``
        (the mean chance over all places, were all units of this level), ``difference`` from the reference with its
        interval, ``coefficient``, ``error`` (log odds within a place), ``hidden``.
    spread : DataFrame
        ``quantity``, ``value``, ``low``, ``high``: the standard deviation over places in log odds, the median odds
        ratio of two places, and the share sustained in a place at the 10th, 50th and 90th percentile of places. No
        place is named.
    apart : DataFrame
        Decided units without a place.
    place, unit : str
    places : int
    fit : Fit
    level : float
    """

    spread: pd.DataFrame
    apart: pd.DataFrame
    place: str
    unit: str
    places: int
    fit: Fit
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share sustained at the percentiles of places, with intervals."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.spread.loc[self.spread["quantity"].str.startswith("share")]
        axes = new_axes(ax, height=2.2)
        ranges(axes, shown, label="quantity", estimate="value", lower="low", upper="high")
        axes.set_xlabel("share sustained")
        return axes

    def sentence(self) -> str:
        """Say how far apart places are, in shares."""
        held = self.spread.set_index("quantity")["value"]
        low, high = (held[f"share sustained, {round(100 * p)}th percentile of places"] for p in (0.1, 0.9))
        return (
            f"Over {self.places:,} values of {self.place.replace('_', ' ')}, the share sustained among decided "
            f"{WORDS[self.unit]} runs from {percent(low, 1)} at the 10th to {percent(high, 1)} at the 90th percentile, "
            "at the same mix of the other columns and with chance taken out."
        )


def sustained_by_place(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    place: str,
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    min_cell: int = 10,
    nodes: int = 15,
) -> SustainedByPlace:
    """A logit of sustained among decided units whose intercept varies over places as a normal variable.

    The multilevel alternative to errors clustered on the officer: rows of one place are alike because they share the
    place. Coefficients compare units within a place; absolute numbers are means over places.

    Parameters
    ----------
    data : Cohort or Dataset
    on, unit, reference, level, min_cell
        As in :func:`accountability.outcomes.sustained_logit`.
    place : str
        Column of the allegations or cases: the squad, district, investigating body. Not the officer: nothing here
        singles anyone out.
    nodes : int
        Points of the adaptive quadrature.

    Returns
    -------
    SustainedByPlace

    Raises
    ------
    Refusal
        If fewer than five places occur, places vary no more than chance, the outcome does not vary, or no finite
        estimate exists.
    ParameterError
        For no or unknown columns, the officer as a place, or a place that is also a column.
    """
    if place == "officer_id" or place in on:
        raise ParameterError(f"place={place!r}: name a column that groups officers and is not in the model itself")
    made = rows_for(data, [*on, place], unit, None, "finding")
    columns = tuple(name for name in made.columns if name != place)
    if not columns:
        raise ParameterError("name at least one column to put in the model")
    rows = made.table.loc[made.table["finding"].notna() & made.table["finding"].ne("pending")]
    nowhere = rows[place].eq(NOT_RECORDED)
    apart = left_apart({f"{place} not recorded": int(nowhere.sum())}, min_cell)
    rows = rows.loc[~nowhere]
    hits = np.asarray(rows["finding"].eq("sustained"), dtype=np.float64)
    if not 0 < hits.sum() < len(hits):
        raise Refusal(f"{int(hits.sum()):,} of {len(hits):,} decided units are sustained: nothing to tell apart")
    rows = put_together(rows, columns, min_cell)
    shape = designed(rows, columns, reference)
    codes = pd.factorize(rows[place])[0].astype(np.int64)
    fit = fit_random_intercept(shape.design, shape.pattern, hits, codes, nodes)
    hidden = hidden_levels(rows, columns, pd.Series(hits > 0, index=rows.index), min_cell)
    reach = z_critical(level)
    lines = []
    for name, labels in shape.levels.items():
        origin = shape.at(name, 0)
        for j, label in enumerate(labels):
            here = shape.at(name, j)

            def numbers(theta: Floats, here: Floats = here, origin: Floats = origin) -> Floats:
                own = _mean(theta, here, shape.weight)
                return np.array([own, own - _mean(theta, origin, shape.weight)])

            value, wide = delta(numbers, fit.coefficients, fit.covariance)
            k = 1 + shape.names.index((name, label)) if j else -1
            lines.append(
                {
                    "column": name,
                    "level": label,
                    "reference": j == 0,
                    "units": int((rows[name] == label).sum()),
                    "adjusted": value[0],
                    "adjusted_low": max(value[0] - reach * wide[0], 0.0),
                    "adjusted_high": min(value[0] + reach * wide[0], 1.0),
                    "difference": value[1],
                    "difference_low": value[1] - reach * wide[1],
                    "difference_high": value[1] + reach * wide[1],
                    "coefficient": float(fit.coefficients[k]) if j else 0.0,
                    "error": math.sqrt(fit.covariance[k, k]) if j else 0.0,
                    "hidden": hidden[name, label],
                }
            )
    table = pd.DataFrame(lines)
    shown = [str(n) for n in table if n not in ("column", "level", "reference", "units", "hidden")]
    table = table.assign(**{name: table[name].mask(table["hidden"]) for name in shown})
    return SustainedByPlace(
        estimand=f"share sustained among decided units by {', '.join(columns)}, over values of {place}, "
        f"{made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            "places' intercepts are normal and unrelated to the columns",
            "rows of one place are alike only in sharing the place",
            UNSEEN,
        ),
        method=f"random-intercept logit, adaptive quadrature with {nodes} points, maximum likelihood on counts by "
        "place and pattern; errors from the observed information",
        table=table.assign(units=table["units"].astype("Int64").mask(table["hidden"])),
        flow=made.cohort.flow(),
        spread=_spread(fit, shape.design, shape.weight, reach),
        apart=apart,
        place=place,
        unit=made.unit,
        places=fit.clusters,
        fit=fit,
        level=level,
    )


def _mean(theta: Floats, design: Floats, weight: Floats) -> float:
    """Mean chance over places and patterns."""
    from scipy.special import expit

    points, weights = np.polynomial.hermite.hermgauss(31)
    index = (design @ theta[:-1])[:, None] + np.exp(theta[-1]) * np.sqrt(2.0) * points
    return float(weight @ expit(index) @ weights / np.sqrt(np.pi))


def _spread(fit: Fit, design: Floats, weight: Floats, reach: float) -> pd.DataFrame:
    from scipy.special import expit, ndtri

    def shares(theta: Floats) -> Floats:
        at = ndtri(PLACES_AT) * np.exp(theta[-1])
        return np.array([weight @ expit(design @ theta[:-1] + shift) for shift in at])

    value, wide = delta(shares, fit.coefficients, fit.covariance)
    log_sd, error = float(fit.coefficients[-1]), math.sqrt(fit.covariance[-1, -1])
    sds = [math.exp(log_sd + side * reach * error) for side in (0, -1, 1)]
    ratio = [math.exp(math.sqrt(2) * sd * float(ndtri(0.75))) for sd in sds]
    rows = [("standard deviation in log odds", *sds), ("median odds ratio of two places", *ratio)]
    for k, p in enumerate(PLACES_AT):
        ends = (max(value[k] - reach * wide[k], 0.0), min(value[k] + reach * wide[k], 1.0))
        rows.append((f"share sustained, {round(100 * p)}th percentile of places", float(value[k]), *ends))
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"])
