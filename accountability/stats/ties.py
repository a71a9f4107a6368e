"""Sums over tied closings for Efron's method, in closed form for many closings on one day.

With m closings on a day, risk total S and total T of the closings, the l-th closing has the risk total ``S (1 - r f)``
with r = T / S and f = l / m. Sums over l of powers and logarithms are computed directly for few closings, and by the
Euler-Maclaurin formula for many, with an error below rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from accountability.stats.arrays import Days

FEW: Final = 16
ROOM: Final = 60.0
"""The formula is used where m (1 - r) / r is larger: the first term left out is then below 1e-13."""


@dataclass(frozen=True, slots=True, eq=False)
class TieSums:
    """Sums of ``1/S_l``, ``f_l/S_l``, ``1/S_l^2``, ``f_l/S_l^2``, ``f_l^2/S_l^2`` and ``log S_l``."""

    a: Any
    b: Any
    c0: Any
    c1: Any
    c2: Any
    log: Any


def breslow(total: Any, closings: Days) -> TieSums:
    """Return the sums with the full risk total for every closing."""
    inverse = 1 / total
    nothing = np.zeros_like(inverse)
    return TieSums(closings * inverse, nothing, closings * inverse**2, nothing, nothing, closings * np.log(total))


def efron(total: Any, tied: Any, closings: Days) -> TieSums:
    """Return the sums with the risk total reduced by each closing of the day."""
    share = tied / total
    many = (closings >= FEW) & (closings * (1 - share.real) >= ROOM * share.real)
    if not many.any():
        return _written_out(total, tied, closings)
    out = TieSums(*(np.empty_like(total) for _ in range(6)))
    for chosen, made in (
        (many, _formula(total[many], share[many], closings[many].astype(float))),
        (~many, _written_out(total[~many], tied[~many], closings[~many])),
    ):
        for name in ("a", "b", "c0", "c1", "c2", "log"):
            getattr(out, name)[chosen] = getattr(made, name)
    return out


def _written_out(total: Any, tied: Any, closings: Days) -> TieSums:
    start = np.cumsum(closings) - closings
    if not len(closings):
        return TieSums(*(total.copy() for _ in range(6)))
    place = np.arange(int(closings.sum())) - np.repeat(start, closings)
    share = place / np.repeat(closings, closings)
    left = np.repeat(total, closings) - share * np.repeat(tied, closings)
    inverse = 1 / left
    of_share = share * inverse
    parts = (inverse, of_share, inverse * inverse, of_share * inverse, of_share * of_share, np.log(left))
    return TieSums(*(np.add.reduceat(part, start) for part in parts))


def _formula(total: Any, r: Any, m: Any) -> TieSums:
    left = 1 / (1 - r)
    step = r / m
    # Sums of 1/(1 - r f) less m, and of its square less m: the m would drown what is left of a small r.
    log = np.log1p(-r)
    mean = np.where(np.abs(r) < 1e-2, _series(r, (1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7, 1 / 8)), -log / r - 1)
    one = m * mean + (1 - left) / 2 + step / 12 * (left**2 - 1) - step**3 / 120 * (left**4 - 1)
    one = one + step**5 / 252 * (left**6 - 1)
    two = m * r * left + (1 - left**2) / 2 + step / 6 * (left**3 - 1) - step**3 / 30 * (left**5 - 1)
    two = two + step**5 / 42 * (left**7 - 1)
    level = np.where(
        np.abs(r) < 1e-2,
        -_series(r, (1 / 2, 1 / 6, 1 / 12, 1 / 20, 1 / 30, 1 / 42, 1 / 56)),
        -((1 - r) * log + r) / r,
    )
    logs = m * level - log / 2 - step / 12 * (left - 1) + step**3 / 360 * (left**3 - 1) - step**5 / 1260 * (left**5 - 1)
    return TieSums(
        a=(one + m) / total,
        b=one / (r * total),
        c0=(two + m) / total**2,
        c1=(two - one) / (r * total**2),
        c2=(two - 2 * one) / (r**2 * total**2),
        log=m * np.log(total) + logs,
    )


def _series(r: Any, weights: tuple[float, ...]) -> Any:
    """Sum of weights times rising powers of r."""
    out = np.zeros_like(r)
    for weight in weights[::-1]:
        out = (out + weight) * r
    return out
