"""The tables of case files that a load does not code: facts, reports, conflicts, a second coding.

Cases, allegations and events come from :func:`accountability.load`. Everything here is text as in the files.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import SourceError
from accountability.records.cache import sha256
from accountability.records.yaml_text import read_yaml

if TYPE_CHECKING:
    import pandas as pd

FACTS: Final = "facts.csv"
REPORTS: Final = "reports.csv"
CONFLICTS: Final = "conflicts.yaml"
SECOND_CODING: Final = "second_coding.csv"
NOT_LOADED: Final = (FACTS, REPORTS, CONFLICTS, SECOND_CODING)
"""Files of a case file that no load reads and no ``source.yaml`` declares."""


@cache
def rules() -> dict[str, Any]:
    """Return the rules of ``tables.yaml`` for case files: their tables and the values of columns."""
    return read_yaml(Path(__file__).with_name("tables.yaml"))


def forms() -> dict[str, dict[str, Any]]:
    """Return the tables of a case file: key, required columns and free text."""
    return rules()["tables"]


def holds_case_files(folder: Path) -> bool:
    """Return whether a folder holds coded case files: facts with citations, and the register of conflicts."""
    return (folder / FACTS).is_file() and (folder / CONFLICTS).is_file()


def case_ids(folder: Path) -> list[str]:
    """Return the names of a folder's cases, in the order of ``cases.csv``; empty if it holds no case files."""
    if not holds_case_files(folder) or not (folder / "cases.csv").is_file():
        return []
    return [row.get("case_id", "") for row in _rows(folder / "cases.csv")[1]]


def table(folder: Path, name: str) -> pd.DataFrame:
    """Read one table of a case file as text, empty cells as empty text.

    Parameters
    ----------
    folder : Path
        The case file's folder.
    name : str
        File name, as in ``tables.yaml``.

    Returns
    -------
    DataFrame
        The columns of the file, in their order.

    Raises
    ------
    SourceError
        If the file is missing or not UTF-8, a row has too many cells, or a required column is missing.
    """
    import pandas as pd

    header, rows = _rows(folder / name)
    needed = forms()[name]["needed"]
    missing = [column for column in needed if column not in header]
    if missing:
        raise SourceError(f"{folder / name}: expected the columns {', '.join(needed)}; missing: {', '.join(missing)}")
    return pd.DataFrame({column: pd.Series([row[column] for row in rows], dtype="str") for column in header})


def second_coding(folder: Path) -> pd.DataFrame | None:
    """Read the second coding of the facts; ``None`` if there is none."""
    return table(folder, SECOND_CODING) if (folder / SECOND_CODING).is_file() else None


def hashes(folder: Path) -> pd.DataFrame:
    """Return hashes of the files that a load does not check: ``file``, ``sha256``."""
    import pandas as pd

    held = [name for name in NOT_LOADED if (folder / name).is_file()]
    found = {"file": held, "sha256": [sha256(folder / name) for name in held]}
    return pd.DataFrame({column: pd.Series(values, dtype="str") for column, values in found.items()})


def register(folder: Path) -> dict[str, Any]:
    """Read ``conflicts.yaml``: ``conflicts``, ``not_stated`` and ``not_names``, each possibly empty.

    Raises
    ------
    SourceError
        If the file is not a YAML mapping, or a part has the wrong type.
    """
    path = folder / CONFLICTS
    declared = read_yaml(path)
    kinds: dict[str, type] = {"conflicts": dict, "not_stated": list, "not_names": list}
    found: dict[str, Any] = {}
    for key, kind in kinds.items():
        value = declared.get(key)
        if value is not None and not isinstance(value, kind):
            raise SourceError(f"{path}: {key}: expected a {kind.__name__}, found {type(value).__name__}")
        found[key] = kind() if value is None else value
    unknown = sorted(set(declared) - set(kinds))
    if unknown:
        raise SourceError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(kinds)}")
    return found


def _rows(path: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    if not path.is_file():
        raise SourceError(f"{path}: expected a table of a case file, found nothing")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            rows = list(reader)
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            cells = len(header) + len(row.get(None) or []) - sum(value is None for value in row.values())
            raise SourceError(
                f"{path}, data row {number}: expected {len(header)} cells, found {cells}; put a text with a comma in "
                "double quotes"
            )
    return header, [{column: value.strip() for column, value in row.items()} for row in rows]
