"""Where a gap between two groups stands: stage by stage from a complaint to a penalty that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.allegation_columns import NOT_RECORDED
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.modelled import rows_for
from accountability.outcomes.stage_table import NAMED, draws, first_small, rates, settle, stage_table
from accountability.outcomes.stages import STAGES, contributions, e_value, passed, trimmed, worst_case
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats.arrays import Floats
from accountability.stats.decomposition import oaxaca_blinder, standardisation
from accountability.stats.sandwich import clusters_of
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPARED: Final = ("officer_race", "officer_gender", "officer_rank", "complainant")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageGap(Result):
    """Two groups, stage by stage.

    Attributes
    ----------
    table : DataFrame
        One row a stage: ``stage``, ``what``; for each group ``reached_*`` (units that came so far and are decided),
        ``unresolved_*`` (missing where a few of them were counted as not passing, so that their number does not
        show), ``rate_*``, ``low_*``, ``high_*`` (first, second); ``difference`` and ``ratio`` with their
        intervals; ``contribution`` to the overall gap with its interval; ``hidden``.
    overall : DataFrame
        One row: the product of the stages' rates for each group and their difference, with an interval.
    bounds : DataFrame
        ``stage``, ``assuming``, ``low``, ``high``: the difference of rates allowing for who gets to the stage at all.
    sensitivity : DataFrame
        ``stage``, ``ratio``, ``e_value``, ``e_value_of_interval``.
    overlap : DataFrame
        ``stage``, ``group``, ``units``, ``in_common``: share of the group's units whose covariates the other group
        has too. Empty without covariates. To be read before ``mix``.
    balance : DataFrame
        ``column``, ``level``, ``share_first``, ``share_second``, ``difference`` among all named.
    mix : DataFrame
        ``stage``, ``difference`` split into ``mixed_differently``, ``at_the_same_mix`` (with an interval) and
        ``outside`` what both groups hold; ``withheld`` says why nothing is there.
    days : DataFrame
        Oaxaca–Blinder of the days of suspension: ``part``, ``estimate`` with its limits ``lower`` and ``upper``,
        missing where a tenth or more of the bootstrap samples give no estimate.
    column, first, second, unit : str
    given : tuple of str
    level : float
    """

    overall: pd.DataFrame
    bounds: pd.DataFrame
    sensitivity: pd.DataFrame
    overlap: pd.DataFrame
    balance: pd.DataFrame
    mix: pd.DataFrame
    days: pd.DataFrame
    column: str
    first: str
    second: str
    unit: str
    given: tuple[str, ...]
    level: float

    def pooled_ratio(self) -> pd.DataFrame:
        """The ratio of the overall rates, with the stage table it belongs to.

        Returns
        -------
        DataFrame
            The stages, and a last row ``overall``: ``stage``, ``rate_first``, ``rate_second``, ``ratio``.

        Raises
        ------
        Refusal
            If a stage is not held by the source or too small to show: a pooled ratio without its stages does not
            say whether it comes from complaints, findings or penalties.
        """
        missing = [stage for stage in STAGES if stage not in set(self.table["stage"])]
        hidden = self.table.loc[self.table["hidden"], "stage"].tolist()
        if missing or hidden:
            why = f"the source does not hold {missing[0]!r}" if missing else f"{hidden[0]!r} is too small to show"
            raise Refusal(
                f"a pooled ratio is not given without every stage, and {why}; read the stages there are in .table"
            )
        heads = ["stage", "rate_first", "rate_second", "ratio"]
        whole = self.overall.assign(stage="overall", ratio=self.overall["rate_first"] / self.overall["rate_second"])
        return pd.concat([self.table[heads], whole[heads]], ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the rate of each group at each stage with its interval."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.table.loc[~self.table["hidden"] & self.table["rate_first"].between(0, 1)]
        parts = [
            pd.DataFrame(
                {
                    "label": shown["stage"] + ": " + name.replace("_", " "),
                    "rate": shown[f"rate_{place}"],
                    "low": shown[f"low_{place}"],
                    "high": shown[f"high_{place}"],
                }
            )
            for place, name in (("first", self.first), ("second", self.second))
        ]
        long = pd.concat(parts).sort_index(kind="stable")
        axes = new_axes(ax, height=1.2 + 0.35 * len(long))
        ranges(axes, long, label="label", estimate="rate", lower="low", upper="high")
        axes.set_xlim(0, 1)
        axes.set_xlabel("share that passes the stage, of those who reach it")
        return axes

    def sentence(self) -> str:
        """Say both rates at each stage, the stage that makes up most of the gap, and the overlap before adjusting."""
        shown = self.table.loc[~self.table["hidden"]].to_dict("records")
        if not shown:
            return "Every stage rests on counts too small to show."
        said = [
            f"{row['stage']} {_rate(row['rate_first'])} against {_rate(row['rate_second'])} (ratio {row['ratio']:.2f}, "
            f"{percent(self.level)} interval {row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
            for row in shown
        ]
        text = (
            f"{self.first} against {self.second} ({self.column.replace('_', ' ')}), {WORDS[self.unit]}, stage by "
            f"stage: {'; '.join(said)}."
        )
        parts = self.table.loc[self.table["contribution"].notna()]
        if len(parts):
            (*_, top) = parts.sort_values("contribution", key=abs, kind="stable").to_dict("records")
            (whole,) = self.overall.to_dict("records")
            scale, word = (1.0, "per officer") if NAMED in set(self.table["stage"]) else (100.0, "points")
            text += (
                f" Over all stages the rates differ by {scale * whole['difference']:+.2f} {word}; the stage that makes "
                f"up most of it is '{top['stage']}' ({scale * top['contribution']:+.2f} {word}, interval "
                f"{scale * top['contribution_low']:+.2f} to {scale * top['contribution_high']:+.2f})."
            )
        return text + self._mix_said()

    def _mix_said(self) -> str:
        shown = self.mix.loc[self.mix["at_the_same_mix"].notna()] if len(self.mix) else self.mix
        said = []
        for row in shown.to_dict("records"):
            common = self.overlap.loc[self.overlap["stage"] == row["stage"], "in_common"].min()
            said.append(
                f"{row['stage']}: at least {percent(common, 1)} of each group has its like in the other; at the "
                f"same mix {100 * row['at_the_same_mix']:+.1f} of {100 * row['difference']:+.1f} points"
            )
        return f" By {', '.join(self.given).replace('_', ' ')}, {'; '.join(said)}." if said else ""


def _rate(rate: float) -> str:
    return percent(rate, 1) if rate <= 1 else f"{rate:.2f} per officer"


def where_a_gap_stands(
    data: Cohort | DatasetLike,
    column: str | None = None,
    first: str | None = None,
    second: str | None = None,
    *,
    given: Sequence[str] = (),
    officers: Mapping[str, float] | None = None,
    unit: str | None = None,
    least_overlap: float = 0.8,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    seed: int = 20130206,
) -> StageGap:
    """Two groups compared at every stage: named, investigated, sustained, given a penalty, penalty kept.

    Each stage's rate is the share that passes of those who reached it and are decided. The overall rate is the
    product of the stages' rates; its difference is split over the stages by Das Gupta's symmetric form of Kitagawa's
    decomposition. With covariates (``given``), overlap and balance come first, and each stage's difference is split
    into what the groups' different mix makes up and what remains at the same mix (Kitagawa); it is withheld where the
    groups hold too little in common. Numbers describe the records; none says why.

    Parameters
    ----------
    data : Cohort or Dataset
    column : str, optional
        Column of the allegations or cases holding the groups: race, gender, rank, years of service, unit, who
        complained. By default the first of :data:`COMPARED` that the source holds.
    first, second : str, optional
        The two groups; by default the second largest and the largest.
    given : sequence of str
        Columns compared at the same mix.
    officers : mapping of str to float, optional
        Officers, or officer-years, of each group on the roster. Without them being named in complaints has no rate,
        because a release lists only those complained of.
    unit : str, optional
        By default what a row of the source is.
    least_overlap : float
        Share of each group's units that must have their like in the other.
    level, min_cell
        As in :func:`accountability.outcomes.outcomes`; from the first stage with a small count on, all is withheld.
    ladder : Ladder, optional
    seed : int
        Of the bootstrap over officers, which gives the intervals of contributions and splits.

    Returns
    -------
    StageGap

    Raises
    ------
    Refusal
        If the records were chosen by how they ended, or a group has no unit.
    ParameterError
        For an unknown column or group.
    """
    column = column or _first_held(Cohort.of(data))
    made = rows_for(data, [column, *given], unit, ladder, "finding")
    cohort = made.cohort
    if cohort.card.sampling.rule in ("selected_on_outcome", "case_files"):
        raise Refusal(
            f"{cohort.name} holds records chosen by how they ended, so the earlier stages cannot be seen in it; "
            "compare the later ones among these records with by_unit()"
        )
    first, second = _two(made.table[column], first, second)
    rows = made.table.loc[made.table[column].isin([first, second])].reset_index(drop=True)
    group = np.asarray(rows[column] == second, dtype=np.int64)
    flags, few = settle(passed(rows, ladder), group, min_cell)
    clusters = clusters_of(rows.get("officer_id"), len(rows))
    weights = draws(clusters, seed)
    table = stage_table(rows, flags, group, (first, second), officers, level)
    hidden = first_small(table, min_cell)
    found, drawn = rates(flags, group, clusters, weights, officers, (first, second))
    table = _with_contributions(table, found, drawn, level, bool(hidden.any()))
    overall = _overall(found, drawn, level)
    if hidden.any():
        overall = overall.iloc[:0]
    held = rows[list(dict.fromkeys(given))]
    cells = standardisation(held, flags, group, weights, clusters, least_overlap, level)
    safe = set(table.loc[~hidden, "stage"])
    if NAMED in safe or not officers:
        safe.add(NAMED)
    known = _suspended(rows) if "kept" in safe and not cells.mix.empty else np.zeros(len(rows), bool)
    return StageGap(
        estimand=f"share that passes each stage, {first} and {second} ({column}), {cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            *(f"{name}: {what}" for name, what in STAGES.items() if name in flags),
            "officers are independent of one another, rows of one officer are not",
            "those undecided at a stage would pass it as often as those decided (see bounds)",
            "groups may differ in what the records do not hold (see sensitivity)",
            *(() if officers else ("how often each group is named in complaints is not known without a roster",)),
        ),
        method="stage rates with officer-clustered intervals; Das Gupta's symmetric Kitagawa decomposition, Kitagawa "
        "splits and Oaxaca-Blinder; intervals of splits by bootstrap over officers",
        table=_hide(table, hidden, few),
        flow=cohort.flow(),
        overall=overall,
        bounds=_only(_bounds(table), safe),
        sensitivity=_only(_sensitivity(table), safe),
        overlap=_only(cells.overlap, safe),
        balance=cells.balance if "investigated" in safe else cells.balance.iloc[:0],
        mix=_only(cells.mix, safe),
        days=oaxaca_blinder(
            rows.loc[known, "imposed_days"].to_numpy(dtype=float) if known.any() else np.zeros(0),
            held.loc[known],
            group[known],
            clusters[known],
            weights,
            min_cell,
            level,
        ),
        column=column,
        first=first,
        second=second,
        unit=made.unit,
        given=tuple(given),
        level=level,
    )


def _suspended(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which sustained units were suspended for a known number of days."""
    if "imposed_days" not in rows:
        return np.zeros(len(rows), bool)
    inside = rows["imposed_penalty"].eq("suspension").fillna(False) & rows["imposed_days"].notna()
    return (inside & rows["finding"].eq("sustained").fillna(False)).to_numpy(dtype=bool)


