"""What follows when a complaint is upheld: the finding of ``what_follows_a_finding``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability.figures import draw
from accountability.figures.titles import axes_of_rows
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
from accountability.results import Refused, capitalised
from accountability.stats.compress import are_numbers
from accountability.study.grouping import NO_GROUP

_NO_PENALTY = "The release records no penalty, so which one followed cannot be said."
_PAIRS = "ended lighter, of all with both penalties on record, none recommended included"
#: Ends that a table by group shows beside one another.
_COLUMNS = 5
_TOO_FEW = "Too few were upheld to show"
_FEW_PENALTIES = "Which penalty followed rests on fewer than ten and is not shown."

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.outcomes import Changes, OutcomeDistribution
    from accountability.sensitivity import Tipping


def found(
    asked: Asked,
    *,
    outcomes: OutcomeDistribution,
    changes: Changes | Refused,
    by_unit: pd.DataFrame | None = None,
    tipping: Tipping | Refused | None = None,
) -> Finding:
    """State the share upheld, the most frequent penalty, and how often it was reduced."""
    table = outcomes.table
    unit = asked.label(outcomes.unit)
    rows = table.to_dict("records")
    upheld = [row for row in rows if row["part"] == "finding" and row["term"] == "sustained"]
    penalties = [row for row in rows if row["part"] == "penalty" and wording.known(row["estimate"])]
    first = asked.sentence(outcomes.no_share) if outcomes.no_share else _upheld(asked, upheld, unit)
    ranked = _ranked(asked, penalties)
    waiting, silent = (_left(outcomes, name) for name in ("pending", "finding_not_recorded"))
    known = bool(asked.data.allegations.get("imposed_penalty", pd.Series(dtype="str")).notna().any())
    second = _penalties(asked, penalties, ranked) if penalties else _FEW_PENALTIES if known else _NO_PENALTY
    missing = _missing(asked, changes, second)
    if waiting or silent:
        said = [f"{waiting:,} are still pending"] if waiting else []
        said += [f"{silent:,} have no finding on record"] if silent else []
        pending = f"{' and '.join(said)}{', and are' if silent else ' and'} in none of these shares"
        last = f"{pending}; {missing}" if missing else f"{pending}."
    else:
        open_still = "" if second == _NO_PENALTY else "A penalty on record may still be reduced or not served."
        last = capitalised(missing) or open_still
    top = upheld[0] if upheld else {}
    whose = partial(_whose, asked)
    ends = ends_of(upheld, str(asked.parameters["group"])) if asked.group else None
    if asked.group:
        title = f"{ends_said(ends, _share, whose)} were upheld, by {asked.group}" if ends else _TOO_FEW
    elif ranked:
        title = f"Most often after an upheld {unit}: {asked.label(ranked[0]['term'])}, {_share(ranked[0])}"
    elif wording.known(top.get("estimate")):
        title = f"{_share(top)} of decided {unit}s were upheld"
    else:
        title = _TOO_FEW
    by_penalty = bool(ranked) and not asked.group
    n = sum(int(row["n"]) for row in upheld if wording.known(row["n"]))
    decided = f"{n:,} decided {unit}s" if n else f"Decided {unit}s"
    had = f"{wording.count(ranked[0]['n'])} upheld" if by_penalty and wording.known(ranked[0]["n"]) else "The upheld"
    lighter = _lighter(changes)
    return asked.finding(
        " ".join(text for text in (first, second, last) if text),
        lead=asked.lead(
            outcomes if by_penalty else partial(_drawn, asked, table, unit),
            title,
            f"Share of the upheld {unit}s by penalty"
            if by_penalty
            else f"Share upheld, by {asked.group}"
            if asked.group
            else "Share by finding",
            f"{had} with a decided penalty, of {decided[:1].lower()}{decided[1:]}" if by_penalty else decided,
        )
        if by_penalty or table.loc[table["part"] == "finding", "estimate"].notna().any()
        else None,
        numbers=(
            *(
                key_share(f"upheld{_of(asked, row)}", row, f"of {wording.count(row['n'])} decided {unit}s")
                for row in (ends or (top,))
                if row and wording.known(row["estimate"]) and not outcomes.no_share
            ),
            *(
                (key_share(f"of the upheld{_of(asked, ranked[0])}: {asked.label(ranked[0]['term'])}", ranked[0]),)
                if ranked and not ends
                else ()
            ),
            *((key_share(_PAIRS, lighter),) if lighter else ()),
        ),
        tables=(
            *(() if outcomes.no_share else (_part(asked, table, "finding", f"How decided {unit}s ended", unit),)),
            _part(asked, table, "penalty", "Penalty among the upheld", unit, ranked),
        ),
        firm=() if by_unit is None else _by_unit(asked, by_unit),
        firm_table=None
        if by_unit is None
        else reading(
            "Share upheld, by what is counted",
            by_unit[by_unit["n"].notna()],
            {
                "counted per": lambda row: asked.label(row["unit"]),
                "decided": counts("n"),
                "upheld": counts("events"),
                "share upheld (interval)": shares(),
            },
            tuple(
                asked.sentence(str(note).split("; use ")[0])
                for note in by_unit["note"]
                if wording.known(note) and str(note)
            )
            if "note" in by_unit
            else (),
        ),
        breaks=(*_tipping(asked, upheld, tipping), *_breaks(asked, outcomes)),
        method=asked.method(outcomes, changes),
    )


def _left(outcomes: OutcomeDistribution, name: str) -> int:
    """How many are in no share: of groups, all together; where one is hidden the sum would not be theirs, and is 0."""
    apart = outcomes.apart[name] if name in outcomes.apart else pd.Series(dtype="Int64")
    return 0 if apart.isna().any() else int(apart.sum())


def _missing(asked: Asked, changes: Changes | Refused, answered: str) -> str:
    """What a release that answers the question in part cannot say."""
    if not isinstance(changes, Refused) or answered == _NO_PENALTY:  # what is not recorded is said once
        return ""
    absent = [name for name in ("recommended_penalty", "imposed_penalty") if name not in asked.data.allegations]
    said = (
        f"the release records no {wording.joined([asked.label(name) for name in absent])}"
        if absent
        else ("no record has both penalties")
    )
    return f"what became of recommended penalties cannot be said: {said}."


def _ranked(asked: Asked, penalties: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """The penalties that followed, the most frequent first; by group, the groups' shares of the one most frequent."""
    given = [row for row in penalties if row["estimate"]]
    if not asked.group:
        return sorted(given, key=lambda row: -row["estimate"])
    among: dict[str, float] = {}
    for row in given:
        among[row["term"]] = among.get(row["term"], 0.0) + row["estimate"]
    most = max(among, key=lambda term: among[term], default="")
    return [row for row in given if row["term"] == most]


