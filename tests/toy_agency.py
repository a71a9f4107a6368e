"""A made-up agency of forty complaints and notebooks of a few cells: enough to run a report in a second or two."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from accountability import parameters
from accountability.studies import registry

DECLARATION = """
source: NAME
title: Toy agency <b>of tests</b>
generated: true
card:
  jurisdiction: Nowhere
  agency: Toy agency
  publisher: the test suite
  obtained: made by the test
  row_is: one complaint
  unit: complaint
  period: {from: 2020-01-01, to: 2020-12-31}
  observed_until: 2021-06-30
  sampling: {rule: RULE, open_cases: included, closing_date: true, selected_on: [], window: all of 2020}
  internal_complaints: included
  licence: none needed
  citation: the test suite
files:
  complaints:
    path: complaints.csv
    sha256: HASH
    rows: ROWS
    table: cases
    key: [id]
    columns:
      id: {to: case_id}
DROPPED      district: {to: district}
      received: {stage: received, date: "%Y-%m-%d"}
      closed: {stage: closed, date: "%Y-%m-%d"}
"""


def source(folder: Path, rule: str = "complete") -> Path:
    """Write the agency into ``folder/toy``; its districts would be scripts and formulas if they were let."""
    return written(folder / "toy", [[]] * 40, ("<script>alert(1)</script>", "=1+1"), {}, rule)


def written(
    folder: Path,
    own: Sequence[Sequence[object]],
    districts: tuple[str, str],
    dropped: Mapping[str, str],
    rule: str = "complete",
) -> Path:
    """Write an agency: a complaint for each of ``own``, its cells of the columns ``dropped`` (by name: as what)."""
    folder.mkdir(parents=True)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["id", *dropped, "district", "received", "closed"])
    for i, cells in enumerate(own):
        closed = "" if i % 5 == 0 else "2021-01-15"
        lines.writerow([f"c{i}", *cells, districts[i % 2], f"2020-{i % 12 + 1:02d}-01", closed])
    content = text.getvalue().encode()
    (folder / "complaints.csv").write_bytes(content)
    said = {
        "NAME": folder.name,
        "RULE": rule,
        "ROWS": str(len(own)),
        "HASH": hashlib.sha256(content).hexdigest(),
        "DROPPED": "".join(f"      {column}: {{drop: {kind}}}\n" for column, kind in dropped.items()),
    }
    declared = DECLARATION
    for word, value in said.items():
        declared = declared.replace(word, value)
    (folder / "source.yaml").write_text(declared, encoding="utf-8")
    return folder


SETUP = """\
import accountability
from accountability.publish import figure, keep, provenance

data = accountability.load(source)"""

TABLE = """\
keep("districts", data.cases.groupby("district", as_index=False).size(), caption="Complaints by district")"""

FIGURE = """\
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([1, 2])
figure(ax, alt="A line that rises", name="rise")"""

LAST = """\
provenance.show(data, {"source": data.name, "group": group}, cutoff=cutoff)"""


def notebook(folder: Path, *cells: str, study: str = "how_long_cases_stay_open") -> Path:
    """Write a notebook of that study's name and parameters, made of the given code cells."""
    made = nbformat.v4.new_notebook()
    first = nbformat.v4.new_code_cell(
        parameters.cell(registry.get(study).parameters), metadata={"tags": ["parameters"]}
    )
    title = nbformat.v4.new_markdown_cell("# How long?\n\n## What this does not show\n\n<script>alert(2)</script>")
    made.cells = [title, first, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
    folder.mkdir(exist_ok=True)
    path = folder / f"{study}.ipynb"
    nbformat.write(made, path)
    return path
