"""Does one number do for every cut of the ladder? Tests of proportional odds, and the model that frees some columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.modelled import (
    CLUSTERED,
    UNSEEN,
    Designed,
    delta,
    designed,
    put_together,
    rows_for,
)
from accountability.records.units import WORDS
from accountability.results import Result, plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import p_chi2, z_critical
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.partial_odds import brant, chances, cut_designs, fit_partial, score_test, wald
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALPHA = 0.05


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ProportionalOdds(Result):
    """Whether a level shifts every cut of the ladder alike, and the model in which it need not.

    Attributes
    ----------
    table : DataFrame
        The tests: ``column`` (``all`` for all together), ``test``, ``clustered`` (whether errors allow for several
        rows of an officer), ``statistic``, ``df``, ``pvalue``; no statistic where it cannot be had.
    by_cut : DataFrame
        The partial-proportional model: ``column``, ``level``, ``cut``, ``free``, ``coefficient``, ``error``,
        ``odds_ratio``, ``odds_low``, ``odds_high``; one row for every cut where the column is free.
    predicted : DataFrame
        ``column``, ``level``, ``term``, ``share``, ``low``, ``high`` under that model.
    free : tuple of str
        The columns whose coefficient differs by cut.
    proportional, partial : Fit
    unit : str
    level : float
    """

    by_cut: pd.DataFrame
    predicted: pd.DataFrame
    free: tuple[str, ...]
    proportional: Fit
    partial: Fit
    unit: str
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the odds ratio at each cut with its interval."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.by_cut.loc[self.by_cut["coefficient"].notna()]
        axes = new_axes(ax, width=8.0, height=1.2 + 0.28 * len(shown))
        label = shown["level"].str.replace("_", " ") + ", " + shown["cut"].str.replace("_", " ")
        ranges(
            axes,
            shown.assign(label=label),
            label="label",
            estimate="odds_ratio",
            lower="odds_low",
            upper="odds_high",
            null=1.0,
        )
        axes.set_xscale("log")
        axes.set_xlabel("odds ratio of a penalty this heavy or heavier")
        return axes

    def sentence(self) -> str:
        """Say what the clustered test of all columns together finds, and which columns are free."""
        held = self.table.loc[(self.table["column"] == "all") & self.table["statistic"].notna()]
        rows = {str(row["test"]): row for row in held.to_dict("records")}
        test = "clustered Wald" if "clustered Wald" in rows else "score"
        row = rows[test]
        kind = "" if row["clustered"] else ", rows taken as independent because a cut is decided by some column"
        p = "p < 0.001" if row["pvalue"] < 0.001 else f"p = {row['pvalue']:.3f}"
        found = (
            f"Proportional odds among sustained {WORDS[self.unit]}: {test} test{kind}, chi-squared "
            f"{row['statistic']:.2f} on {plural(int(row['df']), 'degree')} of freedom, {p}."
        )
        freed = ", ".join(name.replace("_", " ") for name in self.free)
        return f"{found} " + (f"Free to differ by cut: {freed}." if freed else "No column is free to differ by cut.")


def proportional_odds(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    unit: str | None = None,
    *,
    free: Sequence[str] | None = None,
    reference: Mapping[str, str] | None = None,
    ladder: Ladder | None = None,
    level: float = 0.95,
    min_cell: int = 10,
) -> ProportionalOdds:
    """Test whether the odds are proportional, and fit the partial-proportional alternative.

    Four tests stand side by side: Brant's, the score test and the likelihood ratio against cuts that are free for
    the columns (rows independent), and the Wald test in the free model with officer-clustered errors. Rungs that
    fewer than ``min_cell`` units received are put with the next lighter one, for a cut with few units on one side
    tells nothing and its numbers would tell them.

    Parameters
    ----------
    data : Cohort or Dataset
    on, unit, reference, level, min_cell
        As in :func:`accountability.outcomes.rung_logit`.
    free : sequence of str, optional
        Columns free to differ by cut; by default those whose clustered test has a value and
        rejects at 5 %.
    ladder : Ladder, optional

    Returns
    -------
    ProportionalOdds

    Raises
    ------
    Refusal
        If fewer than three rungs remain, or no finite estimate exists.
    ParameterError
        For no or unknown columns, or a free column that is not in the model.
    """
    order = ladder or Ladder()
    made = rows_for(data, on, unit, order, "finding", "imposed_penalty")
    wrong = [name for name in free or () if name not in made.columns]
    if wrong:
        raise ParameterError(f"free={wrong[0]!r} is not in the model; it holds {', '.join(made.columns)}")
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    rows = rows.loc[order.rungs(rows["imposed_penalty"]).notna()]
    terms, category = _rungs(rows["imposed_penalty"], order, min_cell)
    if len(terms) < 3:
        raise Refusal(f"{len(rows):,} sustained units hold {len(terms)} rung(s); with fewer than three, one cut is all")
    rows = put_together(rows, made.columns, min_cell)
    shape = designed(rows, made.columns, reference)
    design = shape.design[:, 1:]
    base = fit_ordered(design, shape.pattern, category, shape.clusters)
    tests = _tests(shape, design, category, base)
    chosen = made.columns if free is None else tuple(free)
    if free is None:
        rejected = tests.loc[tests["clustered"] & tests["pvalue"].lt(ALPHA), "column"]
        chosen = tuple(name for name in made.columns if name in set(rejected))
    places = [k for k, (name, _) in enumerate(shape.names) if name in chosen]
    fit = fit_partial(design, shape.pattern, category, shape.clusters, places, base)
    reach = z_critical(level)
    return ProportionalOdds(
        estimand=f"imposed penalty among sustained units by {', '.join(made.columns)}, cut by cut, {made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            f"rungs: {' < '.join(terms)}",
            CLUSTERED,
            "those without a rung would not have been punished differently",
            UNSEEN,
        ),
        method="partial proportional odds, maximum likelihood on collapsed patterns; Brant, score, likelihood-ratio "
        "and officer-clustered Wald tests",
        table=tests,
        flow=made.cohort.flow(),
        by_cut=_by_cut(fit, shape, terms, places, reach),
        predicted=_predicted(fit, shape, terms, places, reach),
        free=chosen,
        proportional=base,
        partial=fit,
        unit=made.unit,
        level=level,
    )


def _rungs(penalty: pd.Series, order: Ladder, min_cell: int) -> tuple[list[str], Ints]:
    """The rungs held by enough units, each rarer one put with the next lighter (the lightest with the next)."""
    counts = [(term, int((penalty == term).sum())) for term in order.order]
    groups: list[list[Any]] = []
    for term, count in counts:
        if not count:
            continue
        if groups and (count < min_cell or groups[-1][1] < min_cell):
            groups[-1][0].append(term)
            groups[-1][1] += count
        else:
            groups.append([[term], count])
    place = {term: j for j, (terms, _) in enumerate(groups) for term in terms}
    return [" or ".join(terms) for terms, _ in groups], penalty.map(place).to_numpy(dtype=np.int64)


def _tests(shape: Designed, design: Floats, category: Ints, base: Fit) -> pd.DataFrame:
    steps, width = int(category.max()), design.shape[1]
    try:
        one_each = [
            fit_logit(shape.design, shape.pattern, (category > j).astype(float), shape.clusters).coefficients
            for j in range(steps)
        ]
        slopes, spread = brant(design, shape.pattern, category, one_each)
    except Refusal:  # a cut that some column decides: the rows say so by having no statistic
        slopes, spread = np.full(steps * width, np.nan), np.full((steps * width, steps * width), np.nan)
    lines = []
    for name in ("all", *shape.levels):
        places = [k for k, (column, _) in enumerate(shape.names) if name in ("all", column)]
        df = (steps - 1) * len(places)
        found = {"Brant": math.nan, "score": score_test(design, shape.pattern, category, base, places)}
        contrast = _contrast(steps, width, places)
        if np.isfinite(slopes).all():
            found["Brant"] = wald(contrast @ slopes, contrast @ spread @ contrast.T)
        try:
            free = fit_partial(design, shape.pattern, category, shape.clusters, places, base)
            found["likelihood ratio"] = 2 * (free.log_likelihood - base.log_likelihood)
            found["clustered Wald"] = wald(free.coefficients[-df:], free.covariance[-df:, -df:])
        except Refusal:
            found |= {"likelihood ratio": math.nan, "clustered Wald": math.nan}
        lines += [(name, test, test == "clustered Wald", value, df, p_chi2(value, df)) for test, value in found.items()]
    return pd.DataFrame(lines, columns=["column", "test", "clustered", "statistic", "df", "pvalue"])


def _contrast(steps: int, width: int, places: Sequence[int]) -> Floats:
    """The slopes of later cuts less those of the first."""
    out = np.zeros(((steps - 1) * len(places), steps * width))
    for j in range(1, steps):
        for i, k in enumerate(places):
            row = (j - 1) * len(places) + i
            out[row, k], out[row, j * width + k] = -1.0, 1.0
    return out


def _by_cut(fit: Fit, shape: Designed, terms: Sequence[str], places: Sequence[int], reach: float) -> pd.DataFrame:
    steps, width = len(terms) - 1, len(shape.names)
    lines = []
    for k, name in enumerate(shape.names):
        free = k in places
        for j in range(steps if free else 1):
            pick = np.zeros(len(fit.coefficients))
            pick[steps + k] = 1.0
            if j:
                pick[steps + width + (j - 1) * len(places) + places.index(k)] = 1.0
            own, error = float(pick @ fit.coefficients), math.sqrt(float(pick @ fit.covariance @ pick))
            cut = f"{terms[j + 1]} or heavier" if free else "every cut"
            ends = (own, own - reach * error, own + reach * error)
            lines.append((*name, cut, free, own, error, *map(math.exp, ends)))
    heads = ["column", "level", "cut", "free", "coefficient", "error", "odds_ratio", "odds_low", "odds_high"]
    return pd.DataFrame(lines, columns=heads)


def _predicted(fit: Fit, shape: Designed, terms: Sequence[str], places: Sequence[int], reach: float) -> pd.DataFrame:
    lines = []
    for name, labels in shape.levels.items():
        for j, label in enumerate(labels):
            ends = cut_designs(shape.at(name, j)[:, 1:], len(terms) - 1, places)
            mean, spread = delta(partial(_mean_chances, ends, shape.weight), fit.coefficients, fit.covariance)
            for k, term in enumerate(terms):
                low, high = max(mean[k] - reach * spread[k], 0.0), min(mean[k] + reach * spread[k], 1.0)
                lines.append((name, label, term, mean[k], low, high))
    return pd.DataFrame(lines, columns=["column", "level", "term", "share", "low", "high"])


def _mean_chances(ends: Floats, weight: Floats, theta: Floats) -> Floats:
    return np.asarray(weight @ chances(theta, ends))
