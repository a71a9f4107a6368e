"""Figures that others published, each by one public call; every extract is asked for by name.

``pytest -s tests/tables/test_published_figures.py`` prints them all: published, and reached.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ROOT

from accountability.records.dataset import Dataset
from accountability.tables import Described, Holders, describe

pytestmark = pytest.mark.real_data

RACE = {"officer_race": lambda race: race.notna()}
# The publisher counted four accusations whose incident lies after their complaint.
YEARS = {"stage": "incident", "since": "2008-01-01", "until": "2015-12-31", "with_set_aside": True}
KNOWN = {"rows": "identified", "when": YEARS}
ONE_CALL: dict[str, dict[str, dict[str, Any]]] = {
    "nashville": {
        "nash.rows": {"what": "allegations"},
        "nash.final": {"what": "allegations", "rows": RACE},
        "nash.severe.share": {
            "what": {"imposed_penalty": ["suspension", "demotion", "dismissal"]}, "rows": RACE, "read": "estimate",
        },
        **{
            f"nash.all.n.{race}": {"what": "allegations", "by": "raw_officer_race", "row": race}
            for race in ("black", "white", "hispanic", "multiracial", "asian/pacific islander")
        },
    },
    "nyc_ccrb_propublica": {
        "pp.allegations": {"what": "allegations"},
        "pp.officers": {"what": "officers"},
        **{
            f"pp.fado.{kind}": {"what": "allegations", "by": "raw_category", "row": kind}
            for kind in ("Abuse of Authority", "Force", "Discourtesy", "Offensive Language")
        },
        "pp.off5sub": {"what": Holders(at_least=5), "rows": "sustained", "row": "at least 5"},
    },
    "nyc_ccrb_penalties": {
        "nyc.retained.2022": {
            "what": "officer_complaints",
            "rows": {"prosecution_status": lambda told: told.str.contains("Retained", na=False)},
            "when": {"stage": "penalty_decided", "since": "2022-01-01", "until": "2022-12-31"},
        },
    },
    "chicago_2000_2016": {
        "ii.CR": {"what": "complaints"},
        "ii.accCR": {"what": "complaints", "rows": "identified"},
        "ii.acc": {"what": "officer_complaints"},
        "ii.officers": {"what": "officers"},
        "ii.s.acc": {"what": "officer_complaints", **KNOWN},
        "ii.s.CR": {"what": "complaints", **KNOWN},
        "ii.s.off": {"what": "officers", **KNOWN},
        "ii.one": {"what": Holders(exactly=1), **KNOWN, "row": "exactly 1", "read": "share_of_holders", "per_cent": 2},
        "ii.ge10.n": {"what": Holders(at_least=10), **KNOWN, "row": "at least 10"},
        "ii.ge10.pct": {
            "what": Holders(at_least=10), **KNOWN, "row": "at least 10", "read": "share_of_holders", "per_cent": 2,
        },
        "ii.ge10.share": {
            "what": Holders(at_least=10), **KNOWN, "row": "at least 10", "read": "share_drawn", "per_cent": 0,
        },
    },
}  # fmt: skip


def read(found: Described, row: str | None, column: str, per_cent: int | None) -> float:
    table = found.true_numbers()
    if row is not None:
        table = table[table[table.columns[0]] == row]
    (value,) = table[column]
    return float(value) if per_cent is None else round(100 * value, per_cent)


def reached(data: Dataset, asked: dict[str, Any]) -> float:
    options = {key: value for key, value in asked.items() if key not in ("row", "read", "per_cent")}
    return read(describe(data, **options), asked.get("row"), asked.get("read", "n"), asked.get("per_cent"))


@pytest.mark.parametrize("source", ONE_CALL)
def test_every_published_value_takes_one_call(source: str, real_source: Callable[[str], Dataset]) -> None:
    path = ROOT.parent / "shared" / "reference" / "published_values.csv"
    if not path.is_file():
        pytest.skip("the table of published values is not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        every = list(csv.DictReader(file))
    assert {row["source"] for row in every} == set(ONE_CALL)
    assert len(every) == sum(map(len, ONE_CALL.values())) == 27
    published = {row["id"]: row for row in every if row["source"] == source}
    assert set(published) == set(ONE_CALL[source])
    data = real_source(source)
    found = {name: reached(data, asked) for name, asked in ONE_CALL[source].items()}
    for name, value in found.items():
        print(f"{name}: published {published[name]['value']}, reached {value:g}")
        assert value == pytest.approx(float(published[name]["value"]), abs=float(published[name]["tolerance"])), name
