"""Dates as intervals: the first and the last day a cell can mean, and how precise it was.

``2012``, ``September 2012`` and ``2012-09-14`` are one kind of thing here. No day is ever invented: what is not
printed is not filled in, and a column may declare that what it prints is not to be believed.
"""

from __future__ import annotations

from accountability.records.dates.arithmetic import day_bounds, order
from accountability.records.dates.convention import WordsConvention
from accountability.records.dates.date_cells import PROBLEMS
from accountability.records.dates.date_columns import parse
from accountability.records.dates.date_interval import ImpossibleDate, Interval, UnreadableDate
from accountability.records.dates.date_parts import parse_parts
from accountability.records.dates.date_spec import KEYS, NAMED_FORMATS, DateSpec, Lie
from accountability.records.dates.date_words import parse_words
from accountability.records.dates.edtf import format_edtf, parse_edtf, to_edtf

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
