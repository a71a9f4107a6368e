"""Make a dataset from a table in memory, declared in one call and coded as a file."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import pandas as pd
from pydantic import ValidationError

from accountability.errors import CodebookError, ParameterError, did_you_mean, nearest_of
from accountability.records.assemble import assemble
from accountability.records.codebook import Codebook
from accountability.records.coding import code_file
from accountability.records.column import State, problems
from accountability.records.contract import Source
from accountability.records.dataset import Dataset, dataset_of
from accountability.records.dated_steps import BEGINNINGS, BLANKS, MOSTLY
from accountability.records.dates import DateSpec, parse
from accountability.records.ledger import Ledger
from accountability.records.readers.cells import text_frame
from accountability.vocabulary import CLOSING_STATES, FINDINGS, PENALTIES, SAMPLING_RULES, STAGES, UNITS

_ROW = "row of the table"
_OPEN_CASES = {"complete": "included", "closed_only": "excluded", "no_closing_date": "status_only"}
CARD = ("jurisdiction", "agency", "publisher", "obtained", "row_is", "licence", "citation")
Terms = Mapping[str, str | Mapping[str, Any]]


def from_frame(
    frame: pd.DataFrame,
    *,
    observed_until: dt.date | str | None,
    received: str | None = None,
    closed: str | None = None,
    stages: Mapping[str, str] | None = None,
    case_id: str | None = None,
    officer: str | None = None,
    finding: str | None = None,
    recommended_finding: str | None = None,
    findings: Terms | None = None,
    penalty: str | None = None,
    recommended_penalty: str | None = None,
    penalties: Terms | None = None,
    penalty_days: str | None = None,
    columns: Iterable[str] | Mapping[str, str] = (),
    rule: str = "complete",
    unit: str | None = None,
    date: str | Mapping[str, Any] = "%Y-%m-%d",
    varies: Literal["error", "first", "keep"] = "error",
    no_day: Mapping[str, State] | None = None,
    name: str = "frame",
    about: Mapping[str, str] | None = None,
) -> Dataset:
    """Make a dataset from a table in memory.

    The table is coded as a declared file: every row is in the ledger, officer ids become pseudonyms, a value without a
    term is refused with the line to write, and columns not named are not used.

    Parameters
    ----------
    frame : DataFrame
        One row per allegation, an officer in a complaint, or a complaint. It is not changed. A named index becomes a
        column.
    observed_until : date, str or None
        The last day the table covers (``None``: not known).
    received, closed : str, optional
        Columns of the days a complaint was received and closed: date-times, dates, or text.
    stages : mapping of str to str, optional
        Further stages of the vocabulary to the columns that date them: ``{"incident": "happened"}``.
    case_id : str, optional
        Column of the complaint's number. Without it, each row is a separate complaint.
    officer : str, optional
        Column that identifies officers.
    finding, recommended_finding : str, optional
        Columns of findings.
    findings : mapping, optional
        Words of these columns to a term of the vocabulary, or ``{"finding": ..., "closing_reason": ...}``. A word that
        is a term needs no entry.
    penalty, recommended_penalty : str, optional
        Columns of penalties imposed and recommended.
    penalties : mapping, optional
        Their words to a term, or ``{"penalty": "suspension", "days": 5}``.
    penalty_days : str, optional
        Column of the days of the penalty imposed, if the words do not say them.
    columns : iterable of str, or mapping of str to str
        Further columns to keep, or the name to keep each under to its column.
    rule : str
        How the records were selected: a sampling rule of the vocabulary.
    unit : {"allegation", "officer_complaint", "complaint"}, optional
        Unit of a row; may be left out if each complaint has one row.
    date : str or mapping
        Format of text dates; see :class:`accountability.records.dates.DateSpec`. The time of a date-time is dropped.
    varies : {"error", "first", "keep"}
        What to do if the rows of a complaint have different dates.
    no_day : mapping of str to {"open", "closed_on_unknown_day", "unknown"}, optional
        Meaning of cells without a day, in `closed` and in every other stage that can end a clock: ``{"": "open", "N/A":
        "unknown"}``, with the empty text for an empty cell. It is required: an empty closing date may mean an open
        complaint, or one closed on an unrecorded day.
    name : str
        Name of the dataset.
    about : mapping, optional
        Facts for its card: ``jurisdiction``, ``agency``, ``publisher``, ``obtained``, ``row_is``, ``licence``,
        ``citation``, ``title``.

    Returns
    -------
    Dataset
        As from :func:`accountability.load`. The ledger names rows by the table's index if it holds whole numbers, else
        by position from 1.

    Raises
    ------
    ParameterError
        For an unknown column, term, stage, unit or rule; a column named twice; several rows per complaint without
        `unit`; closings without a day that are not in `no_day`, each with its count and the line to write.
    CodebookError
        For words without a term, with their counts and the line to write.
    SourceError
        For dates not in the declared format, or different within a complaint; empty rows.

    Examples
    --------
    >>> import pandas as pd
    >>> import accountability
    >>> table = pd.DataFrame({"no": ["a", "b", "c"], "came": ["2020-01-05", "2020-02-01", "2020-03-01"],
    ...                       "done": ["2020-03-05", None, "2020-07-01"], "said": ["Sust.", None, "unfounded"]})
    >>> data = accountability.from_frame(table, case_id="no", received="came", closed="done", finding="said",
    ...                                  findings={"Sust.": "sustained"}, observed_until="2020-12-31",
    ...                                  no_day={"": "open"})
    >>> data.allegations["finding"].tolist()
    ['sustained', nan, 'unfounded']
    >>> accountability.durations(data).table["event"].tolist()
    [True, False, True]
    """
    if not isinstance(frame, pd.DataFrame):
        raise ParameterError(f"from_frame takes a table: expected a pandas DataFrame, found {type(frame).__name__}")
    if not frame.columns.is_unique:
        raise ParameterError(f"the table has several columns {frame.columns[frame.columns.duplicated()][0]!r}")
    frame = with_index(frame)
    dated = {"received": received, "closed": closed, **(stages or {})}
    for stage in dated:
        _known(stage, STAGES, "stage")
    _known(rule, SAMPLING_RULES, "sampling rule")
    coded = {
        "finding": (finding, findings),
        "recommended_finding": (recommended_finding, findings),
        "imposed_penalty": (penalty, penalties),
        "recommended_penalty": (recommended_penalty, penalties),
    }
    listed = [columns] if isinstance(columns, str) else columns
    kept = listed if isinstance(listed, Mapping) else {column: column for column in listed}
    declared: dict[str, dict[str, Any]] = {}

    def declare(column: str | None, **what: Any) -> None:
        known = [str(name) for name in frame.columns]
        if column is not None and column != _ROW and column not in known:
            found = did_you_mean(column, known)
            raise ParameterError(f"the table has no column {column!r}{found} It has {', '.join(known)}")
        if column in declared:
            raise ParameterError(f"the column {column!r} is named twice; copy it under another name first")
        if column is not None:
            declared[column] = what

    declare(case_id or _ROW, to="case_id")
    declare(officer, to="officer_id", pseudonym=True)
    for stage, column in dated.items():
        told = {} if stage in BEGINNINGS else {"no_day": dict(no_day or {})}
        declare(column, stage=stage, date=_date_of(frame, column, date), of="case", varies=varies, **told)
    for target, (column, _) in coded.items():
        declare(column, to=target, codebook=target)
    declare(penalty_days, to="imposed_days", type="number")
    for target, column in kept.items():
        declare(column, to=target, type=_type_of(frame, column), of="row")
    unit = _unit_of(frame, case_id, unit)

    used = frame.assign(**{_ROW: [f"row-{i}" for i in range(1, len(frame) + 1)]})
    text = text_frame({c: used[c].astype(object).where(used[c].notna(), None).tolist() for c in declared})
    _earned(text, {column: stage for stage, column in dated.items() if column is not None}, declared, no_day or {})
    blocks = {target: _block(text[column], target, words) for target, (column, words) in coded.items() if column}
    digest = hashlib.sha256(pd.util.hash_pandas_object(text, index=False).to_numpy().tobytes()).hexdigest()
    unused = [str(c) for c in frame.columns if c not in declared]
    source = _source(
        {
            "source": name,
            "title": (about or {}).get("title", f"A table of {len(frame):,} rows"),
            "card": {key: (about or {}).get(key, "not stated") for key in CARD}
            | {"row_is": (about or {}).get("row_is", f"one {unit.replace('_', ' ')}")}
            | {"unit": unit, "observed_until": observed_until, "internal_complaints": "unknown"}
            | {
                "sampling": {
                    "rule": rule,
                    "open_cases": _OPEN_CASES.get(rule, "unknown"),
                    "closing_date": closed is not None,
                    "window": "the rows of the table",
                }
            },
            "files": {
                "table": {
                    "path": name,
                    "sha256": digest,
                    "table": "allegations",
                    "columns": declared,
                    "extra_columns": dict.fromkeys(unused, "not named in from_frame"),
                }
            },
        },
        about,
    )
    book = Codebook.of(blocks)
    made = assemble(source, [code_file(text, source.files["table"], book, name)], book)
    return dataset_of(source, replace(made, ledger=by_index(made.ledger, frame.index)))


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its named index levels as first columns.

    Raises
    ------
    ParameterError
        If a level and a column have the same name and differ.
    """
    named = [(place, name) for place, name in enumerate(frame.index.names) if name is not None]
    made = frame
    for place, name in reversed(named):
        held = frame.index.get_level_values(place)
        if name not in frame.columns:
            made = frame.copy() if made is frame else made
            made.insert(0, name, held)
        elif not pd.Series(held).astype("str").equals(frame[name].reset_index(drop=True).astype("str")):
            raise ParameterError(
                f"the table's index and a column are both called {name!r} and differ; give the index another name: "
                "frame.rename_axis('other')"
            )
    return made


