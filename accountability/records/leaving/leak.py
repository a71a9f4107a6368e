"""A finding of the sharing gate: place, kind, masked excerpt and fix.

The rules are in ``rules.yaml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from accountability.records.yaml_text import read_yaml

_RULES: Final[dict[str, Any]] = read_yaml(Path(__file__).with_name("rules.yaml"))
#: Every kind of leak and what mends it.
FIXES: Final = MappingProxyType(_RULES["fixes"])
#: Patterns of texts by name.
PATTERNS: Final = {name: re.compile("".join(lines)) for name, lines in _RULES["patterns"].items()}
#: Patterns of headings, by what a column under them holds.
COLUMNS: Final = {kind: re.compile(pattern) for kind, pattern in _RULES["columns"].items()}
#: Words of headings, and whole cells, by what they say.
WORDS: Final = {
    name: frozenset(words.split() if isinstance(words, str) else words) for name, words in _RULES["words"].items()
}
_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """One text in a report that must not be shared.

    Attributes
    ----------
    place : str
        File and position in it, in words.
    kind : str
        A key of :data:`FIXES`.
    excerpt : str
        The text, masked so that the list itself can be shown.
    """

    place: str
    kind: str
    excerpt: str

    @property
    def fix(self) -> str:
        """How to fix it."""
        return FIXES[self.kind]


def masked(text: str) -> str:
    """Mask a text, at most 60 characters on one line: first letters of words stay, digits are removed."""

    def covered(word: re.Match[str]) -> str:
        first = "" if word[0][0].isdigit() else word[0][0]
        return first + "•" * min(len(word[0]) - len(first), 6)

    line = " ".join(_WORD.sub(covered, text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
