"""The cache of coded sources, so that the next load takes a fraction of a second.

The key of an entry includes the hash of every file, the two declarations, this package's code, the versions of pandas
and pyarrow, and the pseudonym key. If any of these changes, the source is coded again. The files are Arrow, not
Parquet, because Parquet has no dates in whole seconds and would return another type. The checksum of every table is
compared before it is read; a damaged entry gives a warning and is coded again. It finds damage, no forgery: who can
write a table here can write its checksum too. So it is a CRC-32, which takes under half of the time of a sha256.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import tempfile
import time
import warnings
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from accountability import __version__
from accountability.records.cache import OFF_VARIABLE, own_code, sha256
from accountability.records.inherited import line_of_releases
from accountability.records.ledger import Ledger
from accountability.vocabulary import PEOPLE, ROSTER, TOTALS

if TYPE_CHECKING:
    from accountability.records.pseudonyms import Key

OWN: Final = ("cases", "allegations", "events", "lossy")
WHO: Final = (*PEOPLE.values(), ROSTER, TOTALS)
TABLES: Final = (*OWN, *WHO, "entries", "rows")
COMPLETE: Final = "complete.json"
_DAY: Final = 24 * 3600
_MAKING: Final = ".making-"
_WINDOW: Final = 8 * 2**20
MANY_ROWS: Final = 1_000_000  # below this, compressing takes longer than it saves room worth having
TABLES_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Coded:
    """The result of coding: the tables and the ledger."""

    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    people: Mapping[str, pd.DataFrame]
    lossy: pd.DataFrame
    ledger: Ledger

    def totals_of(self, declared: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the outside totals of what is declared of each file, checked; see :mod:`.totals`."""
        if not declared:
            return {}
        from accountability.records.totals import totals_of

        tables = (self.cases, self.allegations, *(self.people[role] for role in PEOPLE.values()))
        return totals_of(self.people[TOTALS], declared, tables)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames by their stored name."""
        own = {name: getattr(self, name) for name in OWN} | {name: self.people[name] for name in WHO}
        return own | {"entries": self.ledger.entries, "rows": self.ledger.rows}

    @classmethod
    def of(cls, frames: Mapping[str, pd.DataFrame]) -> Coded:
        """Make it from the frames of :meth:`frames`."""
        people = {name: frames[name] for name in WHO}
        return cls(
            **{name: frames[name] for name in OWN}, people=people, ledger=Ledger(frames["entries"], frames["rows"])
        )


def fingerprint(folder: Path, files: Mapping[str, str], key: Key | None) -> str | None:
    """Return one hash of everything a coded source depends on.

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
        ``None`` if pseudonyms will differ at the next load, so that nothing can be stored.
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
    """Return the coded source stored under a fingerprint; ``None`` if there is none or it is damaged.

    Warns
    -----
    UserWarning
        If the stored tables are damaged; names them.
    """
    place = folder / wanted
    if not place.is_dir():
        return None
    for _ in range(2):  # another process may be putting its own in this place
        with ThreadPoolExecutor(max_workers=TABLES_AT_ONCE) as pool:  # summing leaves Python free
            found = dict(zip(TABLES, pool.map(lambda name: _kept_hash(place, name), TABLES), strict=True))
        try:
            stated = json.loads((place / COMPLETE).read_text(encoding="utf-8"))
            if stated == found:
                # Mapped and not read: its bytes were just hashed. A table is only ever replaced, never written into.
                return Coded.of({name: _mapped(place / f"{name}.arrow") for name in TABLES})
        except (OSError, ValueError):
            stated = {}
    if not place.is_dir():
        return None
    kept = stated if isinstance(stated, dict) else {}
    damaged = [name for name, digest in found.items() if kept.get(name) != digest] or ["the list of checksums"]
    warnings.warn(
        f"the tables kept of {folder.name!r} are damaged ({len(damaged)} of {len(TABLES)}: {', '.join(damaged)} not as "
        f"kept in {place}): coded again from the files",
        stacklevel=3,
    )
    return None


def keep(folder: Path, wanted: str, coded: Coded) -> bool:
    """Store a coded source completely or not at all, replacing the earlier entry.

    Returns
    -------
    bool
        Whether it was stored. A full or read-only disk does not stop a load.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_MAKING}*"):  # by a killed load; the clock may have gone back since
            if abs(time.time() - left.stat().st_mtime) > _DAY:
                shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder))
    except OSError:
        return False
    try:
        frames = coded.frames()
        # Writing and summing leave Python free.
        with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=TABLES_AT_ONCE) as pool:
            sums = pool.map(lambda name: _written(frames[name], work / f"{name}.arrow"), frames)
        (work / COMPLETE).write_text(json.dumps(dict(zip(frames, sums, strict=True))), encoding="utf-8")
        before = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(_MAKING)]
        if (folder / wanted).exists():  # coded again: what was kept may be damaged
            old = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder))
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


def _written(frame: pd.DataFrame, path: Path) -> str:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    options = pa.ipc.IpcWriteOptions(compression="lz4" if len(frame) > MANY_ROWS else None)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)
    return checksum(path)


def _mapped(path: Path) -> pd.DataFrame:
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all().to_pandas(split_blocks=True)  # no column is copied to stand by others


def _kept_hash(place: Path, name: str) -> str:
    """Checksum of one kept table; empty where there is none."""
    try:
        return checksum(place / f"{name}.arrow")
    except OSError:
        return ""


def checksum(path: Path) -> str:
    """Return the CRC-32 and the size of a file."""
    if not (size := path.stat().st_size):
        return "0"
    found = 0
    with path.open("rb") as file:
        for at in range(0, size, _WINDOW):  # a part after the other: what is mapped counts as memory
            with mmap.mmap(file.fileno(), min(_WINDOW, size - at), access=mmap.ACCESS_READ, offset=at) as held:
                found = zlib.crc32(held, found)
    return f"{found:08x} {size}"
