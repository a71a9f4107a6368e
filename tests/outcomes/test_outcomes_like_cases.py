"""Like cases and the discipline matrix: who is alike is stated, departures are counted, nobody is listed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from agency import Agency, Card
from causal import CAUSAL

import accountability
from accountability import outcomes
from accountability.errors import ParameterError, Refusal


@pytest.fixture(scope="module")
def data():
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def rows(data):
    table = data.allegations.merge(data.cases[["case_id", "complaint_type", "complainant"]], on="case_id")
    return table.loc[table["finding"] == "sustained"]


def decided(rows):
    return rows.loc[rows["imposed_penalty"].notna() & rows["imposed_penalty"].ne("pending")]


def test_a_hypothetical_case_gets_the_penalties_of_those_that_agree(data, rows):
    found = outcomes.like_cases(data, {"complaint_type": "Untruth", "complainant": "internal"})
    own = decided(rows.loc[(rows["complaint_type"] == "Untruth") & (rows["complainant"] == "internal")])
    assert found.found == len(own)
    assert found.criteria["held"].all()
    shown = found.table.loc[~found.table["hidden"]].set_index("term")["events"]
    counts = own["imposed_penalty"].value_counts()
    assert shown.to_dict() == {term: counts.get(term, 0) for term in shown.index}


def test_criteria_are_given_up_from_the_last_one(data, rows):
    asked = {"complaint_type": "Untruth", "complainant": "public", "officer_rank": "Detective", "squad": "Squad 01"}
    found = outcomes.like_cases(data, asked)
    held = found.criteria["held"].tolist()
    assert held == sorted(held, reverse=True)
    assert not all(held)
    own = rows
    for name, value, keeps in zip(asked, asked.values(), held, strict=True):
        if keeps:
            own = own.loc[own[name] == value]
    assert found.found == len(decided(own))
    assert "Not asked to agree" in found.sentence()
    assert "squad" in found.sentence().split("Not asked")[1]


def test_a_case_is_not_among_its_like(data, rows):
    """Nor are the other officers of its complaint."""
    single = decided(rows).groupby("case_id").filter(lambda part: len(part) == 1).iloc[0]
    named = outcomes.like_cases(data, ["complaint_type"], case=single["case_id"])
    alike = outcomes.like_cases(data, {"complaint_type": single["complaint_type"]})
    assert named.found == alike.found - 1


def test_numbers_may_lie_on_either_side(data, rows):
    found = outcomes.like_cases(data, {"officer_appointed_year": 2005}, within={"officer_appointed_year": 3})
    years = pd.to_numeric(decided(rows)["officer_appointed_year"])
    assert found.found == years.between(2002, 2008).sum()


def test_nobody_and_no_case_is_listed(data):
    found = outcomes.like_cases(data, {"complaint_type": "Force", "complainant": "public"})
    texts = repr(found) + found.sentence()
    texts += "".join(frame.to_string() for frame in (found.table, found.criteria, found.days, found.apart))
    officers = set(data.allegations["officer_id"].dropna()) | set(data.cases["case_id"])
    assert not any(name in texts for name in officers)
    assert not CAUSAL.search(found.sentence())


def test_small_counts_do_not_show_and_do_not_follow(data):
    found = outcomes.like_cases(data, {"complaint_type": "Courtesy", "complainant": "internal"}, min_cell=10)
    hidden = found.table.loc[found.table["hidden"]]
    assert len(hidden) != 1
    assert hidden[["events", "estimate", "lower", "upper"]].isna().all(axis=None)
    assert found.table["events"].dropna().between(1, 9).sum() == 0
    steps = found.criteria["n"].diff().abs().dropna()
    assert not steps.between(1, 9).any()


def test_a_few_who_share_only_some_criteria_do_not_follow_from_the_counts():
    table = source([("a", "reprimand", None)] * 100)
    second = np.where(np.arange(100) < 94, "x", "y")
    table.allegations[["second", "third"]] = pd.DataFrame({"second": second, "third": second}, dtype="str")
    found = outcomes.like_cases(table, {"kind": "a", "second": "x", "third": "x"})
    assert found.found == 94
    assert found.criteria["n"].fillna(0).tolist() == [0, 94, 94]


@pytest.mark.parametrize(
    ("criteria", "options", "error", "says"),
    [
        (
            {"complaint_type": "Arson"},
            {},
            ParameterError,
            "no officer-complaint has complaint_type = 'Arson'; there are",
        ),
        ({"shoe_size": 3}, {}, ParameterError, "cannot group by"),
        ({}, {}, ParameterError, "at least one column"),
        (["complaint_type"], {}, ParameterError, "name a case"),
        ({"complaint_type": "Force"}, {"case": "GEN-2014-0001"}, ParameterError, "not both"),
        (["complaint_type"], {"case": "GEN-1999-0001"}, ParameterError, "no officer-complaint of case"),
        ({"complaint_type": "Force"}, {"at_least": 3}, ParameterError, "at_least must be 10"),
        ({"complaint_type": "Force"}, {"within": {"complaint_type": 1}}, ParameterError, "is no number"),
        ({"complaint_type": "Force"}, {"within": {"squad": 1}}, ParameterError, "is no criterion"),
        ({"squad": "Squad 01"}, {"at_least": 500}, Refusal, "put a broader criterion first"),
    ],
)
def test_what_cannot_be_compared_is_refused(data, criteria, options, error, says):
    with pytest.raises(error, match=says):
        outcomes.like_cases(data, criteria, **options)


# ---- a discipline matrix -----------------------------------------------------------------------------------------

MATRIX = pd.DataFrame(
    [("a", "reprimand", "suspension", np.nan, 5.0), ("b", "suspension", "suspension", 3.0, 10.0)],
    columns=["kind", "least", "most", "least_days", "most_days"],
)
VERDICTS = [
    (("a", "none", None), "below"),
    (("a", "reprimand", None), "within"),
    (("a", "loss_of_leave", 40), "within"),
    (("a", "suspension", 5), "within"),
    (("a", "suspension", 6), "above"),
    (("a", "suspension", None), "length not known"),
    (("a", "dismissal", None), "above"),
    (("b", "suspension", 2), "below"),
    (("b", "suspension", 10), "within"),
    (("b", "suspension", 11), "above"),
    (("b", "pending", None), "no rung"),
    (("b", "left_before_penalty", None), "no rung"),
    (("c", "dismissal", None), "not in the matrix"),
]


def source(lines, repeat=1):
    table = pd.DataFrame(
        [line for line in lines for _ in range(repeat)], columns=["kind", "imposed_penalty", "imposed_days"]
    )
    table = table.assign(finding="sustained", case_id=[f"c{i}" for i in range(len(table))])
    table = table.assign(officer_id=[f"o{i}" for i in range(len(table))]).astype(
        {"kind": "str", "imposed_penalty": "str", "imposed_days": "Float64"}
    )
    card = Card()
    object.__setattr__(card, "unit", "officer_complaint")
    return Agency(pd.DataFrame({"case_id": table["case_id"]}), table, pd.DataFrame(columns=["case_id"]), card)


@pytest.mark.parametrize(("line", "verdict"), VERDICTS)
def test_each_penalty_has_one_verdict(line, verdict):
    lines = [line, ("a", "reprimand", None)]
    found = outcomes.departures(source(lines), MATRIX, min_cell=1).table.set_index("verdict")["events"]
    expected = pd.Series(0, index=found.index).astype("Int64")
    for each in ("within", verdict):
        expected[each] += 1
    assert found.tolist() == expected.tolist()


def test_shares_are_of_those_the_matrix_is_about():
    found = outcomes.departures(source([line for line, _ in VERDICTS], repeat=12), MATRIX)
    table = found.table.set_index("verdict")
    assert table.loc["below", "n"] == 10 * 12
    assert table.loc["below", "estimate"] == pytest.approx(2 / 10)
    assert table.loc["no rung", "n"] == 13 * 12
    assert table.loc[["below", "within", "above", "length not known"], "estimate"].sum() == pytest.approx(1.0)
    assert "below the matrix 20.0 % of 120" in found.sentence()
    assert not CAUSAL.search(found.sentence())


def test_a_small_number_without_a_rung_does_not_follow_from_the_others():
    lines = [("a", "none", None)] * 40 + [("a", "reprimand", None)] * 60 + [("b", "pending", None)] * 3
    table = outcomes.departures(source(lines), MATRIX).table.set_index("verdict")
    assert table.loc["no rung", "hidden"]
    assert table.loc[["below", "within"], "hidden"].all()
    assert table.loc["below", "n"] is pd.NA


def test_groups_stand_beside_one_another(data):
    matrix = pd.DataFrame(
        {"complaint_type": ["Untruth", "Force", "Neglect"], "least": "reprimand", "most": "dismissal"}
    )
    found = outcomes.departures(data, matrix, by="complainant")
    assert found.table.groupby("complainant").size().tolist() == [6, 6]
    assert [found.sentence().count(f"{who}: ") for who in ("internal", "public")] == [2, 2]
    import matplotlib as mpl

    mpl.use("Agg")
    assert len(found.plot().get_yticks()) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"least": "a talking-to"}, "must be a rung"),
        ({"least": "dismissal"}, "least above its most"),
        ({"least": "suspension", "most": "suspension", "least_days": 9.0, "most_days": 3.0}, "least above its most"),
        ({"kind": "a"}, "same kind of case"),
    ],
)
def test_a_matrix_that_cannot_be_meant_is_refused(change, says):
    with pytest.raises(ParameterError, match=says):
        outcomes.departures(source([("a", "reprimand", None)]), MATRIX.assign(**change))


def test_a_matrix_about_nothing_here_is_refused():
    with pytest.raises(Refusal, match="of a kind in the matrix"):
        outcomes.departures(source([("z", "reprimand", None)] * 3), MATRIX)
    with pytest.raises(ParameterError, match="columns that say which case"):
        outcomes.departures(source([("a", "reprimand", None)]), MATRIX.drop(columns="kind"))


def test_a_penalty_too_rare_to_show_is_named_without_a_number(data):
    """It was said as `nan %`, which had come of rows that are hidden."""
    hidden = 0
    for kind in sorted(data.cases["complaint_type"].dropna().unique()):
        try:
            found = outcomes.like_cases(data, {"complaint_type": kind})
        except Refusal:
            continue
        hidden += int(found.table["hidden"].any())
        assert "nan" not in found.sentence()
        assert ("not shown, as too few" in found.sentence()) <= found.table["hidden"].any()
    assert hidden
