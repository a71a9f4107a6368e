"""A case file under every choice of readings: what it says, how long the case took, how firm its penalties are."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import accountability
from accountability import casefiles
from accountability.casefiles import casefile_tables
from accountability.casefiles.case_steps import ANNOUNCED, FILED, RECOMMENDED, UNSAID
from accountability.casefiles.register import Conflict, choices_of, combinations, conditions
from accountability.delay import deadlines
from accountability.errors import ParameterError, Refusal, SourceError
from accountability.publish import kept
from accountability.records.dates import parse
from accountability.results import or_refusal
from accountability.studies import CaseMiamiDade2010, CasePinecrest
from accountability.study.durations import Durations


@pytest.fixture(scope="module")
def everything() -> casefiles.CaseFile:
    return casefiles.read("news_cases")


@pytest.fixture(scope="module")
def squad(everything: casefiles.CaseFile) -> casefiles.CaseFile:
    return everything.case("MDPD-2010")


@pytest.fixture(scope="module")
def pinecrest(everything: casefiles.CaseFile) -> casefiles.CaseFile:
    return everything.case("PINECREST")


# ---- reading ---------------------------------------------------------------------------------------------------


def test_every_fact_carries_its_citation_and_who_asserts_it(everything: casefiles.CaseFile) -> None:
    facts = everything.facts
    assert len(facts) == 98
    assert facts["cite"].str.fullmatch(r"r00[0-2], par\. \d+").all()
    assert (facts["asserted_by"] != "").all()
    assert facts.loc[facts["fact_id"] == "F049", ["earliest", "latest"]].to_numpy().tolist() == [
        [pd.Timestamp("2012-09-01"), pd.Timestamp("2012-09-30")]
    ]
    late_january = facts[facts["date"] == "late January"]
    assert len(late_january) == 1
    assert late_january["earliest"].isna().all()


def test_one_case_holds_its_own_facts_reports_and_conflicts(
    squad: casefiles.CaseFile, pinecrest: casefiles.CaseFile
) -> None:
    assert set(squad.facts["case_id"]) == {"MDPD-2010"}
    assert list(squad.reports["report"]) == ["r000", "r001"]
    assert list(pinecrest.reports["report"]) == ["r002"]
    assert not set(squad.register) & set(pinecrest.register)
    assert set(squad.not_stated["case_id"]) == {"MDPD-2010"}


def test_the_defaults_of_a_study_are_those_of_the_register(
    squad: casefiles.CaseFile, pinecrest: casefiles.CaseFile
) -> None:
    for case, model in ((squad, CaseMiamiDade2010), (pinecrest, CasePinecrest)):
        given_ = model.model_validate({}).literals()
        assert {name: given_[name] for name in case.register} == dict(case.readings)
        for name, conflict in case.register.items():
            for reading in conflict.readings:
                assert model.model_validate({name: reading}).literals()[name] == reading


def test_a_reading_is_chosen_by_keyword_by_text_or_by_the_report_that_carries_it(squad: casefiles.CaseFile) -> None:
    one = squad.reading(discipline_date="late_2012", headline="headline")
    assert one.readings == squad.reading("discipline_date=late_2012; headline=headline").readings
    assert one.readings["discipline_date"] == squad.reading("discipline_date=r000").readings["discipline_date"]
    assert squad.readings["discipline_date"] == "september"
    assert one.reading("headline=body").readings["discipline_date"] == "late_2012"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("disciplin_date=september", "Did you mean 'discipline_date'?"),
        ("discipline_date=septembre", "Did you mean 'september'?"),
        ("headline=r000", "that report carries body and headline"),
        ("found_or_alleged=r002", "no such reading"),
        ("discipline_date", "expected conflict=reading"),
        ("headline=body; headline=headline", "chosen twice"),
        ("week_days=five", "no conflict 'week_days' in this case"),
    ],
)
def test_a_reading_that_cannot_be_meant_is_refused_and_named(squad: casefiles.CaseFile, text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=r"\w") as error:
        squad.reading(text)
    assert said in str(error.value)


def test_an_unknown_case_and_a_source_without_case_files_are_refused(everything: casefiles.CaseFile) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'PINECREST'"):
        everything.case("PINECRST")
    with pytest.raises(SourceError, match="expected case files"):
        casefiles.read("synthetic")
    with pytest.raises(ParameterError, match="choose one case"):
        casefiles.delay_bounds(everything)


def test_under_every_choice_rows_of_two_readings_never_stand_together(squad: casefiles.CaseFile) -> None:
    register = {name: squad.register[name] for name in squad.matters()}
    seen = 0
    for choice in combinations(register, tuple(register)):
        held = squad.reading(**choice)
        for rows in (held.events, held.allegations):
            for cell in rows["reading"].dropna():
                assert all(choice[name] == reading for name, reading in conditions(cell).items())
        punished = held.allegations.dropna(subset=["imposed_penalty"])["officer_id"]
        assert len(punished) == punished.nunique() == 6
        seen += 1
    assert seen == 2 ** len(register) == 256


def test_too_many_combinations_are_counted_and_refused() -> None:
    entry = {
        "case_ids": ["A"],
        "kind": "ambiguity",
        "question": "q",
        "default": "a",
        "because": "b",
        "readings": {r: {"says": "s", "facts": ["F1"], "changes": "c"} for r in "ab"},
    }
    register = {f"c{i}": Conflict.of(f"c{i}", entry) for i in range(13)}
    with pytest.raises(ParameterError, match="8,192 combinations"):
        next(combinations(register, tuple(register)))
    assert len(list(combinations(register, tuple(register)[:12]))) == 4096


TOLD = {"says": "s", "facts": ["F1"], "changes": "c"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"default": "c"}, "none of its readings"),
        ({"kind": "quarrel"}, "'disagreement' or 'ambiguity' .found 'quarrel'."),
        ({"readings": {"a": TOLD}}, "readings: .* at least 2 items"),
        ({"question": ""}, "question: .* at least 1 character"),
        ({"questoin": "q"}, "questoin: Extra inputs"),
        (
            {"readings": {"a": {"says": "s", "facts": [], "changes": "c"}, "b": {}}},
            "readings.a.facts: .* at least 1 item",
        ),
    ],
)
def test_a_conflict_that_is_none_is_refused(change: dict, said: str) -> None:
    entry = {"case_ids": ["A"], "kind": "ambiguity", "question": "q", "default": "a", "because": "b"}
    assert Conflict.of("x", {**entry, "readings": {"a": TOLD, "b": TOLD}}).default == "a"
    with pytest.raises(SourceError, match=said):
        Conflict.of("x", {**entry, "readings": {"a": TOLD, "b": TOLD}, **change})


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)))
def test_choices_written_as_text_are_read_back(choices: dict[str, str]) -> None:
    assert choices_of("; ".join(f"{name}={reading}" for name, reading in choices.items())) == choices


def test_facts_are_counted_by_who_asserts_them(squad: casefiles.CaseFile) -> None:
    counted = squad.counted()
    assert counted["facts"].sum() == len(squad.facts)
    assert counted.drop(columns=["asserted_by", "facts"]).sum(axis=1).tolist() == counted["facts"].tolist()
    with pytest.raises(ParameterError, match="Did you mean 'category'"):
        squad.counted("categry")


def test_what_is_said_of_the_supervisor_is_found(squad: casefiles.CaseFile) -> None:
    about = squad.about("sergeant", "supervision")
    assert {"F025", "F029", "F030", "F067"} <= set(about["fact_id"])
    assert "F006" not in set(about["fact_id"])


def test_a_table_shown_whole_is_cut_nowhere(squad: casefiles.CaseFile) -> None:
    shown = casefiles.whole(squad.facts)
    longest = max(squad.facts["what"], key=len)
    assert longest in repr(shown)
    assert shown._repr_html_().count("<tr>") == len(squad.facts)
    assert "elsewhere" not in casefiles.whole(squad.conflicts).table


# ---- delay -----------------------------------------------------------------------------------------------------


def test_the_squad_took_610_to_1003_days_under_september(squad: casefiles.CaseFile) -> None:
    delay = casefiles.delay_bounds(squad)
    assert (delay.days_lower, delay.days_upper) == (610, 1003)
    assert delay.by == ("discipline_date", "start_of_investigation")
    assert "610 to 1,003 days under discipline_date=september" in delay.sentence()


def test_the_bounds_are_wider_under_late_2012_and_open_where_the_start_has_no_first_day(
    squad: casefiles.CaseFile,
) -> None:
    late = casefiles.delay_bounds(squad.reading(discipline_date="late_2012"))
    assert (late.days_lower, late.days_upper) == (610, 1095)
    before = casefiles.delay_bounds(squad.reading(start_of_investigation="by_2010"))
    assert (before.days_lower, before.days_upper) == (610, None)
    assert before.widest == late.widest == (610, None)
    assert "no longest length" in before.sentence()


def test_every_combination_of_readings_is_bounded_as_it_is_alone(squad: casefiles.CaseFile) -> None:
    by, table = casefiles.delay_bounds(squad).by, casefiles.delay_bounds(squad).table
    assert len(table) == 4
    assert table["chosen"].sum() == 1
    for row in table.to_dict("records"):
        alone = casefiles.delay_bounds(squad.reading(**{name: row[name] for name in by}))
        assert alone.days_lower == row["days_lower"]
        assert alone.days_upper == (None if pd.isna(row["days_upper"]) else row["days_upper"])


def test_the_bounds_are_those_of_the_days_a_calendar_gives(squad: casefiles.CaseFile) -> None:
    starts, stops = (pd.date_range(*ends) for ends in (("2010-01-01", "2010-12-31"), ("2012-09-01", "2012-09-30")))
    days = [(stop - start).days for start, stop in itertools.product(starts, stops)]
    bounds = casefiles.delay_bounds(squad)
    assert (bounds.days_lower, bounds.days_upper) == (min(days), max(days))


def test_a_case_without_dates_is_refused_with_what_nobody_says(pinecrest: casefiles.CaseFile) -> None:
    with pytest.raises(Refusal, match="The day and year of the crash"):
        casefiles.delay_bounds(pinecrest)
    for ask in (casefiles.delay_bounds, casefiles.verdict):
        assert "no reading bounds" in or_refusal(lambda ask=ask: ask(pinecrest)).sentence()


def test_what_is_no_case_file_is_refused_with_the_line_to_write() -> None:
    of = casefiles
    for ask in (of.timeline, of.delay_bounds, of.verdict, of.penalties, of.changes):
        with pytest.raises(ParameterError, match=rf"casefiles\.{ask.__name__}\(casefiles\.read"):
            ask(pd.DataFrame())


def test_unknown_steps_are_refused(squad: casefiles.CaseFile) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'opened'"):
        casefiles.delay_bounds(squad, "open")
    with pytest.raises(ParameterError, match="no time passes"):
        casefiles.delay_bounds(squad, "opened", "opened")


# ---- verdict ---------------------------------------------------------------------------------------------------


def test_against_180_days_the_squad_is_late_unless_a_clock_stopped_unseen(squad: casefiles.CaseFile) -> None:
    verdict = casefiles.verdict(squad, "florida")
    assert set(verdict.table["by_calendar"]) == {deadlines.LATE}
    assert set(verdict.table["verdict"]) == {deadlines.CANNOT_TELL}
    assert set(verdict.table["reason"]) == {deadlines.PAUSED}
    chosen = verdict.table[verdict.table["chosen"]].iloc[0]
    assert (chosen["pause_fewest"], chosen["pause_most"]) == (610 - 180, 1003 - 180)
    assert len(verdict.rescues) == len(verdict.rule.pauses.split(";")) + 1
    assert "Pauses of 430 days" in verdict.sentence()


def test_a_pause_of_the_days_named_rescues_and_one_day_less_does_not(squad: casefiles.CaseFile) -> None:
    needed = int(casefiles.verdict(squad, "florida").table["pause_fewest"].min())
    assert set(casefiles.verdict(squad, 180 + needed).table["by_calendar"]) == {deadlines.CANNOT_TELL}
    assert set(casefiles.verdict(squad, 180 + needed - 1).table["by_calendar"]) == {deadlines.LATE}


@settings(max_examples=20, deadline=None)
@given(limit=st.integers(1, 1500))
def test_the_verdict_is_that_of_the_deadlines_of_a_source(limit: int) -> None:
    squad = casefiles.read("news_cases", "MDPD-2010")
    verdict = casefiles.verdict(squad, limit).table
    bounded = verdict[verdict["days_upper"].notna()]
    spells = Durations.from_days(
        bounded["days_lower"].astype(int), [True] * 2, days_upper=bounded["days_upper"].astype(int)
    )
    assert list(bounded["by_calendar"]) == list(deadlines.assess(spells, limit, pauses="none").verdicts["verdict"])
    unbounded = verdict[verdict["days_upper"].isna()]
    assert set(unbounded["by_calendar"]) == {deadlines.LATE if limit < 610 else deadlines.CANNOT_TELL}
    assert (verdict["by_calendar"] == verdict["verdict"]).all()


def test_in_time_only_where_every_day_is(squad: casefiles.CaseFile) -> None:
    verdict = casefiles.verdict(squad, 1095)
    table = verdict.table.set_index("start_of_investigation")["by_calendar"]
    assert set(table["in_2010"]) == {deadlines.IN_TIME}
    assert set(table["by_2010"]) == {deadlines.CANNOT_TELL}
    assert verdict.rescues.empty
    assert "readings differ" in verdict.sentence()


def test_a_limit_in_years_is_taken_by_its_fewest_and_most_days(squad: casefiles.CaseFile) -> None:
    verdict = casefiles.verdict(squad, "california")
    assert verdict.days == (365, 366)
    chosen = verdict.table[verdict.table["chosen"]].iloc[0]
    assert (chosen["pause_fewest"], chosen["pause_most"]) == (610 - 366, 1003 - 365)


# ---- penalties -------------------------------------------------------------------------------------------------


def test_dismissals_under_appeal_are_shown_as_such(squad: casefiles.CaseFile) -> None:
    announced = casefiles.penalties(squad).table["standing"].value_counts()
    assert dict(announced) == {ANNOUNCED: 3, UNSAID: 3}
    filed = casefiles.penalties(squad.reading(appeals="filed")).table["standing"].value_counts()
    assert dict(filed) == {FILED: 3, UNSAID: 3}
    assert "Still to come when reported: appeal_decided" in casefiles.penalties(squad).sentence()


def test_a_week_is_five_to_seven_days_recommended_and_two_steps_are_to_come(pinecrest: casefiles.CaseFile) -> None:
    penalties = casefiles.penalties(pinecrest)
    row = penalties.table.iloc[0]
    assert (row["days_lower"], row["days_upper"], row["standing"]) == (5, 7, RECOMMENDED)
    assert list(penalties.still_to_come["step"]) == ["penalty_decided", "penalty_approved"]
    five = casefiles.penalties(pinecrest.reading(week_days="five")).table.iloc[0]
    assert (five["days_lower"], five["days_upper"]) == (5, 5)
    assert pinecrest.reading(who_decides="one_step").awaiting() == ("penalty_approved",)


def test_an_officer_punished_on_two_charges_is_one_officer(squad: casefiles.CaseFile) -> None:
    twice = squad.accusations[squad.accusations["imposed_penalty"].notna()].assign(category="another charge")
    case = replace(squad, accusations=pd.concat([squad.accusations, twice], ignore_index=True))
    assert len(casefiles.penalties(case).table) == 12
    assert casefiles.penalties(case).sentence().startswith("6 officers with a penalty.")


def test_no_penalty_of_the_reports_is_final(everything: casefiles.CaseFile) -> None:
    for name in everything.names:
        assert not casefiles.penalties(everything.case(name)).table["standing"].str.endswith("final").any()


def test_what_a_reading_changes_is_the_difference_of_two_counts(squad: casefiles.CaseFile) -> None:
    table = casefiles.changes(squad).table.set_index(["conflict", "reading"])
    assert table.loc[("headline", "headline"), ["dismissed", "suspended"]].tolist() == [6, 0]
    assert table.loc[("headline", "body"), ["dismissed", "suspended"]].tolist() == [3, 3]
    assert table.loc[("second_dismissed", "unnamed"), "dismissed"] == 2
    found = table.loc["found_or_alleged", "with_finding"]
    assert found["found"] - found["alleged"] == 5
    assert table.loc[("discipline_date", "late_2012"), "differs"] == "days_upper"
    assert (table.loc[table["chosen"], "differs"] == "").all()
    assert table.loc[("agency", "miami_city"), "differs"] == ""
    assert "discipline_date" in casefiles.changes(squad).sentence()


def test_the_days_of_a_week_change_with_its_reading(pinecrest: casefiles.CaseFile) -> None:
    days = casefiles.changes(pinecrest).table.set_index(["conflict", "reading"])["penalty_days"].loc["week_days"]
    assert dict(days) == {"either": "5 to 7", "five": "5", "seven": "7"}


# ---- figures ---------------------------------------------------------------------------------------------------


def test_a_bar_covers_every_day_a_step_can_have_been_on(squad: casefiles.CaseFile) -> None:
    timeline = casefiles.timeline(squad)
    table, drawn = timeline.table, timeline.drawn
    known = table["earliest"].notna() & table["latest"].notna()
    assert (drawn["first"][known] == table["earliest"][known]).all()
    assert (drawn["last"][known] - table["latest"][known] == pd.Timedelta(days=1)).all()
    assert not drawn["starts"][table["earliest"].isna() & table["latest"].notna()].any()
    axes = timeline.plot()
    assert len(axes.patches) == len(table)
    widths = sorted(round(bar.get_width()) for bar in axes.patches)
    assert {365, 30, 122} <= set(widths)
    axes.figure.canvas.draw()


def test_steps_are_drawn_in_order_with_those_still_to_come_last(pinecrest: casefiles.CaseFile) -> None:
    timeline = casefiles.timeline(pinecrest)
    assert list(timeline.table["stage"]) == [
        "incident",
        "opened",
        "penalty_recommended",
        "penalty_decided",
        "penalty_approved",
    ]
    assert list(timeline.drawn["kind"]) == ["not dated"] * 3 + ["still to come"] * 2
    axes = timeline.plot()
    assert len(axes.get_xticks()) == 0
    assert timeline.sentence() == (
        "PINECREST: 3 steps, 0 dated to the day, 0 less finely, 3 not at all; 2 still to come when reported."
    )
    axes.figure.canvas.draw()


def test_every_case_of_the_file_can_be_drawn_and_said(everything: casefiles.CaseFile) -> None:
    for name in everything.names:
        case = everything.case(name)
        casefiles.timeline(case).plot().figure.canvas.draw()
        assert casefiles.changes(case).sentence().endswith(".")
        assert casefiles.penalties(case).sentence().endswith(".")
    assert "MDPD-2010" in repr(everything)


def test_the_bounds_and_the_limit_are_drawn(squad: casefiles.CaseFile) -> None:
    axes = casefiles.verdict(squad).plot()
    assert [text.get_text() for text in axes.texts] == ["limit: 180 calendar days"]
    assert len(axes.collections) == 4


def test_nothing_shown_changes_from_one_time_to_the_next(squad: casefiles.CaseFile) -> None:
    of = casefiles
    for make in (of.timeline, of.delay_bounds, of.verdict, of.penalties, of.changes, of.agreement):
        assert repr(make(squad)) == repr(make(squad))
        assert make(squad)._repr_html_() == make(squad)._repr_html_()


# ---- the folder ------------------------------------------------------------------------------------------------


def test_dates_are_read_as_the_source_declares(everything: casefiles.CaseFile) -> None:
    late = parse(pd.Series(["late 2012"]), everything.dates)
    assert late["earliest"].iloc[0] == pd.Timestamp("2012-09-01")
    assert set(everything.files["file"]) == {
        casefile_tables.FACTS,
        casefile_tables.REPORTS,
        casefile_tables.CONFLICTS,
        casefile_tables.SECOND_CODING,
    }
    assert everything.files["sha256"].str.fullmatch("[0-9a-f]{64}").all()


def test_citations_of_steps_lie_among_those_of_the_facts(everything: casefiles.CaseFile) -> None:
    cited = set(everything.facts["cite"])
    assert set(everything.every_event["cite"]) | set(everything.every_allegation["cite"]) <= cited
    assert everything.conflicts["chosen"].sum() == len(everything.register)


# ---- a report ----------------------------------------------------------------------------------------------------


def test_a_report_says_what_its_parts_say_and_names_the_nearest_part(pinecrest: casefiles.CaseFile) -> None:
    data = accountability.load("synthetic")
    report = casefiles.case_report(pinecrest, data, by="report")
    held = {part.name: part for part in report.parts}
    assert held["delay"].result.sentence() == or_refusal(lambda: casefiles.delay_bounds(pinecrest)).sentence()
    assert held["facts_counted"].result.equals(pinecrest.counted("report"))
    assert casefiles.penalties(pinecrest).sentence() in report.sentence()
    assert [part.name for part in report.named("place", "facts")] == ["place", "facts"]
    with pytest.raises(ParameterError, match="Did you mean 'facts'"):
        report.named("fcts")
    with pytest.raises(ParameterError, match="Load one first"):
        casefiles.case_report(pinecrest, data.cases)


def test_all_parts_of_a_report_are_kept_each_heading_shown_once(
    pinecrest: casefiles.CaseFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(kept.FOLDER_VARIABLE, str(tmp_path))
    report = casefiles.case_report(pinecrest, accountability.load("synthetic"))
    kept.keep_parts(report)
    entries = [(entry["kind"], entry["name"]) for entry in kept.kept_in(tmp_path)]
    assert [name for kind, name in entries if kind == "table"] == [part.name for part in report.parts]
    assert ("figure", "timeline") in entries
    assert capsys.readouterr().out.count("Markdown") == sum(bool(part.heading) for part in report.parts)
