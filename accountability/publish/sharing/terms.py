"""The sharing gate before coded tables: every term that would leave is looked through."""

from __future__ import annotations

from accountability.publish.sharing.known import known
from accountability.publish.sharing.leak import Leak
from accountability.publish.sharing.pieces import Text
from accountability.publish.sharing.word_rules import in_text
from accountability.records.dataset import Dataset
from accountability.records.hand_over import leaving_terms

#: A term may hold a number ("1 day") without counting anybody.
_OF_COUNTS = frozenset({"small cell", "difference", "one case"})


def leaks_in_terms(data: Dataset) -> list[Leak]:
    """What must not leave among the terms of a dataset's columns, each with its table and column."""
    with_what = known([data.name])
    pieces = (Text(f"{table}, {column}", term) for table, column, terms in leaving_terms(data) for term in terms)
    return [leak for piece in pieces for leak in in_text(piece, with_what) if leak.kind not in _OF_COUNTS]
