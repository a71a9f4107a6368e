"""Array types, and the cross-product that every model needs."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LONGEST: Final = 100_000
"""No delay is longer (273 years): a longer one is a wrong date, and would make every count table huge."""

BLOCK: Final = 8_192
ROUNDING: Final = 1.5e-8
"""Products of thousands of factors miss a half by rounding; R's survival uses the same tolerance."""


def share_left(closed: Any, at_risk: Any) -> Floats:
    """Return the product-limit share left after each day, along the last axis (Kaplan and Meier 1958)."""
    left: Floats = np.cumprod(1.0 - closed / np.maximum(at_risk, 1), axis=-1, dtype=np.float64)
    return left


def gram(matrix: Floats, weight: Any) -> Any:
    """Return the weighted cross-product of a long matrix, computed in blocks that fit the processor's cache."""
    if len(matrix) <= BLOCK:
        return matrix.T @ (weight[:, None] * matrix)
    return sum(
        matrix[start : start + BLOCK].T @ (weight[start : start + BLOCK, None] * matrix[start : start + BLOCK])
        for start in range(0, len(matrix), BLOCK)
    )
