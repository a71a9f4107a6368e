"""The questions of a new source, asked in a terminal; their answers are kept and replay."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from conftest import ROOT

from accountability.records.onboard.propose import new_source

FILE = ROOT / "tests" / "raw_files" / "open_is_1900" / "j9.csv"
SAID = {
    "rule [rule]": "complete",
    "until [until]": "2021-12-31",
    "law [jurisdiction]": "Springfield",
    "law [agency]": "Springfield Police Department",
    "blank [": "open",
    "row [unit]": "complaint",
}


def in_a_terminal(command: list[str], folder: Path, said: Mapping[str, str]) -> str:
    """Run a command in a pseudo-terminal and answer each prompt by the question above it, or by Enter."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    shown, answered_to = "", 0
    while True:
        try:
            block = os.read(ours, 65_536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
        told = shown[answered_to:]
        if re.search(r"\r?\n\w+(?: \[[^\r\n]*\])?: $", told):
            asked = re.findall(r"^\w+ \[[^\]]*\]", told, re.M)[-1]
            answer = next((text for part, text in said.items() if asked.startswith(part)), "")
            os.write(ours, f"{answer}\n".encode())
            answered_to = len(shown)
    os.close(ours)
    assert process.wait(60) == 0, shown[-2000:]
    return shown


def test_the_questions_are_one_screen_and_their_answers_replay(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "accountability.cli", "new-source", "asked", str(FILE), "--ask"]
    shown = in_a_terminal(command, tmp_path, SAID)
    screen = shown.split("Enter takes what is marked")[0]
    assert 3 <= len(re.findall(r"^ ?\d+\. .*\?", screen, re.M)) <= 12
    assert "open cases of" in screen  # what follows from each answer
    first = tmp_path / "data" / "asked"
    again = new_source("replayed", [FILE], tmp_path / "data", first / "answers.yaml")
    for name in ("source.yaml", "codebook.yaml"):
        text = (again / name).read_text(encoding="utf-8").replace("replayed", "asked")
        assert text == (first / name).read_text(encoding="utf-8")
    assert "rule: complete  # CONFIRMED" in (first / "source.yaml").read_text(encoding="utf-8")
