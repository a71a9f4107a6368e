"""What a release holds and what it lacks, before anything is estimated from it.

>>> from accountability import audit, load
>>> found = audit.audit(load("synthetic"))
>>> found.mass_closures.table["day"].dt.strftime("%Y-%m-%d").tolist()
['2017-06-30']
"""

from accountability.audit.category_drift import Drift, drift
from accountability.audit.closing_days import MassClosures, mass_closures
from accountability.audit.date_precision import Precision, precision
from accountability.audit.duplicate_rows import Alike, alike
from accountability.audit.fields import FIELDS, Field
from accountability.audit.heaped_dates import Heaping, heaping
from accountability.audit.impossible_dates import Impossible, impossible
from accountability.audit.letter import Letter, request_letter
from accountability.audit.missing_values import Missing, missing
from accountability.audit.officer_ids import Identity, identity
from accountability.audit.part import Part
from accountability.audit.round_days import PenaltyDays, penalty_days
from accountability.audit.study_needs import ESTIMATORS, Needs, needs
from accountability.audit.whole_audit import Audit, audit
from accountability.audit.years_covered import Coverage, coverage

__all__ = [
    "ESTIMATORS",
    "FIELDS",
    "Alike",
    "Audit",
    "Coverage",
    "Drift",
    "Field",
    "Heaping",
    "Identity",
    "Impossible",
    "Letter",
    "MassClosures",
    "Missing",
    "Needs",
    "Part",
    "PenaltyDays",
    "Precision",
    "alike",
    "audit",
    "coverage",
    "drift",
    "heaping",
    "identity",
    "impossible",
    "mass_closures",
    "missing",
    "needs",
    "penalty_days",
    "precision",
    "request_letter",
]
