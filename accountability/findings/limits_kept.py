"""Were complaints closed within a limit: the finding of ``were_deadlines_met``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import counts, ends_of, raw, reading
from accountability.results import plural

if TYPE_CHECKING:
    import pandas as pd

    from accountability.delay.deadlines import Deadlines
    from accountability.study.durations import Durations


def found(
    asked: Asked,
    *,
    delays: Durations,
    verdict: Deadlines,
    groups: Deadlines,
    by_year: Deadlines,
    unpaused: Deadlines,
    others: pd.DataFrame | None = None,
) -> Finding:
    """State first the share that cannot be judged, then the shares late and in time."""
    row, law = verdict.table.iloc[0], verdict.rule
    number, late, in_time, untold = (int(row[name]) for name in ("n", "late", "in_time", "cannot_tell"))
    limit = law.length
    own = bool(getattr(law, "source", ""))
    stopped = unpaused.table.iloc[0]
    shares = f"between {wording.share(row['late_lower'])} and {wording.share(row['late_upper'])}"
    if untold:
        first = (
            f"For {untold:,} of {number:,} complaints ({wording.share(untold / number)}) it cannot be told whether the "
            f"limit of {limit} was kept; {in_time:,} were in time and {late:,} late for certain, so {shares} were late."
        )
    else:
        first = (
            f"Of {number:,} complaints {late:,} ({wording.share(late / number)}) were past the limit of {limit} and "
            f"{in_time:,} were in time."
        )
    second = (
        f"Had no clock ever stopped, {wording.share(stopped['late_lower'])} would have been late."
        if untold and int(stopped["late"]) != late
        else ""
    )
    third = (
        "" if own else f"This is a yardstick from {law.jurisdiction}: the source does not say that it binds the agency."
    )
    between = f"{shares[:1].upper()}{shares[1:]} of complaints were past {limit}"
    title = between if untold else f"{wording.share(late / number)} of complaints were past {limit}"
    title = _apart(asked, groups).rstrip(".") or title
    drawn = groups if asked.group else by_year
    who = asked.group or "year in which the complaint started"
    return asked.finding(
        " ".join(
            text
            for text in (first, _apart(asked, groups), *([third or second] if asked.group else [second, third]))
            if text
        ),
        lead=asked.lead(
            drawn,
            title,
            f"Share late, from the least to the most it can be, by {who}",
            f"{plural(number, 'complaint')}. {law.citation or limit}",
        ),
        numbers=(
            KeyNumber(
                value=wording.share(untold / number),
                label="cannot be told",
                note=f"{untold:,} of {number:,} complaints",
                **raw(untold / number),
            ),
            KeyNumber(value=f"{late:,}", label="late for certain", note=f"of {number:,} complaints"),
            KeyNumber(value=f"{in_time:,}", label="in time", note=wording.share(in_time / number)),
            KeyNumber(
                value=wording.share(stopped["late_lower"]), label="late, had no clock stopped", note=f"limit of {limit}"
            ),
        ),
        tables=(
            *(
                (_table(asked, f"By {asked.group}", groups.table, asked.parameters["group"], asked.group),)
                if asked.group
                else ()
            ),
            _table(asked, "By year in which the complaint started", by_year.table, "year_started", "year"),
            reading(
                "Why it cannot be told",
                verdict.reasons.assign(why=verdict.reasons["reason"].where(verdict.reasons["reason"] != "", "–")),
                {
                    "verdict": lambda one: str(one["verdict"]),
                    "because": lambda one: str(one["why"]),
                    "complaints": counts("cases"),
                },
            ),
        ),
        firm=()
        if others is None
        else (
            f"Against each other limit on the list, with no clock stopped, from "
            f"{wording.share(others['late_lower'].min())} to {wording.share(others['late_upper'].max())} would "
            f"be late.",
        ),
        firm_table=None
        if others is None
        else reading(
            "The same complaints under other limits, no clock stopped",
            others,
            {
                "where it holds": lambda one: str(one["jurisdiction"]),
                "limit": lambda one: str(one["limit"]),
                "late": counts("late"),
                "in time": counts("in_time"),
                "cannot be told": counts("cannot_tell"),
            },
            (
                "Limits start, stop and bind differently: this says how long complaints took, not that those "
                "laws apply.",
            ),
        ),
        breaks=_breaks(delays, verdict, untold),
        method=(
            *asked.method(verdict),
            ("The limit", asked.sentence(_then("; ".join(f"{what}: {said}" for what, said in law.facts().items())))),
        ),
    )


def _table(asked: Asked, title: str, frame: pd.DataFrame, column: str, heading: str) -> ReadingTable:
    return reading(
        title,
        frame,
        {
            heading: lambda one: asked.label(str(one[column])),
            "complaints": counts("n"),
            "late": counts("late"),
            "in time": counts("in_time"),
            "cannot be told": counts("cannot_tell"),
        },
    )


def _apart(asked: Asked, groups: Deadlines) -> str:
    if not asked.group:
        return ""
    column = str(asked.parameters["group"])
    ends = ends_of(groups.table.dropna(subset="n").to_dict("records"), column, "late_upper")
    if ends is None:
        return ""
    low, high = ends
    return (
        f"By {asked.group}, at most {wording.share(low['late_upper'])} ({asked.label(str(low[column]))}) to "
        f"{wording.share(high['late_upper'])} ({asked.label(str(high[column]))}) were late."
    )


def _then(law: str) -> str:
    """Write the steps of a law in words: ``complaint -> investigation`` has an arrow between them."""
    return law.replace(" -> ", ", then ")


def _breaks(delays: Durations, verdict: Deadlines, untold: int) -> tuple[str, ...]:
    left = delays.excluded_counts()
    said = [
        f"The limit would have to start and end at the events that are dated here; the rule says it starts with "
        f"{_then(verdict.rule.starts).rstrip('.') or 'an event it does not name'}."
    ]
    if untold and verdict.rule.pauses:
        said.append(f"A stopped clock is not seen here. What stops it: {verdict.rule.pauses.rstrip('.')}.")
    if len(left):
        said.append(
            f"{plural(int(left['cases'].sum()), 'complaint')} without usable dates can be neither late nor in time."
        )
    return tuple(said)
