"""Small files of further kinds that agencies send, made from random complaints; no real person is in them.

Each function writes files into a folder and returns what is true of them, as ``tests/raw_files/*/truth.json`` does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd

FINDINGS: Final = np.array(["Sustained", "Not Sustained", "Unfounded", "Exonerated"])
SURNAMES: Final = (
    *("Castañeda", "Echevarría", "Barrientos", "Villalobos", "Quintanilla", "Arredondo", "Zamudio", "Escamilla"),
    *("Montemayor", "Carrasquillo", "Benavides", "Olivares"),
)
GIVEN: Final = ("María José", "Juan Carlos", "Luis", "Ana", "Rocío", "Andrés", "José Luis", "Carmen", "Miguel", "Elena")


class Complaints:
    """Random complaints: number, day of receipt, day of closing or none, finding, officer."""

    def __init__(self, n: int = 90, *, open_cases: int = 9, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.n = n
        self.number = [f"IA-{2019 + k % 3}-{k:04d}" for k in range(n)]
        self.received = pd.Series(pd.Timestamp("2019-01-07") + pd.to_timedelta(rng.integers(0, 600, n), "D"))
        self.took = pd.Series(rng.gamma(2.0, 70.0, n).astype(int) + 1)
        self.closed = self.received + pd.to_timedelta(self.took, "D")
        self.closed[rng.choice(n, open_cases, replace=False)] = pd.NaT
        self.finding = pd.Series(rng.choice(FINDINGS, n)).where(self.closed.notna())
        self.officer = pd.Series(rng.integers(1000, 1040, n))
        self.age = pd.Series(rng.integers(19, 70, n))
        self.rng = rng

    def truth(self, about: str, **more: Any) -> dict[str, Any]:
        """What is true where no closing is lost: complaints, open ones."""
        numbers = {"cases": self.n, "open": int(self.closed.isna().sum())}
        return {"about": about, "numbers": {**numbers, **more.pop("numbers", {})}, **more}

    def days(self, days: pd.Series, layout: str, blank: str = "") -> pd.Series:
        """Days as an agency writes them."""
        return days.dt.strftime(layout).fillna(blank)


def german_semicolons(folder: Path) -> dict[str, Any]:
    """German headings, semicolons, day first, cp1252, a status."""
    c = Complaints(seed=2)
    table = {
        "Aktenzeichen": c.number,
        "Eingangsdatum": c.days(c.received, "%d.%m.%Y"),
        "Abschlussdatum": c.days(c.closed, "%d.%m.%Y"),
        "Beamter Nr.": c.officer,
        "Entscheidung (vorläufig)": c.finding,
        "Größe der Dienststelle": c.rng.integers(10, 90, c.n),
    }
    pd.DataFrame(table).to_csv(folder / "beschwerden.csv", sep=";", index=False, encoding="cp1252")
    return c.truth("Abschlussdatum", numbers={"officers": int(c.officer.nunique())})


def spanish_names(folder: Path) -> dict[str, Any]:
    """Spanish headings, the accused by name, a closing that says ``Pendiente``."""
    c = Complaints(seed=3)
    names = [f"{c.rng.choice(GIVEN)} {c.rng.choice(SURNAMES)}" for _ in range(c.n)]
    table = {
        "Expediente": c.number,
        "Fecha de recepción": c.days(c.received, "%d/%m/%Y"),
        "Fecha de cierre": c.days(c.closed, "%d/%m/%Y", "Pendiente"),
        "Denunciado": names,
        "Resultado": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "quejas.csv", index=False)
    return c.truth("Fecha de cierre|Denunciado|Pendiente", no_text=list(SURNAMES))


def titled_workbook(folder: Path) -> dict[str, Any]:
    """A workbook with title rows above, a count and a note below."""
    c = Complaints(seed=4)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Office of Professional Standards"])
    sheet.append(["Complaints received, as of 12/31/2021"])
    sheet.append([])
    sheet.append(["Case #", "Date Recvd", "Date Completed", "Status", "Finding"])
    for k in range(c.n):
        done = c.closed[k] if pd.notna(c.closed[k]) else None
        shown = "Closed" if done is not None else "Open"
        word = c.finding[k] if done is not None else None
        sheet.append([c.number[k], c.received[k].to_pydatetime(), done and done.to_pydatetime(), shown, word])
    sheet.append(["Grand Total", None, None, None, c.n])
    sheet.append(["* Findings are preliminary."])
    book.save(folder / "ops.xlsx")
    return c.truth("total|note|not a (record|complaint)|format|skip|title")


def blank_but_closed(folder: Path) -> dict[str, Any]:
    """Blank closings whose phase says that the case is over."""
    c = Complaints(open_cases=20, seed=5)
    phase = pd.Series("Closed", index=range(c.n))
    phase[c.closed.isna()] = "Closed - Insufficient Evidence"
    table = {
        "File No": c.number,
        "Intake": c.days(c.received, "%m/%d/%Y"),
        "Completed": c.days(c.closed, "%m/%d/%Y"),
        "Current Phase": phase,
    }
    pd.DataFrame(table).to_csv(folder / "files.csv", index=False)
    return c.truth("Completed|Current Phase", numbers={"open": 0})


def births_among_closings(folder: Path) -> dict[str, Any]:
    """Some closings are the complainant's date of birth: age is year received less year of birth."""
    c = Complaints(n=120, seed=6)
    closed = c.days(c.closed, "%Y-%m-%d")
    put = c.rng.choice(np.flatnonzero(c.closed.notna()), 30, replace=False)
    for k in put:
        closed[k] = f"{c.received[k].year - c.age[k]}-{1 + k % 12:02d}-{1 + k % 28:02d}"
    table = {
        "Complaint No": c.number,
        "Received": c.days(c.received, "%Y-%m-%d"),
        "Closed": closed,
        "Age": c.age,
        "Finding": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "log.csv", index=False)
    return c.truth("birth")


