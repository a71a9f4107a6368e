"""The declaration of a source: the facts of its card, its files and its columns.

``source.yaml`` is read into these models. An unknown key, a missing fact or an undeclared column is an error that names
it; column names are never guessed from.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from accountability.errors import SourceError
from accountability.records import cache, kept_declaration
from accountability.records.column import Column, Strict, known_term, problems
from accountability.records.inherited import declared as declared_in
from accountability.records.places import source_folder
from accountability.records.preparation import Step
from accountability.records.yaml_text import lines_of, refuse_undecided
from accountability.vocabulary import PEOPLE, ROSTER, SAMPLING_RULES, STAGES, TOTALS, UNITS

OWN_COLUMNS = ("source_row", "repeats_a_row")  # beside the published ones while a file is coded
MADE_COLUMNS = ("jurisdiction", "source_row", "source_file", "repeats_a_row")


class Sampling(Strict):
    """How records were selected into the release; estimators check these facts."""

    rule: str = Field(description="one of the vocabulary's sampling rules")
    open_cases: Literal["included", "excluded", "status_only", "unknown"]
    closing_date: bool = Field(description="whether the day a case closed is published")
    selected_on: list[str] = Field(default_factory=list, description="outcomes or years the release is filtered on")
    window: str = Field(description="which complaints, in words")

    @field_validator("rule")
    @classmethod
    def _known_rule(cls, rule: str) -> str:
        return known_term(rule, SAMPLING_RULES, "sampling rule")


class Period(Strict):
    """First and last day of receipt covered."""

    start: dt.date = Field(alias="from")
    end: dt.date = Field(alias="to")


class InForce(Strict):
    """A time limit that applies to the agency, with its period."""

    rule: str = Field(description="name of the limit, as accountability.delay.limits lists it")
    start: dt.date | None = Field(default=None, alias="from", description="first day of receipt it covers")
    end: dt.date | None = Field(default=None, alias="to", description="last day of receipt it covers")
    because: str = Field(description="why it applies to this agency")

    def overlaps(self, period: Period | None) -> bool:
        """Return whether it was in force on any day of the period covered."""
        early, late = (period.start, period.end) if period else (None, None)
        ended = self.end is not None and early is not None and self.end < early
        return not (ended or (self.start is not None and late is not None and self.start > late))


class Card(Strict):
    """The facts a reader needs before trusting any number from this source."""

    jurisdiction: str
    agency: str
    publisher: str
    obtained: str
    row_is: str
    unit: str
    period: Period | None = None
    observed_until: dt.date | None
    sampling: Sampling
    internal_complaints: Literal["included", "excluded", "unknown"]
    licence: str
    citation: str
    checked: str = Field(default="", description="what was checked against what, and when")
    traps: list[str] = Field(default_factory=list)
    limits: list[InForce] = Field(default_factory=list, description="the limits of law or policy the agency is under")

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return known_term(unit, UNITS, "unit")


class Repeats(Strict):
    """The meaning of raw rows that repeat one another."""

    exact: Literal["drop", "keep"] | None = Field(default=None, description="rows equal in every column")
    apart_from: list[str] = Field(default_factory=list, description="columns not compared: a running number")
    by: list[str] = Field(default_factory=list, description="columns that make two rows one record")
    also_in: list[str] = Field(
        default_factory=list, description="with exact: drop, files (by key) of the same columns whose rows these repeat"
    )
    because: str = Field(description="why they are the same record, or why that cannot be said")

    @model_validator(mode="after")
    def _one_way(self) -> Repeats:
        if (self.exact is None) == (not self.by):
            raise ValueError("say either `exact` or `by`")
        if self.apart_from and not self.exact:
            raise ValueError("`apart_from` belongs to `exact`")
        if self.also_in and self.exact != "drop":
            raise ValueError("`also_in` belongs to `exact: drop`")
        return self


class Unusable(Strict):
    """Rows that cannot become a record."""

    blank: list[str] = Field(min_length=1, description="columns; a row is unusable when any of them is empty")
    because: str


class File(Strict):
    """One published file: its path, its columns, and the table of its rows."""

    path: str
    settled: dict[str, str] = Field(
        default_factory=dict, description="what the file's cells show that had to be settled -> how a person settled it"
    )
    url: str | None = None
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int | None = None
    rows: int | None = None
    format: dict[str, Any] = Field(default_factory=dict)
    prepare: list[Step] = Field(default_factory=list, description="what is done to the rows before anything else")
    beside: dict[str, str] = Field(
        default_factory=dict, description="further files and scripts that `prepare` reads -> their sha256"
    )
    table: Literal[
        "cases", "allegations", "officers", "events", "complainants", "victims", "witnesses", "investigators", "roster",
        "totals",
    ]  # fmt: skip
    totals: Any = Field(default=None, description="what a file of outside totals counts (`table: totals`)")
    key: list[str] = Field(default_factory=list)
    unusable: list[Unusable] = Field(default_factory=list)
    repeats: list[Repeats] = Field(default_factory=list)
    blank_rows: Literal["error", "drop"] = "error"
    unlinked: str | None = Field(
        default=None, description="in a file of events or people: why rows whose case no other file holds are left out"
    )
    columns: dict[str, Column]
    extra_columns: dict[str, str] = Field(
        default_factory=dict, description="glob pattern of further columns -> why they are not used"
    )

    @field_validator("totals")
    @classmethod
    def _known_totals(cls, totals: Any) -> Any:
        from accountability.records.totals import Totals  # few sources have any

        return None if totals is None else Totals.model_validate(totals)

    @model_validator(mode="after")
    def _fits_its_table(self) -> File:
        """A table needs the columns that link its rows; without them a load would stop somewhere less clear."""
        given = [c for _, c in self.readings if c.of not in PEOPLE]
        ids = "officer_id" if self.table in ("officers", ROSTER) else "case_id"
        if (self.table == TOTALS) != (self.totals is not None):
            raise ValueError(
                "`table: totals` and `totals` go together: totals: {counts: {residents: 1000}, citation: ...}"
            )
        if self.table == TOTALS and any(c.date is not None or c.of is not None for c in given):
            raise ValueError("a file of totals belongs to no case: its columns have `to`, and no `stage` and no `of`")
        if self.table != TOTALS and not any(c.to == ids for c in given):
            raise ValueError(f"a file of {self.table} needs a column `to: {ids}`")
        if self.table == ROSTER and not any(c.to == "starts" and c.date for c in given):
            raise ValueError("a roster needs a column `to: starts` with its `date`: the first day of each spell")
        if self.table != ROSTER and any(c.to in ("starts", "ends") and c.date for c in given):
            raise ValueError("`to: starts` and `to: ends` with a `date` belong to a roster")
        if self.table == "officers" and any(c.date is not None for c in given):
            raise ValueError("a file of officers belongs to no case, so its columns cannot date a `stage`")
        if any(c.to == "date" for c in given) and not (self.table == "events" and any(c.to == "stage" for c in given)):
            raise ValueError("`to: date` belongs to a file of events, beside a column `to: stage`")
        own = next((name for name in self.columns if name in OWN_COLUMNS), None)
        if own is not None:
            raise ValueError(
                f"the loader keeps its own column {own!r}; give the file's another name with `names` in `format`"
            )
        for name, column in self.readings:
            if column.to in MADE_COLUMNS:
                raise ValueError(f"column {name!r}: {column.to!r} is made by the loader; give it another `to`")
            if column.to in ("case_id", "officer_id") and (column.codebook or column.type not in ("text", "code")):
                raise ValueError(f"column {name!r}: an id is kept as it is, as `text` or `code`; give it no codebook")
        if absent := [file for step in self.prepare for file in step.reads if file not in self.beside]:
            raise ValueError(f"`prepare` reads {absent[0]}; name it under `beside` with its sha256")
        if unknown := [name for name in self.key if name not in self.columns]:
            raise ValueError(f"the key names {unknown[0]!r}, which is not among `columns`")
        return self

    @model_validator(mode="after")
    def _one_whole(self) -> File:
        if self.unlinked is not None and self.table not in ("events", *PEOPLE.values()):
            raise ValueError(
                "only a file of events or people leaves out rows (`unlinked`) whose case no other file holds"
            )
        for name, column in self.columns.items():
            year = column.month_of or column.day_of
            if year is not None and (year not in self.columns or not self.columns[year].in_parts):
                raise ValueError(f"{name!r} names {year!r}, which is not a column with `date: parts`")
            if column.day_of is not None and "month_of" not in self.parts(year or ""):
                raise ValueError(f"{name!r} is the day of {year!r}, which has no column for its month")
        return self

    @property
    def readings(self) -> list[tuple[str, Column]]:
        """Return every reading of every column, with the column's name."""
        return [(name, reading) for name, column in self.columns.items() for reading in column.readings]

    def parts(self, year: str) -> dict[str, str]:
        """Return the columns of month and day of a date in parts: ``month_of`` and ``day_of`` -> column."""
        found = {}
        for name, column in self.columns.items():
            for part in ("month_of", "day_of"):
                if getattr(column, part) == year:
                    found[part] = name
        return found


