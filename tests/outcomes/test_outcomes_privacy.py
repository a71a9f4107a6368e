"""No frame of a result holds a count from 1 to 9, nor lets one be had by subtraction along its own totals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import outcomes
from accountability.errors import Refusal
from accountability.vocabulary import FINDINGS, PENALTIES

WEIGHTS = [0.35, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05]
COUNTS = (
    "events",
    "units",
    "pairs",
    "sustained",
    "decided",
    "pending",
    "recorded",
    "suspensions",
    "length",
)


def source(seed, rows):
    """A source whose groups and outcomes are of every size, small ones among them."""
    rng = np.random.default_rng(seed)
    terms = list(PENALTIES)
    weight = rng.dirichlet(np.full(len(terms), 0.4))
    blank = rng.random(rows) < 0.03
    finding = pd.Series(rng.choice(list(FINDINGS), rows, p=rng.permutation(WEIGHTS)), dtype="str").mask(
        rng.random(rows) < 0.02
    )
    table = pd.DataFrame(
        {
            "case_id": pd.Series(rng.integers(0, rows, rows)).astype("str"),
            "officer_id": pd.Series(rng.integers(0, max(rows // 3, 2), rows)).astype("str"),
            "finding": finding,
            "imposed_penalty": pd.Series(rng.choice(terms, rows, p=weight), dtype="str").mask(blank),
            "recommended_penalty": pd.Series(rng.choice(terms, rows, p=weight), dtype="str"),
            "imposed_days": pd.Series(rng.integers(1, 40, rows), dtype="Float64").mask(rng.random(rows) < 0.1),
            "recommended_days": pd.Series(rng.integers(1, 40, rows), dtype="Float64"),
            "group": pd.Series(rng.choice(["a", "b", "c"], rows, p=[0.7, 0.25, 0.05]), dtype="str"),
        }
    )
    table["raw_recommended"], table["raw_imposed"] = table["recommended_penalty"], table["imposed_penalty"]
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


def small_counts(frame):
    counts = [n for n in frame if str(n).split("_")[0] == "n" or any(word in str(n) for word in COUNTS)]
    names = [n for n in counts if frame[n].dtype.kind in "iuf"]
    values = pd.concat([frame[n].astype("Float64") for n in names]) if names else pd.Series(dtype="Float64")
    return values[(values > 0) & (values < 10)].tolist()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 400), st.sampled_from([None, "group"]))
def test_outcomes_show_no_small_count(seed, rows, by):
    try:
        found = outcomes.outcome_distribution(source(seed, rows), by=by)
    except Refusal:
        return
    for frame in (found.table, found.apart, found.days):
        assert small_counts(frame) == []
    for _, line in found.table.groupby([*found.by, "part"], dropna=False):
        total = line["n"].iloc[0]
        if pd.notna(total):
            rest = total - line["events"].sum()
            assert rest == 0 or rest >= 10 or line["hidden"].sum() == 0, line
    assert not {"nan", "None", "<NA>"} & set(found.sentence().replace(",", " ").split())
    both = found.apart
    assert not ((both["units"] - both["decided"]).between(1, 9)).any()
    assert not ((both["sustained"] - both["penalty_decided"]).between(1, 9)).any()


@pytest.mark.parametrize("group", ["few decided", "none decided"])
def test_the_sentence_goes_on_where_a_group_has_too_few_or_none_decided(group):
    made = source(1, 400)
    small = made.allegations["group"] == "c"
    pending = small if group == "none decided" else small & (small.cumsum() > 3)
    made.allegations.loc[pending, "finding"] = "pending"
    made.allegations.loc[small & ~pending, "finding"] = "unfounded"
    said = outcomes.outcome_distribution(made, by="group").sentence()
    assert ("C: none was decided" in said or "c: none was decided" in said) == (group == "none decided")
    assert "nan" not in said


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 400))
def test_changes_show_no_small_count(seed, rows):
    try:
        found = outcomes.changes(source(seed, rows))
    except Refusal:
        return
    for frame in (found.table, found.matrix, found.by_order, found.apart, found.net, found.tests):
        assert small_counts(frame) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_ratio_and_a_logit_show_no_small_count(seed):
    made = source(seed, 400)
    assert small_counts(outcomes.by_unit(made, "group", "b", "a").table) == []
    try:
        found = outcomes.sustained_logit(made, ["group"])
    except Refusal:
        return
    assert small_counts(found.table) == []


def possible(table, place, target):
    """Which numbers undecided at a stage agree with all that is shown of a group's stages."""
    rows = table.to_dict("records")
    found = []
    for asked in range(1, 10):
        came = None  # how many may have come so far: not known before the first stage
        for k, row in enumerate(rows):
            rate, step, waits = row[f"rate_{place}"], row["rounded_to"], row[f"unresolved_{place}"]
            if pd.notna(row[f"n_{place}"]):
                decided = {int(row[f"n_{place}"])}
            else:
                unsure = range(1, 10) if not row["hidden"] else range(4000)
                numbers = [asked] if k == target else [int(waits)] if pd.notna(waits) else unsure
                decided = {c - u for c in came for u in numbers if c >= u}
            if came is not None and pd.notna(row[f"n_{place}"]):
                numbers = {asked} if k == target else {int(waits)} if pd.notna(waits) else set(range(1, 10))
                decided = {n for n in decided if any(n + u in came for u in numbers)}
            if row["hidden"]:
                came = {e for n in decided for e in range(n + 1)}
            elif pd.isna(step):
                came = {round(n * rate) for n in decided}
            else:
                ends = [(max(int((rate - step) * n) - 1, 0), min(int((rate + step) * n) + 2, n)) for n in decided]
                pairs = [(n, e) for n, (low, high) in zip(decided, ends, strict=True) for e in range(low, high + 1)]
                came = {e for n, e in pairs if n and abs(e / n - rate) <= step / 2 + 1e-9}
        if came:
            found.append(asked)
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(300, 3000))
def test_rounded_stages_leave_every_small_number_of_undecided_possible(seed, rows):
    found = outcomes.decompose_gap(source(seed, rows), "group", "b", "a")
    true = found.true_numbers()
    for k, place in ((k, place) for k in range(1, len(true)) for place in ("first", "second")):
        waits, shut = true[f"unresolved_{place}"], found.table["hidden"]
        if 0 < waits[k] < 10 and not shut[: k + 1].any():
            assert possible(found.table, place, k) == list(range(1, 10))


