"""Choose and open the member of a zip archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath
from typing import IO

from accountability.errors import SourceError
from accountability.records.readers.format import Format, listed
from accountability.records.readers.raw import GZIP, Stream, check_size, explained, gunzipped


def opened_member(handle: IO[bytes], name: str, fmt: Format) -> tuple[IO[bytes], Stream] | None:
    """Open the chosen member of an archive; ``None`` if the archive is itself a workbook."""
    with explained(name), zipfile.ZipFile(handle) as archive:
        if fmt.type == "xlsx" and "[Content_Types].xml" in archive.namelist():
            handle.seek(0)
            return None
        info = chosen_member(archive, name, fmt)
        check_size(info.file_size, info.compress_size, fmt, f"{name}: {info.filename}")
        member = archive.open(info)
    inner = Stream(member, f"{name}: {info.filename}", fmt, info.compress_size)
    if inner.peek(2) == GZIP:
        inner = Stream(gunzipped(io.BytesIO(inner.read_all())), inner.name, fmt, info.compress_size)
    return member, inner


def members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Return the files in an archive, without folders and ``__MACOSX`` and ``.DS_Store`` entries.

    Raises
    ------
    SourceError
        If a member's name leads out of the archive, or it has no file.
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
    """Return the member of an archive to read: the declared one, or the only one.

    Raises
    ------
    SourceError
        As for :func:`members`; or if there are several and none is declared, or the declared one is missing, doubled or
        encrypted.
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
