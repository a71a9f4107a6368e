"""The fields that studies read, in words an agency's clerk understands, and whether a release holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accountability.audit.part import days_of, is_case_files
from accountability.records.dataset import Dataset

#: Fewer dates than this share known to the day, and day counts become bounds.
TO_THE_DAY: Final = 0.95


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a release may hold.

    Attributes
    ----------
    key : str
        Name in this list; a stage is ``date: stage``.
    asked : str
        What to ask for, in plain words.
    because : str
        Why a study needs it, in plain words.
    columns : tuple of str
        Any of these columns, in any table, holds it; empty for a date or a fact of the whole release.
    """

    key: str
    asked: str
    because: str
    columns: tuple[str, ...] = ()


def _date(stage: str, asked: str, because: str) -> Field:
    return Field(f"date: {stage}", asked, because)


FIELDS: Final = {
    field.key: field
    for field in (
        Field(
            "every complaint",
            "every complaint received in the period, whatever became of it",
            "a release that holds only some endings makes every share of endings wrong",
        ),
        Field(
            "open cases",
            "the complaints that are still open, not only those that were closed",
            "without them long cases are left out, and the agency looks faster than it is",
        ),
        Field(
            "last day covered",
            "the day on which the extract was made, or the last day its records cover",
            "a case without a closing date is known to be open only until that day",
        ),
        _date(
            "incident",
            "the day of the incident, for every complaint",
            "it tells how late complaints come in and whether a time limit had begun",
        ),
        _date("received", "the day each complaint was received", "every delay is counted from it"),
        _date(
            "opened",
            "the day each investigation was opened",
            "it separates waiting for a decision to investigate from the inquiry",
        ),
        _date(
            "assigned",
            "the day each case was given to an investigator",
            "it separates waiting for an investigator from the investigation",
        ),
        _date(
            "suspended_clock",
            "the days on which a time limit was suspended (for instance for a criminal case), with the reason",
            "days that do not count under the rules must not be counted as delay",
        ),
        _date(
            "resumed_clock",
            "the days on which a suspended time limit ran again",
            "a suspension without an end has no length",
        ),
        _date(
            "findings",
            "the day the finding was made",
            "limits of law often end with the finding, while the case stays open for the penalty",
        ),
        _date("closed", "the day each case was closed", "no delay can be measured without it"),
        _date(
            "penalty_recommended",
            "the day a penalty was recommended, for each officer",
            "the time from a recommendation to a decision starts with it",
        ),
        _date(
            "penalty_decided",
            "the day the penalty was decided, for each officer",
            "it shows where a recommendation waits",
        ),
        _date(
            "penalty_imposed",
            "the day the penalty took effect, for each officer",
            "a penalty decided is not yet one imposed",
        ),
        _date(
            "penalty_served",
            "the day the penalty had been served, for each officer",
            "a penalty imposed may never be served",
        ),
        _date(
            "appeal_filed",
            "the day of any appeal or grievance, for each officer",
            "a penalty under appeal is not final",
        ),
        _date(
            "appeal_decided",
            "the day and the result of any decision on an appeal or grievance",
            "many penalties are reduced or undone on appeal, often years later",
        ),
        _date(
            "left_agency",
            "the day an accused officer left the agency, if so, with the kind of leaving",
            "cases often end because the officer left",
        ),
        Field(
            "category",
            "the category of each allegation, with the list of categories",
            "delays and findings differ by it",
            ("category",),
        ),
        Field(
            "finding", "the finding on each allegation", "without it nothing can be said of what follows", ("finding",)
        ),
        Field(
            "closing reason",
            "for cases closed without a finding, the reason (withdrawn, no affidavit, officer left and so on)",
            "a case that was withdrawn and one that was time-barred did not end alike",
            ("closing_reason",),
        ),
        Field(
            "recommended penalty",
            "the penalty that was recommended, for each officer",
            "whether penalties are reduced can be seen only against the recommendation",
            ("recommended_penalty",),
        ),
        Field(
            "imposed penalty",
            "the penalty that was imposed, for each officer, also when none was",
            "it is the outcome studied",
            ("imposed_penalty",),
        ),
        Field(
            "days of the penalty",
            "the number of days of each suspension or forfeited leave",
            "one day and ninety days are not the same penalty",
            ("imposed_days",),
        ),
        Field(
            "penalty at each step",
            "the penalty as it stood at each step (recommended, decided, imposed, after appeal)",
            "otherwise the step at which it changed cannot be told",
            ("penalty", "detail"),
        ),
        Field(
            "officer number",
            "a number that is the same for one officer in all records and is not the badge (no names are needed)",
            "complaints of one officer are alike, and errors of estimates must allow for it",
            ("officer_id",),
        ),
        Field(
            "officer race",
            "the race or ethnicity of each accused officer",
            "whether groups are treated alike cannot be asked without it",
            ("officer_race",),
        ),
        Field(
            "officer gender",
            "the gender of each accused officer",
            "whether groups are treated alike cannot be asked without it",
            ("officer_gender",),
        ),
        Field(
            "officer rank",
            "the rank of each accused officer at the time",
            "penalties are set by rank, and ranks differ in their tasks",
            ("officer_rank",),
        ),
        Field(
            "officer appointed",
            "the year in which each accused officer was appointed",
            "longer service means more years in which to be accused",
            ("officer_appointed", "officer_appointed_year", "officer_years_of_service"),
        ),
        Field(
            "investigating body",
            "who investigated each complaint (the body or the unit, not a person)",
            "delays can be compared between bodies only when the body is named",
            ("investigated_by", "investigating_agency", "investigator", "investigating_unit"),
        ),
    )
}


def held(dataset: Dataset, key: str, columns: tuple[str, ...] = ()) -> tuple[str, str]:
    """Say whether a release holds a field.

    Parameters
    ----------
    dataset : Dataset
    key : str
        A key of :data:`FIELDS`, or the name of a column.
    columns : tuple of str
        Columns of which any holds the field.

    Returns
    -------
    state : {"held", "coarse", "lacking"}
        ``coarse`` for dates of which fewer than 95 % are known to the day. Single cases hold nothing of a register.
    how : str
        In words: what is there, or what is wrong.
    """
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
    for table in (dataset.allegations, dataset.cases, dataset.events):
        for name in columns:
            if name in table and table[name].notna().any():
                return "held", f"{int(table[name].notna().sum()):,} of {len(table):,} rows filled"
    return "lacking", "not in the release"


def _dated(dataset: Dataset, stage: str) -> tuple[str, str]:
    events = dataset.events
    usable = events.loc[events["set_aside"].isna() & (events["stage"] == stage), "case_id"]
    if usable.empty:
        return "lacking", "not in the release"
    exact = days_of(dataset, stage)["case_id"].nunique() / usable.nunique()
    if exact < TO_THE_DAY:
        return "coarse", f"only {100 * exact:.0f} % of the dates name a day"
    return "held", f"{usable.nunique():,} complaints have one"
