"""Two at once give what one gives, and what was killed at any moment is done by asking again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attack_plants import clean_report
from conftest import ROOT, full
from tiny import ACCUSED, COMPLAINTS, write_source

KILLS = {"load": 80, "fetch": 70, "share": 50} if full() else {"load": 6, "fetch": 4}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("at_once")
    rows = "".join(f"{n},2020-01-{n % 28 + 1:02},2020-03-01,force,A\n" for n in range(300))
    write_source(folder / "small", COMPLAINTS + rows, ACCUSED + "".join(f"{n},o{n % 40},SUS,\n" for n in range(300)))
    (folder / "hand").mkdir()
    (folder / "hand" / "a.bin").write_bytes(os.urandom(4_000_000))
    if full():
        (folder / "report").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ACCOUNTABILITY_SOURCES", str(folder / "sources"))
            clean_report(folder).rename(folder / "report" / "one")
    return folder


def program(place: Path, *words: str) -> Any:
    own = {
        "ACCOUNTABILITY_CACHE": str(place / "cache"),
        "ACCOUNTABILITY_KEY_FILE": str(place / "key" / "pseudonym.key"),
        "ACCOUNTABILITY_SOURCES": str(place / "sources"),
    }
    command = [sys.executable, str(ROOT / "tests" / "at_once.py"), words[0], words[1], str(place), *words[2:]]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(command, env=os.environ | own | {"PYTHONPATH": paths}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", KILLS)
def test_two_at_once_give_the_same(what: str, place: Path) -> None:
    one, other = program(place, "two", what)
    assert one == other
    assert len(one) == 64, one


@pytest.mark.parametrize("what", KILLS)
def test_what_was_killed_is_done_by_asking_again(what: str, place: Path) -> None:
    found = program(place, "kill", what, str(KILLS[what]))
    assert found["found"] == {found["right"]: KILLS[what]}
    assert found["left"] == 0, "killed archives are cleared by the next"
