"""The cross-product that every model needs, in blocks that fit the processor's cache."""

from typing import Any, Final

from accountability.stats.arrays import Floats

BLOCK: Final = 8_192
"""Rows at a time."""


def in_blocks(length: int) -> list[slice]:
    """Return the places of a long array in blocks that fit the processor's cache."""
    return [slice(start, start + BLOCK) for start in range(0, length, BLOCK)]


def gram(matrix: Floats, weight: Any) -> Any:
    """Return the weighted cross-product of a long matrix, computed in blocks that fit the processor's cache."""
    if len(matrix) <= BLOCK:
        return matrix.T @ (weight[:, None] * matrix)
    return sum(matrix[some].T @ (weight[some, None] * matrix[some]) for some in in_blocks(len(matrix)))
