"""Business days, holidays, and pauses declared from elsewhere."""

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest
from agency import agency, event
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability.errors import ParameterError, Refusal
from accountability.study import calendars, clocks
from accountability.study.calendars import FEDERAL, US_FEDERAL

calm = settings(deadline=None, max_examples=15)


def case(start, stop, name="a"):
    return [event(name, "received", start), *([event(name, "closed", stop)] if stop else [])]


def took(start, stop, **more):
    row = clocks.durations(agency(case(start, stop)), days="business", **more).table.iloc[0]
    return int(row["days_upper"])


# Days kept in 2021 and 2022 as the U.S. Office of Personnel Management lists them.
LISTED = [
    "2021-01-01", "2021-01-18", "2021-02-15", "2021-05-31", "2021-06-18", "2021-07-05", "2021-09-06", "2021-10-11",
    "2021-11-11", "2021-11-25", "2021-12-24", "2021-12-31", "2022-01-17", "2022-02-21", "2022-05-30", "2022-06-20",
    "2022-07-04", "2022-09-05", "2022-10-10", "2022-11-11", "2022-11-24", "2022-12-26",
]  # fmt: skip


def test_the_federal_holidays_of_two_years_are_the_published_ones():
    off = US_FEDERAL.days_off()
    assert [str(day) for day in off if "2021" <= str(day) < "2023"] == LISTED
    assert np.is_busday(off).all()


def test_rules_begin_and_end_with_their_laws():
    off = {str(day) for day in US_FEDERAL.days_off()}
    assert "1985-01-21" not in off  # the third Monday, a year before the first observance
    assert "1986-01-20" in off
    assert {"1977-10-24", "1978-11-10"} <= off  # Veterans Day: a Monday in October until 1977; a Saturday in 1978
    assert "2020-06-19" not in off
    assert "2049-12-31" in off  # kept for Saturday 1 January 2050, after the last year
    assert all(rule.citation for rule in FEDERAL)


def test_business_days_count_those_after_the_start_up_to_the_stop():
    assert took("2020-03-06", "2020-03-09") == 1  # Friday to Monday
    assert took("2020-03-07", "2020-03-08") == 0  # a weekend
    assert took("2020-07-01", "2020-07-06") == 2  # 3 July is kept for Saturday the 4th
    assert took("2020-07-01", "2020-07-06", calendar="weekdays") == 3
    council = US_FEDERAL.with_days([dt.date(2020, 3, 9)], "with the council's day")
    assert took("2020-03-06", "2020-03-09", calendar=council) == 0
    assert "council" in clocks.durations(agency(case("2020-03-06", None)), days="business", calendar=council).clock


@calm
@given(st.dates(dt.date(1975, 1, 1), dt.date(2019, 1, 1)), st.integers(0, 700))
def test_numpys_busday_count_agrees(start, length):
    stop = start + dt.timedelta(days=length)
    day = np.timedelta64(1, "D")
    expected = np.busday_count(np.datetime64(start) + day, np.datetime64(stop) + day, holidays=US_FEDERAL.days_off())
    assert took(start.isoformat(), stop.isoformat()) == expected


@calm
@given(st.dates(dt.date(2000, 1, 1), dt.date(2019, 1, 1)), st.integers(0, 60), st.integers(0, 200))
def test_coarse_dates_bound_the_business_days(start, width, length):
    last = start + dt.timedelta(days=width)
    stop = last + dt.timedelta(days=length)
    town = agency(
        [event("a", "received", start.isoformat(), last.isoformat()), *case(start.isoformat(), stop.isoformat())[1:]]
    )
    row = clocks.durations(town, days="business").table.iloc[0]
    assert (row["days_lower"], row["days_upper"]) == (
        took(last.isoformat(), stop.isoformat()),
        took(start.isoformat(), stop.isoformat()),
    )


def test_open_cases_and_late_entry_are_counted_in_business_days():
    made = clocks.durations(agency(case("2020-11-30", None)), days="business", observed_from="2020-12-07")
    row = made.table.iloc[0]
    assert (row["entry_time"], row["days_lower"]) == (5, 22)  # to 31 December, without Christmas
    assert not row["event"]


