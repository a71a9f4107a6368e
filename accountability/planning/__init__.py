"""Sample size: the cases a question needs, with power and precision, before data are collected.

>>> import accountability
>>> from accountability import planning
>>> planning.how_many(accountability.load("synthetic"), "hazard_ratio", effect=1.3).needed > 100
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
