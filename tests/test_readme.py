"""Every command and every line of Python in the README runs; its links and pictures exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from page_blocks import RUN, SHOWN, Block, blocks, environment, links, run, unknown_commands

README = ROOT / "README.md"
MOST_EXCEPTIONS = 3
BLOCKS = blocks(README.read_text(encoding="utf-8")) if README.is_file() else []


def of_rule(rule: str) -> list[object]:
    return [pytest.param(b, id=f"line {b.line}") for b in BLOCKS if b.language in RUN and b.rule == rule]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


def test_there_is_a_readme_that_shows_how_to_run_it() -> None:
    assert README.is_file(), "README.md is missing"
    assert {b.language for b in BLOCKS if not b.rule} >= RUN, (
        "show at least one command and one line of Python that run"
    )


def test_every_block_says_its_language() -> None:
    unknown = {b.line: b.language for b in BLOCKS if b.language not in RUN | SHOWN}
    assert not unknown, f"use {sorted(RUN)} for what runs and {sorted(SHOWN)} for what is only shown"


def test_exceptions_are_few() -> None:
    assert sum(b.rule == "not run" for b in BLOCKS) <= MOST_EXCEPTIONS


@pytest.mark.slow
@pytest.mark.parametrize("block", of_rule(""))
def test_a_block_runs(block: Block, folder: Path) -> None:
    run(block, folder, environment())


@pytest.mark.parametrize("block", of_rule("not run"))
def test_a_block_that_is_not_run_names_what_exists(block: Block) -> None:
    assert block.language == "sh"
    assert len(block.said.split()) >= 3, "say why it is not run"
    assert unknown_commands(block.code) == []


# ---- links ---------------------------------------------------------------------------------------------------


def test_links_lead_somewhere_and_pictures_have_words() -> None:
    found = links(README.read_text(encoding="utf-8"))
    assert [target for _, _, target in found if not (ROOT / target.partition("#")[0]).exists()] == []
    pictures = [words for mark, words, _ in found if mark]
    assert pictures, "show a figure"
    assert all(len(words.split()) >= 5 for words in pictures), "say in words what each picture shows"


# ---- the reader of blocks itself -------------------------------------------------------------------------------

SAMPLE = """Text

```sh
exit 0
```

<!-- not run: sets up
a machine -->
```sh
git clone x && make report
make reprot SORCE=x
```

<!-- real data: a_city -->

```python
print(1)
```
words
```text
shown
```
[a](README.md) ![b](no.svg) [c](https://example.org) `[d](e)`
"""


def test_the_reader_finds_blocks_languages_and_exceptions() -> None:
    found = blocks(SAMPLE)
    assert [(b.line, b.language, b.rule) for b in found] == [
        (3, "sh", ""),
        (9, "sh", "not run"),
        (16, "python", "real data"),
        (20, "text", ""),
    ]
    assert found[1].said == "sets up\na machine"
    assert found[2].said == "a_city"


def test_the_reader_notices_what_does_not_exist() -> None:
    assert unknown_commands(blocks(SAMPLE)[1].code) == ["make reprot", "make SORCE="]


@pytest.mark.parametrize(
    ("language", "code"),
    [("sh", "false\ntrue"), ("sh", "echo $unset_name"), ("python", "1 / 0"), ("python", ">>> 1 + 1\n3")],
)
def test_a_failing_block_fails(language: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"README\.md line 7"):
        run(Block(7, language, code), tmp_path, environment())


def test_links_are_found_with_their_words() -> None:
    assert links(SAMPLE)[:2] == [("", "a", "README.md"), ("!", "b", "no.svg")]
