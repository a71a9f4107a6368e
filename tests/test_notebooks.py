"""The stored notebooks: one question each, executed in order, outputs kept, no logic inside.

That running them again gives the stored outputs is checked by nbval (``make check``), which passes a notebook whose
outputs were stripped; so that they are there is checked here.
"""

from __future__ import annotations

import ast
import base64
import io
import re
from functools import cache
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from matplotlib.figure import Figure
from stored_figures import Picture

from accountability import parameters
from accountability.studies.registry import STUDIES

#: Studies and lessons, and the worked stories of the site.
PATHS = {path.stem: path for folder in ("notebooks", "docs/stories") for path in (ROOT / folder).glob("*.ipynb")}
NAMES = sorted(PATHS)
each_notebook = pytest.mark.parametrize("name", NAMES)

MOST_CELLS = 45  # a lesson asks the student at every step
MOST_LINES = 66  # a study that also tries what is not known, and what is recorded late

Notebook = Any


@cache
def notebook(name: str) -> Notebook:
    return nbformat.read(PATHS[name], as_version=4)


def code(book: Notebook) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def prose(book: Notebook) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "markdown"]


def tagged(book: Notebook) -> list[Any]:
    return [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", [])]


def test_every_study_has_its_notebook() -> None:
    assert {study.notebook.removesuffix(".ipynb") for study in STUDIES.values()} <= set(NAMES)


@each_notebook
def test_the_file_is_a_valid_notebook(name: str) -> None:
    nbformat.validate(notebook(name))


# ---- executed, in order, outputs kept --------------------------------------------------------------------------


def shows_something(source: str) -> bool:
    """Whether the last statement of a cell is an expression, which the notebook displays."""
    body = ast.parse(source).body
    return bool(body) and isinstance(body[-1], ast.Expr)


def stale(book: Notebook) -> list[str]:
    """What says that a notebook was not run from top to bottom just before it was stored."""
    cells = code(book)
    faults = []
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        faults.append("the cells were not executed once each, in order")
    for number, cell in enumerate(cells, 1):
        if shows_something(cell.source) and not cell.outputs:
            faults.append(f"cell {number} shows something, yet no output is stored")
        for output in cell.outputs:
            if output.output_type == "error":
                faults.append(f"cell {number} ended in an error")
            if output.output_type == "stream" and output.name == "stderr":
                faults.append(f"cell {number} warned: {output.text[:80]}")
    return faults


@each_notebook
def test_it_was_executed_in_order_and_kept_its_outputs(name: str) -> None:
    assert stale(notebook(name)) == []


@each_notebook
def test_it_holds_a_figure(name: str) -> None:
    kinds = {kind for cell in code(notebook(name)) for output in cell.outputs for kind in output.get("data", {})}
    assert kinds & {"image/png", "image/svg+xml"}


CHANGES_AT_EVERY_RUN = {
    "a memory address": re.compile(r"\bat 0x[0-9a-f]{6,}"),
    "a time of day": re.compile(r"\b\d{1,2}:\d\d:\d\d\b"),
    "a path of a machine": re.compile(r"(?<![\w./])/(?:work|root|home|Users|tmp|var)/"),
    "a random identifier": re.compile(r'\bid="[^"]*[0-9a-f]{8,}'),
}


def texts(cell: Any) -> list[str]:
    shown = [output.get("text", "") for output in cell.outputs]
    return shown + [t for o in cell.outputs for kind, t in o.get("data", {}).items() if kind.startswith("text/")]


@each_notebook
@pytest.mark.parametrize("what", CHANGES_AT_EVERY_RUN)
def test_no_output_holds(name: str, what: str) -> None:
    outputs = [text for cell in code(notebook(name)) for text in texts(cell)]
    assert [m[0] for text in outputs if (m := CHANGES_AT_EVERY_RUN[what].search(text))] == []


@each_notebook
def test_nothing_tells_nbval_to_look_away(name: str) -> None:
    book = notebook(name)
    marks = re.compile(r"NBVAL_|PYTEST_VALIDATE|nbval-|raises-exception")
    assert [c.source for c in code(book) if marks.search(c.source + " ".join(c.metadata.get("tags", [])))] == []


@each_notebook
def test_no_trace_of_a_run_is_stored(name: str) -> None:
    book = notebook(name)
    assert not {"papermill", "widgets"} & set(book.metadata)
    assert [cell.metadata for cell in book.cells if {"execution", "papermill"} & set(cell.metadata)] == []


# ---- one question, no logic ------------------------------------------------------------------------------------

LOGIC = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.While: "while",
    ast.Try: "try",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}


def logic(book: Notebook) -> list[str]:
    """Statements that belong into the package: functions, classes, loops, error handling."""
    nodes = [node for cell in code(book) for node in ast.walk(ast.parse(cell.source))]
    return [LOGIC[type(node)] for node in nodes if type(node) in LOGIC]


