"""What every kernel needs; only imported by the process that forks kernels.

Python's own fork server imports this module when it starts and then waits for requests.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

#: Not the inline figures of IPython: they attach themselves to a kernel when they are imported inside one, and would
#: never show a figure if they had been imported before.
MODULES: Final = (
    "PIL.PngImagePlugin", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell",
    "IPython.core.completer", "IPython.display", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg",
    "matplotlib.dates", "matplotlib.pyplot",
)  # fmt: skip


def preload(names: Iterable[str]) -> None:
    """Import modules; what is there then is never collected, so that kernels go on sharing its memory.

    Nothing is collected meanwhile or at the end either: looking through all modules takes a sixth of the time, and what
    imports leave behind is little.
    """
    gc.disable()
    for name in names:
        # One that is not installed fails in the study that needs it, by name.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()


def _import_pandas() -> None:
    """Import pandas as in a kernel: it asks whether it is in one, and shows wide tables otherwise."""
    asked: Any = builtins
    asked.get_ipython = lambda: SimpleNamespace(kernel=None)
    try:
        importlib.import_module("pandas")
    finally:
        del asked.get_ipython


gc.disable()  # until all is imported, in preload()
# As a kernel does at its start: what lies in the current folder must not pass for a library.
if sys.path and (sys.path[0] == "" or Path(sys.path[0]) == Path.cwd()):
    del sys.path[0]
PATH: Final = tuple(sys.path)
_import_pandas()
preload(MODULES)
