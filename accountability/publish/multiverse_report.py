"""Run a declared multiverse as a notebook of a few cells, and write its report like that of a study."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.multiverse.declared import Declared, read
from accountability.publish import runner
from accountability.publish.request import Request
from accountability.publish.templating import templates
from accountability.records.contract import read_source
from accountability.records.places import source_folder
from accountability.studies.registry import Study

NAME: Final = "multiverse"
QUESTION: Final = "Does the answer hold under every defensible choice?"


@dataclass(frozen=True, slots=True)
class Asked(Request):
    """A multiverse to run.

    Attributes
    ----------
    declared_in : str
        File of its declaration, for the command.
    label : str
        Name of the folder.
    """

    declared_in: str
    label: str

    @property
    def folder(self) -> str:
        """Name of the report's folder."""
        return f"{NAME}+{self.label}"

    @property
    def command(self) -> str:
        """Return the command line that makes the same report."""
        return shlex.join(["accountability", NAME, self.declared_in])


def multiverse(
    declared: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Compute one difference under every combination of declared choices, and write its report.

    Parameters
    ----------
    declared : path or mapping
        A YAML file or a mapping; see :func:`accountability.multiverse.read`.
    out : path, optional
        Folder to which the report's own folder is added; default ``reports/<source>``.

    progress : callable, optional
        Called with the name, the number of cells done and their total.

    Returns
    -------
    Path
        The report's HTML page.

    Raises
    ------
    AccountabilityError
        If it is refused before a run.
    StudyFailed
        If it could not be computed; the page says where it stopped.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.multiverse({"source": "synthetic", "question": "mean_delay"})
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: ...
    """
    made = read(declared)
    source = read_source(source_folder(made.source))
    study = Study(NAME, QUESTION, Declared, {}, {})
    named = "declaration.yaml" if isinstance(declared, Mapping) else Path(declared).name
    label = re.sub(r"[^A-Za-z0-9._-]", "_", Path(named).stem)[:80]
    asked = Asked(study, made, source, named, label)
    with tempfile.TemporaryDirectory(prefix="accountability-") as scratch:
        return runner.answer(asked, out, progress, _notebook(Path(scratch)))


def _notebook(folder: Path) -> Path:
    """Write the notebook: a part of the template that begins with a heading is text, the others are code."""
    import nbformat

    defaults = Declared.model_validate({}).literals()
    whole = ", ".join(f'"{name}": {name}' for name in defaults)
    text = templates().get_template("multiverse.py.j2").render(question=QUESTION, declared=f"{{{whole}}}")
    made = nbformat.v4.new_notebook()
    for number, part in enumerate(text.strip().split("\n\n\n")):
        new = nbformat.v4.new_markdown_cell if part.startswith("#") else nbformat.v4.new_code_cell
        made.cells.append(new(part, id=f"cell-{number}"))
    assigned = "\n".join(f"{name} = {value!r}" for name, value in defaults.items())
    parameters = nbformat.v4.new_code_cell(assigned, metadata={"tags": ["parameters"]}, id="parameters")
    made.cells.insert(1, parameters)
    path = folder / f"{NAME}.ipynb"
    nbformat.write(made, path)
    return path
