"""List the tables and figures of reports, and the notebook cell that makes each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accountability.publish.finished import any_record
from accountability.records.places import notebooks_dir


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a package.

    Attributes
    ----------
    folder : Path
        Its folder.
    record : mapping
        Content of its ``provenance.json``.
    cells : tuple of (str, str)
        Type and source of each cell of the study's notebook.
    notebook : str
        The notebook's path in the package.
    """

    folder: Path
    record: Mapping[str, Any]
    cells: tuple[tuple[str, str], ...]
    notebook: str

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def sections(self) -> tuple[str, ...]:
        """Headings of the notebook."""
        text = "\n".join(source for kind, source in self.cells if kind == "markdown")
        return tuple(re.findall(r"^##? (.+)$", text, re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table or figure, and the program that makes it.

    Attributes
    ----------
    exhibit : str
        ``Table 3``; numbered through the package.
    file : str
        Path in the package.
    program : str
        The notebook and its cell number, from 1.
    command : str
        The command line that makes the report.
    caption : str
        What it holds.
    """

    exhibit: str
    file: str
    program: str
    command: str
    caption: str


def read_report(folder: Path, notebooks: Path) -> Report:
    """Read a report, with the cells of the stored notebook, which a replicator opens."""
    record = any_record(folder)
    stored = json.loads((notebooks / record["notebook"]).read_text(encoding="utf-8"))
    cells = tuple((cell["cell_type"], "".join(cell["source"])) for cell in stored["cells"])
    inside = "notebooks" if notebooks == notebooks_dir() else f"studies/{notebooks.name}"
    return Report(folder, record, cells, f"{inside}/{record['notebook']}")


def exhibits(reports: list[Report]) -> list[Exhibit]:
    """List every table and figure of the reports; tables and figures are numbered separately."""
    found: list[Exhibit] = []
    numbers = {"table": 0, "figure": 0}
    for report in reports:
        for entry in report.record["tables"]:
            numbers[entry["kind"]] += 1
            found.append(
                Exhibit(
                    exhibit=f"{entry['kind'].capitalize()} {numbers[entry['kind']]}",
                    file=f"reports/{report.name}/{entry['file']}",
                    program=f"{report.notebook}{_cell(report, entry['name'])}",
                    command=report.record["command"],
                    caption=entry["caption"],
                )
            )
    return found


def _cell(report: Report, name: str) -> str:
    # What a finding shows is kept by the cell that presents it, which does not name it.
    named = re.compile(rf"""["']{re.escape(name)}["']|\bpresent\(""")
    exact = re.compile(rf"""["']{re.escape(name)}["']""")
    places = [number for number, (kind, text) in enumerate(report.cells, 1) if kind == "code" and named.search(text)]
    places.sort(key=lambda number: exact.search(report.cells[number - 1][1]) is None)
    return f", cell {places[0]}" if places else ""
