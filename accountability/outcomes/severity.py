"""How heavy the penalty is among the sustained, by several columns at once: an ordered logit of the rung."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.modelled import CLUSTERED, Designed, designed, left_apart, put_together, rows_for
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import z_critical
from accountability.stats.ordered_logit import chances, fit_ordered
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RungLogit(Result):
    """The rung among the sustained, by several columns.

    Attributes
    ----------
    table : DataFrame
        One row a level: ``column``, ``level``, ``reference``, ``units``, ``coefficient``, ``error``,
        ``odds_ratio`` (of a heavier penalty), ``odds_low``, ``odds_high``.
    predicted : DataFrame
        ``column``, ``level``, ``term``, ``share``, ``low``, ``high``: the mean chance of each rung were all units
        of this level and all else as it is.
    by_cut : DataFrame
        ``column``, ``level``, ``cut``, ``coefficient``, ``error``: separate logits of "this rung or heavier". Where
        they differ by more than their errors the odds are not proportional, and one number does not say it all.
    by_order : DataFrame
        ``order``, ``column``, ``level``, ``coefficient``: the same model under other orders of contested rungs.
    apart : DataFrame
        ``what`` and ``count`` of sustained units left out: pending, off the ladder, not recorded.
    unit : str
    fit : Fit
        Thresholds first, then the columns of the design.
    level : float
    """

    predicted: pd.DataFrame
    by_cut: pd.DataFrame
    by_order: pd.DataFrame
    apart: pd.DataFrame
    unit: str
    fit: Fit
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the predicted distribution of rungs, one bar a level."""
        from accountability.figures.draw import new_axes
        from accountability.outcomes.outcome_figures import stacked_shares

        shown = self.predicted.loc[self.predicted["share"].notna()]
        who = shown["column"].str.replace("_", " ") + ": " + shown["level"].str.replace("_", " ")
        axes = new_axes(ax, width=11.0, height=1.5 + 0.35 * who.nunique())
        label = f"chance of each penalty among sustained {WORDS[self.unit]}"
        return stacked_shares(shown.assign(who=who), by=["who"], term="term", share="share", label=label, ax=axes)

    def sentence(self) -> str:
        """Say the odds of a heavier penalty for each level, and whether the contested order matters."""
        rows = self.table.loc[~self.table["reference"]]
        named = self.table.loc[self.table["reference"]].set_index("column")["level"]
        said = [
            f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {named[row['column']]}: odds "
            f"ratio {row['odds_ratio']:.2f} ({percent(self.level)} interval {row['odds_low']:.2f} to "
            f"{row['odds_high']:.2f})"
            for row in rows.to_dict("records")
        ]
        wide = self.by_order.groupby(["column", "level"])["coefficient"].agg(lambda c: c.max() - c.min())
        errors = rows.set_index(["column", "level"])["error"]
        moved = float((wide.reindex(errors.index) / errors).max())
        return (
            f"Odds of a heavier penalty among sustained {WORDS[self.unit]}, at the same values of the other columns: "
            f"{'; '.join(said)}. Under another order of the contested rungs a coefficient moves by at most {moved:.1f} "
            "standard errors."
        )


