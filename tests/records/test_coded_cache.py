"""A warm load gives what a cold one gave, and never what something else would have given."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import traceback
import warnings
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import full
from tiny import ACCUSED, COMPLAINTS, write_source

import accountability
from accountability import audit
from accountability.errors import SourceError
from accountability.records import assemble as assembling
from accountability.records import coded_cache
from accountability.records.contract import Source
from accountability.records.dataset import Dataset


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def coded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the sources that were coded, in order: a warm load adds none."""
    seen: list[str] = []
    assemble = assembling.assemble

    def watched(source: Source, *rest: Any) -> coded_cache.Coded:
        seen.append(source.source)
        return assemble(source, *rest)

    monkeypatch.setattr(assembling, "assemble", watched)
    return seen


def same(one: Dataset, other: Dataset) -> None:
    for item in fields(Dataset):
        left, right = getattr(one, item.name), getattr(other, item.name)
        if isinstance(left, pd.DataFrame):
            pd.testing.assert_frame_equal(left, right)
        elif item.name == "ledger":
            pd.testing.assert_frame_equal(left.entries, right.entries)
            pd.testing.assert_frame_equal(left.rows, right.rows)
        else:
            assert left == right


def test_warnings_that_were_heard_before_a_load_are_heard_after_it(
    tmp_path: Path, cache: Path, coded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """pandas sets and resets filters of the process, in threads: one that holds them stands around all of these."""
    here, held, alone = threading.current_thread(), 0, []

    class Watched(warnings.catch_warnings):
        def __enter__(self) -> Any:
            nonlocal held
            if threading.current_thread() is here:
                held += 1
            elif not held:
                alone.append(traceback.format_stack())
            return super().__enter__()

        def __exit__(self, *error: object) -> None:
            nonlocal held
            super().__exit__(*error)
            held -= threading.current_thread() is here

    audit.drift(accountability.load("synthetic"), permutations=99)  # what it imports sets filters of its own
    coded.clear()
    monkeypatch.setattr(warnings, "catch_warnings", Watched)
    before = list(warnings.filters)
    data = accountability.load(write_source(tmp_path / "small"))
    accountability.load("synthetic", anew=True)
    audit.drift(accountability.load("synthetic"), permutations=199)
    assert coded == [data.name, "synthetic"]
    assert not alone, "".join(alone[0])
    assert list(warnings.filters) == before


def test_the_second_load_codes_nothing_and_equals_the_first(tmp_path: Path, cache: Path, coded: list[str]) -> None:
    folder = write_source(tmp_path / "small")
    same(accountability.load(folder), accountability.load(folder))
    assert coded == ["small"]


def test_the_bundled_agency_survives_the_cache_type_for_type(cache: Path, coded: list[str]) -> None:
    same(accountability.load("synthetic"), accountability.load("synthetic"))
    assert coded == ["synthetic"]


@pytest.mark.parametrize("what", ["a file", "a codebook", "a declaration", "the key", "our code", "asked anew"])
def test_whatever_changes_is_coded_anew(
    what: str, tmp_path: Path, cache: Path, coded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_source(tmp_path / "small")
    accountability.load(folder)
    if what == "a file":
        write_source(folder, accused=ACCUSED + "008,o1,NOT,\n")
    elif what == "a codebook":
        text = (folder / "codebook.yaml").read_text(encoding="utf-8")
        (folder / "codebook.yaml").write_text(text.replace("not_sustained", "unfounded"), encoding="utf-8")
    elif what == "a declaration":
        write_source(folder, title="Another title")
    elif what == "the key":
        monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "other.key"))
    elif what == "our code":
        monkeypatch.setattr(coded_cache, "own_code", lambda: "changed")
    accountability.load(folder, anew=what == "asked anew")
    assert coded == ["small", "small"]


@pytest.mark.parametrize("years", [-3, 3])
def test_what_another_clock_kept_is_read_as_it_is(years: int, tmp_path: Path, cache: Path, coded: list[str]) -> None:
    """What is kept is told by hashes: a clock that went back or ahead since changes nothing."""
    folder = write_source(tmp_path / "small")
    first = accountability.load(folder)
    for path in (*(cache / "coded").rglob("*"), *folder.rglob("*")):
        at = path.stat().st_mtime + years * 365 * 86_400
        os.utime(path, (at, at))
    same(first, accountability.load(folder))
    assert coded == ["small"]


def test_a_changed_raw_file_is_refused_warm_as_it_is_cold(tmp_path: Path, cache: Path) -> None:
    folder = write_source(tmp_path / "small")
    accountability.load(folder)
    (folder / "complaints.csv").write_text(COMPLAINTS + "1,2020-01-01,,x,A\n", encoding="utf-8")
    with pytest.raises(SourceError, match="expected sha256"):
        accountability.load(folder)


