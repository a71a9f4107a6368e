"""Rules for texts: people, numbers that point to people, narratives, keys, machines, few."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from accountability.publish.sharing.known import WORD, Known, plain, runs_of
from accountability.publish.sharing.leak import Leak, masked
from accountability.publish.sharing.pieces import Text

_TITLE: Final = re.compile(
    r"\b(?:(?i:officer|patrolman|sergeant|lieutenant|captain|detective|deputy|trooper|constable|inspector|commander)|"
    r"(?:Off|Ofc|P\.?O|Sgt|Lt|Capt|Det|Dep|Insp|Cmdr|Mr|Mrs|Ms|Dr|SGT|LT|CAPT|DET|MR|MRS|MS|DR)\.?)\s+"
    r"(?:[A-Z]\.?\s+){0,2}([A-Z][a-z'’]+(?:-[A-Z][a-z]+)?|[A-Z]{2,}(?:['’-][A-Z]+)?)\b"
)
_NAME_ON: Final = re.compile(
    r"\b(?i:author|creator|artist|manager|initials|(?:written|prepared|reviewed|modified)[ _]?by)\b\W{1,3}"
    r"([A-Z][a-z'’]+\s+(?:[A-Z]\.?\s+)?[A-Z][a-z'’]+)\b"
)
_SHIELD: Final = re.compile(
    r"\b(?:badge|shield|star)s?\b(?:\s+(?:no\.?|number|nr|num|id))?\s*[:#=|]?\s*#?\s*(\d{2,6})\b(?![.,]\d)",
    re.IGNORECASE,
)
_STREET: Final = (
    "Street|Avenue|Boulevard|Road|Drive|Lane|Court|Place|Terrace|Parkway|Highway|Circle|Square|"
    "St|Ave|Av|Blvd|Rd|Dr|Ln|Ct|Pl|Ter|Pkwy|Hwy"
)
_ADDRESS: Final = re.compile(
    rf"\b\d{{1,5}}[A-Z]?\s+(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.?\s+)?"
    rf"(?:[A-Z0-9][\w'’.]*\s+){{1,3}}(?:{_STREET}|{_STREET.upper()})\b\.?"
)
_DAY: Final = (
    r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2}\s+[A-Z][a-z]{2,8}\s+\d{4}|"
    r"[A-Z][a-z]{2,8}\s+\d{1,2},?\s+\d{4})"
)
_BORN: Final = re.compile(
    rf"\b(?:born|d\.?o\.?b\.?|date\W?of\W?birth|birth\W?date|birthday)\b\W{{0,4}}(?:on\s+|is\s+|was\s+)?({_DAY})",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
_PHONE: Final = re.compile(
    r"(?<![\w.-])(?:\+?1[-. ])?(?:\(\d{3}\)\s?\d{3}[-. ]\d{4}|\d{3}([-.])\d{3}\1\d{4})(?![\w-]|\.\d)"
    r"|\b(?:tel|phone|fax|mobile|call)\b\W{0,6}\+?[\d()][\d() .-]{6,}\d"
    r"|(?<!\w)\+\d{1,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]?\d{2,4}){2,4}\b",
    re.IGNORECASE,
)
_PSEUDONYM: Final = re.compile(r"\bp-[0-9a-f]{12}\b")
_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b|"
    r"\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|\bBearer\s+[\w.~+/-]{16,}|"
    r"(?i:\b(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|hmac[_-]?key|pseudonym[_-]?key)\b"
    r"[\"']?\s*[:=]\s*[\"']?[\w+/=-]{12,})|\w+://[^\s/:@]+:[^\s/@]+@"
)
_PATH: Final = re.compile(
    r"(?<![\w.~:/<-])/(?:home|Users|root|tmp|var/folders|private|mnt|media|opt|srv|work|workspace|builds|github)/[^\s\"'<>|]+"
    r"|\b[A-Za-z]:\\(?:[^\s\\\"'<>|]+\\)+[^\s\"'<>|]*|\\\\[\w.-]+\\[\w$.-]+|\bfile://[^\s\"'<>]+"
)
#: One space apart: in a printed frame more of them part two columns.
_FEW: Final = re.compile(
    r"(?<![\d.,–-])\b(?:1\s(?:\w+\s)?(?:officer|complainant|person|employee|civilian|victim)|"
    r"[1-9]\s(?:of\s(?:the\s|them\s|all\s)?(?:[\d,]+\s)?)?(?!the\b|of\b)(?:[a-z]+\s)?"
    r"(?:officers|complainants|people|persons|employees|civilians|victims))\b(?!-)",
    re.IGNORECASE,
)
_FEW_IN_WORDS: Final = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine)\s(?:of\s(?:the\s|them\s)?(?:[\d,]+\s)?)?(?:[a-z]+\s)?"
    r"(?:officers|complainants|people|persons|employees|civilians|victims)\b(?!-)",
    re.IGNORECASE,
)
#: The first word of a line of a printed frame is its running number.
_RUNNING: Final = re.compile(r"\d+\s+")
_SAYS: Final = re.compile(
    r"\b(?:alleg(?:es|ed)|stat(?:es|ed) that|reports? that|claim(?:s|ed) that|complainant|victim|suspect|accused|"
    r"grabbed|punched|struck|kicked|slapped|shoved|handcuffed|searched|yelled|cursed|refused to)\b",
    re.IGNORECASE,
)
_WHO: Final = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
_GAP: Final = re.compile(r"[ \t\n,._|+=/-]{1,4}")
_LONG_STORY: Final = 12
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_text(piece: Text, known: Known) -> Iterator[Leak]:
    """Look through one text.

    Parameters
    ----------
    piece : Text
        The text and its place.
    known : Known
        What it is compared with.

    Yields
    ------
    Leak
        One for each thing found; its excerpt is covered.
    """
    place, text = piece.place, _COLOUR.sub("", piece.text)
    for kind, pattern in (
        ("shield", _SHIELD),
        ("address", _ADDRESS),
        ("birth date", _BORN),
        ("contact", _MAIL),
        ("contact", _PHONE),
        ("pseudonym", _PSEUDONYM),
        ("machine", _PATH),
        ("small cell", _FEW),
    ):
        running = _RUNNING.match(text) if kind == "small cell" and place.endswith("text/plain") else None
        for match in pattern.finditer(text, running.end() if running else 0):
            yield Leak(place, kind, masked(match[0]))
    for match in _FEW_IN_WORDS.finditer(text):
        # What the project itself says of "two officers" counts nobody.
        if match[0] not in known.own_text:
            yield Leak(place, "small cell", masked(match[0]))
    if _KEY.search(text) or any(secret in text for secret in known.secrets):
        yield Leak(place, "key", "(not shown)")
    for word in known.machine:
        at = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        if at is not None and plain(word) not in known.own_words:
            yield Leak(place, "machine", masked(at[0]))
    yield from _names(place, text, known)
    if _story(text) or any(run in known.runs for run in runs_of(text)):
        yield Leak(place, "free text", masked(text))


def _story(text: str) -> bool:
    """Whether a text tells what somebody did to somebody."""
    return len(_SAYS.findall(text)) >= 2 and bool(_WHO.search(text)) and len(text.split()) >= _LONG_STORY


def _names(place: str, text: str, known: Known) -> Iterator[Leak]:
    for match in _TITLE.finditer(text):
        if plain(match[1]) not in known.own_words:
            yield Leak(place, "name", masked(match[0]))
    for match in _NAME_ON.finditer(text):
        if not all(plain(word) in known.own_words for word in match[1].split()):
            yield Leak(place, "name", masked(match[1]))
    if not known.pairs:
        return
    words = list(WORD.finditer(text))
    parts = [plain(word[0]) for word in words]
    for at, (word, part) in enumerate(zip(words, parts, strict=True)):
        if part in known.names and word[0][0].isupper():
            yield Leak(place, "name", masked(word[0]))
        for step in (1, 2):
            if at + step >= len(words) or (part, parts[at + step]) not in known.pairs:
                continue
            other = words[at + step]
            between = text[word.end() : other.start()] if step == 1 else _around_initial(text, words[at : at + 3])
            if _GAP.fullmatch(between) and _named(word[0], other[0], known):
                yield Leak(place, "name", masked(text[word.start() : other.end()]))


def _around_initial(text: str, words: list[re.Match[str]]) -> str:
    """What stands between two names beside a middle initial; nothing when the middle word is longer."""
    first, middle, last = words
    if len(middle[0]) > 1:
        return ""
    return (text[first.end() : middle.start()] + text[middle.end() : last.start()])[:4]


def _named(one: str, other: str, known: Known) -> bool:
    """Two own words side by side are a name only when both are written as names are."""
    if plain(one) in known.own_words and plain(other) in known.own_words:
        return one[0].isupper() and other[0].isupper()
    return True
