"""Run the code cells of one submission in a sandboxed Python process with limited time, memory and disk.

No Jupyter kernel is started, so no socket is needed and none is allowed. The locks are in
:mod:`accountability.records.locks`; here are the limits, the temporary folder, and its removal.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from accountability.records.locks import readable
from accountability.records.places import notebooks_dir

MEMORY: Final = 4 * 1024**3
LARGEST_FILE: Final = 64 * 1024**2
LARGEST_FOLDER: Final = 256 * 1024**2
#: Folders in each other that a submission may make.
DEEPEST: Final = 50
MOST_OUTPUT: Final = 1_000_000
LONGEST_TEXT: Final = 300
#: Sleeping costs no computing time; a submission may take this many times its limit by the clock, and ten seconds.
PATIENCE: Final = 3

#: Of what a submission reports: bytes read, and answers taken.
LONGEST_REPORT: Final = 8 * 1024**2
MOST_ANSWERS: Final = 200

_RUNNER: Final = Path(__file__).with_name("run_cells.py")


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that raised: its number among the code cells run, and its message."""

    cell: int
    what: str

    def __str__(self) -> str:
        said = self.what.strip().rstrip(":")
        if said == "NotImplementedError":
            return f"code cell {self.cell} was left blank"
        return f"code cell {self.cell} stopped with {said}"


@dataclass(frozen=True, slots=True)
class Ran:
    """The outcome of a submission.

    Attributes
    ----------
    answers : mapping of str to object
        Item to its last answer: a number, a text, a boolean, or a mapping that names another type.
    faults : tuple of Fault
        Cells that raised; later cells were run.
    stopped : str
        Why it did not run to the end; empty if it did.
    locks : tuple of str
        Applied locks: ``landlock``, ``seccomp``, ``audit hook``.
    """

    answers: Mapping[str, Any]
    faults: tuple[Fault, ...]
    stopped: str
    locks: tuple[str, ...]


class Runner:
    """A process with a loaded lesson, which is forked for every submission.

    Parameters
    ----------
    warm : sequence of str
        Cells of the lesson itself, run once for all submissions.
    """

    def __init__(self, warm: Sequence[str] = ()) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="accountability-grade-")).resolve()
        (self._place / "warm.json").write_text(json.dumps(list(warm)), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        remove(self._place)

    def run(
        self,
        cells: Sequence[str],
        *,
        seconds: float = 120,
        hidden: Sequence[Path] = (),
        files: Mapping[str, bytes] = MappingProxyType({}),
        most_output: int = MOST_OUTPUT,
    ) -> Ran:
        """Run code cells in the sandbox, and return answers and faults.

        Parameters
        ----------
        cells : sequence of str
            From :meth:`HandedIn.sources <accountability.classroom.handed_in.HandedIn.sources>`.
        seconds : float
            Limit of computing time; the limit of elapsed time is three times this plus ten seconds.
        hidden : sequence of Path
            Files and folders that it may not read: the submissions, the key.
        files : mapping of str to bytes
            Files beside the notebook, by path.
        most_output : int
            Characters one cell may print.
        """
        desk = Path(tempfile.mkdtemp(prefix="desk-", dir=self._place))
        scratch = desk / "scratch"
        try:
            for folder in (scratch, scratch / "tmp"):
                folder.mkdir()
            for name, content in files.items():
                (scratch / name).parent.mkdir(parents=True, exist_ok=True)
                (scratch / name).write_bytes(content)
            secret = [str(path.resolve()) for path in (*hidden, notebooks_dir(), self._place / "warm.json")]
            job = {
                "cells": list(cells),
                "scratch": str(scratch),
                "hidden": secret,
                "read": readable(secret),
                # Names only, where a folder of packages holds something hidden.
                "look": [str(above) for path in secret for above in Path(path).parents if _is_readable(above)],
                "output_limit": most_output,
                "limits": {"seconds": max(1, int(seconds)), "memory": MEMORY, "file": LARGEST_FILE},
                "environment": _own_folders(scratch),
            }
            (desk / "job.json").write_text(json.dumps(job), encoding="utf-8")
            stopped = self._watched(desk, scratch, seconds)
            locks = desk / "locks.json"
            held = json.loads(locks.read_text(encoding="utf-8")) if locks.is_file() else ()
            return _heard(desk / "told.jsonl", stopped, len(cells), tuple(held))
        finally:
            remove(desk)

    def _watched(self, desk: Path, scratch: Path, seconds: float) -> str:
        """Have the process run, end whatever is left of it, and say why it ended if not by itself."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{desk}\n".encode())
            one = int(process.stdout.readline())
            until = time.monotonic() + PATIENCE * seconds + 10
            why = ""
            while not why and not select.select([process.stdout], [], [], 0.1)[0]:
                if time.monotonic() > until:
                    why = f"it had not ended after {PATIENCE * seconds + 10:.0f} s by the clock"
                else:
                    why = _too_much(scratch, one)
            # Nobody may be left in the group; on macOS that is said as a missing permission.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(one, signal.SIGKILL)
            said = process.stdout.readline()
        except BaseException:
            # What it says next would be about this submission, and taken for the next one's.
            self._end()
            raise
        code = int(said) if said else process.wait()
        if why or code == 0:
            return why
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"it had used its {seconds:g} s of computing time (or its memory)"
        return f"its process ended by itself ({_signal(-code) if code < 0 else f'status {code}'})"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_RUNNER), str(self._place / "warm.json")],
                cwd=self._place,
                env=_environment(self._place),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Unbuffered: what has been read ahead would not be seen to be there.
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def run(cells: Sequence[str], **how: Any) -> Ran:
    """Run code cells once, in their own process; see :meth:`Runner.run`."""
    with Runner() as runner:
        return runner.run(cells, **how)


def _is_readable(folder: Path) -> bool:
    return any(folder.is_relative_to(os.path.realpath(place)) for place in readable())


def remove(folder: Path) -> None:
    """Remove a folder, at any depth and with any permissions."""
    heap = folder.with_name(f"{folder.name}.gone")
    heap.mkdir()
    folder.rename(heap / "0")
    number, waiting = 0, [heap / "0"]
    # What lies in a folder is moved up before the folder goes: no path grows longer than the system takes.
    while waiting:
        place = waiting.pop()
        place.chmod(0o700)
        for entry in list(os.scandir(place)):
            if entry.is_dir(follow_symlinks=False):
                number += 1
                waiting.append(heap / str(number))
                os.rename(entry.path, waiting[-1])
            else:
                os.unlink(entry.path)
        place.rmdir()
    heap.rmdir()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # A real-time signal has no name of its own.
        return f"signal {number}"


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the teacher's own environment: no keys, no tokens, no home."""
    import matplotlib

    one = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS")
    fonts = home / "matplotlib"
    fonts.mkdir(exist_ok=True)
    # Matplotlib's list of fonts takes seconds to make anew; without it nothing but time is lost.
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, fonts / path.name)
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(fonts),
        **_own_folders(home),
        **dict.fromkeys(one, "1"),
    }


