"""Small invented files in which it is hard to tell who is who, and what one row is; no real person is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from invented_files import Complaints


def closed_complaints(seed: int, n: int = 90) -> Complaints:
    """Complaints that are all closed, so that no blank closing is asked about."""
    return Complaints(n=n, open_cases=0, seed=seed)


def dated(c: Complaints, rows: Any = None) -> dict[str, Any]:
    """Days of receipt and closing, and findings, of the complaints in these rows."""
    at = np.arange(c.n) if rows is None else np.asarray(rows)
    return {
        "Date Received": c.days(c.received, "%Y-%m-%d").to_numpy()[at],
        "Date Closed": c.days(c.closed, "%Y-%m-%d").to_numpy()[at],
        "Finding": c.finding.to_numpy()[at],
    }


def line_counter_first(folder: Path) -> dict[str, Any]:
    """``Itm`` counts the lines; ``Control`` is the complaint, named once an officer."""
    c = closed_complaints(31)
    at = np.sort(c.rng.integers(0, c.n, 160))
    numbers = [90_000 + 37 * int(k) for k in at]
    table = {
        "Itm": np.arange(1, len(at) + 1),
        "Control": numbers,
        **dated(c, at),
        "Member": c.rng.integers(300, 340, 160),
    }
    pd.DataFrame(table).to_csv(folder / "log.csv", index=False)
    return {"about": "Itm|Control", "unit": "officer_complaint", "numbers": {"cases": len(set(at.tolist()))}}


def ids_with_a_point(folder: Path) -> dict[str, Any]:
    """The same officer stands as 1012 and, where a column had blanks, as 1012.0."""
    c = closed_complaints(32)
    officer = [str(one) if k % 3 else f"{one}.0" for k, one in enumerate(c.officer)]
    table = {"Complaint No": c.number, "Officer ID": officer, **dated(c)}
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    return {"about": "Officer ID", "unit": "officer_complaint", "numbers": {"officers": int(c.officer.nunique())}}


def scores_named_officer(folder: Path) -> dict[str, Any]:
    """``Officer Index`` is a score with decimals and tells nobody apart."""
    c = closed_complaints(33)
    table = {"Complaint No": c.number, "Officer Index": c.rng.gamma(2, 1.5, c.n).round(2), **dated(c)}
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    return {"about": "Officer Index", "numbers": {"officers": None, "cases": c.n}}


def zeros_lost(folder: Path) -> dict[str, Any]:
    """The complaints have their numbers with leading zeros, the accusations without."""
    c = closed_complaints(34)
    number = c.rng.choice(np.arange(1, 9000), c.n, replace=False)
    table = {"Complaint No": [f"{one:07d}" for one in number], **dated(c)}
    table.pop("Finding")
    pd.DataFrame(table).to_csv(folder / "complaints.csv", index=False)
    accused = {"Complaint No": number, "Officer ID": c.officer, "Finding": c.finding}
    pd.DataFrame(accused).to_csv(folder / "accused.csv", index=False)
    return {"about": "Complaint No", "unit": "officer_complaint", "numbers": {"cases": c.n, "allegations": c.n}}


def badge_handed_on(folder: Path) -> dict[str, Any]:
    """A badge goes to another person when its holder leaves: year of appointment and gender change under it."""
    c = closed_complaints(35, 240)
    second = (c.received > pd.Timestamp("2019-11-01")).to_numpy() & (c.officer % 4 == 0).to_numpy()
    year = np.where(second, 2019, 1990 + c.officer % 25)
    gender = np.where(second, "F", np.where(c.officer % 3 == 0, "F", "M"))
    table = {
        "Complaint No": c.number,
        "Officer ID": c.officer,
        "Year Appointed": year,
        "Officer Gender": gender,
        **dated(c),
    }
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    return {"about": "Officer ID", "unit": "officer_complaint", "must_ask": True}


def several_placeholders(folder: Path) -> dict[str, Any]:
    """0, 9999 and UNKNOWN stand for officers nobody knows."""
    c = closed_complaints(36, 240)
    officer = np.array(c.officer.astype(str), dtype=object)
    for place, word in enumerate(("0", "9999", "UNKNOWN")):
        officer[c.rng.random(c.n) < 0.08 + 0.02 * place] = word
    known = set(officer) - {"0", "9999", "UNKNOWN"}
    table = {"Complaint No": c.number, "Employee Number": officer, **dated(c)}
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    return {"about": "UNKNOWN|9999|placeholder", "unit": "officer_complaint", "numbers": {"officers": len(known)}}


def people_who_complained(folder: Path) -> dict[str, Any]:
    """One row a person who complained, offered as if it were accusations."""
    c = closed_complaints(37)
    at = np.sort(np.concatenate([np.arange(c.n), c.rng.integers(0, c.n, 70)]))
    table = {
        "Log No": np.array(c.number)[at],
        "RP Sex": c.rng.choice(["F", "M"], len(at)),
        "RP Ethnicity": c.rng.choice(["Black", "White", "Hispanic"], len(at)),
        "RP Age": c.rng.integers(18, 80, len(at)),
    }
    pd.DataFrame(table).to_csv(folder / "reporting_parties.csv", index=False)
    return {"about": "reporting_parties|complainant|person|received", "must_ask": True}


def proposed_and_adopted(folder: Path) -> dict[str, Any]:
    """Findings and penalties come twice: as proposed by the board and as adopted by the chief."""
    c = closed_complaints(38)
    adopted = c.finding.where(c.rng.random(c.n) > 0.3, "Not Sustained")
    table = {
        "Complaint No": c.number, "Officer ID": c.officer, **dated(c),
        "Board Proposed": c.finding, "Chief Adopted": adopted,
    }  # fmt: skip
    table.pop("Finding")
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    upheld = int((adopted == "Sustained").sum())
    about = "Board Proposed|Chief Adopted"
    return {"about": about, "unit": "officer_complaint", "sustained": upheld, "numbers": {"cases": c.n}}


def each_allegation_its_own_days(folder: Path) -> dict[str, Any]:
    """One row an allegation; the allegations of a complaint are closed on different days."""
    c = closed_complaints(39)
    at = np.sort(np.concatenate([np.arange(c.n), c.rng.integers(0, c.n, 80)]))
    closed = c.closed.to_numpy()[at] + pd.to_timedelta(c.rng.integers(0, 60, len(at)), "D").to_numpy()
    table = {
        "Complaint No": np.array(c.number)[at], "Officer ID": c.officer.to_numpy()[at],
        "Allegation": c.rng.choice(["Force", "Courtesy", "Search"], len(at)), **dated(c, at),
    }  # fmt: skip
    table["Date Closed"] = pd.Series(closed).dt.strftime("%Y-%m-%d").to_numpy()
    pd.DataFrame(table).drop_duplicates().to_csv(folder / "c.csv", index=False)
    return {"about": "! .*(Date Closed|Complaint No)", "unit": "allegation", "must_ask": True}


def two_agencies_one_numbering(folder: Path) -> dict[str, Any]:
    """Two agencies in one file, each with its own complaints 1, 2, 3."""
    c, d = closed_complaints(40, 80), closed_complaints(41, 70)
    parts = [
        pd.DataFrame({"Agency": name, "Case": np.arange(1, one.n + 1), "Officer": one.officer, **dated(one)})
        for name, one in (("Riverside PD", c), ("County Sheriff", d))
    ]
    pd.concat(parts).to_csv(folder / "both.csv", index=False)
    return {"about": "Case|Agency", "unit": "officer_complaint", "numbers": {"cases": 150}}


def padded_in_one_file(folder: Path) -> dict[str, Any]:
    """``IA-19-7`` in one file is ``IA-19-0007`` in the other."""
    c = closed_complaints(42)
    short = [f"IA-{2019 + k % 3}-{k + 1}" for k in range(c.n)]
    table = {"Complaint No": [f"IA-{2019 + k % 3}-{k + 1:04d}" for k in range(c.n)], **dated(c)}
    table.pop("Finding")
    pd.DataFrame(table).to_csv(folder / "complaints.csv", index=False)
    pd.DataFrame({"Complaint No": short, "Officer ID": c.officer, "Finding": c.finding}).to_csv(
        folder / "accused.csv", index=False
    )
    return {"about": "Complaint No", "unit": "officer_complaint", "numbers": {"cases": c.n, "allegations": c.n}}


def years_and_places(folder: Path) -> dict[str, Any]:
    """No officer is told apart: a year of appointment and a postal code repeat, and number nobody."""
    c = closed_complaints(43, 240)
    table = {
        "Complaint No": c.number, "Year Appointed": 1990 + c.officer % 25, "ZIP": 60_601 + c.rng.integers(0, 30, c.n),
        "Grid": c.rng.integers(111, 160, c.n), **dated(c),
    }  # fmt: skip
    pd.DataFrame(table).to_csv(folder / "c.csv", index=False)
    return {"about": "ZIP|Year Appointed|Grid", "numbers": {"officers": None, "cases": c.n}}


WHO: Final[dict[str, Callable[[Path], dict[str, Any]]]] = {
    made.__name__: made
    for made in (
        line_counter_first, ids_with_a_point, scores_named_officer, zeros_lost, badge_handed_on, several_placeholders,
        people_who_complained, proposed_and_adopted, each_allegation_its_own_days, two_agencies_one_numbering,
        padded_in_one_file, years_and_places,
    )
}  # fmt: skip
