"""The result of tipping-point analyses: the assumption, the range of the estimate, and where the claim fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.results import Result

COLUMNS: Final = (
    "claim",
    "unknown",
    "n",
    "assumed",
    "estimate",
    "lower",
    "upper",
    "least",
    "most",
    "turns_at_most",
    "turns_at_least",
    "reads",
    "hidden",
)
_NUMBERS: Final = ("n", "estimate", "lower", "upper", "least", "most", "turns_at_most", "turns_at_least")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tipping(Result):
    """Values of unknowns at which a claim fails (tipping points).

    ``table``: one row per claim and unknown. ``claim``, ``unknown``, ``n`` (number unknown), ``assumed`` (the quantity
    varied, in words); ``estimate`` with the limits ``lower`` and ``upper`` between which the claim holds; ``least``,
    ``most`` (the estimate over all values of the unknown); ``turns_at_most``, ``turns_at_least``: the claim fails where
    the assumed quantity is at most, or at least, this; missing if it never fails on that side; ``reads``, the row in
    words; ``hidden``, where few are unknown.

    Attributes
    ----------
    stated : DataFrame
        Estimates at the values asked for: ``claim``, ``unknown``, ``value``, ``estimate``, ``hidden``.
    """

    stated: pd.DataFrame

    def __post_init__(self) -> None:
        super().__post_init__()
        self._hide("stated", self.stated.assign(estimate=self.stated["estimate"].mask(self.stated["hidden"])))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide rows of few units, also in words."""
        hidden = table["hidden"].astype(bool)
        if not hidden.any():
            return table
        shown = table.astype({"n": "Int64"})
        masked = {name: shown[name].mask(hidden) for name in _NUMBERS}
        return shown.assign(**masked, reads=table["reads"].mask(hidden, "too few to show"))

    def sentence(self) -> str:
        """State for each unknown the values at which the claim fails."""
        said = self.table.loc[~self.table["hidden"], "reads"].tolist()
        return " ".join(said) or "Nothing that can be shown is left unknown here."


def row(**values: Any) -> dict[str, Any]:
    """Return a row of the table; values not given are missing."""
    missing = dict.fromkeys(_NUMBERS, float("nan"))
    return {**missing, "hidden": False, **values}


def tipping(lines: Sequence[dict[str, Any]], stated: Sequence[dict[str, Any]] = (), **said: Any) -> Tipping:
    """Return the result made of some rows."""
    heads = ["claim", "unknown", "value", "estimate", "hidden"]
    values = pd.DataFrame(list(stated), columns=heads).astype({"hidden": "bool"})
    table = pd.DataFrame(list(lines), columns=list(COLUMNS))
    table["lower"] = table["lower"].astype(float).replace(-np.inf, np.nan)  # no limit on that side
    return Tipping(table=table.astype({"n": "int64", "hidden": "bool"}), stated=values, **said)


def turns(
    estimate: Callable[[float], float], grid: Sequence[float], lower: float, upper: float
) -> tuple[float, float, float, float]:
    """Find where on a grid a monotone estimate leaves its limits.

    Parameters
    ----------
    estimate : callable
        Function of the assumed value that returns the estimate.
    grid : sequence of float
        Values in increasing order, searched by bisection.
    lower, upper : float
        Limits of the claim; a missing limit means no limit.

    Returns
    -------
    tuple of float
        The least and the most of the estimate; the largest value at which it is outside at the start of the grid, and
        the smallest at the end; missing if there is none.
    """
    ends = [estimate(grid[0]), estimate(grid[-1])]

    def beyond(value: float) -> int:
        return int(value > upper + 1e-9) - int(value < lower - 1e-9)

    first, last = (beyond(end) for end in ends)

    def edge(side: int, start: int, stop: int) -> float:
        """The value nearest to `stop` that is still on the side of `start`."""
        while abs(stop - start) > 1:
            middle = (start + stop) // 2
            if beyond(estimate(grid[middle])) == side:
                start = middle
            else:
                stop = middle
        return float(grid[start])

    size = len(grid) - 1
    if first and first == last:
        return min(ends), max(ends), float(grid[-1]), float(grid[0])
    below = edge(first, 0, size) if first else np.nan
    above = edge(last, size, 0) if last else np.nan
    return min(ends), max(ends), below, above
