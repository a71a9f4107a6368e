"""Dates as intervals: the first and the last day a cell can mean, and how precise it was.

``2012``, ``September 2012`` and ``2012-09-14`` are one kind of thing here. No day is ever invented: what is not
printed is not filled in, and a column may declare that what it prints is not to be believed.
"""

from __future__ import annotations

from accountability.dates.arithmetic import day_bounds, order
from accountability.dates.cells import PROBLEMS
from accountability.dates.columns import parse
from accountability.dates.convention import WordsConvention
from accountability.dates.edtf import format_edtf, parse_edtf, to_edtf
from accountability.dates.interval import ImpossibleDate, Interval, UnreadableDate
from accountability.dates.parts import parse_parts
from accountability.dates.spec import KEYS, NAMED_FORMATS, DateSpec, Lie
from accountability.dates.words import parse_words

__all__ = [
    "KEYS",
    "NAMED_FORMATS",
    "PROBLEMS",
    "DateSpec",
    "ImpossibleDate",
    "Interval",
    "Lie",
    "UnreadableDate",
    "WordsConvention",
    "day_bounds",
    "format_edtf",
    "order",
    "parse",
    "parse_edtf",
    "parse_parts",
    "parse_words",
    "to_edtf",
]
