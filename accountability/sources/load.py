"""From a source's name to its dataset: files checked, read, coded, linked, and every row accounted for."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import ValidationError

from accountability import privacy
from accountability.codebook import Codebook
from accountability.errors import SourceError
from accountability.ledger import Entry, Ledger, examples
from accountability.schema import validate
from accountability.sources import cache, readers, warm
from accountability.sources.coding import CodedFile, check_columns, code_file, coded_name, wanted_columns
from accountability.sources.contract import (
    File,
    Order,
    Source,
    problems,
    read_source,
    read_yaml,
    refuse_undecided,
)
from accountability.sources.dataset import Dataset
from accountability.sources.places import source_folder


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
    wanted = warm.fingerprint(
        folder,
        {file.path: file.sha256 for file in source.files.values()},
        privacy.key() if hidden and not source.generated else None,
    )
    kept_in = cache.cache_dir() / "coded" / source.source
    if wanted is not None and not anew and (kept := warm.read(kept_in, wanted)) is not None:
        return _dataset(source, kept)
    book = read_codebook(folder)
    coded = []
    for key, declared in source.files.items():
        fmt = file_format(declared, source.names[key])
        check_columns(readers.header(paths[key], fmt), declared)
        raw = readers.read(paths[key], fmt, columns=wanted_columns(declared))
        coded.append(code_file(raw.frame, declared, book, source.names[key]))
    made = assemble(source, coded, book)
    if wanted is not None:
        warm.keep(kept_in, wanted, made)
    return _dataset(source, made)


def _dataset(source: Source, coded: warm.Coded) -> Dataset:
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
    return Codebook.of(declared)


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
        found = hashlib.sha256(path.read_bytes()).hexdigest()
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
    source = read_source(source_folder(name))
    return cache.fetch(list(remote_files(source).values()), cache_folder(source), from_dir, progress)


def assemble(source: Source, coded: list[CodedFile], book: Codebook) -> warm.Coded:
    """Link the coded files of a source into its tables.

    Raises
    ------
    SourceError
        A row names a case that no file holds, a fact of the case differs between its rows, or the ledger does not
        balance.
    """
    entries = [entry for file in coded for entry in file.entries]
    names = pd.CategoricalDtype([file.name for file in coded])
    hide = None if source.generated else privacy.Pseudonyms(source.source, privacy.key())
    declared = {source.names[key]: file for key, file in source.files.items()}
    frames = {file.name: _pseudonymous(file.rows, declared[file.name], hide) for file in coded}
    by_table: dict[str, list[pd.DataFrame]] = {}
    for file in coded:
        by_table.setdefault(file.table, []).append(_from(frames[file.name], file.name, names))
        if file.complainants is not None:
            by_table.setdefault("complainants", []).append(_from(file.complainants, file.name, names))

    allegations = _joined(by_table.get("allegations", []))
    if "officer_id" not in allegations:  # the release identifies nobody
        nobody = pd.Series(None, index=allegations.index, dtype="str")
        allegations = pd.concat({"case_id": allegations.pop("case_id"), "officer_id": nobody}, axis=1).join(allegations)
    allegations, linked = _with_officers(allegations, by_table.get("officers", []), entries)
    if by_table.get("cases"):
        cases = _joined(by_table["cases"])
    else:
        cases, allegations = _cases_within(allegations, [f for f in coded if f.table == "allegations"])
    cases.insert(1, "jurisdiction", source.card.jurisdiction)
    complainants = _joined(by_table.get("complainants", []))

    parts = []
    for file in coded:
        part = _pseudonymous(file.events, declared[file.name], hide)
        part = _of_known_cases(part, cases, declared[file.name], file.name, entries)
        if file.table == "events":
            linked[file.name] = len(part)
        parts.append(_from(part, file.name, names))
    events = pd.concat(parts, ignore_index=True)
    for what, frame in (("allegation", allegations), ("dated step", events), ("complainant", complainants)):
        _check_linked(frame, cases, what)
    events = _set_aside_future(events, source.card.observed_until, entries)
    for order in source.order:
        events = _set_aside_disorder(events, order, entries)

    made = {file.name: len(file.rows) for file in coded} | linked
    row_counts = [(file.name, file.table, file.raw_rows, made[file.name]) for file in coded]
    ledger = Ledger.of(entries, row_counts)
    validate(cases, allegations, events, source.source)
    ledger.check()
    return warm.Coded(cases, allegations, events, complainants, _lossy(source, frames, book), ledger)


def _lossy(source: Source, frames: Mapping[str, pd.DataFrame], book: Codebook) -> pd.DataFrame:
    """The mappings that lose a distinction, for every coded column they are used in, with the rows they code."""
    known = book.lossy()
    rows = []
    for key, file in source.files.items():
        for _, column in file.readings:
            if column.codebook is None or column.to is None or column.of == "complainant":
                continue
            block = book[column.codebook]
            if not block.lossy:
                continue
            target = coded_name(column.to, block.gives[0], block)
            counts = frames[source.names[key]][f"raw_{column.to}"].value_counts()
            counts = counts.groupby(counts.index.map(block.normal)).sum()
            for line in known[known["block"] == block.name].to_dict("records"):
                count = int(counts.get(block.normal(str(line["raw"])), 0))
                rows.append({"column": target, **line, "rows": count})
    columns = ["column", "block", "raw", "term", "loses", "may_be", "rows"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[:-1], "str") | {"rows": "int64"})


def data_hash(files: Mapping[str, File]) -> str:
    """One hash for a release: over the path and hash of each file, in the order of their paths."""
    lines = sorted(f"{file.path} {file.sha256}\n" for file in files.values())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _pseudonymous(frame: pd.DataFrame, declared: File, hide: privacy.Pseudonyms | None) -> pd.DataFrame:
    targets = {column.to for _, column in declared.readings if column.pseudonym}
    hidden = [c for c in frame.columns if c in targets]
    return frame if hide is None or not hidden else frame.assign(**{c: hide(frame[c]) for c in hidden})


def _from(frame: pd.DataFrame, name: str, names: pd.CategoricalDtype) -> pd.DataFrame:
    """The rows with the file they come from."""
    codes = np.full(len(frame), names.categories.get_loc(name))
    return frame.assign(source_file=pd.Categorical.from_codes(codes, dtype=names))


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame({"case_id": pd.array([], dtype="str"), "officer_id": pd.array([], dtype="str")})
    return frames[0].reset_index(drop=True) if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _with_officers(
    allegations: pd.DataFrame, officers: list[pd.DataFrame], entries: list[Entry]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add what the officers' files say, and count the rows that were looked up."""
    linked = {}
    for frame in officers:
        if frame.empty:
            continue
        name = str(frame["source_file"].iloc[0])
        known = frame.set_index("officer_id")
        if not known.index.is_unique:
            raise SourceError(f"{name}: officer ids repeat; declare `key` and `repeats`")
        attributes = known.drop(columns=["source_row", "source_file"])
        both = [c for c in attributes.columns if c in allegations.columns]
        if both:
            raise SourceError(f"{name}: columns {both} are also in the allegations file; give one another `to`")
        position = known.index.get_indexer(pd.Index(allegations["officer_id"]))
        used = np.zeros(len(known), dtype=bool)
        used[position[position >= 0]] = True
        if not used.all():
            rows = frame.loc[~used, "source_row"]
            why = "no allegation names this officer; kept out of the tables"
            entries.append(Entry(name, "", "row not linked", "officers", why, len(rows), examples(rows)))
        for column in attributes.columns:
            pool = attributes[column].array
            allegations = allegations.assign(**{column: pool.take(position, allow_fill=True)})
        linked[name] = int(used.sum())
    return allegations, linked


