"""Difference in differences: the change at a date in affected units, compared with units never affected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import Refusal, check_number
from accountability.privacy import MIN_CELL
from accountability.reforms.effect import Effect
from accountability.reforms.interrupted import fitted
from accountability.reforms.one_series import (
    SCALE,
    Series,
    as_month,
    change_date,
    enough,
    left_out,
    mixed,
    season,
    series_of,
    told,
)
from accountability.reforms.panel import Panel
from accountability.results import capitalised, p_words, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.monthly_series import Kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST = 6  # months on a side; there is no season to tell


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BeforeAfter(Effect):
    """Change of affected units relative to units never affected.

    ``table``: ``quantity``, ``estimate`` (ratio of the changes; for means, their difference), ``std_error``, ``lower``,
    ``upper``, ``p_value``, ``n`` (cases), ``clusters`` (months). ``series``: ``month``, ``affected``, ``others``
    (missing where fewer than ten).

    Attributes
    ----------
    series : pandas.DataFrame
    scale : str
    at : str
    """

    series: pd.DataFrame
    scale: str
    at: str

    def _said(self, row: Mapping[Any, Any]) -> str:
        return f"{self.outcome}{'' if self.causal else ' differed'} {_by(row, self.scale, self.confidence)}"

    def sentence(self) -> str:
        """State the change and its assumption, without a causal verb if the months before contradict it."""
        said = self._said(self.table.iloc[0].to_dict())
        if self.causal:
            return f"{capitalised(self.reform)} changed {said}, if {self.only_if}."
        return f"After {self.reform}, {said}; that is no proof of an effect: {self.only_if}."

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both groups by month, each relative to its own mean before."""
        from accountability.figures import draw

        axes = draw.new_axes(ax)
        for number, (name, label) in enumerate((("affected", "affected"), ("others", "not affected"))):
            draw.lines(axes, self.series, x="month", y=name, label=label, number=number)
        draw.limit(axes, float(axes.convert_xunits(self.series.attrs["from"])), self.at)
        draw.labelled(axes, "month", f"{self.outcome}, mean before = 1", y_kind="number")
        draw.lines_named(axes)
        return axes


