"""Each real release gets the estimator its card calls for, with numbers that were checked, or a refusal by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accountability import Cohort, delay
from accountability.delay import deadlines
from accountability.errors import Refusal
from accountability.records.dataset import Dataset
from accountability.results import Refused, or_refusal
from accountability.study import clocks
from accountability.study.durations import Durations

pytestmark = pytest.mark.real_data

Load = Callable[[str], Dataset]


def measured(real_source: Load, name: str) -> tuple[Cohort, Durations]:
    cohort = Cohort.of(real_source(name))
    return cohort, clocks.as_published(cohort)


@pytest.mark.parametrize(
    ("name", "kind", "cases", "still_open", "median", "lower", "upper"),
    [
        ("chicago_2000_2016", delay.DelayCurve, 109_316, 1_949, 178, 177, 178),
        ("new_orleans", delay.DelayCurve, 2_898, 565, 151, 145, 157),
    ],
)
def test_a_complete_release_dated_to_the_day_has_a_closing_curve(
    real_source: Load, name: str, kind: type, cases: int, still_open: int, median: int, lower: int, upper: int
) -> None:
    _, delays = measured(real_source, name)
    answer = delay.how_long(delays)
    assert isinstance(answer.curve, kind)
    assert answer.because == f"{name} holds open and closed cases with dates known to the day"
    assert answer.sentence().startswith(
        f"Of {cases:,} cases, {still_open:,} still open, half had closed within {median} days "
        f"(95 % interval {lower} to {upper}) "
    )
    # What is published most often, the mean of the closed ones, is another number and has another name.
    assert f"; {still_open:,} open cases are left out, so this is not how long" in (
        delay.mean_of_closed_only(delays).sentence()
    )


def test_new_orleans_sets_aside_the_closings_of_pending_and_of_impossible_cases(real_source: Load) -> None:
    _, delays = measured(real_source, "new_orleans")
    assert sorted(delays.excluded_counts()["cases"]) == [7, 12]


def test_chicago_shows_the_trap_in_the_year_the_release_ends(real_source: Load) -> None:
    cohort, _ = measured(real_source, "chicago_2000_2016")
    received = cohort.events[cohort.events["stage"] == "received"].set_index("case_id")["earliest"]
    late = cohort.keep_if(
        lambda cases: cases["case_id"].map(received).dt.year == 2016, because="received in the last year covered"
    )
    delays = clocks.durations(late)
    assert delays.n_open / len(delays) == pytest.approx(0.447, abs=5e-4)
    assert delay.mean_of_closed_only(delays).table["median_days"].item() == 82
    assert delay.closing_curve(delays).quantiles(0.5)["reads"].item() == "147 (136 to 158)"


def test_philadelphia_publishes_a_status_and_no_closing_dates(real_source: Load) -> None:
    cohort, delays = measured(real_source, "philadelphia")
    assert delays.current_status
    answer = delay.how_long(delays)
    assert isinstance(answer.curve, delay.CurrentStatusCurve)
    median = answer.quantiles(0.5).iloc[0]
    assert (median["lower"], median["upper"]) == (85, 86)  # so the median is 85 or 86 days
    assert answer.sentence().startswith("Of 3,404 cases, 327 still open, half had closed after more than 84 and at")
    assert answer.curve.kuhn_tucker_gap <= 1e-6
    for refused, message in (
        (lambda: delay.closing_curve(delays), "current_status_curve"),
        (lambda: delay.mean_of_closed_only(delays), "no closing day is known"),
        (lambda: delay.caseload(cohort), "complete release"),
        (lambda: clocks.durations(cohort), "publishes no closing dates"),
        (lambda: clocks.as_published(cohort, cutoff="2019-04-30"), "only the status on 2020-04-30 is known"),
    ):
        with pytest.raises(Refusal, match=message):
            refused()


def test_propublica_is_selected_on_the_outcome_and_has_bounds_for_a_mean_by_its_name(real_source: Load) -> None:
    cohort, delays = measured(real_source, "nyc_ccrb_propublica")
    assert not delays.exact
    answer = or_refusal(lambda: delay.how_long(delays))
    assert isinstance(answer, Refused)
    assert "selected on officers on the force in late June 2020" in answer.because
    assert "delay.mean_of_closed_only" in answer.because
    said = delay.mean_of_closed_only(delays)
    row = said.table.iloc[0]
    assert (row["n"], row["open"]) == (11_403, 0)
    assert row["mean_days_lower"] == pytest.approx(274.3, abs=0.05)
    assert row["mean_days_upper"] == pytest.approx(333.1, abs=0.05)
    assert "the records were selected on officers on the force" in said.sentence()
    assert said.sentence().endswith("so this is not how long cases take.")
    for refused in (
        lambda: delay.closing_curve(delays),
        lambda: delay.interval_curve(delays),
        lambda: delay.reverse_time_curve(delays),
        lambda: delay.compare_groups(delays),
        lambda: delay.restricted_mean(delays, 365),
        lambda: deadlines.assess(delays, "new_york"),
    ):
        with pytest.raises(Refusal, match="selected on"):
            refused()
    assert delays.excluded_counts()["cases"].tolist() == [653]
    with pytest.raises(Refusal):
        delay.caseload(cohort)
