"""The parts of a report on a case, in order, each with a heading, a table or result, and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from accountability.casefiles.case_delays import delay_bounds, verdict
from accountability.casefiles.case_steps import penalties, timeline
from accountability.casefiles.casefile import CaseFile, of_a_case
from accountability.casefiles.coder_agreement import agreement
from accountability.casefiles.placement import comparable, place
from accountability.casefiles.reading_counts import changes
from accountability.delay.limits import Limit, of_source
from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.records.dataset import Dataset
from accountability.results import Result, or_refusal, sentences
from accountability.study.inputs import takes_only

FACTS: Final = ("fact_id", "subject", "what", "cite", "asserted_by", "status", "date")
REPORTS: Final = ("report", "outlet", "published", "rests_on", "how_to_find")
CONFLICTS: Final = ("conflict", "kind", "reading", "chosen", "says", "cite", "changes")


@dataclass(frozen=True, eq=False, repr=False)
class Whole:
    """A table shown in full, with all rows and without cut texts.

    Attributes
    ----------
    table : pandas.DataFrame
        The table shown.
    """

    table: pd.DataFrame

    def __repr__(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            return self.table.to_string(index=False, na_rep="")

    def _repr_html_(self) -> str:
        """Show it as plain HTML, the same at every run."""
        with pd.option_context("display.max_colwidth", None):
            return self.table.to_html(index=False, na_rep="", border=0, escape=True)


@takes_only((pd.DataFrame, Result), "casefiles.whole(case.facts)")
def whole(table: pd.DataFrame | Result, columns: Sequence[str] | None = None) -> Whole:
    """Show a table in full: every row, and long texts uncut, so that citations can be checked.

    Parameters
    ----------
    table : pandas.DataFrame or Result
        The table, or a result whose table is shown.
    columns : sequence of str, optional
        Columns to show; by default a selection for a case file's facts, reports or conflicts, and all columns of other
        tables.

    Returns
    -------
    Whole

    Examples
    --------
    >>> from accountability import casefiles
    >>> len(casefiles.whole(casefiles.read("news_cases").conflicts).table.columns)
    7
    """
    frame = table.table if isinstance(table, Result) else table
    if columns is None:
        fitting = [known for known in (FACTS, CONFLICTS, REPORTS) if set(known) <= set(frame.columns)]
        columns = fitting[0] if fitting else list(frame.columns)
    return Whole(frame[list(columns)])


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a report.

    Attributes
    ----------
    name : str
        Name under which its table and figure are saved.
    heading : str
        Heading; empty if it continues the part before.
    result : Result or DataFrame
        The table or result saved.
    caption : str
        Caption of the table; empty if the result has its own.
    drawn : Result or None
        The result drawn as its figure.
    """

    name: str
    heading: str
    result: Result | pd.DataFrame
    caption: str = ""
    drawn: Result | None = None

    @property
    def shown(self) -> Result | Whole | None:
        """What a notebook shows besides the figure: a result, or a table in full unless it is drawn."""
        if isinstance(self.result, Result):
            return self.result
        return None if self.drawn is not None else whole(self.result)


@dataclass(frozen=True, eq=False, repr=False)
class CaseReport:
    """The parts of a report on one case.

    Attributes
    ----------
    case : CaseFile
        The case, under the readings chosen.
    parts : tuple of Part
        Parts in the order shown.
    results : tuple of Result
        Results whose sentences :meth:`sentence` joins.
    """

    case: CaseFile
    parts: tuple[Part, ...]
    results: tuple[Result, ...]

    def named(self, *names: str) -> tuple[Part, ...]:
        """Return the parts with these names; all if none is given.

        Raises
        ------
        ParameterError
            For an unknown part; the message names the nearest.
        """
        held = {part.name: part for part in self.parts}
        for name in names:
            if name not in held:
                raise ParameterError(f"no part {name!r} in this report. {nearest(name, held)}")
        return tuple(held[name] for name in names) if names else self.parts

    def sentence(self) -> str:
        """State steps, delay, verdict, penalties, effects of readings, placement and coder agreement."""
        return sentences(*self.results)

    def __repr__(self) -> str:
        return f"CaseReport of {self.case.one()}: {', '.join(part.name for part in self.parts)}"


