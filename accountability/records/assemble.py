"""Build a source's tables from its coded files: linked, with pseudonyms, impossible dates set aside, rows balanced."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import ValidationError

from accountability.errors import SourceError
from accountability.records import coded_cache, pseudonyms, readers
from accountability.records.codebook import Codebook, read_codebook
from accountability.records.coding import CodedFile, check_columns, code_file, coded_name, wanted_columns
from accountability.records.column import problems
from accountability.records.contract import File, Source
from accountability.records.dated_steps import Places, set_aside_disorder, set_aside_future, told_of_future
from accountability.records.ledger import Entry, Ledger, Log
from accountability.records.lookup import places
from accountability.records.schema import validate
from accountability.vocabulary import PEOPLE, ROSTER, TOTALS

#: Two: more would hold the text of more files in memory at once.
FILES_AT_ONCE: Final = 2


def code_source(source: Source, folder: Path, paths: Mapping[str, Path], *, keep: bool = False) -> coded_cache.Coded:
    """Read, code and link the files of a source. Where asked, keep its checked codebook for another time."""
    book = read_codebook(folder, keep=keep)
    hide = _hiding(source)

    def rows(key: str, columns: list[str]) -> tuple[pd.DataFrame, Any]:
        declared, name = source.files[key], source.names[key]
        fmt = file_format(declared, name)
        if not declared.prepare:
            return readers.read(paths[key], fmt, columns).frame, None
        from accountability.records.preparing import prepared

        made = prepared(readers.read(paths[key], fmt).frame, declared, fmt, folder, name)
        check_columns(made.frame.columns, declared)
        return made.frame[columns], made

    def coded(key: str) -> CodedFile:
        declared, name = source.files[key], source.names[key]
        if not declared.prepare:
            check_columns(readers.header(paths[key], file_format(declared, name)), declared)
        wanted = list(declared.columns) if declared.prepare else wanted_columns(declared)
        named = {other for repeat in declared.repeats for other in repeat.also_in}
        others = {other: rows(other, wanted)[0] for other in named}
        # The raw text is given away, so that nothing here keeps it once it is coded.
        if not declared.prepare:
            return _hidden(code_file(rows(key, wanted)[0], declared, book, name, others=others), declared, hide)
        frame, made = rows(key, wanted)
        return _hidden(code_file(frame, declared, book, name, made, others), declared, hide)

    # Unpacking and Arrow leave Python free. pandas resets filters of warnings: in two threads, some would stay silent.
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=FILES_AT_ONCE) as pool:
        files = list(pool.map(coded, source.files))
    return assemble(source, files, book, True)


def file_format(declared: File, name: str) -> readers.Format:
    """Return the declared format of a file.

    Raises
    ------
    SourceError
        For unknown or invalid settings; the message lists all.
    """
    if not declared.format:  # nothing to check, for which pydantic would first look for plug-ins
        return readers.Format.model_construct()
    try:
        return readers.Format.model_validate(declared.format)
    except ValidationError as error:
        raise SourceError(f"{name}: {error.error_count()} thing(s) to mend in its format:\n{problems(error)}") from None


def assemble(source: Source, coded: list[CodedFile], book: Codebook, hidden: bool = False) -> coded_cache.Coded:
    """Link the coded files of a source into its tables, with pseudonyms unless ids are hidden already.

    Raises
    ------
    SourceError
        If a row names an unknown case, a fact of the case differs between its rows, or the ledger does not balance.
    """
    entries = [entry for file in coded for entry in file.entries]
    names = pd.CategoricalDtype([file.name for file in coded])
    declared = {source.names[key]: file for key, file in source.files.items()}
    if not hidden:
        hide = _hiding(source)
        coded = [_hidden(file, declared[file.name], hide) for file in coded]
    frames = {file.name: file.rows for file in coded}
    by_table: dict[str, list[pd.DataFrame]] = {}
    for file in coded:
        by_table.setdefault(file.table, []).append(_from(frames[file.name], file.name, names))
        for role, table in file.people.items():
            by_table.setdefault(role, []).append(_from(table, file.name, names))

    allegations = _joined(by_table.get("allegations", []))
    if "officer_id" not in allegations:  # the release identifies nobody
        nobody = pd.Series(None, index=allegations.index, dtype="str")
        allegations = pd.concat({"case_id": allegations.pop("case_id"), "officer_id": nobody}, axis=1).join(allegations)
    described = by_table.get("cases")
    if described:
        cases, of_case = _joined(described), list[str]()
    else:
        cases, of_case = _cases_within(allegations, [f for f in coded if f.table == "allegations"])
    # Arrow leaves Python free: what files of officers say is looked up while the dated steps are linked.
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=1) as beside:
        looked_up = beside.submit(_with_officers, allegations, by_table.get("officers", []))
        lossy = beside.submit(_lossy, source, frames, book)
        cases.insert(1, "jurisdiction", source.card.jurisdiction)
        later: list[Entry] = []
        linked: dict[str, int] = {}
        for role in PEOPLE.values():  # before they are joined: each file says itself why a row may have no case here
            for place, frame in enumerate(by_table.get(role, [])):
                name = str(frame["source_file"].iloc[0]) if len(frame) else ""
                if name and declared[name].table == role:
                    by_table[role][place] = _of_known_cases(frame, cases, declared[name], name, later)
                    linked[name] = len(by_table[role][place])
        people = {role: _joined(by_table.get(role, [])) for role in PEOPLE.values()}
        people[ROSTER] = _spells(by_table.get(ROSTER, []))
        people[TOTALS] = _joined(by_table.get(TOTALS, []))
        parts = []
        for file in coded:
            part = _of_known_cases(file.events, cases, declared[file.name], file.name, later)
            if file.table == "events":
                linked[file.name] = len(part)
            parts.append(_from(part, file.name, names))
        events = _joined(parts)
        naming = {"allegation": allegations, "dated step": events}
        naming |= {role: people[table] for role, table in PEOPLE.items()}
        in_rows = [file.name for file in coded if file.table == "cases"]
        events = _in_order(events, _linked(naming, cases, in_rows)["dated step"], source, later)
        allegations, used, of_officers = looked_up.result()

    allegations = allegations.drop(columns=of_case)
    made = {file.name: len(file.rows) for file in coded} | used | linked
    row_counts = [(file.name, file.table, file.raw_rows, made[file.name]) for file in coded]
    ledger = Ledger.of([*entries, *of_officers, *later], row_counts)
    validate(cases, allegations, events, source.source)
    ledger.check()
    held = coded_cache.Coded(cases, allegations, events, people, lossy.result(), ledger)
    held.totals_of(source.totals)
    return held


def _in_order(events: pd.DataFrame, case: Places, source: Source, entries: list[Entry]) -> pd.DataFrame:
    """The dated steps, with impossible ones set aside: after the last day of the release, or in a wrong order."""
    events = set_aside_future(events, source.card.observed_until, entries)
    for order in source.order:
        events = set_aside_disorder(events, case, order, entries)
    after = {
        (source.names[key], reading.stage): str(reading.no_day["after_cutoff"])
        for key, file in source.files.items()
        for _, reading in file.readings
        if reading.stage is not None and "after_cutoff" in reading.no_day
    }
    return told_of_future(events, source.card.observed_until, after, entries)


def _lossy(source: Source, frames: Mapping[str, pd.DataFrame], book: Codebook) -> pd.DataFrame:
    """The mappings that lose a distinction, for every coded column they are used in, with the rows they code."""
    known = book.lossy().to_dict("records")
    rows = []
    for key, file in source.files.items():
        for _, column in file.readings:
            if column.codebook is None or column.to is None or column.of in PEOPLE:
                continue
            block = book[column.codebook]
            if not block.lossy:
                continue
            target = coded_name(column.to, block.gives[0], block)
            counts: Counter[str] = Counter()
            for raw, count in frames[source.names[key]][f"raw_{column.to}"].value_counts(sort=False).items():
                counts[block.normal(str(raw))] += count
            for line in known:
                if line["block"] == block.name:
                    rows.append({"column": target, **line, "rows": counts[block.normal(str(line["raw"]))]})
    columns = ["column", "block", "raw", "term", "loses", "may_be", "rows"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[:-1], "str") | {"rows": "int64"})


def _hiding(source: Source) -> pseudonyms.Pseudonyms | None:
    return None if source.generated else pseudonyms.Pseudonyms(source.source, pseudonyms.key())


def _hidden(file: CodedFile, declared: File, hide: pseudonyms.Pseudonyms | None) -> CodedFile:
    """The file with pseudonyms instead of ids."""
    targets = {column.to for _, column in declared.readings if column.pseudonym}
    if hide is None or not targets:
        return file

    def without_ids(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{c: hide(frame[c]) for c in frame.columns if c in targets})

    people = {role: without_ids(table) for role, table in file.people.items()}
    return replace(file, rows=without_ids(file.rows), events=without_ids(file.events), people=people)


def _from(frame: pd.DataFrame, name: str, names: pd.CategoricalDtype) -> pd.DataFrame:
    """The rows with the file they come from."""
    codes = np.full(len(frame), names.categories.get_loc(name))
    return frame.assign(source_file=pd.Categorical.from_codes(codes, dtype=names))


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all frames; no column is copied where only one has rows."""
    if not frames:
        return pd.DataFrame({"case_id": pd.array([], dtype="str"), "officer_id": pd.array([], dtype="str")})
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    if len(filled) > 1 or any(list(frame) != list(filled[0]) for frame in frames):
        return pd.concat(frames, ignore_index=True)
    return filled[0].reset_index(drop=True)


