"""What is known of the end of every case: four states, which add up to all cases."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.occurrences import FOREVER, NEVER, occurrence
from accountability.vocabulary import CLOSING_STATES


def closing_state(cohort: Cohort | DatasetLike, stage: str = "closed") -> pd.Series:
    """Say of every case whether it is closed, and whether the day is known.

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    stage : str
        The step that ends a case.

    Returns
    -------
    Series of str
        By ``case_id``: a term of :data:`accountability.vocabulary.CLOSING_STATES`. A case whose only closing date was
        set aside (unreadable, impossible, after the last day covered) is ``unknown``, and so is one without a closing
        date where the card does not say that open cases are included. Where only the status is published,
        :func:`accountability.study.clocks.current_status` reads it from the findings.

    Examples
    --------
    >>> import accountability
    >>> sorted(closing_state(accountability.load("synthetic")).unique())
    ['dated', 'open', 'unknown']
    """
    study = Cohort.of(cohort)
    cases = pd.Index(study.cases["case_id"])
    end = occurrence(study.events, cases, stage, "first")
    included = study.card.sampling.open_cases == "included"
    no_day = ~end.none & (end.earliest == NEVER) & (end.latest == FOREVER)
    no_word = end.none & ((end.set_aside != "") | (not included))
    state = np.select([no_day, no_word, end.none], ["closed_on_unknown_day", "unknown", "open"], "dated")
    return pd.Series(state, index=cases, name="closing_state", dtype="str")


def closing_states(cohort: Cohort | DatasetLike, stage: str = "closed") -> pd.DataFrame:
    """Count the cases in each closing state.

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    stage : str
        The step that ends a case.

    Returns
    -------
    DataFrame
        ``state`` (a term of :data:`accountability.vocabulary.CLOSING_STATES`, all four), ``n``, ``meaning``. The
        counts add up to all cases.

    Examples
    --------
    >>> import accountability
    >>> counts = closing_states(accountability.load("synthetic"))
    >>> counts["state"].tolist()
    ['dated', 'closed_on_unknown_day', 'open', 'unknown']
    >>> int(counts["n"].sum())
    5000
    """
    counts = closing_state(cohort, stage).value_counts()
    return pd.DataFrame(
        {
            "state": list(CLOSING_STATES),
            "n": [int(counts.get(state, 0)) for state in CLOSING_STATES],
            "meaning": list(CLOSING_STATES.values()),
        }
    )
