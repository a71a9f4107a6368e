"""What a release holds and what it lacks, before anything is estimated from it.

>>> from accountability import audit, load
>>> found = audit.audit(load("synthetic"))
>>> found.mass_closures.table["day"].dt.strftime("%Y-%m-%d").tolist()
['2017-06-30']
"""

from accountability.audit.alike import Alike, alike
from accountability.audit.closings import MassClosures, mass_closures
from accountability.audit.coverage import Coverage, coverage
from accountability.audit.drift import Drift, drift
from accountability.audit.fields import FIELDS, Field
from accountability.audit.heaping import Heaping, heaping
from accountability.audit.identity import Identity, identity
from accountability.audit.impossible import Impossible, impossible
from accountability.audit.letter import Letter, request_letter
from accountability.audit.missing import Missing, missing
from accountability.audit.needs import ESTIMATORS, Needs, needs
from accountability.audit.part import Part
from accountability.audit.penalty_days import PenaltyDays, penalty_days
from accountability.audit.precision import Precision, precision
from accountability.audit.whole import Audit, audit

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
