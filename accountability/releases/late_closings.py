"""How late closings are recorded, from two releases; and the share closed, had all been recorded at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from accountability.delay.counts import days_asked
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.releases.release_line import recorded_days, require_pair
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.recording_lag import FEWEST, RecordedShare, corrected_closed, recorded_share
from accountability.study.durations import Durations
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, as_date, day_number, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = (30, 60, 90, 180, 365, 730)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RecordingLag(Result):
    """How late closings are recorded.

    ``table``: ``day`` since the closing; ``estimate``, the share of closings recorded by then, with ``lower`` and
    ``upper``; ``n`` closings of that age or younger, on which it rests. Missing below :attr:`first_day`.

    Attributes
    ----------
    n, late : int
        Closings dated up to the first release's last day, and how many of them it did not show.
    first_day : int
        Days since the closing of which the releases say anything: fewer than 20 closings are younger.
    apart : int
        Days between the releases.
    """

    n: int
    late: int
    first_day: int
    apart: int
    confidence: float
    age: Days
    seen: Flags

    def share(self, weight: Floats | None = None) -> RecordedShare:
        """The distribution, from all closings or from each taken so many times; known from `first_day` on."""
        found = recorded_share(self.age, self.seen, self.apart, weight)
        return RecordedShare(found.age, found.share, self.first_day)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share recorded by days since the closing."""
        axes = draw.new_axes(ax)
        _stepped(axes, self.table.dropna(), None)
        axes.set_xlabel("days since the closing")
        axes.set_ylabel("share recorded")
        axes.set_ylim(0, 1.02)
        return axes

    def sentence(self) -> str:
        """Say how many closings the first release lacked, and how many days it takes to record nine in ten."""
        share = self.share()
        nine = np.flatnonzero((share.share >= 0.9) & (share.age >= self.first_day))
        by = (
            f"nine in ten are recorded within {plural(int(share.age[nine[0]]), 'day')}"
            if len(nine)
            else "no age has 90 %"
        )
        return (
            f"{self.late:,} of {plural(self.n, 'closing')} dated up to the first release's last day were not in it "
            f"({percent(self.late / self.n, 1)}); {by}. Of closings younger than {plural(self.first_day, 'day')} two "
            f"releases say nothing here."
        )


