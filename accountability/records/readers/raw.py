"""Read the bytes of a raw file within declared limits, and its checked text and lines.

Nothing is unpacked to disk. Failures of the file system or of a decompressor become a ``SourceError`` that names the
file.
"""

from __future__ import annotations

import codecs
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

import numpy as np

from accountability.errors import SourceError
from accountability.records.readers.format import Format

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
BLOCK: Final = 2**20  # small enough to stay in the processor's cache while it is looked through several times
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PAGE: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<style")
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_RATIO_FLOOR: Final = 64 * 2**20  # below this size a high ratio is harmless


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn errors of the file system and decompressors into a ``SourceError`` that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"{where}: there is no such file.") from error
    except IsADirectoryError as error:
        raise SourceError(f"{where}: expected a file, found a folder.") from error
    except PermissionError as error:
        raise SourceError(f"{where}: the file may not be read (permission denied).") from error
    except EOFError as error:
        raise SourceError(f"{where}: the compressed file ends too early; it was cut off. Fetch it again.") from error
    except _damage() as error:
        raise SourceError(f"{where}: the compressed file is damaged ({error}). Fetch it again.") from error
    except (NotImplementedError, RuntimeError, OSError) as error:
        raise SourceError(f"{where}: the file cannot be read ({error}).") from error


def _damage() -> tuple[type[Exception], ...]:
    """What decompressors say of damaged data; one of them is imported where a file needs it."""
    from isal.igzip_lib import IsalError

    return zlib.error, cast("type[Exception]", IsalError), gzip.BadGzipFile, zipfile.BadZipFile, lzma.LZMAError


def gunzipped(packed: IO[bytes]) -> IO[bytes]:
    """Unpack gzip as it is read: by ISA-L, which takes a third of zlib's time."""
    from isal.igzip import IGzipFile

    return cast(IO[bytes], IGzipFile(fileobj=packed))


def is_page(start: bytes) -> bool:
    """Return whether a file that begins like this is a web page."""
    bare = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return bare.startswith(_PAGE) or (bare.startswith(b"<?xml") and b"<html" in bare)


class Stream:
    """Bytes of one open file with a count, a limit and clear errors; ``packed`` is its size if it is compressed."""

    def __init__(self, source: IO[bytes], name: str, fmt: Format, packed: int | None) -> None:
        self._source, self.name, self._fmt, self._packed = source, name, fmt, packed
        self._count = 0
        self._head = b""

    def peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes (fewer at the end) without consuming them."""
        if len(self._head) < size:
            with explained(self.name):
                self._head += self._source.read(size - len(self._head))
        return self._head[:size]

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end of the file.

        Raises
        ------
        SourceError
            For damaged or truncated compression, or more data than the declared limits.
        """
        head, self._head = self._head[:size], self._head[size:]
        parts = [head] if head else []  # a part alone is not copied
        missing = size - len(head)
        with explained(self.name):
            while missing:
                part = self._source.read(missing)
                if not part:
                    break
                parts.append(part)
                missing -= len(part)
        data = b"".join(parts)
        self._count += len(data)
        check_size(self._count, self._packed, self._fmt, self.name)
        return data

    def read_all(self) -> bytes:
        """Return the remaining bytes, within the limits."""
        return b"".join(iter(lambda: self.read(16 * 2**20), b""))


def check_size(size: int, packed: int | None, fmt: Format, where: str) -> None:
    """Refuse more unpacked data than declared (a decompression bomb).

    Raises
    ------
    SourceError
        If ``size`` exceeds ``max_bytes``, or ``size / packed`` exceeds ``max_ratio`` in a file over 64 MiB.
    """
    if size > fmt.max_bytes:
        raise SourceError(
            f"{where}: holds more than {fmt.max_bytes:,} bytes unpacked, the declared limit. "
            "If the file is really that large, raise max_bytes in its format."
        )
    if packed is not None and size > _RATIO_FLOOR and size > fmt.max_ratio * packed:
        raise SourceError(
            f"{where}: {packed:,} bytes unpack to more than {fmt.max_ratio:g} times as many, which looks like a "
            "decompression bomb. If the file is sound, raise max_ratio in its format."
        )


def decoded(stream: Stream, fmt: Format, block_size: int, notes: list[str]) -> Iterator[bytes]:
    """Yield the text of a file as checked UTF-8 in blocks that never end between a CR and an LF.

    Parameters
    ----------
    notes
        Receives the encoding, and whether a byte-order mark was removed.

    Raises
    ------
    SourceError
        For bytes that are not text in the encoding (with line and byte offset), a NUL character, or a byte-order mark
        that contradicts the declared encoding.
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
    """Find the physical lines of ``text``; only the file's last may lack a line end."""
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
    """Return further blocks of at least ``size`` bytes, and whether the file ends with them.

    The rest of a long record is scanned again with the next blocks; as their size doubles, this at most doubles the
    time.
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
