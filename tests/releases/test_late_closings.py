"""The lag of recording is found, the corrected curve has its level, and New Orleans 2019 is predicted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, full
from scipy.special import logit

import accountability
from accountability import releases
from accountability.errors import Refusal
from accountability.records.dataset import Dataset
from accountability.stats.recording_lag import corrected_closed, recorded_share
from accountability.study.follow_up import seen_late

sys.path.insert(0, str(ROOT / "benchmarks"))
from releases import APART, AT_ONCE, looks


def test_the_share_recorded_is_that_of_the_lag() -> None:
    rng = np.random.default_rng(4)
    age = rng.integers(0, 1460, 200_000)
    late = rng.exponential(300, len(age))
    known = late <= age + 400  # what the second look shows, when the lag is longer than the looks are apart
    share = recorded_share(age[known], (late <= age)[known], 400)
    asked = np.array([60, 180, 365, 900])
    assert share.at(asked) == pytest.approx(1 - np.exp(-(asked + 0.0) / 300), abs=0.03)


def test_without_a_lag_the_curve_is_the_published_one() -> None:
    rng = np.random.default_rng(5)
    age, seen, last, day = looks(rng, "none")
    share = recorded_share(age, seen, APART)
    assert (share.share == 1).all()
    whole = corrected_closed(last, day, AT_ONCE, np.array([90, 180, 365]))
    n = np.array([(last >= d).sum() for d in range(366)])
    ends = np.bincount(day[day >= 0], minlength=366)[:366]
    risk = np.array([((last >= d) & ((day < 0) | (day >= d))).sum() for d in range(366)])
    assert n[0] == len(last)
    assert whole == pytest.approx(1 - np.cumprod(1 - ends / risk)[[90, 180, 365]])


@pytest.mark.parametrize("lag", ["none", "exponential", "batches"])
def test_the_corrected_share_is_unbiased_where_the_published_one_is_not(lag: str) -> None:
    asked, truth = np.array([180]), 1 - np.exp(-181 / 260)
    found, plain = [], []
    for seed in range(400 if full() else 60):
        age, seen, last, day = looks(np.random.default_rng(seed), lag)
        share = recorded_share(age, seen, APART)
        found.append(corrected_closed(last, day, share, asked)[0])
        plain.append(corrected_closed(last, day, AT_ONCE, asked)[0])
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - truth) < 3 * error + 0.01
    assert (abs(np.mean(plain) - truth) > 0.02) == (lag != "none")


@pytest.mark.parametrize("lag", ["none", "exponential", "batches"])
def test_the_interval_has_its_level(lag: str) -> None:
    """Whole: 93.5 to 96.5 % of 2,000 simulations; sampled, within what 20 of them can tell."""
    asked, truth, draws, runs = np.array([180]), 1 - np.exp(-181 / 260), 60, 2000 if full() else 20
    held = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        age, seen, last, day = looks(rng, lag)
        share = recorded_share(age, seen, APART)
        made = []
        for _ in range(draws):
            again = recorded_share(age, seen, APART, rng.multinomial(len(age), np.full(len(age), 1 / len(age))))
            weight = rng.multinomial(len(last), np.full(len(last), 1 / len(last))).astype(float)
            made.append(corrected_closed(last, day, replace(again, first=share.first), asked, weight)[0])
        middle = logit(corrected_closed(last, day, share, asked)[0])
        held += abs(middle - logit(truth)) <= 1.96 * np.std(logit(np.clip(made, 1e-4, 1 - 1e-4)), ddof=1)
    assert (0.935 <= held / runs <= 0.965) if full() else held >= 16


def test_a_release_without_closing_dates_gives_no_lag() -> None:
    frame = pd.DataFrame({"id": [f"c{i}" for i in range(30)], "received": "2019-01-05", "closed": "2019-05-01"})
    made = {"case_id": "id", "received": "received", "no_day": {"": "open"}}
    older = accountability.from_frame(
        frame.drop(columns="closed"), case_id="id", received="received", observed_until="2019-12-31", name="a"
    )
    newer = accountability.from_frame(frame, closed="closed", observed_until="2021-12-31", name="b", **made)
    with pytest.raises(Refusal, match="a must hold open and closed complaints"):
        releases.recording_lag(older, newer)


@pytest.mark.real_data
def test_new_orleans_2019_is_predicted_from_complaints_before_2018(
    real_source: Callable[[str], Dataset], real_data: Callable[[str], Path]
) -> None:
    older = real_source("new_orleans")
    # The later release is looked for in the cache that is set now.
    accountability.fetch("new_orleans_2023", from_dir=real_data("new_orleans_2023"))
    found = releases.late_recording(older, older, 180, year=2019)
    row = found.at(180)
    published = found.at(180, "as published")
    assert row is not None, found.basis
    assert published is not None
    assert published["estimate"] == pytest.approx(0.517, abs=0.001)
    # Realised 69.0 %: two thirds of the gap are closed, and the interval holds it. The lag of 2019 was longer.
    assert row["estimate"] == pytest.approx(0.616, abs=0.002)
    assert row["lower"] < 0.69 < row["upper"]
    shown = found.at(180, "as the later release shows it")
    assert shown is not None
    assert shown["estimate"] == pytest.approx(0.689, abs=0.002)


@pytest.mark.real_data
def test_the_backtest_of_new_orleans(real_source: Callable[[str], Dataset]) -> None:
    found = releases.backtest(real_source("new_orleans"), real_source("new_orleans_2023"))
    table = found.table.set_index(["year", "day"])
    assert table.loc[(2017, 365), ["estimate", "realised"]].tolist() == pytest.approx([0.786, 0.794], abs=0.004)
    assert not table.loc[(2019, 180), "held"]
    assert found.share_held == pytest.approx(5 / 7)
    assert table.loc[(2019, 180), "corrected_held"]
    assert found.medians.set_index("year").loc[2017, ["estimate", "realised"]].tolist() == [129, 129]


@pytest.mark.real_data
def test_the_lateness_said_of_other_agencies_is_what_their_records_show(real_source: Callable[[str], Dataset]) -> None:
    seen = {one["source"]: one for one in seen_late()}
    lag = releases.recording_lag(real_source("new_orleans"), real_source("new_orleans_2023"), draws=2)
    said = seen["new_orleans"]
    assert (said["closings"], said["late"], said["ages"][0]) == (lag.n, lag.late, lag.first_day)
    assert lag.share().at(np.array(said["ages"])) == pytest.approx(said["shares"], abs=1e-4)


@pytest.mark.real_data
def test_too_few_closings_to_say_anything_are_refused(real_source: Callable[[str], Dataset]) -> None:
    with pytest.raises(Refusal, match="at least 20"):
        releases.recording_lag(
            real_source("new_orleans"), real_source("new_orleans_2023"), received_before="2016-01-10"
        )


def test_a_release_by_itself_says_why_in_a_sentence_without_a_command() -> None:
    data = accountability.load("generated_investigators")
    said = releases.late_recording(accountability.durations(data), data, 180).sentence()
    assert "From one release the lag of recording is not known ('generated_investigators' is the only release" in said
    assert "--like" not in said