def _drawn(asked: Asked, table: pd.DataFrame, unit: str) -> Axes:
    """Draw how all decided ended, where the penalties may not be shown; by group, the share upheld of each."""
    column = asked.parameters.get("group")
    shown = table[(table["part"] == "finding") & (table["estimate"].notna() | table["hidden"])]
    if column:
        shown = shown[shown["term"] == "sustained"]
        # Years, bands and other numbers keep their order.
        if not are_numbers(shown[column].astype("str"), but=NO_GROUP):
            shown = shown.sort_values("estimate", ascending=False, kind="stable")
    axes, shown = axes_of_rows(None, shown, shown["n"], shown["estimate"])
    names = [_whose(asked, row) if column else asked.label(row["term"]) for row in shown.to_dict("records")]
    draw.ranges(
        axes, shown.assign(label=names), label="label", estimate="estimate", lower="lower", upper="upper", kind="share"
    )
    return draw.labelled(axes, x=f"share of decided {unit}s{' that were upheld' if column else ''}")


def _of(asked: Asked, row: Row) -> str:
    return f", {_whose(asked, row)}" if asked.group else ""


def _whose(asked: Asked, row: Row) -> str:
    column = asked.parameters.get("group")
    return asked.label(str(row[column])) if column and column in row else ""


def _upheld(asked: Asked, rows: list[dict[Any, Any]], unit: str) -> str:
    shown = [row for row in rows if wording.known(row["estimate"])]
    if not shown:
        return f"The share of {unit}s upheld rests on fewer than {asked.fewest} and is not shown."
    if asked.group:
        n, ends = sum(int(row["n"]) for row in shown), ends_of(shown, str(asked.parameters["group"]))
        if ends is None:
            return f"{_share(shown[0])} were upheld{_of(asked, shown[0])}; too few to show in any other group."
        said = ends_said(ends, _share, partial(_whose, asked))
        return f"Of {n:,} decided {unit}s, {said} were upheld, by {asked.group}."
    row = shown[0]
    return (
        f"{wording.count(row['events'])} of {wording.count(row['n'])} decided {unit}s were upheld "
        f"({wording.share(row['estimate'], row['lower'], row['upper'])}, {asked.confidence} interval "
        f"{wording.share_ends(row['lower'], row['upper'])})."
    )