def rung_logit(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    ladder: Ladder | None = None,
    level: float = 0.95,
    min_cell: int = 10,
) -> RungLogit:
    """An ordered logit of the imposed rung among sustained units, errors clustered on the officer.

    Pending, unrecorded and off-ladder penalties have no rung: they are left out and counted apart, so the numbers
    describe those whose penalty is known, and an officer's leaving is not a light penalty. Rungs nobody received are
    no categories.

    Parameters
    ----------
    data : Cohort or Dataset
    on, unit, reference, level
        As in :func:`accountability.outcomes.sustained_logit`.
    ladder : Ladder, optional
        Order of the rungs; the result shows the others beside it.
    min_cell : int
        Levels with fewer units are put together; rungs with fewer in all, and one that would give a lone one away,
        are hidden.

    Returns
    -------
    RungLogit

    Raises
    ------
    Refusal
        If the source holds no imposed penalty, fewer than two rungs occur, or no finite estimate exists.
    ParameterError
        For no or unknown columns, a column with one value, or a reference that is not a level.
    """
    order = ladder or Ladder()
    made = rows_for(data, on, unit, order, "finding", "imposed_penalty")
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    rung = order.rungs(rows["imposed_penalty"])
    apart = _apart(rows["imposed_penalty"], rung, min_cell)
    rows, rung = rows.loc[rung.notna()], rung.dropna()
    if rung.nunique() < 2:
        raise Refusal(
            f"{len(rows):,} sustained units of {made.cohort.name} hold {rung.nunique()} rung(s); two are needed"
        )
    rows = put_together(rows, made.columns, min_cell)
    shape = designed(rows, made.columns, reference)
    fit, terms, category = _fit(rows, order, shape)
    reach, steps = z_critical(level), len(terms) - 1
    few = hidden_cells(np.bincount(category, minlength=len(terms)), min_cell)
    lines, shares = [], []
    for name, labels in shape.levels.items():
        for j, label in enumerate(labels):
            place = steps + shape.names.index((name, label)) if j else 0
            own, error = (fit.coefficients[place], math.sqrt(fit.covariance[place, place])) if j else (0.0, 0.0)
            ends = (own, own - reach * error, own + reach * error)
            lines.append((name, label, j == 0, int((rows[name] == label).sum()), own, error, *map(math.exp, ends)))
            mean, spread = _predict(fit, shape.at(name, j)[:, 1:], shape.weight, steps)
            for k, term in enumerate(terms):
                low, high = max(mean[k] - reach * spread[k], 0.0), min(mean[k] + reach * spread[k], 1.0)
                shares.append((name, label, term, *((np.nan,) * 3 if few[k] else (mean[k], low, high))))
    heads = ["column", "level", "reference", "units", "coefficient", "error", "odds_ratio", "odds_low", "odds_high"]
    return RungLogit(
        estimand=f"imposed penalty among sustained units by {', '.join(made.columns)}, {made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            f"order of severity: {' < '.join(order.order)}",
            "proportional odds: a level shifts every cut of the ladder alike (see by_cut)",
            CLUSTERED,
            "those without a rung would not have been punished differently",
        ),
        method="ordered logit, maximum likelihood on collapsed patterns; officer-clustered errors",
        table=pd.DataFrame(lines, columns=heads),
        flow=made.cohort.flow(),
        predicted=pd.DataFrame(shares, columns=["column", "level", "term", "share", "low", "high"]),
        by_cut=_cuts(shape, category, terms),
        by_order=_orders(rows, order, shape),
        apart=apart,
        unit=made.unit,
        fit=fit,
        level=level,
    )


def _fit(rows: pd.DataFrame, order: Ladder, shape: Designed) -> tuple[Fit, list[str], Ints]:
    terms = [term for term in order.order if (rows["imposed_penalty"] == term).any()]
    category = pd.Categorical(rows["imposed_penalty"], terms).codes.astype(np.int64)
    return fit_ordered(shape.design[:, 1:], shape.pattern, category, shape.clusters), terms, category


def _predict(fit: Fit, design: Floats, weight: Floats, steps: int) -> tuple[Floats, Floats]:
    """Mean chance of each rung and its delta-method error, the gradient by central differences."""
    mean = weight @ chances(fit.coefficients, design, steps)
    slopes = []
    for i in range(len(fit.coefficients)):
        nudge = np.zeros(len(fit.coefficients))
        nudge[i] = 1e-5
        up, down = (weight @ chances(fit.coefficients + s * nudge, design, steps) for s in (1, -1))
        slopes.append((up - down) / 2e-5)
    gradient = np.array(slopes)
    return mean, np.sqrt(np.maximum(np.einsum("ik,ij,jk->k", gradient, fit.covariance, gradient), 0.0))


def _cuts(shape: Designed, category: Ints, terms: Sequence[str]) -> pd.DataFrame:
    """A logit at every cut of the ladder."""
    lines: list[tuple[Any, ...]] = []
    for j, term in enumerate(terms[1:], start=1):
        try:
            one = fit_logit(shape.design, shape.pattern, (category >= j).astype(float), shape.clusters)
            own, errors = one.coefficients, np.sqrt(np.diag(one.covariance))
        except Refusal:  # no finite estimate at this cut: the row says so by having none
            own = errors = np.full(len(shape.names) + 1, np.nan)
        lines += [
            (*name, f"{term} or heavier", float(own[k]), float(errors[k]))
            for k, name in enumerate(shape.names, start=1)
        ]
    return pd.DataFrame(lines, columns=["column", "level", "cut", "coefficient", "error"])


def _orders(rows: pd.DataFrame, order: Ladder, shape: Designed) -> pd.DataFrame:
    out = []
    for ladder in dict.fromkeys([order, *Ladder.variants()]):
        one, terms, _ = _fit(rows, ladder, shape)
        own = one.coefficients[len(terms) - 1 :]
        out += [(ladder.name, *name, float(value)) for name, value in zip(shape.names, own, strict=True)]
    return pd.DataFrame(out, columns=["order", "column", "level", "coefficient"])


def _apart(penalty: pd.Series, rung: pd.Series, min_cell: int) -> pd.DataFrame:
    pending = penalty.eq("pending").fillna(False)
    return left_apart(
        {
            "pending": int(pending.sum()),
            "off the ladder": int((penalty.notna() & rung.isna() & ~pending).sum()),
            "not recorded": int(penalty.isna().sum()),
        },
        min_cell,
    )
