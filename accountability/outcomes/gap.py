"""Decompose a gap between two groups by stage, from a complaint to a penalty that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.labels import label
from accountability.outcomes.gap_bounds import bounds, sensitivity, without_group
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.rounded_rates import compared_rounded, outward
from accountability.outcomes.small_counts import Disclosed, balance_marked, few, masked, overlap_marked
from accountability.outcomes.stages import GROUPS, NAMED, STAGES, passed, resampled_rates, small_stages, stage_table
from accountability.outcomes.units_alike import kinds_alike, suspended
from accountability.outcomes.units_counted import CLUSTERED, UNNAMED, held_unit, mended, units_of
from accountability.records.units import WORDS
from accountability.results import interval_said, percent
from accountability.stats.arrays import Floats
from accountability.stats.decomposition import contributions, oaxaca_blinder, percentiles, standardisation
from accountability.stats.row_draws import RowDraws
from accountability.stats.sandwich import ways_of
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPARED: Final = ("officer_race", "officer_gender", "officer_rank", "complainant")
DRAWS: Final = 400
CONTRIBUTION: Final = ("contribution", "contribution_lower", "contribution_upper")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageGap(Disclosed):
    """Rates of two groups at each stage, and the decomposition of their gap.

    Attributes
    ----------
    table : DataFrame
        One row per stage: ``stage``, ``what``; for each group (first, second) ``n_*`` (units that reached the stage and
        are decided), ``unresolved_*``, ``rate_*``, ``lower_*``, ``upper_*``; ``difference`` and ``ratio`` with their
        limits; ``contribution`` to the overall gap with its limits; ``hidden``; ``rounded_to``: from a stage with few
        undecided on, the step to which rates are rounded (limits outward), so that their number cannot be derived.
        Counts are then not shown, and all further numbers use the rounded rates.
    overall : DataFrame
        One row: the product of the stages' rates for each group and their difference, with an interval; ``hidden``.
    bounds : DataFrame
        ``stage``, ``assuming``, ``lower``, ``upper``, ``hidden``: the difference of rates, allowing for selection into
        the stage; ``interval_lower``, ``interval_upper`` add sampling error (Imbens and Manski 2004).
    sensitivity : DataFrame
        ``stage``, ``ratio``, ``e_value``, ``e_value_of_interval``, ``hidden``.
    overlap : DataFrame
        ``stage``, ``group``, ``n``, ``in_common`` (share of the group's units whose covariates also occur in the other
        group), ``hidden``. Empty without covariates. Read it before ``mix``.
    balance : DataFrame
        ``column``, ``level``, ``share_first``, ``share_second``, ``difference`` among all named; ``hidden``.
    mix : DataFrame
        ``stage``, ``difference`` split into ``mixed_differently``, ``at_the_same_mix`` (with its limits) and
        ``outside`` the common covariates; ``withheld`` says why there is no split; ``hidden``.
    days : DataFrame
        Oaxaca–Blinder of the days of suspension: ``part``, ``estimate``, ``lower``, ``upper`` (none where a tenth or
        more of the bootstrap samples give no estimate), ``hidden``.
    unrecorded : DataFrame
        Units without a recorded group: ``stage``, ``n``, ``events``, ``hidden``.
    by, first, second, unit, covariates, confidence
        As asked for.
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("table", "overall", "bounds", "sensitivity", "overlap", "balance", "mix", "days", "unrecorded"), ()
    )

    overall: pd.DataFrame
    bounds: pd.DataFrame
    sensitivity: pd.DataFrame
    overlap: pd.DataFrame
    balance: pd.DataFrame
    mix: pd.DataFrame
    days: pd.DataFrame
    unrecorded: pd.DataFrame
    by: str
    first: str
    second: str
    unit: str
    covariates: tuple[str, ...]
    confidence: float
    min_cell: int

    def __post_init__(self) -> None:
        """Hide small stages, and in words too why nothing is compared at the same mix."""
        super().__post_init__()
        said = self.mix["withheld"].mask(self.mix["hidden"].astype(bool), "too small to show")
        object.__setattr__(self, "mix", self.mix.assign(withheld=said))
        if self.table["rounded_to"].notna().any():
            made = sensitivity(self.table).set_index("stage").reindex(self.sensitivity["stage"]).reset_index()
            object.__setattr__(self, "sensitivity", made.assign(hidden=self.sensitivity["hidden"]))
            if not self.table["hidden"].any():
                object.__setattr__(self, "overall", self._whole_rounded())

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without stages of few units; if there is one, contributions are hidden too."""
        out = masked(table.drop(columns=[f"{what}_{place}" for what in ("named", "events") for place in GROUPS]))
        for name in [f"unresolved_{place}" for place in GROUPS]:
            out[name] = out[name].astype("Int64").mask(few(table[name], self.min_cell))
        rounded = out["rounded_to"].notna()
        if rounded.any():
            made = compared_rounded(out.loc[rounded], out.loc[rounded, "rounded_to"])
            out.loc[rounded, list(made)] = made
            whole = [*(f"n_{place}" for place in GROUPS), "clusters"]
            gone = [*whole, "effective_clusters", "df"]
            out[gone] = out[gone].astype(dict.fromkeys(whole, "Int64")).mask(rounded)
        if table["hidden"].any():
            return out.assign(**dict.fromkeys(CONTRIBUTION, np.nan))
        if rounded.any():
            shown = [out[f"rate_{place}"].to_numpy(dtype=float) for place in GROUPS]
            step = pd.Series(out["rounded_to"].max(), index=out.index)
            out = out.assign(contribution=contributions(*shown), **outward(out, "contribution", step))
        return out

    def _whole_rounded(self) -> pd.DataFrame:
        """The overall rates of the stages as they are shown."""
        first, second = (float(self.table[f"rate_{place}"].to_numpy(dtype=float).prod()) for place in GROUPS)
        step = pd.Series(self.table["rounded_to"].max(), index=self.overall.index)
        whole = {"rate_first": first, "rate_second": second, "difference": first - second}
        return self.overall.assign(**whole, **outward(self.overall, "difference", step))

    def pooled_ratio(self) -> pd.DataFrame:
        """Return the ratio of the overall rates, with the stages it is made of.

        Returns
        -------
        DataFrame
            The stages, and a last row ``overall``: ``stage``, ``rate_first``, ``rate_second``, ``ratio``.

        Raises
        ------
        Refusal
            If a stage is missing from the source or too small to show: without its stages a pooled ratio does not show
            whether it comes from complaints, findings or penalties.
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
        parts = []
        for place, name in zip(GROUPS, (self.first, self.second), strict=True):
            limits = {f"{what}_{place}": what for what in ("rate", "lower", "upper")}
            label = shown["stage"] + ": " + name.replace("_", " ")
            parts.append(shown[list(limits)].rename(columns=limits).assign(label=label))
        long = pd.concat(parts).sort_index(kind="stable")
        axes = new_axes(ax, height=1.2 + 0.35 * len(long))
        ranges(axes, long, label="label", estimate="rate", lower="lower", upper="upper", kind="share")
        axes.set_xlim(0, 1)
        axes.set_xlabel("share that passes the stage, of those who reach it")
        return axes

    def sentence(self) -> str:
        """State both rates at each stage, the stage with the largest part of the gap, and the overlap."""
        held = self.table.loc[~self.table["hidden"]]
        shown = held.dropna(subset=["rate_first", "rate_second"]).to_dict("records")
        if not shown:
            why = "has units decided in both groups" if len(held) else "rests on counts large enough to show"
            return f"No stage {why}."
        said = [
            f"{row['stage']} {_rate(row, 'first')} against {_rate(row, 'second')} ({self._ratio_said(row)})"
            for row in shown
        ]
        whose = f"{label(self.first)} against {label(self.second)} ({self.by.replace('_', ' ')}), {WORDS[self.unit]}"
        text = f"{whose}, stage by stage: {'; '.join(said)}."
        parts = self.table.loc[self.table["contribution"].notna()]
        if len(parts):
            (*_, top) = parts.sort_values("contribution", key=abs, kind="stable").to_dict("records")
            (whole,) = self.overall.to_dict("records")
            scale, word = (1.0, "per officer") if NAMED in set(self.table["stage"]) else (100.0, "points")
            low, high = (scale * top[f"contribution_{end}"] for end in ("lower", "upper"))
            ends = "no interval exists" if pd.isna(low) else f"interval {low:+.2f} to {high:+.2f}"
            text += (
                f" Over all stages the rates differ by {scale * whole['difference']:+.2f} {word}; the stage that makes "
                f"up most of it is '{top['stage']}' ({scale * top['contribution']:+.2f} {word}, {ends})."
            )
        rounded = [str(row["stage"]) for row in shown if pd.notna(row["rounded_to"])]
        if rounded:
            text += f" Few are undecided, so the shares of {' and '.join(rounded)} are rounded and tell no number."
        return text + self._mix_said()

    def _ratio_said(self, row: Mapping[Any, Any]) -> str:
        if pd.isna(row["ratio"]):
            return "no ratio exists"
        return f"ratio {row['ratio']:.2f}, {interval_said(self.confidence, row['ratio_lower'], row['ratio_upper'])}"

    def _mix_said(self) -> str:
        said = []
        for row in self.mix.loc[self.mix["at_the_same_mix"].notna()].to_dict("records"):
            common = self.overlap.loc[self.overlap["stage"] == row["stage"], "in_common"]
            if common.notna().all():
                share = "all" if common.min() >= 1 else f"at least {percent(common.min(), 1)}"
                said.append(
                    f"{row['stage']}: {share} of each group has its like in the other; at "
                    f"the same mix {100 * row['at_the_same_mix']:+.1f} of {100 * row['difference']:+.1f} points"
                )
        return f" By {', '.join(self.covariates).replace('_', ' ')}, {'; '.join(said)}." if said else ""


