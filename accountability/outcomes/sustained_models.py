"""Logits of sustained findings: one with clustered errors, and one with a random intercept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.model_tables import LIMITS_BY, Fitted, Margin, with_slopes
from accountability.outcomes.outcome_model import (
    OutcomeModel,
    designed,
    hidden_levels,
    refuse_uniform,
    units_to_model,
    with_numbers,
)
from accountability.outcomes.sparse_cells import Designed, Endings, Sparse
from accountability.outcomes.units_counted import CLUSTERED, UNSEEN, Units, decided
from accountability.records.units import WORDS
from accountability.results import percent
from accountability.stats.arrays import Floats
from accountability.stats.binary_logit import fit_logit, fit_random_intercept, spread_limits
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import student
from accountability.stats.penalised import Shrink
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLACES_AT = (0.1, 0.5, 0.9)
SUSTAINED = "sustained"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SustainedLogit(OutcomeModel):
    """A logit of sustained: log odds in ``table``, shares in ``margins`` and ``contrasts``.

    The attributes are those of :class:`accountability.outcomes.OutcomeModel`.
    """

    HEADLINE: ClassVar[str | None] = SUSTAINED
    SAID: ClassVar[str] = "Share sustained among decided {units}, at the same mix of the other columns"
    AXIS: ClassVar[str] = "share sustained, all else as it is"


@takes("cohort")
def sustained_logit(
    data: Cohort,
    covariates: str | Sequence[str],
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    sparse: Sparse = "penalise",
) -> SustainedLogit:
    """Fit a logit of sustained among decided units, with errors clustered on the officer.

    Numeric columns stay numeric; units without a value are left out and counted. Every other column is categorical, and
    a missing value is a category. ``margins`` hold the mean probability if all units had one level and their other
    covariates were unchanged, ``contrasts`` its difference from the reference. Intervals of shares are by the delta
    method on the log-odds scale, those of differences by the limits of both shares: they hold 0 where the test of the
    odds keeps it. Differences are descriptive; unrecorded variables may explain them.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates : str or sequence of str
        Columns of the allegations or cases.
    unit : str, optional
        By default what a row of the source is.
    reference : mapping of str to str, optional
        Reference level of a column; by default its most frequent one.
    min_group : int
        Levels with fewer units are pooled before the fit.
    confidence : float
    min_cell : int
        A level with fewer sustained or not sustained units is hidden, and the levels that would reveal it.
    sparse : {"penalise", "pool", "refuse"}
        What to do where a cell of level and outcome is empty, so that no finite estimate exists. ``penalise``: a
        log-F(1,1) penalty on every coefficient; limits of the coefficients of such levels are profile limits. ``pool``:
        such levels are pooled with the one of fewest events, until no cell is empty. ``refuse``: raise, and name the
        cells. The assumptions say what was done.

    Returns
    -------
    SustainedLogit

    Raises
    ------
    Refusal
        If the outcome does not vary, columns are collinear, or cells are empty with ``sparse="refuse"``.
    ParameterError
        For no columns, unknown columns, the finding as a column, a column with one value, or a reference that is not
        a level.

    Notes
    -----
    Greenland and Mansournia, Statistics in Medicine 34 (2015), (the penalty); Zou and Donner, Statistics in Medicine 27
    (2008), (differences of two shares).

    Examples
    --------
    >>> import accountability
    >>> from accountability import outcomes
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.sustained_logit(data, "complainant")
    >>> found.contrasts[["level", "against", "estimate"]].round(3).values.tolist()
    [['internal', 'public', 0.259]]
    >>> isinstance(outcomes.sustained_logit(data, "investigated_by"), outcomes.OutcomeModel)
    True
    """
    made = units_to_model(data, covariates, unit)
    rows, hits, apart = _decided(made.table, made.columns)
    rows, shape = designed(rows, made.columns, reference, min_group, _endings(hits), sparse, min_cell)
    fit = shape.fitted(lambda shrink: fit_logit(shape.design, shape.pattern, hits, shape.ways, shrink), confidence)

    def margin(theta: Floats, design: Floats) -> Floats:
        return np.array([shape.weight @ (1.0 / (1.0 + np.exp(-(design @ theta))))])

    return SustainedLogit(
        method=f"logit, {shape.by(fit)} on collapsed patterns; {shape.errors}; {LIMITS_BY}",
        **_fields(
            made,
            rows,
            shape,
            fit,
            margin,
            hits,
            of=f"share sustained among decided units by {', '.join(made.columns)}",
            assumes=("the log odds add up over the columns", CLUSTERED, UNSEEN),
            apart=apart,
            confidence=confidence,
            min_cell=min_cell,
        ),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SustainedMixedLogit(OutcomeModel):
    """A mixed logit of sustained: an :class:`OutcomeModel` with a random intercept by place.

    Attributes
    ----------
    spread : DataFrame
        ``quantity``, ``estimate``, ``lower``, ``upper``, ``p_value``: the standard deviation between places in log odds
        and the median odds ratio of two places, with profile likelihood limits (0 and 1 included) and the p-value of no
        spread; and the share sustained at the 10th, 50th and 90th percentile of places. No place is named.
    place : str
    places : int
    """

    AXIS: ClassVar[str] = "share sustained"

    spread: pd.DataFrame
    place: str
    places: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share sustained at the percentiles of places, with intervals."""
        from accountability.figures.draw import labelled, new_axes, ranges

        shown = self.spread.loc[self.spread["quantity"].str.startswith("share")]
        axes = new_axes(ax, height=2.2)
        ranges(axes, shown, label="quantity", estimate="estimate", lower="lower", upper="upper", kind="share")
        return labelled(axes, self.AXIS)

    def sentence(self) -> str:
        """State how far apart places are, in shares."""
        held = self.spread.set_index("quantity")["estimate"]
        low, high = (held[f"share sustained, {round(100 * p)}th percentile of places"] for p in (0.1, 0.9))
        said = (
            f"Over {self.places:,} values of {self.place.replace('_', ' ')}, the share sustained among decided "
            f"{WORDS[self.unit]} runs from {percent(low, 1)} at the 10th to {percent(high, 1)} at the 90th percentile, "
            "at the same mix of the other columns and with chance taken out."
        )
        none = self.spread.iloc[0]
        if none["lower"] > 0:
            return said
        return f"{said} That places do not differ at all is not excluded (p = {none['p_value']:.2g})."


