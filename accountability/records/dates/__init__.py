"""Dates as intervals: the first and last day a cell can mean, and its precision.

``2012``, ``September 2012`` and ``2012-09-14`` are all intervals. No day is ever invented, and a column can declare
that its printed days are less precise than they look.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
