"""Do squads matter: findings against peers, who is accused with whom, supervisors, movers, repeated complaints.

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

from accountability.squads.contagion import Contagion, contagion
from accountability.squads.levels import Levels, levels
from accountability.squads.moving import Movers, movers
from accountability.squads.networks import Network, co_accusals, unit_links
from accountability.squads.records import Records, records, unit_columns
from accountability.squads.repeats import MODELS, MeanCount, mean_count, repeat_rates, spells

__all__ = [
    "MODELS",
    "Contagion",
    "Levels",
    "MeanCount",
    "Movers",
    "Network",
    "Records",
    "co_accusals",
    "contagion",
    "levels",
    "mean_count",
    "movers",
    "records",
    "repeat_rates",
    "spells",
    "unit_columns",
    "unit_links",
]
