"""Multiverse analysis: one question under all defensible choices, and the choices on which the answer depends.

A question compares two groups of cases. Its choices (cut-off, clock, unit, exclusions, ladder order, estimator) are
declared with their options. Every combination is computed, and the whole is compared with the same computation after
the group names are permuted between cases.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
