"""A question of a multiverse: what is computed in one specification, and again with the groups' names shuffled."""

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

    def find(self, first: Flags) -> Found:
        """Compute the specification with the groups as they are.

        Raises
        ------
        Refusal
            A group has fewer than ten units, or fewer than ten with or without the outcome (it says what is too few,
            and not how few); or its number cannot be had.
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
    """One specification's numbers in the data.

    Attributes
    ----------
    estimate, first, second : float
        The difference, first group less second, and what is compared.
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
    """What can be asked under many choices.

    Attributes
    ----------
    name : str
        Name in a declaration.
    measure, unit : str
        What the number is, in words, and its unit.
    more, less : str
        How the first group differs when the number is above zero, such as ``longer``, and when it is below.
    choices : mapping of str to Choice
        Every choice by name; ``exclusions`` is one of every question.
    prepare : callable
        Does all of one specification that does not depend on which case is of which group: from the cohort without
        the cases left out, the value of every choice, and the place of every case by its id.
    moot : callable
        Names the choices that change nothing in a specification, from the value of every choice.
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
        """Every choice, exclusions among them."""
        return {**self.choices, "exclusions": Choice(None, exclusion)}
