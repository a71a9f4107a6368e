"""The fenced blocks of a Markdown page, run as its reader would run them.

A fenced block of ``sh`` or ``python`` runs in a fresh folder that all blocks of a page share, in order. An HTML comment
right before a block makes an exception:

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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT
from typer.testing import CliRunner

from accountability.cli import app

RUN = {"sh", "python"}
SHOWN = {"text", "csv", "yaml", "bibtex"}

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


def environment() -> dict[str, str]:
    """What a reader has; the cache is that of the tests, so a release is fetched and coded once for all pages."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    unset = ("PYTHON", "ACCOUNTABILITY_SOURCES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return kept | {"PATH": path, "COLUMNS": "200", "NO_COLOR": "1"}


def run(block: Block, folder: Path, environment: Mapping[str, str], page: str = "README.md") -> str:
    """Run a block as its reader would and give what it printed; a failure shows all of it."""
    if block.language == "sh":
        command = ["sh", "-eu", "-c", block.code]
    elif ">>>" in block.code:
        (folder / "block.md").write_text(block.code, encoding="utf-8")
        command = [sys.executable, "-W", "error", "-m", "doctest", "block.md"]
    else:
        command = [sys.executable, "-W", "error", "-c", block.code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{page} line {block.line}:\n{block.code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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
    done = CliRunner().invoke(app, [subcommand, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}, terminal_width=200)
    if done.exit_code != 0:
        return [f"accountability {subcommand}"]
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    known = set(re.findall(r"(?<!\S)--?[\w-]+", done.output))
    return [f"accountability {subcommand} {option}" for option in options if option not in known]


def links(text: str) -> list[tuple[str, str, str]]:
    """(``!`` or nothing, words, target) of the links and pictures that point into the repository."""
    prose = FENCE.sub("", text)
    found = re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)[^)]*\)", prose)
    return [link for link in found if not re.match(r"[a-z]+:|#", link[2])]
