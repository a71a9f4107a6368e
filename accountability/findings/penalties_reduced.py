"""What becomes of a recommended penalty: the finding of ``how_penalties_shrink``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import ReadingTable
from accountability.findings.frame_tables import counts, key_share, reading, shares
from accountability.results import Refused

if TYPE_CHECKING:
    from accountability.outcomes import Changes, PenaltyReductions, Waterfall
    from accountability.sensitivity import Tipping


def found(
    asked: Asked,
    *,
    ends: PenaltyReductions | Refused,
    changes: Changes,
    steps: Waterfall | Refused,
    tipping: Tipping | Refused | None = None,
) -> Finding:
    """State the share of recommended penalties that ended lighter, by group if asked, and at which step."""
    if isinstance(ends, Refused):
        return asked.not_answered(ends, "what becomes of recommended penalties", method=asked.method(changes))
    unit = asked.label(ends.unit)
    column = ends.by[0] if ends.by else None
    rows = ends.table.to_dict("records")
    lighter = [row for row in rows if row["end"] == "lighter"]
    heavier = [row for row in rows if row["end"] == "heavier"]
    whole = lighter[0]
    first = (
        f"Of {wording.count(whole['n'])} recommended penalties above none, {_share(whole)} ended lighter "
        f"({asked.confidence} interval {wording.share_ends(whole['lower'], whole['upper'])}) and "
        f"{_share(heavier[0])} heavier."
        if wording.known(whole["estimate"])
        else f"How many recommended penalties ended lighter rests on fewer than {asked.fewest} and is not shown."
    )
    orders = changes.by_order[changes.by_order["kind"] == "lightened"]["estimate"].dropna()
    turns = (
        f"By another order of the contested penalties, {wording.share(orders.min())} to "
        f"{wording.share(orders.max())} of all pairs ended lighter."
        if len(orders) > 1 and float(orders.max() - orders.min()) > 0.005
        else "The order of the contested penalties does not change this."
    )
    title = _groups(asked, lighter, column).rstrip(".") or f"{_share(whole)} of recommended penalties ended lighter"
    return asked.finding(
        " ".join(text for text in (first, _groups(asked, lighter, column), turns) if text),
        lead=asked.lead(
            ends,
            title,
            f"How {unit}s with a recommended penalty above none ended",
            f"{wording.count(whole['n'])} {unit}s",
        ),
        numbers=tuple(
            key_share(f"ended {row['end']}", row)
            for row in rows
            if (column is None or row[column] == whole[column]) and row["end"] != "off the ladder"
        )[:4],
        tables=(
            reading(
                "How recommended penalties ended",
                ends.table,
                {
                    **({asked.group or "group": lambda row: str(row[column])} if column else {}),
                    "ended": lambda row: str(row["end"]),
                    "number": counts("events"),
                    "share (interval)": shares(),
                },
            ),
            *(() if isinstance(steps, Refused) else (_steps(asked, steps),)),
        ),
        firm=(turns,),
        firm_table=reading(
            "Lighter and heavier under each order of the contested penalties",
            changes.by_order,
            {
                "order": lambda row: asked.plain(str(row["order"])),
                "became": lambda row: {"lightened": "lighter", "raised": "heavier"}.get(
                    row["kind"], asked.label(row["kind"])
                ),
                "number": counts("events"),
                "share": lambda row: wording.share(row["estimate"]),
            },
            ("Of all with both penalties on record, those with none recommended included.",),
        ),
        breaks=(*asked.tipping(tipping), *_breaks(changes)),
        method=asked.method(ends, changes, steps),
    )


def _share(row: dict[Any, Any]) -> str:
    return (
        wording.share(row["estimate"], row["lower"], row["upper"])
        if wording.known(row["estimate"])
        else "a hidden share"
    )


def _groups(asked: Asked, lighter: list[dict[Any, Any]], column: str | None) -> str:
    if column is None:
        return ""
    shown = sorted((row for row in lighter[1:] if wording.known(row["estimate"])), key=lambda row: row["estimate"])
    if len(shown) < 2:
        return f"By {asked.group}, too few groups can be shown."
    low, high = shown[0], shown[-1]
    return f"By {asked.group}, {_share(low)} ({low[column]}) to {_share(high)} ({high[column]}) ended lighter."


def _steps(asked: Asked, steps: Waterfall) -> ReadingTable:
    names = {"lightened": "lighter", "raised": "heavier", "kept": "the same"}
    return reading(
        "Step by step",
        steps.table[steps.table["kind"].isin(names)],
        {
            "step": lambda row: f"{asked.label(row['before'])} to {asked.label(row['after'])}",
            "became": lambda row: names[row["kind"]],
            "number": counts("events"),
            "share (interval)": shares(),
        },
    )


def _breaks(changes: Changes) -> tuple[str, ...]:
    apart: dict[str, Any] = dict(zip(changes.apart["what"], changes.apart["n"], strict=True))
    said = []
    pending: Any = apart.get("pending")
    if wording.known(pending) and int(pending):
        said.append(
            f"{int(pending):,} are pending and in none of these shares; they may end lighter or as recommended."
        )
    missing = [
        int(apart[what])
        for what in apart
        if "not recorded" in what and what != "neither recorded" and wording.known(apart[what])
    ]
    if sum(missing):
        said.append(f"{sum(missing):,} have only one of the two penalties on record and are not compared.")
    said.append("It does not say whether the recommendation or the last word was right.")
    return tuple(said)
