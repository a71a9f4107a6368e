"""Reports: a study run as a notebook, its page, its tables, and where every number came from.

Inside a notebook: :func:`keep` hands a table to the report, :func:`figure` shows a figure with a text for those who
cannot see it, :mod:`accountability.publish.provenance` states which data were used. Outside: :func:`run`,
:func:`report`, :func:`sweep`, :func:`multiverse`, and :func:`form` in JupyterLab. What executes notebooks is imported
only when one is run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