def _rate(row: Mapping[Any, Any], place: str) -> str:
    rate = row[f"rate_{place}"]
    return percent(rate, int(pd.isna(row["rounded_to"]))) if rate <= 1 else f"{rate:.2f} per officer"


@takes("cohort")
def decompose_gap(
    data: Cohort,
    by: str | None = None,
    first: str | None = None,
    second: str | None = None,
    *,
    covariates: str | Sequence[str] = (),
    officers: Mapping[str, float] | None = None,
    unit: str | None = None,
    least_overlap: float = 0.8,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    seed: int = 20130206,
) -> StageGap:
    """Decompose the gap between two groups by stage: named, investigated, sustained, penalised, penalty kept.

    Each stage's rate is the share that passes among the decided units that reached it. The overall rate is the product
    of the stages' rates. Its difference is split over the stages by Das Gupta's symmetric form of Kitagawa's
    decomposition. With covariates, overlap and balance are computed first, and each stage's difference is split into a
    part due to the groups' different mix and a part at the same mix (Kitagawa). The split is withheld where overlap is
    too small. The numbers describe; they do not show causes.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str, optional
        Column of the allegations or cases holding the group: race, gender, rank, years of service, unit, who
        complained. By default the first of :data:`COMPARED` that the source holds.
    first, second : str, optional
        The two groups; by default the second largest and the largest.
    covariates : str or sequence of str
        Columns whose mix is held equal.
    officers : mapping of str to float, optional
        Officers, or officer-years, of each group on the roster. Without them the stage "named" has no rate, because a
        release lists only officers with complaints.
    unit : str, optional
        By default what a row of the source is.
    least_overlap : float
        Least share of each group's units whose covariates must occur in the other group.
    confidence : float
    min_cell : int
        A stage with a smaller count is hidden. From there on, and from a stage with fewer undecided units on, rates are
        rounded, and counts, bounds, overlap and mix are left out. At the first stage only the number undecided, the
        bounds and the balance of all named are hidden.
    ladder : Ladder, optional
    seed : int
        Seed of the bootstrap over officers and complaints for the intervals of contributions and splits.

    Returns
    -------
    StageGap

    Raises
    ------
    Refusal
        If the records were selected on the outcome, or a group has no unit.
    ParameterError
        For an unknown column or group.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.decompose_gap(data, "complainant", "internal", "public", min_cell=1)
    >>> found.table[["stage", "rate_first", "rate_second"]].round(2).values.tolist()[:2]
    [['investigated', 0.97, 0.73], ['sustained', 0.37, 0.13]]
    """
    if by is not None and not isinstance(by, str):
        raise ParameterError(f"decompose_gap: by= names one column that holds the two groups, found {by!r}")
    by = by or _first_held(data)
    alike = tuple(column_names(covariates, "decompose_gap", "covariates"))
    made = units_of(data, [by, *alike], unit, ladder)
    if data.card.sampling.rule in ("selected_on_outcome", "case_files"):
        raise Refusal(
            f"{data.name} holds records chosen by how they ended, so the earlier stages cannot be seen in it; "
            "compare the later ones among these records with by_unit()"
        )
    first, second = _two(made.table[by], first, second)
    inside = made.table[by].isin([first, second]).to_numpy(bool)
    rows = made.table[inside].reset_index(drop=True)
    group = np.asarray(rows[by] == second, dtype=np.int64)
    # The same for all columns, where the rows of the source are counted.
    every = passed(data.allegations if made.unit == held_unit(data) else made.table, ladder)
    flags, ways, held = every[inside].reset_index(drop=True), ways_of(rows), rows[list(alike)]
    known, lengths = suspended(rows)
    kinds = kinds_alike(flags, group, held, lengths)
    draws = RowDraws.of(ways, DRAWS, np.random.default_rng(seed), kinds)
    table = stage_table(rows, ways, flags, group, (first, second), officers, confidence)
    table = table.join(small_stages(table, min_cell))
    found, drawn = resampled_rates(flags, group, draws, officers, (first, second))
    table = _with_contributions(table, found, drawn, confidence)
    unsaid = any(few(table[f"unresolved_{place}"].iloc[:1], min_cell).any() for place in GROUPS)
    cells = standardisation(held, flags, group, draws, least_overlap, confidence)
    some = draws.among(known)
    days = oaxaca_blinder(lengths[known], held.loc[known], group[known], some, min_cell, confidence)
    shut, nobody = set(table.loc[table["hidden"], "stage"]), every[(made.table[by] == NOT_RECORDED).to_numpy(bool)]
    told = set(table.loc[table["hidden"] | table["rounded_to"].notna(), "stage"])
    limits = bounds(table, flags, group, draws, confidence)
    return StageGap(
        estimand=f"share that passes each stage, {label(first)} and {label(second)} ({by}), {data.name}",
        assumptions=(
            f"unit: {made.word}",
            *(f"{name}: {what}" for name, what in STAGES.items() if name in flags),
            CLUSTERED if "officer_ids" in rows or rows["officer_id"].notna().any() else UNNAMED,
            "those undecided at a stage would pass it as often as those decided (see bounds)",
            "groups may differ in what the records do not hold (see sensitivity)",
            *(() if officers else ("how often each group is named in complaints is not known without a roster",)),
        ),
        method="stage rates with clustered intervals; Das Gupta's symmetric Kitagawa decomposition, Kitagawa splits "
        f"and Oaxaca–Blinder; intervals of splits from {DRAWS} bootstrap samples by {' and '.join(ways)}"
        + mended(table),
        table=table.drop(columns="repaired", errors="ignore"),
        flow=data.flow(),
        overall=_overall(found, drawn, confidence).assign(hidden=bool(shut)),
        bounds=_at(limits, told, unsaid),
        sensitivity=_at(sensitivity(table), shut),
        overlap=overlap_marked(_at(cells.overlap.rename(columns={"units": "n"}), told), min_cell),
        balance=balance_marked(rows, group, cells.balance, min_cell, unsaid or "investigated" in shut),
        mix=_at(cells.mix, told),
        days=days.assign(hidden="kept" in told),
        unrecorded=_at(*without_group(nobody, told, min_cell)),
        by=by,
        first=first,
        second=second,
        unit=made.unit,
        covariates=alike,
        confidence=confidence,
        min_cell=min_cell,
    )


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


