"""What changed from one release to the next: the finding of ``what_changed_between_releases``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accountability import labels
from accountability.audit.recording_rules import studies_touched
from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import counts, raw, reading, shares
from accountability.results import Refused, capitalised, plural

if TYPE_CHECKING:
    import pandas as pd

    from accountability.releases import Backtest, LateRecording, Pair

_MOST_ROWS = 12


def found(asked: Asked, *, pair: Pair, late: LateRecording | Refused | None = None) -> Finding:
    """State the complaints with a changed fact, the closings recorded late, and the estimates that held."""
    changed, lag, tested = pair.changes, pair.lag, pair.backtest
    n = dict(zip(changed.keys["in_release"], changed.keys["n"], strict=True))
    both = int(n["in both"])
    share = wording.share(changed.changed / both)
    first = (
        f"Of {plural(both, 'complaint')} in both releases, {changed.changed:,} ({share}) changed in at least one "
        f"fact{_mostly(asked, changed.table, changed.changed)}; "
        f"{n['new']:,} are new and {n['gone']:,} are gone."
    )
    second = "" if isinstance(lag, Refused) else f" {_late(lag.late, lag.n)}"
    third = "" if isinstance(tested, Refused) else f" {_held(tested)}"
    title = f"A fact changed in {share} of the complaints in both releases"
    if asked.group:
        third = f" {_words(asked, changed.table)}"
        title = third.strip().rstrip(".")
    return asked.finding(
        f"{first}{second}{third}",
        lead=asked.lead(
            changed,
            title,
            f"Complaints in which a field changed by {wording.date(pair.after.card.observed_until)}, by kind of change",
            f"{plural(both, 'complaint')} in both releases",
            alt=f"{title}. {first}",
        ),
        numbers=(
            KeyNumber(value=share, label="of complaints changed in a fact", **raw(changed.changed / both)),
            *(
                ()
                if isinstance(lag, Refused)
                else (
                    KeyNumber(
                        value=wording.share(lag.late / lag.n),
                        label="of closings were recorded late",
                        **raw(lag.late / lag.n),
                    ),
                )
            ),
            *(
                ()
                if isinstance(tested, Refused)
                else (
                    KeyNumber(
                        value=f"{int(tested.table['held'].sum())} of {len(tested.table)}",
                        label="intervals held what the next release shows",
                        **raw(tested.share_held),
                    ),
                )
            ),
            KeyNumber(value=f"{n['new']:,}", label="complaints are new", note=f"{n['gone']:,} gone"),
        ),
        tables=tuple(_tables(asked, pair, late)),
        firm=tuple(
            asked.sentence(one.sentence()) for one in (late,) if one is not None and not isinstance(one, Refused)
        ),
        breaks=tuple(_breaks(asked, pair)),
        method=asked.method(changed, lag, tested, *([] if late is None else [late])),
    )


def _mostly(asked: Asked, table: pd.DataFrame, changed: int) -> str:
    """Name the field whose one kind of change makes up most of what changed: it may be a change of publishing."""
    facts = table[table["change"].isin(("filled", "emptied", "changed"))]
    if facts.empty or facts["n"].max() <= changed / 2:
        return ""
    top = facts.sort_values("n", kind="stable").iloc[-1]
    return f", most of them in {_field(asked, str(top['field']))}, {top['change']} in {int(top['n']):,}"


def _words(asked: Asked, table: pd.DataFrame) -> str:
    """Say in how many complaints one column changed, and how."""
    own = table[table["field"] == asked.parameters["group"]].to_dict("records")
    if not own:
        return f"{capitalised(asked.group)} changed in none of the complaints in both releases."
    said = [
        f"{row['change']} in {plural(int(row['n']), 'complaint') if wording.known(row['n']) else 'fewer than ten'}"
        for row in own
    ]
    return f"{capitalised(asked.group)} was {wording.joined(said)}."


def _late(late: int, n: int) -> str:
    return f"{late:,} of {plural(n, 'closing')} dated up to the first release's last day were not in it."


def _held(tested: Backtest) -> str:
    return (
        f"{int(tested.table['held'].sum())} of {len(tested.table)} intervals for the share closed, by year received, "
        f"held what the next release shows."
    )


def _tables(asked: Asked, pair: Pair, late: LateRecording | Refused | None) -> list[ReadingTable]:
    top = pair.changes.table.sort_values("n", ascending=False, kind="stable")
    moved = {
        "to an earlier day": lambda row: _moved(row["earlier"]),
        "to a later day": lambda row: _moved(row["later"]),
        "median days moved": lambda row: _moved(row["median_days"]),
    }
    made = [
        reading(
            "What changed, in how many complaints",
            top.head(_MOST_ROWS),
            {
                "field": lambda row: _field(asked, str(row["field"])),
                "change": lambda row: str(row["change"]),
                "complaints": counts("n"),
                **(moved if top.head(_MOST_ROWS)["median_days"].notna().any() else {}),
            },
            (f"The {_MOST_ROWS} largest of {len(top)} are shown.",) if len(top) > _MOST_ROWS else (),
        )
    ]
    if late is not None and not isinstance(late, Refused):
        made.append(
            reading(
                "Share closed, as published and read otherwise",
                late.table.dropna(subset="estimate"),
                {
                    "reading": lambda row: asked.plain(str(row["reading"])),
                    "days": counts("day"),
                    "share closed (interval)": shares(),
                },
            )
        )
    if not isinstance(pair.backtest, Refused):
        made.append(
            reading(
                "Predicted and realised, by year received",
                pair.backtest.table,
                {
                    "received": lambda row: str(row["year"]),
                    "days": counts("day"),
                    "predicted (interval)": shares(),
                    "realised": lambda row: wording.share(row["realised"], row["lower"], row["upper"]),
                    "held": lambda row: "yes" if row["held"] else "no",
                },
            )
        )
    return made


def _field(asked: Asked, name: str) -> str:
    return f"day of {labels.moment(name)}" if name in asked.data.events["stage"].unique() else asked.label(name)


def _moved(value: object) -> str:
    return wording.count(value) if wording.known(value) else ""


def _breaks(asked: Asked, pair: Pair) -> list[str]:
    said = [asked.plain(f"{text} {studies_touched(stage)}") for stage, text in pair.changes.traps()]
    for one in (pair.lag, pair.backtest):
        if isinstance(one, Refused):
            said.append(asked.sentence(f"{one.estimand}: {asked.because(one)}"))
    return [
        *said,
        "What the later release shows is taken as how it was; it may itself lack closings that are not recorded yet.",
        "Complaints are matched by their numbers alone; a number given to another complaint would pass for a change.",
    ]
