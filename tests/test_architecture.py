"""The shape of the package: who may know whom, who touches the disk, what an import costs, what a commit may hold."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import structure
from conftest import ROOT, real_data_folder

PACKAGE = ROOT / "accountability"

# Each part may import from parts above it in this list and from itself, never from below or from its own row.
ORDER = (
    ("errors", "vocabulary", "remembered", "whole_files"),
    ("stats",),
    ("decimals", "labels", "parameters", "privacy"),
    ("figures", "journal_cells"),
    ("results",),
    ("records",),
    ("synthetic",),
    ("study",),
    ("delay",),
    ("releases",),
    ("outcomes",),
    ("officers",),
    ("reforms",),
    ("investigators",),
    ("agencies",),
    ("casefiles",),
    ("multiverse",),
    ("studies",),
    ("audit",),
    ("tables",),
    ("planning",),
    ("sensitivity",),
    ("findings",),
    ("publish",),
    ("classroom",),
    ("cli",),
)
RANK = {part: rank for rank, row in enumerate(ORDER) for part in row}

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """accountability/records/load.py -> sources; the package's own __init__ is its public face."""
    inside = Path(module).relative_to("accountability")
    return inside.parts[0].removesuffix(".py")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=module)


def imports(module: str) -> set[str]:
    """Full names of what a module imports, wherever in it, relative imports resolved."""
    package = Path(module).parent.parts
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return found


def own_parts(module: str) -> set[str]:
    names = [name.split(".") for name in imports(module)]
    return {name[1] for name in names if name[0] == "accountability" and len(name) > 1}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    part = part_of(module)
    if part == "__init__":
        return
    assert part in RANK, f"{part} has no place yet: decide what it may know and add it to ORDER"
    known = {other for other in own_parts(module) if (PACKAGE / other).is_dir() or (PACKAGE / f"{other}.py").is_file()}
    wrong = {other for other in known - {part} if RANK[other] >= RANK[part]}
    assert not wrong, f"{module} imports {sorted(wrong)}, which stand after it or beside it in ORDER"


def test_the_import_reader_sees_nested_and_relative_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "accountability" / "delay" / "invented.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "def f():\n    from ..cli import main\n    from . import counts\n    import accountability.publish\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert own_parts("accountability/delay/invented.py") == {"cli", "delay", "publish"}


def test_no_modules_import_each_other() -> None:
    assert structure.circles(structure.modules(ROOT)) == []


def test_no_file_name_stands_twice() -> None:
    names = Counter(Path(module).name for module in MODULES if not module.endswith("__init__.py"))
    assert {name: count for name, count in names.items() if count > 1} == {}


BUDGET = re.compile(r"^\| (?:`([\w/]+)`|\*(base)\*) \| ([\d,]+) \|", re.M)
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
BUDGETS = {folder or base: int(lines.replace(",", "")) for folder, base, lines in BUDGET.findall(PAGE)}


def lines_by_folder() -> dict[str, int]:
    """Lines of Python in each folder of the map; a folder named inside another is not counted with it."""
    found = dict.fromkeys(BUDGETS, 0)
    for module in MODULES:
        inside = Path(module).relative_to("accountability").parent.as_posix()
        folder = max((f for f in BUDGETS if f"{inside}/".startswith(f"{f}/")), key=len, default="base")
        found[folder] += (ROOT / module).read_text(encoding="utf-8").count("\n")
    return found


def test_the_map_names_every_folder_in_the_order_of_imports() -> None:
    folders = [folder for folder in BUDGETS if "/" not in folder and folder != "base"]
    order = [part for row in ORDER for part in row if (PACKAGE / part).is_dir() and part != "figures"]
    assert folders == order


@pytest.mark.parametrize("folder", BUDGETS)
def test_a_folder_keeps_its_budget(folder: str) -> None:
    assert lines_by_folder()[folder] <= BUDGETS[folder], "say less, or raise it in docs/ARCHITECTURE.md with a reason"


def test_the_package_keeps_its_budget() -> None:
    (stated,) = re.findall(r"The whole package has at most ([\d,]+)", PAGE)
    assert sum(lines_by_folder().values()) <= int(stated.replace(",", ""))


def test_nothing_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
    assert [module for module in MODULES if vague & set(Path(module).with_suffix("").parts)] == []


def test_a_module_stays_readable_in_one_sitting() -> None:
    long = {m: n for m in MODULES if (n := len((ROOT / m).read_text(encoding="utf-8").splitlines())) > 400}
    assert not long, "more than 400 lines; split by concept"