def lines_of_code(book: Notebook) -> int:
    lines = [line.strip() for cell in code(book) for line in cell.source.splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


@each_notebook
def test_it_opens_with_one_question(name: str) -> None:
    first = notebook(name).cells[0]
    assert first.cell_type == "markdown"
    assert re.fullmatch(r"# [^#\n]+\?", first.source.splitlines()[0])


@each_notebook
def test_it_holds_no_logic(name: str) -> None:
    assert logic(notebook(name)) == []


@each_notebook
def test_it_is_short(name: str) -> None:
    assert len(notebook(name).cells) <= MOST_CELLS
    assert lines_of_code(notebook(name)) <= MOST_LINES


@each_notebook
def test_no_cell_hides_what_it_shows(name: str) -> None:
    # nbval fails on the object a trailing semicolon hides; write `ax = ...` instead.
    assert [cell.source for cell in code(notebook(name)) if cell.source.rstrip().endswith(";")] == []


@each_notebook
def test_one_cell_holds_the_parameters_with_their_help(name: str) -> None:
    (cell,) = tagged(notebook(name))
    lines = cell.source.splitlines()
    statements = ast.parse(cell.source).body
    assert statements
    for statement in statements:
        assert isinstance(statement, ast.AnnAssign)
        assert statement.value is not None
        ast.literal_eval(statement.value)
        assert re.search(r"  # \w", lines[statement.lineno - 1]), "say after it what the parameter does"


@pytest.mark.parametrize("study", STUDIES)
def test_the_parameters_are_those_of_the_model(study: str) -> None:
    (cell,) = tagged(notebook(STUDIES[study].notebook.removesuffix(".ipynb")))
    assert cell.source == parameters.cell(STUDIES[study].parameters)


# A number in prose that another run would change. Years, levels and lists are not of that kind.
COMPUTED = re.compile(
    r"\d{1,3}(?:,\d{3})+"  # 1,204
    r"|\d+\.\d+ ?%"  # 12.5 %
    r"|\b\d+ (?:complaints?|cases?|officers?|allegations?|findings?|rows?)\b"
    r"|(?:median|mean|average|rate|share)\b[^.\n]{0,30}\b(?:is|was|of) \d"
)


def computed_numbers(book: Notebook) -> list[str]:
    return [match[0] for cell in prose(book) for match in COMPUTED.finditer(cell.source)]


@each_notebook
def test_prose_holds_no_computed_number(name: str) -> None:
    assert computed_numbers(notebook(name)) == []


# ---- the checks themselves -------------------------------------------------------------------------------------


def book_of(*sources: str, run: bool = True) -> Notebook:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells, 1):
        cell.execution_count = number if run else None
        if run and shows_something(cell.source):
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1"}, execution_count=number)]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_fresh_notebook_passes_and_a_stripped_one_does_not() -> None:
    assert stale(book_of("x = 1", "x")) == []
    assert len(stale(book_of("x = 1", "x", run=False))) == 2


def test_outputs_stripped_one_by_one_are_missed() -> None:
    book = book_of("x = 1", "x", "x + 1")
    book.cells[2].outputs = []
    assert stale(book) == ["cell 3 shows something, yet no output is stored"]


def test_cells_run_out_of_order_are_noticed() -> None:
    book = book_of("x = 1", "x")
    book.cells.reverse()
    assert stale(book) == ["the cells were not executed once each, in order"]


@pytest.mark.parametrize(
    "source", ["for x in y:\n    x", "def f(): ...", "[x for x in y]", "while x: x", "class C: ..."]
)
def test_logic_is_noticed(source: str) -> None:
    assert logic(book_of(source))


def test_a_condition_given_as_a_lambda_is_no_logic() -> None:
    assert logic(book_of("cohort.keep_if(lambda cases: cases.a > 1, because='b')")) == []


@pytest.mark.parametrize("text", ["of 1,949 complaints", "12.5 % stay open", "the median is 412", "23 cases"])
def test_a_computed_number_is_noticed(text: str) -> None:
    assert computed_numbers(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]))


@pytest.mark.parametrize("text", ["a 95 % interval", "since 2016", "Kaplan and Meier (1958)", "1. first"])
def test_a_number_that_no_run_changes_may_stand(text: str) -> None:
    assert computed_numbers(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])) == []


# ---- figures, which nbval leaves out ---------------------------------------------------------------------------


def drawn(said: str, *, shade: str = "0.2") -> Picture:
    file = io.BytesIO()
    figure = Figure(figsize=(7, 5), dpi=144)
    figure.text(0.5, 0.5, said, fontsize=8.5, color=shade)
    figure.savefig(file, format="png")
    return Picture(base64.b64encode(file.getvalue()).decode())


def test_a_figure_with_another_digit_is_another_figure() -> None:
    for before, after in (("0.93", "0.98"), ("1,012", "1,017"), ("0.5 to 1.0", "0.5 to 1.2")):
        assert drawn(before) != drawn(after)
        assert drawn(before) == drawn(before)


def test_a_shade_makes_no_other_figure() -> None:
    assert str(drawn("0.93")) != str(drawn("0.93", shade="0.22"))
    assert drawn("0.93") == drawn("0.93", shade="0.22")
