"""Days of a penalty, by several columns at once: whether there are any, and how many if there are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import COUNTED_IN_DAYS, Ladder, days_equivalent
from accountability.outcomes.modelled import (
    CLUSTERED,
    UNSEEN,
    Designed,
    delta,
    designed,
    hidden_levels,
    left_apart,
    put_together,
    rows_for,
)
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats import truncated_counts
from accountability.stats.arrays import Floats
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import z_critical
from accountability.stats.truncated_counts import Family, fit_truncated
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BANDS: Final = ((1, 3), (4, 10), (11, 30))
LONGEST: Final = 3_650  # ten years: a longer suspension is a wrong number


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DaysHurdle(Result):
    """Days of a penalty, by several columns.

    Attributes
    ----------
    table : DataFrame
        One row a level: ``column``, ``level``, ``reference``, ``units``; then, were all units of this level and all
        else as it is, ``any_share`` (with any days), ``days_if_any`` (mean) and ``days`` (mean, none counted as 0),
        each with ``_low`` and ``_high``; ``days_difference`` from the reference with its interval; ``hidden``.
    coefficients : DataFrame
        ``part`` (any days: log odds; days if any: log mean before truncation), ``column``, ``level``,
        ``coefficient``, ``error``.
    predicted : DataFrame
        ``column``, ``level``, ``band`` of days, ``share``, ``low``, ``high``.
    apart : DataFrame
        Sustained units left out: ``what`` and ``count``.
    any_days, how_many : Fit
        The two parts.
    unit : str
    family : str
    level : float
    """

    coefficients: pd.DataFrame
    predicted: pd.DataFrame
    apart: pd.DataFrame
    any_days: Fit
    how_many: Fit
    unit: str
    family: str
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean days of each level with its interval."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.table.loc[~self.table["hidden"]]
        axes = new_axes(ax, height=1.2 + 0.3 * len(shown))
        labelled = shown.assign(label=shown["column"].str.replace("_", " ") + ": " + shown["level"])
        ranges(axes, labelled, label="label", estimate="days", lower="days_low", upper="days_high")
        axes.set_xlabel("mean days, none counted as 0, all else as it is")
        return axes

    def sentence(self) -> str:
        """Say the difference in mean days from each reference."""
        rows = self.table.loc[~self.table["hidden"] & ~self.table["reference"]]
        named = self.table.loc[self.table["reference"]].set_index("column")["level"]
        said = [
            f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {named[row['column']]}: "
            f"{row['days_difference']:+.1f} days ({percent(self.level)} interval {row['days_difference_low']:+.1f} to "
            f"{row['days_difference_high']:+.1f})"
            for row in rows.to_dict("records")
        ]
        if not said:
            return "Every level rests on counts too small to show."
        return (
            f"Mean days lost among sustained {WORDS[self.unit]}, none counted as 0, at the same mix of the other "
            f"columns: {'; '.join(said)}."
        )


def days_hurdle(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    unit: str | None = None,
    *,
    family: Family = "negative_binomial",
    leave_day: float = 1.0,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> DaysHurdle:
    """A hurdle model of the days lost by the imposed penalty among sustained units.

    A logit says whether any days are lost, a zero-truncated count how many if any. Suspensions and loss of leave
    have their stated days; no penalty, counselling and reprimand have none; demotion and dismissal have no number of
    days that stands for them and are left out and counted, as are unknown lengths. Parts of a day count as a day.

    Parameters
    ----------
    data : Cohort or Dataset
    on, unit, reference, level, min_cell
        As in :func:`accountability.outcomes.sustained_logit`.
    family : {"negative_binomial", "poisson"}
        Of the days if any.
    leave_day : float
        What a day of leave counts in days of suspension.
    ladder : Ladder, optional

    Returns
    -------
    DaysHurdle

    Raises
    ------
    Refusal
        If the source holds no days, all or none have any, or no finite estimate exists.
    ParameterError
        For no or unknown columns, negative days, days over ten years, or a reference that does not occur.
    """
    made = rows_for(data, on, unit, ladder, "finding", "imposed_penalty")
    if "imposed_days" not in made.table:
        raise Refusal(f"{made.cohort.name} holds no days of a penalty; rung_logit() models the rung")
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    days = days_equivalent(rows["imposed_penalty"], rows["imposed_days"], leave_day)
    absurd = days.gt(LONGEST).fillna(False)
    if absurd.any():
        raise Refusal(
            f"{int(absurd.sum()):,} penalties last more than {LONGEST:,} days, the longest {days.max():,.0f}, at row "
            f"{days.idxmax()}: a code, not a length; set them aside in the codebook"
        )
    apart = _apart(rows["imposed_penalty"], days, min_cell)
    rows = rows.loc[days.notna()]
    number = np.ceil(days.dropna().to_numpy(dtype=float)).astype(np.int64)
    some = number > 0
    if not 0 < some.sum() < len(some):
        raise Refusal(f"{int(some.sum()):,} of {len(some):,} sustained units lost any days: there is nothing to model")
    rows = put_together(rows, made.columns, min_cell)
    shape = designed(rows, made.columns, reference)
    zero = fit_logit(shape.design, shape.pattern, some.astype(float), shape.clusters)
    count = fit_truncated(shape.design, shape.pattern[some], number[some], _renumbered(shape.clusters[some]), family)
    theta = np.concatenate([zero.coefficients, count.coefficients])
    covariance = _joint(shape, some, number, zero, count, family)
    hidden = hidden_levels(rows, made.columns, pd.Series(some, index=rows.index), min_cell)
    reach = z_critical(level)
    lines: list[dict[str, Any]] = []
    shares: list[tuple[Any, ...]] = []
    for name, labels in shape.levels.items():
        for j, label in enumerate(labels):
            here, origin = shape.at(name, j), shape.at(name, 0)
            value, spread = delta(partial(_numbers, here, origin, shape.weight, family), theta, covariance)
            low, high = value - reach * spread, value + reach * spread
            line: dict[str, Any] = {"column": name, "level": label, "reference": j == 0}
            line["units"] = int((rows[name] == label).sum())
            heads = ("any_share", "days_if_any", "days", "days_difference")
            for k, head in enumerate(heads):
                bottom = low[k] if head == "days_difference" else max(low[k], 0.0)
                line |= {head: value[k], f"{head}_low": bottom, f"{head}_high": high[k]}
            line["any_share_high"] = min(line["any_share_high"], 1.0)
            lines.append(line | {"hidden": hidden[name, label]})
            for k, band in enumerate(_band_names()):
                at = len(heads) + k
                cells = (value[at], max(low[at], 0.0), min(high[at], 1.0))
                shares.append((name, label, band, *((np.nan,) * 3 if hidden[name, label] else cells)))
    return DaysHurdle(
        estimand=f"days lost by the imposed penalty among sustained units by {', '.join(made.columns)}, "
        f"{made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            f"a day of leave counts as {leave_day:g} of suspension; parts of a day as a day",
            "log odds of any days, and log mean of days if any, add up over the columns",
            CLUSTERED,
            "penalties without a number of days are left out; the numbers describe the others",
            UNSEEN,
        ),
        method=f"hurdle: logit, and zero-truncated {family.replace('_', ' ')}; maximum likelihood on collapsed "
        "patterns, officer-clustered errors of both parts together, delta-method intervals",
        table=_hide(pd.DataFrame(lines)),
        flow=made.cohort.flow(),
        coefficients=_coefficients(shape, zero, count, hidden),
        predicted=pd.DataFrame(shares, columns=["column", "level", "band", "share", "low", "high"]),
        apart=apart,
        any_days=zero,
        how_many=count,
        unit=made.unit,
        family=family,
        level=level,
    )


def _apart(penalty: pd.Series, days: pd.Series, min_cell: int) -> pd.DataFrame:
    out = days.isna()
    ended = penalty.isin(["demotion", "dismissal"])
    counted = penalty.isin(COUNTED_IN_DAYS)
    pending = penalty.eq("pending").fillna(False)
    blank = penalty.isna()
    return left_apart(
        {
            "demotion or dismissal": int((out & ended).sum()),
            "length not known": int((out & counted).sum()),
            "pending": int(pending.sum()),
            "off the ladder": int((out & ~ended & ~counted & ~pending & ~blank).sum()),
            "not recorded": int(blank.sum()),
        },
        min_cell,
    )


def _band_names() -> list[str]:
    return ["0 days", *(f"{a} to {b} days" for a, b in BANDS), f"over {BANDS[-1][1]} days"]


def _numbers(here: Floats, origin: Floats, weight: Floats, family: Family, theta: Floats) -> Floats:
    """Share with any days, mean days if any, mean days, its difference from the reference, and shares by band."""
    from scipy.special import expit

    width = here.shape[1]
    some, base = expit(here @ theta[:width]), expit(origin @ theta[:width])
    mean = truncated_counts.means(theta[width:], here, family)
    overall = float(weight @ (some * mean))
    other = float(weight @ (base * truncated_counts.means(theta[width:], origin, family)))
    each = truncated_counts.chances(theta[width:], here, family, BANDS[-1][1])
    bands = [float(weight @ (some * each[:, a - 1 : b].sum(axis=1))) for a, b in BANDS]
    share = float(weight @ some)
    return np.array([share, overall / share, overall, overall - other, 1 - share, *bands, share - sum(bands)])


def _joint(shape: Designed, some: Any, number: Any, zero: Fit, count: Fit, family: Family) -> Floats:
    """Covariance of both parts together: officers' scores of one part go with those of the other."""
    from scipy.special import expit

    from accountability.stats.compress import tally
    from accountability.stats.sandwich import by_cluster, small_sample

    rows = len(number)
    every = np.arange(rows, dtype=np.int64)
    chance = expit(shape.design @ zero.coefficients)[shape.pattern]
    first = by_cluster((some - chance)[:, None] * shape.design[shape.pattern], every, shape.clusters, zero.clusters)
    inside = shape.design[shape.pattern[some]]
    second_rows = truncated_counts.row_scores(count.coefficients, inside, number[some], family)
    second = np.zeros((len(first), second_rows.shape[1]))
    for k, column in enumerate(second_rows.T):
        second[:, k] = tally(shape.clusters[some], column, len(first))
    breads = [fit.plain for fit in (zero, count)]
    scales = []
    for fit, size in ((zero, rows), (count, int(some.sum()))):
        scales.append(math.sqrt(small_sample(fit.clusters, size, len(fit.coefficients))))
    left, right = (bread @ part.T * scale for bread, part, scale in zip(breads, (first, second), scales, strict=True))
    both = np.vstack([left, right])
    return np.asarray(both @ both.T)


def _renumbered(clusters: Any) -> Any:
    return np.unique(clusters, return_inverse=True)[1].astype(np.int64)


def _coefficients(shape: Designed, zero: Fit, count: Fit, hidden: Mapping[tuple[str, str], bool]) -> pd.DataFrame:
    lines = []
    for part, fit in (("any days", zero), ("days if any", count)):
        first = len(fit.coefficients) - len(shape.names)
        for k, name in enumerate(shape.names):
            own, error = fit.coefficients[first + k], math.sqrt(fit.covariance[first + k, first + k])
            lines.append((part, *name, *((np.nan, np.nan) if hidden[name] else (own, error))))
    return pd.DataFrame(lines, columns=["part", "column", "level", "coefficient", "error"])


def _hide(table: pd.DataFrame) -> pd.DataFrame:
    numbers = [str(n) for n in table if n not in ("column", "level", "reference", "units", "hidden")]
    out = table.assign(**{name: table[name].mask(table["hidden"]) for name in numbers})
    return out.assign(units=out["units"].astype("Int64").mask(out["hidden"]))
