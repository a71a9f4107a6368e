"""Fill templates: of pages, with escaped values, and of texts, without escaping."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


@cache
def templates(folder: Path = TEMPLATES, *, markup: bool = False) -> Environment:
    """Open a folder of templates; undefined names are errors, and `markup` escapes values.

    Kept, because to compile a template takes longer than to fill it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=markup,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not markup,
    )
