"""Regression discontinuity in time: a short window around a date, with cautions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import check_number
from accountability.reforms.effect import Effect, estimates_drawn
from accountability.reforms.interrupted import fitted, said_of
from accountability.reforms.one_series import SCALE, change_date, enough, left_out, ready, series_of, told
from accountability.reforms.panel import Panel
from accountability.results import plural

LEAST = 8  # periods on a side: a line, and something left to judge it by


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Discontinuity(Effect):
    """The step of a series at a date, estimated from a few periods on each side.

    ``table``: ``quantity`` (the window and the curve), ``estimate``, ``std_error``, ``lower``, ``upper``, ``p_value``,
    ``n``, ``clusters`` (periods). The first row is the main estimate.

    Attributes
    ----------
    scale : str
    """

    scale: str

    def _said(self, row: Mapping[Any, Any]) -> str:
        return said_of(self, row)

    def sentence(self) -> str:
        """State the step, and that its timing was not random."""
        said = self._said(self.table.iloc[0].to_dict())
        return f"At {self.reform}, {said}. That is no proof of an effect: {self.only_if}."

    def plot(self, ax: Any = None) -> Any:
        """Draw the step under each window and curve."""
        return estimates_drawn(self.table, "quantity", self.scale, f"{self.scale} at the date", ax)


def discontinuity_in_time(
    panel: Panel,
    outcome: str,
    *,
    of: str | None = None,
    at: str | int | None = None,
    bandwidth: int = 18,
    donut: int | tuple[int, int] = 0,
    confidence: float = 0.95,
) -> Discontinuity:
    """Estimate the step of a series at a date from a window around it, with a line on each side.

    Parameters
    ----------
    panel : Panel
        Summed over its units; periods of the user's own frame may be weeks.
    outcome, of, at, donut, confidence
        As in :func:`interrupted_series`.
    bandwidth : int
        Periods on each side.

    Returns
    -------
    Discontinuity
        Rows: lines in the window, in half and in twice the window, and quadratic curves in it, as far as the periods
        allow.

    Raises
    ------
    Refusal
        With fewer than 8 periods on a side, anticipation that `donut` does not leave out, or several dates.
    ParameterError
        For an unknown outcome, values that are not counts, or an invalid date.

    Notes
    -----
    Time assigns the treatment, so assignment near the date is not random, and results for cross-sectional
    discontinuities do not apply (Hausman and Rapson 2018): seasons remain, periods are autocorrelated, complaints may
    be delayed or brought forward, and a fading step looks like none. Each is a caution where it applies. All periods of
    the window have equal weight; errors as in :func:`interrupted_series`. The sentence has no causal verb.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> months = np.arange(96)
    >>> drawn = np.random.default_rng(1).poisson(np.where(months < 48, 80, 50))
    >>> frame = pd.DataFrame({"unit": "all", "period": months, "cohort": 48, "complaints": drawn})
    >>> found = reforms.discontinuity_in_time(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    >>> found.table["quantity"].tolist()
    ['18 periods, lines', '9 periods, lines', '36 periods, lines', '18 periods, curves']
    """
    what = "reforms.discontinuity_in_time"
    check_number("bandwidth", bandwidth, LEAST, 600, f"whole periods from {LEAST} on")
    check_number("confidence", confidence, 0.5, 0.999, "a number from 0.5 to 0.999", whole=False)
    some = True if any(np.isfinite(list(ready(panel, what).cohorts))) else None
    whole = series_of(panel, outcome, of, affected=some, what=what)
    day = change_date(panel, at, what)
    reform = panel.reform
    anticipated = reform.anticipation_months if reform else 0
    kept = whole.within(left_out(whole.months, day, donut, anticipated, what))
    rows: list[dict[str, Any]] = []
    word = "month" if panel.calendar else "period"
    correlation = 0.0
    for wide, order in ((bandwidth, 1), (bandwidth // 2, 1), (2 * bandwidth, 1), (bandwidth, 2)):
        near = kept.within((kept.months >= day - wide) & (kept.months < day + wide))
        sides = [int((near.months < day).sum()), int((near.months >= day).sum())]
        if not rows:
            enough(near.months, day, LEAST, what, panel.month)
        elif min(sides) < LEAST or (wide > bandwidth and max(sides) <= bandwidth):
            continue
        place, since = (near.months - day) / 12, (near.months >= day).astype(float)
        powers = [place**power for power in range(1, order + 1)]
        design = np.column_stack([np.ones(len(place)), since, *powers, *(since * power for power in powers)])
        fit = fitted(near, design, what)
        wanted = np.zeros(design.shape[1])
        wanted[1] = 1.0
        correlation = correlation or fit.correlation
        rows.append(
            {"quantity": f"{plural(wide, word)}, {'lines' if order == 1 else 'curves'}"}
            | told(near.kind, fit.contrast(wanted, confidence))
            | {"n": int(near.counted.sum()), "clusters": len(near.months)}
        )
    table = pd.DataFrame(rows)
    return Discontinuity(
        estimand=f"step of {panel.label(outcome)} at {panel.month(day)}, from {plural(bandwidth, word)} on each side",
        assumptions=(
            "but for the reform, what lies on both sides would have met at the date",
            "nothing else changed at the date, and nobody moved a complaint across it",
        ),
        method=f"a line on each side in a window of {plural(bandwidth, word)}; autocorrelation integrated out",
        table=table,
        cautions=(*panel.cautions, *_cautions(table, bandwidth, correlation, panel.calendar, donut)),
        outcome=panel.label(outcome),
        reform=reform.what if reform else panel.month(day),
        causal=False,
        only_if="time, not chance, divides before from after, and anything else of that date is in the step",
        confidence=confidence,
        scale=SCALE[kept.kind],
    )


def _cautions(table: pd.DataFrame, bandwidth: int, correlation: float, calendar: bool, donut: Any) -> tuple[str, ...]:
    said = []
    if calendar and bandwidth < 24:
        said.append("the window is too short to tell the season from the step")
    if correlation > 0.2:
        said.append(
            f"months next to each other correlate ({correlation:.1f}), so the window tells less than it seems to"
        )
    sure = table["p_value"] < 0.05
    side = np.sign(np.where(table["lower"].gt(0).all(), np.log(table["estimate"].clip(lower=1e-9)), table["estimate"]))
    if len(table) > 1 and (sure.nunique() > 1 or len(np.unique(side)) > 1):
        said.append("another window or a curve gives another verdict")
    if donut == 0:
        said.append(
            "complaints held back or brought forward round the date are in the step: leave months out by donut=1"
        )
    return tuple(said)
