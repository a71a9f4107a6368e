"""Squads: exposure known in time and without one's own complaints, planted contagion found, shared exposure not."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import accountability
from accountability import officers
from accountability.errors import ParameterError, Refusal
from accountability.officers import OfficerRecords
from accountability.officers.contagion_test import lots
from accountability.officers.networks import dealt
from accountability.officers.officer_events import UNDATED, calendar_periods
from accountability.officers.peers import Panel, known, panel, reach, weights
from accountability.records.dataset import Dataset
from accountability.stats.fixed_effects_poisson import fit
from accountability.stats.permutation import permute


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "squads.py"
    spec = importlib.util.spec_from_file_location("squads_simulation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def agency(simulation: ModuleType) -> OfficerRecords:
    made: OfficerRecords = simulation.agency("shared", 11)
    return made


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return accountability.load("synthetic")


def made_of(
    rows: list[tuple[int, int, bool]], received: list[int], closed: list[int], unit: list[int]
) -> OfficerRecords:
    """Records from (officer, complaint, sustained), days of complaints, units of officers."""
    officer, case, sustained = (np.array(column) for column in zip(*rows, strict=True))
    officers = len(unit)
    return OfficerRecords(
        officer=officer.astype(np.int64),
        case=case.astype(np.int64),
        sustained=sustained.astype(bool),
        decided=np.ones(len(rows), bool),
        received=np.array(received, np.int64),
        closed=np.array(closed, np.int64),
        unit=np.array(unit, np.int64),
        supervisor=np.zeros(officers, np.int64),
        begin=np.zeros(officers, np.int64),
        end=np.full(officers, 2000, np.int64),
        first=0,
        last=1999,
        units=max(unit) + 1,
        supervisors=1,
        unit_word="squad",
    )


def slowly(data: OfficerRecords, starts: Any, window: int, officer: int, month: int, own: bool = False) -> int:
    """The definition: findings against others of the unit, not in a complaint against this officer, known in time."""
    mine = set(data.case[data.officer == officer])
    count = 0
    for row in range(len(data.officer)):
        peer, case = data.officer[row], data.case[row]
        day = data.closed[case]
        if peer == officer or data.unit[peer] != data.unit[officer] or not data.sustained[row]:
            continue
        if (own or case not in mine) and day < starts[month] <= day + window:
            count += 1
    return count


some_records = st.builds(
    lambda rows, days: made_of(
        [(o, c, s) for (o, c), s in rows.items()], [d for d, _ in days], [d + w for d, w in days], [0, 0, 0, 1, 1]
    ),
    st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 5)), st.booleans(), min_size=1, max_size=14),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 500)), min_size=6, max_size=6),
)


@given(data=some_records, window=st.sampled_from([30, 365, 700]))
def test_exposure_is_what_the_definition_says(data: OfficerRecords, window: int) -> None:
    starts = data.month_starts()[:-1]
    laid = Panel(np.zeros((5, len(starts))), np.zeros((5, len(starts))), starts, window)
    for own in (False, True):
        fast = known(data, laid, reach(data, laid, own_complaints=own), "sustained")
        for officer in range(5):
            for month in (0, 7, 15, 29, len(starts) - 1):
                assert fast[officer, month] == slowly(data, starts, window, officer, month, own)


def test_a_finding_counts_from_the_day_after_it_for_the_window_and_no_longer() -> None:
    # Months that start on days 31 and 396 (1 February of 1970 and of 1971).
    for closed, first, last in ((30, True, False), (31, False, True), (396, False, False)):
        data = made_of([(0, 0, True), (1, 1, False)], [0, 5], [closed, 10], [0, 0])
        starts = data.month_starts()[:-1]
        laid = Panel(np.zeros((2, len(starts))), np.zeros((2, len(starts))), starts, 365)
        seen = known(data, laid, reach(data, laid), "sustained")[1]
        assert bool(seen[np.flatnonzero(starts == 31)[0]]) is first
        assert bool(seen[np.flatnonzero(starts == 396)[0]]) is last


def test_the_future_changes_no_exposure(agency: OfficerRecords) -> None:
    laid = panel(agency)
    half = laid.starts[len(laid.starts) // 2]
    later = agency.closed[agency.case] >= half
    changed = np.where(later, ~agency.sustained, agency.sustained)
    other = OfficerRecords(
        **{name: getattr(agency, name) for name in OfficerRecords.__slots__} | {"sustained": changed}
    )
    before = laid.starts <= half
    one, two = (known(each, laid, reach(each, laid), "sustained") for each in (agency, other))
    assert (one[:, before] == two[:, before]).all()
    assert (one[:, ~before] != two[:, ~before]).any()


def test_weights_of_findings_add_up_to_the_score(agency: OfficerRecords) -> None:
    laid = panel(agency)
    found = reach(agency, laid)
    peers = known(agency, laid, found, "sustained")
    rest = fit(laid.complaints, laid.exposed, [known(agency, laid, found, "decided")], agency.unit)
    weight = weights(agency, found, rest.residual)
    assert weight[agency.sustained[found.row]].sum() == pytest.approx((rest.residual * peers).sum(), abs=1e-8)


@pytest.mark.parametrize("effects", ["officer", "unit", "none"])
def test_the_two_way_model_is_that_of_statsmodels(effects: Any) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    officers, months = 20, 10
    unit = np.arange(officers) % 6
    exposed = rng.integers(0, 32, (officers, months)).astype(float)
    x = [rng.poisson(2, (officers, months)).astype(float), rng.normal(size=(officers, months))]
    rate = np.exp(rng.normal(-3.5, 0.5, (officers, 1)) + rng.normal(0, 0.3, months) + 0.15 * x[0] - 0.2 * x[1])
    y = rng.poisson(rate * exposed).astype(float)
    found = fit(y, exposed, x, unit, effects)
    use = (y.sum(axis=1) > 0)[:, None] & (exposed > 0)
    cells = pd.DataFrame({"y": y[use], "e": exposed[use], "a": x[0][use], "b": x[1][use]})
    row, column = np.nonzero(use)
    level = {"officer": row, "unit": unit[row], "none": np.zeros(len(row))}[effects]
    dummies = pd.get_dummies(pd.DataFrame({"l": level, "m": column}).astype(str), drop_first=True, dtype=float)
    model = sm.GLM(
        cells["y"],
        pd.concat([cells[["a", "b"]], sm.add_constant(dummies, has_constant="add")], axis=1),
        family=sm.families.Poisson(),
        offset=np.log(cells["e"]),
    ).fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": unit[row], "use_correction": False})
    assert found.coefficients == pytest.approx(model.params[["a", "b"]].to_numpy(), abs=1e-6)
    clusters = len(np.unique(unit))
    error = np.sqrt(np.diag(found.covariance) * (clusters - 1) / clusters)
    assert error == pytest.approx(model.bse[["a", "b"]].to_numpy(), rel=1e-5)


# ---- contagion -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["shared", "shared much", "shared shocks"])
def test_shared_exposure_is_not_taken_for_contagion(simulation: ModuleType, setting: str) -> None:
    got = simulation.simulate(setting, 12, first=5000, permutations=99)  # benchmarks/RESULTS_squads.md holds 500
    assert got["found"] <= 0.25  # three of twelve: beyond it one time in five hundred at 5 %
    assert abs(got["mean"]) < 4 * got["sd"] / 12**0.5


def test_planted_contagion_is_found(simulation: ModuleType) -> None:
    got = simulation.simulate("contagion 0.05", 8, first=5000)
    assert got["found"] >= 0.5
    assert abs(got["mean"] - 0.05) < 0.015


def test_lots_have_the_moments_of_drawing_without_replacement() -> None:
    rng = np.random.default_rng(4)
    value, flag, cell = rng.normal(size=40), rng.random(40) < 0.3, rng.integers(0, 3, 40)
    drawn = lots(value, flag, cell, 40_000, rng)
    mean = variance = 0.0
    for one in range(3):
        held, marked = value[cell == one], int(flag[cell == one].sum())
        mean += marked * held.mean()
        variance += marked * (1 - marked / len(held)) * held.var(ddof=1)
    assert drawn.mean() == pytest.approx(mean, abs=5 * (variance / 40_000) ** 0.5)
    assert drawn.var() == pytest.approx(variance, rel=0.05)


def test_dealing_keeps_sizes_units_and_periods(agency: OfficerRecords) -> None:
    cell = agency.unit[agency.officer] * 1000 + calendar_periods(agency.received, 1)[agency.case]
    other = dealt(agency, next(permute(agency.officer, 1, np.random.default_rng(0), blocks=cell))[0])
    assert len(other.officer) > 0.97 * len(agency.officer)
    one, two = (
        pd.DataFrame({"u": data.unit[data.officer], "y": calendar_periods(data.received, 1)[data.case], "c": data.case})
        for data in (agency, other)
    )
    pd.testing.assert_frame_equal(
        one.drop_duplicates().sort_values("c", ignore_index=True),
        two.drop_duplicates().sort_values("c", ignore_index=True),
    )
    assert (other.officer != agency.officer[: len(other.officer)]).any()


def test_the_bundled_agency_holds_no_contagion(bundled: Dataset) -> None:
    data = officers.officer_records(bundled, "squad", supervisor="supervisor")
    result = officers.contagion(data, permutations=199)
    row = result.table.iloc[0]
    assert row["lower"] < 1 < row["upper"]
    assert row["permutation_p_value"] > 0.05
    assert "mechanical" in result.sentence()
    assert any("one complaint against two officers" in text for text in result.assumptions)
    again = officers.contagion(data, permutations=199)
    pd.testing.assert_frame_equal(result.table, again.table)


def test_what_cannot_be_asked_is_refused(bundled: Dataset) -> None:
    data = officers.officer_records(bundled)
    with pytest.raises(ParameterError, match="30 to 3,650"):
        officers.contagion(data, window=7)
    with pytest.raises(Refusal, match="shorter window"):
        officers.contagion(data, window=1900)
    with pytest.raises(Refusal, match="one agency only"):
        officers.contagion(officers.officer_records(bundled, None))
    with pytest.raises(ParameterError, match="no column 'platoon'"):
        officers.officer_records(bundled, "platoon")
    never = OfficerRecords(
        **{n: getattr(data, n) for n in OfficerRecords.__slots__} | {"closed": np.full(len(data.closed), UNDATED)}
    )
    with pytest.raises(Refusal, match="no sustained finding has a day"):
        officers.contagion(never)


# ---- networks, levels, movers ----------------------------------------------------------------------------------


def test_network_measures_are_those_of_networkx(agency: OfficerRecords) -> None:
    import networkx as nx

    table = officers.co_accusals(agency, draws=99).table.set_index("measure")
    graph: Any = nx.Graph()
    for case in range(len(agency.received)):
        members = agency.officer[agency.case == case].tolist()
        graph.add_edges_from((a, b) for i, a in enumerate(members) for b in members[i + 1 :])
    assert table.loc["pairs", "estimate"] == graph.number_of_edges()
    assert table.loc["clustered", "estimate"] == pytest.approx(nx.transitivity(graph))
    assert table.loc["accused_together", "estimate"] == pytest.approx(len(graph) / agency.officers)
    largest = max(len(part) for part in nx.connected_components(graph))
    assert table.loc["largest", "estimate"] == pytest.approx(largest / len(graph))


def test_officers_dealt_by_lot_are_no_more_repeated_than_by_lot(agency: OfficerRecords) -> None:
    cell = agency.unit[agency.officer] * 1000 + calendar_periods(agency.received, 1)[agency.case]
    shuffled = dealt(agency, next(permute(agency.officer, 1, np.random.default_rng(5), blocks=cell))[0])
    row = officers.co_accusals(shuffled, draws=99).table.set_index("measure").loc["repeated"]
    assert row["expected_lower"] <= row["estimate"] <= row["expected_upper"]


def test_few_pairs_are_not_summarised() -> None:
    data = made_of([(0, 0, True), (1, 0, False)], [10], [50], [0, 0])
    result = officers.co_accusals(data, draws=99)
    assert result.table["estimate"].isna().all()
    assert "Too few" in result.sentence()


def test_the_spread_of_every_level_is_found() -> None:
    rng = np.random.default_rng(6)
    bosses, squads_each, size = 60, 4, 12
    boss = rng.gamma(4, 1 / 4, bosses)  # relative variances 1/4, 1/8 and 1/2
    squad = rng.gamma(8, 1 / 8, (bosses, squads_each))
    officer = rng.gamma(2, 1 / 2, (bosses, squads_each, size))
    rate = (boss[:, None, None] * squad[:, :, None] * officer).ravel()
    drawn = rng.poisson(rate * 25)  # nearly everyone is accused, so nearly everyone is held
    who = np.repeat(np.arange(len(rate)), drawn)
    unit = np.repeat(np.arange(bosses * squads_each), size)
    data = made_of([(int(o), i, False) for i, o in enumerate(who)], [0] * len(who), [UNDATED] * len(who), unit.tolist())
    data = replace(data, received=rng.integers(0, 2000, len(who)), supervisor=unit // squads_each, supervisors=bosses)
    found = officers.variance_components(data, draws=199).table
    for planted, row in zip((0.25, 0.125, 0.5), found.to_dict("records"), strict=True):
        assert row["lower"] < planted < row["upper"], row
    assert found["p_value"].iloc[0] <= 0.01


def movers_data(
    share: float, rng: np.random.Generator, units: int = 12, size: int = 30, spread: float = 0.8, rate: float = 0.002
) -> tuple[Any, pd.DataFrame]:
    """A source of units of officers; a third move in the middle; complaints go with the place by `share`."""
    from types import SimpleNamespace

    level = np.exp(rng.normal(0, spread, units))
    stays, rows = [], []
    for officer in range(units * size):
        unit, new = officer % units, int(rng.integers(0, units))
        moves = officer < units * size // 3 and new != unit
        own = np.exp(rng.normal(0, 0.3)) * level[unit] ** (1 - share)
        spans = [(unit, 0, 1500), (new, 1500, 3000)] if moves else [(unit, 0, 3000)]
        for place, start, stop in spans:
            stays.append((f"o{officer}", f"u{place}", start, stop))
            mean = rate * own * level[place] ** share * (stop - start)
            rows += [(f"o{officer}", int(day)) for day in rng.integers(start, stop, rng.poisson(mean))]
    origin = np.datetime64("2000-01-01", "D")
    cases = pd.DataFrame({"case_id": [f"c{i}" for i in range(len(rows))]})
    allegations = cases.assign(officer_id=[who for who, _ in rows])
    days = pd.Series((origin + np.array([day for _, day in rows], "timedelta64[D]")).astype("datetime64[s]"))
    events = cases.assign(stage="received", earliest=days, latest=days, set_aside=None, officer_id=None)
    table = pd.DataFrame(stays, columns=["officer_id", "unit", "from", "to"])
    for name in ("from", "to"):
        table[name] = origin + table[name].to_numpy().astype("timedelta64[D]")
    return SimpleNamespace(
        name="moved", cases=cases, allegations=allegations, events=events, card=None, ledger=None
    ), table


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_movers_tell_officers_from_places(share: float) -> None:
    data, assignments = movers_data(share, np.random.default_rng(7))
    row = officers.movers(data, assignments, confidence=0.999).table.iloc[0]
    assert row["lower"] < share < row["upper"]
    assert row["upper"] - row["lower"] < 1.1


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_chance_in_small_units_does_not_bring_the_elasticity_towards_0(share: float) -> None:
    """24 units of 12 officers, whose rates rest on about 10 complaints: planted 1 read 0.5 as counted."""
    found = []
    for seed in range(12):
        try:
            made = officers.movers(*movers_data(share, np.random.default_rng(seed), 24, 12, 0.35, 0.0012))
        except Refusal:  # units that hardly differ
            continue
        assert 0.3 <= made.reliability < 1
        found.append((*made.table["estimate"], *made.table.loc[0, ["lower", "upper"]]))
    corrected, counted, lower, upper = np.array(found).T
    assert len(found) >= 7
    assert abs(np.median(corrected) - share) < 0.25
    assert np.mean((lower < share) & (share < upper)) >= 0.85
    if share:
        assert np.median(counted) < 0.8


def test_units_that_differ_by_chance_alone_give_no_elasticity() -> None:
    data, assignments = movers_data(1.0, np.random.default_rng(4), 24, 12, 0.0, 0.0008)
    with pytest.raises(Refusal, match="more than chance"):
        officers.movers(data, assignments)


def test_stays_that_overlap_are_refused() -> None:
    data, assignments = movers_data(0.0, np.random.default_rng(8))
    wrong = assignments.assign(to=assignments["to"] + np.timedelta64(1, "D"))
    with pytest.raises(ParameterError, match="overlap"):
        officers.movers(data, wrong)
    with pytest.raises(ParameterError, match="missing unit"):
        officers.movers(data, assignments.drop(columns="unit"))


# ---- results, real releases -------------------------------------------------------------------------------------


def test_results_say_what_they_are_draw_and_name_nobody(bundled: Dataset) -> None:

    data = officers.officer_records(bundled, "squad", supervisor="supervisor")
    for result in (
        officers.contagion(data, permutations=99),
        officers.co_accusals(data, draws=99),
        officers.variance_components(data, draws=99),
        officers.mean_cumulative_function(officers.spells(data)),
    ):
        assert result.sentence().endswith(".")
        assert "G0" not in result.table.to_csv() + result.sentence() + repr(result)
        result.plot()
    links = officers.unit_links(data)
    assert links["value"].iloc[0] == 40
    assert links["value"].iloc[2] == 0  # the generated agency accuses squad-mates together


@pytest.mark.real_data
def test_philadelphia_has_networks_and_no_days_of_findings(real_source: Callable[[str], Dataset]) -> None:
    data = officers.officer_records(real_source("philadelphia"), "officer_unit")
    assert dict(data.left_out)["no officer identified"] == 448
    with pytest.raises(Refusal, match="no sustained finding has a day"):
        officers.contagion(data)
    row = officers.co_accusals(data, draws=99).table.set_index("measure").loc["repeated"]
    assert row["estimate"] > row["expected_upper"]
