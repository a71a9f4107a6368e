"""Estimate growth or batches in the recording lag, from three or more looks at the same records.

With two looks every closing has one age, so dependence on age and on day cannot be separated. A third look shows the
closings of one day at two ages. The lag of a closing on day c is assumed to be ``exp(g (c - origin))`` times that of
one distribution: a closing is seen on a look T with F((T - c) exp(-g (c - origin))), a monotone single-index model (Han
1987; Foster, Taylor and Nan 2013), fitted by profile likelihood over g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.recording_lag import FEWEST, RecordedShare, recorded_share

YEAR = 365.25
MOST = 1.5  # largest growth looked for: lags 4.5 times as long a year later
SHARP = 0.1  # of the late closings, on the wrong side of one day on each look, up to which the lag is one of batches


@dataclass(frozen=True, slots=True, eq=False)
class LagTrend:
    """A lag whose scale grows by ``exp(growth)`` per year; ``by_age`` is the lag of a closing on day `origin`."""

    by_age: RecordedShare
    growth: float
    origin: int

    def at_look(self, last: int) -> RecordedShare:
        """Return the share recorded by age on a look on day `last`."""
        age = np.arange(int(self.by_age.age[-1]) + 1)
        scaled = np.maximum.accumulate(age * np.exp(-self.growth * (last - age - self.origin) / YEAR))
        known = np.flatnonzero(scaled >= self.by_age.first)
        return RecordedShare(age, self.by_age.at(scaled), int(known[0]) if len(known) else int(age[-1]))


def lag_trend(
    day: Days, seen: Flags, looks: Days, weight: Floats | None = None, around: float | None = None
) -> LagTrend:
    """Estimate the lag and its growth.

    Parameters
    ----------
    day : array of int
        Day of each closing that any look shows.
    seen : array of bool
        One row per closing and one column per look except the last: whether the look shows it.
    looks : array of int
        Days of all looks, increasing.
    weight : array, optional
        Weight of each closing, for resampling.
    around : float, optional
        Search for the growth near this value only, for resampling.

    Returns
    -------
    LagTrend
        Growth is 0 if every closing was seen at once.
    """
    w = np.ones(len(day)) if weight is None else weight
    row, column = np.nonzero(day[:, None] <= looks[None, :-1])
    known, counted = seen[row, column], w[row]
    origin = int(looks[0])
    age, whole = looks[column] - day[row], looks[-1] - day[row]
    scale = (day[row] - origin) / YEAR

    def fitted(growth: float, whole_lag: bool = True) -> tuple[float, RecordedShare]:
        shrink = np.exp(-growth * scale)
        index, end = np.rint(age * shrink).astype(np.int64), whole * shrink
        top = int(index.max()) + 1
        share = recorded_share(index, known, top, counted)
        if whole_lag:  # a closing still unrecorded on the last look is not among those seen: allow for it once
            share = recorded_share(index, known * share.at(end), top, counted)
        p = np.clip(share.at(index), 1e-6, 1 - 1e-6)
        return float(counted @ np.where(known, np.log(p), np.log1p(-p))), share

    if known.all():
        return LagTrend(fitted(0.0)[1], 0.0, origin)
    wide, step = (MOST, 0.125) if around is None else (0.4, 0.1)
    best = 0.0 if around is None else around
    while step > 0.01:
        tried = np.clip(np.arange(best - wide, best + wide + step / 2, step), -MOST, MOST)
        best = float(tried[int(np.argmax([fitted(one, False)[0] for one in tried]))])
        wide, step = step, step / 4
    return LagTrend(fitted(best)[1], best, origin)


def in_batches(day: Days, seen: Flags, looks: Days) -> bool:
    """Return whether each look except the last shows exactly the closings up to some day."""
    late = wrong = 0
    for number, look in enumerate(looks[:-1]):
        held = np.sort(day[(day <= look) & seen[:, number]])
        lacks = np.sort(day[(day <= look) & ~seen[:, number]])
        if not len(lacks):
            return False
        parts = np.concatenate([lacks, lacks[-1:] + 1])
        before = np.searchsorted(lacks, parts)  # lacked, though before the day that parts
        after = len(held) - np.searchsorted(held, parts)
        late, wrong = late + len(lacks), wrong + int((before + after).min())
    return late >= FEWEST and wrong <= SHARP * late
