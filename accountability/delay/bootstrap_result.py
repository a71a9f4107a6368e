"""The result that every bootstrap of delays returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.delay.counts import case_counts, columns_of, label_of, with_groups
from accountability.delay.curve import NOT_REACHED
from accountability.errors import Refusal
from accountability.privacy import disclose
from accountability.results import Result, percent, plural
from accountability.stats.arrays import ROUNDING, Days, Floats
from accountability.stats.intervals import percentile
from accountability.stats.resample import Draws
from accountability.study.durations import Durations, group_codes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Bootstrap(Result):
    """Numbers with intervals from resampled clusters.

    ``table``: the columns of `by`, ``statistic``, ``n`` (cases), ``estimate``, ``lower``, ``upper`` (days, or shares
    closed; missing when not reached, beyond follow-up or, of limits, where all resamples are alike), ``not_reached``
    (share of resamples that did not reach it).

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    groups : pandas.DataFrame
        One row per group.
    clusters : int
        Number of clusters.
    unit : str
        What is resampled: ``cluster``, or ``case`` where each case is its own cluster.
    confidence : float
        Level of the intervals.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame
    clusters: int
    unit: str
    confidence: float

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten cases."""
        return disclose(table, counts=("n",), keep=self.by, within=("statistic",)) if self.by else table

    def sentence(self) -> str:
        """State every estimate with its interval."""
        said = []
        each = len(self.table) // len(self.groups)
        for place, row in enumerate(self.table.to_dict("records")):
            kind = str(row["statistic"])
            if pd.isna(row["n"]):
                said.append(f"{label_of(self.groups, place // each)}{kind}: too few cases to show")
                continue
            share, days = kind.startswith("closed as"), kind.startswith(("day by", "mean days"))
            numbers = [
                ("not watched so long" if share else NOT_REACHED)
                if pd.isna(row[name])
                else percent(row[name], 1)
                if share
                else format(row[name], ",.0f" if days else ",.4g")
                for name in ("estimate", "lower", "upper")
            ]
            unit = " days" if days and pd.notna(row["estimate"]) else ""
            none = pd.isna(row["lower"]) and pd.isna(row["upper"])
            ends = f"{percent(self.confidence)} interval {numbers[1]} to {numbers[2]}"
            ends = "no interval exists" if none else ends
            said.append(f"{label_of(self.groups, place // each)}{kind}: {numbers[0]}{unit} ({ends})")
        return f"{'; '.join(said)}; from {plural(self.clusters, self.unit)} resampled."


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The statistics to compute from every resample."""

    shares: Floats
    until: int | None
    causes: str | None
    days: Days
    by: str | Sequence[str] | None
    cluster: str | None
    seed: int
    replicates: int
    confidence: float

    def clusters(self, durations: Durations) -> int:
        """Number of clusters, or of cases where each is its own."""
        found = len(durations) if self.cluster is None else len(group_codes(durations, self.cluster, clusters=True)[0])
        if found < 2:
            raise Refusal(f"resampling needs at least two clusters, found {found}: choose another cluster=, or none")
        return found

    def draws(self, durations: Durations, kind: Days) -> Draws:
        """Return the units to resample: clusters or, where each case is its own, sets of equal cases."""
        clusters = self.clusters(durations)
        if self.cluster is None:
            return Draws.of_cases(kind)
        return Draws.of_clusters(group_codes(durations, self.cluster, clusters=True)[1], clusters)

    def drawn(self, statistics: Callable[[Floats], Floats], draws: Draws, length: int) -> Floats:
        """Compute the statistics of the data (first row) and of every resample."""
        return draws.bootstrap(statistics, self.seed, self.replicates, length)


def bootstrap_of(
    durations: Durations, asked: Asked, estimand: str, drawn: list[Floats], names: list[str], *assumptions: str
) -> Bootstrap:
    """Build the result for all groups; a group without cases in some resample has no interval."""
    groups, cases = group_codes(durations, asked.by)[0], case_counts(durations, asked.by)
    parts = []
    for number, found in enumerate(drawn):
        if empty := int(np.isnan(found[:, 0]).sum()):
            raise Refusal(
                f"{label_of(groups, number)}{empty:,} of {len(found) - 1:,} resamples hold no case of this "
                "group, which rests on very few clusters: put small groups together, or choose a finer cluster="
            )
        lower, upper = percentile(found[1:], asked.confidence, between=False)
        numbers = {"estimate": found[0], "lower": lower, "upper": upper}
        columns = {name: np.where(np.isfinite(column), column, np.nan) for name, column in numbers.items()}
        # Resamples that are all alike bound nothing.
        least, most = found[1:].min(axis=0), found[1:].max(axis=0)
        alike = (least == most) | np.isclose(least, most, rtol=ROUNDING, atol=0)
        columns |= {name: np.where(alike, np.nan, columns[name]) for name in ("lower", "upper")}
        size = np.full(len(names), cases["n"].iloc[number])
        head = {"statistic": pd.array(names, dtype="str"), "n": size}
        not_reached = {"not_reached": (~np.isfinite(found[1:])).mean(axis=0)}
        parts.append(with_groups(groups, np.full(len(names), number), head | columns | not_reached))
    unit = "case" if asked.cluster is None else "cluster"
    clusters = asked.clusters(durations)
    what = "cases" if asked.cluster is None else f"clusters ({asked.cluster})"
    return Bootstrap(
        estimand=f"{estimand}, by {durations.clock}",
        assumptions=(f"{what} are independent of each other", *assumptions),
        method=f"{asked.replicates:,} resamples of {plural(clusters, unit)}, percentile interval, seed {asked.seed}",
        table=pd.concat(parts, ignore_index=True),
        flow=durations.flow,
        by=columns_of(asked.by),
        groups=groups,
        clusters=clusters,
        unit=unit,
        confidence=asked.confidence,
    )


def names_of(asked: Asked, causes: Sequence[str] = ()) -> list[str]:
    """Return the names of the statistics asked for."""
    names = [f"day by which {percent(share)} had closed" for share in asked.shares]
    if asked.until is not None:
        names.append(f"mean days open within {asked.until:,}")
    return names + [f"closed as {name!r} by day {day:,}" for name in causes for day in asked.days]


def first_day(share: Floats, limit: float) -> Floats:
    """Return the first day on which each curve has fallen to a share still open; infinite where it never does."""
    below = share <= limit + ROUNDING
    return np.where(below.any(axis=1), below.argmax(axis=1), np.inf)
