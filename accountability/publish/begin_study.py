"""Create a user's own study: notebook, parameter model, finding and test in one folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.parameters import Asked, cell
from accountability.publish.templating import templates
from accountability.records.onboard.begin import begun
from accountability.records.places import STUDIES_VARIABLE
from accountability.studies.own_studies import own_module
from accountability.studies.registry import STUDIES

_CELL: Final = re.compile(r"^---- (markdown|parameters|code)\n", re.M)


def new_study(name: str, into: str | Path | None = None) -> Path:
    """Create a study of your own: a notebook that runs, its parameters, its finding and its test, to adapt.

    Put the folder that holds it in ``$ACCOUNTABILITY_STUDIES``; every command and function then finds it like the
    package's own.

    Parameters
    ----------
    name : str
        Name of the study: lower-case letters, digits and ``_``, a letter first.
    into : path, optional
        Folder that holds studies; default ``studies`` in the current folder.

    Returns
    -------
    Path
        The new folder; on an error no folder is left.

    Raises
    ------
    ParameterError
        If the name is taken or invalid.

    Examples
    --------
    >>> import tempfile
    >>> from accountability import publish
    >>> folder = publish.new_study("nights_and_days", tempfile.mkdtemp())
    >>> sorted(path.name for path in folder.iterdir())
    ['nights_and_days.ipynb', 'nights_and_days.py', 'test_nights_and_days.py']
    """
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ParameterError(f"{name!r}: a study is named in lower-case letters, digits and _: nights_and_days")
    if name in STUDIES:
        raise ParameterError(f"{name!r} is a study already ({STUDIES[name].question}); choose another name")
    home = Path(into) if into is not None else Path.cwd() / "studies"
    if (home / name).exists():
        raise ParameterError(f"{home / name}: there is something already; choose another name. Nothing was written")

    def write(folder: Path) -> None:
        model = "".join(word.capitalize() for word in name.split("_"))
        for file, template in ((f"{name}.py", "new_study.py.j2"), (f"test_{name}.py", "new_study_test.py.j2")):
            text = templates().get_template(template).render(name=name, model=model)
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        made = own_module(folder / f"{name}.py")
        (folder / f"{name}.ipynb").write_text(
            _notebook(name, made, getattr(made, model)), encoding="utf-8", newline="\n"
        )

    return begun(home, name, write)


def _notebook(name: str, made: Any, model: type[Asked]) -> str:
    import nbformat

    used = ", ".join(f'"{one}": {one}' for one in model.model_fields)
    said = {"name": name, "question": made.QUESTION, "parameters": cell(model), "used": f"{{{used}}}"}
    parts = _CELL.split("---- markdown\n" + templates().get_template("new_study.md.j2").render(**said))[1:]
    cells: list[Any] = []
    for number, (kind, text) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
        cells.append(make(text.strip("\n"), id=f"{name[:40].replace('_', '-')}-{number:02d}"))
        if kind == "parameters":
            cells[-1].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return str(nbformat.writes(notebook)) + "\n"


def how_to_find(folder: Path) -> str:
    """Return the line that adds the study's folder to the search path."""
    return f'export {STUDIES_VARIABLE}="{folder.parent.resolve()}"'