def _cases_within(allegations: pd.DataFrame, files: list[CodedFile]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lift the columns that describe the case out of rows that describe allegations."""
    lifted = [c for file in files for c, of in file.of.items() if of == "case" and c != "case_id"]
    varies = {c: rule for file in files for c, rule in file.varies.items()}
    first = allegations.drop_duplicates("case_id")
    cases = first[["case_id", *lifted, "source_row", "source_file"]].reset_index(drop=True)
    kept = []
    for column in lifted:
        distinct = allegations[["case_id", column]].drop_duplicates()
        again = distinct["case_id"].duplicated(keep=False)
        if not again.any():
            continue
        if varies[column] == "keep":
            kept.append(column)
            continue
        if varies[column] in ("first", "join"):
            raise SourceError(
                f"column {column!r} differs within {distinct.loc[again, 'case_id'].nunique():,} case(s); "
                f"`varies: {varies[column]}` is for rows merged by `repeats`, here say `varies: keep`"
            )
        case = distinct.loc[again, "case_id"].iloc[0]
        values = distinct.loc[distinct["case_id"] == case, column].tolist()
        raise SourceError(
            f"column {column!r} is declared `of: case` and differs within {distinct.loc[again, 'case_id'].nunique():,} "
            f"case(s), for instance {case}: {values}; say `varies: keep` (stays with the allegation) or `of: row`"
        )
    cases = cases.drop(columns=kept)
    return cases, allegations.drop(columns=[c for c in lifted if c not in kept])


def _of_known_cases(
    events: pd.DataFrame, cases: pd.DataFrame, declared: File, name: str, entries: list[Entry]
) -> pd.DataFrame:
    """Leave out the steps of cases that no other file holds, where the declaration says why there are such."""
    if declared.unlinked is None:
        return events
    known = events["case_id"].isin(cases["case_id"])
    rows = examples(events.loc[~known, "source_row"])
    entries.append(Entry(name, "", "row not linked", "unlinked", declared.unlinked, int((~known).sum()), rows))
    return events[known]


def _check_linked(frame: pd.DataFrame, cases: pd.DataFrame, what: str) -> None:
    lost = (
        pd.Index(cases["case_id"]).get_indexer(pd.Index(frame["case_id"])) < 0
    )  # several times faster than isin on text
    if lost.any():
        first = frame.loc[lost].iloc[0]
        raise SourceError(
            f"{int(lost.sum()):,} {what} row(s) name a case that no file of cases holds, first {first['case_id']!r} in "
            f"data row {first['source_row']} of {first['source_file']}"
        )


def _set_aside_future(events: pd.DataFrame, until: dt.date | None, entries: list[Entry]) -> pd.DataFrame:
    if until is None:
        return events
    late = (events["earliest"] > pd.Timestamp(until)) & events["set_aside"].isna()
    return _set_aside(events, late, f"after {until}, the last day the release covers", "observed_until", entries)


def _set_aside_disorder(events: pd.DataFrame, order: Order, entries: list[Entry]) -> pd.DataFrame:
    usable = events["set_aside"].isna()
    first = events[usable & (events["stage"] == order.first)]
    then = events[usable & (events["stage"] == order.then)]
    if order.aside == order.then:
        limit = _by_case(first["case_id"], first["earliest"], "min").reindex(then["case_id"]).to_numpy()
        wrong = then.index[(then["latest"].to_numpy() < limit)]
        reason = f"{order.then} before {order.first}"
    else:
        limit = _by_case(then["case_id"], then["latest"], "max").reindex(first["case_id"]).to_numpy()
        wrong = first.index[(first["earliest"].to_numpy() > limit)]
        reason = f"{order.first} after {order.then}"
    marked = pd.Series(False, index=events.index)
    marked.loc[wrong] = True
    return _set_aside(events, marked, reason, "order", entries)


def _by_case(case_id: pd.Series, dates: pd.Series, how: str) -> pd.Series:
    if case_id.is_unique:
        return pd.Series(dates.to_numpy(), index=pd.Index(case_id))
    return dates.groupby(case_id).agg(how)


def _set_aside(events: pd.DataFrame, marked: pd.Series, reason: str, rule: str, entries: list[Entry]) -> pd.DataFrame:
    if not marked.any():
        return events
    for (file, stage), rows in events[marked].groupby(["source_file", "stage"], observed=True):
        why = f"{reason}; the date is kept and marked, not repaired"
        entries.append(
            Entry(str(file), str(stage), "value set aside", rule, why, len(rows), examples(rows["source_row"]))
        )
    return events.assign(set_aside=events["set_aside"].mask(marked, reason))
