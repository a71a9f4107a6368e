"""What gets installed: the lock, the conda names, the wheel, and the package in a clean environment elsewhere."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = PROJECT["optional-dependencies"]


def of_extra(name: str) -> list[Requirement]:
    """What an extra asks for, the extras it names included."""
    asked = [Requirement(text) for text in EXTRAS[name]]
    others = [other for one in asked if one.name == PROJECT["name"] for other in sorted(one.extras)]
    return [one for one in asked if one.name != PROJECT["name"]] + [one for other in others for one in of_extra(other)]


TESTED = of_extra("test")

# ---- the lock ------------------------------------------------------------------------------------------------

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# One entry: its first line, and the indented hashes and notes that follow.
LOCKED = [(Requirement(line.split(" \\")[0]), rest) for line, rest in re.findall(r"^(\w.*)\n((?: .*\n)*)", LOCK, re.M)]


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def test_every_locked_package_has_one_exact_version_and_a_hash() -> None:
    assert len(LOCKED) > 100
    assert [
        str(r) for r, rest in LOCKED if not re.fullmatch(r"==[^*,]+", str(r.specifier)) or "--hash=sha256:" not in rest
    ] == []


@pytest.mark.parametrize("needed", NEEDED + TESTED, ids=str)
def test_the_lock_answers_pyproject(needed: Requirement) -> None:
    found = [r for r, _ in LOCKED if canonicalize_name(r.name) == canonicalize_name(needed.name)]
    assert found, "not in requirements.lock: run make lock"
    versions = [next(iter(r.specifier)).version for r in found]
    assert all(needed.specifier.contains(version) for version in versions), f"locked {versions}: run make lock"


def test_this_environment_is_the_locked_one() -> None:
    expected = {r.name: next(iter(r.specifier)).version for r, _ in LOCKED if applies(r)}
    found = {d.name: d.version for d in importlib.metadata.distributions()}
    found = {canonicalize_name(name): version for name, version in found.items()}
    different = {name: found.get(name) for name, version in expected.items() if found.get(name) != version}
    assert not different, "found other versions than requirements.lock has: run make env"


def test_every_locked_package_says_its_licence() -> None:
    """What `make sbom` lists, read offline from what the lock installed."""
    silent = []
    for one, _ in LOCKED:
        if applies(one):
            about = importlib.metadata.distribution(one.name)
            said = [about.metadata.get(key) for key in ("License-Expression", "License")]
            said += [text for text in about.metadata.get_all("Classifier", []) if text.startswith("License ::")]
            said += [str(file) for file in about.files or () if "licens" in str(file).lower()]
            silent += [] if any(said) else [one.name]
    assert silent == []


def test_make_lists_packages_and_licences_also_without_a_uv_of_its_own() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", "env", "sbom"], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if " tool run " in line]
    assert [re.search(r"tool run (?:--from )?(\S+)", line)[1] for line in lines] == [
        "cyclonedx-bom", "pip-licenses", "pip-audit"
    ]  # fmt: skip
    assert all(line.split()[0].endswith("uv") for line in lines)


def test_the_tests_have_every_extra_and_the_base_has_none_of_them() -> None:
    named = "lab docs documents classroom dask sql reforms calendars openpolicedata test"
    assert set(EXTRAS) == set(named.split())
    ours = {str(one) for name in EXTRAS.keys() - {"test", "openpolicedata"} for one in of_extra(name)}
    assert ours <= set(map(str, TESTED))
    base = {one.name for one in NEEDED}
    assert base & {one.name for name in EXTRAS for one in of_extra(name)} == set()


def test_a_slow_format_checker_stays_out() -> None:
    # It would add seconds to every process that imports nbformat (see [tool.uv] in pyproject.toml).
    assert "rfc3987-syntax" not in {r.name for r, _ in LOCKED}


# ---- make ----------------------------------------------------------------------------------------------------


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True)


def test_make_says_which_python_it_wants(tmp_path: Path) -> None:
    said = make("env", f"VENV={tmp_path / 'v'}", "PYTHON=no-such-python")
    assert said.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in said.stderr
    assert "make PYTHON=/path/to/python3.12 env" in said.stderr


def test_make_names_the_debian_package_when_venv_is_missing(tmp_path: Path) -> None:
    # Debian's bare python3 answers, but has no ensurepip.
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\n[ "$1" = -c ]\n')
    bare.chmod(0o755)
    said = make("env", f"VENV={tmp_path / 'v'}", f"PYTHON={bare}", "INSTALLER=pip")
    assert said.returncode != 0
    assert "apt-get install python3-venv" in said.stderr
    assert not (tmp_path / "v").exists()


# ---- conda ---------------------------------------------------------------------------------------------------

CONDA_NAMES = {"matplotlib": "matplotlib-base", "frictionless": "frictionless-py", "isal": "python-isal"}
FROM_PIP = {"axe-playwright-python", "diff-diff", "playwright", "pypandoc-binary", "typst"}


def test_conda_has_the_same_names_and_ranges() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    asked = {r.name: range_of(str(r.specifier)) for r in NEEDED + TESTED}
    expected = {CONDA_NAMES.get(name, name): wanted for name, wanted in asked.items() if name not in FROM_PIP}
    expected |= {"python": range_of(PROJECT["requires-python"]), "pip": set()}
    found = {name: range_of(ranges) for name, _, ranges in (line.partition(" ") for line in lines)}
    assert found == expected
    assert len(lines) == len(found), "a name occurs twice"
    assert environment["channels"] == ["conda-forge"]
    (*named, itself) = environment["dependencies"][-1]["pip"]
    pip = {name: range_of(range_) for name, range_ in (re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in named)}
    assert pip == {name: asked[name] for name in FROM_PIP}
    assert itself == "-e ."


def range_of(text: str) -> set[str]:
    parts = {part for part in text.split(",") if part}
    assert all(re.fullmatch(r"(>=|<)\d+(\.\d+)*", part) for part in parts), f"write {text!r} with >= and < only"
    return parts


# ---- what is said twice --------------------------------------------------------------------------------------


def test_the_version_is_the_same_wherever_it_is_said() -> None:
    import accountability

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert accountability.__version__ == citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


def test_the_supported_versions_of_python_agree() -> None:
    named = [
        c.rpartition(" ")[2] for c in PROJECT["classifiers"] if c.startswith("Programming Language :: Python :: 3.")
    ]
    assert named == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    for place in ("Makefile", ".ci/run"):
        assert all(version in (ROOT / place).read_text(encoding="utf-8") for version in named)


# ---- the wheel -----------------------------------------------------------------------------------------------


def build(project: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def carried(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_is_the_same_bytes_twice(wheel: Path, tmp_path: Path) -> None:
    assert build(ROOT, tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_carries_code_data_and_notebooks(carried: set[str]) -> None:
    for folder, inside in {"accountability": "", "data": "_data/", "notebooks": "_notebooks/"}.items():
        listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        names = {name.partition("/")[2] for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
        missing = {name for name in names if f"accountability/{inside}{name}" not in carried}
        assert names, f"no file of {folder}/ is committed"
        assert not missing


def test_the_wheel_carries_nothing_else(carried: set[str]) -> None:
    places = {name.split("/")[0] for name in carried}
    assert places == {"accountability", f"accountability-{PROJECT['version']}.dist-info"}
    unwanted = re.compile(r"(^|/)(tests?|reports|__pycache__|\.ipynb_checkpoints)/|\.lock$|\.pyc$")
    assert [name for name in carried if unwanted.search(name)] == []


def test_what_git_ignores_does_not_travel(tmp_path: Path) -> None:
    for name in ("pyproject.toml", ".gitignore", "LICENSE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in (
        "README.md",
        "accountability/__init__.py",
        "data/a/source.yaml",
        "notebooks/a.ipynb",
        "notebooks/reports/a.html",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    inside = {
        name for name in zipfile.ZipFile(build(tmp_path, tmp_path / "out")).namelist() if ".dist-info/" not in name
    }
    assert inside == {
        "accountability/__init__.py",
        "accountability/_data/a/source.yaml",
        "accountability/_notebooks/a.ipynb",
    }


# ---- elsewhere -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_wheel_runs_a_study_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed as a user would (so the declared dependencies must suffice), run far from the checkout.

    Needs the package index, or a uv cache that already holds the locked packages.
    """
    environment = tmp_path / "environment"
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "ACCOUNTABILITY"))
    }
    clean |= {"ACCOUNTABILITY_CACHE": str(tmp_path / "cache")}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
        return done

    uv = Path(sysconfig.get_path("scripts")) / "uv"
    constraints = tmp_path / "versions.txt"
    constraints.write_text("\n".join(str(requirement) for requirement, _ in LOCKED))
    run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    run(uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python", "--constraint", constraints, wheel)

    where = run(environment / "bin" / "python", "-c", "import accountability; print(accountability.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(environment)
    command = [environment / "bin" / "accountability", "run", "how_long_cases_stay_open", "--source", "synthetic"]
    said = run(*command, "--out", tmp_path / "out")
    page = tmp_path / said.stdout.strip().splitlines()[-1]
    assert page.is_relative_to(tmp_path / "out")
    assert "<img" in page.read_text(encoding="utf-8")
