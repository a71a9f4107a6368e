"""When an officer's next complaint comes: the finding of ``when_does_the_next_complaint_come``."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    ratios,
    reading,
    shares,
)
from accountability.officers import AFTER
from accountability.results import Refused, plural

if TYPE_CHECKING:
    from accountability.delay import Cox, DelayCurve
    from accountability.officers import MeanCumulativeFunction, NextComplaint

NEXT = "next complaint"
#: Complaints of an officer in order; from the sixth on they are pooled.
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth or later")
BREAKS = (
    "An officer is here because a complaint named him or her: who was never complained about is in no share.",
    "Officers differ in beat, shift and years: those whose complaints come fast are those who draw many, and a "
    "rate that rises with the number of earlier complaints need not mean that one complaint brings the next.",
)


def found(
    asked: Asked,
    *,
    coming: NextComplaint | Refused,
    groups: NextComplaint | Refused | None,
    again: MeanCumulativeFunction | Refused,
    rates: Cox | Refused,
    gaps: DelayCurve | Refused | None = None,
    by_incident: NextComplaint | Refused | None = None,
) -> Finding:
    """Say which share drew a next complaint within the days asked for, and what came after each step."""
    if isinstance(coming, Refused):
        return asked.not_answered(coming, "when the next complaint comes", breaks=BREAKS)
    days = int(coming.table["day"].min())
    rows = [row for row in coming.table.to_dict("records") if row["day"] == days and row["end"] == NEXT]
    first, others = rows[0], [row for row in rows[1:] if wording.known(row["estimate"])]
    shown = wording.known(first["estimate"])
    main = (
        f"Within {plural(days, 'day')} of {AFTER[first['after']]}, "
        f"{_plain(first)} of {int(first['n']):,} officers drew the "
        f"next one ({asked.confidence} interval {wording.share_ends(first['lower'], first['upper'])})."
        if shown
        else f"Too few officers were watched {plural(days, 'day')} after {AFTER[first['after']]} to show a share."
    )
    after = (
        "After "
        + "; after ".join(f"{AFTER[row['after']]} it was {_plain(row)}" for row in others)
        + ": officers who come that far differ from those who do not, so this is not an effect of the step."
        if others
        else ""
    )
    caveat = (
        "Leaving is counted as an end of its own."
        if coming.leaving
        else "When officers left is not on record: who left counts as never complained about again."
    )
    title = (
        f"{_plain(first)} of officers drew a next complaint within {plural(days, 'day')}"
        if shown
        else "The next complaint after each step"
    )
    lead = coming if groups is None or isinstance(groups, Refused) else groups
    apart = _apart(asked, groups, days)
    if apart:
        title = f"{apart} of officers drew a next complaint within {plural(days, 'day')}"
        after = f"By {asked.group}, it was {apart}."
    return asked.finding(
        " ".join(text for text in (main, after, caveat) if text),
        lead=asked.lead(
            lead,
            title,
            "Share of officers with a next complaint, by days since the step"
            + ("; leaving is another end" if coming.leaving else ""),
            f"{int(first['n']):,} officers",
        ),
        numbers=tuple(
            key_share(f"with a next complaint within {plural(days, 'day')} of {AFTER[row['after']]}", row)
            for row in [first, *others]
            if wording.known(row["estimate"])
        )[:4],
        tables=(
            reading(
                "Next complaint, or left the agency before one",
                coming.table,
                {
                    "after": lambda one: AFTER[str(one["after"])],
                    "within (days)": counts("day"),
                    "end": lambda one: str(one["end"]),
                    "share of officers (interval)": _share,
                    "officers": counts("n"),
                },
            ),
            *_by_group(asked, groups),
            *_rates(rates),
        ),
        firm=(*_gap(gaps, days), *_incident(by_incident, days)),
        breaks=BREAKS,
        method=asked.method(coming, again, rates),
    )


def _plain(row: Row) -> str:
    return wording.share(row["estimate"], row["lower"], row["upper"])


def _share(row: Row) -> str:
    # Beyond the last day on which an officer was watched nothing is hidden: it was not seen.
    if not row["hidden"] and not wording.known(row["estimate"]):
        return "not observed"
    return shares()(row)


def _apart(asked: Asked, groups: NextComplaint | Refused | None, days: int) -> str:
    """The groups with the least and the greatest share; empty where fewer than two can be shown."""
    if not asked.group or groups is None or isinstance(groups, Refused):
        return ""
    column = str(asked.parameters["group"])
    at = groups.table[(groups.table["day"] == days) & (groups.table["end"] == NEXT)]
    ends = ends_of(at.to_dict("records"), column)
    return ends_said(ends, _plain, lambda row: asked.label(str(row[column]))) if ends else ""


def _by_group(asked: Asked, groups: NextComplaint | Refused | None) -> tuple[ReadingTable, ...]:
    if not asked.group or groups is None or isinstance(groups, Refused):
        return ()
    column = str(asked.parameters["group"])
    return (
        groups_in_rows(
            f"Next complaint after the first, by {asked.group}",
            groups.table[groups.table["end"] == NEXT],
            column,
            "day",
            {asked.group: lambda one: asked.label(str(one[column])), "officers": counts("n")},
            {day: f"within {plural(int(day), 'day')}" for day in sorted(set(groups.table["day"]))},
            set(groups.table["day"]),
        ),
    )


def _rates(rates: Cox | Refused) -> tuple[object, ...]:
    if isinstance(rates, Refused):
        return ()
    against = ORDINALS[int(str(rates.design.levels["number"][0])) - 1]
    return (
        reading(
            f"Rate of the next complaint by how many came before, times that after the {against}",
            rates.table,
            {"complaint": _number, "ratio (interval)": ratios("estimate", "lower", "upper")},
        ),
    )


def _number(row: Row) -> str:
    return f"further complaint {str(row['term']).rpartition('=')[2]}"


def _gap(gaps: DelayCurve | Refused | None, days: int) -> tuple[str, ...]:
    if gaps is None or isinstance(gaps, Refused):
        return ()
    rows = [row for row in gaps.at([days]).to_dict("records") if wording.known(row["estimate"])]
    if not rows:
        return ()
    # The curve is of those still to come.
    said = [f"{wording.share(1 - row['estimate'])} after the {ORDINALS[int(row['number']) - 1]}" for row in rows]
    return (f"The next complaint came within {plural(days, 'day')} for {wording.joined(said)}.",)


def _incident(found: NextComplaint | Refused | None, days: int) -> tuple[str, ...]:
    if found is None or isinstance(found, Refused):
        return ()
    row = next(one for one in found.table.to_dict("records") if one["end"] == NEXT and one["day"] == days)
    if not wording.known(row["estimate"]):
        return ()
    share = wording.share_interval(row["estimate"], row["lower"], row["upper"])
    return (f"With complaints dated by their incident, it is {share}.",)
