"""What a report must not hold: names and narratives that a declaration removes, by columns and by single cells."""

from __future__ import annotations

import base64
import time
from functools import cache
from pathlib import Path

import pytest
from tiny import COMPLAINTS, write_source

import accountability
from accountability.records.leaving.known import Known, known, runs_of, told_values
from accountability.records.leaving.word_rules import in_text
from accountability.records.onboard.persons import identifies

STORY = "the sergeant drove twice around the closed market before anybody answered"


@pytest.mark.parametrize("how", [{"rows": [2]}, {"matching": "^[A-Z]"}, {"when": {"id": ["008"]}}])
@pytest.mark.parametrize("kind", ["name", "free_text"])
def test_a_dropped_cell_is_known(kind: str, how: dict, tmp_path: Path) -> None:
    said = {"name": "Quentin Oglethorpe", "free_text": STORY.capitalize()}[kind]
    text = COMPLAINTS + f"007,2020-01-01,2020-01-31,force,A\n008,2020-02-01,,{said},B\n"
    cell = {"kind": kind, "because": "in the wrong column", **how}
    folder = write_source(
        tmp_path / "small", text, **{"files.complaints.columns.kind": {"to": "kind", "drop_cells": [cell]}}
    )
    found = known([str(folder)])
    if kind == "name":
        assert ("quentin", "oglethorpe") in found.pairs
        assert "oglethorpe" in found.names, "a level that is dropped is no word of the project's"
    else:
        assert set(runs_of(STORY)) <= found.runs


def test_a_statistic_is_no_number_of_a_case() -> None:
    """Written without its point, 10352.33 is a case number of seven digits."""
    assert "1035233" not in set(told_values("chi-squared 10352.33 on 14 degrees of freedom"))
    assert "1035233" in set(told_values("complaint 1035233"))


@pytest.mark.parametrize("count", ["-147312000", "-147312000.0", "-147312000000"])
def test_seconds_since_1970_are_a_day(count: str) -> None:
    assert "day 19650502" in set(told_values(f"at {count} it was"))


def test_a_pseudonym_is_known_without_its_beginning_and_as_base64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "own" / "key"))
    folder = write_source(tmp_path / "small")
    hidden = accountability.load(folder).allegations["officer_id"].iloc[0]
    raw = bytes.fromhex(hidden.removeprefix("p-"))
    values = known([str(folder)]).values
    for told in (hidden, raw.hex(), raw.hex().upper(), str(int(raw.hex(), 16)), base64.urlsafe_b64encode(raw).decode()):
        assert not values.isdisjoint(told_values(f"see {told} there")), told
    assert values.isdisjoint(told_values("see 0a1b2c3d4e5f there"))
    for raw in (b"\xf8zh\xfc\x9d\x34", b"\xffzh\xfc\x9d\x3e", b"\x00zh\xfc\x9d\x3f"):  # base64 with - or _ at an end
        for told in (base64.urlsafe_b64encode(raw), base64.b64encode(raw)):
            assert f"p{raw.hex()}" in told_values(f"see {told.decode()} there")


RUNS = (
    *("a", "A", "7", "Ab", "0a", "a.", "a-", "a_", "a:", "1,", "12 ", "Aa ", "word ", "/a", "\\", "=3D", "%20", "&a"),
    *("<a ", "(", "'s ", "\n", " ", "\t", "@", "a@", "+", "1,2\n", "://", "\n="),
)


@cache
def of_the_bundled_agency() -> Known:
    return known(["synthetic"])


@pytest.mark.parametrize("piece", RUNS, ids=repr)
def test_a_long_run_of_anything_is_looked_through_at_once(piece: str) -> None:
    """A drawing as text in a page is a run of 176,000 letters, which patterns of addresses searched for minutes."""
    run = (piece * 100_000)[:100_000]
    secrets = of_the_bundled_agency()
    begun = time.process_time()
    list(in_text("a page", run, secrets))
    identifies([run[: 20_000 + number] for number in range(3)])
    assert time.process_time() - begun < 4.0
