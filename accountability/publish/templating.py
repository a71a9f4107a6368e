"""Templates filled: of pages, where what is put in is escaped, and of texts, where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


def templates(folder: Path = TEMPLATES, *, markup: bool = False) -> Environment:
    """Open a folder of templates; a name that is not given is an error, and `markup` has what is put in escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=markup,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not markup,
    )
