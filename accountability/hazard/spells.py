"""What each case says about its delay, as a likelihood: an exact delay, an interval, or longer than; seen since entry.

Cases that say the same are one *spell* with a number. A closing on day d of a case's age lies after d days and by
d + 1, a case open on day d lasts longer than d + 1, and one watched from day e on was open after e days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from accountability.delay.bands import Floats
from accountability.durations import Days, Durations
from accountability.errors import Refusal
from accountability.hazard.compress import compress
from accountability.hazard.design import Design
from accountability.hazard.families import Family

Dates = Literal["interval", "point"]

EXACT: Final = 0
BETWEEN: Final = 1
LONGER: Final = 2
AT_MOST: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Distinct spells.

    Attributes
    ----------
    pattern, number : array of int
    kind : array of int
        Exact, between, longer than, or at most.
    low, high : array
        Logarithms of the ends; the other end of one-sided kinds is not read.
    entry : array
        Logarithm of the age at entry; minus infinity for cases watched from the start.
    cell : array of int
        The spell of each case.
    """

    pattern: Days
    number: Days
    kind: Days
    low: Floats
    high: Floats
    entry: Floats
    cell: Days


def spells(durations: Durations, made: Design, dates: Dates) -> Spells:
    """Collapse cases to spells.

    Raises
    ------
    Refusal
        When delays are to be taken as points and some closing has no day, or lies on day 0.
    """
    low, high, closed, entry = durations.low, durations.end, durations.closed, durations.entry
    if dates == "point":
        wide = int((low < high)[closed].sum())
        if wide:
            raise Refusal(f"{wide:,} closings are only known to lie in an interval: leave dates= at 'interval'")
        nought = int((high[closed] == 0).sum())
        if nought:
            raise Refusal(f"{nought:,} cases closed on day 0, which has no logarithm: leave dates= at 'interval'")
        kind = np.where(closed, EXACT, LONGER)
        first, last, since = high, high, np.maximum(entry - 1, 0)
    else:
        kind = np.where(~closed, LONGER, np.where(low == 0, AT_MOST, BETWEEN))
        first, last, since = np.where(closed, low, low + 1), high + 1, entry
    # A closing that may lie before the case was watched is known to lie after.
    first = np.where(closed & (dates == "interval"), np.maximum(first, since), first)
    kind = np.where((kind == AT_MOST) & (first > 0), BETWEEN, kind)
    span = int(max(last.max(initial=0), since.max(initial=0))) + 2
    both = np.where(kind == EXACT, 0, np.where(kind == LONGER, 0, last - first))
    widest = int(both.max(initial=0)) + 1
    parts = [(made.pattern, len(made.matrix)), (kind, 4), (first, span), (both, widest)]
    if since.any():
        parts.append((since, span))
    space = int(np.prod([float(size) for _, size in parts]))
    if not made.collapsed or space > 2**60:
        cell = np.arange(len(low))
        chosen: tuple[Days, ...] = (made.pattern, kind, first, both, since)
        number = np.ones(len(low), np.int64)
    else:
        key = np.zeros(len(low), np.int64)
        for values, size in parts:
            key = key * size + values
        cells = compress(key, space)
        left, found = cells.found, []
        for _, size in reversed(parts):
            left, one = np.divmod(left, size)
            found.append(one)
        if len(parts) == 4:
            found.insert(0, np.zeros(len(left), np.int64))
        chosen = tuple(found[::-1])
        cell, number = cells.code, cells.number
    pattern, kind, first, both, since = chosen
    with np.errstate(divide="ignore"):
        logs = [np.log(days.astype(float)) for days in (first, first + both, since)]
    return Spells(pattern, number, kind, logs[0], logs[1], logs[2], cell)


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
    """Evaluate the likelihood of spells whose location is given spell by spell."""
    scale = float(np.exp(log_scale))
    out = Contribution(*(np.zeros(len(location)) for _ in range(6)))
    for kind in (EXACT, BETWEEN, LONGER, AT_MOST):
        chosen = data.kind == kind
        if chosen.any():
            _add(
                out, chosen, kind, family, [(logs[chosen] - location[chosen]) / scale for logs in (data.low, data.high)]
            )
            if kind == EXACT:
                out.value[chosen] -= log_scale + data.low[chosen]
                out.by_scale[chosen] -= 1
    late = np.isfinite(data.entry)
    if late.any():
        _add(out, late, LONGER, family, [(data.entry[late] - location[late]) / scale] * 2, sign=-1.0)
    # So far derivatives by u; u falls by 1/scale with the location and by u with the logarithm of the scale.
    out.by_location[:] /= -scale
    out.location_twice[:] /= scale**2
    out.mixed[:] /= scale
    return out


def _add(out: Contribution, at: Floats, kind: int, family: Family, ends: list[Floats], sign: float = 1.0) -> None:
    """Add value and derivatives by u: v1 = sum of L_u, v2 = sum of u L_u, and the second derivatives."""
    u, w = ends
    if kind == EXACT:
        value, slope, bend = family.density(u), family.slope(u), family.bend(u)
        terms = [(u, slope, bend)]
        cross = None
    elif kind == LONGER:
        value = family.longer(u)
        rate = np.exp(family.density(u) - value)
        terms = [(u, -rate, -rate * family.slope(u) - rate**2)]
        cross = None
    elif kind == AT_MOST:
        value = np.log(-np.expm1(family.longer(w)))
        rate = np.exp(family.density(w) - value)
        terms = [(w, rate, rate * family.slope(w) - rate**2)]
        cross = None
    else:
        above, beyond = family.longer(u), family.longer(w)
        value = above + np.log(-np.expm1(beyond - above))
        near, far = np.exp(family.density(u) - value), np.exp(family.density(w) - value)
        terms = [(u, -near, -near * family.slope(u) - near**2), (w, far, far * family.slope(w) - far**2)]
        cross = near * far
    out.value[at] += sign * value
    for place, first, second in terms:
        out.by_location[at] += sign * first
        out.by_scale[at] -= sign * place * first
        out.location_twice[at] += sign * second
        out.mixed[at] += sign * (first + place * second)
        out.scale_twice[at] += sign * (place * first + place**2 * second)
    if cross is not None:
        out.location_twice[at] += sign * 2 * cross
        out.mixed[at] += sign * (u + w) * cross
        out.scale_twice[at] += sign * 2 * u * w * cross
