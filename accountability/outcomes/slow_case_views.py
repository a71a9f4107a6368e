"""Computations for delay and penalty by landmark (a day of the case's age)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability import delay
from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import few
from accountability.outcomes.units_counted import NUMBERS, RESTS_ON, decided, held_unit, term_shares
from accountability.records.units import roll_up
from accountability.remembered import remembered
from accountability.stats.arrays import Floats, Ints
from accountability.stats.decomposition import percentiles
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.grouping import group_cases
from accountability.study.occurrences import rows_places

LIGHTER: Final = "sustained, lighter penalty"
HEAVIER: Final = "sustained, heavier penalty"
UNKNOWN: Final = "sustained, no rung on record"
CAUSES: Final = ("no finding on the merits", "not sustained", LIGHTER, HEAVIER, UNKNOWN, "finding not recorded")
#: In the place of a rung: findings are compared, not penalties. Then the two ends are these.
UPHELD: Final = "sustained"
OF_FINDINGS: Final = {LIGHTER: "not sustained", HEAVIER: UPHELD}
SUSTAINED: Final = [CAUSES.index(LIGHTER), CAUSES.index(HEAVIER)]
DRAWS: Final = 200
#: Resamples computed at once, so few that they stay in the processor's own memory.
TOGETHER: Final = 20


@remembered
def with_cause(cohort: Cohort, heavier: str, order: Ladder) -> Cohort:
    """Return cases with the cause by which each ended: the highest finding and penalty among its officers."""
    rows = cohort.allegations
    for name in ("finding", *(() if heavier == UPHELD else ("imposed_penalty",))):
        if name not in rows:
            instead = "" if name == "finding" else "; its findings can be: heavier='sustained'"
            raise Refusal(f"{cohort.name} holds no {name}, so delay and penalty cannot be put side by side{instead}")
    whole = roll_up(rows, held_unit(cohort), "complaint", (), order.severity_rank)
    finding = whole["finding"]
    sustained = finding.eq("sustained").fillna(False)
    cause = pd.Series("not sustained", index=whole.index, dtype="str")
    cause = cause.mask(finding.eq("closed_without_finding").fillna(False), CAUSES[0])
    if heavier == UPHELD:
        cause = cause.mask(cause.eq("not sustained"), LIGHTER).mask(sustained, HEAVIER)
    else:
        rung, cut = order.rungs(whole["imposed_penalty"]), order.order.index(heavier)
        cause = cause.mask(sustained & rung.lt(cut).fillna(False), LIGHTER)
        cause = cause.mask(sustained & rung.ge(cut).fillna(False), HEAVIER)
        cause = cause.mask(sustained & rung.isna(), UNKNOWN)
    cause = cause.mask(~decided(finding), CAUSES[5])
    found = pd.Series(cause.to_numpy(), index=whole["case_id"]).reindex(cohort.cases["case_id"]).fillna(CAUSES[5])
    return cohort.with_case_column("cause", found, decided_by=("findings", "penalty_imposed"))


@dataclass(frozen=True, eq=False)
class View:
    """Cases with their delay, cause and kind, from a landmark on."""

    held: Durations
    kind: Ints
    confidence: float
    within: int
    seed: int

    @cached_property
    def cause(self) -> Ints:
        """Position of each case's cause; -1 while open."""
        codes = pd.Index(CAUSES).get_indexer(pd.Index(self.held.table["cause"]))
        return np.where(self.held.event, codes, -1).astype(np.int64)

    @cached_property
    def end(self) -> Ints:
        """Days until each case ended, or was last seen open."""
        return np.asarray(self.held.end, dtype=np.int64)

    def seen(self, day: int) -> NDArray[np.bool_]:
        """Cases still open at the start of a day of their age."""
        return self.end >= day

    def from_day(self, day: int) -> Durations:
        """Return the cases open at a landmark, with days counted from it."""
        table = self.held.table.loc[self.seen(day)]
        moved = {name: table[name] - day for name in ("days_lower", "days_upper", "longest")}
        return replace(self.held, table=table.assign(**moved).reset_index(drop=True))

    def counts(self, day: int) -> Ints:
        """Count cases by kind and cause that closed within the follow-up from a landmark."""
        inside = self.seen(day) & (self.end <= day + self.within) & (self.cause >= 0)
        size = int(self.kind.max()) + 1
        found = np.bincount(self.kind[inside] * len(CAUSES) + self.cause[inside], minlength=size * len(CAUSES))
        return found.reshape(size, len(CAUSES))

    def heavier(self, day: int, same_mix: bool) -> dict[str, Any]:
        """Return the share of heavier penalties among the sustained, with an interval and the counts behind it."""
        inside = self.seen(day)
        line: dict[str, Any] = {"n": int(inside.sum())}
        base, found = (self.counts(since)[:, SUSTAINED] for since in (0, day))
        gone = same_mix and ((found.sum(axis=1) == 0) & (base.sum(axis=1) > 0)).any()
        if gone or not found.sum():
            # none is left, or none of a kind of case, which then cannot be held alike
            return line | dict.fromkeys(NUMBERS[2:], np.nan) | {"light": 0, "heavy": 0}
        mix = base.sum(axis=1).astype(float) if same_mix else np.ones(1)
        kinds = int(self.kind.max()) + 1 if same_mix else 1
        kind = self.kind[inside] if same_mix else np.zeros(int(inside.sum()), dtype=np.int64)
        # a sum of independent Poisson weights is Poisson: cases alike in all that counts are drawn together
        spent = np.minimum(self.end[inside] - day, self.within + 1)
        key = (kind * (self.within + 2) + spent) * (len(CAUSES) + 1) + self.cause[inside] + 1
        cells, count = np.unique(key, return_counts=True)
        rest, cause = np.divmod(cells, len(CAUSES) + 1)
        of_kind, spent = np.divmod(rest, self.within + 2)

        def shares(samples: Ints) -> list[float]:
            weights = np.ascontiguousarray(samples.T, dtype=np.float64)
            ends = sustained_within(spent, cause - 1, weights, self.within, of_kind, kinds)
            return [_mixed(mix, *one) for one in zip(*(end.T for end in ends), strict=True)]

        rng, times = np.random.default_rng(self.seed), DRAWS // TOGETHER
        with ThreadPoolExecutor(max_workers=1) as pool:  # some are added up while the next are drawn
            added = [pool.submit(shares, rng.poisson(count, size=(TOGETHER, len(count)))) for _ in range(times)]
        drawn = np.concatenate([one.result() for one in added])
        numbers = (*shares(count[None]), *percentiles(drawn, self.confidence))
        return line | dict(zip((*NUMBERS[2:], "light", "heavy"), (*numbers, *found.sum(axis=0).tolist()), strict=True))


