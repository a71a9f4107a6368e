"""The generated pair: what was planted is found, and a number's way from one release to the next adds up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import study_values
from conftest import ROOT

import accountability
from accountability import audit, releases
from accountability.errors import FetchError, ParameterError, Refusal
from accountability.publish.compare_reports import compare
from accountability.publish.release_moves import STEPS, moves
from accountability.studies import registry
from accountability.study.restriction import only_where
from accountability.synthetic import release_pair


@pytest.fixture(scope="module")
def pair() -> releases.Pair:
    return releases.pair("generated_2019")


def test_bundled_files_are_what_the_seed_makes(tmp_path: Path) -> None:
    for place in release_pair.write_pair(tmp_path):
        for made in place.iterdir():
            kept = ROOT / "data" / place.name / made.name
            assert made.read_bytes() == kept.read_bytes(), f"{kept}: run the command in its README"


def test_what_was_planted_is_found(pair: releases.Pair) -> None:
    n = dict(zip(pair.changes.keys["in_release"], pair.changes.keys["n"], strict=True))
    assert (n["gone"], n["in both"] + n["new"]) == (release_pair.PLANTED["gone"], len(pair.after.cases))
    table = pair.changes.table.set_index(["field", "change"])["n"]
    assert table["closed", "emptied"] == release_pair.PLANTED["closings_taken_back"]
    assert table["investigated_by", "renamed"] > 100
    assert ("investigated_by", "changed") not in table
    rule = pair.changes.rules.iloc[0]
    assert (rule["stage"], rule["first_year"], rule["last_year"]) == ("closed", 2014, 2015)
    assert rule["median_days"] == -release_pair.RULE["days"]


def test_a_trap_of_recording_is_on_the_card_with_the_studies_it_touches() -> None:
    data = accountability.load("generated_2021")
    (trap,) = set(audit.with_release_traps(data).card.traps) - set(data.card.traps)
    assert "moved earlier" in trap
    assert "how long cases stay open" in trap
    alone = accountability.load("synthetic")
    assert audit.with_release_traps(alone).card.traps == alone.card.traps


def test_the_corrected_share_is_nearer_to_what_the_later_release_shows(pair: releases.Pair) -> None:
    found = releases.late_recording(pair.before, pair.before, 365, draws=30)
    rows = {one["reading"]: one["estimate"] for one in found.table.to_dict("records")}
    published, corrected, shown = rows["as published"], found.at(365), rows["as the later release shows it"]
    assert corrected is not None
    assert abs(corrected["estimate"] - shown) < abs(published - shown) / 2


def test_an_earlier_cut_off_needs_less_correction() -> None:
    data = accountability.load("generated_2019")
    gap = {}
    for cutoff in (None, "2018-06-30"):
        delays = accountability.study.clocks.durations(data, cutoff=cutoff)
        rows = releases.late_recording(delays, data, 365, draws=5).table.set_index("reading")["estimate"]
        gap[cutoff] = rows["corrected for late recording"] - rows["as published"]
    assert gap["2018-06-30"] == pytest.approx(0, abs=1e-9)  # a year later every closing was recorded
    assert gap[None] > 0.005


def test_one_release_alone_is_read_by_what_other_agencies_show() -> None:
    found = releases.late_recording(accountability.load("synthetic"), accountability.load("synthetic"), 365)
    assert found.lag is None
    assert sum(name.startswith("if recorded as late as in") for name in found.table["reading"]) == 2


def test_every_delay_result_names_late_recording() -> None:
    said = accountability.delay.how_long(accountability.load("synthetic")).assumptions
    assert any("162 of 2,493 in New Orleans" in one for one in said)


def test_the_steps_between_two_releases_add_up() -> None:
    study = registry.get("how_long_cases_stay_open")
    records = [
        {"study": study.name, "parameters": registry.check(study, {"source": name})[0].literals()}
        for name in release_pair.NAMES
    ]
    found = moves(*records), moves(*reversed(records))
    assert found[0] is not None
    assert found[1] is not None
    there, back = found[0].numbers, found[1].numbers
    assert there[list(STEPS)].sum(axis=1).tolist() == pytest.approx((there["second"] - there["first"]).tolist())
    assert back[list(STEPS)].to_numpy() == pytest.approx(-there[list(STEPS)].to_numpy())
    share = there.set_index("number").loc["closed within 365 days"]
    assert share["records changed"] > 5 * abs(share["time passed"])  # late closings, and closings moved earlier
    other = records[1] | {"parameters": records[1]["parameters"] | {"within_days": 90}}
    assert moves(records[0], other) is None


def test_a_study_is_run_as_of_a_release() -> None:
    study = registry.get("how_long_cases_stay_open")
    for asked, source in (
        ("generated_2019", "generated_2019"),
        ("2020-12-31", "generated_2019"),
        ("2022-01-01", "generated_2021"),
    ):
        complete, declared = registry.check(study, {"source": "generated_2021", "release": asked})
        assert (complete.source, declared.source) == (source, source)
    for asked, why in (("2016-01-01", "ends by then"), ("generated_2020", "Did you mean"), ("June", "YYYY-MM-DD")):
        with pytest.raises(ParameterError, match=why):
            registry.check(study, {"source": "generated_2021", "release": asked})


def test_a_source_without_another_release_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match="'synthetic': it is the only release declared"):
        registry.check(registry.get("what_changed_between_releases"), {"source": "synthetic"})
    with pytest.raises(ParameterError, match="no other release 'synthetic'"):
        releases.pair("generated_2019", "synthetic")


def test_what_changed_is_always_of_all_complaints() -> None:
    study = registry.get("what_changed_between_releases")
    with pytest.raises(ParameterError, match="no parameter 'only'"):
        registry.check(study, {"source": "generated_2021", "only": "category=Force"})
    part = only_where(accountability.Cohort.of(accountability.load("generated_2019")), "category=Force")
    with pytest.raises(ParameterError, match="Pass the dataset itself"):
        releases.changes(part, accountability.load("generated_2021"))


def test_a_part_is_held_against_the_same_complaints_of_the_other_release(pair: releases.Pair) -> None:
    part = only_where(accountability.Cohort.of(pair.before), "category=Force")
    found = releases.late_recording(part, pair.before, 180, draws=5).table.set_index("reading")
    ids = set(part.cases["case_id"])
    shown = int(found.loc["as the later release shows it", "n"])
    assert shown == len(ids & set(pair.after.cases["case_id"])) < len(part.cases) + 1
    assert found.loc["as published", "n"] == len(part.cases)


def test_three_releases_tell_growth_and_two_are_refused() -> None:
    held = [accountability.load(name) for name in release_pair.NAMES]
    with pytest.raises(Refusal, match="identified from three"):
        releases.lag_over_releases(held)


@pytest.fixture(scope="module")
def two_reports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    places = [tmp_path_factory.mktemp(name) for name in release_pair.NAMES]
    return [
        study_values.run("were_deadlines_met", {"source": source, "rule": "california", "pauses": "none"}, place)
        for source, place in zip(release_pair.NAMES, places, strict=True)
    ]


def test_every_number_that_moved_is_split_or_said_not_to_be(two_reports: list[Path]) -> None:
    found, back = compare(*two_reports), compare(*reversed(two_reports))
    split = found.table.dropna(subset=STEPS[0])
    assert split[list(STEPS)].sum(axis=1).tolist() == pytest.approx(split["difference"].tolist())
    assert (split["kind"] == "table").all()
    rows = split.set_index("address")
    kept = rows.loc["flow/0/kept"]
    assert kept[list(STEPS)].tolist() == [-6, 0, 113]  # gone, none by waiting, new
    assert back.table.set_index("address").loc["flow/0/kept", list(STEPS)].tolist() == [6, 0, -113]
    assert len(split) + found.unsplit["n"].sum() == found.table["difference"].notna().sum()
    assert f"{len(split):,} are split so" in found.sentence()
    assert any("points of figures" in one for one in found.unsplit["because"])


def test_a_number_that_the_code_of_today_does_not_give_is_not_split(two_reports: list[Path], tmp_path: Path) -> None:
    old = shutil.copytree(two_reports[0], tmp_path / "old")
    path = old / "tables" / "flow.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1387", "1300", 1), encoding="utf-8")
    found = compare(old, two_reports[1])
    assert found.table.set_index("address").loc["flow/0/kept", list(STEPS)].isna().all()
    assert any("not what the report holds" in one for one in found.unsplit["because"])


def test_reports_whose_releases_are_not_at_hand_are_compared_without_steps(
    two_reports: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> None:
        raise FetchError(f"{name}: not fetched")

    monkeypatch.setattr(accountability, "load", gone)
    found = compare(*two_reports)
    assert len(found.table)
    assert found.unsplit["because"].tolist() == ["generated_2019: not fetched"]


def test_a_study_of_changes_is_not_split_into_changes() -> None:
    study = "what_changed_between_releases"
    records = [{"study": study, "parameters": {"source": name}} for name in release_pair.NAMES]
    found = moves(*records)
    assert found is not None
    assert found.because == f"{study} itself holds releases against each other"
