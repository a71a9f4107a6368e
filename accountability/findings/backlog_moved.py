"""How the number of open complaints moved: the finding of ``how_the_backlog_moved``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import Row, counts, ends_of, raw, reading
from accountability.results import Refused, plural

if TYPE_CHECKING:
    import pandas as pd

    from accountability.delay import Backlogs, Caseload


#: Months in which the number open mostly fills up from none.
_FILLS = 12


def found(
    asked: Asked,
    *,
    load: Caseload | Refused,
    pace: Backlogs | Refused,
    half: Backlogs | Refused,
    twice: Backlogs | Refused,
) -> Finding:
    """State how the number of open complaints changed, and the time to clear them at the last pace."""
    if isinstance(load, Refused):
        return asked.not_answered(load, "how the number of open complaints moved")
    whole = load.table[load.table["complete"]]
    # Complaints of before the release are not in it: its first months fill up whatever happened.
    first, last = whole.iloc[_FILLS - 1 if len(whole) > 2 * _FILLS else 0], whole.iloc[-1]
    top = whole.sort_values("open_at_end", kind="stable").iloc[-1]
    start, end = int(first["open_at_end"]), int(last["open_at_end"])
    verb = "rose" if end > start else "fell" if end < start else "stayed as many,"
    begun = wording.month(whole.iloc[0]["month"])
    before = f", complaints received before {begun} not counted" if start < end else ""
    moved = (
        f"Open complaints {verb} from {start:,} at the end of {wording.month(first['month'])} to {end:,} at the end of "
        f"{wording.month(last['month'])}{before}; the peak was {int(top['open_at_end']):,}, in "
        f"{wording.month(top['month'])}."
    )
    title = f"Open complaints {verb} from {start:,} to {end:,}"
    groups = "" if isinstance(pace, Refused) else _groups(asked, pace)
    if _compared(pace):
        title = groups.rstrip(".")
    by_pace = [] if isinstance(pace, Refused) else [_pace(asked, pace), groups]
    turns = _turns(pace, half, twice)
    mass = load.mass_closures
    return asked.finding(
        " ".join(text for text in (moved, *by_pace, *(() if asked.group else turns[:1])) if text),
        lead=asked.lead(
            pace,
            title,
            f"Closed for each received, in the last {plural(pace.months, 'month')}",
            "{received:,} complaints received, {closed:,} closed".format_map(pace.table.iloc[0].to_dict()),
        )
        if not isinstance(pace, Refused) and _compared(pace)
        else asked.lead(
            load,
            title,
            "Complaints received, closed and open at the end of each month",
            f"{plural(int(whole['received'].sum()), 'complaint')} received, {int(whole['closed'].sum()):,} closed",
            alt=f"{title}. {moved}",
        ),
        numbers=(
            KeyNumber(
                value=f"{end:,}",
                label=f"open at the end of {wording.month(last['month'])}",
                note=f"{start:,} at the end of {wording.month(first['month'])}",
                **raw(end),
            ),
            *(() if isinstance(pace, Refused) else _key(pace)),
            *(
                (KeyNumber(value=wording.days(last["median_age_open"]), label="half of the open ones are older than"),)
                if wording.known(last["median_age_open"])
                else ()
            ),
        ),
        tables=tuple(
            [_years(whole)]
            + (
                []
                if isinstance(pace, Refused) or not asked.group
                else [_paces(asked, f"Pace of the last {pace.months} months, by {asked.group}", pace)]
            )
        ),
        firm=turns or ("The verdict does not turn with half or twice as many months of pace.",)
        if not isinstance(pace, Refused)
        else (),
        firm_table=_by_months(pace, half, twice),
        breaks=_breaks(mass),
        method=asked.method(load, pace),
    )


def _pace(asked: Asked, pace: Backlogs) -> str:
    row = pace.table.iloc[0]
    came = (
        f"In the last {plural(pace.months, 'month')}, {int(row['received']):,} came in and {int(row['closed']):,} were "
        "closed"
    )
    if _falls(pace):
        ends = wording.interval(row["months_lower"], row["months_upper"], lambda end: f"{float(end):,.0f}")
        return (
            f"{came}; at that pace the {int(row['open']):,} open ones would be cleared in "
            f"{plural(round(float(row['months_to_clear'])), 'month')} ({wording.level(pace.confidence)} "
            f"interval {ends})."
        )
    if float(row["fall_upper"]) < 0:
        return f"{came}: the number open is growing."
    return f"{came}: the number open is not falling beyond chance, so no time to clear it is given."


def _falls(pace: Backlogs) -> bool:
    return bool(wording.known(pace.table.iloc[0]["months_to_clear"]))


def _groups(asked: Asked, pace: Backlogs) -> str:
    if not asked.group:
        return ""
    ends = _ends(pace)
    if ends is None:
        return f"By {asked.group}, too few groups can be shown."
    low, high = ((wording.share(row["clearance"]), asked.label(str(row["group"]))) for row in ends)
    return f"By {asked.group}, closings were {low[0]} of receipts ({low[1]}) to {high[0]} ({high[1]})."


def _compared(pace: Backlogs | Refused) -> bool:
    return not isinstance(pace, Refused) and _ends(pace) is not None


def _ends(pace: Backlogs) -> tuple[Row, Row] | None:
    return ends_of(pace.table.iloc[1:].to_dict("records"), "group", "clearance")


def _turns(pace: Backlogs | Refused, half: Backlogs | Refused, twice: Backlogs | Refused) -> tuple[str, ...]:
    """Say whether another number of months would turn the verdict round."""
    if isinstance(pace, Refused):
        return ()
    falls = _falls(pace)
    other = [one.months for one in (half, twice) if not isinstance(one, Refused) and _falls(one) is not falls]
    if not other:
        return ()
    verdict = "not falling beyond chance" if falls else "falling beyond chance"
    return (f"Over the last {' or '.join(str(one) for one in other)} months it is {verdict}.",)


def _key(pace: Backlogs) -> tuple[KeyNumber, ...]:
    row = pace.table.iloc[0]
    return (
        KeyNumber(
            value=wording.share(row["clearance"]),
            label=f"closed for each received, last {pace.months} months",
            note=f"{int(row['closed']):,} closed, {int(row['received']):,} received",
        ),
        KeyNumber(
            value=wording.days(row["half_closed_in"]) if wording.known(row["half_closed_in"]) else "not reached",
            label="until half of the open ones would be closed",
            note="at the rates at which complaints of each age closed",
        ),
    )


def _years(whole: pd.DataFrame) -> ReadingTable:
    by = whole.assign(year=whole["month"].astype("str").str[:4]).groupby("year", as_index=False)
    years = by.agg(received=("received", "sum"), closed=("closed", "sum"), open=("open_at_end", "last"))
    return reading(
        "Complaints by year",
        years,
        {
            "year": lambda one: str(one["year"]),
            "received": counts("received"),
            "closed": counts("closed"),
            "open at the end": counts("open"),
        },
        ("Whole months only; the last year may hold fewer than twelve.",),
    )


def _paces(asked: Asked, title: str, pace: Backlogs) -> ReadingTable:
    return reading(
        title,
        pace.table,
        {
            "group": lambda one: asked.label(str(one["group"])),
            "received": counts("received"),
            "closed": counts("closed"),
            "open": counts("open"),
            "closed for each received": lambda one: wording.share(one["clearance"]),
        },
    )


def _by_months(*paces: Backlogs | Refused) -> ReadingTable | None:
    import pandas as pd

    rows = [{"months": one.months, **one.table.iloc[0].to_dict()} for one in paces if not isinstance(one, Refused)]
    if not rows:
        return None
    return reading(
        "The verdict by the months that give the pace",
        pd.DataFrame(rows).sort_values("months"),
        {
            "pace of": lambda one: plural(int(one["months"]), "month"),
            "received": counts("received"),
            "closed": counts("closed"),
            "months to clear": lambda one: (
                f"{float(one['months_to_clear']):,.0f}" if wording.known(one["months_to_clear"]) else "not falling"
            ),
        },
    )


def _breaks(mass: pd.DataFrame) -> tuple[str, ...]:
    said = [
        "Complaints that were open before the release begins are not in it, so its first months start low.",
        "It does not say why the number moved: staff, intake, rules and recording are not in these data.",
    ]
    if len(mass):
        top = mass.sort_values("closed", kind="stable").iloc[-1]
        said.insert(
            0,
            f"On {plural(len(mass), 'day')} many complaints were closed together, {int(top['closed']):,} on "
            f"{wording.date(top['day'])}: paper closed then, and the work may have ended before.",
        )
    return tuple(said)
