"""Tests of proportional odds, and a partial proportional odds model that frees some columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.model_tables import HELD, LEAD, LIMITS, MARGIN, RATIO, Fitted, Lines, with_slopes
from accountability.outcomes.outcome_model import OutcomeModel, designed, units_to_model, with_numbers
from accountability.outcomes.penalty_models import cut_names, fit_rungs, hide_by_level
from accountability.outcomes.sparse_cells import EVERY, Designed, Endings, Sparse
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN
from accountability.records.units import WORDS
from accountability.results import p_words, plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit, Separated
from accountability.stats.intervals import joint, p_chi2
from accountability.stats.optimise import Separation
from accountability.stats.partial_odds import brant, chances, cut_designs, fit_partial, highest, score_test, wald
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALPHA = 0.05


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ProportionalOdds(OutcomeModel):
    """Tests of proportional odds (the same effect at every cut of the ladder), and the model with free columns.

    As :class:`OutcomeModel`, but ``table`` has one row per cut where the column is free, with ``cut`` and ``free``
    instead of ``outcome``; ``margins`` and ``contrasts`` are those of the rungs under that model.

    Attributes
    ----------
    tests : DataFrame
        ``column`` (``all`` for all together), ``test``, ``clustered`` (on the officer), ``statistic``, ``df``,
        ``p_value``; missing where it cannot be computed.
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
        ranges(
            axes,
            drawn,
            label="label",
            estimate="ratio",
            lower="ratio_lower",
            upper="ratio_upper",
            null=1.0,
            kind="ratio",
        )
        axes.set_xscale("log")
        axes.set_xlabel(self.AXIS)
        return axes

    def sentence(self) -> str:
        """State the clustered test of all columns together, and which columns are free."""
        held = self.tests.loc[(self.tests["column"] == "all") & self.tests["statistic"].notna()]
        rows = {str(row["test"]): row for row in held.to_dict("records")}
        test = next((name for name in ("clustered Wald", "likelihood ratio", "score") if name in rows), None)
        found = f"Proportional odds among sustained {WORDS[self.unit]}: "
        if test is None:
            found += "no test can be computed from these data."
        else:
            row = rows[test]
            kind = "" if row["clustered"] else ", rows taken as independent"
            found += (
                f"{test} test{kind}, chi-squared {row['statistic']:.2f} on {plural(int(row['df']), 'degree')} of "
                f"freedom, {p_words(row['p_value'])}."
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
    sparse: Sparse = "penalise",
) -> ProportionalOdds:
    """Test proportional odds, and fit the partial proportional odds model.

    Where no unit of a level received some rung, the free cuts of its column have no finite estimate. By default one row
    is then added for each free level, half spread evenly over the rungs and half as under proportional odds; the
    likelihood ratio uses the data alone and has a finite limit. There are four tests: Brant's, the score and the
    likelihood ratio test against free cuts (rows independent), and the Wald test in the free model with
    officer-clustered errors and an F reference for few clusters. Rungs with fewer than ``min_group`` units are pooled
    with the next lighter one.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, min_cell
        As in :func:`accountability.outcomes.penalty_ordered_logit`.
    sparse : {"penalise", "pool", "refuse"}
        As in :func:`accountability.outcomes.sustained_logit`; a cell is a level and a rung.
    free : str or sequence of str, optional
        Columns free to differ by cut; by default those whose clustered test exists and rejects at 5 %.
    ladder : Ladder, optional

    Returns
    -------
    ProportionalOdds

    Raises
    ------
    Refusal
        If fewer than three rungs remain, columns are collinear, or cells are empty with ``sparse="refuse"``.
    ParameterError
        For no or unknown columns, or a free column that is not in the model.

    Notes
    -----
    Clogg, Rubin, Schenker, Schultz and Weidman, Journal of the American Statistical Association 86 (1991), (added
    rows).

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
    rows, without = with_numbers(rows.loc[on_ladder], made.columns)
    terms, category = _rungs(rows["imposed_penalty"], order, min_group)
    if len(terms) < 3:
        raise Refusal(f"{len(rows):,} sustained units hold {len(terms)} rung(s); with fewer than three, one cut is all")
    endings = Endings(category, terms, each=True)
    rows, shape = designed(rows, made.columns, reference, min_group, endings, sparse, min_cell)
    design, steps = shape.design[:, 1:], len(terms) - 1
    ends = [(name, *cell) for name in shape.levels for cell in Endings(category, terms).empty(rows[name])]
    base = fit_rungs(shape if sparse == "refuse" else replace(shape, empty=ends), category, confidence)
    tests = _tests(shape, design, category, base)
    chosen = tuple(named)
    if free is None:
        rejected = tests.loc[tests["clustered"] & tests["p_value"].lt(ALPHA), "column"]
        chosen = tuple(name for name in made.columns if name in set(rejected))
    places = [k for k, (name, _) in enumerate(shape.terms) if name in chosen]
    fit = _free(shape, design, category, places, base)
    sizes = {name: rows[name].value_counts() for name in made.columns}
    totals = np.bincount(category)

    def margin(theta: Floats, at: Floats) -> Floats:
        return np.asarray(shape.weight @ chances(theta, cut_designs(at[:, 1:], steps, places)))

    def hidden(column: str, level: str, outcome: str = "") -> bool:
        rare = outcome in terms and totals[terms.index(outcome)] < min_cell
        return bool(sizes[column][shape.key(column, level)] < min_cell or rare)

    fitted = Fitted(made, rows, shape, [fit], fit.errors, margin, terms, hidden, confidence)
    frames = fitted.frames({}, {})
    frames["table"] = hide_by_level(_by_cut(fitted, terms, places), hidden)
    assumes = [
        f"rungs: {' < '.join(terms)}",
        CLUSTERED,
        "those without a rung would not have been punished differently",
        UNSEEN,
    ]
    if fit.limits is not None and places:
        assumes.append(
            f"cells that hold nobody ({shape.named or 'of several columns together'}): one row is added for each free "
            "level, half of it spread evenly over the rungs and half as proportional odds have it"
        )
    common = fitted.fields(
        f"imposed penalty among sustained units by {', '.join(made.columns)}, cut by cut",
        assumes,
        apart | without,
        min_cell,
        frames,
        [base],
    )
    return ProportionalOdds(
        method=f"partial proportional odds, {shape.by(fit)} on collapsed patterns; Brant, score, likelihood-ratio and "
        f"Wald tests with {shape.errors}",
        tests=tests,
        free=chosen,
        proportional=base,
        **common | {"names": cut_names(terms, shape)},
    )


def _free(shape: Designed, design: Floats, category: Ints, places: Sequence[int], base: Fit, prior: float = 1.0) -> Fit:
    """The model with free cuts, with rows added where a cell of a free column is empty."""
    if not places:
        return base
    steps, width = int(category.max()), design.shape[1]
    blocks = []
    for name, level, _ in shape.empty:
        own = [i for i, k in enumerate(places) if shape.terms[k] == (name, level)]
        shifts = steps + width + np.arange(steps - 1)[:, None] * len(places)
        if own:
            blocks.append(np.concatenate([[steps + places[own[0]]], (shifts + own).ravel()]))
        elif name in {shape.terms[k][0] for k in places}:  # the reference, with which every level is compared
            blocks.append(np.arange(steps + width + (steps - 1) * len(places)))
    if not blocks:
        try:
            return fit_partial(design, shape.pattern, category, shape.ways, places, base)
        except Separated:
            blocks = [np.arange(steps + width + (steps - 1) * len(places))]
    fit = fit_partial(design, shape.pattern, category, shape.ways, places, base, prior=1.0, blocks=blocks)
    return replace(fit, limits=np.full((3, len(fit.coefficients)), np.nan))


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
    except (Separated, Separation):  # a cut that some column decides: the rows say so by having no statistic
        slopes, spread = np.full(steps * width, np.nan), np.full((steps * width, steps * width), np.nan)
    lines = []
    for name in ("all", *dict.fromkeys(column for column, _ in shape.terms)):
        places = [k for k, (column, _) in enumerate(shape.terms) if name in ("all", column)]
        df = (steps - 1) * len(places)
        found = dict.fromkeys(("Brant", "score", "likelihood ratio", "clustered Wald"), math.nan)
        contrast, few = _contrast(steps, width, places), math.nan
        if np.isfinite(slopes).all():
            found["Brant"] = wald(contrast @ slopes, contrast @ spread @ contrast.T)
        with suppress(Separated):  # without a maximum the rows say so by having no statistic
            fit = _free(shape, design, category, places, base)
            found["clustered Wald"], few = joint(
                fit.coefficients[-df:], np.eye(len(fit.coefficients))[:, -df:], fit.errors
            )
            if base.limits is None:  # else the proportional fit is not at its own maximum either
                found["score"] = score_test(design, shape.pattern, category, base, places)
                top = fit.log_likelihood
                if fit.limits is not None:
                    top = highest(design, shape.pattern, category, places, base)
                found["likelihood ratio"] = 2 * (top - base.log_likelihood)
        for test, value in found.items():
            p = few if test == "clustered Wald" else p_chi2(value, df) if value == value else math.nan
            lines.append((name, test, test == "clustered Wald", value, df, p))
    return pd.DataFrame(lines, columns=["column", "test", "clustered", "statistic", "df", "p_value"])


def _contrast(steps: int, width: int, places: Sequence[int]) -> Floats:
    """The slopes of later cuts less those of the first."""
    out = np.zeros(((steps - 1) * len(places), steps * width))
    for j in range(1, steps):
        for i, k in enumerate(places):
            row = (j - 1) * len(places) + i
            out[row, k], out[row, j * width + k] = -1.0, 1.0
    return out


def _by_cut(fitted: Fitted, terms: Sequence[str], places: Sequence[int]) -> pd.DataFrame:
    """The log odds of each level at every cut where its column is free, and once where it is not."""
    shape, (fit, *_), steps = fitted.shape, fitted.fits, len(terms) - 1
    width, lines, added = len(shape.terms), Lines([], [], []), Lines([], [], [])
    for k, (name, label) in enumerate(shape.terms):
        free, shown = k in places, shape.shown(name)
        at = shown.get(label, list(shown.values())[len(shown) // 2])
        means = with_slopes(fitted.margin, fitted.theta, at)
        against = next(iter(shown)) if label in shown else EVERY
        for j in range(steps if free else 1):
            pick = np.zeros(len(fit.coefficients))
            pick[steps + k] = 1.0
            if j:
                pick[steps + width + (j - 1) * len(places) + places.index(k)] = 1.0
            cut = f"{terms[j + 1]} or heavier" if free else "every cut"
            lead = {"column": name, "level": label, "against": against, "outcome": cut, "cut": cut, "free": free}
            lines.add(lead, float(pick @ fit.coefficients), pick)
            added.add({}, *fitted.of_sum(*means, terms[j + 1 :]))
    out = fitted.with_ratios(lines, np.full(len(lines.value), -1), added)
    return out[[*LEAD, "against", "cut", "free", *LIMITS, "p_value", *RATIO, *MARGIN, *HELD]]
