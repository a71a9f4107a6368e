"""What follows a finding: how findings are distributed, which penalties follow a sustained one, how many days."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.allegation_columns import grouping
from accountability.outcomes.ambiguous import merged_terms, tell_apart
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.withhold import hide_apart, hide_cells, hide_days
from accountability.records.units import WORDS, check_terms, roll_up
from accountability.results import Result, percent
from accountability.stats import intervals
from accountability.study.cohort import Cohort, DatasetLike
from accountability.vocabulary import FINDINGS, OFF_LADDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAYS_AT: Final = (0.25, 0.5, 0.75)


class UnitCard(Protocol):
    """The part of a source's card that says what one row is."""

    @property
    def unit(self) -> str:
        """What one row of the source is."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Outcomes(Result):
    """What follows a finding, with the numbers that were left apart.

    Attributes
    ----------
    table : DataFrame
        Grouping columns; ``part`` (``finding``: of all decided or closed; ``merits``: of those decided on the merits,
        leaving out ``closed_without_finding``; ``penalty``: of the sustained), ``term``, ``count``, ``denominator``,
        ``share``, ``low``, ``high``, ``hidden`` (a small cell, or one that would give a small cell away),
        ``told_apart`` and ``may_be``: a term the agency's words merge with others, which then has no count of its own
        unless it stands for them all.
    apart : DataFrame
        For each group: ``units``, ``decided_or_closed``, ``pending``, ``finding_not_recorded``, ``sustained``,
        ``penalty_decided``, ``penalty_pending``, ``penalty_not_recorded``.
    days : DataFrame
        For each group: suspensions among the sustained with known days, their quartiles in days, and how many
        suspensions have no known length.
    unit : str
        What is counted.
    by : tuple of str
    level : float
    """

    apart: pd.DataFrame
    days: pd.DataFrame
    unit: str
    by: tuple[str, ...]
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the distribution of findings, or of penalties given sustained, one bar a group."""
        from accountability.outcomes.outcome_figures import stacked_shares

        part = "penalty" if (self.table["part"] == "penalty").any() else "finding"
        shown = self.table.loc[(self.table["part"] == part) & (self.table["told_apart"] | self.table["count"].notna())]
        any_of = shown["may_be"].str.replace(", ", " or ")
        shown = shown.assign(term=shown["term"].mask(~shown["told_apart"], any_of))
        what = "sustained " + WORDS[self.unit] + " with a decided penalty"
        return stacked_shares(
            shown,
            by=self.by,
            term="term",
            share="share",
            label=f"share of {what if part == 'penalty' else WORDS[self.unit] + ' decided or closed'}",
            ax=ax,
        )

    def sentence(self) -> str:
        """Say the sustained share, what is left apart, and the penalties that follow."""
        return " ".join(
            part
            for part in (
                self._findings_said(),
                self._apart_said(),
                self._penalties_said(),
                self._days_said(),
            )
            if part
        )

    def _findings_said(self) -> str:
        sustained = self.table.loc[self.table["term"] == "sustained"]
        on_merits = sustained.loc[sustained["part"] == "merits"].to_dict("records")
        said = []
        for row, merits in zip(
            sustained.loc[sustained["part"] == "finding"].to_dict("records"), on_merits, strict=True
        ):
            if row["hidden"] or pd.isna(row["denominator"]):
                said.append(f"{_of(row, self.by)}the number sustained is too small to show")
                continue
            if row["denominator"] == 0:
                said.append(f"{_of(row, self.by)}none was decided or closed")
                continue
            text = (
                f"{_of(row, self.by)}{row['count']:,} of {row['denominator']:,} {WORDS[self.unit]} decided or closed "
                f"were sustained ({percent(row['share'], 1)}, {percent(self.level)} interval "
                f"{percent(row['low'], 1)} to {percent(row['high'], 1)})"
            )
            told = not merits["hidden"] and pd.notna(merits["denominator"]) and pd.notna(merits["share"])
            if told and merits["denominator"] < row["denominator"]:
                text += f", {percent(merits['share'], 1)} of the {merits['denominator']:,} with a finding on the merits"
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
        shown = self.table.loc[(self.table["part"] == "penalty") & ~self.table["hidden"] & (self.table["count"] > 0)]
        shown = shown.loc[shown["denominator"].notna()]
        said = []
        for key, part in _groups(shown, self.by):
            top = part.sort_values("share", ascending=False, kind="stable").head(3)
            each = ", ".join(
                f"{str(term).replace('_', ' ')} {percent(value, 1)}"
                for term, value in zip(top["term"], top["share"], strict=True)
            )
            few = self.apart.loc[self._same_group(key), "penalty_decided"].isna().any()
            whose = " (a few of them undecided)" if few else " with a decided penalty"
            said.append(f"{_named(key)}of {part['denominator'].iloc[0]:,} sustained{whose}: {each}")
        return _sentence(said)

    def _same_group(self, key: tuple[object, ...]) -> pd.Series:
        same = pd.Series(True, index=self.apart.index)
        for name, value in zip(self.by, key, strict=True):
            same &= self.apart[name] == value
        return same

    def _days_said(self) -> str:
        shown = self.days.loc[self.days["median"].notna()] if len(self.days) else self.days
        said = [
            f"{_of(row, self.by)}the middle suspension was {row['median']:g} days "
            f"(quartiles {row['lower_quartile']:g} and {row['upper_quartile']:g}"
            + ("" if pd.isna(row["suspensions"]) else f"; {row['suspensions']:,} of known length")
            + ")"
            for row in shown.to_dict("records")
        ]
        return _sentence(said)