def births_as_closings(folder: Path) -> dict[str, Any]:
    """A column called ``End`` holds births alone, none of them before 1985; no other column closes."""
    c = Complaints(n=120, seed=7)
    age = pd.Series(c.rng.integers(16, 33, c.n))
    born = [f"{c.received[k].year - age[k]}-{1 + k % 12:02d}-{1 + k % 28:02d}" for k in range(c.n)]
    table = {"Complaint No": c.number, "Received": c.days(c.received, "%Y-%m-%d"), "End": born, "Age": age}
    pd.DataFrame(table).to_csv(folder / "log.csv", index=False)
    return {"about": "birth|no column dates a closing", "numbers": {"cases": c.n}, "no_text": born[:3]}


def joined_roster(folder: Path) -> dict[str, Any]:
    """Complaints and the roster of officers, with names, births and the day each left."""
    c = Complaints(seed=8)
    table = {
        "complaint_id": c.number,
        "officer_id": c.officer,
        "date_received": c.days(c.received, "%Y-%m-%d"),
        "date_closed": c.days(c.closed, "%Y-%m-%d"),
        "status": np.where(c.closed.notna(), "closed", "open"),
        "finding": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "complaints.csv", index=False)
    ids = np.arange(1000, 1040)
    left = [f"20{10 + k % 9}-03-{1 + k % 28:02d}" if k % 4 == 0 else "" for k in range(40)]
    roster = {
        "officer_id": ids,
        "last_name": [SURNAMES[k % 12] for k in range(40)],
        "hired": [f"{1990 + k % 25}-06-15" for k in range(40)],
        "separated": left,
        "birth_year": 1960 + ids % 35,
        "rank": np.where(ids % 3 > 0, "Officer", "Sergeant"),
    }
    pd.DataFrame(roster).to_csv(folder / "roster.csv", index=False)
    about = "date_closed|blank"
    return c.truth(about, no_text=list(SURNAMES), unit="officer_complaint", numbers={"allegations": c.n})


def injured_people(folder: Path) -> dict[str, Any]:
    """Accusations, and a file of the people hurt: age, gender and injury."""
    c = Complaints(seed=9)
    table = {
        "Case Number": c.number,
        "Officer ID": c.officer,
        "Received": c.days(c.received, "%Y-%m-%d"),
        "Closed": c.days(c.closed, "%Y-%m-%d"),
        "Status": np.where(c.closed.notna(), "Closed", "Pending"),
        "Disposition": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "accused.csv", index=False)
    hurt = {
        "Case Number": c.rng.choice(c.number, 300),
        "Gender": c.rng.choice(["F", "M"], 300),
        "Age": c.rng.integers(16, 80, 300),
        "Injury": c.rng.choice(["None", "Bruise", "Fracture"], 300),
    }
    pd.DataFrame(hurt).to_csv(folder / "injured_parties.csv", index=False)
    return c.truth("injured_parties", unit="officer_complaint", numbers={"allegations": c.n})


