"""How agencies compare at one case mix: the finding of ``agencies_side_by_side``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber
from accountability.findings.frame_tables import counts, raw, reading
from accountability.results import Refused, capitalised

if TYPE_CHECKING:
    from accountability.agencies import Comparability, SideBySide


def found(asked: Asked, *, matrix: Comparability, apart: SideBySide | Refused, crude: SideBySide | Refused) -> Finding:
    """State each agency's number at one mix, whether they differ, and what they were restricted to; or why not."""
    pairs = reading(
        "Which pairs can be compared",
        matrix.table,
        {
            "on": lambda row: "delays" if row["question"] == "delay" else "sustained shares",
            "sources": lambda row: asked.plain(f"{row['first']} and {row['second']}"),
            "verdict": lambda row: str(row["verdict"]),
            "why, or after which restriction": lambda row: asked.plain(str(row["because"] or row["restriction"])),
        },
    )
    breaks = (
        "Which complaints an agency lets in is told in words, which no program compares.",
        "Kinds of complaint of one name may hold different conduct; only what the column says is held alike.",
        *(asked.sentence(caution) for caution in sorted({*matrix.table["not_known"]} - {""})[:2]),
    )
    if isinstance(apart, Refused):
        return asked.not_answered(apart, "how these agencies compare", breaks=breaks)
    shown = apart.table[~apart.table["hidden"]]
    differ = apart.p_value < 1 - apart.confidence
    what = apart.estimand.split(", by agency")[0]
    verdict = "They differ" if differ else "They do not differ beyond chance"
    title = f"{'Agencies differ' if differ else 'No difference beyond chance'} in {_short(apart)}"
    each = wording.joined(
        [
            f"{_number(apart, row['estimate'])} in {asked.plain(str(row['agency']))} ({_interval(apart, row)})"
            for row in shown.to_dict("records")
        ]
    )
    said = what + ("," if ", " in what else "")
    among = apart.contract.restrictions()
    limits = f" Compared are {wording.joined(list(among))} only." if among else ""
    return asked.finding(
        f"{verdict}: at one case mix, the {said} is {each} ({asked.confidence} intervals; "
        f"{wording.p_value(apart.p_value)} for no difference).{limits}",
        lead=asked.lead(
            apart,
            title,
            f"{capitalised(what)}, by agency at one mix; grey: an agency like the others",
            f"{int(shown['n'].sum()):,} complaints of {len(apart.table)} agencies",
        ),
        numbers=tuple(
            KeyNumber(
                value=_number(apart, row["estimate"]),
                label=f"{asked.plain(str(row['agency']))}: {_short(apart)}",
                note=f"{asked.confidence} interval {_interval(apart, row)}",
                **raw(row["estimate"], row["lower"], row["upper"]),
            )
            for row in shown.head(4).to_dict("records")
        ),
        tables=(
            reading(
                "At one case mix",
                shown,
                {
                    "agency": lambda row: asked.plain(str(row["agency"])),
                    "complaints": counts("n"),
                    "as is": lambda row: _number(apart, row["crude"]),
                    "at one mix": lambda row: _number(apart, row["estimate"]),
                    "interval": lambda row: _interval(apart, row),
                    "beyond the funnel": lambda row: "yes" if row["outside"] else "no",
                },
            ),
            pairs,
        ),
        firm=() if isinstance(crude, Refused) else (f"Without holding the mix alike: {asked.plain(crude.sentence())}",),
        breaks=breaks,
        method=asked.method(apart),
    )


def _short(apart: SideBySide) -> str:
    return {"days": "days to closing", "closed_share": "the share closed"}.get(apart.outcome, "the share sustained")


def _number(apart: SideBySide, value: float) -> str:
    return f"{value:.0f} days" if apart.outcome == "days" else wording.share(value)


def _interval(apart: SideBySide, row: Mapping[Any, Any]) -> str:
    return f"{_number(apart, row['lower']).removesuffix(' days')} to {_number(apart, row['upper'])}"
