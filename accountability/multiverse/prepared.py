"""One specification made ready: everything but which case is of which group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from accountability.errors import Refusal
from accountability.stats.arrays import Flags, Floats

FEWEST: Final = 10


def summed(place: npt.NDArray[np.integer[Any]], weights: Floats, count: int) -> Floats:
    """Add up the weights of every place from 0 to below `count`."""
    return np.bincount(place, weights=weights, minlength=count).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One specification, ready to be computed for any grouping of the cases.

    Attributes
    ----------
    units : array
        Units of counting of every case, 0 where it is left out.
    hits : array or None
        Of those the ones with the outcome, where the number is a share.
    compare : callable
        From a flag a case (of the first group) to the numbers of the two groups; not finite where there is none.
    missing : str
        Why a number may not be had, for the refusal.
    """

    units: Floats
    hits: Floats | None
    compare: Callable[[Flags], Floats]
    missing: str

    def sizes(self, first: Flags) -> tuple[int, int]:
        """Units of the two groups."""
        return int(self.units[first].sum()), int(self.units[~first].sum())

    def refuse_small(self, first: Flags) -> None:
        """Refuse a specification that would show fewer than ten units of a group, or of a group with the outcome.

        Raises
        ------
        Refusal
            With what is too few, and not how few.
        """
        for flags, which in ((first, "first"), (~first, "second")):
            units = self.units[flags].sum()
            if units < FEWEST:
                raise Refusal(f"fewer than {FEWEST} units of the {which} group")
            if self.hits is not None and not FEWEST <= self.hits[flags].sum() <= units - FEWEST:
                raise Refusal(f"fewer than {FEWEST} units of the {which} group with, or without, the outcome")
