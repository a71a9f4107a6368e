"""Estimate the recording lag of events from two looks at the same records, and correct a curve for it.

An event is seen on the first look, a days later, when its lag is at most a. Of the events that the second look shows,
D days after the first, the share seen on the first is G(a) = F(a) / F(a + D), with F the distribution of the lag: the
factor of a reverse-time hazard (Lagakos, Barraj and De Gruttola 1988; Kalbfleisch and Lawless 1989). So
F(a) = G(a) G(a + D) G(a + 2D) ... down to the oldest event, as far back as which it is identified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats

FEWEST = 20  # events at or below an age, before which nothing is said of it
SMALLEST = 0.2  # share recorded, below which the few that are cannot stand for the rest


@dataclass(frozen=True, slots=True, eq=False)
class RecordedShare:
    """Share of events recorded by days after they happened: ``share[i]`` at ``age[i]``, linear in between."""

    age: Days
    share: Floats
    first: int  # first age of which the events say anything

    def at(self, ages: Days) -> Floats:
        """Return the share at chosen ages."""
        return np.interp(ages, self.age, self.share)

    def after(self, days: int) -> RecordedShare:
        """Return the share recorded some days after the look from which an event's age is counted."""
        return RecordedShare(self.age - days, self.share, max(self.first - days, 0)) if days else self


def recorded_share(
    age: Days,
    seen: Flags | Floats,
    apart: int,
    weight: Floats | None = None,
    fewest: int = FEWEST,
    smallest: float = SMALLEST,
) -> RecordedShare:
    """Estimate the distribution of the lag from the ages of events on the first look and whether they were seen on it.

    Parameters
    ----------
    age : array of int
        Days from each event to the first look, of all events that either look shows.
    seen : array of bool
        Whether the first look shows it.
    apart : int
        Days between the looks.
    weight : array, optional
        Weight of each event, for resampling.
    fewest, smallest
        The rule for the first age with an estimate.

    Returns
    -------
    RecordedShare
        Monotone in age: the share seen is made monotone by pooling adjacent violators, which is the nonparametric
        maximum likelihood estimate if the reverse hazard of the lag decreases.
    """
    from scipy.optimize import isotonic_regression

    w = np.ones(len(age)) if weight is None else weight
    n = np.bincount(age, w)
    days = np.flatnonzero(n)
    share = np.bincount(age, w * seen)[days] / n[days]
    share = np.asarray(isotonic_regression(share, weights=n[days]).x)
    enough = (np.cumsum(n[days]) >= fewest) & (share >= smallest)
    one = RecordedShare(days, share, int(days[np.argmax(enough)] if enough.any() else days[-1]))
    whole, back = share.copy(), days + apart
    while (inside := back <= days[-1]).any():
        whole[inside] *= one.at(back[inside])
        back = back + apart
    return RecordedShare(days, whole, one.first)


def corrected_closed(last: Days, day: Days, share: RecordedShare, asked: Days, weight: Floats | None = None) -> Floats:
    """Return the share ended by days of age, corrected for unrecorded ends.

    Every recorded end has the weight 1 / F(a) of its age, and the cut-off of every case is moved back to the first age
    with a known lag; the curve is the weighted product-limit estimate (inverse-probability weights).

    Parameters
    ----------
    last : array of int
        Days each case was watched.
    day : array of int
        Day of age of its end, -1 where none is recorded.
    share : RecordedShare
    asked : array of int
        Days of age.
    weight : array, optional
        Weight of each case.

    Returns
    -------
    array
        Missing beyond the last day on which a case was watched, with the cut-off moved back.
    """
    w = np.ones(len(last)) if weight is None else weight
    moved = last - share.first
    use = moved >= 0
    size = int(moved.max(initial=0)) + 2
    watched = np.bincount(moved[use], w[use], size)[::-1].cumsum()[::-1]
    done = use & (day >= 0) & (day <= moved)
    many = w[done] / np.maximum(share.at((last - day)[done]), SMALLEST / 2)
    ends = np.bincount(day[done], many, size)
    gone = np.bincount(day[done] + 1, many, size + 1) - np.bincount(moved[done] + 1, many, size + 1)
    at_risk = watched - np.cumsum(gone)[:size]
    hazard = np.divide(ends, at_risk, out=np.where(ends > 0, 1.0, 0.0), where=at_risk > 0)
    closed = 1 - np.cumprod(1 - np.clip(hazard, 0, 1))
    beyond = asked > moved.max(initial=-1)
    return np.where(beyond, np.nan, closed[np.minimum(asked, size - 1)])
