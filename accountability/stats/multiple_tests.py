"""Correct p-values for the number of tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return p-values corrected for multiple tests (Holm 1979); missing ones stay missing and do not count."""
    p = np.asarray(probabilities, dtype=float)
    out = np.full(len(p), np.nan)
    place = np.flatnonzero(~np.isnan(p))
    order = place[np.argsort(p[place], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return out
