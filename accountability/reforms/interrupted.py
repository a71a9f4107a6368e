"""Interrupted time series: level and trend before and after a date, with season and autocorrelation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.privacy import MIN_CELL
from accountability.reforms.effect import Effect
from accountability.reforms.one_series import (
    LEAST,
    SCALE,
    Series,
    as_month,
    change_date,
    enough,
    left_out,
    mixed,
    ready,
    season,
    series_of,
    told,
)
from accountability.reforms.panel import Panel
from accountability.results import capitalised, p_words, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.monthly_series import Errors, SeriesFit, fit_series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A fitted count or share as small comes of a coefficient that has no end.
NOTHING: Final = 1e-6
#: Months on each side from which on the change of a trend is told apart from a swing of the months.
SLOPE: Final = 36
ALONE = "one series has no comparison, so whatever else changed at that time, or bent the trend, is in the number"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Interrupted(Effect):
    """The change of a series at a date, relative to its past.

    ``table``: ``quantity``, ``estimate`` on `scale`, ``std_error``, ``lower``, ``upper``, ``p_value``, ``n`` (cases
    counted), ``clusters`` (months). ``series``: ``month``, ``observed``, ``fitted``, and ``without`` (the projection of
    the months before); ``observed`` is missing where fewer than ten.

    Attributes
    ----------
    series : pandas.DataFrame
    scale : {"ratio", "odds ratio", "difference"}
    correlation, dispersion : float
        Correlation of neighbouring months' residuals; variance over that of independent cases.
    at : str
    """

    series: pd.DataFrame
    scale: Literal["ratio", "odds ratio", "difference"]
    correlation: float
    dispersion: float
    at: str

    def _said(self, row: Mapping[Any, Any]) -> str:
        return said_of(self, row)

    def sentence(self) -> str:
        """State the change at the date and over the months since, without a causal verb."""
        rows = self.table.to_dict("records")
        more = f"; {rows[-1]['quantity']}, {self._said(rows[-1])}" if len(rows) > 1 else ""
        return f"After {self.reform}, {self._said(rows[0])}{more}. That is no proof of an effect: {self.only_if}."

    def figure_title(self) -> str:
        """State the first row."""
        return capitalised(self._said(self.table.iloc[0].to_dict()).split(" (")[0])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the months, the fit, and the projection of the months before."""
        from accountability.figures import draw

        axes = draw.new_axes(ax)
        axes.plot(self.series["month"], self.series["observed"], ".", color="0.55", markersize=4, label="observed")
        draw.lines(axes, self.series, x="month", y="fitted", label="fitted", number=0)
        after = self.series[self.series["month"] >= self.series.attrs["from"]]
        draw.lines(axes, after, x="month", y="without", label="had the earlier months gone on", number=1)
        draw.limit(axes, float(axes.convert_xunits(self.series.attrs["from"])), self.at)
        axes.set_ylim(bottom=0) if self.scale != "difference" else None
        draw.labelled(axes, "month", self.outcome, y_kind="share" if self.scale == "odds ratio" else "number")
        draw.key_above(axes)
        return axes


def said_of(result: Any, row: Mapping[Any, Any]) -> str:
    """Return a row of a series in words, on its scale."""
    if row["estimate"] != row["estimate"]:
        return f"nothing is said of {result.outcome}: it rests on too few"
    form = "{:+.3g}" if result.scale == "difference" else "{:.2f}"
    value, lower, upper = (form.format(row[name]) for name in ("estimate", "lower", "upper"))
    unit = "" if result.scale == "difference" else " times"
    thing = {"ratio": "{0} were", "odds ratio": "the odds of the {0} were", "difference": "{0} differed by"}[
        result.scale
    ]
    p_value = p_words(row["p_value"])
    than = "" if result.scale == "difference" else " what they would have been"
    interval = f"{percent(result.confidence)} interval {lower} to {upper}, {p_value}"
    return f"{thing.format(result.outcome)} {value}{unit}{than} ({interval})"


