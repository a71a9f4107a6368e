"""Findings of studies: a question, its answer, figure and tables, and what would change it.

:func:`conclude` makes a :class:`Finding` from a study's results. Notebook, page, PDF, Word and index all show it, so
they agree.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
