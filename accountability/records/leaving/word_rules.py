"""Rules for texts: people, identifying numbers, narratives, keys, machines, small counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from accountability.records.leaving.known import PLACE, TOKEN, WORD, Known, runs_of, told_values
from accountability.records.leaving.leak import PATTERNS, Leak, masked
from accountability.records.leaving.writings import plain, writings

#: Kinds whose patterns are leaks wherever they match, in the order in which they are looked for.
_PLAIN: Final = {
    "shield": "shield",
    "address": "address",
    "birth date": "birth date",
    "mail": "contact",
    "phone": "contact",
    "pseudonym": "pseudonym",
    "machine": "machine",
    "few": "small cell",
}
#: The first word of a line of a printed frame is its running number.
_RUNNING: Final = re.compile(r"\d+\s+(?!(?:(?:out\s)?of|in)\s)")
_GAP: Final = re.compile(r"[ \t\n,._|+=/\d-]{1,24}")
_LONG_STORY: Final = 12
_FEW: Final = 10
_DECODED: Final = frozenset({"name", "identifying value", "key", "free text", "contact", "address", "pseudonym"})
#: A surname written small: a word of its own, and no part of a hash; none of so many letters is one.
_ALONE: Final = 5
_NO_HASH: Final = 8
_OTHERS: Final = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "HEBREW", "ARABIC"})
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_text(place: str, text: str, known: Known) -> Iterator[Leak]:
    """Search one text, in all encodings, for known secrets and for patterns of them.

    Excerpts are masked.
    """
    if not text.isascii():
        yield from (Leak(place, "name", masked(word)) for word in _of_two_alphabets(text))
    for number, written in enumerate(writings(_COLOUR.sub("", text))):
        found = _in_writing(place, written, known)
        # In what had to be decoded, few is a word of a hash more often than a count.
        yield from found if number == 0 else (leak for leak in found if leak.kind in _DECODED)


def _in_writing(place: str, text: str, known: Known) -> Iterator[Leak]:
    for name, kind in _PLAIN.items():
        running = _RUNNING.match(text) if kind == "small cell" and place.endswith("text/plain") else None
        for match in PATTERNS[name].finditer(text, running.end() if running else 0):
            yield Leak(place, kind, masked(match[0]))
    for match in PATTERNS["few in words"].finditer(text):
        # What the project itself says of "two officers" counts nobody.
        if match[0] not in known.own_text:
            yield Leak(place, "small cell", masked(match[0]))
    for name, share, whole in (("percent of", 1, 2), ("of so many", 2, 1)):
        for match in PATTERNS[name].finditer(text):
            if 0 < round(float(match[share]) * float(match[whole].replace(",", "") or 0) / 100) < _FEW:
                yield Leak(place, "small cell", masked(match[0]))
    for match in PATTERNS["all but few"].finditer(text):
        part, whole = (int(found.replace(",", "") or 0) for found in match.groups())
        if 0 < whole - part < _FEW:
            yield Leak(place, "small cell", masked(match[0]))
    for match in PATTERNS["initials and number"].finditer(text):
        if f"short {match[1] or match[2]}" in known.values:
            yield Leak(place, "shield", masked(match[0]))
    if PATTERNS["key"].search(text) or any(secret in text for secret in known.secrets):
        yield Leak(place, "key", "(not shown)")
    for word in known.machine:
        at = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        if at is not None and plain(word) not in known.own_words:
            yield Leak(place, "machine", masked(at[0]))
    yield from _names(place, text, known)
    if known.values and not known.values.isdisjoint(told_values(text)):
        value = next(value for value in told_values(text) if value in known.values)
        yield Leak(place, "identifying value", masked(value))
    if known.places and any(run in known.places for run in runs_of(text, PLACE, TOKEN)):
        yield Leak(place, "address", masked(text))
    if _story(text) or any(run in known.runs for run in runs_of(text)):
        yield Leak(place, "free text", masked(text))


def _story(text: str) -> bool:
    """Whether a text tells what somebody did to somebody."""
    told = len(PATTERNS["says"].findall(text)) >= 2 and PATTERNS["who"].search(text)
    return bool(told) and len(text.split()) >= _LONG_STORY


def _names(place: str, text: str, known: Known) -> Iterator[Leak]:
    for match in PATTERNS["title and name"].finditer(text):
        if plain(match[1]) not in known.own_words:
            yield Leak(place, "name", masked(match[0]))
    for match in PATTERNS["name on a property"].finditer(text):
        if not all(plain(word) in known.own_words for word in match[1].split()):
            yield Leak(place, "name", masked(match[1]))
    if not known.pairs:
        return
    words = list(WORD.finditer(text))
    parts = [plain(word[0]) for word in words]
    for at, (word, part) in enumerate(zip(words, parts, strict=True)):
        if part in known.names and (word[0][0].isupper() or _alone(text, word)):
            yield Leak(place, "name", masked(word[0]))
        if len(part) == 1 and word[0].isupper() and _initialled(text, words, at, known):
            yield Leak(place, "name", masked(text[word.start() : words[at + 1].end()]))
        for step in (1, 2):
            if at + step >= len(words) or (part, parts[at + step]) not in known.pairs:
                continue
            other = words[at + step]
            between = text[word.end() : other.start()] if step == 1 else _around_initial(text, words[at : at + 3])
            if _GAP.fullmatch(between) and _named(word[0], other[0], known):
                yield Leak(place, "name", masked(text[word.start() : other.end()]))


def _alone(text: str, word: re.Match[str]) -> bool:
    around = text[max(word.start() - 1, 0) : word.start()] + text[word.end() : word.end() + 1]
    return len(word[0]) >= (_NO_HASH if any(sign.isdigit() for sign in around) else _ALONE)


def _of_two_alphabets(text: str) -> Iterator[str]:
    """Words in which letters of another alphabet stand for ours; a Greek one at an end is a sign of mathematics."""
    for word in WORD.findall(text):
        if not word.isascii() and len(word) > 2:
            kinds = {unicodedata.name(sign, "").partition(" ")[0] for sign in unicodedata.normalize("NFKC", word)}
            inner = {unicodedata.name(sign, "").partition(" ")[0] for sign in unicodedata.normalize("NFKC", word[1:-1])}
            if "LATIN" in kinds and kinds & _OTHERS and inner & _OTHERS | kinds & _OTHERS - {"GREEK"}:
                yield word


def _initialled(text: str, words: list[re.Match[str]], at: int, known: Known) -> bool:
    """An initial with its point and a surname after it, where the project itself does not write so."""
    if at + 1 >= len(words):
        return False
    word, other = words[at], words[at + 1]
    name = plain(other[0])
    return (
        len(name) > 2
        and other[0][0].isupper()
        and re.fullmatch(r"\.\s?", text[word.end() : other.start()]) is not None
        and name in known.surnames
        and text[word.start() : other.end()] not in known.own_text
    )


def _around_initial(text: str, words: list[re.Match[str]]) -> str:
    """What stands between two names beside a middle initial; nothing when the middle word is longer."""
    first, middle, last = words
    if len(middle[0]) > 1:
        return ""
    return (text[first.end() : middle.start()] + text[middle.end() : last.start()])[:4]


def _named(one: str, other: str, known: Known) -> bool:
    """Two own words side by side are a name only when both are written as names are."""
    if plain(one) in known.own_words and plain(other) in known.own_words:
        if plain(one) == plain(other):  # "none" in a column of names
            return False
        return one[0].isupper() and other[0].isupper()
    return True
