"""A condition that knew how cases ended changes how they came to be seen, whatever form it is written in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import delay
from accountability.casefiles import comparable
from accountability.errors import ParameterError, Refusal
from accountability.multiverse.choices import Exclusion
from accountability.records.dataset import Dataset
from accountability.study.clocks import as_published, durations
from accountability.study.cohort import Cohort
from accountability.study.overview import year_of


@pytest.fixture(scope="module")
def data() -> Dataset:
    """300 complaints, a quarter of them open, with columns that say how they ended under names of their own."""
    rng = np.random.default_rng(15)
    size = 300
    received = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 1200, size), "D")
    days = rng.integers(5, 900, size)
    closed = pd.Series(received + pd.to_timedelta(days, "D"))
    ended = (closed <= "2015-06-30").to_numpy()
    finding = np.where(ended, rng.choice(["sustained", "unfounded"], size), None)
    frame = pd.DataFrame(
        {
            "no": [f"c{number}" for number in range(size)],
            "came": pd.Series(received).dt.strftime("%Y-%m-%d"),
            "done": closed.dt.strftime("%Y-%m-%d").where(ended),
            "found": finding,
            "given": np.where(finding == "sustained", "reprimand", None),
            "side": rng.choice(["north", "south"], size),
            "year_out": closed.dt.year.where(ended).astype("Int64").astype("str").where(ended),
            "state": np.where(ended, "done with", "on the desk"),
            "year_in": pd.Series(received).dt.year.astype("str"),
        }
    )
    made = accountability.from_frame(
        frame, case_id="no", received="came", closed="done", finding="found", penalty="given", unit="complaint",
        columns=["side"], observed_until="2015-06-30", no_day={"": "open"},
    )  # fmt: skip
    of_case = frame.set_index("no")[["side", "year_out", "state", "year_in"]].reindex(made.cases["case_id"])
    return replace(
        made, cases=made.cases.join(of_case.reset_index(drop=True)), allegations=made.allegations.drop(columns="side")
    )


def closing_day(data: Dataset) -> pd.Series:
    closed = data.events[data.events["stage"] == "closed"]
    return closed.set_index("case_id")["latest"].reindex(data.cases["case_id"])


def ids_closed_in(data: Dataset, year: int) -> set[str]:
    day = closing_day(data)
    return set(day.index[day.dt.year == year])


def add(data: Dataset, name: str, values: object) -> Cohort:
    return Cohort.of(data).with_case_column(name, values)  # type: ignore[arg-type]


def allegation(data: Dataset, test: object) -> Cohort:
    return Cohort.of(data).keep_if(test, because="of the allegation", of="allegations")  # type: ignore[arg-type]


BY_OUTCOME = {
    "closed, a mask": lambda d: Cohort.of(d).keep_if(
        closing_day(d).notna().set_axis(d.cases.index), because="closed"
    ),
    "closed in 2014, a mask": lambda d: Cohort.of(d).keep_if(
        (closing_day(d).dt.year == 2014).set_axis(d.cases.index), because="closed in 2014"
    ),
    "closed in 2014, a list of ids": lambda d: Cohort.of(d).keep_if(
        lambda cases: cases["case_id"].isin(ids_closed_in(d, 2014)), because="closed in 2014"
    ),
    "closed in 2014, a mask that a function gives back": lambda d: Cohort.of(d).keep_if(
        lambda cases: (closing_day(d).dt.year == 2014).set_axis(d.cases.index), because="closed in 2014"
    ),
    "a column that a function gives back": lambda d: add(
        d, "out", lambda c: closing_day(d).dt.year.map({2014: "a"}).fillna("b").astype("str")
    ).keep_if(lambda cases: cases["out"] == "a", because="closed in 2014"),
    "closed in 2014, a frame filtered outside": lambda d: Cohort.of(d).keep_if(
        d.cases[d.cases["case_id"].isin(ids_closed_in(d, 2014))], because="closed in 2014"
    ),
    "closed in 2014, taken out of the dataset": lambda d: Cohort.of(
        replace(d, cases=d.cases[d.cases["case_id"].isin(ids_closed_in(d, 2014))].reset_index(drop=True))
    ),
    "a column of days of closing": lambda d: add(d, "last", closing_day(d)).keep_if(
        lambda cases: (cases["last"].dt.year != 2014), because="not closed in 2014"
    ),
    "a closing year from the cohort": lambda d: add(d, "left", lambda c: year_of(c, "closed")).keep_if(
        lambda cases: cases["left"].fillna(0) != 2014, because="not closed in 2014"
    ),
    "the last day from the cohort": lambda d: add(
        d, "last", lambda c: c.events.groupby("case_id")["latest"].max()
    ).keep_if(lambda cases: cases["last"].dt.year == 2014, because="last heard of in 2014"),
    "days open from the cohort": lambda d: add(
        d, "took", lambda c: durations(c).table.set_index("case_id")["days_lower"]
    ).keep_if(lambda cases: cases["took"] < 300, because="under 300 days"),
    "days open, computed outside": lambda d: add(
        d, "took", durations(d).table.set_index("case_id")["days_upper"]
    ).keep_if(lambda cases: ~(cases["took"] > 300).fillna(False).astype(bool), because="not over 300 days"),
    "a derived column that was said to know": lambda d: Cohort.of(d)
    .with_case_column("quick", pd.Series(True, index=d.cases["case_id"][:200]), decided_by="closed")
    .keep_if(lambda cases: cases["quick"].notna(), because="quick ones"),
    "a closing year as published": lambda d: Cohort.of(d).keep_if(
        lambda cases: cases["year_out"] != "2014", because="not closed in 2014"
    ),
    "an ended status": lambda d: Cohort.of(d).keep_if(lambda cases: cases["state"] == "done with", because="done"),
    "an open status": lambda d: Cohort.of(d).keep_if(lambda cases: cases["state"] != "done with", because="open"),
    "a status and a side": lambda d: Cohort.of(d).keep_if(
        lambda cases: (cases["state"] == "done with") | (cases["side"] == "north"), because="done or north"
    ),
    "a status, by query": lambda d: Cohort.of(d).keep_if(
        lambda cases: cases.eval("side == 'north' or state == 'done with'"), because="done or north"
    ),
    "the whole row": lambda d: Cohort.of(d).keep_if(lambda cases: cases.notna().all(axis=1), because="all filled"),
    "sustained": lambda d: allegation(d, lambda rows: (rows["finding"] == "sustained").fillna(False).astype(bool)),
    "not sustained, by negation": lambda d: allegation(
        d, lambda rows: ~(rows["finding"] == "sustained").fillna(False).astype(bool)
    ),
    "a penalty": lambda d: allegation(d, lambda rows: rows["imposed_penalty"].notna()),
    "a penalty, by attribute": lambda d: allegation(d, lambda rows: rows.imposed_penalty.isna()),
    "a mask that was said to know": lambda d: Cohort.of(d).keep_if(
        pd.Series(np.arange(300) % 3 > 0), because="two thirds", decided_by=["received", "findings"]
    ),
    "an exclusion of a multiverse": lambda d: Exclusion("without unfounded", "finding", ("unfounded",)).of(
        Cohort.of(d)
    ),
}  # fmt: skip

PLAIN = {
    "a side": lambda d: Cohort.of(d).keep_if(lambda cases: cases["side"] == "north", because="north"),
    "a year of receipt whose cases have all ended": lambda d: Cohort.of(d).keep_if(
        lambda cases: cases["year_in"] == "2012", because="received in 2012"
    ),
    "a year of receipt from the cohort": lambda d: add(d, "year", year_of).keep_if(
        lambda cases: cases["year"] == 2012, because="received in 2012"
    ),
    "a mask that keeps open cases": lambda d: Cohort.of(d).keep_if(d.cases["side"] == "north", because="north"),
    "a mask that was said to know nothing": lambda d: Cohort.of(d).keep_if(
        d.cases["year_in"] == "2012", because="received in 2012", decided_by=()
    ),
    "a mask that knew the receipt": lambda d: Cohort.of(d).keep_if(
        d.cases["year_in"] == "2012", because="received in 2012", decided_by="received"
    ),
    "a lot": lambda d: Cohort.of(d).keep_if(
        lambda cases: pd.Series(np.random.default_rng().random(len(cases)) < 0.5, index=cases.index), because="by lot"
    ),
    "what removes nobody": lambda d: allegation(d, lambda rows: rows["finding"].isna() | rows["finding"].notna()),
    "an exclusion of a multiverse": lambda d: Exclusion("without north", "side", ("north",)).of(Cohort.of(d)),
}  # fmt: skip


@pytest.mark.parametrize("how", BY_OUTCOME)
def test_a_condition_that_knew_the_outcome_changes_the_rule(how: str, data: Dataset) -> None:
    cohort = BY_OUTCOME[how](data)
    assert 0 < len(cohort) <= len(data.cases)
    assert cohort.card.sampling.rule in ("closed_only", "selected_on_outcome")
    assert cohort.published.sampling.rule == "complete"
    held = durations(cohort)
    for curve in (delay.closing_curve, delay.cox, lambda d: delay.restricted_mean(d, 30)):
        with pytest.raises(Refusal, match=r"selected on|closed cases only"):
            curve(held, "side") if curve is delay.cox else curve(held)
    with pytest.raises(Refusal, match="caseload"):
        delay.caseload(cohort)
    assert "decided by" in cohort.flow()["because"].iloc[-1]


@pytest.mark.parametrize("how", PLAIN)
def test_any_other_condition_leaves_the_rule(how: str, data: Dataset) -> None:
    cohort = PLAIN[how](data)
    assert cohort.card.sampling.rule == "complete"
    assert len(delay.closing_curve(durations(cohort)).table)


def test_all_closed_cases_are_read_backwards(data: Dataset) -> None:
    closed = Cohort.of(data).keep_if(lambda cases: cases["year_out"].notna(), because="closed")
    assert closed.card.sampling.rule == "closed_only"
    assert isinstance(delay.how_long(durations(closed)).curve, delay.ReverseTimeCurve)


def test_closings_of_one_year_are_a_selection(data: Dataset) -> None:
    """Its cases are cut off on both sides, which reading backwards does not allow for."""
    chosen = Cohort.of(data).keep_if(lambda cases: cases["year_out"] == "2014", because="closed in 2014")
    assert chosen.card.sampling.rule == "selected_on_outcome"
    assert "closed in 2014" in delay.mean_of_closed_only(durations(chosen)).sentence()


def test_what_was_known_when_a_clock_started_does_not_count(data: Dataset) -> None:
    sustained = allegation(data, lambda rows: (rows["finding"] == "sustained").fillna(False).astype(bool))
    from_closing = durations(replace(sustained, events=sustained.events.assign(
        stage=sustained.events["stage"].where(sustained.events["stage"] != "received", "penalty_imposed"))),
        "closed", "penalty_imposed")  # fmt: skip
    assert from_closing.sampling.rule == "complete"
    on_penalty = allegation(data, lambda rows: rows["imposed_penalty"].notna())
    assert durations(on_penalty, "closed", "received").sampling.rule == "selected_on_outcome"


def test_statuses_of_a_source_without_closing_days_are_refused_too(data: Dataset) -> None:
    sampling = data.card.sampling.model_copy(update={"rule": "no_closing_date", "open_cases": "status_only"})
    silent = replace(
        data,
        card=data.card.model_copy(update={"sampling": sampling}),
        events=data.events[data.events["stage"] != "closed"],
        allegations=data.allegations.assign(finding=data.allegations["finding"].fillna("pending")),
    )
    assert delay.current_status_curve(as_published(silent)).rows
    ended = Cohort.of(silent).keep_if(
        ~silent.cases["case_id"].isin(silent.allegations.loc[silent.allegations["finding"] == "pending", "case_id"]),
        because="no longer pending",
    )
    with pytest.raises(Refusal, match="holds closed cases only"):
        delay.current_status_curve(as_published(ended))


def test_comparable_cases_chosen_by_their_end_are_refused(data: Dataset) -> None:
    assert comparable(Cohort.of(data), "side=north").words == "side=north"
    with pytest.raises(Refusal, match=r"selected on|closed cases only"):
        comparable(Cohort.of(data), "state=done with")


def test_a_word_that_is_no_stage_is_refused(data: Dataset) -> None:
    with pytest.raises(ParameterError, match="decided_by= takes the stages"):
        Cohort.of(data).keep_if(data.cases["side"] == "north", because="north", decided_by="closing")


def test_a_frame_of_other_cases_is_refused(data: Dataset) -> None:
    with pytest.raises(ParameterError, match="1 of the 1 rows of the frame are not among the 300 cases"):
        Cohort.of(data).keep_if(pd.DataFrame({"case_id": ["elsewhere"]}), because="elsewhere")


@pytest.mark.real_data
def test_chicagos_closings_of_2014_have_no_kaplan_meier(real_source) -> None:
    data = real_source("chicago_2000_2016")
    cohort = Cohort.of(data).keep_if(
        lambda cases: cases["case_id"].isin(ids_closed_in(data, 2014)), because="closed in 2014"
    )
    with pytest.raises(Refusal, match="were selected on"):
        delay.closing_curve(durations(cohort))


def _masks(data: Dataset) -> dict[str, pd.Series]:
    ids = data.cases["case_id"]
    day = {stage: data.events[data.events["stage"] == stage].set_index("case_id") for stage in ("received", "closed")}
    received, closed = ids.map(day["received"]["earliest"]), ids.map(day["closed"]["latest"])
    took = (closed - received).dt.days
    lots = pd.Series(np.random.default_rng(3).random(len(ids)) < 0.5, index=ids.index)
    sustained = ids.isin(data.allegations.loc[data.allegations["finding"] == "sustained", "case_id"])
    return {
        "closed late": ~(took > 300),
        "closed early": ~(took <= 100),
        "closed in a year": closed.dt.year != 2016,
        "not sustained": ~sustained,
        "some open": ~(closed.isna() & lots),
        "received late": received.dt.year >= 2016,
        "received early": received.dt.year < 2018,
        "received in a year": received.dt.year != 2017,
        "by lot": lots,
        "of a kind": data.cases["complainant"] == "public",
    }


@pytest.mark.parametrize("name", ["closed late", "closed early", "closed in a year", "not sustained", "some open"])
def test_a_mask_that_goes_by_how_cases_ended_is_known_by_its_effect(name: str) -> None:
    data = accountability.load("synthetic")
    cohort = Cohort.of(data).keep_if(lambda cases: cases["case_id"].notna(), because="a step before")
    left = cohort.keep_if(_masks(data)[name], because=name)
    assert left.card.sampling.rule == "selected_on_outcome"
    with pytest.raises(Refusal):
        accountability.delay.how_long(left)


@pytest.mark.parametrize("name", ["received late", "received early", "received in a year", "by lot", "of a kind"])
def test_a_mask_that_goes_by_what_was_known_at_the_start_changes_no_rule(name: str) -> None:
    data = accountability.load("synthetic")
    left = Cohort.of(data).keep_if(_masks(data)[name], because=name)
    assert left.card.sampling.rule == data.card.sampling.rule


def test_delays_by_a_column_made_of_the_closing_are_refused() -> None:
    data = accountability.load("synthetic")
    closed = data.events[data.events["stage"] == "closed"].set_index("case_id")["latest"].dt.year
    year = data.cases["case_id"].map(closed).fillna(0).astype(int).astype("str").set_axis(data.cases["case_id"])
    delays = accountability.durations(Cohort.of(data).with_case_column("closing_year", year))
    for estimate in (accountability.delay.compare_groups, accountability.delay.compare, accountability.delay.how_long):
        with pytest.raises(Refusal, match="decided by how or when cases ended"):
            estimate(delays, "closing_year")


def _cut(data: Dataset, ids: pd.Index | pd.Series) -> Dataset:
    """A dataset all of whose tables were cut to some cases."""
    tables = {name: getattr(data, name) for name in ("cases", "allegations", "events")}
    return replace(data, **{name: table[table["case_id"].isin(ids)] for name, table in tables.items()})


def test_a_dataset_cut_in_all_its_tables_to_closed_cases_has_no_kaplan_meier(data: Dataset) -> None:
    cut = _cut(data, pd.Index(sorted(ids_closed_in(data, 2014))))
    cohort = Cohort.of(cut)
    assert cohort.card.sampling.rule == "selected_on_outcome"
    assert "none left is open, although" in cohort.flow()["because"].iloc[-1]
    with pytest.raises(Refusal, match="were selected on"):
        delay.closing_curve(cut)


def test_a_dataset_cut_to_open_cases_or_to_sustained_ones_is_known_too() -> None:
    data = accountability.load("synthetic")
    closed = set(data.events.loc[data.events["stage"] == "closed", "case_id"])
    still = data.cases["case_id"][~data.cases["case_id"].isin(closed)]
    sustained = data.allegations.loc[data.allegations["finding"] == "sustained", "case_id"]
    with_open = _cut(data, pd.concat([sustained, still.head(1)]))
    assert Cohort.of(_cut(data, still)).card.sampling.rule == "selected_on_outcome"
    assert Cohort.of(with_open).card.sampling.rule == "complete"  # a case of each kind, as chance leaves
    assert Cohort.of(_cut(data, sustained)).card.sampling.rule == "selected_on_outcome"


def test_what_a_cut_was_decided_by_can_be_said(data: Dataset) -> None:
    cut = _cut(data, data.cases["case_id"][data.cases["year_in"] == "2012"])
    assert Cohort.of(cut).card.sampling.rule == "selected_on_outcome"  # all of 2012 have closed
    assert Cohort.of(cut, decided_by=()).card.sampling.rule == "complete"
    assert "not known" not in delay.closing_curve(Cohort.of(cut, decided_by="received")).sentence()
    some = _cut(data, data.cases["case_id"][data.cases["side"] == "north"])
    assert Cohort.of(some).card.sampling.rule == "complete"
    assert "is not known: pass decided_by=" in delay.closing_curve(some).sentence()
    assert Cohort.of(some, decided_by="closed").card.sampling.rule == "selected_on_outcome"


@pytest.mark.parametrize("size", [1, 5, 40])
def test_a_source_whose_cases_have_all_closed_is_not_taken_for_a_cut_one(size: int) -> None:
    received = pd.date_range("2012-01-01", periods=size).astype("str")
    frame = pd.DataFrame({"no": [f"c{number}" for number in range(size)], "came": received, "done": "2014-01-01"})
    made = accountability.from_frame(
        frame, case_id="no", received="came", closed="done", unit="complaint", observed_until="2015-06-30"
    )
    assert Cohort.of(made).card.sampling.rule == "complete"
    few = _cut(made, made.cases["case_id"].head(4))
    assert Cohort.of(few).card.sampling.rule == "complete"  # of so few none need be open


@pytest.mark.parametrize("name", ["synthetic", "generated_2019", "generated_2021", "generated_districts", "news_cases"])
def test_no_source_as_loaded_is_taken_for_a_cut_one(name: str) -> None:
    data = accountability.load(name)
    cohort = Cohort.of(data)
    assert cohort.card.sampling.rule == data.card.sampling.rule
    assert len(cohort.steps) == 1


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["chicago_2000_2016", "new_orleans", "philadelphia", "nyc_ccrb_penalties", "nashville"]
)
def test_no_real_source_as_loaded_is_taken_for_a_cut_one(name: str, real_source) -> None:
    data = real_source(name)
    assert len(Cohort.of(data).steps) == 1


SEPARATES = {
    "sustained": lambda rows: rows["finding"] == "sustained",
    "not sustained": lambda rows: rows["finding"] != "sustained",
    "exonerated": lambda rows: rows["finding"] == "exonerated",
    "a penalty": lambda rows: rows["imposed_penalty"].notna(),
    "no penalty": lambda rows: rows["imposed_penalty"].isna(),
    "sustained, of a kind": lambda rows: (rows["finding"] == "sustained") & (rows["category"] == "Force"),
    "all but the sustained of a kind": lambda rows: ~((rows["finding"] == "sustained") & (rows["category"] == "Force")),
}


@pytest.mark.parametrize("of", ["cases", "allegations"])
@pytest.mark.parametrize("name", SEPARATES)
def test_a_mask_that_separates_findings_or_penalties_is_decided_by_them(name: str, of: str) -> None:
    data = accountability.load("synthetic")
    mask = SEPARATES[name](data.allegations).fillna(False).astype(bool)
    if of == "cases" and name.startswith(("not", "no ", "all but")):
        mask = ~data.cases["case_id"].isin(data.allegations["case_id"][~mask])
    elif of == "cases":
        mask = data.cases["case_id"].isin(data.allegations["case_id"][mask])
    left = Cohort.of(data).keep_if(mask, because="chosen", of=of)  # type: ignore[arg-type]
    assert left.card.sampling.rule == "selected_on_outcome", left.flow()["because"].iloc[-1]
    with pytest.raises(Refusal, match=r"selected on|closed cases only"):
        delay.closing_curve(durations(left))


@pytest.mark.parametrize("column", ["category", "officer_race", "officer_gender", "complainant", "investigated_by"])
def test_a_mask_of_any_value_of_a_plain_column_keeps_the_rule_and_is_named(column: str) -> None:
    data = accountability.load("synthetic")
    of = "cases" if column in data.cases else "allegations"
    table = data.cases if of == "cases" else data.allegations
    for value in table[column].dropna().unique():
        mask = (table[column] == value).fillna(False).astype(bool)
        if not 100 < mask.sum() < len(mask):
            continue
        left = Cohort.of(data).keep_if(mask, because="of a kind", of=of)  # type: ignore[arg-type]
        assert left.card.sampling.rule == "complete", left.flow()["because"].iloc[-1]
        said = delay.closing_curve(durations(left)).sentence()
        assert "What 'of a kind' knew of how cases ended is not known: pass decided_by=." in said
        told = Cohort.of(data).keep_if(mask, because="of a kind", of=of, decided_by=())  # type: ignore[arg-type]
        assert "not known: pass" not in delay.closing_curve(durations(told)).sentence()


def test_the_caution_stands_beside_outcomes_too_and_not_after_a_function() -> None:
    data = accountability.load("synthetic")
    force = data.allegations["category"] == "Force"
    mask = Cohort.of(data).keep_if(force, because="force", of="allegations")
    asked = Cohort.of(data).keep_if(lambda rows: rows["category"] == "Force", because="force", of="allegations")
    assert "What 'force' knew" in accountability.describe(mask, "sustained").sentence()
    assert "What 'force' knew" not in accountability.describe(asked, "sustained").sentence()


BY_THE_END = {
    "a function of findings": lambda cohort: cohort.with_case_column(
        "end", lambda held: held.allegations.groupby("case_id")["finding"].agg(lambda found: "sustained" in set(found))
    ),
    "values said to know findings": lambda cohort: cohort.with_case_column(
        "end", outcome_of(cohort), decided_by="findings"
    ),
    "values of which nothing is said": lambda cohort: cohort.with_case_column("end", outcome_of(cohort)),
}
BY_GROUP = {
    "closing_curve": lambda held: delay.closing_curve(held, "end"),
    "compare": lambda held: delay.compare(held, "end"),
    "cox": lambda held: delay.cox(held, "end"),
    "discrete_time": lambda held: delay.discrete_time(held, "end"),
    "restricted_mean": lambda held: delay.restricted_mean(held, 100, "end"),
    "exact_rates": lambda held: delay.exact_rates(held, "end"),
}


def outcome_of(cohort: Cohort) -> pd.Series:
    """Whether each complaint was sustained, as a mask made elsewhere."""
    sustained = cohort.allegations.loc[cohort.allegations["finding"] == "sustained", "case_id"]
    return pd.Series(np.where(cohort.cases["case_id"].isin(sustained), "yes", "no"), cohort.cases["case_id"])


@pytest.mark.parametrize("estimate", BY_GROUP)
@pytest.mark.parametrize("how", BY_THE_END)
def test_delays_by_how_cases_ended_are_refused_though_only_one_group_is_closed(how: str, estimate: str) -> None:
    """Nobody sustained is open, and the others hold all 368 open cases: the sustained look quick by construction."""
    cohort = Cohort.of(accountability.load("synthetic"))
    with pytest.raises(Refusal, match=r"'end' (is known only with 'findings'|looks decided by how cases ended)"):
        BY_GROUP[estimate](durations(BY_THE_END[how](cohort)))


def test_a_group_known_at_the_start_of_the_clock_or_said_to_be_is_compared(data: Dataset) -> None:
    cohort = Cohort.of(accountability.load("synthetic"))
    told = cohort.with_case_column("end", outcome_of(cohort), decided_by=())
    assert set(delay.closing_curve(durations(told), "end").table["end"]) == {"yes", "no"}
    decided = cohort.with_case_column("end", outcome_of(cohort), decided_by="findings")
    assert "yes" in set(delay.closing_curve(durations(decided, "closed", "penalty_imposed"), "end").table["end"])
    closed = Cohort.of(data).keep_if(lambda cases: cases["state"] == "done with", because="closed")
    ended = closed.with_case_column("end", outcome_of(closed))
    assert len(delay.reverse_time_curve(durations(ended), "end").sentence()) > 0  # nobody is open


@pytest.mark.parametrize("tables", [["cases"], ["cases", "allegations"], ["cases", "allegations", "events"]])
@pytest.mark.parametrize("outcome", ["closed", "sustained"])
def test_a_cohort_whose_tables_were_cut_is_known_as_a_dataset_is(outcome: str, tables: list[str]) -> None:
    cohort = Cohort.of(accountability.load("synthetic"))
    end = cohort.events.loc[cohort.events["stage"] == "closed", "case_id"]
    found = cohort.allegations.loc[cohort.allegations["finding"] == "sustained", "case_id"]
    left = {"closed": end, "sustained": found}[outcome]
    parts = {name: getattr(cohort, name) for name in tables}
    cut = replace(cohort, **{name: part[part["case_id"].isin(left)] for name, part in parts.items()})
    with pytest.raises(Refusal, match=r"closed cases only|selected on"):
        delay.closing_curve(durations(cut))
    assert Cohort.of(Cohort.of(cut)).flow()["kept"].iloc[-1] == len(cut.cases)
