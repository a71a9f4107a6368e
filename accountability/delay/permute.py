"""The log-rank test by shuffling: exact in small samples, where cases of the groups may be exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from accountability.delay.bands import Floats
from accountability.delay.compare import GroupTest, logrank, quadratic
from accountability.delay.counts import count
from accountability.durations import Durations, group_codes
from accountability.errors import ParameterError, Refusal

FEWEST: Final = 19
"""With fewer shuffles no p-value can reach 5 %."""


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
    Equal cases share a score, so a shuffle is a draw of how many cases of each kind fall to each group (multivariate
    hypergeometric), and costs what the kinds cost, not the cases. The groups must be watched for alike times.
    """
    if replicates < FEWEST:
        raise ParameterError(f"replicates must be at least {FEWEST}, found {replicates}")
    plain = logrank(durations, by)
    if durations.entry.any():
        raise Refusal("cases that enter late cannot be shuffled between groups: use delay.logrank")
    kinds, score = _scores(durations)
    size = np.bincount(group_codes(durations, by)[1])
    rng = np.random.default_rng(seed)
    mean = float(kinds @ score) / kinds.sum()
    score = score - mean
    spread = float(kinds @ score**2) / max(kinds.sum() - 1, 1)
    variance = spread * (np.diag(size) - np.outer(size, size) / size.sum())
    found, df = quadratic(_of_groups(durations, by, score), variance)
    # Drawing without replacement, one group after the other.
    sums = np.zeros((replicates, len(size)))
    for replicate in range(replicates):
        left = kinds.copy()
        for group, number in enumerate(size[:-1]):
            taken = rng.multivariate_hypergeometric(left, number, method="marginals")
            sums[replicate, group] = taken @ score
            left -= taken
        sums[replicate, -1] = left @ score
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


def _kind(durations: Durations) -> np.ndarray:
    return durations.end * 2 + durations.closed


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