def interrupted_series(
    panel: Panel,
    outcome: str,
    *,
    of: str | None = None,
    at: str | int | None = None,
    window: int | None = None,
    donut: int | tuple[int, int] = 0,
    segments: Sequence[str | int] = (),
    waves: int = 2,
    slope: bool | None = None,
    errors: Errors = "integrated",
    confidence: float = 0.95,
) -> Interrupted:
    """Estimate the change of a monthly series at a date, relative to the projection of the months before.

    Parameters
    ----------
    panel : Panel
        Summed over its units, or over the affected ones if there are any.
    outcome : str
        A count; with `of`, a share or a mean.
    of : str, optional
        Column of the numbers of cases of a share or mean.
    at : month or period, optional
        The first month of the change; by default that of the panel's reform.
    window : int, optional
        Months used on each side; all when left out.
    donut : int or (int, int)
        Months left out before and from the date on.
    segments : sequence of months
        Other dates at which level and trend may have changed.
    waves : int
        Pairs of cosine and sine for the season; 0 for none.
    slope : bool, optional
        Whether the trend may also change at the date; by default if there are 36 months on each side.
    errors : {"integrated", "newey_west"}
        How autocorrelation is handled.
    confidence : float

    Returns
    -------
    Interrupted
        Rows: the change in the first month; the change of the yearly trend; the mean change over the months since. With
        a fixed trend, one row: the change in every month since.

    Raises
    ------
    Refusal
        With fewer than 12 months on a side (36 for ``slope=True``), fewer than ten cases, units affected at several
        dates, or anticipation that `donut` does not leave out.
    ParameterError
        For an unknown outcome, values that are not counts, or an invalid date.

    Notes
    -----
    Quasi-Poisson with a log link for counts (exposure as offset), quasi-binomial for shares, weighted least squares
    for means (Wagner et al. 2002; Bernal et al. 2017). The estimates are averages of generalised least squares
    estimates over the residuals' correlation, by its restricted likelihood
    (:func:`accountability.stats.monthly_series.fit_series`), widened so that a true null is rejected in at most
    6.5 % of series of 24 months or more; of 48 to 120, Newey and West's errors reject 10 to 25 %. Without a comparison
    group, the sentence has no causal verb.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> months = np.arange(96)
    >>> drawn = np.random.default_rng(1).poisson(np.where(months < 48, 40, 28))
    >>> frame = pd.DataFrame({"unit": "all", "period": months, "cohort": 48, "complaints": drawn})
    >>> result = reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints", slope=False)
    >>> result.figure_title()
    'Complaints were 0.67 times what they would have been'
    """
    what = "reforms.interrupted_series"
    check_number("confidence", confidence, 0.5, 0.999, "a number from 0.5 to 0.999", whole=False)
    check_number("waves", waves, 0, 5, "a whole number from 0 to 5")
    if errors not in get_args(Errors):
        raise ParameterError(f"errors: expected one of {', '.join(get_args(Errors))}, found {errors!r}")
    some = True if any(np.isfinite(list(ready(panel, what).cohorts))) else None
    whole = series_of(panel, outcome, of, affected=some, what=what)
    day = change_date(panel, at, what)
    others = [change_date(panel, one, what) for one in ([segments] if isinstance(segments, (str, int)) else segments)]
    if window is not None:
        check_number("window", window, LEAST, 600, f"whole months from {LEAST} on, or None")
        whole = whole.within(abs(whole.months - day + 0.5) < window)
    anticipated = panel.reform.anticipation_months if panel.reform else 0
    series = whole.within(left_out(whole.months, day, donut, anticipated, what))
    enough(series.months, day, LEAST, what, panel.month)
    after = int((series.months >= day).sum())
    sides = min(after, len(series.months) - after)
    if slope and sides < SLOPE:
        raise Refusal(
            f"{what}: {sides} months on the shorter side cannot tell a change of the trend from a swing of the months; "
            f"{SLOPE} are needed. Write slope=False: the same change in every month since"
        )
    slope = sides >= SLOPE if slope is None else slope
    design, names = _design(series, day, others, waves, slope)
    fit = fitted(series, design, what)
    _some_before(series, day, what, panel.month)
    rows = [
        {"quantity": name, **told(series.kind, fit.contrast(vector, confidence, errors), per)}
        | {"n": int(series.counted.sum()), "clusters": len(series.months)}
        for name, vector, per in names
    ]
    without = design.copy()
    without[:, 2 : 3 + slope] = 0.0
    months = as_month(series.months) if panel.calendar else series.months
    few = series.counted < MIN_CELL
    path = pd.DataFrame(
        {
            "month": months,
            "observed": np.where(few, np.nan, series.values),
            "fitted": _expected(series, design @ fit.averaged),
            "without": _expected(series, without @ fit.averaged),
        }
    )
    path.attrs["from"] = pd.Timestamp(panel.month(day)) if panel.calendar else day
    reform = panel.reform.what if panel.reform else panel.month(day)
    return Interrupted(
        estimand=f"{panel.label(outcome)} after {panel.month(day)}, against what the months before would have led to",
        assumptions=(
            "the trend and the season of the months before would have gone on",
            "nothing else changed at the date, in what happened or in what was recorded",
        ),
        method=(
            f"{ {'count': 'quasi-Poisson', 'share': 'quasi-binomial', 'mean': 'linear'}[series.kind] } regression with "
            f"a trend{', its change' if slope else ''} and {plural(waves, 'wave')} of the season; "
            + ("autocorrelation integrated out" if errors == "integrated" else "errors of Newey and West")
            + (f"; {plural(int(len(whole.months) - len(series.months)), 'month')} left out" if donut else "")
        ),
        table=pd.DataFrame(rows),
        cautions=(*panel.cautions, *mixed(panel, outcome)),
        outcome=panel.label(outcome),
        reform=reform,
        causal=False,
        only_if=ALONE,
        confidence=confidence,
        series=path,
        scale=SCALE[series.kind],
        correlation=fit.correlation,
        dispersion=fit.dispersion,
        at=panel.month(day),
    )


