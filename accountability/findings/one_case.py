"""What the reports of one case establish: the finding of the studies of single cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber
from accountability.findings.frame_tables import reading
from accountability.labels import moment
from accountability.results import Refused, plural

if TYPE_CHECKING:
    from accountability.casefiles import CaseReport


def found(asked: Asked, *, report: CaseReport) -> Finding:
    """State the delay under the chosen reading, the standing of penalties, and the effects of other readings."""
    parts = {part.name: part for part in report.parts}
    delay, verdict, place = (_result(parts, name) for name in ("delay", "verdict", "place"))
    penalties = _frame(parts, "penalties")
    conflicts, changes = _frame(parts, "conflicts"), _frame(parts, "changes")
    chosen = _chosen(delay)
    start, stop = (
        moment(str(asked.parameters.get(name, usual)))
        for name, usual in (("start", "opened"), ("stop", "penalty_imposed"))
    )
    span = _span(chosen)
    time = f"From {start} to {stop} {span} passed" if span else f"No report bounds the time from {start} to {stop}"
    against = _verdict(asked, verdict)
    turning = changes[(changes["differs"] != "")]["conflict"].nunique() if "differs" in changes else 0
    total = conflicts["conflict"].nunique() if "conflict" in conflicts else 0
    standing = penalties["standing"].value_counts() if "standing" in penalties else pd.Series(dtype="int64")
    decided = wording.joined([f"{number} {asked.plain(str(state))}" for state, number in standing.items()])
    drawn, panel = (
        (verdict, "plot") if verdict is not None and not isinstance(verdict, Refused) else (parts["timeline"].drawn, "")
    )
    return asked.finding(
        " ".join(
            [
                f"{time}{against}.",
                f"{plural(len(penalties), 'penalty').replace('penaltys', 'penalties')}: {decided}."
                if decided
                else "No penalty is on record.",
                f"{turning} of {plural(total, 'conflict')} between the reports would change a count, read otherwise.",
            ]
        ),
        lead=None
        if drawn is None
        else asked.lead(
            drawn,
            f"{span[:1].upper()}{span[1:]} from {start} to {stop}"
            if span
            else f"No day is known from {start} to {stop}",
            "Fewest and most days under each reading of the reports" if panel else "Every day a step can have been on",
            f"{plural(len(_frame(parts, 'reports')), 'report')}, {plural(len(_frame(parts, 'facts')), 'fact')}",
        ),
        numbers=(
            *((KeyNumber(value=span, label=f"from {start} to {stop}", **_ends(chosen)),) if span else ()),
            KeyNumber(
                value=f"{len(penalties)}",
                label="officer with a penalty" if len(penalties) == 1 else "officers with a penalty",
                note=decided,
            ),
            KeyNumber(value=f"{turning} of {total}", label="conflicts that change a count"),
            *((_placed(chosen_place),) if (chosen_place := _chosen(place)) is not None else ()),
        ),
        tables=(
            *(
                (
                    reading(
                        "The penalties, and how firm each is",
                        penalties,
                        {
                            "officer": lambda row: str(row["officer"]),
                            "recommended": lambda row: asked.plain(str(row["recommended"])) or wording.MISSING,
                            "imposed": lambda row: asked.plain(str(row["imposed"])) or wording.MISSING,
                            "standing": lambda row: asked.plain(str(row["standing"])),
                            "says": lambda row: str(row["cite"]),
                        },
                    ),
                )
                if len(penalties)
                else ()
            ),
            reading(
                "Where the reports disagree or can be read in two ways",
                conflicts[conflicts["chosen"].astype(bool)],
                {
                    "question": lambda row: str(row["question"]),
                    "read here as": lambda row: str(row["says"]),
                    "because": lambda row: str(row["because"]),
                },
            ),
        ),
        firm=_agreement(asked, parts),
        breaks=tuple(
            f"No report says: {row['what']}. It blocks: {str(row['blocks']).rstrip('.')}."
            for row in _frame(parts, "not_stated").to_dict("records")
        )[:5]
        or ("A report that was changed after it was stored, or a paragraph misread.",),
        method=asked.method(*(one for one in report.results)),
    )


def _result(parts: dict[str, Any], name: str) -> Any:
    return parts[name].result if name in parts else None


def _frame(parts: dict[str, Any], name: str) -> pd.DataFrame:
    held = _result(parts, name)
    if held is None or isinstance(held, Refused):
        return pd.DataFrame()
    frame: pd.DataFrame = getattr(held, "table", held)
    return frame


def _chosen(result: Any) -> dict[Any, Any] | None:
    if result is None or isinstance(result, Refused):
        return None
    rows = result.table[result.table["chosen"].astype(bool)].to_dict("records")
    return rows[0] if rows else None


def _span(row: dict[Any, Any] | None) -> str:
    if row is None or not wording.known(row["days_lower"]):
        return ""
    low, high = row["days_lower"], row["days_upper"]
    if not wording.known(high):
        return f"at least {wording.days(low)}"
    return wording.days(low) if low == high else f"{int(low):,} to {wording.days(high)}"


def _ends(row: dict[Any, Any] | None) -> dict[str, Any]:
    held = row or {}
    return {
        end: float(held[name]) if wording.known(held.get(name)) else None
        for end, name in (("lower", "days_lower"), ("upper", "days_upper"))
    }


def _verdict(asked: Asked, verdict: Any) -> str:
    row = _chosen(verdict)
    if row is None:
        return ""
    if row["verdict"] == "cannot tell":
        return (
            f", by the calendar {row['by_calendar']} against the limit; whether it was cannot be told "
            f"({asked.plain(str(row['reason']))})"
        )
    return f", {row['verdict']} against the limit"


def _placed(row: dict[Any, Any]) -> KeyNumber:
    least, most = wording.share(row["least"]), wording.share(row["most"])
    return KeyNumber(value=f"{least} to {most}", label="of the comparable cases closed in fewer days")


def _agreement(asked: Asked, parts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"Two coders agree on {asked.label(str(row['field']))} in {int(row['agree'])} of {int(row['n'])} facts "
        f"(kappa {row['estimate']:.2f}, interval {row['lower']:.2f} to {row['upper']:.2f})."
        for row in _frame(parts, "agreement").to_dict("records")
    )
