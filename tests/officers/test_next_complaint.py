"""An officer's next complaint: counted by hand, leaving as the other end, refused where nothing dates the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, officers
from accountability.errors import ParameterError, Refusal
from accountability.findings import conclude
from accountability.officers.after_step import LEFT, NEXT
from accountability.records.dataset import Dataset
from accountability.results import or_refusal


@cache
def data() -> Dataset:
    return accountability.load("synthetic")


@cache
def histories() -> pd.DataFrame:
    """One row an officer and complaint, with days of receipt and closing, read without the module under test."""
    one = data()
    days = {
        stage: one.events[(one.events["stage"] == stage) & one.events["set_aside"].isna()]
        .groupby("case_id")["latest"]
        .max()
        for stage in ("received", "closed")
    }
    rows = one.allegations[one.allegations["officer_id"].notna()]
    return rows.assign(**{stage: pd.to_datetime(rows["case_id"].map(when)) for stage, when in days.items()})


def by_hand(begun: pd.Series, within: int) -> dict[str, float]:
    """Aalen-Johansen, officer by officer."""
    one, last = data(), pd.Timestamp("2019-12-31")
    gone = one.events[(one.events["stage"] == "left_agency") & one.events["officer_id"].notna()]
    gone = pd.to_datetime(gone.groupby("officer_id")["latest"].max())
    ends = []
    for officer, day in begun.items():
        later = histories().loc[(histories()["officer_id"] == officer) & (histories()["received"] > day), "received"]
        left = gone.get(officer, last + pd.Timedelta(days=1))
        if len(later):
            ends.append(((later.min() - day).days, NEXT))
        else:
            end = min(left, last)
            ends.append((max((end - day).days, 1), LEFT if left <= last else ""))
    table = pd.DataFrame(ends, columns=["days", "end"])
    still, share = 1.0, {NEXT: 0.0, LEFT: 0.0}
    for day in range(1, within + 1):
        risk = int((table["days"] >= day).sum())
        ended = table[(table["days"] == day) & (table["end"] != "")]["end"].value_counts()
        for end, count in ended.items():
            share[str(end)] += still * count / risk
        still *= 1 - ended.sum() / risk
    return share


@pytest.mark.parametrize("step", ["complaint", "finding"])
def test_shares_are_those_counted_officer_by_officer(step: str) -> None:
    rows = histories()
    if step == "complaint":
        begun = rows.groupby("officer_id")["received"].min()
    else:
        begun = rows[rows["finding"] == "sustained"].groupby("officer_id")["closed"].min()
    begun = begun[begun < pd.Timestamp("2019-12-31")].dropna()
    found = officers.next_complaint(data(), step, days=300)
    assert found.counted["n"].tolist() == [len(begun)]
    share = by_hand(begun, 300)
    shown = found.table.set_index("end")["estimate"]
    assert shown[NEXT] == pytest.approx(share[NEXT], abs=1e-12)


def test_leaving_is_an_end_and_no_complaint_still_to_come() -> None:
    cohort = Cohort.of(data())
    ids = cohort.allegations["officer_id"].dropna().unique()
    when = pd.Timestamp("2016-06-30")
    events = cohort.events[cohort.events["stage"] != "left_agency"]
    gone = events.iloc[: len(ids)].assign(
        officer_id=ids,
        stage="left_agency",
        earliest=when,
        latest=when,
        set_aside=None,
        case_id=events["case_id"].iloc[0],
    )
    gone = gone.astype(
        {name: events[name].dtype for name in ("earliest", "latest", "set_aside", "officer_id", "stage")}
    )
    rows = cohort.events["stage"] == "received"
    early = cohort.events[rows & (pd.to_datetime(cohort.events["earliest"]) <= when)]["case_id"]
    kept = cohort.cases["case_id"].isin(early)
    left = cohort.keep_if(kept, because="received by then", decided_by=())
    all_gone = officers.next_complaint(
        replace(left, events=pd.concat([left.events, gone], ignore_index=True)), "complaint", days=1200
    )
    nobody = officers.next_complaint(
        replace(left, events=left.events[left.events["stage"] != "left_agency"]), "complaint", days=1200
    )
    share = all_gone.table.set_index("end")["estimate"]
    assert share[NEXT] + share[LEFT] == pytest.approx(1)
    assert share[NEXT] > 0
    assert all_gone.leaving
    assert not nobody.leaving
    assert "dates no officer's leaving" in nobody.sentence()


def test_groups_of_officers_add_up_to_all() -> None:
    by = officers.next_complaint(data(), by="officer_gender", days=365)
    whole = officers.next_complaint(data(), "complaint", days=365)
    rows = by.table[by.table["end"] == NEXT]
    assert set(by.table["after"]) == {"complaint"}
    assert rows["n"].sum() == whole.table["n"].iloc[0]


def test_a_group_of_few_officers_tells_neither_how_many_nor_when() -> None:
    """Of a release, one officer of no recorded race stood in a table, and the steps of its curve in a figure."""
    rows = data().allegations
    few = sorted(rows["officer_id"].dropna().unique())[:3]
    races = rows["officer_race"].mask(rows["officer_id"].isin(few), "seldom").mask(rows["officer_race"].isna(), "White")
    made = replace(data(), allegations=rows.assign(officer_race=races))
    found = officers.next_complaint(made, by="officer_race", days=[365, 1095])
    shown = found.table[found.table["end"] == NEXT].set_index(["officer_race", "day"])
    assert shown.loc["seldom", ["n", "estimate", "lower", "upper"]].isna().all().all()
    assert (shown["n"].dropna() >= 10).all()
    hidden = shown.index[shown["hidden"] & shown["n"].isna()].get_level_values(0).unique()
    assert len(hidden) >= 2, "one hidden group alone would be the rest of all officers"
    assert not set(found.curves["officer_race"]) & set(hidden)
    assert "seldom" not in found.plot().figure.axes[0].get_title(loc="left")


def test_by_the_day_of_the_incident_only_what_came_after_counts() -> None:
    both = [officers.next_complaint(data(), "finding", start=start, days=365) for start in ("received", "incident")]
    shares = [one.table.set_index("end")["estimate"][NEXT] for one in both]
    assert shares[1] < shares[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"after": "arrest"},
            "after: expected some of complaint, finding, cleared, penalty, dismissal; found 'arrest'",
        ),
        ({"after": []}, "after: expected some of"),
        ({"after": 3}, "after="),
        ({"days": -1}, "days: expected days from 1 to 10,000, found -1"),
        ({"days": 3.5}, "days: expected days from 1 to 10,000, found 3.5"),
        ({"start": "arrest"}, "start: unknown stage 'arrest'"),
        ({"by": "shoe_size"}, "shoe_size"),
    ],
)
def test_what_is_no_step_day_or_column_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        officers.next_complaint(data(), **options)  # type: ignore[arg-type]


def test_without_officers_or_dated_findings_nothing_is_said() -> None:
    cohort = Cohort.of(data())
    nameless = replace(
        cohort, allegations=cohort.allegations.assign(officer_id=pd.array([None] * len(cohort.allegations), "str"))
    )
    with pytest.raises(Refusal, match="identifies an officer"):
        officers.next_complaint(nameless)
    undated = replace(cohort, events=cohort.events[cohort.events["stage"] != "closed"])
    with pytest.raises(Refusal, match="after a first sustained finding with a known day, found none"):
        officers.next_complaint(undated, "finding")
    assert set(officers.next_complaint(undated).table["after"]) <= {"complaint", "penalty", "dismissal"}


def test_an_officer_is_followed_from_its_first_step_once() -> None:
    found = officers.next_complaint(data())
    counted = found.counted.set_index("after")["n"]
    assert (
        counted["complaint"] >= counted["cleared"] >= counted["finding"] >= counted["penalty"] >= counted["dismissal"]
    )
    assert np.isfinite(found.table.loc[found.table["end"] == NEXT, "estimate"].iloc[0])


@pytest.mark.real_data
def test_philadelphias_officers_draw_the_next_complaint(real_source: Callable[[str], Dataset]) -> None:
    found = officers.next_complaint(real_source("philadelphia"), days=365)
    row = found.table.iloc[0]
    assert (row["n"], round(row["estimate"], 3)) == (3016, 0.251)
    with pytest.raises(Refusal, match="after='complaint'"):
        officers.next_complaint(real_source("philadelphia"), "finding")


@pytest.mark.parametrize("known", [True, False])
def test_leaving_is_named_as_an_end_only_where_it_is_on_record(known: bool) -> None:
    data = accountability.load("synthetic")
    less = data if known else replace(data, events=data.events[data.events["stage"] != "left_agency"])

    def none() -> object:
        raise Refusal("not asked here")

    rest = dict.fromkeys(("again", "rates", "gaps"), or_refusal(none))
    found = conclude(
        "when_does_the_next_complaint_come",
        less,
        {"source": "synthetic"},
        coming=officers.next_complaint(less),
        groups=None,
        **rest,
    )
    assert found.lead is not None
    assert ("leaving is another end" in found.lead.subtitle) is known
    assert ("Leaving is counted" in found.answer) is known
