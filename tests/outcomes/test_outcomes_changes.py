"""From recommended to imposed: every pair in one kind, raw and coded changes, the tests, the order's weight."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.outcomes.moves import KINDS, kinds_of
from accountability.vocabulary import OFF_LADDER, PENALTIES


def pairs(rows):
    names = ["recommended_penalty", "recommended_days", "imposed_penalty", "imposed_days"]
    return pd.DataFrame(rows, columns=names).astype(
        {names[0]: "str", names[1]: "Float64", names[2]: "str", names[3]: "Float64"}
    )


def dataset(rows, raw=True):
    table = pairs(rows)
    table = table.assign(
        case_id=[f"c{i}" for i in range(len(table))],
        officer_id=[f"o{i}" for i in range(len(table))],
        finding="sustained",
    )
    if raw:
        for kind in ("recommended", "imposed"):
            texts = table[f"{kind}_penalty"] + " " + table[f"{kind}_days"].astype("str").fillna("")
            table[f"raw_{kind}"] = texts
    cases = pd.DataFrame({"case_id": table["case_id"]})
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (("suspension", 10, "suspension", 10), "kept"),
        (("suspension", 10, "suspension", 3), "lightened"),
        (("suspension", 10, "suspension", 30), "raised"),
        (("suspension", None, "suspension", 30), "same_rung_days_unknown"),
        (("reprimand", None, "reprimand", None), "kept"),
        (("suspension", 10, "reprimand", None), "lightened"),
        (("none", None, "dismissal", None), "raised"),
        (("dismissal", None, "left_before_penalty", None), "left_the_ladder"),
        (("not_recorded", None, "suspension", 3), "joined_the_ladder"),
        (("not_served", None, "reversed", None), "off_the_ladder"),
    ],
)
def test_each_pair_is_of_one_kind(row, kind):
    assert kinds_of(pairs([row])).tolist() == [kind]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(PENALTIES)),
            st.none() | st.integers(0, 90),
            st.sampled_from(list(PENALTIES)),
            st.none() | st.integers(0, 90),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_exchanging_the_two_sides_exchanges_lightened_and_raised(rows):
    forth = kinds_of(pairs(rows))
    back = kinds_of(pairs([(c, d, a, b) for a, b, c, d in rows]))
    mirror = {
        "lightened": "raised",
        "raised": "lightened",
        "left_the_ladder": "joined_the_ladder",
        "joined_the_ladder": "left_the_ladder",
    }
    assert set(forth) <= set(KINDS)
    assert back.tolist() == [mirror.get(kind, kind) for kind in forth]


ROWS = [
    *[("suspension", 10, "suspension", 10)] * 40,
    *[("suspension", 10, "suspension", 3)] * 20,
    *[("suspension", 10, "reprimand", None)] * 15,
    *[("reprimand", None, "suspension", 2)] * 12,
    *[("reprimand", None, "reprimand", None)] * 30,
    *[("dismissal", None, "left_before_penalty", None)] * 11,
    *[("suspension", 5, "pending", None)] * 25,
    *[("suspension", 5, None, None)] * 10,
]


def test_every_pair_is_counted_once_and_pending_is_no_penalty_of_zero():
    found = outcomes.changes(dataset(ROWS))
    rungs = found.table.loc[found.table["what"] == "by rung"].set_index("kind")
    assert rungs["events"].sum() == 128
    assert rungs.loc["lightened", "events"] == 35
    assert rungs.loc["raised", "estimate"] == pytest.approx(12 / 128)
    apart = found.apart.set_index("what")["n"]
    assert apart["pending"] == 25
    assert apart["imposed not recorded"] == 10
    assert "25 are pending" in found.sentence()


def test_net_change_in_rungs_and_days():
    net = outcomes.changes(dataset(ROWS)).net.set_index("quantity")
    assert net.loc["rungs", "difference"] == pytest.approx(15 * -2 + 12 * 2)
    assert net.loc["rungs", "n"] == 117
    assert net.loc["days lost", "difference"] == pytest.approx(20 * -7 + 15 * -10 + 12 * 2)


def test_two_rungs_give_mcnemars_statistic():
    """With two rungs Bowker and Stuart–Maxwell are both McNemar's (b - c)^2 / (b + c)."""
    tests = outcomes.changes(dataset(ROWS)).tests.set_index("test")
    assert tests["statistic"].to_numpy() == pytest.approx([(15 - 12) ** 2 / 27] * 2)
    assert tests["df"].tolist() == [1, 1]


