"""Dates as intervals: the first and the last day a cell can mean, and how precise it was.

``2012``, ``September 2012`` and ``2012-09-14`` are one kind of thing here. No day is ever invented: what is not
printed is not filled in, and a column may declare that what it prints is not to be believed.
"""

from __future__ import annotations

from accountability.dates.cells import PROBLEMS
from accountability.dates.columns import parse, parse_parts
from accountability.dates.spec import KEYS, DateSpec, Lie

__all__ = ["KEYS", "PROBLEMS", "DateSpec", "Lie", "parse", "parse_parts"]
