"""Likelihood contributions of cases: an exact delay, an interval, or right-censored, with late entry.

Equal cases are one *spell* with a count. A closing on day d of a case's age is between d and d + 1 days, a case open on
day d lasts longer than d + 1, and one watched from day e on was open after e days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import combine
from accountability.stats.delay_families import Family
from accountability.stats.design import Design

Dates = Literal["interval", "point"]

EXACT: Final = 0
BETWEEN: Final = 1
LONGER: Final = 2
AT_MOST: Final = 3
KINDS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Distinct spells, sorted by kind: exact, interval, right-censored, left-censored."""

    pattern: Days
    number: Floats  # Cases of each spell
    days: tuple[Days, Days, Days]  # First day, width and day of entry
    edges: Days  # Where each kind begins, and the number of spells
    # low, high: logarithms of the ends; the other end of one-sided kinds is not read
    low: Floats
    high: Floats
    entry: Floats  # Logarithm of the age at entry; minus infinity for cases watched from the start
    late: Days | None  # Spells with an entry; ``None`` when there are none
    cell: Days  # The spell of each case

    def pooled(self) -> Spells:
        """Return the same cases with one pattern for all."""
        kind = np.repeat(np.arange(KINDS), np.diff(self.edges))
        cell, _, chosen = _distinct(None, kind, *self.days)
        return _logged(np.bincount(cell, self.number).astype(float), np.zeros(0, np.int64), chosen)

    def every(self, other: int) -> Spells:
        """Return every n-th spell, for a starting value."""
        kept = np.arange(0, len(self.pattern), other)
        late = None if self.late is None else np.flatnonzero(np.isfinite(self.entry[kept]))
        return Spells(
            self.pattern[kept],
            self.number[kept],
            (self.days[0][kept], self.days[1][kept], self.days[2][kept]),
            np.searchsorted(kept, self.edges),
            self.low[kept],
            self.high[kept],
            self.entry[kept],
            late,
            np.zeros(0, np.int64),
        )


def spells(low: Days, high: Days, closed: Flags, entry: Days, made: Design | None, dates: Dates) -> Spells:
    """Collapse cases to spells, with one pattern if no design is given.

    Parameters
    ----------
    low, high : array of int
        Fewest and most days of each closed case; of open ones the days seen open, twice.
    closed : array of bool
    entry : array of int
        First day each case was watched on.
    made : Design or None
    dates : {"interval", "point"}

    Raises
    ------
    Refusal
        With ``dates="point"`` if some closing has no day, or is on day 0.
    """
    if dates == "point":
        wide = int((low < high)[closed].sum())
        if wide:
            raise Refusal(f"{wide:,} closings are only known to lie in an interval: leave dates= at 'interval'")
        nought = int((high[closed] == 0).sum())
        if nought:
            raise Refusal(f"{nought:,} cases closed on day 0, which has no logarithm: leave dates= at 'interval'")
        kind = np.where(closed, EXACT, LONGER)
        first, width, since = high, np.zeros_like(high), np.maximum(entry - 1, 0) if entry.any() else entry
    else:
        # A closing that may lie before the case was watched is known to lie after.
        first = np.where(closed, np.maximum(low, entry), low + 1)
        kind = np.where(~closed, LONGER, np.where(first == 0, AT_MOST, BETWEEN))
        width, since = np.where(closed, high + 1 - first, 0), entry
    cell, number, chosen = _distinct(made, kind, first, width, since)
    return _logged(number.astype(float), cell, chosen)


def _logged(number: Floats, cell: Days, chosen: tuple[Days, Days, Days, Days, Days]) -> Spells:
    kind, pattern, first, width, since = chosen
    with np.errstate(divide="ignore"):
        logs = [np.log(days.astype(float)) for days in (first, first + width, since)]
    edges = np.searchsorted(kind, np.arange(KINDS + 1))
    late = np.flatnonzero(since) if since.any() else None
    return Spells(pattern, number, (first, width, since), edges, logs[0], logs[1], logs[2], late, cell)


