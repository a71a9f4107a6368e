"""One question under every defensible choice: in how many the answer holds, and on which choice it turns.

A question compares two groups of cases. Its choices (cut-off, clock, unit, exclusions, ladder order, estimator) are
declared with their options, every combination is computed, and the whole is set against the same computation after the
groups' names were shuffled between cases.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
