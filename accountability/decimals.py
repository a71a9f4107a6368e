"""How many decimals a number has, in an answer, a table and a figure alike: as many as its interval allows."""

from __future__ import annotations

import math
from typing import Final

#: Of a share's interval, four standard errors of two points each.
_WIDE: Final = 0.08


def decimals(lower: float, upper: float, scale: float = 1.0) -> int:
    """Return the decimals for an interval: those of the first figure of the standard error, at most three."""
    error = abs(upper - lower) * scale / 4
    if not math.isfinite(error) or error <= 0:
        return 1
    return min(max(-math.floor(math.log10(error)), 0), 3)


def share_decimals(value: float, lower: float, upper: float) -> int:
    """Return the decimals of a share in per cent: one where the standard error is below two points, else none.

    One without an interval. Nought and all are written without any, whatever the interval.
    """
    if math.isnan(lower) or math.isnan(upper):
        return 1
    # A share that is a whole per cent, and both its limits, were rounded to give no small count away.
    rounded = all(abs(100 * one - round(100 * one)) < 1e-9 for one in (value, lower, upper) if not math.isnan(one))
    return 0 if rounded or abs(upper - lower) >= _WIDE else 1


def share_written(value: float, fine: int) -> str:
    """Return a share in per cent with so many decimals: ``14.3 %``."""
    return f"{100 * value:.{0 if value in (0.0, 1.0) else fine}f} %"
