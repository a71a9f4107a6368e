"""An ordered logit of the imposed rung among sustained units, with several covariates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.model_tables import LIMITS_BY, Fitted
from accountability.outcomes.outcome_model import OutcomeModel, designed, units_to_model, with_numbers
from accountability.outcomes.sparse_cells import Designed, Endings, Sparse
from accountability.outcomes.units_counted import CLUSTERED
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import interval_said
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.ordered_logit import chances, fit_ordered
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEAVIER = "heavier penalty"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltyOrderedLogit(OutcomeModel):
    """An ordered logit of the imposed rung: an :class:`OutcomeModel` of a heavier penalty.

    Attributes
    ----------
    by_cut : DataFrame
        ``column``, ``level``, ``cut``, ``estimate``, ``std_error``: separate logits of "this rung or heavier". If they
        differ by more than their errors, the odds are not proportional.
    by_order : DataFrame
        ``order``, ``column``, ``level``, ``estimate``: the same model under other orders of contested rungs.
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {**OutcomeModel.SHOWN, "by_cut": (), "by_order": ()}
    AXIS: ClassVar[str] = "chance of each penalty among sustained {units}"

    by_cut: pd.DataFrame
    by_order: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the predicted distribution of rungs, one bar per level."""
        return super().plot(ax)

    def sentence(self) -> str:
        """State the odds of a heavier penalty for each level, and whether the contested order matters."""
        rows = self.table.loc[~self.table["hidden"]]
        if rows.empty:
            return "Every difference rests on counts too small to show."
        said = [
            f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {row['against']}: odds "
            f"ratio {row['ratio']:.2f} "
            f"({interval_said(self.confidence, row['ratio_lower'], row['ratio_upper'])})"
            for row in rows.to_dict("records")
        ]
        wide = self.by_order.groupby(["column", "level"])["estimate"].agg(lambda c: c.max() - c.min())
        errors = rows.set_index(["column", "level"])["std_error"]
        moved = float((wide.reindex(errors.index) / errors).max())
        return (
            f"Odds of a heavier penalty among sustained {WORDS[self.unit]}, at the same values of the other columns: "
            f"{'; '.join(said)}."
        ) + (
            f" Under another order of the contested rungs a coefficient moves by at most {moved:.1f} standard errors."
            if moved == moved
            else ""
        )


@takes("cohort")
def penalty_ordered_logit(
    data: Cohort,
    covariates: str | Sequence[str],
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    ladder: Ladder | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    sparse: Sparse = "penalise",
) -> PenaltyOrderedLogit:
    """Fit an ordered logit of the imposed rung among sustained units, with errors clustered on the officer.

    Pending, unrecorded and off-ladder penalties have no rung: they are left out and counted separately. So the numbers
    describe units with a known penalty, and an officer who leaves does not count as lightly punished. Rungs that do not
    occur are no categories. The margins in ``table`` are for any rung above the lightest.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, sparse
        As in :func:`accountability.outcomes.sustained_logit`.
    ladder : Ladder, optional
        Order of the rungs; ``by_order`` shows the others.
    min_cell : int
        Levels and rungs with fewer units are hidden, and a rung that would reveal a hidden one.

    Returns
    -------
    PenaltyOrderedLogit

    Raises
    ------
    Refusal
        If the source holds no imposed penalty, fewer than two rungs occur, columns are collinear, or cells are empty
        with ``sparse="refuse"``.
    ParameterError
        For no or unknown columns, a column with one value, or a reference that is not a level.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.penalty_ordered_logit(data, "complainant")
    >>> found.table[["level", "against", "estimate", "std_error"]].round(2).values.tolist()
    [['internal', 'public', 0.81, 0.13]]
    """
    order = ladder or Ladder()
    made = units_to_model(data, covariates, unit, order, ("finding", "imposed_penalty"))
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    penalty, rung = rows["imposed_penalty"], order.rungs(rows["imposed_penalty"])
    waits = penalty.eq("pending").fillna(False)
    apart = {
        "pending": int(waits.sum()),
        "off the ladder": int((penalty.notna() & rung.isna() & ~waits).sum()),
        "not recorded": int(penalty.isna().sum()),
    }
    rows, without = with_numbers(rows.loc[rung.notna()], made.columns)
    rung = rung.loc[rows.index]
    if rung.nunique() < 2:
        raise Refusal(
            f"{len(rows):,} sustained units of {made.cohort.name} hold {rung.nunique()} rung(s); two are needed"
        )
    terms, category = _categories(rows, order)
    rows, shape = designed(rows, made.columns, reference, min_group, Endings(category, terms), sparse, min_cell)
    fit = fit_rungs(shape, category, confidence)
    steps = len(terms) - 1
    rare = dict(zip(terms, hidden_cells(np.bincount(category, minlength=steps + 1), min_cell), strict=True))
    sizes = {name: rows[name].value_counts() for name in made.columns}

    def margin(theta: Floats, design: Floats) -> Floats:
        return np.asarray(shape.weight @ chances(theta, design[:, 1:], steps))

    def hidden(column: str, level: str, outcome: str = HEAVIER) -> bool:
        return bool(sizes[column][shape.key(column, level)] < min_cell or rare.get(outcome, False))

    fitted = Fitted(made, rows, shape, [fit], fit.errors, margin, terms, hidden, confidence)
    assumes = (
        f"order of severity: {' < '.join(order.order)}",
        "proportional odds: a level shifts every cut of the ladder alike (see by_cut)",
        CLUSTERED,
        "those without a rung would not have been punished differently",
    )
    frames = fitted.frames({HEAVIER: steps}, {}, {HEAVIER: terms[1:]})
    common = fitted.fields(
        f"imposed penalty among sustained units by {', '.join(made.columns)}",
        assumes,
        apart | without,
        min_cell,
        frames,
    )
    return PenaltyOrderedLogit(
        method=f"ordered logit, {shape.by(fit)} on collapsed patterns; {shape.errors}; {LIMITS_BY}",
        by_cut=hide_by_level(_cuts(shape, category, terms), hidden),
        by_order=hide_by_level(_orders(rows, order, shape, confidence), hidden),
        **common | {"names": cut_names(terms, shape)},
    )


def cut_names(terms: Sequence[str], shape: Designed) -> tuple[str, ...]:
    """Return the names of the coefficients: the cuts of the ladder, then the columns."""
    return tuple(f"{term} or heavier" for term in terms[1:]) + shape.names[1:]


def fit_rungs(shape: Designed, category: Ints, confidence: float) -> Fit:
    """Fit the ordered logit, with a penalty where a level has only the lightest or only the heaviest rung."""
    design = shape.design[:, 1:]
    return shape.fitted(
        lambda shrink: fit_ordered(design, shape.pattern, category, shape.ways, shrink and shrink.columns()),
        confidence,
    )


def hide_by_level(table: pd.DataFrame, hidden: Callable[[str, str], bool]) -> pd.DataFrame:
    """Mark the rows of levels that must be hidden."""
    shut = [hidden(column, level) for column, level in zip(table["column"], table["level"], strict=True)]
    return table.assign(hidden=pd.Series(shut, index=table.index, dtype=bool))


def _categories(rows: pd.DataFrame, order: Ladder) -> tuple[list[str], Ints]:
    terms = [term for term in order.order if (rows["imposed_penalty"] == term).any()]
    return terms, pd.Categorical(rows["imposed_penalty"], terms).codes.astype(np.int64)


def _cuts(shape: Designed, category: Ints, terms: Sequence[str]) -> pd.DataFrame:
    """A logit at every cut of the ladder."""
    lines: list[tuple[object, ...]] = []
    for j, term in enumerate(terms[1:], start=1):
        try:
            one = fit_logit(shape.design, shape.pattern, (category >= j).astype(float), shape.ways)
            own, errors = one.coefficients, np.sqrt(np.diag(one.covariance))
        except Refusal:  # no finite estimate at this cut: the row says so by having none
            own = errors = np.full(len(shape.terms) + 1, np.nan)
        lines += [
            (*name, f"{term} or heavier", float(own[k]), float(errors[k]))
            for k, name in enumerate(shape.terms, start=1)
        ]
    return pd.DataFrame(lines, columns=["column", "level", "cut", "estimate", "std_error"])


def _orders(rows: pd.DataFrame, order: Ladder, shape: Designed, confidence: float) -> pd.DataFrame:
    out = []
    for ladder in dict.fromkeys([order, *Ladder.variants()]):
        terms, category = _categories(rows, ladder)
        own = fit_rungs(shape, category, confidence).coefficients[len(terms) - 1 :]
        out += [(ladder.name, *name, float(value)) for name, value in zip(shape.terms, own, strict=True)]
    return pd.DataFrame(out, columns=["order", "column", "level", "estimate"])
