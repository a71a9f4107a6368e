import re
from dataclasses import replace

import numpy as np
import pytest
from agency import Sampling as Rule
from agency import agency, event
from conftest import ROOT, examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import Cohort, delay
from accountability.delay import deadlines, limits
from accountability.errors import ParameterError, Refusal
from accountability.records.contract import InForce, Period, read_source
from accountability.study.calendars import US_FEDERAL
from accountability.study.durations import Durations, Sampling


def verdicts(made, rule, **more):
    table = deadlines.assess(made, rule, **more).verdicts
    return list(zip(table["verdict"], table["reason"], strict=True))


def test_days_are_late_or_in_time_and_open_cases_are_judged_by_what_is_known():
    made = Durations.from_days([180, 181, 180, 179], [True, True, False, False])
    assert verdicts(made, 180) == [
        ("in time", ""),
        ("late", ""),
        ("late", ""),  # still open after day 180
        ("cannot tell", deadlines.NOT_DUE),
    ]


def test_dates_that_straddle_the_limit_cannot_be_told():
    made = Durations.from_days([150, 181, 100], days_upper=[190, 220, 180])
    assert [word for word, _ in verdicts(made, 180)] == ["cannot tell", "late", "in time"]
    assert verdicts(made, 180)[0][1] == deadlines.COARSE


def test_a_limit_in_months_is_a_range_of_days():
    assert deadlines.calendar_days(limits.limit("new_york")) == (546, 550)
    assert deadlines.calendar_days(limits.limit("california")) == (365, 366)
    made = Durations.from_days([365, 366, 367])
    assert [word for word, _ in verdicts(made, "california", pauses="none")] == ["in time", "cannot tell", "late"]


def test_business_days_are_bounded_by_weekends_and_holidays():
    fewest, most = deadlines.calendar_days(limits.limit("district_of_columbia"))
    assert fewest >= 90 / 5 * 7 - 3
    assert most <= 90 / 5 * 7 + 21
    assert deadlines.calendar_days(limits.Limit("x", "x", 1, "business days", "x"))[0] == 1


@pytest.mark.parametrize("length", [10, 90, 120])
def test_no_window_of_business_days_lies_outside_the_shortest_and_the_longest(length):
    fewest, most = deadlines.calendar_days(limits.Limit("x", "x", length, "business days", "x"))
    own = [np.datetime64(f"{year}-{day}") for year in range(2000, 2012) for day in ("04-16", "12-24", "12-31")]
    friday_after = [day for day in US_FEDERAL.days_off() + 1 if day.astype(object).month == 11]
    closed = np.unique(np.concatenate([US_FEDERAL.days_off(), own, friday_after]).astype("datetime64[D]"))
    starts = np.arange("2001-01-01", "2011-01-01", dtype="datetime64[D]")
    for holidays in ([], closed):
        spans = (np.busday_offset(starts, length, roll="backward", holidays=holidays) - starts).astype(int)
        assert fewest <= spans.min()
        assert spans.max() <= most
    made = Durations.from_days([fewest, fewest + 1, most, most + 1])
    found = verdicts(made, limits.Limit("x", "x", length, "business days", "x"))
    assert [word for word, _ in found] == ["in time", "cannot tell", "cannot tell", "late"]


def test_a_source_is_judged_by_the_limit_it_declares_while_it_was_in_force():
    held = agency([event(f"c{day}", "received", f"2020-01-{day:02d}") for day in range(1, 31)])
    covered = InForce.model_validate({"rule": "california", "from": "2020-01-11", "because": "its own"})
    under = replace(held, card=replace(held.card, limits=[covered]))
    law = limits.of_source(under)
    assert (law.name, law.source, law.covers) == ("california", under.name, "from 2020-01-11")
    kept = deadlines.begun_under(Cohort.of(under), law)
    assert len(kept) == 20
    assert "california was in force, from 2020-01-11" in kept.flow()["because"].iloc[-1]


