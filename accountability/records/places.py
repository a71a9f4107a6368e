"""Where sources, notebooks and caches are: in a checkout, in a wheel, or where the user says. How a source is begun."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from accountability.errors import SourceError

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES_VARIABLE = "ACCOUNTABILITY_SOURCES"


def packaged(name: str) -> Path:
    """Folder of the project's own ``data`` or ``notebooks``: inside an installed wheel, or beside the package."""
    inside = PACKAGE / f"_{name}"
    return inside if inside.is_dir() else PACKAGE.parent / name


def notebooks_dir() -> Path:
    """Return the folder of the studies' notebooks."""
    return packaged("notebooks")


def data_dirs() -> list[Path]:
    """Return the folders searched for a source, first hit wins.

    ``$ACCOUNTABILITY_SOURCES`` (several folders separated as in ``PATH``), then ``data`` in the current folder,
    then the sources that come with the package.
    """
    stated = [Path(part) for part in os.environ.get(SOURCES_VARIABLE, "").split(os.pathsep) if part]
    found: list[Path] = []
    for folder in [*stated, Path.cwd() / "data", packaged("data")]:
        resolved = folder.expanduser().resolve()
        if resolved.is_dir() and resolved not in found:
            found.append(resolved)
    return found


def source_names() -> list[str]:
    """Return the names of all sources that can be found, sorted."""
    return sorted({spec.parent.name for folder in data_dirs() for spec in folder.glob("*/source.yaml")})


def source_folder(name: str | Path) -> Path:
    """Return the folder that declares a source.

    Parameters
    ----------
    name : str or Path
        A source's name, or the path of a folder that holds a ``source.yaml``.

    Raises
    ------
    SourceError
        When there is none, with the nearest name and the folders searched.
    """
    path = Path(name).expanduser()
    if isinstance(name, Path) or path.name != str(name):
        if (path / "source.yaml").is_file():
            return path.resolve()
        raise SourceError(f"{path}: expected a folder with a source.yaml, found none")
    for folder in data_dirs():
        if (folder / path / "source.yaml").is_file():
            return folder / path
    known = source_names()
    near = get_close_matches(str(name), known, 1)
    raise SourceError(
        f"unknown source {str(name)!r}"
        + (f"; did you mean {near[0]!r}?" if near else "")
        + f" Known: {', '.join(known)}. Searched: {', '.join(map(str, data_dirs()))}"
    )


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
