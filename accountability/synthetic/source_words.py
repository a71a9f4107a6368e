"""The declaration, codebook and note that go with the files of a generated agency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from accountability.synthetic import Agency
from accountability.synthetic.defects import FINDING_DRIFT
from accountability.synthetic.release import CLOSING_CODES, FINDING_CODES, PENDING, window_start

SAYS: Final = "Generated data: the words are written by accountability.synthetic, which says what each means"
SAME: Final = ("strip", "casefold", "collapse_blanks")


def source(made: Agency, name: str, files: Mapping[str, Mapping[str, Any]], *, bundled: bool) -> dict[str, Any]:
    """The content of ``source.yaml``.

    Parameters
    ----------
    made : Agency
    name : str
        The source's name.
    files : mapping
        Table to ``sha256``, ``bytes`` and ``rows``.
    bundled : bool
        Whether these are the files that come with the package, which its tests make anew.
    """
    design = made.design
    since = window_start(design) if made.publication == "trailing_window" else design.received_from
    inside = any(category.internal for category in design.categories)
    return {
        "source": name,
        "title": f"GENERATED agency, seed {made.seed} (no real complaints)",
        "generated": True,
        "card": {
            "jurisdiction": "Nowhere (generated)",
            "agency": "Generated police department",
            "publisher": "accountability.synthetic",
            "obtained": f"generated from seed {made.seed}",
            "row_is": "one complaint (complaints file); one officer in one complaint (accused file); one officer "
            "(officers file); one dated step (steps file)",
            "unit": "officer_complaint",
            "period": {"from": max(since, design.received_from), "to": design.received_to},
            "observed_until": design.observed_until,
            "sampling": _sampling(made, since),
            "internal_complaints": "included" if inside else "excluded",
            "licence": "MIT, as the package",
            "citation": f"accountability, generated agency with planted truth, seed {made.seed}",
            "checked": "the files are made anew from the seed and compared byte for byte by the package's tests"
            if bundled
            else "",
            "traps": _traps(made),
        },
        "files": {table: {"path": f"{table}.csv", **facts, **_columns(made)[table]} for table, facts in files.items()},
        "order": [
            {"first": "incident", "then": "received", "aside": "incident"},
            {"first": "received", "then": "closed", "aside": "closed"},
        ],
    }


def _sampling(made: Agency, since: date) -> dict[str, Any]:
    design = made.design
    received = f"received {design.received_from} to {design.received_to}"
    rules: dict[str, tuple[str, str, list[str], str]] = {
        "everything": ("complete", "included", [], f"every complaint {received}, open or closed"),
        "closed_only": ("closed_only", "excluded", [], f"complaints {received} and closed by {design.observed_until}"),
        "trailing_window": (
            "trailing_window",
            "included",
            [],
            f"complaints received {since} to {design.received_to}, open or closed; earlier ones are taken out",
        ),
        "sustained_only": (
            "selected_on_outcome",
            "excluded",
            ["finding: at least one sustained"],
            f"complaints {received} with at least one sustained finding by {design.observed_until}",
        ),
    }
    rule, open_cases, selected, window = rules[made.publication]
    return {
        "rule": rule,
        "open_cases": open_cases,
        "closing_date": True,
        "selected_on": selected,
        "window": window,
    }


def _traps(made: Agency) -> list[str]:
    traps = ["Every row is generated. The true values are in truth.csv; estimates should come near them."]
    for mass in made.design.mass_closures:
        traps.append(
            f"On {mass.on} the {mass.body} closed many old complaints at once: those closings are administrative."
        )
    told = {
        "month_only": "{:,} closing dates give only a month.",
        "first_of_month": "{:,} closing dates stand on the first of a month though the day was another.",
        "missing_closing": "{:,} complaints with a finding have no closing date; they are not open.",
        "closed_before_received": "{:,} complaints have a closing date before their receipt.",
        "duplicate_rows": "{:,} rows of the accused are published twice.",
    }
    struck = dict(zip(made.struck["defect"], made.struck["rows"], strict=True))
    traps += [text.format(struck[defect]) for defect, text in told.items() if struck.get(defect)]
    return traps


def _columns(made: Agency) -> dict[str, dict[str, Any]]:
    day = "%Y-%m-%d"
    months = bool(made.defects.month_only)
    twice = bool(made.defects.duplicate_rows)
    because = "the same row twice, in every column: a recording defect put in on purpose"
    return {
        "complaints": {
            "table": "cases",
            "key": ["complaint_id"],
            "columns": {
                "complaint_id": {"to": "case_id"},
                "incident_date": {"stage": "incident", "date": day},
                "received_date": {"stage": "received", "date": day},
                "closed_date": {"stage": "closed", "date": [day, "%Y-%m"] if months else day},
                "investigated_by": {"to": "investigated_by"},
                "complaint_type": {"to": "complaint_type"},
                "complainant": {"to": "complainant"},
            },
        },
        "accused": {
            "table": "allegations",
            **({"repeats": [{"exact": "drop", "because": because}]} if twice else {}),
            "key": ["complaint_id", "officer_id"],
            "columns": {
                "complaint_id": {"to": "case_id"},
                "officer_id": {"to": "officer_id", "pseudonym": True},
                "allegation": {"to": "category"},
                "finding": {"to": "finding", "codebook": "finding"},
                "recommended_discipline": {"to": "recommended", "codebook": "penalty"},
                "final_discipline": {"to": "imposed", "codebook": "penalty"},
            },
        },
        "officers": {
            "table": "officers",
            "key": ["officer_id"],
            "columns": {
                "officer_id": {"to": "officer_id", "pseudonym": True},
                "squad": {"to": "squad"},
                "supervisor": {"to": "supervisor"},
                "rank": {"to": "officer_rank"},
                "race": {"to": "officer_race"},
                "gender": {"to": "officer_gender"},
                "birth_year": {"to": "officer_birth_decade", "type": "number", "band": 10},
                "appointed": {"to": "officer_appointed_year", "type": "year"},
            },
        },
        "steps": {
            "table": "events",
            "columns": {
                "complaint_id": {"to": "case_id"},
                "officer_id": {"to": "officer_id", "pseudonym": True},
                "step": {"to": "stage", "codebook": "stage"},
                "date": {"to": "date", "date": day},
                "detail": {"to": "detail"},
            },
        },
    }


def codebook() -> dict[str, Any]:
    """The content of ``codebook.yaml``: every word a generated release can hold."""
    findings = dict(
        zip(FINDING_CODES, ("sustained", "not_sustained", "unfounded", "exonerated", "policy_failure"), strict=True)
    )
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for code, term in findings.items():
        for word in (code, *FINDING_DRIFT[code]):
            same = re.sub(r"\s+", " ", word.strip().casefold())
            if same not in seen:
                seen.add(same)
                values[word] = term
    values |= {
        word: {"finding": "closed_without_finding", "closing_reason": reason} for reason, word in CLOSING_CODES.items()
    }
    values[PENDING] = "pending"
    return {
        "finding": {
            "authority": SAYS,
            "normalise": list(SAME),
            "gives": ["finding", "closing_reason"],
            "values": values,
        },
        "penalty": _penalties(),
        "stage": {
            "authority": SAYS,
            "values": {
                "OPENED": "opened",
                "PAUSED": "suspended_clock",
                "RESUMED": "resumed_clock",
                "RECOMMENDED": "penalty_recommended",
                "DECIDED": "penalty_decided",
                "IN EFFECT": "penalty_imposed",
                "APPEALED": "appeal_filed",
                "APPEAL DECIDED": "appeal_decided",
                "LEFT AGENCY": "left_agency",
            },
        },
    }


def _penalties() -> dict[str, Any]:
    def rule(pattern: str, penalty: str, examples: dict[str, int]) -> dict[str, Any]:
        return {
            "pattern": pattern,
            "gives": {"penalty": penalty, "days": r"\1"},
            "examples": {text: {"penalty": penalty, "days": days} for text, days in examples.items()},
        }

    return {
        "authority": SAYS,
        "normalise": list(SAME),
        "gives": ["penalty", "days"],
        "values": {
            "NO PENALTY": "none",
            "None": "none",
            "COUNSELING": "counselling_or_training",
            "Counselling": "counselling_or_training",
            "WRITTEN REPRIMAND": "reprimand",
            "Reprimand (written)": "reprimand",
            "DEMOTION": "demotion",
            "TERMINATION": "dismissal",
            "Terminated": "dismissal",
            "RESIGNED BEFORE DISCIPLINE": "left_before_penalty",
            "TERMINATED IN OTHER CASE": {
                "penalty": "left_before_penalty",
                "lossy": "the officer was dismissed in another complaint",
            },
            "PENALTY NOT SERVED": {"penalty": "not_served", "lossy": "the officer left between decision and effect"},
            "REVERSED ON APPEAL": {"penalty": "reversed", "lossy": "the step DECIDED says which penalty it undid"},
            "PENDING": "pending",
        },
        "rules": [
            rule(r"suspension (\d+) days?", "suspension", {"SUSPENSION 10 DAYS": 10, "SUSPENSION 1 DAY": 1}),
            rule(r"suspended (\d+) days?", "suspension", {"Suspended 10 days": 10}),
            rule(r"forfeit (\d+) days? leave", "loss_of_leave", {"FORFEIT 5 DAYS LEAVE": 5}),
            rule(r"(\d+) days leave forfeited", "loss_of_leave", {"5 days leave forfeited": 5}),
        ],
        "blank": None,
    }


def readme(made: Agency, name: str, *, bundled: bool) -> str:
    """The content of ``README.md``."""
    design = made.design
    counts = zip(made.struck["defect"], made.struck["rows"], strict=True)
    struck = "\n".join(f"| {defect.replace('_', ' ')} | {rows:,} |" for defect, rows in counts)
    again = (
        "\nMade with the package, and compared byte for byte with these files by "
        "`tests/synthetic/test_synthetic.py`:\n\n"
        "```sh\npython -c 'from accountability.synthetic.source_files import bundled, write; "
        'write(bundled(), "data/synthetic")\'\n```\n'
        if bundled
        else ""
    )
    return f"""# {name}: a generated agency

