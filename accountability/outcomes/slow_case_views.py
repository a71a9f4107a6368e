"""Sustained complaints by delay, seen from a day of their age: the arithmetic behind the views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import Refusal
from accountability.outcomes import Ladder
from accountability.outcomes.following import UnitCard
from accountability.records.units import roll_up
from accountability.stats import intervals as clustered
from accountability.stats.arrays import Floats, Ints
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations

LIGHTER: Final = "sustained, lighter penalty"
HEAVIER: Final = "sustained, heavier penalty"
UNKNOWN: Final = "sustained, no rung on record"
WAYS: Final = ("no finding on the merits", "not sustained", LIGHTER, HEAVIER, UNKNOWN, "finding not recorded")
SUSTAINED: Final = [WAYS.index(LIGHTER), WAYS.index(HEAVIER)]
DRAWS: Final = 200


def with_way(cohort: Cohort, heavier: str, order: Ladder) -> Cohort:
    """Cases with the way each ended: the highest finding and penalty among its officers."""
    rows = cohort.allegations
    for name in ("finding", "imposed_penalty"):
        if name not in rows:
            raise Refusal(f"{cohort.name} holds no {name}, so delay and penalty cannot be put side by side")
    whole = roll_up(rows, cast(UnitCard, cohort.card).unit, "complaint", (), order.severity_rank)
    finding, rung = whole["finding"], order.rungs(whole["imposed_penalty"])
    sustained = finding.eq("sustained").fillna(False)
    cut = order.order.index(heavier)
    way = pd.Series("not sustained", index=whole.index, dtype="str")
    way = way.mask(finding.eq("closed_without_finding").fillna(False), WAYS[0])
    way = way.mask(sustained & rung.lt(cut).fillna(False), LIGHTER)
    way = way.mask(sustained & rung.ge(cut).fillna(False), HEAVIER)
    way = way.mask(sustained & rung.isna(), UNKNOWN)
    way = way.mask(finding.isna() | finding.eq("pending").fillna(False), WAYS[5])
    found = pd.Series(way.to_numpy(), index=whole["case_id"]).reindex(cohort.cases["case_id"]).fillna(WAYS[5])
    return cohort.with_case_column("way", found)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Cases with their delay, way and kind, seen from a day of their age."""

    held: Durations
    kind: Ints
    level: float
    min_cell: int
    within: int
    seed: int

    @property
    def way(self) -> Ints:
        """Position of each case's way; -1 while open."""
        codes = pd.Index(WAYS).get_indexer(pd.Index(self.held.table["way"]))
        return np.where(self.held.event, codes, -1).astype(np.int64)

    def seen(self, day: int) -> NDArray[np.bool_]:
        """Cases still open at the start of a day of their age."""
        return self.held.end >= day

    def from_day(self, day: int) -> Durations:
        """The cases open at a landmark, their days counted from it."""
        table = self.held.table.loc[self.seen(day)]
        moved = {name: table[name] - day for name in ("days_lower", "days_upper", "longest")}
        return replace(self.held, table=table.assign(**moved).reset_index(drop=True))

    def counts(self, day: int) -> Ints:
        """Cases by kind and way that closed within the days followed from a landmark."""
        inside = self.seen(day) & (self.held.end <= day + self.within) & (self.way >= 0)
        size = int(self.kind.max()) + 1
        found = np.bincount(self.kind[inside] * len(WAYS) + self.way[inside], minlength=size * len(WAYS))
        return found.reshape(size, len(WAYS))

    def heavier(self, day: int, same_mix: bool) -> dict[str, Any]:
        """Share of heavier among the sustained, with an interval, and what says whether it may be shown."""
        inside = self.seen(day)
        line: dict[str, Any] = {"cases": int(inside.sum())}
        base, found = (self.counts(since)[:, SUSTAINED] for since in (0, day))
        gone = same_mix and ((found.sum(axis=1) == 0) & (base.sum(axis=1) > 0)).any()
        if gone or not found.sum():
            # none is left, or none of a kind of case, which then cannot be held alike
            return line | {"heavier": np.nan, "low": np.nan, "high": np.nan, "light": 0, "heavy": 0}
        mix = base.sum(axis=1).astype(float) if same_mix else np.ones(1)
        kinds = int(self.kind.max()) + 1 if same_mix else 1
        kind = self.kind[inside] if same_mix else np.zeros(int(inside.sum()), dtype=np.int64)
        # a sum of independent Poisson weights is Poisson: cases alike in all that counts are drawn together
        spent = np.minimum(self.held.end[inside] - day, self.within + 1)
        key = (kind * (self.within + 2) + spent) * (len(WAYS) + 1) + self.way[inside] + 1
        cells, count = np.unique(key, return_counts=True)
        rest, way = np.divmod(cells, len(WAYS) + 1)
        of_kind, spent = np.divmod(rest, self.within + 2)

        def share(weights: Floats) -> float:
            light, heavy = sustained_within(spent, way - 1, weights, self.within, of_kind, kinds)
            total = light + heavy
            held = (mix > 0) & (total > 0)
            if not held.any():
                return float("nan")
            return float((mix[held] * heavy[held] / total[held]).sum() / mix[held].sum())

        rng = np.random.default_rng(self.seed)
        drawn = [share(np.asarray(rng.poisson(count), dtype=np.float64)) for _ in range(DRAWS)]
        low, high = np.nanquantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2])
        light, heavy = found.sum(axis=0).tolist()
        return line | {"heavier": share(count.astype(float)), "low": low, "high": high, "light": light, "heavy": heavy}


