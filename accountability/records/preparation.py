"""The declared operations on the rows of a file before coding; each has a ledger entry."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from accountability.records.column import Strict


class DropRows(Strict):
    """Drop rows that are not records: repeated headers, totals, page lines."""

    column: str = Field(alias="in", description="the column that tells")
    matching: str = Field(description="a pattern that its whole cell fits")
    because: str = Field(description="what these rows are")


class GroupLines(Strict):
    """Turn group lines of a report into a column, filled down to the rows below."""

    column: str = Field(alias="in", description="the column in which the lines stand")
    matching: str = Field(description="a pattern with one group: what the group finds is the value")
    into: str = Field(description="name of the new column")

    @model_validator(mode="after")
    def _one_group(self) -> GroupLines:
        if re.compile(self.matching).groups != 1:
            raise ValueError(f"matching is a pattern with exactly one group, found {self.matching!r}")
        return self


class Explode(Strict):
    """Split cells with several items into one row per item; several columns in parallel."""

    columns: list[str] = Field(min_length=1, description="the columns, taken apart together")
    by: str = Field(default=";", min_length=1, description="what stands between the items; `json` for JSON lists")


class JoinColumns(Strict):
    """Join several columns into one, such as an id from year and number."""

    columns: list[str] = Field(min_length=2, description="in this order; blank where one of them is")
    by: str = Field(default="-", description="what is put between them")
    into: str = Field(description="name of the new column")


class Constant(Strict):
    """Add a column with the same value in every row."""

    into: str = Field(description="name of the new column")
    value: str = Field(min_length=1, description="its text")


class Lookup(Strict):
    """Add columns of a second file by a key: a table of labels, or of links between ids."""

    file: str = Field(description="a file named under `beside`")
    column: str = Field(description="the column that holds the code")
    match: str = Field(description="the column of the second file that holds it")
    take: dict[str, str] = Field(min_length=1, description="column of the second file -> name of the new column")
    many: bool = Field(default=False, description="a code may stand in several rows of the second file: one row each")
    unmatched: Literal["refuse", "blank"] = Field("refuse", description="a code without a row stops, or leaves blanks")


class Blank(Strict):
    """Texts that mean an empty cell, such as ``NA``."""

    texts: list[str] = Field(min_length=1, description="the texts, without outer blanks")
    columns: list[str] = Field(default_factory=list, description="only in these columns; all when left out")


class Step(Strict):
    """One step of `prepare`: exactly one operation."""

    fill_down: list[str] | None = Field(default=None, description="columns whose blank cells repeat the cell above")
    drop_rows: DropRows | None = Field(default=None, description="rows that are no records are left out")
    group_lines: GroupLines | None = Field(default=None, description="group lines of a report become a column")
    explode: Explode | None = Field(default=None, description="list cells become rows")
    join_columns: JoinColumns | None = Field(default=None, description="several columns become one")
    row_number: str | None = Field(default=None, description="a new column of this name with the number of the row")
    constant: Constant | None = Field(default=None, description="a new column that says the same in every row")
    lookup: Lookup | None = Field(default=None, description="columns of a second file, found by a code")
    append: list[str] | None = Field(default=None, description="files under `beside` whose rows follow, same columns")
    blank: Blank | None = Field(default=None, description="texts that mean an empty cell")
    script: str | None = Field(
        default=None, description="a script under `beside`; its `prepare(frame)` gives the new frame, in a sandbox"
    )

    @model_validator(mode="after")
    def _one(self) -> Step:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a step is one of {', '.join(type(self).model_fields)}; found {', '.join(given) or 'none'}"
            )
        return self

    @property
    def name(self) -> str:
        """Name of the operation."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def reads(self) -> list[str]:
        """Further files it reads."""
        one = [self.lookup.file] if self.lookup is not None else [self.script] if self.script is not None else []
        return [*one, *(self.append or ())]
