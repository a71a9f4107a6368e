"""The log-rank test by shuffling: exact in small samples, where cases of the groups may be exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from accountability.delay.compare import GroupTest, logrank, quadratic
from accountability.delay.counts import count
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Floats
from accountability.study.durations import Durations, group_codes

FEWEST: Final = 19
"""With fewer shuffles no p-value can reach 5 %."""

RARE: Final = 64
"""Kinds with at most as many cases are dealt case by case, which is then quicker than by number."""


def permutation_logrank(
    durations: Durations, by: str | Sequence[str], seed: int, *, replicates: int = 999
) -> GroupTest:
    """Test whether groups close at the same pace by shuffling cases between them.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day, all watched from the start.
    by : str or sequence of str
        Columns that make the groups.
    seed : int
        Seed of the random numbers.
    replicates : int
        Number of shuffles; the least possible p-value is one over one more.

    Returns
    -------
    GroupTest
        As :func:`~accountability.delay.logrank`, but for the statistic and the p-value: the share of shuffles (and the
        data) whose sums of log-rank scores lie at least as far apart.

    Raises
    ------
    Refusal
        With late entry, or as :func:`~accountability.delay.logrank`.
    ParameterError
        With fewer than 19 shuffles.

    Notes
    -----
    Equal cases share a score, so a shuffle is a draw of how many cases of each kind fall to each group, and costs what
    the kinds cost, not the cases: cases fall to groups one by one with the groups' shares (multinomial by kind), then
    what a group has too many of is drawn at random and dealt to those that lack. Every way to deal is as likely as in
    a shuffle, since no step looks at which case it moves. The groups must be watched for alike times.
    """
    if replicates < FEWEST:
        raise ParameterError(f"replicates must be at least {FEWEST}, found {replicates}")
    plain = logrank(durations, by)
    if durations.left_truncated:
        raise Refusal("cases that enter late cannot be shuffled between groups: use delay.logrank")
    kinds, score = _scores(durations)
    size = np.bincount(group_codes(durations, by)[1])
    rng = np.random.default_rng(seed)
    mean = float(kinds @ score) / kinds.sum()
    score = score - mean
    spread = float(kinds @ score**2) / max(kinds.sum() - 1, 1)
    variance = spread * (np.diag(size) - np.outer(size, size) / size.sum())
    found, df = quadratic(_of_groups(durations, by, score), variance)
    deck = _Deck.of(kinds, size, score)
    sums = np.array([deck.deal(rng) for _ in range(replicates)])
    values, vectors = np.linalg.eigh(variance)
    real = values > max(values.max(), 0) * 1e-10
    drawn = ((sums @ vectors[:, real]) ** 2 / values[real]).sum(axis=1)
    return replace(
        plain,
        statistic=found,
        df=df,
        p_value=float((1 + (drawn >= found * (1 - 1e-9)).sum()) / (1 + replicates)),
        assumptions=(*plain.assumptions, "the groups are watched for alike times, so that cases may be exchanged"),
        method=f"log-rank test by {replicates:,} shuffles, seed {seed}",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Deck:
    """The cases to deal: kinds of many cases as numbers, the cases of rare kinds one by one."""

    size: Days
    group: npt.NDArray[np.int32]
    """The group of each case, in any order."""
    many: Days
    score: Floats
    single: Floats
    """Score of each case of a rare kind."""

    @classmethod
    def of(cls, kinds: Days, size: Days, score: Floats) -> _Deck:
        """Tell frequent kinds from rare ones."""
        many = kinds > RARE
        single = np.repeat(score[~many], kinds[~many])
        return cls(size, np.repeat(np.arange(len(size), dtype=np.int32), size), kinds[many], score[many], single)

    def deal(self, rng: np.random.Generator) -> Floats:
        """Sum the scores that fall to each group when the cases are shuffled."""
        groups = len(self.size)
        table = rng.multinomial(self.many, self.size / self.size.sum())
        of_single = self.group[rng.integers(0, len(self.group), len(self.single), dtype=np.uint32)]
        sums: Floats = self.score @ table + np.bincount(of_single, self.single, groups)
        run = np.cumsum(table, axis=0)
        inside = run[-1] if len(run) else np.zeros(groups, np.int64)
        all_dealt = inside + np.bincount(of_single, minlength=groups)
        over = all_dealt - self.size
        pool = []
        for group in np.flatnonzero(over > 0):
            drawn = rng.choice(all_dealt[group], over[group], replace=False, shuffle=False)
            alone = drawn >= inside[group]
            kind = np.searchsorted(run[:, group], drawn[~alone], side="right")
            place = np.flatnonzero(of_single == group)[drawn[alone] - inside[group]]
            pool.append(np.concatenate([self.score[kind], self.single[place]]))
            sums[group] -= pool[-1].sum()
        if pool:
            lacking = np.flatnonzero(over < 0)
            start = np.cumsum(-over[lacking]) + over[lacking]
            sums[lacking] += np.add.reduceat(rng.permutation(np.concatenate(pool)), start)
        return sums


def _kind(durations: Durations) -> np.ndarray:
    return durations.end * 2 + durations.event


def _scores(durations: Durations) -> tuple[np.ndarray, Floats]:
    """Cases of each kind (day, open or closed) and the log-rank score of a kind."""
    counts = count(durations)
    closed, at_risk = counts.closed[0], np.maximum(counts.at_risk[0], 1)
    pace = np.cumsum(closed / at_risk)
    number = np.column_stack([counts.left[0], closed]).ravel()
    score = np.column_stack([-pace, 1 - pace]).ravel()
    return number, score


def _of_groups(durations: Durations, by: str | Sequence[str], score: Floats) -> Floats:
    groups, codes = group_codes(durations, by)
    return np.bincount(codes, weights=score[_kind(durations)], minlength=len(groups)).astype(float)
