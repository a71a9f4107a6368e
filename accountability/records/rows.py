"""Select the raw rows that become coded rows; blank, unusable and repeated ones go to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from accountability.errors import SourceError
from accountability.records.codebook import NORMALISERS
from accountability.records.contract import File
from accountability.records.ledger import Log, examples
from accountability.records.schema import all_differ
from accountability.vocabulary import PEOPLE

REPEATED = "repeats_a_row"


def normalised(frame: pd.DataFrame, declared: File, log: Log) -> pd.DataFrame:
    """Apply the declared normalisation of columns, so that ids that differ only by a blank are one id."""
    changed: dict[str, pd.Series] = {}
    for column_name, column in declared.columns.items():
        if not column.normalise or column_name not in frame:
            continue
        values = frame[column_name]
        codes, distinct = pd.factorize(values)
        pool = pd.array([_normal(text, column.normalise) for text in distinct.tolist()], dtype="str")
        new = pd.Series(pool.take(codes, allow_fill=True), index=values.index)
        differs = values.notna() & (new.isna() | (new != values))
        why = "differs only in case or blanks"
        log.note(column_name, "value changed", "normalise", why, frame.loc[differs, "source_row"])
        changed[column_name] = new
    return frame.assign(**changed) if changed else frame


def _normal(text: str, steps: Iterable[str]) -> str | None:
    for step in steps:
        text = NORMALISERS[step](text)
    return text or None


def without_blank_rows(frame: pd.DataFrame, declared: File, log: Log) -> pd.DataFrame:
    """Drop rows that are empty or blank.

    Raises
    ------
    SourceError
        If there are such rows and the declaration does not allow them.
    """
    empty = np.arange(len(frame))
    for column in frame.columns.drop("source_row"):  # few rows are left after the first column, so this stays cheap
        values = frame[column] if len(empty) == len(frame) else frame[column].iloc[empty]
        empty = empty[(values.isna() | values.str.isspace()).to_numpy(dtype=bool)]
        if not len(empty):
            return frame
    rows = frame["source_row"].iloc[empty]
    if declared.blank_rows == "error":
        raise SourceError(
            f"{log.file}: {len(empty):,} row(s) are wholly blank, first data row {rows.iloc[0]}; "
            "say `blank_rows: drop` in source.yaml if that is how it was published"
        )
    log.note("", "row dropped", "blank_rows", "wholly blank row", rows)
    return frame.drop(index=frame.index[empty])


def without_unusable(frame: pd.DataFrame, declared: File, log: Log) -> pd.DataFrame:
    """Drop rows that cannot become a record, with the declared reason."""
    for unusable in declared.unusable:
        _known(unusable.blank, declared, log.file, "unusable")
        lacks = frame[unusable.blank].isna().any(axis=1)
        log.note("", "row dropped", f"no {', '.join(unusable.blank)}", unusable.because, frame.loc[lacks, "source_row"])
        frame = frame[~lacks]
    return frame


def numbered(frame: pd.DataFrame, declared: File, log: Log) -> pd.DataFrame:
    """Assign a new id to rows without a case id, if declared as separate cases."""
    for column_name, column in declared.columns.items():
        if column.if_blank is None:
            continue
        absent = frame[column_name].isna()
        why = "no id: the row is a case of its own, named after the row"
        log.note(column_name, "value changed", "if_blank", why, frame.loc[absent, "source_row"])
        own = "row-" + frame["source_row"].astype("str")
        frame = frame.assign(**{column_name: frame[column_name].mask(absent, own)})
    return frame


def without_repeats(
    frame: pd.DataFrame, declared: File, log: Log, others: Mapping[str, pd.DataFrame] | None = None
) -> pd.DataFrame:
    """Merge rows that are one record. Equal rows that are kept are marked in the column ``repeats_a_row``.

    A row with an empty cell in a column of ``by`` repeats no other row.

    Raises
    ------
    SourceError
        If a used column differs between merged rows and its ``varies`` does not say what to do.
    """
    for repeat in declared.repeats:
        if repeat.also_in:
            if lacks := [key for key in repeat.also_in if key not in (others or {})]:
                raise SourceError(
                    f"{log.file}: `also_in` drops rows that {', '.join(lacks)} hold{'s' * (len(lacks) == 1)} too, and "
                    f"{'that file is' if len(lacks) == 1 else 'those files are'} not at hand; found "
                    f"{', '.join(others or {}) or 'no other file'}. Bring every file, or take `also_in` out"
                )
            again = _held_by(frame, [(others or {})[key] for key in repeat.also_in], declared, log.file)
            rule = f"also in {', '.join(repeat.also_in)}"
        elif repeat.exact:
            _known(repeat.apart_from, declared, log.file, "apart_from")
            aside = ("source_row", REPEATED, *repeat.apart_from)
            again = frame.duplicated([c for c in frame.columns if c not in aside])
            rule = f"exact repeat, apart from {', '.join(repeat.apart_from)}" if repeat.apart_from else "exact repeat"
        else:
            _known(repeat.by, declared, log.file, "repeats")
            again = frame.duplicated(repeat.by) & frame[repeat.by].notna().all(axis=1)
            rule = f"same {', '.join(repeat.by)}"
            frame = _agreed(frame, repeat.by, declared, log)
        action = {"drop": "row dropped", "keep": "row kept", None: "row merged"}[repeat.exact]
        log.note("", action, rule, repeat.because, frame.loc[again, "source_row"])
        frame = frame.assign(**{REPEATED: again}) if repeat.exact == "keep" else frame[~again]
    return frame


def _held_by(frame: pd.DataFrame, others: list[pd.DataFrame], declared: File, name: str) -> pd.Series:
    """Which rows another file holds too, equal in every column."""
    again = pd.Series(False, index=frame.index)
    columns = [column for column in declared.columns if column in frame]
    for other in others:
        lacks = [column for column in columns if column not in other]
        if lacks:
            raise SourceError(f"{name}: `also_in` compares whole rows, and the other file has no column {lacks[0]!r}")
        held = pd.util.hash_pandas_object(normalised(other[columns], declared, Log(name)).fillna(""), index=False)
        again |= pd.util.hash_pandas_object(frame[columns].fillna(""), index=False).isin(held)
    return again


def _agreed(frame: pd.DataFrame, by: list[str], declared: File, log: Log) -> pd.DataFrame:
    """Rows about to be merged, with one value in each column that is used."""
    alike = frame.duplicated(by, keep=False) & frame[by].notna().all(axis=1)
    rows = frame[alike]
    record = rows.groupby(by, sort=False).ngroup().to_numpy()
    for column_name, column in declared.columns.items():
        used = any(reading.of not in PEOPLE for reading in column.readings) or column.month_of or column.day_of
        if column_name in by or column_name not in frame or not used:
            continue
        values = rows[column_name]
        codes = pd.factorize(values)[0] + 1
        first = np.sort(np.unique(record * (codes.max(initial=0) + 1) + codes, return_index=True)[1])
        several = np.flatnonzero(np.bincount(record[first]) > 1)
        if not len(several):
            continue
        first = first[np.isin(record[first], several)]  # one row for each value of a record that has several
        if column.varies == "join":
            found: dict[int, list[str]] = {int(number): [] for number in several}
            for number, value in zip(record[first], values.iloc[first], strict=True):
                found[number] += [value] if pd.notna(value) else []
            joined = {number: "; ".join(texts) for number, texts in found.items()}
            whole = pd.Series(record, index=rows.index).map(joined).astype("str")
            frame = frame.assign(
                **{column_name: frame[column_name].where(~frame.index.isin(whole.dropna().index), whole)}
            )
        elif column.varies == "first":
            other = rows.iloc[first[pd.Series(record[first]).duplicated().to_numpy()]]
            why = f"differs between rows merged as one record, in {len(several):,} of them; the first row's is used"
            log.note(column_name, "value set aside", "varies", why, other["source_row"])
        else:
            example = rows.iloc[first[record[first] == record[first[0]]]]
            values_of = "###" if column.pseudonym else example[column_name].tolist()
            raise SourceError(
                f"{log.file}, column {column_name!r}: rows with the same {', '.join(by)} are merged, and it differs in "
                f"{len(several):,} of them, for instance {_shown(example, by, declared)}: {values_of}, "
                f"data row {example['source_row'].iloc[0]}; say `varies: first` (the "
                "first row's value), `varies: join` (all values), `ignore`, or do not merge them"
            )
    return frame


def check_key(frame: pd.DataFrame, declared: File, name: str) -> None:
    """Check that the declared key is complete and unique.

    Raises
    ------
    SourceError
        If not; names how many rows lack or repeat it, and the first.
    """
    if not declared.key:
        return
    absent = frame[declared.key].isna().any(axis=1)
    if absent.any():
        raise SourceError(
            f"{name}: the key {declared.key} is blank in {int(absent.sum()):,} row(s), first data row "
            f"{examples(frame.loc[absent, 'source_row'])[0]}"
        )
    if not all_differ([frame[column] for column in declared.key]):
        again = frame.duplicated(declared.key)
        rows = frame.loc[again]
        raise SourceError(
            f"{name}: the key {declared.key} must be unique; {int(again.sum()):,} row(s) repeat one, first data row "
            f"{rows['source_row'].iloc[0]} ({_shown(rows, declared.key, declared)}). Declare what a repeat is under "
            "`repeats`, or a longer key"
        )


def _shown(rows: pd.DataFrame, columns: Iterable[str], declared: File) -> str:
    """Cells of the first row, for a message: nothing of a column that tells who somebody is."""
    hidden = {name for name, column in declared.columns.items() if column.pseudonym or column.drop}
    return ", ".join("###" if name in hidden else str(rows[name].iloc[0]) for name in columns)


def _known(columns: Iterable[str], declared: File, name: str, where: str) -> None:
    unknown = [column for column in columns if column not in declared.columns]
    if unknown:
        raise SourceError(f"{name}: `{where}` names the column {unknown[0]!r}, which is not among `columns`")