def sustained_within(
    spent: Ints, way: Ints, weights: Floats, within: int, kind: Ints | None = None, kinds: int = 1
) -> tuple[Floats, Floats]:
    """Aalen-Johansen shares of the lighter and the heavier sustained within so many days, kind by kind.

    Parameters
    ----------
    spent : array of int
        Days until a case closed, or was last seen open.
    way : array of int
        Position in :data:`WAYS`; -1 while open.
    weights : array
    within : int
    kind : array of int, optional
    kinds : int

    Returns
    -------
    lighter, heavier : array, one a kind
    """
    last = int(min(spent.max(initial=0), within))
    size = last + 2
    place = np.minimum(spent, last + 1) + (0 if kind is None else kind * size)

    def by_day(chosen: NDArray[np.bool_]) -> Floats:
        made = np.bincount(place[chosen], weights=weights[chosen], minlength=kinds * size)
        return made.reshape(kinds, size).astype(np.float64)

    at_risk = by_day(np.ones(len(spent), dtype=bool))[:, ::-1].cumsum(axis=1)[:, ::-1][:, :-1]
    safe = np.maximum(at_risk, 1e-12)
    after = np.cumprod(1 - by_day(way >= 0)[:, :-1] / safe, axis=1)
    before = np.hstack([np.ones((kinds, 1)), after[:, :-1]])
    lighter, heavier = ((before * by_day(way == one)[:, :-1] / safe).sum(axis=1) for one in SUSTAINED)
    return lighter, heavier


def naive(view: View) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Closed cases by quarters of the days they took."""
    closed = view.held.event
    took, way = view.held.end[closed], view.way[closed]
    edges = np.unique(np.quantile(took, [0, 0.25, 0.5, 0.75, 1], method="lower").astype(np.int64))
    lines, ways = [], []
    for k, (low, high) in enumerate(pairwise(edges)):
        inside = (took >= low if k == 0 else took > low) & (took <= high)
        at = f"closed after {low if k == 0 else low + 1:,} to {high:,} days"
        count = np.bincount(way[inside], minlength=len(WAYS))
        light, heavy = count[SUSTAINED].tolist()
        line: dict[str, Any] = {"view": "naive", "at": at, "day": int(high), "cases": int(inside.sum())}
        line |= {"heavier": np.nan, "low": np.nan, "high": np.nan, "light": light, "heavy": heavy}
        if light + heavy:
            s = clustered.clustered_share(np.repeat([True, False], [heavy, light]), None, view.level)
            line |= {"heavier": s.share, "low": s.lower, "high": s.upper}
        lines.append(line)
        for j, name in enumerate(WAYS):
            s = clustered.clustered_share(way[inside] == j, None, view.level)
            ways.append(
                {
                    "view": "naive",
                    "at": at,
                    "day": int(high),
                    "way": name,
                    "share": s.share,
                    "low": s.lower,
                    "high": s.upper,
                }
            )
    return lines, ways


def hide_rows(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Withhold rows that rest on a few lighter or heavier penalties."""
    few = table["light"].lt(min_cell) | table["heavy"].lt(min_cell)
    shown = table.drop(columns=["light", "heavy"])
    numbers = {name: shown[name].mask(few) for name in ("heavier", "low", "high")}
    return shown.assign(**numbers, cases=shown["cases"].astype("Int64").mask(few), hidden=few)


def hide_ways(ways: pd.DataFrame, table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Withhold the ways a few cases took, with the next rarest where a lone one would follow from the others."""
    keys = ["view", "at"]
    made = ways.merge(table[[*keys, "cases", "light", "heavy"]], on=keys, how="left")
    count = made["share"].to_numpy() * made["cases"].to_numpy()
    shut = (made["light"].lt(min_cell) | made["heavy"].lt(min_cell)).to_numpy(dtype=bool)
    shut = shut | ((count > 0) & (count < min_cell))
    for places in made.groupby(keys, sort=False).indices.values():
        rest = places[~shut[places] & (count[places] > 0)]
        if shut[places].sum() == 1 and len(rest):
            shut[rest[np.argmin(count[rest])]] = True
    return ways.assign(**{name: ways[name].mask(shut) for name in ("share", "low", "high")})
