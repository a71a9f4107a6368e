"""Does it matter who investigates: how far investigators differ in delay and finding, against shuffles.

Investigators are compared within cells of complaints (their unit, the year, what is alleged). Spread only: no
investigator is named, listed or ranked.

>>> from accountability import investigators
>>> list(investigators.OUTCOMES)
['slow', 'sustained']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
