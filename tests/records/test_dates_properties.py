"""Properties of every date: bounds in order, nothing lost on the way to text and back, no day invented."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from edtf_writer import days_until, format_edtf, to_edtf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accountability.records.dates import (
    DateSpec,
    ImpossibleDate,
    Interval,
    UnreadableDate,
    WordsConvention,
    day_bounds,
    parse,
    parse_edtf,
    parse_words,
)
from accountability.records.dates.convention import SEASONS

UNTIMED = settings(deadline=None)  # a busy machine is no counter-example
DAYS = st.dates(dt.date(1902, 1, 1), dt.date(2100, 12, 31))
FREE: dict[str, Any] = {"not_before": None, "not_after": None}
SPECS = [
    DateSpec.of(declared)
    for declared in (
        "%Y-%m-%d",
        ["%m/%d/%Y", "%d/%m/%Y", "excel"],
        {"date": "%m/%d/%y", "two_digit_pivot": 50, "precision": "week"},
        {"date": "edtf", "precision": "month", **FREE},
        {"date": ["words", "%b %Y"], "strip_time": True, "lies": [{"day": 28, "precision": "month"}], **FREE},
    )
]
PIECES = st.one_of(
    st.sampled_from(["late", "early", "mid", "first", "half", "week", "of", "Q2", "fall", "March", "Sept.", "Monday"]),
    st.sampled_from(["th", "'s", "to", "between", "and", "about", "on", "or", "before", "after", "pm", "10:00", "T"]),
    st.sampled_from(
        ["2012", "2010", "5", "30", "00", "41166", "XX", "X", "..", "-", "/", ",", ".", "~", "[", "]", " "]
    ),
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=8).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
    DAYS.map(str),
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "+".join(spec.format))
@UNTIMED
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_any_text_is_dated_in_order_or_reported_or_blank(spec: DateSpec, texts: list[str]) -> None:
    dates = parse(pd.Series(texts, dtype=object), spec)
    both = dates["earliest"].notna() & dates["latest"].notna()
    assert (dates["earliest"][both] <= dates["latest"][both]).all()
    assert (both | (dates["precision"] == "open") | dates["precision"].isna()).all()
    assert not (dates["problem"].notna() & dates["precision"].notna()).any()
    neither = dates["problem"].isna() & dates["precision"].isna()
    blank = pd.Series([not text.replace("\ufeff", "").replace("\u200b", "").split() for text in texts])
    assert (neither == blank).all()


LAYOUTS = {
    "%Y-%m-%d": "day",
    "%m/%d/%Y": "day",
    "%d %B %Y": "day",
    "%a, %b %d, %Y": "day",
    "%Y%m%d": "day",
    "%Y-%j": "day",
    "%m/%d/%Y %I:%M:%S %p": "day",
    "%m/%Y": "month",
    "%B %Y": "month",
    "%Y%m": "month",
    "%Y": "year",
}


@pytest.mark.parametrize("format", LAYOUTS)
@UNTIMED
@given(days=st.lists(DAYS, min_size=1, max_size=20))
def test_a_day_written_in_a_layout_is_read_back_to_all_the_days_so_written(format: str, days: list[dt.date]) -> None:
    written = [day.strftime(format) for day in days]
    dates = parse(pd.Series(written), format)
    for day, text, row in zip(days, written, dates.itertuples(), strict=True):
        assert row.earliest.date() <= day <= row.latest.date()
        assert row.precision == LAYOUTS[format]
        for inside in (row.earliest, row.latest):
            assert inside.strftime(format) == text, "every day of the interval would be written the same"
        for outside in (row.earliest - pd.Timedelta(days=1), row.latest + pd.Timedelta(days=1)):
            assert outside.strftime(format) != text, "and no day outside would"


@UNTIMED
@given(
    year=st.integers(1902, 2100), month=st.integers(0, 14), day=st.integers(0, 33), us=st.booleans(), pad=st.booleans()
)
def test_a_day_that_is_not_in_the_calendar_is_impossible(year: int, month: int, day: int, us: bool, pad: bool) -> None:
    m, d = (f"{part:02d}" if pad else str(part) for part in (month, day))
    text, format = (f"{m}/{d}/{year}", "%m/%d/%Y") if us else (f"{year}-{m}-{d}", "%Y-%m-%d")
    found = parse(pd.Series([text]), format).iloc[0]
    try:
        assert found["earliest"] == found["latest"] == pd.Timestamp(dt.date(year, month, day))
    except ValueError:
        assert found["problem"] == "impossible"


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Dates of every precision that EDTF can say."""
    day, year = draw(DAYS), draw(st.integers(1902, 2100))
    kind = draw(st.sampled_from(["day", "week", "month", "season", "division", "year", "interval", "open"]))
    if kind == "week":
        monday = day - dt.timedelta(days=day.weekday())
        return Interval(monday, monday + dt.timedelta(days=6), "week")
    if kind == "month":
        return Interval.of_months(year, day.month, 1, "month")
    if kind == "season":
        return WordsConvention().season(year, draw(st.sampled_from(SEASONS)))
    if kind == "division":
        months = draw(st.sampled_from([3, 4, 6]))
        return Interval.of_months(year, 1 + months * draw(st.integers(0, 12 // months - 1)), months, "part_of_year")
    if kind == "year":
        return Interval.of_months(year, 1, 12, "year")
    other = draw(DAYS)
    if kind == "interval":
        ends = sorted([draw(st.sampled_from([day, day.replace(day=1), day.replace(month=1, day=1)])), other])
        return Interval(ends[0], ends[1], "interval")
    if kind == "open":
        return draw(
            st.sampled_from([Interval(day, None, "open"), Interval(None, day, "open"), Interval(None, None, "open")])
        )
    return Interval(day, day, "day")


@UNTIMED
@given(item=intervals())
def test_reading_what_was_written_gives_the_same_date(item: Interval) -> None:
    text = format_edtf(item.earliest, item.latest, item.precision)
    assert parse_edtf(text) == item
    assert format_edtf(item.earliest, item.latest, item.precision) == text
    assert parse_words(text) == item, "the reader of words reads EDTF too"


@UNTIMED
@given(items=st.lists(intervals(), min_size=1, max_size=20))
def test_columns_of_edtf_come_back_whole(items: list[Interval]) -> None:
    texts = [format_edtf(item.earliest, item.latest, item.precision) for item in items]
    dates = parse(pd.Series(texts), {"date": "edtf", **FREE})
    assert to_edtf(dates).tolist() == texts
    assert dates["precision"].tolist() == [item.precision for item in items]


CONVENTIONS = st.builds(
    WordsConvention,
    hemisphere=st.sampled_from(["northern", "southern"]),
    across_years=st.sampled_from(["starts", "ends", "either"]),
    season_slack=st.integers(0, 31),
    week_starts=st.sampled_from(["either", "monday", "sunday", "stated"]),
    approximate_margin=st.integers(0, 3),
)


@UNTIMED
@given(year=st.integers(1902, 2100), name=st.sampled_from(SEASONS), convention=CONVENTIONS)
def test_a_season_comes_back_under_the_convention_it_was_written_in(
    year: int, name: str, convention: WordsConvention
) -> None:
    item = convention.season(year, name)
    text = format_edtf(item.earliest, item.latest, item.precision, convention)
    back = parse_edtf(text, convention)
    assert (back.earliest, back.latest, back.precision) == (item.earliest, item.latest, item.precision)


@UNTIMED
@given(day=DAYS, convention=CONVENTIONS)
def test_parts_cover_the_whole_and_a_day_lies_in_what_names_it(day: dt.date, convention: WordsConvention) -> None:
    def holds(words: str) -> bool:
        item = parse_words(words, convention)
        assert item.earliest is not None
        assert item.latest is not None
        return item.earliest <= day <= item.latest

    parts = ("early", "mid", "late")
    assert sum(holds(f"{part} {day:%B} {day.year}") for part in parts) == 1
    assert sum(holds(f"{part} {day.year}") for part in parts) == 1
    assert holds(f"week of {day}")
    assert any(holds(f"{name} {year}") for name in SEASONS for year in (day.year - 1, day.year, day.year + 1))
    for words in (
        f"{day:%B} {day.day}, {day.year}",
        f"about {day}",
        f"by {day}",
        f"since {day}",
        f"Q{(day.month + 2) // 3} {day.year}",
    ):
        item = parse_words(words, convention)
        assert item.earliest is None or item.earliest <= day
        assert item.latest is None or day <= item.latest
    assert parse_words(f"before {day}", convention).latest == day - dt.timedelta(days=1)


@UNTIMED
@given(item=intervals(), count=st.integers(0, 3), unit=st.sampled_from(["day", "week", "month", "season", "year"]))
def test_widening_only_widens(item: Interval, count: int, unit: str) -> None:
    wide = item.widened(count, unit)
    assert item.earliest is None or wide.earliest <= item.earliest
    assert item.latest is None or wide.latest >= item.latest


@UNTIMED
@given(pattern=st.tuples(*(st.sampled_from(["0123456789"[i] for i in range(10)] + ["X"] * 4) for _ in range(4))))
@example(pattern=("X", "X", "3", "1"))
def test_unspecified_digits_run_from_the_first_to_the_last_day_that_fits(pattern: tuple[str, ...]) -> None:
    month, day = "".join(pattern[:2]), "".join(pattern[2:])
    first = dt.date(2012, 1, 1)
    fits = [
        at
        for at in (first + dt.timedelta(days=n) for n in range(366))
        if all(p in ("X", digit) for p, digit in zip(month + day, f"{at:%m%d}", strict=True))
    ]
    try:
        item = parse_edtf(f"2012-{month}-{day}")
    except (ImpossibleDate, UnreadableDate):
        assert not fits
    else:
        assert (item.earliest, item.latest) == (fits[0], fits[-1])


@UNTIMED
@given(pairs=st.lists(st.tuples(intervals(), intervals()), min_size=1, max_size=10), data=st.data())
def test_days_between_lie_within_their_bounds_and_reach_them(pairs: list[tuple[Interval, Interval]], data: Any) -> None:
    frames = [
        parse(pd.Series([format_edtf(i.earliest, i.latest, i.precision) for i in side]), {"date": "edtf", **FREE})
        for side in zip(*pairs, strict=True)
    ]
    bounds = day_bounds(*frames)
    known = bounds.dropna()
    assert (known["low"] <= known["high"]).all()
    for (start, stop), low, high in zip(pairs, bounds["low"], bounds["high"], strict=True):
        assert (None if pd.isna(low) else low, None if pd.isna(high) else high) == days_until(start, stop)
        if "open" in (start.precision, stop.precision):
            continue
        a, b = (data.draw(st.dates(item.earliest, item.latest)) for item in (start, stop))
        assert low <= (b - a).days <= high
        assert low == (stop.earliest - start.latest).days
        assert high == (stop.latest - start.earliest).days


@UNTIMED
@given(serials=st.lists(st.integers(61, 73_000), min_size=1), zero=st.sampled_from([("excel", "1899-12-30")]))
def test_serials_count_days(serials: list[int], zero: tuple[str, str]) -> None:
    name, origin = zero
    dates = parse(pd.Series(serials, dtype="int64"), {"date": name, **FREE})
    expected = np.datetime64(origin) + np.array(serials).astype("timedelta64[D]")
    assert (dates["earliest"].to_numpy() == expected).all()


@UNTIMED
@given(days=st.lists(DAYS, min_size=1, max_size=20), precision=st.sampled_from(["week", "month", "year"]))
def test_a_declared_precision_keeps_the_printed_day_inside(days: list[dt.date], precision: str) -> None:
    printed = pd.Series([str(day) for day in days])
    dates = parse(printed, {"date": "%Y-%m-%d", "precision": precision})
    stamps = pd.Series(pd.to_datetime(days))
    assert ((dates["earliest"] <= stamps) & (stamps <= dates["latest"])).all()
    width = (dates["latest"] - dates["earliest"]).dt.days + 1
    assert width.isin({"week": [7], "month": [28, 29, 30, 31], "year": [365, 366]}[precision]).all()
    assert (dates["precision"] == precision).all()
