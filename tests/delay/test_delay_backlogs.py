"""What would clear a backlog is arithmetic on months the release covers wholly, group by group."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from agency import Period, agency, event
from scipy import stats

from accountability import delay
from accountability.delay import clearing
from accountability.errors import ParameterError, Refusal


def town(**card):
    """North takes in ten a month and closes twelve from July on; south takes in two a month and closes none."""
    events, rows = [], []
    for month in range(1, 13):
        for number in range(10):
            events.append(event(f"n{month}-{number}", "received", f"2020-{month:02d}-05"))
            rows.append((f"n{month}-{number}", "north"))
        for number in range(2):
            events.append(event(f"s{month}-{number}", "received", f"2020-{month:02d}-05"))
            rows.append((f"s{month}-{number}", "south"))
    waiting = [f"n{month}-{number}" for month in range(1, 13) for number in range(10)]
    for place, case in enumerate(waiting[:72]):
        events.append(event(case, "closed", f"2020-{7 + place // 12:02d}-28"))
    cases = pd.DataFrame(rows, columns=["case_id", "side"]).assign(source_row=range(1, len(rows) + 1))
    return agency(events, cases=cases, **card)


def test_the_overall_row_comes_first_and_the_groups_add_up_to_it():
    table = delay.backlogs(town(), "side", months=6).table.set_index("group")
    assert table.index.tolist() == ["all cases", "north", "south"]
    for column in ("received", "closed", "open"):
        assert table[column].iloc[1:].sum() == table[column].iloc[0]
    assert table.loc["north", ["received", "closed", "open"]].tolist() == [60, 72, 48]
    assert table.loc["north", "fall_a_month"] == pytest.approx(2)
    assert table.loc["north", "fall_lower"] < 0  # no more than Poisson counts vary by
    assert table.loc["north", "closed_a_month_to_halve_in_a_year"] == pytest.approx(10 + 48 / 24)
    assert np.isnan(table.loc["south", "months_to_clear"])


def test_the_sentence_says_the_pace_and_which_groups_fall_behind():
    said = delay.backlogs(town(), "side", months=6).sentence()
    assert said.startswith("In the last 6 months that the release covers wholly, 72 cases came in and 72 closed (100 %")
    assert "it was not falling beyond chance, so no time to clear the 72 open cases is given" in said
    assert "1 of 2 groups closed fewer than came in" in said


def falling(out, months=12, stock=200):
    """A stock of old cases, then ten a month in and ``out`` a month closed, the oldest first."""
    ids = [f"c{number}" for number in range(stock + 10 * months)]
    begun = ["2019-01-05"] * stock + [f"2020-{month:02d}-05" for month in range(1, months + 1) for _ in range(10)]
    events = [event(case, "received", day) for case, day in zip(ids, begun, strict=True)]
    ended = [f"2020-{month:02d}-28" for month in range(1, months + 1) for _ in range(out)]
    return agency(events + [event(case, "closed", day) for case, day in zip(ids, ended, strict=False)])


def test_a_number_that_falls_beyond_chance_is_cleared_in_so_many_months():
    pace = delay.backlogs(falling(20), months=12)
    row = pace.table.iloc[0]
    assert (row["fall_a_month"], row["open"], row["months_to_clear"]) == (10, 80, 8)
    assert row["fall_lower"] == pytest.approx(10 - 2.201 * np.sqrt(30 / 12), abs=1e-3)
    assert row["months_lower"] < 8 < row["months_upper"]
    assert "would be cleared in 8 months" in pace.sentence()


def test_a_fall_of_nearly_nothing_gives_no_longest_time():
    """The least fall is 0.02 a month and printed as 0.0: thousands of months would be made of its rounding."""
    least = (3 - 0.02) / np.sqrt(23 / 12)
    pace = delay.backlogs(falling(13), months=12, confidence=float(1 - 2 * stats.t.sf(least, 11)))
    row = pace.table.iloc[0]
    assert row["fall_lower"] == pytest.approx(0.02)
    assert row["months_to_clear"] == pytest.approx(row["open"] / 3)
    assert pd.isna(row["months_upper"])
    assert "interval 0.0 to 6.0)" in pace.sentence()
    assert f"({row['months_lower']:.0f} at least, with no upper limit)" in pace.sentence()


def test_nearly_as_many_closed_as_came_in_is_no_verdict_of_never():
    said = delay.backlogs(falling(9), months=12).sentence()
    assert "grew by 1.0 a month" in said
    assert "never" not in said
    assert "so no time to clear" in said
    grown = delay.backlogs(falling(1), months=12).sentence()
    assert "it was not falling, so no time" in grown


def test_half_of_the_open_close_at_the_rates_of_their_age():
    """Of 100 closed at ages 1 to 100 and one open at age 50, the 50 ages above say when half would be closed."""
    first = np.datetime64("2020-06-01")
    events = [event("open", "received", str(np.datetime64("2020-12-31") - 50))]
    for days in range(1, 101):
        events += [event(f"c{days}", "received", str(first)), event(f"c{days}", "closed", str(first + days))]
    pace = delay.backlogs(agency(events), months=7).table.iloc[0]
    assert pace["half_closed_in"] == pytest.approx(25, abs=1)


def test_the_interval_of_the_fall_covers():
    rng = np.random.default_rng(3)
    held = [_held(*rng.poisson((30, 30), (12, 2)).T) for _ in range(2000)]
    assert 0.935 <= np.mean(held) <= 0.97


def _held(came, went):
    load = SimpleNamespace(
        table=pd.DataFrame({"month": range(12), "received": came, "closed": went, "open_at_end": 100})
    )
    row = clearing._row("all", load.table, pd.Series(range(12)), 0.95)
    return row["fall_lower"] <= 0 <= row["fall_upper"]


def test_months_after_the_window_of_receipts_are_not_a_falling_backlog():
    release = town(period=Period(dt.date(2020, 1, 1), dt.date(2020, 9, 30)))
    table = delay.caseload(release).table
    assert table["complete"].tolist() == [True] * 9 + [False] * 3
    pace = delay.backlogs(release, months=3).table.iloc[0]
    assert (pace["received"], pace["closed"], pace["open"]) == (36, 36, 9 * 12 - 36)
    by_opening = delay.caseload(release, start="received", stop="closed", cutoff="2020-06-30").table
    assert by_opening["complete"].all()


def test_a_pace_of_more_months_than_covered_is_refused_and_so_is_an_unknown_group():
    with pytest.raises(Refusal, match="12 complete months"):
        delay.backlogs(town(), months=13)
    with pytest.raises(ParameterError, match="no column 'colour'"):
        delay.backlogs(town(), "colour")


def test_the_figures_mark_mass_closings_and_show_the_age_of_open_cases():

    events = [event(f"c{case}", "received", f"2020-{case % 6 + 1:02d}-10") for case in range(60)]
    events += [event(f"c{case}", "closed", "2020-08-03") for case in range(30)]
    load = delay.caseload(agency(events))
    axes = load.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["day of mass closing"]
    named = {" ".join(text.get_text().split()) for text in axes.texts}
    assert named == {"open at the end of the month", "received", "closed"}
    assert len(load.plot_age().get_lines()) == 1
    assert "half of the 30 open cases had been open for 280 days or more" in load.age_sentence()
