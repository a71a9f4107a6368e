"""Array types, and the share left after each day."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LONGEST: Final = 100_000
"""No delay is longer (273 years): a longer one is a wrong date, and would make every count table huge."""

ROUNDING: Final = 1.5e-8
"""Products of thousands of factors miss a half by rounding; R's survival uses the same tolerance."""


def share_left(closed: Any, at_risk: Any) -> Floats:
    """Return the product-limit share left after each day, along the last axis (Kaplan and Meier 1958)."""
    left: Floats = np.cumprod(1.0 - closed / np.maximum(at_risk, 1), axis=-1, dtype=np.float64)
    return left