class Order(Strict):
    """A stage that cannot precede another; if it does, the date named in ``aside`` is set aside."""

    first: str
    then: str
    aside: str

    @model_validator(mode="after")
    def _stages(self) -> Order:
        for stage in (self.first, self.then, self.aside):
            known_term(stage, STAGES, "stage")
        if self.aside not in (self.first, self.then):
            raise ValueError(f"aside must be {self.first!r} or {self.then!r}, found {self.aside!r}")
        return self


class Source(Strict):
    """A whole ``source.yaml``."""

    source: str
    like: str | None = Field(default=None, description="the release of the same agency that says the rest")
    title: str
    generated: bool = False
    card: Card
    files: dict[str, File] = Field(min_length=1)
    order: list[Order] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known_files(self) -> Source:
        order = list(self.files)
        for key, file in self.files.items():
            for other in (other for repeat in file.repeats for other in repeat.also_in):
                if other not in order[: order.index(key)]:
                    raise ValueError(f"file {key!r}: `also_in` names {other!r}, which is no file above it")
                if file.prepare or self.files[other].prepare:
                    raise ValueError(f"file {key!r}: `also_in` compares rows as published; these are prepared")
        return self

    @model_validator(mode="after")
    def _has_records(self) -> Source:
        if not any(file.table in ("cases", "allegations") for file in self.files.values()):
            raise ValueError("at least one file must be of the table `cases` or `allegations`")
        return self

    @model_validator(mode="after")
    def _chosen_for_what_all_share(self) -> Source:
        """A finding that holds for a whole file is why its rows are there: a share of it would be 100 % by choice."""
        for key, file in self.files.items():
            stated = {step.constant.into for step in file.prepare if step.constant is not None}
            named = [name for name, c in file.readings if c.to == "finding" and name in stated]
            if named and self.card.sampling.rule not in ("selected_on_outcome", "case_files"):
                raise ValueError(
                    f"file {key!r}: `constant` states the finding of every row in {named[0]!r}, so its rows are there "
                    f"for it; the card says rule: {self.card.sampling.rule}. Write sampling: {{rule: "
                    "selected_on_outcome, selected_on: [a finding that was upheld], ...}"
                )
        return self

    @model_validator(mode="after")
    def _hidden_everywhere(self) -> Source:
        """An id that is hidden in one table is hidden in all: its raw text would stand beside the pseudonym."""
        for target in {c.to for file in self.files.values() for _, c in file.readings if c.pseudonym}:
            open_in = [
                f"{file.path}, column {name!r}"
                for file in self.files.values()
                for name, c in file.readings
                if c.to == target and not c.pseudonym
            ]
            if open_in and not self.generated:
                raise ValueError(
                    f"{target!r} is hidden by pseudonym: true in one file and stands as it is in {open_in[0]}; say "
                    "pseudonym: true there too"
                )
        return self

    @property
    def names(self) -> dict[str, str]:
        """Name of each file in messages and the ledger: its path, with its key if two share a path."""
        paths = Counter(file.path for file in self.files.values())
        return {key: f.path if paths[f.path] == 1 else f"{f.path} ({key})" for key, f in self.files.items()}

    @property
    def totals(self) -> dict[str, tuple[Any, list[str]]]:
        """What each file of outside totals counts, and its coded columns."""
        names = self.names
        return {
            names[key]: (file.totals, [str(column.to) for _, column in file.readings])
            for key, file in self.files.items()
            if file.totals is not None
        }

    @property
    def labels(self) -> dict[str, str]:
        """The declared labels of coded columns."""
        columns = [column for file in self.files.values() for _, column in file.readings]
        return {column.to: column.label for column in columns if column.to and column.label}

    @property
    def fetched(self) -> bool:
        """Whether the files must be fetched before a load."""
        return any(file.url for file in self.files.values())


