"""The registry of studies (``studies.yaml``): question, notebook, parameters and needed sources of each.

Every request is checked against the study's parameter model and the source's declaration, before data are read or a
kernel starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability import studies
from accountability.casefiles.casefile_tables import case_ids
from accountability.errors import ParameterError, Refusal, SourceError
from accountability.parameters import Parameters, nearest, read
from accountability.records.capabilities import OUTCOMES, columns, groups, people, stages
from accountability.records.contract import declared_source
from accountability.records.inherited import releases_like
from accountability.records.places import source_folder, study_homes
from accountability.records.yaml_text import read_yaml
from accountability.studies.own_studies import own_study
from accountability.vocabulary import UNIT_COLUMNS, UNITS

if TYPE_CHECKING:
    from accountability.records.contract import Source


#: What a file of discipline alone says of every row without a column for it.
_WHOLE_FILE: Final = (
    "; where every row of a file was upheld, say so: prepare: [{constant: {into: finding, value: sustained}}]"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a study that only some sources can answer: its required columns and refused sampling rules."""

    needs_columns: Mapping[str, str]
    refused_rules: Mapping[str, str]

    def why_not(self, source: Source) -> str | None:
        """Say why a source cannot answer it, if it cannot."""
        rule, held = source.card.sampling.rule, columns(source)
        if rule in self.refused_rules:
            return f"its sampling rule is {rule!r}: {self.refused_rules[rule]}"
        for column, what in self.needs_columns.items():
            if column not in held:
                return f"it has no column {column!r} ({what})"
        return None


@dataclass(frozen=True, slots=True)
class Study:
    """One question, its notebook, and what it needs from a source.

    Attributes
    ----------
    name : str
        Name on the command line, of folders and of the notebook's file.
    question : str
        The question, as a reader would ask it.
    parameters : type of Parameters
        The parameter model.
    needs_columns : mapping of str to str
        Required declared columns, each with its content.
    refused_rules : mapping of str to str
        Sampling rules under which the estimate would be biased, each with the reason.
    of_a_case : bool
        Whether it is about a single case in a case file.
    case : str or None
        Its case, if it is about one only.
    needs_unit : bool
        Whether officers' units must be known, from ``group`` or a usual column.
    needs_release : bool
        Whether another release of the agency must be declared.
    needs_reform : bool
        Whether a reform must be declared, beside the source or by a parameter.
    of_officers : bool
        Whether it is about officers, who are compared by columns of their own only.
    needs_people : str or None
        A required table of people (``investigators``).
    home : Path or None
        Folder of a user's own study; ``None`` for the package's.
    parts : mapping of str to Part
        Parts that can be answered separately, by question; the study runs if one of them can.
    """

    name: str
    question: str
    parameters: type[Parameters]
    needs_columns: Mapping[str, str]
    refused_rules: Mapping[str, str]
    of_a_case: bool = False
    case: str | None = None
    needs_unit: bool = False
    needs_release: bool = False
    needs_reform: bool = False
    of_officers: bool = False
    needs_people: str | None = None
    home: Path | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def notebook(self) -> str:
        """File name of the notebook."""
        return f"{self.name}.ipynb"

    def groups(self, source: Source) -> list[str]:
        """Return the columns of a source by which it can compare."""
        return groups(source, of_officers=self.of_officers)

    def unanswered(self, source: Source) -> dict[str, str]:
        """Say which parts of the study a source cannot answer, each with the reason."""
        return {name: why for name, part in self.parts.items() if (why := part.why_not(source)) is not None}

    def why_not(self, source: Source, parameters: Parameters) -> str | None:
        """Say why a source cannot answer this study, if it cannot.

        Parameters
        ----------
        source : Source
            What the source declares.
        parameters : Parameters
            Parameters of the study for the same source, which must date the study's stages.

        Returns
        -------
        str or None
            What is missing, or ``None`` if the study applies.
        """
        held = case_ids(source_folder(parameters.source)) if self.of_a_case else []
        if self.of_a_case and not held:
            return "it holds no case files: facts.csv and conflicts.yaml beside its source.yaml"
        if self.case is not None and self.case not in held:
            return f"it holds no case {self.case!r} (its cases: {', '.join(held)})"
        rule = source.card.sampling.rule
        if rule in self.refused_rules:
            return f"its sampling rule is {rule!r}: {self.refused_rules[rule]}"
        if (why := _others(source, getattr(parameters, "others", None))) is not None:
            return why
        if source.card.sampling.open_cases == "excluded" and "closed_only" in self.refused_rules:
            return f"it leaves out open cases: {self.refused_rules['closed_only']}"
        dated = stages(source, source_folder(parameters.source))
        if dated is not None and rule == "no_closing_date" and "finding" in columns(source):
            dated |= {"closed"}  # whether a case is closed is known from its findings
        for parameter in ("start", "stop"):
            stage = getattr(parameters, parameter, None)
            if stage is not None and dated is not None and stage not in dated:
                return f"none of its columns dates the stage {stage!r} (dated: {', '.join(sorted(dated)) or 'none'})"
        if (whole := Part(self.needs_columns, {}).why_not(source)) is not None:
            return whole
        if self.parts and len(lacking := self.unanswered(source)) == len(self.parts):
            told = "; ".join(dict.fromkeys(lacking.values()))
            only_penalties = {"imposed_penalty"} == {"finding", "imposed_penalty"} & set(columns(source))
            mended = only_penalties and "selected_on_outcome" not in self.refused_rules
            return f"{told}{_WHOLE_FILE}" if mended else told
        if self.needs_people and self.needs_people not in people(source):
            return f"it has no table of {self.needs_people} (in its declaration: table: {self.needs_people})"
        if not self.of_a_case and getattr(parameters, "rule", "") is None:
            from accountability.delay.limits import why_none

            reason = why_none(source.card)
            if reason:
                return reason
        if self.needs_release and len(releases_like(parameters.source)) < 2:
            return (
                "it is the only release declared of its agency; another begins with: accountability new-source "
                f"NAME FILE --like {source.source}"
            )
        if self.needs_reform:
            from accountability.reforms.reform_of_source import why_no_reform

            if reason := why_no_reform(source, parameters):
                return reason
        if self.needs_unit and parameters.group is None and not set(UNIT_COLUMNS) & set(columns(source)):
            return f"no column says which unit an officer was in ({', '.join(UNIT_COLUMNS)}; name another as group)"
        return None


