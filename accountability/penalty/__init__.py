"""Penalties: their order and their parts, what follows a finding, and what becomes of a recommendation."""

from accountability.penalty.comparison import ByUnit, by_unit
from accountability.penalty.every_unit import sustained_by_unit
from accountability.penalty.following import Outcomes, outcomes
from accountability.penalty.ladder import CONTESTED, Ladder, days_equivalent
from accountability.penalty.logit import SustainedLogit, sustained_logit
from accountability.penalty.moves import symmetry
from accountability.penalty.parsing import parse, parse_table
from accountability.penalty.parts import Part, Penalty, components
from accountability.penalty.severity import RungLogit, rung_logit
from accountability.penalty.transitions import Changes, changes
from accountability.penalty.waterfall import Waterfall, waterfall

__all__ = [
    "CONTESTED",
    "ByUnit",
    "Changes",
    "Ladder",
    "Outcomes",
    "Part",
    "Penalty",
    "RungLogit",
    "SustainedLogit",
    "Waterfall",
    "by_unit",
    "changes",
    "components",
    "days_equivalent",
    "outcomes",
    "parse",
    "parse_table",
    "rung_logit",
    "sustained_by_unit",
    "sustained_logit",
    "symmetry",
    "waterfall",
]
