"""Counts, shares, means and quantiles of any column, table one, and tables of models, with print formats.

:func:`describe` answers most questions of "how many" and "what share" in one call; its result can be printed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