@takes("cohort")
def sustained_mixed_logit(
    data: Cohort,
    covariates: str | Sequence[str],
    place: str,
    unit: str | None = None,
    *,
    reference: Mapping[str, str] | None = None,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    sparse: Sparse = "penalise",
    nodes: int = 15,
) -> SustainedMixedLogit:
    """Fit a mixed logit of sustained among decided units, with a normal random intercept by place.

    The multilevel alternative to errors clustered on the officer: rows of one place share its intercept. Coefficients
    compare units within a place; margins are means over places.

    Parameters
    ----------
    data : Cohort or Dataset
    covariates, unit, reference, min_group, confidence, min_cell, sparse
        As in :func:`accountability.outcomes.sustained_logit`.
    place : str
        Column of the allegations or cases: the squad, district or investigating body. The officer is refused.
    nodes : int
        Points of the adaptive quadrature.

    Returns
    -------
    SustainedMixedLogit

    Raises
    ------
    Refusal
        If there are fewer than five places, places vary no more than by chance, the outcome does not vary, or no finite
        estimate exists.
    ParameterError
        For no or unknown columns, the officer as a place, or a place that is also a column.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.sustained_mixed_logit(data, "complainant", "squad", nodes=5)
    >>> found.places
    40
    """
    if place == "officer_id" or place in ([covariates] if isinstance(covariates, str) else covariates):
        raise ParameterError(f"place={place!r}: name a column that groups officers and is not in the model itself")
    made = units_to_model(data, covariates, unit, also=[place])
    columns = tuple(name for name in made.columns if name != place)
    nowhere = made.table[place].isin([NOT_RECORDED, np.nan])
    rows, hits, apart = _decided(made.table.loc[~nowhere], columns)
    apart = {f"{place} not recorded": int((nowhere & decided(made.table["finding"])).sum()), **apart}
    rows, shape = designed(rows, columns, reference, min_group, _endings(hits), sparse, min_cell)
    codes = pd.factorize(rows[place])[0].astype(np.int64)
    told: list[tuple[float, float, float]] = []

    def fitted(shrink: Shrink | None) -> Fit:
        found = fit_random_intercept(shape.design, shape.pattern, hits, codes, nodes, shrink)
        told.append(spread_limits(found, shape.design, shape.pattern, hits, codes, confidence, nodes, shrink))
        return found

    fit = shape.fitted(fitted, confidence)
    points, weights = np.polynomial.hermite.hermgauss(31)

    def margin(theta: Floats, design: Floats) -> Floats:
        from scipy.special import expit

        index = (design @ theta[:-1])[:, None] + np.exp(theta[-1]) * np.sqrt(2.0) * points
        return np.array([shape.weight @ expit(index) @ weights / np.sqrt(np.pi)])

    return SustainedMixedLogit(
        method=f"random-intercept logit, adaptive quadrature with {nodes} points, {shape.by(fit)} on counts by "
        "place and pattern; errors from the observed information",
        spread=_spread(fit, shape, confidence, *told[-1]),
        place=place,
        places=fit.clusters,
        **_fields(
            made,
            rows,
            shape,
            fit,
            margin,
            hits,
            of=f"share sustained among decided units by {', '.join(columns)}, over values of {place}",
            assumes=(
                "places' intercepts are normal and unrelated to the columns",
                "rows of one place are alike only in sharing the place",
                UNSEEN,
            ),
            apart=apart,
            confidence=confidence,
            min_cell=min_cell,
        ),
    )


