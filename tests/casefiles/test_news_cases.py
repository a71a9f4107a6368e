"""The coded news reports: cited, in our own words, without a name, and consistent under every choice of readings."""

from __future__ import annotations

import csv
import functools
import hashlib
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

import accountability
from accountability.records.dates import DateSpec, day_bounds, parse
from accountability.vocabulary import STAGES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "news_cases"
STATUSES = {"reported", "alleged", "found", "recommended", "decided", "appealed"}
CHARGES = {"dereliction_of_duty", "charge_not_stated"}

# Salted hashes of the names in the reports, so that this file holds none of them. The first set is looked for in the
# whole project; the second holds names that are also words or well-known authors, and is looked for here.
SALT = "accountability/news_cases:"
NAMES = frozenset(
    {
        "08311c9f455c4d71",
        "286cc3ec6a2dd6ab",
        "44ea13227a056b74",
        "495621e1290c98ae",
        "72ee9e26eb0e9fd3",
        "9c925041f67119f8",
        "d8b2085cd860a701",
        "f73c41dbe5a3edc2",
    }
)
COMMON_NAMES = frozenset(
    {
        "16d00836ff1996a8",
        "25bba1d0a9e56b05",
        "261586bf214be109",
        "56cfe9baf7524f99",
        "77d4934a8c9336a3",
        "8e0d2a325a2254fa",
        "9a8dab2d2997ddc3",
        "b9a7ee03611b68f8",
        "c691ef63e30e5ba5",
        "ca30533673f53fda",
        "d230db385c49670b",
        "dcc63d8babf80088",
        "e0165f02ac177187",
        "eb990c85070622f8",
        "f7d965601f1a07b2",
    }
)

# A word or two that the cited paragraph must hold, for each claim and report. They are too short to be sentences.
SUPPORT = {
    "squad_dismissed": "entire .* squad fired",
    "agency_miami": "miami police",
    "agency_miami_dade": "miami dade police department",
    "calls_ignored_by_all": "six officers",
    "infant_call": "unconscious",
    "infant_call_ignored": "coffee",
    "infant_call_false_word": "en route",
    "infant_reached": "paramedics",
    "infant_call_never_attended": "never",
    "false_attendance": "daily report",
    "six_neglectful": "one of six",
    "surveillance": "surveillance video",
    "tracking_devices": "tracking devices",
    "three_dismissed": "fired",
    "three_suspended": "suspended",
    "ground": "dereliction of duty",
    "worst_case": "worst case",
    "robbery_call": "armed robbery",
    "burglary_call": "residential burglary",
    "others_had_to_go": "other officers",
    "parking_lot": "parking lot",
    "victim_misled": "misleading a crime victim",
    "no_crime_told": "no crime",
    "phony_number": "case number",
    "former_chief": "former miami police chief",
    "coffee_together": "coffee with",
    "shopping": "shopping|trips to",
    "clerk_help": "store clerk",
    "relatives": "parents",
    "bad_example": "affect others",
    "all_under_sergeant": "working for her",
    "false_busy": "availability|busy",
    "false_busy_traffic": "traffic incident",
    "locked_child": "locked inside",
    "others_in_agency": "many other incidents",
    "investigated_2010": "2010",
    "discipline_date": "late 2012|september 2012",
    "other_trouble": "under scrutiny",
    "passing_shooting": "unarmed motorist",
    "passing_driving": "in september",
    "passing_driving_count": "more than 80",
    "miami_habit": "not unusual",
    "accused": "accused",
    "officer_1_dismissed": "one of the fired",
    "sergeant_challenge": "planning on appealing",
    "officer_1_challenge": "jobs back",
    "officer_2_challenge": "jobs back",
    "one_newsroom": "reporting by",
    "stood_by": "standing by|just stood|didn.t step in|not moving in",
    "criticised": "under fire",
    "crash": "crash scene",
    "first_aid": "medical equipment|cpr",
    "help_missing": "still missing",
    "arrival": "shortly afterward",
    "asked": "directed her",
    "asked_again": "again and again",
    "bystanders_back": "wave some bystanders",
    "out_of_view": "field of view",
    "gloves_given": "gloves",
    "witness_interest": "controversial",
    "inquiry": "launched an investigation",
    "inquiry_report": "32-page",
    "reason_no_life": "signs of life",
    "reason_spine": "spinal",
    "reason_unsure": "dead or not",
    "gloves_sought": "more gloves",
    "week_recommended": "week suspension without pay",
    "too_mild": "lenient",
    "unfit": "badge and a gun",
    "chief_may_override": "override",
    "manager_approves": "village manager",
    "off_duty_since": "late january",
}


