"""Further kinds of files, brought in by somebody in a hurry: a right number or a named question, never else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invented_files import KINDS
from test_raw_files import test_haste_gives_a_right_number_or_a_named_question as hasty_newcomer
from who_is_who_files import WHO

FILES = KINDS | WHO


@pytest.mark.parametrize("kind", FILES)
def test_haste_gives_a_right_number_or_a_named_question_here_too(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / kind
    folder.mkdir()
    (folder / "truth.json").write_text(json.dumps(FILES[kind](folder)), encoding="utf-8")
    hasty_newcomer(folder, tmp_path)