def _others(source: Source, others: str | None) -> str | None:
    """Say why the sources that a study names beside its own are none to compare it with, if so."""
    for other in [one.strip() for one in (others or "").split("+") if one.strip()]:
        if other == source.source:
            return "it would be compared with itself: name other sources with others"
        try:
            generated = declared_source(other).generated
        except SourceError as error:  # a replication package holds its own source alone
            return str(error)
        if generated is not source.generated:
            invented = source.source if source.generated else other
            return f"{invented} is generated and stands for no agency: name other sources with others"
    return None


def _study(name: str, said: Mapping[str, Any], columns: Mapping[str, str], reasons: Mapping[str, str]) -> Study:
    def needs(told: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "needs_columns": {column: columns[column] for column in told.get("needs_columns", ())},
            "refused_rules": {rule: reasons[why] for rule, why in told.get("refused_rules", {}).items()},
        }

    named = {"parameters": getattr(studies, said["parameters"]), **needs(said)}
    named["parts"] = {part: Part(**needs(told)) for part, told in said.get("parts", {}).items()}
    return Study(**({"name": name, **said} | named))


_DECLARED: Final = read_yaml(Path(__file__).with_name("studies.yaml"))
STUDIES: Final[dict[str, Study]] = {
    name: _study(name, said, _DECLARED["columns"], _DECLARED["reasons"]) for name, said in _DECLARED["studies"].items()
}
for _home in study_homes():
    if _home.name in STUDIES:
        raise ParameterError(
            f"{_home}: there is a study of that name already; rename the folder, its module and notebook"
        )
    STUDIES[_home.name] = Study(**own_study(_home))


def get(name: str) -> Study:
    """Return the study with a given name.

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
        For an unknown study; the message names the nearest.
    """
    if isinstance(name, str) and name in STUDIES:
        return STUDIES[name]
    raise ParameterError(f"no study {name!r}. {nearest(name, STUDIES)}")


