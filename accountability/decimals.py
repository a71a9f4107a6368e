"""How many decimals a number has, in an answer, a table and a figure alike: as many as its interval allows."""

from __future__ import annotations

import math
from typing import Final

#: Of a share's interval, four standard errors of two points each.
_WIDE: Final = 0.08
_MOST: Final = 4


def decimals(lower: float, upper: float) -> int:
    """Return the decimals for an interval: those of the first figure of the standard error, at most three.

    More where a limit would be written as 1 and is not: whether a ratio's interval holds 1 is what a reader looks for.
    """
    error = abs(upper - lower) / 4
    fine = min(max(-math.floor(math.log10(error)), 0), 3) if math.isfinite(error) and error > 0 else 1
    while fine < _MOST and any(end != 1 and round(end, fine) == 1 for end in (lower, upper)):
        fine += 1
    return fine


def share_decimals(value: float, lower: float, upper: float) -> int:
    """Return the decimals of a share in per cent: one where the standard error is below two points, else none.

    One without an interval.
    """
    if math.isnan(lower) or math.isnan(upper):
        return 1
    # A share that is a whole per cent, and both its limits, were rounded to give no small count away.
    rounded = all(abs(100 * one - round(100 * one)) < 1e-9 for one in (value, lower, upper) if not math.isnan(one))
    return 0 if rounded or abs(upper - lower) >= _WIDE else 1


def share_written(value: float, fine: int) -> str:
    """Return a share in per cent with so many decimals, ``14.3 %``; nought and all without any, ``0 %``."""
    return f"{100 * value:.{0 if value in (0.0, 1.0) else fine}f} %"
