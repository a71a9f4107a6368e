"""A question of a multiverse: what is computed in one specification, and again with the groups' names shuffled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from accountability.errors import Refusal
from accountability.multiverse.delay_question import MedianDelay
from accountability.multiverse.outcome_question import MeanRung, Share
from accountability.multiverse.prepared import Prepared
from accountability.study.cohort import Cohort


class Question(Protocol):
    """What can be asked under many choices."""

    @property
    def name(self) -> str:
        """Name in a declaration."""
        ...

    @property
    def measure(self) -> str:
        """What the number is, in words."""
        ...

    @property
    def unit(self) -> str:
        """Unit of the number."""
        ...

    @property
    def more(self) -> str:
        """How the first group differs when the number is above zero, such as ``longer``."""
        ...

    @property
    def less(self) -> str:
        """How it differs when the number is below zero."""
        ...

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Every choice, with what it is when not declared."""
        ...

    @property
    def read(self) -> Mapping[str, Callable[[Any], Any]]:
        """Choice to the function that checks an option and gives its typed value."""
        ...

    def moot(self, values: Mapping[str, Any]) -> set[str]:
        """Choices that change nothing in this specification."""
        ...

    def prepare(self, cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
        """Do all of one specification that does not depend on which case is of which group."""
        ...


QUESTIONS: Final[Mapping[str, Question]] = {
    question.name: question for question in (MedianDelay(), Share(), MeanRung())
}


@dataclass(frozen=True, slots=True)
class Found:
    """One specification's numbers in the data.

    Attributes
    ----------
    effect, first, second : float
        The difference, first group less second, and what is compared.
    n_first, n_second : int
        Units counted.
    """

    effect: float
    first: float
    second: float
    n_first: int
    n_second: int


def find(prepared: Prepared, first: npt.NDArray[np.bool_]) -> Found:
    """Compute one specification with the groups as they are.

    Raises
    ------
    Refusal
        A group is too small, or its number cannot be had.
    """
    prepared.refuse_small(first)
    values = prepared.compare(first)
    if not np.isfinite(values).all():
        raise Refusal(prepared.missing)
    sizes = prepared.sizes(first)
    return Found(float(values[0] - values[1]), float(values[0]), float(values[1]), *sizes)
