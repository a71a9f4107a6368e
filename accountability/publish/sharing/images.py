"""Pictures: what stands in a PNG or a JPEG beside the pixels."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from accountability.publish.sharing.pieces import Metadata, Piece, Text, Unreadable

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DRAWN: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST",
     b"pHYs", b"sPLT"}
)  # fmt: skip
_SCAN, _END = 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""In a scan, these two bytes are no pixels but the next marker."""
_READABLE: Final = re.compile(rb"[\x20-\x7e]{4,}")
_MOST: Final = 1_000_000


def of_image(place: str, raw: bytes) -> Iterator[Piece]:
    """Read what a PNG or a JPEG holds beside its pixels.

    Each text chunk of a PNG and each comment of a JPEG; EXIF, XMP and whatever follows the picture's end as metadata;
    any other kind of picture as unreadable.
    """
    if raw.startswith(_PNG):
        yield from _png(place, raw)
    elif raw.startswith(b"\xff\xd8"):
        yield from _jpeg(place, raw)
    else:
        yield Unreadable(place, "a picture that is neither PNG, JPEG nor SVG")


def _png(place: str, raw: bytes) -> Iterator[Piece]:
    at = len(_PNG)
    while at + 8 <= len(raw):
        (length,) = struct.unpack(">I", raw[at : at + 4])
        kind, body = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]
        at += length + 12
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, text = _png_text(kind, body)
            if keyword != "Software" or "matplotlib" not in text.lower():
                yield Text(f"{place}, PNG {kind.decode()} {keyword}", f"{keyword}: {text}")
        elif kind not in _DRAWN:
            name = kind.decode("latin-1")
            yield from _block(f"{place}, PNG {name}", name, body)
        if kind == b"IEND":
            break
    yield from _after(place, raw[at:])


def _png_text(kind: bytes, body: bytes) -> tuple[str, str]:
    keyword, _, rest = body.partition(b"\0")
    if kind == b"zTXt":
        rest = _unpacked(rest[1:])
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.split(b"\0", 2)[-1]
        rest = _unpacked(rest) if packed else rest
    return keyword.decode("latin-1"), rest.decode("utf-8", errors="replace")


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST)
    except zlib.error:
        return packed


def _jpeg(place: str, raw: bytes) -> Iterator[Piece]:
    at = 2
    while at < len(raw):
        while raw[at : at + 2] == b"\xff\xff":  # a marker may be preceded by any number of these
            at += 1
        if raw[at] != 0xFF or at + 2 > len(raw):
            yield Unreadable(place, "a JPEG whose parts do not follow each other")
            return
        marker = raw[at + 1]
        at += 2
        if marker == _END:
            break
        if marker in _ALONE:
            continue
        length = int.from_bytes(raw[at : at + 2], "big")
        body = raw[at + 2 : at + length]
        at += length
        if marker == 0xFE:
            yield Text(f"{place}, JPEG comment", body.decode("utf-8", errors="replace"))
        elif marker == 0xE1 or (marker in range(0xE2, 0xF0) and not body.startswith((b"ICC_PROFILE", b"Adobe"))):
            name = "EXIF" if body.startswith(b"Exif") else f"application block {marker - 0xE0}"
            yield from _block(f"{place}, JPEG {name}", name, body)
        elif marker == _SCAN:
            following = _AFTER_SCAN.search(raw, at)
            at = following.start() if following else len(raw)
    yield from _after(place, raw[at:])


def _after(place: str, rest: bytes) -> Iterator[Piece]:
    if rest:
        yield from _block(f"{place}, after the picture's end", f"{len(rest)} bytes", rest)


def _block(place: str, name: str, body: bytes) -> Iterator[Piece]:
    """A block that no figure of ours has, and what can be read in it."""
    yield Metadata(place, name)
    for found in _READABLE.findall(body[:_MOST]):
        yield Text(place, found.decode("ascii"))
