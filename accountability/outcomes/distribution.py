"""The distribution of findings, of penalties among sustained units, and of days of suspension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ends_of_groups import coded_ends, ends_in
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.rounded_rates import rounded_shares
from accountability.outcomes.small_counts import (
    Disclosed,
    apart_shown,
    few,
    hidden_outcomes,
    labels_of,
    masked,
)
from accountability.outcomes.units_counted import (
    ALIKE,
    NUMBERS,
    RESTS_ON,
    chosen_for_finding,
    clusters_numbered,
    groups_in,
    mark_ambiguous,
    merged_said,
    method_of,
    units_of,
)
from accountability.records.units import WORDS
from accountability.results import interval_said, percent
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes
from accountability.vocabulary import UNITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CODED: Final = {"finding": "finding", "merits": "finding", "penalty": "imposed_penalty"}
WARNED: Final = {
    "closed_only": "only closed complaints are in the records: shares describe these, not complaints received",
    "selected_on_outcome": "which records are here depends on how they ended: shares describe these records only",
    "trailing_window": "complaints received near the end of the window have had less time to be decided",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OutcomeDistribution(Disclosed):
    """The distribution of findings and penalties, with the units counted separately.

    Attributes
    ----------
    table : DataFrame
        Grouping columns; ``part`` (``finding``: all decided or closed; ``merits``: those decided on the merits, without
        ``closed_without_finding``; ``penalty``: the sustained), ``term``, ``n`` (the denominator), ``events``,
        ``estimate`` (their share), ``lower``, ``upper``, ``ambiguous`` and ``may_be``: a term that the agency's words
        merge with others, counted only where it stands for all of them; ``hidden`` (a small cell, or one that would
        reveal it); ``rounded_to``, the step to which rates of penalties are rounded where a few units wait for a
        penalty; these rows have no counts.
    apart : DataFrame
        For each group: ``units``, ``decided`` (or closed), ``pending``, ``finding_not_recorded``, ``sustained``,
        ``penalty_decided``, ``penalty_pending``, ``penalty_not_recorded``.
    days : DataFrame
        For each group: suspensions among the sustained with known days, their quartiles in days, and how many
        suspensions have no known length.
    unit : str
        What is counted.
    by : tuple of str
    confidence : float
    no_share : str
        Why no share of findings is given, where every record was chosen because it was upheld; else empty.
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": ("n",), "days": ()}

    apart: pd.DataFrame
    days: pd.DataFrame
    unit: str
    by: tuple[str, ...]
    confidence: float
    min_cell: int
    no_share: str = ""

    def __post_init__(self) -> None:
        """Hide small cells, what waits where few do, and the penalties whose total would tell either."""
        super().__post_init__()
        self._hide("apart", apart_shown(self.apart, self.true_numbers(), self.by, self.min_cell))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without its hidden cells; a hidden part has no denominator either."""
        whole = table["hidden"].groupby(labels_of(table, (*self.by, "part"))).transform("all")
        few_in_all = few(table["n"], self.min_cell)
        rounded = rounded_shares(table, ("n", "events", *RESTS_ON))
        out = masked(rounded.assign(hidden=table["hidden"] | few_in_all), ("n",))
        return out.assign(n=rounded["n"].astype("Int64").mask(whole | few_in_all))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the distribution of findings, or of penalties given sustained, one bar per group."""
        from accountability.figures.share_bars import stacked_shares

        part = "penalty" if (self.table["part"] == "penalty").any() else "finding"
        shown = self.table.loc[
            (self.table["part"] == part) & (~self.table["ambiguous"] | self.table["estimate"].notna())
        ]
        any_of = shown["may_be"].str.replace(", ", " or ")
        shown = shown.assign(term=shown["term"].mask(shown["ambiguous"], any_of))
        words = WORDS[self.unit]
        what = f"sustained {words} with a decided penalty" if part == "penalty" else f"{words} decided or closed"
        return stacked_shares(shown, by=self.by, term="term", share="estimate", label=f"share of {what}", ax=ax)

    def sentence(self) -> str:
        """State the sustained share, the units counted separately, and the penalties that follow."""
        parts = (self._findings_said(), self._apart_said(), self._penalties_said(), self._days_said())
        return " ".join(part for part in parts if part)

    def _findings_said(self) -> str:
        if self.no_share:
            return f"No share sustained is given: {self.no_share}."
        sustained = self.table.loc[self.table["term"] == "sustained"]
        on_merits = sustained.loc[sustained["part"] == "merits"].to_dict("records")
        said = []
        for row, merits in zip(
            sustained.loc[sustained["part"] == "finding"].to_dict("records"), on_merits, strict=True
        ):
            whose = _named([row[name] for name in self.by])
            if row["hidden"] or pd.isna(row["n"]):
                said.append(f"{whose}the number sustained is too small to show")
                continue
            if row["n"] == 0:
                said.append(f"{whose}none was decided or closed")
                continue
            text = (
                f"{whose}{row['events']:,} of {row['n']:,} {WORDS[self.unit]} decided or closed "
                f"were sustained ({percent(row['estimate'], 1)}, "
                f"{interval_said(self.confidence, row['lower'], row['upper'], 1)})"
            )
            told = not merits["hidden"] and pd.notna(merits["n"]) and pd.notna(merits["estimate"])
            if told and merits["n"] < row["n"]:
                text += f", {percent(merits['estimate'], 1)} of the {merits['n']:,} with a finding on the merits"
            said.append(text)
        return _sentence(said)

    def _apart_said(self) -> str:
        waiting = self.apart[["pending", "finding_not_recorded"]].sum(min_count=1)
        parts = [
            f"{int(waiting[name]):,} {words}"
            for name, words in (("pending", "are pending"), ("finding_not_recorded", "have no finding recorded"))
            if pd.notna(waiting[name]) and waiting[name] > 0 and self.apart[name].notna().all()
        ]
        return f"Not counted among them: {' and '.join(parts)}." if parts else ""

    def _penalties_said(self) -> str:
        rounded = self.table["rounded_to"].notna()
        shown = self.table.loc[(self.table["part"] == "penalty") & ~self.table["hidden"] & (self.table["estimate"] > 0)]
        shown = shown.loc[shown["n"].notna() | rounded]
        said = []
        for key, part in groups_in(shown, self.by):
            top = part.sort_values("estimate", ascending=False, kind="stable").head(3)
            each = ", ".join(
                f"{str(term).replace('_', ' ')} {percent(value, 1)}"
                for term, value in zip(top["term"], top["estimate"], strict=True)
            )
            step, n = part["rounded_to"].iloc[0], part["n"].iloc[0]
            whose = (
                f"of {n:,} sustained with a decided penalty"
                if pd.isna(step)
                else (
                    f"of those sustained with a decided penalty, to the nearest {percent(step)}, for few wait for one"
                )
            )
            said.append(f"{_named(key)}{whose}: {each}")
        return _sentence(said)

    def _days_said(self) -> str:
        shown = self.days.loc[self.days["median"].notna()] if len(self.days) else self.days
        said = [
            f"{_named([row[name] for name in self.by])}the middle suspension was {row['median']:g} days "
            f"(quartiles {row['lower_quartile']:g} and {row['upper_quartile']:g}"
            + ("" if pd.isna(row["suspensions"]) else f"; {row['suspensions']:,} of known length")
            + ")"
            for row in shown.to_dict("records")
        ]
        return _sentence(said)


