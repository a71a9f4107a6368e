from .if_cases import if_cases_differ as if_cases_differ
from .if_outcomes import if_outcomes_differ as if_outcomes_differ
from .turning import Tipping as Tipping