@functools.cache
def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@functools.cache
def conflicts() -> dict[str, dict]:
    return yaml.safe_load((FOLDER / "conflicts.yaml").read_text(encoding="utf-8"))["conflicts"]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def named(text: str, hashes: Iterable[str]) -> set[str]:
    """Tokens of the text whose salted hash is one of those given."""
    letters = set(re.findall(r"[^\W\d_]+", text.casefold()))
    return {word for word in letters if hashlib.sha256((SALT + word).encode()).hexdigest()[:16] in hashes}


@pytest.fixture(scope="module")
def paragraphs() -> dict[str, list[str]]:
    """The paragraphs of the three reports, where their stored text is at hand."""
    data = Path(os.environ.get("ACCOUNTABILITY_REAL_DATA", ROOT.parent / "shared" / "data"))
    texts = {}
    for path in (data.parent / "seeds").glob("*.txt"):
        texts[hashlib.sha256(path.read_bytes()).hexdigest()] = path.read_text(encoding="utf-8")
    found = {
        row["report"]: [line for line in texts[row["text_sha256"]].splitlines() if line.strip()]
        for row in rows("reports.csv")
        if row["text_sha256"] in texts
    }
    if not found:
        pytest.skip("the stored text of the three news reports is not on this machine")
    return found


# --- no name, no copied sentence


