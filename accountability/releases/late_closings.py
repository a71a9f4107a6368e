"""Estimate the recording lag of closings from two releases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.releases.release_line import recorded_days, require_pair
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.recording_lag import FEWEST, RecordedShare, recorded_share
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, as_date, day_number, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = (30, 60, 90, 180, 365, 730)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RecordingLag(Result):
    """Distribution of the recording lag of closings.

    ``table``: ``day`` since the closing; ``estimate``, the share of closings recorded by that day, with ``lower`` and
    ``upper``; ``n``, closings of that age or younger. Missing below :attr:`first_day`.

    Attributes
    ----------
    n, late : int
        Closings dated up to the first release's last day, and those it did not show.
    first_day : int
        First day with an estimate: fewer than 20 closings are younger.
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

    def cutoff_back(self, recorded: float = 0.95) -> int:
        """Return the days to move a cut-off back, so that this share of the closings before it is recorded."""
        found = self.share()
        reached = np.flatnonzero((found.share >= recorded) & (found.age >= self.first_day))
        if not len(reached):
            raise Refusal(f"at no age of a closing {percent(recorded)} are recorded; ask for a smaller share")
        return int(found.age[reached[0]])

    def share(self, weight: Floats | None = None) -> RecordedShare:
        """Return the distribution from all closings, or weighted by a resample; known from `first_day` on."""
        found = recorded_share(self.age, self.seen, self.apart, weight)
        return RecordedShare(found.age, found.share, self.first_day)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share recorded by days since the closing."""
        axes = draw.new_axes(ax)
        stepped(axes, self.table.dropna(), None)
        axes.set_xlabel("days since the closing")
        axes.set_ylabel("share recorded")
        axes.set_ylim(0, 1.02)
        return axes

    def sentence(self) -> str:
        """State how many closings the first release lacked, and how many days it takes to record nine in ten."""
        try:
            by = f"nine in ten are recorded within {plural(self.cutoff_back(0.9), 'day')}"
        except Refusal:
            by = "at no age nine in ten are"
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
    """Estimate how many days after a closing it is recorded, from the closings that a later release adds.

    Two releases identify, at each age of a closing, the share recorded by then among closings in the later release.
    This is the distribution of the lag if it does not depend on the day of closing. A growing lag, or recording in
    batches, requires a third release. Closings never recorded are not seen.

    Parameters
    ----------
    older, newer : Dataset
        The earlier and the later release.
    received_before : date, optional
        Use only complaints received before this day, so that later ones can be predicted.
    stop : str
        The stage recorded late.
    draws : int
        Number of bootstrap resamples of complaints.
    confidence : float
    seed : int

    Returns
    -------
    RecordingLag

    Raises
    ------
    Refusal
        If the releases cannot be compared, one holds no closing dates or no open complaints, or fewer than 20 closings
        precede the older one's last day.

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
    before, after = first_closings(older, keys, stop), first_closings(newer, keys, stop)
    for one, days in ((older, before), (newer, after)):
        if one.card.sampling.rule in ("no_closing_date", "closed_only") or not (days >= 0).any():
            raise Refusal(
                f"{one.name} must hold open and closed complaints with their closing dates (its sampling rule is "
                f"{one.card.sampling.rule!r}): a closing that it does not show is else no closing recorded late"
            )
    vague = no_day(older, keys, stop) | no_day(newer, keys, stop)
    used = ~vague
    if received_before is not None:
        used &= (received >= 0) & (received < day_number(as_date(received_before, "received_before")))
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
    made = np.array(
        [recorded_share(age, seen, later - last, times_drawn(rng, len(age))).at(shown) for _ in range(draws)]
    )
    lower, upper = np.quantile(made, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    table = pd.DataFrame({"day": shown, "estimate": share.at(shown), "lower": lower, "upper": upper})
    table["n"] = [int((age <= one).sum()) for one in shown]
    return RecordingLag(
        estimand=f"share of closings recorded by days since the closing, {older.name} against {newer.name}",
        assumptions=(
            "the lag does not depend on the day of closing; a lag that grew is not seen in two releases",
            "a closing that the later release does not show did not happen",
            "a closing is as likely to be late whatever the complaint",
            *([f"left out: {plural(int(vague.sum()), 'closing')} on a day that is not known"] if vague.any() else []),
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


def first_closings(data: Dataset, keys: pd.Index, stage: str) -> Days:
    """Return the first usable day of a stage in each case, as a day number; -1 if there is none."""
    found = occurrence(data.events, keys, stage, "first")
    return np.where(found.earliest == FOREVER, -1, found.earliest)


def no_day(data: Dataset, keys: pd.Index, stage: str) -> Flags:
    """Return cases that reached a stage on an unknown day, or may have reached it."""
    found = occurrence(data.events, keys, stage, "first")
    return np.where(found.none, found.set_aside != "", found.earliest != found.latest).astype(bool)


def times_drawn(rng: np.random.Generator, n: int) -> Floats:
    """Return how often each of n is drawn in a resample."""
    return rng.multinomial(n, np.full(n, 1 / n)).astype(float)


def stepped(axes: Axes, shown: pd.DataFrame, label: str | None) -> None:
    """Draw a share as a step function, with its interval as a band."""
    axes.step(shown["day"], shown["estimate"], where="post", color=draw.COLOURS[0], label=label)
    axes.fill_between(
        shown["day"], shown["lower"], shown["upper"], step="post", color=draw.COLOURS[0], alpha=0.2, linewidth=0
    )