def check(study: Study, given: Mapping[str, Any]) -> tuple[Parameters, Source]:
    """Check parameters against the study's model and the source's declaration, without loading data.

    Parameters
    ----------
    study : Study
        The study to be run.
    given : mapping of str to object
        Names and values; text is parsed as the parameter's type. Every study also takes ``release``: the name of a
        release of the source's agency, or a day, for the last release that ends by then.

    Returns
    -------
    complete : Parameters
        The typed parameters, including defaults.
    source : Source
        The declaration of their source.

    Raises
    ------
    ParameterError
        For an unknown name, a wrong type, a value out of range, an unknown column, or a cut-off outside the days
        covered.
    SourceError
        For an unknown source (with the nearest name), or an invalid declaration.
    Refusal
        If the source cannot answer the study; the message names what is missing.
    """
    given = dict(given)
    if (release := given.pop("release", None)) is not None:  # any study may be run as of a release of its source
        from accountability.releases.release_line import release_of

        given["source"] = release_of(given.get("source", study.parameters.model_fields["source"].default), release)
    complete = read(study.parameters, given, study.name)
    start, stop = getattr(complete, "start", None), getattr(complete, "stop", None)
    if start is not None and start == stop:
        raise ParameterError(f"{study.name}: start and stop are both {start!r}; no time passes between them.")
    source = declared_source(complete.source)
    if "alike" not in given and getattr(complete, "alike", None) not in (None, *groups(source)):
        complete = complete.model_copy(update={"alike": None})  # a default that this source has no column for
    reason = study.why_not(source, complete)
    if reason:
        raise Refusal(f"{study.name} cannot be run on {source.source!r}: {reason}.")
    _check_group(study, complete, source)
    _check_group(study, complete, source, "alike")
    _check_group(study, complete, source, "only")
    _check_pauses(study, complete, source)
    _check_cutoff(study, complete, source)
    _check_unit(study, complete, source)
    if study.of_a_case:
        _check_case(study, complete)
    return complete, source


def why_not(study: Study, source: str, declared: Source) -> str | None:
    """Say why a source cannot answer a study as it comes, its defaults included, if it cannot."""
    reason = study.why_not(declared, study.parameters.model_validate({"source": source}))
    if reason is None:
        try:
            check(study, {"source": source})
        except ParameterError as error:
            reason = str(error).removeprefix(f"{study.name}: ")
    return reason


def _check_group(study: Study, parameters: Parameters, source: Source, name: str = "group") -> None:
    group, known = getattr(parameters, name, None), study.groups(source) if name == "group" else groups(source)
    doing = "choose" if name == "only" else "compare"
    if name == "only" and group is not None:
        from accountability.study.restriction import read_only

        group = read_only(group)[0]
    if group is None or group in known:
        return
    if group in OUTCOMES and group in columns(source):
        raise ParameterError(
            f"{study.name}: {name}={group!r} is known only when a case ends, so to {doing} by it sorts cases by "
            f"how they end. Known: {', '.join(known) or 'none'}."
        )
    if group in groups(source):
        raise ParameterError(
            f"{study.name}: {name}={group!r} describes complaints, and this study compares officers. Known: "
            f"{', '.join(known) or 'none'}."
        )
    raise ParameterError(
        f"{study.name}: {name}={group!r}: {source.source!r} has no such column to {doing} by. {nearest(group, known)}"
    )


def _check_case(study: Study, parameters: Parameters) -> None:
    """Check the case, its readings and the reference; the case file, which is small, is read for that."""
    from accountability import casefiles
    from accountability.casefiles.placement import wanted

    try:
        case = study.case or getattr(parameters, "case", None)
        casefiles.read(parameters.source, case, getattr(parameters, "readings", None))
        keep = [column for column, _ in wanted(getattr(parameters, "comparable", None))]
    except ParameterError as error:
        raise ParameterError(f"{study.name}: {error}") from None
    reference = declared_source(getattr(parameters, "reference", "synthetic"))
    if reference.card.sampling.rule == "case_files":
        raise ParameterError(
            f"{study.name}: reference={reference.source!r} holds single cases chosen because they were reported, which "
            "have no distribution. Choose an agency's release."
        )
    for column in keep:
        if column not in columns(reference):
            raise ParameterError(
                f"{study.name}: comparable: {reference.source!r} has no column {column!r}. "
                f"{nearest(column, columns(reference))}"
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
            f"{study.name}: pauses='dated': {source.source!r} dates no pause of a clock. Choose 'unknown', or 'none' "
            "to see what follows if no clock ever stopped."
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
