"""Files of the kinds agencies send, brought in by somebody in a hurry: a right number or a named question, never else.

The newcomer answers the card, confirms every proposal and decides nothing. Each folder's ``truth.json`` says what is
true (``numbers``), whether the file cannot tell (``must_ask``), which words must not survive (``no_text``), and what a
line must name when the check stops (``about``).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT, full

import accountability
from accountability.audit import figures
from accountability.errors import AccountabilityError
from accountability.records.onboard.check import check
from accountability.records.onboard.points import Checked
from accountability.records.onboard.propose import new_source
from accountability.records.onboard.repair import left_to_decide, repaired
from accountability.records.yaml_text import read_yaml

OWN = ("truth.json", "answers.yaml")
FOLDERS = sorted(path.parent for path in (ROOT / "tests" / "raw_files").glob("*/truth.json"))
CARD = {
    "title": "T", "jurisdiction": "X", "agency": "A", "publisher": "p", "obtained": "o", "row_is": "one row",
    "observed_until": "2021-12-31", "rule": "complete", "open_cases": "included", "window": "all", "citation": "none",
    "authority": "page", "unit": "complaint",
}  # fmt: skip


def hasty(folder: Path) -> None:
    """Answer the card, confirm what is proposed, decide nothing."""
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("# CONFIRM:", "# CONFIRMED:")
        for fact, said in CARD.items():
            text = text.replace(f"{fact}: DECIDE", f"{fact}: {said}")
        path.write_text(text, encoding="utf-8")


def kept(data: accountability.records.dataset.Dataset) -> str:
    """Every text that survived."""
    tables = (data.cases, data.allegations, data.events, data.complainants)
    return " ".join(" ".join(map(str, table[name].dropna().unique())) for table in tables for name in table)


def every_line_to_paste_settles_its_matter(made: Path, found: Checked) -> None:
    """Each of the lines written out under a matter, put in its place, leaves nothing to decide there, and no fault."""
    for point in found.unresolved:
        file, _, number = point.where.partition(", line ")
        head, *lines = point.paste.split("\n")
        if point.kind != "decide" or not point.paste:
            continue
        assert head.startswith(f"# {point.where}: "), head
        place, path = point.what.split(": ")[0], made / file
        before = path.read_text(encoding="utf-8")
        for line in (one for one in lines if not one.startswith("#")):
            held = before.splitlines()
            held[int(number) - 1] = line
            path.write_text("\n".join(held) + "\n", encoding="utf-8")
            declared = read_yaml(path)
            left = [one.what.split(": ")[0] for one in left_to_decide(path, declared)]
            assert (place in left) == lines[0].startswith("#"), line
            if file == "source.yaml":
                _, wrong = repaired(declared, made)
                assert not [one for one in wrong if f", line {number}" in one.where + one.what], (line, wrong)
        path.write_text(before, encoding="utf-8")


def test_the_kinds_are_those_that_were_measured() -> None:
    assert len(FOLDERS) == 22


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_haste_gives_a_right_number_or_a_named_question(folder: Path, tmp_path: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    files = [path for path in sorted(folder.iterdir()) if path.name not in OWN]
    try:
        made = new_source("src", files, into=tmp_path)
        for path in made.glob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("unit: DECIDE", f"unit: {truth.get('unit', 'complaint')}"), encoding="utf-8")
        hasty(made)
        found = check(made)
        every_line_to_paste_settles_its_matter(made, found)
        asked = str(found) if not found.clean else ""
    except AccountabilityError as error:
        asked = str(error)
    if asked:
        assert any(re.search(truth["about"], line, re.I) for line in asked.splitlines()), asked
        return
    assert not truth.get("must_ask"), "the file cannot tell, and nothing was asked"
    data = accountability.load(made)
    told = figures(data)
    for key, value in truth.get("numbers", {}).items():
        assert told[key] in (value if isinstance(value, list) else [value]), key
    assert not [word for word in truth.get("no_text", ()) if word in kept(data)]


@pytest.mark.parametrize("folder", FOLDERS if full() else FOLDERS[::3], ids=lambda path: path.name)
def test_an_honest_answer_reaches_the_truth_or_stays_a_question(folder: Path, tmp_path: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    files = [path for path in sorted(folder.iterdir()) if path.name not in OWN]
    made = new_source("src", files, into=tmp_path, answers=folder / "answers.yaml")
    found = check(made)
    if truth.get("must_ask"):  # nobody can answer it: the agency has to send the file anew
        assert any(re.search(truth["about"], point.what, re.I) for point in found.unresolved)
        return
    assert found.clean, str(found)
    data = accountability.load(made)
    told = figures(data)
    for key, value in truth["numbers"].items():
        assert told[key] in (value if isinstance(value, list) else [value]), key
    assert not [word for word in truth.get("no_text", ()) if word in kept(data)]
    again = new_source("src", files, into=tmp_path / "again", answers=made / "answers.yaml")
    assert (again / "source.yaml").read_text(encoding="utf-8") == (made / "source.yaml").read_text(encoding="utf-8")
