"""No group under ten follows from the counts of several tables: the solver against counting every possibility."""

from __future__ import annotations

import itertools
from pathlib import Path

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
    for _ in range(500 if full() else 50):
        shown = random_pair(rng)
        pair = [table(counts, {"cutoff": f"2020-06-0{at + 1}"}) for at, counts in enumerate(shown)]
        answers.append(follows(shown))
        assert bool(given_away(pair)) == answers[-1], shown
    assert 0.2 < np.mean(answers) < 0.9


def every_split(shown: dict[str, dict[str, int | None]]) -> list[dict[str, dict[str, int]]]:
    """All counts of a report on all cases and of two filters that share none, that agree with what is shown."""

    def of_one(counts: dict[str, int | None]) -> list[dict[str, int]]:
        asked = [[counts[u]] if counts[u] is not None else range(int(counts["total"] or 0) + 1) for u in ("A", "B")]
        return [{"A": a, "B": b} for a in asked[0] for b in asked[1] if a + b == counts["total"]]

    possible = (dict(zip(shown, one, strict=True)) for one in itertools.product(*map(of_one, shown.values())))
    return [one for one in possible if all(one["all"][u] >= one["force"][u] + one["search"][u] for u in ("A", "B"))]


def split_follows(shown: dict[str, dict[str, int | None]]) -> bool:
    truths = every_split(shown)
    assert truths
    asked = [
        [one[of]["A"] + one[of]["B"] for one in truths] for of in shown if None in (shown[of]["A"], shown[of]["B"])
    ]
    asked += [[one[of][unit] for one in truths] for of in shown for unit in ("A", "B") if shown[of][unit] is None]
    for unit in ("A", "B"):
        asked += [[one["all"][unit] - one[of][unit] for one in truths] for of in ("force", "search")]
        # What is left beside the filters, with what they hide.
        known = sum(shown[of][unit] or 0 for of in ("force", "search"))
        asked.append([one["all"][unit] - known for one in truths])
    left = [one["all"][u] + one["all"][v] for one in truths for u, v in [("A", "B")]]
    asked.append([whole - sum(shown[of]["total"] or 0 for of in ("force", "search")) for whole in left])
    return any(few(min(values), max(values)) for values in asked)


def test_random_filters_agree_with_every_possibility() -> None:
    rng = np.random.default_rng(22)
    answers = []
    for _ in range(500 if full() else 25):
        parts = {of: {unit: int(rng.choice([0, 4, 10, 12])) for unit in ("A", "B")} for of in ("force", "search")}
        rest = {unit: int(rng.choice([0, 0, 3, 11])) for unit in ("A", "B")}
        whole = {unit: parts["force"][unit] + parts["search"][unit] + rest[unit] for unit in ("A", "B")}
        shown: dict[str, dict[str, int | None]] = {}
        for of, counts in {"all": whole, **parts}.items():
            hide = any(0 < count < 10 for count in counts.values()) or rng.random() < 0.3
            shown[of] = {unit: None if hide else count for unit, count in counts.items()}
            shown[of]["total"] = sum(counts.values())
        tables = [
            table(c, {"only": "None" if of == "all" else f"category={of}"}, f"{of}.csv") for of, c in shown.items()
        ]
        answers.append(split_follows(shown))
        assert bool(given_away(tables)) == answers[-1], shown
    assert 0.2 < np.mean(answers) < 0.95


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


