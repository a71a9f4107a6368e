"""The generated agency of data/generated_districts: residents, officers and a roster by district, rates as planted.

``python tests/districts.py`` writes it anew; a test compares.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from conftest import ROOT
from tiny import CODEBOOK, card, write_source

HOME = ROOT / "data" / "generated_districts"
#: Complaints per 1,000 residents a year, as planted; the airport has no residents.
RATES = {"01": 2.0, "02": 3.0, "03": 1.0, "04": 2.0, "airport": 0.0}
RESIDENTS = {"01": 60_000, "02": 41_000, "03": 90_000, "04": 52_000, "airport": 0}
OFFICERS = {"01": 80, "02": 75, "03": 70, "04": 90, "airport": 12}
YEARS = range(2016, 2020)
#: How many times more months vary than by a Poisson law.
DISPERSION = 2.0


def made(seed: int = 18) -> dict[str, pd.DataFrame]:
    """The files: complaints, accused, officers by spell, and totals by district and year."""
    rng = np.random.default_rng(seed)
    months = pd.date_range("2016-01-01", "2019-12-01", freq="MS")
    drawn = []
    for district, rate in RATES.items():
        for month in months:
            mean = rate * RESIDENTS[district] * (1 + 0.01 * (month.year - 2016)) / 12_000 or 0.5
            count = rng.poisson(rng.gamma(mean / (DISPERSION - 1), DISPERSION - 1))
            days = rng.integers(0, month.days_in_month, count)
            drawn += [(month + pd.Timedelta(days=int(day)), district) for day in days]
    complaints = pd.DataFrame(sorted(drawn), columns=["received", "district"])
    complaints.insert(0, "id", [f"D{number:05d}" for number in range(1, len(complaints) + 1)])
    took = pd.to_timedelta(rng.geometric(1 / 120, len(complaints)), unit="D")
    closed = complaints["received"] + took
    complaints["closed"] = closed.where(closed <= "2020-06-30")
    complaints["district"] = complaints["district"].mask(rng.random(len(complaints)) < 0.01, "")

    spells = []
    for district, size in OFFICERS.items():
        for seat in range(size):  # a seat is always filled: who leaves is followed the next day
            change = pd.Timestamp("2016-01-01") + pd.Timedelta(days=int(rng.integers(30, 1_400)))
            moves = rng.random() < 0.3
            spells.append((f"{district}-{seat}", "2010-01-01", change if moves else pd.NaT, district))
            if moves:
                spells.append((f"{district}-{seat}-next", change + pd.Timedelta(days=1), pd.NaT, district))
    roster = pd.DataFrame(spells, columns=["seat", "starts", "ends", "district"])
    roster["starts"] = pd.to_datetime(roster["starts"])
    roster.insert(0, "officer", [f"o{number}" for number in range(1, len(roster) + 1)])
    here = dict(iter(roster.groupby("district")))
    accused = []
    for row in complaints.itertuples():
        pool = here[row.district or "01"]
        there = pool[(pool["starts"] <= row.received) & ~(pool["ends"] < row.received)]["officer"].to_numpy()
        finding = "" if pd.isna(row.closed) else ["SUS", "NOT"][int(rng.random() < 0.85)]
        accused.append((row.id, rng.choice(there), finding, "10 Days" if finding == "SUS" else ""))
    totals = [
        (district, year, round(RESIDENTS[district] * (1 + 0.01 * (year - 2016))) or None, OFFICERS[district])
        for district in RATES
        for year in YEARS
    ]
    return {
        "complaints": complaints,
        "accused": pd.DataFrame(accused, columns=["id", "officer", "finding", "penalty"]),
        "roster": roster.drop(columns="seat"),
        "totals": pd.DataFrame(totals, columns=["district", "year", "residents", "officers"]).astype(
            {"residents": "Int64"}
        ),
    }


def declaration(digest: dict[str, str]) -> dict[str, Any]:
    """The source.yaml."""

    def file(name: str, table: str, columns: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"path": f"{name}.csv", "sha256": digest[name], "table": table, **more, "columns": columns}

    day = "%Y-%m-%d"
    ids = {"to": "officer_id"}
    told = {
        "agency": "Generated police department",
        "publisher": "tests/districts.py",
        "obtained": "generated from seed 18",
        "row_is": "one complaint (complaints file); one officer in one complaint (accused file); one spell of an "
        "officer in a district (roster file)",
        "period": {"from": "2016-01-01", "to": "2019-12-31"},
        "observed_until": "2020-06-30",
        "licence": "MIT, as the package",
        "citation": "accountability, generated districts, seed 18",
        "traps": ["Every row is generated.", "The airport has officers and no residents."],
    }
    return {
        "source": HOME.name,
        "title": "GENERATED agency (no real complaints) with residents and officers by district",
        "generated": True,
        "card": card() | told | {"sampling": card()["sampling"] | {"window": "every complaint received 2016 to 2019"}},
        "files": {
            "complaints": file(
                "complaints", "cases",
                {"id": {"to": "case_id"}, "received": {"stage": "received", "date": day},
                 "closed": {"stage": "closed", "date": day, "no_day": {"": "open"}},
                 "district": {"to": "district", "label": "district of the incident"}},
                key=["id"],
            ),
            "accused": file(
                "accused", "allegations",
                {"id": {"to": "case_id"}, "officer": ids, "finding": {"to": "finding", "codebook": "finding"},
                 "penalty": {"to": "imposed", "codebook": "penalty"}},
                key=["id", "officer"],
            ),
            "roster": file(
                "roster", "roster",
                {"officer": ids, "starts": {"to": "starts", "date": day},
                 "ends": {"to": "ends", "date": day}, "district": {"to": "district"}},
            ),
            "totals": file(
                "totals", "totals",
                {"district": {"to": "district"}, "year": {"to": "year", "type": "year"},
                 "residents": {"to": "residents", "type": "integer", "label": "residents"},
                 "officers": {"to": "sworn_officers", "type": "integer", "label": "sworn officers"}},
                totals={"counts": {"residents": 1000, "sworn_officers": 100},
                        "citation": "generated with the complaints",
                        "without": {"residents": {"airport": "nobody lives there"}}},
            ),
        },
    }  # fmt: skip


def write(folder: Path) -> Path:
    """Write the source to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = {}
    for name, frame in made().items():
        text = frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
        digest[name] = hashlib.sha256(text.encode()).hexdigest()
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, content in (("source", declaration(digest)), ("codebook", CODEBOOK)):
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
        head = "# Generated by tests/districts.py: no real person, agency or complaint. Edits are overwritten.\n"
        (folder / f"{name}.yaml").write_text(head + text.replace("made for a test", "made by tests/districts.py"))
    return folder


