"""Every public name is met, every public function shows how it is called, and no name stands for two things."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import front_doors
import pytest
from conftest import ROOT

PACKAGE = ROOT / "accountability"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Front doors some of whose functions show no example yet. This list only gets shorter, and is empty at the end.
STILL_WITHOUT_EXAMPLE: set[str] = set()
#: Front doors some of whose names are met nowhere yet. This list only gets shorter, and is empty at the end.
STILL_UNMET: set[str] = set()
#: Modules that still share a file name. This list only gets shorter, and is empty at the end.
STILL_TWICE: set[str] = set()
#: Public names that a module beside them has too. This list only gets shorter, and is empty at the end.
STILL_HIDDEN: set[str] = set()


@cache
def read_by_people() -> str:
    """The code of the notebooks, the README, the other pages and the commands."""
    parts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
    parts += [path.read_text(encoding="utf-8") for path in sorted((ROOT / "data").rglob("*.md"))]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        parts += ["".join(cell["source"]) for cell in cells]
    parts += [path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "cli").glob("*.py"))]
    return "\n".join(parts)


@cache
def examples() -> str:
    """The lines of the examples in docstrings."""
    texts = (inspect.getdoc(thing) or "" for thing in front_doors.public().values() if callable(thing))
    lines = [line for text in texts for line in text.splitlines()]
    return "\n".join(line for line in lines if line.lstrip().startswith((">>>", "...")))


def is_met(name: str) -> bool:
    """Whether a reader meets the name, or gets an object of the class from a function that is met."""
    door, short = name.split(".")
    text = read_by_people() + examples()
    called = rf"\b{door}\.{short}\b|from accountability\.{door}(\.\w+)* import [^\n]*\b{short}\b"
    if re.search(called, text):
        return True
    thing = front_doors.public()[name]
    if inspect.isfunction(thing):
        return shows(name)
    if not inspect.isclass(thing):
        return False
    given = [inspect.signature(function).return_annotation for function in front_doors.functions().values()]
    fields = [str(field) for other in front_doors.classes().values() for field in _annotations(other).values()]
    return any(re.search(rf"\b{short}\b", str(annotation)) for annotation in (*given, *fields))


def _annotations(thing: type) -> dict[str, object]:
    return dict(getattr(thing, "__annotations__", {}))


@pytest.mark.parametrize("door", front_doors.DOORS)
def test_every_public_name_is_met_in_a_notebook_a_command_a_page_or_an_example(door: str) -> None:
    unmet = [name for name in front_doors.public() if name.startswith(f"{door}.") and not is_met(name)]
    assert unmet == [] or door in STILL_UNMET


@pytest.mark.parametrize("door", front_doors.DOORS)
def test_every_public_function_shows_how_it_is_called(door: str) -> None:
    without = [name for name in front_doors.functions() if name.startswith(f"{door}.") and not shows(name)]
    assert without == [] or door in STILL_WITHOUT_EXAMPLE


def shows(name: str) -> bool:
    """Whether a function has a section of examples that calls it."""
    text = inspect.getdoc(front_doors.functions()[name]) or ""
    return "Examples\n--------\n" in text and f"{name.split('.')[1]}(" in text.split("Examples\n--------\n")[1]


@pytest.mark.parametrize("door", front_doors.DOORS)
def test_no_public_name_is_that_of_a_module_beside_it(door: str) -> None:
    """Loaded on first use, the module would hide the function of its name."""
    beside = {path.stem for path in (PACKAGE / door).iterdir() if path.suffix == ".py" or path.is_dir()}
    public = {name.split(".")[1] for name in front_doors.public() if name.startswith(f"{door}.")}
    assert public & beside - STILL_HIDDEN == set()


def test_no_two_modules_share_a_file_name() -> None:
    counted = Counter(path.name for path in MODULES if path.name != "__init__.py")
    assert {name for name, times in counted.items() if times > 1} - STILL_TWICE == set()


def test_few_names_lead_everywhere() -> None:
    """As Tab shows them in a fresh session."""
    line = "import accountability; print(*[name for name in dir(accountability) if not name.startswith('_')])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, cwd=ROOT)
    offered = done.stdout.split()
    assert {"load", "fetch", "Cohort"} <= set(offered)
    assert len(offered) <= 15


def written(path: Path) -> Iterator[str]:
    """Every text of a module, its f-strings with … for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_line_to_write_can_be_written(path: Path) -> None:
    """A message or docstring names no function that is not there, and no keyword that it does not take."""
    assert [wrong for text in written(path) for wrong in front_doors.wrong_calls(text)] == []


def test_a_call_that_cannot_be_made_is_noticed() -> None:
    assert front_doors.wrong_calls("Write: reforms.staggered(panel, outcome)") == ["reforms.staggered"]
    assert front_doors.wrong_calls("reforms.panel_of(data, unit=f(a=1), who='x')") == ["reforms.panel_of(who=)"]
