"""Reports: run a study as a notebook, and write its page, tables and provenance.

Inside a notebook: :func:`keep` adds a table to the report, :func:`figure` shows a figure with an alternative text,
:mod:`accountability.publish.provenance` states the data used. Outside: :func:`run`, :func:`report`, :func:`sweep`,
:func:`multiverse`, and :func:`form` in JupyterLab. The packages that execute notebooks are imported only for a run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
