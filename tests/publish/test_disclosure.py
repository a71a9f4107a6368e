"""No group under ten follows from the counts of several tables: the solver against counting every possibility."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import full

from accountability.privacy import disclose
from accountability.publish.column_kinds import column_kinds
from accountability.publish.sharing.count_system import Cell, System, few
from accountability.publish.sharing.disclosure import Released, given_away

KINDS = {"unit": "text", "n": "count"}


def table(
    counts: dict[str, int | None], settings: dict[str, str] | None = None, place: str = "a.csv", **more
) -> Released:
    rows = tuple((unit, "" if count is None else str(count)) for unit, count in counts.items())
    return Released(place, "toy, study, by_unit", settings or {}, more.get("kinds", KINDS), rows)


def told(*tables: Released, before: tuple[Released, ...] = ()) -> list[str]:
    return [leak.excerpt for leak in given_away(tables, before)]


# ---- planted truth ---------------------------------------------------------------------------------------------


def every_truth(shown: list[dict[str, int | None]]) -> list[tuple[dict[str, int], ...]]:
    """All counts of two reports, the second of which holds the cases of the first, that agree with what is shown."""
    units = [unit for unit in shown[0] if unit != "total"]
    possible = []
    for one in itertools.product(*([shown[0][u]] if shown[0][u] is not None else range(26) for u in units)):
        if sum(one) != shown[0]["total"]:
            continue
        for other in itertools.product(*([shown[1][u]] if shown[1][u] is not None else range(26) for u in units)):
            if sum(other) == shown[1]["total"] and all(a <= b for a, b in zip(one, other, strict=True)):
                possible.append((dict(zip(units, one, strict=True)), dict(zip(units, other, strict=True))))
    return possible


def follows(shown: list[dict[str, int | None]]) -> bool:
    """Whether some hidden count, the hidden ones together, or what one report has more is surely 1 to 9."""
    truths = every_truth(shown)
    assert truths
    asked = []
    for at in (0, 1):
        hidden = [unit for unit in shown[at] if shown[at][unit] is None]
        asked += [[truth[at][unit] for truth in truths] for unit in hidden]
        if len(hidden) > 1:
            asked.append([sum(truth[at][unit] for unit in hidden) for truth in truths])
    asked += [[truth[1][unit] - truth[0][unit] for truth in truths] for unit in truths[0][0]]
    return any(few(min(values), max(values)) for values in asked)


def random_pair(rng: np.random.Generator) -> list[dict[str, int | None]]:
    units = ["A", "B", "C"][: int(rng.integers(2, 4))]
    first = {unit: int(rng.integers(0, 13)) for unit in units}
    second = {unit: count + int(rng.choice([0, 0, 3, 10, 12])) for unit, count in first.items()}
    shown: list[dict[str, int | None]] = []
    for counts in (first, second):
        # Some hide what is few, some more than that, some nothing of it.
        few_ones = {unit for unit, count in counts.items() if 0 < count < 10}
        also = {unit for unit in units if rng.random() < 0.4}
        hidden = few_ones | also if rng.random() < 0.8 else also
        shown.append({unit: None if unit in hidden else count for unit, count in counts.items()})
        shown[-1]["total"] = sum(counts.values())
    return shown


def test_random_pairs_of_reports_agree_with_every_possibility() -> None:
    rng = np.random.default_rng(21)
    answers = []
    for _ in range(500 if full() else 60):
        shown = random_pair(rng)
        pair = [table(counts, {"cutoff": f"2020-06-0{at + 1}"}) for at, counts in enumerate(shown)]
        answers.append(follows(shown))
        assert bool(given_away(pair)) == answers[-1], shown
    assert 0.2 < np.mean(answers) < 0.9


# ---- one kind each ---------------------------------------------------------------------------------------------


def test_two_cut_offs_three_days_apart_give_one_case_away() -> None:
    one = table({"North": 57, "South": 80}, {"cutoff": "2020-06-30"})
    other = table({"North": 58, "South": 80}, {"cutoff": "2020-07-03"})
    assert told(one) == told(other) == []
    assert told(one, other) == ["n, less that of another report"]
    assert told(other, before=(one,)) == ["n, less that of another report"], "what left before is held against it"
    assert told(one, before=(one,)) == []


def test_a_filter_gives_away_whom_it_leaves_out() -> None:
    every = table({"North": 57, "South": 80}, {"only": "None"})
    some = table({"North": 50, "South": 60}, {"only": "category = force"})
    assert told(every, some) == ["n, less that of another report"]


def test_reports_on_other_questions_are_not_subtracted() -> None:
    one = table({"North": 57, "South": 80}, {"start": "received"})
    other = table({"North": 58, "South": 80}, {"start": "opened"})
    assert told(one, other) == []


def test_how_many_cases_a_clock_holds_points_to_nobody() -> None:
    one = Released("a", "toy", {"cutoff": "a"}, KINDS, (("2019", "57"), ("2020", "80")), people=False)
    other = Released("a", "toy", {"cutoff": "b"}, KINDS, (("2019", "57"), ("2020", "83")), people=False)
    assert told(one, other) == []


def test_the_same_cells_of_another_table_fill_what_is_hidden() -> None:
    counts = {"A": 40, "B": None, "C": 25, "D": None, "total": 80}
    assert told(table(counts)) == []
    other = table({"A": 40, "B": 11, "C": 25}, place="b.csv")
    assert "n, a hidden count" in told(table(counts), other)
    elsewhere = table({"A": 41, "B": 11, "C": 25}, place="b.csv")
    assert told(table(counts), elsewhere) == [], "cells that differ are of other cases"


def test_a_share_beside_a_number_gives_its_count_away() -> None:
    kinds = {"unit": "text", "n": "count", "events": "count", "share": "share"}
    rows = (("A", "90", "30", "0.3333"), ("B", "80", "60", "0.75"), ("C", "50", "", "0.08"))
    assert told(Released("a", "toy", {}, kinds, rows)) == ["share, a share beside its number", "events, a hidden count"]
    hidden = (*rows[:2], ("C", "50", "", ""))
    assert told(Released("a", "toy", {}, kinds, hidden)) == []


def test_a_share_of_all_is_no_count_of_one() -> None:
    kinds = {"unit": "text", "n": "count", "closed": "share"}
    rows = (("A", "90", "1.0"), ("B", "80", "1.0"))
    assert told(Released("a", "toy", {}, kinds, rows)) == []


def test_a_total_of_parts_gives_the_rest_away() -> None:
    kinds = {"unit": "text", "n": "count", "open": "count", "closed": "count"}
    rows = (("A", "60", "20", "40"), ("B", "70", "30", "40"), ("C", "50", "", "44"))
    assert told(Released("a", "toy", {}, kinds, rows)) == ["open, a hidden count"]


def test_a_median_of_a_hidden_group_is_a_day_of_one_case() -> None:
    kinds = {"unit": "text", "n": "count", "median": "quantile"}
    rows = (("A", "90", "120"), ("B", "", "77"), ("C", "", ""))
    assert told(Released("a", "toy", {}, kinds, rows)) == ["a quantile of a group too small to show"]


def test_a_quantile_of_a_group_of_eleven_has_few_on_a_side() -> None:
    kinds = {"unit": "text", "n": "count", "median": "quantile"}
    assert told(Released("a", "toy", {}, kinds, (("A", "90", "120"), ("B", "11", "77")))) == [
        "a quantile of a group too small to show"
    ]
    assert told(Released("a", "toy", {}, kinds, (("A", "90", "120"), ("B", "20", "77")))) == []


def test_a_mean_of_a_hidden_group_is_of_its_few_cases() -> None:
    kinds = {"unit": "text", "n": "count", "mean_days": "number"}
    rows = (("A", "90", "120.5"), ("B", "", "77.0"), ("C", "", ""))
    assert told(Released("a", "toy", {}, kinds, rows)) == ["a mean of a group too small to show"]


def test_a_share_beside_a_number_is_a_count_though_no_column_counts_it() -> None:
    kinds = {"unit": "text", "n": "count", "sustained": "share"}
    few_of_a = (("A", "90", "0.0333"), ("B", "80", "0.25"))
    assert told(Released("a", "toy", {}, kinds, few_of_a)) == ["sustained, a share beside its number"]
    all_but_few = (("A", "90", "0.9667"), ("B", "80", "0.25"))
    assert told(Released("a", "toy", {}, kinds, all_but_few)) == ["sustained, a share beside its number"]
    modelled = (("A", "90", "0.0371"), ("B", "80", "0.2613"))
    assert told(Released("a", "toy", {}, kinds, modelled)) == []


def test_the_order_of_rows_ranks_the_hidden() -> None:
    counts = {"D": 60, "B": 41, "E": 30, "A": 12, "F": None, "C": None, "total": 157}
    assert told(table(counts)) == ["n, a hidden count"], "of 14 in two, sorted, the last has at most 7"
    by_name = {unit: counts[unit] for unit in sorted(set(counts) - {"total"})} | {"total": 157}
    assert told(table(by_name)) == []


@pytest.mark.parametrize("whole", [{"all": 70}, {"white": 30, "black": 40}])
def test_another_table_of_the_same_cases_gives_the_total(whole: dict[str, int | None]) -> None:
    by_unit = table({"A": 40, "B": None, "C": 25}, {"group": "unit"})
    other = table(whole, {"group": "race"}, "b.csv")
    assert "n, less what another table holds in all" in told(by_unit, other)
    assert "n, less what another table holds in all" in told(by_unit, before=(other,)), "also of an earlier archive"
    assert told(by_unit, table({"all": 90}, {"group": "race"}, "b.csv")) == []
    assert told(by_unit, table(whole, {"group": "race", "start": "opened"}, "b.csv")) == []


def test_a_total_that_left_before_uncovers_what_two_archives_differ_by() -> None:
    earlier = table({"A": 40, "B": None, "C": 25}, {"cutoff": "2020-06-30"})
    total = table({"total": 81}, {"cutoff": "2020-06-30", "group": "None"})
    later = table({"A": 52, "B": 19, "C": 35}, {"cutoff": "2020-07-03"})
    assert told(later, before=(earlier,)) == []
    assert told(later, before=(earlier, total)) == ["n, less that of another report"]


def test_what_is_not_proven_in_time_is_said() -> None:
    one = given_away([table({"A": 40, "B": None, "C": None, "total": 80})], seconds=0.0)
    assert {leak.kind for leak in one} == {"not proven"}


def test_constraints_that_contradict_each_other_are_asked_one_by_one() -> None:
    system = System()
    cell = Cell(system.new())
    system.add([(1.0, cell)], 5.0, 5.0)
    system.add([(1.0, cell)], 30.0, 30.0)
    assert system.bounds({cell.at: 1.0}, 10.0) == (5, 5)


# ---- what hides stays hidden -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_what_disclose_hides_is_not_given_away(seed: int) -> None:
    import pandas as pd

    rng = np.random.default_rng(seed)
    sizes = rng.choice([0, 3, 8, 12, 40, 90], int(rng.integers(3, 9)))
    frame = pd.DataFrame({"unit": [f"u{at}" for at in range(len(sizes))], "n": sizes})
    shown = disclose(frame, counts=["n"])
    assert column_kinds(shown) == {"unit": "text", "n": "count", "hidden": "flag"}
    if 0 < sizes[shown["hidden"]].sum() < 10:
        return  # there was nothing left to hide with it; whoever calls withholds the total
    counts = {unit: None if pd.isna(n) else int(n) for unit, n in zip(shown["unit"], shown["n"], strict=True)}
    assert told(table(counts | {"total": int(sizes.sum())})) == []


def test_a_results_columns_say_what_they_are() -> None:
    import accountability
    from accountability import Cohort, delay
    from accountability.study import clocks

    groups = delay.compare_groups(clocks.durations(Cohort.of(accountability.load("synthetic"))), "investigated_by")
    kinds = column_kinds(groups.table)
    assert {kinds[name] for name in ("n", "open")} == {"count"}
    assert kinds["group"] == "text"
    assert kinds["median"] == "quantile"
    assert kinds["closed_within"] == "share"
