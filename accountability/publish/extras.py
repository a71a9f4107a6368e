"""Optional extras, and the line that installs them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from accountability.errors import Refusal

#: Each extra of the package, with the modules that it brings.
EXTRAS: Final = {
    "lab": ("ipywidgets", "jupyterlab"),
    "documents": ("pypandoc", "pypdf", "typst"),
    "dask": ("distributed",),
}


def lacking(extra: str) -> str:
    """Say what is missing of an extra and how to install it; nothing if complete."""
    missing = [module for module in EXTRAS[extra] if find_spec(module) is None]
    if not missing:
        return ""
    return (
        f"this needs the extra {extra!r}, and {' and '.join(missing)} cannot be imported. "
        f"Install it: pip install 'accountability[{extra}]'"
    )


def needs(extra: str) -> None:
    """Refuse if an extra is not installed."""
    if said := lacking(extra):
        raise Refusal(said)
