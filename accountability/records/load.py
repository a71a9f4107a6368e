"""From a source's name to its dataset: files checked, read, coded, and their tables kept for the next load."""

from __future__ import annotations

from pathlib import Path

from accountability.records import cache, coded_cache, pseudonyms
from accountability.records.contract import cache_folder, file_paths, read_source, remote_files
from accountability.records.dataset import Dataset, dataset_of
from accountability.records.inherited import line_of_releases
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


def fetch(
    name: str | Path, from_dir: Path | None = None, progress: bool = False, allow_local: bool = False
) -> list[Path]:
    """Bring the files of a source to the cache, whole and unaltered, or not at all.

    Parameters
    ----------
    name : str or Path
        A source's name or folder.
    from_dir : Path, optional
        Take the files from this folder instead of downloading them.
    progress : bool
        Show a progress bar.
    allow_local : bool
        Also fetch from addresses of this machine and of private networks.

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

    place = source_folder(name)
    source = read_source(place)
    like = [folder.name for folder in line_of_releases(place)[1:]]
    files = list(remote_files(source).values())
    return fetching.fetch(files, cache_folder(source), from_dir, progress, allow_local, like)