def _decided(table: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, Floats, dict[str, int]]:
    """Units with a finding and with all numbers, which of them are sustained, and how many lack a number."""
    rows, apart = with_numbers(table.loc[decided(table["finding"])], columns)
    hits = np.asarray(rows["finding"].eq("sustained"), dtype=np.float64)
    refuse_uniform(hits, "decided units are sustained")
    return rows, hits, apart


def _endings(hits: Floats) -> Endings:
    return Endings(hits.astype(np.int64), ("not sustained", SUSTAINED))


def _fields(
    made: Units,
    rows: pd.DataFrame,
    shape: Designed,
    fit: Fit,
    margin: Margin,
    hits: Floats,
    *,
    of: str,
    assumes: Sequence[str],
    apart: Mapping[str, int],
    confidence: float,
    min_cell: int,
) -> dict[str, Any]:
    hidden = hidden_levels(rows, shape.made.columns, pd.Series(hits > 0, index=rows.index), min_cell)
    fitted = Fitted(made, rows, shape, [fit], fit.errors, margin, [SUSTAINED], hidden, confidence)
    return fitted.fields(of, assumes, apart, min_cell, fitted.frames({SUSTAINED: 1}, {SUSTAINED: hits > 0}))


def _spread(fit: Fit, shape: Designed, confidence: float, lower: float, upper: float, p_value: float) -> pd.DataFrame:
    """How far places are apart: on the scale of log odds, as an odds ratio, and in shares."""
    from scipy.special import expit, ndtri

    def shares(theta: Floats, design: Floats) -> Floats:
        at = ndtri(PLACES_AT) * np.exp(theta[-1])
        return np.array([shape.weight @ expit(design @ theta[:-1] + shift) for shift in at])

    value, slopes = with_slopes(shares, fit.coefficients, shape.design)
    made = student(value, slopes, fit.errors, confidence)
    sds = np.array([np.exp(fit.coefficients[-1]), lower, upper])
    rows = [
        ("standard deviation in log odds", *sds, p_value),
        ("median odds ratio of two places", *np.exp(np.sqrt(2) * sds * ndtri(0.75)), p_value),
    ]
    for k, p in enumerate(PLACES_AT):
        ends = (max(made["lower"][k], 0.0), min(made["upper"][k], 1.0))
        rows.append((f"share sustained, {round(100 * p)}th percentile of places", float(value[k]), *ends, np.nan))
    return pd.DataFrame(rows, columns=["quantity", "estimate", "lower", "upper", "p_value"])
