"""The finding of a study, from which notebook, page, PDF, Word and index are built."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.findings import finding_html
from accountability.findings.finding_parts import KeyNumber, LeadFigure, ReadingTable

#: Under this name a notebook's output carries the finding as JSON.
MIME: Final = "application/vnd.accountability.finding+json"
MOST_NUMBERS: Final = 4
MOST_TABLES: Final = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class Finding:
    """A study's answer to its question under its parameters, with its evidence.

    Attributes
    ----------
    study : str
        Name of the study.
    question : str
        The question, as a reader would ask it.
    setting : str
        Source, period and parameters in one line.
    answer : str
        At most three sentences: the answer with its number of cases, estimate and interval, and the main caveat.
    lead : LeadFigure or None
        The figure that shows the answer; ``None`` if nothing could be estimated.
    numbers : tuple of KeyNumber
        Up to four; reports are compared by the first.
    tables : tuple of ReadingTable
        Up to three.
    firm : tuple of str
        Sensitivity of the answer to other cut-offs, clocks and units.
    firm_table : ReadingTable or None
        The same as a table.
    breaks : tuple of str
        What in these data would change it.
    method : tuple of (str, str)
        Estimand, estimator, assumptions: name and words.
    generated : bool
        Whether the data are synthetic.
    """

    study: str
    question: str
    setting: str
    answer: str
    lead: LeadFigure | None = None
    numbers: tuple[KeyNumber, ...] = ()
    tables: tuple[ReadingTable, ...] = ()
    firm: tuple[str, ...] = ()
    firm_table: ReadingTable | None = None
    breaks: tuple[str, ...] = ()
    method: tuple[tuple[str, str], ...] = ()
    generated: bool = False

    def __post_init__(self) -> None:
        for name, most in (("numbers", MOST_NUMBERS), ("tables", MOST_TABLES)):
            if len(getattr(self, name)) > most:
                raise ParameterError(f"a finding has at most {most} {name}, found {len(getattr(self, name))}")
        if not self.answer.strip():
            raise ParameterError("a finding needs an answer")

    def as_json(self) -> dict[str, Any]:
        """Return the finding for JSON, without the object that draws the figure."""
        lead = None if self.lead is None else dataclasses.replace(self.lead, drawn=None)
        said = dataclasses.asdict(dataclasses.replace(self, lead=lead))
        if lead is not None:
            del said["lead"]["drawn"]
        plain: dict[str, Any] = _plain(said)
        return plain

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Finding:
        """Make a finding from the output of :meth:`as_json`."""
        given = dict(said)
        tables = tuple(_table(one) for one in given["tables"])
        return cls(
            **given
            | {
                "lead": None if given["lead"] is None else LeadFigure(**given["lead"]),
                "numbers": tuple(KeyNumber(**one) for one in given["numbers"]),
                "tables": tables,
                "firm": tuple(given["firm"]),
                "firm_table": None if given["firm_table"] is None else _table(given["firm_table"]),
                "breaks": tuple(given["breaks"]),
                "method": tuple((what, words) for what, words in given["method"]),
            }
        )

    def __repr__(self) -> str:
        lines = [self.question, self.setting, "", self.answer]
        lines += [f"{one.label}: {one.value}{f' ({one.note})' if one.note else ''}" for one in self.numbers]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Write the finding as one section of accessible HTML."""
        parts = [
            f"<p><em>{html.escape(self.setting)}</em></p>",
            f"<p><strong>{html.escape(self.answer)}</strong></p>",
            finding_html.numbers(self.numbers),
            *(finding_html.table(one) for one in self.tables),
        ]
        for title, lines, below in (
            ("How firm is it?", self.firm, self.firm_table),
            ("What would break it", self.breaks, None),
        ):
            if lines or below:
                parts += [f"<h4>{title}</h4>", finding_html.listed(lines), finding_html.table(below) if below else ""]
        return "\n".join(part for part in parts if part)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the finding as accessible HTML, as text, and as the JSON from which pages are built."""
        return {"text/html": self.to_html(), "text/plain": repr(self), MIME: self.as_json()}


def _table(said: Mapping[str, Any]) -> ReadingTable:
    return ReadingTable(
        title=said["title"],
        head=tuple(said["head"]),
        rows=tuple(tuple(row) for row in said["rows"]),
        notes=tuple(said["notes"]),
    )


def _plain(value: Any) -> Any:
    """Tuples as lists, a missing number as none: what JSON holds; digits beyond the twelfth are the machine's own."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if value != value else float(f"{value:.12g}")
    return value