def _share(row: Row) -> str:
    return wording.share(row["estimate"], row["lower"], row["upper"])


def _penalties(asked: Asked, penalties: list[dict[Any, Any]], ranked: list[dict[Any, Any]]) -> str:
    if not ranked:
        return (
            "Which penalties followed is not shown: at least one rests on fewer than ten, and the others would give it "
            "away."
        )
    if asked.group:
        ends = ends_of(ranked, str(asked.parameters["group"]))
        share = (
            ends_said(ends, _share, partial(_whose, asked))
            if ends
            else f"{_share(ranked[0])} ({_whose(asked, ranked[0])})"
        )
        return f"Most often {asked.label(ranked[0]['term'])} followed, in {share} of the upheld with a decided penalty."
    # Of penalties whose shares are written alike none is left out for the order of their names.
    told = next((n for n in (3, 2) if len(ranked) <= n or _share(ranked[n - 1]) != _share(ranked[n])), 1)
    said = [f"{asked.label(row['term'])} {_share(row)}" for row in ranked[:told]]
    number = f" {wording.count(ranked[0]['n'])}" if wording.known(ranked[0]["n"]) else "se"
    return f"Of the{number} upheld with a decided penalty, most often {wording.joined(said)}."


def _lighter(changes: Changes | Refused) -> dict[Any, Any] | None:
    if isinstance(changes, Refused):
        return None
    rows = changes.table[(changes.table["what"] == "by rung") & (changes.table["kind"] == "lightened")].to_dict(
        "records"
    )
    return rows[0] if rows and wording.known(rows[0]["estimate"]) else None


def _part(
    asked: Asked, table: pd.DataFrame, part: str, title: str, unit: str, ranked: Sequence[Row] = ()
) -> ReadingTable:
    """How many ended each way; by group a line for each group, with the interval of the share that is compared."""
    shown = table[table["part"] == part]
    column, ended = asked.parameters.get("group"), "ended as" if part == "finding" else "penalty"
    if not column or shown[column].nunique(dropna=False) < 2:
        own = {asked.group: lambda row: asked.label(str(row[column]))} if column else {}
        return reading(
            title,
            shown,
            {
                ended: lambda row: asked.label(row["term"]),
                **own,
                f"{unit}s": counts("events"),
                "share (interval)": shares(),
            },
        )
    first = "sustained" if part == "finding" else str(ranked[0]["term"]) if ranked else ""
    mean = shown.groupby("term", sort=False)["estimate"].mean()
    most = set(mean[mean > 0].nlargest(_COLUMNS).index) | {first}
    terms = [term for term in mean.index if term in most]
    others = () if set(mean.index) <= most else ("Other ends, and the other intervals, are in the appendix.",)
    return groups_in_rows(
        f"{title}, by {asked.group}",
        shown,
        column,
        "term",
        {
            asked.group: lambda row: asked.label(str(row[column])),
            "decided" if part == "finding" else "upheld with a decided penalty": counts("n"),
        },
        {term: asked.label(term) for term in terms},
        {first},
        others,
    )


def _by_unit(asked: Asked, by_unit: pd.DataFrame) -> tuple[str, ...]:
    shown = by_unit.dropna(subset="estimate")
    said = [f"{wording.share(row['estimate'])} per {asked.label(row['unit'])}" for row in shown.to_dict("records")]
    return (f"The share upheld depends on what is counted: {wording.joined(said)}.",) if len(said) > 1 else ()


def _tipping(asked: Asked, upheld: list[dict[Any, Any]], tipping: Tipping | Refused | None) -> tuple[str, ...]:
    """What would turn the shares that are named: of groups, the lowest and the highest."""
    column = asked.parameters.get("group")
    ends = (ends_of(upheld, column) or upheld[:1]) if column else ()
    names = [str(row[column]) for row in ends if wording.known(row["estimate"])]
    said = asked.tipping(tipping, *(f"({name})" for name in names))
    for name in names:  # a claim calls a group as its table does
        said = tuple(one.replace(f"({name})", f"({asked.label(name)})") for one in said)
    return said


def _breaks(asked: Asked, outcomes: OutcomeDistribution) -> tuple[str, ...]:
    merged = outcomes.table[outcomes.table["ambiguous"].astype(bool)]["term"].unique().tolist()
    said = ["It does not say whether a finding was right, nor whether a penalty was fitting."]
    if merged:
        said.insert(
            0, f"The agency's words do not tell apart: {wording.joined([asked.label(term) for term in merged])}."
        )
    return tuple(said)
