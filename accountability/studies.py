"""The studies: which notebook answers which question, with which parameters, on which sources.

Every request is checked against the study's parameter model and against what the source declares, before data are
read or a kernel starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from accountability.delay.limits_listed import LIMITS
from accountability.errors import ParameterError, Refusal
from accountability.parameters import MaybeDay, MaybeText, MaybeUnit, Parameters, Real, Stage, Whole, nearest, read
from accountability.sources.contract import Source, read_source
from accountability.sources.places import source_folder
from accountability.sources.promises import OUTCOMES, columns, groups, stages
from accountability.vocabulary import UNITS


def _limit(value: object) -> object:
    known = [one.name for one in LIMITS if one.value is not None]
    if value not in known:
        raise ValueError(f"no limit of that name has a number of days. {nearest(str(value), known)}")
    return value


Rule = Annotated[str, BeforeValidator(_limit)]


class HowLongCasesStayOpen(Parameters):
    """Parameters of ``how_long_cases_stay_open``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`. A column of the allegations or officers (such as
        ``category``) may differ within a complaint; the study says how it then counts the complaint.
    start, stop : str
        Stages between which days are counted; each a term of :data:`accountability.vocabulary.STAGES` which the
        source dates. Defaults ``received`` and ``closed``.
    cutoff : date or None
        Last day looked at; a case whose stop comes later counts as still open. ``None``: the source's own
        ``observed_until``. The notebook receives ISO text (``"2015-12-31"``) or ``None``.
    within_days : int
        The study says which share stopped within this many days: 1 to 10,000, default 365.
    min_group : int
        Groups with fewer complaints are put together as "other": 10 to 1,000,000, default 10.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    start: Stage = Field(default="received", description="stage at which the clock starts")
    stop: Stage = Field(default="closed", description="stage at which the clock stops")
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    within_days: Whole = Field(default=365, description="say which share stopped within so many days", ge=1, le=10_000)
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class WereDeadlinesMet(Parameters):
    """Parameters of ``were_deadlines_met``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    rule : str
        Name of a limit of :func:`accountability.delay.limits.table` that has a number. Default ``florida``.
    start, stop : str
        Stages between which days are counted, the nearest to those the rule names; each dated by the source.
    pauses : {"unknown", "none", "dated"}
        ``unknown``: the clock may have stopped without the release saying so, and a case that is late by the calendar
        cannot be told, if the rule lists anything that stops it. ``none``: no clock stopped. ``dated``: the pauses
        which the source dates are left out, and there were no others. Default ``unknown``.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    min_group : int
        As in :class:`HowLongCasesStayOpen`.
    """

    rule: Rule = Field(default="florida", description="name of the limit, as accountability.delay.limits lists it")
    start: Stage = Field(default="received", description="stage at which the clock starts")
    stop: Stage = Field(default="closed", description="stage at which the clock stops")
    pauses: Literal["unknown", "none", "dated"] = Field(
        default="unknown", description="whether the clock was stopped: unknown, none, or dated by the source"
    )
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)


class HowTheBacklogMoved(Parameters):
    """Parameters of ``how_the_backlog_moved``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    start, stop : str
        Stages at which a case comes in and goes out.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    pace_months : int
        How many of the last complete months give the pace at which the open cases would be cleared: 1 to 120,
        default 12.
    min_group : int
        As in :class:`HowLongCasesStayOpen`.
    """

    start: Stage = Field(default="received", description="stage at which a case comes in")
    stop: Stage = Field(default="closed", description="stage at which a case goes out")
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    pace_months: Whole = Field(default=12, description="the last so many complete months give the pace", ge=1, le=120)
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)


class WhatFollowsAFinding(Parameters):
    """Parameters of ``what_follows_a_finding``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    unit : str or None
        What is counted: a term of :data:`accountability.vocabulary.UNITS`, not finer than a row of the source;
        ``None`` is what one row of the source is.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    unit: MaybeUnit = Field(default=None, description="what is counted, or None for what one row of the source is")
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class WhatTheDataHolds(Parameters):
    """Parameters of ``what_the_data_holds``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        A column of the cases, allegations or officers whose mix is followed over the years; ``None`` is ``category``.
    many_closings : int
        Days with more closings than this are listed: 10 to 100,000, default 150.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    permutations : int
        Shuffles for each comparison of two years, at least: 99 to 100,000, default 499.
    seed : int
        Seed of the shuffles, default 20130206.
    """

    group: MaybeText = Field(default=None, description="column followed over the years, or None for category")
    many_closings: Whole = Field(default=150, description="list days with more closings", ge=10, le=100_000)
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    permutations: Whole = Field(default=499, description="shuffles for each comparison of years", ge=99, le=100_000)
    seed: Whole = Field(default=20130206, description="seed of the shuffles", ge=0)


@dataclass(frozen=True, slots=True)
class Study:
    """One question, the notebook that answers it, and what it needs to be answerable.

    Attributes
    ----------
    name : str
        Name used on the command line, for folders and for the notebook's file.
    question : str
        The question, as a reader would ask it.
    parameters : type of Parameters
        The parameter model.
    needs_columns : mapping of str to str
        Declared columns without which there is nothing to study, each with what it holds.
    refused_rules : mapping of str to str
        Sampling rules under which the estimate would mislead, each with the reason.
    """

    name: str
    question: str
    parameters: type[Parameters]
    needs_columns: Mapping[str, str]
    refused_rules: Mapping[str, str]

    @property
    def notebook(self) -> str:
        """File name of the notebook."""
        return f"{self.name}.ipynb"

    def why_not(self, source: Source, parameters: Parameters) -> str | None:
        """Say why a source cannot answer this study, if it cannot.

        Parameters
        ----------
        source : Source
            What the source declares.
        parameters : Parameters
            Of the study, naming the same source; the stages it is to run between have to be dated by it.

        Returns
        -------
        str or None
            The missing thing by name, or ``None`` when the study applies.
        """
        rule = source.card.sampling.rule
        if rule in self.refused_rules:
            return f"its sampling rule is {rule!r}: {self.refused_rules[rule]}"
        if source.card.sampling.open_cases == "excluded" and "closed_only" in self.refused_rules:
            return f"it leaves out open cases: {self.refused_rules['closed_only']}"
        dated = stages(source, source_folder(parameters.source))
        if dated is not None and rule == "no_closing_date" and "finding" in columns(source):
            dated |= {"closed"}  # whether a case is closed is known from its findings
        for parameter in ("start", "stop"):
            stage = getattr(parameters, parameter, None)
            if stage is not None and dated is not None and stage not in dated:
                return f"none of its columns dates the stage {stage!r} (dated: {', '.join(sorted(dated)) or 'none'})"
        for column, what in self.needs_columns.items():
            if column not in columns(source):
                return f"it has no column {column!r} ({what})"
        return None


_CASE_FILES: Final = "single cases chosen because they were reported, from which no rate may be drawn"
_CLOSED_ONLY: Final = "complaints are in it only because they closed, so the slowest of recent years are missing"

STUDIES: Final[dict[str, Study]] = {
    study.name: study
    for study in (
        Study(
            name="what_the_data_holds",
            question="What does this release hold, and what does it lack?",
            parameters=WhatTheDataHolds,
            needs_columns={},
            refused_rules={},
        ),
        Study(
            name="how_long_cases_stay_open",
            question="How long do complaints stay open before the agency closes them?",
            parameters=HowLongCasesStayOpen,
            needs_columns={},
            refused_rules={"case_files": _CASE_FILES},
        ),
        Study(
            name="were_deadlines_met",
            question="Were complaints closed within a time limit of law or policy?",
            parameters=WereDeadlinesMet,
            needs_columns={},
            refused_rules={
                "case_files": _CASE_FILES,
                "closed_only": _CLOSED_ONLY,
                "selected_on_outcome": "which complaints are in it depends on how they ended",
            },
        ),
        Study(
            name="how_the_backlog_moved",
            question="How did the number of open complaints move, and what would clear it?",
            parameters=HowTheBacklogMoved,
            needs_columns={},
            refused_rules={
                "case_files": _CASE_FILES,
                "closed_only": "it holds no open complaints to count",
                "selected_on_outcome": "which complaints are in it depends on how they ended",
                "no_closing_date": "it does not say when a complaint closed",
            },
        ),
        Study(
            name="what_follows_a_finding",
            question="What follows when a complaint is upheld: which penalty, if any?",
            parameters=WhatFollowsAFinding,
            needs_columns={
                "finding": "what the investigation concluded",
                "recommended_penalty": "the penalty that was recommended",
                "imposed_penalty": "the penalty that was imposed",
            },
            refused_rules={
                "case_files": _CASE_FILES,
                "selected_on_outcome": "which records are in it depends on how they ended",
            },
        ),
    )
}


def get(name: str) -> Study:
    """Return the study of that name.

    Parameters
    ----------
    name : str
        Name of a study.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    ParameterError
        No such study; the message names the nearest.
    """
    if name in STUDIES:
        return STUDIES[name]
    raise ParameterError(f"no study {name!r}. {nearest(name, STUDIES)}")


def check(study: Study, given: Mapping[str, Any]) -> tuple[Parameters, Source]:
    """Check parameters against the study's model and against what the source declares, without loading data.

    Parameters
    ----------
    study : Study
        The study to be run.
    given : mapping of str to object
        Names and values; text is read as the parameter's type.

    Returns
    -------
    complete : Parameters
        The typed parameters, defaults filled in.
    source : Source
        What their source declares.

    Raises
    ------
    ParameterError
        An unknown name, a wrong type, a value out of range, an unknown column, a cut-off outside the days covered.
    SourceError
        No such source (with the nearest name), or a declaration that cannot be read.
    Refusal
        The source cannot answer the study; the message names what is missing.
    """
    complete = read(study.parameters, given, study.name)
    start, stop = getattr(complete, "start", None), getattr(complete, "stop", None)
    if start is not None and start == stop:
        raise ParameterError(f"{study.name}: start and stop are both {start!r}; no time passes between them.")
    source = read_source(source_folder(complete.source))
    reason = study.why_not(source, complete)
    if reason:
        raise Refusal(f"{study.name} cannot be run on {source.source!r}: {reason}.")
    _check_group(study, complete, source)
    _check_pauses(study, complete, source)
    _check_cutoff(study, complete, source)
    _check_unit(study, complete, source)
    return complete, source


def _check_group(study: Study, parameters: Parameters, source: Source) -> None:
    group, known = parameters.group, groups(source)
    if group is None or group in known:
        return
    if group in OUTCOMES and group in columns(source):
        raise ParameterError(
            f"{study.name}: group={group!r} is settled only when a case ends, so to compare by it is to sort cases "
            f"by their own future. Known: {', '.join(known) or 'none'}."
        )
    raise ParameterError(
        f"{study.name}: group={group!r}: {source.source!r} has no such column to compare by. {nearest(group, known)}"
    )


def _check_unit(study: Study, parameters: Parameters, source: Source) -> None:
    unit, held = getattr(parameters, "unit", None), source.card.unit
    # UNITS runs from the finest to the coarsest; rows can be merged and never split.
    countable = list(UNITS)[list(UNITS).index(held) :]
    if unit is not None and unit not in countable:
        raise ParameterError(
            f"{study.name}: unit={unit!r} is finer than a row of {source.source!r}, which is one {held!r}. "
            f"Known: {', '.join(countable)}."
        )


def _check_pauses(study: Study, parameters: Parameters, source: Source) -> None:
    if getattr(parameters, "pauses", None) != "dated":
        return
    dated = stages(source, source_folder(parameters.source))
    if dated is not None and not {"suspended_clock", "resumed_clock"} <= dated:
        raise ParameterError(
            f"{study.name}: pauses='dated': {source.source!r} dates no pause of a clock. Choose 'unknown', or 'none' to "
            "see what follows if no clock ever stopped."
        )


def _check_cutoff(study: Study, parameters: Parameters, source: Source) -> None:
    cutoff = getattr(parameters, "cutoff", None)
    first = source.card.period.start if source.card.period else None
    last = source.card.observed_until
    if cutoff is not None and last and cutoff < last and source.card.sampling.rule == "no_closing_date":
        raise ParameterError(
            f"{study.name}: cutoff={cutoff}: {source.source!r} says which complaints were closed on {last} and not "
            "when, so nothing is known about an earlier day. Leave cutoff out."
        )
    if cutoff is None or not ((first and cutoff <= first) or (last and cutoff > last)):
        return
    raise ParameterError(
        f"{study.name}: cutoff={cutoff} lies outside the days {source.source!r} covers "
        f"({first or 'not stated'} to {last or 'not stated'})."
    )
