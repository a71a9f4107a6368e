"""A kept declaration is the one that reading and checking its files gives now, and never another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny import write_source

from accountability.errors import SourceError
from accountability.records import codebook, contract, kept_declaration
from accountability.records.codebook import read_codebook
from accountability.records.contract import Source, read_source
from accountability.records.places import source_folder, source_names


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the folders whose declaration was read from its text, in order."""
    seen: list[str] = []
    from_text = contract.declared_in

    def watched(folder: Path) -> dict[str, Any]:
        seen.append(folder.name)
        return from_text(folder)

    monkeypatch.setattr(contract, "declared_in", watched)
    return seen


@pytest.mark.parametrize("name", source_names())
def test_what_is_kept_equals_what_was_checked(name: str, read: list[str]) -> None:
    folder = source_folder(name)
    checked, kept = read_source(folder), read_source(folder)
    assert read == [name], "the second comes from what is kept"
    assert kept == checked
    assert repr(kept) == repr(checked)
    assert kept.model_dump(exclude_unset=True) == checked.model_dump(exclude_unset=True)
    assert Source.model_validate(kept.model_dump(by_alias=True, exclude_unset=True)) == checked


def test_another_text_is_read_and_checked(tmp_path: Path, read: list[str]) -> None:
    folder = write_source(tmp_path / "small")
    read_source(folder)
    write_source(folder, title="Another title")
    assert read_source(folder).title == "Another title"
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    (folder / "source.yaml").write_text(text + "\nnobody: knows\n", encoding="utf-8")
    with pytest.raises(SourceError, match="nobody"):
        read_source(folder)
    assert read == ["small"] * 3


def test_another_text_of_the_release_it_is_like_is_read(tmp_path: Path, read: list[str]) -> None:
    first = write_source(tmp_path / "first")
    later = tmp_path / "later"
    later.mkdir()
    (later / "source.yaml").write_text("source: later\nlike: first\n", encoding="utf-8")
    before = read_source(later)
    write_source(first, title="Another title")
    kept_declaration.inherited.LIKES.clear()  # as in another process
    assert (before.title, read_source(later).title) != (before.title, before.title)
    assert read == ["later", "later"]
    read_source(later)
    assert read == ["later", "later"]


@pytest.mark.parametrize("changed", ["our code", "a bit", "half of it", "nothing in it", "switched off"])
def test_it_is_read_again_where_what_is_kept_may_not_stand(
    changed: str, tmp_path: Path, cache: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_source(tmp_path / "small")
    checked = read_source(folder)
    (file,) = (cache / "declared").iterdir()
    content = file.read_bytes()
    if changed == "our code":
        monkeypatch.setattr(kept_declaration, "own_code", lambda: "changed")
    elif changed == "switched off":
        monkeypatch.setenv(kept_declaration.OFF_VARIABLE, "1")
    else:
        bit = bytearray(content)
        bit[len(bit) // 2] ^= 1
        damaged = {"a bit": bytes(bit), "half of it": content[: len(content) // 2], "nothing in it": b""}
        file.write_bytes(damaged[changed])
    assert read_source(folder) == checked
    assert read == ["small", "small"]


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "file" / "cache"))
    folder = write_source(tmp_path / "small")
    assert read_source(folder) == read_source(folder)
    assert read == ["small", "small"]


@pytest.mark.parametrize("name", source_names())
def test_a_kept_codebook_equals_what_was_checked(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = source_folder(name)
    read_source(folder)
    checked = read_codebook(folder, keep=True)
    monkeypatch.setattr(codebook, "declared_in", lambda *_: pytest.fail("the second comes from what is kept"))
    assert repr(read_codebook(folder)) == repr(checked)
    assert {file.name for file in (cache / "declared").iterdir()} == {f"{name}.source.json", f"{name}.codebook.json"}


def test_a_codebook_is_kept_for_its_very_text_and_only_where_asked(tmp_path: Path, cache: Path) -> None:
    folder = write_source(tmp_path / "small")
    read_source(folder)
    read_codebook(folder)
    assert [file.name for file in (cache / "declared").iterdir()] == ["small.source.json"], "not kept unless asked"
    before = read_codebook(folder, keep=True)
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    (folder / "codebook.yaml").write_text(text.replace("authority:", "authority: Another,", 1), encoding="utf-8")
    after = read_codebook(folder)
    assert repr(after) != repr(before)
    assert repr(after).replace("Another, ", "") == repr(before)
