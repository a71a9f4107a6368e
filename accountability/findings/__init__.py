"""What a study found: a question, its answer, the figure and tables that carry it, and what would break it.

:func:`conclude` makes a :class:`Finding` from a study's results. Notebook, page, PDF, Word and index show that one
thing, so they agree.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
