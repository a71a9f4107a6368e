"""The declaration of one published column, and the base of all parts of a declaration.

Unknown keys and terms outside the vocabulary are errors; messages name the place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from accountability.errors import did_you_mean
from accountability.vocabulary import IDENTIFYING, STAGES

#: Dashes, quotes and Cyrillic or Greek letters that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "‐‑‒–—−’‘“”АВЕКМНОРСТХаеорсухіІјЈѕЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "------''\"\"ABEKMHOPCTXaeopcyxiIjJsSABEZHIKMNOPTYXo",
)


def seen(text: str) -> str:
    """Return a text as it looks: single blanks, no invisible characters, plain width, lookalike letters unified."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    folded = unicodedata.normalize("NFKC", text)
    shown = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\n\r")
    others = {c for c in shown if c.isalpha() and c.translate(_LOOKALIKES) == c}
    latin = all("LATIN" in unicodedata.name(c, "") for c in others)
    return " ".join((shown.translate(_LOOKALIKES) if latin else shown).split())


def mended(text: str) -> str:
    """Repair UTF-8 text that was read in another encoding; return any other text unchanged."""
    for encoding in () if text.isascii() else ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return text


NORMALISERS = {
    "mend_encoding": mended,
    "lookalikes": seen,
    "strip": lambda text: text.strip(" \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff"),
    "collapse_blanks": lambda text: re.sub(r"[\s\u00a0\u200b\u2060\ufeff]+", " ", text),
    "casefold": str.casefold,
}
State = Literal["open", "closed_on_unknown_day", "unknown"]
ROLES = ("to", "stage", "month_of", "day_of", "drop", "ignore")


class Strict(BaseModel):
    """Base of all parts of a declaration: unknown keys are errors, and values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


def known_term(value: str, terms: Any, what: str) -> str:
    """Return the value if it is one of the terms; otherwise raise with the nearest one."""
    if value not in terms:
        raise ValueError(f"{value!r} is not a {what} ({', '.join(terms)}){did_you_mean(value, terms)}")
    return value


def problems(error: ValidationError, lines: Mapping[tuple[str, ...], int] | None = None) -> str:
    """Return pydantic's errors, one indented line each: place (with its line, if known), fault and value."""
    return "\n".join(f"  {text}" for _, text in problem_list(error, lines))


def problem_list(
    error: ValidationError, lines: Mapping[tuple[str, ...], int] | None = None
) -> list[tuple[tuple[str, ...], str]]:
    """Return the place and one-line text of each pydantic error; a missing key has the line of its mapping."""
    found = []
    for problem in error.errors(include_url=False):
        place = tuple(str(part) for part in problem["loc"])
        line = (
            next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None) if lines else None
        )
        text = f"{'.'.join(place)}: " if place else ""
        text += problem["msg"].removeprefix("Value error, ") if not place else problem["msg"]
        if place and problem["type"] not in ("missing", "extra_forbidden"):
            text += f" (found {_short(problem['input'])})"
        found.append((place, f"line {line}: {text}" if line else text))
    return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:119] + "…"


class Aside(Strict):
    """Condition on a row under which this date or value is set aside as wrong."""

    when: dict[str, list[str]] = Field(
        description="column -> texts; all columns must hold one of theirs, the empty text is an empty cell"
    )
    because: str


class DropCells(Strict):
    """Single cells that identify a person, selected by their text, by other cells of the row, or by row number."""

    kind: str = Field(description="the kind of identifying text, as for `drop`")
    because: str = Field(description="why these cells and not the column; without the text itself")
    matching: str | None = Field(default=None, description="a pattern; cells in which it is found")
    when: dict[str, list[str]] = Field(
        default_factory=dict, description="column -> texts; cells whose rows hold one in each; the empty text is blank"
    )
    rows: list[int] = Field(default_factory=list, description="data rows, counted from 1")

    @model_validator(mode="after")
    def _some_condition(self) -> DropCells:
        known_term(self.kind, IDENTIFYING, "kind of identifying text")
        if not (self.matching or self.when or self.rows):
            raise ValueError("say which cells: `matching` (a pattern), `when` (other columns) or `rows` (numbers)")
        if self.matching is not None:
            _groups(self.matching)
        return self


