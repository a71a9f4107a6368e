"""How police misconduct is investigated and punished: load complaint records, study delay and penalty.

:func:`load` reads a source, :func:`from_frame` a table of your own, :func:`new_source` proposes the declaration of a
release; :class:`Cohort` selects cases, :func:`durations` counts days, :func:`describe` counts anything. Each question
has a folder: :mod:`delay`, :mod:`outcomes`, :mod:`officers`, :mod:`audit`, :mod:`casefiles`, :mod:`multiverse`.
Agencies with known true values are in :mod:`synthetic`, reports in :mod:`publish`; import printed tables and lessons by
name (``from accountability import tables, classroom``).

>>> import accountability
>>> data = accountability.load("synthetic")
>>> len(data.cases) > 4000
True
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
