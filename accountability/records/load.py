"""From a source's name to its dataset: files checked, read, coded, and their tables kept for the next load."""

from __future__ import annotations

from pathlib import Path

from accountability.errors import SourceError
from accountability.records import cache, coded_cache, pseudonyms
from accountability.records.contract import Source, read_source
from accountability.records.dataset import Dataset, dataset_of
from accountability.records.places import source_folder


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
        return dataset_of(source, kept)
    # Imported here: tables that are kept are read without any of what codes them.
    from accountability.records.assemble import code_source

    made = code_source(source, folder, paths)
    if wanted is not None:
        coded_cache.keep(kept_in, wanted, made)
    return dataset_of(source, made)


def file_paths(source: Source, folder: Path) -> dict[str, Path]:
    """Where each file is, with its hash checked: beside ``source.yaml``, or in the cache where it has a ``url``."""
    remote = remote_files(source)
    paths = dict(zip(remote, cache.located(list(remote.values()), cache_folder(source), source.source), strict=True))
    for key, declared in source.files.items():
        cache.check_beside(declared.path, declared.beside, folder)
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
