"""EDTF and the words of reports: what each text means, under the default convention and others."""

from __future__ import annotations

import pandas as pd
import pytest
from edtf_writer import days_until, format_edtf

from accountability.errors import DateError
from accountability.records.dates import (
    ImpossibleDate,
    Interval,
    UnreadableDate,
    WordsConvention,
    parse,
    parse_edtf,
    parse_words,
)


def shown(item: Interval) -> tuple[str, str, str]:
    return str(item.earliest), str(item.latest), item.precision


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2012", "2012-01-01", "2012-12-31", "year"),
        ("2012-02", "2012-02-01", "2012-02-29", "month"),
        ("2012-09-14", "2012-09-14", "2012-09-14", "day"),
        ("2012-21", "2012-03-01", "2012-05-31", "season"),
        ("2012-24", "2012-12-01", "2013-02-28", "season"),
        ("2012-29", "2012-09-01", "2012-11-30", "season"),
        ("2012-34", "2012-04-01", "2012-06-30", "part_of_year"),
        ("2012-41", "2012-07-01", "2012-12-31", "part_of_year"),
        ("2012~", "2011-01-01", "2013-12-31", "interval"),
        ("2012-09?", "2012-08-01", "2012-10-31", "interval"),
        ("2012-09-14%", "2012-09-13", "2012-09-15", "interval"),
        ("2012-09~-14", "2012-08-14", "2012-10-14", "interval"),
        ("?2012-09-14", "2011-09-14", "2013-09-14", "interval"),
        ("2012-21~", "2011-12-01", "2012-08-31", "interval"),
        ("XXXX-01", "None", "None", "open"),
        ("201X", "2010-01-01", "2019-12-31", "interval"),
        ("20XX-02-29", "2000-02-29", "2096-02-29", "interval"),
        ("2012-XX", "2012-01-01", "2012-12-31", "year"),
        ("2012-02-XX", "2012-02-01", "2012-02-29", "month"),
        ("2012-XX-31", "2012-01-31", "2012-12-31", "interval"),
        ("2012-1X", "2012-10-01", "2012-12-31", "interval"),
        ("2010/2012", "2010-01-01", "2012-12-31", "interval"),
        ("2010-05/2010", "2010-05-01", "2010-12-31", "interval"),
        ("2010~/2012-09", "2009-01-01", "2012-09-30", "interval"),
        ("../2012", "None", "2012-12-31", "open"),
        ("2012/", "2012-01-01", "None", "open"),
        ("..", "None", "None", "open"),
        ("[2010, 2012..2014-02]", "2010-01-01", "2014-02-28", "interval"),
        ("[..2010]", "None", "2010-12-31", "open"),
        ("2013-W05", "2013-01-28", "2013-02-03", "week"),
        ("2013-W05-2", "2013-01-29", "2013-01-29", "day"),
        ("9999-12~", "9999-11-01", "9999-12-31", "interval"),
    ],
)
def test_edtf(text: str, earliest: str, latest: str, precision: str) -> None:
    assert shown(parse_edtf(text)) == (earliest, latest, precision)


@pytest.mark.parametrize("text", ["2012-13", "2012-02-30", "2012-42", "2012/2010", "0000", "2013-W54", "2012-02-3X"])
def test_edtf_that_names_no_day(text: str) -> None:
    with pytest.raises(ImpossibleDate):
        parse_edtf(text)


@pytest.mark.parametrize(
    "text", ["", "/", "2012/2013/2014", "12", "2012-9", "{2010,2011}", "Y12012", "20120914", "201X-21"]
)
def test_what_is_not_edtf(text: str) -> None:
    with pytest.raises(UnreadableDate):
        parse_edtf(text)


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("late 2012", "2012-09/2012-12"),
        ("mid-2012", "2012-05/2012-08"),
        ("Early in 2012", "2012-01/2012-04"),
        ("the beginning of 2012", "2012-01/2012-04"),
        ("early March 2013", "2013-03-01/2013-03-10"),
        ("mid-February, 2013", "2013-02-11/2013-02-20"),
        ("end of Feb. 2013", "2013-02-21/2013-02-28"),
        ("fall 2011", "2011-23"),
        ("in the fall of 2011", "2011-23"),
        ("late summer 2012", "2012-08"),
        ("winter 2012-13", "2012-12/2013-02"),
        ("winter of 2012/2013", "2012-12/2013-02"),
        ("early winter 2012", "2012-12"),
        ("week of 2013-01-28", "2013-W05"),
        ("the week of January 30, 2013", "2013-W05"),
        ("week of Sunday, January 27, 2013", "2013-01-27/2013-02-02"),
        ("week ending 2013-02-03", "2013-W05"),
        ("first week of March 2013", "2013-03-01/2013-03-07"),
        ("last week of February 2013", "2013-02-22/2013-02-28"),
        ("Q2 2012", "2012-34"),
        ("the third quarter of 2012", "2012-35"),
        ("second half of 2012", "2012-41"),
        ("the 1990s", "1990/1999"),
        ("March 2013", "2013-03"),
        ("March 5th, 2013", "2013-03-05"),
        ("5 March 2013", "2013-03-05"),
        ("on Tuesday, March 5, 2013", "2013-03-05"),
        ("circa 2012", "2011/2013"),
        ("on or about March 5, 2013", "2013-03-04/2013-03-06"),
        ("before fall 2011", "../2011-08"),
        ("by March 2013", "../2013-03"),
        ("after March 5, 2013", "2013-03-06/.."),
        ("since 2010", "2010/.."),
        ("on or before 2013-03-05", "../2013-03-05"),
        ("between 2010 and March 2012", "2010-01/2012-03"),
        ("from late 2011 to early 2012", "2011-09/2012-04"),
        ("March–May 2013", "2013-03/2013-05"),
        ("November 2012 to January 2013", "2012-11/2013-01"),
        ("2012~", "2011/2013"),
    ],
)
def test_words(words: str, means: str) -> None:
    read, meant = parse_words(words), parse_edtf(means)
    assert (read.earliest, read.latest) == (meant.earliest, meant.latest)


