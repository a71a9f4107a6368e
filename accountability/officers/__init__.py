"""Officers and squads: who draws complaints against what chance alone gives, and whether squads matter.

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

====================================================  ========================================================
what is asked                                         function
====================================================  ========================================================
accusations with units and days, ids left behind      :func:`records`
do complaints follow findings against peers           :func:`contagion`
who is accused with whom, and where                   :func:`co_accusals`, :func:`unit_links`
do supervisors, units and officers differ             :func:`levels`
do complaints go along with officers or with places   :func:`movers`
how soon and how often do complaints come again       :func:`spells`, :func:`mean_count`, :func:`repeat_rates`
====================================================  ========================================================

No function names, lists or ranks an officer, and no network is drawn whose points are people.
"""

from accountability.officers.chance import BENCHMARKS, AgainstChance, against_chance, units_against_chance
from accountability.officers.contagion_test import Contagion, contagion
from accountability.officers.exposure import officers_listed, years_watched
from accountability.officers.levels import Levels, levels
from accountability.officers.moving import Movers, movers
from accountability.officers.networks import Network, co_accusals, unit_links
from accountability.officers.officer_events import Records, records, unit_columns
from accountability.officers.periods import Periods, two_periods
from accountability.officers.persist import Persistence, persistence
from accountability.officers.repeats import MODELS, MeanCount, mean_count, repeat_rates, spells
from accountability.officers.shares import Lorenz, gini, lorenz, top_share
from accountability.officers.shrinkage import Shrunken, shrink
from accountability.officers.spread import Spread, accusations_per_officer
from accountability.officers.tallies import Tally, tally
from accountability.officers.top_k import Removal, removal

__all__ = [
    "BENCHMARKS",
    "MODELS",
    "AgainstChance",
    "Contagion",
    "Levels",
    "Lorenz",
    "MeanCount",
    "Movers",
    "Network",
    "Periods",
    "Persistence",
    "Records",
    "Removal",
    "Shrunken",
    "Spread",
    "Tally",
    "accusations_per_officer",
    "against_chance",
    "co_accusals",
    "contagion",
    "gini",
    "levels",
    "lorenz",
    "mean_count",
    "movers",
    "officers_listed",
    "persistence",
    "records",
    "removal",
    "repeat_rates",
    "shrink",
    "spells",
    "tally",
    "top_share",
    "two_periods",
    "unit_columns",
    "unit_links",
    "units_against_chance",
    "years_watched",
]
