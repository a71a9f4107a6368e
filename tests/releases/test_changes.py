"""What changed between releases: every kind of change is told apart, and what cannot be compared is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import releases
from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset


def release(until: str, **columns: list[object]) -> Dataset:
    frame = pd.DataFrame(columns)
    return accountability.from_frame(
        frame,
        case_id="id",
        received="received",
        closed="closed",
        columns=["category"] if "category" in columns else [],
        no_day={"": "open"},
        observed_until=until,
        name=f"r{until[:4]}",
    )


def older(**changed: list[object]) -> Dataset:
    n = 40
    columns = {
        "id": [f"c{i}" for i in range(n)],
        "received": [f"2019-01-{1 + i % 28:02d}" for i in range(n)],
        "closed": ["2019-05-01"] * 30 + [""] * 10,
        "category": ["force"] * 20 + ["courtesy"] * 20,
    }
    return release("2019-12-31", **(columns | changed))


def newer(**changed: list[object]) -> Dataset:
    n = 40
    columns = {
        "id": [f"c{i}" for i in range(1, n + 1)],
        "received": [f"2019-01-{1 + i % 28:02d}" for i in range(1, n + 1)],
        "closed": ["2019-04-21"] * 3 + ["2019-05-01"] * 25 + [""] + ["2019-06-01"] * 5 + [""] * 6,
        "category": ["use of force"] * 19 + ["courtesy"] * 18 + ["neglect"] * 3,
    }
    return release("2021-12-31", **(columns | changed))


def counts(found: releases.Changes) -> dict[tuple[str, str], int]:
    return dict(zip(zip(found.table["field"], found.table["change"], strict=True), found.table["n"], strict=True))


def test_each_kind_of_change_is_told_apart() -> None:
    found = releases.changes(older(), newer())
    assert dict(zip(found.keys["in_release"], found.keys["n"], strict=True)) == {
        "in both": 39,
        "new": 1,
        "gone": 1,
        "outside the window": 0,
    }
    assert counts(found) == {
        ("closed", "changed"): 3,
        ("closed", "emptied"): 1,
        ("closed", "filled"): 5,
        ("category", "renamed"): 19,
        ("category", "changed"): 2,
    }
    moved = found.table.set_index(["field", "change"]).loc[("closed", "changed")]
    assert (moved["earlier"], moved["later"], moved["median_days"]) == (3, 0, -10)


def test_rows_name_no_complaint() -> None:
    found = releases.changes(older(), newer())
    assert len(found.rows) == found.table["n"].sum() == found.by_year["n"].sum()
    assert not found.rows["complaint"].isin(older().cases["case_id"]).any()
    assert set(found.rows["year"]) == {2019}


def test_a_release_against_an_unchanged_one_has_no_change() -> None:
    same = older()
    card = same.card.model_copy(update={"observed_until": pd.Timestamp("2020-12-31").date()})
    assert not len(releases.changes(same, replace(same, card=card, sha256="another")).rows)


def test_a_rule_of_recording_that_changed_is_found_and_chance_is_not() -> None:
    n = 400
    ids, received = [f"c{i}" for i in range(n)], ["2018-01-05"] * 200 + ["2019-01-05"] * 200
    before = release("2019-12-31", id=ids, received=received, closed=["2019-06-30"] * n)
    ruled = ["2019-05-01"] * 60 + ["2019-06-30"] * 340
    mixed = ["2019-06-20", "2019-07-10"] * 30 + ["2019-06-30"] * 340
    one, other = (
        releases.changes(before, release("2021-12-31", id=ids, received=received, closed=closed))
        for closed in (ruled, mixed)
    )
    assert one.rules[["stage", "first_year", "last_year", "n", "median_days"]].to_numpy().tolist() == [
        ["closed", 2018, 2018, 60, -60.0]
    ]
    assert "moved earlier in 60 complaints received 2018" in one.sentence()
    assert not len(other.rules)


def test_rules_of_years_apart_are_two() -> None:
    ids, years = [f"c{i}" for i in range(300)], [2014] * 100 + [2015] * 100 + [2016] * 100
    received, closed = [f"{year}-01-05" for year in years], [f"{year}-06-30" for year in years]
    moved = [f"{year}-05-31" if year != 2015 and i % 2 else closed[i] for i, year in enumerate(years)]
    found = releases.changes(
        release("2019-12-31", id=ids, received=received, closed=closed),
        release("2021-12-31", id=ids, received=received, closed=moved),
    )
    assert found.rules[["first_year", "last_year", "n"]].to_numpy().tolist() == [[2014, 2014, 50], [2016, 2016, 50]]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (newer, older, "Swap them"),
        (older, lambda: newer(id=[f"x{i}" for i in range(40)]), "share 0 of 40"),
        (older, lambda: newer(received=["2019-02-20"] * 40), "given out anew"),
    ],
)
def test_what_cannot_be_compared_is_refused(old: Callable[[], Dataset], new: Callable[[], Dataset], why: str) -> None:
    with pytest.raises(Refusal, match=why):
        releases.changes(old(), new())


def test_rows_of_another_unit_are_refused() -> None:
    one = newer()
    other = replace(one, card=one.card.model_copy(update={"unit": "officer_complaint"}))
    with pytest.raises(Refusal, match="merge the finer"):
        releases.changes(older(), other)


def test_a_release_of_another_agency_or_declared_twice_or_without_a_last_day_is_refused() -> None:
    one, other = older(), newer()
    for changed, why in (
        ({"jurisdiction": "Elsewhere"}, "no releases of one series"),
        ({"observed_until": None}, "states no last day"),
    ):
        with pytest.raises(Refusal, match=why):
            releases.changes(one, replace(other, card=other.card.model_copy(update=changed)))
    with pytest.raises(Refusal, match="declared twice"):
        releases.changes(one, replace(one, card=other.card, files={"a.csv": "0"}))


def test_an_empty_release_is_refused() -> None:
    empty = newer()
    gone = replace(empty, **{name: getattr(empty, name).iloc[:0] for name in ("cases", "allegations", "events")})
    with pytest.raises(Refusal, match="share 0 of 40"):
        releases.changes(older(), gone)


def test_numbers_given_out_anew_in_part_are_said() -> None:
    received = [f"2019-01-{1 + i % 28:02d}" for i in range(1, 41)]
    found = releases.changes(older(), newer(received=["2019-02-20"] * 8 + received[8:]))
    assert "8 complaint numbers (21 %) were received on another day" in found.sentence()


def test_complaints_of_years_that_only_the_newer_covers_are_not_new() -> None:
    period = type("P", (), {"start": pd.Timestamp("2019-01-10").date(), "end": pd.Timestamp("2019-12-31").date()})()
    one = older()
    first = replace(one, card=one.card.model_copy(update={"period": period}))
    received = [f"2019-01-{1 + i % 28:02d}" for i in range(1, 40)] + ["2018-06-01"]
    found = releases.changes(first, newer(received=received))
    assert dict(zip(found.keys["in_release"], found.keys["n"], strict=True)) == {
        "in both": 39, "new": 0, "gone": 1, "outside the window": 1,
    }  # fmt: skip


def test_an_older_release_declared_newer_is_known_by_what_it_holds() -> None:
    def until(data: Dataset, day: str) -> Dataset:
        card = data.card.model_copy(update={"observed_until": pd.Timestamp(day).date()})
        return replace(data, card=card)

    old, new = accountability.load("generated_2019"), accountability.load("generated_2021")
    for first, second in (
        (until(new, "2019-06-30"), until(old, "2021-06-30")),  # the two declarations confused
        (new, until(old, "2022-06-30")),  # the last day of one taken from the day it was published
    ):
        for asked in (releases.changes, releases.recording_lag, releases.backtest):
            with pytest.raises(Refusal, match="an older release is declared as the newer"):
                asked(first, second)


@pytest.mark.parametrize("unit", ["M", "Y"])
@pytest.mark.parametrize("coarse", [0, 1])
def test_a_date_written_less_exactly_is_no_other_day(unit: str, coarse: int) -> None:
    pair = [accountability.load("generated_2019"), accountability.load("generated_2021")]
    plain = releases.changes(*pair)
    events = pair[coarse].events.copy()
    rows = (events["stage"] == "received").to_numpy()
    spans = pd.DatetimeIndex(events.loc[rows, "earliest"]).to_period(unit)
    events.loc[rows, "earliest"] = spans.start_time.astype(events["earliest"].dtype)
    events.loc[rows, "latest"] = spans.end_time.floor("D").astype(events["latest"].dtype)
    pair[coarse] = replace(pair[coarse], events=events)
    found = releases.changes(*pair)
    assert counts(found) == counts(plain) | {("received", "restated"): int(found.keys["n"].iloc[0])}
    assert found.changed == plain.changed


def test_without_days_of_receipt_changes_are_still_counted() -> None:
    def bare(data: Dataset) -> Dataset:
        return replace(data, events=data.events[data.events["stage"] == "closed"].reset_index(drop=True))

    found = releases.changes(bare(older()), bare(newer()))
    assert counts(found)["closed", "filled"] == 5
    assert found.rows["year"].isna().all()
    assert any("numbers given out anew would not be seen" in one for one in found.cautions)


def test_what_is_pending_counts_as_not_settled() -> None:
    words = {"category": ["pending"] * 40}, {"category": ["force"] * 20 + ["pending"] * 20}
    found = counts(releases.changes(older(**words[0]), newer(**words[1])))
    assert found["category", "filled"] == 20
    assert ("category", "changed") not in found


def test_a_second_argument_of_another_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match="two datasets"):
        releases.changes(older(), "new_orleans_2023")  # type: ignore[arg-type]


def test_complaints_that_left_the_window_are_not_gone() -> None:
    later = newer()
    assert later.card.period is None
    period = type("P", (), {"start": pd.Timestamp("2019-01-03").date(), "end": pd.Timestamp("2021-12-31").date()})()
    found = releases.changes(older(), replace(later, card=later.card.model_copy(update={"period": period})))
    assert dict(zip(found.keys["in_release"], found.keys["n"], strict=True))["outside the window"] == 1


def test_two_hundred_thousand_rows_a_side_take_little_time() -> None:
    n = 200_000
    ids = np.arange(n).astype(str)
    closed = np.where(np.arange(n) % 3, "2019-05-01", "")
    category = np.array(["force", "courtesy", "neglect"])[np.arange(n) % 3]
    base = {"id": ids, "received": np.full(n, "2019-01-05"), "category": category}
    one = release("2019-12-31", **base, closed=closed)  # type: ignore[arg-type]
    two = release("2021-12-31", **base, closed=np.where(np.arange(n) % 5, closed, "2019-06-01"))  # type: ignore[arg-type]
    begun = time.process_time()
    releases.changes(one, two)
    assert time.process_time() - begun < 4


@pytest.mark.real_data
def test_new_orleans(real_source: Callable[[str], Dataset]) -> None:
    found = releases.changes(real_source("new_orleans"), real_source("new_orleans_2023"))
    assert found.keys["n"].tolist() == [2910, 2067, 7, 0]
    # 450 and 174 by the raw cells; one of them says 1900/1/1, which is no day.
    assert (counts(found)["closed", "filled"], counts(found)["closed", "changed"]) == (449, 47)
    filled = found.rows[(found.rows["field"] == "closed") & (found.rows["change"] == "filled")]
    assert (filled["after"] <= "2019-12-11").sum() == 173


@pytest.mark.real_data
def test_chicago(real_source: Callable[[str], Dataset]) -> None:
    found = releases.changes(real_source("chicago_cms_2021_07"), real_source("chicago_cms_2019_2022"))
    assert found.keys["n"].tolist() == [3968, 1408, 49, 0]
    seen = counts(found)
    assert [seen["closed", kind] for kind in ("filled", "emptied")] == [510, 6]
    assert ("closed", "changed") not in seen
    assert [seen["beat", kind] for kind in ("filled", "emptied", "changed")] == [13, 8, 22]


@pytest.mark.real_data
def test_closings_moved_earlier_in_chicago_are_a_trap(real_source: Callable[[str], Dataset]) -> None:
    """The second vintage is planted: half of the closings of complaints received 2008-14 lie 60 days earlier in it."""
    older = real_source("chicago_2000_2016")
    year = older.events[older.events["stage"] == "received"].set_index("case_id")["earliest"].dt.year
    year = year[~year.index.duplicated()].reindex(older.events["case_id"]).to_numpy()
    rng = np.random.default_rng(2008)
    ruled = (older.events["stage"] == "closed").to_numpy() & (year >= 2008) & (year <= 2014)
    ruled &= rng.random(len(ruled)) < 0.5
    events = older.events.copy()
    for end in ("earliest", "latest"):
        events[end] = events[end].where(~ruled, events[end] - pd.Timedelta(days=60))
    until = older.card.observed_until
    assert until is not None
    card = older.card.model_copy(update={"observed_until": until.replace(year=until.year + 1)})
    found = releases.changes(older, replace(older, events=events, card=card, sha256="planted"))
    assert found.rules[["stage", "first_year", "last_year", "median_days"]].to_numpy().tolist() == [
        ["closed", 2008, 2014, -60]
    ]
    assert found.rules["share"].tolist() == pytest.approx([0.5], abs=0.01)
    ((_, said),) = found.traps()
    assert "moved earlier" in said
    assert "received 2008 to 2014, half of them by 60 days or more" in said
    assert not len(releases.changes(older, replace(older, card=card, sha256="planted")).rules)
