"""Two processes at one thing, and processes killed at it: ``python tests/at_once.py {two|kill} OP FOLDER [ROUNDS]``.

Everything is imported once; each process is forked from there. Prints one line of JSON: what was found.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import accountability
from accountability.publish import sharing
from accountability.publish.sharing.shared_before import before
from accountability.records.cache import RemoteFile, sha256
from accountability.records.fetching import fetch


def loaded(folder: Path) -> str:
    """Load a source and say what came of it, as a hash."""
    warnings.simplefilter("error")
    data = accountability.load(folder / "small")
    frames = (data.cases, data.allegations, data.events, data.ledger.entries)
    return hashlib.sha256("".join(frame.to_csv() for frame in frames).encode()).hexdigest()


def fetched(folder: Path) -> str:
    """Fetch a file from a folder at hand and say its hash."""
    origin = folder / "hand" / "a.bin"
    (path,) = fetch([RemoteFile("a.bin", "https://example.org/a.bin", sha256(origin))], folder / "cache", origin.parent)
    return sha256(path)


def shared(folder: Path) -> str:
    """Share a report and say the archive's hash, and that the record of what left can be read."""
    verdict, archive = sharing.share(folder / "report", folder / "out" / "a.zip")
    assert archive is not None, str(verdict)
    tables = [one.place for one in before()]
    assert len(tables) == len(set(tables)), "a table is remembered twice"
    return sha256(archive)


OPS: dict[str, Callable[[Path], str]] = {"load": loaded, "fetch": fetched, "share": shared}


def started(op: str, folder: Path) -> tuple[int, int]:
    """Fork a process that does it and writes what came of it into a pipe."""
    read, write = os.pipe()
    one = os.fork()
    if one == 0:
        os.close(read)
        try:
            said = OPS[op](folder)
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"[:2000]
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    return one, read


def ended(one: int, read: int) -> str:
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(one, 0)
    return said


def main() -> None:
    how, op, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if how == "two":
        both = [started(op, folder) for _ in range(2)]
        print(json.dumps([ended(*one) for one in both]))
        return
    rng = random.Random(21)
    begun = time.monotonic()
    right = ended(*started(op, folder))
    passed = time.monotonic() - begun
    found: dict[str, int] = {}
    for _ in range(int(sys.argv[4])):
        if op == "load":
            coded = Path(os.environ["ACCOUNTABILITY_CACHE"]) / "coded" / "small"
            for kept in coded.glob("[!.]*"):
                kept.rename(coded / f".making-old-{rng.random()}")  # so that it is coded again
        one, read = started(op, folder)
        time.sleep(rng.uniform(0, 1.1 * passed))
        os.kill(one, signal.SIGKILL)
        ended(one, read)
        archive = folder / "out" / "a.zip"
        assert op != "share" or sha256(archive) == right, "the archive that stood there is not whole"
        again = ended(*started(op, folder))
        found[again] = found.get(again, 0) + 1
    left = [path.name for path in (folder / "out").glob(".*")] if op == "share" else []
    print(json.dumps({"right": right, "found": found, "left": len(left)}))


if __name__ == "__main__":
    assert isinstance(pd.__version__, str)
    main()
