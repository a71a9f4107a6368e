"""How heavy the penalty is among the sustained, by several columns at once: an ordered logit of the rung."""

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
from accountability.penalty.logit import fit_logit
from accountability.penalty.newton import Fit
from accountability.penalty.ordered import chances, fit_ordered
from accountability.penalty.patterns import Floats, at_level, clusters_of, collapse, design_of, levels_of
from accountability.penalty.units import grouping
from accountability.results import Result, percent
from accountability.units import WORDS, check_terms, roll_up
from accountability.vocabulary import PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RungLogit(Result):
    """The rung among the sustained, by several columns.

    Attributes
    ----------
    table : DataFrame
        One row a level: ``column``, ``level``, ``reference``, ``units``, ``coefficient``, ``error``,
        ``odds_ratio`` (of a heavier penalty), ``odds_low``, ``odds_high``, ``hidden``.
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
        from accountability.penalty.figures import stacked_shares
        from accountability.plots import new_axes

        shown = self.predicted.loc[self.predicted["share"].notna()]
        who = shown["column"].str.replace("_", " ") + ": " + shown["level"].str.replace("_", " ")
        axes = new_axes(ax, width=11.0, height=1.5 + 0.35 * who.nunique())
        label = f"chance of each penalty among sustained {WORDS[self.unit]}"
        return stacked_shares(shown.assign(who=who), by=["who"], term="term", share="share", label=label, ax=axes)

    def sentence(self) -> str:
        """Say the odds of a heavier penalty for each level, and whether the contested order matters."""
        rows = self.table.loc[~self.table["hidden"] & ~self.table["reference"]]
        named = self.table.loc[self.table["reference"]].set_index("column")["level"]
        said = [
            f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {named[row['column']]}: odds "
            f"ratio {row['odds_ratio']:.2f} ({percent(self.level)} interval {row['odds_low']:.2f} to "
            f"{row['odds_high']:.2f})"
            for row in rows.to_dict("records")
        ]
        wide = self.by_order.groupby(["column", "level"])["coefficient"].agg(lambda c: c.max() - c.min())
        errors = rows.set_index(["column", "level"])["error"]
        moved = float((wide.reindex(errors.index) / errors).max()) if len(errors) else 0.0
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
        As in :func:`accountability.penalty.sustained_logit`.
    ladder : Ladder, optional
        Order of the rungs; the result shows the others beside it.
    min_cell : int
        Levels with fewer units, and rungs with fewer in all, are hidden.

    Returns
    -------
    RungLogit

    Raises
    ------
    Refusal
        If the source holds no imposed penalty, fewer than two rungs occur, a level holds one unit, or no finite
        estimate exists.
    ParameterError
        For no or unknown columns, a column with one value, or a reference that is not a level.
    """
    from scipy.stats import norm

    cohort, order = Cohort.of(data), ladder or Ladder()
    columns = tuple(dict.fromkeys(on))
    if not columns:
        raise ParameterError("name at least one column to put in the model")
    if not {"finding", "imposed_penalty"} <= set(cohort.allegations):
        raise Refusal(f"{cohort.name} does not hold both a finding and an imposed penalty; sustained_logit() needs one")
    check_terms(cohort.allegations["imposed_penalty"], PENALTIES, "penalty")
    held = cast(UnitCard, cohort.card).unit
    counted = unit or held
    table = grouping(cohort.cases, cohort.allegations, columns)
    rows = roll_up(table, held, counted, columns, order.severity_rank)
    rows = rows.loc[rows["finding"].eq("sustained").fillna(False)]
    rung = order.rungs(rows["imposed_penalty"])
    apart = _apart(rows["imposed_penalty"], rung, min_cell)
    rows, rung = rows.loc[rung.notna()], rung.dropna()
    if rung.nunique() < 2:
        raise Refusal(f"{len(rows):,} sustained units of {cohort.name} hold {rung.nunique()} rung(s); two are needed")
    levels = {name: levels_of(rows[name], name, (reference or {}).get(name)) for name in columns}
    patterns, pattern = collapse(rows, levels)
    full = design_of(patterns, [len(levels[n]) for n in columns])
    clusters = clusters_of(rows)
    fit, terms, category = _fit(rows, order, full, pattern, clusters)
    reach, steps = float(norm.ppf(0.5 + level / 2)), len(terms) - 1
    weight = np.bincount(pattern, minlength=len(full)) / len(rows)
    few = {term for j, term in enumerate(terms) if (category == j).sum() < min_cell}
    names = [(n, label) for n in columns for label in levels[n][1:]]
    lines, shares, start = [], [], 1
    for name in columns:
        for j, label in enumerate(levels[name]):
            units = int((rows[name] == label).sum())
            place = steps + start + j - 2
            own, error = (fit.coefficients[place], math.sqrt(fit.covariance[place, place])) if j else (0.0, 0.0)
            ends = (own, own - reach * error, own + reach * error)
            lines.append((name, label, j == 0, units, own, error, *map(math.exp, ends), units < min_cell))
            here = at_level(j, full, start, len(levels[name]))[:, 1:]
            mean, spread = _predict(fit, here, weight, steps)
            for k, term in enumerate(terms):
                low, high = max(mean[k] - reach * spread[k], 0.0), min(mean[k] + reach * spread[k], 1.0)
                secret = units < min_cell or term in few
                shares.append((name, label, term, *((np.nan,) * 3 if secret else (mean[k], low, high))))
        start += len(levels[name]) - 1
    heads = ["column", "level", "reference", "units", "coefficient", "error", "odds_ratio", "odds_low", "odds_high"]
    shown = _hide(pd.DataFrame(lines, columns=[*heads, "hidden"]))
    secret_levels = set(map(tuple, shown.loc[shown["hidden"], ["column", "level"]].to_numpy()))
    return RungLogit(
        estimand=f"imposed penalty among sustained units by {', '.join(columns)}, {cohort.name}",
        assumptions=(
            f"unit: {counted.replace('_', '-')}",
            f"order of severity: {' < '.join(order.order)}",
            "proportional odds: a level shifts every cut of the ladder alike (see by_cut)",
            "officers are independent of one another, rows of one officer are not",
            "those without a rung would not have been punished differently",
        ),
        method="ordered logit, maximum likelihood on collapsed patterns; officer-clustered errors",
        table=shown,
        flow=cohort.flow(),
        predicted=pd.DataFrame(shares, columns=["column", "level", "term", "share", "low", "high"]),
        by_cut=_cuts(rows, full, pattern, category, clusters, terms, names, secret_levels),
        by_order=_without(_orders(rows, order, full, pattern, clusters, names), secret_levels),
        apart=apart,
        unit=counted,
        fit=fit,
        level=level,
    )


