"""Penalties: their order, what follows a finding, and what becomes of a recommendation."""

from accountability.penalty.following import Outcomes, outcomes
from accountability.penalty.ladder import CONTESTED, Ladder, days_equivalent
from accountability.penalty.transitions import Changes, changes, symmetry

__all__ = ["CONTESTED", "Changes", "Ladder", "Outcomes", "changes", "days_equivalent", "outcomes", "symmetry"]
