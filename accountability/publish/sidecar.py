"""What a table needs with it when it leaves its report: a metadata file beside the CSV, and a hash of every file.

The metadata are JSON as the W3C's *Metadata Vocabulary for Tabular Data* (2015) places and names them:
``groups.csv-metadata.json`` beside ``groups.csv``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.publish.finished import file_of
from accountability.publish.provenance import data_facts, environment
from accountability.records.cache import sha256
from accountability.records.inherited import line_of_releases

if TYPE_CHECKING:
    from accountability.records.dataset import Dataset
    from accountability.results import Result

CONTEXT: Final = "http://www.w3.org/ns/csvw"
SUFFIX: Final = "-metadata.json"
#: What of a report's record goes with each of its tables.
_CARRIED: Final = (
    "study", "question", "notebook", "notebook_sha256", "command", "parameters", "data", "environment",
)  # fmt: skip


def metadata(table: Path, title: str, made_from: Mapping[str, Any]) -> Path:
    """Write beside a CSV file, with ``-metadata.json`` after its name, what it holds and what it was made from."""
    with table.open(newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file), [])
    said = {
        "@context": CONTEXT,
        "url": table.name,
        "dc:title": title,
        "tableSchema": {"columns": [{"titles": column} for column in columns]},
        "notes": [{"sha256": sha256(table), **made_from}],
    }
    beside = table.with_name(table.name + SUFFIX)
    beside.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return beside


def accompany(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the metadata of every table of a report, and of the data of its figures, from the record it will hold."""
    carried = {key: record[key] for key in _CARRIED}
    for entry in record["tables"]:
        if file := file_of(entry):
            metadata(folder / file, entry["caption"], carried)


def save(result: Result, path: str | Path, data: Dataset, parameters: Mapping[str, object] | None = None) -> Path:
    """Write a result's table as CSV, and beside it what it was made from.

    Parameters
    ----------
    result : Result
        Any result.
    path : path
        The CSV file to write.
    data : Dataset
        The source the result rests on.
    parameters : mapping, optional
        What was chosen on the way, name to value.

    Returns
    -------
    Path
        The CSV file; its metadata hold data, vintage, hashes, cut-off, parameters, estimand, method, assumptions, who
        was left out, versions, commit and time.
    """
    table = result.to_csv(path)
    card, flow = data.card, result.flow
    exclusions = [] if flow is None else [list(flow.columns), *flow.astype("str").to_numpy().tolist()]
    made_from = {
        "estimand": result.estimand,
        "method": result.method,
        "assumptions": list(result.assumptions),
        "parameters": {name: None if value is None else str(value) for name, value in (parameters or {}).items()},
        "data": {
            **data_facts(data, card.observed_until, exclusions),
            "vintage": card.obtained,
        },
        "environment": environment(),
    }
    metadata(table, result.estimand, made_from)
    return table


def declaration(source: Path) -> dict[str, str]:
    """Give the sha256 of every file that says how a source in a folder is read: name to hash."""
    own = {path.name: sha256(path) for path in sorted(source.glob("*.yaml"))}
    bases = [path for place in line_of_releases(source)[1:] for path in sorted(place.glob("*.yaml"))]
    return own | {f"{path.parent.name}/{path.name}": sha256(path) for path in bases}
