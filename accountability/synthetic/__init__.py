"""Synthetic agencies with known true values, for lessons, tests of estimators and offline use.

Nothing here is about a real person, agency or complaint. The parameters are in
:class:`~accountability.synthetic.agency_design.Design`; the true values that follow from them come as a table.

>>> from accountability import synthetic
>>> made = synthetic.agency(complaints=300, seed=7)
>>> len(made.complaints), made.complaints["complaint_id"].iloc[0]
(300, 'GEN-2014-0001')
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.synthetic.agency_design import (
    PUBLICATION_RULES,
    Body,
    Category,
    Days,
    Design,
    EarlyClosing,
    MassClosure,
)
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.course import run
from accountability.synthetic.defects import Defects, strike
from accountability.synthetic.discipline import impose
from accountability.synthetic.release import publish
from accountability.synthetic.staff import Staff
from accountability.synthetic.truth import truth

__all__ = [
    "BUNDLED_SEED",
    "MOST_COMPLAINTS",
    "PUBLICATION_RULES",
    "Agency",
    "Body",
    "Category",
    "Days",
    "Defects",
    "Design",
    "EarlyClosing",
    "MassClosure",
    "agency",
    "agency_of_student",
    "student_seed",
]

BUNDLED_SEED: Final = 20130206
MOST_COMPLAINTS: Final = 5_000_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Agency:
    """A synthetic agency: the release as published, and the true values behind it.

    Attributes
    ----------
    complaints : DataFrame
        As published, all text: ``complaint_id, incident_date, received_date, closed_date, investigated_by,
        complaint_type, complainant``.
    accused : DataFrame
        One row per officer in a complaint: ``complaint_id, officer_id, allegation, finding,
        recommended_discipline, final_discipline``.
    officers : DataFrame
        The roster, including officers without complaints: ``officer_id, squad, supervisor, rank, race, gender,
        birth_year, appointed``.
    steps : DataFrame
        Dated steps: ``complaint_id, officer_id, step, date, detail``.
    truth : DataFrame
        ``quantity, group, value, unit, definition``: exact values from the design, not estimates from the sample.
    latent : DataFrame
        The true course of each complaint, published or not: ``complaint_id, days, net_days, days_paused, closed_by,
        closed_in_release, published``.
    struck : DataFrame
        ``defect, rows``: the number of rows with each recording defect.
    """

    seed: int
    design: Design
    defects: Defects
    publication: str
    complaints: pd.DataFrame
    accused: pd.DataFrame
    officers: pd.DataFrame
    steps: pd.DataFrame
    truth: pd.DataFrame
    latent: pd.DataFrame
    struck: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"Generated agency (no real person, agency or complaint): {len(self.complaints):,} complaints published "
            f"of {len(self.latent):,} received {self.design.received_from} to {self.design.received_to}, observed "
            f"until {self.design.observed_until}; publication rule {self.publication!r}; seed {self.seed}"
        )


def agency(
    complaints: int = 5000,
    seed: int = BUNDLED_SEED,
    design: Design | None = None,
    defects: Defects | None = None,
    publication: str = "everything",
) -> Agency:
    """Generate a synthetic agency.

    Parameters
    ----------
    complaints : int
        Complaints received in the design's window, 1 to 5,000,000; squads grow in proportion.
    seed : int
        The same seed and arguments give the same release. Defects have their own random stream, so they change nothing
        else.
    design : Design, optional
        The parameters; the default design when left out.
    defects : Defects, optional
        Recording defects; none when left out.
    publication : {"everything", "closed_only", "trailing_window", "sustained_only"}
        Which complaints are published.

    Raises
    ------
    ParameterError
        For a number out of range or an unknown publication rule.
    """
    if isinstance(complaints, bool) or not isinstance(complaints, int) or not 1 <= complaints <= MOST_COMPLAINTS:
        raise ParameterError(f"complaints: expected a whole number from 1 to {MOST_COMPLAINTS:,}, found {complaints!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(f"seed: expected a whole number from 0 on, found {seed!r}")
    if publication not in PUBLICATION_RULES:
        raise ParameterError(f"publication: expected one of {', '.join(PUBLICATION_RULES)}; found {publication!r}")
    design = design or Design()
    defects = defects or Defects.none()
    calendar = Calendar.of(design)
    rng = np.random.default_rng([seed, 0])
    staff = Staff.of(design, complaints, calendar, rng)
    course = run(design, complaints, calendar, staff, rng)
    discipline = impose(design, course, staff, rng)
    published = publish(design, calendar, staff, course, discipline, publication)
    struck = strike(published.complaints, published.accused, defects, np.random.default_rng([seed, 2]))
    return Agency(
        seed=seed,
        design=design,
        defects=defects,
        publication=publication,
        complaints=struck.complaints,
        accused=struck.accused,
        officers=published.officers,
        steps=published.steps,
        truth=truth(design, staff),
        latent=published.latent,
        struck=struck.counts,
    )


def student_seed(student_id: str) -> int:
    """Return the seed of a student: from the SHA-256 of the id, ignoring outer blanks and case.

    Raises
    ------
    ParameterError
        If the id is empty.
    """
    text = unicodedata.normalize("NFC", student_id.strip().casefold())
    if not text:
        raise ParameterError(f"student_id: expected some text, found {student_id!r}")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def agency_of_student(
    student_id: str,
    complaints: int = 5000,
    defects: Defects | None = None,
    publication: str = "everything",
) -> Agency:
    """Generate the agency of one student, with its own seed, design and true values."""
    seed = student_seed(student_id)
    return agency(complaints, seed, Design().varied(seed), defects, publication)
