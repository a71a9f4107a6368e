"""A folder to work in: copies of the notebooks, set to one source, and a page to start from.

The package's own notebooks are never opened in place, so that trying things out changes nothing that is shipped; what
is already in the folder is the user's and stays.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from accountability.errors import Refusal
from accountability.publish.request import request
from accountability.publish.runner import not_run
from accountability.records.contract import read_source
from accountability.records.places import notebooks_dir, source_folder
from accountability.studies import LESSONS, registry

START: Final = "start_here.ipynb"
#: Settings of JupyterLab that a user's own go before: no news, no search for updates, so nothing asks a network.
SETTINGS: Final = Path(__file__).with_name("jupyter")
_SOURCE: Final = re.compile(r'^source: str = ".*?"', re.M)


def prepare(source: str, folder: Path) -> list[Path]:
    """Fill a folder with the notebooks that can be run on a source.

    Parameters
    ----------
    source : str
        Name of a source, or its folder.
    folder : Path
        Folder to fill; made when it is not there. Files in it are left as they are.

    Returns
    -------
    list of Path
        The files written, the page to start from first if it was not there.

    Raises
    ------
    SourceError
        No such source.
    FetchError
        Its files are not here; the message names the command that brings them.
    Refusal
        No study can be run on it.
    """
    place = source_folder(source)
    refused = not_run(source, read_source(place))
    able = [name for name in registry.STUDIES if name not in refused]
    if not able:
        raise Refusal(f"no study can be run on {source!r}:\n" + "\n".join(f"{n}: {r}" for n, r in refused.items()))
    request(able[0], source, {})
    # The notebooks run in this folder, from which a relative path would lead elsewhere.
    named = str(place.resolve()) if Path(source).name != source else source
    folder.mkdir(parents=True, exist_ok=True)
    texts = {START: start_page(named, able, refused)}
    for name in [*able, *LESSONS]:
        path = notebooks_dir() / f"{name}.ipynb"
        texts[path.name] = for_source(path.read_text(encoding="utf-8"), named)
    written = []
    for name, text in texts.items():
        target = folder / name
        if not target.exists():
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written


def for_source(text: str, source: str) -> str:
    """Set a study's notebook to a source.

    Parameters
    ----------
    text : str
        The notebook.
    source : str
        Name or folder of the source.

    Returns
    -------
    str
        The notebook; without outputs where they were another source's.
    """
    notebook = json.loads(text)
    changed = False
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            code = "".join(cell["source"])
            set_to = _SOURCE.sub(lambda _: f"source: str = {json.dumps(source)}", code)
            changed = changed or set_to != code
            cell["source"] = set_to.splitlines(keepends=True)
    if changed:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def start_page(source: str, able: list[str], refused: dict[str, str]) -> str:
    """Write the notebook to start from: which studies there are, and a form for the first that can be run.

    Parameters
    ----------
    source : str
        Name or folder of the source.
    able : list of str
        Studies that can be run on it.
    refused : dict of str to str
        The others, with the reason.

    Returns
    -------
    str
        A notebook.
    """
    import nbformat

    listed = "\n".join(f"- [{name}]({name}.ipynb): {registry.get(name).question}" for name in able)
    lessons = "\n".join(f"- [{name}]({name}.ipynb)" for name in LESSONS)
    left = "\n".join(f"- {name}: {reason}" for name, reason in refused.items())
    first = "how_long_cases_stay_open" if "how_long_cases_stay_open" in able else able[0]
    cells: list[Any] = [
        nbformat.v4.new_markdown_cell(
            "# Which study do you want to run?\n\n"
            f"The data are those of `{source}`. Each study is a notebook: open it, change its parameters in the "
            f"second cell, and run it whole (Run ▸ Run All Cells).\n\n{listed}\n\n"
            f"Lessons, on generated data:\n\n{lessons}" + (f"\n\nNot on these data:\n\n{left}" if left else "")
        ),
        nbformat.v4.new_markdown_cell(
            "## The same without opening one\n\n"
            "Run this cell, change a value of the form and press Run. The figures, the tables and the equivalent "
            "command line appear below; each run writes a whole report under `reports`. Another study's form: put its "
            "name in the place of this one."
        ),
        nbformat.v4.new_code_cell(
            f"from accountability.publish import form\n\nform({json.dumps(first)}, source={json.dumps(source)})"
        ),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"start-{number:02d}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return str(nbformat.writes(notebook)) + "\n"
