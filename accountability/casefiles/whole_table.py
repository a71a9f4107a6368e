"""A table shown whole: every row, and long texts to their end, since a citation cut short cannot be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from accountability.results import Result

FACTS: Final = ("fact_id", "subject", "what", "cite", "asserted_by", "status", "date")
REPORTS: Final = ("report", "outlet", "published", "rests_on", "how_to_find")
CONFLICTS: Final = ("conflict", "kind", "reading", "chosen", "says", "cite", "changes")


@dataclass(frozen=True, eq=False, repr=False)
class Whole:
    """A table that a notebook shows in full.

    Attributes
    ----------
    table : pandas.DataFrame
        The rows shown, every column of them.
    """

    table: pd.DataFrame

    def __repr__(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            return self.table.to_string(index=False, na_rep="")

    def _repr_html_(self) -> str:
        """Show it as plain HTML, the same at every run."""
        with pd.option_context("display.max_colwidth", None):
            return self.table.to_html(index=False, na_rep="", border=0, escape=True)


def whole(table: pd.DataFrame | Result, columns: Sequence[str] | None = None) -> Whole:
    """Show a table in full.

    Parameters
    ----------
    table : pandas.DataFrame or Result
        The table; of a result, its own.
    columns : sequence of str, optional
        Columns to show; those of a case file's facts, reports or conflicts are chosen when it is one of these, all of
        another table.

    Returns
    -------
    Whole
    """
    frame = table.table if isinstance(table, Result) else table
    if columns is None:
        fitting = [known for known in (FACTS, CONFLICTS, REPORTS) if set(known) <= set(frame.columns)]
        columns = fitting[0] if fitting else list(frame.columns)
    return Whole(frame[list(columns)])
