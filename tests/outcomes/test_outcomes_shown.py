"""Whatever is hidden, what is shown is the true number; a lone name is one column; wrong objects end in our errors."""

from __future__ import annotations

import pandas as pd
import pytest

import accountability
from accountability import outcomes
from accountability.errors import ParameterError
from accountability.outcomes.small_counts import Disclosed

GROUPS = ("complainant", "internal", "public")
MATRIX = pd.DataFrame({"complaint_type": ["Untruth", "Force"], "least": "reprimand", "most": "dismissal"})
ASKED = {
    "outcome_distribution": {"by": "officer_race"},
    "changes": {},
    "waterfall": {"text": "detail"},
    "penalty_reductions": {"by": ["officer_gender", "complainant"]},
    "decompose_gap": {"by": "officer_race", "covariates": "complaint_type"},
    "by_unit": dict(zip(("by", "first", "second"), GROUPS, strict=True)),
    "sustained_logit": {"covariates": "investigated_by"},
    "sustained_mixed_logit": {"covariates": "officer_gender", "place": "squad", "nodes": 5},
    "penalty_ordered_logit": {"covariates": "officer_gender"},
    "proportional_odds": {"covariates": "complainant"},
    "outcome_multinomial": {"covariates": "officer_gender"},
    "days_hurdle": {"covariates": "complainant", "family": "poisson"},
    "departures": {"matrix": MATRIX, "by": "complainant"},
    "like_cases": {"criteria": {"complaint_type": "Untruth", "complainant": "internal"}, "at_least": 40},
    "delay_and_penalty": {"landmarks": [180]},
}

# Asked of groups that are all larger than the highest threshold.
LARGE = ("by_unit", "sustained_logit", "sustained_mixed_logit", "proportional_odds")


@pytest.fixture(scope="module")
def data():
    return accountability.load("synthetic")


def frames(found: Disclosed):
    for name in found.SHOWN:
        yield name, found.true_numbers(name), getattr(found, name)


def rounded(found: Disclosed, shown: pd.DataFrame) -> pd.Series:
    """Rows whose numbers are rounded, and those that are made of such rows."""
    if "rounded_to" in shown:
        parts = shown.columns.str.startswith("contribution").any() and shown["rounded_to"].notna().any()
        return shown["rounded_to"].notna() | parts
    steps = found.table.get("rounded_to", pd.Series(dtype=float)).notna()
    if "stage" in shown:
        return shown["stage"].isin(found.table.loc[steps.index, "stage"][steps])
    return pd.Series(bool(steps.any()), index=shown.index)


@pytest.mark.parametrize("name", ASKED)
def test_no_min_cell_changes_a_number_that_is_shown(data, name):
    """At four thresholds the true numbers are the same ones, and every shown number is among them at its place."""
    results = [getattr(outcomes, name)(data, **ASKED[name], min_cell=least) for least in (1, 5, 10, 35)]
    base = {frame: true for frame, true, _ in frames(results[0])}
    hidden = 0
    for found in results:
        for frame, true, shown in frames(found):
            if frame != "days":  # quartiles of fewer lengths than min_cell are not made
                marks = ["hidden", "rounded_to"]
                same = [one.drop(columns=marks, errors="ignore") for one in (true, base[frame])]
                pd.testing.assert_frame_equal(*same, check_dtype=False)
            hidden += int(true["hidden"].sum())
            for column in shown.columns.intersection(true.columns):
                told = shown[column].notna() & true[column].notna() & ~rounded(found, shown)
                if shown[column].dtype.kind in "iuf":
                    assert (shown.loc[told, column] == true.loc[told, column]).all(), (frame, column)
    assert hidden or name in LARGE


def test_a_lone_name_is_one_column_and_never_its_letters(data):
    one, listed = (outcomes.sustained_logit(data, asked) for asked in ("investigated_by", ["investigated_by"]))
    assert set(one.margins["column"]) == {"investigated_by"}
    pd.testing.assert_frame_equal(one.table, listed.table)


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("wrong", [None, 3, "synthetic", pd.DataFrame({"days": [1]})])
def test_what_is_no_source_is_refused_with_the_line_to_write(name, wrong):
    with pytest.raises(ParameterError, match=f"outcomes.{name} needs a cohort or a dataset"):
        getattr(outcomes, name)(wrong, **ASKED[name])


def test_a_column_of_numbers_that_does_not_shift_every_cut_alike_is_free_to_differ(data):
    """A number that is high at both ends of the ladder: it was rejected with "No column is free to differ by cut"."""
    from dataclasses import replace

    rung = outcomes.Ladder().rungs(data.allegations["imposed_penalty"]).astype("float64")
    rows = data.allegations.assign(score=((rung - 2).abs() + data.allegations.index % 3).fillna(0.0))
    found = outcomes.proportional_odds(replace(data, allegations=rows), covariates="score")
    assert found.free == ("score",)
    assert "Free to differ by cut: score." in found.sentence()
    assert set(found.tests["column"]) == {"all", "score"}
    assert found.table.loc[found.table["column"] == "score", "free"].all()
