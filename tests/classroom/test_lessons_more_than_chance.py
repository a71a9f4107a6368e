"""More than chance: three precincts made by chance, by years and by risk, and each method tells what it should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from accountability.classroom.lessons import more_than_chance
from accountability.errors import ParameterError


@pytest.fixture(scope="module")
def force() -> more_than_chance.Force:
    return more_than_chance.force()


def test_chance_alone_gives_the_top_tenth_twice_its_share(force: more_than_chance.Force) -> None:
    lottery = force.beside_chance().table.set_index("precinct")
    assert (lottery["expected"] > 0.2).all()
    assert not lottery.loc[force.made_by["chance"], "above_chance"]
    assert lottery.loc[[force.made_by["years"], force.made_by["risk"]], "above_chance"].all()


def test_what_chance_gives_is_what_a_plain_lottery_gives(force: more_than_chance.Force) -> None:
    """The expected share against tickets dealt here, one by one, with the tie at the line cut in fractions."""
    rng = np.random.default_rng(1)
    name = force.made_by["chance"]
    precinct = force.precincts[name]
    officers, total = len(precinct.years), int((precinct.first + precinct.second).sum())
    shares = []
    for _ in range(200):
        dealt = np.sort(np.bincount(rng.integers(0, officers, total), minlength=officers))[::-1]
        shares.append(dealt[: officers // 10].sum() / total)
    expected = force.beside_chance().table.set_index("precinct").loc[name, "expected"]
    assert expected == pytest.approx(np.mean(shares), abs=4 * np.std(shares) / np.sqrt(200))


def test_years_on_duty_explain_the_precinct_that_years_made(force: more_than_chance.Force) -> None:
    by_year = force.beside_chance(per_year=True)
    more = by_year.table.set_index("precinct")["above_chance"]
    assert list(more.index[more]) == [force.made_by["risk"]]
    assert by_year.sentence().endswith(f"gives in {force.made_by['risk']}, of 3 precincts.")


def test_the_top_of_chance_is_average_afterwards_and_the_top_of_risk_is_not(force: more_than_chance.Force) -> None:
    after = force.afterwards().table.set_index("precinct")
    assert after.loc[force.made_by["chance"], "observed"] == pytest.approx(1, abs=0.12)
    risk = after.loc[force.made_by["risk"]]
    assert risk["observed"] > risk["upper"]
    first = force.precincts[force.made_by["risk"]].first
    chosen = np.sort(first)[::-1][: len(first) // 10].mean() / first.mean()
    assert risk["observed"] < chosen, "part of what put them there was chance"


def test_the_planted_share_is_the_gamma_laws_own(force: more_than_chance.Force) -> None:
    law = stats.gamma(force.shape, scale=1 / force.shape)
    top, _ = integrate.quad(lambda x: x * law.pdf(x), law.ppf(0.9), np.inf)
    planted = force.underlying().table.set_index("precinct").loc[force.made_by["risk"], "planted"]
    assert planted == pytest.approx(top, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_risk_is_estimated_near_the_planted_share_and_the_counted_one_is_not(seed: int) -> None:
    held = more_than_chance.drawn(1200, seed)
    row = held.underlying().table.set_index("precinct").loc[held.made_by["risk"]]
    assert abs(row["underlying"] - row["planted"]) < 0.08 * row["planted"] < row["counted"] - row["planted"]


def test_few_officers_are_refused() -> None:
    assert sorted(more_than_chance.drawn(500, 1).made_by.values()) == sorted(more_than_chance.PRECINCTS)
    with pytest.raises(ParameterError, match="500 or more"):
        more_than_chance.force(499)


def test_the_newspaper_forgets_those_never_accused(force: more_than_chance.Force) -> None:
    table = force.newspaper().table
    assert (table["top_tenth_of_accused"] < table["top_tenth"]).all()
    assert (table["never_accused"] > 0).all()


def test_the_figures_show_what_is_observed_and_what_was_planted(force: more_than_chance.Force) -> None:

    for result, labels in (
        (force.beside_chance(), ["observed"]),
        (force.afterwards(), ["observed"]),
        (force.underlying(), ["counted", "planted"]),
    ):
        axes = result.plot()
        assert [text.get_text() for text in axes.get_legend().get_texts()] == labels
        assert [text.get_text() for text in axes.get_yticklabels()] == list(more_than_chance.PRECINCTS)