def _spells(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The roster: spells of officers in the order of their days, none of them over another of the same officer.

    Raises
    ------
    SourceError
        A spell has no officer or no first day, ends before it starts, or overlaps another.
    """
    if not frames:
        return _joined([])
    rows = _joined(frames)
    rows = rows if "ends" in rows else rows.assign(ends=pd.Series(pd.NaT, index=rows.index, dtype=rows["starts"].dtype))
    rows = rows.sort_values(["officer_id", "starts"], kind="stable", ignore_index=True)
    before = rows.shift(1)
    same = rows["officer_id"].eq(before["officer_id"]).fillna(False)
    faults = {
        "name no officer or no first day": rows["officer_id"].isna() | rows["starts"].isna(),
        "end before they start": rows["ends"] < rows["starts"],
        "overlap another of the same officer, who would be counted twice": same
        & ~(rows["starts"] > before["ends"]).fillna(False),
    }
    for what, wrong in faults.items():
        if wrong.any():
            first = rows.loc[wrong.to_numpy(dtype=bool)].iloc[0]
            raise SourceError(
                f"{first['source_file']}: {int(wrong.sum()):,} spell(s) of the roster {what}, first data row "
                f"{first['source_row']}; correct the file, or declare what such rows are under `unusable` or `repeats`"
            )
    return rows


def _with_officers(
    allegations: pd.DataFrame, officers: list[pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, int], list[Entry]]:
    """Add what the officers' files say, count the rows that were looked up, and note those that were not."""
    linked: dict[str, int] = {}
    entries: list[Entry] = []
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
        position = places(allegations["officer_id"], frame["officer_id"])
        used = np.zeros(len(known), dtype=bool)
        used[position[position >= 0]] = True
        why = "no allegation names this officer; kept out of the tables"
        Log(name, entries).note("", "row not linked", "officers", why, frame.loc[~used, "source_row"])
        for column in attributes.columns:
            pool = attributes[column].array
            if pool.dtype == "str":  # a text looked up among the few that differ stays in the processor's cache
                codes, few = pd.factorize(pool)
                found = pd.array([*few.tolist(), None], dtype="str").take(np.append(codes, -1)[position])
            else:
                found = pool.take(position, allow_fill=True)
            allegations = allegations.assign(**{column: found})
        linked[name] = int(used.sum())
    return allegations, linked, entries


def _cases_within(allegations: pd.DataFrame, files: list[CodedFile]) -> tuple[pd.DataFrame, list[str]]:
    """The cases in rows that describe allegations, and the columns that describe them."""
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
    return cases.drop(columns=kept), [column for column in lifted if column not in kept]


def _of_known_cases(
    rows: pd.DataFrame, cases: pd.DataFrame, declared: File, name: str, entries: list[Entry]
) -> pd.DataFrame:
    """Leave out steps and people of cases that no other file holds, where the declaration says why there are such."""
    if declared.unlinked is None:
        return rows
    known = places(rows["case_id"], cases["case_id"]) >= 0
    Log(name, entries).note("", "row not linked", "unlinked", declared.unlinked, rows.loc[~known, "source_row"])
    return rows[known]


def _linked(naming: Mapping[str, pd.DataFrame], cases: pd.DataFrame, files: list[str]) -> dict[str, Places]:
    """The place of each row's case among the cases, for every table that names one."""
    found = {what: np.full(len(frame), -1) for what, frame in naming.items()}
    found["dated step"] = _in_own_row(naming["dated step"], cases, files)
    open_ = {what: np.flatnonzero(place < 0) for what, place in found.items()}
    named = [naming[what][["case_id"]] for what in open_]
    named = [ids if len(rows) == len(ids) else ids.iloc[rows] for ids, rows in zip(named, open_.values(), strict=True)]
    if any(map(len, named)):
        among = places(_joined(named)["case_id"], cases["case_id"])  # once for all tables: the cases are hashed once
        ends = np.cumsum([len(rows) for rows in open_.values()])
        for (what, rows), place in zip(open_.items(), np.split(among, ends[:-1]), strict=True):
            found[what][rows] = place
    for what, frame in naming.items():
        lost = found[what] < 0
        if lost.any():
            first = frame.loc[lost].iloc[0]
            where, blank = f"data row {first['source_row']} of {first['source_file']}", pd.isna(first["case_id"])
            mend = (
                ""
                if what not in (*PEOPLE, "dated step")
                else (
                    ". If they can be left out, say why in source.yaml: "
                    + ("unusable: [{blank: [COLUMN OF THE CASE], because: ...}]" if blank else "unlinked: ...")
                )
            )
            raise SourceError(
                f"{int(frame.loc[lost, 'case_id'].isna().sum()):,} {what} row(s) name no case, first {where}{mend}"
                if blank
                else f"{int(lost.sum()):,} {what} row(s) name a case that no file of cases holds, first "
                f"{first['case_id']!r} in {where}{mend}"
            )
    return found


def _in_own_row(events: pd.DataFrame, cases: pd.DataFrame, files: list[str]) -> Places:
    """The place of the case that stands in the same row of a file of cases; -1 where it is to be looked up."""
    found = np.full(len(events), -1)
    for name in files if not cases["case_id"].hasnans else ():
        held, here = _of_file(cases, name), _of_file(events, name)
        rows, wanted = cases["source_row"].to_numpy()[held], events["source_row"].to_numpy()[here]
        if (np.diff(rows) > 0).all():  # else one published row makes several cases
            place = np.full(max(rows.max(initial=0), wanted.max(initial=0)) + 1, -1)
            place[rows] = np.arange(len(cases))[held]
            found[here] = place[wanted]
    return found


def _of_file(rows: pd.DataFrame, name: str) -> slice:
    """Where the rows of a file stand; files are joined one after another."""
    at = np.flatnonzero((rows["source_file"] == name).to_numpy())
    return slice(at[0], at[-1] + 1) if len(at) else slice(0)
