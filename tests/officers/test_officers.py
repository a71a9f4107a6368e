"""Concentration against chance: reference values, exact laws, brute force, and what the sources are known to hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

import accountability
from accountability import officers as conc
from accountability import synthetic
from accountability.errors import ParameterError, Refusal
from accountability.officers import Tally
from accountability.records.dataset import Dataset
from accountability.stats.concentration import _values, equal_risk, equal_risk_histograms, measures, measures_of_each
from accountability.stats.count_laws import Law, fit_negative_binomial, fit_poisson, gamma_concentration

FOLDER = Path(__file__).resolve().parents[1] / "reference"
R = pd.read_csv(FOLDER / "concentration.csv").set_index(["id", "name"])["value"]
DATA = pd.read_csv(FOLDER / "concentration_data.csv")

some_counts = st.lists(st.integers(0, 30), min_size=2, max_size=60).filter(any)


def top_of_a_list(counts: list[int], share: float) -> float:
    """The definition, holder by holder: whole ones above the line, then equal parts of all those tied at it."""
    places, held = share * len(counts), 0.0
    for value in sorted(set(counts), reverse=True):
        tied = counts.count(value)
        taken = min(tied, places)
        held, places = held + taken * value, places - taken
    return held / sum(counts)


# ---- shares ----------------------------------------------------------------------------------------------------


def test_gini_is_that_of_r_ineq() -> None:
    example = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]
    assert conc.gini(Tally.of_counts(example)) == pytest.approx(R["ineq.example", "gini"], abs=1e-12)
    assert conc.gini(Tally.of_counts(example)) == pytest.approx(0.4620911, abs=1e-7)
    assert conc.gini(Tally.of_counts(DATA["count"])) == pytest.approx(R["counts", "gini"], abs=1e-12)


@given(counts=some_counts)
def test_gini_is_half_the_mean_difference_over_the_mean(counts: list[int]) -> None:
    each = np.array(counts, float)
    expected = np.abs(each[:, None] - each).mean() / (2 * each.mean())
    assert conc.gini(Tally.of_counts(counts)) == pytest.approx(expected, abs=1e-12)


@given(counts=some_counts, share=st.floats(0.01, 0.99))
def test_those_tied_at_the_line_count_in_equal_parts(counts: list[int], share: float) -> None:
    assert conc.top_share(Tally.of_counts(counts), share) == pytest.approx(top_of_a_list(counts, share), abs=1e-12)


@given(counts=some_counts, times=st.integers(2, 4), share=st.floats(0.05, 0.9))
def test_a_force_copied_several_times_is_as_concentrated(counts: list[int], times: int, share: float) -> None:
    one, many = Tally.of_counts(counts), Tally.of_counts(counts * times)
    assert conc.gini(many) == pytest.approx(conc.gini(one), abs=1e-12)
    assert conc.top_share(many, share) == pytest.approx(conc.top_share(one, share), abs=1e-12)


@given(counts=some_counts, share=st.floats(0.05, 0.9))
def test_exposure_that_is_the_same_for_all_changes_nothing(counts: list[int], share: float) -> None:
    plain, exposed = Tally.of_counts(counts), Tally.of_counts(counts, np.full(len(counts), 3.5))
    assert conc.gini(exposed) == pytest.approx(conc.gini(plain), abs=1e-12)
    assert conc.top_share(exposed, share) == pytest.approx(conc.top_share(plain, share), abs=1e-12)


def test_complaints_in_proportion_to_exposure_are_not_concentrated() -> None:
    data = Tally.of_counts([2, 4, 6, 20], [1, 2, 3, 10])
    assert conc.gini(data) == pytest.approx(0, abs=1e-12)
    assert conc.top_share(data, 0.25) == pytest.approx(0.25)


def test_the_lorenz_curve_shows_no_single_holder() -> None:
    rng = np.random.default_rng(1)
    curve = conc.lorenz(Tally.of_counts(rng.poisson(3, 250)))
    assert len(curve.table) == 26  # 25 steps of ten holders
    assert curve.table.iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert (np.diff(curve.table["share_drawn"], 2) > -1e-12).all()  # convex
    with pytest.raises(Refusal, match="single ones"):
        conc.lorenz(Tally.of_counts([1] * 19))


# ---- chance ----------------------------------------------------------------------------------------------------


def test_equal_risk_draws_have_the_exact_moments_of_the_multinomial_law() -> None:
    holders, total, draws = 40, 130, 40_000
    made = equal_risk_histograms(np.full(draws, total), holders, np.random.default_rng(3))
    assert (made.sum(axis=1) == holders).all()
    assert (made @ np.arange(made.shape[1]) == total).all()
    expected = holders * stats.binom.pmf(np.arange(made.shape[1]), total, 1 / holders)
    error = made.std(axis=0) / np.sqrt(draws)
    assert (np.abs(made.mean(axis=0) - expected) < 5 * error + 1e-3).all()
    empty, pair = (1 - 1 / holders) ** total, (1 - 2 / holders) ** total
    exact = holders * empty + holders * (holders - 1) * pair - (holders * empty) ** 2
    poisson = holders * np.exp(-total / holders) * (1 - np.exp(-total / holders))
    assert made[:, 0].var() == pytest.approx(exact, rel=0.03)
    assert made[:, 0].var() != pytest.approx(poisson, rel=0.03)  # independent counts would be told apart here


def test_equal_risk_equals_brute_force() -> None:
    rng = np.random.default_rng(4)
    grid = equal_risk_histograms(np.full(4000, 700), 300, rng)
    fast = measures(np.arange(grid.shape[1]).astype(float), np.ones(grid.shape[1]), grid.astype(float), 0.1)
    slow = measures_of_each(rng.multinomial(700, np.full(300, 1 / 300), 4000).astype(float), None, 0.1)
    assert stats.ks_2samp(fast.gini, slow.gini).pvalue > 0.001
    assert stats.ks_2samp(fast.top, slow.top).pvalue > 0.001


def test_equal_risk_with_exposure_equals_brute_force() -> None:
    rng = np.random.default_rng(5)
    holders, level = np.array([4000, 1000]), np.array([1.0, 3.0])
    fast = equal_risk(12_000, holders, level, 400, 0.1, rng)  # too many holders for one number each
    each = np.repeat(level, holders)
    slow = measures_of_each(rng.multinomial(12_000, each / each.sum(), 400).astype(float), each, 0.1)
    assert stats.ks_2samp(fast.gini, slow.gini).pvalue > 0.001
    assert stats.ks_2samp(fast.top, slow.top).pvalue > 0.001


@pytest.mark.parametrize("shape", [np.inf, 0.7])
@pytest.mark.parametrize("truncated", [False, True])
def test_a_law_has_the_masses_of_scipy(shape: float, truncated: bool) -> None:
    law = Law(1.7, shape, truncated)
    k = np.arange(law.reach(2.0) + 1)
    mean = 3.4
    expected = stats.poisson.pmf(k, mean) if np.isinf(shape) else stats.nbinom.pmf(k, shape, shape / (shape + mean))
    if truncated:
        expected[0] = 0
    assert law.mass(2.0, int(k[-1])) == pytest.approx(expected / expected.sum(), abs=1e-12)


def test_fits_are_those_of_r() -> None:
    whole = Tally.of_counts(DATA["count"])
    exposed = Tally.of_counts(DATA["count"], DATA["years"])
    for name, data, truncated in (
        ("negbin", whole, False),
        ("negbin.exposure", exposed, False),
        ("posnegbin", whole.accused(), True),
    ):
        fit = fit_negative_binomial(data.counts, truncated)
        assert fit.log_likelihood == pytest.approx(R[name, "loglik"], abs=1e-6)
        assert np.log(fit.law.mean) == pytest.approx(R[name, "log_mean"], abs=1e-4)
        shape = R[name, "shape"] if (name, "shape") in R.index else np.exp(R[name, "log_shape"])
        assert fit.law.shape == pytest.approx(shape, rel=1e-4)
    poisson = fit_poisson(whole.accused().counts, truncated=True)
    assert np.log(poisson.law.mean) == pytest.approx(R["pospois", "log_mean"], abs=1e-6)
    assert poisson.log_likelihood == pytest.approx(R["pospois", "loglik"], abs=1e-6)


def test_chance_alone_is_not_taken_for_more() -> None:
    rng = np.random.default_rng(6)
    pvalues = []
    for _ in range(200):
        counts = rng.multinomial(900, np.full(400, 1 / 400))
        found = conc.against_chance(Tally.of_counts(counts, zeros=True), ["equal_risk"], draws=199, seed=1)
        pvalues.append(found.of("equal_risk")["p_value"])
    rejected = np.mean(np.array(pvalues) <= 0.05)
    assert stats.binom.cdf(200 * rejected, 200, 0.05) > 0.001
    assert stats.binom.sf(200 * rejected - 1, 200, 0.05) > 0.001


def test_unequal_risk_is_seen_and_the_fitted_law_makes_as_much_of_it() -> None:
    rng = np.random.default_rng(7)
    data = Tally.of_counts(rng.poisson(3 * rng.gamma(0.8, 1 / 0.8, 3000)), zeros=True)
    found = conc.against_chance(data, draws=499, seed=2)
    assert found.of("equal_risk")["p_value"] == pytest.approx(1 / 500)
    assert found.of("zero_truncated_poisson")["p_value"] == pytest.approx(1 / 500)
    for fitted in ("negative_binomial", "zero_truncated_negative_binomial"):
        row = found.of(fitted)
        assert row["expected_lower"] < row["estimate"] < row["expected_upper"]
    assert found.shape == pytest.approx(0.8, rel=0.15)


def test_without_those_who_drew_none_only_truncated_laws_are_fitted() -> None:
    data = Tally.of_counts([1, 2, 3, 1, 1, 4] * 10)
    assert set(conc.against_chance(data, draws=99).table["benchmark"]) == {
        "equal_risk",
        "zero_truncated_poisson",
        "zero_truncated_negative_binomial",
    }
    with pytest.raises(Refusal, match=r"officers=\.\.\."):
        conc.against_chance(data, ["negative_binomial"])
    with pytest.raises(Refusal, match="exactly one"):
        conc.against_chance(Tally.of_counts([1] * 30), ["zero_truncated_poisson"])
    with pytest.raises(Refusal, match=r"the top 10 % of 6 officers is less than one of them. Write top=0.17 or more"):
        conc.against_chance(Tally.of_counts([40, 3, 5, 9, 2, 1]))
    assert conc.against_chance(Tally.of_counts([40, 3, 5, 9, 2, 1]), top=0.17, draws=99).top == 0.17


# ---- what chance leaves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0])
def test_concentration_of_a_gamma_law(shape: float) -> None:
    law = stats.gamma(shape)
    line = law.ppf(0.9)
    share = quad(lambda x: x * law.pdf(x), line, np.inf)[0] / shape
    half = quad(lambda x: law.cdf(x) * (1 - law.cdf(x)), 0, np.inf)[0] / shape
    found = gamma_concentration(np.array([shape]), 0.1)
    assert found[0][0] == pytest.approx(half, rel=1e-6)
    assert found[1][0] == pytest.approx(share, rel=1e-6)


def test_shrunken_rates_are_nearer_the_planted_ones_and_their_spread_is_found() -> None:
    rng = np.random.default_rng(8)
    planted = 2 * rng.gamma(1.5, 1 / 1.5, 5000)
    counts = rng.poisson(planted)
    found = conc.empirical_bayes(Tally.of_counts(counts, zeros=True))
    posterior = (found.shape + counts) / (found.shape / found.mean + 1)
    assert ((posterior - planted) ** 2).mean() < 0.75 * ((counts - planted) ** 2).mean()
    row = found.risk.set_index("measure").loc["top_share"]
    assert row["lower"] < gamma_concentration(np.array([1.5]), 0.1)[1][0] < row["upper"]
    assert found.reliability == pytest.approx(planted.var() / counts.var(), rel=0.1)
    assert (found.table["n"] >= 10).all()
    assert found.table["to_count"].isna().tolist() == [False] * (len(found.table) - 1) + [True]


def test_counts_that_vary_no_more_than_chance_are_shrunk_to_the_mean() -> None:
    found = conc.empirical_bayes(Tally.of_counts([2, 3] * 50, zeros=True))
    assert found.reliability == 0
    assert found.p_value == 1
    assert np.isinf(found.shape)
    assert found.table["estimate"].to_numpy() == pytest.approx(2.5)


# ---- officers nobody accused, exposure -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return accountability.load("synthetic")


def test_officers_never_accused_are_counted_where_the_source_lists_them(bundled: Dataset) -> None:
    listed = conc.officers_listed(bundled)
    assert listed == len(synthetic.agency().officers)
    data = conc.tally(bundled, officers=listed)
    assert data.zeros
    assert data.size == listed
    assert data.total == len(bundled.allegations)
    assert conc.gini(data) > conc.gini(conc.tally(bundled))
    assert "none included" in conc.against_chance(data, draws=99).estimand
    assert "not held" in conc.against_chance(conc.tally(bundled), draws=99).estimand
    with pytest.raises(ParameterError, match="at least the 826"):
        conc.tally(bundled, officers=800)


def test_squads_and_supervisors_hold_what_their_officers_drew(bundled: Dataset) -> None:
    squads = conc.tally(bundled, "squad", exposure="officers")
    assert squads.total == len(bundled.allegations)
    assert squads.size == bundled.allegations["squad"].nunique()
    assert (squads.exposure * squads.holders).sum() == bundled.allegations["officer_id"].nunique()
    assert conc.tally(bundled, "supervisor").size == bundled.allegations["supervisor"].nunique()
    with pytest.raises(ParameterError, match="no column 'platoon'"):
        conc.tally(bundled, "platoon")


def test_years_of_service_end_with_the_days_covered_and_begin_with_the_appointment(bundled: Dataset) -> None:
    years = conc.years_watched(bundled)
    assert years.max() <= 6.01
    rows = bundled.allegations.drop_duplicates("officer_id").set_index("officer_id")
    left = set(bundled.events.loc[bundled.events["stage"] == "left_agency", "officer_id"].dropna())
    late = rows[rows["officer_appointed_year"].astype(int) == 2018].index.difference(list(left))
    assert years[late].to_numpy() == pytest.approx(2, abs=0.01)
    data = conc.tally(bundled, exposure="years")
    assert data.exposure_word == "years of service watched"
    assert conc.against_chance(data, draws=99).of("equal_risk")["p_value"] == pytest.approx(0.01)


def test_a_squads_complaints_by_years_are_those_of_officers_whose_years_are_known(bundled: Dataset) -> None:
    rows = bundled.allegations
    unknown = rows["officer_id"].isin(rows["officer_id"].unique()[::2])
    half = replace(
        bundled, allegations=rows.assign(officer_appointed_year=rows["officer_appointed_year"].mask(unknown))
    )
    squads = conc.tally(half, "squad", exposure="years")
    assert squads.total == (~unknown).sum()
    assert (squads.exposure * squads.holders).sum() == pytest.approx(conc.years_watched(half).sum())


def test_exposure_given_for_a_roster_brings_in_those_who_drew_none(bundled: Dataset) -> None:
    ids = bundled.allegations["officer_id"].unique()
    roster = pd.Series(1.0, index=[*ids, "p-nobody-1", "p-nobody-2"], name="years")
    data = conc.tally(bundled, exposure=roster)
    assert data.size == len(ids) + 2
    assert data.zeros
    with pytest.raises(ParameterError, match="1 of 826"):
        conc.tally(bundled, exposure=roster.iloc[1:])


@pytest.mark.parametrize(
    ("counts", "exposure", "said"),
    [
        ([1, -1], None, "whole numbers from 0 on"),
        ([1.5], None, "1.5"),
        ([], None, "at least one officer"),
        ([1, 2], [1, 0], "above 0"),
        ([1, 2], [1], "expected 2 numbers"),
    ],
)
def test_numbers_that_are_no_counts_are_refused(counts: list[float], exposure: list[float] | None, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Tally.of_counts(counts, exposure)


def test_nobody_who_drew_anything_is_refused() -> None:
    with pytest.raises(Refusal, match="nothing is spread"):
        Tally.of_counts([0, 0])


def test_results_say_what_they_are_and_draw(bundled: Dataset) -> None:

    data = conc.tally(bundled)
    for result in (conc.against_chance(data, draws=99), conc.lorenz(data), conc.empirical_bayes(data)):
        assert result.sentence().endswith(".")
        assert "p-" not in result.table.to_csv()
        result.plot()
    again = conc.against_chance(data, draws=99).table
    pd.testing.assert_frame_equal(again, conc.against_chance(data, draws=99).table)


# ---- real releases ---------------------------------------------------------------------------------------------


@pytest.mark.real_data
def test_philadelphias_top_tenth_drew_28_percent_where_chance_gives_21_to_25(
    real_source: Callable[[str], Dataset],
) -> None:
    data = conc.tally(real_source("philadelphia"))
    assert (data.size, data.total) == (3017, 5583)
    assert round(100 * conc.top_share(data)) == 28
    found = conc.against_chance(data, seed=1)
    luck, alone = found.of("zero_truncated_poisson"), found.of("equal_risk")
    assert 0.205 < luck["expected_lower"] < luck["expected"] < luck["expected_upper"] < 0.22
    assert 0.238 < alone["expected_lower"] < alone["expected"] < alone["expected_upper"] < 0.255
    assert luck["p_value"] == alone["p_value"] == pytest.approx(1 / 1001)


@pytest.mark.real_data
def test_chicagos_officers_and_shares_are_the_published_ones(real_source: Callable[[str], Dataset]) -> None:
    data = conc.tally(real_source("chicago_2000_2016"))
    assert (data.size, data.total) == (16021, 125581)
    found = conc.against_chance(data, draws=199, seed=1)
    assert found.of("equal_risk")["estimate"] == pytest.approx(0.352, abs=0.0005)
    assert found.of("equal_risk")["expected_upper"] < 0.17


def test_a_million_officer_complaints_take_no_longer_than_a_thousand() -> None:
    rng = np.random.default_rng(9)
    risk = rng.gamma(1.0, size=130_000)
    data = Tally.of_counts(rng.multinomial(1_000_000, risk / risk.sum()))
    start = time.process_time()
    conc.against_chance(data, ["equal_risk"], draws=1_000)
    # benchmarks/concentration.py times it on a quiet machine; here only the order of magnitude is held.
    assert time.process_time() - start < 10


def test_counts_of_a_law_that_leaves_out_nearly_all_are_drawn_from_those_left() -> None:
    """Drawn again until they were above 0, 120 counts took three minutes at a shape of 0.000006."""
    law = Law(1e-4, 6e-6, truncated=True)
    start = time.process_time()
    drawn = _values(law, np.array([1.0, 1.0, 2.0]), 20_000, np.random.default_rng(1))
    assert time.process_time() - start < 5
    assert drawn.min() >= 1
    for level, column in ((1.0, 1), (2.0, 2)):
        mass = law.mass(level, law.reach(level))
        for count in (1, 2, 5):
            expected = mass[count] * len(drawn)
            assert abs((drawn[:, column] == count).sum() - expected) < 5 * np.sqrt(expected)


def test_more_than_chance_says_that_unknown_service_makes_counts_uneven() -> None:
    uneven, even = conc.Tally.of_counts([1, 1, 1, 1, 2, 9] * 20), conc.Tally.of_counts([3, 3, 3, 3] * 20)
    assert "came late or left" in conc.against_chance(uneven, draws=199).sentence()
    assert "came late or left" not in conc.against_chance(even, ["equal_risk"], draws=199).sentence()
    served = conc.tally(accountability.load("synthetic"), exposure="throughout")
    assert "came late or left" not in conc.against_chance(served, ["equal_risk"], draws=199).sentence()
