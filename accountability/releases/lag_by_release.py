"""Estimate the lag of recording and its trend from three or more releases, and select the lag for a correction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.releases.late_closings import RecordingLag, first_closings, no_day, recording_lag, times_drawn
from accountability.releases.release_line import other_releases, recorded_days, require_pair
from accountability.results import percent, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.lag_trend import in_batches, lag_trend
from accountability.stats.recording_lag import FEWEST, RecordedShare
from accountability.study.inputs import takes_only
from accountability.study.occurrences import as_date, day_number

_SHOWN = (30, 60, 90, 180, 365, 730)
_STEP = "releases.lag_over_releases(releases.load_series('new_orleans'))"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LagTrendOver(RecordingLag):
    """The trend of the recording lag, and the share recorded by age in the last release.

    ``table`` as in :class:`RecordingLag`, for the last release.

    Attributes
    ----------
    growth, growth_lower, growth_upper : float
        Factor by which lags grow per year; missing with batches.
    batches : bool
        Whether closings are recorded in batches: all up to the last batch, none after it.
    releases : tuple of str
    """

    growth: float
    growth_lower: float
    growth_upper: float
    batches: bool
    releases: tuple[str, ...]
    day: Days
    shown: Flags
    looks: Days

    def share(self, weight: Floats | None = None) -> RecordedShare:
        """Return the share recorded by age in the last release."""
        return share_in_last(self.day, self.shown, self.looks, self.batches, weight, self.growth)[0]

    def sentence(self) -> str:
        """State how the lag changed."""
        many = f"{self.late:,} of {plural(self.n, 'closing')} were late in one of {len(self.releases)} releases"
        if self.batches:
            return (
                f"{many}. They are recorded in batches: in {self.releases[-1]} nothing is recorded of the last "
                f"{plural(self.first_day, 'day')}, and what lies before is."
            )
        return (
            f"{many}. A year later lags are {self.growth:.2f} times as long ({percent(self.confidence)} interval "
            f"{self.growth_lower:.2f} to {self.growth_upper:.2f})."
        )


def share_in_last(
    day: Days, shown: Flags, looks: Days, batches: bool, weight: Floats | None = None, growth: float | None = None
) -> tuple[RecordedShare, float]:
    """Return the share recorded by age in the last release, and the factor by which lags grow per year."""
    if batches:
        last = day if weight is None else day[weight > 0]
        return RecordedShare(np.array([0]), np.array([1.0]), int(looks[-1] - last.max())), np.nan
    around = None if weight is None or growth is None else float(np.log(growth))
    found = lag_trend(day, shown, looks, weight, around)
    return found.at_look(int(looks[-1])), float(np.exp(found.growth))


@takes_only((list, tuple), _STEP)
def lag_over_releases(
    held: Sequence[Dataset],
    *,
    received_before: dt.date | str | None = None,
    stop: str = "closed",
    draws: int = 100,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> LagTrendOver:
    """Estimate the lag of recording and its trend from three or more releases.

    Two releases show each closing at one age. They identify only the lag of the older one, if it does not depend on the
    day of closing. A third release shows the closings of one day at two ages. This identifies whether lags grow or come
    in batches and, if that continues, the lag of the last release.

    Parameters
    ----------
    held : list of Dataset
        Three or more releases, oldest first.
    received_before : date, optional
        Use only complaints received before this day.
    stop : str
        The stage recorded late.
    draws : int
        Number of bootstrap resamples of closings.
    confidence : float
    seed : int

    Returns
    -------
    LagTrendOver

    Raises
    ------
    Refusal
        With fewer than three releases, two that cannot be compared, or fewer than 20 closings.

    References
    ----------
    Han, Journal of Econometrics 35 (1987): the maximum rank index; see :mod:`accountability.stats.lag_trend`.

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> from accountability.results import or_refusal
    >>> or_refusal(lambda: releases.lag_over_releases([accountability.load("synthetic")])).because[:41]
    '1 release given; whether a lag grows or c'
    """
    if wrong := [type(one).__name__ for one in held if not isinstance(one, Dataset)]:
        raise ParameterError(f"releases.lag_over_releases takes datasets, and found a {wrong[0]}. Write:\n    {_STEP}")
    if len(held) < 3:
        raise Refusal(
            f"{plural(len(held), 'release')} given; whether a lag grows or comes in batches is identified from three, "
            f"oldest first. With two, ask for releases.recording_lag"
        )
    for one, other in pairwise(held):
        require_pair(one, other, "lag_over_releases")
    keys = pd.Index(held[-1].cases["case_id"])
    looks = np.array([day_number(one.card.observed_until) for one in held if one.card.observed_until is not None])
    received = recorded_days(held[-1], keys, "received")
    days = np.array([first_closings(one, keys, stop) for one in held])
    shown_first = days[np.argmax(days >= 0, axis=0), np.arange(len(keys))]
    used = (shown_first >= received) & (shown_first >= 0) & (days[-1] >= 0) & (shown_first <= looks[-1])
    vague = np.any([no_day(one, keys, stop) for one in held], axis=0)
    used &= ~vague
    if received_before is not None:
        used &= (received >= 0) & (received < day_number(as_date(received_before, "received_before")))
    day, shown = shown_first[used], (days[:-1, used] >= 0).T
    late = int(((day[:, None] <= looks[None, :-1]) & ~shown).any(axis=1).sum())
    if len(day) < FEWEST or not (day <= looks[0]).any():
        raise Refusal(f"{plural(len(day), 'closing')} in the releases; a lag needs at least {FEWEST}")
    batches = in_batches(day, shown, looks)
    share, growth = share_in_last(day, shown, looks, batches)
    rng = np.random.default_rng(seed)
    again = [share_in_last(day, shown, looks, batches, times_drawn(rng, len(day)), growth) for _ in range(draws)]
    asked = np.unique([share.first, *[one for one in _SHOWN if share.first < one <= looks[-1] - day.min()]])
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    lower, upper = np.quantile([one.at(asked) for one, _ in again], ends, axis=0)
    grown = [np.nan, np.nan] if batches else np.quantile([one for _, one in again], ends)
    table = pd.DataFrame({"day": asked, "estimate": share.at(asked), "lower": lower, "upper": upper})
    table["n"] = [int((looks[-1] - day <= one).sum()) for one in asked]
    return LagTrendOver(
        estimand=f"share of closings recorded in {held[-1].name} by days since the closing",
        assumptions=(
            "lags grow or shrink by one factor a year, or closings are recorded in batches, and go on so",
            "a closing that the last release does not show did not happen, or is as late as the model says",
            "a closing is as likely to be late whatever the complaint",
            *([f"left out: {plural(int(vague.sum()), 'closing')} on a day that is not known"] if vague.any() else []),
        ),
        method=f"monotone single-index model of the lag by profile likelihood; interval from {draws} resamples",
        table=table,
        n=len(day),
        late=late,
        first_day=share.first,
        apart=int(looks[-1] - looks[-2]),
        confidence=confidence,
        age=looks[-1] - day,
        seen=np.asarray(shown.all(axis=1)),
        growth=growth,
        growth_lower=float(grown[0]),
        growth_upper=float(grown[1]),
        batches=batches,
        releases=tuple(one.name for one in held),
        day=day,
        shown=shown,
        looks=looks,
    )


def lag_of(
    data: Dataset, *, received_before: dt.date | str | None = None, stop: str = "closed"
) -> tuple[RecordingLag, Dataset | None, str]:
    """Return the lag for correcting a release, the next release if there is one, and the origin of the lag in words.

    Raises
    ------
    Refusal
        If no other release is declared or available, or none allows a lag.
    """
    before, after = other_releases(data)
    asked: dict[str, Any] = {"received_before": received_before, "stop": stop}
    if after:
        return recording_lag(data, after[0], **asked), after[0], f"as the later release {after[0].name} shows it"
    if not before:
        raise Refusal(f"no other release of {data.name} dates closings")
    if len(before) > 1:
        names = ", ".join(one.name for one in before)
        return lag_over_releases([*before, data], **asked), None, f"from {names} and this release, its trend going on"
    said = f"as it was in the earlier release {before[0].name}, which this one can only be taken to share"
    return recording_lag(before[0], data, **asked), None, said