def fitted(series: Series, design: Floats, what: str, offset: Floats | None = None) -> SeriesFit:
    """Fit a series, or refuse if it is too short."""
    n, k = design.shape
    if n <= k + 4:
        raise Refusal(
            f"{what}: {plural(n, 'month')} for {plural(k, 'coefficient')}; leave out segments or waves, or take a "
            "longer window"
        )
    total = int(series.counted.sum())
    if total < MIN_CELL or (series.kind != "mean" and len(np.unique(series.values)) == 1):
        raise Refusal(
            f"{what}: {f'1 to {MIN_CELL - 1} cases' if 0 < total < MIN_CELL else plural(total, 'case')} in "
            f"{plural(n, 'month')}, with "
            f"{plural(len(np.unique(series.values)), 'different value')}; at least {MIN_CELL} cases and two values "
            "are needed"
        )
    hits = float(series.values @ series.size) if series.kind == "share" else float("inf")
    if min(hits, series.size.sum() - hits if series.kind == "share" else hits) < MIN_CELL:
        raise Refusal(
            f"{what}: of {series.size.sum():,.0f} cases in {plural(n, 'month')}, fewer than {MIN_CELL} count or "
            "fewer do "
            "not; take a wider window, or an outcome met more often"
        )
    if np.linalg.matrix_rank(design) < k:
        raise Refusal(
            f"{what}: the months observed cannot tell its {k} coefficients apart; leave out segments or waves"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Perfect separation")
        fit = fit_series(series.months, series.values, design, series.kind, series.size, offset)
    least = fit.fitted.min() if series.kind == "count" else min(fit.fitted.min(), 1 - fit.fitted.max())
    if series.kind != "mean" and least < NOTHING:
        raise Refusal(
            f"{what}: months on end in which nothing counts, or everything, leave the ratio without an end "
            f"({int((series.values == 0).sum())} of {plural(n, 'month')} are 0). Take a wider window, fewer waves, "
            "slope=False, or an outcome met more often"
        )
    return fit


def _some_before(series: Series, day: int, what: str, month: Any) -> None:
    """Refuse a series whose months before the date hold too few cases to say what they would have led to."""
    if series.kind == "mean":
        return
    before = series.months < day
    hits = float((series.values * (series.size if series.kind == "share" else 1.0))[before].sum())
    rest = float(series.size[before].sum()) - hits if series.kind == "share" else hits
    if min(hits, rest) < MIN_CELL:
        raise Refusal(
            f"{what}: fewer than {MIN_CELL} cases before {month(day)} count{'' if rest >= hits else ', or do not'}, so "
            "the months before lead to nothing with which those after could be compared. Take a wider window, larger "
            "groups, or an outcome met more often"
        )


def _design(
    series: Series, day: int, others: Sequence[int], waves: int, slope: bool
) -> tuple[Floats, list[tuple[str, Floats, float]]]:
    """Columns (level, trend, step, slope since, other segments, season), and the contrasts that are told."""
    years = (series.months - day) / 12
    since = (series.months >= day).astype(float)
    columns = [np.ones(len(years)), years, since, *([years * since] if slope else [])]
    for one in others:
        later = (series.months >= one).astype(float)
        columns += [later, later * (series.months - one) / 12]
    design = np.column_stack([*columns, season(series.months, waves)])
    step = np.zeros(design.shape[1])
    step[2] = 1.0
    told_of = [("in the first month" if slope else f"in the {int(since.sum())} months since", step, 1.0)]
    if slope:
        turn, mean = np.zeros_like(step), step.copy()
        turn[3] = 1.0
        mean[3] = float((years * since).sum() / since.sum())
        told_of += [
            ("trend over a year", turn, 1.0),
            (f"on average over the {int(since.sum())} months since", mean, 1.0),
        ]
    return design, told_of


def _expected(series: Series, linear: Floats) -> Floats:
    if series.kind == "count":
        return np.asarray(np.exp(linear) * series.size)
    return np.asarray(1 / (1 + np.exp(-linear)) if series.kind == "share" else linear)
