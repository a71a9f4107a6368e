"""Correct shares closed for late recording of closings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact
from accountability.delay.counts import days_asked
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.releases.late_closings import RecordingLag, stepped, times_drawn
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Floats
from accountability.stats.intervals import z_critical
from accountability.stats.recording_lag import RecordedShare, corrected_closed
from accountability.study.durations import Durations
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CorrectedShares(Result):
    """Shares closed by age in days, corrected for closings not yet recorded.

    ``table``: ``day``; ``estimate``, ``lower``, ``upper``; ``as_published`` (uncorrected) and, as sensitivity,
    ``if_twice_as_many_late`` and ``if_half_as_many_late`` (the estimate with twice or half as many unrecorded closings
    at each age).

    Attributes
    ----------
    moved_back : int
        Days by which the cut-off was moved back, because the lag of later closings is not known.
    """

    moved_back: int
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both curves."""
        axes = draw.new_axes(ax)
        shown = self.table.dropna()
        stepped(axes, shown, "corrected")
        axes.step(shown["day"], shown["as_published"], where="post", color=draw.COLOURS[1], label="as published")
        axes.set_xlabel("days")
        axes.set_ylabel("share closed")
        axes.legend(frameon=False)
        return axes

    def sentence(self) -> str:
        """State the share at the last day asked for, as published and corrected."""
        row = self.table.iloc[-1]
        if pd.isna(row["estimate"]):
            return (
                f"Within {plural(int(row['day']), 'day')} no complaint was watched once the cut-off is moved back by "
                f"{plural(self.moved_back, 'day')}."
            )
        return (
            f"Within {plural(int(row['day']), 'day')} {percent(row['estimate'], 1)} had closed "
            f"({percent(self.confidence)} interval {percent(row['lower'], 1)} to {percent(row['upper'], 1)}), once "
            f"closings not recorded yet are allowed for; as published it reads {percent(row['as_published'], 1)}. Were "
            f"twice as many not recorded yet, it would be {percent(row['if_twice_as_many_late'], 1)}."
        )


@takes("durations")
def corrected(
    durations: Durations,
    lag: RecordingLag,
    days: int | list[int] = 180,
    *,
    known_later: int = 0,
    draws: int = 400,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> CorrectedShares:
    """Estimate the share closed by chosen days, corrected for closings not yet recorded.

    Every recorded closing is weighted by one over the share recorded at its age. The cut-off is moved back to the first
    age with a known lag.

    Parameters
    ----------
    durations : Durations, cohort or dataset
        Days to the closing in a release; dated to the day, without late entry.
    lag : RecordingLag
        Lag of the same agency. If it was estimated on other complaints, the prediction is out of sample.
    days : int or list of int
        Days of age.
    known_later : int
        Days from the cut-off of the durations to the release's last day, which closings had as extra time to be
        recorded.
    draws, confidence, seed
        Number of bootstrap resamples, level of the intervals, and seed.

    Returns
    -------
    CorrectedShares

    Raises
    ------
    Refusal
        If dates are coarser than a day, there is late entry, or no cut-off is known.

    Examples
    --------
    >>> from accountability import releases
    >>> from accountability.study.durations import Durations
    >>> from accountability.errors import ParameterError
    >>> try:
    ...     releases.corrected(Durations.from_days([3, 5], longest=[9, 9]), lag=None)
    ... except ParameterError as error:
    ...     print(str(error)[:50])
    releases.corrected needs a RecordingLag, and was g
    """
    if not isinstance(lag, RecordingLag):
        raise ParameterError(
            f"releases.corrected needs a RecordingLag, and was given a {type(lag).__name__}. Write:\n"
            "    releases.corrected(durations, releases.recording_lag(older, newer))"
        )
    from scipy.special import expit, logit

    asked = days_asked([days] if isinstance(days, int) else days)
    last, day = _watched(durations)
    estimate = corrected_closed(last, day, lag.share().after(known_later), asked)
    rng = np.random.default_rng(seed)
    made = np.array(
        [
            corrected_closed(
                last, day, lag.share(times_drawn(rng, lag.n)).after(known_later), asked, times_drawn(rng, len(last))
            )
            for _ in range(draws)
        ]
    )
    inside = np.clip(made, 1e-4, 1 - 1e-4)
    margin = z_critical(confidence) * logit(inside).std(axis=0, ddof=1)
    middle = logit(np.clip(estimate, 1e-4, 1 - 1e-4))
    at_once = RecordedShare(np.array([0]), np.array([1.0]), 0)
    table = pd.DataFrame(
        {
            "day": asked,
            "estimate": estimate,
            "lower": expit(middle - margin),
            "upper": expit(middle + margin),
            "as_published": corrected_closed(last, day, at_once, asked),
        }
    )
    for name, times in (("if_twice_as_many_late", 2.0), ("if_half_as_many_late", 0.5)):
        share = lag.share().after(known_later)
        other = RecordedShare(share.age, np.clip(1 - times * (1 - share.share), 0.01, 1), share.first)
        table[name] = corrected_closed(last, day, other, asked)
    return CorrectedShares(
        estimand=f"share closed by days of age, had every closing been recorded at once ({durations.clock})",
        assumptions=lag.assumptions,
        method=(
            f"inverse-probability weights by the share recorded, cut-off moved back {lag.first_day} days; interval on "
            f"the logit from {draws} resamples of the complaints of both"
        ),
        table=table,
        moved_back=lag.first_day,
        confidence=confidence,
    )


def corrected_by(durations: Durations, share: RecordedShare, asked: Days) -> Floats:
    """Return the share closed by chosen days, given the share of closings recorded by age; no interval."""
    last, day = _watched(durations)
    return corrected_closed(last, day, share, asked)


def _watched(durations: Durations) -> tuple[Days, Days]:
    """Days each case was watched, and the day of its closing, -1 for none."""
    require_exact(durations, "a correction for late recording")
    if durations.left_truncated or (durations.longest < 0).any():
        raise Refusal("a correction for late recording needs days, a cut-off, and cases watched from the start")
    return durations.longest, np.where(durations.event, durations.days_lower, -1)