@pytest.mark.parametrize(
    "words",
    [
        "unknown",
        "3/4/2012",
        "March 5",
        "'12",
        "early March 13",
        "late",
        "week of March 2013",
        "mid-to-late 2012",
        "may",
    ],
)
def test_words_that_hold_no_date_are_not_guessed(words: str) -> None:
    with pytest.raises(UnreadableDate):
        parse_words(words)


@pytest.mark.parametrize(
    "words",
    [
        "February 30, 2012",
        "Monday, March 5, 2013",
        "winter 2012-14",
        "summer 2012-13",
        "fourth half of 2012",
        "2012 to 2010",
    ],
)
def test_words_that_name_no_day(words: str) -> None:
    with pytest.raises(ImpossibleDate):
        parse_words(words)


@pytest.mark.parametrize(
    ("changed", "words", "means"),
    [
        ({"late_year": (10, 12)}, "late 2012", "2012-10/2012-12"),
        ({"early_month": (1, 15)}, "early March 2013", "2013-03-01/2013-03-15"),
        ({"hemisphere": "southern"}, "fall 2011", "2011-03/2011-05"),
        ({"hemisphere": "southern"}, "summer 2011", "2011-12/2012-02"),
        ({"across_years": "ends"}, "winter 2012", "2011-12/2012-02"),
        ({"across_years": "either"}, "winter 2012", "2011-12/2013-02"),
        ({"across_years": "ends"}, "early winter 2012", "2011-12"),
        ({"across_years": "ends"}, "winter 2012-13", "2012-12/2013-02"),
        ({"season_slack": 21}, "fall 2011", "2011-09-01/2011-12-21"),
        ({"week_starts": "sunday"}, "week of 2013-01-28", "2013-01-27/2013-02-02"),
        ({"week_starts": "stated"}, "week of 2013-01-30", "2013-01-30/2013-02-05"),
        ({"week_starts": "monday"}, "week of 2013-01-27", "2013-01-21/2013-01-27"),
        ({"approximate_margin": 0}, "2012~", "2012"),
        ({"approximate_margin": 2}, "about March 2013", "2013-01/2013-05"),
    ],
)
def test_every_line_of_the_convention_can_be_changed(changed: dict, words: str, means: str) -> None:
    read, meant = parse_words(words, WordsConvention(**changed)), parse_edtf(means)
    assert (read.earliest, read.latest) == (meant.earliest, meant.latest)


def test_either_reading_of_a_winter_holds_both() -> None:
    both = parse_words("winter 2012", WordsConvention(across_years="either"))
    for reading in ("starts", "ends"):
        one = parse_words("winter 2012", WordsConvention(across_years=reading))
        assert both.earliest is not None
        assert both.earliest <= one.earliest <= one.latest <= both.latest


def test_days_from_one_date_to_another() -> None:
    assert days_until(parse_edtf("2010"), parse_edtf("2012-09")) == (610, 1003)
    assert days_until(parse_edtf("2010/.."), parse_edtf("2012-09")) == (None, 1003)


def test_an_interval_that_cannot_be_is_refused() -> None:
    day = parse_edtf("2012-09-14").earliest
    with pytest.raises(DateError, match="open"):
        Interval(day, None, "day")
    with pytest.raises(DateError, match="expected one of"):
        format_edtf(day, day, "about")


def test_milliseconds_since_1970_are_days_in_utc() -> None:
    texts = pd.Series(["1574899200000", "0", "1574899200001", "-86400000", "soon"], dtype="str")
    read = parse(texts, "epoch_ms")
    days = ["2019-11-28", "1970-01-01", "", "1969-12-31", ""]
    assert read["earliest"].astype("str").fillna("").tolist() == days
    assert read["problem"].fillna("").tolist() == ["", "", "time_of_day", "", "unreadable"]
    stripped = parse(texts, {"date": "epoch_ms", "strip_time": True})
    assert str(stripped["earliest"].iloc[2])[:10] == "2019-11-28"


def test_seconds_since_1970() -> None:
    assert parse(pd.Series(["1574899200"], dtype="str"), "epoch_s")["earliest"].astype("str").tolist() == ["2019-11-28"]
