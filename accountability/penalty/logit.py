"""Sustained or not, by several columns at once: a logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.cohort import Cohort, DatasetLike
from accountability.errors import ParameterError, Refusal
from accountability.penalty.following import UnitCard
from accountability.penalty.ladder import Ladder
from accountability.penalty.newton import Fit, Slopes, cells_of, check_columns, invert, maximise, sandwich
from accountability.penalty.patterns import Floats, at_level, clusters_of, collapse, design_of, levels_of
from accountability.penalty.units import grouping
from accountability.results import Result, percent
from accountability.units import WORDS, check_terms, roll_up
from accountability.vocabulary import FINDINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fit_logit(design: Floats, pattern: NDArray[np.int64], hits: Floats, clusters: NDArray[np.int64]) -> Fit:
    """Maximum likelihood of a logit whose rows fall into few patterns of covariates.

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, with the constant.
    pattern : array of int
        The pattern of each row.
    hits : array of 0 and 1
    clusters : array of int
        The cluster of each row.

    Raises
    ------
    Refusal
        If the columns are collinear, or the outcome is separated so that no finite estimate exists.
    """
    cells = cells_of(pattern, hits.astype(np.int64), len(design))
    check_columns(design, cells)
    start = np.zeros(design.shape[1])
    theta, information, likelihood, scores = maximise(_logit, design, cells, np.empty(0), start)
    covariance = sandwich(information, scores, cells.of_row, clusters)
    return Fit(theta, covariance, likelihood, int(clusters.max()) + 1, invert(information))


def _logit(index: Floats, other: Floats, value: NDArray[np.int64]) -> Slopes:
    from scipy.special import expit

    sign = 2.0 * value - 1.0
    chance = expit(index)
    return Slopes(-np.logaddexp(0.0, -sign * index), value - chance, chance * (1.0 - chance))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SustainedLogit(Result):
    """Sustained or not by several columns, in shares and in odds.

    Attributes
    ----------
    table : DataFrame
        One row a level: ``column``, ``level``, ``reference``, ``units``, ``count``, ``share`` (raw), ``adjusted``,
        ``adjusted_low``, ``adjusted_high`` (the mean chance were all units of this level, all else as it is),
        ``difference``, ``difference_low``, ``difference_high`` (from the reference, in shares), ``coefficient``,
        ``error``, ``odds_ratio``, ``odds_low``, ``odds_high``, ``hidden``.
    unit : str
    fit : Fit
    names : tuple of str
        The columns of the design, in the order of ``fit.coefficients``.
    level : float
    """

    unit: str
    fit: Fit
    names: tuple[str, ...]
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the adjusted share of each level with its interval."""
        from accountability.plots import new_axes, ranges

        shown = self.table.loc[~self.table["hidden"]]
        axes = new_axes(ax, height=1.2 + 0.3 * len(shown))
        labelled = shown.assign(label=shown["column"].str.replace("_", " ") + ": " + shown["level"])
        ranges(axes, labelled, label="label", estimate="adjusted", lower="adjusted_low", upper="adjusted_high")
        axes.set_xlabel("share sustained, all else as it is")
        return axes

    def sentence(self) -> str:
        """Say the differences from each reference, in shares."""
        rows = self.table.loc[~self.table["hidden"] & ~self.table["reference"]]
        named = self.table.loc[self.table["reference"]].set_index("column")["level"]
        said = [
            f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {named[row['column']]}: "
            f"{100 * row['difference']:+.1f} points ({percent(self.level)} interval "
            f"{100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f})"
            for row in rows.to_dict("records")
        ]
        return (
            f"Share sustained among decided {WORDS[self.unit]}, at the same mix of the other columns: "
            f"{'; '.join(said)}."
        )


