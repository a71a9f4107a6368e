"""A multinomial logit of how complaints end, with several covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.model_tables import LIMITS_BY, Fitted
from accountability.outcomes.outcome_model import OutcomeModel, designed, hidden_levels, units_to_model, with_numbers
from accountability.outcomes.sparse_cells import Endings, Sparse
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN, decided, merged_said
from accountability.stats.arrays import Floats
from accountability.stats.multinomial import chances, fit_multinomial
from accountability.study.cohort import Cohort
from accountability.study.grouping import small_groups
from accountability.study.inputs import takes

OTHER = "other endings"
Of = Literal["finding", "imposed_penalty"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OutcomeMultinomial(OutcomeModel):
    """A multinomial logit of how units end: an :class:`OutcomeModel` whose ``outcome`` is the cause.

    Attributes
    ----------
    of, base : str
        What ends, and the reference cause of the odds.
    causes : tuple of str
        The base first; coefficients of ``fit`` are ordered by cause, without the base.
    """

    SAID: ClassVar[str] = "How {units} end, at the same mix of the other columns, the ending that differs most"
    AXIS: ClassVar[str] = "chance of each ending, {units}, all else as it is"

    of: str
    base: str
    causes: tuple[str, ...]


@takes("cohort")
def outcome_multinomial(
    data: Cohort,
    covariates: str | Sequence[str],
    unit: str | None = None,
    *,
    of: Of = "finding",
    base: str | None = None,
    reference: Mapping[str, str] | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    sparse: Sparse = "penalise",
) -> OutcomeMultinomial:
    """Fit a multinomial logit of the cause by which units end, with errors clustered on the officer.

    The probabilities of all causes add up to one, unlike those of one logit per cause. Pending and unrecorded units
    have not ended and are left out. Causes by which fewer than ``min_group`` units ended are pooled.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, min_cell, sparse
        As in :func:`accountability.outcomes.sustained_logit`.
    of : {"finding", "imposed_penalty"}
        The finding, or the penalty of sustained units (rungs, and left, not served, reversed).
    base : str, optional
        The reference cause of the odds; by default the most frequent.
    ladder : Ladder, optional
        Order that decides the highest penalty of a unit.

    Returns
    -------
    OutcomeMultinomial

    Raises
    ------
    Refusal
        If fewer than two causes occur, a level holds one unit, columns are collinear, or cells are empty with
        ``sparse="refuse"``.
    ParameterError
        For no or unknown columns, a column with one value, or a reference or base that does not occur.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.outcome_multinomial(data, "officer_gender")
    >>> found.base
    'not_sustained'
    """
    if of not in ("finding", "imposed_penalty"):
        raise ParameterError(f"of must be 'finding' or 'imposed_penalty', found {of!r}")
    needs = ("finding",) if of == "finding" else ("finding", "imposed_penalty")
    made = units_to_model(data, covariates, unit, ladder, needs)
    rows = made.table
    if of == "imposed_penalty":
        rows = rows.loc[rows["finding"].eq("sustained").fillna(False)]
    ended = decided(rows[of])
    apart = {"pending or not recorded": int((~ended).sum())}
    rows, without = with_numbers(rows.loc[ended], made.columns)
    cause = rows[of].astype("str")
    cause = cause.mask(cause.isin(small_groups(cause, min_group)), OTHER)
    counts = cause.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) < 2:
        raise Refusal(f"{len(rows):,} ended units of {made.cohort.name} hold {len(counts)} cause(s); two are needed")
    if base is not None and base not in counts.index:
        raise ParameterError(f"no unit ended as {base!r}; they ended as {', '.join(counts.index)}")
    first = base or str(counts.index[0])
    causes = [first, *(str(name) for name in counts.index if name != first)]
    category = pd.Categorical(cause, causes).codes.astype(np.int64)
    rows, shape = designed(
        rows, made.columns, reference, min_group, Endings(category, causes, each=True), sparse, min_cell
    )
    fit = shape.fitted(
        lambda shrink: fit_multinomial(shape.design, shape.pattern, category, shape.ways, shrink),
        confidence,
        len(causes) - 1,
    )
    width = shape.design.shape[1]

    def margin(theta: Floats, design: Floats) -> Floats:
        return np.asarray(shape.weight @ chances(theta, design))

    hidden = hidden_levels(rows, made.columns, cause, min_cell, whole=False)
    fitted = Fitted(made, rows, shape, [fit], fit.errors, margin, causes, hidden, confidence)
    frames = fitted.frames(
        {one: k * width + 1 for k, one in enumerate(causes[1:])}, {one: category == k for k, one in enumerate(causes)}
    )
    assumes = (
        "the log odds of each ending against the base add up over the columns",
        CLUSTERED,
        "those still pending will end as those that have ended",
        *(f"not told apart by the source: {terms}" for terms in merged_said(made.cohort, of)),
        UNSEEN,
    )
    return OutcomeMultinomial(
        method=f"multinomial logit, {shape.by(fit)} on collapsed patterns; {shape.errors}; {LIMITS_BY}",
        of=of,
        base=first,
        causes=tuple(causes),
        **fitted.fields(
            f"how units end ({of.replace('_', ' ')}) by {', '.join(made.columns)}",
            assumes,
            apart | without,
            min_cell,
            frames,
        ),
    )
