"""Run one submission locked in: its code cells in a plain Python of their own, with little time, memory and room.

No Jupyter kernel is started, so no socket is needed and none is allowed. What the process may do is described in
:mod:`accountability.classroom.locks`; here are the limits, the clean folder, and the end of it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.records.locks import readable

MEMORY: Final = 4 * 1024**3
LARGEST_FILE: Final = 64 * 1024**2
LARGEST_FOLDER: Final = 256 * 1024**2
LARGEST_NOTEBOOK: Final = 20 * 1024**2
MOST_OUTPUT: Final = 1_000_000
LONGEST_TEXT: Final = 300
#: Sleeping costs no computing time; a submission may take this many times its limit by the clock, and ten seconds.
PATIENCE: Final = 3

_RUNNER: Final = Path(__file__).with_name("run_cells.py")
_PACKAGE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that raised: its number among the code cells run, and what it said."""

    cell: int
    what: str

    def __str__(self) -> str:
        said = self.what.strip().rstrip(":")
        if said == "NotImplementedError":
            return f"code cell {self.cell} was left blank"
        return f"code cell {self.cell} stopped with {said}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a submission.

    Attributes
    ----------
    answers : mapping of str to object
        By item, the last one given: a number, a text, a truth value, or a mapping that names another type.
    faults : tuple of Fault
        Cells that raised; the cells after them were run.
    stopped : str
        Why it did not run to its end; empty when it did.
    locks : tuple of str
        Which locks were closed: ``landlock``, ``seccomp``, ``audit hook``.
    """

    answers: Mapping[str, Any]
    faults: tuple[Fault, ...]
    stopped: str
    locks: tuple[str, ...]


def code_cells(path: Path, parameters: Mapping[str, Any]) -> list[str]:
    """Take the code cells out of a notebook and set the lesson's parameters after the cell that holds them.

    Lines that begin with ``%`` or ``!`` are commands of Jupyter, not Python; they are left out.

    Parameters
    ----------
    path : Path
        A notebook of format 4.
    parameters : mapping
        Literals.

    Raises
    ------
    ParameterError
        The file is no notebook, or larger than 20 MB.
    """
    if not path.is_file():
        raise ParameterError(f"{path.name}: not a file")
    size = path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        raise ParameterError(f"{path.name}: expected a notebook of at most 20 MB, found {size:,} bytes")
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        cells = [(_text(cell["source"]), _tags(cell)) for cell in read["cells"] if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParameterError(f"{path.name}: not a notebook ({type(error).__name__})") from None
    given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    place = next((number for number, (_, tags) in enumerate(cells) if "parameters" in tags), None)
    sources = [_python(source) for source, _ in cells]
    if place is None:
        return [given, *sources]
    sources[place] += f"\n{given}"
    return sources


def _text(source: str | Sequence[object]) -> str:
    return source if isinstance(source, str) else "".join(map(str, source))


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    tags = cell.get("metadata", {}).get("tags", ())
    return tags if isinstance(tags, list) else ()


def _python(source: str) -> str:
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))


def run(
    cells: Sequence[str], *, seconds: float = 120, hidden: Sequence[Path] = (), most_output: int = MOST_OUTPUT
) -> Ran:
    """Run code cells locked in and report answers and faults.

    Parameters
    ----------
    cells : sequence of str
        From :func:`code_cells`.
    seconds : float
        Computing time allowed; by the clock three times as long, and ten seconds.
    hidden : sequence of Path
        Files and folders it may not read: the submissions.
    most_output : int
        Characters one cell may print.

    Returns
    -------
    Ran
    """
    with tempfile.TemporaryDirectory(prefix="accountability-grade-", ignore_cleanup_errors=True) as place:
        desk = Path(place).resolve()
        scratch = desk / "scratch"
        for folder in (scratch, scratch / "tmp", scratch / "matplotlib"):
            folder.mkdir()
        _copy_fonts(scratch / "matplotlib")
        job = {
            "cells": list(cells),
            "scratch": str(scratch),
            "hidden": [str(folder.resolve()) for folder in hidden],
            "read": readable(),
            "look": [str(_PACKAGE.parent)],
            "output_limit": most_output,
            "limits": {"seconds": max(1, int(seconds)), "memory": MEMORY, "file": LARGEST_FILE},
        }
        order = desk / "job.json"
        order.write_text(json.dumps(job), encoding="utf-8")
        told = desk / "told.jsonl"
        with told.open("wb") as report, (desk / "printed").open("wb") as printed:
            stopped = _watched(order, scratch, report.fileno(), printed.fileno(), seconds)
        return _heard(told, stopped)


def _watched(order: Path, scratch: Path, report: int, printed: int, seconds: float) -> str:
    """Start the process, wait for it, end whatever is left of it, and say why it ended if not by itself."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", str(_RUNNER), str(order), str(report)],
        cwd=scratch,
        env=_environment(scratch),
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=printed,
        pass_fds=(report,),
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE * seconds + 10
    why = ""
    try:
        while process.poll() is None and not why:
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                if time.monotonic() > until:
                    why = f"it had not ended after {PATIENCE * seconds + 10:.0f} s by the clock"
                elif _size(scratch) > LARGEST_FOLDER:
                    why = f"it wrote more than {LARGEST_FOLDER // 1024**2} MB"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # Nobody is left in the group; on macOS that is said as a missing permission.
            process.poll()
        code = process.wait()
    if why or code == 0:
        return why
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"it had used its {seconds:g} s of computing time (or its memory)"
    return f"its process ended by itself ({_signal(-code) if code < 0 else f'status {code}'})"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # A real-time signal has no name of its own.
        return f"signal {number}"


def _environment(scratch: Path) -> dict[str, str]:
    """Nothing of the teacher's own environment: no keys, no tokens, no home."""
    one = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS")
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch / "tmp"),
        "IPYTHONDIR": str(scratch / "tmp"),
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "ACCOUNTABILITY_CACHE": str(scratch / "tmp" / "cache"),
        "ACCOUNTABILITY_KEY_FILE": str(scratch / "tmp" / "pseudonym.key"),
        **dict.fromkeys(one, "1"),
    }


def _copy_fonts(to: Path) -> None:
    """Hand on matplotlib's list of fonts, which takes seconds to make anew; without it nothing but time is lost."""
    import matplotlib

    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, to / path.name)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                # Removed between the look and the question.
                continue
    return total


def _clean(text: str) -> str:
    """A stranger's text without what a terminal obeys or a file cannot hold, and not too long."""
    held = text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in held)


def _heard(told: Path, stopped: str) -> Ran:
    """Read what the process reported; it ran a stranger's code, so nothing about it is taken for granted."""
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    locks: tuple[str, ...] = ()
    done = False
    for line in told.read_bytes().split(b"\n")[:100_000]:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            continue
        if isinstance(said.get("item"), str) and "value" in said:
            value = said["value"]
            answers[said["item"]] = _clean(value) if isinstance(value, str) else value
        elif isinstance(said.get("cell"), int) and isinstance(said.get("fault"), str):
            faults.append(Fault(said["cell"], _clean(said["fault"])))
        elif isinstance(said.get("locks"), list):
            locks = locks or tuple(_clean(str(lock)) for lock in said["locks"])
        elif said.get("done") is True:
            done = True
    if not done and not stopped:
        stopped = "it left before its last cell"
    return Ran(answers, tuple(faults), stopped, locks)
