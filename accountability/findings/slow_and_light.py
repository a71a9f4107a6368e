"""Do slow cases end lighter: the finding of ``does_delay_lighten``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import ReadingTable
from accountability.findings.frame_tables import key_share, reading, shares
from accountability.results import Refused, capitalised, plural

if TYPE_CHECKING:
    from accountability.outcomes.slow_cases import SlowCases
    from accountability.sensitivity import Tipping
    from accountability.study.durations import Durations

_FINDINGS = (
    "Whether the upheld end lighter cannot be said, as the release records no penalty imposed, nor how the same case "
    "would have ended"
)
_PENALTIES = "No view says which penalty the same case would have had"
_MIXED = "at the same mix"
_VIEWS = {"naive": "closed cases alone", "competing risks": "all cases", "landmark": "still open at a day"}


def found(
    asked: Asked,
    *,
    views: SlowCases | Refused,
    delays: Durations,
    reprimand: SlowCases | Refused | None = None,
    yearly: SlowCases | Refused | None = None,
    tipping: Tipping | Refused | None = None,
) -> Finding:
    """State whether cases open at a later day end heavier or lighter; this is not an effect of delay."""
    if isinstance(views, Refused):
        return asked.not_answered(views, "whether slow cases end lighter")
    findings = views.heavier == "sustained"
    worse = "a sustained finding" if findings else f"{asked.label(views.heavier)} or heavier"
    basis = "complaints with a finding on the merits" if findings else "upheld complaints"
    shown = [row for row in views.table.to_dict("records") if wording.known(row["estimate"])]
    marks = _marks(shown, _MIXED) if asked.group else []
    held = f", at one mix of {asked.group}" if marks else ""
    marks = marks or _marks(shown, "landmark")
    whole = next((row for row in shown if row["view"] == "competing risks"), None)
    if len(marks) > 1:
        first, last = marks[0], marks[-1]
        verdict = _verdict(first, last, "are upheld {} often" if findings else "end {}", findings)
        main = (
            f"{verdict[0]} Of {basis} {first['at']}, {_said(asked, first)} ended with {worse}; of those "
            f"{last['at']}, {_said(asked, last)}{held}."
        )
        title = f"{verdict[1]}{held}"
    else:
        main = (
            f"Of {basis} still open at the days looked at, fewer than {asked.fewest} ended with {worse}, or all but a "
            "few did: too few to say whether slow cases end lighter."
        )
        title = "Too few slow cases to say whether they end lighter"
    key = [row for row in (*marks[:1], *marks[-1:], whole) if row is not None]
    return asked.finding(
        f"{main} {_FINDINGS if findings else _PENALTIES}, had it been closed sooner.",
        lead=asked.lead(
            views,
            title,
            f"Share of {basis} with {worse}, seen in three ways",
            f"{plural(len(delays.table), 'complaint')} with a usable delay",
        ),
        numbers=tuple(
            key_share(f"{worse}, {row['at']}{held if row in marks else ''}", row)
            for row in {row["at"]: row for row in key}.values()
        )[:4],
        tables=(_table(f"Share with {worse}, by how cases are looked at", views),),
        firm=_firm(reprimand, yearly, _MIXED if held else "landmark"),
        firm_table=None
        if reprimand is None or isinstance(reprimand, Refused)
        else _table(f"The same with {asked.label(reprimand.heavier)} as the line", reprimand),
        breaks=(*asked.tipping(tipping), *_breaks(delays, views)),
        method=(
            *asked.method(views),
            *(
                ("What each view identifies", asked.sentence(str(row["says"])))
                for row in views.identified.to_dict("records")
            ),
        ),
    )


def _marks(shown: list[dict[Any, Any]], view: str) -> list[dict[Any, Any]]:
    """The rows of cases still open at a day, if two or more are shown; of one alone nothing follows."""
    rows = [row for row in shown if row["view"] == view and row["day"]]
    return rows if len(rows) > 1 else []


def _said(asked: Asked, row: dict[Any, Any]) -> str:
    return (
        f"{wording.share(row['estimate'], row['lower'], row['upper'])} ({asked.confidence} interval "
        f"{wording.share_ends(row['lower'], row['upper'])})"
    )


def _verdict(first: dict[Any, Any], last: dict[Any, Any], end: str, findings: bool) -> tuple[str, str]:
    more, less = ("more", "less") if findings else ("heavier", "lighter")
    if last["lower"] > first["upper"]:
        said = f"Slow cases {end.format(more)}, not {less}"
        return f"{said}.", said
    if last["upper"] < first["lower"]:
        said = f"Slow cases {end.format(less)}"
        return f"{said}.", said
    way = f"slow cases {end.format('somewhat ' + (more if last['estimate'] > first['estimate'] else less))}"
    return (
        f"These data do not settle it: {way}, within what chance may do.",
        f"{capitalised(way)}, within what chance may do",
    )


def _table(title: str, views: SlowCases) -> ReadingTable:
    return reading(
        title,
        views.table,
        {
            "looked at": lambda row: _VIEWS.get(str(row["view"]), str(row["view"])),
            "cases": lambda row: str(row["at"]),
            "number": lambda row: wording.count(row["n"]),
            "share (interval)": shares(),
        },
    )


def _firm(reprimand: SlowCases | Refused | None, yearly: SlowCases | Refused | None, view: str) -> tuple[str, ...]:
    said = []
    for result, what in ((reprimand, "With a reprimand as the line"), (yearly, "With landmarks of one and two years")):
        if result is None or isinstance(result, Refused):
            continue
        shown = [row for row in result.table.to_dict("records") if wording.known(row["estimate"])]
        if rows := _marks(shown, view):
            said.append(
                f"{what}: {wording.share(rows[0]['estimate'])} {rows[0]['at']}, "
                f"{wording.share(rows[-1]['estimate'])} {rows[-1]['at']}."
            )
    return tuple(said)


def _breaks(delays: Durations, views: SlowCases) -> tuple[str, ...]:
    left = delays.excluded_counts()
    still = int((~delays.event).sum())
    said = []
    if still:
        said.append(
            f"{plural(still, 'complaint')} {'is' if still == 1 else 'are'} still open: they would have to end "
            f"like others of their age."
        )
    if len(left):
        said.append(f"{plural(int(left['cases'].sum()), 'complaint')} without usable dates are left out.")
    if bool(views.table["hidden"].any()):
        ends = "ends of one kind" if views.heavier == "sustained" else "heavier or lighter penalties"
        said.append(f"Some rows rest on too few {ends} to be shown.")
    said.append("Cases left at a later day are other cases than those at an earlier one: serious cases take longer.")
    return tuple(said)
