"""Who draws complaints, against chance: shares of the few, what luck alone would give, and whether it lasts.

=====================================================  =========================================================
what is asked                                          function
=====================================================  =========================================================
how many drew how many                                 :func:`accusations_per_officer`
complaints by officer, unit or supervisor              :func:`tally` (with exposure, with officers never accused)
Lorenz curve, Gini coefficient, share of the top       :func:`lorenz`, :func:`gini`, :func:`top_share`
would chance alone look like this                      :func:`against_chance`, :func:`units_against_chance`
what is left once luck is taken off                    :func:`shrink` (empirical Bayes)
do the same officers draw complaints later             :func:`persistence`
what did those at the top before draw afterwards       :func:`removal`
=====================================================  =========================================================

No function names, lists or ranks an officer.
"""

from accountability.concentration.chance import BENCHMARKS, AgainstChance, against_chance, units_against_chance
from accountability.concentration.exposure import officers_listed, years_watched
from accountability.concentration.periods import Periods, two_periods
from accountability.concentration.persist import Persistence, persistence
from accountability.concentration.removing import Removal, removal
from accountability.concentration.shares import Lorenz, gini, lorenz, top_share
from accountability.concentration.shrinking import Shrunken, shrink
from accountability.concentration.spread import Spread, accusations_per_officer
from accountability.concentration.tallies import Tally, tally

__all__ = [
    "BENCHMARKS",
    "AgainstChance",
    "Lorenz",
    "Periods",
    "Persistence",
    "Removal",
    "Shrunken",
    "Spread",
    "Tally",
    "accusations_per_officer",
    "against_chance",
    "gini",
    "lorenz",
    "officers_listed",
    "persistence",
    "removal",
    "shrink",
    "tally",
    "top_share",
    "two_periods",
    "units_against_chance",
    "years_watched",
]
