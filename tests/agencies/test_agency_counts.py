"""Counts by agency and year: read whole or refused, pooled as lme4 does, and never in one estimate with cases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import accountability
from accountability import agencies
from accountability.errors import ParameterError, Refusal, SourceError
from accountability.records.count_source import counted, declared_counts

HEAD = "id,agency,reported_2019,sustained_2019,reported_2020,sustained_2020\n"
GLMER = """suppressMessages(library(lme4)); d <- read.csv("panel.csv")
m <- glmer(cbind(events, n - events) ~ factor(year) + (1 | agency), d, binomial, nAGQ = 15,
           control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
r <- ranef(m, condVar = TRUE)$agency
write.csv(data.frame(agency = rownames(r), mode = r[, 1], error = sqrt(c(attr(r, "postVar")))), "modes.csv")
cat(sprintf("%.9f", c(fixef(m), log(getME(m, "theta")))), sep = " ")
"""


def source(folder: Path, text: str) -> Path:
    place = folder / "made_up"
    place.mkdir(exist_ok=True)
    (place / "table.csv").write_text(text)
    card = dict.fromkeys(("title", "publisher", "obtained", "row_is", "licence", "citation"), "made for a test")
    declared = card | {
        "counts": "made_up", "traps": ["made up"], "agency": "id", "name": "agency", "years": [2019, 2020],
        "file": {"path": "table.csv", "url": "https://example.org/table.csv",
                 "sha256": hashlib.sha256(text.encode()).hexdigest()},
        "kinds": {"all": {"n": "reported_{year}", "events": "sustained_{year}"}},
    }  # fmt: skip
    (place / "counts.yaml").write_text(yaml.safe_dump(declared))
    return place


def read(folder: Path, text: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    place = source(folder, HEAD + text)
    return counted(declared_counts(place), place / "table.csv")


def made(agencies_: int = 60, seed: int = 3) -> agencies.AgencyCounts:
    rng = np.random.default_rng(seed)
    shares = rng.normal(-2, 0.8, agencies_)
    rows = [
        {"agency": f"a{k}", "name": f"Agency {k}", "state": "XX", "kind": "all", "year": year,
         "n": (n := rng.integers(1, 300)),
         "events": rng.binomial(n, 1 / (1 + np.exp(-(shares[k] + 0.1 * (year - 2018)))))}
        for k in range(agencies_)
        for year in range(2018, 2021)
    ]  # fmt: skip
    return agencies.AgencyCounts(
        "made_up", "Made up", pd.DataFrame(rows), pd.DataFrame(columns=["kind", "reason", "cells"])
    )


def test_each_cell_is_counted_or_left_out_with_its_reason(tmp_path: Path) -> None:
    table, left = read(tmp_path, 'A1,One,"1,200",30,,\nA2,Two,10,11,5,\nA3,Three,,2,0,0\n')
    assert table[["agency", "year", "n", "events"]].values.tolist() == [["A1", 2019, 1200, 30], ["A3", 2020, 0, 0]]
    assert dict(zip(left["reason"], left["cells"], strict=True)) == {
        "more sustained than complaints": 1,
        "those sustained published, complaints not": 1,
        "neither number published": 1,
        "complaints published, those sustained not": 1,
    }
    assert len(table) + left["cells"].sum() == 3 * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A1,One,10,2,,\nA1,One,9,1,,\n", r"1 agencies stand in several rows, for instance 'A1'"),
        ("A1,One,10,about two,,\n", r"'sustained_2019': 1 cells are no whole number .* 'about two' in row 1"),
        ("A1,One,-3,0,,\n", "no whole number"),
        ("A1,One,2.5,1,,\n", "no whole number"),
        (",One,10,2,,\n", "1 rows name no agency in 'id'"),
    ],
)
def test_bad_counts_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read(tmp_path, text)


def test_a_missing_column_and_a_column_twice_are_named(tmp_path: Path) -> None:
    place = source(tmp_path, "id,agency,reported_2019\nA1,One,3\n")
    with pytest.raises(SourceError, match=r"3 declared columns are not there, first 'reported_2020'"):
        counted(declared_counts(place), place / "table.csv")
    place = source(tmp_path, HEAD.replace("sustained_2020", "sustained_2019") + "A1,One,3,1,3,1\n")
    with pytest.raises(SourceError, match="not there, first 'sustained_2020'"):
        counted(declared_counts(place), place / "table.csv")
    with pytest.raises(SourceError, match="declares no counts by agency and year"):
        declared_counts("synthetic")


def test_counts_never_stand_in_one_estimate_with_cases() -> None:
    data = accountability.load("synthetic")
    with pytest.raises(
        Refusal, match=r"counts by agency and year never stand in one estimate with cases.*pooled_shares"
    ):
        agencies.side_by_side([data, made()])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="needs a AgencyCounts"):
        agencies.pooled_shares(data)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="no study of cases can"):
        accountability.load("aggregates")
    with pytest.raises(ParameterError, match="AgencyCounts"):
        accountability.durations(made())  # type: ignore[arg-type]


def test_small_agencies_are_drawn_most_and_the_truth_is_found() -> None:
    counts = made(200, seed=8)
    found = agencies.pooled_shares(counts)
    table = found.true_numbers()
    assert found.spread_lower < 0.8 < found.spread_upper
    moved = (table["estimate"] - table["crude"]).abs()
    assert moved[table["n"] < 150].mean() > 2 * moved[table["n"] > 500].mean()
    assert found.overdispersion < 1.3  # years were drawn by chance alone


def test_refusals_of_counts() -> None:
    counts = made(4)
    with pytest.raises(Refusal, match="4 agencies with complaints are too few"):
        agencies.pooled_shares(counts)
    with pytest.raises(ParameterError, match="counts no kind 'force'; it counts all"):
        agencies.pooled_shares(made(), "force")
    table = counts.table
    with pytest.raises(ParameterError, match="agency-years stand twice, for instance 'a0'"):
        agencies.AgencyCounts("x", "x", pd.concat([table, table]), counts.left_out)
    with pytest.raises(ParameterError, match="more events than n"):
        agencies.AgencyCounts("x", "x", table.assign(events=table["n"] + 1), counts.left_out)
    with pytest.raises(ParameterError, match="it lacks 'year'"):
        agencies.AgencyCounts("x", "x", table.drop(columns="year"), counts.left_out)


@pytest.fixture(scope="module")
def scorecard(real_data: Callable[[str], Path], own_cache: str) -> agencies.AgencyCounts:
    accountability.fetch("aggregates", from_dir=real_data("aggregates"))
    return agencies.load_counts("aggregates")


@pytest.mark.real_data
def test_the_scorecard_is_read_whole(scorecard: agencies.AgencyCounts) -> None:
    assert len(scorecard.table) + scorecard.left_out["cells"].sum() == 255 * 10 * 5
    assert scorecard.table.query("kind == 'all'")["agency"].nunique() == 234
    assert (scorecard.left_out["reason"] == "more sustained than complaints").sum() == 3
    assert scorecard.left_out.query("reason == 'more sustained than complaints'")["cells"].sum() == 5


@pytest.mark.real_data
@pytest.mark.needs_r
def test_the_scorecard_is_pooled_as_lme4_does(
    scorecard: agencies.AgencyCounts, rscript: Callable[..., str], tmp_path: Path
) -> None:
    found = agencies.pooled_shares(scorecard)
    rows = scorecard.table.query("kind == 'all' and n > 0")
    rows[["agency", "year", "n", "events"]].to_csv(tmp_path / "panel.csv", index=False)
    (tmp_path / "glmer.R").write_text(GLMER)
    expected = np.array(rscript(tmp_path, "glmer.R").split(), dtype=float)
    assert found.model["estimate"].to_numpy() == pytest.approx(expected, abs=1e-5)
    modes = pd.read_csv(tmp_path / "modes.csv").set_index("agency").reindex(found.places["agency"])
    assert found.places["mode"].to_numpy() == pytest.approx(modes["mode"].to_numpy(), abs=1e-5)
    assert found.places["mode_error"].to_numpy() == pytest.approx(modes["error"].to_numpy(), abs=1e-5)
