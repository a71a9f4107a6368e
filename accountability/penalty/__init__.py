"""Penalties: their order and their parts, what follows a finding, and what becomes of a recommendation."""

from accountability.penalty.comparison import ByUnit, by_unit
from accountability.penalty.every_unit import sustained_by_unit
from accountability.penalty.following import Outcomes, outcomes
from accountability.penalty.gap import StageGap, where_a_gap_stands
from accountability.penalty.hurdle import DaysHurdle, days_hurdle
from accountability.penalty.ladder import CONTESTED, Ladder, days_equivalent
from accountability.penalty.logit import SustainedLogit, sustained_logit
from accountability.penalty.moves import symmetry
from accountability.penalty.parsing import parse, parse_table
from accountability.penalty.parts import Part, Penalty, components
from accountability.penalty.places import SustainedByPlace, sustained_by_place
from accountability.penalty.proportional import ProportionalOdds, proportional_odds
from accountability.penalty.severity import RungLogit, rung_logit
from accountability.penalty.transitions import Changes, changes
from accountability.penalty.waterfall import Waterfall, waterfall
from accountability.penalty.ways import WaysOut, ways_out

__all__ = [
    "CONTESTED",
    "ByUnit",
    "Changes",
    "DaysHurdle",
    "Ladder",
    "Outcomes",
    "Part",
    "Penalty",
    "ProportionalOdds",
    "RungLogit",
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
    "outcomes",
    "parse",
    "parse_table",
    "proportional_odds",
    "rung_logit",
    "sustained_by_place",
    "sustained_by_unit",
    "sustained_logit",
    "symmetry",
    "waterfall",
    "ways_out",
    "where_a_gap_stands",
]
