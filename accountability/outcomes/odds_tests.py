"""Does one number do for every cut of the ladder? Tests of proportional odds, and the model that frees some columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.outcome_model import Designed, OutcomeModel, designed, model_frames, units_to_model
from accountability.outcomes.penalty_models import hide_by_level
from accountability.outcomes.small_counts import left_apart
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN
from accountability.records.units import WORDS
from accountability.results import plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import p_chi2, student
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.partial_odds import brant, chances, cut_designs, fit_partial, score_test, wald
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALPHA = 0.05


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ProportionalOdds(OutcomeModel):
    """Whether a level shifts every cut of the ladder alike, and the model in which it need not.

    Of the attributes of ``OutcomeModel``, ``table`` has a row for every cut where the column is free, with ``cut`` and
    ``free`` in the place of ``outcome``; ``margins`` and ``contrasts`` are of the rungs under that model.

    Attributes
    ----------
    tests : DataFrame
        ``column`` (``all`` for all together), ``test``, ``clustered`` (whether errors allow for several rows of an
        officer), ``statistic``, ``df``, ``p_value``; no statistic where it cannot be had.
    free : tuple of str
        The columns whose coefficient differs by cut.
    proportional : Fit
        The model without free columns; ``fit`` is the one with them.
    """

    AXIS: ClassVar[str] = "odds ratio of a penalty this heavy or heavier"

    tests: pd.DataFrame
    free: tuple[str, ...]
    proportional: Fit

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the odds ratio at each cut with its interval."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.table.loc[self.table["estimate"].notna()]
        axes = new_axes(ax, width=8.0, height=1.2 + 0.28 * len(shown))
        label = shown["level"].str.replace("_", " ") + ", " + shown["cut"].str.replace("_", " ")
        drawn = shown.assign(label=label)
        ranges(axes, drawn, label="label", estimate="ratio", lower="ratio_lower", upper="ratio_upper", null=1.0)
        axes.set_xscale("log")
        axes.set_xlabel(self.AXIS)
        return axes

    def sentence(self) -> str:
        """Say what the clustered test of all columns together finds, and which columns are free."""
        held = self.tests.loc[(self.tests["column"] == "all") & self.tests["statistic"].notna()]
        rows = {str(row["test"]): row for row in held.to_dict("records")}
        test = "clustered Wald" if "clustered Wald" in rows else "score"
        row = rows[test]
        kind = "" if row["clustered"] else ", rows taken as independent because a cut is decided by some column"
        p = "p < 0.001" if row["p_value"] < 0.001 else f"p = {row['p_value']:.3f}"
        found = (
            f"Proportional odds among sustained {WORDS[self.unit]}: {test} test{kind}, chi-squared "
            f"{row['statistic']:.2f} on {plural(int(row['df']), 'degree')} of freedom, {p}."
        )
        freed = ", ".join(name.replace("_", " ") for name in self.free)
        return f"{found} " + (f"Free to differ by cut: {freed}." if freed else "No column is free to differ by cut.")


@takes("cohort")
def proportional_odds(
    data: Cohort,
    covariates: str | Sequence[str],
    unit: str | None = None,
    *,
    free: str | Sequence[str] | None = None,
    reference: Mapping[str, str] | None = None,
    ladder: Ladder | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
) -> ProportionalOdds:
    """Test whether the odds are proportional, and fit the partial-proportional alternative.

    Four tests stand side by side: Brant's, the score test and the likelihood ratio against cuts that are free for
    the columns (rows independent), and the Wald test in the free model with officer-clustered errors. Rungs that
    fewer than ``min_group`` units received are put with the next lighter one, for a cut with few units on one side
    tells nothing.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, min_cell
        As in :func:`accountability.outcomes.penalty_ordered_logit`.
    free : str or sequence of str, optional
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

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.proportional_odds(data, "complainant")
    >>> found.free
    ()
    """
    order = ladder or Ladder()
    made = units_to_model(data, covariates, unit, order, ("finding", "imposed_penalty"))
    named = column_names(free, "proportional_odds", "free")
    wrong = [name for name in named if name not in made.columns]
    if wrong:
        raise ParameterError(f"free={wrong[0]!r} is not in the model; it holds {', '.join(made.columns)}")
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    on_ladder = order.rungs(rows["imposed_penalty"]).notna()
    apart = {"no rung on record": int((~on_ladder).sum())}
    rows = rows.loc[on_ladder]
    terms, category = _rungs(rows["imposed_penalty"], order, min_group)
    if len(terms) < 3:
        raise Refusal(f"{len(rows):,} sustained units hold {len(terms)} rung(s); with fewer than three, one cut is all")
    rows, shape = designed(rows, made.columns, reference, min_group)
    design, steps = shape.design[:, 1:], len(terms) - 1
    base = fit_ordered(design, shape.pattern, category, shape.ways)
    tests = _tests(shape, design, category, base)
    chosen = tuple(named)
    if free is None:
        rejected = tests.loc[tests["clustered"] & tests["p_value"].lt(ALPHA), "column"]
        chosen = tuple(name for name in made.columns if name in set(rejected))
    places = [k for k, (name, _) in enumerate(shape.terms) if name in chosen]
    fit = fit_partial(design, shape.pattern, category, shape.ways, places, base)
    sizes = {name: rows[name].value_counts() for name in made.columns}
    totals = np.bincount(category)

    def margin(theta: Floats, at: Floats) -> Floats:
        return np.asarray(shape.weight @ chances(theta, cut_designs(at[:, 1:], steps, places)))

    def hidden(column: str, level: str, outcome: str = "") -> bool:
        rare = outcome in terms and totals[terms.index(outcome)] < min_cell
        return bool(sizes[column][level] < min_cell or rare)

    frames = model_frames(
        rows,
        shape,
        fit.coefficients,
        fit.errors,
        margin,
        terms,
        starts={},
        counted={},
        hidden=hidden,
        confidence=confidence,
    )
    frames["table"] = hide_by_level(_by_cut(fit, shape, terms, places, confidence), hidden)
    return ProportionalOdds(
        estimand=f"imposed penalty among sustained units by {', '.join(made.columns)}, cut by cut, {made.cohort.name}",
        assumptions=(
            f"unit: {made.word}",
            f"rungs: {' < '.join(terms)}",
            CLUSTERED,
            "those without a rung would not have been punished differently",
            UNSEEN,
        ),
        method="partial proportional odds, maximum likelihood on collapsed patterns; Brant, score, likelihood-ratio "
        "and officer-clustered Wald tests",
        tests=tests,
        flow=made.cohort.flow(),
        apart=left_apart(apart, min_cell),
        free=chosen,
        proportional=base,
        fit=fit,
        names=tuple(f"{term} or heavier" for term in terms[1:]) + shape.names[1:],
        unit=made.unit,
        confidence=confidence,
        **frames,
    )


def _rungs(penalty: pd.Series, order: Ladder, min_group: int) -> tuple[list[str], Ints]:
    """The rungs held by enough units, each rarer one put with the next lighter (the lightest with the next)."""
    groups: list[tuple[list[str], int]] = []
    for term in order.order:
        count = int((penalty == term).sum())
        if not count:
            continue
        if groups and (count < min_group or groups[-1][1] < min_group):
            terms, held = groups.pop()
            groups.append(([*terms, term], held + count))
        else:
            groups.append(([term], count))
    place = {term: j for j, (terms, _) in enumerate(groups) for term in terms}
    return [" or ".join(terms) for terms, _ in groups], np.asarray(penalty.map(place), dtype=np.int64)


def _tests(shape: Designed, design: Floats, category: Ints, base: Fit) -> pd.DataFrame:
    steps, width = int(category.max()), design.shape[1]
    try:
        one_each = [
            fit_logit(shape.design, shape.pattern, (category > j).astype(float), shape.ways).coefficients
            for j in range(steps)
        ]
        slopes, spread = brant(design, shape.pattern, category, one_each)
    except Refusal:  # a cut that some column decides: the rows say so by having no statistic
        slopes, spread = np.full(steps * width, np.nan), np.full((steps * width, steps * width), np.nan)
    lines = []
    for name in ("all", *shape.levels):
        places = [k for k, (column, _) in enumerate(shape.terms) if name in ("all", column)]
        df = (steps - 1) * len(places)
        found = {"Brant": math.nan, "score": score_test(design, shape.pattern, category, base, places)}
        contrast = _contrast(steps, width, places)
        if np.isfinite(slopes).all():
            found["Brant"] = wald(contrast @ slopes, contrast @ spread @ contrast.T)
        try:
            free = fit_partial(design, shape.pattern, category, shape.ways, places, base)
            found["likelihood ratio"] = 2 * (free.log_likelihood - base.log_likelihood)
            found["clustered Wald"] = wald(free.coefficients[-df:], free.covariance[-df:, -df:])
        except Refusal:
            found |= {"likelihood ratio": math.nan, "clustered Wald": math.nan}
        lines += [
            (name, test, test == "clustered Wald", value, df, p_chi2(value, df) if value == value else math.nan)
            for test, value in found.items()
        ]
    return pd.DataFrame(lines, columns=["column", "test", "clustered", "statistic", "df", "p_value"])


def _contrast(steps: int, width: int, places: Sequence[int]) -> Floats:
    """The slopes of later cuts less those of the first."""
    out = np.zeros(((steps - 1) * len(places), steps * width))
    for j in range(1, steps):
        for i, k in enumerate(places):
            row = (j - 1) * len(places) + i
            out[row, k], out[row, j * width + k] = -1.0, 1.0
    return out


def _by_cut(fit: Fit, shape: Designed, terms: Sequence[str], places: Sequence[int], confidence: float) -> pd.DataFrame:
    """The log odds of each level at every cut where its column is free, and once where it is not."""
    steps, width = len(terms) - 1, len(shape.terms)
    lines = []
    for k, (name, label) in enumerate(shape.terms):
        free = k in places
        for j in range(steps if free else 1):
            pick = np.zeros(len(fit.coefficients))
            pick[steps + k] = 1.0
            if j:
                pick[steps + width + (j - 1) * len(places) + places.index(k)] = 1.0
            made = student(np.array([pick @ fit.coefficients]), pick[:, None], fit.errors, confidence)
            own, error, *ends, p, clusters, effective, df = (each[0] for each in made.values())
            cut = f"{terms[j + 1]} or heavier" if free else "every cut"
            numbers = (own, error, *ends, p, *np.exp((own, *ends)), clusters, effective, df)
            lines.append((name, label, shape.levels[name][0], cut, free, *numbers))
    heads = ["column", "level", "against", "cut", "free", "estimate", "std_error", "lower", "upper", "p_value"]
    heads += ["ratio", "ratio_lower", "ratio_upper", "clusters", "effective_clusters", "df"]
    return pd.DataFrame(lines, columns=heads)
