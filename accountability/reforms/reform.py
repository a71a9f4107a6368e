"""Declared reforms: what changed, when, for whom, until when, and the source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from accountability.errors import SourceError
from accountability.records.column import Strict, problems
from accountability.records.yaml_text import lines_of, read_yaml


class Reform(Strict):
    """A reform: what changed, when, for whom, until when, and the source.

    Attributes
    ----------
    name : str
        Its short name; ``reform:`` in the file.
    what : str
        What changed, in one clause.
    start, end : datetime.date
        First and last day in force; ``from:`` and ``to:`` in the file. ``end`` is ``None`` if it is still in force.
    affects : str
        Who is affected, in words.
    column : str or None
        The column that defines who is affected since when; ``None`` if all are at once.
    since : mapping
        Value of that column to its first day; ``None`` for a value never affected.
    announced : datetime.date or None
        The day of its announcement.
    anticipation_months : int
        Months before its first day in which affected units may have acted on it.
    spillover : str
        How it may have changed units that it does not affect, in words; empty if not known to.
    source, citation : str
        Where it was read, and the reference of the text.
    """

    name: str = Field(alias="reform", min_length=1)
    what: str = Field(min_length=1)
    start: dt.date = Field(alias="from")
    end: dt.date | None = Field(default=None, alias="to")
    affects: str = Field(min_length=1)
    column: str | None = None
    since: dict[str, dt.date | None] = Field(default_factory=dict)
    announced: dt.date | None = None
    anticipation_months: int = Field(default=0, ge=0, le=120)
    spillover: str = ""
    source: str = Field(min_length=1)
    citation: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Reform:
        days = [day for day in self.since.values() if day]
        if self.end and self.end < self.start:
            raise ValueError(f"`to` ({self.end}) is before `from` ({self.start})")
        if self.announced and self.announced > self.start:
            raise ValueError(f"`announced` ({self.announced}) is after `from` ({self.start})")
        if bool(self.since) != bool(self.column):
            raise ValueError("`since` and `column` belong together: a column, and the first day of each of its values")
        if self.since and not days:
            raise ValueError("`since` gives no day: name at least one value that is affected")
        if days and min(days) != self.start:
            raise ValueError(f"`from` ({self.start}) must be the first day under `since` ({min(days)})")
        if self.end and days and max(days) > self.end:
            raise ValueError(f"`since` names a day ({max(days)}) after `to` ({self.end})")
        return self


def read_reform(declared: str | Path | Mapping[str, Any]) -> Reform:
    """Read the declaration of a reform.

    Parameters
    ----------
    declared : path or mapping
        A YAML file or a mapping. ``reform``, ``what``, ``from``, ``affects`` and ``source`` are required; see
        :class:`Reform` for the others.

    Returns
    -------
    Reform

    Raises
    ------
    SourceError
        For unknown or missing keys, or keys of the wrong type; the message lists all.

    Examples
    --------
    >>> from accountability import reforms
    >>> reform = reforms.read_reform({"reform": "board", "what": "A board reviews every finding",
    ...     "from": "2016-07-01", "affects": "the first district before the others", "column": "district",
    ...     "since": {"First": "2016-07-01", "Second": "2017-01-01", "Third": None}, "source": "invented here"})
    >>> reform.since["Third"] is None
    True
    """
    if not isinstance(declared, (str, Path, Mapping)):
        raise SourceError(
            f"a reform is declared by a YAML file or a mapping, and this is a {type(declared).__name__}. Write:\n"
            "    reforms.read_reform('reform.yaml')"
        )
    said = dict(declared) if isinstance(declared, Mapping) else read_yaml(Path(declared))
    where = "the reform" if isinstance(declared, Mapping) else str(declared)
    try:
        return Reform.model_validate(said)
    except ValidationError as error:
        lines = None if isinstance(declared, Mapping) else lines_of(Path(declared))
        raise SourceError(f"{where}: {error.error_count()} thing(s) to mend:\n{problems(error, lines)}") from None
