"""Imports for the kernels of a sweep; only imported by the process that forks them.

Python's own fork server imports this module when it starts and then waits for requests.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import pkgutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

#: What studies import, beyond this package. Not the inline figures of IPython: they attach themselves to a kernel
#: when they are imported inside one, and would never show a figure if they had been imported before.
MODULES: Final = (
    "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.PpmImagePlugin",
    "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell", "IPython.core.completer", "IPython.display",
    "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.dates", "matplotlib.pyplot",
    "numpy.testing", "patsy", "pyarrow.csv", "pyarrow.feather", "scipy.cluster", "scipy.optimize",
    "scipy.special", "scipy.stats", "seaborn", "statsmodels.api", "statsmodels.formula.api",
)  # fmt: skip


def _import_all() -> None:
    """Import everything a study may need."""
    # pandas asks, as it is imported, whether it is in a kernel, and shows wide tables otherwise.
    asked: Any = builtins
    asked.get_ipython = lambda: SimpleNamespace(kernel=None)
    try:
        importlib.import_module("pandas")
    finally:
        del asked.get_ipython
    import accountability

    own = [found.name for found in pkgutil.walk_packages(accountability.__path__, "accountability.")]
    for name in [*MODULES, *(name for name in own if not name.endswith("__main__"))]:
        # One that is not installed fails in the study that needs it, by name.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


# As a kernel does at its start: what lies in the current folder must not pass for a library.
if sys.path and (sys.path[0] == "" or Path(sys.path[0]) == Path.cwd()):
    del sys.path[0]
PATH: Final = tuple(sys.path)
_import_all()
# What is there now is never collected, so that the kernels go on sharing its memory.
gc.collect()
gc.freeze()
