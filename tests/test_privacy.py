"""Pseudonyms tell officers apart and give none away."""

from __future__ import annotations

import hmac
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from accountability import privacy
from accountability.errors import AccountabilityError

KEY = privacy.Key(b"k" * 32, lasting=True)


@given(st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=8)), max_size=30))
def test_equal_ids_get_equal_pseudonyms_and_distinct_ids_distinct_ones(ids: list[str | None]) -> None:
    made = privacy.Pseudonyms("somewhere", KEY)(pd.Series(ids, dtype="str"))
    assert made.isna().tolist() == [i is None for i in ids]
    pairs = {(i, p) for i, p in zip(ids, made, strict=True) if i is not None}
    assert len(pairs) == len({i for i in ids if i is not None}) == len({p for _, p in pairs})


def test_scope_and_key_change_every_pseudonym() -> None:
    ids = pd.Series(["1", "2"], dtype="str")
    here = set(privacy.Pseudonyms("here", KEY)(ids))
    assert here.isdisjoint(privacy.Pseudonyms("there", KEY)(ids))
    assert here.isdisjoint(privacy.Pseudonyms("here", privacy.Key(b"o" * 32, lasting=True))(ids))


def test_the_key_is_made_once_for_its_owner_alone_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "pseudonym.key"
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(path))
    first, second = privacy.key(), privacy.key()
    assert first == second
    assert first.lasting
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret.hex() not in repr(first)


def test_where_no_key_can_be_kept_every_load_draws_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "file" / "pseudonym.key"))
    first, second = privacy.key(), privacy.key()
    assert not first.lasting
    assert first.secret != second.secret


def test_a_damaged_key_is_not_replaced_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text("half a key", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(path))
    with pytest.raises(AccountabilityError, match="expected a pseudonym key of 64 hexadecimal digits, found 10"):
        privacy.key()
    assert path.read_text(encoding="utf-8") == "half a key"


@pytest.mark.parametrize("secret", [b"k" * 32, b"short", b"x" * 100])
def test_a_pseudonym_is_the_keyed_hash_of_the_standard_library(secret: bytes) -> None:
    made = privacy.Pseudonyms("somewhere", privacy.Key(secret, lasting=True))(pd.Series(["é 1"], dtype="str"))
    expected = hmac.new(secret, "somewhere\0é 1".encode(), "sha256").hexdigest()[:12]
    assert made.tolist() == [f"p-{expected}"]


def following(hidden: np.ndarray, told: list[np.ndarray]) -> set[tuple[int, int]]:
    """Hidden cells whose unit vector lies in the row space of the totals told."""
    cells = np.argwhere(hidden)
    lines = np.array([line[hidden] for line in told], dtype=float).reshape(len(told), len(cells))
    onto = np.linalg.pinv(lines) @ lines
    return {(int(i), int(j)) for (i, j), along in zip(cells, np.diag(onto), strict=True) if along > 1 - 1e-6}


def totals_told(counts: np.ndarray, hidden: np.ndarray, min_cell: int) -> list[np.ndarray]:
    """Which cells each row and column holds, without those whose total tells one hidden cell, or too few in all."""
    where = np.indices(counts.shape)
    lines = [where[axis] == at for axis in (0, 1) for at in range(counts.shape[axis])]
    inside = [counts[line & hidden] for line in lines]
    few = [len(held) == 1 or 0 < held.sum() < min_cell for held in inside]
    return [line for line, withheld in zip(lines, few, strict=True) if not withheld]


def test_a_small_cell_that_follows_from_four_lines_together_is_protected() -> None:
    """Each line hides two cells or three; the first two rows less the first two columns give the 7 away."""
    counts = np.array([[3, 8, 70, 60], [9, 4, 7, 50], [40, 55, 8, 9], [45, 80, 6, 5]])
    first = counts < 10
    told = totals_told(counts, first, 10)
    assert len(told) == 8
    assert following(first, told) == {(1, 2)}
    hidden = privacy.hidden_cells(counts, 10)
    assert following(hidden, told) == set()
    assert np.argwhere(hidden & ~first).tolist() == [[2, 0]]


CELLS = st.one_of(st.just(0), st.integers(1, 9), st.integers(10, 60))


@settings(max_examples=300, deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(2, 7)), elements=CELLS))
def test_no_hidden_cell_follows_from_all_totals_that_hiding_more_could_protect(counts: np.ndarray) -> None:
    hidden = privacy.hidden_cells(counts, 10)
    told = totals_told(counts, hidden, 10)
    assert following(hidden, told) <= following(counts > 0, told)
