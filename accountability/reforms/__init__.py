"""Reforms: declare a reform and its dates, and estimate changes after it.

>>> from accountability import reforms
>>> reform = reforms.read_reform({"reform": "board", "what": "A board reviews every finding", "from": "2016-07-01",
...     "affects": "everybody", "source": "invented for this example"})
>>> str(reform.start)
'2016-07-01'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
