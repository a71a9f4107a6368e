"""Do a few officers draw more complaints than by chance: the finding of ``is_it_more_than_chance``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import Row, raw, reading
from accountability.results import Refused

if TYPE_CHECKING:
    from accountability.officers import AgainstChance, EmpiricalBayes, Persistence

#: Benchmarks in which chance alone makes the differences.
_EQUAL = ("equal_risk", "zero_truncated_poisson")


def found(
    asked: Asked,
    *,
    chance: AgainstChance,
    units: AgainstChance | Refused,
    left: EmpiricalBayes | Refused,
    lasts: Persistence | Refused,
    served: AgainstChance | Refused | None = None,
    by_lot: Persistence | Refused | None = None,
    throughout: AgainstChance | Refused | None = None,
) -> Finding:
    """State whether concentration exceeds chance, by how much, and whether it persists."""
    row = _chance(chance)
    top = wording.level(chance.top)
    drawn = chance.tally.drawn.rstrip("s")
    who = "officers" if row["among"] == "all" else "officers with at least one"
    more = row["estimate"] > row["expected_upper"]
    less = row["estimate"] < row["expected_lower"]
    stayed = None if throughout is None or isinstance(throughout, Refused) else _chance(throughout)
    # Officers who came or left make counts uneven at equal risk, too.
    unsure = more and stayed is not None and stayed["estimate"] <= stayed["expected_upper"]
    verdict = "Yes, more than chance" if more else "No more than chance would give"
    verdict = "Not for certain more than chance" if unsure else "Less than chance would give" if less else verdict
    number = (
        f"the {top} of {chance.tally.size:,} {who} with most drew {wording.share(row['estimate'])} of "
        f"{chance.tally.total:,} {drawn}s"
    )
    main = (
        f"{verdict}: {number}, where chance alone gives {wording.share(row['expected'])} "
        f"({wording.share_ends(row['expected_lower'], row['expected_upper'])} in "
        f"{wording.level(chance.confidence)} of {chance.draws:,} draws)."
    )
    lasting, lasting_row = _lasting(lasts)
    grouped = _units(asked, units)
    caveat = grouped or ("Officers who came or left could make as much of it." if unsure else _fitted(chance, drawn))
    if more and stayed is None and not grouped and chance.tally.holder == "officer":
        caveat = "Officers who came late or left are not known, and could make a part of it."
    title = f"The top {top} drew {wording.share(row['estimate'])}; chance alone gives {wording.share(row['expected'])}"
    return asked.finding(
        " ".join(text for text in (main, lasting, caveat) if text),
        lead=asked.lead(
            chance if not grouped or isinstance(units, Refused) else units,
            title if not grouped or isinstance(units, Refused) else grouped.rstrip("."),
            f"Share of {drawn}s drawn by those with most, and how unevenly they lie, against each benchmark",
            f"{chance.tally.total:,} {drawn}s of {chance.tally.size:,} {who}",
        ),
        numbers=(
            KeyNumber(
                value=wording.share(row["estimate"]),
                label=f"drawn by the top {top}",
                note=f"by chance alone {wording.share_ends(row['expected_lower'], row['expected_upper'])}",
                **raw(row["estimate"]),
            ),
            *(
                (
                    KeyNumber(
                        value=wording.share(left.reliability), label="of the differences between officers is not chance"
                    ),
                )
                if not isinstance(left, Refused)
                else ()
            ),
            *(
                (
                    KeyNumber(
                        value=f"{lasting_row['estimate']:.1f} times",
                        label="the mean drawn later by those at the top first",
                        note=f"by chance {lasting_row['expected_lower']:.1f} to {lasting_row['expected_upper']:.1f}",
                    ),
                )
                if lasting_row
                else ()
            ),
        ),
        tables=(
            _benchmarks(asked, "What is observed beside each benchmark", chance),
            *(() if isinstance(units, Refused) else (_benchmarks(asked, f"By {asked.group}", units),)),
        ),
        firm=(*_stayed(throughout), *_firm(served, by_lot)),
        firm_table=None
        if served is None or isinstance(served, Refused)
        else _benchmarks(asked, "The same by years of service", served),
        breaks=_breaks(asked, chance, row),
        method=asked.method(chance, left, lasts),
    )


def _chance(chance: AgainstChance) -> dict[Any, Any]:
    rows = chance.table[chance.table["measure"] == "top_share"].to_dict("records")
    return next((row for name in _EQUAL for row in rows if row["benchmark"] == name), rows[0])


def _lasting(lasts: Persistence | Refused) -> tuple[str, dict[Any, Any]]:
    if isinstance(lasts, Refused):
        return "Whether it lasts cannot be told from this release.", {}
    rows = {row["measure"]: row for row in lasts.table.to_dict("records")}
    again, ratio = rows.get("top_again"), rows.get("top_ratio")
    if again is None or ratio is None or not wording.known(again["estimate"]):
        return "", {}
    verb = "It lasts" if again["estimate"] > again["expected_upper"] else "It hardly lasts"
    return (
        f"{verb}: {wording.share(again['estimate'])} of those at the top in the first half were there again, "
        f"{wording.share(again['expected'])} by chance alone.",
        ratio,
    )


def _units(asked: Asked, units: AgainstChance | Refused) -> str:
    if not asked.group:
        return ""
    if isinstance(units, Refused):
        return f"By {asked.group} it cannot be said: {asked.plain(units.because.removeprefix(f'{asked.data.name}: '))}."
    row = _chance(units)
    return (
        f"By {asked.group}, the {wording.level(units.top)} with most drew {wording.share(row['estimate'])}, "
        f"where chance gives "
        f"{wording.share(row['expected'])}."
    )


def _fitted(chance: AgainstChance, drawn: str) -> str:
    rows = chance.table[(chance.table["measure"] == "top_share") & ~chance.table["benchmark"].isin(_EQUAL)]
    return (
        "Beats, shifts and years of service differ too: this says that risks differ, not why."
        if len(rows)
        else "It does not say why risks differ."
    )


def _benchmarks(asked: Asked, title: str, chance: AgainstChance) -> ReadingTable:
    def write(row: Row, name: str) -> str:
        return wording.share(row[name]) if row["measure"] == "top_share" else wording.number(row[name])

    return reading(
        title,
        chance.table,
        {
            "benchmark": lambda row: asked.plain(str(row["says"])),
            "measure": lambda row: asked.label(row["measure"]),
            "observed": lambda row: write(row, "estimate"),
            "benchmark gives": lambda row: write(row, "expected"),
            "middle of the draws": lambda row: f"{write(row, 'expected_lower')} to {write(row, 'expected_upper')}",
        },
    )


def _stayed(throughout: AgainstChance | Refused | None) -> tuple[str, ...]:
    if throughout is None or isinstance(throughout, Refused):
        return ()
    row = _chance(throughout)
    more = "more than" if row["estimate"] > row["expected_upper"] else "no more than"
    return (
        f"Among the {throughout.tally.size:,} officers accused both before and after the middle third, who cannot have "
        f"come late or left, the top drew {wording.share(row['estimate'])} of its complaints, {more} chance gives "
        f"({wording.share_ends(row['expected_lower'], row['expected_upper'])}).",
    )


def _firm(served: AgainstChance | Refused | None, by_lot: Persistence | Refused | None) -> tuple[str, ...]:
    said = []
    if served is not None and not isinstance(served, Refused):
        row = _chance(served)
        said.append(
            f"By years of service, the top drew {wording.share(row['estimate'])} where chance gives "
            f"{wording.share(row['expected'])}."
        )
    if by_lot is not None and not isinstance(by_lot, Refused):
        rows = {row["measure"]: row for row in by_lot.table.to_dict("records")}
        if "top_again" in rows:
            said.append(
                f"With complaints halved at random, {wording.share(rows['top_again']['estimate'])} of the top of "
                f"one half are at the top of the other."
            )
    return tuple(said)


def _breaks(asked: Asked, chance: AgainstChance, row: dict[Any, Any]) -> tuple[str, ...]:
    said = ["Officers split into several ids would look less concentrated, merged ones more."]
    if row["among"] != "all":
        said.insert(
            0,
            "Officers nobody complained about are not in this release, so everything is said of those accused "
            "at least once.",
        )
    said.append("A complaint is not a finding, and who is complained about depends on who complains.")
    return tuple(said)
