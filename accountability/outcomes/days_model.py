"""A hurdle model of days lost by a penalty: whether there are any, and how many if so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import COUNTED_IN_DAYS, Ladder, days_equivalent
from accountability.outcomes.model_tables import LIMITS_BY, Fitted
from accountability.outcomes.outcome_model import (
    OutcomeModel,
    designed,
    hidden_levels,
    refuse_uniform,
    units_to_model,
    with_numbers,
)
from accountability.outcomes.penalty_models import fit_rungs
from accountability.outcomes.sparse_cells import Designed, Endings, Sparse
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN
from accountability.stats import ordered_logit, truncated_counts
from accountability.stats.arrays import Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Cells, Fit
from accountability.stats.compress import combine
from accountability.stats.penalised import Bools
from accountability.stats.sandwich import Clustered, among, weighed_clusters
from accountability.stats.truncated_counts import FAMILIES, SPREAD, Family, fit_truncated
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

BANDS: Final = ((1, 3), (4, 10), (11, 30))
ADDS: Final = {
    "negative_binomial": "log mean of days if any",
    "poisson": "log mean of days if any",
    "quasi_poisson": "log mean of days if any",
    "log_normal": "mean log of days if any, with one spread,",
    "bands": "log odds of a longer band if any",
}
POWER: Final = -1.0  # CR3: with CR2 days if any were told apart in 7 to 11 % of agencies without a difference
FEWEST: Final = 5.2  # officers: of a level on 5 among 300 the days if any were told apart in 10 % without a difference
LONGEST: Final = 3_650  # ten years: a longer suspension is a wrong number
ANY, IF_ANY, DAYS = "any days", "days if any", "days"
BAND_NAMES: Final = ("0 days", *(f"{a} to {b} days" for a, b in BANDS), f"over {BANDS[-1][1]} days")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DaysHurdle(OutcomeModel):
    """A hurdle model of the days of a penalty, with several covariates.

    ``table`` has one row per level and part: ``any days`` (log odds) and ``days if any`` (log mean before truncation;
    for log-normal the mean logarithm; for bands the log odds of a longer band, with the share above the shortest as
    margin). A level without any days has no row for days. Outcomes of ``margins`` and ``contrasts``: ``any days``
    (share), ``days if any`` (mean), ``days`` (mean, counting no days as 0), and the share in each band of days; bands
    have no means, and quasi-Poisson has no shares by band. In addition to the attributes of ``OutcomeModel``:

    Attributes
    ----------
    fit, how_many : Fit
        The two parts.
    family : str
    """

    HEADLINE: ClassVar[str | None] = DAYS
    SAID: ClassVar[str] = (
        "Mean days lost among sustained {units}, counting no days as 0, at the same mix of the other columns"
    )
    SCALE: ClassVar[tuple[float, str]] = (1.0, "days")
    AXIS: ClassVar[str] = "mean days, counting no days as 0, all else as it is"

    how_many: Fit
    family: str

    @property
    def headline(self) -> str | None:
        """Outcome shown in the sentence and the figure: the mean or, for bands, the share of each."""
        return None if self.family == "bands" else DAYS

    def said(self) -> str:
        """Beginning of the sentence."""
        if self.family == "bands":
            return "Days lost among sustained {units}, at the same mix of the other columns, the band that differs most"
        return self.SAID


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
    sparse: Sparse = "penalise",
) -> DaysHurdle:
    """Fit a hurdle model of the days lost by the imposed penalty among sustained units.

    A logit models whether any days are lost; a distribution of positive days models how many. Suspensions and loss of
    leave have their stated days; no penalty, counselling and reprimand have none; demotion, dismissal and unknown
    lengths have no equivalent in days, and are left out and counted. Parts of a day count as a day.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, min_cell, sparse
        As in :func:`accountability.outcomes.sustained_logit`.
    family : {"negative_binomial", "poisson", "quasi_poisson", "log_normal", "bands"}
        Model of the positive days: a zero-truncated count; a mean only (quasi-Poisson), without shares by band; a
        normal distribution of the logarithm; or an ordered logit of bands of days, without means. The last three suit
        days heaped on round numbers; the negative binomial does not.
    leave_day : float
        Days of suspension that one day of leave counts as.
    ladder : Ladder, optional

    Returns
    -------
    DaysHurdle

    Raises
    ------
    Refusal
        If the source holds no days, all or no units have any, the family does not fit the days, columns are collinear,
        or cells are empty with ``sparse="refuse"``.
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
    rows, without = with_numbers(rows.loc[days.notna()], made.columns)
    number = np.ceil(days.loc[rows.index].to_numpy(dtype=float)).astype(np.int64)
    some = number > 0
    refuse_uniform(some.astype(float), "sustained units lost any days")
    endings = Endings(some.astype(np.int64), ("without days", "with days"))
    rows, shape = designed(rows, made.columns, reference, min_group, endings, sparse, min_cell)
    zero = shape.fitted(
        lambda shrink: fit_logit(shape.design, shape.pattern, some.astype(float), shape.ways, shrink), confidence
    )
    inside = _with_days(shape, some)
    count, band = _fit_days(inside, number[some], family, confidence)
    width = shape.design.shape[1]

    def margin(theta: Floats, design: Floats) -> Floats:
        """Share with any days, mean days if any, mean days, and shares by band."""
        chance = 1.0 / (1.0 + np.exp(-(design @ theta[:width])))
        share = float(shape.weight @ chance)
        if family == "bands":
            within = np.zeros((len(design), len(BANDS) + 1))
            within[:, band] = ordered_logit.chances(theta[width:], design[:, 1:], len(band) - 1)
            parts = shape.weight @ (chance[:, None] * within)
            return np.array([share, 1 - share, *parts])
        overall = float(shape.weight @ (chance * truncated_counts.means(theta[width:], design, family)))
        if family == "quasi_poisson":
            return np.array([share, overall / share, overall, 1 - share])
        each = truncated_counts.chances(theta[width:], design, family, BANDS[-1][1])
        bands = [float(shape.weight @ (chance * each[:, a - 1 : b].sum(axis=1))) for a, b in BANDS]
        return np.array([share, overall / share, overall, 1 - share, *bands, share - sum(bands)])

    hidden = hidden_levels(rows, made.columns, pd.Series(some, index=rows.index), min_cell)
    outcomes = [ANY, IF_ANY, DAYS, *(BAND_NAMES[:1] if family == "quasi_poisson" else BAND_NAMES)]
    if family == "bands":
        outcomes = [ANY, *BAND_NAMES]
    fits, means = [zero, count], (IF_ANY, DAYS)
    fitted = Fitted(
        made,
        rows,
        shape,
        fits,
        _joint(shape, number, band, zero, count, family),
        margin,
        outcomes,
        hidden,
        confidence,
        means,
    )
    before = {"bands": len(band) - 1}.get(family, 1 + (family in SPREAD))
    sums = {IF_ANY: BAND_NAMES[2:]} if family == "bands" else {}
    frames = fitted.frames({ANY: 1, IF_ANY: width + before}, {ANY: some}, sums)
    assumes = (
        f"a day of leave counts as {leave_day:g} of suspension; parts of a day as a day",
        f"log odds of any days, and {ADDS[family]}, add up over the columns",
        CLUSTERED,
        "penalties without a number of days are left out; the numbers describe the others",
        UNSEEN,
    )
    law = f"zero-truncated {family.replace('_', ' ')}" if family in FAMILIES[:2] else family.replace("_", "-")
    return DaysHurdle(
        method=f"hurdle: logit, and {law}; {shape.by(zero, count)} on collapsed patterns, {shape.errors} of both "
        f"parts together, {LIMITS_BY}",
        how_many=count,
        family=family,
        **fitted.fields(
            f"days lost by the imposed penalty among sustained units by {', '.join(made.columns)}",
            assumes,
            apart | without,
            min_cell,
            {name: _without_days(frame, inside.empty) for name, frame in frames.items()},
        ),
    )


