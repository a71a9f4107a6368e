"""Compare a hurried and a careful reading of a case file.

The facts are coded from news reports in ``data/news_cases``, in our words and without names. There is no known true
value, only what the reports say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from accountability import casefiles
from accountability.casefiles import CaseFile
from accountability.casefiles.reading_counts import counts
from accountability.classroom.lessons.lesson import Shown

CASE: Final = "MDPD-2010"


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """The case of the lesson under one choice of readings.

    Attributes
    ----------
    case : CaseFile
    """

    case: CaseFile

    def hurried(self) -> Shown:
        """Count as a hurried reader: from the headline, reports as findings, and decisions as final.

        ``table``: ``counted`` (what), ``hurried``, ``careful``, ``because`` (why they differ).
        """
        careful = counts(self.case)
        rows = [
            (
                "officers dismissed",
                counts(self.case.reading(headline="headline"))["dismissed"],
                careful["dismissed"],
                "the headline's own report counts otherwise",
            ),
            (
                "accusations established",
                careful["accusations"],
                careful["with_finding"],
                "an accusation is established where a finding is reported",
            ),
            (
                "penalties that are final",
                len(casefiles.penalties(self.case).table),
                int(self.case.allegations["final"].eq("yes").sum()),
                "appeals are announced, and of the rest nobody says that they are final",
            ),
        ]
        said = "; ".join(f"{what}: {hurried}, with care {careful}" for what, hurried, careful, _ in rows)
        return Shown(
            estimand=f"what the reports on {self.case.one()} establish, read in a hurry and with care",
            assumptions=("with care: under the readings chosen, whose reasons stand in the register of conflicts",),
            method="counts of coded rows",
            table=pd.DataFrame(rows, columns=["counted", "hurried", "careful", "because"]),
            said=f"In a hurry, {said}.",
        )


def read(readings: str | None = None) -> Reading:
    """Read the case of the lesson.

    Parameters
    ----------
    readings : str, optional
        Readings instead of the defaults: ``"conflict=reading; conflict=reading"``.

    Returns
    -------
    Reading

    Raises
    ------
    ParameterError
        For an unknown conflict or reading.
    """
    return Reading(casefiles.read("news_cases", CASE, readings))