def test_tests_equal_statsmodels_on_a_full_table():
    from statsmodels.stats.contingency_tables import SquareTable

    rng = np.random.default_rng(3)
    terms = np.array(["none", "reprimand", "suspension", "dismissal"])
    made = pairs([(a, None, b, None) for a, b in terms[rng.integers(0, 4, (800, 2))]])
    square = pd.crosstab(made["recommended_penalty"], made["imposed_penalty"]).loc[terms, terms]
    table = SquareTable(square.to_numpy(float), shift_zeros=False)
    found = outcomes.symmetry(made).set_index("test")
    for name, theirs in (("Bowker", table.symmetry()), ("Stuart–Maxwell", table.homogeneity())):
        assert found.loc[name, "statistic"] == pytest.approx(theirs.statistic)
        assert found.loc[name, "p_value"] == pytest.approx(theirs.pvalue)
        assert found.loc[name, "df"] == theirs.df


def leaning(rng, officers=30, each=10):
    """Officers whose penalties all tend to be raised or lightened, none of them on the whole."""
    who, terms = np.repeat(np.arange(officers), each), np.array(["reprimand", "suspension", "demotion", "dismissal"])
    low, high = np.sort(rng.integers(0, 4, (2, len(who))), axis=0)
    up = rng.random(len(who)) < 1 / (1 + np.exp(-2 * rng.normal(size=officers)[who]))
    rows = list(zip(terms[np.where(up, low, high)], terms[np.where(up, high, low)], strict=True))
    return pairs([(a, None, b, None) for a, b in rows]).assign(officer_id=who.astype(str))


def test_officers_with_a_lean_are_not_taken_for_a_change():
    rng, tests = np.random.default_rng(11), ("Bowker", "Stuart–Maxwell")
    found = {name: [0, 0] for name in tests}
    for _ in range(200):
        made = leaning(rng)
        together, apart = (outcomes.symmetry(m).set_index("test") for m in (made, made.drop(columns="officer_id")))
        assert (together["statistic"] == apart["statistic"]).all()
        assert (apart["design_effect"] == 1).all()
        for name in tests:
            found[name][0] += together.loc[name, "p_value"] < 0.05
            found[name][1] += apart.loc[name, "p_value"] < 0.05
    for clustered, independent in found.values():
        assert clustered <= 20 < independent


def test_one_officer_each_is_no_cluster():
    made = leaning(np.random.default_rng(5), 300, 1)
    pd.testing.assert_frame_equal(outcomes.symmetry(made), outcomes.symmetry(made.drop(columns="officer_id")))


def test_one_rung_has_nothing_to_test():
    tests = outcomes.changes(dataset([("reprimand", None, "reprimand", None)] * 12)).tests
    assert tests["statistic"].isna().all()


def test_a_contested_order_is_said_to_matter_only_where_it_does():
    plain = outcomes.changes(dataset(ROWS))
    assert "makes no difference" in plain.sentence()
    contested = outcomes.changes(dataset([*ROWS, *[("loss_of_leave", 5, "suspension", 5)] * 14]))
    assert "depend on the order" in contested.sentence()
    counts = contested.by_order.pivot(index="order", columns="kind", values="events")
    assert counts.loc["default order", "raised"] == 26
    assert counts.loc["suspension below loss_of_leave", "raised"] == 12


def test_the_matrix_hides_small_cells_and_says_so_in_the_figure():
    import matplotlib as mpl

    mpl.use("Agg")
    found = outcomes.changes(dataset([*ROWS, *[("demotion", None, "dismissal", None)] * 2]))
    cell = found.matrix.query("recommended == 'demotion' and imposed == 'dismissal'")
    assert cell["n"].isna().all()
    said = [text.get_text() for text in found.plot().get_legend().get_texts()]
    assert said == ["hidden: fewer than 10"]


def test_the_bands_hold_every_shown_cell_once():
    import matplotlib as mpl

    mpl.use("Agg")
    found = outcomes.changes(dataset(ROWS))
    axes = found.bands()
    shown = found.matrix.loc[found.matrix["n"].gt(0).fillna(False)]
    assert len([band for band in axes.collections if band.get_gid() is None]) == len(shown)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["recommended", "imposed"]


