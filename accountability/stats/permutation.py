"""Permutation tests: labels are permuted within blocks.

Permute the units to which the group was assigned: cases, or officers, whose rows then take their label:
``permute(labels, draws, rng)`` gives one label per officer, and ``drawn[:, officer]`` one per row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import percentile

AT_ONCE: Final = 4_000_000
"""Labels held at once."""

RARE: Final = 64
"""Kinds with at most as many members are dealt one by one, which is then quicker than by number."""


def batches(draws: int, size: int) -> list[int]:
    """Return the numbers of draws to make at once, so that they fit in memory."""
    most = max(1, AT_ONCE // max(size, 1))
    return [min(most, draws - start) for start in range(0, draws, most)]


def permute(
    labels: npt.NDArray[Any], draws: int, rng: np.random.Generator, *, blocks: Ints | None = None, width: int = 0
) -> Iterator[npt.NDArray[Any]]:
    """Permute labels, with all arrangements within the blocks equally likely.

    Parameters
    ----------
    labels : array
        One label per unit, at the level of assignment.
    draws : int
    rng : numpy.random.Generator
    blocks : array of int, optional
        The block of each unit; a label stays in its block. All units are one block when left out.
    width : int
        Numbers per draw that the caller stores, if more than the labels.

    Yields
    ------
    array, draws by units
        A batch of arrangements; all batches together have `draws`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> next(permute(np.array([1, 2, 3, 8, 9]), 2, rng, blocks=np.array([0, 0, 0, 1, 1]))).tolist()
    [[3, 1, 2, 9, 8], [3, 1, 2, 9, 8]]
    """
    size = len(labels)
    at_once = batches(draws, max(size, width))
    if blocks is None:
        for many in at_once:
            yield rng.permuted(np.broadcast_to(labels, (many, size)), axis=1)
        return
    if len(blocks) != size:
        raise ParameterError(f"blocks: expected one for each of {size:,} labels, found {len(blocks):,}")
    code = np.unique(blocks, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    for many in at_once:
        drawn = np.empty((many, size), labels.dtype)
        # Within each block in random order.
        drawn[:, order] = labels[np.argsort(code + rng.random((many, size)), axis=1)]
        yield drawn


@overload
def p_value(drawn: Floats, seen: float, slack: float = ...) -> float: ...
@overload
def p_value(drawn: Floats, seen: Floats, slack: float = ...) -> Floats: ...
def p_value(drawn: Floats, seen: float | Floats, slack: float = 1e-12) -> float | Floats:
    """Return the share of draws (including the data) that are at least as large: (1 + b) / (1 + B).

    Parameters
    ----------
    drawn : array, draws or draws by statistics
    seen : float or array
        The observed statistic.
    slack : float
        Tolerance for rounding, so that ties count as ties.

    Returns
    -------
    float, or array with one per statistic

    Examples
    --------
    >>> p_value(np.array([0.1, 0.4, 0.9]), 0.4)
    0.75
    """
    p = (1 + (drawn >= np.asarray(seen) - slack).sum(axis=0)) / (1 + len(drawn))
    return p if np.ndim(p) else float(p)


def beside_chance(seen: Floats, drawn: Floats, confidence: float) -> dict[str, Floats]:
    """Return columns that compare observed statistics with permutations.

    Parameters
    ----------
    seen : array
        One number per statistic.
    drawn : array, draws by statistics
    confidence : float
        Central part of the draws between the limits.

    Returns
    -------
    dict
        ``estimate``, ``expected`` (mean of the draws), ``expected_lower``, ``expected_upper``, ``p_value``.
    """
    lower, upper = percentile(drawn, confidence)
    return {
        "estimate": seen,
        "expected": drawn.mean(axis=0),
        "expected_lower": lower,
        "expected_upper": upper,
        "p_value": p_value(drawn, seen),
    }


def group_sums(kinds: Ints, score: Floats, size: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Return the sum of scores per group when members of a few kinds are permuted between groups.

    Equal members share a score, so only the numbers of each kind per group are drawn: multinomial by kind with the
    groups' shares, then surplus members of a group are drawn at random and moved to groups with too few. No step
    depends on which member it moves, so all arrangements have the probability of a permutation.

    Parameters
    ----------
    kinds : array of int
        Members of each kind.
    score : array of float
        Score of a member of each kind.
    size : array of int
        Members of each group.
    draws : int
    rng : numpy.random.Generator

    Returns
    -------
    array, draws by groups
    """
    many = kinds > RARE
    single = np.repeat(score[~many], kinds[~many])
    group = np.repeat(np.arange(len(size), dtype=np.int32), size)
    return np.array([_dealt(kinds[many], score[many], single, group, size, rng) for _ in range(draws)])


def _dealt(
    kinds: Ints, score: Floats, single: Floats, group: npt.NDArray[np.int32], size: Ints, rng: np.random.Generator
) -> Floats:
    """One permutation: `kinds` by number, the members whose scores are `single` one by one."""
    groups = len(size)
    table = rng.multinomial(kinds, size / size.sum())
    of_single = group[rng.integers(0, len(group), len(single), dtype=np.uint32)]
    sums: Floats = score @ table + np.bincount(of_single, single, groups)
    run = np.cumsum(table, axis=0)
    inside = run[-1] if len(run) else np.zeros(groups, np.int64)
    all_dealt = inside + np.bincount(of_single, minlength=groups)
    over = all_dealt - size
    pool = []
    for one in np.flatnonzero(over > 0):
        drawn = rng.choice(all_dealt[one], over[one], replace=False, shuffle=False)
        alone = drawn >= inside[one]
        kind = np.searchsorted(run[:, one], drawn[~alone], side="right")
        place = np.flatnonzero(of_single == one)[drawn[alone] - inside[one]]
        pool.append(np.concatenate([score[kind], single[place]]))
        sums[one] -= pool[-1].sum()
    if pool:
        lacking = np.flatnonzero(over < 0)
        start = np.cumsum(-over[lacking]) + over[lacking]
        sums[lacking] += np.add.reduceat(rng.permutation(np.concatenate(pool)), start)
    return sums


def exchangeable(codes: Ints, scores: Floats) -> tuple[Floats, Floats]:
    """Return the sums of centred scores by group, and their permutation covariance."""
    size = np.bincount(codes).astype(float)
    centred = scores - scores.mean()
    spread = float(centred @ centred) / max(len(scores) - 1, 1)
    if spread < 1e-14:
        spread = 0.0
    sums: Floats = np.bincount(codes, weights=centred).astype(float)
    return sums, spread * (np.diag(size) - np.outer(size, size) / size.sum())
