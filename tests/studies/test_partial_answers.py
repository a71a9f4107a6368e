"""A source that can answer a part of a study is asked that part, and what is missing is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tiny import CODEBOOK, card, write_source

import accountability
from accountability import outcomes
from accountability.errors import Refusal, SourceError
from accountability.findings import conclude
from accountability.findings.finding import Finding
from accountability.records.contract import declared_source
from accountability.records.dataset import Dataset
from accountability.results import or_refusal
from accountability.studies.registry import get

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
