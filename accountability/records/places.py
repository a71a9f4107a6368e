"""Find sources, notebooks and studies: in a checkout, in a wheel, or where the user says."""

from __future__ import annotations

import os
from pathlib import Path

from accountability.errors import SourceError, did_you_mean

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES_VARIABLE = "ACCOUNTABILITY_SOURCES"
STUDIES_VARIABLE = "ACCOUNTABILITY_STUDIES"


def packaged(name: str) -> Path:
    """Return the project's ``data`` or ``notebooks`` folder: inside an installed wheel, or beside the package."""
    inside = PACKAGE / f"_{name}"
    return inside if inside.is_dir() else PACKAGE.parent / name


def notebooks_dir() -> Path:
    """Return the folder of the studies' notebooks."""
    return packaged("notebooks")


def study_homes() -> list[Path]:
    """Return the folders of a user's studies, one per study, below the folders in ``$ACCOUNTABILITY_STUDIES``.

    Their code is run, so only named folders are searched.
    """
    stated = [Path(part).expanduser() for part in os.environ.get(STUDIES_VARIABLE, "").split(os.pathsep) if part]
    if missing := [str(folder) for folder in stated if not folder.is_dir()]:
        raise SourceError(f"{STUDIES_VARIABLE} names {', '.join(missing)}: expected folders, found none there")
    found = [module.parent.resolve() for folder in stated for module in sorted(folder.glob("*/*.py"))
             if module.stem == module.parent.name]  # fmt: skip
    return list(dict.fromkeys(found))


def beside(source: str | Path, name: str) -> Path | None:
    """Return a file beside a source's declaration, by name, if there is one."""
    path = source_folder(source) / name
    return path if path.is_file() else None


def data_dirs() -> list[Path]:
    """Return the folders searched for a source, in order.

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
        If there is none; names the nearest and the folders searched.
    """
    if not isinstance(name, str | Path):
        raise SourceError(f"a source is named by a text or the path of its folder, found a {type(name).__name__}")
    path = Path(name).expanduser()
    if isinstance(name, Path) or path.name != str(name):
        if (path / "source.yaml").is_file():
            return path.resolve()
        raise SourceError(f"{path}: expected a folder with a source.yaml, found none")
    for folder in data_dirs():
        if (folder / path / "source.yaml").is_file():
            return folder / path
    if counts_folder(name) is not None:
        raise SourceError(
            f"{str(name)!r} holds counts by agency and year, and no case: agencies.load_counts({str(name)!r}) "
            "reads it, "
            "and no study of cases can"
        )
    known = source_names()
    raise SourceError(
        f"unknown source {str(name)!r}{did_you_mean(name, known, '.')} Known: {', '.join(known)}. "
        f"Searched: {', '.join(map(str, data_dirs()))}"
    )


def counts_folder(name: str | Path) -> Path | None:
    """Return the folder that declares counts by agency and year (``counts.yaml``), by name or path, if there is one."""
    if not isinstance(name, str | Path):
        raise SourceError(f"a source is named by a text or the path of its folder, found a {type(name).__name__}")
    path = Path(name).expanduser()
    folders = [path] if isinstance(name, Path) or path.name != str(name) else [one / path for one in data_dirs()]
    return next((one.resolve() for one in folders if (one / "counts.yaml").is_file()), None)
