"""A case file: the facts of one or more cases from reports, with citations, under a chosen reading."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from accountability.casefiles import casefile_tables
from accountability.casefiles.register import Conflict, choices_of, choose, conditions
from accountability.errors import ParameterError, SourceError
from accountability.parameters import nearest
from accountability.records.contract import Source, read_source
from accountability.records.dataset import Dataset
from accountability.records.dates import DateSpec, parse
from accountability.records.load import load
from accountability.records.places import source_folder
from accountability.results import plural
from accountability.study.inputs import takes_only

P = ParamSpec("P")
R = TypeVar("R")

FIRST = ("fact_id", "what", "cite", "asserted_by", "status", "date", "earliest", "latest", "precision")


@dataclass(frozen=True, eq=False, repr=False)
class CaseFile:
    """One or more cases from the same reports, under one reading of every conflict.

    Attributes
    ----------
    names : tuple of str
        The cases.
    dataset : Dataset
        The coded tables as loaded, with the rows of all readings and the hash of the case file.
    register : mapping of str to Conflict
        The conflicts that concern these cases.
    readings : mapping of str to str
        Conflict to its chosen reading.
    steps, accusations : pandas.DataFrame
        The steps, their dates as intervals, and the accusations of these cases under every reading, with ``cite``.
    coded_facts : pandas.DataFrame
        The facts as text, as in ``facts.csv``.
    reports : pandas.DataFrame
        One row per report.
    not_stated : pandas.DataFrame
        Facts that no report states: ``case_id``, ``what``, ``blocks`` (the questions that need them).
    second_coding : pandas.DataFrame or None
        A second coding of the facts, if there is one.
    dates : DateSpec
        How the dates of reports are read.
    files : pandas.DataFrame
        Further files read: ``file``, ``sha256``.
    """

    names: tuple[str, ...]
    dataset: Dataset
    register: Mapping[str, Conflict]
    readings: Mapping[str, str]
    steps: pd.DataFrame
    accusations: pd.DataFrame
    coded_facts: pd.DataFrame
    reports: pd.DataFrame
    not_stated: pd.DataFrame
    second_coding: pd.DataFrame | None
    dates: DateSpec
    files: pd.DataFrame

    @property
    def source(self) -> str:
        """Name of the case file's source."""
        return self.dataset.name

    @property
    def facts(self) -> pd.DataFrame:
        """Every fact with its citation.

        Columns: ``fact_id``, ``what``, ``cite`` (report and paragraph), ``asserted_by``, ``status``, ``date`` (as
        coded), ``earliest`` and ``latest`` (missing where that day is not known), ``precision``, then ``case_id``,
        ``claim`` (joins the same fact from several places), ``subject``, ``category``, ``report``, ``paragraph``,
        ``note``, and any further columns of the file. Facts are the same under every reading.
        """
        frame = self.coded_facts
        read = parse(frame["date"], self.dates)[["earliest", "latest", "precision"]]
        made = frame.assign(
            cite=cite(frame), paragraph=pd.to_numeric(frame["paragraph"], errors="coerce").astype("Int64")
        )
        made = made.join(read)
        return made[[*FIRST, *made.columns.drop(list(FIRST))]]

    @property
    def conflicts(self) -> pd.DataFrame:
        """Every reading of every conflict.

        Columns: ``conflict``, ``kind``, ``question``, ``reading``, ``says``, ``chosen``, ``default`` (bool), ``facts``
        (their ids), ``cite``, ``changes``, ``because`` (the reason for the default), ``elsewhere``.
        """
        cites = dict(zip(self.coded_facts["fact_id"], cite(self.coded_facts), strict=True))
        rows = [
            {
                "conflict": name,
                "kind": conflict.kind,
                "question": conflict.question,
                "reading": reading,
                "says": told.says,
                "chosen": self.readings[name] == reading,
                "default": conflict.default == reading,
                "facts": " ".join(told.facts),
                "cite": "; ".join(dict.fromkeys(cites.get(fact, fact) for fact in told.facts)),
                "changes": told.changes,
                "because": conflict.because if conflict.default == reading else "",
                "elsewhere": conflict.elsewhere,
            }
            for name, conflict in self.register.items()
            for reading, told in conflict.readings.items()
        ]
        columns = ["conflict", "kind", "question", "reading", "says", "chosen", "default", "facts", "cite", "changes"]
        return pd.DataFrame(rows, columns=[*columns, "because", "elsewhere"])

    @property
    def every_event(self) -> pd.DataFrame:
        """The steps under every reading, with dates as intervals; ``chosen`` marks those of the chosen reading."""
        return self._marked(self.steps)

    @property
    def every_allegation(self) -> pd.DataFrame:
        """The accusations under every reading; ``chosen`` marks those of the chosen reading."""
        return self._marked(self.accusations)

    @property
    def events(self) -> pd.DataFrame:
        """The steps under the chosen reading: ``stage``, ``earliest``, ``latest``, ``status``, ``cite`` and others."""
        return _chosen(self.every_event)

    @property
    def allegations(self) -> pd.DataFrame:
        """The accusations under the chosen reading: ``officer_id``, ``category``, ``finding``, penalties, ``cite``."""
        return _chosen(self.every_allegation)

    @property
    def cases(self) -> pd.DataFrame:
        """One row per case: ``case_id``, ``agency``, ``matter``, ``awaiting`` (stages under the chosen reading)."""
        held = self.dataset.cases
        kept = held[held["case_id"].isin(self.names)].reset_index(drop=True)
        return kept.assign(awaiting=[" ".join(self.awaiting(case)) for case in kept["case_id"]])

    def awaiting(self, case: str | None = None) -> tuple[str, ...]:
        """Return the stages still to come for a case under the chosen reading, in order."""
        name = self.one() if case is None else case
        held = self.dataset.cases.set_index("case_id")["awaiting"]
        coded = held.get(name)
        stages = tuple(coded.split()) if isinstance(coded, str) else ()
        for conflict, entry in self.register.items():
            told = entry.readings[self.readings[conflict]]
            if name in entry.cases and told.awaits is not None:
                stages = told.awaits
        return stages

    def case(self, name: str) -> CaseFile:
        """Return one case, with the readings chosen.

        Raises
        ------
        ParameterError
            For an unknown case; the message names the nearest.
        """
        if name not in self.names:
            raise ParameterError(f"{self.source} holds no case {name!r}. {nearest(name, self.names)}")
        register = {key: entry for key, entry in self.register.items() if name in entry.cases}
        steps, accusations, facts = (
            table[table["case_id"] == name].reset_index(drop=True)
            for table in (self.steps, self.accusations, self.coded_facts)
        )
        told_in = set(facts["report"])
        return replace(
            self,
            names=(name,),
            register=register,
            readings={key: self.readings[key] for key in register},
            steps=steps,
            accusations=accusations,
            coded_facts=facts,
            reports=self.reports[self.reports["report"].isin(told_in)].reset_index(drop=True),
            not_stated=self.not_stated[self.not_stated["case_id"] == name].reset_index(drop=True),
        )

    def reading(self, *texts: str | None, **choices: str) -> CaseFile:
        """Return the case file under other readings; conflicts not named keep theirs.

        Parameters
        ----------
        *texts : str
            Choices as text: ``"discipline_date=late_2012; headline=headline"``. A report can replace a reading if it
            supports exactly one: ``"discipline_date=r000"``.
        **choices : str
            The same as keywords: ``discipline_date="late_2012"``.

        Returns
        -------
        CaseFile

        Raises
        ------
        ParameterError
            For an unknown conflict or reading; the message names the nearest.
        """
        asked: dict[str, str] = {}
        for text in texts:
            asked |= choices_of(text)
        asked |= choices
        reports_of = dict(zip(self.coded_facts["fact_id"], self.coded_facts["report"], strict=True))
        return replace(self, readings={**self.readings, **choose(self.register, asked, reports_of)})

    def published(self) -> pd.DataFrame:
        """Days on which the reports appeared: ``report``, ``outlet``, ``earliest``, ``latest``, ``precision``."""
        read = parse(self.reports["published"], DateSpec.of("words"))[["earliest", "latest", "precision"]]
        return self.reports[["report", "outlet"]].join(read)

    def matters(self, *stages: str) -> tuple[str, ...]:
        """Return the conflicts that affect the steps of these stages; without stages, those that affect any row."""
        events = self.every_event
        cells = list(events[events["stage"].isin(stages)]["reading"] if stages else events["reading"])
        cells += [] if stages else list(self.every_allegation["reading"])
        used = {name for cell in cells for name in conditions(cell)}
        return tuple(name for name in self.register if name in used)

    def one(self) -> str:
        """Name of the only case.

        Raises
        ------
        ParameterError
            If there are several; the message names them.
        """
        if len(self.names) != 1:
            raise ParameterError(f"choose one case with .case(name): {', '.join(self.names)}")
        return self.names[0]

    def about(self, *words: str) -> pd.DataFrame:
        """Return the facts whose subject or category contains one of some words, as in :attr:`facts`."""
        facts = self.facts
        told = (facts["subject"] + " " + facts["category"]).str.casefold()
        return facts[[any(word.casefold() in text for word in words) for text in told]].reset_index(drop=True)

    def counted(self, by: str | None = None) -> pd.DataFrame:
        """Count facts by a column and their status.

        Parameters
        ----------
        by : str, optional
            ``asserted_by`` when left out, or another column of the facts.

        Returns
        -------
        pandas.DataFrame
            One row per value, the most frequent first: the column, one column per status, ``facts``.

        Raises
        ------
        ParameterError
            If the facts have no such column.
        """
        column = by or "asserted_by"
        if column not in self.coded_facts or column == "status":
            raise ParameterError(
                f"facts have no column {column!r} to count by. {nearest(column, map(str, self.coded_facts))}"
            )
        table = pd.crosstab(self.coded_facts[column], self.coded_facts["status"])
        table = table.assign(facts=table.sum(axis=1)).sort_values("facts", ascending=False, kind="stable")
        return table.rename_axis(columns=None).reset_index()

    def _marked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows with whether the chosen readings hold them."""
        chosen = self.readings.items()
        return table.assign(chosen=[conditions(cell).items() <= chosen for cell in table["reading"]])

    def __repr__(self) -> str:
        said = f"CaseFile of {self.source}: {', '.join(self.names)}; {plural(len(self.coded_facts), 'fact')}"
        lines = [f"{said} in {plural(len(self.reports), 'report')}, {plural(len(self.register), 'conflict')}"]
        lines += [f"  {conflict}={reading}" for conflict, reading in self.readings.items()]
        return "\n".join(lines)


def cite(frame: pd.DataFrame) -> pd.Series:
    """Return the citation of each row: report and paragraph."""
    return (frame["report"].astype("str") + ", par. " + frame["paragraph"].astype("str")).rename("cite")


def of_a_case(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Refuse a first argument that is not a case file, with the line to write."""
    called = f"casefiles.{function.__name__}"

    @functools.wraps(function)
    def call(case: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        if not isinstance(case, CaseFile):
            raise ParameterError(
                f"{called} needs a case file, and was given an object of type {type(case).__name__}. Read one first:\n"
                f"    {called}(casefiles.read('news_cases', 'MDPD-2010'))"
            )
        return function(case, *args, **kwargs)

    return call


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["chosen"]].drop(columns="chosen").reset_index(drop=True)


