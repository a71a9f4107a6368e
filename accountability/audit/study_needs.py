"""What each study and estimator needs, and whether this release has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from accountability.audit.fields import FIELDS, Field, held
from accountability.errors import ParameterError
from accountability.records.dataset import Dataset
from accountability.results import Result, plural
from accountability.studies.registry import STUDIES, Study

#: What the estimators read beyond the studies' notebooks; the key is the question in the words of a letter.
ESTIMATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "how long cases take": ("every complaint", "open cases", "last day covered", "date: received", "date: closed"),
    "in which way cases end, and how fast": ("date: received", "date: closed", "finding", "closing reason"),
    "where a case waits": ("date: received", "date: opened", "date: assigned", "date: findings", "date: closed"),
    "whether time limits are kept": (
        "date: incident",
        "date: received",
        "date: opened",
        "date: findings",
        "date: suspended_clock",
        "date: resumed_clock",
    ),
    "how many cases are open, and before whom": (
        "every complaint",
        "open cases",
        "date: received",
        "date: closed",
        "investigating body",
    ),
    "which penalty follows a finding": ("every complaint", "finding", "imposed penalty", "days of the penalty"),
    "whether a recommended penalty is reduced": ("recommended penalty", "imposed penalty", "officer number"),
    "what becomes of a penalty, step by step": (
        "officer number",
        "penalty at each step",
        "date: penalty_recommended",
        "date: penalty_decided",
        "date: penalty_imposed",
        "date: penalty_served",
        "date: appeal_filed",
        "date: appeal_decided",
        "date: left_agency",
    ),
    "whether officers are treated alike": (
        "finding",
        "category",
        "officer number",
        "officer race",
        "officer gender",
        "officer rank",
        "officer appointed",
    ),
    "how complaints are spread over officers": ("officer number", "date: received"),
}
COLUMNS = ("study", "question", "field", "state", "how")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Needs(Result):
    """Fields needed, by study.

    ``table``: ``study`` (a name of :data:`accountability.studies.registry.STUDIES`, or ``estimator``), ``question``,
    ``field`` (a key of :data:`accountability.audit.fields.FIELDS`, or a column), ``state`` (held, coarse, lacking),
    ``how``.

    Attributes
    ----------
    fields : mapping
        Each field named in the table, with what to ask for and why.
    """

    fields: Mapping[str, Field]

    def lacking(self) -> pd.DataFrame:
        """Fields that are lacking or coarse, each once: ``field, state, how, needed_for`` (questions, by semicolon)."""
        short = self.table[self.table["state"] != "held"]
        lines = [
            (field, part["state"].iloc[0], part["how"].iloc[0], "; ".join(dict.fromkeys(part["question"])))
            for field, part in short.groupby("field", sort=False)
        ]
        return pd.DataFrame(lines, columns=["field", "state", "how", "needed_for"], dtype="str")

    def by_question(self) -> pd.DataFrame:
        """Count the fields of each question: ``question`` (a study by its name), ``needed, held, coarse, lacking``."""
        names = self.table["study"].str.replace("_", " ").where(self.table["study"] != "estimator")
        asked = names.fillna(self.table["question"])
        counts = pd.crosstab(asked, self.table["state"]).reindex(columns=["held", "coarse", "lacking"], fill_value=0)
        counts = counts.reindex(asked.unique()).rename_axis(index="question", columns=None)
        return counts.assign(needed=counts.sum(axis=1)).reset_index()[["question", "needed", *counts.columns]]

    def sentence(self) -> str:
        """Say how many questions the release can carry, and how many fields are short."""
        whole = self.by_question()
        full = int((whole["held"] == whole["needed"]).sum())
        short = self.lacking()
        if short.empty:
            return f"The release holds every field that the {plural(len(whole), 'question')} need."
        return (
            f"The release holds every field for {full} of {plural(len(whole), 'question')}; "
            f"{plural(int((short['state'] == 'lacking').sum()), 'field')} "
            f"{'is' if (short['state'] == 'lacking').sum() == 1 else 'are'} lacking and "
            f"{int((short['state'] == 'coarse').sum())} dated too coarsely."
        )


def needs(dataset: Dataset) -> Needs:
    """Compare what every study and estimator reads with what a release holds.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Needs

    Raises
    ------
    ParameterError
        An estimator's list names a field that is not in :data:`accountability.audit.fields.FIELDS`.
    """
    known = dict(FIELDS)
    lines: list[tuple[str, str, str, str, str]] = []
    seen: dict[str, tuple[str, str]] = {}

    def state(field: Field) -> tuple[str, str]:
        if field.key not in seen:
            seen[field.key] = held(dataset, field.key, field.columns)
        return seen[field.key]

    for study in STUDIES.values():
        for field in _of_study(study):
            known.setdefault(field.key, field)
            lines.append((study.name, study.question, field.key, *state(field)))
    for question, keys in ESTIMATORS.items():
        for key in keys:
            if key not in FIELDS:
                raise ParameterError(f"{question!r} needs {key!r}, which is not among the fields: {', '.join(FIELDS)}")
            lines.append(("estimator", question, key, *state(FIELDS[key])))
    table = pd.DataFrame(lines, columns=list(COLUMNS), dtype="str")
    return Needs(
        estimand=f"fields that studies need and {dataset.name} holds",
        assumptions=("a field that is filled at all is held: how often it is blank is counted elsewhere",),
        method="comparison of what is read with what is loaded",
        table=table,
        flow=None,
        fields={key: known[key] for key in dict.fromkeys(table["field"])},
    )


def _of_study(study: Study) -> list[Field]:
    """Fields of a study, from its own declaration: sampling, stages of its clock, columns."""
    keys: list[str] = []
    if "selected_on_outcome" in study.refused_rules:
        keys.append("every complaint")
    if "closed_only" in study.refused_rules:
        keys += ["open cases", "last day covered"]
    defaults = study.parameters.model_validate({})
    keys += [f"date: {stage}" for name in ("start", "stop") if (stage := getattr(defaults, name, None))]
    fields = [FIELDS[key] for key in dict.fromkeys(keys)]
    by_column = {column: field for field in FIELDS.values() for column in field.columns}
    for column, what in study.needs_columns.items():
        own = Field(column, what, "a study cannot be run without it", (column,))
        fields.append(by_column.get(column, own))
    return list(dict.fromkeys(fields))