def read_source(folder: Path, *, keep: bool = True) -> Source:
    """Read and check the ``source.yaml`` of a folder.

    Raises
    ------
    SourceError
        Lists every key that is unknown, missing or of the wrong kind.
    """
    if isinstance(held := kept_declaration.kept(folder), Source):
        return held
    path, declared = folder / "source.yaml", declared_in(folder)
    refuse_undecided(declared, path)
    try:
        source = Source.model_validate(declared)
    except ValidationError as error:
        told = f"{error.error_count()} thing(s) to mend:\n{problems(error, lines_of(path))}"
        raise SourceError(f"{path}: {told}") from None
    if source.source != folder.name:
        raise SourceError(f"{path}: source is {source.source!r}, the folder is named {folder.name!r}; make them equal")
    if keep:
        kept_declaration.keep(folder, source)
    return source


def declared_source(name: str | Path) -> Source:
    """Read a source's declaration; see :func:`accountability.records.places.source_folder` and :func:`read_source`."""
    return read_source(source_folder(name))


def data_hash(files: Mapping[str, File]) -> str:
    """Return one hash for a release, over paths and hashes of its files and the files beside them, ordered by path."""
    held = {
        (path, sha256) for file in files.values() for path, sha256 in {file.path: file.sha256, **file.beside}.items()
    }
    return hashlib.sha256("".join(sorted(f"{path} {sha256}\n" for path, sha256 in held)).encode()).hexdigest()


