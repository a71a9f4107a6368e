"""Stage by stage: the parts add up to the gap, equal statsmodels and worked examples, and say nothing of why."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from causal import CAUSAL
from hypothesis import given
from hypothesis import strategies as st

import accountability
from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.outcomes.gap import DRAWS
from accountability.outcomes.stages import passed
from accountability.stats.decomposition import (
    contributions,
    e_value,
    imbens_manski,
    kitagawa,
    resampled_parts,
    trimmed,
    worst_case,
)
from accountability.stats.intervals import percentile
from accountability.stats.row_draws import RowDraws

ROWS = pd.DataFrame(
    [
        ("sustained", "suspension", "suspension", (1, 1, 1, 1)),
        ("sustained", "suspension", "reprimand", (1, 1, 1, 0)),
        ("sustained", "suspension", "reversed", (1, 1, 1, 0)),
        ("sustained", "suspension", "pending", (1, 1, 1, None)),
        ("sustained", "none", "none", (1, 1, 0, None)),
        ("sustained", "left_before_penalty", None, (1, 1, 0, None)),
        ("sustained", None, None, (1, 1, None, None)),
        ("sustained", None, "reprimand", (1, 1, 1, None)),
        ("unfounded", None, None, (1, 0, None, None)),
        ("closed_without_finding", None, None, (0, None, None, None)),
        ("pending", None, None, (None, None, None, None)),
        (None, None, None, (None, None, None, None)),
    ],
    columns=["finding", "recommended_penalty", "imposed_penalty", "expected"],
).astype({"finding": "str", "recommended_penalty": "str", "imposed_penalty": "str"})


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_each_unit_is_at_one_place(row):
    found = passed(ROWS)
    expected = ROWS["expected"][row]
    assert [None if pd.isna(v) else int(v) for v in found.iloc[row]] == list(expected)


rates = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5)


@given(st.data())
def test_contributions_add_up_and_change_sign_when_the_groups_are_exchanged(data):
    first = np.array(data.draw(rates))
    second = np.array(data.draw(st.lists(st.floats(0.01, 1.0), min_size=len(first), max_size=len(first))))
    parts = contributions(first, second)
    assert parts.sum() == pytest.approx(first.prod() - second.prod(), abs=1e-12)
    np.testing.assert_allclose(parts, -contributions(second, first), atol=1e-12)
    assert (parts[first == second] == 0).all()


def test_two_factors_split_as_kitagawa_wrote_it():
    """(r1 - r2)(s1 + s2)/2 and (s1 - s2)(r1 + r2)/2."""
    np.testing.assert_allclose(
        contributions(np.array([0.5, 0.8]), np.array([0.4, 0.6])), [0.1 * 0.7, 0.2 * 0.45], atol=1e-12
    )


@pytest.mark.filterwarnings("ignore")
def test_the_split_by_mix_is_statsmodels_oaxaca_blinder_with_equal_weights():
    from statsmodels.stats.oaxaca import OaxacaBlinder

    rng = np.random.default_rng(5)
    group, cell = rng.integers(0, 2, 2000), rng.integers(0, 4, 2000)
    cell = np.where(group == 0, np.maximum(cell - (rng.random(2000) < 0.3), 0), cell)
    hit = (rng.random(2000) < 0.1 + 0.15 * cell + 0.1 * group).astype(float)
    dummies = np.column_stack([cell == 1, cell == 2, cell == 3, np.ones(2000), group]).astype(float)
    same, mixed, gap = (
        OaxacaBlinder(hit, dummies, 4, hasconst=True, swap=False).two_fold(two_fold_type="reimers").params
    )
    counts = np.array([[((group == g) & (cell == c)).sum() for c in range(4)] for g in (0, 1)])
    inside = np.array([[hit[(group == g) & (cell == c)].mean() for c in range(4)] for g in (0, 1)])
    mine = kitagawa(counts / counts.sum(axis=1, keepdims=True), inside)
    assert mine == pytest.approx((mixed, same), abs=1e-10)
    assert sum(mine) == pytest.approx(gap, abs=1e-10)


def days_by_officer(seed: int, officers: int = 80):
    """Suspensions of officers who differ: the gap of 3 days is 2 of different covariates and 1 at the same ones."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(officers), 6)
    group = (clusters >= officers // 2).astype(int)
    heavy = (rng.random(len(clusters)) < np.where(group == 0, 0.6, 0.2)).astype(float)
    days = 10 + 5 * heavy + 1.0 * (group == 0) + rng.normal(0, 1, officers)[clusters] + rng.normal(0, 2, len(clusters))
    return np.column_stack([heavy, np.ones(len(clusters))]), days, group, clusters


def test_a_bootstrap_sample_of_days_is_statsmodels_on_the_officers_drawn():
    from statsmodels.stats.oaxaca import OaxacaBlinder

    design, days, group, clusters = days_by_officer(3)
    draws = RowDraws.of({"officer": clusters}, 3, np.random.default_rng(4))
    found = resampled_parts(design, days, group, draws)
    for sample, drawn in zip(found, np.rint(draws.weights), strict=True):
        again = np.repeat(np.arange(len(days)), drawn.astype(int))
        exog = np.column_stack([design, group])[again].astype(float)
        same, mixed, gap = (
            OaxacaBlinder(days[again], exog, 2, hasconst=True, swap=False).two_fold(two_fold_type="reimers").params
        )
        assert sample == pytest.approx((gap, mixed, same), abs=1e-9)


def test_the_intervals_of_the_parts_of_days_cover_the_truth():
    """300 agencies: 95 % of intervals hold the truth, give or take 4 points (three standard errors)."""
    covered = np.zeros(3)
    for seed in range(300):
        *made, clusters = days_by_officer(seed)
        draws = RowDraws.of({"officer": clusters}, DRAWS, np.random.default_rng(seed))
        low, high = percentile(resampled_parts(*made, draws)[1:], 0.95)
        covered += (low <= [3, 2, 1]) & (high >= [3, 2, 1])
    assert (np.abs(covered / 300 - 0.95) < 0.04).all(), covered / 300


def test_a_part_that_many_samples_lack_has_no_interval():
    drawn = np.random.default_rng(1).normal(size=(100, 2))
    drawn[:20, 1] = np.nan
    low, high = percentile(drawn, 0.9)
    assert low[0] < high[0]
    assert np.isnan([low[1], high[1]]).all()


def test_the_e_values_published_for_smoking_and_lung_cancer():
    """``evalues.RR(10.73, 8.02, 14.36)`` in the README of the R package EValue and its vignette on confounding."""
    assert e_value(10.73, 8.02, 14.36) == pytest.approx((20.94777, 15.52336), abs=5e-6)
    assert e_value(1 / 10.73, 1 / 14.36, 1 / 8.02) == pytest.approx((20.94777, 15.52336), abs=5e-6)
    assert e_value(1.2, 0.9, 1.6)[1] == 1.0


@pytest.mark.parametrize(
    ("ratio", "expected"), [((3.9, 1.8, 8.7), (7.263034, 3.0)), ((0.80, 0.71, 0.91), (1.809017, 1.428571))]
)
def test_the_e_values_published_for_breastfeeding(ratio, expected):
    """The same vignette, after VanderWeele and Ding, Annals of Internal Medicine 167 (2017), 268 to 274.

    ``evalues.OR(3.9, 1.8, 8.7, rare = TRUE)`` of infant deaths, ``evalues.RR(0.80, 0.71, 0.91)`` of leukaemia.
    """
    assert e_value(*ratio) == pytest.approx(expected, abs=5e-7)


def test_the_reach_beyond_bounds_is_one_sided_where_they_are_far_apart_and_two_sided_where_they_meet():
    assert imbens_manski(0.0, 1.0, 0.01, 0.01, 0.95) == pytest.approx((-0.01645, 1.01645), abs=1e-5)
    assert imbens_manski(0.5, 0.5, 0.01, 0.01, 0.95) == pytest.approx((0.4804, 0.5196), abs=1e-5)
    assert np.isnan(imbens_manski(0.2, 0.4, 0.0, 0.0, 0.95)).all()
    assert np.isnan(imbens_manski(1.0000000000000002, 1.0, 1.4e-15, 0.0, 0.95)).all()  # errors of rounding alone
    assert imbens_manski(0.5 + 1e-9, 0.5, 1e-8, 0.0, 0.95) == pytest.approx((0.5, 0.5), abs=1e-6)


@given(
    st.integers(5, 60),
    st.integers(0, 60),
    st.integers(5, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_worst_case_bounds_hold_every_possible_world(n1, k1, n2, k2, u1, u2):
    """Whatever the unseen would have done, the difference among all lies within; the ends are reached."""
    k1, k2 = min(k1, n1), min(k2, n2)
    reached, rate = np.array([n1 / (n1 + u1), n2 / (n2 + u2)]), np.array([k1 / n1, k2 / n2])
    low, high = worst_case(reached, rate)
    worlds = [(k1 + a) / (n1 + u1) - (k2 + b) / (n2 + u2) for a in (0, u1) for b in (0, u2)]
    assert min(worlds) == pytest.approx(low)
    assert max(worlds) == pytest.approx(high)
    inner = trimmed(reached, rate)
    assert inner[0] <= inner[1] + 1e-12
    if u1 == u2 == 0:
        assert inner == pytest.approx((rate[0] - rate[1],) * 2)


def test_trimming_takes_the_extra_ones_off_either_end():
    """Reached 0.8 and 0.6: a quarter of the first is extra; of its 50 %, 1/3 to 2/3 of the others pass."""
    assert trimmed(np.array([0.8, 0.6]), np.array([0.5, 0.4])) == pytest.approx((1 / 3 - 0.4, 2 / 3 - 0.4))
    assert trimmed(np.array([0.6, 0.8]), np.array([0.4, 0.5])) == pytest.approx((0.4 - 2 / 3, 0.4 - 1 / 3))


# ---- the generated agency ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def gap(data):
    return outcomes.decompose_gap(data, "complainant", "internal", "public", covariates="complaint_type", min_cell=1)


def test_contributions_of_the_stages_add_up_to_the_gap(gap):
    whole = gap.overall.iloc[0]
    assert gap.table["contribution"].sum() == pytest.approx(whole["difference"], abs=1e-12)
    assert gap.table["rate_first"].prod() == pytest.approx(whole["rate_first"], abs=1e-12)
    assert (gap.table["contribution_lower"] <= gap.table["contribution"]).all()
    assert (gap.table["contribution"] <= gap.table["contribution_upper"]).all()


def test_the_counts_are_those_of_the_rows(gap, data):
    rows = data.allegations.merge(data.cases[["case_id", "complainant"]], on="case_id")
    inside = rows.loc[rows["complainant"] == "internal", "finding"]
    first = gap.table.set_index("stage").loc["investigated"]
    assert first["unresolved_first"] == inside.eq("pending").sum()
    assert first["n_first"] == len(inside) - inside.eq("pending").sum()
    sustained = gap.table.set_index("stage").loc["sustained"]
    merits = inside[~inside.isin(["pending", "closed_without_finding"])]
    assert sustained["rate_first"] == pytest.approx(merits.eq("sustained").mean())


def test_the_planted_gap_stands_at_the_planted_stage(gap, data):
    """Complaints from inside are never withdrawn or mediated and are planted to be sustained more often; the
    planted shares of sustained findings are within the intervals."""
    truth = pd.read_csv(accountability.records.places.source_folder("synthetic") / "truth.csv")
    assert gap.table.loc[gap.table["contribution"].idxmax(), "stage"] == "sustained"
    assert gap.sensitivity.set_index("stage").loc["sustained", "e_value_of_interval"] > 2
    overall = truth.loc[(truth["quantity"] == "share_sustained") & (truth["group"] == "all"), "value"].item()
    low, high = (gap.table.set_index("stage").loc["sustained", f"rate_{p}"] for p in ("second", "first"))
    assert low < overall < high


def test_groups_that_were_planted_alike_do_not_differ(data):
    """Women and men are planted alike at every stage after the complaint."""
    found = outcomes.decompose_gap(data, "officer_gender", "F", "M", covariates=["complaint_type", "complainant"])
    shown = found.table.loc[~found.table["hidden"]]
    assert ((shown["ratio_lower"] < 1) & (shown["ratio_upper"] > 1)).sum() >= len(shown) - 1


def test_overlap_comes_before_anything_adjusted_and_withholds_it(data):
    """A covariate that is almost the group itself leaves nothing to compare at the same mix."""
    cases = data.cases.assign(almost=data.cases["complainant"].mask(data.cases.index % 9 == 0, "either"))
    made = SimpleNamespace(
        name="made_up", ledger=None, cases=cases, allegations=data.allegations, events=data.events, card=data.card
    )
    found = outcomes.decompose_gap(made, "complainant", "internal", "public", covariates=["almost"], min_cell=1)
    assert found.overlap["in_common"].max() < 0.3
    assert found.mix["at_the_same_mix"].isna().all()
    assert found.mix["withheld"].str.contains("like in the other").all()
    assert "same mix" not in found.sentence()
    held = outcomes.decompose_gap(data, "complainant", "internal", "public", covariates=["complaint_type"], min_cell=1)
    text = held.sentence()
    assert text.index("has its like in the other") < text.index("at the same mix")


def test_a_split_adds_up_to_the_difference_of_its_stage(gap):
    parts = gap.mix[["mixed_differently", "at_the_same_mix", "outside"]].sum(axis=1)
    np.testing.assert_allclose(parts, gap.mix["difference"], atol=1e-12)
    days = gap.days.set_index("part")["estimate"]
    assert days["mixed differently"] + days["at the same mix"] == pytest.approx(days["difference of mean days"])
    whole = gap.days.iloc[0]
    assert whole["lower"] < whole["estimate"] < whole["upper"]


def test_being_named_has_a_rate_only_with_a_roster(data, gap):
    assert "named" not in set(gap.table["stage"])
    assert any("roster" in text for text in gap.assumptions)
    found = outcomes.decompose_gap(data, "officer_gender", "F", "M", officers={"F": 250, "M": 800}, min_cell=1)
    first = found.table.set_index("stage").loc["named"]
    assert first["rate_first"] == pytest.approx(first["n_first"] / 250)
    assert found.table["contribution"].sum() == pytest.approx(found.overall["difference"].iloc[0])
    assert "per officer" in found.sentence()


def test_a_pooled_ratio_needs_every_stage(data, gap):
    whole = gap.pooled_ratio()
    assert whole["stage"].tolist() == ["investigated", "sustained", "penalty", "kept", "overall"]
    assert whole["ratio"].iloc[-1] == pytest.approx(whole["ratio"].iloc[:-1].prod())
    bare = SimpleNamespace(
        name="bare",
        ledger=None,
        cases=data.cases,
        allegations=data.allegations.drop(columns=["imposed_penalty", "imposed_days"]),
        events=data.events,
        card=data.card,
    )
    with pytest.raises(Refusal, match="the source does not hold 'kept'"):
        outcomes.decompose_gap(bare, "complainant", "internal", "public").pooled_ratio()
    small = outcomes.decompose_gap(data, "complainant", "internal", "public", min_cell=60)
    with pytest.raises(Refusal, match="too small to show"):
        small.pooled_ratio()


def test_a_small_count_hides_its_stage_and_rounds_those_after_it(data):
    found = outcomes.decompose_gap(
        data, "complainant", "internal", "public", covariates=["complaint_type"], min_cell=60
    )
    assert found.table["hidden"].tolist() == [True, False, True, False]
    assert found.table["rounded_to"].notna().tolist() == [False, True, False, True]
    assert found.table["n_first"].isna().all()
    shut = set(found.table.loc[found.table["hidden"], "stage"])
    assert found.table.loc[found.table["hidden"], "rate_first"].isna().all()
    assert found.overall["difference"].isna().all()
    assert found.table["contribution"].isna().all()
    for frame in (found.bounds, found.sensitivity, found.overlap, found.mix):
        inside = frame.loc[frame["stage"].isin(list(shut))]
        assert inside["hidden"].all()
        assert inside.select_dtypes("number").isna().all(axis=None)


def with_pending(data, count):
    """The generated agency with so many complaints from inside pending, and no others."""
    rows = data.allegations.copy()
    rows.loc[rows["finding"] == "pending", "finding"] = "unfounded"
    inside = rows["case_id"].isin(data.cases.loc[data.cases["complainant"] == "internal", "case_id"])
    rows.loc[rows.index[inside][:count], "finding"] = "pending"
    return SimpleNamespace(
        name="made_up", ledger=None, cases=data.cases, allegations=rows, events=data.events, card=data.card
    ), int(inside.sum())


def test_a_few_undecided_do_not_show_their_number(data):
    """Seven pending among those from inside: in no rate, their number missing, and nothing that tells all named."""
    made, inside = with_pending(data, 7)
    found = outcomes.decompose_gap(made, "complainant", "internal", "public", covariates="complaint_type")
    first = found.table.iloc[0]
    assert pd.isna(first["unresolved_first"])
    assert first["n_first"] == inside - 7
    assert first["unresolved_second"] == 0
    assert found.bounds[["lower", "upper"]].isna().all(axis=None)
    assert found.balance[["share_first", "difference"]].isna().all(axis=None)
    many = outcomes.decompose_gap(with_pending(data, 12)[0], "complainant", "internal", "public")
    assert many.table["unresolved_first"].iloc[0] == 12


@pytest.mark.parametrize("min_cell", [2, 5, 8, 10, 30, 200])
def test_no_rate_that_is_shown_depends_on_what_is_hidden(data, min_cell):
    """The undecided are in no rate, whether their number is shown or not."""
    for made in (data, with_pending(data, 7)[0]):
        true, found = (
            outcomes.decompose_gap(made, "complainant", "internal", "public", min_cell=m) for m in (1, min_cell)
        )
        shown = ~found.table["hidden"] & found.table["rounded_to"].isna()
        names = ["n_first", "n_second", "rate_first", "rate_second", "lower_first", "difference", "ratio_upper"]
        pd.testing.assert_frame_equal(
            found.table.loc[shown, names].astype(float), true.table.loc[shown, names].astype(float)
        )
        gone = ["hidden", "rounded_to"]
        pd.testing.assert_frame_equal(found.true_numbers().drop(columns=gone), true.true_numbers().drop(columns=gone))
        near = found.table.loc[found.table["rounded_to"].notna()]
        for place in ("first", "second"):
            apart = (near[f"rate_{place}"] - true.table.loc[near.index, f"rate_{place}"]).abs()
            assert (apart <= near["rounded_to"] / 2 + 1e-9).all()
            assert (near[f"lower_{place}"] <= true.table.loc[near.index, f"lower_{place}"]).all()
            assert (near[f"upper_{place}"] >= true.table.loc[near.index, f"upper_{place}"]).all()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (("complainant", "green", "public"), ParameterError, "no group 'green'; it holds internal, public"),
        (("shoe_size", "a", "b"), ParameterError, "cannot group by"),
    ],
)
def test_what_is_not_there_is_named(data, options, error, says):
    with pytest.raises(error, match=says):
        outcomes.decompose_gap(data, *options)
    with pytest.raises(ParameterError, match="above zero for 'public'"):
        outcomes.decompose_gap(data, "complainant", "internal", "public", officers={"internal": 3})
    with pytest.raises(ParameterError, match="least_overlap"):
        outcomes.decompose_gap(
            data, "complainant", "internal", "public", covariates=["complaint_type"], least_overlap=0.0
        )


def test_records_chosen_by_how_they_ended_are_refused(data):
    card = SimpleNamespace(
        unit="officer_complaint",
        observed_until=None,
        sampling=SimpleNamespace(rule="selected_on_outcome", open_cases="excluded", selected_on=["finding"]),
    )
    made = SimpleNamespace(
        name="chosen", ledger=None, cases=data.cases, allegations=data.allegations, events=data.events, card=card
    )
    with pytest.raises(Refusal, match="chosen by how they ended"):
        outcomes.decompose_gap(made, "complainant", "internal", "public")


# ---- no sentence says why ----------------------------------------------------------------------------------------


def sentences(data):
    yield outcomes.decompose_gap(data, "complainant", "internal", "public", covariates=["complaint_type"])
    yield outcomes.decompose_gap(data, "officer_gender", "F", "M", officers={"F": 250, "M": 800})
    yield outcomes.by_unit(data, "officer_race", "Black", "White")
    yield outcomes.sustained_logit(data, ["complainant"])
    yield outcomes.sustained_mixed_logit(data, ["complainant"], "squad")
    yield outcomes.penalty_ordered_logit(data, ["complainant"])
    yield outcomes.proportional_odds(data, ["complainant"])
    yield outcomes.days_hurdle(data, ["complainant"])
    yield outcomes.outcome_multinomial(data, ["complainant"])
    yield outcomes.outcome_distribution(data, by="complainant")
    yield outcomes.changes(data)
    yield outcomes.waterfall(data, text="detail")


def test_no_generated_sentence_holds_a_causal_verb(data):
    found = {}
    for result in sentences(data):
        words = [result.sentence(), result.estimand, *result.assumptions]
        found[type(result).__name__] = [m[0] for text in words for m in CAUSAL.finditer(text)]
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("text", ["race affects the finding", "lighter because slow", "delay leads to leniency"])
def test_the_list_of_causal_words_finds_them(text):
    assert CAUSAL.search(text)


def test_the_figure_holds_both_groups_at_each_stage(gap):
    import matplotlib as mpl

    mpl.use("Agg")
    axes = gap.plot()
    assert len(axes.get_yticks()) == 2 * len(gap.table)
