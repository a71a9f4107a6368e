"""Fair comparisons: the crude rates point one way, like complaints the other, and the planted truth says which."""

from __future__ import annotations

import numpy as np
import pytest

from accountability import outcomes, synthetic
from accountability.classroom.lessons import fair_comparison
from accountability.errors import ParameterError, Refusal
from accountability.synthetic.source_files import loaded


@pytest.fixture(scope="module")
def agency() -> fair_comparison.Stations:
    return fair_comparison.stations()


def test_the_crude_rates_and_like_complaints_point_opposite_ways(agency: fair_comparison.Stations) -> None:
    crude, like = agency.crude(), agency.like_with_like()
    assert np.sign(np.log(crude.ratio)) == -np.sign(np.log(like.odds_ratio)) == -np.sign(agency.log_odds_ratio)
    assert like.lower < like.true_odds_ratio < like.upper
    assert "planted" in like.sentence()
    assert f"a ratio of {crude.ratio:.2f}" in crude.sentence()


def of_seed(seed: int) -> fair_comparison.Stations:
    made = synthetic.agency(12_000, seed, synthetic.Design().varied(seed))
    return fair_comparison.dealt(made, loaded(made))


def test_the_planted_ratio_is_the_one_within_every_kind() -> None:
    """Dealing after the decision, with odds by kind and by the planted factor, plants exactly that odds ratio."""
    off = []
    for seed in range(4):
        own = of_seed(seed)
        like = own.like_with_like()
        assert np.sign(np.log(own.crude().ratio)) == -np.sign(own.log_odds_ratio)
        error = np.log(like.upper / like.lower) / (2 * 1.96)
        # Towards the planted side, so that a ratio dealt too weakly for everybody does not cancel out.
        off.append((np.log(like.odds_ratio) - own.log_odds_ratio) / error * np.sign(own.log_odds_ratio))
    assert np.abs(off).max() < 4
    assert abs(np.mean(off)) < 4 / np.sqrt(len(off))


def test_the_pooled_ratio_is_mantel_and_haenszels(agency: fair_comparison.Stations) -> None:
    rows = agency.complaints().query("decided")
    above = below = 0.0
    for _, part in rows.groupby(list(fair_comparison.KIND)):
        north = part["station"].eq("north")
        a, b = (north & part["sustained"]).sum(), (north & ~part["sustained"]).sum()
        c, d = (~north & part["sustained"]).sum(), (~north & ~part["sustained"]).sum()
        above, below = above + a * d / len(part), below + b * c / len(part)
    assert agency.like_with_like().odds_ratio == pytest.approx(above / below, rel=1e-9)


def test_standardised_shares_are_what_the_whole_agencys_mix_gives(agency: fair_comparison.Stations) -> None:
    rows = agency.complaints().query("decided")
    weight = rows.groupby(list(fair_comparison.KIND)).size() / len(rows)
    for name in fair_comparison.STATIONS:
        share = rows[rows["station"] == name].groupby(list(fair_comparison.KIND))["sustained"].mean()
        expected = (share.reindex(weight.index).fillna(0) * weight).sum()
        assert agency.like_with_like().standardised[name] == pytest.approx(expected)


def test_counts_below_ten_are_hidden_and_the_rest_agree_with_the_crude_table(agency: fair_comparison.Stations) -> None:
    table = agency.like_with_like().table
    assert table["hidden"].any()
    assert not table["hidden"].all()
    numbers = ["decided_north", "decided_south", "share_north", "share_south"]
    assert table.loc[table["hidden"], numbers].isna().all(axis=None)
    shown = table[~table["hidden"]]
    assert ((shown["decided_north"] * shown["share_north"]).astype(float) >= 10).all()
    mix = agency.mix()
    assert mix[["of_the_north", "of_the_south"]].sum().to_numpy() == pytest.approx(1)
    assert mix["sustained_anywhere"].is_monotonic_increasing


def test_units_and_denominators_give_other_shares_of_the_same_findings(agency: fair_comparison.Stations) -> None:
    share = agency.denominators().set_index("denominator")["share"]
    assert share["received"] < share["closed"] < share["investigated to a finding"]
    by_unit = outcomes.sustained_by_unit(agency.data).set_index("unit")["estimate"]
    assert by_unit["complaint"] == pytest.approx(share["closed"])
    assert by_unit["officer_complaint"] < by_unit["complaint"] < by_unit["officer"]
    with pytest.raises(Refusal, match="nothing can be counted per allegation"):
        outcomes.outcome_distribution(agency.data, unit="allegation")


def test_few_complaints_are_refused() -> None:
    with pytest.raises(ParameterError, match="1,000 or more"):
        fair_comparison.stations(999)


def test_the_figure_holds_both_estimates_and_the_truth(agency: fair_comparison.Stations) -> None:

    axes = agency.like_with_like().plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["all together", "like with like"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["planted"]


def test_what_is_said_of_units_and_of_the_mix_holds_for_any_agency(agency: fair_comparison.Stations) -> None:
    """Each sentence against the table it speaks of, in agencies where the other answer is right too."""
    said = set()
    for one in (agency, *map(of_seed, range(3))):
        units = outcomes.by_unit(one.data, "station", "north", "south")
        ratio = units.table[units.table["denominator"] == "decided"].set_index("unit")["estimate"]
        nearer = abs(np.log(ratio["officer"])) < abs(np.log(ratio["officer_complaint"]))
        sentence = fair_comparison.nearer_to_one(units)
        assert ("no nearer to one" in sentence) is not nearer
        mix, told = one.mix(), one.mix_sentence()
        first = told.split(". ")[0]
        assert f"{mix.iloc[0]['complaint_type']} ({mix.iloc[0]['complainant']})" in first
        more = "north" if mix.iloc[0]["of_the_north"] > mix.iloc[0]["of_the_south"] else "south"
        assert first.endswith(f"more of the {more}'s")
        said.add(more)
    assert said == {"north", "south"}
