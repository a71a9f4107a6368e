"""What follows a finding: denominators, units, what is left apart, and what is hidden."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes
from accountability.errors import ParameterError, Refusal


def dataset(rows, unit="officer_complaint", rule="complete", **columns):
    """A source from (case, officer, finding, penalty, days) tuples."""
    names = ["case_id", "officer_id", "finding", "imposed_penalty", "imposed_days"]
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[:4], "str") | {"imposed_days": "Float64"})
    table = table.assign(**columns)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()}).assign(
        district=lambda c: np.where(c["case_id"].str.endswith("0"), "north", "south")
    )
    sampling = SimpleNamespace(rule=rule, open_cases="included", selected_on=[])
    card = SimpleNamespace(unit=unit, observed_until=None, sampling=sampling)
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


def many(count, finding, given=None, days=None, start=0, officers=None):
    return [
        (f"c{start + i}", f"o{(start + i) % officers if officers else start + i}", finding, given, days)
        for i in range(count)
    ]


def cell(result, part, term, column="estimate"):
    row = result.table.loc[(result.table["part"] == part) & (result.table["term"] == term)]
    assert len(row) == 1
    return row[column].iloc[0]


BASE = [
    *many(30, "sustained", "suspension", 5.0),
    *many(20, "sustained", "reprimand", start=30),
    *many(20, "sustained", "pending", start=50),
    *many(40, "not_sustained", "none", start=70),
    *many(15, "pending", start=110),
    *many(12, None, start=125),
]


def test_pending_is_in_no_denominator_and_is_stated_apart():
    found = outcomes.outcome_distribution(dataset(BASE))
    assert cell(found, "finding", "sustained") == pytest.approx(70 / 110)
    assert cell(found, "penalty", "suspension") == pytest.approx(30 / 50)
    apart = found.apart.iloc[0]
    assert (apart["pending"], apart["finding_not_recorded"], apart["penalty_pending"]) == (15, 12, 20)
    assert apart["units"] == 137
    assert "15 are pending" in found.sentence()


def test_what_ended_without_a_finding_is_counted_and_left_out_of_the_merits():
    rows = [*BASE, *many(90, "closed_without_finding", start=200)]
    found = outcomes.outcome_distribution(dataset(rows))
    assert cell(found, "finding", "sustained") == pytest.approx(70 / 200)
    assert cell(found, "merits", "sustained") == pytest.approx(70 / 110)
    assert "closed_without_finding" not in set(found.table.loc[found.table["part"] == "merits", "term"])
    assert "63.6 % of the 110 with a finding on the merits" in found.sentence()


def test_a_few_without_a_finding_cannot_be_had_from_the_merits():
    found = outcomes.outcome_distribution(dataset([*BASE, *many(4, "closed_without_finding", start=200)]))
    merits = found.table.loc[found.table["part"] == "merits"]
    assert merits["n"].isna().all()
    assert "merits" not in found.sentence()


def test_quartiles_describe_suspensions_of_known_length_only():
    rows = [*many(10, "sustained", "suspension", 1.0), *many(10, "sustained", "suspension", 9.0, start=10)]
    rows += many(11, "sustained", "suspension", start=20)
    days = outcomes.outcome_distribution(dataset(rows)).days.iloc[0]
    assert (days["suspensions"], days["length_unknown"], days["median"]) == (20, 11, 5.0)


def test_small_cells_are_hidden_with_one_that_would_give_them_away():
    rows = [*many(50, "sustained", "suspension"), *many(30, "sustained", "reprimand", start=50)]
    rows += many(3, "sustained", "demotion", start=80)
    found = outcomes.outcome_distribution(dataset(rows))
    hidden = found.table.loc[(found.table["part"] == "penalty") & found.table["hidden"], "term"]
    assert set(hidden) == {"demotion", "reprimand"}
    assert found.table.loc[found.table["hidden"], ["events", "estimate", "lower", "upper"]].isna().all(axis=None)


def few_undecided():
    """84 sustained, the penalty of four of whom is not recorded; 60 unfounded, and three pending."""
    rows = [*many(50, "sustained", "suspension"), *many(30, "sustained", "reprimand", start=50)]
    rows += [*many(4, "sustained", None, start=80), *many(60, "unfounded", start=84), *many(3, "pending", start=150)]
    return dataset(rows)


def test_a_few_undecided_cannot_be_had_by_subtraction():
    """The sustained are shown, so their penalties are rounded; findings are, so the number of all units is not."""
    found = outcomes.outcome_distribution(few_undecided())
    penalties = found.table.loc[found.table["part"] == "penalty"]
    assert penalties[["n", "events"]].isna().all(axis=None)
    step = penalties["rounded_to"]
    assert (step > 0.005).all()
    assert np.allclose(penalties["estimate"] / step, (penalties["estimate"] / step).round())
    assert found.apart[["units", "pending", "penalty_decided", "penalty_not_recorded"]].isna().all(axis=None)
    assert found.apart["sustained"].iloc[0] == 84
    assert "147" not in repr(found) + found.sentence()


@pytest.mark.parametrize("min_cell", [1, 2, 4, 5, 10, 31])
def test_no_share_that_is_shown_depends_on_what_is_hidden(min_cell):
    """84 of 144 decided are sustained, and 50 of 80 decided penalties are suspensions: in full, rounded, or hidden."""
    found = outcomes.outcome_distribution(few_undecided(), min_cell=min_cell)
    assert cell(found, "finding", "sustained") == pytest.approx(84 / 144)
    penalty, most = cell(found, "penalty", "suspension"), 0.0
    if min_cell > 4 and "rounded_to" in found.table:
        most = found.table.loc[found.table["part"] == "penalty", "rounded_to"].max() / 2
    assert penalty == pytest.approx(50 / 80, abs=most + 1e-9) or (min_cell > 4 and np.isnan(penalty))
    true = found.true_numbers().set_index(["part", "term"])["estimate"]
    assert true["penalty", "suspension"] == pytest.approx(50 / 80)


def test_where_the_sustained_are_too_few_their_penalties_are_hidden():
    rows = [*many(4, "sustained", "suspension"), *many(30, "unfounded", start=4), *many(40, "exonerated", start=34)]
    found = outcomes.outcome_distribution(dataset(rows))
    assert found.table.loc[found.table["part"] == "penalty", "hidden"].all()
    assert found.table.loc[found.table["part"] == "penalty", "n"].isna().all()
    assert "too small to show" in found.sentence()


def test_groups_come_from_cases_or_allegations_and_a_missing_group_is_kept():
    race = pd.Series(["Black", "White", None] * 46, dtype="str")[: len(BASE)]
    found = outcomes.outcome_distribution(dataset(BASE, officer_race=race), by=["officer_race"])
    assert set(found.table["officer_race"]) == {"Black", "White", "not recorded"}
    by_case = outcomes.outcome_distribution(dataset(BASE), by="district", min_cell=1)
    assert set(by_case.table["district"]) == {"north", "south"}
    totals = by_case.table.loc[(by_case.table["part"] == "finding") & (by_case.table["term"] == "sustained"), "events"]
    assert totals.sum() == 70


def test_an_officer_complaint_takes_its_highest_finding_and_penalty():
    rows = [
        ("c1", "a", "not_sustained", "none", None),
        ("c1", "a", "sustained", "suspension", 3.0),
        ("c1", "a", "sustained", "suspension", 7.0),
        ("c1", "b", "exonerated", None, None),
        ("c1", None, "sustained", "reprimand", None),
    ]
    made = dataset(rows, unit="allegation")
    found = outcomes.outcome_distribution(made, unit="officer_complaint", min_cell=1)
    assert cell(found, "finding", "sustained", "events") == 1
    assert cell(found, "finding", "sustained", "n") == 2
    assert found.days["median"].iloc[0] == 7.0
    assert cell(outcomes.outcome_distribution(made, unit="complaint", min_cell=1), "finding", "sustained") == 1.0
    assert cell(outcomes.outcome_distribution(made, min_cell=1), "finding", "sustained") == pytest.approx(3 / 5)


def test_an_undecided_allegation_keeps_its_complaint_open_unless_another_is_sustained():
    rows = [("c1", "a", "pending", None, None), ("c1", "a", "unfounded", None, None)]
    rows += [("c2", "a", "pending", None, None), ("c2", "a", "sustained", None, None)]
    found = outcomes.outcome_distribution(dataset(rows, unit="allegation"), unit="complaint", min_cell=1)
    assert found.apart["pending"].iloc[0] == 1
    assert cell(found, "finding", "sustained") == 1.0


def test_officers_seen_twice_widen_the_interval():
    alone = outcomes.outcome_distribution(dataset(BASE))
    shared = [(row[0], f"o{i // 10}", *row[2:]) for i, row in enumerate(BASE)]
    clustered = outcomes.outcome_distribution(dataset(shared))
    assert "clusters: officer" in clustered.method
    width = [
        cell(f, "finding", "sustained", "upper") - cell(f, "finding", "sustained", "lower") for f in (alone, clustered)
    ]
    assert width[1] > width[0]


def test_the_input_is_not_changed_and_the_figure_is_drawn():
    import matplotlib as mpl

    mpl.use("Agg")
    made = dataset(BASE)
    before = made.allegations.copy()
    found = outcomes.outcome_distribution(made)
    axes = found.plot()
    pd.testing.assert_frame_equal(made.allegations, before)
    assert len(axes.patches) >= 2
    assert repr(found) == repr(outcomes.outcome_distribution(made))


def test_no_sentence_says_that_one_thing_brings_about_another():
    said = outcomes.outcome_distribution(dataset(BASE), by="district", min_cell=1).sentence().lower()
    assert not any(word in said for word in ("because", "cause", "effect", "led to", "due to", "result"))


@pytest.mark.parametrize(
    ("change", "options", "error", "says"),
    [
        ({"rule": "case_files"}, {}, Refusal, "chosen because they were reported"),
        ({}, {"unit": "allegation"}, Refusal, "one row for each officer-complaint"),
        ({}, {"unit": "precinct"}, ParameterError, "unit must be one of"),
        ({}, {"by": "shoe_size"}, ParameterError, "cannot group by 'shoe_size'"),
    ],
)
def test_what_cannot_be_answered_is_refused(change, options, error, says):
    with pytest.raises(error, match=says):
        outcomes.outcome_distribution(dataset(BASE, **change), **options)


def test_a_source_without_findings_is_refused():
    with pytest.raises(Refusal, match="no finding in 3 rows"):
        outcomes.outcome_distribution(dataset(many(3, None)))


def test_an_unknown_finding_is_named():
    with pytest.raises(ParameterError, match="'guilty' in 1 rows"):
        outcomes.outcome_distribution(dataset([*BASE, ("x", "y", "guilty", None, None)]))


# ---- terms a source merges ---------------------------------------------------------------------------------------


def merging(may_be="not_sustained, exonerated, unfounded", column="finding", rows=60):
    finding = ["sustained"] * 40 + ["not_sustained"] * 60
    table = pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(100)],
            "officer_id": [f"o{i}" for i in range(100)],
            "finding": finding,
            "imposed_penalty": ["not_recorded"] * 40 + [None] * 60,
        }
    ).astype("str")
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    lossy = pd.DataFrame(
        {"column": [column], "raw": ["a word"], "term": ["a term"], "may_be": [may_be], "rows": [rows]}
    )
    return SimpleNamespace(
        name="merging",
        ledger=None,
        cases=pd.DataFrame({"case_id": table["case_id"]}),
        allegations=table,
        events=pd.DataFrame(columns=["case_id", "officer_id"]),
        card=SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling),
        lossy=lossy,
    )


def test_a_term_that_cannot_be_told_apart_is_never_zero():
    found = outcomes.outcome_distribution(merging())
    table = found.table.loc[found.table["part"] == "finding"].set_index("term")
    assert table.loc["exonerated", ["events", "estimate", "lower", "upper"]].isna().all()
    assert table.loc["exonerated", "ambiguous"]
    assert table.loc["not_sustained", "events"] == 60
    assert table.loc["not_sustained", "may_be"] == "exonerated, not_sustained, unfounded"
    assert table.loc["policy_failure", "events"] == 0
    assert not table.loc["sustained", "ambiguous"]
    assert any("not told apart by the source, finding: exonerated" in text for text in found.assumptions)


def test_a_merged_word_no_row_carries_blurs_nothing():
    table = outcomes.outcome_distribution(merging(rows=0)).table
    assert not table["ambiguous"].any()
    assert table.loc[table["term"] == "exonerated", "events"].eq(0).all()


def test_merged_penalties_are_not_zero_either():
    found = outcomes.outcome_distribution(merging("reprimand, suspension, dismissal", "imposed_penalty"))
    table = found.table.loc[found.table["part"] == "penalty"].set_index("term")
    assert table.loc["suspension", "events"] is pd.NA
    assert table.loc["demotion", "events"] == 0


def test_the_figure_names_what_a_merged_bar_may_be():
    import matplotlib as mpl

    mpl.use("Agg")
    made = merging()
    made.allegations = made.allegations.drop(columns="imposed_penalty")
    legend = outcomes.outcome_distribution(made).plot().get_legend()
    assert "exonerated or not sustained or unfounded" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.real_data
def test_philadelphia_does_not_say_how_many_were_exonerated(real_source):
    table = outcomes.outcome_distribution(real_source("philadelphia")).table
    findings = table.loc[table["part"] == "finding"].set_index("term")
    assert findings.loc["exonerated", "events"] is pd.NA
    assert findings.loc["unfounded", "events"] is pd.NA
    assert findings.loc["not_sustained", "events"] == 6135
    assert "exonerated" in findings.loc["not_sustained", "may_be"]
