"""Four closing states, which add up to all cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny import COMPLAINTS, write_source

import accountability
from accountability import Cohort, delay
from accountability.errors import AccountabilityError
from accountability.records.case_ends import closing_state, closing_states
from accountability.records.dataset import Dataset
from accountability.study.clocks import durations

ROWS = COMPLAINTS + "".join(
    f"{number},2020-01-01,{closed},Force,public\n"
    for number, closed in enumerate(["2020-03-01", "", "N/A", "1900-01-01", "2020-04-01", '" \u00a0"'], 1)
)
NO_DAY = {"": "open", "N/A": "closed_on_unknown_day", "1900-01-01": "unknown"}


def source(folder: Path, no_day: dict[str, Any]) -> Dataset:
    accused = "id,officer,finding,penalty\n" + "".join(f"{n},o{n},SUS,none\n" for n in range(1, 7))
    return accountability.load(
        write_source(folder, ROWS, accused, **{"files.complaints.columns.closed.no_day": no_day})
    )


def test_every_case_is_in_one_state_as_declared(tmp_path: Path) -> None:
    data = source(tmp_path / "states", NO_DAY)
    states = ["dated", "open", "closed_on_unknown_day", "unknown", "dated", "open"]
    assert closing_state(data).tolist() == states
    counts = closing_states(data)
    assert counts.set_index("state")["n"].to_dict() == {
        "dated": 2, "closed_on_unknown_day": 1, "open": 2, "unknown": 1,
    }  # fmt: skip
    assert counts["n"].sum() == len(data.cases)


def test_an_unknown_day_lies_between_receipt_and_cutoff_and_an_unknown_end_is_left_out(tmp_path: Path) -> None:
    timed = durations(Cohort.of(source(tmp_path / "states", NO_DAY)))
    table = timed.table.set_index("case_id")
    assert table.loc["3", ["days_lower", "days_upper", "event"]].tolist() == [0, 365, True]
    assert not table.loc["2", "event"]
    assert timed.excluded["case_id"].tolist() == ["4"]
    assert "not known whether it happened" in timed.excluded["reason"].iloc[0]
    assert not timed.exact


def test_a_blank_may_mean_closed(tmp_path: Path) -> None:
    data = source(tmp_path / "states", {**NO_DAY, "": "closed_on_unknown_day"})
    assert closing_states(data).set_index("state")["n"].to_dict()["open"] == 0
    assert durations(Cohort.of(data)).n_open == 0


def test_the_ledger_names_what_is_not_known(tmp_path: Path) -> None:
    data = source(tmp_path / "states", NO_DAY)
    entries = data.ledger.entries
    assert entries.loc[entries["rule"] == "no_day", "example_rows"].tolist() == ["4"]


def test_another_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AccountabilityError, match="no_day"):
        source(tmp_path / "states", {"": "maybe"})


def test_delays_and_their_results_carry_the_four_states(tmp_path: Path) -> None:
    data = source(tmp_path / "states", NO_DAY)
    timed = durations(Cohort.of(data))
    curve = delay.closing_curve(data)
    for counted in (timed.states, curve.states, delay.how_long(data).states, delay.restricted_mean(data, 300).states):
        assert counted is not None
        assert counted["n"].tolist() == [2, 1, 2, 1]
    assert "1 case closed on an unknown day and whether 1 case closed is not known" in curve.sentence()
    assert "2 dated, 1 closed on unknown day, 2 open, 1 unknown (6 in all)" in repr(data)


def test_a_model_that_needs_days_names_the_line_to_write(tmp_path: Path) -> None:
    timed = durations(Cohort.of(source(tmp_path / "states", NO_DAY)))
    with pytest.raises(AccountabilityError, match=r"1 case .* closed on an unknown day.*known_days\(\)"):
        delay.exact_rates(timed, "kind")
    left = timed.known_days()
    assert left.exact
    assert left.excluded["reason"].tolist()[-1] == "closed on an unknown day"


def test_an_unknown_day_may_lie_after_an_earlier_cutoff(tmp_path: Path) -> None:
    timed = durations(Cohort.of(source(tmp_path / "states", NO_DAY)), cutoff="2020-06-30")
    assert timed.table.set_index("case_id").loc["3", "days_upper"] == 365


def test_a_source_of_statuses_has_states_too(real_source: Callable[[str], Dataset]) -> None:
    assert closing_states(real_source("philadelphia"))["n"].tolist() == [0, 3077, 327, 3]


def test_another_column_tells_a_blank_from_a_blank(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "": {"complainant": {"public": "closed_on_unknown_day"}},
        "N/A": {"kind": {"Search": "open"}},
    }
    told["1900-01-01"] = "open"
    assert closing_state(source(tmp_path / "told", told)).tolist() == [
        "dated", "closed_on_unknown_day", "unknown", "open", "dated", "closed_on_unknown_day",
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccountabilityError, match=r"looks at 'Status'"):
        source(tmp_path / "told", {"": {"Status": {"Closed": "open"}}})
