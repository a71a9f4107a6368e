"""Exercises of reading a case file: an invented squad in the form of the class's file, and the answers.

It is invented. The form is that of ``data/news_cases``: accusations with and without a finding, a headline that
contradicts its report, a discipline with two reported dates, and a second coding.
"""

from __future__ import annotations

import datetime as dt
from importlib.resources import files as resources
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml

from accountability import casefiles
from accountability.casefiles import CaseFile
from accountability.casefiles.reading_counts import counts
from accountability.casefiles.scaffold import files_declared
from accountability.classroom.lessons import own_data
from accountability.classroom.lessons.own_data import Answer, Files, Own
from accountability.records.places import packaged

LESSON: Final = "reading_a_case_file"
CASE: Final = "MADE-UP"
CHARGES: Final = ("calls_not_answered", "time_off_post", "false_statement", "false_record", "supervision")
STATUSES: Final = ("reported", "alleged", "found", "decided")


def _taken(files: Files) -> CaseFile:
    with TemporaryDirectory() as folder:
        return casefiles.read(own_data.unpacked(files, Path(folder) / "own_case"), CASE)


def _drawn(seed: int) -> Files:
    """Write a case file of one seed."""
    rng = np.random.default_rng([seed, 6])
    squad, dismissed = int(rng.integers(6, 11)), int(rng.integers(2, 5))
    start, year = dt.date(2011, int(rng.integers(1, 13)), 1), 2012
    month = int(rng.integers(1, 9))
    # One report dates the start to a month, the other the discipline to a month; a third says only the year.
    if rng.random() < 0.5:
        start = dt.date(year, month, 1)
        month = min(month + int(rng.integers(2, 5)), 12)
    tables: dict[str, list[tuple[str, ...]]] = {
        "cases.csv": [(CASE, "A made-up police department", "A made-up squad", "subject of two reports", "r000 r001",
                       "", "")],
        "allegations.csv": _accusations(rng, squad, dismissed),
        "events.csv": [
            _event("E01", "opened", f"{start:%Y-%m}", ""),
            _event("E02", "penalty_imposed", f"{year}-{month:02d}", "discipline_date=narrow"),
            _event("E03", "penalty_imposed", f"{year}", "discipline_date=wide"),
        ],
        "reports.csv": [(f"r00{one}", "A made-up paper", "2013-02-01", "Made up for an exercise", "", "", "30", "")
                        for one in (0, 1)],
    }  # fmt: skip
    facts, again = _facts(rng, squad)
    template = resources("accountability.casefiles") / "template"
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, rows in {**tables, "facts.csv": facts}.items():
            header = (template / name).read_text(encoding="utf-8").splitlines()[0].split(",")
            pd.DataFrame(rows, columns=header, dtype="str").to_csv(place / name, index=False, lineterminator="\n")
        again.to_csv(place / "second_coding.csv", index=False, lineterminator="\n")
        (place / "conflicts.yaml").write_text(yaml.safe_dump(_register(), sort_keys=False), encoding="utf-8")
        card = Template((template / "source.yaml").read_text(encoding="utf-8")).substitute(name="own_case", case=CASE)
        card = card.replace("DECIDE", "made up for an exercise").replace("generated: false", "generated: true")
        card = card.replace("  # limits: [{rule: NAME, from: YYYY-MM-DD, because: WHY}]",
                            "  limits: [{rule: florida, because: made up for an exercise}]")  # fmt: skip
        (place / "source.yaml").write_text(card + files_declared(place), encoding="utf-8", newline="\n")
        (place / "codebook.yaml").write_bytes((packaged("data") / "news_cases" / "codebook.yaml").read_bytes())
        return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def _event(number: str, stage: str, date: str, reading: str) -> tuple[str, ...]:
    return (number, CASE, "", stage, date, "reported", "report", "r000", "3", "Made up.", reading, "")


def _accusations(rng: np.random.Generator, squad: int, dismissed: int) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []

    def row(officer: int, category: str, finding: str, imposed: str, status: str, reading: str) -> None:
        rank = "sergeant" if officer == 1 else "officer"
        rows.append((f"A{len(rows) + 1:02d}", CASE, f"{CASE}/officer-{officer}", rank, category, "Made up.", finding,
                     "", imposed, "unknown", status, "report", "r000", "3", reading, ""))  # fmt: skip

    for officer in range(1, squad + 1):
        penalty = "dismissed" if officer <= dismissed else "suspended without pay, length not stated"
        row(officer, "dereliction_of_duty", "disciplined for it", penalty, "decided", "headline=body")
        row(officer, "dereliction_of_duty", "disciplined for it", "dismissed", "decided", "headline=headline")
        for charge in rng.permutation(CHARGES)[: int(rng.integers(1, 4))]:
            found = rng.random() < 0.35
            row(
                officer,
                str(charge),
                "found, the report says" if found else "",
                "",
                "found" if found else "reported",
                "",
            )
    return rows


