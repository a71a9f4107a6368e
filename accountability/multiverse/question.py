"""A question of a multiverse: its computation in one specification, for the data and for permuted groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from accountability.errors import Refusal
from accountability.multiverse.choices import Choice, exclusion
from accountability.stats.arrays import Flags, Floats
from accountability.study.cohort import Cohort

FEWEST: Final = 10


def summed(place: npt.NDArray[np.integer[Any]], weights: Floats, count: int) -> Floats:
    """Return the sum of weights at every position from 0 to `count` - 1."""
    return np.bincount(place, weights=weights, minlength=count).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One specification, ready to be computed for any grouping of the cases.

    Attributes
    ----------
    units : array
        Units of counting of every case, 0 where it is left out.
    hits : array or None
        Units with the outcome, if the number is a share.
    compare : callable
        Function of a flag per case (in the first group) that returns the numbers of the two groups; not finite if
        undefined.
    missing : str
        Why a number may be missing, for the refusal.
    """

    units: Floats
    hits: Floats | None
    compare: Callable[[Flags], Floats]
    missing: str

    def find(self, first: Flags) -> Found:
        """Compute the specification for the actual groups.

        Raises
        ------
        Refusal
            If a group has fewer than ten units, or fewer than ten with or without the outcome (the message does not say
            how few); or its number cannot be computed.
        """
        for flags, which in ((first, "first"), (~first, "second")):
            units = self.units[flags].sum()
            if units < FEWEST:
                raise Refusal(f"fewer than {FEWEST} units of the {which} group")
            if self.hits is not None and not FEWEST <= self.hits[flags].sum() <= units - FEWEST:
                raise Refusal(f"fewer than {FEWEST} units of the {which} group with, or without, the outcome")
        one, other = self.compare(first)
        if not np.isfinite([one, other]).all():
            raise Refusal(self.missing)
        sizes = (int(self.units[flags].sum()) for flags in (first, ~first))
        return Found(float(one - other), float(one), float(other), *sizes)


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers of one specification in the data.

    Attributes
    ----------
    estimate, first, second : float
        The difference (first minus second group), and the two numbers compared.
    n_first, n_second : int
        Units counted.
    """

    estimate: float
    first: float
    second: float
    n_first: int
    n_second: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that can be asked under many choices.

    Attributes
    ----------
    name : str
        Name in a declaration.
    measure, unit : str
        The measure in words, and its unit.
    more, less : str
        Words for a difference above zero, such as ``longer``, and below zero.
    choices : mapping of str to Choice
        Choices by name; every question also has ``exclusions``.
    prepare : callable
        Prepares one specification before the grouping: a function of the cohort without excluded cases, the option of
        every choice, and the position of every case by its id.
    moot : callable
        Function of the options that returns the choices without effect in a specification.
    """

    name: str
    measure: str
    unit: str
    more: str = "higher"
    less: str = "lower"
    choices: Mapping[str, Choice]
    prepare: Callable[[Cohort, Mapping[str, Any], Mapping[str, int]], Prepared]
    moot: Callable[[Mapping[str, Any]], set[str]] = field(default=lambda values: set())

    @property
    def known(self) -> dict[str, Choice]:
        """All choices, including ``exclusions``."""
        return {**self.choices, "exclusions": Choice(None, exclusion)}
