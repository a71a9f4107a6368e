"""The inputs of a report, so that a report with the same inputs is not made again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from accountability import __version__
from accountability.casefiles.casefile_tables import NOT_LOADED
from accountability.errors import ParameterError
from accountability.publish import provenance
from accountability.publish.finished import record
from accountability.publish.request import Request
from accountability.records.cache import sha256
from accountability.records.contract import data_hash
from accountability.records.inherited import line_of_releases
from accountability.records.places import PACKAGE, source_folder

DECLARATIONS: Final = ("source.yaml", "codebook.yaml", *NOT_LOADED)


@dataclass(frozen=True, slots=True)
class Cell:
    """One set of a grid, and the place of its report.

    Attributes
    ----------
    number : int
        Its number in the grid, from 1.
    wanted : Request
        The request to run.
    reports : Path
        Folder to which the report's own folder is added.
    workshop : Path
        Folder for unfinished files.
    inputs : dict
        Inputs of the report.
    """

    number: int
    wanted: Request
    reports: Path
    workshop: Path
    inputs: dict[str, Any]

    @property
    def folder(self) -> Path:
        """The report's folder."""
        return self.reports / self.wanted.folder

    @property
    def said(self) -> str:
        """The set in words: its non-default parameters."""
        changed = [f"{name}={value}" for name, value in self.wanted.changed.items()]
        return " ".join([self.wanted.source.source, *changed])


#: Makes reports and says, as each is done, its page (if there is one) and why it failed (if it did).
Executor = Callable[[Sequence[Cell], Callable[[Cell, Path | None, str], None]], None]


def inputs(wanted: Request, notebook: Path) -> dict[str, Any]:
    """Return everything on which a report's numbers depend.

    ``notebook`` (sha256), ``library`` (version and sha256 of this package's code), ``packages`` (Python and numerical
    packages), ``data`` (hash of the release), ``declarations`` (hash of the source's declaration and codebook, of the
    tables of a case file, and of the same for a second source), ``parameters``; for a user's own study also ``study``
    (sha256 of its module).
    """
    declared = hashlib.sha256()
    for source in filter(None, (wanted.parameters.source, getattr(wanted.parameters, "reference", None))):
        for path in (place / name for place in line_of_releases(source_folder(source)) for name in DECLARATIONS):
            if path.is_file():
                declared.update(f"{path.name} {sha256(path)}\n".encode())
    home = wanted.study.home
    own = {} if home is None else {"study": sha256(home / f"{home.name}.py")}
    return own | {
        "notebook": sha256(notebook),
        "library": f"{__version__} {code()}",
        "packages": packages(),
        "data": data_hash(wanted.source.files),
        "declarations": declared.hexdigest(),
        "parameters": wanted.parameters.literals(),
    }


@cache
def code() -> str:
    """Return one hash over the package's modules, computed once."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()


@cache
def packages() -> str:
    """Return the versions of Python and of the packages that affect numbers."""
    held = [f"{name} {version(name)}" for name in provenance.PACKAGES if name != "accountability"]
    return ", ".join([f"python {platform.python_version()}", *held])


def is_made(folder: Path, expected: dict[str, Any]) -> bool:
    """Return whether a complete report with the same :func:`inputs` exists."""
    try:
        made = record(folder)
    except ParameterError:
        return False
    return made.get("inputs") == expected and all((folder / name).is_file() for name in made["files"])
