"""Slides of a lesson: one HTML file that needs no network, made from what the notebook says and shows.

nbconvert's own slides load their program from outside, so a page of ours is used: arrow keys turn it, paper prints
it. Exercises keep their questions; solutions, self-checks and what they show stay out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from accountability.publish.page import blocks

_TEMPLATE = Path(__file__).with_name("slides.html.j2")


def slides(solved: Any) -> str:
    """Write the slides of a solved notebook.

    Parameters
    ----------
    solved : NotebookNode
        With its outputs.

    Returns
    -------
    str
        A whole HTML document: a slide for each heading, and for each output its own.
    """
    from jinja2 import Environment, StrictUndefined

    shown = [cell for cell in solved.cells if not cell.metadata.get("nbgrader")]
    pages: list[str] = []
    for block in blocks({"cells": shown}):
        if block["kind"] == "prose":
            pages += _parts(block["html"])
        elif block["kind"] == "code":
            pages += [output for output in block["outputs"] if output]
    title = next(cell.source.splitlines()[0].lstrip("# ") for cell in solved.cells if cell.cell_type == "markdown")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(title=title, pages=pages)


def _parts(html: str) -> list[str]:
    """Start a new slide at every heading."""
    return [part for part in re.split(r"(?=<h[1-3])", html) if part.strip()]
