"""From a source's name to its dataset: files checked, read, coded, and their tables kept for the next load."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pandas as pd
from pydantic import ValidationError

from accountability.errors import CodebookError, SourceError
from accountability.records import cache, coded_cache, pseudonyms, readers
from accountability.records.assemble import assemble
from accountability.records.codebook import Block, Codebook
from accountability.records.coding import CodedFile, check_columns, code_file, wanted_columns
from accountability.records.column import problems
from accountability.records.contract import File, Source, data_hash, read_source
from accountability.records.dataset import Dataset
from accountability.records.places import source_folder
from accountability.records.yaml_text import lines_of, read_yaml, refuse_undecided

#: Two: more would hold the text of more files in memory at once.
FILES_AT_ONCE: Final = 2


def load(name: str | Path, *, anew: bool = False) -> Dataset:
    """Load a source.

    The coded tables are kept in the cache under a hash of all they depend on, so that the next load is quick; the files
    themselves are checked against their declared hashes every time.

    Parameters
    ----------
    name : str or Path
        A source's name (``"synthetic"``, ``"chicago_2000_2016"``) or a folder that holds a ``source.yaml``.
    anew : bool
        Code the files again, whatever is kept.

    Returns
    -------
    Dataset
        ``cases``, ``allegations`` and ``events``, the ledger, the card and the data hash.

    Raises
    ------
    SourceError
        The source is unknown, its declaration is wrong, a file is missing or not the one declared, or rows cannot
        be linked.
    CodebookError
        A value has no term: the message lists all such values with counts and what to add.
    FetchError
        The files of a source that is downloaded are not in the cache: ``accountability fetch NAME`` brings them.
    """
    folder = source_folder(name)
    source = read_source(folder)
    paths = file_paths(source, folder)
    hidden = any(column.pseudonym for file in source.files.values() for _, column in file.readings)
    wanted = coded_cache.fingerprint(
        folder,
        {file.path: file.sha256 for file in source.files.values()},
        pseudonyms.key() if hidden and not source.generated else None,
    )
    kept_in = cache.cache_dir() / "coded" / source.source
    if wanted is not None and not anew and (kept := coded_cache.read(kept_in, wanted)) is not None:
        return _dataset(source, kept)
    book = read_codebook(folder)

    def coded(key: str) -> CodedFile:
        # The raw text is given away, so that nothing here keeps it once it is coded.
        return code_file(_read(source, key, paths), source.files[key], book, source.names[key])

    with ThreadPoolExecutor(max_workers=FILES_AT_ONCE) as pool:  # unpacking, parsing and Arrow leave Python free
        files = list(pool.map(coded, source.files))
    made = assemble(source, files, book)
    if wanted is not None:
        coded_cache.keep(kept_in, wanted, made)
    return _dataset(source, made)


def _read(source: Source, key: str, paths: Mapping[str, Path]) -> pd.DataFrame:
    declared = source.files[key]
    fmt = file_format(declared, source.names[key])
    check_columns(readers.header(paths[key], fmt), declared)
    return readers.read(paths[key], fmt, columns=wanted_columns(declared)).frame


def _dataset(source: Source, coded: coded_cache.Coded) -> Dataset:
    return Dataset(
        name=source.source,
        title=source.title,
        generated=source.generated,
        cases=coded.cases,
        allegations=coded.allegations,
        events=coded.events,
        ledger=coded.ledger,
        card=source.card,
        sha256=data_hash(source.files),
        files={file.path: file.sha256 for file in source.files.values()},
        lossy=coded.lossy,
        complainants=coded.complainants,
    )


def file_format(declared: File, name: str) -> readers.Format:
    """How a file is written, as declared.

    Raises
    ------
    SourceError
        Lists every setting that is unknown, or cannot be.
    """
    try:
        return readers.Format.model_validate(declared.format)
    except ValidationError as error:
        raise SourceError(f"{name}: {error.error_count()} thing(s) to mend in its format:\n{problems(error)}") from None


def read_codebook(folder: Path) -> Codebook:
    """The codebook beside a ``source.yaml``; an empty one where there is none."""
    path = folder / "codebook.yaml"
    if not path.is_file():
        return Codebook({})
    declared = read_yaml(path)
    refuse_undecided(declared, path)
    blocks = {}
    for name, block in declared.items():
        try:
            blocks[name] = Block.of(name, block)
        except CodebookError as error:
            raise CodebookError(f"{path}, line {lines_of(path)[(name,)]}: {error}") from None
    return Codebook(blocks)


def file_paths(source: Source, folder: Path) -> dict[str, Path]:
    """Where each file is, with its hash checked: beside ``source.yaml``, or in the cache where it has a ``url``."""
    remote = remote_files(source)
    paths = dict(zip(remote, cache.located(list(remote.values()), cache_folder(source), source.source), strict=True))
    for key, declared in source.files.items():
        if key in remote:
            continue
        path = folder / declared.path
        if not path.is_file():
            raise SourceError(f"{path}: the file that source.yaml declares is missing")
        found = cache.sha256(path)
        if found != declared.sha256:
            raise SourceError(
                f"{path}: expected sha256 {declared.sha256}, found {found}; the file is not the one that was declared. "
                "If it was meant to change, write the new hash into source.yaml"
            )
        paths[key] = path
    return paths


def remote_files(source: Source) -> dict[str, cache.RemoteFile]:
    """The files that have to be brought to the cache, by their key in ``source.yaml``."""
    return {
        key: cache.RemoteFile(declared.path, declared.url, declared.sha256, declared.bytes)
        for key, declared in source.files.items()
        if declared.url is not None
    }


def cache_folder(source: Source) -> Path:
    """Where a source's fetched files are kept."""
    return cache.cache_dir() / source.source


def fetch(name: str | Path, from_dir: Path | None = None, progress: bool = False) -> list[Path]:
    """Bring the files of a source to the cache, whole and unaltered, or not at all.

    Parameters
    ----------
    name : str or Path
        A source's name or folder.
    from_dir : Path, optional
        Take the files from this folder instead of downloading them.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of Path
        The files in the cache; empty when the source comes with the package.

    Raises
    ------
    FetchError
        A file could not be had, or is not the one declared; nothing half-written is kept.
    """
    from accountability.records import fetching

    source = read_source(source_folder(name))
    return fetching.fetch(list(remote_files(source).values()), cache_folder(source), from_dir, progress)
