"""Read a finished report: its record, its tables, and whether it was altered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import ParameterError, Refusal
from accountability.records.cache import sha256

if TYPE_CHECKING:
    import pandas as pd

RECORD: Final = "provenance.json"
PAGE: Final = "report.html"
_FIGURE: Final = "figure:"


@dataclass(frozen=True, slots=True)
class Held:
    """One table of a report, as text.

    Attributes
    ----------
    kind : str
        ``table``, or ``figure`` for the data drawn.
    name : str
        Name under which the notebook saved it.
    cells : pandas.DataFrame
        As in the CSV file, all cells as text.
    """

    kind: str
    name: str
    cells: pd.DataFrame

    @property
    def label(self) -> str:
        """First part of its addresses: the name, with ``figure:`` before it for a figure's data."""
        return f"{_FIGURE}{self.name}" if self.kind == "figure" else self.name


def home(folder: str | Path) -> Path:
    """Return the report's folder, given it or a file in it."""
    path = Path(folder)
    return path.parent if path.is_file() else path


def any_record(folder: str | Path) -> dict[str, Any]:
    """Read a report's record, also if its notebook stopped; refused if there is no report."""
    path = home(folder) / RECORD
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(
            f"{folder}: expected the folder of a report, found no {RECORD} in it. `accountability run` makes one."
        ) from None
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path}: cannot be read as the record of a report ({error})") from error
    if not isinstance(read, dict) or not {"study", "parameters", "tables"} <= set(read):
        raise ParameterError(
            f"{path}: expected a report's record with study, parameters and tables; run the study again"
        )
    return read


def record(folder: str | Path) -> dict[str, Any]:
    """Read a finished report's record; also refused if its notebook stopped."""
    read = any_record(folder)
    if why := unfinished(read):
        raise ParameterError(f"{home(folder)}: {why}, so it holds no finished numbers")
    return read


def unfinished(record: Mapping[str, Any]) -> str:
    """Return why a report holds no answer: what the data do not allow, or where its notebook stopped; else nothing."""
    if not (failure := record.get("failure")):
        return ""
    return failure["message"] if failure.get("refused") else f"its notebook stopped at {failure['where']}"


def reports_in(folder: str | Path) -> list[Path]:
    """Return the report that a folder is, or the reports in it, by name; refused if there is none."""
    path = home(folder)
    if (path / RECORD).is_file():
        return [path]
    found = sorted(one.parent for one in path.glob(f"*/{RECORD}") if not one.parent.name.startswith("."))
    # What the data do not allow is no report: the index lists it with the reason.
    found = [one for one in found if not (any_record(one).get("failure") or {}).get("refused")]
    if not found:
        raise Refusal(f"{folder}: expected a report, or a folder of reports; found no {RECORD}.")
    return found


def sources_of(record: Mapping[str, Any]) -> list[str]:
    """Return the source of a report, and the reference source of a single case."""
    asked = record["parameters"]
    return [asked["source"], *([asked["reference"]] if asked.get("reference") else [])]


def file_of(entry: Mapping[str, Any]) -> str:
    """Return the CSV file of a table or of a figure's data; empty if these were not saved."""
    return str(entry["file"] if entry["kind"] == "table" else entry.get("data") or "")


def tables(folder: str | Path) -> list[Held]:
    """Read the tables of a finished report, and the saved data of its figures, in order."""
    import pandas as pd

    held = []
    for entry in record(folder)["tables"]:
        path = home(folder) / file_of(entry)
        if not file_of(entry):
            continue
        try:
            cells = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
        except pd.errors.EmptyDataError:
            cells = pd.DataFrame()  # a table without a column is written as an empty line
        except (OSError, ValueError) as error:
            raise ParameterError(f"{path}: the report lists this table, and it cannot be read ({error})") from error
        held.append(Held(entry["kind"], entry["name"], cells))
    return held


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a report except its record: path inside the report to hash, by path."""
    inside = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: sha256(inside[name]) for name in sorted(inside) if name != RECORD}


def altered(folder: str | Path) -> tuple[str, ...]:
    """Return the files of a finished report that are missing or have another hash than recorded."""
    inside = home(folder)
    recorded = record(folder).get("files", {})
    return tuple(
        name for name, made in recorded.items() if not (inside / name).is_file() or sha256(inside / name) != made
    )