def _with_contributions(table: pd.DataFrame, rates: Floats, drawn: Floats, confidence: float) -> pd.DataFrame:
    if np.isnan(rates).any():
        return table.assign(**dict.fromkeys(CONTRIBUTION, np.nan))
    none = table[[f"lower_{place}" for place in GROUPS]].isna().any(axis=1)  # one officer holds a group
    ends = (np.where(none, np.nan, end) for end in percentiles(contributions(drawn[:, 0], drawn[:, 1]), confidence))
    return table.assign(**dict(zip(CONTRIBUTION, (contributions(rates[0], rates[1]), *ends), strict=True)))


def _overall(rates: Floats, drawn: Floats, confidence: float) -> pd.DataFrame:
    whole, gaps = rates.prod(axis=1), drawn.prod(axis=2)
    lower, upper = percentiles(gaps[:, 0] - gaps[:, 1], confidence)
    line = {"rate_first": whole[0], "rate_second": whole[1], "difference": whole[0] - whole[1]}
    return pd.DataFrame([line | {"difference_lower": lower, "difference_upper": upper}])


def _at(table: pd.DataFrame, shut: set[str], every: bool = False) -> pd.DataFrame:
    """A table with its stages that are too small to show marked."""
    return table.assign(hidden=table["stage"].isin(list(shut)).astype(bool) | every)
