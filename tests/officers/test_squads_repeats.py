"""Repeated complaints: Andersen-Gill, Prentice-Williams-Peterson and mean counts against R; stretches by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from accountability import officers
from accountability.errors import ParameterError, Refusal
from accountability.officers import OfficerRecords
from accountability.officers.officer_events import UNDATED
from accountability.stats.sandwich import sandwich
from accountability.study.durations import Durations

FOLDER = Path(__file__).resolve().parents[1] / "reference"
R = pd.read_csv(FOLDER / "squads.csv").astype({"name": str}).set_index(["id", "name"])["value"]


def made_of(rows: list[tuple[int, int]], officers: int) -> OfficerRecords:
    """Records of one unit from (officer, day of receipt), one complaint each, watched on days 0 to 1999."""
    officer, received = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    none = np.zeros(len(rows), bool)
    return OfficerRecords(
        officer=officer,
        case=np.arange(len(rows)),
        sustained=none,
        decided=none,
        received=received,
        closed=np.full(len(rows), UNDATED),
        unit=np.zeros(officers, np.int64),
        supervisor=np.zeros(officers, np.int64),
        begin=np.zeros(officers, np.int64),
        end=np.full(officers, 2000, np.int64),
        first=0,
        last=1999,
        units=1,
        supervisors=1,
        unit_word="agency",
    )


@pytest.fixture(scope="module")
def bladder() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "squads_bladder.csv")


def stretches(table: pd.DataFrame, gap: bool) -> Durations:
    start = 0 if gap else table["start"]
    groups = {"officer": table["id"], "number": table["enum"].astype(str)}
    groups |= {name: table[name] for name in ("rx", "number_of_tumours", "size")}
    entry = np.ones(len(table), int) if gap else table["start"] + 1
    stop = table["stop"] - table["start"] if gap else table["stop"]
    assert (stop > start).all()
    return Durations.from_days(stop, table["event"] == 1, entry_time=entry, groups=groups)


@pytest.mark.parametrize(
    ("model", "name"), [("andersen-gill", "ag"), ("pwp total", "pwp.total"), ("pwp gap", "pwp.gap")]
)
def test_recurrent_events_are_those_of_r(bladder: pd.DataFrame, model: Any, name: str) -> None:
    table = bladder.rename(columns={"number": "number_of_tumours"})
    found = officers.repeat_rates(stretches(table, "gap" in model), ["rx", "number_of_tumours", "size"], model=model)
    # R's errors have no correction for few officers, ours have.
    cell, sets = found.sets.cell, found.sets
    plain = np.sqrt(
        np.diag(
            sandwich(found.model_covariance, found.scores(), cell, found.cluster, found.clusters, number=sets.number)
        )
    )
    for place, term in enumerate(("rx", "number", "size")):
        assert found.coefficients[place] == pytest.approx(R[f"{name}.coef", term], abs=1e-7)
        assert plain[place] == pytest.approx(R[f"{name}.se", term], abs=1e-7)
        assert found.table["std_error"].iloc[place] >= plain[place]


def test_the_mean_count_and_its_error_are_those_of_r(bladder: pd.DataFrame) -> None:
    table = bladder.rename(columns={"number": "number_of_tumours"})
    found = officers.mean_cumulative_function(stretches(table, gap=False), [5, 12, 24, 40]).table
    for row in found.to_dict("records"):
        assert row["estimate"] == pytest.approx(R["mcf", str(row["day"])], abs=1e-9)
        assert row["std_error"] == pytest.approx(R["mcf.se", str(row["day"])], rel=1e-6)


def test_stretches_run_from_complaint_to_complaint() -> None:
    data = made_of([(0, 10), (0, 10), (0, 40), (1, 100)], 2)
    total, gap = officers.spells(data).table, officers.spells(data, "gap").table
    assert total[["days_lower", "event", "entry_time"]].values.tolist() == [
        [30, True, 1],
        [1989, False, 31],
        [1899, False, 1],
    ]
    assert gap[["days_lower", "event"]].values.tolist() == [[30, True], [1959, False], [1899, False]]
    assert total["number"].tolist() == ["1", "2", "1"]
    with pytest.raises(ParameterError, match="andersen-gill"):
        officers.repeat_rates(officers.spells(data), ["number"], model="wlw")


@pytest.mark.parametrize(("model", "clock"), [("andersen-gill", "gap"), ("pwp total", "gap"), ("pwp gap", "total")])
def test_stretches_of_the_other_clock_are_no_such_model(model: Any, clock: Any) -> None:
    data = officers.spells(made_of([(0, 10), (0, 40), (1, 100), (1, 300)], 2), clock)
    with pytest.raises(ParameterError, match=r"days since the (first|last) complaint against the officer: take"):
        officers.repeat_rates(data, ["unit"], model=model)


def test_steady_complaints_grow_in_a_straight_line() -> None:
    rng = np.random.default_rng(9)
    who = np.repeat(np.arange(300), rng.poisson(8, 300))
    data = made_of([(int(officer), int(rng.integers(0, 2000))) for officer in who], 300)
    for row in officers.mean_cumulative_function(officers.spells(data), [250, 500, 1000]).table.to_dict("records"):
        assert row["lower"] - 0.1 < 8 * row["day"] / 2000 < row["upper"] + 0.1


def test_spells_begin_on_the_day_after_and_warn_of_nobody_missed() -> None:
    spells = officers.spells(made_of([(0, 10), (0, 40), (1, 100)], 2))
    assert spells.entry_time.min() == 1
    assert not [caution for caution in officers.mean_cumulative_function(spells, [5]).cautions if "day 0" in caution]


def test_nobody_watched_after_a_complaint_is_refused() -> None:
    with pytest.raises(Refusal, match="nothing can follow"):
        officers.spells(made_of([(0, 1999)], 1))
