"""The fields that each study and estimator needs, in plain words, and whether a release holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from accountability.audit.part import is_case_files
from accountability.records.dataset import Dataset
from accountability.records.yaml_text import read_yaml
from accountability.results import Result, plural
from accountability.studies.registry import STUDIES, Study
from accountability.study.inputs import takes
from accountability.study.occurrences import rows_places

#: Fewer dates than this share known to the day, and day counts become bounds.
TO_THE_DAY: Final = 0.95


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a release may hold.

    Attributes
    ----------
    key : str
        Name of the field; for a stage ``date: stage``.
    asked : str
        What to ask for, in plain words.
    because : str
        Why a study needs it, in plain words.
    columns : tuple of str
        Columns of any table that hold the field; empty for a date or a fact of the whole release.
    """

    key: str
    asked: str
    because: str
    columns: tuple[str, ...] = ()


_DECLARED: Final = read_yaml(Path(__file__).with_name("study_needs.yaml"))
FIELDS: Final = {
    key: Field(key, field["asked"], field["because"], tuple(field.get("columns", ())))
    for key, field in _DECLARED["fields"].items()
}
#: What the estimators read beyond the studies' notebooks; the key is the question in the words of a letter.
ESTIMATORS: Final[Mapping[str, tuple[str, ...]]] = {
    question: tuple(keys) for question, keys in _DECLARED["estimators"].items()
}
COLUMNS = ("study", "question", "field", "state", "how")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Needs(Result):
    """Fields that each study needs, and whether the release holds them.

    ``table``: ``study`` (a name of :data:`accountability.studies.registry.STUDIES`, or ``estimator``), ``question``,
    ``field`` (a key of ``FIELDS``, or a column), ``state`` (held, coarse, lacking), ``how``.

    Attributes
    ----------
    fields : mapping
        The fields of the table, with what to ask for and why.
    """

    fields: Mapping[str, Field]

    def lacking(self) -> pd.DataFrame:
        """Fields that are lacking or coarse: ``field, state, how, needed_for`` (questions, joined by semicolons)."""
        short = self.table[self.table["state"] != "held"]
        lines = [
            (field, part["state"].iloc[0], part["how"].iloc[0], "; ".join(dict.fromkeys(part["question"])))
            for field, part in short.groupby("field", sort=False)
        ]
        return pd.DataFrame(lines, columns=["field", "state", "how", "needed_for"], dtype="str")

    def by_question(self) -> pd.DataFrame:
        """Number of fields per question, in its own words: ``question, needed, held, coarse, lacking``."""
        asked = self.table["question"]
        counts = pd.crosstab(asked, self.table["state"]).reindex(columns=["held", "coarse", "lacking"], fill_value=0)
        counts = counts.reindex(asked.unique()).rename_axis(index="question", columns=None)
        return counts.assign(needed=counts.sum(axis=1)).reset_index()[["question", "needed", *counts.columns]]

    def sentence(self) -> str:
        """State how many questions the release can answer, and how many fields are lacking or coarse."""
        whole = self.by_question()
        full = int((whole["held"] == whole["needed"]).sum())
        short = self.lacking()
        if short.empty:
            return f"The release holds every field that the {plural(len(whole), 'question')} need."
        lacking, coarse = ((short["state"] == state).sum() for state in ("lacking", "coarse"))
        said = [f"{plural(int(lacking), 'field')} {'is' if lacking == 1 else 'are'} lacking"] if lacking else []
        said += [f"{plural(int(coarse), 'date')} {'names' if coarse == 1 else 'name'} no day"] if coarse else []
        return f"The release holds every field for {full} of {plural(len(whole), 'question')}; {' and '.join(said)}."


@takes("dataset")
def needs(dataset: Dataset) -> Needs:
    """Compare the fields that every study and estimator needs with those a release holds.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Needs

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.needs(load("synthetic")).lacking()[["field", "state"]]
                      field    state
    0      who investigated  lacking
    1        date: assigned  lacking
    2        date: findings  lacking
    3  date: penalty_served  lacking
    """
    known, lines = dict(FIELDS), list[tuple[str, str, str]]()
    for study in STUDIES.values():
        if study.of_a_case and not is_case_files(dataset):
            continue  # asked of the reports of one case, and of no release of records
        for field in _of_study(study):
            known.setdefault(field.key, field)
            lines.append((study.name, study.question, field.key))
    lines += [("estimator", question, key) for question, keys in ESTIMATORS.items() for key in keys]
    states = {key: held(dataset, key, known[key].columns) for key in dict.fromkeys(key for _, _, key in lines)}
    return Needs(
        estimand=f"fields that studies need and {dataset.name} holds",
        assumptions=("a field that is filled at all is held: how often it is blank is counted elsewhere",),
        method="comparison of what is read with what is loaded",
        table=pd.DataFrame([(*line, *states[line[2]]) for line in lines], columns=list(COLUMNS), dtype="str"),
        flow=None,
        fields={key: known[key] for key in states},
    )