def _first_held(cohort: Cohort) -> str:
    held = [name for name in COMPARED if name in cohort.allegations or name in cohort.cases]
    if not held:
        raise Refusal(f"{cohort.name} holds none of {', '.join(COMPARED)}; name the column that holds the groups")
    return held[0]


def _two(values: pd.Series, first: str | None, second: str | None) -> tuple[str, str]:
    """The groups asked for, or the largest ones there are."""
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    for name in (first, second):
        if name is not None and name not in counts.index:
            raise ParameterError(f"{values.name} holds no group {name!r}; it holds {', '.join(sorted(counts.index))}")
    rest = [str(name) for name in counts.index if name not in (first, second, NOT_RECORDED)]
    below = second or (rest.pop(0) if rest else None)
    above = first or (rest.pop(0) if rest else None)
    if above is None or below is None or above == below:
        raise ParameterError(f"two groups of {values.name} are needed; it holds {', '.join(sorted(counts.index))}")
    return above, below


def _with_contributions(table: pd.DataFrame, rates: Floats, drawn: Floats, level: float, hide: bool) -> pd.DataFrame:
    blank = np.full(len(table), np.nan)
    if hide or np.isnan(rates).any():
        return table.assign(contribution=blank, contribution_low=blank, contribution_high=blank)
    low, high = np.nanquantile(contributions(drawn[:, 0], drawn[:, 1]), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return table.assign(contribution=contributions(rates[0], rates[1]), contribution_low=low, contribution_high=high)


def _overall(rates: Floats, drawn: Floats, level: float) -> pd.DataFrame:
    whole = rates.prod(axis=1)
    gaps = drawn.prod(axis=2)
    low, high = np.nanquantile(gaps[:, 0] - gaps[:, 1], [(1 - level) / 2, (1 + level) / 2])
    line = {"rate_first": whole[0], "rate_second": whole[1], "difference": whole[0] - whole[1]}
    return pd.DataFrame([line | {"difference_low": low, "difference_high": high}])


def _bounds(table: pd.DataFrame) -> pd.DataFrame:
    lines = []
    for row in table.loc[table["stage"] != NAMED].to_dict("records"):
        reached = np.array([row[f"reached_{p}"] / row[f"named_{p}"] for p in ("first", "second")])
        rate = np.array([row["rate_first"], row["rate_second"]])
        if not reached.all():
            continue
        lines.append((row["stage"], "nothing, for all named", *worst_case(reached, rate)))
        lines.append((row["stage"], "who gets there in the rarer group would in the other", *trimmed(reached, rate)))
    return pd.DataFrame(lines, columns=["stage", "assuming", "low", "high"])


def _sensitivity(table: pd.DataFrame) -> pd.DataFrame:
    lines = [
        (row["stage"], row["ratio"], *e_value(row["ratio"], row["ratio_low"], row["ratio_high"]))
        for row in table.to_dict("records")
        if row["ratio"] > 0
    ]
    return pd.DataFrame(lines, columns=["stage", "ratio", "e_value", "e_value_of_interval"])


def _hide(table: pd.DataFrame, hidden: pd.Series, few: Sequence[tuple[str, str]]) -> pd.DataFrame:
    out = table.drop(columns=[f"{what}_{place}" for what in ("named", "passed") for place in ("first", "second")])
    counts = [f"{what}_{place}" for place in ("first", "second") for what in ("reached", "unresolved")]
    out = out.astype(dict.fromkeys(counts, "Int64"))
    for stage, place in few:
        out[f"unresolved_{place}"] = out[f"unresolved_{place}"].mask(out["stage"] == stage)
    numbers = [str(name) for name in out if name not in ("stage", "what")]
    return out.assign(**{name: out[name].mask(hidden) for name in numbers}, hidden=hidden)


def _only(table: pd.DataFrame, stages: set[str]) -> pd.DataFrame:
    return table.loc[table["stage"].isin(list(stages))].reset_index(drop=True)
