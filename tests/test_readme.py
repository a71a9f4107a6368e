"""Every command and every line of Python in the README runs; its links and pictures exist.

A fenced block of ``sh`` or ``python`` runs in a fresh folder that all blocks share, in order. An HTML comment right
before a block makes an exception:

``<!-- not run: why -->``
    The block sets up a machine. Its make targets and its ``accountability`` commands must still exist.
``<!-- real data: chicago_2000_2016 -->``
    The block needs a release that is fetched. It runs where the extracts are at hand, from a cache filled with them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT

README = ROOT / "README.md"
RUN = {"sh", "python"}
SHOWN = {"text", "csv", "yaml", "bibtex"}
MOST_EXCEPTIONS = 3

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
RULE = re.compile(r"<!-- (not run|real data): ((?:(?!-->).)+) -->\s*\Z", re.S)


@dataclass(frozen=True, slots=True)
class Block:
    line: int
    language: str
    code: str
    rule: str = ""
    said: str = ""


def blocks(text: str) -> list[Block]:
    """Fenced blocks of a markdown text, with the exception said before each."""
    found = []
    for fence in FENCE.finditer(text):
        rule = RULE.search(text[: fence.start()])
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(line, fence[1], fence[2], *(rule.groups() if rule else ())))
    return found


BLOCKS = blocks(README.read_text(encoding="utf-8")) if README.is_file() else []


def of_rule(rule: str) -> list[object]:
    return [pytest.param(b, id=f"line {b.line}") for b in BLOCKS if b.language in RUN and b.rule == rule]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


def environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    unset = ("PYTHON", "ACCOUNTABILITY_SOURCES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return kept | {"PATH": path, "ACCOUNTABILITY_CACHE": str(folder / "cache"), "COLUMNS": "200", "NO_COLOR": "1"}


def run(block: Block, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a block as its reader would and give what it printed; a failure shows all of it."""
    if block.language == "sh":
        command = ["sh", "-eu", "-c", block.code]
    elif ">>>" in block.code:
        (folder / "block.md").write_text(block.code, encoding="utf-8")
        command = [sys.executable, "-W", "error", "-m", "doctest", "block.md"]
    else:
        command = [sys.executable, "-W", "error", "-c", block.code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"README.md line {block.line}:\n{block.code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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
    run(block, folder, environment(folder))


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("block", of_rule("real data"))
def test_a_block_on_a_real_release_runs(block: Block, folder: Path, real_data: Callable[[str], Path]) -> None:
    fill = f"accountability fetch {block.said} --from {shlex.quote(str(real_data(block.said)))}"
    run(Block(block.line, "sh", fill), folder, environment(folder))
    run(block, folder, environment(folder))


# ---- blocks that set up a machine ------------------------------------------------------------------------------


def unknown_commands(code: str) -> list[str]:
    """Commands of a block that is not run which no longer exist: make targets, our subcommands and options."""
    unknown = []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in code.replace("\\\n", " ").splitlines():
        for words in commands(line):
            if words[0] == "make":
                targets = [word for word in words[1:] if "=" not in word]
                options = [word.partition("=")[0] for word in words[1:] if "=" in word]
                unknown += [f"make {t}" for t in targets if not re.search(rf"^{re.escape(t)}:", makefile, re.M)]
                unknown += [f"make {o}=" for o in options if not re.search(rf"^{re.escape(o)}\s*\??=", makefile, re.M)]
            elif words[0] == "accountability":
                unknown += unknown_options(words[1:])
            elif words[0] not in {"git", "cd", "pip", "uv", "conda", "apt-get", "brew"}:
                unknown.append(words[0])
    return unknown


def commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("&|;"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def unknown_options(words: list[str]) -> list[str]:
    subcommand = words[0] if words else "--help"
    command = [sys.executable, "-m", "accountability.cli", subcommand, "--help"]
    done = subprocess.run(command, cwd=ROOT, env=environment(ROOT), capture_output=True, text=True)
    if done.returncode != 0:
        return [f"accountability {subcommand}"]
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    known = set(re.findall(r"(?<!\S)--?[\w-]+", done.stdout))
    return [f"accountability {subcommand} {option}" for option in options if option not in known]


@pytest.mark.parametrize("block", of_rule("not run"))
def test_a_block_that_is_not_run_names_what_exists(block: Block) -> None:
    assert block.language == "sh"
    assert len(block.said.split()) >= 3, "say why it is not run"
    assert unknown_commands(block.code) == []


# ---- links ---------------------------------------------------------------------------------------------------


def links(text: str) -> list[tuple[str, str, str]]:
    """(``!`` or nothing, words, target) of the links and pictures that point into the repository."""
    prose = FENCE.sub("", text)
    found = re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)[^)]*\)", prose)
    return [link for link in found if not re.match(r"[a-z]+:|#", link[2])]


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
        run(Block(7, language, code), tmp_path, environment(tmp_path))


def test_links_are_found_with_their_words() -> None:
    assert links(SAMPLE)[:2] == [("", "a", "README.md"), ("!", "b", "no.svg")]
