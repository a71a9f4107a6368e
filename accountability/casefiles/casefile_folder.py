"""From a folder to a case file: its coded tables, its facts and its register of conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from accountability.casefiles import casefile_tables
from accountability.casefiles.casefile import CaseFile, cite
from accountability.casefiles.register import conditions, register_of
from accountability.errors import SourceError
from accountability.records.contract import Source, read_source
from accountability.records.dates import DateSpec, parse
from accountability.records.load import load
from accountability.records.places import source_folder


def read(source: str | Path = "news_cases", case: str | None = None, readings: str | None = None) -> CaseFile:
    """Read a folder of case files.

    Parameters
    ----------
    source : str or Path
        A source's name or folder, with ``facts.csv`` and ``conflicts.yaml`` beside its ``source.yaml``.
    case : str, optional
        One of its cases; all of them when left out.
    readings : str, optional
        Readings to take in the place of the defaults, as :meth:`CaseFile.reading` reads them.

    Returns
    -------
    CaseFile

    Raises
    ------
    SourceError
        The folder holds no case files, or one of them is not as it should be: ``accountability check`` lists all.
    ParameterError
        No such case, conflict or reading.
    """
    folder = source_folder(source)
    if not casefile_tables.holds_case_files(folder):
        raise SourceError(
            f"{folder}: expected case files ({casefile_tables.FACTS}, {casefile_tables.CONFLICTS}), found none; "
            "`accountability new-case NAME` begins one"
        )
    told = casefile_tables.register(folder)
    register = register_of(told["conflicts"])
    dataset = load(source)
    dates = date_spec(read_source(folder))
    read_dates = parse(dataset.events["raw_text"], dates)[["earliest", "latest", "precision"]]
    whole = CaseFile(
        names=tuple(dataset.cases["case_id"]),
        dataset=dataset,
        register=register,
        readings={name: conflict.default for name, conflict in register.items()},
        steps=dataset.events.assign(**{str(c): read_dates[c] for c in read_dates}, cite=cite(dataset.events)),
        accusations=dataset.allegations.assign(cite=cite(dataset.allegations)),
        coded_facts=casefile_tables.table(folder, casefile_tables.FACTS),
        reports=casefile_tables.table(folder, casefile_tables.REPORTS),
        not_stated=_not_stated(told["not_stated"], folder),
        second_coding=casefile_tables.second_coding(folder),
        dates=dates,
        files=casefile_tables.hashes(folder),
    )
    _check_conditions(whole)
    chosen = whole if case is None else whole.case(case)
    return chosen.reading(readings)


def date_spec(source: Source) -> DateSpec:
    """How the steps of a case file write their dates: as its ``source.yaml`` declares, else the words of reports."""
    for file in source.files.values():
        for column in file.columns.values():
            if file.table == "events" and column.to == "date" and column.date is not None:
                return DateSpec.of(column.date)
    return DateSpec.of("words")


def _check_conditions(whole: CaseFile) -> None:
    for table in (whole.dataset.events, whole.dataset.allegations):
        if "reading" not in table:
            raise SourceError(f"{whole.source}: events and allegations of a case file need a column `reading`")
        for cell in table["reading"].dropna().unique():
            for name, reading in conditions(cell).items():
                if name not in whole.register or reading not in whole.register[name].readings:
                    raise SourceError(f"{whole.source}: {name}={reading} is not in {casefile_tables.CONFLICTS}")


def _not_stated(entries: Sequence[Any], folder: Path) -> pd.DataFrame:
    columns = ("case_id", "what", "blocks")
    for entry in entries:
        if not isinstance(entry, Mapping) or set(entry) != set(columns):
            raise SourceError(
                f"{folder / casefile_tables.CONFLICTS}: not_stated: expected {', '.join(columns)}, found {entry}"
            )
    return pd.DataFrame({c: pd.Series([str(entry[c]) for entry in entries], dtype="str") for c in columns})
