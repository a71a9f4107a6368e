"""A declared multiverse as a report: a notebook of a few cells, run and kept as a study's is."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.multiverse.declared import Declared, read
from accountability.publish import runner
from accountability.publish.request import Request
from accountability.records.contract import read_source
from accountability.records.places import source_folder
from accountability.studies.registry import Study

NAME: Final = "multiverse"
QUESTION: Final = "Does the answer hold under every defensible choice?"
_OPENING: Final = (
    f"# {QUESTION}\n\n"
    "Each row of the first table is one specification: one combination of the declared choices. A specification "
    "*holds* when the difference has the sign that is claimed and a p-value, by shuffling the groups' names between "
    "cases, of at most one less the confidence. What could not be estimated stands in the table with its reason. "
    "Nothing here says why groups differ."
)
_CELLS: Final = (
    ("The data and the question", 'import accountability\nfrom accountability import multiverse\n'
     "from accountability.publish import figure, keep, provenance\n\n"
     "declared = multiverse.read(DECLARED)\ndata = accountability.load(declared.source)\nresult = declared.ask(data)"),
    ("In how many specifications it holds", "print(result.sentence())"),
    ("Every specification", 'keep("specifications", result)'),
    ("", 'figure(result, name="specification_curve")'),
    ("On which choice it turns", 'keep("by_choice", result.by_choice, "how often it holds with each option")'),
    ("All specifications at once", 'keep("joint_test", result.joint, "the curve against curves of shuffled groups")'),
    ("What this rests on", 'print(result.estimand, result.method, *result.assumptions, sep="\\n")'),
    ("", 'keep("flow", result.flow, "who was left out, before the exclusions that are a choice")'),
    ("", "provenance.show(data, DECLARED, exclusions=result.flow)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked(Request):
    """A multiverse to be run.

    Attributes
    ----------
    declared_in : str
        Where it is declared, for the command.
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
        """The command line that makes the same report."""
        return shlex.join(["accountability", NAME, self.declared_in])


def multiverse(declared: str | Path | Mapping[str, Any], out: Path | None) -> Path:
    """Run a declared multiverse; see :func:`accountability.publish.multiverse`."""
    made = read(declared)
    source = read_source(source_folder(made.source))
    study = Study(NAME, QUESTION, Declared, {}, {})
    named = "declaration.yaml" if isinstance(declared, Mapping) else Path(declared).name
    label = re.sub(r"[^A-Za-z0-9._-]", "_", Path(named).stem)[:80]
    asked = Asked(study, made, source, named, label)
    with tempfile.TemporaryDirectory(prefix="accountability-") as scratch:
        return runner.answer(asked, out, None, _notebook(Path(scratch)))


def _notebook(folder: Path) -> Path:
    import nbformat

    defaults = Declared.model_validate({}).literals()
    code = [
        nbformat.v4.new_code_cell(
            "\n".join(f"{name} = {value!r}" for name, value in defaults.items()),
            metadata={"tags": ["parameters"]},
            id="parameters",
        )
    ]
    whole = ", ".join(f'"{name}": {name}' for name in defaults)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(_OPENING, id="title"), *code])
    for number, (heading, source) in enumerate(_CELLS):
        if heading:
            made.cells.append(nbformat.v4.new_markdown_cell(f"## {heading}", id=f"heading-{number}"))
        made.cells.append(nbformat.v4.new_code_cell(source.replace("DECLARED", f"{{{whole}}}"), id=f"code-{number}"))
    path = folder / f"{NAME}.ipynb"
    nbformat.write(made, path)
    return path
