"""What would clear a backlog is arithmetic on months the release covers wholly, group by group."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from agency import Period, agency, event

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.cohort import Cohort


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
    assert table.loc["north", "months_to_clear"] == pytest.approx(48 / 2)
    assert table.loc["north", "closed_a_month_to_halve_in_a_year"] == pytest.approx(10 + 48 / 24)
    assert np.isnan(table.loc["south", "months_to_clear"])


def test_the_sentence_says_the_pace_and_which_groups_fall_behind():
    said = delay.backlogs(town(), "side", months=6).sentence()
    assert said.startswith("In the last 6 months that the release covers wholly, 72 cases came in and 72 closed (100 %")
    assert "the 72 open cases would never be cleared" in said
    assert "1 of 2 groups closed fewer than came in" in said
    north = Cohort.of(town()).keep_if(lambda cases: cases["side"] == "north", because="north")
    assert "the 48 open cases would be cleared in 24 months" in delay.backlogs(north, months=6).sentence()


def test_the_overall_row_is_what_the_caseload_says():
    one = delay.caseload(town()).clearing(4).iloc[0]
    other = delay.backlogs(town(), months=4).table.iloc[0]
    shared = ["open", "received_a_month", "closed_a_month", "months_to_clear", "closed_a_month_to_halve_in_a_year"]
    assert other[shared].astype(float).tolist() == pytest.approx(one[shared].tolist(), nan_ok=True)


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
    import matplotlib.pyplot as plt

    events = [event(f"c{case}", "received", f"2020-{case % 6 + 1:02d}-10") for case in range(60)]
    events += [event(f"c{case}", "closed", "2020-08-03") for case in range(30)]
    load = delay.caseload(agency(events))
    labels = [text.get_text() for text in load.plot().get_legend().get_texts()]
    assert labels == ["open at the end of the month", "received", "closed", "day of mass closing"]
    assert len(load.plot_age().get_lines()) == 1
    assert "half of the 30 open cases had been open for 280 days or more" in load.age_sentence()
    plt.close("all")
