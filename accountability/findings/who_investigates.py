"""Do delay and finding differ between investigators of like complaints: ``does_it_matter_who_investigates``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber
from accountability.findings.frame_tables import Row, counts, raw, reading
from accountability.results import Refused, plural

if TYPE_CHECKING:
    from accountability.investigators import Balance, InvestigatorSpread, Leniency


def found(
    asked: Asked,
    *,
    spread: InvestigatorSpread | Refused,
    alike: Balance | Refused,
    instrument: Leniency | Refused,
    beside: InvestigatorSpread | Refused | None = None,
    finer: InvestigatorSpread | Refused | None = None,
) -> Finding:
    """Say how far investigators differ first, and whether their complaints differed before."""
    if isinstance(spread, Refused):
        return asked.not_answered(
            spread,
            "whether it matters who investigates",
            breaks=_breaks(asked, alike, instrument),
            method=asked.method(alike),
        )
    rows = spread.table.to_dict("records")
    first = rows[0]
    apart = [row for row in rows if row["p_value"] <= 1 - spread.confidence]
    verdict = "Yes" if len(apart) == len(rows) else "In part" if apart else "No sign beyond chance"
    told = "; ".join(_spread(row, asked) for row in rows)
    counted = f"{int(first['clusters']):,} investigators, {plural(int(first['n']), 'complaint')}"
    title = "Investigators of like complaints differ no more than by chance"
    if apart:
        title = f"Investigators of like complaints differ by {_points(apart[0])} in the share {_short(apart[0])}"
    return asked.finding(
        f"{verdict}: between investigators of like complaints, {told}. This compares {counted}. {_before(alike)}",
        lead=asked.lead(
            spread,
            title,
            f"Share {first['says']}: difference from like complaints, by groups of investigators",
            counted,
        ),
        numbers=(
            *(
                KeyNumber(
                    value=_points(row),
                    label=f"spread between investigators, share {_short(row)}",
                    note=_ends(row, asked),
                    **raw(row["estimate"], row["lower"], row["upper"]),
                )
                for row in rows
            ),
            KeyNumber(
                value=f"{100 * first['tenths']:.0f} points",
                label=f"between the quickest and the slowest tenth, share {_short(first)}"
                if first["outcome"] == "slow"
                else f"between the tenths that differ most, share {_short(first)}",
                note="by a normal law",
            ),
            *(
                ()
                if isinstance(alike, Refused)
                else (
                    KeyNumber(
                        value=f"{alike.table.iloc[-1]['estimate']:.2f} times",
                        label="the spread of shuffles in what was known before",
                        note=wording.p_value(alike.table.iloc[-1]["p_value"]),
                    ),
                )
            ),
        )[:4],
        tables=(
            reading(
                "Spread between investigators, and what shuffles give",
                spread.table,
                {
                    "share": lambda one: _short(one),
                    "chance removed (interval)": lambda one: f"{_points(one)} ({_ends(one, asked)})",
                    "as estimated": lambda one: f"{100 * one['raw']:.1f} points",
                    "by shuffles": lambda one: (
                        f"{100 * one['expected']:.1f} ({100 * one['expected_lower']:.1f} to "
                        f"{100 * one['expected_upper']:.1f})"
                    ),
                    "investigators": counts("clusters"),
                    "complaints": counts("n"),
                },
            ),
            *(() if isinstance(instrument, Refused) else _instrument(instrument)),
        ),
        firm=tuple(
            text
            for text in (_again(beside, "With what was known before held alike"), _again(finer, "By quarter"))
            if text
        ),
        breaks=_breaks(asked, alike, instrument),
        method=asked.method(spread, alike, instrument),
    )


def _short(row: Row) -> str:
    return str(row["says"]).split(", of ")[0]


def _points(row: Row) -> str:
    return f"{100 * row['estimate']:.1f} points"


def _ends(row: Row, asked: Asked) -> str:
    if not wording.known(row["upper"]):
        return "no interval exists: shuffles give more"
    return f"{asked.confidence} interval {100 * row['lower']:.1f} to {100 * row['upper']:.1f}"


def _spread(row: Row, asked: Asked) -> str:
    return (
        f"the share {_short(row)} differs by a standard deviation of {_points(row)}, chance removed "
        f"({_ends(row, asked)}; {wording.p_value(row['p_value'])} by shuffles)"
    )


def _before(alike: Balance | Refused) -> str:
    if isinstance(alike, Refused):
        return "Whether their complaints were alike before cannot be told."
    row = alike.table.iloc[-1]
    if row["p_value"] <= 1 - alike.confidence:
        return (
            f"Their complaints differed before anyone looked into them, by {row['estimate']:.1f} times what shuffles "
            "give, so part of it may lie in the complaints."
        )
    return "In what was known before, their complaints differ no more than by chance."


def _again(found: InvestigatorSpread | Refused | None, how: str) -> str:
    if found is None or isinstance(found, Refused):
        return ""
    said = "; ".join(f"{_points(row)} in the share {_short(row)}" for row in found.table.to_dict("records"))
    return f"{how}, investigators differ by {said}."


def _instrument(found: Leniency) -> tuple[Any, ...]:
    rows = found.table[found.table["lower"].notna()]
    return (
        reading(
            f"Change of the share {found.outcome} by being {found.treatment}, if the assumptions hold",
            rows,
            {
                "way": lambda one: str(one["says"]),
                "change (interval)": lambda one: _change(one, found),
            },
        ),
    )


def _change(row: Row, found: Leniency) -> str:
    if row["way"] != "anderson_rubin":
        return f"{100 * row['estimate']:.0f} points ({_limits(row['lower'], row['upper'])})"
    return " or ".join(_limits(low, high) for low, high in found.accepted)


def _limits(low: float, high: float) -> str:
    if low == -float("inf") and high == float("inf"):
        return "any number"
    if low == -float("inf"):
        return f"below {100 * high:.0f}"
    return f"above {100 * low:.0f}" if high == float("inf") else f"{100 * low:.0f} to {100 * high:.0f}"


def _breaks(asked: Asked, alike: Balance | Refused, instrument: Leniency | Refused) -> tuple[str, ...]:
    said = [
        "Nothing here says how complaints were given out: where a supervisor chooses who gets the hard ones, "
        "investigators differ without doing anything differently.",
        "A spread is of investigators, not of what is right: a slow file may be a thorough one.",
    ]
    if not isinstance(instrument, Refused):
        failed = instrument.implied[instrument.implied["fails"]]
        said.append(
            "As an instrument the investigator says nothing unless complaints fall by lot, delay is the only way in "
            "which investigators move the finding, and none is slower with some complaints and quicker with others; "
            + (
                f"{len(failed)} of {len(instrument.implied)} implications fail."
                if len(failed)
                else "no effect fits all investigators, so this fails."
                if not instrument.accepted
                else "what can be looked at of this does not fail."
            )
        )
    return tuple(said)