@remembered
def clocked(cohort: Cohort, start: str, stop: str, cutoff: Any) -> Durations:
    """Return the delays of a cohort."""
    return durations(cohort, start, stop, cutoff)


def kinds_of_case(cohort: Cohort, held: Durations, columns: Sequence[str], min_group: int) -> Ints:
    """Return the number of each timed case's kind, of a cohort whose delays are `held`."""
    if not columns:
        return np.zeros(len(held.table), np.int64)
    kept = rows_places(cohort.cases, held.table) >= 0
    for name in columns:
        cohort = group_cases(cohort, name, min_group)
    return np.asarray(cohort.cases[list(columns)][kept].groupby(list(columns)).ngroup(), np.int64)


@remembered
def all_kinds(
    held: Durations, confidence: float, within: int, seed: int, days: tuple[int, ...]
) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """Return the rows and causes of cases of all kinds together, which no covariate changes."""
    view = View(held, np.zeros(len(held.table), np.int64), confidence, within, seed)
    lines, causes = naive(view)
    for day in (0, *days):
        name = "landmark" if day else "competing risks"
        at = f"open at day {day:,}" if day else f"all, by day {within:,}"
        own = delay.competing_closings(view.from_day(day) if day else held, "cause", confidence=confidence)
        shares = own.true_at([within])
        causes.append(shares[["cause", "estimate", "lower", "upper"]].assign(view=name, at=at, day=day))
        lines.append({"view": name, "at": at, "day": day, **view.heavier(day, same_mix=False)})
    return lines, causes


def _mixed(mix: Floats, light: Floats, heavy: Floats) -> float:
    """The share of heavier penalties, with kinds of case weighted by a mix."""
    total = light + heavy
    held = (mix > 0) & (total > 0)
    if not held.any():
        return float("nan")
    return float((mix[held] * heavy[held] / total[held]).sum() / mix[held].sum())


