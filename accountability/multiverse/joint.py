"""The joint permutation test of all specifications of a specification curve."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Floats

#: What is compared, each without regard to direction.
STATISTICS: Final = (
    "size of the median difference",
    "share with a p-value that holds, in the commoner direction",
    "size of the mean z value",
)
_SAME: Final = 1 - 1e-9


def at_most(confidence: float) -> float:
    """Return the largest p-value with which a specification holds: 0.05 at a confidence of 0.95."""
    return round(1 - confidence, 12)


def rank_p(effects: Floats) -> Floats:
    """Return the p-value of every effect among all effects of its specification, by absolute size.

    Parameters
    ----------
    effects : array
        One row per permutation, the first being the data; one column per specification.

    Returns
    -------
    array
        Same shape; from 1 / (number of rows) to 1.
    """
    size = np.abs(effects)
    p = np.empty_like(size)
    for column in range(size.shape[1]):
        values = np.sort(size[:, column])
        # Equal sizes count on both sides; the slack makes sums that differ in their last digit equal.
        p[:, column] = (len(values) - np.searchsorted(values, size[:, column] * _SAME)) / len(values)
    return p


def joint_test(effects: Floats, confidence: float) -> pd.DataFrame:
    """Test the whole specification curve against curves of permuted groups.

    Parameters
    ----------
    effects : array
        As for :func:`rank_p`.
    confidence : float
        Level at which a specification counts as holding.

    Returns
    -------
    DataFrame
        ``statistic``, ``observed``, ``shuffled`` (its mean over the permutations), ``p_value``: the share of rows,
        including the data, with a value at least as large.
    """
    from scipy.special import ndtri

    p = rank_p(effects)
    direction = np.sign(effects)
    reaches = p <= at_most(confidence)
    z = -ndtri(p / 2) * direction
    values = np.stack(
        [
            np.abs(np.median(effects, axis=1)),
            np.maximum((reaches & (direction > 0)).mean(axis=1), (reaches & (direction < 0)).mean(axis=1)),
            np.abs(z.mean(axis=1)),
        ]
    )
    return pd.DataFrame(
        {
            "statistic": STATISTICS,
            "observed": values[:, 0],
            "shuffled": values[:, 1:].mean(axis=1),
            "p_value": (values >= values[:, :1] * _SAME).mean(axis=1),
        }
    )
