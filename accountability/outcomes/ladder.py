"""The penalty ladder: the order of severity, its contested neighbours, and days lost.

The order is a default. Agencies do not agree on two pairs of neighbours (Oregon's rule lists suspension, reduced
salary and demotion unordered; New York takes vacation days where others suspend), so a :class:`Ladder` may swap
either pair, and a result that uses the order can be computed under each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
from pandas._libs.missing import NAType

from accountability.errors import ParameterError
from accountability.records.units import ranks, severity_rank
from accountability.study.inputs import takes_only
from accountability.vocabulary import PENALTIES, PENALTY_LADDER

CONTESTED: Final = (("loss_of_leave", "suspension"), ("suspension", "demotion"))
COUNTED_IN_DAYS: Final = ("loss_of_leave", "suspension")
NO_DAYS_LOST: Final = ("none", "counselling_or_training", "reprimand")


@dataclass(frozen=True, slots=True)
class Ladder:
    """The order of penalties from ``none`` to ``dismissal``.

    Parameters
    ----------
    swap : tuple of str, optional
        One pair of contested neighbours, in the default order, whose order is reversed:
        ``("loss_of_leave", "suspension")`` or ``("suspension", "demotion")``. Only one pair can be swapped, because the
        other pair are then no longer neighbours.

    Raises
    ------
    ParameterError
        If the pair is not contested.

    Examples
    --------
    >>> from accountability import outcomes
    >>> outcomes.CONTESTED[0]
    ('loss_of_leave', 'suspension')
    >>> outcomes.Ladder().rung("suspension"), outcomes.Ladder(outcomes.CONTESTED[0]).rung("suspension")
    (4, 3)
    """

    swap: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.swap is not None and tuple(self.swap) not in CONTESTED:
            raise ParameterError(
                f"swap must be one of the contested pairs {list(CONTESTED)}, found {self.swap!r}; "
                "other neighbours are ordered the same way by every scale we hold"
            )

    @property
    def order(self) -> tuple[str, ...]:
        """The terms from lightest to heaviest."""
        terms = list(PENALTY_LADDER)
        if self.swap is not None:
            low, high = (terms.index(term) for term in self.swap)
            terms[low], terms[high] = terms[high], terms[low]
        return tuple(terms)

    @property
    def name(self) -> str:
        """Name of the order in a table: ``default order`` or the swapped pair."""
        return "default order" if self.swap is None else f"{self.swap[1]} below {self.swap[0]}"

    def rung(self, term: str | NAType | None) -> int | NAType:
        """Return the rung of one term: 0 for ``none``, ``NA`` for a missing or off-ladder term.

        Raises
        ------
        ParameterError
            For an unknown penalty term.
        """
        if term is None or pd.isna(term):
            return pd.NA
        _known([str(term)])
        return self.order.index(term) if term in self.order else pd.NA

    def rungs(self, terms: pd.Series) -> pd.Series:
        """Return the rungs of a column of terms (``Int64``; off-ladder and missing terms are ``NA``).

        Raises
        ------
        ParameterError
            For unknown penalty terms; the message counts each.
        """
        _known(terms.dropna().unique(), terms)
        place = ranks(terms, self.order)
        return pd.Series(place, terms.index, dtype="Int64", name=terms.name).mask(place == len(self.order))

    def highest(self, terms: Iterable[str]) -> str:
        """Return the heaviest of several terms: on-ladder sanctions first, then off-ladder terms, then ``none``.

        An off-ladder term outranks ``none`` because it is not a decision of no penalty; a sanction outranks an
        off-ladder term because the sanction is known to have been given.
        """
        held = list(terms)
        _known(held)
        rank = self.severity_rank
        if not held:
            raise ParameterError("the highest of no penalties was asked for; give at least one term")
        return max(held, key=lambda term: rank[term])

    @property
    def severity_rank(self) -> Mapping[str, int]:
        """Rank of every term for taking the highest; off-ladder terms are just above ``none``."""
        return severity_rank(self.order)

    @classmethod
    def variants(cls) -> tuple[Ladder, ...]:
        """Return the default order and each order with one contested pair swapped."""
        return (cls(), *(cls(pair) for pair in CONTESTED))


@takes_only(pd.Series, "outcomes.days_equivalent(rows['imposed_penalty'], rows['imposed_days'])")
def days_equivalent(terms: pd.Series, days: pd.Series, leave_day: float = 1.0) -> pd.Series:
    """Return the days of pay or leave lost by each penalty.

    Zero for no penalty, counselling and reprimand; the stated days for a suspension; ``leave_day`` times the
    stated days for loss of leave; missing for demotion, dismissal, off-ladder terms and unknown lengths. The scale
    measures cost to the officer in days, not severity.

    Parameters
    ----------
    terms, days : Series
        Penalty terms and their days, same index.
    leave_day : float
        What a day of leave counts in days of suspension.

    Returns
    -------
    Series of Float64

    Raises
    ------
    ParameterError
        For negative days, or a ``leave_day`` that is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from accountability import outcomes
    >>> terms = pd.Series(["reprimand", "suspension", "loss_of_leave", "dismissal"])
    >>> outcomes.days_equivalent(terms, pd.Series([None, 10, 4, None]), leave_day=0.5).tolist()
    [0.0, 10.0, 2.0, <NA>]
    """
    if not leave_day > 0:
        raise ParameterError(f"leave_day must be above zero, found {leave_day}")
    numbers = pd.to_numeric(days).astype("Float64")
    negative = (numbers < 0).fillna(False)
    if negative.any():
        where = numbers.index[negative.to_numpy(dtype=bool)][0]
        raise ParameterError(
            f"days of a penalty cannot be negative: {int(negative.sum())} are, the first {numbers[where]} at row "
            f"{where}; correct the source or set them aside"
        )
    out = pd.Series(pd.NA, index=terms.index, dtype="Float64", name="days_equivalent")
    out = out.mask(terms.isin(NO_DAYS_LOST), 0.0)
    out = out.mask(terms.eq("suspension").fillna(False), numbers)
    return out.mask(terms.eq("loss_of_leave").fillna(False), numbers * leave_day)


def _known(terms: Iterable[str], column: pd.Series | None = None) -> None:
    unknown = [str(term) for term in terms if term not in PENALTIES]
    if unknown:
        counts = "" if column is None else f" in {int(column.isin(unknown).sum()):,} rows"
        raise ParameterError(
            f"expected penalty terms ({', '.join(PENALTIES)}), found {', '.join(map(repr, unknown[:5]))}{counts}; "
            "map them in the source's codebook"
        )
