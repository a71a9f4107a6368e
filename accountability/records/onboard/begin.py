"""How the folder of a source is begun: whole, or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from accountability.errors import SourceError
from accountability.records.places import source_folder, source_names


def begin(name: str, into: str | Path | None, what: str, write: Callable[[Path], None]) -> Path:
    """Begin a source in a folder of its own.

    Parameters
    ----------
    name : str
        Name of the source: lower-case letters, digits, ``-`` and ``_``.
    into : path or None
        Folder that holds sources; ``None`` is ``data`` in the current folder, where every command looks.
    what : str
        What is begun, for a message: ``a source``.
    write : callable
        Writes the files into the empty folder it is given.

    Returns
    -------
    Path
        The new folder. It is complete, or not there at all.

    Raises
    ------
    SourceError
        The name is taken or cannot be a folder's.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise SourceError(f"{name!r}: {what} is named in lower-case letters, digits, - and _, such as 'springfield'")
    home = Path(into) if into is not None else Path.cwd() / "data"
    folder = home / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SourceError(
            f"{folder}: there is something already; choose another name, or move it away. Nothing was written"
        )
    if name in source_names():
        raise SourceError(f"{name!r} is a source already, in {source_folder(name)}; choose another name")
    return begun(home, name, write)


def begun(home: Path, name: str, write: Callable[[Path], None]) -> Path:
    """Put a folder in place whole, or not at all; an empty one may stand there."""
    folder = home / name
    home.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=home))
    try:
        write(staging)
        staging.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return folder
