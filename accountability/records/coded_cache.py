"""A source loaded before is kept coded, so that loading it again takes a fraction of a second.

What is kept depends on everything that made it: the hash of every file, the two declarations, this package's own code,
the versions of pandas and pyarrow, and the pseudonym key. Change any and the source is coded anew. Arrow files are used
and not Parquet because Parquet has no dates in whole seconds and would give back another type than was put in. The
checksum of every table is compared before it is read: what was damaged on the disk is coded again, and said.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from accountability import __version__
from accountability.records.cache import sha256
from accountability.records.inherited import line_of_releases
from accountability.records.ledger import Ledger
from accountability.records.places import PACKAGE
from accountability.records.pseudonyms import Key
from accountability.vocabulary import PEOPLE

OWN: Final = ("cases", "allegations", "events", "lossy")
TABLES: Final = (*OWN, *PEOPLE.values(), "entries", "rows")
COMPLETE: Final = "complete.json"
OFF_VARIABLE: Final = "ACCOUNTABILITY_NO_CODED_CACHE"
MANY_ROWS: Final = 1_000_000  # below this, compressing takes longer than it saves room worth having


@dataclass(frozen=True, slots=True)
class Coded:
    """What a load makes of the files: the tables and the ledger."""

    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    people: Mapping[str, pd.DataFrame]
    lossy: pd.DataFrame
    ledger: Ledger

    def frames(self) -> dict[str, pd.DataFrame]:
        """The frames by the name they are kept under."""
        own = {name: getattr(self, name) for name in OWN} | {name: self.people[name] for name in PEOPLE.values()}
        return own | {"entries": self.ledger.entries, "rows": self.ledger.rows}

    @classmethod
    def of(cls, frames: Mapping[str, pd.DataFrame]) -> Coded:
        """From the frames that :meth:`frames` gives."""
        people = {name: frames[name] for name in PEOPLE.values()}
        return cls(
            **{name: frames[name] for name in OWN}, people=people, ledger=Ledger(frames["entries"], frames["rows"])
        )


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
    declared = {
        f"{depth} {name}": sha256(place / name)
        for depth, place in enumerate(line_of_releases(folder))
        for name in ("source.yaml", "codebook.yaml")
        if (place / name).is_file()
    }
    parts = [
        sorted(files.items()),
        sorted(declared.items()),
        [__version__, own_code(), pd.__version__, pa.__version__],
        None if key is None else key.fingerprint,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read(folder: Path, wanted: str) -> Coded | None:
    """The coded source kept under a fingerprint; ``None`` when there is none, or it is not as it was kept.

    Warns
    -----
    UserWarning
        When what is kept is damaged, with the names of the tables.
    """
    place = folder / wanted
    if not place.is_dir():
        return None
    try:
        stated = json.loads((place / COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stated = {}
    found = {name: _kept_hash(place, name) for name in TABLES}
    if stated == found:
        return Coded.of({name: pd.read_feather(place / f"{name}.arrow") for name in TABLES})
    kept = stated if isinstance(stated, dict) else {}
    damaged = [name for name, digest in found.items() if kept.get(name) != digest] or ["the list of checksums"]
    warnings.warn(
        f"the tables kept of {folder.name!r} are damaged ({len(damaged)} of {len(TABLES)}: {', '.join(damaged)} not as "
        f"kept in {place}): coded again from the files",
        stacklevel=3,
    )
    return None


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
        (work / COMPLETE).write_text(json.dumps({name: _kept_hash(work, name) for name in frames}), encoding="utf-8")
        before = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".making-")]
        if (folder / wanted).exists():  # coded again: what was kept may be damaged
            old = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
            os.replace(folder / wanted, old)
            shutil.rmtree(old, ignore_errors=True)
        os.replace(work, folder / wanted)
    except OSError:  # another process was first, or there is no room
        shutil.rmtree(work, ignore_errors=True)
        return (folder / wanted / COMPLETE).is_file()
    for path in before:
        if path.name != wanted:
            shutil.rmtree(path, ignore_errors=True)
    return True


@cache
def own_code() -> str:
    """One hash over the modules that code a source, so that a change of ours never meets tables made before it."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.glob("*.py"), *PACKAGE.glob("records/**/*.py")]):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()


def _kept_hash(place: Path, name: str) -> str:
    """Checksum of one kept table; empty where there is none."""
    try:
        return sha256(place / f"{name}.arrow")
    except OSError:
        return ""