def test_the_search_for_names_finds_one() -> None:
    decoy = hashlib.sha256((SALT + "nobody").encode()).hexdigest()[:16]
    assert named("Sgt. Nobody's report", {decoy}) == {"nobody"}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_name_stands_in_the_coded_files(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8"), NAMES | COMMON_NAMES) == set()


def project_texts() -> Iterator[Path]:
    kinds = {".py", ".md", ".yaml", ".yml", ".csv", ".toml", ".cff", ".txt", ".ipynb"}
    yield from (path for path in ROOT.iterdir() if path.suffix in kinds)
    for folder in ("accountability", "data", "notebooks", "tests", "docs", "benchmarks"):
        yield from (
            path
            for path in (ROOT / folder).rglob("*")
            if path.suffix in kinds and path.is_file() and "reports" not in path.relative_to(ROOT).parts
        )


def test_no_officer_of_the_reports_is_named_anywhere_in_the_project() -> None:
    held = {path: named(path.read_text(encoding="utf-8"), NAMES) for path in project_texts()}
    assert {path.name for path, names in held.items() if names} == set()
    assert FOLDER / "facts.csv" in held


@pytest.mark.real_data
def test_the_names_looked_for_are_those_of_the_reports(paragraphs: dict[str, list[str]]) -> None:
    text = "\n".join(itertools.chain.from_iterable(paragraphs.values()))
    assert len(named(text, NAMES)) == len(NAMES)
    assert len(named(text, COMMON_NAMES)) == len(COMMON_NAMES)


@pytest.mark.real_data
def test_no_run_of_eight_words_is_copied(paragraphs: dict[str, list[str]]) -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        tokens = words(text)
        return set(zip(*(tokens[i:] for i in range(8)), strict=False))

    theirs = set().union(*(runs(" ".join(report)) for report in paragraphs.values()))
    ours = {path.name: runs(path.read_text(encoding="utf-8")) & theirs for path in sorted(FOLDER.iterdir())}
    assert {name: copied for name, copied in ours.items() if copied} == {}
    assert runs(paragraphs["r001"][2]) <= theirs


# --- citations


def test_every_row_cites_a_paragraph_of_a_listed_report() -> None:
    lengths = {row["report"]: int(row["paragraphs"]) for row in rows("reports.csv")}
    for name in ("facts.csv", "events.csv", "allegations.csv"):
        for row in rows(name):
            assert 1 <= int(row["paragraph"]) <= lengths[row["report"]], (name, row)
            assert row["asserted_by"], (name, row)


@pytest.mark.real_data
def test_paragraphs_are_counted_as_the_table_of_reports_says(paragraphs: dict[str, list[str]]) -> None:
    assert {report: len(found) for report, found in paragraphs.items()} == {
        row["report"]: int(row["paragraphs"]) for row in rows("reports.csv")
    }


@pytest.mark.real_data
def test_every_fact_is_supported_by_its_paragraph(paragraphs: dict[str, list[str]]) -> None:
    wrong = [
        row["fact_id"]
        for row in rows("facts.csv")
        if not re.search(SUPPORT[row["claim"]], paragraphs[row["report"]][int(row["paragraph"]) - 1].casefold())
    ]
    assert wrong == []


@pytest.mark.real_data
def test_every_paragraph_with_a_fact_in_it_is_coded(paragraphs: dict[str, list[str]]) -> None:
    coded = {(row["report"], int(row["paragraph"])) for row in rows("facts.csv")}
    left = {(report, n) for report, found in paragraphs.items() for n in range(1, len(found) + 1)} - coded
    # Page furniture, the dateline, a repeated headline and caption, two pointers to video.
    assert left == {("r000", 1), ("r000", 2), ("r000", 4), ("r001", 18), ("r002", 10), ("r002", 12), ("r002", 18)}


def test_events_and_allegations_rest_on_a_coded_paragraph_of_their_case() -> None:
    coded = {(row["case_id"], row["report"], row["paragraph"]) for row in rows("facts.csv")}
    for name in ("events.csv", "allegations.csv"):
        loose = [row for row in rows(name) if (row["case_id"], row["report"], row["paragraph"]) not in coded]
        assert loose == [], name


# --- closed sets


def test_statuses_stages_and_categories_come_from_closed_sets() -> None:
    stated = set(re.findall(r"`(\w+)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    facts, events, allegations = rows("facts.csv"), rows("events.csv"), rows("allegations.csv")
    assert {row["status"] for row in [*facts, *events, *allegations]} <= STATUSES
    assert {row["status"] for row in facts} == STATUSES <= stated
    assert {row["category"] for row in [*facts, *allegations]} <= stated
    assert {row["stage"] for row in events} <= set(STAGES)
    assert {row["case_id"] for row in [*facts, *events, *allegations]} == {row["case_id"] for row in rows("cases.csv")}


def test_an_accusation_that_is_only_alleged_or_reported_carries_no_finding() -> None:
    for row in rows("allegations.csv"):
        if row["status"] in ("alleged", "reported"):
            assert row["finding"] == "", row


def test_nothing_under_appeal_or_still_to_be_decided_is_final() -> None:
    challenged = [row for row in rows("allegations.csv") if row["status"] in ("appealed", "recommended")]
    assert {row["final"] for row in challenged} == {"no"}
    assert {row["final"] for row in rows("allegations.csv")} == {"no", "unknown"}


# --- conflicts and readings


def test_conflicts_cite_facts_and_facts_point_to_conflicts() -> None:
    facts = {row["fact_id"]: row for row in rows("facts.csv")}
    register = conflicts()
    for name, conflict in register.items():
        assert conflict["default"] in conflict["readings"], name
        assert len(conflict["readings"]) >= 2, name
        assert conflict["kind"] in ("disagreement", "ambiguity"), name
        cited = [fact for reading in conflict["readings"].values() for fact in reading["facts"]]
        assert all(
            reading["facts"] and reading["says"] and reading["changes"] for reading in conflict["readings"].values()
        )
        assert any(re.search(rf"\b{name}\b", facts[fact]["note"]) for fact in cited), name
        assert {facts[fact]["case_id"] for fact in cited} == set(conflict["case_ids"]), name
    noted = re.findall(r"[Cc]onflicts? (\w+)", " ".join(row["note"] for row in facts.values()))
    assert set(noted) <= set(register)


def test_a_disagreement_lies_between_two_statements() -> None:
    for name, conflict in conflicts().items():
        if conflict["kind"] == "disagreement":
            first, second = (set(reading["facts"]) for reading in conflict["readings"].values())
            assert not first & second, name


def conditions(row: dict[str, str]) -> dict[str, str]:
    return dict(part.split("=") for part in row["reading"].split(";") if part)


def test_readings_named_in_the_tables_are_in_the_register() -> None:
    register = conflicts()
    used = [
        pair for name in ("events.csv", "allegations.csv") for row in rows(name) for pair in conditions(row).items()
    ]
    assert used
    assert [(name, reading) for name, reading in used if reading not in register[name]["readings"]] == []


def choices(case: str) -> Iterator[dict[str, str]]:
    """Every way to read the conflicts of a case that change its events or allegations."""
    used: dict[str, set[str]] = {}
    for name in ("events.csv", "allegations.csv"):
        for row in rows(name):
            if row["case_id"] == case:
                for conflict in conditions(row):
                    used[conflict] = set(conflicts()[conflict]["readings"])
    for combination in itertools.product(*(sorted(readings) for readings in used.values())):
        yield dict(zip(used, combination, strict=True))


def chosen(name: str, case: str, choice: dict[str, str]) -> list[dict[str, str]]:
    return [
        row for row in rows(name) if row["case_id"] == case and all(choice[k] == v for k, v in conditions(row).items())
    ]


@pytest.fixture(scope="module")
def squad() -> list[tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]]:
    case = "MDPD-2010"
    return [(c, chosen("allegations.csv", case, c), chosen("events.csv", case, c)) for c in choices(case)]


def test_under_every_choice_each_of_the_six_has_one_penalty(squad: list) -> None:
    assert len(squad) == 2**8
    for choice, allegations, _ in squad:
        penalties = {row["officer_id"]: row["imposed"] for row in allegations if row["category"] in CHARGES}
        assert len(penalties) == 6 == sum(row["category"] in CHARGES for row in allegations)
        assert all(row["imposed"] == "" for row in allegations if row["category"] not in CHARGES)
        dismissed = Counter(penalties.values())["dismissed"]
        if choice["headline"] == "headline":
            assert dismissed == 6
        else:
            assert dismissed == (3 if choice["second_dismissed"] == "officer_2" else 2)


def test_under_every_choice_no_accusation_is_counted_twice(squad: list) -> None:
    for _, allegations, _ in squad:
        counts = Counter((row["officer_id"], row["category"], row["what"]) for row in allegations)
        assert counts.most_common(1)[0][1] == 1


def test_accusations_do_not_vanish_with_a_reading(squad: list) -> None:
    described = {
        sum(row["category"] not in CHARGES for row in allegations)
        for choice, allegations, _ in squad
        if choice["whose_conduct"] == "described_three"
    }
    assert described == {14}


def test_under_every_choice_the_squad_has_one_start_and_one_discipline(squad: list) -> None:
    for choice, _, events in squad:
        stages = Counter(row["stage"] for row in events)
        assert stages["opened"] == stages["penalty_imposed"] == stages["incident"] == 1
        assert stages["appeal_filed"] == (3 if choice["appeals"] == "filed" else 0)


def test_how_many_accusations_become_findings_depends_on_one_reading(squad: list) -> None:
    found = {
        choice["found_or_alleged"]: sum(row["finding"] != "" and row["category"] not in CHARGES for row in allegations)
        for choice, allegations, _ in squad
        if choice["whose_conduct"] == "described_three"
    }
    assert found["found"] - found["alleged"] == 5


# --- dates


def bounds(start: str, stop: str, **convention: object) -> tuple[int, int]:
    spec = DateSpec.of({"date": "words", **({"convention": convention} if convention else {})})
    table = day_bounds(parse(pd.Series([start]), spec), parse(pd.Series([stop]), spec))
    return int(table["low"].iloc[0]), int(table["high"].iloc[0])


def test_the_delay_of_the_squad_is_610_to_1003_days_under_september() -> None:
    assert bounds("2010", "2012-09") == (610, 1003)


def test_the_delay_of_the_squad_is_wider_under_late_2012() -> None:
    assert bounds("2010", "late 2012") == (610, 1095)
    assert bounds("2010", "late 2012", late_year=[10, 12]) == (640, 1095)


def test_the_register_states_the_delays_that_the_dates_give() -> None:
    readings = conflicts()["discipline_date"]["readings"]
    assert "610 to 1,003" in readings["september"]["changes"]
    assert "610 to 1,095" in readings["late_2012"]["changes"]
    assert "640 to 1,095" in readings["late_2012"]["changes"]


@pytest.mark.real_data
def test_dates_are_coded_as_the_paragraph_words_them(paragraphs: dict[str, list[str]]) -> None:
    wording = {
        ("r000", "2010"): "in 2010",
        ("r000", "late 2012"): "late 2012",
        ("r000", "2012-09"): "in september",
        ("r000", "2013-01-27/2013-02-05"): "last week",
        ("r001", "2010"): "in 2010",
        ("r001", "2012-09"): "september 2012",
        ("r002", "late January"): "late january",
    }
    dated = [row for row in rows("facts.csv") if row["date"]]
    assert {(row["report"], row["date"]) for row in dated} == set(wording)
    for row in dated:
        cited = paragraphs[row["report"]][int(row["paragraph"]) - 1].casefold()
        assert wording[row["report"], row["date"]] in cited, row["fact_id"]


def test_late_january_without_a_year_dates_no_event() -> None:
    assert [row["report"] for row in rows("facts.csv") if row["date"] == "late January"] == ["r002"]
    assert "late January" not in {row["date"] for row in rows("events.csv")}


# --- the loaded source


@pytest.fixture(scope="module")
def dataset() -> accountability.Dataset:
    return accountability.load("news_cases")


def test_the_source_loads_and_every_row_is_there(dataset: accountability.Dataset) -> None:
    assert dataset.card.sampling.rule == "case_files"
    assert not dataset.generated
    counts = (len(dataset.cases), len(dataset.allegations), len(dataset.events))
    assert counts == (4, len(rows("allegations.csv")), len(rows("events.csv")))
    assert (dataset.ledger.balance()["unexplained"] == 0).all()


def test_dates_are_kept_as_firm_as_the_reports_are(dataset: accountability.Dataset) -> None:
    events = dataset.events.set_index("event_id")
    assert events["set_aside"].isna().all()
    september, late = events.loc["E04"], events.loc["E05"]
    assert (september["earliest"], september["latest"]) == (pd.Timestamp("2012-09-01"), pd.Timestamp("2012-09-30"))
    assert (late["precision"], late["raw_text"]) == ("part_of_year", "late 2012")
    assert pd.isna(events.loc["E03", "earliest"])
    assert events.loc["E03", "latest"] == pd.Timestamp("2010-12-31")
    undated = events[events["case_id"] == "PINECREST"]
    assert undated["earliest"].isna().all()
    assert undated["latest"].isna().all()


def test_a_week_of_suspension_is_five_or_seven_days_and_not_yet_imposed(dataset: accountability.Dataset) -> None:
    week = dataset.allegations[dataset.allegations["recommended_penalty"] == "suspension"].set_index("reading")
    assert set(week["imposed_penalty"]) == set(week["finding"]) == {"pending"}
    either = week.loc["week_days=either"]
    assert pd.isna(either["recommended_days"])
    assert (either["recommended_days_low"], either["recommended_days_high"]) == (5, 7)
    assert week.loc["week_days=five", "recommended_days"] == 5
    assert week.loc["week_days=seven", "recommended_days"] == 7


def test_every_coding_that_loses_a_distinction_says_so(dataset: accountability.Dataset) -> None:
    assert set(dataset.lossy["term"]) == {"sustained", "pending", "not_recorded"}


# --- the second coding


def test_the_second_coding_differs_where_its_key_says_and_nowhere_else() -> None:
    first = {row["fact_id"]: row for row in rows("facts.csv")}
    second = {row["fact_id"]: row for row in rows("second_coding.csv")}
    assert first.keys() == second.keys()
    differing = {
        (fact, field): (first[fact][field], second[fact][field])
        for fact in first
        for field in ("status", "category")
        if first[fact][field] != second[fact][field]
    }
    key = {(row["fact_id"], row["field"]): (row["first"], row["second"]) for row in rows("second_coding_key.csv")}
    assert differing == key
    assert f"disagree in {len(key)} cells" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_second_coder_agrees_beyond_chance_and_not_wholly() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    first, second = (pd.DataFrame(rows(name)) for name in ("facts.csv", "second_coding.csv"))
    for field in ("status", "category"):
        table = pd.crosstab(first[field], second[field]).astype(float)
        square = table.reindex(index=table.index.union(table.columns), columns=table.index.union(table.columns))
        kappa = cohens_kappa(square.fillna(0.0).to_numpy()).kappa
        assert 0.6 < kappa < 0.95, field
