"""How police misconduct is investigated and punished: load records honestly, study delay and penalty.

>>> import accountability
>>> data = accountability.load("synthetic")
>>> len(data.cases) > 4000
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["Cohort", "__version__", "fetch", "load"]

if TYPE_CHECKING:
    from accountability.records.load import fetch, load
    from accountability.study.cohort import Cohort

_WHERE = {
    "fetch": "accountability.records.load",
    "load": "accountability.records.load",
    "Cohort": "accountability.study.cohort",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line refuses a bad parameter without paying for pandas.
    if name in _WHERE:
        from importlib import import_module

        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'accountability' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