def _facts(rng: np.random.Generator, squad: int) -> tuple[list[tuple[str, ...]], pd.DataFrame]:
    """Facts with their status, and a second coding that differs in some."""
    size = int(rng.integers(45, 70))
    status, category = rng.choice(STATUSES, size, p=(0.4, 0.2, 0.25, 0.15)), rng.choice(CHARGES, size)
    officer = rng.integers(1, squad + 1, size)
    facts: list[tuple[str, ...]] = [
        (f"F{n + 1:03d}", f"claim_{n + 1}", CASE, f"r00{n % 2}", str(n % 30 + 1), "report", str(status[n]),
         f"officer-{officer[n]}", str(category[n]), "Made up.", "", "")
        for n in range(size)
    ]  # fmt: skip
    differs, other = rng.random(size) < 0.2, rng.choice(STATUSES, size)
    also = np.where(rng.random(size) < 0.05, rng.choice(CHARGES, size), category)
    again = {"fact_id": [row[0] for row in facts], "status": np.where(differs, other, status), "category": also}
    return facts, pd.DataFrame(again)


def _register() -> dict[str, Any]:
    def reading(says: str) -> dict[str, Any]:
        return {"says": says, "facts": ["F001"], "changes": "See the counts."}

    def conflict(question: str, default: str, **readings: str) -> dict[str, Any]:
        said = {name: reading(says) for name, says in readings.items()}
        return {"case_ids": [CASE], "kind": "disagreement", "question": question, "default": default,
                "because": "It is the narrower statement.", "readings": said, "elsewhere": ""}  # fmt: skip

    return {
        "conflicts": {
            "headline": conflict("Who was dismissed?", "body", body="Some of the squad.", headline="The whole squad."),
            "discipline_date": conflict("When was the discipline?", "narrow", narrow="In a month.", wide="In a year."),
        },
        "not_stated": [{"case_id": CASE, "what": "Whether the clock was paused.", "blocks": "The limit."}],
        "not_names": [],
    }


own = own_data.reader(LESSON, _drawn, _taken)


def make(seed: int) -> Own:
    """Generate the case of one seed, and its key."""
    files = _drawn(seed)
    case = _taken(files)
    counted, delay, judged = counts(case), casefiles.delay_bounds(case), casefiles.verdict(case).chosen
    wide = casefiles.delay_bounds(case.reading(discipline_date="wide"))
    kappa: Any = casefiles.agreement(case).table.set_index("field")
    low, high, high_wide = (float(days or 0) for days in (delay.days_lower, delay.days_upper, wide.days_upper))
    low_wide = float(wide.days_lower or 0)
    steps: Any = case.events.set_index("stage")
    starts, stops = steps.loc["opened"], steps.loc["penalty_imposed"]
    firsts = float((stops["earliest"] - starts["earliest"]).days)
    middle = float((stops["earliest"].replace(day=15) - starts["earliest"].replace(day=15)).days)
    verdict: Answer = str(judged["verdict"])
    return Own(
        files=files,
        right={
            "officers_dismissed": (float(counted["dismissed"]),),
            "accusations_found": (float(counted["with_finding"]),),
            "fewest_days": (low,),
            "most_days": (high,),
            "most_days_late": (high_wide,),
            "within_180_days": (verdict,),
            "kappa_status": (float(kappa.loc["status", "estimate"]),),
        },
        mistakes={
            "officers_dismissed": {
                "the headline's number": float(counts(case.reading(headline="headline"))["dismissed"]),
                "all officers with a penalty": float(counted["decided"]),
                "rows of dismissal under every reading": float(
                    case.every_allegation["imposed_penalty"].eq("dismissal").sum()
                ),
            },
            "accusations_found": {
                "every accusation: what is told was counted as found": float(counted["accusations"]),
                "every row, of every reading": float(len(case.every_allegation)),
                "the officers' charges only": float(counted["decided"]),
            },
            "fewest_days": {
                "the first of each month": firsts,
                "the middle of each month": middle,
                "the most days, not the fewest": high,
            },
            "most_days": {
                "the first of each month": firsts,
                "the middle of each month": middle,
                "the days under the other reading": high_wide,
            },
            "most_days_late": {
                "the days under the default reading": high,
                "the fewest days under that reading": low_wide,
                "the first day of the year": float((dt.datetime(2012, 1, 1) - starts["earliest"]).days),
            },
            "within_180_days": {
                "by the calendar, as if no clock could have stopped": "late"
                if verdict == "cannot tell"
                else "cannot tell",
            },
            "kappa_status": {
                "the share coded alike, which chance makes large": float(kappa.loc["status", "share"]),
                "the kappa of the category": float(kappa.loc["category", "estimate"]),
                "Krippendorff's alpha of the category": float(kappa.loc["category", "alpha"]),
            },
        },
    )
