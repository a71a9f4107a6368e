"""What a release holds and what it lacks, before anything is estimated from it.

>>> from accountability import audit, load
>>> found = audit.audit(load("synthetic"))
>>> found.mass_closures.table["day"].dt.strftime("%Y-%m-%d").tolist()
['2017-06-30']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
