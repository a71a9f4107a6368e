"""A report as it lies in its folder: what it says of itself, its tables, and whether it is still as it was made."""

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
        Name under which the notebook kept it.
    cells : pandas.DataFrame
        As in the CSV file, every cell text.
    """

    kind: str
    name: str
    cells: pd.DataFrame

    @property
    def label(self) -> str:
        """First part of its addresses: the name, for a figure's data with ``figure:`` before it."""
        return f"{_FIGURE}{self.name}" if self.kind == "figure" else self.name


def home(folder: str | Path) -> Path:
    """Give the report's folder, whether it or a file in it was named."""
    path = Path(folder)
    return path.parent if path.is_file() else path


def any_record(folder: str | Path) -> dict[str, Any]:
    """Read what a report says of itself, also when its notebook stopped; refused where there is no report."""
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
    """Read what a finished report says of itself; one whose notebook stopped is refused too."""
    read = any_record(folder)
    if read.get("failure"):
        raise ParameterError(
            f"{home(folder)}: its notebook stopped at {read['failure']['where']}, so it holds no finished numbers"
        )
    return read


def reports_in(folder: str | Path) -> list[Path]:
    """Give the report a folder is, or the reports in it, in order of name; refused where there is none."""
    path = home(folder)
    if (path / RECORD).is_file():
        return [path]
    found = sorted(one.parent for one in path.glob(f"*/{RECORD}") if not one.parent.name.startswith("."))
    if not found:
        raise Refusal(f"{folder}: expected a report, or a folder of reports; found no {RECORD}.")
    return found


def sources_of(record: Mapping[str, Any]) -> list[str]:
    """Name the source a report was asked of, and behind it the one on which a single case is placed."""
    asked = record["parameters"]
    return [asked["source"], *([asked["reference"]] if asked.get("reference") else [])]


def file_of(entry: Mapping[str, Any]) -> str:
    """Name the CSV file of a table, or of what a figure draws; empty where a figure's data were not kept."""
    return str(entry["file"] if entry["kind"] == "table" else entry.get("data") or "")


def tables(folder: str | Path) -> list[Held]:
    """Read the tables of a finished report, and the data of its figures where they were kept, in their order."""
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
    """Give the sha256 of every file of a report but its record: path inside the report to hash, in order of path."""
    inside = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: sha256(inside[name]) for name in sorted(inside) if name != RECORD}


def altered(folder: str | Path) -> tuple[str, ...]:
    """Name the files of a finished report that are gone, or whose hash is not the recorded one."""
    inside = home(folder)
    recorded = record(folder).get("files", {})
    return tuple(
        name for name, made in recorded.items() if not (inside / name).is_file() or sha256(inside / name) != made
    )
