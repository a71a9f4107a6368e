"""Every example in a docstring of the package is run, a part of the package at a time."""

from __future__ import annotations

import doctest
import importlib
import inspect
import io
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import front_doors
import matplotlib as mpl
import pytest
from conftest import ROOT

PARTS = sorted(
    path.stem
    for path in (ROOT / "accountability").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").is_file()
)


def modules(part: str) -> Iterator[ModuleType]:
    name = "accountability" if part == "__init__" else f"accountability.{part}"
    package = importlib.import_module(name)
    yield package
    if part != "__init__":
        for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
            if not found.name.endswith("__main__"):  # it runs the command
                yield importlib.import_module(found.name)


def faults(module: ModuleType) -> str:
    said = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    alone = set(front_doors.examples().values())  # run below, without the names of their module
    with mpl.rc_context({"backend": "agg"}), front_doors.collected():
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if inspect.cleandoc(test.docstring or "") not in alone:
                runner.run(test, out=said.write)
    return said.getvalue()


@pytest.mark.parametrize("part", PARTS)
def test_every_example_shows_what_comes_out(part: str) -> None:
    assert "\n".join(said for module in modules(part) if (said := faults(module))) == ""


def test_a_wrong_example_is_noticed() -> None:
    module = ModuleType("made_up")
    module.__doc__ = ">>> 1 + 1\n3\n"
    assert "Expected:\n    3\nGot:\n    2" in faults(module)


@pytest.mark.parametrize("name", sorted(front_doors.examples()))
def test_the_example_of_a_public_function_stands_alone(name: str) -> None:
    """What a reader copies works in a fresh session, without the names of the module it was written in."""
    assert front_doors.ran()[name].failures == ""