def test_the_search_for_what_is_possible_finds_a_leak():
    """With exact numbers from the stage on, the one number undecided is told."""
    found = outcomes.decompose_gap(source(3, 2491), "group", "b", "a", min_cell=1)
    waits = found.true_numbers()["unresolved_first"]
    blind = found.table.assign(unresolved_first=waits.astype("Int64").mask(waits.index == 2))
    assert possible(blind, "first", 2) == [waits[2]] == [6]


def waiting(few, sizes=(("a", 300), ("b", 200), ("c", 260))):
    """Groups of sustained allegations, in the first of which a few wait for a penalty."""
    rng = np.random.default_rng(few)
    made = source(5, sum(size for _, size in sizes))
    table = made.allegations
    table["group"] = np.repeat([name for name, _ in sizes], [size for _, size in sizes])
    table["finding"] = "sustained"
    table["imposed_penalty"] = rng.choice(["reprimand", "suspension", "none"], len(table), p=[0.5, 0.3, 0.2])
    table.loc[table.index[:few], "imposed_penalty"] = "pending"
    return made


@pytest.mark.parametrize("few", [1, 4, 9])
@pytest.mark.parametrize("by", [None, "group"])
def test_penalties_are_rounded_where_a_few_wait_and_every_number_stays_possible(few, by):
    found = outcomes.outcome_distribution(waiting(few), by=by)
    shown, true = found.table, found.true_numbers()
    rounded = shown["rounded_to"].notna()
    assert rounded.any()
    assert not shown.loc[rounded, "hidden"].any()
    assert shown.loc[rounded, ["n", "events", "clusters"]].isna().all().all()
    assert ((shown["estimate"] - true["estimate"]).abs()[rounded] <= shown["rounded_to"][rounded] / 2 + 1e-9).all()
    assert "to the nearest" in found.sentence()
    for _, part in shown[rounded].groupby(list(found.by) or (lambda _: 0)):
        step, rates = part["rounded_to"].iloc[0], part["estimate"].to_numpy()
        passed = len(waiting(few).allegations) if by is None else {"a": 300, "b": 200, "c": 260}[part["group"].iloc[0]]
        for undecided in range(1, 10):
            units = passed - undecided
            least = np.ceil((rates - step / 2) * units - 1e-9).clip(0).sum()
            most = np.floor((rates + step / 2) * units + 1e-9).sum()
            assert least <= units <= most, undecided
    # No group's number follows from that of all groups together: two of them hold it back, or none.
    if by:
        assert shown.loc[rounded, "group"].nunique() >= 2


@pytest.mark.parametrize("min_cell", [1, 2, 5, 10, 30])
def test_no_min_cell_changes_an_estimate_beyond_the_rounding_said(min_cell):
    found = outcomes.outcome_distribution(waiting(4), by="group", min_cell=min_cell)
    shown, true = found.table, outcomes.outcome_distribution(waiting(4), by="group", min_cell=1).true_numbers()
    told = shown["estimate"].notna()
    off = (shown["estimate"] - true["estimate"]).abs()[told]
    assert (off <= shown["rounded_to"][told].fillna(0) / 2 + 1e-9).all()


def test_a_stage_without_an_interval_contributes_without_one():
    made = source(3, 1200)
    first = np.arange(len(made.allegations)) < 60
    made.allegations["group"] = np.where(first, "z", "w")
    made.allegations["officer_id"] = np.where(first, "one", made.allegations["officer_id"].astype(str))
    found = outcomes.decompose_gap(made, "group", "z", "w", min_cell=1)
    assert found.table["lower_first"].isna().all()
    assert found.table["contribution"].notna().all()
    assert found.table[["contribution_lower", "contribution_upper"]].isna().all(axis=None)
    assert "points, no interval exists)" in found.sentence()