def _with_days(shape: Designed, some: Bools) -> Designed:
    """The rows with any days, of which some levels may hold none."""
    made = replace(shape.made, pattern=shape.pattern[some])
    count = np.bincount(made.pattern, minlength=len(made.matrix))
    held = {name: made.patterns[name].astype("str").to_numpy() for name in shape.levels}
    empty = [
        (name, label, 1)
        for name, labels in shape.levels.items()
        for label in labels
        if not count[held[name] == label].sum()
    ]
    return replace(shape, made=made, ways=among(shape.ways, some), empty=empty)


def _fit_days(inside: Designed, days: Ints, family: Family, confidence: float) -> tuple[Fit, Ints]:
    """The law of days above zero, and, of bands, which of them occur."""
    if family != "bands":
        if family not in FAMILIES:
            raise ParameterError(f"family must be one of {', '.join(ADDS)}; found {family!r}")
        return inside.fitted(
            lambda shrink: fit_truncated(inside.design, inside.pattern, days, inside.ways, family, shrink),
            confidence,
        ), np.empty(0, dtype=np.int64)
    held, band = np.unique(np.searchsorted([most for _, most in BANDS], days), return_inverse=True)
    if len(held) < 2:
        raise Refusal(f"all {len(days):,} lengths lie in one band of days ({BAND_NAMES[held[0] + 1]})")
    return fit_rungs(inside, band.astype(np.int64), confidence), held.astype(np.int64)


