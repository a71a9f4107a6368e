"""Describe, print: counts, shares, means and quantiles of anything a release holds, table one, models side by side.

:func:`describe` answers most questions of "how many" and "what share" in one call; what it gives prints itself.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
