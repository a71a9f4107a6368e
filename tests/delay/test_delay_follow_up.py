"""Nothing is read beyond the last day on which a case was watched, by any result that counts days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from accountability import delay
from accountability.errors import Refusal
from accountability.outcomes import delay_and_penalty
from accountability.results import Result
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.overview import year_of

#: Last days on which a case of each side was watched, some still open.
LAST = {"north": 400, "south": 150}


def watched(exact: bool = True) -> Durations:
    rng = np.random.default_rng(3)
    sides = np.repeat(list(LAST), 120)
    ends = np.array([LAST[side] for side in sides])
    days = rng.geometric(1 / 200, 240)
    end = np.minimum(days, ends)
    return Durations.from_days(
        end,
        days <= ends,
        days_upper=end if exact else np.minimum(end + 30, ends),
        longest=ends,
        groups={
            "side": sides,
            "how": rng.choice(["decided", "mediated"], 240),
            "kind": rng.choice(["force", "other"], 240),
            "officer": np.arange(240) // 3,
        },
    )


def predicted(model: delay.Cox) -> pd.DataFrame:
    at = [{"kind": kind, "side": side} for side in LAST for kind in ("force", "other")]
    table = delay.predicted_curves(model, at, days=list(range(0, 600, 10))).table
    return table.assign(side=table["label"].str.extract("(north|south)")[0])


def apart(model: delay.Cox) -> pd.DataFrame:
    found = delay.share_differences(
        model, {"kind": "force", "side": "north"}, {"kind": "other", "side": "south"}, days=[100, 200, 500]
    )
    assert "nan" not in found.sentence()
    assert "were not both watched" in found.sentence()
    return found.table.assign(side="south")


DAYS = [0, 100, 149, 150, 151, 400, 401, 5000]
#: What reads shares at days: a table with ``side``, ``day`` and numbers.
READ: dict[str, Callable[[], pd.DataFrame]] = {
    "closing curve": lambda: delay.closing_curve(watched(), "side").true_at(DAYS),
    "smooth curve": lambda: delay.coarse_curve(watched(exact=False), "side").true_at(DAYS),
    "smooth curve, causes": lambda: delay.coarse_curve(watched(exact=False), "side", causes="how").true_causes_at(DAYS),
    "interval curve": lambda: delay.interval_curve(watched(exact=False), "side").true_at(DAYS),
    "competing closings": lambda: delay.competing_closings(watched(), "how", "side").true_at(DAYS),
    "competing closings, shown": lambda: delay.competing_closings(watched(), "how", "side").at(DAYS),
    "Cox": lambda: predicted(delay.cox(watched(), "kind", strata="side")),
    "differences of shares": lambda: apart(delay.cox(watched(), "kind", strata="side")),
    "groups": lambda: pd.concat(
        delay.compare_groups(watched(), "side", day).true_numbers().assign(day=day) for day in (100, 151, 401)
    ).rename(columns={"group": "side", "closed_within": "estimate", "closed_within_lower": "lower",
                      "closed_within_upper": "upper"}),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_shares_are_missing_beyond_the_last_day_watched(what: str) -> None:
    table = READ[what]()
    table = table[table["side"].isin(LAST)]
    last = table["side"].map(LAST)
    beyond = table["day"] > last
    assert beyond.any()
    # The interval curve's limits are what is left of the cases, which holds on any later day.
    ends = ["estimate"] if what == "interval curve" else ["estimate", "lower", "upper"]
    assert table.loc[beyond, ends].isna().all(axis=None)
    assert table.loc[table["day"] == 100, "estimate"].notna().all()


@pytest.mark.parametrize(
    "still_open",
    [
        lambda at: delay.discrete_time(watched(), "kind").still_open(at).assign(day=lambda table: table["last_day"]),
        lambda at: delay.parametric(watched(), "kind").still_open(at, [10, 400, 401, 3000]),
    ],
)  # fmt: skip
def test_models_do_not_predict_beyond_it(still_open: Callable[[dict[str, str]], pd.DataFrame]) -> None:
    table = still_open({"kind": "force"})
    assert (table["estimate"].isna() == (table["day"] > 400)).all()


def test_a_bootstrap_says_what_was_not_watched() -> None:
    found = delay.bootstrap(watched(), 1, by="side", causes="how", days=[100, 300], replicates=50)
    table = found.true_numbers()
    beyond = (table["side"] == "south") & table["statistic"].str.endswith("300")
    assert (table["estimate"].isna() == beyond).all()
    assert "not watched so long" in found.sentence()
    with pytest.raises(Refusal, match="watched for 300 days"):
        delay.bootstrap(watched(), 1, by="side", until=300, replicates=50)


def test_a_sentence_that_compares_reads_the_common_end() -> None:
    said = delay.competing_closings(watched(), "how", "side").sentence()
    assert said.count("within 150 days") == 2


def test_a_group_all_of_which_closed_is_known_for_ever() -> None:
    done = Durations.from_days([1, 2, 3] * 10, groups={"how": ["decided"] * 30})
    assert delay.competing_closings(done, "how").true_at([900])["estimate"].tolist() == [1.0]


RESULTS: dict[str, Callable[[Durations], Result]] = {
    "closing_curve": lambda d: delay.closing_curve(d, "side"),
    "competing_closings": lambda d: delay.competing_closings(d, "how", "side"),
    "restricted_mean": lambda d: delay.restricted_mean(d, 100, "side"),
    "compare": lambda d: delay.compare(d, "side"),
    "compare_groups": lambda d: delay.compare_groups(d, "side"),
    "how_long": lambda d: delay.how_long(d, "side"),
    "bootstrap": lambda d: delay.bootstrap(d, 1, by="side", replicates=20),
    "mean_of_closed_only": lambda d: delay.mean_of_closed_only(d, "side"),
    "cox": lambda d: delay.cox(d, "kind", strata="side"),
    "predicted_curves": lambda d: delay.predicted_curves(
        delay.cox(d, "kind", strata="side"), {"kind": "force", "side": "south"}
    ),
    "exact_rates": lambda d: delay.exact_rates(d, "side"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_carries_its_follow_up(name: str) -> None:
    found = RESULTS[name](watched()).follow_up
    assert found is not None
    last = found["last_day"].tolist()
    assert last == (list(LAST.values()) if "side" in found else [400])
    assert "at_risk" in found


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("gap", ["emptied", "unwatched"])
def test_late_entry_that_left_nobody_to_watch_is_said(name: str, gap: str) -> None:
    held = watched()
    entry = held.table["entry_time"].to_numpy(np.int64, copy=True)
    end = held.end.copy()
    south = np.flatnonzero(held.table["side"] == "south")
    if gap == "emptied":
        keep = end > 5
        entry[south] = 5
        first = south[0]
        table = held.table.assign(entry_time=pd.array(entry, dtype="Int64"))
        table.loc[first, ["days_lower", "days_upper", "event", "entry_time"]] = [3, 3, True, 0]
        keep[first] = True
        words = "every case watched by day 3 had closed"
    else:
        keep = end > 50
        entry[south] = 50
        table = held.table.assign(entry_time=pd.array(entry, dtype="Int64"))
        words = "nobody was watched from day 0 to day 49"
    late = replace(held, table=table[keep & (held.table["side"] == "south").to_numpy()].reset_index(drop=True))
    if name in ("cox", "predicted_curves", "compare", "exact_rates"):
        late = replace(held, table=table[keep].reset_index(drop=True))
    try:
        found = RESULTS[name](late)
    except Refusal:
        return  # what needs two groups has one
    if name in ("how_long", "compare_groups", "exact_rates") and not found.cautions:
        pytest.fail(f"{name} says nothing")
    assert words in found.sentence()
    assert any(words in assumption for assumption in found.assumptions)


@pytest.mark.real_data
def test_chicago_2015_speaks_for_665_days(real_source) -> None:
    data = real_source("chicago_2000_2016")
    of_2015 = (
        Cohort.of(data).with_case_column("year", year_of).keep_if(lambda cases: cases["year"] == 2015, because="2015")
    )
    held = durations(of_2015)
    last = int(held.end.max())
    assert last <= 665
    found = delay_and_penalty(of_2015)
    assert found.table["at"].str.contains(f"by day {last - 365}").any()
    assert f"none was watched beyond day {last}" in found.sentence()
    sustained = of_2015.allegations.groupby("case_id")["finding"].agg(lambda terms: (terms == "sustained").any())
    causes = pd.Series(np.where(sustained, "sustained", "other"), index=sustained.index)
    closings = delay.competing_closings(durations(of_2015.with_case_column("cause", causes.reindex(
        of_2015.cases["case_id"]).fillna("other"))), "cause")  # fmt: skip
    assert closings.true_at([last])["estimate"].notna().all()
    assert closings.true_at([last + 1, 3784])["estimate"].isna().all()
    assert "3,784" not in closings.sentence()


def test_a_predicted_curve_ends_where_cases_of_its_own_level_were_last_watched() -> None:
    rng = np.random.default_rng(0)
    days = np.r_[rng.integers(0, 100, 200), rng.integers(0, 700, 200)]
    made = Durations.from_days(days, rng.random(400) < 0.5, groups={"unit": ["short"] * 200 + ["long"] * 200})
    model = delay.cox(made, "unit")
    shares = delay.predicted_curves(model, [{"unit": "short"}, {"unit": "long"}], days=[90, 600]).table
    assert shares["estimate"].notna().tolist() == [True, False, True, True]
    gaps = delay.share_differences(model, {"unit": "short"}, {"unit": "long"}, days=[90, 600]).table
    assert gaps["estimate"].notna().tolist() == [True, False]
    whole = Durations.from_days(np.minimum(days, 650), days < 650, groups={"unit": ["short"] * 200 + ["long"] * 200})
    found = delay.predicted_curves(delay.cox(whole, "unit"), [{"unit": "short"}], days=[90, 600]).table
    assert found["estimate"].notna().all()  # none of the short ones is left
