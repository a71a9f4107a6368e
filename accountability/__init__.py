"""How police misconduct is investigated and punished: load records honestly, study delay and penalty.

:func:`load` reads a source, :func:`from_frame` a table of your own, :func:`new_source` begins the declaration of a
release; :class:`Cohort` says who is studied and :func:`durations` on which clock; :func:`describe` counts anything.
Questions have a folder each: :mod:`delay`, :mod:`outcomes`, :mod:`officers`, :mod:`audit`, :mod:`casefiles`,
:mod:`multiverse`. Agencies with a known truth are in :mod:`synthetic`, reports in :mod:`publish`; tables for print and
lessons are imported by name (``from accountability import tables, classroom``).

>>> import accountability
>>> data = accountability.load("synthetic")
>>> len(data.cases) > 4000
True
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
