"""Load a source by name: check, read and code its files, and cache the tables."""

from __future__ import annotations

from pathlib import Path

from accountability.records import cache, coded_cache
from accountability.records.contract import cache_folder, file_paths, read_source, remote_files
from accountability.records.dataset import Dataset, dataset_of
from accountability.records.inherited import line_of_releases
from accountability.records.places import counts_folder, source_folder


def load(name: str | Path, *, anew: bool = False) -> Dataset:
    """Load a source.

    The coded tables are cached under a hash of everything they depend on, so that the next load is quick. The files are
    checked against their declared hashes every time.

    Parameters
    ----------
    name : str or Path
        A source's name (``"synthetic"``, ``"chicago_2000_2016"``) or a folder that holds a ``source.yaml``.
    anew : bool
        Code the files again and ignore the cache.

    Returns
    -------
    Dataset
        ``cases``, ``allegations`` and ``events``, the ledger, the card and the data hash.

    Raises
    ------
    SourceError
        If the source is unknown, its declaration is wrong, a file is missing or not the declared one, or rows cannot be
        linked.
    CodebookError
        If a value has no term; the message lists all such values with counts and the lines to add.
    FetchError
        If files to download are not in the cache; ``accountability fetch NAME`` fetches them.
    """
    folder = source_folder(name)
    source = read_source(folder)
    paths = file_paths(source, folder)
    key = None
    if not source.generated and any(column.pseudonym for file in source.files.values() for _, column in file.readings):
        from accountability.records import pseudonyms

        key = pseudonyms.key()
    wanted = coded_cache.fingerprint(folder, {file.path: file.sha256 for file in source.files.values()}, key)
    kept_in = cache.cache_dir() / "coded" / source.source
    if wanted is not None and not anew and (kept := coded_cache.read(kept_in, wanted)) is not None:
        return dataset_of(source, kept)
    # Imported here: tables that are kept are read without any of what codes them.
    from accountability.records.assemble import code_source

    made = code_source(source, folder, paths, keep=wanted is not None)
    if wanted is not None:
        coded_cache.keep(kept_in, wanted, made)
    return dataset_of(source, made)


def fetch(
    name: str | Path, from_dir: Path | None = None, progress: bool = False, allow_local: bool = False
) -> list[Path]:
    """Fetch the files of a source to the cache, complete and unaltered or not at all.

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
        If a file cannot be fetched or is not the declared one; no partial file is kept.
    """
    from accountability.records import fetching
    from accountability.records.count_source import declared_counts

    if counts_folder(name) is not None:
        counts = declared_counts(name)
        return fetching.fetch([counts.remote], cache.cache_dir() / counts.counts, from_dir, progress, allow_local)
    place = source_folder(name)
    source = read_source(place)
    like = [folder.name for folder in line_of_releases(place)[1:]]
    files = list(remote_files(source).values())
    return fetching.fetch(files, cache_folder(source), from_dir, progress, allow_local, like)