def test_without_both_sides_a_change_is_refused():
    made = dataset(ROWS)
    made.allegations = made.allegations.drop(columns="recommended_penalty")
    with pytest.raises(Refusal, match="no recommended_penalty"):
        outcomes.changes(made)
    with pytest.raises(Refusal, match="no officer-complaint has both"):
        outcomes.changes(dataset([("suspension", 5, "pending", None)]))


def test_an_unknown_penalty_is_named():
    with pytest.raises(ParameterError, match="'docked'"):
        outcomes.changes(dataset([("docked", None, "none", None)]))


def test_raw_and_coded_changes_are_told_apart():
    """Two spellings of one penalty differ as published and are kept on the ladder."""
    made = dataset([("reprimand", None, "reprimand", None)] * 20)
    made.allegations.loc[:11, "raw_imposed"] = "Letter of reprimand"
    counts = outcomes.changes(made, min_cell=1).table.set_index(["what", "kind"])["events"]
    assert counts["as published", "changed"] == 12
    assert counts["by rung", "kept"] == 20


def test_off_ladder_terms_are_never_given_a_rung():
    for term in OFF_LADDER:
        assert kinds_of(pairs([("dismissal", None, term, None)])).tolist() == ["left_the_ladder"]


# ---- how penalties shrink ----------------------------------------------------------------------------------------


def test_each_recommendation_above_none_ends_one_way():
    found = outcomes.penalty_reductions(dataset(ROWS))
    table = found.table.set_index("end")
    assert table["n"].unique().tolist() == [128]
    assert table.loc["lighter", "events"] == 35
    assert table.loc["heavier", "events"] == 12
    assert table.loc["off the ladder", "events"] == 11
    assert table["estimate"].sum() == pytest.approx(1.0)
    assert "ended lighter: all 27.3 % of 128" in found.sentence()


def test_nothing_recommended_is_not_counted_and_pending_is_in_no_share():
    rows = [*ROWS, *[("none", None, "none", None)] * 50, *[("suspension", 3, "pending", None)] * 20]
    assert outcomes.penalty_reductions(dataset(rows)).table["n"].eq(128).all()
    with pytest.raises(Refusal, match="above none recommended"):
        outcomes.penalty_reductions(dataset([("none", None, "none", None)] * 30))


def test_groups_stand_under_all_and_small_ones_together():
    made = dataset(ROWS)
    made.allegations["officer_rank"] = ["chief"] * 4 + ["sergeant"] * 40 + ["officer"] * (len(made.allegations) - 44)
    found = outcomes.penalty_reductions(made, "officer_rank", min_group=5)
    assert "chief" not in set(found.table["officer_rank"])
    assert found.table["officer_rank"].iloc[0] == "all"
    sizes = found.table.drop_duplicates("officer_rank").set_index("officer_rank")["n"]
    assert sizes["all"] == sizes.drop("all").sum()
    import matplotlib as mpl

    mpl.use("Agg")
    assert len(found.plot().get_yticks()) == len(sizes)


def test_no_small_end_follows_from_the_groups_and_their_sum():
    ways = {"suspension": "reprimand", "reprimand": "reprimand", "loss_of_leave": "suspension"}
    ways["demotion"] = "left_before_penalty"  # in the order of the ends
    counts = {"a": (5, 200, 12, 11), "b": (0, 200, 10, 100), "c": (0, 10, 11, 50)}
    each = [
        (*way, group)
        for group, row in counts.items()
        for way, n in zip(ways.items(), row, strict=True)
        for _ in range(n)
    ]
    made = dataset([(before, None, after, None) for before, after, _ in each])
    made.allegations["officer_rank"] = pd.Series([group for *_, group in each], dtype="str")
    hidden = outcomes.penalty_reductions(made, "officer_rank").table.pivot(
        index="officer_rank", columns="end", values="hidden"
    )
    assert hidden.loc["all", "lighter"]
    assert (hidden.sum(axis=0) != 1).all()
    assert (hidden.sum(axis=1) != 1).all()


@pytest.mark.real_data
def test_chicago_has_4989_published_changes(real_source):
    table = outcomes.changes(real_source("chicago_2000_2016")).table.set_index(["what", "kind"])
    row = table.loc[("as published", "changed")]
    assert (row["events"], row["n"]) == (4989, 117_898)