@takes("cohort")
def outcome_distribution(
    data: Cohort,
    by: str | Sequence[str] | None = None,
    unit: str | None = None,
    *,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> OutcomeDistribution:
    """Estimate the distribution of findings, and of penalties among sustained units.

    The denominators are units with a finding, and sustained units with a decided penalty. Pending and unrecorded
    findings and penalties are counted separately: a penalty awaiting approval is not a penalty of zero. Days of
    suspension, as the agency counts them, are described for suspensions of known length only.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str or sequence of str, optional
        Columns of the allegations or cases to compare.
    unit : str, optional
        ``allegation``, ``officer_complaint``, ``complaint`` or ``officer``; by default what a row of the source is.
    confidence : float
        Level of the intervals, which are clustered on the officer.
    min_cell : int
        Smaller counts are hidden, with the cells that would reveal them. Where fewer findings are undecided, their
        number and the number of units are hidden; where fewer penalties are undecided, their rates are rounded.
    ladder : Ladder, optional
        Order that decides the highest penalty of a unit; the default order if not given.

    Returns
    -------
    OutcomeDistribution

    Raises
    ------
    Refusal
        If there are no findings, if the source holds chosen cases, or if its rows are coarser than the unit.
    ParameterError
        For an unknown unit, column or term.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.outcome_distribution(data)
    >>> row = found.table.query("part == 'finding' and term == 'sustained'")
    >>> row[["n", "events", "estimate"]].round(3).values.tolist()
    [[5729, 857, 0.15]]
    """
    if data.card.sampling.rule == "case_files":
        raise Refusal(
            f"{data.name} holds cases chosen because they were reported, so no share can be drawn from them; "
            "read them one by one, or use a source with all complaints"
        )
    rows = data.allegations
    if "finding" not in rows or not rows["finding"].notna().any():
        raise Refusal(f"{data.name}: no finding in {len(rows):,} rows, so nothing follows one; check the codebook")
    groups = column_names(by)
    made = units_of(data, groups, unit, ladder)
    lines, apart, days = [], [], []
    needed = [*groups, "finding", "imposed_penalty", "imposed_days", "officer_ids", "officer_id", "case_id"]
    units = made.table[[name for name in dict.fromkeys(needed) if name in made.table]]
    for key, part in groups_in(coded_ends(clusters_numbered(units, groups)), groups):
        labels: dict[str, Any] = dict(zip(groups, key, strict=True))
        shares, waits, lengths = ends_in(part, confidence, min_cell)
        lines += [(*key, *share) for share in shares]
        apart.append(labels | waits)
        days.append(labels | lengths)
    named = [*groups, "part", "term", *NUMBERS, *RESTS_ON, "repaired"]
    long = mark_ambiguous(pd.DataFrame(lines, columns=named), data, CODED)
    no_share = chosen_for_finding(data)
    if no_share and "imposed_penalty" not in made.table:
        raise Refusal(f"{data.name}: {no_share}, and it holds no imposed penalty, so nothing follows")
    if no_share:
        numbers = ["estimate", "lower", "upper"]
        long[numbers] = long[numbers].mask(long["part"].isin(("finding", "merits")))
    waiting = pd.DataFrame(apart)
    hidden, step = hidden_outcomes(long, waiting, groups, min_cell)
    long = long.assign(hidden=hidden, rounded_to=step)
    suspended = long.loc[(long["part"] == "penalty") & (long["term"] == "suspension"), ["hidden", "rounded_to"]]
    quartiles = pd.DataFrame(days)
    if len(suspended):
        # Suspensions counted beside their rate would tell of how many it is.
        counted = ["suspensions", "length_unknown"]
        rough = suspended["rounded_to"].notna().to_numpy()
        if rough.any():
            quartiles = quartiles.astype(dict.fromkeys(counted, "Int64"))
            quartiles.loc[rough, counted] = pd.NA
    return OutcomeDistribution(
        estimand=f"what follows a finding, per {made.word}, {data.name}",
        assumptions=_assumptions(data, made.word),
        method=method_of(made.table, long),
        table=long[[*groups, "part", "term", *NUMBERS, *RESTS_ON, "ambiguous", "may_be", "rounded_to", "hidden"]],
        flow=data.flow(),
        apart=waiting,
        days=quartiles.assign(
            hidden=suspended["hidden"].to_numpy(dtype=bool) if len(suspended) else False,
        ),
        unit=made.unit,
        by=tuple(groups),
        confidence=confidence,
        min_cell=min_cell,
        no_share=no_share,
    )


@takes("cohort")
def sustained_by_unit(data: Cohort, *, confidence: float = 0.95, min_cell: int = 10) -> pd.DataFrame:
    """Estimate the share sustained per allegation, officer-complaint, complaint and officer.

    Parameters
    ----------
    data : Cohort or Dataset
    confidence : float
        Level of the intervals.
    min_cell : int
        Smaller counts are hidden.

    Returns
    -------
    DataFrame
        One row per unit: ``unit``, ``n`` (decided, or closed without a finding), ``events`` (sustained), ``estimate``,
        ``lower``, ``upper``, and ``note``: why there is no share, where the source's rows are coarser than the unit
        or chosen for their finding.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> accountability.outcomes.sustained_by_unit(data)["n"].tolist()
    [<NA>, 5729, 4632, 729]
    """
    lines: list[dict[str, Any]] = []
    for unit in UNITS:
        try:
            found = outcome_distribution(data, unit=unit, confidence=confidence, min_cell=min_cell)
        except Refusal as why:
            lines.append({"unit": unit, "note": str(why)})
            continue
        if found.no_share:
            lines.append({"unit": unit, "note": found.no_share})
            continue
        table = found.table
        row = table.loc[(table["part"] == "finding") & (table["term"] == "sustained"), list(NUMBERS)].iloc[0]
        lines.append({"unit": unit, **{name: row[name] for name in NUMBERS}, "note": ""})
    return pd.DataFrame(lines, columns=["unit", *NUMBERS, "note"]).astype({"n": "Int64", "events": "Int64"})


def _assumptions(cohort: Cohort, unit: str) -> tuple[str, ...]:
    rule = cohort.card.sampling.rule
    said = ["the codebook's terms mean what its authority says", ALIKE]
    said += [WARNED[rule]] if rule in WARNED else []
    said.append(f"unit: {unit}")
    ids = pd.Index(cohort.cases["case_id"])
    silent = len(ids) - int((ids.get_indexer(pd.Index(cohort.allegations["case_id"].unique())) >= 0).sum())
    if silent:
        said.append(f"{silent:,} of {len(cohort.cases):,} complaints name no officer and hold no finding to count")
    for column in ("finding", "imposed_penalty"):
        said += [
            f"not told apart by the source, {column.replace('_', ' ')}: {terms}"
            for terms in merged_said(cohort, column)
        ]
    return tuple(said)


def _sentence(clauses: Sequence[str]) -> str:
    text = "; ".join(clauses)
    return text[:1].upper() + text[1:] + "." if text else ""


def _named(key: Sequence[object]) -> str:
    return ", ".join(str(value).replace("_", " ") for value in key) + ": " if key else ""
