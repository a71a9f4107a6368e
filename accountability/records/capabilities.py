"""What a source allows, from its declaration alone: the stages it dates and the columns to compare by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.records.inherited import declared
from accountability.vocabulary import PEOPLE, STAGES

if TYPE_CHECKING:
    from accountability.records.contract import Column, Source

#: Columns settled only when a case ends: to group by one is to sort cases by their own future.
OUTCOMES: Final = frozenset(
    {"finding", "closing_reason", "recommended_finding", "status"}
    | {f"{stem}_{part}" for stem in ("recommended", "imposed") for part in ("penalty", "days")}
)

#: Endings of columns that tell what was decided or how far it has got.
_SETTLED_LATE: Final = ("_penalty", "_days", "_finding", "_status")
_TABLES: Final = ("cases", "allegations", "officers")
_KEYS: Final = frozenset({"case_id", "officer_id", "allegation_id", "date", *(f"{role}_id" for role in PEOPLE)})


def stages(source: Source, folder: Path) -> frozenset[str] | None:
    """Return the stages a source dates, as far as its declaration and codebook say.

    Parameters
    ----------
    source : Source
        What the source declares.
    folder : Path
        Its folder, for the codebook of stages.

    Returns
    -------
    frozenset of str or None
        ``None`` when a file of events names its stages in its rows without a codebook; only a load can then tell.
    """
    readings = [column for file in source.files.values() for _, column in file.readings]
    dated = {column.stage for column in readings if column.stage}
    named = [column for column in readings if column.to == "stage"]
    if not named:
        return frozenset(dated)
    codebook = declared(folder, "codebook.yaml")
    if not codebook:
        return None
    for column in named:
        if column.codebook is None:
            return None
        block = codebook.get(column.codebook, {})
        dated |= _terms(block.get("values", {})) | _terms([rule.get("gives") for rule in block.get("rules", [])])
    return frozenset(dated)


def _terms(node: Any) -> set[str]:
    """Every stage named anywhere below a part of a codebook."""
    if isinstance(node, Mapping):
        return _terms(list(node.values()))
    if isinstance(node, list):
        return {term for item in node for term in _terms(item)}
    return {node} & set(STAGES) if isinstance(node, str) else set()


def columns(source: Source, tables: Sequence[str] = _TABLES) -> list[str]:
    """Return the coded columns which a source declares for its cases, allegations and officers.

    Parameters
    ----------
    source : Source
        What the source declares.
    tables : sequence of str
        The tables looked at.

    Returns
    -------
    list of str
        Column names, those of the cases first.
    """
    declared = [
        column
        for table in tables
        for file in source.files.values()
        if file.table == table
        for _, column in file.readings
        if column.to and column.of not in PEOPLE
    ]
    return list(dict.fromkeys(name for column in declared for name in _names(column)))


def people(source: Source) -> set[str]:
    """Return the tables of people which a source declares: ``complainants``, ``investigators`` and so on."""
    of_columns = {PEOPLE[c.of] for f in source.files.values() for _, c in f.readings if c.of and c.of in PEOPLE}
    return of_columns | {file.table for file in source.files.values() if file.table in PEOPLE.values()}


def _names(column: Column) -> tuple[str, ...]:
    """A coded penalty is declared by its stem and becomes several columns."""
    target = str(column.to)
    is_stem = column.codebook == "penalty" or target in ("imposed", "recommended")
    return (f"{target}_penalty", f"{target}_days") if is_stem else (target,)


def groups(source: Source, *, of_officers: bool = False) -> list[str]:
    """Return the columns a study may compare by: declared, and known before the outcome.

    Parameters
    ----------
    source : Source
        What the source declares.
    of_officers : bool
        Whether only columns of the officers in a complaint are meant, not those of the complaint itself.

    Returns
    -------
    list of str
        Column names, those of the cases first and those of people last.
    """
    people = [
        str(reading.to)
        for file in source.files.values()
        for _, reading in file.readings
        if reading.to and (reading.of in PEOPLE or file.table in PEOPLE.values())
    ]
    held = columns(source, ("allegations", "officers")) if of_officers else [*columns(source), *people]
    return [
        name
        for name in dict.fromkeys(held)
        if name not in OUTCOMES | _KEYS and not name.startswith("raw_") and not name.endswith(_SETTLED_LATE)
    ]
