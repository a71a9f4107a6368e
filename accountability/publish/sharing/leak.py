"""What the sharing gate finds: where, of which kind, how it looks with the secret covered, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: Every kind of leak and what mends it.
FIXES: Final = MappingProxyType(
    {
        "name": "declare the column it came from `drop: name` in source.yaml, or take the text out, and run again",
        "shield": "take the number out; declare its column `drop: shield`",
        "address": "take the address out, or publish the district instead; declare its column `drop: address`",
        "birth date": "publish an age in bands (`band:` in source.yaml); declare the column `drop: birth_date`",
        "contact": "take it out; declare its column `drop: contact`",
        "free text": "narratives name people: declare the column `drop: free_text`, publish counts instead",
        "key": "take it out, and make a new one: whoever has seen it can undo the pseudonyms or act in your name",
        "pseudonym": "publish counts by group; an officer followed row by row is found again by who knows the case",
        "one case": "publish counts; a case followed row by row is found again by who knows it",
        "machine": "use a source's name instead of a path (ACCOUNTABILITY_SOURCES names its folder), and run again",
        "small cell": "publish larger groups, or hide the cell and one more in its line (privacy.hidden_cells)",
        "difference": "hide a second cell of the same line, or its total: the hidden count can be had by subtraction",
        "formula": "write the table with keep() or result.to_csv(), which put an apostrophe before it",
        "active content": "take it out and show data as text; a page of another version of this package: run it again",
        "request": "embed what the page needs; a page that loads from elsewhere tells others who reads it",
        "link": "take the link out, or name its address in source.yaml or in the notebook's own text",
        "hidden metadata": "save the picture anew with figure(), which writes none",
        "unreadable": "take the file out of the folder: what cannot be looked through is not shared",
    }
)

_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """One thing in a report that must not leave.

    Attributes
    ----------
    place : str
        File and the place in it, in words.
    kind : str
        A key of :data:`FIXES`.
    excerpt : str
        What stands there, covered so far that the list itself can be shown.
    """

    place: str
    kind: str
    excerpt: str

    @property
    def fix(self) -> str:
        """What to do about it."""
        return FIXES[self.kind]


def masked(text: str) -> str:
    """Cover a text: the first letter of each word stays, every digit goes.

    Parameters
    ----------
    text : str
        What was found.

    Returns
    -------
    str
        At most 60 characters on one line.
    """

    def covered(word: re.Match[str]) -> str:
        first = "" if word[0][0].isdigit() else word[0][0]
        return first + "•" * min(len(word[0]) - len(first), 6)

    line = " ".join(_WORD.sub(covered, text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