# ---- the disk ------------------------------------------------------------------------------------------------

DISK = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes", "read_csv", "read_excel", "read_parquet",
    "to_csv", "to_excel", "to_parquet", "mkdir", "unlink", "rmtree", "savefig",
    "iterdir", "glob", "rglob", "is_file", "is_dir", "exists",
}  # fmt: skip
TOUCHES_DISK = {
    "records": "reads data",
    "publish": "writes pages",
    "classroom": "reads submissions, writes editions and scores",
    "casefiles": "reads and begins case files",
    "studies": "asks whether a study of one's own has its notebook",
    "cli": "asks whether a path given on the command line exists",
    "privacy": "keeps the user's secret key",
    "results": "to_csv writes where the caller says",
    "whole_files": "writes a file whole or not at all, for every part that writes",
    "synthetic": "its generator, run as its own step, writes data/synthetic",
}


@pytest.mark.parametrize("module", [m for m in MODULES if part_of(m) not in TOUCHES_DISK])
def test_only_named_parts_touch_the_disk(module: str) -> None:
    calls = [node.func for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    names = {
        f.attr if isinstance(f, ast.Attribute) else f.id for f in calls if isinstance(f, (ast.Attribute, ast.Name))
    }
    assert not names & DISK


@pytest.mark.parametrize("engine", ["papermill", "nbclient", "nbconvert", "nbformat"])
def test_only_publish_runs_notebooks(engine: str) -> None:
    users = {part_of(m) for m in MODULES if engine in {name.split(".")[0] for name in imports(m)}}
    # Editions of a lesson are notebooks made from a notebook; nothing is run by them.
    assert users <= ({"publish", "classroom"} if engine == "nbformat" else {"publish"})


def test_no_report_takes_the_true_numbers_behind_what_is_hidden() -> None:
    """What is kept, shown, compared, quoted and handed on is the disclosed table; the true one is an analyst's call."""
    sources = {path.name: "\n".join(cells_of(path)) for path in (ROOT / "notebooks").glob("*.ipynb")}
    sources |= {
        m: (ROOT / m).read_text(encoding="utf-8") for m in MODULES if part_of(m) in {"findings", "publish", "cli"}
    }
    sources |= {path.name: path.read_text(encoding="utf-8") for path in (PACKAGE / "publish").rglob("*.j2")}
    assert [name for name, text in sources.items() if re.search(r"\b(true_numbers|_true)\b", text)] == []


def cells_of(notebook: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]


# ---- what an import costs ------------------------------------------------------------------------------------

HEAVY = (
    "matplotlib",
    "seaborn",
    "statsmodels",
    "scipy.stats",
    "papermill",
    "nbformat",
    "IPython",
    "pandera",
    "ipywidgets",
    "networkx",
    "distributed",
    "pypandoc",
)


@pytest.mark.parametrize("module", ["accountability", "accountability.cli"])
def test_a_first_import_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


# ---- what a commit may hold ----------------------------------------------------------------------------------


@cache
def tracked() -> tuple[Path, ...]:
    """Files git would hand on: those committed and those about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return tuple(ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())


def test_no_file_is_large() -> None:
    large = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked()}
    assert {name: size for name, size in large.items() if size > 1_000_000} == {}


# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w./~$}])/(?:work|root|home/\w+|Users/\w+|tmp/\w+)/"),
    "a package registry's address": re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "deb" + r"\.debian\.org"]),
        re.I,
    ),
    "a mark left by a merge": re.compile(r"^(?:<{7}|>{7}) ", re.M),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content[:8000]:
            continue
        if match := FORBIDDEN[what].search(content.decode("utf-8", errors="replace")):
            found.append(f"{path.relative_to(ROOT)}: {match[0]!r}")
    assert not found


@pytest.mark.real_data
def test_no_committed_file_is_a_real_extract() -> None:
    manifest = real_data_folder() / "MANIFEST.csv"
    if not manifest.is_file():
        pytest.skip("the real extracts are not on this machine (set ACCOUNTABILITY_REAL_DATA)")
    with manifest.open(newline="", encoding="utf-8") as rows:
        published = {row["sha256"]: row["path"] for row in csv.DictReader(rows)}
    assert published, "the manifest lists no hashes"
    copies = [
        p.relative_to(ROOT).as_posix() for p in tracked() if hashlib.sha256(p.read_bytes()).hexdigest() in published
    ]
    assert not copies
