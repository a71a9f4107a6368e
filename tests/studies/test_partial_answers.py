"""A source that can answer a part of a study is asked that part, and what is missing is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import CODEBOOK, card, write_source

import accountability
from accountability import Cohort, outcomes
from accountability.errors import Refusal, SourceError
from accountability.findings import conclude
from accountability.findings.finding import Finding
from accountability.records.contract import declared_source
from accountability.records.dataset import Dataset
from accountability.results import or_refusal
from accountability.studies.registry import get
from accountability.study import clocks

STUDY = get("what_follows_a_finding")
ROWS = "id,officer,penalty\n" + "".join(f"d{n},o{n},{'none' if n % 3 else f'{10 + n % 2} days'}\n" for n in range(60))
CHOSEN = {"rule": "selected_on_outcome", "selected_on": ["a finding that was upheld"], "closing_date": False}
WHOLE = {
    "finding": {"authority": "the file lists discipline imposed", "gives": ["finding"], "blank": None,
                "values": {"sustained": "sustained"}},
    "penalty": CODEBOOK["penalty"],
}  # fmt: skip


def discipline_only(folder: Path, sampling: Mapping[str, Any] = CHOSEN, stated: bool = True) -> Path:
    """A file that lists penalties alone; `stated` says that each row of it was upheld."""
    changes: dict[str, Any] = {
        "card.sampling": {**card()["sampling"], "open_cases": "excluded", **sampling},
        "files.complaints": ...,
        "order": [],
        "files.accused.columns.finding": {"to": "finding", "codebook": "finding"} if stated else ...,
    }
    if stated:
        changes["files.accused.prepare"] = [{"constant": {"into": "finding", "value": "sustained"}}]
    return write_source(folder, accused=ROWS, codebook=WHOLE, **changes)


def concluded(data: Dataset) -> Finding:
    found = outcomes.outcome_distribution(data)
    changes = or_refusal(lambda: outcomes.changes(data), "what becomes of a recommended penalty")
    return conclude(STUDY.name, data, {"source": data.name}, outcomes=found, changes=changes)


def why_not(folder: Path) -> str | None:
    return STUDY.why_not(declared_source(folder), STUDY.parameters.model_validate({"source": str(folder)}))


def test_a_finding_of_the_whole_file_is_stated_and_the_penalties_follow(tmp_path: Path) -> None:
    folder = discipline_only(tmp_path / "discipline")
    assert why_not(folder) is None
    assert set(STUDY.unanswered(declared_source(folder))) == {
        "how investigations end", "what becomes of a recommended penalty",
    }  # fmt: skip
    data = accountability.load(folder)
    found = outcomes.outcome_distribution(data)
    penalties = found.table[found.table["part"] == "penalty"].set_index("term")["estimate"]
    assert penalties["suspension"] == pytest.approx(1 / 3)
    assert found.table.loc[found.table["part"] != "penalty", "estimate"].isna().all(), "100 % by choice is no share"
    assert "No share sustained is given: every decided record is upheld because" in found.sentence()
    answer = concluded(data)
    assert "most often no penalty 67 % and suspension 33 %" in answer.answer, answer.answer
    assert "What became of recommended penalties cannot be said: the release records no recommended penalty." in (
        answer.answer
    )
    assert not any(number.label == "upheld" for number in answer.numbers)
    assert all(outcomes.sustained_by_unit(data)["estimate"].isna())


def test_without_that_statement_the_refusal_writes_the_line(tmp_path: Path) -> None:
    reason = why_not(discipline_only(tmp_path / "silent", stated=False))
    assert reason is not None
    assert "it has no column 'finding'" in reason
    assert "prepare: [{constant: {into: finding, value: sustained}}]" in reason


@pytest.mark.parametrize("rule", ["complete", "closed_only", "trailing_window", "no_closing_date"])
def test_a_file_whose_finding_is_stated_was_chosen_for_it(tmp_path: Path, rule: str) -> None:
    with pytest.raises(SourceError, match=f"card says rule: {rule}. Write sampling: .rule: selected_on_outcome"):
        accountability.load(discipline_only(tmp_path / "wrong", {"rule": rule}))


def test_a_cohort_of_the_upheld_alone_gives_no_share_upheld() -> None:
    cohort = accountability.Cohort.of(accountability.load("synthetic")).keep_if(
        lambda rows: rows["finding"].eq("sustained").fillna(False), of="allegations", because="upheld"
    )
    assert outcomes.outcome_distribution(cohort).no_share
    with pytest.raises(Refusal, match="no rate sustained can be drawn"):
        outcomes.by_unit(cohort, "complainant", "internal", "public")


def test_a_source_that_lacks_every_part_is_refused_with_each_reason() -> None:
    source = declared_source("chicago_cms_2021_03")
    assert STUDY.unanswered(source) == {}
    lacking = source.model_copy(update={"files": {}})
    assert set(STUDY.unanswered(lacking)) == set(STUDY.parts)


@pytest.mark.parametrize("study", ["does_delay_lighten", "who_is_disciplined"])
def test_a_release_of_findings_alone_is_asked_of_findings(study: str) -> None:
    asked, source = get(study), declared_source("synthetic")
    accused = source.files["accused"]
    kept = {name: c for name, c in accused.columns.items() if c.to not in ("imposed", "recommended", "officer_id")}
    files = source.files | {"accused": accused.model_copy(update={"columns": kept})}
    less = source.model_copy(update={"files": files})
    assert asked.why_not(less, asked.parameters.model_validate({})) is None
    (lacks,) = asked.unanswered(less).values()
    assert lacks == "it has no column 'imposed_penalty' (the penalty that was imposed)"
    assert asked.unanswered(source) == {}
    none = source.model_copy(update={"files": {"complaints": source.files["complaints"]}})
    reason = asked.why_not(none, asked.parameters.model_validate({}))
    assert reason is not None
    assert reason.startswith("it has no column 'finding'")


def test_slow_cases_are_compared_by_finding_where_no_penalty_is_recorded() -> None:
    data = accountability.load("synthetic")
    bare = data.allegations.drop(columns=[name for name in data.allegations if "penalty" in name or "days" in name])
    less = replace(data, allegations=bare)
    with pytest.raises(Refusal, match=r"holds no imposed_penalty, .*; its findings can be: heavier='sustained'"):
        outcomes.delay_and_penalty(less)
    views = outcomes.delay_and_penalty(less, heavier="sustained", landmarks=[90, 180])
    closed = Cohort.of(less).cases["case_id"].isin(less.events.loc[less.events["stage"] == "closed", "case_id"])
    ended = less.per("complaint").merge(less.cases.loc[closed, ["case_id"]], on="case_id")["finding"]
    naive = views.true_numbers().query("view == 'naive'")
    assert abs(int(naive["heavy"].sum()) - int(ended.eq("sustained").sum())) <= 10, "all but those set aside"
    assert set(views.causes["cause"]) <= {
        "sustained", "not sustained", "no finding on the merits", "finding not recorded",
    }  # fmt: skip
    assert "A sustained finding, of those with a finding on the merits" in views.sentence()
    delays = clocks.durations(less)
    answer = conclude("does_delay_lighten", less, {"source": "synthetic"}, views=views, delays=delays).answer
    assert "Whether the upheld end lighter cannot be said, as the release records no penalty imposed" in answer
    gap = outcomes.decompose_gap(replace(less, allegations=bare.assign(officer_id=pd.NA)), "complainant")
    assert any("no officer is identified" in one for one in gap.assumptions)
    said = conclude("who_is_disciplined", less, {"source": "synthetic"}, gap=gap).answer
    assert said.endswith("Who is given a penalty cannot be said: the release records none.")


@pytest.mark.real_data
def test_new_orleans_says_how_slow_cases_end_and_that_it_records_no_penalty(
    real_source: Callable[[str], Dataset],
) -> None:
    data = real_source("new_orleans")
    views = outcomes.delay_and_penalty(data, heavier="sustained")
    answer = conclude("does_delay_lighten", data, {"source": data.name}, views=views, delays=clocks.durations(data))
    assert answer.answer.startswith("Slow cases are upheld more often, not less.")
    assert outcomes.decompose_gap(data).table["stage"].tolist() == ["investigated", "sustained"]


@pytest.mark.real_data
def test_nashville_says_which_penalties_followed_and_that_none_was_recommended(
    real_source: Callable[[str], Dataset],
) -> None:
    assert STUDY.why_not(declared_source("nashville"), STUDY.parameters.model_validate({"source": "nashville"})) is None
    said = concluded(real_source("nashville")).answer
    assert "Of the 5,068 upheld with a decided penalty, most often suspension 53.4 %, reprimand 41.7 %" in said
    assert said.endswith("cannot be said: the release records no recommended penalty.")


@pytest.mark.real_data
def test_the_penalties_of_new_york_follow_without_a_share_upheld(real_source: Callable[[str], Dataset]) -> None:
    said = concluded(real_source("nyc_ccrb_penalties")).answer
    assert "Of the 8,387 upheld with a decided penalty" in said
    assert "100" not in said


def test_a_source_is_not_compared_with_itself() -> None:
    from accountability.publish.runner import studies_of

    assert "compared with itself" in studies_of("generated_2021")[2]["agencies_side_by_side"]
    assert "agencies_side_by_side" in studies_of("synthetic")[1]