def test_the_days_a_limit_covers_are_no_selection_by_how_cases_ended():
    """All cases still open began after the limit's last day: those before it are not there because they closed."""
    begun = [event(f"c{day}", "received", f"2020-01-{day:02d}") for day in range(1, 31)]
    held = agency([*begun, *(event(f"c{day}", "closed", "2020-03-01") for day in range(1, 21))])
    covered = InForce.model_validate({"rule": "california", "to": "2020-01-20", "because": "its own"})
    under = replace(held, card=replace(held.card, limits=[covered]))
    kept = deadlines.begun_under(Cohort.of(under), limits.of_source(under))
    assert len(kept) == 20
    assert kept.card.sampling.rule == held.card.sampling.rule


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ([], "declares no limit of law or policy. Write under card: limits:"),
        ([{"rule": "california", "from": "2031-01-01", "because": "x"}], "california is in force from 2031-01-01"),
    ],
)
def test_without_a_limit_in_force_one_is_asked_for(declared, said):
    held = agency([event("c1", "received", "2020-01-01")])
    period = Period.model_validate({"from": "2020-01-01", "to": "2020-12-31"})
    limits_of = [InForce.model_validate(one) for one in declared]
    bare = replace(held, card=replace(held.card, limits=limits_of, period=period))
    with pytest.raises(Refusal, match=re.escape(said)):
        limits.of_source(bare)
    yardstick = deadlines.assess(Durations.from_days([1, 400]), limits.of_source(bare, "california"), pauses="none")
    assert "a yardstick: the source does not declare it in force" in yardstick.sentence()


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "data").glob("*/source.yaml")))
def test_every_declared_limit_stands_in_the_list(name):
    card = read_source(ROOT / "data" / name).card
    assert {one.rule for one in card.limits} <= {one.name for one in limits.numbered()}


def test_what_cannot_be_decided_is_said_first():
    said = deadlines.assess(Durations.from_days([500] * 30 + [10] * 10), "florida").sentence()
    assert said.index("for 30 of 40 cases (75 %) it cannot be told") < said.index("0 late for certain")


def test_unknown_pauses_take_the_certainty_out_of_late():
    made = Durations.from_days([500, 10])
    assert verdicts(made, "florida") == [("cannot tell", deadlines.PAUSED), ("in time", "")]
    result = deadlines.assess(made, "florida")
    assert result.table[["late_lower", "late_upper"]].to_numpy().tolist() == [[0, 0.5]]
    assert deadlines.assess(made, "florida", pauses="none").table["late"].item() == 1


def test_what_would_have_lapsed_under_other_limits():
    table = deadlines.under_other_limits(Durations.from_days([50, 70, 100, 400]), [60, 75, "florida"])
    assert table["limit"].tolist() == ["60 calendar days", "75 calendar days", "180 calendar days"]
    assert table["late"].tolist() == [3, 2, 1]


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 400),
)
def test_every_true_delay_agrees_with_its_verdict(rows, limit):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    result = deadlines.assess(Durations.from_days(low, closed, days_upper=low + width), limit)
    for least, most, done, verdict in zip(low, low + width, closed, result.verdicts["verdict"], strict=True):
        possible = {day > limit for day in (range(least, most + 1) if done else (least + 1, 10_000))}
        assert verdict == {(True,): "late", (False,): "in time"}.get(tuple(possible), "cannot tell")
    assert result.reasons["cases"].sum() == len(rows)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ("delaware", Refusal, "no time limit was found"),
        ("atlantis", ParameterError, "no limit 'atlantis'"),
        (0, ParameterError, "positive"),
    ],
)
def test_a_limit_that_is_none_is_refused(rule, error, message):
    with pytest.raises(error, match=message):
        deadlines.assess(Durations.from_days([1]), rule)


def test_records_selected_on_the_outcome_are_refused():
    made = Durations.from_days([1], sampling=Sampling("selected_on_outcome", selected_on=("finding",)))
    with pytest.raises(Refusal, match="selected on finding"):
        deadlines.assess(made, 180)


def test_every_limit_has_a_citation_and_a_confidence():
    table = limits.table()
    assert table["name"].is_unique
    assert (table[["citation", "confidence", "jurisdiction", "limits"]] != "").all().all()
    assert table["kind"].value_counts().to_dict() == {"law": 23, "bar": 35, "wait": 7, "notice": 2}


