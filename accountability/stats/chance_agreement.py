"""Cohen's kappa of two codings of the same rows, with each row's influence."""

from __future__ import annotations

from typing import Final

import numpy as np

from accountability.stats.arrays import Floats, Ints

ROUNDING: Final = 1e-9
"""Influences no larger are none: a coder who uses one value throughout cannot say how far the two agree."""


def cohens_kappa(first: Ints, second: Ints) -> tuple[float, Floats]:
    """Return Cohen's kappa (1960) of two codings, and each row's influence on it.

    The sum of the squared influences over the squared number of rows is the large-sample variance of Fleiss, Cohen and
    Everitt (1969). Summed by cluster first, they give the clustered error.

    Parameters
    ----------
    first, second : array of int
        The value of each row by each coder, numbered from 0.

    Returns
    -------
    kappa : float
        NaN where both use one value throughout.
    influence : array
        Mean 0.
    """
    values, rows = int(max(first.max(), second.max())) + 1, len(first)
    one, two = (np.bincount(codes, minlength=values) / rows for codes in (first, second))
    same = first == second
    agree, chance = float(same.mean()), float(one @ two)
    if chance == 1:
        return np.nan, np.full(rows, np.nan)
    left = 1 - chance
    lean = (one[second] + two[first] - 2 * chance) * (1 - agree)
    return (agree - chance) / left, ((same - agree) * left - lean) / left**2
