"""What a source declares: the facts on its card, its files, and what every column means.

``source.yaml`` is read into these models. An unknown key, a missing fact or a column without a declaration is an
error that names it; nothing is guessed from a column's name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from accountability.codebook import NORMALISERS
from accountability.errors import SourceError
from accountability.vocabulary import IDENTIFYING, SAMPLING_RULES, STAGES, UNITS

ROLES = ("to", "stage", "month_of", "day_of", "drop", "ignore")
MADE_COLUMNS = ("jurisdiction", "source_row", "source_file", "repeats_a_row")
DECIDE = "DECIDE"  # stands in a proposed declaration for what only a person can know


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sampling(_Strict):
    """How records came to be in the release: the facts an estimator reads before it agrees to run."""

    rule: str = Field(description="one of the vocabulary's sampling rules")
    open_cases: Literal["included", "excluded", "status_only", "unknown"]
    closing_date: bool = Field(description="whether the day a case closed is published")
    selected_on: list[str] = Field(default_factory=list, description="outcomes or years the release is filtered on")
    window: str = Field(description="which complaints, in words")

    @field_validator("rule")
    @classmethod
    def _known_rule(cls, rule: str) -> str:
        return _term(rule, SAMPLING_RULES, "sampling rule")


class Period(_Strict):
    """First and last day of receipt covered."""

    start: dt.date = Field(alias="from")
    end: dt.date = Field(alias="to")


class Card(_Strict):
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

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return _term(unit, UNITS, "unit")


class Aside(_Strict):
    """Rows whose cells say that this date or value cannot be what it claims."""

    when: dict[str, list[str]] = Field(
        description="column -> texts; all columns must hold one of theirs, the empty text is an empty cell"
    )
    because: str


class Column(_Strict):
    """What one published column means: exactly one of to, stage, month_of, day_of, drop and ignore.

    Attributes
    ----------
    to : str
        Column of the coded table; with ``codebook`` the stem of the coded columns.
    of : {"case", "officer", "complainant", "row"}
        Whom the value describes, where the row's table does not say it. What describes a complainant in a file of
        another table becomes a row of the complainants, one for each distinct set of such values in a case.
    varies : {"error", "first", "join", "keep"}
        What is done when the value differs between rows of one case, or between rows merged into one record: stop;
        take the first row's; join all of them by ``"; "``; leave it where it is, as a fact of the row or as a step
        that happened more than once.
    stage : str
        The column dates this stage: its cells become events.
    date : str or mapping
        How the cell is written; see :class:`accountability.dates.DateSpec`. ``parts`` in the column of the year, when
        month and day stand in columns of their own.
    month_of, day_of : str
        The column holds the month, or the day, of the date whose year is in the column named.
    extract : str
        A pattern with one group; what the group finds is read in place of the whole cell, and a cell without it counts
        as empty.
    aside : Aside
        When the date or value must not be used although it can be read. A date is marked, a value left out.
    also : list of Column
        Further readings of the same cell: a finding and a penalty in one text, a year inside an id.
    if_blank : {"own_case"}
        For a case id: a row without one is a case of its own, ``row-`` and the row's number.
    normalise : list of str
        Steps of a codebook's normalisation done to the cells before rows are compared or linked.
    between : list of two numbers
        Numbers outside are set aside.
    band : int or list of int
        Publish numbers in bands this wide, or in bands that start at these numbers ("under 18" below the first).
    drop : str
        The column identifies people (name, address, …) and is removed when read.
    ignore : str
        The column is not used, and why.
    """

    to: str | None = Field(default=None, min_length=1)
    of: Literal["case", "officer", "complainant", "row"] | None = None
    varies: Literal["error", "first", "join", "keep"] = "error"
    stage: str | None = None
    date: str | list[str] | dict[str, Any] | None = None
    month_of: str | None = None
    day_of: str | None = None
    extract: str | None = None
    aside: Aside | None = None
    also: list[Column] = Field(default_factory=list)
    if_blank: Literal["own_case"] | None = None
    codebook: str | None = None
    normalise: list[str] = Field(default_factory=list)
    type: Literal["text", "integer", "number", "code", "year"] = "text"
    between: tuple[float, float] | None = None
    band: int | list[int] | None = None
    pseudonym: bool = False
    blank: list[str] = Field(default_factory=list, description="texts that mean an empty cell here")
    drop: str | None = None
    ignore: str | None = None

    @model_validator(mode="after")
    def _one_role(self) -> Column:
        roles = [name for name in ROLES if getattr(self, name) is not None]
        if len(roles) != 1:
            raise ValueError(f"give exactly one of {', '.join(ROLES)}; found {roles or 'none'}")
        if self.stage is not None:
            _term(self.stage, STAGES, "stage")
        if self.drop is not None:
            _term(self.drop, IDENTIFYING, "kind of identifying column")
        for step in self.normalise:
            _term(step, NORMALISERS, "normalisation")
        if (self.aside or self.also or self.extract) and roles[0] not in ("to", "stage"):
            raise ValueError(f"a column with {roles[0]} has no aside, also or extract; only one with to or stage has")
        if any(further.also or (further.to is None and further.stage is None) for further in self.also):
            raise ValueError("each entry of also gives to or stage, and has no also of its own")
        if self.extract is not None and _groups(self.extract) != 1:
            raise ValueError(f"extract is a pattern with exactly one group, found {self.extract!r}")
        if self.if_blank is not None and self.to != "case_id":
            raise ValueError("if_blank is for the column `to: case_id`")
        if self.varies == "join" and (self.to is None or self.codebook is not None or self.type != "text"):
            raise ValueError("only plain text can be joined; take `varies: first`, or `to` without codebook and type")
        if isinstance(self.band, int) and self.band < 2:
            raise ValueError(f"a band is at least 2 wide, found {self.band}")
        if isinstance(self.band, list) and (not self.band or self.band != sorted(set(self.band))):
            raise ValueError(f"bands start at rising numbers, found {self.band}")
        if (self.stage is not None or self.to == "date") != (self.date is not None):
            raise ValueError("a stage needs a date format, and only a stage (or `to: date` of an events file) has one")
        return self

    @property
    def in_parts(self) -> bool:
        """Whether the column holds the year of a date whose month stands in another column."""
        return (self.date.get("date") if isinstance(self.date, dict) else self.date) in ("parts", ["parts"])

    @property
    def readings(self) -> tuple[Column, ...]:
        """What the column becomes: itself and its further readings; nothing when it is removed or not used."""
        return (self, *self.also) if self.to is not None or self.stage is not None else ()


class Repeats(_Strict):
    """What raw rows that repeat one another are."""

    exact: Literal["drop", "keep"] | None = Field(default=None, description="rows equal in every column")
    apart_from: list[str] = Field(default_factory=list, description="columns not compared: a running number")
    by: list[str] = Field(default_factory=list, description="columns that make two rows one record")
    because: str = Field(description="why they are the same record, or why that cannot be said")

    @model_validator(mode="after")
    def _one_way(self) -> Repeats:
        if (self.exact is None) == (not self.by):
            raise ValueError("say either `exact` or `by`")
        if self.apart_from and not self.exact:
            raise ValueError("`apart_from` belongs to `exact`")
        return self


class Unusable(_Strict):
    """Rows that cannot become a record."""

    blank: list[str] = Field(min_length=1, description="columns; a row is unusable when any of them is empty")
    because: str


class File(_Strict):
    """One published file: where it is, what it is made of, which table its rows belong to."""

    path: str
    url: str | None = None
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int | None = None
    rows: int | None = None
    format: dict[str, Any] = Field(default_factory=dict)
    table: Literal["cases", "allegations", "officers", "events", "complainants"]
    key: list[str] = Field(default_factory=list)
    unusable: list[Unusable] = Field(default_factory=list)
    repeats: list[Repeats] = Field(default_factory=list)
    blank_rows: Literal["error", "drop"] = "error"
    unlinked: str | None = Field(
        default=None, description="in a file of events: why rows whose case no other file holds are left out"
    )
    columns: dict[str, Column]
    extra_columns: dict[str, str] = Field(
        default_factory=dict, description="glob pattern of further columns -> why they are not used"
    )

    @model_validator(mode="after")
    def _fits_its_table(self) -> File:
        """A table needs the columns that link its rows; without them a load would stop somewhere less clear."""
        given = [c for _, c in self.readings if c.of != "complainant"]
        ids = "officer_id" if self.table == "officers" else "case_id"
        if not any(c.to == ids for c in given):
            raise ValueError(f"a file of {self.table} needs a column `to: {ids}`")
        if self.table == "officers" and any(c.date is not None for c in given):
            raise ValueError("a file of officers belongs to no case, so its columns cannot date a `stage`")
        if any(c.to == "date" for c in given) and not (self.table == "events" and any(c.to == "stage" for c in given)):
            raise ValueError("`to: date` belongs to a file of events, beside a column `to: stage`")
        for name, column in self.readings:
            if column.to in MADE_COLUMNS:
                raise ValueError(f"column {name!r}: {column.to!r} is made by the loader; give it another `to`")
            if column.to in ("case_id", "officer_id") and (column.codebook or column.type not in ("text", "code")):
                raise ValueError(f"column {name!r}: an id is kept as it is, as `text` or `code`; give it no codebook")
        unknown = [name for name in self.key if name not in self.columns]
        if unknown:
            raise ValueError(f"the key names {unknown[0]!r}, which is not among `columns`")
        return self

    @model_validator(mode="after")
    def _one_whole(self) -> File:
        if self.unlinked is not None and self.table != "events":
            raise ValueError("only a file of events leaves out rows (`unlinked`) whose case no other file holds")
        for name, column in self.columns.items():
            year = column.month_of or column.day_of
            if year is not None and (year not in self.columns or not self.columns[year].in_parts):
                raise ValueError(f"{name!r} names {year!r}, which is not a column with `date: parts`")
            if column.day_of is not None and "month_of" not in self.parts(year or ""):
                raise ValueError(f"{name!r} is the day of {year!r}, which has no column for its month")
        return self

    @property
    def readings(self) -> list[tuple[str, Column]]:
        """Every reading of every column, with the column's name."""
        return [(name, reading) for name, column in self.columns.items() for reading in column.readings]

    def parts(self, year: str) -> dict[str, str]:
        """The columns that hold the month and the day of a date in parts: ``month_of`` and ``day_of`` -> column."""
        found = {}
        for name, column in self.columns.items():
            for part in ("month_of", "day_of"):
                if getattr(column, part) == year:
                    found[part] = name
        return found


