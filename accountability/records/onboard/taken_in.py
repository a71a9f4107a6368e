"""Load a table from memory or a database with the same questions as a file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import pandas as pd

from accountability.errors import ParameterError, Refusal, SourceError
from accountability.records.assemble import code_source
from accountability.records.contract import file_paths, read_source
from accountability.records.dataset import Dataset, dataset_of
from accountability.records.in_memory import CARD, by_index, known_fact
from accountability.records.onboard.answer_file import answered, checked, read_answers
from accountability.records.onboard.check import check
from accountability.records.onboard.first_look import looked_at
from accountability.records.onboard.propose import Ask, new_source
from accountability.records.onboard.questions import as_text

_QUERY: Final = "query='SELECT * FROM complaints'"
_PASSWORD: Final = re.compile(r"(://[^\s/:@]*):[^\s@]*@")


def take_in(
    table: Any,
    answers: str | Path | Mapping[str, Any] | Ask | None = None,
    *,
    query: str | None = None,
    name: str = "table",
    about: Mapping[str, str] | None = None,
) -> Dataset:
    """Load a table from memory or a database, with the same questions as a file.

    The table is profiled as in :func:`accountability.new_source` and checked as by ``accountability check``. Nothing is
    guessed: open questions are raised as an error. No copy stays on disk.

    Parameters
    ----------
    table : DataFrame, openpolicedata table, SQLAlchemy URL, engine or connection, or DB-API connection
        The rows. A named index becomes a column; an index of whole numbers names rows in the ledger. Agency, state and
        address of an ``openpolicedata`` table go to the card.
    answers : path, mapping or callable, optional
        Answers to the questions, as for :func:`accountability.new_source`.
    query : str, optional
        Query for the rows of a database.
    name : str
        Name of the dataset: lower-case letters, digits, ``-`` and ``_``.
    about : mapping, optional
        Facts for its card: ``title``, ``jurisdiction``, ``agency``, ``publisher``, ``obtained``, ``row_is``,
        ``licence``, ``citation``.

    Returns
    -------
    Dataset
        As from :func:`accountability.load`.

    Raises
    ------
    ParameterError
        If it is not a table, a database has no query, the query fails, or a fact of the card is unknown.
    SourceError
        For open questions or unresolved points of the check, each with its possible answers.

    Examples
    --------
    >>> import pandas as pd
    >>> import accountability
    >>> days = pd.date_range("2019-01-07", periods=40, freq="5D")
    >>> rows = pd.DataFrame({"Complaint No": [f"C-{k:03d}" for k in range(40)], "Received": days,
    ...                      "Closed": days + pd.Timedelta("90D"), "Finding": ["Sustained", "Unfounded"] * 20})
    >>> data = accountability.take_in(rows, {
    ...     "complaint": "Complaint No", "received": "Received", "closed": "Closed", "officer": "none",
    ...     "finding": "Finding", "row": "complaint", "rule": "complete", "until": "2020-12-31"})
    >>> len(data.cases)
    40
    """
    frame, facts = _as_frame(table, query)
    for fact in about or {}:
        known_fact(fact)
    if not len(frame):
        raise ParameterError("the table has no row, so there is nothing to take in")
    with tempfile.TemporaryDirectory() as place:
        folder = new_source(name, {name: frame}, place, answers)
        path = folder / "source.yaml"
        text = path.read_text(encoding="utf-8")
        given = {"title": f"A table of {len(frame):,} rows", **dict.fromkeys(CARD, "not stated")} | facts
        for fact, said in [*given.items(), *(about or {}).items()]:
            # What the answers say of the card stays, unless `about` says it too.
            left = re.compile(rf"^(\s*{fact}: ){'.*' if fact in (about or {}) else 'DECIDE.*'}$", re.M)
            line = _quoted(said).replace("\\", "\\\\")
            text = left.sub(rf"\g<1>{line}", text)
        path.write_text(text, encoding="utf-8", newline="\n")
        found = check(folder)
        if not found.clean:
            raise SourceError(_unresolved(folder, found, name, answers))
        source = read_source(folder, keep=False)  # of a table taken in, no copy stays
        made = code_source(source, folder, file_paths(source, folder))
    return dataset_of(source, replace(made, ledger=by_index(made.ledger, frame.index)))


def _as_frame(table: Any, query: str | None) -> tuple[pd.DataFrame, dict[str, str]]:
    held = getattr(table, "table", None)
    if isinstance(table, pd.DataFrame) or isinstance(held, pd.DataFrame):
        if query is not None:
            raise ParameterError("query= is for a database; choose rows of a frame before: take_in(frame[...])")
        if isinstance(table, pd.DataFrame):
            return table, {}
        told = {"agency": "agency", "jurisdiction": "state", "publisher": "url", "citation": "source_name"}
        return cast(pd.DataFrame, held), {
            fact: str(value) for fact, name in told.items() if (value := getattr(table, name, None)) is not None
        }
    if not isinstance(table, str) and not any(hasattr(table, verb) for verb in ("cursor", "connect", "execute")):
        raise ParameterError(
            f"take_in takes a DataFrame, an openpolicedata table, or a database with {_QUERY}; found a "
            f"{type(table).__name__}"
        )
    if query is None:
        raise ParameterError(f"say which rows of the database: take_in(..., {_QUERY})")
    try:
        return pd.read_sql(query, table), {"obtained": "by a query to a database"}
    except ImportError as error:
        raise Refusal(
            "a database by its address needs SQLAlchemy (pip install 'accountability[sql]') and the driver "
            f"that the address names: {error.msg}"
        ) from None
    except Exception as error:
        # Every driver has errors of its own; an address in them may hold a password.
        said = _PASSWORD.sub(r"\1:…@", str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise ParameterError(f"the database did not answer {query!r}: {said}") from None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unresolved(folder: Path, found: Any, name: str, answers: Any) -> str:
    """What is left, and the questions whose answers settle most of it."""
    points = [f"  {point.where}: {point.what}" for point in found.points if point.open]
    pastes = [f"    {line}" for point in found.points if point.open for line in point.paste.splitlines()]
    proposals, _ = looked_at([(folder / f"{name}.csv", None)])
    given = read_answers(Path(answers)) if isinstance(answers, str | Path) else answers
    said = checked(given) if isinstance(given, Mapping) else {}
    every = answered(proposals, said).asked
    asked = [one for one in every if set(said.get(one.key, ())) < {part.key for part in one.parts}]
    return "\n".join(
        [f"{name}: {len(points):,} point(s) are unresolved:", *points, *pastes,
         *(["Answer the questions, answers={question: answer, ...}:", as_text(asked)] if asked else [])]
    )  # fmt: skip
