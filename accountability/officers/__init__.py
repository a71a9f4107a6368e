"""Officers and squads: how complaints are distributed, compared with chance alone, and whether squads differ.

=====================================================  =========================================================
what is asked                                          function
=====================================================  =========================================================
accusations per officer                                :func:`accusations_per_officer`
complaints by officer, unit or supervisor              :func:`tally` (with exposure, with officers never accused)
Lorenz curve, Gini coefficient, share of the top       :func:`lorenz`, :func:`gini`, :func:`top_share`
comparison with chance alone                           :func:`against_chance`, :func:`units_against_chance`
differences beyond chance                              :func:`shrink` (empirical Bayes)
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

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
