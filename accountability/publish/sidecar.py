"""Write a metadata file beside each CSV of a report, and the hashes of all files.

The metadata are JSON in the form and place of the W3C's *Metadata Vocabulary for Tabular Data* (2015):
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
    """Write the metadata of a CSV file beside it, with ``-metadata.json`` after its name."""
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
    """Write the metadata of every table of a report, and of its figures' data, from its record."""
    carried = {key: record[key] for key in _CARRIED}
    for entry in record["tables"]:
        if file := file_of(entry):
            metadata(folder / file, entry["caption"], carried)


def save(result: Result, path: str | Path, data: Dataset, parameters: Mapping[str, object] | None = None) -> Path:
    """Write a result's table as CSV, with a metadata file beside it.

    Parameters
    ----------
    result : Result
        Any result.
    path : path
        The CSV file to write.
    data : Dataset
        The source of the result.
    parameters : mapping, optional
        Parameters of the analysis, name to value.

    Returns
    -------
    Path
        The CSV file; its metadata hold data, release, hashes, cut-off, parameters, estimand, method, assumptions,
        exclusions, versions, commit and time.
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
    """Return the sha256 of every declaration file of a source in a folder: name to hash."""
    own = {path.name: sha256(path) for path in sorted(source.glob("*.yaml"))}
    bases = [path for place in line_of_releases(source)[1:] for path in sorted(place.glob("*.yaml"))]
    return own | {f"{path.parent.name}/{path.name}": sha256(path) for path in bases}
