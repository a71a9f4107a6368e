"""Create the folder of a source, completely or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from accountability.errors import SourceError
from accountability.records.places import source_folder, source_names


def begin(name: str, into: str | Path | None, what: str, write: Callable[[Path], None]) -> Path:
    """Create a new source in its own folder.

    Parameters
    ----------
    name : str
        Name of the source: lower-case letters, digits, ``-`` and ``_``.
    into : path or None
        Folder that holds sources; ``None`` is ``data`` in the current folder, where all commands look.
    what : str
        What is created, for messages: ``a source``.
    write : callable
        Function that writes the files into a given empty folder.

    Returns
    -------
    Path
        The new folder; on an error no folder is left.

    Raises
    ------
    SourceError
        If the name is taken or is not a valid folder name.
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
    """Create a folder completely or not at all; an existing empty one is replaced."""
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
