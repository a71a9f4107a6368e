"""CR2, its degrees of freedom and two-way errors against clubSandwich and sandwich of R."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from accountability.errors import Refusal
from accountability.stats.arrays import Floats
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import joint, student
from accountability.stats.leverage import Leverage
from accountability.stats.sandwich import Clustered, Ways, among, clustered, ways_of

HERE = Path(__file__).parents[1] / "reference"
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(HERE / "few_clusters_rows.csv")


@pytest.fixture(scope="module")
def in_r() -> pd.Series:
    return pd.read_csv(HERE / "few_clusters.csv").set_index(["model", "what"])["value"]


def design_of(rows: pd.DataFrame) -> Floats:
    return np.column_stack([np.ones(len(rows)), rows[["unit", "rank", "late"]].to_numpy(float)])


def ways(rows: pd.DataFrame, *names: str) -> Ways:
    return {name: pd.factorize(rows[name])[0].astype(np.int64) for name in names}


def linear(rows: pd.DataFrame, by: Ways, power: float = -0.5) -> Clustered:
    """A linear model of days, row by row."""
    x = design_of(rows)
    bread = np.linalg.inv(x.T @ x)
    residual = rows["days"].to_numpy() - x @ (bread @ x.T @ rows["days"].to_numpy())
    return clustered(bread, x * residual[:, None], np.arange(len(x)), by, x, power=power)


def logit(rows: pd.DataFrame, by: Ways) -> Fit:
    patterns, pattern = np.unique(design_of(rows), axis=0, return_inverse=True)
    return fit_logit(patterns, pattern.ravel().astype(np.int64), rows["hit"].to_numpy(float), by)


def errors(found: Clustered | Fit) -> Floats:
    return np.sqrt(np.diag(found.covariance))


def test_cr2_and_its_degrees_of_freedom_are_those_of_clubsandwich(rows: pd.DataFrame, in_r: pd.Series) -> None:
    for name, found in (
        ("linear", linear(rows, ways(rows, "officer"))),
        ("logit", logit(rows, ways(rows, "officer")).errors),
    ):
        np.testing.assert_allclose(errors(found), in_r[name, "CR2"], rtol=1e-6)
        np.testing.assert_allclose(found.free(np.eye(4)), in_r[name, "df"], rtol=1e-6)
        assert found.clusters == 13
        assert (found.effective(np.eye(4)) < 13).all()
    # for a generalised linear model clubSandwich takes another root of the same matrix
    np.testing.assert_allclose(errors(found), in_r["logit as clubSandwich takes a glm", "CR2"], rtol=2e-3)


def test_the_correction_to_the_whole_power_is_cr3(rows: pd.DataFrame, in_r: pd.Series) -> None:
    found = linear(rows, ways(rows, "officer"), power=-1.0)
    np.testing.assert_allclose(errors(found), in_r["linear", "CR3"], rtol=1e-6)


def test_two_ways_are_those_of_sandwich(rows: pd.DataFrame, in_r: pd.Series) -> None:
    found = logit(rows, ways(rows, "officer", "complaint"))
    np.testing.assert_allclose(errors(found), in_r["logit", "two-way"], rtol=1e-6)
    assert not found.errors.repaired
    assert (found.errors.free(np.eye(4)) <= 12).all()
    thirds = ways(rows.assign(officer=rows["officer"] % 3, complaint=rows["complaint"] % 3), "officer", "complaint")
    mended = linear(rows, thirds)
    assert in_r["repaired", "eigenvalue"].item() < 0
    assert mended.repaired
    np.testing.assert_allclose(errors(mended), in_r["repaired", "two-way"], rtol=1e-6)


def test_a_joint_test_is_that_of_clubsandwich(rows: pd.DataFrame, in_r: pd.Series) -> None:
    days, x = rows["days"].to_numpy(), design_of(rows)
    fit, one = logit(rows, ways(rows, "officer")), linear(rows, ways(rows, "officer"))
    for name, values, found in (
        ("linear", np.linalg.lstsq(x, days, rcond=None)[0], one),
        ("logit", fit.coefficients, fit.errors),
    ):
        for last in (3, 4):
            some = np.eye(4)[:, 1:last]
            statistic, p = joint(values[1:last], some, found)
            expected = in_r[name, "HTZ"].to_numpy().reshape(2, 3)[last - 3]
            assert (statistic, found.free_jointly(some), p) == pytest.approx(tuple(expected), rel=1e-6)
        # any other way to say the same hypothesis is the same test; of one number it is Student's
        turned = np.array([[1.0, 2.0, 0.5], [0.0, -3.0, 1.0], [0.0, 0.0, 0.1]])
        assert found.free_jointly(np.eye(4)[:, 1:] @ turned) == pytest.approx(found.free_jointly(np.eye(4)[:, 1:]))
        for k in range(4):
            assert found.free_jointly(np.eye(4)[:, [k]]) == pytest.approx(found.free(np.eye(4)[:, [k]])[0])


def test_light_clusters_have_the_joint_degrees_of_freedom_of_all(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = pd.concat([rows.assign(officer=rows["officer"] + 14 * k) for k in range(40)], ignore_index=True)
    some = np.eye(4)[:, 1:]
    series = linear(many, ways(many, "officer"))
    (way,) = series.ways
    assert isinstance(way, Leverage)
    assert way._light.sum() > 5
    found = series.free_jointly(some)
    monkeypatch.setattr("accountability.stats.leverage.LIGHT", 0.0)
    assert found == pytest.approx(linear(many, ways(many, "officer")).free_jointly(some), rel=1e-3)


def test_joint_tests_of_crossed_or_very_many_numbers_take_the_least(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = np.eye(4)[:, 1:]
    both, one = linear(rows, ways(rows, "officer", "complaint")), linear(rows, ways(rows, "officer"))
    assert both.free_jointly(some) == both.free(some).min()
    assert one.free_jointly(some) > one.free(some).min()
    monkeypatch.setattr("accountability.stats.sandwich.PAIRS", 11)
    assert one.free_jointly(some) == one.free(some).min()
    alone = rows.assign(unit=(rows["officer"] == 9).astype(int))
    assert linear(alone, ways(alone, "officer")).free_jointly(some) == 0
    assert np.isnan(joint(np.ones(3), some, linear(alone, ways(alone, "officer")))[1])


def test_a_coefficient_that_one_cluster_determines_has_no_interval(rows: pd.DataFrame) -> None:
    alone = rows.assign(unit=(rows["officer"] == 9).astype(int))
    found = student(np.zeros(4), np.eye(4), linear(alone, ways(rows, "officer")), 0.95)
    assert found["df"][1] == 0
    assert np.isnan([found[name][1] for name in ("std_error", "lower", "upper", "p_value")]).all()
    assert np.isfinite(found["lower"][2])


def test_many_clusters_of_few_make_ups_are_the_same_one_by_one(rows: pd.DataFrame) -> None:
    """Clusters of the same rows are counted once; the light ones are corrected by a series."""
    many = pd.concat([rows.assign(officer=rows["officer"] + 14 * k) for k in range(200)], ignore_index=True)
    found, x = linear(many, ways(many, "officer")), design_of(many)
    bread = np.linalg.inv(x.T @ x)
    residual = many["days"].to_numpy() - x @ (bread @ x.T @ many["days"].to_numpy())
    expected = np.zeros((4, 4))
    for officer in range(1, 15):
        mine = (many["officer"] == officer).to_numpy()
        left, turned = np.linalg.eigh(np.eye(int(mine.sum())) - x[mine] @ bread @ x[mine].T)
        score = x[mine].T @ (turned * left**-0.5) @ turned.T @ residual[mine]
        expected += 200 * np.outer(score, score)
    np.testing.assert_allclose(found.covariance, bread @ expected @ bread, rtol=1e-6)


def test_a_way_within_another_is_left_out() -> None:
    rows = pd.DataFrame({"officer_id": list("aabbc"), "case_id": list("vvwxy")})
    assert list(ways_of(rows)) == ["officer"]
    assert list(ways_of(rows.assign(case_id=list("vwvwx")))) == ["officer", "complaint"]
    assert list(ways_of(rows.assign(officer_id=list("abcde")))) == ["complaint"]
    assert list(ways_of(rows[["case_id"]].drop_duplicates())) == ["row"]
    both = ways_of(rows.assign(case_id=list("vwvwx")))
    assert list(among(both, np.array([True, False, True, False, True]))) == ["complaint"]


def test_one_cluster_is_refused_by_name(rows: pd.DataFrame) -> None:
    with pytest.raises(Refusal, match="all rows belong to one complaint"):
        linear(rows, ways(rows.assign(complaint=1), "officer", "complaint"))


REDUCED = (
    (6, "even", 1, 0.2, True),
    (12, "skewed", 3, 0.2, False),
    (30, "even", 3, 0.02, False),
    (30, "40 %", 1, 0.02, False),
    (6, "40 %", 3, 0.2, False),
)


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    return vars(importlib.import_module("dependence"))


@pytest.mark.parametrize("cell", REDUCED, ids=str)
def test_intervals_hold_the_truth_as_often_as_they_say(cell: tuple[Any, ...], program: dict[str, Any]) -> None:
    """A few cells of benchmarks/dependence.py; below 0.87 of 120 is four standard errors under 0.95."""
    assert not program["outside"](program["measured"](program["Cell"](*cell), 120, 3), 0.87)


def test_a_large_officer_without_events_is_not_taken_for_a_light_one(program: dict[str, Any]) -> None:
    """With 40 % of the rows an officer decides the group's estimate, whatever the chances fitted to the rows."""
    for cell in ((30, "40 %", 1, 0.02, False), (6, "40 %", 3, 0.2, False)):
        found = program["measured"](program["Cell"](*cell), 40, 5)
        assert {refused for _, refused in found.values()} == {1.0}


def test_thirty_even_clusters_are_not_refused(program: dict[str, Any]) -> None:
    for per_case in (1, 3):
        found = program["measured"](program["Cell"](30, "even", per_case, 0.2, False), 40, 4)
        assert {refused for _, refused in found.values()} == {0.0}
