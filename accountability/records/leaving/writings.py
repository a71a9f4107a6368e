"""Undo the ways of writing a text that a comparison would miss."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Mn"})
_BASE64: Final = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{12,}={0,2}")
_BASE32: Final = re.compile(r"(?<![\w=])[A-Z2-7]{10,}={0,6}(?!\w)")
_HEX: Final = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{2}[ :]?){6,}(?![0-9a-zA-Z])")
_QUOTED: Final = re.compile(r"(?:=[0-9A-F]{2}){3}")
_ESCAPED: Final = re.compile(r"\\(?:U([0-9a-fA-F]{8})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))")
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .·_-])[^\W\d_])(?:\1[^\W\d_]){3,}(?![^\W_])")
_DIGITS: Final = re.compile(r"\b(?=\w*[^\W\d_]{2})\w*[0134578@$]\w*\b")
#: Letters of other alphabets that look like ours, and letters of ours that have no accent to take off.
_ALIKE: Final = str.maketrans(
    "асеорхуіјѕԁԛѡԝһѵкАВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρικτυχαօոսզհցɑɡᴀʙᴄᴅᴇꜰғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "aceopxyijsdqwwhvkABCEHIJKMOPSTXYABEZHIKMNOPTYXovpiktuxaonuqhgagabcdeffghijklmnoprstuvwyz",
)
_BARE: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_LIKE_LETTERS: Final = [str.maketrans("0134578@$", f"o{one}eastbas") for one in "il"]
_SHORTEST: Final = 6
_LATIN: Final = 0x250


def plain(word: str) -> str:
    """Return a part of a name without case, accents and apostrophes."""
    if word.isascii():
        return word.lower() if word.isalnum() else "".join(sign for sign in word.lower() if sign.isalnum())
    apart = unicodedata.normalize("NFKD", word.casefold()).translate(_BARE)
    return "".join(sign for sign in apart if sign.isalnum())


def seen(text: str) -> str:
    """Return a text as it looks: without zero-width characters, in one alphabet and form."""
    if text.isascii() and text.isprintable():
        return text
    whole = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return "".join(sign for sign in whole if sign in "\n\t\x1b" or unicodedata.category(sign) not in _UNSEEN)


def writings(text: str) -> Iterator[str]:
    """Return a text as it looks, and all texts encoded in it (also one in another), each once.

    Encodings: percent signs, quoted printable, entities, escapes, base64, base32, hexadecimal digits, UTF-16, letters
    apart, digits for letters.
    """
    first = seen(text)
    told = {first}
    yield first
    asked = [first]
    for _ in range(2):
        asked = [seen(other) for one in asked for other in _decoded(one)]
        for whole in asked:
            if whole not in told and sum(sign.isalpha() for sign in whole) >= 3:
                told.add(whole)
                yield whole


def _decoded(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(unquote(text))
    if _QUOTED.search(text):
        yield unquote(re.sub(r"=(?=[0-9A-F]{2})", "%", text))
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield _ESCAPED.sub(
            lambda m: chr(min(int(m[1] or m[2] or m[3] or "0", 16) or int(m[4] or "0", 8), 0x10FFFF)), text
        )
    for found in _BASE64.findall(text):
        with_end = found.rstrip("=").replace("-", "+").replace("_", "/")
        with suppress(binascii.Error):
            yield from _read(base64.b64decode(with_end + "=" * (-len(with_end) % 4)))
    for found in _BASE32.findall(text):
        with suppress(binascii.Error):
            yield from _read(base64.b32decode(found.rstrip("=") + "=" * (-len(found.rstrip("=")) % 8)))
    for found in _HEX.findall(text):
        yield from _read(bytes.fromhex(re.sub("[ :]", "", found)))
    for match in _SPACED.finditer(text):
        yield match[0].replace(match[1], "")
    if any(sign.isdigit() for sign in text):
        for letters in _LIKE_LETTERS:
            yield " ".join(found.translate(letters) for found in _DIGITS.findall(text))


def _read(raw: bytes) -> Iterator[str]:
    """Read bytes as text, where nearly all of them are text."""
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        try:
            text = raw.decode(code)
        except UnicodeDecodeError:
            continue
        if len(text) >= _SHORTEST and sum(ord(sign) < _LATIN and sign.isprintable() for sign in text) >= 0.9 * len(
            text
        ):
            yield text
            return