def outcomes(
    data: Cohort | DatasetLike,
    by: str | Sequence[str] | None = None,
    unit: str | None = None,
    *,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> Outcomes:
    """What follows a finding, for the records of a cohort.

    Estimates the distribution of findings among units with one, and the distribution of penalties among sustained
    units with a decided penalty. Pending and unrecorded findings and penalties are in neither denominator and are
    stated apart: a penalty awaiting approval is not a penalty of zero. Only where fewer than ``min_cell`` are
    undecided do they stay in the denominator, with no term, because leaving them out would publish their number.
    Days (of suspension, as the agency counts them) are described for suspensions of known length only.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str or sequence of str, optional
        Columns of the allegations or cases to compare.
    unit : str, optional
        ``allegation``, ``officer_complaint``, ``complaint`` or ``officer``; by default what a row of the source is.
    level : float
        Coverage of the intervals, which allow for several rows of one officer (:func:`intervals.share`).
    min_cell : int
        Counts below it are hidden, with the cells that would give them away.
    ladder : Ladder, optional
        Order used to take the highest penalty of a unit; the default order if not given.

    Returns
    -------
    Outcomes

    Raises
    ------
    Refusal
        If there are no findings, if the source holds chosen cases, or if its rows are coarser than the unit.
    ParameterError
        For an unknown unit, column or term.
    """
    cohort = Cohort.of(data)
    if cohort.card.sampling.rule == "case_files":
        raise Refusal(
            f"{cohort.name} holds cases chosen because they were reported, so no share can be drawn from them; "
            "read them one by one, or use a source with all complaints"
        )
    groups = (by,) if isinstance(by, str) else tuple(by or ())
    held = cast(UnitCard, cohort.card).unit
    counted = unit or held
    table = cohort.allegations
    if "finding" not in table or not table["finding"].notna().any():
        raise Refusal(f"{cohort.name}: no finding in {len(table):,} rows, so nothing follows one; check the codebook")
    check_terms(table["finding"], FINDINGS, "finding")
    rows = roll_up(grouping(cohort.cases, table, groups), held, counted, groups, (ladder or Ladder()).severity_rank)
    parts, apart, days = [], [], []
    for key, part in _groups(rows, groups):
        found = _one_group(part, level, min_cell)
        labels: dict[str, Any] = dict(zip(groups, key, strict=True))
        parts.append(found[0].assign(**labels))
        apart.append({**labels, **found[1]})
        days.append({**labels, **found[2]})
    long = hide_cells(pd.concat(parts, ignore_index=True), groups, min_cell)
    long = long[[*groups, "part", "term", "count", "denominator", "share", "low", "high", "hidden"]]
    long = tell_apart(long, cohort)
    clustered = rows["officer_id"].duplicated().any() if "officer_id" in rows else False
    return Outcomes(
        estimand=f"what follows a finding, per {counted.replace('_', '-')}, {cohort.name}",
        assumptions=(*_assumptions(cohort.card.sampling.rule), *_uncounted(cohort, counted)),
        method=intervals.CLUSTERED if clustered else intervals.WILSON,
        table=long,
        flow=cohort.flow(),
        apart=hide_apart(pd.DataFrame(apart), min_cell),
        days=hide_days(pd.DataFrame(days), long, groups),
        unit=counted,
        by=groups,
        level=level,
    )


def _one_group(
    part: pd.DataFrame, level: float, min_cell: int
) -> tuple[pd.DataFrame, dict[str, object], dict[str, object]]:
    officers = part.get("officer_id")
    finding = part["finding"]
    decided = finding.notna() & finding.ne("pending")
    sustained = part.loc[finding.eq("sustained").fillna(False)]
    merits = {term: said for term, said in FINDINGS.items() if term != "closed_without_finding"}
    on_merits = finding[decided & finding.ne("closed_without_finding")]
    frames = [
        _distribution("finding", finding, FINDINGS, officers, level, min_cell),
        _distribution("merits", on_merits, merits, officers, level, min_cell),
    ]
    apart: dict[str, object] = {
        "units": len(part),
        "decided_or_closed": int(decided.sum()),
        "pending": int(finding.eq("pending").sum()),
        "finding_not_recorded": int(finding.isna().sum()),
        "sustained": len(sustained),
    }
    days: dict[str, object] = {
        "suspensions": pd.NA,
        "length_unknown": pd.NA,
        "lower_quartile": np.nan,
        "median": np.nan,
        "upper_quartile": np.nan,
    }
    if "imposed_penalty" not in part:
        return pd.concat(frames, ignore_index=True), apart, days
    penalty = sustained["imposed_penalty"]
    given = penalty.notna() & penalty.ne("pending")
    terms = {**dict.fromkeys(Ladder().order, ""), **OFF_LADDER}
    frames.append(_distribution("penalty", penalty, terms, officers, level, min_cell))
    apart |= {
        "penalty_decided": int(given.sum()),
        "penalty_pending": int(penalty.eq("pending").sum()),
        "penalty_not_recorded": int(penalty.isna().sum()),
    }
    suspended = sustained.loc[penalty.eq("suspension").fillna(False)]
    if "imposed_days" in suspended:
        known = suspended["imposed_days"].dropna().astype("float64")
        if len(known) >= min_cell:
            quartiles = known.quantile(list(DAYS_AT)).to_numpy()
            days |= dict(zip(("lower_quartile", "median", "upper_quartile"), quartiles, strict=True))
            unknown = len(suspended) - len(known)
            if unknown == 0 or unknown >= min_cell:  # a small difference from all suspensions would show
                days |= {"suspensions": len(known), "length_unknown": unknown}
    return pd.concat(frames, ignore_index=True), apart, days


def _distribution(
    part: str,
    values: pd.Series,
    terms: Mapping[str, str],
    officers: pd.Series | None,
    level: float,
    min_cell: int,
) -> pd.DataFrame:
    """Count terms among the decided; a few undecided stay in the denominator, which would else give them away."""
    undecided = values.isna() | values.eq("pending").fillna(False)
    kept = values if 0 < undecided.sum() < min_cell else values[~undecided]
    who = None if officers is None else officers.loc[kept.index]
    rows = []
    for term in terms:
        if term == "pending":
            continue
        if len(kept):
            s = intervals.clustered_share(kept.eq(term).fillna(False).to_numpy(dtype=bool), who, level)
            rows.append((part, term, s.count, s.denominator, s.share, s.lower, s.upper))
        else:
            rows.append((part, term, 0, 0, np.nan, np.nan, np.nan))
    return pd.DataFrame(rows, columns=["part", "term", "count", "denominator", "share", "low", "high"])


def _assumptions(rule: str) -> tuple[str, ...]:
    shared = (
        "the codebook's terms mean what its authority says",
        "rows of one officer may be alike, rows of different officers are independent",
    )
    warned = {
        "closed_only": "only closed complaints are in the records: shares describe these, not complaints received",
        "selected_on_outcome": "which records are here depends on how they ended: shares describe these records only",
        "trailing_window": "complaints received near the end of the window have had less time to be decided",
    }
    return (*shared, warned[rule]) if rule in warned else shared


def _uncounted(cohort: Cohort, unit: str) -> tuple[str, ...]:
    """Say how many records hold nothing to count in this unit."""
    silent = int((~cohort.cases["case_id"].isin(cohort.allegations["case_id"])).sum())
    said = [f"unit: {unit.replace('_', '-')}"]
    if silent:
        said.append(f"{silent:,} of {len(cohort.cases):,} complaints name no officer and hold no finding to count")
    for column in ("finding", "imposed_penalty"):
        for terms in dict.fromkeys(merged_terms(cohort, column).values()):
            said.append(f"not told apart by the source, {column.replace('_', ' ')}: {terms.replace('_', ' ')}")
    return tuple(said)


def _groups(frame: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[tuple[object, ...], pd.DataFrame]]:
    if not by:
        return [((), frame)] if len(frame) else []
    return [(key, part) for key, part in frame.groupby(list(by), sort=True, dropna=False)]


def _sentence(clauses: Sequence[str]) -> str:
    text = "; ".join(clauses)
    return text[:1].upper() + text[1:] + "." if text else ""


def _of(row: Mapping[Hashable, Any], by: tuple[str, ...]) -> str:
    return _named(tuple(row[name] for name in by))


def _named(key: tuple[object, ...]) -> str:
    return ", ".join(str(value).replace("_", " ") for value in key) + ": " if key else ""
