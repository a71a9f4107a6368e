"""The bytes of a raw file: plain, gzipped or a member of a zip archive, within declared limits.

Nothing is ever unpacked to disk. Every failure of the file system or of a decompressor becomes a ``SourceError`` that
names the file.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from accountability.errors import SourceError
from accountability.records.readers.format import Format, listed

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_RATIO_FLOOR: Final = 64 * 2**20  # below this size a high ratio is harmless

_FOREIGN: Final = (
    (b"%PDF", "a PDF document; turn it into a table first"),
    (b"SQLite format 3\0", "an SQLite database (type: sqlite)"),
    (b"PAR1", "a Parquet file (type: parquet)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (type: xls)"),
    (ZIP, "a zip archive or an Excel workbook (type: xlsx)"),
    (GZIP, "gzipped more than once; unpack it first"),
    (b"BZh", "bzip2-compressed; unpack it first"),
    (b"\xfd7zXZ", "xz-compressed; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"(\xb5/\xfd", "zstd-compressed; unpack it first"),
)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what the file system and decompressors raise into a ``SourceError`` that names the file."""
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
    except (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise SourceError(f"{where}: the compressed file is damaged ({error}). Fetch it again.") from error
    except (NotImplementedError, RuntimeError, OSError) as error:
        raise SourceError(f"{where}: the file cannot be read ({error}).") from error


class Stream:
    """Bytes of one file with a count, a limit and clear errors; read with :meth:`read`.

    Parameters
    ----------
    source
        Open binary file.
    packed
        Size of the compressed file, or ``None`` when it is not compressed.
    """

    def __init__(self, source: IO[bytes], name: str, fmt: Format, packed: int | None) -> None:
        self._source, self.name, self._fmt, self._packed = source, name, fmt, packed
        self._count = 0
        self._head = b""

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes (fewer at the end), not consumed."""
        if len(self._head) < size:
            with explained(self.name):
                self._head += self._source.read(size - len(self._head))
        return self._head[:size]

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; fewer only at the end of the file.

        Raises
        ------
        SourceError
            Damaged or truncated compression, or more data than the format's declared limits allow.
        """
        head, self._head = self._head[:size], self._head[size:]
        parts = [head]
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
        """Everything that is left, within the limits."""
        return b"".join(iter(lambda: self.read(16 * 2**20), b""))


def check_size(size: int, packed: int | None, fmt: Format, where: str) -> None:
    """Refuse more unpacked data than declared (a decompression bomb).

    Raises
    ------
    SourceError
        ``size`` exceeds ``max_bytes``, or ``size / packed`` exceeds ``max_ratio`` in a file over 64 MiB.
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


@contextmanager
def opened(path: Path, fmt: Format, check: bool = True) -> Iterator[Stream]:
    """Open a raw file for reading, through gzip and zip where it has them.

    Parameters
    ----------
    check
        Refuse a file whose first bytes show another type than the declared one.

    Raises
    ------
    SourceError
        The file is missing, a folder, empty, damaged, encrypted, or an archive with several members of which none
        is declared; or its first bytes show that it is not of the declared type.
    """
    name = path.name
    with explained(str(path)):
        handle = path.open("rb")
    with handle:
        with explained(name):
            head = handle.read(16)
            handle.seek(0)
            packed = path.stat().st_size
        if not head:
            raise SourceError(f"{name}: the file is empty (0 bytes).")
        wrapped = head.startswith((ZIP, _EMPTY_ZIP)) and fmt.type != "xlsx"
        if fmt.type == "xlsx" and head.startswith(ZIP):
            wrapped = not _is_workbook(handle, name)
        if wrapped:
            with explained(name), zipfile.ZipFile(handle) as archive:
                info = chosen_member(archive, name, fmt)
                check_size(info.file_size, info.compress_size, fmt, f"{name}: {info.filename}")
                member = archive.open(info)
            with member:
                inner = Stream(member, f"{name}: {info.filename}", fmt, info.compress_size)
                if inner.peek(2) == GZIP:
                    unzipped = cast(IO[bytes], gzip.GzipFile(fileobj=io.BytesIO(inner.read_all())))
                    inner = Stream(unzipped, inner.name, fmt, info.compress_size)
                yield _checked(inner, fmt, check)
        elif fmt.member is not None:
            raise SourceError(f"{name}: member {fmt.member!r} is declared, but the file is not a zip archive.")
        elif head.startswith(GZIP):
            yield _checked(Stream(cast(IO[bytes], gzip.GzipFile(fileobj=handle)), name, fmt, packed), fmt, check)
        else:
            yield _checked(Stream(handle, name, fmt, None), fmt, check)


def _is_workbook(handle: IO[bytes], name: str) -> bool:
    with explained(name), zipfile.ZipFile(handle) as archive:
        names = archive.namelist()
    handle.seek(0)
    return "[Content_Types].xml" in names


def members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Files in an archive; folders and the ``__MACOSX`` and ``.DS_Store`` entries some systems add are passed over.

    Raises
    ------
    SourceError
        A member's name leads out of the archive, or there is no file in it.
    """
    infos = archive.infolist()
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or info.filename[1:2] == ":":
            raise SourceError(
                f"{name}: the archive holds a member named {info.filename!r}, which leads outside of it; such an "
                "archive is not read. Obtain a clean copy."
            )
    files = [
        i
        for i in infos
        if not i.is_dir() and not i.filename.startswith("__MACOSX/") and not i.filename.endswith(".DS_Store")
    ]
    if not files:
        raise SourceError(f"{name}: the zip archive holds no file.")
    return files


def chosen_member(archive: zipfile.ZipFile, name: str, fmt: Format) -> zipfile.ZipInfo:
    """Choose the member of an archive to read: the declared one, or the only one.

    Raises
    ------
    SourceError
        As for :func:`members`; too much to choose from; the declared member is missing or doubled; or it is encrypted.
    """
    files = members(archive, name)
    names = listed((repr(i.filename) for i in files), 20)
    if fmt.member is None:
        if len(files) > 1:
            raise SourceError(
                f"{name}: the zip archive holds {len(files)} files: {names}. Say which one to read: "
                "member: NAME in the file's format."
            )
        info = files[0]
    else:
        found = [i for i in files if i.filename == fmt.member]
        if len(found) != 1:
            raise SourceError(
                f"{name}: expected one member {fmt.member!r}, found {len(found)}. The archive holds: {names}."
            )
        info = found[0]
    if info.flag_bits & 1:
        raise SourceError(f"{name}: {info.filename!r} is encrypted; unpack it with its password first.")
    return info


def _checked(stream: Stream, fmt: Format, check: bool) -> Stream:
    """Refuse a file whose first bytes show another kind than the declared one."""
    head = stream.peek(512)
    if not head:
        raise SourceError(f"{stream.name}: the file is empty (0 bytes).")
    if not check:
        return stream
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<table")):
        raise SourceError(
            f"{stream.name}, line 1: expected {fmt.type}, found a web page. The download probably gave a notice or "
            "a login page instead of the file; open it in a browser to see."
        )
    own = {"xlsx": ZIP, "xls": b"\xd0\xcf\x11\xe0", "parquet": b"PAR1", "sqlite": b"SQLite format 3\0"}
    for magic, what in _FOREIGN:
        if head.startswith(magic) and own.get(fmt.type) != magic:
            raise SourceError(f"{stream.name}: expected {fmt.type}, found {what}.")
    return stream
