"""The user's cache of fetched files, and the check that they are unaltered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from accountability.errors import FetchError, SourceError
from accountability.records.places import PACKAGE

CACHE_VARIABLE: Final = "ACCOUNTABILITY_CACHE"
OFF_VARIABLE: Final = "ACCOUNTABILITY_NO_CODED_CACHE"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One declared file of a source: its path, address, hash and size.

    Attributes
    ----------
    path
        Path inside the source's cache folder, with forward slashes.
    url
        Address, ``https://`` or ``http://``.
    sha256
        Hash of the whole file, lower-case hexadecimal.
    bytes
        Its size, if declared; a longer download is stopped.
    """

    path: str
    url: str
    sha256: str
    bytes: int | None = None


def cache_dir() -> Path:
    """Return the folder of fetched files: ``$ACCOUNTABILITY_CACHE``, else the user's cache folder."""
    stated = os.environ.get(CACHE_VARIABLE)
    if stated:
        return Path(stated).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_cache_dir("accountability"))


def sha256(path: Path) -> str:
    """Return the hash of a file's content, lower-case hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@cache
def own_code() -> str:
    """Return one hash over the modules that code a source, so that a change of code makes old entries invalid."""
    digest = hashlib.sha256()
    for path in sorted(map(str, [*PACKAGE.glob("*.py"), *PACKAGE.glob("records/**/*.py")])):
        digest.update(b"\n".join([path.removeprefix(str(PACKAGE)).encode(), Path(path).read_bytes(), b""]))
    return digest.hexdigest()


def located(files: Sequence[RemoteFile], folder: Path, name: str) -> list[Path]:
    """Return the paths of a source's fetched files, after checking each hash.

    Parameters
    ----------
    files
        The declared files.
    folder
        The source's folder in the cache.
    name
        The source's name, for the command in the message.

    Raises
    ------
    FetchError
        If files are missing or altered; the message lists all and the command that fetches them.
    """
    paths = [place_of(file, folder) for file in files]
    problems = []
    for file, path in zip(files, paths, strict=True):
        try:
            found = sha256(path)
        except (FileNotFoundError, NotADirectoryError):
            problems.append(f"{file.path}: missing")
            continue
        except OSError as error:
            problems.append(f"{file.path}: cannot be read ({error.strerror})")
            continue
        if found != file.sha256:
            problems.append(f"{file.path}: altered (expected sha256 {file.sha256}, found {found})")
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise FetchError(
            f"{len(problems)} of the {len(files)} files of {name!r} are not in {folder}:{listed}\n"
            f"Run `accountability fetch {name}`, or, with the files at hand, "
            f"`accountability fetch {name} --from FOLDER`."
        )
    return paths


def inside(name: str, folder: Path) -> Path:
    """Return the path of a declared file in the folder of its source; never outside, also not by a link."""
    parts = PurePosixPath(name.replace("\\", "/"))
    path = folder.joinpath(*parts.parts)
    outside = not parts.parts or parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]
    if outside or not path.resolve().is_relative_to(folder.resolve()):
        raise SourceError(f"{name!r}: expected a file inside {folder}, found a path or a link that leads out of it")
    return path


def place_of(file: RemoteFile, folder: Path) -> Path:
    """Return the path of a file in its source's cache folder; never outside."""
    try:
        return inside(file.path, folder)
    except SourceError:
        raise FetchError(f"{file.path!r}: a fetched file needs a path inside its source's cache folder") from None


def check_beside(path: str, beside: Mapping[str, str], folder: Path) -> None:
    """Check that the files `prepare` reads exist and match their declared hashes.

    Raises
    ------
    SourceError
        If one does not; the message names the file and the line to write.
    """
    for name, stated in beside.items():
        if not inside(name, folder).is_file():
            raise SourceError(f"{path}: `prepare` reads {name}, and {folder / name} is missing")
        if (now := sha256(folder / name)) != stated:
            raise SourceError(
                f"{path}: {name} is not the file that was declared. If it is the right one, write under `beside`:\n"
                f"      {name}: {now}"
            )
