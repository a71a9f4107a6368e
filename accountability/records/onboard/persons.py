"""Find columns of an unknown file that identify people, from their cells.

Names are recognised by lists of given names and surnames (Faker's, in all its scripts), by their form (first last,
last, first, an initial, a rank before, an agency after, several in a cell), and by agency words that are not names.
Numbers, birth dates, addresses, contacts and narratives are recognised by form.
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

_RANKS: Final = (
    r"(?:p[./]?o|ofc|off|officer|sgt|sergeant|lt|lieut|lieutenant|det|detective|capt|captain|cpl|corporal|dep|deputy|"
    r"insp|inspector|chief|agent|trooper|pfc|mr|mrs|ms|miss|dr|police|probationary|sheriff|judge|hon|atty|ifj|id)\b\.?"
)
_RANK: Final = re.compile(rf"^(?:{_RANKS}\s+|\d{{2,6}}\s+(?=[^\W\d_]{{3}}))+", re.I)
_SUFFIX: Final = re.compile(rf"(?:,?\s+(?:jr|sr|ii|iii|iv|esq(?:uire)?|{_RANKS})\.?)$", re.I)
_BEHIND: Final = re.compile(r"\s+[-–—]\s+.*$|\s*[#*]\s*\d+\s*$|\s*\b(?:a/?k/?a|alias)\b.*$", re.I)
_BESIDE: Final = re.compile(r"\s*\([^)]*\)|[\"“”'‘][^\"“”'‘’]*[\"“”'’](?=\s)")
_NOBODY: Final = re.compile(
    r"[\W_]*(?:unknown(?: (?:male|female|officer))?|anonymous|refused|redacted|withheld|not (?:listed|stated|given)|"
    r"n/?a|none)[\W_]*",
    re.I,
)
_STREET: Final = re.compile(
    r"\b(?:st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|pl|place|pkwy|hwy)\.?$", re.I
)
_OF_A_NAME: Final = re.compile(r"\bvs?\. |['’]s \S+$", re.I)  # a case at law, a law or a day called after somebody
_SEVERAL: Final = re.compile(r"\s*[;|&\n]\s*|\s+and\s+", re.I)
_WORD: Final = re.compile(r"^[^\W\d_]+(?:['’`.-][^\W\d_]+)*['’.]?$")
_CONTACT: Final = re.compile(
    r".*[^@\s]@[^@\s]+\.[a-z]{2,}\b.*|@[\w.]{3,}|(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?: ?x\d+| \w+)?|"
    r"(?:\(\d{3}\) ?)?\d{3}-\d{4}(?: \w+)?|\+\d[\d ().-]{7,}",
    re.I,
)
_ADDRESS: Final = re.compile(
    r"\d+\w?(?:[-/]\d+)? .*\b(?:st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|way|"
    r"hwy|pkwy|ter|terrace|cir|circle|sq|square|calle|avenida|rue|quai|cours|stra(?:ss|ß)e)\b.*|"
    r"\d+\w? (?:[nsew]\.? )?\w.*(?:#\s*\w+|\b(?:apt|fl|floor|unit|suite)\b.*|\(rear\))|\d{2,} [nsew]\.? \w.*|"
    r".*\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}",
    re.I,
)
_HAN: Final = re.compile(r"[\u4e00-\u9fff\uac00-\ud7af]{2,4}")
_FAMILY: Final = re.compile(
    r"[a-z]{3,}(?:yan|enko|opoulos|idis|sson|ovic|shvili|dottir)|[а-яёђјљњћџәғқңөұүһі]{2,}"
    r"(?:ов|ев|ин|ын|скии|цкии|вич|вић|ић|енко|чук|ян|дзе|швили|улы|ұлы|кызы|қызы)(?:а|ая)?|ال\w+ي"
)
_BY_FORM: Final = re.compile("[A-Z][a-z]+,? [A-Z][a-z]+-[a-z]+|[\u30a0-\u30ff]+[・ ][\u30a0-\u30ff]+")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\. ?){2,4}")
_PLATE: Final = re.compile(
    r"[A-Z]{3}[ -]?\d{3,4}|\d[A-Z]{3}\d{3}|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2}-\d{2}-[A-Z]{1,2}-\d{4}"
)
_THAI: Final = re.compile("[\u0e00-\u0e7f]+ [\u0e00-\u0e7f]+")  # Thai parts no words, but names
_OF_A_STATE: Final = re.compile(
    r"\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{8}[A-Z]|[A-Z]{5}\d{4}[A-Z]|"
    r"[X*]{3}-?[X*]{2}-?\d{4}|\d{17}[\dXx]|(?=\D*\d)(?=[^A-Z]*[A-Z])[A-HJ-NPR-Z\d]{17}|"
    r"[A-Z]\d{3}-\d{4}-\d{4}|[A-Z]\d{2}[A-Z]\d{2}[A-Z]\d{2}|[A-Z]{1,2}\d{7,8}"
)
_TOLD: Final = re.compile(r"^(?:he|she|they|i|we|my|his|her|a (?:man|woman)|the (?:officer|driver|man|woman))\b", re.I)
_DATE: Final = re.compile(
    r"^\s*(?:\d{1,2}[/.-]\d{1,2}[/.-](\d{4})|(\d{4})[/.-]\d{1,2}[/.-]\d{1,2}|"
    r"\d{1,2}\.? [^\W\d_]{3,9}\.? (\d{4})|(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|"
    r"\d{1,2}[/.-]\d{1,2}[/.-](\d{2}))(?!\d)"
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
    """Return whether and why the cells of a column identify people.

    Parameters
    ----------
    values : iterable of str
        The filled cells.

    Returns
    -------
    Evidence or None
        None if nothing in the cells says so.
    """
    filled = [text for value in values if (text := " ".join(str(value).split()))]
    distinct = [text for text in dict.fromkeys(filled) if not _NOBODY.fullmatch(text)]
    sample = distinct[:: max(1, len(distinct) // LOOKED_AT)]
    if not sample:
        return None
    for kind, form in (("contact", _CONTACT), ("address", _ADDRESS), ("number", _OF_A_STATE)):
        share = sum(bool(form.fullmatch(text)) for text in sample) / len(sample)
        if share >= 0.5:
            return Evidence(kind, f"{share:.0%} of its texts have the form of it")
    plates = [text[:3] for text in sample if _PLATE.fullmatch(text)]
    if len(plates) >= 0.8 * len(sample) and len(set(plates)) > max(4, 0.6 * len(plates)):
        return Evidence("number", "letters and digits in the forms of licence plates")
    if sum(bool(_INITIALS.fullmatch(text)) for text in sample) >= max(3, 0.5 * len(sample)):
        return Evidence("name", "initials")
    own = len(distinct) >= 0.9 * len(filled)
    if own and len(distinct) >= 10 and all(len(text) == 3 and text.isalpha() and text.isupper() for text in sample):
        return Evidence("name", "three capitals that hardly ever repeat, as initials do")
    words = sum(text.count(" ") + 1 for text in sample) / len(sample)
    if len(distinct) > 2 and ((sum(map(len, sample)) / len(sample) > 60 and words > 5) or (own and words >= 6)):
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
    if sum(fold(text) in _listed("places") for text in sample) >= 0.6 * len(sample):
        return None
    several = [t for t in sample if " " in t or _HAN.fullmatch(_bare(t)) or _BY_FORM.fullmatch(t) or " " in _bare(t)]
    if len(several) >= 0.5 * len(sample):
        share = sum(map(_named, several)) / len(sample)
        if share >= 0.5:
            return Evidence("name", f"{share:.0%} of its texts read as people's names")
    elif len(distinct) >= 8:  # a few words alone are districts, cities and races more often than surnames
        share = sum(map(_named, sample)) / len(sample)
        if share >= 0.6:
            return Evidence("name", f"{share:.0%} of its texts are surnames")
    worded = sum(any(c.isalpha() for c in t) and not any(c.isdigit() for c in t) for t in sample)
    if own and len(distinct) >= 20 and worded >= 0.8 * len(sample):
        return Evidence("name", "texts that hardly ever repeat, as people's names do")
    return None


def _born(sample: Sequence[str]) -> Evidence | None:
    told = [next(filter(None, m.groups())) for text in sample if (m := _DATE.match(text))]
    years = [int(year) if len(year) == 4 else 1900 + int(year) + 100 * (int(year) < 30) for year in told]
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
    if not bare or any(c.isdigit() for c in bare) or _STREET.search(bare) or _OF_A_NAME.search(bare):
        return 0.0
    first, last = _names()
    if "," in bare:
        left, _, right = bare.partition(",")
        family, given = _words(left), _words(right)
        if not family or not given or len(family) > 3 or len(given) > 3:
            return 0.0
        known = family[-1] in last or _FAMILY.fullmatch(family[-1])
        return _score(given[0] in first or len(given[0]) == 1, bool(known))
    if _THAI.fullmatch(bare) or _BY_FORM.fullmatch(bare):
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
    if {"بن", "بنت", "bin", "bint"} & set(bare.split()) or _FAMILY.fullmatch(words[0]):
        return 1.0
    return _score(words[0] in first, words[-1] in last) or 0.9 * _score(words[-1] in first, words[0] in last)


def _score(given: bool, family: bool) -> float:
    return 1.0 if given and family else 0.6 if given or family else 0.0


def _bare(text: str) -> str:
    """A name alone: without rank, number, suffix, nickname and what stands behind it; of several people, the first."""
    one = _BEHIND.sub("", _BESIDE.sub("", _SEVERAL.split(text.strip())[0]))
    if " " not in one:
        one = re.sub(r"(?<=[a-z]{2})(?=[A-Z][a-z])", " ", one.replace("_", " "))
    return _SUFFIX.sub("", _SUFFIX.sub("", _RANK.sub("", one))).strip()


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
    """Return a text without case, accents, apostrophes and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_STROKES))
    return "".join(c for c in plain if c.isalpha())


_STROKES: Final = str.maketrans(
    {
        "ł": "l",
        "đ": "d",
        "ø": "o",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ہ": "ه",
        "ھ": "ه",
        "ی": "ي",
        "ک": "ك",
    }
)


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
    return frozenset(first - {""} | _listed("given")), frozenset(last - {""} | _listed("family"))