class Order(_Strict):
    """A step that cannot come before another; the date named in ``aside`` is not used when it does."""

    first: str
    then: str
    aside: str

    @model_validator(mode="after")
    def _stages(self) -> Order:
        for stage in (self.first, self.then, self.aside):
            _term(stage, STAGES, "stage")
        if self.aside not in (self.first, self.then):
            raise ValueError(f"aside must be {self.first!r} or {self.then!r}, found {self.aside!r}")
        return self


class Source(_Strict):
    """A whole ``source.yaml``."""

    source: str
    title: str
    generated: bool = False
    card: Card
    files: dict[str, File] = Field(min_length=1)
    order: list[Order] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_records(self) -> Source:
        if not any(file.table in ("cases", "allegations") for file in self.files.values()):
            raise ValueError("at least one file must be of the table `cases` or `allegations`")
        return self

    @property
    def names(self) -> dict[str, str]:
        """What each file is called in messages and the ledger: its path, with its key where two share one path."""
        paths = Counter(file.path for file in self.files.values())
        return {key: f.path if paths[f.path] == 1 else f"{f.path} ({key})" for key, f in self.files.items()}

    @property
    def fetched(self) -> bool:
        """Whether the files have to be brought to the cache before a load."""
        return any(file.url for file in self.files.values())