class Column(Strict):
    """Declaration of one published column: exactly one of to, stage, month_of, day_of, drop and ignore.

    Attributes
    ----------
    to : str
        Column of the coded table; with ``codebook`` the stem of the coded columns.
    of : {"case", "officer", "complainant", "victim", "witness", "investigator", "row"}
        Whom the value describes, if not the row of the file's table. Values of a complainant, victim, witness or
        investigator in a file of another table become rows of theirs, one per distinct set of values in a case.
    varies : {"error", "first", "join", "keep"}
        What to do if the value differs between rows of one case, or between rows merged into one record: raise; take
        the first row's; join all by ``"; "``; keep it, as a fact of the row or as a repeated step.
    stage : str
        The column dates this stage: its cells become events.
    date : str or mapping
        Format of the cell; see :class:`accountability.records.dates.DateSpec`. ``parts`` in the column of the year, if
        month and day are separate columns.
    no_day : mapping
        For a stage: cells without a day, and what each says about the case: ``open`` (the step has not happened),
        ``closed_on_unknown_day`` (it has) or ``unknown``. The empty text means an empty or blank cell. If another
        column decides, its texts: ``{"": {Status: {Closed: closed_on_unknown_day, Open: open}}}``; a text that is not
        listed leaves the case ``unknown``. The key ``after_cutoff`` means every date after the last day the release
        covers.
    month_of, day_of : str
        The column holds the month, or the day, of the date whose year is in the column named.
    extract : str
        A pattern with one group, whose match is read instead of the whole cell; a cell without a match counts as empty.
    aside : Aside
        When the date or value must not be used although it is readable. A date is marked, a value is left out.
    also : list of Column
        Further readings of the same cell: a finding and a penalty in one text, a year inside an id.
    if_blank : {"own_case"}
        For a case id: a row without one is a separate case, with the id ``row-`` and the row's number.
    normalise : list of str
        Steps of normalisation of the cells before rows are compared or linked.
    between : list of two numbers
        Numbers outside are set aside.
    band : int or list of int
        Publish numbers in bands this wide, or in bands that start at these numbers ("under 18" below the first).
    label : str
        Label for readers instead of the column's name: ``officer's district``.
    drop : str
        The column identifies people (name, address, …) and is removed when read.
    drop_cells : list of DropCells
        Single cells that identify a person, emptied when read: ``{kind: name, rows: [12], because: ...}``.
    ignore : str
        Why the column is not used.
    """

    to: str | None = Field(default=None, min_length=1)
    of: Literal["case", "officer", "complainant", "victim", "witness", "investigator", "row"] | None = None
    varies: Literal["error", "first", "join", "keep"] = "error"
    stage: str | None = None
    date: str | list[str] | dict[str, Any] | None = None
    no_day: dict[str, State | dict[str, dict[str, State]]] = Field(default_factory=dict)
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
    label: str = Field(default="", description="what a reader is told in the place of the column's name")
    drop: str | None = None
    drop_cells: list[DropCells] = Field(default_factory=list)
    ignore: str | None = None

    @model_validator(mode="after")
    def _one_role(self) -> Column:
        roles = [name for name in ROLES if getattr(self, name) is not None]
        if len(roles) != 1:
            raise ValueError(f"give exactly one of {', '.join(ROLES)}; found {roles or 'none'}")
        if self.stage is not None:
            known_term(self.stage, STAGES, "stage")
        if self.drop is not None:
            known_term(self.drop, IDENTIFYING, "kind of identifying column")
        for step in self.normalise:
            known_term(step, NORMALISERS, "normalisation")
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
        self._hides()
        if self.no_day and self.stage is None and self.to != "date":
            raise ValueError("no_day says what cells without a day mean for a stage; this column dates none")
        if any(isinstance(told, dict) and len(told) != 1 for told in self.no_day.values()):
            raise ValueError("no_day: what a cell says is one state, or one other column with its texts")
        spell = self.to in ("starts", "ends") and self.date is not None
        if (self.stage is not None or self.to == "date" or spell) != (self.date is not None):
            raise ValueError("a stage needs a date format, and only a stage (or `to: date` of an events file) has one")
        return self

    def _hides(self) -> None:
        """What is to become a pseudonym stands nowhere else as it is."""
        hidden = [reading for reading in (self, *self.also) if reading.pseudonym]
        for reading in hidden:
            if reading.to is None or reading.codebook or reading.type not in ("text", "code") or reading.band:
                raise ValueError(
                    "pseudonym: true is for an id, `to: NAME` of type text or code; `drop` removes any other column"
                )
        for reading in (self, *self.also) if hidden else ():
            if not (reading.pseudonym or reading.extract or reading.type == "year"):
                shown = reading.to or reading.stage
                raise ValueError(
                    f"{shown!r} would publish the text that pseudonym: true hides; say pseudonym: true there too, or "
                    "extract the part that identifies nobody"
                )

    @property
    def looked_at(self) -> list[str]:
        """Return the other columns that decide the meaning of a cell."""
        told = [next(iter(state)) for state in self.no_day.values() if isinstance(state, dict)]
        dropped = [other for cells in self.drop_cells for other in cells.when]
        return [*(self.aside.when if self.aside is not None else ()), *told, *dropped]

    @property
    def in_parts(self) -> bool:
        """Return whether the column holds the year of a date whose month is in another column."""
        return (self.date.get("date") if isinstance(self.date, dict) else self.date) in ("parts", ["parts"])

    @property
    def readings(self) -> tuple[Column, ...]:
        """Return the column and its further readings; none if it is removed or not used."""
        return (self, *self.also) if self.to is not None or self.stage is not None else ()


def _groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a pattern: {error}") from None