def _without_days(frame: pd.DataFrame, empty: Sequence[tuple[str, str, int]]) -> pd.DataFrame:
    """Leave out what would be said of the days of levels that have none: it is the penalty's alone."""
    gone = pd.Series(list(zip(frame["column"], frame["level"], strict=True)), index=frame.index).isin(
        [cell[:2] for cell in empty]
    )
    gone &= frame["outcome"].eq(IF_ANY)
    names = [name for name in frame.select_dtypes("float") if name not in ("column", "level")]
    return frame.assign(**{str(name): frame[name].mask(gone) for name in names})


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


def _joint(shape: Designed, number: Ints, band: Ints, zero: Fit, count: Fit, family: Family) -> Clustered:
    """Covariance of both parts together: clusters' scores of one part go with those of the other."""
    from scipy.linalg import block_diag

    if zero.scores is None or zero.cell is None or count.scores is None or count.cell is None:
        raise AssertionError("both parts have clustered errors")
    width, both = len(zero.coefficients), len(zero.coefficients) + len(count.coefficients)
    held = combine((shape.pattern, number), (len(shape.design), int(number.max()) + 1), len(number))
    some = number[held.first] > 0
    scores = np.zeros((len(some), both))
    scores[:, :width] = zero.scores[zero.cell[held.first]]
    scores[some, width:] = count.scores[count.cell[(np.cumsum(number > 0) - 1)[held.first[some]]]]

    def information() -> Floats:
        pattern, out = shape.pattern[held.first], np.zeros((len(some), both, both))
        chance = 1.0 / (1.0 + np.exp(-(shape.design @ zero.coefficients)))
        x = (shape.design * np.sqrt(chance * (1 - chance))[:, None])[pattern]
        out[:, :width, :width] = x[:, :, None] * x[:, None, :]
        pattern, days, theta = pattern[some], number[held.first[some]], count.coefficients
        if family == "bands":
            rung = np.searchsorted(band, np.searchsorted([most for _, most in BANDS], days))
            ends = ordered_logit.cut_designs(shape.design[:, 1:], len(band) - 1, ())
            out[some, width:, width:] = ordered_logit.cell_information(theta, ends, pattern, rung)
        else:
            own = Cells(pattern, days, held.number[some].astype(float), pattern)
            out[some, width:, width:] = truncated_counts.cell_information(theta, shape.design, own, family)
        return out

    bread = block_diag(zero.plain, count.plain)
    errors = weighed_clusters(bread, scores, held.code, shape.ways, information, POWER)
    # Lengths are skewed, so few officers are worth less than the leverage says: at most their number less one.
    errors = replace(errors, crossed=True, fewest=FEWEST)
    if zero.limits is None and count.limits is None:
        return errors
    # Where cells are empty a part's own covariance is the larger.
    covariance = errors.covariance.copy()
    covariance[:width, :width], covariance[width:, width:] = zero.covariance, count.covariance
    return replace(errors, covariance=covariance)
