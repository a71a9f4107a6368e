import datetime as dt

import pandas as pd
import pytest
from agency import Sampling, agency, event
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability.errors import ParameterError, Refusal
from accountability.study import clocks

# Busy machines are slow; a deadline would fail on them and say nothing about the code.
calm = settings(deadline=None, max_examples=60)


def days(durations, case):
    row = durations.table.set_index("case_id").loc[case]
    return (row["days_lower"], None if pd.isna(row["days_upper"]) else row["days_upper"], bool(row["event"]))


def test_days_between_two_days_and_open_until_the_last_day_covered():
    town = agency(
        [event("a", "received", "2020-12-01"), event("a", "closed", "2020-12-11"), event("b", "received", "2020-12-21")]
    )
    made = clocks.durations(town)
    assert days(made, "a") == (10, 10, True)
    assert days(made, "b") == (10, None, False)
    assert made.exact
    assert made.clock == ("days from the first 'received' to the first 'closed', open cases counted until 2020-12-31")


def test_imprecise_dates_give_the_fewest_and_the_most_days():
    town = agency([event("a", "received", "2012-03-01", "2012-03-31"), event("a", "closed", "2012-04-09")])
    made = clocks.durations(town)
    assert days(made, "a") == (9, 39, True)
    assert not made.exact


def test_a_month_that_reaches_past_the_last_day_covered_ends_there():
    town = agency(
        [
            event("a", "received", "2020-12-01"),
            event("a", "closed", "2020-12-01", "2021-01-31"),
            event("b", "received", "2020-12-01", "2021-01-31"),
        ]
    )
    made = clocks.durations(town)
    assert days(made, "a") == (0, 30, True)
    assert days(made, "b") == (0, None, False)


def test_first_and_last_occurrence():
    town = agency(
        [event("a", "received", "2020-01-01"), event("a", "closed", "2020-01-11"), event("a", "closed", "2020-02-01")]
    )
    assert days(clocks.durations(town), "a")[0] == 10
    assert days(clocks.durations(town, stop_which="last"), "a")[0] == 31


def test_a_closing_after_the_cutoff_leaves_the_case_open_at_it():
    town = agency([event("a", "received", "2020-01-01"), event("a", "closed", "2020-06-01")])
    made = clocks.durations(town, cutoff="2020-01-31")
    assert days(made, "a") == (30, None, False)
    assert made.cutoff == dt.date(2020, 1, 31)


def test_every_excluded_case_has_a_reason_and_none_is_lost():
    town = agency(
        [
            event("ok", "received", "2020-01-01"),
            event("ok", "closed", "2020-01-02"),
            event("no_start", "closed", "2020-01-02"),
            event("aside", "received", "2020-01-01"),
            event("aside", "closed", "2019-01-01", set_aside="closed before received"),
            event("future", "received", "2021-05-01"),
            event("reversed", "received", "2020-03-01"),
            event("reversed", "closed", "2020-02-01"),
            event("unbounded", "received", None, "2020-02-01"),
            event("endless", "received", "2020-02-01", pd.NaT),
        ]
    )
    made = clocks.durations(town)
    assert dict(made.excluded.itertuples(index=False)) == {
        "no_start": "no 'received' date",
        "aside": "'closed' date set aside: closed before received",
        "future": "'received' after the cut-off",
        "reversed": "'closed' before 'received'",
        "unbounded": "no earliest day for 'received'",
        "endless": "no latest day for 'received'",
    }
    assert made.table["case_id"].tolist() == ["ok"]
    assert made.flow["kept"].tolist()[0] == 7
    assert made.flow["kept"].tolist()[-1] == 1
    assert made.flow["excluded"].sum() == 6


def test_a_date_set_aside_does_not_exclude_a_case_with_a_good_one():
    town = agency(
        [
            event("a", "received", "2020-01-01"),
            event("a", "closed", "2019-01-01", set_aside="closed before received"),
            event("a", "closed", "2020-01-06"),
        ]
    )
    assert days(clocks.durations(town), "a") == (5, 5, True)


def test_open_cases_without_a_last_day_covered_ask_for_one():
    town = agency([event("a", "received", "2020-01-01")], observed_until=None)
    with pytest.raises(Refusal, match="cutoff="):
        clocks.durations(town)
    assert days(clocks.durations(town, cutoff=dt.date(2020, 1, 8)), "a") == (7, None, False)


def test_closed_cases_alone_need_no_last_day():
    town = agency([event("a", "received", "2020-01-01"), event("a", "closed", "2020-01-02")], observed_until=None)
    assert days(clocks.durations(town), "a") == (1, 1, True)