def frame(*rows):
    return pd.DataFrame(rows, columns=["case_id", "paused", "resumed"])


def test_declared_pauses_are_left_out_and_count_once_where_they_overlap():
    town = agency([*case("2020-01-01", "2020-03-01"), *case("2020-01-01", "2020-03-01", "b")])
    criminal, leave = ("a", "2020-01-11", "2020-01-21"), ("a", "2020-01-16", "2020-01-26")
    made = clocks.durations(town, pauses=frame(criminal, leave, ("z", "2020-01-01", "2020-02-01")))
    assert made.table["days_upper"].tolist() == [60 - 15, 60]
    assert "paused days left out (as declared)" in made.clock
    endless = clocks.durations(town, pauses=frame(("a", "2020-02-20", None), ("a", "2020-02-25", "2020-02-26")))
    assert endless.table["days_upper"].tolist() == [50, 60]


def test_declared_pauses_in_business_days_and_with_late_entry():
    town = agency(case("2020-03-02", "2020-03-31"))
    pause = frame(("a", "2020-03-06", "2020-03-16"))
    made = clocks.durations(town, pauses=pause, days="business", observed_from="2020-03-20").table.iloc[0]
    assert (made["entry_time"], made["days_upper"]) == (14 - 6, 21 - 6)


@calm
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), min_size=1, max_size=6),
    st.integers(0, 80),
    st.sampled_from(["calendar", "business"]),
)
def test_pauses_only_shorten_and_never_below_nothing(stretches, length, days):
    origin = dt.date(2020, 1, 1)

    def day(number):
        return (origin + dt.timedelta(days=number)).isoformat()

    town = agency(case(day(10), day(10 + length)))
    pauses = frame(*[("a", day(first), day(first + size)) for first, size in stretches])
    net = clocks.durations(town, pauses=pauses, days=days)
    whole = clocks.durations(town, days=days)
    standing = set().union(*[range(first, first + size) for first, size in stretches])
    assert 0 <= net.days_lower[0] <= whole.days_lower[0]
    if days == "calendar":
        assert net.days_lower[0] == sum(number not in standing for number in range(10, 10 + length))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"days": "working"}, ParameterError, "'calendar' or 'business'"),
        ({"days": "business", "calendar": "lunar"}, ParameterError, "no calendar 'lunar'"),
        ({"pauses": pd.DataFrame({"case_id": ["a"]})}, ParameterError, "needs the columns"),
        ({"pauses": frame(("a", None, "2020-01-02"))}, ParameterError, "no first day"),
        ({"pauses": frame(("a", "2020-01-09", "2020-01-02"))}, ParameterError, "end before it"),
        ({"pauses": frame(("a", "soon", "2020-01-02"))}, ParameterError, "must be days"),
        ({"pauses": frame(("a", "2020-01-02", None)), "without_pauses": True}, ParameterError, "choose one"),
    ],
)
def test_what_no_clock_can_count_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        clocks.durations(agency(case("2020-01-01", "2020-03-01")), **arguments)


def test_days_before_the_calendar_are_refused():
    with pytest.raises(Refusal, match="known from 1971"):
        clocks.durations(agency(case("1969-01-01", "1972-03-01")), days="business")


def test_bank_holidays_of_england_as_the_government_lists_them() -> None:
    """gov.uk/bank-holidays, England and Wales 2022 and 2023: the funeral and the coronation among them."""
    off = calendars.calendar("GB-ENG").days_off()
    listed = {
        2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
        2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    }
    for year, days in listed.items():
        kept = [day for day in off if str(day).startswith(str(year)) and np.is_busday(day)]
        assert " ".join(str(day)[5:] for day in kept) == days


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("GB", "GB-ENG, GB-WLS, GB-SCT or GB-NIR"),
        ("GB-LON", "parts of GB are"),
        ("ZZ", "no holidays of 'ZZ' are known"),
    ],
)
def test_a_country_without_one_calendar_is_refused_with_its_parts(code: str, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        calendars.calendar(code)


def test_the_extra_is_named_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    calendars.of_country.cache_clear()
    with pytest.raises(Refusal, match=r"pip install 'accountability\[calendars\]'"):
        calendars.calendar("IE")
