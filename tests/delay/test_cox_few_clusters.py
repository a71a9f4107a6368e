"""Cox's model with few clusters: a true null is rejected about as often as stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from accountability import delay
from accountability.stats.partial_likelihood import cell_information
from accountability.study.durations import Durations


def drawn(rng, clusters, each=20):
    """Cases of officers who are fast or slow; half of the officers are of unit b, which makes no difference."""
    officer = np.repeat(np.arange(clusters), each)
    unit, lean = (rng.permutation(clusters) % 2)[officer], rng.normal(0, 0.5, clusters)[officer]
    day = np.ceil(rng.exponential(200 * np.exp(-lean))).astype(int)
    until = rng.integers(100, 500, len(officer))
    groups = {"unit": pd.Series(np.where(unit, "b", "a")), "officer": pd.Series(officer.astype(str))}
    return Durations.from_days(np.minimum(day, until), day <= until, groups=groups)


def test_the_cells_add_up_to_the_information_of_the_breslow_likelihood():
    model = delay.cox(drawn(np.random.default_rng(1), 12), "unit", ties="breslow", cluster="officer")
    own = cell_information(model.sets, model.matrix, model.at_estimate())
    total = (own * model.sets.number[:, None, None]).sum(axis=0)
    np.testing.assert_allclose(total, np.linalg.inv(model.model_covariance), rtol=1e-9)


@pytest.mark.parametrize(("clusters", "samples", "most"), [(8, 150, 17), (20, 60, 9)])
def test_a_true_null_is_rejected_about_as_often_as_stated(clusters, samples, most):
    """At 5 % more than `most` rejections happen less than once in two hundred; without the correction 20 % and 14 %
    of the samples are rejected."""
    rng = np.random.default_rng(clusters)
    found = [delay.cox(drawn(rng, clusters), "unit", cluster="officer").table["p_value"].item() for _ in range(samples)]
    assert sum(p < 0.05 for p in found) <= most