def file_paths(source: Source, folder: Path) -> dict[str, Path]:
    """Return the path of each file, beside ``source.yaml`` or in the cache, after checking its hash."""
    remote = remote_files(source)
    paths = dict(zip(remote, cache.located(list(remote.values()), cache_folder(source), source.source), strict=True))
    for key, declared in source.files.items():
        cache.check_beside(declared.path, declared.beside, folder)
        if key in remote:
            continue
        path = cache.inside(declared.path, folder)
        if not path.is_file():
            raise SourceError(f"{path}: the file that source.yaml declares is missing")
        found = cache.sha256(path)
        if found != declared.sha256:
            raise SourceError(
                f"{path}: expected sha256 {declared.sha256}, found {found}; the file is not the one that was declared. "
                "If it was meant to change, write the new hash into source.yaml"
            )
        paths[key] = path
    return paths


def remote_files(source: Source) -> dict[str, cache.RemoteFile]:
    """Return the files to fetch to the cache, by their key in ``source.yaml``."""
    return {
        key: cache.RemoteFile(declared.path, declared.url, declared.sha256, declared.bytes)
        for key, declared in source.files.items()
        if declared.url is not None
    }


def cache_folder(source: Source) -> Path:
    """Return the cache folder of a source's fetched files."""
    return cache.cache_dir() / source.source
