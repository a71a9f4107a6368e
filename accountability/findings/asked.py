"""The question of a finding: its source, its parameters, and their description."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from accountability import labels
from accountability.findings import wording
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, LeadFigure, ReadingTable
from accountability.privacy import MIN_CELL
from accountability.results import Refused, Result, capitalised, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.records.dataset import Dataset
    from accountability.sensitivity import Tipping

#: Parts of a finding that hold what a study wrote.
_READ: Final = ("answer", "lead", "numbers", "tables", "firm", "firm_table", "breaks", "method")
#: What would change a finding of which nothing could be estimated.
MISSING_HERE: Final = "A release that records what is missing here can answer the question."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question asked of a source.

    Attributes
    ----------
    study, question : str
        Name of the study, and its question.
    data : Dataset
        The source.
    parameters : mapping
        All parameters of the study with their values.
    changed : mapping
        The parameters that are not default.
    """

    study: str
    question: str
    data: Dataset
    parameters: Mapping[str, Any]
    changed: Mapping[str, Any]

    def label(self, name: str) -> str:
        """Return the label of a column or term; what the source declares comes first."""
        return labels.label(name, self.data.labels)

    def plain(self, text: str) -> str:
        """Replace raw names in a text by labels."""
        return wording.dated(labels.in_words(text, self.data.labels))

    @property
    def confidence(self) -> str:
        """The level of intervals in words: ``95 %``."""
        return wording.level(float(self.parameters.get("confidence", 0.95)))

    @property
    def fewest(self) -> int:
        """The count below which numbers are hidden."""
        return int(self.parameters.get("min_cell", MIN_CELL))

    @property
    def group(self) -> str:
        """Label of the column compared by; empty without one."""
        column = self.parameters.get("group")
        return self.label(column) if column else ""

    @property
    def only(self) -> str:
        """Restriction of the complaints: ``only where kind of allegation is Force or Search``; empty if none."""
        said = self.parameters.get("only")
        if not said:
            return ""
        column, _, values = said.partition("=")
        chosen = " or ".join(self.label(one.strip()) for one in values.split("|"))
        return f"only where {self.label(column.strip())} is {chosen}"

    @property
    def last_day(self) -> str:
        """The last day, in words; empty if not known."""
        last = self.parameters.get("cutoff") or self.data.card.observed_until
        return wording.date(last) if last else ""

    @property
    def until(self) -> str:
        """The last day as the end of a clause: `` on 30 June 2020``."""
        return f" on {self.last_day}" if self.last_day else " when last seen"

    @property
    def period(self) -> str:
        """The period the source covers, in words; empty if not stated."""
        period = self.data.card.period
        if period is None:
            return ""
        return f"{wording.month(period.start)} to {wording.month(period.end)}"

    @property
    def setting(self) -> str:
        """Source, period and non-default parameters, in one line."""
        # A title often says the period already.
        parts = [self.data.title, "" if self.period in self.data.title else self.period]
        parts += [f"known on {self.last_day}"] if self.last_day else []
        parts += [said for name, value in self.changed.items() if (said := _setting(self, name, value))]
        return " · ".join(part for part in parts if part)

    def footer(self, counted: str) -> str:
        """Write the line under a figure: source and number."""
        return f"Source: {self.data.title}. {counted}."

    def lead(
        self,
        drawn: Result | Callable[[], Axes],
        title: str,
        subtitle: str,
        counted: str,
        *,
        alt: str = "",
        panel: str = "plot",
    ) -> LeadFigure | None:
        """Make the lead figure; none if the result is a refusal."""
        if isinstance(drawn, Refused):
            return None
        subtitle = " · ".join(part for part in (subtitle, self.only, self.period) if part)
        return LeadFigure(
            title=capitalised(title),
            subtitle=subtitle,
            footer=self.footer(counted),
            alt=capitalised(alt or f"{title}. {subtitle}."),
            drawn=drawn,
            panel=panel,
        )

    def method(self, *results: Result) -> tuple[tuple[str, str], ...]:
        """Return the results' estimands, estimators and assumptions, each once."""
        found: dict[tuple[str, str], None] = {}
        for result in results:
            if isinstance(result, Refused):
                continue
            found[("What is estimated", self.sentence(result.estimand))] = None
            found[("How", self.sentence(result.method))] = None
            for assumption in result.assumptions:
                found[("What must hold", self.sentence(assumption))] = None
        return tuple(found)

    def tipping(self, found: Tipping | Refused | None, *words: str) -> tuple[str, ...]:
        """State the tipping points of the claims that contain one of the words."""
        if found is None or isinstance(found, Refused):
            return ()
        rows = found.table[~found.table["hidden"]].to_dict("records")
        held = [row for row in rows if not words or any(word in str(row["claim"]) for word in words)]
        return tuple(self.sentence(str(row["reads"])) for row in held)

    def sentence(self, text: str) -> str:
        """Make a sentence from a result's words."""
        plain = capitalised(self.plain(text.strip()))
        return plain if plain.endswith((".", "!", "?", ":")) else f"{plain}."

    def finding(self, answer: str, **parts: Any) -> Finding:
        """Make the finding of this question."""
        answer = capitalised(answer)
        made = Finding(
            study=self.study,
            question=self.question,
            setting=self.setting,
            answer=f"{capitalised(self.only)}: {answer}" if self.only else answer,
            generated=self.data.generated,
            **parts
            # What the answer says is not said again below it.
            | {"firm": tuple(one for one in parts.get("firm", ()) if one not in answer)}
            | {"tables": tuple(table for table in parts.get("tables", ()) if _telling(table))}
            | {"firm_table": firm if (firm := parts.get("firm_table")) is not None and _telling(firm) else None},
        )
        # Values of a release are often spelt as code: whatever the study wrote, none reaches a reader.
        return replace(made, **{name: self._read(getattr(made, name)) for name in _READ})

    def _read(self, part: Any) -> Any:
        """Put labels in the place of raw names in every text of a part."""
        if isinstance(part, str):
            return labels.in_words(part, self.data.labels)
        if isinstance(part, tuple):
            return tuple(self._read(one) for one in part)
        if not isinstance(part, LeadFigure | KeyNumber | ReadingTable):
            return part
        texts = [one.name for one in fields(part) if one.name not in ("drawn", "panel")]
        return replace(part, **{name: self._read(getattr(part, name)) for name in texts})

    def not_answered(self, refused: Refused, what: str, **parts: Any) -> Finding:
        """Make the finding of a question that the source does not allow; the reason is the answer."""
        parts["breaks"] = parts.get("breaks") or (MISSING_HERE,)
        return self.finding(f"This release cannot say {what}. {self.because(refused)}", **parts)

    def because(self, refused: Refused) -> str:
        """Say the reason of a refusal; what it tells an analyst to write is nothing for a reader."""
        named = rf"(?<!\w)'?{re.escape(self.data.name)}'?(?!\w)"
        return self.sentence(re.sub(named, "this release", wording.reason(refused.because)))


