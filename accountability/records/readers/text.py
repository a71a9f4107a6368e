"""Bytes to checked text: encoding, byte-order mark, NUL, and lines as an editor counts them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from accountability.errors import SourceError
from accountability.records.readers.format import Format
from accountability.records.readers.raw import Stream

BLOCK: Final = 2**20  # small enough to stay in the processor's cache while it is looked through several times
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def decoded(stream: Stream, fmt: Format, block_size: int, notes: list[str]) -> Iterator[bytes]:
    """Yield the text of a file as checked UTF-8 in blocks that never end between a CR and an LF.

    Parameters
    ----------
    notes
        Receives the encoding, and whether a byte-order mark was removed.

    Raises
    ------
    SourceError
        Bytes that are not text in the encoding (line and byte offset are named), a NUL character, or a byte-order
        mark that contradicts the declared encoding.
    """
    name, head = stream.name, stream.peek(4)
    encoding = fmt.encoding
    for bom, means in _BOMS:
        if head.startswith(bom):
            declared = codecs.lookup(encoding).name if encoding else means
            if declared.removesuffix("-sig") not in (means, means.removesuffix("-le").removesuffix("-be")):
                raise SourceError(
                    f"{name}: declared encoding {encoding}, but the file starts with the byte-order mark of "
                    f"{means}. Declare encoding: {means}."
                )
            stream.read(len(bom))
            notes.append(f"byte-order mark of {means} removed")
            encoding = means
            break
    encoding = encoding or "utf-8"
    codec = codecs.lookup(encoding).name
    notes.append(f"encoding {codec}")
    decoder = codecs.getincrementaldecoder(codec)()
    offset, line = 0, 1
    held = b""
    while True:
        block = stream.read(block_size)
        pending = len(decoder.getstate()[0])
        plain = codec == "utf-8" and not pending and block.isascii()  # the common case, checked ten times faster
        try:
            text = "" if plain else decoder.decode(block, not block)
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
            good = codecs.decode(block[: max(start - pending, 0)], codec, "replace").encode()
            raise SourceError(
                f"{name}, line {line + count_lines(held + good)}: the text is not {codec}: {reason} at byte "
                f"{offset - pending + start:,}. Declare the file's encoding (agencies' spreadsheets often write "
                "cp1252); if lines differ in encoding, repair the file in a step of its own."
            ) from error
        done = held + (block if codec == "utf-8" else text.encode())
        held = b"\r" if block and done.endswith(b"\r") else b""
        done = done[: len(done) - len(held)]
        if (nul := done.find(b"\0")) >= 0:
            raise SourceError(
                f"{name}, line {line + count_lines(done[:nul])}: the text holds a NUL byte. The file is damaged, "
                "or written in another encoding such as utf-16."
            )
        if done:
            yield done
        if not block:
            return
        offset += len(block)
        line += count_lines(done)


def physical_lines(text: bytes, final: bool, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Find the physical lines of ``text``; one without a line end only where the file ends."""
    return (m for m in _LINE.finditer(text, start) if final or m.group()[-1:] in (b"\r", b"\n"))


def joined_lines(texts: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    """Find the physical lines of consecutive blocks."""
    blocks, rest, at_end = iter(texts), b"", False
    while not at_end:
        more, at_end = further(blocks, len(rest))
        rest += more
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
        yield from physical_lines(rest[:end], True)
        rest = rest[end:]
    yield from physical_lines(rest, True)


def further(texts: Iterator[bytes], least: int) -> tuple[bytes, bool]:
    """Take blocks of at least so many bytes together, and whether the file ends with them.

    What is left of a long record is looked through again with what follows it; as long as that doubles, the whole
    takes no more than twice the time.
    """
    parts, size = [], 0
    for text in texts:
        parts.append(text)
        size += len(text)
        if size >= least:
            return b"".join(parts), False
    return b"".join(parts), True


def count_lines(text: bytes) -> int:
    """Count the line ends (LF, CRLF or a lone CR) in ``text``."""
    lines = int(np.count_nonzero(np.frombuffer(text, np.uint8) == 10))  # far quicker than bytes.count on short lines
    return lines + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else lines