@takes("dataset")
def recording_lag(
    older: Dataset,
    newer: Dataset,
    *,
    received_before: dt.date | str | None = None,
    stop: str = "closed",
    draws: int = 400,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> RecordingLag:
    """Estimate how many days after a closing it is recorded, from what the later of two releases adds.

    Two releases identify, at each age of a closing, the share recorded by then among those recorded by the later
    release. That is the distribution of the lag if it does not depend on the day of closing. A lag that grew, or one of
    batches met at another point of their cycle, takes a third release; a closing never recorded is never seen.

    Parameters
    ----------
    older, newer : Dataset
        The earlier and the later release.
    received_before : date, optional
        Only complaints received before this day are used, so that those after it can be predicted.
    stop : str
        The stage recorded late.
    draws : int
        Resamples of complaints behind the interval.
    confidence : float
    seed : int

    Returns
    -------
    RecordingLag

    Raises
    ------
    Refusal
        The releases cannot be compared, one of them holds no closing dates or no open complaints, or fewer than 20
        closings precede the first one's last day.

    References
    ----------
    Lagakos, Barraj and De Gruttola, Biometrika 75 (1988); Kalbfleisch and Lawless, JASA 84 (1989).

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> from accountability.results import or_refusal
    >>> data = accountability.load("synthetic")
    >>> or_refusal(lambda: releases.recording_lag(data, data)).because[:27]
    'synthetic covers up to 2020'
    """
    keys = require_pair(older, newer, "recording_lag")
    assert older.card.observed_until is not None
    assert newer.card.observed_until is not None
    last, later = day_number(older.card.observed_until), day_number(newer.card.observed_until)
    received = recorded_days(older, keys, "received")
    before, after = _usable(older, keys, stop), _usable(newer, keys, stop)
    for one, days in ((older, before), (newer, after)):
        if one.card.sampling.rule in ("no_closing_date", "closed_only") or not (days >= 0).any():
            raise Refusal(
                f"{one.name} must hold open and closed complaints with their closing dates (it is "
                f"{one.card.sampling.rule!r}): a closing that it does not show is else no closing recorded late"
            )
    used = np.ones(len(keys), bool)
    if received_before is not None:
        used = (received >= 0) & (received < day_number(as_date(received_before, "received_before")))
    day = np.where(before >= 0, before, after)
    used &= (day >= 0) & (day <= last) & (day >= received)
    age, seen = last - day[used], before[used] >= 0
    if len(age) < FEWEST:
        raise Refusal(
            f"{plural(len(age), 'closing')} of complaints in both releases lie before {older.card.observed_until}; a "
            f"lag needs at least {FEWEST}. Leave received_before out, or compare releases that lie further apart"
        )
    share = recorded_share(age, seen, later - last)
    rng = np.random.default_rng(seed)
    shown = np.unique([share.first, *[one for one in _SHOWN if one > share.first]])
    made = np.array([recorded_share(age, seen, later - last, _times(rng, len(age))).at(shown) for _ in range(draws)])
    lower, upper = np.quantile(made, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    table = pd.DataFrame({"day": shown, "estimate": share.at(shown), "lower": lower, "upper": upper})
    table["n"] = [int((age <= one).sum()) for one in shown]
    return RecordingLag(
        estimand=f"share of closings recorded by days since the closing, {older.name} against {newer.name}",
        assumptions=(
            "the lag does not depend on the day of closing; a lag that grew is not seen in two releases",
            "a closing that the later release does not show did not happen",
            "a closing is as likely to be late whatever the complaint",
        ),
        method=f"nonparametric reverse-time hazard, monotone; interval from {draws} resamples of complaints",
        table=table,
        n=len(age),
        late=int((~seen).sum()),
        first_day=share.first,
        apart=later - last,
        confidence=confidence,
        age=age,
        seen=seen,
    )


def _usable(data: Dataset, keys: pd.Index, stage: str) -> Days:
    found = occurrence(data.events, keys, stage, "first")
    return np.where(found.earliest == FOREVER, -1, found.earliest)


def _times(rng: np.random.Generator, n: int) -> Floats:
    return rng.multinomial(n, np.full(n, 1 / n)).astype(float)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CorrectedShares(Result):
    """Shares closed by days of age, corrected for closings not recorded yet.

    ``table``: ``day``; ``estimate``, ``lower``, ``upper``; ``as_published`` (the curve as it stands) and,
    as sensitivity, ``if_twice_as_many_late`` and ``if_half_as_many_late`` (the estimate, were twice or half as many
    closings of each age not recorded yet).

    Attributes
    ----------
    moved_back : int
        Days by which the cut-off was moved back, because of younger closings the lag is not known.
    """

    moved_back: int
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both curves."""
        axes = draw.new_axes(ax)
        shown = self.table.dropna()
        _stepped(axes, shown, "corrected")
        axes.step(shown["day"], shown["as_published"], where="post", color=draw.COLOURS[1], label="as published")
        axes.set_xlabel("days")
        axes.set_ylabel("share closed")
        axes.legend(frameon=False)
        return axes

    def sentence(self) -> str:
        """Say the share at the last day asked for, as published and corrected."""
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
    draws: int = 400,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> CorrectedShares:
    """Correct the share closed by chosen days for closings that were not recorded yet.

    Every closing that is recorded stands for one over the share recorded at its age, and the cut-off is moved back to
    the first age of which the lag is known.

    Parameters
    ----------
    durations : Durations, cohort or dataset
        Days to the closing, of a release; dated to the day, watched from the start.
    lag : RecordingLag
        Of the same agency. When it was estimated on other complaints of the same release, the prediction is out of
        sample.
    days : int or list of int
        Days of age.
    draws, confidence, seed
        Resamples of the complaints of both, the level, the seed.

    Returns
    -------
    CorrectedShares

    Raises
    ------
    Refusal
        The dates are coarser than a day, cases come into sight late, or no cut-off is known.

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
    if not durations.exact or durations.left_truncated or durations.unknown_day.any() or (durations.longest < 0).any():
        raise Refusal("a correction for late recording needs days, a cut-off, and cases watched from the start")
    asked = days_asked([days] if isinstance(days, int) else days)
    last, day = durations.longest, np.where(durations.event, durations.days_lower, -1)
    estimate = corrected_closed(last, day, lag.share(), asked)
    rng = np.random.default_rng(seed)
    made = np.array(
        [
            corrected_closed(last, day, lag.share(_times(rng, lag.n)), asked, _times(rng, len(last)))
            for _ in range(draws)
        ]
    )
    z = ndtri((1 + confidence) / 2)
    inside = np.clip(made, 1e-4, 1 - 1e-4)
    margin = z * logit(inside).std(axis=0, ddof=1)
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
        share = lag.share()
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


def _stepped(axes: Axes, shown: pd.DataFrame, label: str | None) -> None:
    """Draw a share that moves in steps, with its interval as a band."""
    axes.step(shown["day"], shown["estimate"], where="post", color=draw.COLOURS[0], label=label)
    axes.fill_between(
        shown["day"], shown["lower"], shown["upper"], step="post", color=draw.COLOURS[0], alpha=0.2, linewidth=0
    )
