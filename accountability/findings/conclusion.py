"""Make a study's finding from its results, with one module per question."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import ParameterError
from accountability.parameters import nearest

if TYPE_CHECKING:
    from accountability.findings.finding import Finding
    from accountability.records.dataset import Dataset

#: Which module makes the finding of which study.
MODULES: Final = {
    "what_the_data_holds": "release_holds",
    "how_long_cases_stay_open": "time_open",
    "what_changed_between_releases": "between_releases",
    "were_deadlines_met": "limits_kept",
    "how_the_backlog_moved": "backlog_moved",
    "what_follows_a_finding": "after_upheld",
    "how_penalties_shrink": "penalties_reduced",
    "who_is_disciplined": "groups_part",
    "does_delay_lighten": "slow_and_light",
    "is_it_more_than_chance": "beyond_chance",
    "do_squads_matter": "squads_matter",
    "did_the_reform_work": "reform_worked",
    "does_it_matter_who_investigates": "who_investigates",
    "when_does_the_next_complaint_come": "next_complaints",
    "agencies_side_by_side": "agencies_apart",
    "case_miami_dade_2010": "one_case",
    "case_pinecrest": "one_case",
    "case_file": "one_case",
}


def conclude(study: str, data: Dataset, parameters: Mapping[str, Any], **results: Any) -> Finding:
    """Make a study's finding from its results.

    Parameters
    ----------
    study : str
        Name of a study.
    data : Dataset
        The source that was asked.
    parameters : mapping
        The study's parameters, name to value.
    **results
        The study's results, by the parameter names of its module in :mod:`accountability.findings`.

    Returns
    -------
    Finding
        The answer under these parameters, with its evidence.

    Raises
    ------
    ParameterError
        For an unknown study, or a missing or unknown result.

    Examples
    --------
    >>> import accountability
    >>> from accountability import Cohort, delay, findings
    >>> from accountability.study import clocks
    >>> data = accountability.load("synthetic")
    >>> delays = clocks.durations(Cohort.of(data))
    >>> found = findings.conclude(
    ...     "how_long_cases_stay_open", data, {"source": "synthetic", "within_days": 365},
    ...     delays=delays, answer=delay.how_long(delays), groups=delay.compare_groups(delays),
    ... )
    >>> print(found.numbers[0].value)
    125 days
    """
    from accountability.findings.asked import asked_of
    from accountability.studies.own_studies import own_module
    from accountability.studies.registry import STUDIES

    home = STUDIES[study].home if study in STUDIES else None
    if home is None and study not in MODULES:
        raise ParameterError(f"no finding of a study {study!r}. {nearest(study, [*MODULES, *STUDIES])}")
    module = own_module(home / f"{study}.py") if home else import_module(f"accountability.findings.{MODULES[study]}")
    try:
        found: Finding = module.found(asked_of(study, data, parameters), **results)
    except TypeError as error:
        if "found()" not in str(error):
            raise
        raise ParameterError(f"the finding of {study}: {str(error).replace('found()', 'it')}") from None
    return found