def test_a_cutoff_after_the_last_day_covered_is_refused():
    with pytest.raises(ParameterError, match="nothing is known about later days"):
        clocks.durations(agency([event("a", "received", "2020-01-01")]), cutoff="2021-01-01")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": "begun"}, "unknown stage 'begun'"),
        ({"start": "closed"}, "two different stages"),
        ({"cutoff": "1 May"}, "must be a day"),
        ({"start_which": "second"}, "'first' or 'last'"),
        ({"observed_from": "2021-01-01"}, "after the cut-off"),
    ],
)
def test_wrong_parameters_are_refused(arguments, message):
    town = agency([event("a", "received", "2020-01-01")])
    with pytest.raises(ParameterError, match=message):
        clocks.durations(town, **arguments)


def test_late_entry_begins_at_the_age_on_the_first_day_watched():
    town = agency(
        [
            event("old", "received", "2019-12-22"),
            event("old", "closed", "2020-01-05"),
            event("new", "received", "2020-01-03"),
            event("gone", "received", "2019-12-01"),
            event("gone", "closed", "2019-12-31"),
        ]
    )
    made = clocks.durations(town, observed_from="2020-01-01")
    assert dict(zip(made.table["case_id"], made.table["entry_time"], strict=True)) == {"old": 10, "new": 0}
    assert "when watching began" in made.excluded["reason"].iloc[0]


def test_late_entry_with_months_is_refused():
    town = agency([event("a", "received", "2019-12-01", "2019-12-31")])
    with pytest.raises(Refusal, match="known to the day"):
        clocks.durations(town, observed_from="2020-01-01")


def test_a_source_without_closing_dates_names_current_status():
    allegations = pd.DataFrame(
        {"case_id": ["a", "a", "b", "c"], "officer_id": "x", "finding": ["unfounded", "pending", "unfounded", None]}
    )
    town = agency(
        [event(case, "received", "2020-12-01") for case in "abc"],
        allegations=allegations,
        sampling=Sampling("no_closing_date", "status_only"),
    )
    with pytest.raises(Refusal, match="current_status"):
        clocks.durations(town)
    made = clocks.current_status(town)
    assert days(made, "a") == (30, None, False)
    assert days(made, "b") == (0, 30, True)
    assert made.excluded["reason"].tolist() == ["whether it is closed is not recorded"]
    assert made.current_status


def test_in_a_release_of_closed_cases_a_blank_closing_is_not_an_open_case():
    town = agency(
        [
            event("a", "received", "2020-01-01"),
            event("b", "received", "2020-01-01"),
            event("b", "closed", "2020-01-03"),
        ],
        sampling=Sampling("closed_only", "excluded"),
    )
    made = clocks.durations(town)
    assert made.table["case_id"].tolist() == ["b"]
    assert made.table["longest"].tolist() == [365]


def test_what_follows_the_closing_is_not_truncated_by_a_release_of_closed_cases():
    events = [event("a", "closed", "2020-01-01"), event("a", "penalty_decided", "2020-02-01")]
    town = agency(events, sampling=Sampling("closed_only", "excluded"))
    assert clocks.durations(town, "closed", "penalty_decided").sampling.rule == "complete"
    selected = agency(events, sampling=Sampling("selected_on_outcome", "excluded", ("penalty",)))
    assert clocks.durations(selected, "closed", "penalty_decided").sampling.rule == "selected_on_outcome"


def test_columns_of_the_cases_are_carried_and_their_source_rows_are_not():
    cases = pd.DataFrame({"case_id": ["a"], "district": ["7"], "source_row": [1]})
    town = agency([event("a", "received", "2020-01-01")], cases=cases)
    columns = clocks.durations(town).table.columns
    assert "district" in columns
    assert "source_row" not in columns


@calm
@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 40), st.one_of(st.none(), st.integers(-20, 900))), min_size=1
    ),
    st.integers(-2000, 2000),
    st.randoms(use_true_random=False),
)
def test_a_shift_of_all_days_and_another_row_order_change_nothing(rows, shift, random):
    origin = dt.date(2010, 1, 1)

    def built(offset, order):
        events = []
        for case in order:
            begin, width, took = rows[case]
            start = origin + dt.timedelta(begin + offset)
            events.append(event(f"c{case}", "received", start, start + dt.timedelta(width)))
            if took is not None:
                events.append(event(f"c{case}", "closed", start + dt.timedelta(took)))
        until = origin + dt.timedelta(2500 + offset)
        made = clocks.durations(agency(events, observed_until=until))
        return made.table.sort_values("case_id").reset_index(drop=True), made.excluded_counts()

    order = list(range(len(rows)))
    shuffled = order.copy()
    random.shuffle(shuffled)
    table, excluded = built(0, order)
    again, excluded_again = built(shift, shuffled)
    columns = ["case_id", "days_lower", "days_upper", "event", "longest"]
    pd.testing.assert_frame_equal(table[columns], again[columns])
    pd.testing.assert_frame_equal(excluded, excluded_again)
    assert (table["days_lower"] <= table["days_upper"])[table["event"]].all()