@pytest.mark.parametrize("damage", ["cut", "absent", "rows", "empty", "no list"])
def test_a_damaged_cache_is_coded_anew(damage: str, tmp_path: Path, cache: Path, coded: list[str]) -> None:
    folder = write_source(tmp_path / "small")
    first = accountability.load(folder)
    (kept,) = (cache / "coded" / "small").iterdir()
    events, listed = kept / "events.arrow", kept / "complete.json"
    if damage == "cut":
        events.write_bytes(events.read_bytes()[:200])
    elif damage == "absent":
        events.unlink()
    elif damage == "rows":
        shutil.copy(kept / "cases.arrow", events)
    else:
        listed.write_text("" if damage == "empty" else "[]", encoding="utf-8")
    with pytest.warns(UserWarning, match="kept of 'small' are damaged .* coded again from the files"):
        same(first, accountability.load(folder))
    same(first, accountability.load(folder))
    assert coded == ["small", "small"], "what was coded again must be kept in the place of what was damaged"


def test_no_flipped_bit_is_read(tmp_path: Path, cache: Path) -> None:
    folder = write_source(tmp_path / "small")
    first = accountability.load(folder)
    (kept,) = (cache / "coded" / "small").iterdir()
    rng = np.random.default_rng(20260)
    files = sorted(kept.iterdir())
    # Each file at least once, then bits anywhere.
    for number in range(500 if full() else 24):
        path = files[number % len(files)]
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(content))
        with pytest.warns(UserWarning, match="damaged"):
            same(first, accountability.load(folder))


def test_coding_anew_replaces_what_is_kept(tmp_path: Path, cache: Path) -> None:
    """Also tables that are whole and wrong, which no checksum tells: `verify` codes the files anew."""
    folder = write_source(tmp_path / "small")
    first = accountability.load(folder)
    place = cache / "coded" / "small"
    (kept,) = place.iterdir()
    wrong = dataclasses.replace(coded_cache.read(place, kept.name), cases=first.cases.iloc[:1])  # type: ignore[type-var]
    coded_cache.keep(place, kept.name, wrong)
    assert len(accountability.load(folder).cases) == 1
    same(first, accountability.load(folder, anew=True))
    same(first, accountability.load(folder))


def test_only_the_last_coding_is_kept(tmp_path: Path, cache: Path) -> None:
    folder = write_source(tmp_path / "small")
    accountability.load(folder)
    write_source(folder, title="Another title")
    accountability.load(folder)
    assert len(list((cache / "coded" / "small").iterdir())) == 1


def test_pseudonyms_that_will_not_last_are_not_kept(
    tmp_path: Path, cache: Path, coded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "file" / "key"))
    folder = write_source(tmp_path / "small")
    ids = [set(accountability.load(folder).allegations["officer_id"]) for _ in range(2)]
    assert coded == ["small", "small"]
    assert ids[0].isdisjoint(ids[1])


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, coded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "file" / "cache"))
    folder = write_source(tmp_path / "small")
    same(accountability.load(folder), accountability.load(folder))
    assert coded == ["small", "small"]


def test_no_dropped_column_reaches_the_cache(tmp_path: Path, cache: Path) -> None:
    accountability.load(
        write_source(tmp_path / "small", COMPLAINTS + "1,2020-01-01,,x,Zebedee\n", ACCUSED + "1,o1,SUS,\n")
    )
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"Zebedee" in path.read_bytes()]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 65_535, 65_536, 65_537, 300_003])
def test_a_checksum_tells_whatever_changed(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit, a byte more or less, words and blocks in another order, a stretch of zeros."""
    monkeypatch.setattr(coded_cache, "_WINDOW", 65_536)
    rng = np.random.default_rng(size)
    path = tmp_path / "table"
    content = rng.integers(256, size=size, dtype=np.uint8).tobytes()
    path.write_bytes(content)
    first = coded_cache.checksum(path)
    assert first == coded_cache.checksum(path) == (f"{zlib.crc32(content):08x} {size}" if size else "0")
    changed = [content + b"\0"]
    if size:
        flipped = bytearray(content)
        flipped[int(rng.integers(size))] ^= 1 << int(rng.integers(8))
        changed += [content[:-1], bytes(flipped), bytes(size)]
    if size > 2 * 65_536:
        words = [content[start : start + 8] for start in range(0, size, 8)]
        blocks = [content[start : start + 65_536] for start in range(0, size, 65_536)]
        words[1], words[2] = words[2], words[1]
        blocks[0], blocks[1] = blocks[1], blocks[0]
        changed += [b"".join(words), b"".join(blocks), content[65_536:] + content[:65_536]]
    for other in changed:
        path.write_bytes(other)
        assert coded_cache.checksum(path) != first