def _groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a pattern: {error}") from None


def _term(value: str, terms: Any, what: str) -> str:
    if value not in terms:
        near = get_close_matches(value, list(terms), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{value!r} is not a {what} ({', '.join(terms)}){hint}")
    return value


class _TextKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML whose mapping keys stay text (``NO``, ``007``) and may not repeat."""


def _mapping(loader: _TextKeys, node: yaml.MappingNode) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        key = key_node.value
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
        try:
            result[key] = loader.construct_object(value_node, deep=True)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            # PyYAML lets Python's own errors through, for instance for 2020-02-30
            problem = f"the value of {key!r} cannot be read: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, value_node.start_mark) from None
    return result


_TextKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping: keys are text, a repeated key is an error.

    Raises
    ------
    SourceError
        Names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    try:
        found = yaml.load(text, Loader=_TextKeys)
    except RecursionError:
        raise SourceError(f"{path}: the YAML is nested too deeply to be read") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise SourceError(f"{path}: a value cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{where}: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(found, dict):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise SourceError(f"{path}, line 1: expected a YAML mapping (lines such as `key: value`), found {what}")
    return found


def undecided(declared: Any, place: str = "") -> list[str]:
    """Where a declaration still says ``DECIDE``: dotted paths, in order."""
    if isinstance(declared, dict):
        return [p for k, v in declared.items() for p in undecided(v, f"{place}.{k}" if place else k)]
    if isinstance(declared, list):
        return [p for i, v in enumerate(declared) for p in undecided(v, f"{place}.{i}")]
    return [place] if declared == DECIDE else []


def refuse_undecided(declared: dict[str, Any], path: Path) -> None:
    """Stop at a declaration in which something is left to decide.

    Raises
    ------
    SourceError
        Counts and lists the places.
    """
    left = undecided(declared)
    if left:
        shown = ", ".join(left[:8]) + (f" and {len(left) - 8} more" if len(left) > 8 else "")
        raise SourceError(
            f"{path}: {len(left)} value(s) are still {DECIDE}: {shown}. `accountability check {path.parent.name}` "
            "lists them with what to choose from"
        )


def read_source(folder: Path) -> Source:
    """Read and check the ``source.yaml`` of a folder.

    Raises
    ------
    SourceError
        Lists every key that is unknown, missing or of the wrong kind.
    """
    path = folder / "source.yaml"
    declared = read_yaml(path)
    refuse_undecided(declared, path)
    try:
        source = Source.model_validate(declared)
    except ValidationError as error:
        raise SourceError(f"{path}: {error.error_count()} thing(s) to mend:\n{problems(error)}") from None
    if source.source != folder.name:
        raise SourceError(f"{path}: source is {source.source!r}, the folder is named {folder.name!r}; make them equal")
    return source


def problems(error: ValidationError) -> str:
    """What pydantic found, one indented line each: dotted place, what is wrong, what stands there."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        + (f" (found {_short(problem['input'])})" if problem["type"] not in ("missing", "extra_forbidden") else "")
        for problem in error.errors(include_url=False)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:119] + "…"
