"""Days of a penalty, by several columns at once: whether there are any, and how many if there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import Refusal
from accountability.outcomes.ladder import COUNTED_IN_DAYS, Ladder, days_equivalent
from accountability.outcomes.outcome_model import (
    Designed,
    OutcomeModel,
    designed,
    hidden_levels,
    model_frames,
    refuse_uniform,
    units_to_model,
)
from accountability.outcomes.small_counts import left_apart
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN
from accountability.stats import truncated_counts
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.sandwich import Clustered, among, clustered
from accountability.stats.truncated_counts import Family, fit_truncated
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

BANDS: Final = ((1, 3), (4, 10), (11, 30))
LONGEST: Final = 3_650  # ten years: a longer suspension is a wrong number
ANY, IF_ANY, DAYS = "any days", "days if any", "days"
BAND_NAMES: Final = ("0 days", *(f"{a} to {b} days" for a, b in BANDS), f"over {BANDS[-1][1]} days")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DaysHurdle(OutcomeModel):
    """Days of a penalty, by several columns.

    ``table`` has a row a level and part: ``any days`` (log odds) and ``days if any`` (log mean before truncation).
    Outcomes of ``margins`` and ``contrasts``: ``any days`` (share), ``days if any`` (mean), ``days`` (mean, none
    counted as 0), and the share in each band of days. Besides the attributes of ``OutcomeModel``:

    Attributes
    ----------
    fit, how_many : Fit
        The two parts.
    family : str
    """

    HEADLINE: ClassVar[str | None] = DAYS
    SAID: ClassVar[str] = (
        "Mean days lost among sustained {units}, none counted as 0, at the same mix of the other columns"
    )
    SCALE: ClassVar[tuple[float, str]] = (1.0, "days")
    AXIS: ClassVar[str] = "mean days, none counted as 0, all else as it is"

    how_many: Fit
    family: str


@takes("cohort")
def days_hurdle(
    data: Cohort,
    covariates: str | Sequence[str],
    unit: str | None = None,
    *,
    family: Family = "negative_binomial",
    leave_day: float = 1.0,
    reference: Mapping[str, str] | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
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
    covariates, unit, reference, min_group, confidence, min_cell
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

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.days_hurdle(data, "complainant", family="poisson")
    >>> found.contrasts.query("outcome == 'days'")[["level", "estimate"]].round(1).values.tolist()
    [['internal', 2.2]]
    """
    made = units_to_model(data, covariates, unit, ladder, ("finding", "imposed_penalty"))
    if "imposed_days" not in made.table:
        raise Refusal(f"{made.cohort.name} holds no days of a penalty; penalty_ordered_logit() models the rung")
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)]
    days = days_equivalent(rows["imposed_penalty"], rows["imposed_days"], leave_day)
    absurd = days.gt(LONGEST).fillna(False)
    if absurd.any():
        raise Refusal(
            f"{int(absurd.sum()):,} penalties last more than {LONGEST:,} days, the longest {days.max():,.0f}, at row "
            f"{days.idxmax()}: a code, not a length; set them aside in the codebook"
        )
    apart = _apart(rows["imposed_penalty"], days)
    rows = rows.loc[days.notna()]
    number = np.ceil(days.dropna().to_numpy(dtype=float)).astype(np.int64)
    some = number > 0
    refuse_uniform(some.astype(float), "sustained units lost any days")
    rows, shape = designed(rows, made.columns, reference, min_group)
    zero = fit_logit(shape.design, shape.pattern, some.astype(float), shape.ways)
    count = fit_truncated(shape.design, shape.pattern[some], number[some], among(shape.ways, some), family)
    width = shape.design.shape[1]

    def margin(theta: Floats, design: Floats) -> Floats:
        """Share with any days, mean days if any, mean days, and shares by band."""
        chance = 1.0 / (1.0 + np.exp(-(design @ theta[:width])))
        share = float(shape.weight @ chance)
        overall = float(shape.weight @ (chance * truncated_counts.means(theta[width:], design, family)))
        each = truncated_counts.chances(theta[width:], design, family, BANDS[-1][1])
        bands = [float(shape.weight @ (chance * each[:, a - 1 : b].sum(axis=1))) for a, b in BANDS]
        return np.array([share, overall / share, overall, 1 - share, *bands, share - sum(bands)])

    return DaysHurdle(
        estimand=f"days lost by the imposed penalty among sustained units by {', '.join(made.columns)}, "
        f"{made.cohort.name}",
        assumptions=(
            f"unit: {made.word}",
            f"a day of leave counts as {leave_day:g} of suspension; parts of a day as a day",
            "log odds of any days, and log mean of days if any, add up over the columns",
            CLUSTERED,
            "penalties without a number of days are left out; the numbers describe the others",
            UNSEEN,
        ),
        method=f"hurdle: logit, and zero-truncated {family.replace('_', ' ')}; maximum likelihood on collapsed "
        "patterns, officer-clustered errors of both parts together, delta-method intervals",
        flow=made.cohort.flow(),
        apart=left_apart(apart, min_cell),
        fit=zero,
        how_many=count,
        family=family,
        names=shape.names,
        unit=made.unit,
        confidence=confidence,
        **model_frames(
            rows,
            shape,
            np.concatenate([zero.coefficients, count.coefficients]),
            _joint(shape, some, number, zero, count, family),
            margin,
            [ANY, IF_ANY, DAYS, *BAND_NAMES],
            starts={ANY: 1, IF_ANY: len(count.coefficients) + 1},
            counted={ANY: some},
            hidden=hidden_levels(rows, made.columns, pd.Series(some, index=rows.index), min_cell),
            confidence=confidence,
            unbounded=(IF_ANY, DAYS),
        ),
    )


def _apart(penalty: pd.Series, days: pd.Series) -> dict[str, int]:
    out, pending, blank = days.isna(), penalty.eq("pending").fillna(False), penalty.isna()
    ended, counted = penalty.isin(["demotion", "dismissal"]), penalty.isin(COUNTED_IN_DAYS)
    return {
        "demotion or dismissal": int((out & ended).sum()),
        "length not known": int((out & counted).sum()),
        "pending": int(pending.sum()),
        "off the ladder": int((out & ~ended & ~counted & ~pending & ~blank).sum()),
        "not recorded": int(blank.sum()),
    }


def _joint(shape: Designed, some: NDArray[np.bool_], number: Ints, zero: Fit, count: Fit, family: Family) -> Clustered:
    """Covariance of both parts together: clusters' scores of one part go with those of the other."""
    from scipy.linalg import block_diag
    from scipy.special import expit

    chance = expit(shape.design @ zero.coefficients)[shape.pattern]
    first = (some - chance)[:, None] * shape.design[shape.pattern]
    second = np.zeros((len(number), len(count.coefficients)))
    inside = shape.design[shape.pattern[some]]
    second[some] = truncated_counts.row_scores(count.coefficients, inside, number[some], family)
    bread = block_diag(zero.plain, count.plain)
    return clustered(bread, np.hstack([first, second]), np.arange(len(number)), shape.ways, None)