def _own_folders(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "IPYTHONDIR": str(home / "tmp"),
        "ACCOUNTABILITY_CACHE": str(home / "tmp" / "cache"),
        "ACCOUNTABILITY_KEY_FILE": str(home / "tmp" / "pseudonym.key"),
    }


def _too_much(folder: Path, process: int) -> str:
    """Whether a submission holds more than it may: in its folder, or in files it has removed and still holds open."""
    total = 0
    waiting = [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEEPEST:
            return f"it made folders in folders, more than {DEEPEST} deep"
        try:
            entries = list(os.scandir(place))
        except OSError:
            # Removed between the look and the question.
            continue
        for entry in entries:
            with contextlib.suppress(OSError):
                # An empty file takes room too.
                total += max(entry.stat(follow_symlinks=False).st_size, 4096)
                waiting += [(entry.path, depth + 1)] if entry.is_dir(follow_symlinks=False) else []
    try:
        handles = [entry.path for entry in os.scandir(f"/proc/{process}/fd")]
    except OSError:
        handles = []
    for handle in handles:
        try:
            held = os.stat(handle)
        except OSError:
            continue
        total += held.st_size if stat.S_ISREG(held.st_mode) and held.st_nlink == 0 else 0
    return f"it wrote more than {LARGEST_FOLDER // 1024**2} MB" if total > LARGEST_FOLDER else ""


def clean(text: str) -> str:
    """Return text without control characters and invalid characters, cut if long."""
    held = text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in held)


def _value(said: object) -> Any:
    """An answer as it was reported: a number, a text, a truth value; of anything else the name of its type."""
    if said is None or isinstance(said, bool | int | float):
        return said
    if isinstance(said, str):
        return clean(said)
    kind = said.get("kind") if isinstance(said, dict) else None
    return {"kind": clean(kind) if isinstance(kind, str) else type(said).__name__}


def _heard(told: Path, stopped: str, cells: int, locks: tuple[str, ...]) -> Ran:
    """Read what the process reported; it ran a stranger's code, so nothing about it is taken for granted."""
    answers: dict[str, Any] = {}
    faults: dict[int, Fault] = {}
    done = False
    with told.open("rb") as report:
        lines = report.read(LONGEST_REPORT).split(b"\n")
    for line in lines:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            continue
        if isinstance(said.get("item"), str) and "value" in said and len(answers) < MOST_ANSWERS:
            answers[clean(said["item"])] = _value(said["value"])
        elif type(said.get("cell")) is int and isinstance(said.get("fault"), str) and 0 < said["cell"] <= cells:
            faults.setdefault(said["cell"], Fault(said["cell"], clean(said["fault"])))
        elif said.get("done") is True:
            done = True
    if not done and not stopped:
        stopped = "it left before its last cell"
    return Ran(answers, tuple(faults[at] for at in sorted(faults)), stopped, locks)
