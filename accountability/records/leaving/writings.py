"""Undo the ways of writing a text that a comparison would miss."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Mn"})
_BASE64: Final = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX: Final = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{2}[ :]?){6,}(?![0-9a-zA-Z])")
#: Letters of other alphabets that look like ours.
_ALIKE: Final = str.maketrans(
    "асеорхуіјѕԁԛѡАВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aceopxyijsdqwABCEHIJKMOPSTXYABEZHIKMNOPTYXo"
)
_SHORTEST: Final = 6


def plain(word: str) -> str:
    """Return a part of a name without case, accents and apostrophes."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in apart if sign.isalnum())


def seen(text: str) -> str:
    """Return a text as it looks: without zero-width characters, in one alphabet and form."""
    if text.isascii() and text.isprintable():
        return text
    whole = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return "".join(sign for sign in whole if sign in "\n\t\x1b" or unicodedata.category(sign) not in _UNSEEN)


def writings(text: str) -> Iterator[str]:
    """Return a text as it looks, and all texts encoded in it, each once.

    Encodings: percent signs, entities, base64, hexadecimal digits, UTF-16, reversed letters.
    """
    first = seen(text)
    told = {first}
    yield first
    for other in _decoded(first):
        whole = seen(other)
        if whole not in told and sum(sign.isalpha() for sign in whole) >= 3:
            told.add(whole)
            yield whole


def _decoded(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(unquote(text))
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))", lambda m: chr(int(m[1] or m[2], 16)), text)
    for found in _BASE64.findall(text):
        with_end = found.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from _read(base64.b64decode(with_end + "=" * (-len(with_end) % 4)))
        except binascii.Error:
            continue
    for found in _HEX.findall(text):
        yield from _read(bytes.fromhex(re.sub("[ :]", "", found)))


def _read(raw: bytes) -> Iterator[str]:
    """Read bytes as text, where nearly all of them are text."""
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        try:
            text = raw.decode(code)
        except UnicodeDecodeError:
            continue
        if len(text) >= _SHORTEST and sum(sign.isascii() and sign.isprintable() for sign in text) >= 0.9 * len(text):
            yield text
            return