def _telling(table: ReadingTable) -> bool:
    """Whether a table is worth its place: more than one row, and something in it that is not hidden."""
    return len(table.rows) > 1 and any(cell != wording.HIDDEN for row in table.rows for cell in row[1:])


def asked_of(study: str, data: Dataset, parameters: Mapping[str, Any]) -> Asked:
    """Return a study's question asked of a source."""
    from accountability.studies.registry import get

    known = get(study)
    defaults = known.parameters.model_validate({}).literals()
    changed = {
        name: value
        for name, value in parameters.items()
        if name != "source" and name in defaults and value != defaults[name]
    }
    return Asked(study=study, question=known.question, data=data, parameters=dict(parameters), changed=changed)


def _setting(asked: Asked, name: str, value: Any) -> str:
    """State one parameter that is not the default."""
    if name == "cutoff" or value is None:
        return ""
    if name == "only":
        return asked.only
    if name in ("start", "stop"):
        return f"clock {name}s at {labels.moment(value)}"
    plain = value if not isinstance(value, str) else asked.label(value)
    said = {
        "group": f"by {plain}",
        "unit": f"counted per {plain}",
        "alike": f"at the same mix of {plain}",
        "within_days": f"within {plain} days",
        "window_days": f"findings of the last {plain} days",
        "min_group": f"groups of at least {plain}",
        "min_cell": f"counts below {plain} hidden",
        "pace_months": f"pace of {plain} months",
        "rule": f"limit: {plain.title()}" if isinstance(plain, str) else "",
        "heavier": f"heavier is {plain} or more",
        "landmark": f"looked at from day {plain}",
        "first": f"compared: {plain}",
        "second": f"with {plain}",
        "many_closings": f"days with more than {plain} closings",
        "period_years": f"permutations within {plural(value, 'year')}" if isinstance(value, int) else "",
    }
    if isinstance(value, float) and name in ("confidence", "top"):
        return f"{wording.level(value)} intervals" if name == "confidence" else f"top {wording.level(value)}"
    if name == "pauses":
        return {"none": "no clock stopped", "dated": "dated pauses left out"}.get(value, "")
    if name in said:
        return said[name]
    return f"{labels.label(name)}: {plain:,}" if isinstance(plain, int) else f"{labels.label(name)}: {plain}"
