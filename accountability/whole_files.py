"""A file appears whole or not at all, and a fault of the disk names what was being written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

#: How the names of files and folders begin that are not finished: those that their maker locks, and others.
MAKING: Final = ".making-"
_WRITING: Final = ".writing-"


@contextmanager
def whole(path: Path | IO[str]) -> Iterator[Any]:
    """Give a place beside a file to write it at, and put it where it belongs if nothing went wrong.

    What stood there before stays otherwise. A pipe or a device is written as it is, so is an open file; a link stays.
    """
    if not isinstance(path, Path) or (path.exists() and not path.is_file()):
        yield path
        return
    final = path.resolve()
    with naming(path):
        handle, name = tempfile.mkstemp(prefix=_WRITING, suffix=final.suffix, dir=final.parent)
        os.close(handle)
        made = Path(name)
        try:
            yield made
            made.chmod(final.stat().st_mode & 0o777 if final.exists() else 0o644)
            os.replace(made, final)
        finally:
            made.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, and put its files into another, which may hold others, if nothing went wrong."""
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=_WRITING, dir=folder))
        try:
            yield made
            for path in sorted(made.rglob("*")):
                final = folder / path.relative_to(made)
                if path.is_dir():
                    final.mkdir(exist_ok=True)
                else:
                    os.replace(path, final)
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def naming(final: Path) -> Iterator[None]:
    """Let a fault of the disk name what was being written, and not the name it had meanwhile."""
    try:
        yield
    except OSError as error:
        place = str(error.filename or MAKING)
        if error.errno and (MAKING in place or _WRITING in place):
            raise OSError(error.errno, os.strerror(error.errno), str(final)) from error
        raise
