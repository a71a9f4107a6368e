"""Sustained or not, by several columns at once: a logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.modelled import (
    CLUSTERED,
    UNSEEN,
    designed,
    hidden_levels,
    put_together,
    rows_for,
)
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats.arrays import Floats
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import z_critical
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        from accountability.figures.draw import new_axes, ranges

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
        if not said:
            return "Every difference rests on counts too small to show."
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
        Levels with fewer units are put together; a level with fewer hits or misses is hidden, and with it those that
        would give it away.

    Returns
    -------
    SustainedLogit

    Raises
    ------
    Refusal
        If the outcome does not vary, the units of a level all end alike, or columns are collinear.
    ParameterError
        For no columns, unknown columns, a column with one value, or a reference that is not a level.
    """
    made = rows_for(data, on, unit, None, "finding")
    rows = made.table.loc[made.table["finding"].notna() & made.table["finding"].ne("pending")]
    hits = np.asarray(rows["finding"].eq("sustained"), dtype=np.float64)
    if not 0 < hits.sum() < len(hits):
        raise Refusal(
            f"{int(hits.sum()):,} of {len(hits):,} decided units are sustained: there is nothing to tell apart"
        )
    rows = put_together(rows, made.columns, min_cell)
    _refuse_alike(rows, hits, made.columns)
    shape = designed(rows, made.columns, reference)
    fit = fit_logit(shape.design, shape.pattern, hits, shape.clusters)
    hidden = hidden_levels(rows, made.columns, pd.Series(hits > 0, index=rows.index), min_cell)
    reach = z_critical(level)
    lines = []
    for name, labels in shape.levels.items():
        for j, label in enumerate(labels):
            inside = (rows[name] == label).to_numpy(dtype=bool)
            line: dict[str, Any] = {"column": name, "level": label, "reference": j == 0}
            line |= {"units": int(inside.sum()), "count": int(hits[inside].sum()), "share": float(hits[inside].mean())}
            line |= _absolute(fit, shape.at(name, j), shape.at(name, 0), shape.weight, reach)
            k = 1 + shape.names.index((name, label)) if j else 0
            own, error = (float(fit.coefficients[k]), math.sqrt(fit.covariance[k, k])) if j else (0.0, 0.0)
            line |= {"coefficient": own, "error": error, "odds_ratio": math.exp(own)}
            line |= {"odds_low": math.exp(own - reach * error), "odds_high": math.exp(own + reach * error)}
            lines.append(line | {"hidden": hidden[name, label]})
    return SustainedLogit(
        estimand=f"share sustained among decided units by {', '.join(made.columns)}, {made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            "the log odds add up over the columns",
            CLUSTERED,
            UNSEEN,
        ),
        method="logit, maximum likelihood on collapsed patterns; officer-clustered errors; delta-method intervals",
        table=_hide(pd.DataFrame(lines)),
        flow=made.cohort.flow(),
        unit=made.unit,
        fit=fit,
        names=("constant", *(f"{name}={label}" for name, label in shape.names)),
        level=level,
    )


def _refuse_alike(rows: pd.DataFrame, hits: Floats, columns: Sequence[str]) -> None:
    for name in columns:
        made = pd.Series(hits, index=rows.index).groupby(rows[name]).agg(["sum", "size"])
        alike = made.loc[(made["sum"] == 0) | (made["sum"] == made["size"])]
        if len(alike) and len(made) > 1:  # one message for both, because "all alike" would tell how a small group ended
            raise Refusal(
                f"{name} = {alike.index[0]!r} holds one unit, or units that all end alike (separation), so the logit "
                "has no finite estimate; put small groups together"
            )


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


def _hide(table: pd.DataFrame) -> pd.DataFrame:
    whole = ["units", "count"]
    numbers = [str(name) for name in table if name not in ("column", "level", "reference", "hidden", *whole)]
    out = table.assign(**{name: table[name].mask(table["hidden"]) for name in numbers})
    return out.assign(**{name: table[name].astype("Int64").mask(table["hidden"]) for name in whole})
