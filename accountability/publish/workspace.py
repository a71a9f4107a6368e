"""Make a working folder: copies of the notebooks for one source, and a start page.

The package's own notebooks are not opened, so that they do not change; existing files in the folder are kept.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from accountability.publish.request import request
from accountability.publish.runner import notebook_of, studies_of
from accountability.publish.templating import templates
from accountability.records.places import notebooks_dir, source_folder
from accountability.studies import LESSONS, registry

START: Final = "start_here.ipynb"
#: Settings of JupyterLab that a user's own go before: no news, no search for updates, so nothing asks a network.
SETTINGS: Final = Path(__file__).with_name("jupyter")
_SOURCE: Final = re.compile(r'^source: str = ".*?"', re.M)


def prepare(source: str, folder: Path) -> list[Path]:
    """Write the notebooks that a source can answer to a folder, and return the files written, the start page first.

    The folder is created if missing; files in it are not changed. Refused before writing for an unknown source, missing
    files, or a source that can answer no study.
    """
    place = source_folder(source)
    _, able, refused = studies_of(source)
    request(able[0], source, {})
    # The notebooks run in this folder, from which a relative path would lead elsewhere.
    named = str(place.resolve()) if Path(source).name != source else source
    folder.mkdir(parents=True, exist_ok=True)
    texts = {START: start_page(named, able, refused)}
    for name in [*able, *LESSONS]:
        path = notebooks_dir() / f"{name}.ipynb" if name in LESSONS else notebook_of(registry.get(name))
        texts[path.name] = for_source(path.read_text(encoding="utf-8"), named)
    written = []
    for name, text in texts.items():
        target = folder / name
        if not target.exists():
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written


def for_source(text: str, source: str) -> str:
    """Set the source of a notebook's text, and clear outputs of another source."""
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
    """Return the start notebook: the list of studies, and the explorer with the first that can be run."""
    import nbformat

    first = "how_long_cases_stay_open" if "how_long_cases_stay_open" in able else able[0]
    said = {"source": source, "able": {name: registry.get(name).question for name in able}, "refused": refused}
    text = templates().get_template("start_here.md.j2").render(lessons=LESSONS, **said)
    opening, below = text.rstrip("\n").split("\n----\n")
    code = f"from accountability.publish import explore\n\nexplore({json.dumps(source)}, {json.dumps(first)})"
    cells: list[Any] = [
        nbformat.v4.new_markdown_cell(opening, id="start-00"),
        nbformat.v4.new_markdown_cell(below, id="start-01"),
        nbformat.v4.new_code_cell(code, id="start-02"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return str(nbformat.writes(notebook)) + "\n"