STATISTICS = {
    "in percent": ({"n": "count", "sustained_percent": "number"}, ("90", "3.3"), ("80", "25.0")),
    "to 0.1 percent beside many": ({"n": "count", "sustained": "share"}, ("900", "0.003"), ("800", "0.25")),
    "in the only row": ({"n": "count", "sustained": "share"}, ("90", "0.03333333333333333")),
    "a median of three": ({"n": "count", "days_median": "quantile"}, ("", "77"), ("90", "120")),
    "the longest": ({"n": "count", "longest_days": "quantile"}, ("90", "977"), ("80", "1201")),
    "the most": ({"n": "count", "max_days": "number"}, ("90", "977"), ("80", "1201")),
    "a tail of a quantile": ({"n": "count", "days_p90": "quantile"}, ("60", "377"), ("200", "401")),
    "a mean": ({"n": "count", "days_mean": "number"}, ("", "77.5"), ("90", "120.1")),
    "a sum": ({"n": "count", "sum_days": "number"}, ("", "310"), ("90", "1201")),
    "Wald's limits of 2 in 7": (
        {"n": "count", "estimate": "share", "lower": "share", "upper": "share"},
        ("", "0.2857142857", "0", "0.6203682863"), ("90", "0.5", "0.3967", "0.6033"),
    ),
    "Wilson's limits, rounded": (
        {"n": "count", "estimate": "share", "lower": "share", "upper": "share"},
        ("", "0.286", "0.082", "0.641"), ("90", "0.500", "0.399", "0.601"),
    ),
    "limits of a hidden part": (
        {"n": "count", "sustained": "share", "sustained_lower": "share", "sustained_upper": "share"},
        ("90", "", "0.0114", "0.0935"), ("80", "0.25", "0.1680", "0.3549"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", STATISTICS)
def test_a_statistic_says_how_many(what: str) -> None:
    kinds, *rows = STATISTICS[what]
    assert told(Released("a", "toy", {}, {"unit": "text", **kinds}, tuple((f"u{at}", *r) for at, r in enumerate(rows))))


def test_limits_of_many_or_of_clustered_cases_say_no_number() -> None:
    kinds = {"unit": "text", "n": "count", "estimate": "share", "lower": "share", "upper": "share"}
    assert (
        told(
            Released("a", "toy", {}, kinds, (("A", "", "0.3000", "0.2219", "0.3971"), ("B", "", "0.0", "0.0", "0.16")))
        )
        == []
    )
    asked = {"unit": "text", "share": "share", "n": "count"}
    assert told(Released("a", "toy", {}, asked, (("A", "0.25", "36"), ("A", "0.5", "36"), ("B", "0.9", "80")))) == []
    rounded = {"unit": "text", "n": "count", "sustained": "share", "p_value": "share"}
    assert told(Released("a", "toy", {}, rounded, (("A", "900", "0.25", "0.003"), ("B", "800", "0.30", "0.001")))) == []


def test_three_reports_give_away_what_no_two_do() -> None:
    every = table({"North": 93, "South": 80}, {"only": "None"})
    force = table({"North": 50, "South": 40}, {"only": "category=force"})
    search = table({"North": 40, "South": 40}, {"only": "category=search"})
    assert told(every, force) == told(every, search) == told(force, search) == []
    assert told(every, force, search) == ["n, less those of other filters"]
    assert told(search, before=(every, force)) == ["n, less those of other filters"]
    assert told(every, force, table({"North": 40, "South": 40}, {"only": "district=9"})) == [], "cases may be in both"


def test_what_a_filter_leaves_out_grows_by_few() -> None:
    days = ("2020-06-30", "2020-09-30")
    every = [
        table({"North": n, "South": 80}, {"only": "None", "cutoff": day})
        for n, day in zip((100, 115), days, strict=True)
    ]
    force = [
        table({"North": n, "South": 40}, {"only": "category=force", "cutoff": day})
        for n, day in zip((50, 60), days, strict=True)
    ]
    assert told(*every) == told(*force) == told(every[0], force[0]) == []
    assert told(*every, *force) == ["n, less that of another report"]


def test_two_filters_that_share_no_case_are_not_subtracted() -> None:
    assert told(table({"North": 57}, {"only": "unit=a"}), table({"North": 58}, {"only": "unit=b"})) == []


def test_rows_of_one_table_under_two_cut_offs_are_two_reports() -> None:
    kinds = {"cutoff": "text", "unit": "text", "n": "count"}
    rows = (("2020-06-30", "North", "57"), ("2020-07-03", "North", "58"))
    assert told(Released("a", "toy", {}, kinds, rows)) == ["n, less that of another report"]


def test_a_table_of_two_groups_has_the_margins_of_another() -> None:
    kinds = {"unit": "text", "finding": "text", "n": "count"}
    rows = (
        ("A", "yes", ""),
        ("A", "no", "40"),
        ("B", "yes", "20"),
        ("B", "no", "30"),
        ("C", "yes", ""),
        ("C", "no", "33"),
    )
    both = Released("a", "toy, study, both", {"group": "x"}, kinds, rows)
    assert told(both) == []
    found = told(both, table({"A": 44, "B": 50, "C": 60}, {"group": "y"}, "b.csv"))
    assert "n of A, less what another table holds in all" in found
    assert not any("of C" in one for one in found), "27 cases are no few"
    assert told(both, table({"A": 44, "B": 51, "C": 60}, {"group": "y"}, "b.csv")) == [], "these are other cases"


def test_the_same_cells_under_another_heading_fill_what_is_hidden() -> None:
    counts = {"A": 40, "B": None, "C": 25, "D": 31, "E": None, "total": 110}
    other = Released("b", "toy, study, other", {}, {"unit": "text", "cases": "count"},
                     (("A", "40"), ("C", "25"), ("D", "31"), ("E", "11")))  # fmt: skip
    assert told(table(counts)) == []
    assert "n, a hidden count" in told(table(counts), other)


def test_a_table_that_a_page_shows_and_no_file_keeps_is_counted_too(tmp_path: Path) -> None:
    from accountability.publish.sharing.shared_before import shown_beside

    def page(*rows: tuple[str, str]) -> str:
        cells = "".join(f"<tr><td>{unit}</td><td>{n}</td></tr>" for unit, n in rows)
        return f"<table><thead><tr><th>unit</th><th>n</th></tr></thead><tbody>{cells}</tbody></table>"

    def shown(*rows: tuple[str, str]) -> list[Released]:
        (tmp_path / "report.html").write_text(page(*rows), encoding="utf-8")
        return list(shown_beside(tmp_path / "report.html", "report.html", "toy, study", {}, [kept]))

    kept = table({"A": 1040, "B": None, "C": 25, "D": None, "total": 1080})
    assert shown(("A", "1,040"), ("B", ""), ("C", "25"), ("D", ""), ("total", "1,080")) == [], "the same table"
    (other,) = shown(("A", "1,040"), ("B", "11"), ("C", "25"))
    assert other.rows[0] == ("A", "1040")
    assert "n, a hidden count" in told(kept, other)


def test_what_a_figure_draws_is_counted_whatever_its_scale() -> None:
    import matplotlib.pyplot as plt

    from accountability.publish.drawn import axes_of, data_of
    from accountability.publish.sharing.shared_before import drawn_counts

    figure, axes = plt.subplots()
    axes.bar(["North", "South", "West", "East"], [57, 7, 44, 31])
    axes.set_yscale("log")
    axes.set_ylabel("complaints")
    data = data_of(figure).fillna("").astype(str)
    found = list(
        drawn_counts("f.csv", "toy, study, f", {}, axes_of(figure), tuple(data), tuple(map(tuple, data.values)))
    )
    plt.close(figure)
    (leak, drawn) = found
    assert leak.place == "f.csv, South"
    assert drawn.rows == (("North", "57"), ("South", "7"), ("West", "44"), ("East", "31"))
    hidden = table({"North": 57, "South": None, "West": 44, "East": 31}, place="t.csv")
    assert told(hidden, drawn) == ["n, a hidden count"]


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
