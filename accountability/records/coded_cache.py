"""A source loaded before is kept coded, so that loading it again takes a fraction of a second.

What is kept depends on everything that made it: the hash of every file, the two declarations, this package's own code,
the versions of pandas and pyarrow, and the pseudonym key. Change any and the source is coded anew. Arrow files are used
and not Parquet because Parquet has no dates in whole seconds and would give back another type than was put in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from accountability import __version__
from accountability.records.ledger import Ledger
from accountability.records.places import PACKAGE
from accountability.records.pseudonyms import Key

TABLES: Final = ("cases", "allegations", "events", "complainants", "lossy", "entries", "rows")
COMPLETE: Final = "complete.json"
OFF_VARIABLE: Final = "ACCOUNTABILITY_NO_CODED_CACHE"
MANY_ROWS: Final = 1_000_000  # below this, compressing takes longer than it saves room worth having


@dataclass(frozen=True, slots=True)
class Coded:
    """What a load makes of the files: the tables and the ledger."""

    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    complainants: pd.DataFrame
    lossy: pd.DataFrame
    ledger: Ledger

    def frames(self) -> dict[str, pd.DataFrame]:
        """The frames by the name they are kept under."""
        own = {name: getattr(self, name) for name in TABLES[:5]}
        return own | {"entries": self.ledger.entries, "rows": self.ledger.rows}

    @classmethod
    def of(cls, frames: Mapping[str, pd.DataFrame]) -> Coded:
        """From the frames that :meth:`frames` gives."""
        return cls(**{name: frames[name] for name in TABLES[:5]}, ledger=Ledger(frames["entries"], frames["rows"]))


def fingerprint(folder: Path, files: Mapping[str, str], key: Key | None) -> str | None:
    """What a coded source depends on, as one hash.

    Parameters
    ----------
    folder : Path
        Folder of the declarations.
    files : mapping
        File to its sha256.
    key : Key or None
        The pseudonym key; ``None`` where the source has no pseudonyms.

    Returns
    -------
    str or None
        ``None`` when the pseudonyms will differ at the next load, so that nothing can be kept.
    """
    if os.environ.get(OFF_VARIABLE) or (key is not None and not key.lasting):
        return None
    declared = {name: _sha256(folder / name) for name in ("source.yaml", "codebook.yaml") if (folder / name).is_file()}
    parts = [
        sorted(files.items()),
        sorted(declared.items()),
        [__version__, own_code(), pd.__version__, pa.__version__],
        None if key is None else key.fingerprint,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read(folder: Path, wanted: str) -> Coded | None:
    """The coded source kept under a fingerprint; ``None`` when there is none, or it cannot be read whole."""
    place = folder / wanted
    try:
        stated = json.loads((place / COMPLETE).read_text(encoding="utf-8"))
        frames = {name: _frame(place / f"{name}.arrow") for name in TABLES}
    except (OSError, ValueError, pa.ArrowException):
        return None
    if {name: len(frame) for name, frame in frames.items()} != stated:
        return None
    return Coded.of(frames)


def keep(folder: Path, wanted: str, coded: Coded) -> bool:
    """Keep a coded source, whole or not at all, in place of what was kept of it before.

    Returns
    -------
    bool
        Whether it was kept. A full or read-only disk is no reason for a load to fail: the next one is merely slower.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    except OSError:
        return False
    try:
        frames = coded.frames()
        for name, frame in frames.items():
            frame.to_feather(work / f"{name}.arrow", compression="lz4" if len(frame) > MANY_ROWS else "uncompressed")
        (work / COMPLETE).write_text(json.dumps({n: len(f) for n, f in frames.items()}), encoding="utf-8")
        before = [path for path in folder.iterdir() if path.is_dir() and path.name not in (work.name, wanted)]
        os.replace(work, folder / wanted)
    except OSError:  # another process was first, or there is no room
        shutil.rmtree(work, ignore_errors=True)
        return (folder / wanted / COMPLETE).is_file()
    for path in before:
        if not path.name.startswith(".making-"):
            shutil.rmtree(path, ignore_errors=True)
    return True


@cache
def own_code() -> str:
    """One hash over the modules that code a source, so that a change of ours never meets tables made before it."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.glob("*.py"), *PACKAGE.glob("records/**/*.py")]):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {_sha256(path)}\n".encode())
    return digest.hexdigest()


def _frame(path: Path) -> pd.DataFrame:
    return pd.read_feather(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
