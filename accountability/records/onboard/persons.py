"""Which columns of an unknown file identify people, told by their cells under whatever heading.

Names are told by well-kept lists of given names and surnames (Faker's, in every script it has), by their form (first
last, last, first, an initial, a rank before, an agency behind, several in a cell) and by words that agencies use and
that are no names. Numbers, birth dates, addresses, contacts and narratives are told by their form alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Final

from accountability.records.yaml_text import read_yaml

LOOKED_AT: Final = 400
"""Distinct texts of a column that are looked at."""

_RANK: Final = re.compile(
    r"^(?:p[./]?o|ofc|off|officer|sgt|sergeant|lt|lieut|lieutenant|det|detective|capt|captain|cpl|corporal|dep|deputy|"
    r"insp|inspector|chief|agent|trooper|pfc|mr|mrs|ms|miss|dr)\.?\s+",
    re.I,
)
_SUFFIX: Final = re.compile(r",?\s+(?:jr|sr|ii|iii|iv|esq)\.?$", re.I)
_BEHIND: Final = re.compile(r"\s+[-–—]\s+.*$|\s*\([^)]*\)\s*$|\s*#\s*\d+\s*$")
_SEVERAL: Final = re.compile(r"\s*[;|&\n]\s*|\s+and\s+", re.I)
_WORD: Final = re.compile(r"^[^\W\d_]+(?:['’`.-][^\W\d_]+)*['’.]?$")
_CONTACT: Final = re.compile(
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}|(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?: ?x\d+)?|\+\d[\d ().-]{7,}", re.I
)
_ADDRESS: Final = re.compile(
    r"\d+\w?(?:[-/]\d+)? .*\b(?:st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|way|"
    r"hwy|pkwy|ter|terrace|cir|circle|sq|square|calle|avenida|rue|stra(?:ss|ß)e)\b.*",
    re.I,
)
_HAN: Final = re.compile(r"[\u4e00-\u9fff\uac00-\ud7af]{2,4}")
_FAMILY: Final = re.compile(r"[a-z]{3,}(?:yan|enko|opoulos|idis|sson|ovic|shvili)")
_THAI: Final = re.compile("[\u0e00-\u0e7f]+ [\u0e00-\u0e7f]+")  # Thai parts no words, but names
_OF_A_STATE: Final = re.compile(r"\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{8}[A-Z]|[A-Z]{5}\d{4}[A-Z]")
_TOLD: Final = re.compile(r"^(?:he|she|they|i|we|my|his|her|a (?:man|woman)|the (?:officer|driver|man|woman))\b", re.I)
_DATE: Final = re.compile(
    r"^\s*(?:\d{1,2}[/.-]\d{1,2}[/.-](\d{4})|(\d{4})[/.-]\d{1,2}[/.-]\d{1,2}|"
    r"\d{1,2}\.? [^\W\d_]{3,9}\.? (\d{4})|(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\b"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a column may identify people.

    Attributes
    ----------
    kind : str
        ``name``, ``contact``, ``address``, ``birth_date``, ``number`` or ``free_text``.
    why : str
        The evidence in words, without a value.
    """

    kind: str
    why: str


