"""Placebo tests: the estimate of a design at dates before the reform."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.errors import Refusal, check_number
from accountability.reforms import before_after, discontinuity, one_series
from accountability.reforms.effect import estimates_drawn
from accountability.reforms.firmness_of_effect import Design, by_design
from accountability.reforms.interrupted import SLOPE
from accountability.reforms.panel import Panel
from accountability.results import Result, percent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST: Final = 3
SIDES: Final = {
    "series": one_series.LEAST,
    "comparison": before_after.LEAST,
    "discontinuity": discontinuity.LEAST,
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Placebo(Result):
    """The same estimate at placebo dates before the reform.

    ``table``: ``at``, ``estimate``, ``lower``, ``upper``, ``p_value``, ``n``; the last row is the reform's date.

    Attributes
    ----------
    share : float
        Share of placebo dates whose estimate is at least as many standard errors from zero as at the reform's date.
    false : int
        Number of placebo dates with a significant change.
    scale : str
    quantity : str
        What is estimated at each date.
    """

    share: float
    false: int
    scale: str
    quantity: str

    def sentence(self) -> str:
        """State the share of placebo dates with at least as large a change."""
        dates = len(self.table) - 1
        return (
            f"Of {plural(dates, 'earlier date')}, {self.false} would have been called a change; at "
            f"{percent(self.share)} of them the estimate is as far from no change as at {self.table['at'].iloc[-1]}."
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimate at each date with its interval."""
        return estimates_drawn(self.table, "at", self.scale, f"{self.scale}, {self.quantity}", ax, row=0.25)


def placebo_dates(
    panel: Panel,
    outcome: str,
    design: Design = "series",
    *,
    at: str | int | None = None,
    every: int = 3,
    **options: Any,
) -> Placebo:
    """Estimate a change at placebo dates before the reform, by the same design.

    Parameters
    ----------
    panel, outcome, design, at
        As in :func:`by_design`.
    every : int
        Months from one date to the next.
    **options
        As in :func:`by_design`. The windows end before the reform and the months of `donut`. If the months before do
        not allow a change of the trend at three dates, the trend is fixed at all.

    Returns
    -------
    Placebo

    Raises
    ------
    Refusal
        As for the design, or if fewer than three dates before the reform have enough months on each side.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> months = np.arange(96)
    >>> drawn = np.random.default_rng(1).poisson(np.where(months < 60, 40, 28))
    >>> frame = pd.DataFrame({"unit": "all", "period": months, "cohort": 60, "complaints": drawn})
    >>> panel = reforms.panel_from_frame(frame, ["complaints"])
    >>> reforms.placebo_dates(panel, "complaints").sentence().split("; ")[0]
    'Of 13 earlier dates, 0 would have been called a change'
    """
    what = "reforms.placebo_dates"
    check_number("every", every, 1, 60, "whole months from 1 to 60")
    panel = one_series.ready(panel, what)
    day = one_series.change_date(panel, at, what)
    donut = options.get("donut", 0)
    result = by_design(panel, outcome, design, at=at, **options)
    end = day - (donut[0] if isinstance(donut, (tuple, list)) else donut)
    before = panel.frame[panel.frame["period"] < end]
    earlier = replace(panel, frame=before, reform=None)
    first, sides = int(before["period"].min()), SIDES[design]
    if design == "series" and options.get("slope") is None:
        whole = len(range(first + SLOPE, end - SLOPE + 1, every)) >= FEWEST
        options["slope"], sides = whole, SLOPE if whole else sides
        result = by_design(panel, outcome, design, at=at, **options)
    dates = list(range(first + sides, end - sides + 1, every))
    settings = {name: value for name, value in options.items() if name not in ("donut", "segments")}
    rows, because = [], ""
    for one in dates:
        try:
            found = by_design(
                earlier, outcome, design, at=panel.month(one) if panel.calendar else one, **settings
            ).table.iloc[0]
        except Refusal as refusal:  # months without a case
            because = f" ({refusal})"
            continue
        rows.append({"at": panel.month(one), **found.drop("quantity")})
    if len(rows) < FEWEST:
        raise Refusal(
            f"{what}: {plural(len(rows), 'date')} of the {plural(end - first, 'month')} before {panel.month(day)} "
            "can be "
            f"asked; {FEWEST} with {plural(sides, 'month')} on each side are needed, so {2 * sides + 2 * every} "
            f"months{because}. Use a smaller every"
        )
    own = result.table.iloc[0]
    table = pd.DataFrame([*rows, {"at": panel.month(day), **own.drop("quantity")}])
    table = table.astype(dict.fromkeys(("estimate", "std_error", "lower", "upper", "p_value"), float))
    apart = (table["p_value"].iloc[:-1] <= own["p_value"]).mean()
    return Placebo(
        estimand=f"the same change of {result.outcome} at dates before {panel.month(day)}, where there should be none",
        assumptions=("nothing changed at the dates before",),
        method=f"{result.method}; every {plural(every, 'month')}, only months before the reform",
        table=table,
        share=float(apart),
        false=int((table["p_value"].iloc[:-1] < 1 - result.confidence).sum()),
        scale=result.scale,
        quantity=str(own["quantity"]),
    )
