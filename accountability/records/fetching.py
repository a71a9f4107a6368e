"""Fetch files of a source to the user's cache, complete and unaltered or not at all.

A file is written under a temporary name, its length and sha256 are checked against the declaration, and it is then
renamed, which is atomic. So a reader never finds a broken download, and two processes can fetch at once.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final
from urllib.parse import unquote, urljoin, urlsplit

from accountability.errors import FetchError
from accountability.records.cache import CACHE_VARIABLE, RemoteFile, place_of, sha256

TIMEOUT_SECONDS: Final = 30
_WAITS: Final = (0.5, 2.0)  # seconds before the second and third attempt
_STALE_SECONDS: Final = 24 * 3600


def fetch(
    files: Sequence[RemoteFile],
    folder: Path,
    from_dir: Path | None = None,
    progress: bool = False,
    allow_local: bool = False,
    like: Sequence[str] = (),
) -> list[Path]:
    """Fetch the files of a source to the cache; unaltered files already there are kept.

    Parameters
    ----------
    files
        The declared files.
    folder
        The source's folder in the cache, ``cache_dir() / NAME``; created when needed.
    from_dir
        Take the files from this folder (or from its subfolder ``NAME``) instead of downloading them. A file may have
        its declared path or the last part of its address as name. The folder is only read.
    progress
        Show a progress bar for each download on standard error.
    allow_local
        Also fetch from this machine and private networks, which is otherwise refused.
    like
        Releases the source is like: a file they share is copied from theirs, in the cache or beside ``from_dir``.

    Returns
    -------
    list of Path
        Path of each file, in the order of ``files``.

    Raises
    ------
    FetchError
        If a file is not in ``from_dir``, cannot be downloaded or written, or is not the declared one. The failed file
        is removed; complete files stay.
    """
    paths = [place_of(file, folder) for file in files]
    needed = [(file, path) for file, path in zip(files, paths, strict=True) if not _is_declared(path, file.sha256)]
    origins = _found(needed, Path(from_dir), folder, like) if from_dir is not None else {}
    for file, path in needed:
        theirs = (place_of(file, folder.parent / other) for other in like)
        if from_dir is None and (near := next((p for p in theirs if _is_declared(p, file.sha256)), None)):
            _copy(file, near, path)
        elif from_dir is None:
            _download(file, path, progress, allow_local)
        else:
            _copy(file, origins[file.path], path)
    return paths


def _is_declared(path: Path, expected: str) -> bool:
    try:
        return path.is_file() and sha256(path) == expected
    except OSError:
        return False


def _found(
    needed: Sequence[tuple[RemoteFile, Path]], from_dir: Path, kept: Path, like: Sequence[str]
) -> dict[str, Path]:
    """Where ``from_dir`` holds each file; every problem is reported at once."""
    if not from_dir.is_dir():
        raise FetchError(f"{from_dir}: expected a folder with the files, found none")
    others = [root / other for other in like for root in (from_dir, from_dir.parent, kept.parent)]
    found, problems = {}, []
    for file, _ in needed:
        at_address = unquote(PurePosixPath(urlsplit(file.url).path).name)
        there = [
            path
            for folder in (from_dir, from_dir / kept.name, *others)
            for part in dict.fromkeys((file.path, at_address))
            if part and (path := folder / part).is_file()
        ]
        with _explained(file, from_dir):
            right = [path for path in there if sha256(path) == file.sha256]
            wrong = [f"{path}: sha256 {sha256(path)}, expected {file.sha256}" for path in there]
        if right:
            found[file.path] = right[0]
        else:
            problems += wrong or [f"{file.path}: not in {from_dir} nor in {from_dir / kept.name}"]
    if problems:
        raise FetchError(
            "Nothing was copied; these files are missing or not the declared ones:"
            + "".join(f"\n  {problem}" for problem in problems)
        )
    return found


def _copy(file: RemoteFile, origin: Path, path: Path) -> None:
    with _explained(file, path), _whole(file, path, str(origin)) as out, origin.open("rb") as source:
        while block := source.read(2**20):
            out.write(block)


def _download(file: RemoteFile, path: Path, progress: bool, allow_local: bool) -> None:
    if urlsplit(file.url).scheme not in ("http", "https"):
        raise FetchError(f"{file.path}: expected an http or https address, found {file.url!r}")
    import pooch
    import requests
    from tqdm.std import tqdm

    if not allow_local:
        _public(file, file.url)
    answers: list[requests.Response] = []

    def kept(response: requests.Response, **_: object) -> None:
        answers.append(response)  # pooch leaves a failed one open
        if response.is_redirect and not allow_local:
            _public(file, urljoin(response.url, response.headers["location"]))

    keep = {"response": kept}
    # Made here, since pooch's own bar goes to standard output wherever IPython has been loaded.
    bar = tqdm(total=file.bytes or 1, unit="B", unit_scale=True, ncols=79, file=sys.stderr) if progress else False
    downloader = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_SECONDS, hooks=keep)
    by_hand = f"If you can obtain {file.path} in another way, give its folder with --from FOLDER. Nothing was kept."
    for wait in (*_WAITS, None):
        try:
            with _explained(file, path), _whole(file, path, file.url) as out:
                downloader(file.url, out, None)
            return
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if wait is None or status < 500:
                raise FetchError(f"{file.path}: {file.url} answered with status {status}. {by_hand}") from error
        except requests.RequestException as error:
            if wait is None:
                raise FetchError(
                    f"{file.path}: the download from {file.url} failed {len(_WAITS) + 1} times, last because "
                    f"{_reason(error)}. Check the connection and run the command again. {by_hand}"
                ) from error
        finally:
            for answer in answers:
                answer.close()
        time.sleep(wait)


def _public(file: RemoteFile, url: str) -> None:
    """Refuse an address of this machine or of a private network, by what its name leads to."""
    host = urlsplit(url).hostname or ""
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return  # the download says that there is no such machine
    private = [one for one in sorted(found) if not ipaddress.ip_address(one.partition("%")[0]).is_global]
    if private:
        raise FetchError(
            f"{file.path}: {url} leads to {private[0]}, an address of this machine or of a private network. Where that "
            "is meant, write: accountability fetch SOURCE --allow-local. Nothing was kept."
        )


def _reason(error: BaseException) -> str:
    """The plainest words for a failed connection, without object addresses."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate was not accepted"
    if isinstance(error, requests.Timeout):
        return f"the server did not answer within {TIMEOUT_SECONDS} seconds"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut before the file was complete"
    if isinstance(error, requests.ConnectionError):
        return "the server could not be reached"
    return f"of {type(error).__name__}"


