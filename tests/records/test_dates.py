"""Columns of dates: what each declaration makes of cells as agencies print them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from edtf_writer import order, to_edtf

from accountability.errors import DateError
from accountability.records.dates import KEYS, PROBLEMS, DateSpec, day_bounds, parse, parse_parts
from accountability.vocabulary import PRECISIONS


def read(cells: list[Any], spec: Any) -> list[str | None]:
    """Give EDTF where a cell is dated, the problem where it has one, None where it is blank."""
    values = pd.Series(cells, dtype=object if any(not isinstance(cell, str) for cell in cells) else "str")
    dates = parse(values, spec)
    assert list(dates.columns) == ["earliest", "latest", "precision", "problem"]
    assert dates.dtypes.astype(str).tolist() == ["datetime64[s]", "datetime64[s]", "str", "str"]
    shown = dates["problem"].fillna(to_edtf(dates))
    assert set(dates["problem"].dropna()) <= set(PROBLEMS)
    assert set(dates["precision"].dropna()) <= set(PRECISIONS)
    return [None if pd.isna(cell) else cell for cell in shown]


@pytest.mark.parametrize(
    ("format", "cell", "means"),
    [
        ("%Y-%m-%d", "2012-09-14", "2012-09-14"),
        ("%m/%d/%Y", "9/4/2012", "2012-09-04"),
        ("%m/%Y", "09/2012", "2012-09"),
        ("%B %Y", "September 2012", "2012-09"),
        ("%b-%d-%Y", "Sept.-14-2012", "2012-09-14"),
        ("%Y", "2012", "2012"),
        ("%Y%m%d", "20120914", "2012-09-14"),
        ("%Y%m%d", "2012914", "unreadable"),
        ("%Y-%j", "2012-060", "2012-02-29"),
        ("%Y-%j", "2013-366", "impossible"),
        ("%A, %B %d, %Y", "Friday, September 14, 2012", "2012-09-14"),
        ("%A, %B %d, %Y", "Monday, September 14, 2012", "impossible"),
        ("%m/%d/%Y %I:%M:%S %p", "1/2/2016 12:00:00 AM", "2016-01-02"),
        ("%Y-%m-%dT%H:%M:%S.%f", "2015-07-19T23:59:00.000", "2015-07-19"),
        ("%d.%m.%Y 100%%", "14.09.2012 100%", "2012-09-14"),
    ],
)
def test_a_layout_says_what_it_shows_and_no_more(format: str, cell: str, means: str) -> None:
    assert read([cell], format) == [means]


def test_what_a_cell_can_be_wrong_about_is_named() -> None:
    cells = ["2012-02-30", "soon", "12-09-14", "2012-09-14 10:30", "41166", "#VALUE!", "1900-01-01", "3019-01-01"]
    assert read(cells, "%Y-%m-%d") == [
        "impossible",
        "unreadable",
        "two_digit_year",
        "time_of_day",
        "number",
        "spreadsheet_error",
        "impossible",
        "impossible",
    ]


def test_blank_cells_have_no_date_and_no_problem() -> None:
    assert read(["", "  ", "\u00a0", None, float("nan"), pd.NaT, "na"], {"date": "%Y", "blanks": ["NA"]}) == [None] * 7


def test_blanks_of_every_kind_around_and_inside_do_not_matter() -> None:
    cells = [" 9/14/2012\u00a0", "\ufeff9/14/2012", "9/14/2012\u2009"]
    assert read(cells, "%m/%d/%Y") == ["2012-09-14"] * 3
    assert read(["September\u00a0 14,\u202f2012"], "%B %d, %Y") == ["2012-09-14"]


def test_placeholders_cover_texts_and_the_days_they_name() -> None:
    spec = {"date": "%m/%d/%Y", "placeholders": ["pending", dt.date(1900, 1, 1), 3019], "not_before": None}
    cells = ["Pending", "01/01/1900", "02/05/3019", "01/02/1900"]
    assert read(cells, spec) == ["placeholder", "placeholder", "placeholder", "1900-01-02"]


def test_a_declared_lie_widens_just_the_days_it_covers() -> None:
    spec = {"date": "%m/%d/%Y", "lies": [{"before": dt.date(2023, 7, 1), "day": 28, "precision": "month"}]}
    assert read(["06/28/2023", "06/27/2023", "07/28/2023"], spec) == ["2023-06", "2023-06-27", "2023-07-28"]
    spec = {"date": "%Y-%m-%d", "lies": {"month": 1, "day": 1, "precision": "year"}}
    assert read(["2010-01-01", "2010-01-02", "2010-02-01"], spec) == ["2010", "2010-01-02", "2010-02-01"]
    spec = {"date": "%Y-%m-%d", "lies": [{"day": "last", "since": "2012-01-01", "precision": "month"}]}
    assert read(["2012-02-29", "2013-02-28", "2012-02-28", "2011-12-31"], spec) == [
        "2012-02",
        "2013-02",
        "2012-02-28",
        "2011-12-31",
    ]


@pytest.mark.parametrize(("precision", "means"), [("week", "2013-W05"), ("month", "2013-01"), ("year", "2013")])
def test_a_column_may_know_less_than_it_prints(precision: str, means: str) -> None:
    assert read(["2013-01-28"], {"date": "%Y-%m-%d", "precision": precision}) == [means]


def test_a_week_that_touches_two_months_becomes_an_interval_over_both() -> None:
    assert read(["2013-W05", "2013-01"], {"date": "edtf", "precision": "month"}) == ["2013-01/2013-02", "2013-01"]


def test_two_formats_that_disagree_are_ambiguous() -> None:
    cells = ["03/04/2012", "13/04/2012", "04/04/2012", "04/13/2012"]
    assert read(cells, ["%m/%d/%Y", "%d/%m/%Y"]) == ["ambiguous", "2012-04-13", "2012-04-04", "2012-04-13"]


@pytest.mark.parametrize(
    ("pivot", "means"),
    [(None, ["two_digit_year"] * 2), (50, ["2049-01-05", "1950-01-05"]), (1950, ["2049-01-05", "1950-01-05"])],
)
def test_two_digit_years_need_a_pivot(pivot: int | None, means: list[str]) -> None:
    for format in ("%m/%d/%y", "%m/%d/%Y"):
        assert read(["1/5/49", "1/5/50"], {"date": format, "two_digit_pivot": pivot}) == means


def test_a_time_of_day_is_dropped_only_when_declared() -> None:
    cells = ["09/14/2012 23:59", "09/14/2012 11 pm", "09/14/2012T10:00:00Z", "9/14/12 1:00 a.m.", "02/30/2012 10:00"]
    assert read(cells, "%m/%d/%Y") == ["time_of_day"] * 3 + ["two_digit_year", "impossible"]
    spec = {"date": "%m/%d/%Y", "strip_time": True, "two_digit_pivot": 50}
    assert read(cells, spec) == ["2012-09-14"] * 4 + ["impossible"]


def test_cells_that_are_dates_or_numbers_already() -> None:
    cells = [dt.datetime(2012, 9, 14), dt.date(2012, 9, 14), pd.Timestamp(2012, 9, 14, 10), 41166, 41166.0, 41166.25]
    assert read(cells, "excel") == ["2012-09-14"] * 2 + ["time_of_day"] + ["2012-09-14"] * 2 + ["time_of_day"]
    assert read(cells, {"date": "excel", "strip_time": True}) == ["2012-09-14"] * 6
    assert read(cells, "%Y-%m-%d") == ["2012-09-14"] * 2 + ["time_of_day", "number", "number", "number"]
    assert read([dt.datetime(2012, 9, 1)], "%b %Y") == ["2012-09"], "the day a spreadsheet added is not believed"
    assert read([20120914, 2012.0], ["%Y%m%d", "%Y"]) == ["2012-09-14", "2012"]


def test_the_two_spreadsheet_calendars() -> None:
    free = {"not_before": None}
    assert read(["1", "59", "60", "61", "0", "2958466"], {"date": "excel", **free}) == [
        "1900-01-01",
        "1900-02-28",
        "impossible",
        "1900-03-01",
        "impossible",
        "impossible",
    ]
    assert read(["0", "39704"], {"date": "excel_1904", **free}) == ["1904-01-01", "2012-09-14"]


def test_dates_wholly_outside_the_limits_are_impossible() -> None:
    spec = {"date": ["%Y-%m-%d", "%Y"], "not_before": "2000-06-01", "not_after": dt.date(2016, 6, 30)}
    assert read(["2000-05-31", "2000", "1999", "2016-07-01", "2016"], spec) == [
        "impossible",
        "2000",
        "impossible",
        "impossible",
        "2016",
    ]


@pytest.mark.parametrize("dtype", ["str", "string", "object", "category"])
def test_every_kind_of_text_column_gives_the_same_and_keeps_its_index(dtype: str) -> None:
    values = pd.Series(["2012-09-14", None, "x", "2012-09-14"], index=[7, 3, 3, 1], dtype=dtype, name="closed")
    before = values.copy()
    dates = parse(values, "%Y-%m-%d")
    assert dates.index.tolist() == [7, 3, 3, 1]
    assert dates["earliest"].tolist() == [pd.Timestamp(2012, 9, 14), pd.NaT, pd.NaT, pd.Timestamp(2012, 9, 14)]
    pd.testing.assert_series_equal(values, before)


def test_date_time_columns_and_empty_columns() -> None:
    stamps = pd.Series(pd.to_datetime(["2012-09-14", None]))
    assert parse(stamps, "%Y-%m-%d")["latest"].tolist() == [pd.Timestamp(2012, 9, 14), pd.NaT]
    eastern = pd.Series(pd.to_datetime(["2012-09-14"])).dt.tz_localize("America/New_York")
    assert parse(eastern, "%Y-%m-%d")["earliest"].tolist() == [pd.Timestamp(2012, 9, 14)]
    assert len(parse(pd.Series([], dtype="str"), "words")) == 0


def test_odd_cells_are_reported_and_never_raise() -> None:
    cells = [[2012], {"a": 1}, "\ud800", True, float("inf"), dt.time(10), b"2012", 10**30, "late " * 500]
    for format in ("%Y-%m-%d", "edtf", "words", "excel"):
        assert read(cells, format) == ["unreadable"] * len(cells)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"date": "%Y", "presicion": "month"}, "did you mean 'precision'"),
        ("%Q", "%Q"),
        ("%Y-%Y", "twice"),
        ("%d %Y", "shows neither"),
        ("%m/%d", "shows neither"),
        ("word", "did you mean 'words'"),
        ([], "found none"),
        ({"precision": "day"}, "expected a format"),
        ({"date": "%Y", "format": "%Y"}, "one key"),
        ({"date": "%Y", "precision": "day"}, "finer"),
        ({"date": "%Y-%m-%d", "precision": "decade"}, "expected one of"),
        ({"date": "%Y", "lies": [{"precision": "month"}]}, "at least one"),
        ({"date": "%Y", "lies": [{"dya": 28, "precision": "month"}]}, "did you mean 'day'"),
        ({"date": "%Y", "lies": [{"day": 32, "precision": "month"}]}, "1 to 31"),
        ({"date": "%Y", "lies": 28}, "expected a list"),
        ({"date": "%Y", "two_digit_pivot": 101}, "first year"),
        ({"date": "%Y", "not_before": "soon"}, "expected a day"),
        ({"date": "%Y", "not_before": "2012-01-01", "not_after": "2011-01-01"}, "later than"),
        ({"date": "%Y", "strip_time": "yes"}, "true or false"),
        ({"date": "words", "convention": {"hemisphere": "western"}}, "northern, southern"),
        ({"date": "words", "convention": {"early_year": [4, 1]}}, "first and last"),
        ({"date": "words", "convention": {"early": [1, 4]}}, "unknown key"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(declared: Any, says: str) -> None:
    with pytest.raises(DateError, match=says):
        DateSpec.of(declared)


def test_a_spec_is_hashable_and_every_key_is_accepted() -> None:
    spec = DateSpec.of({"date": "%Y-%m-%d", "precision": "month", "placeholders": "none"})
    assert hash(spec) == hash(DateSpec.of({"format": ["%Y-%m-%d"], "precision": "month", "placeholders": ["none"]}))
    assert set(KEYS) >= {"date", "format", "precision", "lies", "placeholders", "two_digit_pivot", "convention"}


def test_years_and_months_in_columns_of_their_own() -> None:
    year = pd.Series(["2019", "2019.0", "2019", None, None, "19", "2019", "NA", "x"])
    month = pd.Series(["7", "July", "13", "7", None, "1", None, None, "7"])
    dates = parse_parts(year, month, spec={"blanks": ["NA"]})
    expected = ["2019-07", "2019-07", "impossible", "incomplete", None, "two_digit_year", "2019", None, "incomplete"]
    expected[-1] = "unreadable"
    shown = dates["problem"].fillna(to_edtf(dates))
    assert [None if pd.isna(cell) else cell for cell in shown] == expected


def test_parts_with_days_and_a_pivot() -> None:
    year, month, day = pd.Series([19, 2012, 2012]), pd.Series([7, 2, 2]), pd.Series([4, 30, None])
    dates = parse_parts(year, month, day, spec={"two_digit_pivot": 50})
    assert dates["problem"].fillna(to_edtf(dates)).tolist() == ["2019-07-04", "impossible", "2012-02"]
    with pytest.raises(DateError, match="indexes differ"):
        parse_parts(year, month.rename(index={0: 9}))
    with pytest.raises(DateError, match="parse_parts"):
        parse(year, "parts")


def test_days_between_a_year_and_a_month() -> None:
    start, stop = parse(pd.Series(["2010"]), "edtf"), parse(pd.Series(["2012-09"]), "edtf")
    assert day_bounds(start, stop).iloc[0].tolist() == [610, 1003]


def test_bounds_say_where_the_order_is_not_known() -> None:
    start = parse(pd.Series(["2012-09", "2012-09-10", "2012-10", "2012", None, "2012-09-01"]), "edtf")
    stop = parse(pd.Series(["2012-09", "2012-09-10", "2012-09", "2012-10/..", "2012", "../2012-10"]), "edtf")
    bounds = day_bounds(start, stop)
    assert bounds["low"].astype(object).where(bounds["low"].notna(), None).tolist() == [-29, 0, -60, -91, None, None]
    assert bounds["high"].astype(object).where(bounds["high"].notna(), None).tolist() == [29, 0, -1, None, None, 60]
    assert order(start, stop).tolist() == ["unknown", "in_order", "reversed", "unknown", "unknown", "unknown"]
    known = day_bounds(start, stop, ordered=True)
    assert known["low"].astype(object).where(known["low"].notna(), None).tolist() == [0, 0, -60, 0, None, None]


def test_bounds_refuse_tables_that_do_not_match() -> None:
    dates = parse(pd.Series(["2012", "2013"]), "edtf")
    with pytest.raises(DateError, match="indexes differ"):
        day_bounds(dates, dates.iloc[::-1])
    with pytest.raises(DateError, match="'latest'"):
        day_bounds(dates, dates[["earliest"]])


@pytest.mark.parametrize(
    ("cell", "format", "day"),
    [
        ("2020-05-04T03:30:00Z", "%Y-%m-%d", "2020-05-03"),
        ("2020-05-04T03:30:00+00:00", "%Y-%m-%d", "2020-05-03"),
        ("2020/05/04 05:30:00+00", "%Y/%m/%d", "2020-05-04"),
        ("05/04/2020 01:00 AM +0000", "%m/%d/%Y", "2020-05-03"),
        ("2020-05-04T23:30:00-07:00", "%Y-%m-%d", "2020-05-05"),
        ("2020-05-04 01:00:00", "%Y-%m-%d", "2020-05-04"),
        ("2020-05-04", "%Y-%m-%d", "2020-05-04"),
        ("1588554061000", "epoch_ms", "2020-05-03"),
        ("1588604400", "epoch_s", "2020-05-04"),
    ],
)
def test_a_declared_zone_gives_the_local_day(cell: str, format: str, day: str) -> None:
    found = parse(pd.Series([cell], dtype="str"), {"date": format, "zone": "America/New_York"})
    assert found["problem"].isna().all()
    assert str(found["earliest"].iloc[0].date()) == day


def test_a_zone_that_is_none_is_named() -> None:
    with pytest.raises(DateError, match="zone: expected a time zone such as America/New_York, found 'Gotham'"):
        parse(pd.Series(["2020-05-04"], dtype="str"), {"date": "%Y-%m-%d", "zone": "Gotham"})
