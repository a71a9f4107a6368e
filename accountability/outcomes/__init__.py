"""Penalties: their order and their parts, what follows a finding, and what becomes of a recommendation.

==========================================  ==================================================================
question                                    function
==========================================  ==================================================================
what follows a finding                      :func:`outcomes`
from recommended to imposed, and beyond     :func:`changes`, :func:`waterfall`, :func:`shrinking`
one rate under every unit of counting       :func:`sustained_by_unit`, :func:`by_unit`
sustained or not, by several columns        :func:`sustained_logit`; with places that differ
                                            :func:`sustained_by_place`
how heavy                                   :func:`rung_logit`, :func:`proportional_odds`
how many days                               :func:`days_hurdle`
which way out                               :func:`ways_out`
where a gap between two groups stands       :func:`where_a_gap_stands`
what followed in like cases                 :func:`like_cases`, :func:`departures`
do slow cases end lighter                   :func:`delay_and_penalty`
==========================================  ==================================================================
"""

from accountability.outcomes.causes import WaysOut, ways_out
from accountability.outcomes.comparison import ByUnit, by_unit
from accountability.outcomes.every_unit import sustained_by_unit
from accountability.outcomes.following import Outcomes, outcomes
from accountability.outcomes.gap import StageGap, where_a_gap_stands
from accountability.outcomes.guidelines import Departures, departures
from accountability.outcomes.hurdle import DaysHurdle, days_hurdle
from accountability.outcomes.ladder import CONTESTED, Ladder, days_equivalent
from accountability.outcomes.logit import SustainedLogit, sustained_logit
from accountability.outcomes.matched_cases import LikeCases, like_cases
from accountability.outcomes.mixed import SustainedByPlace, sustained_by_place
from accountability.outcomes.moves import symmetry
from accountability.outcomes.odds_tests import ProportionalOdds, proportional_odds
from accountability.outcomes.parsing import parse, parse_table
from accountability.outcomes.penalty_parts import Part, Penalty, components
from accountability.outcomes.reductions import Shrinking, shrinking
from accountability.outcomes.severity import RungLogit, rung_logit
from accountability.outcomes.slow_cases import SlowCases, delay_and_penalty
from accountability.outcomes.transitions import Changes, changes
from accountability.outcomes.waterfall_steps import Waterfall, waterfall

__all__ = [
    "CONTESTED",
    "ByUnit",
    "Changes",
    "DaysHurdle",
    "Departures",
    "Ladder",
    "LikeCases",
    "Outcomes",
    "Part",
    "Penalty",
    "ProportionalOdds",
    "RungLogit",
    "Shrinking",
    "SlowCases",
    "StageGap",
    "SustainedByPlace",
    "SustainedLogit",
    "Waterfall",
    "WaysOut",
    "by_unit",
    "changes",
    "components",
    "days_equivalent",
    "days_hurdle",
    "delay_and_penalty",
    "departures",
    "like_cases",
    "outcomes",
    "parse",
    "parse_table",
    "proportional_odds",
    "rung_logit",
    "shrinking",
    "sustained_by_place",
    "sustained_by_unit",
    "sustained_logit",
    "symmetry",
    "waterfall",
    "ways_out",
    "where_a_gap_stands",
]
