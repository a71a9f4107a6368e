"""The stories read real releases: each is skipped by the name of its release where that is not on this machine."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest

import accountability

HERE = Path(__file__).parent
_CACHE = "accountability-stories-"


def real_data_folder() -> Path:
    """The folder of public extracts, as for the other tests: $ACCOUNTABILITY_REAL_DATA, else beside the checkout."""
    return Path(os.environ.get("ACCOUNTABILITY_REAL_DATA", HERE.parents[2] / "shared" / "data"))


@cache
def release_of(story: Path) -> str:
    """The release that a story's cell of parameters names: its reference where it has one, else its source."""
    cells = nbformat.read(story, as_version=4).cells
    named: dict[str, str] = {}
    exec(next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])), named)
    return named.get("reference", named["source"])


@cache
def fetched(name: str) -> None:
    """Take a release from the extracts into a cache of this run's own; kernels find it in their environment."""
    if _CACHE not in os.environ.get("ACCOUNTABILITY_CACHE", ""):
        folder = tempfile.mkdtemp(prefix=_CACHE)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["ACCOUNTABILITY_CACHE"] = folder
    accountability.fetch(name, from_dir=real_data_folder() / name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a cell: the release is at hand, or the cell is skipped; in CI, which has the releases, it fails."""
    name = release_of(item.path)
    if not (real_data_folder() / name).is_dir():
        why = f"the real extract {name!r} is not on this machine (set ACCOUNTABILITY_REAL_DATA)"
        if os.environ.get("CI") and real_data_folder().is_dir():
            pytest.fail(why)
        pytest.skip(why)
    fetched(name)