@of_a_case
def case_report(
    case: CaseFile,
    reference: Dataset,
    *,
    start: str = "opened",
    stop: str = "penalty_imposed",
    rule: Limit | str | int | None = None,
    keep: str | None = None,
    confidence: float = 0.95,
    by: str | None = None,
) -> CaseReport:
    """Build the report on a case; parts that cannot be estimated are replaced by the reason.

    Parameters
    ----------
    case : CaseFile
        One case.
    reference : Dataset
        The agency with whose delays, from receipt to closing, the case is compared.
    start, stop : str
        Steps between which the case is timed.
    rule : Limit, str or int, optional
        The time limit, as in :func:`verdict`.
    keep : str, optional
        Which cases of the reference are comparable, as in :func:`comparable`.
    confidence : float
        Confidence of every interval.
    by : str, optional
        Column by which facts are counted, as in :meth:`CaseFile.counted`.

    Returns
    -------
    CaseReport

    Examples
    --------
    >>> from accountability import casefiles
    >>> import accountability
    >>> from accountability import casefiles
    >>> squad = casefiles.read("news_cases", "MDPD-2010")
    >>> report = casefiles.case_report(squad, accountability.load("synthetic"))
    >>> [part.name for part in report.parts][:4]
    ['reports', 'facts', 'facts_counted', 'conflicts']
    """
    if not isinstance(reference, Dataset):
        raise ParameterError(
            f"casefiles.case_report places a case among the cases of a dataset, and was given an object of type "
            f"{type(reference).__name__}. Load one first:\n    accountability.load('synthetic')"
        )
    steps, held, changed = timeline(case), penalties(case), changes(case, start, stop)
    days = or_refusal(lambda: delay_bounds(case, start, stop), f"days from {start} to {stop}")
    judged = or_refusal(lambda: verdict(case, rule, start, stop), f"a verdict against {rule or 'a limit'}")
    law = or_refusal(lambda: _law(case, rule), "a limit of law or policy")
    rescues = or_refusal(lambda: verdict(case, rule, start, stop).rescues, "a rescue")
    placed = or_refusal(
        lambda: place(delay_bounds(case, start, stop), comparable(reference, keep), confidence),
        "the place among others",
    )
    coders = or_refusal(lambda: agreement(case, confidence=confidence), "agreement of two coders")
    parts = (
        Part("reports", "The reports", case.reports, "the reports"),
        Part("facts", "The facts, each with its citation", case.facts, "every fact with its citation"),
        Part("facts_counted", "", case.counted(by), "facts by status"),
        Part("conflicts", "Where the reports disagree", case.conflicts, "conflicts and their readings"),
        Part("changes", "", changed.table, changed.estimand),
        Part("timeline", "The case in time", steps.table, steps.estimand, steps),
        Part("delay", "How long did it take?", days),
        Part("limit", "Against the limit", law, "the limit: information with its citation, never legal advice"),
        Part("verdict", "", judged, drawn=judged),
        Part("rescues", "", rescues, "what could rescue it"),
        Part("penalties", "The penalties, and how firm each is", held),
        Part("reference", "The case among others", reference.facts(), "the reference"),
        Part("place", "", placed, drawn=placed),
        Part("agreement", "Would another coder say the same?", coders),
        Part("not_stated", "What no report says", case.not_stated, "what no report says, and what that blocks"),
        Part("case_files", "", case.files, "files of the case file that are read beside its coded tables"),
    )
    return CaseReport(case, parts, (steps, days, judged, held, changed, placed, coders))


def _law(case: CaseFile, rule: Limit | str | int | None) -> pd.DataFrame:
    return pd.DataFrame(of_source(case.dataset, rule).facts().items(), columns=["fact", "value"])
