"""Write folders and files atomically, and clear the remains of killed runs and sweeps."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from accountability.errors import ParameterError
from accountability.whole_files import MAKING, naming

#: How the names of folders begin that step aside for a new one.
REPLACED: Final = ".replaced-"
#: Inside a folder of reports: what one sweep has not finished. Only the sweep that holds the folder touches it.
WORKSHOP: Final = ".sweep"
_JUST: Final = 2.0  # seconds


def put_in_place(made: Path, final: Path) -> None:
    """Move a finished folder to its place on the same disk, replacing an existing one."""
    made.chmod(0o755)
    if not final.exists():
        made.rename(final)
        return
    # A folder cannot be replaced in one step: the old one steps aside for an instant and is removed last.
    aside = Path(tempfile.mkdtemp(prefix=REPLACED, dir=made.parent))
    final.rename(aside / final.name)
    made.rename(final)
    shutil.rmtree(aside)


@contextmanager
def making(final: Path, workshop: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder to fill, and move it to its place unless there was an error.

    The workshop is a folder on the same disk for unfinished files; the name is for people who look there.
    """
    with naming(final):
        made = Path(tempfile.mkdtemp(prefix=f"{MAKING}{name}-", dir=workshop))
        # The lock says that somebody is at work here; a killed process lets go of it.
        handle = os.open(made, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield made
            put_in_place(made, final)
        finally:
            os.close(handle)
            shutil.rmtree(made, ignore_errors=True)


def clear_left(folder: Path) -> None:
    """Clear the remains of killed runs in a folder of reports; running ones are not touched.

    A report that a killed run had moved but not yet replaced is restored.
    """
    # What has just been made may not be locked yet, or may be on its way to its place; the clock may have gone back.
    _put_back(folder, folder, _JUST)
    for left in folder.glob(f"{MAKING}*"):
        with suppress(FileNotFoundError):
            if abs(time.time() - left.stat().st_mtime) > _JUST and not _at_work(left):
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _put_back(workshop: Path, folder: Path, seconds: float = 0.0) -> None:
    for aside in workshop.glob(f"{REPLACED}*"):
        with suppress(FileNotFoundError):
            if abs(time.time() - aside.stat().st_mtime) < seconds:
                continue
            for before in aside.iterdir():
                if not (folder / before.name).exists():
                    before.rename(folder / before.name)
            shutil.rmtree(aside, ignore_errors=True)


def _at_work(left: Path) -> bool:
    handle = os.open(left, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def put_file(final: Path, write: Callable[[Path], object], workshop: Path, mode: int = 0o644) -> Path:
    """Write a file atomically, replacing an existing one; see :func:`making`."""
    with naming(final):
        handle, name = tempfile.mkstemp(prefix=MAKING, dir=workshop)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            write(Path(name))
            Path(name).chmod(mode)
            os.replace(name, final)
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
    return final


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Lock a folder of reports for one sweep, and yield its workshop, an empty folder that is removed at the end.

    The remains of a killed sweep are cleared first; a report it had moved but not yet replaced is restored. Refused
    while another sweep has the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The folder itself is locked: no file is left behind, and a killed process lets go of it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ParameterError(
                f"{folder}: another sweep is writing there; wait for it or choose another folder with --out"
            ) from None
        workshop = folder / WORKSHOP
        _clear(workshop, folder)
        workshop.mkdir()
        try:
            yield workshop
        finally:
            _clear(workshop, folder)
    finally:
        os.close(handle)


def _clear(workshop: Path, folder: Path) -> None:
    _put_back(workshop, folder)
    # Kernels of a killed sweep may need an instant to end, and write until they do.
    shutil.rmtree(workshop, ignore_errors=True)
    if workshop.exists():
        shutil.rmtree(workshop)