**Generated data. No real person, agency or complaint.** Everything here is drawn by `accountability.synthetic` from
seed {made.seed}; every complaint number begins with `GEN-`.
{again}
{len(made.complaints):,} complaints received from {design.received_from} to {design.received_to}, as known on
{design.observed_until}; publication rule: {made.publication.replace("_", " ")}.

| file | one row is |
|---|---|
| `complaints.csv` | a complaint: dates, who investigated, its type, whether it came from inside |
| `accused.csv` | an officer in a complaint: finding, discipline recommended and final as known on the last day |
| `officers.csv` | an officer who served in the study, complained about or not |
| `steps.csv` | a dated step: opening, pauses with their reason, each step of discipline and appeal, leaving |
| `truth.csv` | a true value: `quantity, group, value, unit, definition` |

## Truth

`truth.csv` holds what was planted (coefficients, probabilities) and what follows from it exactly (quantiles of the
days to closing, shares of findings and penalties). It is computed from the design, not from these complaints: an
estimate from them should come near it, within its interval. Days to closing count every complaint, those still open
included, and pauses. Where caseload slows investigations, the value is the one a large agency of this design settles
into. Findings use the squads of this agency.

## Recording defects put in on purpose

| defect | rows |
|---|---|
{struck}

They strike the files, not the truth. The ledger of a load shows them.

## What it simplifies

Weekends do not matter. A complaint's allegation is the same for all its officers. An officer never changes squad.
Officers' leaving is unrelated to complaints, dismissal apart. A dismissed officer's open complaints run on, and the
successor is of the same race, gender and rank. A finding does not depend on how long the investigation took.
"""