class _Counted:
    """Passes bytes on to a file, hashing them, and stops when more come than declared."""

    def __init__(self, out: IO[bytes], file: RemoteFile) -> None:
        self._out, self._file = out, file
        self.size, self.hash = 0, hashlib.sha256()
        self.head = b""

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.head = self.head or data[:256]
        if self._file.bytes is not None and self.size > self._file.bytes:
            raise FetchError(
                f"{self._file.path}: expected {self._file.bytes:,} bytes from {self._file.url}, more came. The file "
                f"behind the address has changed or is another one.{_page(self.head)} Nothing was kept."
            )
        self.hash.update(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def _whole(file: RemoteFile, path: Path, origin: str) -> Iterator[_Counted]:
    """Write ``path`` under another name and rename it once it is complete and the declared file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as handle:
            out = _Counted(handle, file)
            yield out
            handle.flush()
            os.fsync(handle.fileno())
        if out.hash.hexdigest() != file.sha256:
            expected = "" if file.bytes is None else f" of {file.bytes:,} bytes"
            raise FetchError(
                f"{file.path}: expected a file{expected} with sha256 {file.sha256}, found {out.size:,} bytes with "
                f"sha256 {out.hash.hexdigest()} at {origin}. The file was cut off or has changed."
                f"{_page(out.head)} Nothing was kept."
            )
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _page(head: bytes) -> str:
    """Say so when what came is a web page."""
    is_page = head.lstrip().lower().startswith((b"<!doctype html", b"<html"))
    return " What came is a web page, perhaps a notice or a login form." if is_page else ""


def _sweep(path: Path) -> None:
    """Remove parts that a killed process left behind more than a day ago."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        try:
            if abs(time.time() - part.stat().st_mtime) > _STALE_SECONDS:  # the clock may have gone back
                part.unlink()
        except FileNotFoundError:
            continue  # another process swept it first


_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def _explained(file: RemoteFile, path: Path) -> Iterator[None]:
    """Turn what the file system raises into a ``FetchError``; errors of the network, which have no errno, pass."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        size = "" if file.bytes is None else f" ({file.bytes:,} bytes)"
        move = f"Make room, or point {CACHE_VARIABLE} at another folder."
        why = (
            f"there is no room for it{size}"
            if error.errno in _FULL
            else f"of an error of the file system ({error.strerror or error})"
        )
        raise FetchError(
            f"{file.path}: could not be written to {path.parent} because {why}. {move} Nothing was kept."
        ) from error
