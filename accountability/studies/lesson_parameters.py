"""What may be asked of the notebooks for teaching."""

from __future__ import annotations

from pydantic import Field

from accountability.parameters import Asked, MaybeText, Whole

_STUDENT = "your name or number for an agency of your own, or None"


class TheClosedCaseTrap(Asked):
    """Parameters of the lesson ``the_closed_case_trap``, which generates its own agency.

    Attributes
    ----------
    complaints : int
        Complaints the agency receives: 300 to 100,000, default 5,000.
    student : str or None
        A name or number that gives an agency of one's own; ``None`` gives the class's.
    """

    complaints: Whole = Field(default=5000, description="complaints the agency receives", ge=300, le=100_000)
    student: MaybeText = Field(default=None, description=_STUDENT)


class ReadingACaseFile(Asked):
    """Parameters of the lesson ``reading_a_case_file``, which reads the coded news reports that come along.

    Attributes
    ----------
    readings : str or None
        Readings of the conflicts in place of the defaults: ``conflict=reading``, several joined by ``;``.
    """

    readings: MaybeText = Field(default=None, description="conflict=reading joined by ;, or None for the defaults")


class MoreThanChance(Asked):
    """Parameters of the lesson ``more_than_chance``, which generates its own precincts.

    Attributes
    ----------
    officers : int
        Officers of each precinct: 500 to 20,000, default 1,200.
    student : str or None
        A name or number that gives precincts of one's own; ``None`` gives the class's.
    """

    officers: Whole = Field(default=1200, description="officers of each precinct", ge=500, le=20_000)
    student: MaybeText = Field(default=None, description="your name or number for precincts of your own, or None")


class FairComparisons(Asked):
    """Parameters of the lesson ``fair_comparisons``, which generates its own agency with two stations.

    Attributes
    ----------
    complaints : int
        Complaints the agency receives: 1,000 to 100,000, default 12,000.
    student : str or None
        A name or number that gives an agency of one's own; ``None`` gives the class's.
    """

    complaints: Whole = Field(default=12_000, description="complaints the agency receives", ge=1000, le=100_000)
    student: MaybeText = Field(default=None, description=_STUDENT)