def sustained_within(
    spent: Ints, cause: Ints, weights: Floats, within: int, kind: Ints | None = None, kinds: int = 1
) -> tuple[Floats, Floats]:
    """Return Aalen–Johansen shares sustained with lighter and with heavier penalties within some days, by kind.

    Only days on which cases closed are computed, in all samples at once.

    Parameters
    ----------
    spent : array of int
        Days until a case closed, or was last seen open; cases alike are one row, in order of kind, days and cause.
    cause : array of int
        Position in :data:`CAUSES`; -1 while open.
    weights : array, rows by samples
    within : int
    kind : array of int, optional
    kinds : int

    Returns
    -------
    lighter, heavier : array, kinds by samples
    """
    last = int(min(spent.max(initial=0), within))
    size = last + 2
    place = np.minimum(spent, last + 1) + (0 if kind is None else kind * size)
    up_to = np.zeros((len(place) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=up_to[1:])
    first = np.flatnonzero(np.diff(place, prepend=-1))
    end = np.append(first[1:], len(place))
    closed_from = first + (cause[first] < 0)
    steps = (closed_from < end) & (place[first] % size <= last)
    first, end, closed_from = first[steps], end[steps], closed_from[steps]
    of_kind = place[first] // size
    safe = np.maximum(up_to[np.searchsorted(place, (of_kind + 1) * size)] - up_to[first], 1e-12)
    left = 1 - (up_to[end] - up_to[closed_from]) / safe
    before = np.ones_like(left)
    for low, high in pairwise(np.searchsorted(of_kind, np.arange(kinds + 1)).tolist()):
        if high > low + 1:
            np.cumprod(left[low : high - 1], axis=0, out=before[low + 1 : high])
    ends = []
    for one in SUSTAINED:
        rows = np.flatnonzero((cause == one) & (spent <= last))
        at = np.searchsorted(end, rows, side="right")
        found, starts = np.unique(of_kind[at], return_index=True)
        share = np.zeros((kinds, weights.shape[1]))
        if len(found):
            share[found] = np.add.reduceat(before[at] * weights[rows] / safe[at], starts, axis=0)
        ends.append(share)
    return ends[0], ends[1]


def naive(view: View) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """Return closed cases by quarters of their delay."""
    closed = view.held.event
    took, cause = view.end[closed], pd.Series(np.array(CAUSES)[view.cause[closed]])
    edges = np.unique(np.quantile(took, [0, 0.25, 0.5, 0.75, 1], method="lower").astype(np.int64))
    lines, causes, alone = [], [], pd.DataFrame(index=cause.index)
    for k, (low, high) in enumerate(pairwise(edges)):
        inside = (took >= low if k == 0 else took > low) & (took <= high)
        at = f"closed after {low if k == 0 else low + 1:,} to {high:,} days"
        labels: dict[str, Any] = {"view": "naive", "at": at, "day": int(high)}
        sustained = cause[inside & cause.isin([LIGHTER, HEAVIER])]
        (heavy,) = term_shares(sustained, [HEAVIER], alone, view.confidence).to_dict("records")
        line = {**labels, "n": int(inside.sum()), **{name: heavy[name] for name in NUMBERS[2:]}}
        lines.append(line | {"light": len(sustained) - heavy["events"], "heavy": heavy["events"]})
        own = term_shares(cause[inside], CAUSES, alone, view.confidence, "cause")
        causes.append(own.drop(columns=[*RESTS_ON]).assign(**labels))
    return lines, causes


def causes_hidden(causes: pd.DataFrame, table: pd.DataFrame, min_cell: int) -> pd.Series:
    """Return the causes of few cases, with the next rarest where a single one could be derived from the others."""
    keys = ["view", "at"]
    made = causes.merge(table[[*keys, "n", "light", "heavy"]], on=keys, how="left")
    count = made["estimate"] * made["n"]
    shut = made["light"].lt(min_cell) | made["heavy"].lt(min_cell) | few(count, min_cell)
    for rows in made.groupby(keys, sort=False).indices.values():
        rest = [place for place in rows if not shut[place] and count[place] > 0]
        if shut[rows].sum() == 1 and rest:
            rarest = int(count.to_numpy()[rest].argmin())
            shut[rest[rarest]] = True
    return shut.set_axis(causes.index)