def _earned(text: pd.DataFrame, stops: Mapping[str, str], declared: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Refuse to take a closing that names no day as open: what it says has to be said."""
    for word in told.values():
        _known(word, [state for state in CLOSING_STATES if state != "dated"], "state of a case without a closing day")
    said = {key.strip(BLANKS) for key in told}
    found: dict[str, int] = {}
    asked = [column for column, stage in stops.items() if stage not in BEGINNINGS]
    for column in asked:
        counts = text[column].str.strip(BLANKS).fillna("").value_counts()
        read = parse(pd.Series(counts.index, dtype="str"), DateSpec.of(declared[column]["date"]))
        none = counts[(read["earliest"].isna() & read["latest"].isna()).to_numpy(dtype=bool)]
        filled = counts.drop("", errors="ignore").sum()
        if none.drop("", errors="ignore").sum() > MOSTLY * filled:
            none = none[none.index == ""]  # the format is wrong, which the load says
        for cell, count in none[~none.index.isin(said)].items():
            found[str(cell)] = found.get(str(cell), 0) + int(count)
    if found:
        listed = "\n".join(f"  {cell!r}: {count:,} row(s)" for cell, count in found.items())
        line = ", ".join([*(f"{cell!r}: {state!r}" for cell, state in told.items()), *(f"{c!r}: ..." for c in found)])
        raise ParameterError(
            f"cells that name no day in {', '.join(asked)}:\n{listed}\nSay of each whether such a complaint is 'open', "
            f"'closed_on_unknown_day' or 'unknown', after looking at what else its row says:\n  no_day={{{line}}}"
        )


def _known(word: str, known: Iterable[str], what: str) -> None:
    if word not in known:
        raise ParameterError(f"{word!r} is no {what}{did_you_mean(word, known, '.')} Known: {', '.join(known)}")


def _date_of(frame: pd.DataFrame, column: str | None, date: str | Mapping[str, Any]) -> str | dict[str, Any]:
    """How a column writes its dates: as said where it is text, else as date-times are written."""
    held = frame[column].dropna() if column in frame.columns else pd.Series(dtype=object)
    if pd.api.types.is_datetime64_any_dtype(held.dtype) or (len(held) and isinstance(held.iloc[0], dt.date)):
        return {"date": "%Y-%m-%d", "strip_time": True}
    return dict(date) if isinstance(date, Mapping) else date


def _type_of(frame: pd.DataFrame, column: str) -> str:
    if column not in frame.columns or pd.api.types.is_bool_dtype(frame[column].dtype):
        return "text"
    if pd.api.types.is_integer_dtype(frame[column].dtype):
        return "integer"
    return "number" if pd.api.types.is_float_dtype(frame[column].dtype) else "text"


def _unit_of(frame: pd.DataFrame, case_id: str | None, unit: str | None) -> str:
    again = 0 if case_id is None else int(frame[case_id].dropna().duplicated().sum())
    if unit is None and again:
        raise ParameterError(
            f"{again:,} row(s) repeat a {case_id!r}: say what one row is with unit='allegation' or "
            "unit='officer_complaint'"
        )
    _known(unit or "complaint", UNITS, "unit")
    if unit == "complaint" and again:
        raise ParameterError(f"unit='complaint', but {again:,} row(s) repeat a {case_id!r}; drop the repeats first")
    return unit or "complaint"


def _block(values: pd.Series, target: str, words: Terms | None) -> dict[str, Any]:
    """The codebook of one column: the words given, and the terms that stand for themselves."""
    main, argument, terms = ("penalty", "penalties", PENALTIES)
    if target.endswith("finding"):
        main, argument, terms = ("finding", "findings", FINDINGS)
    stated: dict[str, Mapping[str, Any]] = {term: {main: term} for term in terms}
    stated |= {word: {main: means} if isinstance(means, str) else means for word, means in (words or {}).items()}
    counts = values.value_counts()
    unknown = counts[~counts.index.isin(list(stated))].head(40)
    if len(unknown):
        near = {str(word): nearest_of(word, terms) for word in unknown.index}
        line = ", ".join(f"{word!r}: {'...' if term is None else repr(term)}" for word, term in near.items())
        raise CodebookError(
            f"{values.name!r}: {(~counts.index.isin(list(stated))).sum()} word(s) stand for no known term:\n"
            + "\n".join(f"  {word!r}: {count:,} row(s)" for word, count in unknown.items())
            + f"\nSay what each stands for, of {', '.join(terms)}, after looking at each:\n  {argument}={{{line}}}"
        )
    extra = {field for means in stated.values() for field in means} - {main}
    authority = f"the call of from_frame, {argument}"
    return {"authority": authority, "gives": [main, *sorted(extra)], "values": stated, "blank": None}


def _source(declared: Mapping[str, Any], about: Mapping[str, str] | None) -> Source:
    for fact in about or {}:
        known_fact(fact)
    try:
        return Source.model_validate(declared)
    except ValidationError as error:
        raise ParameterError(f"from_frame: {error.error_count()} thing(s) to mend:\n{problems(error)}") from None


def known_fact(fact: str) -> None:
    """Refuse an unknown fact for the card."""
    _known(fact, (*CARD, "title"), "fact of a card")


def by_index(ledger: Ledger, index: pd.Index) -> Ledger:
    """Return the ledger with rows named by the table's index, if that holds whole numbers."""
    if not pd.api.types.is_integer_dtype(index.dtype):
        return ledger
    rows = ledger.entries["example_rows"]
    named = [", ".join(str(index[int(row) - 1]) for row in text.split(", ") if row) for text in rows]
    return replace(ledger, entries=ledger.entries.assign(example_rows=pd.array(named, dtype="str")))
