"""Pseudonyms tell officers apart and give none away."""

from __future__ import annotations

import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import AccountabilityError
from accountability.records import pseudonyms

KEY = pseudonyms.Key(b"k" * 32, lasting=True)


@given(st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=8)), max_size=30))
def test_equal_ids_get_equal_pseudonyms_and_distinct_ids_distinct_ones(ids: list[str | None]) -> None:
    made = pseudonyms.Pseudonyms("somewhere", KEY)(pd.Series(ids, dtype="str"))
    assert made.isna().tolist() == [i is None for i in ids]
    pairs = {(i, p) for i, p in zip(ids, made, strict=True) if i is not None}
    assert len(pairs) == len({i for i in ids if i is not None}) == len({p for _, p in pairs})


def test_files_that_are_coded_at_once_share_their_pseudonyms() -> None:
    ids = pd.Series([str(number) for number in range(5_000)], dtype="str")
    alone = pseudonyms.Pseudonyms("here", KEY)(ids).tolist()
    hide = pseudonyms.Pseudonyms("here", KEY)
    with ThreadPoolExecutor(max_workers=4) as pool:
        made = list(pool.map(hide, [ids, ids[::-1], ids[1_000:], ids[::7]] * 3))
    for one in made:
        assert one.sort_index().tolist() == [alone[row] for row in sorted(one.index)]


def test_scope_and_key_change_every_pseudonym() -> None:
    ids = pd.Series(["1", "2"], dtype="str")
    here = set(pseudonyms.Pseudonyms("here", KEY)(ids))
    assert here.isdisjoint(pseudonyms.Pseudonyms("there", KEY)(ids))
    assert here.isdisjoint(pseudonyms.Pseudonyms("here", pseudonyms.Key(b"o" * 32, lasting=True))(ids))


def test_the_key_is_made_once_for_its_owner_alone_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "pseudonym.key"
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(path))
    first, second = pseudonyms.key(), pseudonyms.key()
    assert first == second
    assert first.lasting
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret.hex() not in repr(first)


def test_a_key_is_complete_when_it_is_first_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, quicker = tmp_path / "pseudonym.key", []
    fdopen = os.fdopen

    def while_it_is_written(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(os, "fdopen", fdopen)
        quicker.append(pseudonyms.key(path))
        return fdopen(*arguments, **options)

    monkeypatch.setattr(os, "fdopen", while_it_is_written)
    assert [pseudonyms.key(path), pseudonyms.key(path)] == quicker * 2
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_of_many_who_ask_at_once_for_the_first_time_all_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = {one.secret for one in pool.map(pseudonyms.key, [tmp_path / "pseudonym.key"] * 200)}
    assert len(found) == 1


def test_a_drive_without_hard_links_keeps_a_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise PermissionError("no hard links")

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "pseudonym.key"
    first = pseudonyms.key(path)
    assert (first, first.lasting) == (pseudonyms.key(path), True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_where_no_key_can_be_kept_every_load_draws_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "file" / "pseudonym.key"))
    first, second = pseudonyms.key(), pseudonyms.key()
    assert not first.lasting
    assert first.secret != second.secret


def test_a_damaged_key_is_not_replaced_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text("half a key", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(path))
    with pytest.raises(AccountabilityError, match="expected a pseudonym key of 64 hexadecimal digits, found 10"):
        pseudonyms.key()
    assert path.read_text(encoding="utf-8") == "half a key"


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        (bytes(range(32)).hex(), 0o644, "mode 644"),
        (bytes(range(32)).hex(), 0o640, "mode 640"),
        ("00" * 32, 0o600, "1 different bytes"),
        ("0011" * 16, 0o600, "2 different bytes"),
        ("ab" * 8, 0o600, "found 16"),
    ],
)
def test_a_key_that_is_weak_or_that_others_read_is_refused(text: str, mode: int, found: str, tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(text, encoding="ascii")
    path.chmod(mode)
    with pytest.raises(AccountabilityError, match=found):
        pseudonyms.key(path)


def test_the_folder_of_a_key_is_its_owners(tmp_path: Path) -> None:
    pseudonyms.key(tmp_path / "new" / "pseudonym.key")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("secret", [b"k" * 32, b"short", b"x" * 100])
def test_a_pseudonym_is_the_keyed_hash_of_the_standard_library(secret: bytes) -> None:
    made = pseudonyms.Pseudonyms("somewhere", pseudonyms.Key(secret, lasting=True))(pd.Series(["é 1"], dtype="str"))
    expected = hmac.new(secret, "somewhere\0é 1".encode(), "sha256").hexdigest()[:12]
    assert made.tolist() == [f"p-{expected}"]