@takes_only((str, Path), "casefiles.read('news_cases')")
def read(source: str | Path = "news_cases", case: str | None = None, readings: str | None = None) -> CaseFile:
    """Read a folder of case files.

    Parameters
    ----------
    source : str or Path
        A source's name or folder, with ``facts.csv`` and ``conflicts.yaml`` beside its ``source.yaml``.
    case : str, optional
        One of its cases; all of them when left out.
    readings : str, optional
        Readings instead of the defaults, in the form of :meth:`CaseFile.reading`.

    Returns
    -------
    CaseFile

    Raises
    ------
    SourceError
        If the folder holds no case files, or one is invalid; ``accountability check`` lists all faults.
    ParameterError
        For an unknown case, conflict or reading.

    Examples
    --------
    >>> from accountability import casefiles
    >>> casefiles.read("news_cases", "MDPD-2010").reading("headline=headline").readings["headline"]
    'headline'
    """
    folder = source_folder(source)
    if not casefile_tables.holds_case_files(folder):
        raise SourceError(
            f"{folder}: expected case files ({casefile_tables.FACTS}, {casefile_tables.CONFLICTS}), found none; "
            "`accountability new-case NAME` begins one"
        )
    told = casefile_tables.register(folder)
    register = {name: Conflict.of(name, entry) for name, entry in told["conflicts"].items()}
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
    """Return the date format of a case file's steps: as its ``source.yaml`` declares, else the words of reports."""
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
