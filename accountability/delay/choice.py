"""Choose the estimator of delay that a source's card and the precision of its dates allow, and say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from accountability.delay.access import closed_cases_only, require_not_selected
from accountability.delay.coarse import coarse_curve
from accountability.delay.coarse_limits import CurveLimits, quantile_limits
from accountability.delay.counts import columns_of, label_of
from accountability.delay.current_status import current_status_curve
from accountability.delay.curve import NOT_REACHED, Curve
from accountability.delay.interval import interval_curve
from accountability.delay.product_limit import closing_curve
from accountability.delay.reverse import reverse_time_curve
from accountability.errors import Refusal
from accountability.results import Result, percent, plural
from accountability.stats.likelihood_limits import LEVELS
from accountability.study.durations import Durations, require_cases
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOSTLY_COARSE: Final = 0.5
"""From this share of closings that are coarser than a day, the curve between the dates is taken as smooth; below it,
the days that are known carry a curve that assumes nothing."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HowLong(Result):
    """A curve and why it is the one this source allows.

    Attributes
    ----------
    curve : Curve
        The curve, with everything it offers.
    because : str
        Why this estimator.
    limits : CurveLimits or None
        Confidence limits of the median where the curve itself has none (status on one day only).
    """

    curve: Curve
    because: str
    limits: CurveLimits | None = None

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the curve's disclosed table."""
        return self.curve.table

    def at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the curve at chosen days."""
        return self.curve.at(days)

    def quantiles(self, shares: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Return the days by which shares of the cases had closed."""
        return self.curve.quantiles(shares)

    def median(self) -> pd.DataFrame:
        """Return the day by which half had closed."""
        return self.curve.median()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve."""
        return self.curve.plot(ax)

    def sentence(self) -> str:
        """State the curve's sentence, the median's confidence limits from statuses, and why the curve was chosen."""
        return f"{self.curve.sentence()}{self._margin()} Estimator: {self.curve.method}, because {self.because}."

    def _margin(self) -> str:
        if self.limits is None:
            return ""
        said = []
        for number, row in enumerate(self.limits.table.to_dict("records")):
            low, high = (NOT_REACHED if pd.isna(row[end]) else f"{row[end]:,}" for end in ("lower", "upper"))
            said.append(f"{label_of(self.limits.groups, number)}{low} to {high}")
        return (
            f" Chance included, the {percent(self.limits.confidence)} limits of that median are {'; '.join(said)} days."
        )


@takes("durations")
def how_long(durations: Durations, by: str | Sequence[str] | None = None, confidence: float = 0.95) -> HowLong:
    """Estimate how long cases take with the estimator the source allows.

    Parameters
    ----------
    durations : Durations
        From :func:`accountability.study.clocks.durations` or :func:`accountability.study.clocks.current_status`.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of intervals, where the estimator has them.

    Returns
    -------
    HowLong
        With ``because``: which facts of the source's card and of its dates decided.

    Raises
    ------
    Refusal
        When every estimator would be biased: records selected on their outcome, or single cases chosen for being
        reported.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.how_long(accountability.load("synthetic")).median()["reads"].item()
    '125 (119 to 134)'
    """
    require_cases(durations, "an answer to how long cases take")
    by = columns_of(by)
    name = durations.sampling.source
    curve: Curve
    limits = None
    if durations.current_status:
        curve = current_status_curve(durations, by)
        # The limits' tables have no level outside these.
        limits = quantile_limits(durations, 0.5, by, confidence) if LEVELS[0] <= confidence <= LEVELS[-1] else None
        because = f"{name} says which cases are closed and not when"
    else:
        require_not_selected(durations, "an answer to how long cases take")
        if closed_cases_only(durations):
            curve = reverse_time_curve(durations, by, confidence)
            because = f"{name} holds closed cases only, so slow recent cases are missing"
        elif (known := durations.known_days()).exact:
            curve = closing_curve(durations, by, confidence)
            because = f"{name} holds open and closed cases with dates known to the day"
            if durations.unknown_day.any():
                because += f" or, of {plural(int(durations.unknown_day.sum()), 'closing')}, not at all"
        else:
            wide = float((known.days_lower < known.days_upper)[known.event].mean())
            because = f"{name} holds open and closed cases and {percent(wide)} of the closings are coarser than a day"
            if wide >= MOSTLY_COARSE:
                try:
                    curve = coarse_curve(durations, by, confidence)
                except Refusal:
                    curve = interval_curve(durations, by)
                    because += ", too few or too coarse for delay.coarse_curve"
            else:
                curve = interval_curve(durations, by)
    return HowLong(
        estimand=curve.estimand,
        assumptions=curve.assumptions,
        method=curve.method,
        table=curve.true_numbers(),
        flow=curve.flow,
        curve=curve,
        because=because,
        limits=limits,
    )