def test_the_sentence_names_the_rule_and_the_bounds():
    made = Durations.from_days([500, 10] * 10, groups={"g": ["a", "b"] * 10})
    result = deadlines.assess(made, "florida", by="g", pauses="none")
    assert result.sentence().startswith(
        "Limit of 180 calendar days (Fla. Stat. 112.532(6)(a); confidence high), a yardstick: the source does not "
        "declare it in force: a: of 10"
    )
    axes = result.plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]


def town():
    events = []
    for case in range(60):
        events.append(event(f"c{case}", "received", f"2020-{case % 6 + 1:02d}-10"))
        if case < 40:
            events.append(event(f"c{case}", "closed", "2020-08-03" if case < 30 else "2020-09-01"))
    return agency(events)


def test_the_caseload_adds_up_month_by_month():
    table = delay.caseload(town()).table.set_index("month")
    assert table["received"].sum() == 60
    assert table["closed"].sum() == 40
    assert table.loc["2020-06-01", "open_at_end"] == 60
    assert table.loc["2020-12-01", "open_at_end"] == 20
    assert table["complete"].all()
    assert table.loc["2020-01-01", "median_age_open"] == 21
    again = delay.caseload(town(), cutoff="2020-08-15").table
    assert not again["complete"].iloc[-1]


def test_a_day_on_which_many_cases_closed_is_marked():
    result = delay.caseload(town())
    assert result.mass_closures["day"].dt.strftime("%Y-%m-%d").tolist() == ["2020-08-03"]
    assert "the largest 2020-08-03 with 30 cases" in result.sentence()
    assert len([line for line in result.plot().get_lines() if line.get_gid() is None]) == 3


def test_a_caseload_without_open_cases_or_days_is_refused():
    events = [event("a", "received", "2020-01-01"), event("a", "closed", "2020-02-01")]
    with pytest.raises(Refusal, match="counts open cases"):
        delay.caseload(agency(events, sampling=Rule("closed_only", "excluded")))
    with pytest.raises(Refusal, match="pass cutoff="):
        delay.caseload(agency(events, observed_until=None))
    with pytest.raises(Refusal, match="less finely than a day"):
        delay.caseload(agency([event("a", "received", "2020-01-01", "2020-01-31")]))


def test_a_limit_shows_its_citation_and_how_firmly_it_is_known():
    law = limits.limit("florida")
    shown = repr(law)
    assert all(part in shown for part in ("180 calendar days (florida)", law.citation, "confidence"))
    assert "Fla. Stat." in law._repr_html_()
    assert limits.Limit("x", "<y>", None, "", "")._repr_html_().count("&lt;y&gt;") == 1
    assert "no number was found" in repr(limits.limit("delaware"))
    assert {one.name for one in limits.LIMITS} - {one.name for one in limits.numbered()} == {"delaware", "oregon"}


def test_other_limits_are_named_with_how_firmly_they_are_known():
    table = deadlines.under_other_limits(Durations.from_days([50]), limits.numbered())
    assert table["name"].tolist() == [one.name for one in limits.numbered()]
    assert (table["confidence"] != "").all()
    assert (table["in_time"] + table["late"] + table["cannot_tell"] == 1).all()


def test_a_group_of_few_cases_is_not_shown():
    group = np.repeat(["a", "b", "c"], [30, 20, 4])
    result = deadlines.assess(Durations.from_days(np.arange(54) * 10, groups={"g": group}), 180, "g")
    assert result.table["hidden"].tolist() == [False, True, True]
    assert result.table.loc[1:, ["n", "late", "late_lower"]].isna().all(axis=None)
    assert "c: too few cases to show" in result.sentence()
    assert result.true_numbers()["n"].tolist() == [30, 20, 4]


def test_a_point_is_drawn_only_where_the_share_late_is_known():
    made = Durations.from_days([500, 10, 170] * 10, days_upper=[500, 10, 190] * 10, groups={"g": ["a", "b", "c"] * 10})
    axes = deadlines.assess(made, 180, by="g").plot()
    points = axes.get_lines()[0].get_xdata()
    assert np.isnan(points).tolist() == [False, False, True]