def before_and_after(
    panel: Panel,
    outcome: str,
    *,
    of: str | None = None,
    at: str | int | None = None,
    window: int | None = None,
    donut: int | tuple[int, int] = 0,
    waves: int = 0,
    confidence: float = 0.95,
) -> BeforeAfter:
    """Estimate the change of affected units at a date, compared with that of units never affected.

    Parameters
    ----------
    panel : Panel
        Units affected from one date on, and units never affected.
    outcome, of, at, window, donut, confidence
        As in :func:`interrupted_series`.
    waves : int
        Pairs of cosine and sine for a seasonal difference between the groups; a common season cancels.

    Returns
    -------
    BeforeAfter
        Rows: after versus before; the difference of the groups' trends before, per year.

    Raises
    ------
    Refusal
        Without a comparison group, with one period before, fewer than six months on a side, a declared spillover,
        anticipation that `donut` does not leave out, or several dates.
    ParameterError
        For an unknown outcome, values that are not counts, or an invalid date.

    Notes
    -----
    Given the sum of two monthly counts, the first is binomial: its logit is the log ratio of the two rates, and common
    levels, seasons and shocks of the month cancel. For shares and means, the groups' monthly difference is regressed.
    Months are autocorrelated as in :func:`interrupted_series`, so the errors do not depend on the number of units. The
    effect assumes parallel trends (of logarithms, for counts); if the trends before already differ, the sentence has no
    causal verb.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> months, rng = np.arange(72), np.random.default_rng(1)
    >>> frame = pd.concat([
    ...     pd.DataFrame({"unit": "north", "period": months, "cohort": 36.0,
    ...                   "complaints": rng.poisson(np.where(months < 36, 40, 24))}),
    ...     pd.DataFrame({"unit": "south", "period": months, "cohort": np.inf, "complaints": rng.poisson(60, 72)})])
    >>> found = reforms.before_and_after(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    >>> bool(found.table["upper"].iloc[0] < 0.8)
    True
    """
    what = "reforms.before_and_after"
    check_number("confidence", confidence, 0.5, 0.999, "a number from 0.5 to 0.999", whole=False)
    check_number("waves", waves, 0, 5, "a whole number from 0 to 5")
    first = series_of(panel, outcome, of, affected=True, what=what)
    second = series_of(panel, outcome, of, affected=False, what=what)
    day = change_date(panel, at, what)
    if not len(second.months):
        raise Refusal(
            f"{what}: all are affected from {panel.month(day)} on "
            f"({plural(panel.frame['unit'].nunique(), panel.per)} of the panel), so there is no comparison. "
            "Write: reforms.interrupted_series(panel, outcome), which needs none and proves less"
        )
    reform = panel.reform
    if reform and reform.spillover:
        raise Refusal(
            f"{what}: the reform is declared to have touched those it does not affect ({reform.spillover}), so they "
            "are no measure of what would have been. Write: reforms.interrupted_series(panel, outcome)"
        )
    months = np.intersect1d(first.months, second.months)
    keep = left_out(months, day, donut, reform.anticipation_months if reform else 0, what)
    months = months[keep]
    if window is not None:
        check_number("window", window, LEAST, 600, f"whole months from {LEAST} on, or None")
        months = months[abs(months - day + 0.5) < window]
    enough(months, day, LEAST, what, panel.month)
    one, other = (group.within(np.isin(group.months, months)) for group in (first, second))
    if one.kind != other.kind:
        one, other = (Series(group.months, group.values, group.size, "mean") for group in (one, other))
    both = _together(one, other)
    after = (both.months >= day).astype(float)
    design = np.column_stack([np.ones(len(after)), after, season(both.months, waves)])
    if one.kind == "count":
        both, design, after = _usable(both, design, after, day, what, panel)
    offset = _offset(one, other, both.months) if one.kind == "count" else None
    scale: Kind = "count" if one.kind == "count" else "mean"
    wanted = np.zeros(design.shape[1])
    wanted[1] = 1.0
    found = fitted(both, design, what, offset).contrast(wanted, confidence)
    rows = [("after against before", told(scale, found))]
    past = both.months < day
    if past.sum() > 4 + 2:
        trend = np.column_stack([np.ones(past.sum()), (both.months[past] - day) / 12])
        part = fitted(both.within(past), trend, what, None if offset is None else offset[past])
        rows.append(("trends apart before, over a year", told(scale, part.contrast(np.array([0.0, 1.0]), confidence))))
    alike = len(rows) < 2 or rows[1][1]["p_value"] >= 1 - confidence
    cases = int(one.counted.sum() + other.counted.sum())
    said = reform.what if reform else f"the change of {panel.month(day)}"
    return BeforeAfter(
        estimand=(
            f"{panel.label(outcome)} of those affected from {panel.month(day)} on, against those never affected, after "
            "against before"
        ),
        assumptions=(
            "without the reform, both groups would have changed alike (parallel trends)",
            "those not affected were not touched by it, and nobody acted on it before",
        ),
        method=(
            "quasi-binomial regression of the affected group's part of each month's count"
            if one.kind == "count"
            else "regression of the groups' difference of each month"
        )
        + "; autocorrelation integrated out",
        table=pd.DataFrame([{"quantity": name, **row, "n": cases, "clusters": len(both.months)} for name, row in rows]),
        cautions=(*panel.cautions, *mixed(panel, outcome)),
        outcome=panel.label(outcome),
        reform=said,
        causal=alike,
        only_if=(
            "both groups would have changed alike without it, and those not affected were not touched by it"
            if alike
            else f"before it, the groups already moved apart {_by(rows[1][1], SCALE[scale], confidence)} a year"
        ),
        confidence=confidence,
        series=_shown(one, other, panel, day),
        scale=SCALE[scale],
        at=panel.month(day),
    )


def _by(row: Mapping[Any, Any], scale: str, confidence: float) -> str:
    """A row in words, from "by" on."""
    form = "{:+.3g}" if scale == "difference" else "{:.2f}"
    value, lower, upper = (form.format(row[name]) for name in ("estimate", "lower", "upper"))
    p_value = p_words(row["p_value"])
    by = f"by {value}" if scale == "difference" else f"by a {scale} of {value}"
    return f"{by} ({percent(confidence)} interval {lower} to {upper}, {p_value})"


def _together(one: Series, other: Series) -> Series:
    """The first group's part of both counts, or the difference of the groups' means."""
    if one.kind == "count":
        total = one.values + other.values
        return Series(one.months, one.values / np.maximum(total, 1.0), total, "share")
    weight = 1 / (1 / one.size + 1 / other.size)
    return Series(one.months, one.values - other.values, weight, "mean")


def _usable(
    both: Series, design: Floats, after: Floats, day: int, what: str, panel: Panel
) -> tuple[Series, Floats, Floats]:
    """Months in which anything was counted say something of the groups' parts."""
    held = both.size > 0
    enough(both.months[held], day, LEAST, what, panel.month)
    return both.within(held), design[held], after[held]


def _offset(one: Series, other: Series, months: Any) -> Floats:
    """The logarithm of the ratio of the groups' exposures."""
    held = np.isin(one.months, months)
    return np.asarray(np.log(one.size[held] / other.size[held]))


def _shown(one: Series, other: Series, panel: Panel, day: int) -> pd.DataFrame:
    """Both groups by month, each over its mean before the date."""
    path: dict[str, Any] = {"month": one.months}
    if panel.calendar:
        path["month"] = as_month(one.months)
    for name, group in (("affected", one), ("others", other)):
        rate = group.values / group.size if group.kind == "count" else group.values
        path[name] = np.where(group.counted < MIN_CELL, np.nan, rate / rate[group.months < day].mean())
    frame = pd.DataFrame(path)
    frame.attrs["from"] = pd.Timestamp(panel.month(day)) if panel.calendar else day
    return frame
