"""One question under every defensible choice: in how many the answer holds, and on which choice it turns.

A question compares two groups of cases. Its choices (cut-off, clock, unit, exclusions, ladder order, estimator) are
declared with their options, every combination is computed, and the whole is set against the same computation after the
groups' names were shuffled between cases.
"""

from __future__ import annotations

from accountability.multiverse.declared import Declared, read
from accountability.multiverse.multiverse_result import Multiverse
from accountability.multiverse.question import QUESTIONS
from accountability.multiverse.specifications import FEWEST_SHUFFLES, holds

__all__ = ["FEWEST_SHUFFLES", "QUESTIONS", "Declared", "Multiverse", "holds", "read"]
