"""Measure the structure of the package: modules, lines, circles, names, and the path of a row to a curve.

``python benchmarks/structure.py`` prints one table for this checkout. With the folders of other checkouts it prints
one column for each, so that two commits stand side by side::

    git worktree add ../before COMMIT && python benchmarks/structure.py ../before .
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import networkx as nx
import pandas as pd

PACKAGE = "accountability"
PATH = """
import sys
import accountability
from accountability import Cohort, delay
try:
    from accountability.study import clocks
except ImportError:
    from accountability import clocks
delay.closing_curve(clocks.durations(Cohort.of(accountability.load(sys.argv[1]))))
files = {getattr(m, "__file__", "") or "" for n, m in sys.modules.items() if n.split(".")[0] == "accountability"}
files = [f for f in files if f.endswith(".py")]
print(len(files), sum(open(f, encoding="utf-8").read().count("\\n") for f in files))
"""


def modules(root: Path) -> dict[str, Path]:
    """Modules of the package by name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Own modules that a module imports, wherever in it, for type checkers too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            inner = {f"{stem}.{alias.name}" for alias in node.names}
            found |= {each if each in known else stem for each in inner}
    return (found & set(known)) - {name}


def circles(known: dict[str, Path]) -> list[list[str]]:
    """Groups of modules that import each other, imports inside functions and for type checkers counted."""
    graph = nx.DiGraph()
    for name, path in known.items():
        graph.add_edges_from((name, other) for other in imported(name, path, known))
    return [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]


def definitions(known: dict[str, Path]) -> Counter[str]:
    """How often a public function or class name is defined at the top of a module."""
    names: Counter[str] = Counter()
    for path in known.values():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                names[node.name] += 1
    return names


def path_of_a_row(root: Path, source: str) -> tuple[int, int]:
    """Modules and lines imported from a source's name to its closing curve."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", PATH, source], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    number, lines = done.stdout.split()
    return int(number), int(lines)


def measured(root: Path, source: str = "synthetic") -> dict[str, int]:
    """The figures of one checkout."""
    known = modules(root)
    lines = {name: path.read_text(encoding="utf-8").count("\n") for name, path in known.items()}
    basenames = Counter(path.name for path in known.values() if path.name != "__init__.py")
    names = definitions(known)
    number, length = path_of_a_row(root, source)
    return {
        "modules": len(known),
        "lines, docstrings included": sum(lines.values()),
        "longest module": max(lines.values()),
        "file names that stand twice": sum(count > 1 for count in basenames.values()),
        "public names defined twice": sum(count > 1 for count in names.values()),
        "import circles": len(circles(known)),
        f"modules from {source} to a curve": number,
        f"lines from {source} to a curve": length,
    }


def main(roots: list[str]) -> int:
    """Print the table."""
    table = pd.DataFrame({root: measured(Path(root).resolve()) for root in roots or ["."]})
    print(table.to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
