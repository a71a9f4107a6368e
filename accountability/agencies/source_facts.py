"""What decides whether sources can be compared, read off their cards, declarations and codebooks; no data are read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.records.capabilities import columns, stages
from accountability.records.codebook import read_codebook
from accountability.records.contract import declared_source
from accountability.records.inherited import declared, line_of_releases
from accountability.records.places import source_folder
from accountability.study.follow_up import seen_late
from accountability.vocabulary import FINDINGS

if TYPE_CHECKING:
    from accountability.records.contract import Source

#: Closings are taken as recorded from the age at which so large a share of them was.
RECORDED: Final = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """The facts of one source that a comparison rests on.

    Attributes
    ----------
    name, agency : str
    line : str
        The oldest release of the agency's series; sources of one line are one agency.
    generated : bool
        Whether it is generated, and stands for no agency.
    rule, internal, open_cases : str
        How complaints came to be in it: sampling rule, internal complaints, open cases.
    closing_date, has_origin : bool
        Whether the day of closing is published, and whether a column says who began a complaint.
    dated : frozenset of str or None
        Stages it dates; ``None`` where only a load can tell.
    to_the_day : bool
        Whether its days of receipt and closing are declared as days.
    period : tuple of date or None
        First and last day of receipt.
    until : date or None
        The last day covered.
    window : str
        Which complaints are in it, in the card's words, which no program compares.
    terms : frozenset of str
        Findings it uses; empty without findings.
    merged : tuple of tuple of str
        Findings that a word of the agency merges.
    lag_days : int or None
        Age from which nearly all closings are recorded, where two releases told.
    """

    name: str
    agency: str
    line: str
    generated: bool
    rule: str
    internal: str
    open_cases: str
    closing_date: bool
    has_origin: bool
    dated: frozenset[str] | None
    to_the_day: bool
    period: tuple[dt.date, dt.date] | None
    until: dt.date | None
    window: str
    terms: frozenset[str]
    merged: tuple[tuple[str, ...], ...]
    lag_days: int | None

    def dates(self, stage: str) -> bool:
        """Whether it dates a stage, as far as the declaration tells."""
        return self.dated is None or stage in self.dated


def facts_of(name: str | Path) -> SourceFacts:
    """Read the facts of one source.

    Parameters
    ----------
    name : str or Path
        A source's name, or its folder.

    Raises
    ------
    SourceError
        No such source, or a declaration that cannot be read.
    """
    folder, source = source_folder(name), declared_source(name)
    card, line = source.card, line_of_releases(folder)
    held = columns(source)
    terms, merged = _findings(source, folder) if "finding" in held else (frozenset(), ())
    return SourceFacts(
        name=source.source,
        agency=card.agency,
        line=line[-1].name,
        generated=source.generated,
        rule=card.sampling.rule,
        internal=card.internal_complaints,
        open_cases=card.sampling.open_cases,
        closing_date=card.sampling.closing_date,
        has_origin=bool({"initiated_by", "complaint_type"} & set(held)),
        dated=stages(source, folder),
        to_the_day=not any(_coarse(source, stage) for stage in ("received", "closed")),
        period=(card.period.start, card.period.end) if card.period else None,
        until=card.observed_until,
        window=card.sampling.window,
        terms=terms,
        merged=merged,
        lag_days=recorded_after({one.name for one in line} | {source.source}),
    )


def _findings(source: Source, folder: Path) -> tuple[frozenset[str], tuple[tuple[str, ...], ...]]:
    """The findings that the codebook of a source can give, and those that one of its words merges."""
    blocks = {
        column.codebook
        for file in source.files.values()
        for _, column in file.readings
        if column.to == "finding" and column.codebook
    }
    book, stated = read_codebook(folder), declared(folder, "codebook.yaml")
    terms = {term for block in blocks for term in _named(stated.get(block, {}))}
    merged = {tuple(sorted(set(one))) for block in blocks for one in book[block].merges.values()}
    return frozenset(terms), tuple(sorted(merged))


def _named(node: Any) -> set[str]:
    """Every finding named anywhere below a part of a codebook."""
    if isinstance(node, dict):
        return _named(list(node.values()))
    if isinstance(node, list):
        return {term for item in node for term in _named(item)}
    return {node} & set(FINDINGS) if isinstance(node, str) else set()


def _coarse(source: Source, stage: str) -> bool:
    """Whether a stage is declared by months or years in every column that dates it."""
    specs = [
        (file, name, column)
        for file in source.files.values()
        for name, column in file.readings
        if column.stage == stage and column.date is not None
    ]
    return bool(specs) and all(_by_months(file, name, column) for file, name, column in specs)


def _by_months(file: Any, name: str, column: Any) -> bool:
    if column.in_parts:
        return "day_of" not in file.parts(name)
    spec = column.date if isinstance(column.date, str) else getattr(column.date, "date", None)
    return isinstance(spec, str) and "%" in spec and not any(part in spec for part in ("%d", "%j", "%x", "%c", "%D"))


def recorded_after(names: set[str]) -> int | None:
    """The age from which nearly all closings were recorded, in the release or one of its line that was looked at."""
    found = [
        next((age for age, share in zip(one["ages"], one["shares"], strict=True) if share >= RECORDED), one["ages"][-1])
        for one in seen_late()
        if {one["source"], one["against"]} & names
    ]
    return int(max(found)) if found else None
