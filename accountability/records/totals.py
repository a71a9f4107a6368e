"""Outside totals: residents, officers or areas by place and year, which rates of complaints are taken per."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from pydantic import Field, model_validator

from accountability.errors import SourceError
from accountability.records.column import Strict

YEAR = "year"
COUNTED = "total"


class Totals(Strict):
    """What a file of outside totals counts; its other columns name the place, as the coded tables do."""

    counts: dict[str, float] = Field(
        min_length=1, description="coded column of a total -> how many of them a rate is per, such as 1000 residents"
    )
    citation: str = Field(description="who counted, and where it is published")
    as_of: dt.date | None = Field(default=None, description="the day counted, where no column `to: year` has the years")
    without: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="total -> place that has none -> why; its complaints are in no rate"
    )
    unseen: dict[str, str] = Field(
        default_factory=dict, description="place that no case names -> why it counts: nobody complained there"
    )

    @model_validator(mode="after")
    def _possible(self) -> Totals:
        if wrong := [name for name, base in self.counts.items() if not 0 < base < float("inf")]:
            raise ValueError(f"counts: {wrong[0]!r}: a rate is per a number above 0, such as 1000")
        if unknown := [name for name in self.without if name not in self.counts]:
            raise ValueError(f"without names {unknown[0]!r}, which is not among `counts` ({', '.join(self.counts)})")
        return self


@dataclass(frozen=True, eq=False)
class Total:
    """One outside total.

    Attributes
    ----------
    name : str
        What is counted, such as ``residents``.
    base : float
        How many of them a rate is per.
    by : tuple of str
        Columns of the coded tables that name the place; none for a total of the whole agency.
    table : DataFrame
        The columns of `by`, ``year`` (only where totals are by year) and ``total``.
    as_of : date or None
        The day counted, where totals are not by year.
    citation, file : str
    without : mapping
        Places that have none, with the reason.
    """

    name: str
    base: float
    by: tuple[str, ...]
    table: pd.DataFrame
    as_of: dt.date | None = None
    citation: str = ""
    file: str = ""
    without: Mapping[str, str] = field(default_factory=dict)


def places_of(frame: pd.DataFrame, by: Iterable[str]) -> pd.Series:
    """Return the place of each row as one text, missing where one of its columns is."""
    place = pd.Series("", index=frame.index, dtype="str")
    for number, name in enumerate(by):
        place = place.str.cat(frame[name].astype("str"), sep=" / " if number else "")
    return place


def totals_of(
    rows: pd.DataFrame,
    declared: Mapping[str, tuple[Totals, Sequence[str]]],
    tables: Iterable[pd.DataFrame],
) -> dict[str, Total]:
    """Return the totals of a source by name, checked.

    Parameters
    ----------
    rows : DataFrame
        The coded rows of all files of totals, with ``source_file``.
    declared : mapping
        Name of a file to what it counts, and its coded columns.
    tables : iterable of DataFrame
        The coded tables, whose columns name the places.

    Raises
    ------
    SourceError
        A column of places that no table holds, a total without a place or year, a missing total, one of 0 or less, two
        of one place and year, or places of which the tables hold none.
    """
    found: dict[str, Total] = {}
    known = {str(name): table[name] for table in tables for name in table}
    for file, (totals, columns) in declared.items():
        own = rows[rows["source_file"].astype("str") == file].reset_index(drop=True)
        by = tuple(name for name in columns if name not in totals.counts and name != YEAR)
        if lost := [name for name in by if name not in known]:
            held = ", ".join(sorted(name for name in known if not name.startswith(("raw_", "source_"))))
            raise SourceError(
                f"{file}: totals are by {lost[0]!r}, which no table of this source holds; say with `to:` which of its "
                f"columns names the place ({held})"
            )
        if (YEAR in columns) == (totals.as_of is not None):
            raise SourceError(f"{file}: say when totals were counted: a column `to: year`, or `as_of` under `totals`")
        dated = [YEAR] if YEAR in columns else []
        place = places_of(own, by)
        years = pd.to_numeric(own[YEAR], errors="coerce") if dated else pd.Series(0, index=own.index)
        where = f"a column of {' and '.join(by)}" if by else "no place"
        _refuse(own, file, place.isna(), f"name no place ({where} is empty)")
        _refuse(own, file, ~years.between(1800, 2200) & bool(dated), "have no year of four digits")
        twice = pd.DataFrame({"place": place, "year": years}).duplicated()
        _refuse(own, file, twice, f"are a second total of one place{' and year' if dated else ''}", place)
        left_out = {name for places in totals.without.values() for name in places}
        for column in by:
            values, said = known[column].dropna().astype("str"), own[column].astype("str")
            strange = said[~said.isin(values) & ~said.isin([*totals.unseen, *left_out])]
            if len(values) and len(strange):  # the row of a sum would be counted with its parts
                one = strange.iloc[0]
                raise SourceError(
                    f"{file}: {strange.nunique():,} of {said.nunique():,} values of {column!r} are in no case, first "
                    f"{one!r} (those of the cases are such as {values.iloc[0]!r}). Write them alike, drop the rows of "
                    f"sums (prepare: [{{drop_rows: {{in: ..., matching: {one!r}, because: a sum}}}}]), or say where "
                    f"nobody complained: unseen: {{{one!r}: why}}"
                )
        for name, base in totals.counts.items():
            if name in found or name in known or name not in columns:
                told = f"{found[name].file} counts" if name in found else "a column of cases or officers is called"
                fault = f"{told} {name!r} too" if name in columns else f"no column is coded `to: {name}`"
                raise SourceError(f"{file}: {fault}; give every total a `to:` of its own")
            value, without = pd.to_numeric(own[name], errors="coerce").astype("float64"), totals.without.get(name, {})
            left = place.isin(list(without))
            _refuse(own, file, left & value.notna(), f"have {name} although `without` says there are none", place)
            _refuse(own, file, ~left & value.isna(), f"have no number of {name}", place)
            _refuse(own, file, value <= 0, f"have {name} of 0 or less, of which no rate can be taken", place)
            table = own[[*by, *dated]].assign(**({YEAR: years.astype("int64")} if dated else {}), **{COUNTED: value})
            table = table[~left].reset_index(drop=True)
            found[name] = Total(name, base, by, table, totals.as_of, totals.citation, file, without)
    return found


def _refuse(rows: pd.DataFrame, file: str, wrong: pd.Series, what: str, place: pd.Series | None = None) -> None:
    wrong = wrong.fillna(False).astype(bool)
    if wrong.any():
        example = "" if place is None or not place[wrong].iloc[0] else f" ({place[wrong].iloc[0]!r})"
        raise SourceError(
            f"{file}: {int(wrong.sum()):,} of {len(rows):,} totals {what}, first data row "
            f"{rows.loc[wrong, 'source_row'].iloc[0]}{example}; correct the file, say under `unusable` which rows are "
            "no totals, or under `without` which places have none"
        )
