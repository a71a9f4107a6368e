"""A small source written to a folder: the least that loads, for tests that then break one thing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

COMPLAINTS = "id,received,closed,kind,complainant\n"
ACCUSED = "id,officer,finding,penalty\n"

CODEBOOK: dict[str, Any] = {
    "finding": {
        "authority": "made for a test",
        "gives": ["finding", "closing_reason"],
        "values": {"SUS": "sustained", "NOT": "not_sustained"},
        "blank": None,
    },
    "penalty": {
        "authority": "made for a test",
        "gives": ["penalty", "days"],
        "normalise": ["strip", "casefold"],
        "values": {"none": "none"},
        "rules": [
            {
                "pattern": r"(\d+) days",
                "gives": {"penalty": "suspension", "days": r"\1"},
                "examples": {"10 days": {"penalty": "suspension", "days": 10}},
            }
        ],
        "blank": None,
    },
}


def card() -> dict[str, Any]:
    return {
        "jurisdiction": "Nowhere",
        "agency": "An agency",
        "publisher": "made for a test",
        "obtained": "made for a test",
        "row_is": "one complaint; one officer in one complaint",
        "unit": "officer_complaint",
        "observed_until": "2020-12-31",
        "sampling": {"rule": "complete", "open_cases": "included", "closing_date": True, "window": "all"},
        "internal_complaints": "unknown",
        "licence": "none",
        "citation": "none",
    }


def write_source(
    folder: Path,
    complaints: str | None = None,
    accused: str | None = None,
    codebook: dict[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """Write a source of two files; ``changes`` replace keys of ``source.yaml`` ("files.complaints.rows" and such)."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "complaints.csv": complaints
        if complaints is not None
        else COMPLAINTS + "007,2020-01-01,2020-01-31,force,A\n008,2020-02-01,,conduct,B\n",
        "accused.csv": accused if accused is not None else ACCUSED + "007,o1,SUS,10 Days\n007,o2,NOT,\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    source: dict[str, Any] = {
        "source": folder.name,
        "title": "A small source",
        "card": card(),
        "files": {
            "complaints": {
                "path": "complaints.csv",
                "sha256": _sha256(folder / "complaints.csv"),
                "table": "cases",
                "key": ["id"],
                "columns": {
                    "id": {"to": "case_id"},
                    "received": {"stage": "received", "date": "%Y-%m-%d"},
                    "closed": {"stage": "closed", "date": "%Y-%m-%d", "no_day": {"": "open"}},
                    "kind": {"to": "kind"},
                    "complainant": {"drop": "name"},
                },
            },
            "accused": {
                "path": "accused.csv",
                "sha256": _sha256(folder / "accused.csv"),
                "table": "allegations",
                "columns": {
                    "id": {"to": "case_id"},
                    "officer": {"to": "officer_id", "pseudonym": True},
                    "finding": {"to": "finding", "codebook": "finding"},
                    "penalty": {"to": "imposed", "codebook": "penalty"},
                },
            },
        },
        "order": [{"first": "received", "then": "closed", "aside": "closed"}],
    }
    for path, value in changes.items():
        place = source
        *parents, last = path.split(".")
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    (folder / "source.yaml").write_text(yaml.safe_dump(source, sort_keys=False), encoding="utf-8")
    (folder / "codebook.yaml").write_text(yaml.safe_dump(codebook or CODEBOOK, sort_keys=False), encoding="utf-8")
    return folder


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
