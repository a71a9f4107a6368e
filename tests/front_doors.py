"""The public names of the front doors, as their stubs list them, and the results that their examples make."""

from __future__ import annotations

import ast
import contextlib
import doctest
import functools
import importlib
import inspect
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import pandas as pd
from conftest import ROOT

import accountability
from accountability.results import Result

#: The packages that a user enters by, each with its public names in ``__init__.pyi`` or ``__all__``.
DOORS = tuple(
    door
    for door in (
        "delay",
        "releases",
        "outcomes",
        "officers",
        "reforms",
        "agencies",
        "audit",
        "casefiles",
        "planning",
        "multiverse",
        "tables",
        "sensitivity",
        "classroom",
        "publish",
    )
    if (ROOT / "accountability" / door).is_dir()
)


def names(door: str) -> list[str]:
    """Public names of a front door, without its own modules."""
    stub = ROOT / "accountability" / door / "__init__.pyi"
    if not stub.is_file():
        return [name for name in importlib.import_module(f"accountability.{door}").__all__ if not name.startswith("_")]
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    found = [alias for node in tree.body if isinstance(node, ast.ImportFrom) and node.module for alias in node.names]
    return [alias.asname or alias.name for alias in found]


@functools.cache
def public() -> Mapping[str, Any]:
    """Every public object by ``door.name``."""
    found = {}
    for door in DOORS:
        package = importlib.import_module(f"accountability.{door}")
        found |= {f"{door}.{name}": getattr(package, name) for name in names(door)}
    return {name: thing for name, thing in found.items() if not inspect.ismodule(thing)}


def functions() -> dict[str, Callable[..., Any]]:
    """Public functions by ``door.name``."""
    return {name: thing for name, thing in public().items() if inspect.isfunction(thing)}


def classes() -> dict[str, type]:
    """Public classes by ``door.name``, and those the public functions are said to return."""
    return {name: thing for name, thing in public().items() if inspect.isclass(thing)}


@dataclass(frozen=True)
class Ran:
    """What came of the examples in one docstring."""

    failures: str
    results: list[Result] = field(default_factory=list)


@contextlib.contextmanager
def collected() -> Iterator[list[Result]]:
    """Note every result made meanwhile, each source being loaded once."""
    made: list[Result] = []
    before, load = Result.__post_init__, accountability.load

    def noted(self: Result) -> None:
        before(self)
        made.append(self)

    Result.__post_init__ = noted  # type: ignore[method-assign]
    accountability.load = functools.cache(load)  # type: ignore[assignment]
    try:
        yield made
    finally:
        Result.__post_init__ = before  # type: ignore[method-assign]
        accountability.load = load


def run(name: str, docstring: str) -> Ran:
    """Run the examples of one docstring as a reader would, from nothing."""
    test = doctest.DocTestParser().get_doctest(docstring, {}, name, None, 0)
    said = io.StringIO()
    with collected() as made, mpl.rc_context({"backend": "agg"}):
        doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=said.write)
    return Ran(said.getvalue(), made)


@functools.cache
def examples() -> Mapping[str, str]:
    """The docstring of every public function that has an example."""
    held = {name: inspect.getdoc(function) or "" for name, function in functions().items()}
    return {name: text for name, text in held.items() if ">>>" in text}


@functools.cache
def ran() -> Mapping[str, Ran]:
    """What the examples of every public function gave; never asked for while tests are collected, for it takes long."""
    return {name: run(name, text) for name, text in examples().items()}


def frames(result: Result) -> dict[str, pd.DataFrame]:
    """The tables a result shows, by attribute."""
    parts = dict(vars(result)) | dict(getattr(result, "held", {}))
    return {
        name: part
        for name, part in parts.items()
        if isinstance(part, pd.DataFrame) and not name.startswith("_") and name != "flow"
    }


CALL = re.compile(rf"(?<![\w.])(?:accountability\.)?({'|'.join(DOORS)}|synthetic)\.([a-z_]\w*)\(([^`\n]*)")
KEYWORD = re.compile(r"(?:^|,)\s*(\w+)=")


def wrong_calls(text: str) -> list[str]:
    """Calls of public functions in a text that cannot be made: no such name, or no such keyword."""
    wrong = []
    for door, name, rest in CALL.findall(text):
        held = getattr(importlib.import_module(f"accountability.{door}"), name, None)
        if not callable(held):
            wrong.append(f"{door}.{name}")
            continue
        plain = rest
        while (inner := re.sub(r"[(\[{][^()\[\]{}]*[)\]}]", "", plain)) != plain:
            plain = inner
        taken = inspect.signature(held).parameters
        if not any(one.kind is one.VAR_KEYWORD for one in taken.values()):
            wrong += [
                f"{door}.{name}({word}=)" for word in KEYWORD.findall(plain.partition(")")[0]) if word not in taken
            ]
    return wrong
