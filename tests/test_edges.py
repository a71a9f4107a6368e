"""Edge data (all, none, one case, one group) give no interval of width zero, and no `nan` in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from accountability import delay, officers
from accountability.errors import AccountabilityError, Refusal
from accountability.outcomes.stages import stage_table
from accountability.results import Result
from accountability.stats.clustered_rates import compared
from accountability.stats.sandwich import ways_of
from accountability.study.durations import Durations

ENDS = (("lower", "upper"), ("difference_lower", "difference_upper"), ("ratio_lower", "ratio_upper"))

GROUPS = {"g": ["a"] * 10 + ["b"] * 10}
DATA = {
    "one case": Durations.from_days([5], groups={"g": ["a"]}),
    "one open case": Durations.from_days([5], [False], groups={"g": ["a"]}),
    "all on one day": Durations.from_days([7] * 20, groups=GROUPS),
    "all open": Durations.from_days([5] * 20, [False] * 20, groups=GROUPS),
    "one group open": Durations.from_days([3] * 20, [False] * 10 + [True] * 10, groups=GROUPS),
    "one case a group": Durations.from_days([3, 9], groups={"g": ["a", "b"]}),
    "a day a group": Durations.from_days([3] * 10 + [9] * 10, groups=GROUPS),
}
RESULTS: dict[str, Callable[[Durations], Result]] = {
    "closing_curve": delay.closing_curve,
    "closing_curve by group": lambda held: delay.closing_curve(held, "g"),
    "how_long": delay.how_long,
    "compare": lambda held: delay.compare(held, "g"),
    "restricted_mean": lambda held: delay.restricted_mean(held, 3),
    "cox": lambda held: delay.cox(held, "g"),
    "parametric": lambda held: delay.parametric(held, "g"),
    "curve_limits": lambda held: delay.curve_limits(held, [4]),
}


def width_zero(table: pd.DataFrame) -> list[str]:
    """The limits of a table that meet."""
    found = []
    for low, high in ENDS:
        if low in table and high in table:
            lower, upper = (table[name].astype("float64") for name in (low, high))
            found += [f"{low} {value:g}" for value in lower[lower == upper]]
    return found


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", RESULTS)
def test_no_interval_has_width_zero_and_no_sentence_says_nan(name: str, data: str) -> None:
    try:
        result = RESULTS[name](DATA[data])
    except AccountabilityError:
        return  # a refusal in words is what such data may get
    assert width_zero(result.true_numbers()) == []
    said = result.sentence()
    assert " nan" not in said.casefold()
    assert "not reached to not reached" not in said


def test_a_log_rank_test_of_one_day_says_why_it_has_no_variance() -> None:
    with pytest.raises(Refusal, match=r"has no variance.*the first is day 7"):
        delay.compare(DATA["all on one day"], "g", "logrank")
    groups = delay.compare_groups(DATA["all on one day"], "g", 30)
    assert groups.test is None
    assert groups.table["median"].eq(7).all(), "the medians stand without a test"
    assert "The median is 7 days in each of 2 groups." in groups.sentence()
    curve = delay.closing_curve(DATA["all on one day"], "g")
    assert curve.figure_title() == "Half had closed within 7 days in each of 2 groups"
    assert (
        "Not tested whether the groups close at the same pace: the log-rank test has no variance" in groups.sentence()
    )


@pytest.mark.parametrize(("first", "second"), [(10, 10), (0, 0), (10, 0), (0, 4), (10, 4), (4, 0)])
def test_two_groups_at_an_edge_have_limits_apart(first: int, second: int) -> None:
    hits = [1] * first + [0] * (10 - first) + [1] * second + [0] * (10 - second)
    rows = pd.DataFrame({"officer_id": [f"o{number}" for number in range(20)], "case_id": range(20)})
    flags = pd.DataFrame({"sustained": pd.array(hits, dtype="Int8")})
    line = stage_table(rows, ways_of(rows), flags, np.repeat([0, 1], 10), ("a", "b"), None, 0.95)
    assert width_zero(line) == []
    assert line["difference_lower"].item() < line["difference"].item() + 1e-12 < line["difference_upper"].item() + 1e-9


@pytest.mark.parametrize(
    ("first", "second", "limits"), [((56, 70), (48, 80), (0.0524, 0.3339)), ((10, 10), (0, 10), (0.6075, 1.0))]
)
def test_limits_of_differences_are_those_newcombe_published(
    first: tuple[int, int], second: tuple[int, int], limits: tuple[float, float]
) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table II, method 10."""
    hits = np.concatenate([np.arange(size) < count for count, size in (first, second)])
    found = compared(hits, np.repeat([0, 1], [first[1], second[1]]), np.arange(len(hits)))
    assert (found.difference_lower, found.difference_upper) == pytest.approx(limits, abs=5e-5)


def test_counts_of_equal_risk_leave_room_for_unequal_risks() -> None:
    """Poisson counts of equal risk: the top tenth may draw more than a tenth, and it is said how much more."""
    found = officers.empirical_bayes(officers.Tally.of_counts([1] * 60 + [2] * 30 + [0] * 30)).risk
    assert (found["lower"] < found["upper"]).all()
    top = found.set_index("measure").loc["top_share"]
    assert top["estimate"] == pytest.approx(0.1)
    assert 0.1 < top["upper"] < 0.35