def _of_study(study: Study) -> list[Field]:
    """Fields of a study, from its own declaration: sampling, stages of its clock, columns."""
    if study.of_a_case:
        return [FIELDS["case files"]]
    rules = {*study.refused_rules, *(rule for part in study.parts.values() for rule in part.refused_rules)}
    keys = ["every complaint"] if "selected_on_outcome" in rules else []
    if "closed_only" in study.refused_rules:
        keys += ["open cases", "last day covered"]
    defaults = study.parameters.model_validate({})
    keys += [f"date: {stage}" for name in ("start", "stop") if (stage := getattr(defaults, name, None))]
    keys += ["who investigated"] if study.needs_people == "investigators" else []
    keys += ["officer unit"] if study.needs_unit else []
    fields = [FIELDS[key] for key in dict.fromkeys(keys)]
    by_column = {column: field for field in FIELDS.values() for column in field.columns}
    parts = {
        column: what for part in reversed(list(study.parts.values())) for column, what in part.needs_columns.items()
    }
    for column, what in {**study.needs_columns, **parts}.items():
        own = Field(column, what, "a study cannot be run without it", (column,))
        fields.append(by_column.get(column, own))
    return list(dict.fromkeys(fields))


def held(dataset: Dataset, key: str, columns: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return whether a release holds a field.

    Parameters
    ----------
    dataset : Dataset
    key : str
        A key of :data:`FIELDS`, or the name of a column.
    columns : tuple of str
        Columns, any of which holds the field.

    Returns
    -------
    state : {"held", "coarse", "lacking"}
        ``coarse`` if fewer than 95 % of its dates are known to the day. Single cases hold themselves, and no other
        field.
    how : str
        What the release holds, or what is wrong, in words.
    """
    if key == "case files":
        return ("held", "single cases") if is_case_files(dataset) else ("lacking", "not in the release")
    if is_case_files(dataset):
        return "lacking", "at most for single cases"
    sampling = dataset.card.sampling
    if key == "every complaint":
        kept = sampling.rule in ("complete", "trailing_window", "no_closing_date")
        return ("held", sampling.window) if kept else ("lacking", f"the release is {sampling.rule.replace('_', ' ')}")
    if key == "open cases":
        there = sampling.open_cases in ("included", "status_only")
        return ("held", "included") if there else ("lacking", f"open cases: {sampling.open_cases}")
    if key == "last day covered":
        until = dataset.card.observed_until
        return ("held", until.isoformat()) if until is not None else ("lacking", "not stated")
    if key.startswith("date: "):
        return _dated(dataset, key.removeprefix("date: "))
    for table in (dataset.allegations, dataset.cases, dataset.events, *dataset.people.values()):
        for name in columns:
            if name in table and table[name].notna().any():
                return "held", f"{int(table[name].notna().sum()):,} of {len(table):,} rows filled"
    return "lacking", "not in the release"


def _dated(dataset: Dataset, stage: str) -> tuple[str, str]:
    events = dataset.events
    of_stage = (events["set_aside"].isna() & (events["stage"] == stage)).to_numpy(bool)
    if not of_stage.any():
        return "lacking", "not in the release"
    to_the_day = of_stage & (events["earliest"] == events["latest"]).to_numpy(bool)
    dated = np.zeros((2, len(dataset.cases)), dtype=bool)
    for held, rows in zip(dated, (of_stage, to_the_day), strict=True):
        held[rows_places(events, dataset.cases)[rows]] = True
    usable, known = dated.sum(axis=1)
    exact = known / usable
    if exact < TO_THE_DAY:
        return "coarse", f"only {100 * exact:.0f} % of the dates name a day"
    return "held", f"{usable:,} complaints have one"
