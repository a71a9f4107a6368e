"""Dates as intervals: the first and the last day a cell can mean, and how precise it was.

``2012``, ``September 2012`` and ``2012-09-14`` are one kind of thing here. No day is ever invented: what is not
printed is not filled in, and a column may declare that what it prints is not to be believed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
