"""Run the cells of submissions, each in its own sandboxed process. Started by the grader with ``python -I``.

Argument: a JSON file with the cells of the lesson itself, run first so that what every submission needs is loaded
once. Then each line of standard input names a folder with ``job.json`` (``cells``, ``scratch``, ``hidden``, ``read``,
``look``, ``limits``, ``output_limit``, ``environment``). For each the process is forked, so no submission sees
another's results; the id of the new process and then its status are written to standard output. The applied locks are
written to ``locks.json`` there; the submission's messages to ``told.jsonl``, one JSON object per line: ``{"item": ...,
"value": ...}``, ``{"cell": n, "fault": "..."}``, ``{"done": true}``. If a cell raises, the next is still run.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LONGEST = 300


class OutputLimit(Exception):
    """A cell printed more than allowed."""


class Counted:
    """Standard output that stores nothing and stops a cell that prints too much."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.seen = 0

    def write(self, text: str) -> int:
        """Count the characters, and stop the cell at the limit."""
        self.seen += len(text)
        if self.seen > self.limit:
            raise OutputLimit(f"more than {self.limit:,} characters of output")
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Count the characters of each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing."""

    def isatty(self) -> bool:
        """Return that it is not a terminal."""
        return False


def limit(seconds: int, memory: int, file: int) -> None:
    """Limit computing time, memory, file size, open files and processes, irreversibly."""
    import resource

    def bound(name: int, wanted: int, last: int | None = None) -> None:
        hard = resource.getrlimit(name)[1]
        most = wanted if last is None else last
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (min(wanted, most), most))

    # The kernel warns at the first limit, which can be caught, and kills a second later, which cannot.
    bound(resource.RLIMIT_CPU, seconds, seconds + 1)
    bound(resource.RLIMIT_FSIZE, file)
    bound(resource.RLIMIT_NOFILE, 256)
    bound(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        bound(resource.RLIMIT_AS, memory)
        bound(resource.RLIMIT_NPROC, 2048)


def locks() -> types.ModuleType:
    """Load the package's locks without importing the package, so that they apply before."""
    spec = importlib.util.spec_from_file_location("locks", Path(__file__).parents[1] / "records" / "locks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(value: Any) -> Any:
    """Return an answer for JSON: a number, a text or a boolean; anything else as its type's name."""
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, (bool, int, float)):
        return value
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        return plain(value.item())
    return {"kind": type(value).__name__[:_LONGEST]}


def reporter(number: int) -> Callable[[dict[str, Any]], None]:
    """Return a function that writes one line to the grader without buffering."""
    write = os.write

    def tell(line: dict[str, Any]) -> None:
        write(number, json.dumps(line).encode() + b"\n")

    return tell


def main() -> None:
    """Load what every submission needs, then run one after the other."""
    warm(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    # Kept where a submission does not find it: standard output is closed before its code runs.
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for order in orders:
        desk = Path(order.rstrip("\n"))
        if sys.platform != "linux":
            # A process that has loaded graphics cannot be forked there; the grader starts another for each.
            print(os.getpid(), file=answers, flush=True)
            attempt(desk)
        one = os.fork()
        if one == 0:
            attempt(desk)
        print(one, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]), file=answers, flush=True)


def warm(cells: list[str]) -> None:
    """Run the lesson's own cells, to load libraries and shared results."""
    import IPython.display

    from accountability.classroom.lessons import answers

    assert answers is not None
    # Without a notebook around it, display() prints its argument: a whole picture as text.
    IPython.display.display = lambda *_, **__: None
    sys.stdout, kept = Counted(10**9), sys.stdout
    space = types.ModuleType("__main__")
    sys.modules["__main__"] = space
    for number, source in enumerate(cells if sys.platform == "linux" else [], 1):
        exec(compile(source, f"<lesson {number}>", "exec"), space.__dict__)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    sys.stdout = kept
    gc.collect()
    gc.freeze()


def attempt(desk: Path) -> None:
    """Apply the locks, run the cells of one submission in their own namespace, and exit."""
    if sys.platform == "linux":
        os.setsid()
    job = json.loads((desk / "job.json").read_text(encoding="utf-8"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(desk / "printed", os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.dup2(1, 2)
    os.closerange(3, 4096)
    held = os.open(desk / "locks.json", os.O_WRONLY | os.O_CREAT, 0o600)
    tell = reporter(os.open(desk / "told.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    os.environ.update(job["environment"])
    tempfile.tempdir = None
    os.chdir(job["scratch"])
    limit(**job["limits"])
    lock = locks()
    lock.powerless()
    tried = {"landlock": lock.landlock([job["scratch"]], job["read"], job["look"]), "seccomp": lock.seccomp()}
    closed = [name for name, is_closed in tried.items() if is_closed]
    lock.audit(job["scratch"], job["hidden"])
    # In a file of its own, closed before any of the submission's code runs: no submission can say what held it.
    os.write(held, json.dumps([*closed, "audit hook"]).encode())
    os.close(held)
    output = Counted(job["output_limit"])
    sys.stdout = sys.stderr = output
    sys.argv = [""]
    run(job["cells"], tell, output)
    tell({"done": True})
    # Threads that a cell left behind must not keep the process.
    os._exit(0)


def run(cells: list[str], tell: Callable[[dict[str, Any]], None], output: Counted) -> None:
    """Run each cell, and report answers and faults."""
    from accountability.classroom.lessons import answers

    answers.listen(lambda item, value: tell({"item": str(item)[:_LONGEST], "value": plain(value)}))
    space = types.ModuleType("__main__")
    sys.modules["__main__"] = space
    for number, source in enumerate(cells, 1):
        output.seen = 0
        try:
            exec(compile(source, f"<cell {number}>", "exec"), space.__dict__)
        except BaseException as fault:
            tell({"cell": number, "fault": f"{type(fault).__name__}: {fault}"[:_LONGEST]})


if __name__ == "__main__":
    main()
