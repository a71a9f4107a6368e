"""At which stage two groups differ: the finding of ``who_is_disciplined``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.decimals import decimals
from accountability.findings import wording
from accountability.findings.asked import MISSING_HERE, Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import counts, raw, reading, shares
from accountability.outcomes.stages import STAGE_WORDS
from accountability.results import Refused

if TYPE_CHECKING:
    from accountability.outcomes import ByUnit
    from accountability.outcomes.gap import StageGap
    from accountability.sensitivity import Tipping


def found(
    asked: Asked,
    *,
    gap: StageGap | Refused,
    by_unit: ByUnit | Refused | None = None,
    tipping: Tipping | Refused | None = None,
) -> Finding:
    """State the two groups, the stage at which they differ, and whether chance or their mix explains it."""
    if isinstance(gap, Refused):
        return asked.not_answered(gap, "at which stage two groups differ")
    units = None if isinstance(by_unit, Refused) else by_unit
    who, first, second = (asked.label(str(one)) for one in (gap.by, gap.first, gap.second))
    shown = [row for row in gap.table.to_dict("records") if wording.known(row["ratio"])]
    apart = [row for row in shown if row["ratio_lower"] > 1 or row["ratio_upper"] < 1]
    if not shown:
        return asked.finding(
            f"{first} and {second} ({who}) cannot be compared: at every stage too few stand behind a number.",
            breaks=(MISSING_HERE,),
            method=asked.method(gap),
        )
    chosen = max(apart or shown, key=lambda row: abs(row["difference"]))
    # Both with the decimals of the less certain one.
    wide = max(("first", "second"), key=lambda end: chosen[f"upper_{end}"] - chosen[f"lower_{end}"])
    rates = [
        wording.share(chosen[f"rate_{end}"], chosen[f"lower_{wide}"], chosen[f"upper_{wide}"])
        for end in ("first", "second")
    ]
    stage = STAGE_WORDS.get(str(chosen["stage"]), asked.label(str(chosen["stage"])))
    ends = (
        f"ratio {wording.number(chosen['ratio'], chosen['ratio_lower'], chosen['ratio_upper'])}, "
        f"{asked.confidence} interval {_ends(chosen)}"
    )
    number = "in the records"
    notes = ["rounded, for few are undecided"] * 2
    if not wording.known(chosen.get("rounded_to")):
        notes = [f"of {wording.count(chosen[f'n_{end}'])}" for end in ("first", "second")]
        number = f"{notes[0]} and {notes[1].removeprefix('of ')} {asked.label(gap.unit)}s"
    if apart:
        main = (
            f"{first} and {second} ({who}) differ most where cases are {stage}: {rates[0]} against {rates[1]} {number} "
            f"({ends})."
        )
        title = f"{stage}: {rates[0]} for {first}, {rates[1]} for {second}"
    else:
        main = (
            f"{first} and {second} ({who}) differ at no stage by more than chance can explain; the widest gap is "
            f"where cases "
            f"are {stage}: {rates[0]} against {rates[1]} {number} ({ends})."
        )
        title = f"{first} and {second} differ at no stage by more than chance can explain"
    return asked.finding(
        " ".join(text for text in (main, _mix(asked, gap, chosen), _missing(gap)) if text),
        lead=asked.lead(
            gap,
            title,
            f"Share of those who came so far, {first} and {second} ({who})",
            f"{wording.count(shown[0]['n_first'])} {first}, {wording.count(shown[0]['n_second'])} {second}"
            if wording.known(shown[0]["n_first"]) and wording.known(shown[0]["n_second"])
            else f"Numbers of {first} and {second} are hidden, for few are undecided",
        ),
        numbers=(
            KeyNumber(
                value=wording.number(chosen["ratio"], chosen["ratio_lower"], chosen["ratio_upper"]),
                label=f"{first} to {second}, share {stage}",
                note=f"{asked.confidence} interval {_ends(chosen)}",
                **raw(chosen["ratio"], chosen["ratio_lower"], chosen["ratio_upper"]),
            ),
            KeyNumber(value=rates[0], label=f"{stage}, {first}", note=notes[0]),
            KeyNumber(value=rates[1], label=f"{stage}, {second}", note=notes[1]),
        ),
        tables=(
            reading(
                f"Stage by stage: {first} and {second}",
                gap.table,
                {
                    "stage": lambda row: STAGE_WORDS.get(str(row["stage"]), asked.label(str(row["stage"]))),
                    f"{first}: number": counts("n_first"),
                    f"{first}: share": shares("rate_first", "lower_first", "upper_first"),
                    f"{second}: number": counts("n_second"),
                    f"{second}: share": shares("rate_second", "lower_second", "upper_second"),
                    "ratio (interval)": lambda row: wording.number_interval(
                        row["ratio"], row["ratio_lower"], row["ratio_upper"]
                    ),
                },
                ("Each stage counts those who came so far. Where few are undecided no number is shown.",),
            ),
        ),
        firm=() if units is None else (_by_unit(asked, units),),
        firm_table=None if units is None else _units(asked, units, first, second),
        breaks=(*(asked.tipping(tipping, stage) or asked.tipping(tipping)), *_breaks(asked, gap, chosen)),
        method=asked.method(gap),
    )


def _missing(gap: StageGap) -> str:
    """What a release that holds findings alone cannot say."""
    if "penalty" in set(gap.table["stage"]):
        return ""
    return "Who is given a penalty cannot be said: the release records none."


def _ends(row: dict[Any, Any]) -> str:
    fine = decimals(row["ratio_lower"], row["ratio_upper"])
    return f"{row['ratio_lower']:.{fine}f} to {row['ratio_upper']:.{fine}f}"


def _mix(asked: Asked, gap: StageGap, chosen: dict[Any, Any]) -> str:
    rows = {row["stage"]: row for row in gap.mix.to_dict("records")}
    row = rows.get(chosen["stage"])
    if row is not None and row["hidden"]:
        return "How the groups' cases are mixed is not shown here, for few are undecided."
    if row is None or not wording.known(row.get("at_the_same_mix")):
        return "What the groups' cases are about is not held alike here, and could explain it."
    held = wording.joined([asked.label(name) for name in gap.covariates])
    left, whole = (100 * float(row[name]) for name in ("at_the_same_mix", "difference"))
    apart = f"{abs(whole):.1f} percentage points between them"
    if left * whole > 0 and round(abs(left), 1) > round(abs(whole), 1):
        return (
            f"At the same mix of {held} they would differ by {abs(left):.1f} percentage points, not {abs(whole):.1f}."
        )
    if left * whole > 0:
        return f"At the same mix of {held}, {abs(left):.1f} of the {apart} remain."
    return f"At the same mix of {held}, the {apart} vanish or turn round."


def _by_unit(asked: Asked, units: ByUnit) -> str:
    shown = units.table.dropna(subset="estimate")
    if shown.empty:
        return "Under no unit of counting can the ratio be shown."
    return (
        f"Counted per {wording.joined(list(dict.fromkeys(asked.label(unit) for unit in shown['unit'])))}, the "
        f"ratio of upheld "
        f"shares runs from {float(shown['estimate'].min()):.2f} to {float(shown['estimate'].max()):.2f}."
    )


def _units(asked: Asked, units: ByUnit, first: str, second: str) -> ReadingTable:
    return reading(
        "Ratio of upheld shares, by what is counted",
        units.table,
        {
            "counted per": lambda row: asked.label(row["unit"]),
            "of": lambda row: asked.label(row["denominator"]),
            f"{first}": lambda row: wording.share(row["rate_first"]),
            f"{second}": lambda row: wording.share(row["rate_second"]),
            "ratio (interval)": lambda row: wording.number_interval(row["estimate"], row["lower"], row["upper"]),
        },
    )


def _breaks(asked: Asked, gap: StageGap, chosen: dict[Any, Any]) -> tuple[str, ...]:
    said = []
    value = next((row for row in gap.sensitivity.to_dict("records") if row["stage"] == chosen["stage"]), None)
    if value is not None and wording.known(value["e_value_of_interval"]):
        least = float(value["e_value_of_interval"])
        said.append(
            "Chance alone may explain the gap, so nothing unseen is needed to."
            if least <= 1
            else (
                f"Something unseen that goes with both group and outcome by a ratio of {least:.2f} each would "
                f"explain it away."
            )
        )
    hidden = int(gap.table["hidden"].sum())
    if hidden:
        said.append(
            f"At {hidden} of {len(gap.table)} stages too few stand behind a number to show it; the groups may "
            f"part there."
        )
    said.append("Who comes to a stage at all is chosen at the stage before: later stages compare those who are left.")
    return tuple(said)