def paused(*steps, closed="2020-03-01"):
    rows = [event("a", "received", "2020-01-01"), *steps]
    return agency(rows if closed is None else [*rows, event("a", "closed", closed)])


def stop(earliest, latest=None):
    return event("a", "suspended_clock", earliest, latest)


def go(earliest, latest=None):
    return event("a", "resumed_clock", earliest, latest)


@pytest.mark.parametrize(
    ("town", "expected"),
    [
        (paused(stop("2020-01-11"), go("2020-01-21")), (50, 50, True)),
        (paused(stop("2020-01-11"), go("2020-01-21"), stop("2020-02-01"), go("2020-02-06")), (45, 45, True)),
        (paused(stop("2020-02-20")), (50, 50, True)),  # never started again
        (paused(stop("2019-12-01"), go("2020-01-11")), (50, 50, True)),  # began before the case
        (paused(stop("2020-04-01"), go("2020-05-01")), (60, 60, True)),  # after its end
        (paused(stop("2020-01-11", "2020-01-13"), go("2020-01-21")), (50, 52, True)),
        (paused(stop("2020-12-21"), closed=None), (355, None, False)),
        (paused(), (60, 60, True)),
    ],
)
def test_paused_days_are_left_out(town, expected):
    made = clocks.durations(town, without_pauses=True)
    assert days(made, "a") == expected
    assert "paused days left out" in made.clock


@pytest.mark.parametrize(
    "town",
    [
        paused(go("2020-01-21")),
        paused(stop("2020-01-21"), go("2020-01-11")),
        paused(stop("2020-01-11"), stop("2020-01-15"), go("2020-01-21")),
    ],
)
def test_stops_and_starts_that_do_not_alternate_exclude_the_case(town):
    made = clocks.durations(town, without_pauses=True)
    assert made.excluded["reason"].tolist() == ["stops and starts of the clock do not alternate"]


def test_a_case_in_sight_late_enters_at_its_age_without_the_pauses_before():
    town = paused(stop("2020-01-11"), go("2020-01-21"))
    row = clocks.durations(town, without_pauses=True, observed_from="2020-02-01").table.iloc[0]
    assert (row["entry_time"], row["days_upper"]) == (31 - 10, 50)
    with pytest.raises(Refusal, match="not known to the day"):
        clocks.durations(
            paused(stop("2020-01-11", "2020-01-13"), go("2020-01-21")), without_pauses=True, observed_from="2020-02-01"
        )


def test_the_generated_agencys_pauses_shorten_its_delays():
    import accountability

    data = accountability.load("synthetic")
    whole, net = clocks.durations(data), clocks.durations(data, without_pauses=True)
    both = whole.table.merge(net.table, on="case_id", suffixes=("", "_net"))
    shorter = both["days_lower_net"] < both["days_lower"]
    had_pause = both["case_id"].isin(data.events.loc[data.events["stage"] == "suspended_clock", "case_id"])
    assert (both["days_lower_net"] <= both["days_lower"]).all()
    assert shorter.sum() > 300
    assert not (shorter & ~had_pause).any()


def test_what_is_published_decides_between_days_and_a_status():
    events = [event("a", "received", "2020-01-01"), event("b", "received", "2020-01-01")]
    findings = pd.DataFrame({"case_id": ["a", "b"], "officer_id": "o", "finding": ["pending", "sustained"]})
    town = agency(events, allegations=findings, sampling=Sampling("no_closing_date", "status_only"))
    assert clocks.as_published(town).current_status
    with pytest.raises(Refusal, match="only the status on 2020-12-31 is known"):
        clocks.as_published(town, cutoff="2020-06-30")
    with pytest.raises(Refusal, match="no days of a pause"):
        clocks.as_published(town, without_pauses=True)
    known_then = pd.Series([False, False], index=["a", "b"])
    assert clocks.current_status(town, cutoff="2020-06-30", closed=known_then).n_open == 2
    dated = agency([*events, event("b", "closed", "2020-03-01")])
    assert clocks.as_published(dated).table.equals(clocks.durations(dated).table)