def identifies(values: Iterable[str]) -> Evidence | None:
    """Tell whether the cells of a column identify people.

    Parameters
    ----------
    values : iterable of str
        The filled cells.

    Returns
    -------
    Evidence or None
        None where nothing in the cells says so.
    """
    filled = [text for value in values if (text := " ".join(str(value).split()))]
    distinct = list(dict.fromkeys(filled))
    sample = distinct[:: max(1, len(distinct) // LOOKED_AT)]
    if not sample:
        return None
    for kind, form in (("contact", _CONTACT), ("address", _ADDRESS), ("number", _OF_A_STATE)):
        share = sum(bool(form.fullmatch(text)) for text in sample) / len(sample)
        if share >= 0.5:
            return Evidence(kind, f"{share:.0%} of its texts have the form of it")
    if sum(map(len, sample)) / len(sample) > 60 and len(distinct) > 5:
        return Evidence("free_text", "long texts, which may name people")
    if len(distinct) > 5 and sum(bool(_TOLD.match(t)) and t.count(" ") > 2 for t in sample) >= 0.5 * len(sample):
        return Evidence("free_text", "sentences about people")
    if (born := _born(sample)) is not None:
        return born
    if all(text.isdigit() and len(text) >= 5 for text in sample):
        widths = {len(text) for text in sample}
        if len(distinct) > 30 and len(widths) == 1 and widths <= {6, 7}:
            return Evidence("number", "many numbers of one width, as employees' and tax numbers are")
        if len(distinct) > 0.8 * len(filled) and len(distinct) > 5:
            return Evidence("number", "numbers of five digits and more that rarely repeat, as employees' numbers do")
        return None
    several = [text for text in sample if len(_bare(text).split()) > 1 or _HAN.fullmatch(_bare(text))]
    if len(several) >= 0.5 * len(sample):
        share = sum(map(_named, several)) / len(sample)
        if share >= 0.5:
            return Evidence("name", f"{share:.0%} of its texts read as people's names")
    elif len(distinct) >= 8:  # a few words alone are districts, cities and races more often than surnames
        share = sum(map(_named, sample)) / len(sample)
        if share >= 0.6:
            return Evidence("name", f"{share:.0%} of its texts are surnames")
    return None


def _born(sample: Sequence[str]) -> Evidence | None:
    years = [int(m[1] or m[2] or m[3] or m[4]) for text in sample if (m := _DATE.match(text))]
    if len(years) < 0.8 * len(sample) or len(years) < 5:
        return None
    years.sort()
    middle, spread = years[len(years) // 2], years[-len(years) // 10] - years[len(years) // 10]
    if middle <= 1996 and years[-1] <= 2012 and spread >= 10:
        return Evidence("birth_date", f"dates spread over {years[0]} to {years[-1]}, as dates of birth are")
    return None


def _named(text: str) -> float:
    """How much a text reads as a person's name, 0 to 1; of several people, the first counts."""
    bare = _bare(text)
    if not bare or any(c.isdigit() for c in bare):
        return 0.0
    first, last = _names()
    if "," in bare:
        left, _, right = bare.partition(",")
        family, given = _words(left), _words(right)
        if not family or not given or len(family) > 3 or len(given) > 3:
            return 0.0
        return _score(given[0] in first or len(given[0]) == 1, family[-1] in last or " ".join(family) in last)
    if _THAI.fullmatch(bare):
        return 1.0
    if _HAN.fullmatch(bare):
        return 1.0 if fold(bare[0]) in last or fold(bare[:2]) in last else 0.0
    words = _words(bare)
    if not words or len(words) > 4:
        return 0.0
    if len(words) == 1:
        return 1.0 if words[0] in last or words[0] in first else 0.0
    if all(len(word) == 1 for word in words[1:]) or _FAMILY.fullmatch(words[-1]):
        return 1.0 if words[0] in last or words[0] in first or _FAMILY.fullmatch(words[-1]) else 0.5
    if len(words[0]) == 1:
        return 1.0 if words[-1] in last else 0.5
    return _score(words[0] in first, words[-1] in last) or 0.9 * _score(words[-1] in first, words[0] in last)


def _score(given: bool, family: bool) -> float:
    return 1.0 if given and family else 0.6 if given or family else 0.0


def _bare(text: str) -> str:
    one = _SEVERAL.split(text.strip())[0]
    return _SUFFIX.sub("", _BEHIND.sub("", _RANK.sub("", one))).strip()


def _words(text: str) -> list[str]:
    """Folded words of a name, particles joined to what follows; empty where a word is none or names no person."""
    found: list[str] = []
    for word in text.split():
        marks_off = "".join(c for c in word if unicodedata.category(c)[0] != "M")  # vowels of Hindi and Thai
        if not _WORD.match(marks_off):
            return []
        plain = fold(word)
        if plain in _listed("no_names"):
            return []
        if plain not in _listed("particles") or len(plain) == 1:
            found.append(plain)
    return found


def fold(text: str) -> str:
    """A text without case, accents, apostrophes and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_STROKES))
    return "".join(c for c in plain if c.isalpha())


_STROKES: Final = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})


@cache
def _listed(key: str) -> frozenset[str]:
    """Words that are no names (``no_names``), or that stand inside one (``particles``), folded."""
    lists = read_yaml(Path(__file__).with_name("name_words.yaml"))
    return frozenset(fold(word) for word in lists[key].split())


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """Given names and surnames of every language that Faker has, folded."""
    first: set[str] = set()
    last: set[str] = set()
    package = resources.files("faker.providers.person")
    for folder in sorted(item.name for item in package.iterdir() if item.is_dir() and item.name[0] != "_"):
        provider = import_module(f"faker.providers.person.{folder}").Provider
        for name in dir(provider):
            listed = getattr(provider, name)
            if not isinstance(listed, (tuple, list, dict)):
                continue
            kept = first if "first" in name else last if "last" in name or "surname" in name else None
            if kept is not None:
                kept.update(fold(part) for text in listed for part in str(text).split())
    return frozenset(first - {""}), frozenset(last - {""})
