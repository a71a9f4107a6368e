"""Ordered and multinomial logits with eight clusters: a true null is rejected about as often as stated."""

from __future__ import annotations

import numpy as np
import pytest

from accountability.stats.intervals import student
from accountability.stats.multinomial import fit_multinomial
from accountability.stats.ordered_logit import cell_information, cut_designs, fit_ordered


def drawn(rng, clusters=8, each=20):
    officer = np.repeat(np.arange(clusters), each)
    unit, lean = (rng.permutation(clusters) % 2)[officer], rng.normal(0, 0.5, clusters)[officer]
    return officer, unit, np.digitize(lean + rng.logistic(size=len(officer)), [-0.3, 1.2])


def p_values(model, samples, rng):
    for _ in range(samples):
        officer, unit, rung = drawn(rng)
        if model == "ordered":
            fit, place = fit_ordered(np.array([[0.0], [1.0]]), unit, rung, officer), 2
        else:
            fit, place = fit_multinomial(np.array([[1.0, 0.0], [1.0, 1.0]]), unit, rung, officer), 1
        pick = np.eye(len(fit.coefficients))[:, place : place + 1]
        yield student(fit.coefficients[place : place + 1], pick, fit.errors, 0.95)["p_value"][0]


@pytest.mark.parametrize("model", ["ordered", "multinomial"])
def test_a_true_null_is_rejected_about_as_often_as_stated(model):
    """Of 200 samples at 5 %, more than 19 rejections happen less than once in two hundred."""
    found = list(p_values(model, 200, np.random.default_rng(11)))
    assert sum(p < 0.05 for p in found) <= 19


def test_the_cells_add_up_to_the_information():
    officer, unit, rung = drawn(np.random.default_rng(2))
    design = np.array([[0.0], [1.0]])
    fit = fit_ordered(design, unit, rung, officer)
    ends = cut_designs(design, 2, ())
    total = cell_information(fit.coefficients, ends, unit, rung).sum(axis=0)
    np.testing.assert_allclose(total, np.linalg.inv(fit.plain), rtol=1e-6)
