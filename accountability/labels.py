"""Labels for readers instead of raw names: stages, terms, columns and units.

Terms are defined in :mod:`accountability.vocabulary`; labels are for prose, headings and axes. A source can declare
labels of its own columns (``label:``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
# A quoted name that is left, such as that of a release, is what is typed.
_SNAKE: Final = re.compile(r"(?<!')\b[A-Za-z][a-z0-9]*(?:_[a-z0-9]+)+\b")

#: Columns by which a release is described where nobody says which.
USUAL: Final = (
    "category", "officer_race", "officer_gender", "officer_rank", "initiated_by", "investigated_by", "finding",
    "imposed_penalty", "imposed_days",
)  # fmt: skip
#: A stage as a moment: "from receipt to closing".
MOMENTS: Final = MappingProxyType(
    {
        "incident": "the incident",
        "received": "receipt",
        "opened": "the opening of the investigation",
        "assigned": "the assignment to an investigator",
        "suspended_clock": "the stop of the clock",
        "resumed_clock": "the restart of the clock",
        "findings": "the finding",
        "closed": "closing",
        "penalty_recommended": "the recommendation of a penalty",
        "penalty_decided": "the decision on a penalty",
        "penalty_approved": "the approval of a penalty",
        "penalty_imposed": "the imposition of a penalty",
        "penalty_served": "the service of a penalty",
        "appeal_filed": "the filing of an appeal",
        "appeal_decided": "the decision on an appeal",
        "left_agency": "the officer's leaving",
    }
)

#: Terms and columns whose label is not their name with blanks.
_LABELS: Final = MappingProxyType(
    {
        "officer_complaint": "officer-complaint",
        "none": "no penalty",
        "american_indian": "American Indian",
        "asian": "Asian",
        "asian_or_pacific_islander": "Asian or Pacific Islander",
        "black": "Black",
        "hispanic": "Hispanic",
        "native_american": "Native American",
        "native_american_or_alaskan_native": "Native American or Alaska Native",
        "white": "White",
        "zero_truncated_poisson": "equal risk, with at least one",
        "negative_binomial": "uneven risk",
        "zero_truncated_negative_binomial": "uneven risk, with at least one",
        "category": "kind of allegation",
        "complainant": "who complained",
        "investigated_by": "office that investigated",
        "initiated_by": "who began the complaint",
        "district": "police district",
        "squad": "squad",
        "command": "command",
        "beat": "police beat",
        "officer_unit": "officer's unit",
        "officer_race": "officer's race",
        "officer_gender": "officer's gender",
        "officer_rank": "officer's rank",
        "officer_birth_decade": "decade of the officer's birth",
        "officer_birth_year": "officer's year of birth",
        "officer_appointed_year": "year of the officer's appointment",
        "officer_age": "officer's age",
        "officer_id": "officer",
        "complainant_race": "complainant's race",
        "complainant_gender": "complainant's gender",
        "case_id": "complaint",
        "p_value": "p-value",
        "permutation_p_value": "permutation p-value",
        "std_error": "standard error",
        "at_risk": "still open and watched",
        "n": "number",
        "from_count": "accusations from",
        "to_count": "accusations to",
        "n_first": "number, first group",
        "n_second": "number, second group",
        "events": "counted",
        "df": "degrees of freedom",
        "lower": "lower limit",
        "upper": "upper limit",
        "open_at_end": "open at the end",
        "last_seen_open": "last seen open",
        "median_lower": "median, lower limit",
        "median_upper": "median, upper limit",
        "closed_within": "share closed in time",
        "closed_within_lower": "share closed, lower limit",
        "closed_within_upper": "share closed, upper limit",
        "gini": "Gini coefficient",
        "e_value": "E-value",
        "e_value_of_interval": "E-value of the interval",
        "top_share": "share drawn by the top",
        "top_again": "share of the top at the top again",
        "top_ratio": "later complaints of the top, times the mean",
        "cutoff": "last day looked at",
        "min_group": "smallest group shown",
        "min_cell": "smallest count shown",
        "within_days": "days within which",
        "alike": "mix held alike",
        "rule": "limit",
    }
)


def label(name: str, declared: Mapping[str, str] = _NONE) -> str:
    """Return the label of a term, column or unit.

    Parameters
    ----------
    name : str
        The name in the tables.
    declared : mapping, optional
        Labels that a source declares for its columns (``data.labels``); they come first.

    Returns
    -------
    str
        The label; without one, the name with blanks.

    Examples
    --------
    >>> label("officer_complaint"), label("not_sustained"), label("team", {"team": "investigating team"})
    ('officer-complaint', 'not sustained', 'investigating team')
    """
    return declared.get(name) or _LABELS.get(name) or name.replace("_", " ")


def moment(stage: str) -> str:
    """Return a stage as a point in time, for "from … to …"."""
    return MOMENTS.get(stage, stage.replace("_", " "))


def in_words(text: str, declared: Mapping[str, str] = _NONE) -> str:
    """Replace raw names in a text by labels, and Python literals by words.

    Examples
    --------
    >>> in_words("per officer_complaint, 'not_sustained'")
    'per officer-complaint, not sustained'
    >>> in_words("'chicago_2000_2016' is the only release declared")
    "'chicago_2000_2016' is the only release declared"
    >>> in_words("an officer's complaints, and a peer's")
    "an officer's complaints, and a peer's"
    >>> in_words("outcome_distribution() describes the penalties it has")
    'outcome distribution describes the penalties it has'
    """
    plain = re.sub(r"(?<!\w)'([a-z][a-z_ ]*)'(?!\w)", r"\1", text)
    plain = re.sub(r"(?<=\w)\(\)", "", plain)  # of a function that a refusal names
    return _SNAKE.sub(lambda found: _said(found[0], declared), plain)


def _said(name: str, declared: Mapping[str, str]) -> str:
    """The label of a raw name, with a capital where a sentence began with it."""
    said = label(name[0].lower() + name[1:], declared)
    return said if name[0].islower() else said[0].upper() + said[1:]
