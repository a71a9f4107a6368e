"""What clusters weigh in the squares of scores: a cheap stand-in for their leverage where cells are very many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.stats.resample import by_row

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True, eq=False)
class ResidualWeight:
    """Clusters by the squared influence of their rows, whose mean is the information's part.

    Attributes
    ----------
    bread : array
    scores : array, cells by terms
        Score of one row of each cell.
    members : sparse array, clusters by cells
        Rows of each cell in each cluster.
    """

    bread: Floats
    scores: Floats
    members: csr_array

    @classmethod
    def of(cls, bread: Floats, scores: Floats, cell: Ints, cluster: Ints) -> ResidualWeight:
        """Count the clusters' rows; a row of several clusters counts in each."""
        if cluster.ndim == 2:
            row, place = np.nonzero(cluster >= 0)
            cell, cluster = cell[row], cluster[row, place]
        return cls(bread, scores, by_row(cluster, cell, (int(cluster.max()) + 1, len(scores))))

    def effective(self, contrasts: Floats) -> Floats:
        """Return the effective number of clusters for each combination, by weights of clusters."""
        weight = self.members @ (self.scores @ (self.bread @ contrasts)) ** 2
        square = (weight**2).sum(axis=0)
        return np.asarray(weight.sum(axis=0) ** 2 / np.where(square > 0, square, np.inf))

    def free(self, contrasts: Floats) -> Floats:
        """Return degrees of freedom: the effective number less one."""
        return np.maximum(self.effective(contrasts) - 1.0, 0.0)
