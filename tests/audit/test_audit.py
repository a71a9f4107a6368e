"""The audit finds what was planted, says nothing on a clean release, and shows no small number of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

import accountability
from accountability import audit, synthetic
from accountability.audit import category_drift, closing_days, favoured_days
from accountability.audit.closing_days import unusual
from accountability.audit.part import OTHER, at_least, gathered
from accountability.audit.repeated_rows import BUSY, CONTRADICT, PATTERN, ROWS_BUSY, ROWS_WITHOUT
from accountability.audit.study_needs import ESTIMATORS, FIELDS
from accountability.errors import ParameterError
from accountability.records.contract import Card
from accountability.records.dataset import Dataset
from accountability.records.ledger import Ledger
from accountability.stats.multiple_tests import holm
from accountability.studies import registry
from accountability.synthetic import Defects, Design
from accountability.synthetic.source_files import write

START = np.datetime64("2015-01-01")


def card(**changes: Any) -> Card:
    facts = tiny.card() | {"observed_until": dt.date(2030, 12, 31)}
    facts["sampling"] = facts["sampling"] | changes.pop("sampling", {})
    return Card.model_validate(facts | changes)


def events(stage: str, cases: pd.Series, days: Any, width: int = 0, precision: str = "day") -> pd.DataFrame:
    """One dated step a case; a width makes the dates less precise."""
    first = pd.Series(np.asarray(days, dtype="datetime64[D]")).astype("datetime64[s]")
    return pd.DataFrame(
        {
            "case_id": cases.to_numpy(),
            "officer_id": pd.Series([pd.NA] * len(cases), dtype="str"),
            "stage": stage,
            "earliest": first,
            "latest": first + pd.Timedelta(days=width),
            "precision": precision,
            "set_aside": pd.Series([pd.NA] * len(cases), dtype="str"),
        }
    )


def release(steps: list[pd.DataFrame], allegations: pd.DataFrame | None = None, **changes: Any) -> Dataset:
    """A loaded release from its steps and allegations."""
    dated = pd.concat(steps, ignore_index=True)
    names = sorted(set(dated["case_id"]))
    cases = pd.DataFrame({"case_id": pd.Series(names, dtype="str")})
    empty = pd.DataFrame({"case_id": pd.Series(dtype="str"), "officer_id": pd.Series(dtype="str")})
    return Dataset(
        name="made_up",
        title="A made-up release",
        generated=False,
        cases=cases,
        allegations=empty if allegations is None else allegations,
        events=dated,
        ledger=Ledger.of([], [("cases.csv", "cases", len(cases), len(cases))]),
        card=card(**changes),
        sha256="",
        files={},
        lossy=pd.DataFrame(columns=["column", "block", "raw", "term", "loses", "may_be", "rows"]),
    )


def names(count: int) -> pd.Series:
    return pd.Series([f"c{i:05d}" for i in range(count)], dtype="str")


def accused(count: int, officers: int = 200, seed: int = 1, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "case_id": names(count),
            "officer_id": [f"o{i}" for i in rng.integers(0, officers, count)],
            "category": rng.choice(["force", "search", "courtesy"], count, p=[0.5, 0.3, 0.2]),
            "finding": rng.choice(["sustained", "not_sustained", "unfounded"], count),
        }
    )
    return table.assign(**columns).astype({"officer_id": "str", "category": "str", "finding": "str"})


@pytest.fixture(scope="module")
def clean() -> Dataset:
    """Four years of complaints that come and close by chance alone."""
    rng = np.random.default_rng(3)
    received = START + rng.integers(0, 1461, 4000)
    received = received.astype("datetime64[D]")
    closed = received + rng.integers(10, 400, 4000)
    steps = [events("received", names(4000), received), events("closed", names(4000), closed)]
    return release(steps, accused(4000, officers=1000))


# ---- a clean release ---------------------------------------------------------------------------------------------


def test_a_clean_release_has_nothing_to_find(clean: Dataset) -> None:
    found = audit.audit(clean, many=30)
    assert found.coverage.silent == 0
    assert set(found.precision.table["precision"]) == {"day"}
    assert found.impossible.table["impossible"].sum() == 0
    assert found.mass_closures.table.empty
    assert not found.heaping.table["heaped"].any()
    assert not found.drift.table["moved"].any()
    assert found.drift.turnover.empty
    assert found.duplicates.table["alike"].iloc[:-1].sum() == 0
    assert found.identity.table["counted"].sum() == 0
    assert "is blank more often for one finding than for another" in found.missing.sentence()
    assert found.penalty_days.not_held


def test_coverage_counts_each_complaint_once_and_knows_its_year(clean: Dataset) -> None:
    table = audit.coverage(clean).table
    assert table["complaints"].sum() == 4000
    assert list(table["year"]) == [2015, 2016, 2017, 2018]
    assert table["closed"].sum() == 4000
    assert (table["share_decided"] == 1).all()


# ---- planted in small frames -------------------------------------------------------------------------------------


def test_months_without_a_complaint_and_dates_outside_the_period_are_counted() -> None:
    days = START + np.array([0, 40, 200])  # January, February, July
    data = release([events("received", names(3), days)], period={"from": "2015-01-10", "to": "2015-12-31"})
    found = audit.coverage(data)
    assert (found.silent, found.outside) == (4, 1)
    assert found.table["share_without"].isna().all()
    assert "No closing date is published" in found.sentence()


@pytest.mark.parametrize(
    ("open_cases", "said"),
    [
        ("included", "those without one are the open cases"),
        ("excluded", "open cases are left out"),
        ("unknown", "not known"),
    ],
)
def test_a_blank_closing_date_means_what_the_card_says(clean: Dataset, open_cases: str, said: str) -> None:
    told = audit.coverage(replace(clean, card=card(sampling={"open_cases": open_cases})))
    assert said in told.sentence()
    assert "Each has a closing date" in told.sentence()


def test_the_finding_of_a_year_with_few_complaints_is_not_shown() -> None:
    days = np.array(["2015-05-05"] * 9 + ["2016-05-05"] * 10, dtype="datetime64[D]")
    found = audit.coverage(release([events("received", names(19), days)], accused(19)))
    assert found.table["decided"].isna().tolist() == [True, False]


def test_precision_counts_what_each_date_names() -> None:
    steps = [
        events("received", names(6), START + np.arange(6)),
        events("closed", names(4), START + np.arange(4), width=30, precision="month"),
    ]
    table = audit.precision(release(steps)).table
    assert table.set_index(["stage", "precision"])["dates"].to_dict() == {
        ("received", "day"): 6,
        ("closed", "month"): 4,
    }
    assert "'closed', 4 dates of precision 'month'" in audit.precision(release(steps)).sentence()


def test_a_column_blank_after_one_finding_is_named() -> None:
    rows = accused(600)
    rows["officer_rank"] = pd.Series(np.where(rows["finding"] == "unfounded", None, "sergeant"), dtype="str")
    found = audit.missing(release([events("received", names(600), START + np.arange(600))], rows))
    assert "'officer_rank': missing in 100.0 % of rows found unfounded, 0.0 %" in found.sentence()


@settings(max_examples=30)
@given(blank=st.integers(0, 60), least=st.integers(2, 15))
def test_no_small_number_of_blanks_is_shown_nor_what_is_left_of_it(blank: int, least: int) -> None:
    rows = accused(120)
    rank = np.where(np.arange(120) < blank, None, "sergeant")
    rows = rows.assign(officer_rank=pd.Series(rank, dtype="str"))
    table = audit.missing(release([events("received", names(120), START + np.arange(120))], rows), least).table
    shown = table[table["missing"].notna()]
    for part in (shown["missing"], shown["rows"] - shown["missing"]):
        assert not part.between(1, least - 1).any()
    # A single hidden cell of a column could be had by subtraction from what is known of all rows.
    hidden = table[table["missing"].isna()].groupby("field").size()
    assert (hidden != 1).all()


def test_impossible_orders_are_found_without_being_declared() -> None:
    received = START + np.arange(50)
    closed = received + np.timedelta64(20, "D")
    closed[:3] = received[:3] - np.array([1, 5, 9])
    steps = [events("received", names(50), received), events("closed", names(50), closed)]
    found = audit.impossible(release(steps))
    row = found.table.set_index("check").loc["closed before received"]
    assert (row["compared"], row["impossible"], row["of_them_set_aside"], row["worst_days"]) == (50, 3, 0, 9)
    assert "3 of these are not set aside" in found.sentence()


def test_dates_that_may_still_be_in_order_are_not_impossible() -> None:
    received, month = START + np.array([20]), START
    steps = [events("received", names(1), received), events("closed", names(1), [month], width=30, precision="month")]
    assert audit.impossible(release(steps)).table["impossible"].sum() == 0


def test_a_date_after_the_last_day_covered_is_impossible() -> None:
    data = release([events("received", names(20), START + np.arange(20))], observed_until=dt.date(2015, 1, 18))
    row = audit.impossible(data).table.set_index("check").loc["received after the last day covered"]
    assert (row["impossible"], row["worst_days"]) == (2, 2)


def test_an_officers_own_steps_are_compared_officer_by_officer() -> None:
    filed = events("appeal_filed", pd.Series(["c1", "c1"], dtype="str"), START + np.array([100, 300]))
    decided = events("appeal_decided", pd.Series(["c1", "c1"], dtype="str"), START + np.array([200, 250]))
    officers = pd.Series(["a", "b"], dtype="str")
    found = audit.impossible(release([filed.assign(officer_id=officers), decided.assign(officer_id=officers)]))
    assert found.table.set_index("check")["impossible"].to_dict()["appeal decided before appeal filed"] == 1


def test_mass_closings_next_to_one_another_do_not_hide_each_other() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(8, 1500)
    counts[[700, 707, 714, 721]] = 300
    _, chance, marked = unusual(counts)
    assert np.flatnonzero(marked).tolist() == [700, 707, 714, 721]
    assert (chance[marked] < 1e-20).all()


@pytest.mark.parametrize("dispersion", [0.0, 0.2, 1.0])
def test_days_that_differ_by_chance_alone_are_rarely_marked(dispersion: float) -> None:
    rng = np.random.default_rng(11)
    any_marked = 0
    for _ in range(40):
        week = np.tile([12, 14, 15, 14, 11, 1, 0.5], 150)
        rate = week if dispersion == 0 else week * rng.gamma(1 / dispersion, dispersion, len(week))
        any_marked += unusual(rng.poisson(rate))[2].any()
    assert any_marked <= 4


def test_a_series_of_one_day_is_not_marked() -> None:
    assert not unusual(np.array([5]))[2].any()


def test_dates_written_as_the_first_of_the_month_are_found(clean: Dataset) -> None:
    moved = clean.events.copy()
    struck = (moved["stage"] == "closed") & (moved.index % 10 == 0)
    first = moved["earliest"].dt.to_period("M").dt.start_time.astype("datetime64[s]")
    for side in ("earliest", "latest"):
        moved[side] = moved[side].mask(struck, first)
    table = audit.heaping(replace(clean, events=moved)).table
    heaped = table[table["heaped"]]
    # What is moved to the first of its month is moved to the first of January in January.
    assert heaped["place"].tolist() == ["first of the month", "first of January"]
    assert set(heaped["stage"]) == {"closed"}
    assert heaped["ratio"].iloc[0] == pytest.approx(1 + 0.1 * (365.25 / 12 - 1), rel=0.15)


def test_a_default_day_of_january_is_found(clean: Dataset) -> None:
    moved = clean.events.copy()
    struck = (moved["stage"] == "received") & (moved.index % 25 == 0)
    january = moved["earliest"].dt.to_period("Y").dt.start_time.astype("datetime64[s]")
    for side in ("earliest", "latest"):
        moved[side] = moved[side].mask(struck, january)
    table = audit.heaping(replace(clean, events=moved)).table
    assert set(table.loc[table["heaped"], "place"]) == {"first of January", "first of the month"}


def test_days_left_out_do_not_count_as_heaping(clean: Dataset) -> None:
    day = np.datetime64("2016-06-15")
    more = pd.Series([f"m{i}" for i in range(120)], dtype="str")
    steps = [
        clean.events,
        events("received", more, [day - np.timedelta64(50, "D")] * 120),
        events("closed", more, [day] * 120),
    ]
    data = release(steps, clean.allegations)
    place = ("closed", "fifteenth of the month")
    kept = audit.heaping(data).table.set_index(["stage", "place"]).loc[place]
    left = audit.heaping(data, {"closed": audit.mass_closures(data).marked}).table
    assert kept["ratio"] > 1.25
    assert not kept["heaped"]  # one day is one day, however many closed on it
    assert not left.set_index(["stage", "place"]).loc[place, "heaped"]


def test_round_penalties_are_found_and_smooth_ones_are_not() -> None:
    smooth = np.repeat(np.arange(1, 41), np.linspace(200, 40, 40).astype(int))
    rounded = np.concatenate([smooth, np.repeat([5, 10, 30], 150)])
    for days, heaps in ((smooth, []), (rounded, [5, 10, 30])):
        rows = accused(len(days), imposed_days=days.astype(float))
        data = release([events("received", names(len(days)), START + np.arange(len(days)))], rows)
        table = audit.penalty_days(data).table
        assert table.loc[table["heaped"], "days"].tolist() == heaps
        assert table["share"].sum() == pytest.approx(np.isin(days, [1, 3, 5, 10, 15, 30]).mean())


def test_few_penalties_of_a_length_are_not_shown() -> None:
    days = np.repeat([2, 3, 4, 5], [50, 4, 50, 60]).astype(float)
    rows = accused(len(days), imposed_days=days)
    found = audit.penalty_days(release([events("received", names(len(days)), START + np.arange(len(days)))], rows))
    assert found.table.set_index("days").loc[3, ["penalties", "share", "p_value"]].isna().all()
    hidden = found.counts[found.counts["penalties"].isna()]
    assert len(hidden) > 1


def test_a_category_that_vanishes_and_a_mix_that_moves_are_found(clean: Dataset) -> None:
    late = clean.allegations["case_id"].map(
        clean.events.query("stage == 'received'").set_index("case_id")["earliest"].dt.year
    )
    rows = clean.allegations.assign(
        category=clean.allegations["category"].mask(
            (late >= 2017) & (clean.allegations["category"] == "courtesy"), "new"
        )
    )
    found = audit.drift(replace(clean, allegations=rows))
    assert found.table.loc[found.table["moved"], "to_year"].tolist() == [2017]
    assert found.table["distance"].max() == pytest.approx(0.2, abs=0.04)
    turnover = {(row["category"], row["change"], row["year"]) for row in found.turnover.to_dict("records")}
    assert turnover == {("courtesy", "vanishes", 2016), ("new", "appears", 2017)}


def test_the_same_seed_gives_the_same_drift_and_a_wrong_column_is_refused(clean: Dataset) -> None:
    first, second = (audit.drift(clean, seed=7).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    with pytest.raises(ParameterError, match="no column 'kind'"):
        audit.drift(clean, "kind")
    with pytest.raises(ParameterError, match="at least 99"):
        audit.drift(clean, permutations=10)


def test_rows_of_one_complaint_are_shuffled_together() -> None:
    """Four hundred complaints of fifty alike rows each: by rows a wild drift, by complaints none."""
    rng = np.random.default_rng(2)
    kind = rng.choice(["force", "search"], 400)
    rows = accused(20000, officers=4000).assign(
        case_id=np.repeat(names(400).to_numpy(), 50), category=np.repeat(kind, 50)
    )
    days = START + np.repeat([0, 400], 200)
    found = audit.drift(release([events("received", names(400), days)], rows))
    assert not found.table["moved"].any()
    assert found.table["by_chance"].iloc[0] > 0.02


def test_repeated_rows_and_twin_complaints_are_counted(clean: Dataset) -> None:
    rows = clean.allegations.assign(source_row=np.arange(4000))
    again = pd.concat([rows, rows.head(7).assign(source_row=range(4000, 4007))], ignore_index=True)
    found = audit.duplicates(replace(clean, allegations=again)).table.set_index("check")["alike"]
    assert found["rows alike, naming an officer"] == 7
    copy = clean.events[clean.events["case_id"].isin(names(60))]
    copied = copy.assign(case_id=copy["case_id"] + "x")
    twins = release(
        [clean.events, copied],
        pd.concat([clean.allegations, clean.allegations.head(60).assign(case_id=names(60) + "x")], ignore_index=True),
    )
    before, after = (audit.duplicates(data).table.set_index("check") for data in (clean, twins))
    pairs = "pairs of complaints that look like one"
    assert after.at[pairs, "alike"] - before.at[pairs, "alike"] == 60
    assert after.at["complaints alike in all they hold", "alike"] == 60
    assert after.at[pairs, "by_chance"] < 10


def test_placeholders_and_ids_of_several_people_are_counted_and_never_listed(clean: Dataset) -> None:
    rows = clean.allegations.copy()
    ids = rows["officer_id"].copy()
    ids[:200] = "UNKNOWN"
    ids[200:300] = pd.NA
    race = pd.Series(np.where(np.arange(4000) % 2, "white", "black"), dtype="str")
    found = audit.identity(replace(clean, allegations=rows.assign(officer_id=ids, officer_race=race)))
    table = found.table.set_index("check")
    assert table.at[PATTERN, "counted"] == 200
    assert table.at[ROWS_WITHOUT, "counted"] == 100
    assert table.at[CONTRADICT, "counted"] > 500
    # One id alone is busy: neither it nor its rows are shown.
    assert pd.isna(table.at[BUSY, "counted"])
    assert pd.isna(table.at[ROWS_BUSY, "counted"])
    assert "A few ids (too few to count here) are named in more than 30" in found.sentence()
    assert "UNKNOWN" not in repr(found) + found.sentence()


@pytest.mark.parametrize("part", ["audit", "coverage", "duplicates", "needs", "request_letter"])
def test_what_is_no_dataset_is_refused_with_the_line_to_write(part: str) -> None:
    with pytest.raises(ParameterError, match=rf"audit\.{part}\(accountability\.load\('synthetic'\)\)"):
        getattr(audit, part)("synthetic")


# ---- single cases, and nothing at all ----------------------------------------------------------------------------


def test_single_cases_carry_only_the_parts_that_hold() -> None:
    found = audit.audit(accountability.load("news_cases"))
    held = found.table.loc[found.table["not_held"] == "", "part"].tolist()
    assert held == ["Years covered", "Precision of dates", "Impossible orders", "Repeats", "What studies need"]
    assert "%" not in found.coverage.sentence()
    for part in (found.missing, found.mass_closures, found.drift, found.identity):
        assert part.table.empty
        assert part.not_held in part.sentence()
        assert not part.plot().lines
    assert "have no release of your own records" in found.letter.text


def test_a_release_without_any_date_or_officer_is_audited_too() -> None:
    data = release([events("received", names(12), START + np.arange(12))])
    bare = replace(data, events=data.events.iloc[:0], allegations=data.allegations)
    found = audit.audit(bare)
    assert set(found.table.loc[found.table["not_held"] == "", "part"]) == {"Repeats", "What studies need"}


@pytest.mark.parametrize("name", ["coverage", "precision", "missing", "impossible", "mass_closures", "heaping"])
def test_every_part_is_drawn_and_shown_alike_each_time(clean: Dataset, name: str) -> None:

    part = getattr(audit, name)(clean)
    axes = part.plot()
    assert axes.has_data()
    again = getattr(audit, name)(clean)
    assert part._repr_html_() == again._repr_html_()
    assert repr(part) == repr(again)


# ---- what studies need, and the letter ---------------------------------------------------------------------------


def test_every_study_with_needs_is_compared_and_every_field_is_known(clean: Dataset) -> None:
    found = audit.needs(clean)
    # What changed between releases hangs on there being two, not on fields.
    held = {name: study for name, study in registry.STUDIES.items() if not study.needs_release}
    # Whether agencies can be compared, their cards say together.
    asks = {name: study.refused_rules.keys() - {"case_files"} or study.needs_columns for name, study in held.items()}
    wanting = {name for name, asked in asks.items() if asked}
    assert wanting <= set(found.table["study"])
    assert set(found.table["field"]) <= set(found.fields)
    assert {key for keys in ESTIMATORS.values() for key in keys} <= set(FIELDS)
    counts = found.by_question()
    assert (counts["held"] + counts["coarse"] + counts["lacking"] == counts["needed"]).all()


def test_the_letter_asks_for_what_is_lacking_and_for_nothing_that_is_held(clean: Dataset) -> None:
    letter = audit.request_letter(clean)
    asked = set(letter.asked["field"])
    assert {"imposed penalty", "date: assigned", "officer race"} <= asked
    assert not {"date: received", "date: closed", "finding", "officer number", "open cases"} & asked
    for row in letter.asked.to_dict("records"):
        assert row["asked"][1:] in letter.text
        assert row["because"] in letter.text


def test_a_column_that_is_there_and_empty_is_asked_for(clean: Dataset) -> None:
    blank = clean.allegations.assign(imposed_penalty=pd.Series([pd.NA] * 4000, dtype="str"))
    assert "imposed penalty" in set(audit.request_letter(replace(clean, allegations=blank)).asked["field"])
    full = clean.allegations.assign(imposed_penalty="none")
    assert "imposed penalty" not in set(audit.request_letter(replace(clean, allegations=full)).asked["field"])


def test_dates_to_the_month_are_asked_for_to_the_day(clean: Dataset) -> None:
    coarse = clean.events.assign(latest=clean.events["latest"] + pd.Timedelta(days=20))
    letter = audit.request_letter(replace(clean, events=coarse))
    assert letter.asked.set_index("field").at["date: closed", "state"] == "coarse"
    assert "**The day each case was closed** (now: only 0 % of the dates name a day)" in letter.text


def test_a_release_selected_on_its_outcome_is_asked_to_be_whole(clean: Dataset) -> None:
    chosen = replace(clean, card=card(sampling={"rule": "selected_on_outcome", "open_cases": "excluded"}))
    assert {"every complaint", "open cases"} <= set(audit.request_letter(chosen).asked["field"])


def test_words_that_merge_findings_are_asked_to_be_told_apart(clean: Dataset) -> None:
    merged = pd.DataFrame(
        [("finding", "finding", "No Sustained Findings", "not_sustained", "which", "not_sustained, unfounded", 900)],
        columns=clean.lossy.columns,
    )
    text = audit.request_letter(replace(clean, lossy=merged)).text
    assert "“No Sustained Findings” (900 rows) may be not sustained or unfounded." in text


def test_a_release_that_lacks_nothing_is_told_so(clean: Dataset) -> None:
    stages = [key.removeprefix("date: ") for key in FIELDS if key.startswith("date: ")]
    steps = [events(stage, names(20), START + np.arange(20)) for stage in stages]
    held = {column: "x" for field in FIELDS.values() for column in field.columns[:1] if column != "imposed_days"}
    extra = {column: "x" for study in registry.STUDIES.values() for column in study.needs_columns}
    rows = accused(20).assign(**(extra | held), imposed_days=5.0)
    letter = audit.request_letter(release(steps, rows))
    assert letter.asked.empty
    assert letter.text.startswith("**Nothing to ask for.**")


# ---- the synthetic agency ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[synthetic.Agency, Dataset]:
    defects = Defects(month_only=0.3, first_of_month=0.05, closed_before_received=0.01, duplicate_rows=0.01)
    made = synthetic.agency(3000, 42, Design(), defects)
    return made, accountability.load(write(made, tmp_path_factory.mktemp("agency") / "spoiled"))


def test_the_defects_laid_over_an_agency_are_found_in_their_number(spoiled: tuple[synthetic.Agency, Dataset]) -> None:
    made, data = spoiled
    struck = made.struck.set_index("defect")["rows"]
    found = audit.audit(data)
    precision = found.precision.table.set_index(["stage", "precision"])["dates"]
    assert precision["closed", "month"] == struck["month_only"]
    orders = found.impossible.table.set_index("check")
    assert orders.at["closed before received", "impossible"] >= struck["closed_before_received"]
    assert orders.at["closed before received", "of_them_set_aside"] >= struck["closed_before_received"]
    repeats = found.duplicates.table.set_index("check")["alike"]
    assert repeats["repeats dealt with at load"] == struck["duplicate_rows"]
    assert repeats["rows alike, naming an officer"] == 0
    heaped = found.heaping.table[found.heaping.table["heaped"]]
    assert ("closed", "first of the month") in set(zip(heaped["stage"], heaped["place"], strict=True))


def test_the_bundled_agency_shows_its_mass_closing_and_its_reversed_dates() -> None:
    found = audit.audit(accountability.load("synthetic"))
    assert found.mass_closures.table["day"].dt.strftime("%Y-%m-%d").tolist() == ["2017-06-30"]
    assert found.mass_closures.table["expected"].iloc[0] < 5
    orders = found.impossible.table.set_index("check")["impossible"]
    assert orders["closed before received"] == 9
    assert not found.heaping.table["heaped"].any()
    assert not found.drift.table["moved"].any()


# ---- small pieces ------------------------------------------------------------------------------------------------


@given(trials=st.integers(1, 200), share=st.floats(0.01, 0.99), data=st.data())
def test_the_binomial_tail_is_that_of_scipy(trials: int, share: float, data: st.DataObject) -> None:
    from scipy.stats import binom

    count = data.draw(st.integers(0, trials))
    assert at_least(count, trials, share) == pytest.approx(binom.sf(count - 1, trials, share), rel=1e-9, abs=1e-300)


def test_holms_correction_by_hand_and_without_what_was_not_tested() -> None:
    # 4 * 0.005, 3 * 0.01, 2 * 0.03, then 1 * 0.04, which may not fall below the one before
    assert holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005])) == pytest.approx(
        [0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True
    )
    assert len(holm(np.array([]))) == 0


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_correction_keeps_the_order_and_never_helps(p: list[float]) -> None:
    corrected = holm(np.array(p))
    assert (corrected >= np.array(p)).all()
    assert (corrected <= np.minimum(1, len(p) * np.array(p))).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()


@given(values=st.lists(st.sampled_from("abcdef") | st.none(), max_size=60), least=st.integers(1, 12))
def test_gathered_groups_are_never_small_unless_all_is(values: list[str | None], least: int) -> None:
    text = pd.Series(values, dtype="str")
    sizes = gathered(text, least).value_counts()
    assert sizes.sum() == text.notna().sum()
    assert (sizes >= least).all() or sizes.index.tolist() == [OTHER]


# ---- real releases -----------------------------------------------------------------------------------------------


@pytest.mark.real_data
def test_the_days_on_which_chicago_closed_cases_together(real_source: Callable[[str], Dataset]) -> None:
    found = audit.mass_closures(real_source("chicago_2000_2016"))
    table = found.table.assign(day=found.table["day"].dt.strftime("%Y-%m-%d")).set_index("day")
    assert table["closings"].head(3).to_dict() == {"2004-02-21": 506, "2005-02-12": 467, "2005-02-05": 455}
    assert table["by_the_rule"].head(3).all()
    assert int(table["by_the_count"].sum()) == 34
    assert set(table.loc[table["by_the_rule"], "weekday"]) == {"Saturday", "Sunday"}


@pytest.mark.real_data
def test_what_chicago_holds(real_source: Callable[[str], Dataset]) -> None:
    data = real_source("chicago_2000_2016")
    orders = audit.impossible(data).table.set_index("check")
    assert orders.at["closed before received", "impossible"] == 23
    assert orders.at["closed before received", "worst_days"] == 258
    assert orders.at["received before incident", "impossible"] == 8
    assert orders.at["closed before incident", "impossible"] == 19
    assert audit.coverage(data).table["no_closing_date"].sum() == 1949
    heaping = audit.heaping(data).table
    assert set(heaping.loc[heaping["heaped"], "stage"]) == {"incident"}
    asked = set(audit.request_letter(data).asked["field"])
    assert {"date: assigned", "date: penalty_imposed", "investigating body"} <= asked
    assert not {"date: closed", "imposed penalty", "officer race"} & asked


@pytest.mark.real_data
def test_philadelphia_is_asked_for_closing_dates_and_for_plain_words(
    real_source: Callable[[str], Dataset], real_data: Callable[[str], Path]
) -> None:
    real_data("philadelphia")
    data = real_source("philadelphia")
    found = audit.audit(data)
    assert found.mass_closures.not_held
    assert "date: closed" in set(found.letter.asked["field"])
    assert "stand for several things" in found.letter.text
    repeats = found.duplicates.table.set_index("check")["alike"]
    assert repeats["repeats dealt with at load"] >= 594


# ---- batches: days and not cases are what chance deals out ---------------------------------------------------------


def batched_days(seed: int, years: int, batches: float, size: float) -> np.ndarray:
    """Cases closed a day: batches by a Poisson law on weekdays, each of a geometric number of cases."""
    rng = np.random.default_rng(seed)
    days = np.arange(365 * years)
    number = rng.poisson(np.where((days + 3) % 7 < 5, batches, 0.0))
    extra = rng.negative_binomial(np.maximum(number, 1), 1 / size)
    return np.where(number > 0, number + extra, 0)


@pytest.mark.parametrize(("batches", "size"), [(2.0, 1.0001), (1.0, 4.0), (0.2, 10.0)])
def test_batches_are_no_heaps_and_no_mass_closings(batches: float, size: float, pytestconfig: pytest.Config) -> None:
    """At a level of 0.01 over all places, and over all days, few releases of batches alone are called out."""
    runs = 1000 if pytestconfig.getoption("--full") else 120
    heaped = marked = 0
    for seed in range(runs):
        counts = batched_days(seed, 4, batches, size)
        day = np.repeat(np.arange(len(counts)) + 14_610, counts)
        places = favoured_days._stage(day)[0]["p_value"].dropna().to_numpy()
        heaped += int((places * len(places)).min() < favoured_days.LEVEL)
        marked += int(closing_days.unusual(counts)[2].any())
    assert heaped <= 0.01 * runs + 3 * np.sqrt(0.01 * runs)
    assert marked <= 0.03 * runs + 3 * np.sqrt(0.03 * runs)


def test_a_mass_closing_among_batches_is_still_found() -> None:
    counts = batched_days(1, 4, 1.0, 4.0)
    counts[700] += 150
    assert np.flatnonzero(closing_days.unusual(counts)[2]).tolist() == [700]


@pytest.mark.parametrize("officers", [1, 3])
def test_officers_penalised_alike_in_one_complaint_make_no_round_number(officers: int) -> None:
    """Of complaints whose officers all get the same days, any from 1 to 31 alike, few releases have a heap.

    By rows, 34 in 100 had one where a complaint had three officers.
    """
    heaped = 0
    for seed in range(100):
        days = np.repeat(np.random.default_rng(seed).integers(1, 32, 150), officers).astype(float)
        rows = accused(len(days), imposed_days=days).assign(case_id=np.repeat(names(150).to_numpy(), officers))
        found = audit.penalty_days(release([events("received", names(150), START + np.arange(150))], rows), min_cell=1)
        heaped += int(found.table["heaped"].any())
    assert heaped <= 5 + 3 * np.sqrt(5)


@pytest.mark.parametrize("officers", [1, 3])
def test_rare_words_do_not_appear_or_vanish_by_chance(officers: int) -> None:
    """Words of few complaints leave out years by chance; by rows, 73 in 100 releases had one called out."""
    called = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        share = np.r_[np.full(10, 0.008), np.full(4, 0.23)]
        word = rng.choice([f"word {number}" for number in range(14)], 1500, p=share)
        frame = pd.DataFrame({"case_id": np.arange(1500), "year": rng.integers(2010, 2018, 1500), "category": word})
        called += int(len(category_drift._turnover(frame.loc[frame.index.repeat(officers)])) > 0)
    assert called <= 5 + 3 * np.sqrt(5)


@pytest.mark.parametrize("at_once", [50, 2_000_000])
def test_complaints_drawn_by_kind_are_those_of_a_shuffle(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of kinds, drawn or shuffled one by one, have the mean and covariance of draws without replacement."""
    monkeypatch.setattr(category_drift, "_AT_ONCE", at_once)
    size, taken, draws = np.array([60, 1, 1, 3, 25, 2, 4, 5, 1]), 40, 20_000
    found = category_drift._shuffled(np.random.default_rng(3), size, taken, draws)
    assert found.shape == (len(size), draws)
    assert (found.sum(axis=0) == taken).all()
    assert ((found >= 0) & (found <= size[:, None])).all()
    total, share = size.sum(), size / size.sum()
    worth = taken * (total - taken) / (total - 1)
    expected = worth * (np.diag(share) - np.outer(share, share))
    assert found.mean(axis=1) == pytest.approx(taken * share, abs=4 * np.sqrt(np.diag(expected).max() / draws))
    assert np.abs(np.cov(found) - expected).max() < 6 * expected.max() / np.sqrt(draws)


def test_nothing_and_everything_can_be_drawn() -> None:
    size = np.array([7, 1, 2])
    for taken in (0, 10):
        found = category_drift._shuffled(np.random.default_rng(1), size, taken, 5)
        assert (found == (size[:, None] if taken else 0)).all()
    assert (category_drift._shuffled(np.random.default_rng(1), np.array([9]), 4, 3) == 4).all()
