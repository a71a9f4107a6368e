"""What becomes of a recommended penalty: the finding of ``how_penalties_shrink``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import ReadingTable
from accountability.findings.frame_tables import (
    Row,
    counts,
    ends_of,
    ends_said,
    groups_in_rows,
    key_share,
    reading,
    shares,
)
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
        else _few(rows, asked.fewest)
    )
    turns = _orders(changes) if wording.known(whole["estimate"]) else ""
    if _never(rows):
        turns = "Not one differs: the release may repeat the recommendation, so that no change could be seen."
    title = _groups(asked, lighter, column).rstrip(".") or _title(rows, whole)
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
            if (column is None or row[column] == whole[column])
            and row["end"] != "off the ladder"
            and wording.known(row["estimate"])
        )[:4],
        tables=(
            groups_in_rows(
                f"How recommended penalties ended, by {asked.group}",
                ends.table,
                column,
                "end",
                {asked.group: lambda row: asked.label(str(row[column])), f"{unit}s": counts("n")},
                {end: end for end in dict.fromkeys(ends.table["end"])},
                {"lighter"},
                ("The other intervals are in the appendix.",),
            )
            if column
            else reading(
                "How recommended penalties ended",
                ends.table,
                {
                    "ended": lambda row: str(row["end"]),
                    "number": counts("events"),
                    "share (interval)": shares(),
                },
            ),
            *(() if isinstance(steps, Refused) else (_steps(asked, steps),)),
        ),
        firm=(turns,) if turns else (),
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


def _never(rows: list[dict[Any, Any]]) -> bool:
    """Whether every penalty ended as recommended, which a release that holds one word twice would show too."""
    return all(row["estimate"] == (1 if row["end"] == "as recommended" else 0) for row in rows)


def _as_recommended(rows: list[dict[Any, Any]]) -> dict[Any, Any] | None:
    return next((row for row in rows if row["end"] == "as recommended" and wording.known(row["estimate"])), None)


def _few(rows: list[dict[Any, Any]], fewest: int) -> str:
    """Say the share that ended as recommended, where the few that ended lighter are not shown."""
    row = _as_recommended(rows)
    if row is None:
        return f"How many recommended penalties ended lighter rests on fewer than {fewest} and is not shown."
    return (
        f"Of {wording.count(row['n'])} recommended penalties above none, {_share(row)} ended as recommended; how many "
        f"ended lighter rests on fewer than {fewest} and is not shown."
    )


def _title(rows: list[dict[Any, Any]], lighter: dict[Any, Any]) -> str:
    if _never(rows):
        return "No penalty on record differs from the one recommended"
    row = None if wording.known(lighter["estimate"]) else _as_recommended(rows)
    if row is not None:
        return f"{_share(row)} of recommended penalties ended as recommended"
    return f"{_share(lighter)} of recommended penalties ended lighter"


def _orders(changes: Changes) -> str:
    """Say what another order of the contested penalties would change, as far as it is shown."""
    every = changes.by_order[changes.by_order["kind"] == "lightened"]["estimate"]
    orders = every.dropna()
    if len(orders) > 1 and float(orders.max() - orders.min()) > 0.005:
        return (
            f"By another order of the contested penalties, {wording.share(orders.min())} to "
            f"{wording.share(orders.max())} of all pairs ended lighter."
        )
    if len(orders) < len(every):
        return "What another order of the contested penalties would change rests on few and is not shown."
    if orders.nunique() > 1:
        return "Another order of the contested penalties hardly changes this."
    return "The order of the contested penalties does not change this."


def _share(row: Row) -> str:
    return (
        wording.share(row["estimate"], row["lower"], row["upper"])
        if wording.known(row["estimate"])
        else "a hidden share"
    )


def _groups(asked: Asked, lighter: list[dict[Any, Any]], column: str | None) -> str:
    if column is None:
        return ""
    ends = ends_of(lighter[1:], column)
    if ends is None:
        return f"By {asked.group}, too few groups can be shown."
    said = ends_said(ends, _share, lambda row: asked.label(str(row[column])))
    return f"By {asked.group}, {said} ended lighter."


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