def badge_of_nobody(folder: Path) -> dict[str, Any]:
    """Badge 9999 stands for an officer nobody knows."""
    c = Complaints(n=200, seed=10)
    badge = c.officer.where(c.rng.random(c.n) > 0.3, 9999)
    table = {
        "Complaint Number": c.number,
        "Officer Number": badge,
        "Received": c.days(c.received, "%Y-%m-%d"),
        "Closed": c.days(c.closed, "%Y-%m-%d"),
        "State": np.where(c.closed.notna(), "Closed", "Open"),
        "Disposition": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    known = int(badge[badge != 9999].nunique())
    return c.truth("9999|placeholder", unit="officer_complaint", numbers={"officers": known})


def counts_named_like_ids(folder: Path) -> dict[str, Any]:
    """``Complaint No.`` counts earlier complaints against the officer; ``Ref`` numbers the cases."""
    c = Complaints(seed=11)
    pick = c.rng.integers(0, c.n, 150)
    earlier = c.rng.integers(0, 9, c.n)
    table = pd.DataFrame(
        {
            "Complaint No.": earlier[pick],
            "Allegations No": np.bincount(pick, minlength=c.n)[pick],
            "Ref": np.array(c.number)[pick],
            "Received": c.days(c.received, "%Y-%m-%d")[pick].to_numpy(),
            "Closed": c.days(c.closed, "%Y-%m-%d")[pick].to_numpy(),
            "Status": np.where(c.closed.notna(), "Closed", "Open")[pick],
            "Allegation": c.rng.choice(["Force", "Courtesy", "Search", "Language", "Other"], 150),
        }
    )
    table.to_csv(folder / "complaints.csv", index=False)
    kept = np.unique(pick)
    numbers = {"cases": len(kept), "open": int(c.closed[kept].isna().sum())}
    return c.truth("Ref|Complaint No|repeat|equal", unit="allegation", numbers=numbers)


def two_letter_codes(folder: Path) -> dict[str, Any]:
    """Codes of two letters for status and finding; no legend."""
    c = Complaints(seed=12)
    codes = {"Sustained": "SU", "Not Sustained": "NS", "Unfounded": "UF", "Exonerated": "EX"}
    table = {
        "CR": c.number,
        "RCVD_DT": c.days(c.received, "%Y%m%d"),
        "CLSD_DT": c.days(c.closed, "%Y%m%d"),
        "STAT": np.where(c.closed.notna(), "CL", "OP"),
        "DISP": c.finding.map(codes),
    }
    pd.DataFrame(table).to_csv(folder / "cr.csv", index=False)
    return c.truth("CLSD_DT|DISP|SU|NS")


def japanese_dates(folder: Path) -> dict[str, Any]:
    """Japanese headings and dates."""
    c = Complaints(seed=13)
    table = {
        "受付番号": c.number,
        "受付日": c.days(c.received, "%Y年%m月%d日"),
        "終了日": c.days(c.closed, "%Y年%m月%d日", "調査中"),
        "結果": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "苦情.csv", index=False)
    return c.truth("終了日|受付日|調査中|case_id")


def serial_days(folder: Path) -> dict[str, Any]:
    """Days as the numbers a spreadsheet counts them by."""
    c = Complaints(seed=14)
    since = pd.Timestamp("1899-12-30")
    closed = (c.closed - since).dt.days.astype("Int64").astype("string").fillna("")
    table = {
        "Case No": c.number,
        "Date Received": (c.received - since).dt.days,
        "Date Closed": closed,
        "Status": np.where(c.closed.notna(), "Closed", "Open"),
    }
    pd.DataFrame(table).to_csv(folder / "serial.csv", index=False)
    return c.truth("Date Closed|Date Received")


def far_future(folder: Path) -> dict[str, Any]:
    """Open cases close on 31 December 9999."""
    c = Complaints(seed=15)
    table = {
        "case_number": c.number,
        "received": c.days(c.received, "%d-%b-%Y"),
        "closed": c.days(c.closed, "%d-%b-%Y", "31-Dec-9999"),
        "finding": c.finding,
    }
    with sqlite3.connect(folder / "dump.sqlite") as base:
        pd.DataFrame(table).to_sql("complaints", base, index=False)
    base.close()
    return c.truth("closed.*9999|9999.*clos|no_day|closed")


def last_touched(folder: Path) -> dict[str, Any]:
    """The only other date is the day the status was last changed, filled for open cases too."""
    c = Complaints(seed=16)
    touched = c.closed.fillna(c.received + pd.Timedelta(days=20))
    table = {
        "Complaint ID": c.number,
        "Date Submitted": c.days(c.received, "%Y-%m-%d"),
        "Completion Status": np.where(c.closed.notna(), "Completed", "In progress"),
        "Completion Status Date": c.days(touched, "%Y-%m-%d"),
    }
    pd.DataFrame(table).to_csv(folder / "portal.csv", index=False)
    return c.truth("Completion Status", must_ask=True)


def several_officers_a_row(folder: Path) -> dict[str, Any]:
    """One row a case, with up to three officers side by side."""
    c = Complaints(seed=17)
    second = c.rng.integers(1000, 1040, c.n).astype(str)
    second[c.rng.random(c.n) < 0.5] = ""
    table = {
        "Case ID": c.number,
        "Received Date": c.days(c.received, "%Y-%m-%d"),
        "Closed Date": c.days(c.closed, "%Y-%m-%d"),
        "Case Status": np.where(c.closed.notna(), "Closed", "Open"),
        "Officer 1 ID": c.officer,
        "Officer 2 ID": second,
        "Disposition": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "wide.csv", index=False)
    known = set(c.officer.astype(str)) | set(second) - {""}
    return c.truth("Officer (1|2) ID", unit="officer_complaint", numbers={"officers": len(known)})


def running_id_on_top(folder: Path) -> dict[str, Any]:
    """``ID`` counts rows; the case is under ``Control``, which repeats."""
    c = Complaints(seed=18)
    pick = np.sort(c.rng.integers(0, c.n, 160))
    table = {
        "ID": np.arange(1, 161),
        "Control": np.array(c.number)[pick],
        "Subject Employee": [f"{SURNAMES[k % 12]}, {GIVEN[k % 10]}" for k in c.officer[pick]],
        "Received": c.days(c.received, "%b %d, %Y")[pick].to_numpy(),
        "Closed": c.days(c.closed, "%b %d, %Y", "TBD")[pick].to_numpy(),
        "Finding": c.finding[pick].to_numpy(),
    }
    pd.DataFrame(table).to_csv(folder / "list.csv", index=False)
    kept = np.unique(pick)
    numbers = {"cases": len(kept), "open": int(c.closed[kept].isna().sum())}
    return c.truth("Closed|Control|repeat|TBD", unit="allegation", no_text=list(SURNAMES), numbers=numbers)


def french_words(folder: Path) -> dict[str, Any]:
    """French headings, months in words, a tab between cells."""
    c = Complaints(seed=19)
    months = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]

    def said(day: pd.Timestamp) -> str:
        return f"{day.day} {months[day.month - 1]} {day.year}" if pd.notna(day) else "en cours"

    table = {
        "N° de plainte": c.number,
        "Date de réception": [said(day) for day in c.received],
        "Date de clôture": [said(day) for day in c.closed],
        "Matricule de l'agent": c.officer,
        "Décision": c.finding,
    }
    pd.DataFrame(table).to_csv(folder / "plaintes.tsv", sep="\t", index=False)
    return c.truth("clôture|réception|en cours")


KINDS: Final[dict[str, Callable[[Path], dict[str, Any]]]] = {
    made.__name__: made
    for made in (
        *(german_semicolons, spanish_names, titled_workbook, blank_but_closed, births_among_closings),
        *(births_as_closings, joined_roster, injured_people, badge_of_nobody, counts_named_like_ids),
        *(two_letter_codes, japanese_dates, serial_days, far_future, last_touched, several_officers_a_row),
        *(running_id_on_top, french_words),
    )
}