COMPLAINTS = "id,received,closed,kind,complainant,area\n" + "".join(
    f"{n:03},{2019 + n % 2}-0{1 + n % 9}-03,,force,A,{'0' + str(1 + n % 3)}\n" for n in range(60)
)
HEAD = "area,year,residents,officers\n"
TOTALS = HEAD + "".join(f"0{area},{year},{area}0000,{area}0\n" for area in (1, 2, 3) for year in (2019, 2020))
PERIOD = {"from": "2019-01-01", "to": "2020-12-31"}


def agency(folder: Path, rows: str = TOTALS, drop: tuple[str, ...] = (), **totals: Any) -> Path:
    """A source whose cases have an area, and a file of totals by area and year."""
    folder.mkdir(parents=True)
    (folder / "totals.csv").write_text(rows, encoding="utf-8")
    columns = {
        "area": {"to": "area"},
        "year": {"to": "year", "type": "year"},
        "residents": {"to": "residents", "type": "integer"},
        "officers": {"to": "sworn", "type": "number"},
    }
    columns |= {name: {"ignore": "not wanted"} for name in drop}
    declared = {
        "path": "totals.csv",
        "sha256": hashlib.sha256(rows.encode()).hexdigest(),
        "table": "totals",
        "totals": {"counts": {"residents": 1000, "sworn": 100}, "citation": "made for a test"} | totals,
        "columns": columns,
    }
    area = {"files.complaints.columns.area": {"to": "area"}}
    return write_source(
        folder, COMPLAINTS, "id,officer,finding,penalty\n001,o1,SUS,10 Days\n", CODEBOOK,
        **{"files.totals": declared, "card.period": PERIOD} | area,
    )  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(f"{write(HOME)}\n")
