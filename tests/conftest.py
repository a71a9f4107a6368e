"""Where the real extracts are, the rule that their absence is said aloud, and what `make gates` runs whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stored_figures
from hypothesis import HealthCheck, settings
from nbval.plugin import IPyNbCell

import accountability
from accountability.records.dataset import Dataset
from accountability.studies.registry import STUDIES

# How long one example takes says how busy the machine is, not whether the code is right.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]
FULL = "ACCOUNTABILITY_FULL"
#: Further releases stand in the folder of another.
SHARED_FOLDERS = {"chicago_cms_2021_07": "chicago_cms_2019_2021", "chicago_cms_2021_03": "chicago_cms_2019_2021"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run whole what is sampled otherwise; `make gates` does")


def pytest_configure(config: pytest.Config) -> None:
    # In the environment, so that tests are told as they are collected, and programs that they start.
    if config.getoption("--full"):
        os.environ[FULL] = "1"


def full() -> bool:
    """Whether what `make test` samples is to be run whole."""
    return bool(os.environ.get(FULL))


def examples(number: int) -> int:
    """How many examples of a property are drawn: so many with ``--full``, a third otherwise."""
    return number if full() else max(number // 3, 12)


def real_data_folder() -> Path:
    """The folder of public extracts: $ACCOUNTABILITY_REAL_DATA, else shared/data beside the checkout."""
    return Path(os.environ.get("ACCOUNTABILITY_REAL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Give the folder of one real source, or skip the test by that source's name."""

    def folder(name: str) -> Path:
        path = real_data_folder() / SHARED_FOLDERS.get(name, name)
        if not path.is_dir():
            pytest.skip(f"the real extract {name!r} is not on this machine (set ACCOUNTABILITY_REAL_DATA)")
        return path

    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, IPyNbCell):
            stored_figures.compared(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI, a test that skips for want of R has failed; with the extracts at hand, so has one for want of data."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI")
    for marker, here in (("real_data", real_data_folder().is_dir()), ("needs_r", True)):
        if skipped and here and item.get_closest_marker(marker):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: skipped although CI has what {marker!r} asks for"
    return report


@pytest.fixture(scope="session")
def rscript() -> Callable[..., str]:
    """Run a script or a line of R in a folder and give what it printed; skip by name where they are absent."""
    program = shutil.which("Rscript")
    have = (
        program
        and subprocess.run([program, "-e", "library(haven); library(lme4)"], capture_output=True).returncode == 0
    )
    if not have:
        pytest.skip("R with haven and lme4 is not here (Debian: apt-get install r-base-core r-cran-haven r-cran-lme4)")

    def run(folder: Path, *code: str) -> str:
        done = subprocess.run([str(program), *code], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def real_source(real_data: Callable[[str], Path], own_cache: str) -> Callable[[str], Dataset]:
    """Load a real source as a user would who has the files at hand: ``fetch --from``, then ``load``."""
    loaded: dict[str, Dataset] = {}

    def load(name: str) -> Dataset:
        if name not in loaded:
            # Kept for the session, so in its cache also where a test has set another.
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("ACCOUNTABILITY_CACHE", own_cache)
                accountability.fetch(name, from_dir=real_data(name))
                loaded[name] = accountability.load(name)
        return loaded[name]

    return load


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Tests neither use nor leave anything in the cache of the person who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        cache = str(tmp_path_factory.mktemp("cache"))
        patch.setenv("ACCOUNTABILITY_CACHE", cache)
        patch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path_factory.mktemp("key") / "pseudonym.key"))
        yield cache


@pytest.fixture(autouse=True)
def _left_as_it_was(own_cache: str) -> Iterator[None]:
    """A test that changes what all share, be it the order of the studies, breaks another one far away."""
    before = _shared()
    yield
    if "matplotlib.pyplot" in sys.modules:  # A figure drawn stays open until it is closed, in whatever test comes next.
        sys.modules["matplotlib.pyplot"].close("all")
    assert _shared() == before, "the test left the studies or $ACCOUNTABILITY_… otherwise than it found them"


def _shared() -> tuple[list[str], dict[str, str]]:
    return list(STUDIES), {name: value for name, value in os.environ.items() if name.startswith("ACCOUNTABILITY_")}


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Compressed bytes hold the second they were made in; as a test's name they would differ between workers."""
    return argname if isinstance(val, bytes) and val[:2] in (b"PK", b"\x1f\x8b") else None