def _fit(
    rows: pd.DataFrame, order: Ladder, full: Floats, pattern: NDArray[np.int64], clusters: NDArray[np.int64]
) -> tuple[Fit, list[str], NDArray[np.int64]]:
    terms = [term for term in order.order if (rows["imposed_penalty"] == term).any()]
    category = pd.Categorical(rows["imposed_penalty"], terms).codes.astype(np.int64)
    return fit_ordered(full[:, 1:], pattern, category, clusters), terms, category


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


def _cuts(
    rows: pd.DataFrame,
    full: Floats,
    pattern: NDArray[np.int64],
    category: NDArray[np.int64],
    clusters: NDArray[np.int64],
    terms: Sequence[str],
    names: Sequence[tuple[str, str]],
    secret: set[tuple[str, str]],
) -> pd.DataFrame:
    """A logit at every cut of the ladder, without the units of levels too small to show."""
    keep = np.ones(len(rows), dtype=bool)
    for column, label in secret:
        keep &= (rows[column] != label).to_numpy(dtype=bool)
    places = [i for i, name in enumerate(names, start=1) if name not in secret]
    design = full[:, [0, *places]]
    members = np.unique(clusters[keep], return_inverse=True)[1].astype(np.int64)
    lines: list[tuple[Any, ...]] = []
    for j, term in enumerate(terms[1:], start=1):
        try:
            one = fit_logit(design, pattern[keep], (category[keep] >= j).astype(float), members)
            own, errors = one.coefficients, np.sqrt(np.diag(one.covariance))
        except Refusal:  # no finite estimate at this cut: the row says so by having none
            own = errors = np.full(len(places) + 1, np.nan)
        lines += [
            (*names[i - 1], f"{term} or heavier", float(own[k]), float(errors[k]))
            for k, i in enumerate(places, start=1)
        ]
    return pd.DataFrame(lines, columns=["column", "level", "cut", "coefficient", "error"])


def _orders(
    rows: pd.DataFrame,
    order: Ladder,
    full: Floats,
    pattern: NDArray[np.int64],
    clusters: NDArray[np.int64],
    names: Sequence[tuple[str, str]],
) -> pd.DataFrame:
    out = []
    for ladder in dict.fromkeys([order, *Ladder.variants()]):
        one, terms, _ = _fit(rows, ladder, full, pattern, clusters)
        own = one.coefficients[len(terms) - 1 :]
        out += [(ladder.name, *name, float(value)) for name, value in zip(names, own, strict=True)]
    return pd.DataFrame(out, columns=["order", "column", "level", "coefficient"])


def _apart(penalty: pd.Series, rung: pd.Series, min_cell: int) -> pd.DataFrame:
    rows = [
        ("pending", int(penalty.eq("pending").sum())),
        ("off the ladder", int((penalty.notna() & rung.isna() & penalty.ne("pending")).sum())),
        ("not recorded", int(penalty.isna().sum())),
    ]
    table = pd.DataFrame(rows, columns=["what", "count"]).astype({"count": "Int64"})
    return table.assign(count=table["count"].mask(table["count"].gt(0) & table["count"].lt(min_cell)))


def _hide(table: pd.DataFrame) -> pd.DataFrame:
    numbers = ["coefficient", "error", "odds_ratio", "odds_low", "odds_high"]
    out = table.assign(**{name: table[name].mask(table["hidden"]) for name in numbers})
    return out.assign(units=out["units"].astype("Int64").mask(out["hidden"]))


def _without(table: pd.DataFrame, secret: set[tuple[str, str]]) -> pd.DataFrame:
    """Drop the rows of hidden levels."""
    keep = [pair not in secret for pair in zip(table["column"], table["level"], strict=True)]
    return table.loc[keep].reset_index(drop=True)