def sustained_logit(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    min_cell: int = 10,
) -> SustainedLogit:
    """A logit of sustained among decided units, errors clustered on the officer.

    Every column is taken as categories; a missing value is a category of its own. Absolute numbers come with the
    odds: the mean chance were every unit of one level and all its other columns as they are, and its difference
    from the reference, with delta-method intervals. Differences describe the records; columns not held may differ.

    Parameters
    ----------
    data : Cohort or Dataset
    on : sequence of str
        Columns of the allegations or cases.
    unit : str, optional
        By default what a row of the source is.
    reference : mapping of str to str, optional
        Reference level of a column; by default its most frequent one.
    level : float
    min_cell : int
        A level with fewer hits, misses or units is hidden.

    Returns
    -------
    SustainedLogit

    Raises
    ------
    Refusal
        If the outcome does not vary, a level holds one unit or units that all end alike, or columns are collinear.
    ParameterError
        For no columns, unknown columns, a column with one value, or a reference that is not a level.
    """
    from scipy.stats import norm

    cohort = Cohort.of(data)
    columns = tuple(dict.fromkeys(on))
    if not columns:
        raise ParameterError("name at least one column to put in the model")
    if "finding" not in cohort.allegations:
        raise Refusal(f"{cohort.name} holds no finding to model")
    check_terms(cohort.allegations["finding"], FINDINGS, "finding")
    held = cast(UnitCard, cohort.card).unit
    counted = unit or held
    table = grouping(cohort.cases, cohort.allegations, columns)
    rows = roll_up(table, held, counted, columns, Ladder().severity_rank)
    rows = rows.loc[rows["finding"].notna() & rows["finding"].ne("pending")]
    hits = cast(Floats, rows["finding"].eq("sustained").to_numpy(dtype=float))
    if not 0 < hits.sum() < len(hits):
        raise Refusal(
            f"{int(hits.sum()):,} of {len(hits):,} decided units are sustained: there is nothing to tell apart"
        )
    levels = {name: _levels(rows[name], hits, name, (reference or {}).get(name)) for name in columns}
    patterns, pattern = collapse(rows, levels)
    design = design_of(patterns, [len(levels[n]) for n in columns])
    clusters = clusters_of(rows)
    fit = fit_logit(design, pattern, hits, clusters)
    weight = np.bincount(pattern, minlength=len(design)) / len(hits)
    reach = float(norm.ppf(0.5 + level / 2))
    lines = []
    start = 1
    for name in columns:
        base = at_level(0, design, start, len(levels[name]))
        for j, label in enumerate(levels[name]):
            inside = (rows[name] == label).to_numpy(dtype=bool)
            here = at_level(j, design, start, len(levels[name]))
            line: dict[str, Any] = {"column": name, "level": label, "reference": j == 0}
            line |= {"units": int(inside.sum()), "count": int(hits[inside].sum()), "share": float(hits[inside].mean())}
            line |= _absolute(fit, here, base, weight, reach)
            own = float(fit.coefficients[start + j - 1]) if j else 0.0
            error = math.sqrt(fit.covariance[start + j - 1, start + j - 1]) if j else 0.0
            line |= {"coefficient": own, "error": error, "odds_ratio": math.exp(own)}
            line |= {"odds_low": math.exp(own - reach * error), "odds_high": math.exp(own + reach * error)}
            lines.append(line)
        start += len(levels[name]) - 1
    return SustainedLogit(
        estimand=f"share sustained among decided units by {', '.join(columns)}, {cohort.name}",
        assumptions=(
            f"unit: {counted.replace('_', '-')}",
            "the log odds add up over the columns",
            "officers are independent of one another, rows of one officer are not",
            "columns not in the model may differ between the levels",
        ),
        method="logit, maximum likelihood on collapsed patterns; officer-clustered errors; delta-method intervals",
        table=_hide(pd.DataFrame(lines), min_cell),
        flow=cohort.flow(),
        unit=counted,
        fit=fit,
        names=("constant", *(f"{n}={label}" for n in columns for label in levels[n][1:])),
        level=level,
    )


def _levels(values: pd.Series, hits: Floats, name: str, reference: str | None) -> list[str]:
    made = pd.Series(hits, index=values.index).groupby(values).agg(["sum", "size"])
    alike = made.loc[(made["sum"] == 0) | (made["sum"] == made["size"])]
    if len(alike) and len(made) > 1:  # one message for both, because "all alike" would tell how a small group ended
        raise Refusal(
            f"{name} = {alike.index[0]!r} holds one unit, or units that all end alike (separation), so the logit has "
            "no finite estimate; put small groups together"
        )
    return levels_of(values, name, reference)


def _absolute(fit: Fit, here: Floats, base: Floats, weight: Floats, reach: float) -> dict[str, float]:
    """Mean chance with a column set to a level, and its difference from the reference, with delta-method errors."""
    out: dict[str, float] = {}
    means, slopes = [], []
    for design in (here, base):
        chance = 1.0 / (1.0 + np.exp(-(design @ fit.coefficients)))
        means.append(float(weight @ chance))
        slopes.append((weight * chance * (1 - chance)) @ design)
    spread = math.sqrt(max(float(slopes[0] @ fit.covariance @ slopes[0]), 0.0))
    apart = slopes[0] - slopes[1]
    wide = math.sqrt(max(float(apart @ fit.covariance @ apart), 0.0))
    out |= {"adjusted": means[0]}
    out |= {"adjusted_low": max(means[0] - reach * spread, 0.0), "adjusted_high": min(means[0] + reach * spread, 1.0)}
    gap = means[0] - means[1]
    return out | {"difference": gap, "difference_low": gap - reach * wide, "difference_high": gap + reach * wide}


def _hide(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    rest = table["units"] - table["count"]
    small = (table["count"] < min_cell) | (rest < min_cell)
    numbers = [name for name in table if name not in ("column", "level", "reference", "units", "count")]
    out = table.assign(**{str(name): table[name].mask(small) for name in numbers})
    for name in ("units", "count"):
        out[name] = out[name].astype("Int64").mask(small)
    return out.assign(hidden=small)