def _distinct(
    made: Design | None, kind: Days, first: Days, width: Days, since: Days
) -> tuple[Days, Days, tuple[Days, Days, Days, Days, Days]]:
    """Spell of each case, number of each spell, and the spells, sorted by kind."""
    pattern = np.zeros_like(first) if made is None else made.pattern
    columns = (kind, pattern, first, width, since)
    if made is not None and not made.collapsed:
        place, number = np.argsort(kind, kind="stable"), np.ones(len(kind), np.int64)
        cell = np.empty(len(place), np.int64)
        cell[place] = np.arange(len(place))
    else:
        sizes = [KINDS, *(int(values.max(initial=0)) + 1 for values in columns[1:])]
        held = combine(columns, sizes, len(kind))
        cell, number, place = held.code, held.number, held.first
    return cell, number, (kind[place], pattern[place], first[place], width[place], since[place])


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """Log-likelihood of one case of each spell, with derivatives by location and by the logarithm of the scale."""

    value: Floats
    by_location: Floats
    by_scale: Floats
    location_twice: Floats
    mixed: Floats
    scale_twice: Floats


def contribution(family: Family, data: Spells, location: Floats, log_scale: float) -> Contribution:
    """Return the likelihood of spells at given locations."""
    scale = float(np.exp(log_scale))
    out = Contribution(*(np.zeros(len(location)) for _ in range(6)))
    for kind in range(KINDS):
        at = slice(int(data.edges[kind]), int(data.edges[kind + 1]))
        if at.start == at.stop:
            continue
        ends = [(logs[at] - location[at]) / scale for logs in (data.low, data.high)]
        _add(out, at, kind, family, ends)
        if kind == EXACT:
            out.value[at] -= log_scale + data.low[at]
            out.by_scale[at] -= 1
    if data.late is not None:
        since = (data.entry[data.late] - location[data.late]) / scale
        _add(out, data.late, LONGER, family, [since, since], sign=-1.0)
    # So far derivatives by u; u falls by 1/scale with the location and by u with the logarithm of the scale.
    out.by_location[:] /= -scale
    out.location_twice[:] /= scale**2
    out.mixed[:] /= scale
    return out


def _add(out: Contribution, at: slice | Days, kind: int, family: Family, ends: list[Floats], sign: float = 1.0) -> None:
    """Add value and derivatives by u: first, u times first, and the second ones."""
    u, w = ends
    cross = None
    if kind == EXACT:
        near = family.at(u)
        value, terms = near.density, [(u, near.slope, near.bend)]
    elif kind == LONGER:
        near = family.at(u)
        value = near.longer
        rate = np.exp(near.density - value)
        terms = [(u, -rate, -rate * (near.slope + rate))]
    elif kind == AT_MOST:
        far = family.at(w)
        value = np.log(-np.expm1(far.longer))
        rate = np.exp(far.density - value)
        terms = [(w, rate, rate * (far.slope - rate))]
    else:
        near, far = family.at(u), family.at(w)
        value = near.longer + np.log(-np.expm1(far.longer - near.longer))
        left, right = np.exp(near.density - value), np.exp(far.density - value)
        terms = [(u, -left, -left * (near.slope + left)), (w, right, right * (far.slope - right))]
        cross = left * right
    out.value[at] += sign * value
    for place, first, second in terms:
        moved = place * second
        out.by_location[at] += sign * first
        out.by_scale[at] -= sign * place * first
        out.location_twice[at] += sign * second
        out.mixed[at] += sign * (first + moved)
        out.scale_twice[at] += sign * place * (first + moved)
    if cross is not None:
        out.location_twice[at] += sign * 2 * cross
        out.mixed[at] += sign * (u + w) * cross
        out.scale_twice[at] += sign * 2 * u * w * cross
