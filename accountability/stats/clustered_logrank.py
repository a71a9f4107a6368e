"""The log-rank test with clustered cases."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.stats.arrays import Days, Flags, Floats, Ints
from accountability.stats.design import design
from accountability.stats.partial_likelihood import cell_information, derivatives, score_residuals
from accountability.stats.risksets import risk_sets
from accountability.stats.sandwich import Clustered, clustered


def one_step(end: Days, entry: Days, closed: Flags, group: Ints, cluster: Ints) -> tuple[Floats, Clustered]:
    """Return one-step log hazard ratios from 0, and their clustered errors.

    Observed minus expected closings are the score of the Cox model at equal hazards (Breslow ties); divided by the
    information they are the step. The remaining score of each case gives the errors, as in a linear model.

    Parameters
    ----------
    end, entry : array of int
        Last day of each case and the first it was watched on.
    closed : array of bool
    group, cluster : array of int
        Numbered from 0.

    Returns
    -------
    values : array
        One per group except the first.
    errors : Clustered
    """
    made = design(pd.DataFrame({"group": pd.Categorical(group)}), ["group"])
    sets = risk_sets(end, entry, closed, made)
    at = derivatives(sets, made.matrix, np.zeros(made.matrix.shape[1]), "breslow")
    own, bread = cell_information(sets, made.matrix, at), np.linalg.inv(at.information)
    values: Floats = np.asarray(bread @ at.gradient, dtype=np.float64)
    there, number = sets.cell >= 0, pd.factorize(cluster[sets.cell >= 0])[0].astype(np.int64)
    left = score_residuals(sets, made.matrix, at) - own @ values
    return values, clustered(bread, left, sets.cell[there], number, own, power=-1.0)
