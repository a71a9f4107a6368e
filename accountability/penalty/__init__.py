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
==========================================  ==================================================================
"""

from accountability.penalty.comparison import ByUnit, by_unit
from accountability.penalty.every_unit import sustained_by_unit
from accountability.penalty.following import Outcomes, outcomes
from accountability.penalty.gap import StageGap, where_a_gap_stands
from accountability.penalty.guidelines import Departures, departures
from accountability.penalty.hurdle import DaysHurdle, days_hurdle
from accountability.penalty.ladder import CONTESTED, Ladder, days_equivalent
from accountability.penalty.like_cases import LikeCases, like_cases
from accountability.penalty.logit import SustainedLogit, sustained_logit
from accountability.penalty.moves import symmetry
from accountability.penalty.parsing import parse, parse_table
from accountability.penalty.parts import Part, Penalty, components
from accountability.penalty.places import SustainedByPlace, sustained_by_place
from accountability.penalty.proportional import ProportionalOdds, proportional_odds
from accountability.penalty.severity import RungLogit, rung_logit
from accountability.penalty.shrinking import Shrinking, shrinking
from accountability.penalty.transitions import Changes, changes
from accountability.penalty.waterfall import Waterfall, waterfall
from accountability.penalty.ways import WaysOut, ways_out

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
