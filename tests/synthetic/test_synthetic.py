"""The generated agency: its truth is true, its files are its own, and it says everywhere that it is generated."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT, full
from hypothesis import given, settings
from hypothesis import strategies as st

import accountability
from accountability import delay, synthetic
from accountability.errors import ParameterError, SourceError
from accountability.study import clocks
from accountability.synthetic import Defects, Design, defects, release, source_files

FINDINGS = {"SUS": "sustained", "NOT SUST": "not_sustained", "UNF": "unfounded", "EXON": "exonerated"}


@pytest.fixture(scope="module")
def large() -> synthetic.Agency:
    """A large agency of the default design, of another seed than the bundled one."""
    return synthetic.agency(120_000, seed=11)


@pytest.fixture(scope="module")
def bundled() -> synthetic.Agency:
    return source_files.bundled()


def value(made: synthetic.Agency, quantity: str, group: str = "all") -> float:
    found = made.truth[(made.truth["quantity"] == quantity) & (made.truth["group"] == group)]
    assert len(found) == 1, (quantity, group)
    return float(found["value"].iloc[0])


def near(share: float, truth: float, n: int) -> bool:
    """Within four and a half standard errors: over 300 such comparisons, one false alarm in 500 runs."""
    return abs(share - truth) <= 4.5 * np.sqrt(truth * (1 - truth) / n) + 0.5 / n


def whole(made: synthetic.Agency) -> pd.DataFrame:
    return made.complaints.merge(made.latent, on="complaint_id", validate="1:1")


def groups(made: synthetic.Agency) -> list[tuple[str, pd.DataFrame]]:
    rows = whole(made)
    return [("all", rows)] + [
        (f"{column}={name}", part)
        for column in ("investigated_by", "complaint_type")
        for name, part in rows.groupby(column)
    ]


def test_the_codebook_knows_every_word_a_release_can_hold() -> None:
    book = yaml.safe_load((Path(source_files.__file__).parent / "files" / "codebook.yaml").read_text(encoding="utf-8"))
    known = {" ".join(word.casefold().split()) for word in book["finding"]["values"]}
    words = [*release.FINDING_CODES, release.PENDING, *release.CLOSING_CODES.values()]
    words += [word for variants in defects.FINDING_DRIFT.values() for word in variants]
    assert [word for word in words if " ".join(word.casefold().split()) not in known] == []
    reasons = {
        word: given["closing_reason"] for word, given in book["finding"]["values"].items() if isinstance(given, dict)
    }
    assert reasons == {word: reason for reason, word in release.CLOSING_CODES.items()}
    assert {release.REVERSED_TEXT, *release.OFF_TEXTS.values()} <= set(book["penalty"]["values"])


# ---- the bundled source --------------------------------------------------------------------------------------


def test_bundled_files_are_what_the_seed_makes(bundled: synthetic.Agency, tmp_path: Path) -> None:
    made = source_files.write(bundled, tmp_path / "synthetic")
    for name in source_files.WRITTEN:
        kept = (ROOT / "data" / "synthetic" / name).read_bytes()
        assert (made / name).read_bytes() == kept, f"data/synthetic/{name}: run the command in its README"


def test_bundled_source_loads_with_a_balanced_ledger(bundled: synthetic.Agency) -> None:
    data = accountability.load("synthetic")
    assert data.generated
    data.ledger.check()
    struck = dict(zip(bundled.struck["defect"], bundled.struck["rows"], strict=True))
    assert len(data.cases) == 5000
    assert len(data.allegations) == len(bundled.accused) - struck["duplicate_rows"]
    aside = data.events[data.events["set_aside"].notna()]
    assert len(aside) == struck["closed_before_received"] > 0
    closed = data.events[data.events["stage"] == "closed"]
    assert (closed["precision"] == "day").all()


def test_coded_terms_are_what_happened() -> None:
    """Defects of spelling and the codebook cancel out: the clean and the drifted release code alike."""
    clean = synthetic.agency(defects=Defects.none())
    data = accountability.load("synthetic")
    counts = data.allegations["finding"].value_counts()
    for code, term in FINDINGS.items():
        assert counts[term] == (clean.accused["finding"] == code).sum()
    final = clean.accused["final_discipline"]
    coded = data.allegations["imposed_penalty"].value_counts()
    assert coded["suspension"] == final.str.startswith("SUSPENSION").sum()
    assert coded["dismissal"] == (final == "TERMINATION").sum()
    days = final.str.extract(r"^SUSPENSION (\d+)", expand=False).dropna().astype(float)
    suspended = data.allegations["imposed_penalty"] == "suspension"
    assert data.allegations.loc[suspended, "imposed_days"].sum() == days.sum()


def test_every_file_says_that_it_is_generated(bundled: synthetic.Agency) -> None:
    folder = ROOT / "data" / "synthetic"
    assert bundled.complaints["complaint_id"].str.startswith("GEN-").all()
    assert "GENERATED" in (folder / "source.yaml").read_text(encoding="utf-8").split("title:")[1].split("\n")[0]
    for name in ("source.yaml", "codebook.yaml", "README.md"):
        assert "enerated" in (folder / name).read_text(encoding="utf-8").split("\n\n")[0].split("\n")[0]
    for table in ("complaints", "accused", "steps"):
        assert all(line.startswith("GEN-") for line in (folder / f"{table}.csv").read_text("utf-8").splitlines()[1:])
    assert "GENERATED" in repr(accountability.load("synthetic"))


def test_files_are_small() -> None:
    sizes = {p.name: p.stat().st_size for p in (ROOT / "data" / "synthetic").glob("*.csv")}
    assert max(sizes.values()) < 400_000, sizes


def test_the_closing_curve_finds_the_planted_medians() -> None:
    """Open cases counted, each body's interval of the median holds the truth; closed cases alone do not."""
    data = accountability.load("synthetic")
    truth = pd.read_csv(ROOT / "data" / "synthetic" / "truth.csv").set_index(["quantity", "group"])["value"]
    curve = delay.closing_curve(clocks.durations(data), by="investigated_by", confidence=0.99)
    medians = curve.median().set_index("investigated_by")
    for body in ("Internal affairs", "Oversight office", "District"):
        true = truth["days_to_closing_q50", f"investigated_by={body}"]
        assert medians.loc[body, "lower"] <= true <= medians.loc[body, "upper"]
    closed = clocks.durations(data).table
    naive = closed[closed["event"] & (closed["investigated_by"] == "Oversight office")]["days_upper"].median()
    assert naive < medians.loc["Oversight office", "lower"]


# ---- truth ---------------------------------------------------------------------------------------------------


def test_truth_of_closing_times_matches_a_large_sample(large: synthetic.Agency) -> None:
    for group, rows in groups(large):
        for k in (90, 180, 365, 730):
            assert near((rows["days"] <= k).mean(), value(large, f"share_closed_within_{k}_days", group), len(rows))
        for q in (10, 25, 50, 75, 90):
            days = value(large, f"days_to_closing_q{q}", group)
            # The quantile is the first day by which the share is reached.
            below, by = (rows["days"] < days).mean(), (rows["days"] <= days).mean()
            slack = 4.5 * np.sqrt(q / 100 * (1 - q / 100) / len(rows))
            assert below - slack <= q / 100 <= by + slack, (group, q)


def test_truth_by_year_of_receipt_shows_no_false_fall(large: synthetic.Agency) -> None:
    rows = whole(large).assign(year=large.complaints["received_date"].str.slice(0, 4))
    for year, part in rows.groupby("year"):
        assert near(
            (part["days"] <= 365).mean(),
            value(large, "share_closed_within_365_days", f"received_year={year}"),
            len(part),
        )
    true = [value(large, "days_to_closing_q50", f"received_year={y}") for y in range(2014, 2020)]
    naive = rows[rows["closed_in_release"]].groupby("year")["days"].median()
    assert true[-1] > true[0]
    assert naive["2019"] < naive["2014"]


def test_truth_of_ways_of_closing_matches_and_adds_up(large: synthetic.Agency) -> None:
    for group, rows in groups(large):
        seen = rows["closed_by"].where(rows["closed_in_release"], "open")
        shares = seen.value_counts(normalize=True)
        truth = large.truth[large.truth["group"] == group].set_index("quantity")["value"]
        ways = truth[truth.index.str.startswith("share_closed_by_")]
        assert ways.sum() + truth["share_open"] == pytest.approx(1, abs=1e-5)
        assert near(shares.get("open", 0.0), truth["share_open"], len(rows))
        for way, share in ways.items():
            assert near(shares.get(str(way).removeprefix("share_closed_by_"), 0.0), share, len(rows)), (group, way)


def test_truth_of_findings_matches(large: synthetic.Agency) -> None:
    rows = large.accused.merge(large.complaints, on="complaint_id")
    rows = rows[rows["finding"].isin([*FINDINGS, "POLICY"])]
    for column in ("investigated_by", "complaint_type"):
        for name, part in [*rows.groupby(column), ("", rows)]:
            group = f"{column}={name}" if name else "all"
            for code, term in FINDINGS.items():
                assert near((part["finding"] == code).mean(), value(large, f"share_{term}", group), len(part))


def test_truth_of_penalties_matches(large: synthetic.Agency) -> None:
    rows = large.accused.merge(large.complaints, on="complaint_id")
    rows = rows[rows["recommended_discipline"] != ""]
    starts = {
        "none": "NO PENALTY", "counselling_or_training": "COUNSELING", "reprimand": "WRITTEN",
        "loss_of_leave": "FORFEIT", "suspension": "SUSPENSION", "demotion": "DEMOTION", "dismissal": "TERMINATION",
    }  # fmt: skip
    for group, part in [("all", rows), *((f"complaint_type={n}", p) for n, p in rows.groupby("complaint_type"))]:
        for rung, word in starts.items():
            share = part["recommended_discipline"].str.startswith(word).mean()
            assert near(share, value(large, f"recommended_{rung}", group), len(part)), (group, rung)
    decided = large.steps[large.steps["step"] == "DECIDED"]
    for rung, word in starts.items():
        assert near(decided["detail"].str.startswith(word).mean(), value(large, f"decided_{rung}"), len(decided))
    days = rows["recommended_discipline"].str.extract(r"^SUSPENSION (\d+)", expand=False).astype(float)
    for who in ("public", "internal"):
        mine = days[rows["complainant"] == who].dropna()
        mean = value(large, "days_mean_suspension", f"complainant={who}")
        assert abs(mine.mean() - mean) < 4.5 * mine.std() / np.sqrt(len(mine))


def test_truth_of_lightening_matches(large: synthetic.Agency) -> None:
    key = ["complaint_id", "officer_id"]
    told = {s: large.steps[large.steps["step"] == s].set_index(key)["detail"] for s in ("RECOMMENDED", "DECIDED")}
    pair = pd.concat(told, axis=1).dropna()
    ladder = ["NO", "COUNSELING", "WRITTEN", "FORFEIT", "SUSPENSION", "DEMOTION", "TERMINATION"]
    rung = {c: pair[c].str.split(" ").str[0].map(ladder.index) for c in pair}
    days = {c: pair[c].str.extract(r"(\d+)", expand=False).fillna("0").astype(int) for c in pair}
    same = rung["DECIDED"] == rung["RECOMMENDED"]
    lighter = (rung["DECIDED"] < rung["RECOMMENDED"]) | (same & (days["DECIDED"] < days["RECOMMENDED"]))
    assert near(lighter.mean(), value(large, "share_lightened_by_decision"), len(pair))
    assert near((rung["DECIDED"] > rung["RECOMMENDED"]).mean(), value(large, "share_raised_by_decision"), len(pair))
    verdict = large.steps.loc[large.steps["step"] == "APPEAL DECIDED", "detail"]
    assert near(verdict.str.startswith("REDUCED").mean(), value(large, "share_lightened_on_appeal"), len(verdict))
    assert near((verdict == "REVERSED").mean(), value(large, "probability_reversed"), len(verdict))


def test_truth_of_leaving_first_matches() -> None:
    """Without dismissals nothing else ends a penalty; followed for years, none is pending."""
    design = dataclasses.replace(Design(), observed_until=date(2024, 12, 31), cuts=(-2.6, -0.9, 0.9, 1.5, 3.2, 30.0))
    made = synthetic.agency(100_000, seed=2, design=design)
    alone = made.accused[~made.accused["complaint_id"].duplicated(keep=False) & (made.accused["finding"] == "SUS")]
    resigned = (alone["final_discipline"] == "RESIGNED BEFORE DISCIPLINE").mean()
    assert near(resigned, value(made, "share_left_before_decision", "accused=1"), len(alone))


def test_planted_logit_is_recovered(large: synthetic.Agency) -> None:
    import statsmodels.api as sm

    squad = large.truth[large.truth["quantity"] == "sustained_squad_effect"].set_index("group")["value"]
    rows = large.accused.merge(large.complaints, on="complaint_id").merge(large.officers, on="officer_id")
    rows = rows[rows["finding"].isin([*FINDINGS, "POLICY"])]
    names = [c.name for c in large.design.categories]
    x = pd.DataFrame({name: (rows["complaint_type"] == name).astype(float) for name in names})
    x["internal"] = (rows["complainant"] == "internal").astype(float)
    offset = ("squad=" + rows["squad"]).map(squad).to_numpy(float)
    fit = sm.GLM((rows["finding"] == "SUS").astype(float), x, sm.families.Binomial(), offset=offset).fit()
    for category in large.design.categories:
        wanted = large.design.sustained_intercept + category.sustained
        assert abs(fit.params[category.name] - wanted) < 4.5 * fit.bse[category.name]
    assert abs(fit.params["internal"] - large.design.internal_sustained) < 4.5 * fit.bse["internal"]


def test_planted_hazard_is_recovered_with_the_caseload_a_reader_can_count(large: synthetic.Agency) -> None:
    """Findings observed over findings expected under the planted Weibull, by type and by caseload, are near 1."""
    design, rows = large.design, whole(large)
    received = rows["received_date"].astype("datetime64[s]")
    closed = rows["closed_date"].replace("", None).astype("datetime64[s]").fillna(pd.Timestamp("2100-01-01"))
    late = received >= "2018-01-01"  # by then hardly a complaint from before the release is open
    month = received.dt.to_period("M").dt.to_timestamp()
    load = pd.Series(np.nan, index=rows.index)
    for (body, first), part in rows[late].groupby([rows["investigated_by"], month]):
        mine = rows["investigated_by"] == body
        open_now = int((mine & (received < first) & (closed >= first)).sum())
        load[part.index] = open_now / (value(large, "normal_caseload", f"investigated_by={body}") * len(rows))
    effect = rows["complaint_type"].map({c.name: c.delay for c in design.categories})
    median = rows["investigated_by"].map({b.name: b.median_days for b in design.bodies})
    scale = median * np.exp(effect + design.caseload_effect * (load - 1)) / np.log(2) ** (1 / design.delay_shape)
    # A finding on day k came between k and k + 1; so did the day on which something else closed the complaint.
    expected = ((rows["net_days"] + 0.5) / scale) ** design.delay_shape
    found = rows["closed_by"] == "finding"
    usable = late & (rows["closed_by"] != "administrative")
    heavy = pd.Series(np.where(load > load[late].median(), "heavy", "light"), index=rows.index)
    for by in (rows["complaint_type"], rows["investigated_by"], heavy):
        ratio = found[usable].groupby(by[usable]).sum() / expected[usable].groupby(by[usable]).sum()
        assert ratio.between(0.96, 1.04).all(), ratio


@pytest.mark.parametrize(
    "change",
    [
        {"received_from": date(2016, 2, 29), "received_to": date(2018, 3, 10), "mass_closures": ()},
        {"leaving_a_year": 0.0, "early": (), "accused": (1.0, 0.0, 0.0)},
        {"caseload_effect": 0.0, "pause_terms": 40, "pause_go_on": 0.97},
        {"caseload_effect": 0.8, "mass_closures": (synthetic.MassClosure("District", date(2018, 1, 5), 30, 0.9),)},
    ],
    ids=["odd dates", "findings alone", "long pauses", "crowded"],
)
def test_truth_of_other_designs_matches(change: dict[str, object]) -> None:
    made = synthetic.agency(60_000, seed=12, design=dataclasses.replace(Design(), **change))
    for group, rows in groups(made):
        assert near((rows["days"] <= 180).mean(), value(made, "share_closed_within_180_days", group), len(rows))
        assert near((~rows["closed_in_release"]).mean(), value(made, "share_open", group), len(rows))


def test_truth_is_of_the_design_not_of_the_sample() -> None:
    first, second = synthetic.agency(300, seed=1), synthetic.agency(300, seed=2)
    design = ~first.truth["quantity"].str.contains(
        "sustained|squad|recommended|decided|appeal|raised|light|found|polic|exon"
    )
    pd.testing.assert_frame_equal(first.truth[design], second.truth[design])
    assert not first.complaints.equals(second.complaints)


# ---- seeds, students, size -----------------------------------------------------------------------------------


def test_same_seed_same_agency_other_seed_another() -> None:
    one, again, other = (synthetic.agency(400, seed=s) for s in (5, 5, 6))
    for name in ("complaints", "accused", "officers", "steps", "truth", "latent"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(again, name))
    assert not one.complaints.equals(other.complaints)
    assert not one.accused.equals(other.accused)


def test_a_student_has_a_seed_and_a_truth_of_their_own() -> None:
    assert synthetic.student_seed("s123") == 186_766_056_315_345
    assert synthetic.student_seed(" S123 ") == synthetic.student_seed("s123")
    ids = [f"student {i}" for i in range(200)]
    assert len({synthetic.student_seed(i) for i in ids}) == 200
    medians = {i: value(synthetic.agency_of_student(i, 50), "days_to_closing_q50") for i in ids[:3]}
    assert len(set(medians.values())) == 3
    with pytest.raises(ParameterError, match="student_id"):
        synthetic.student_seed("  ")


def test_a_hundred_thousand_complaints_stay_in_proportion_of_a_million_in_twenty_seconds() -> None:
    synthetic.agency(10)  # the truth of the design is computed once
    begin = time.process_time()
    made = synthetic.agency(100_000, seed=3)
    assert len(made.complaints) == 100_000
    assert time.process_time() - begin < 2


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="speed is measured by make gates")
def test_a_million_complaints_in_twenty_seconds() -> None:
    begin = time.process_time()
    made = synthetic.agency(1_000_000, seed=3)
    assert len(made.complaints) == 1_000_000
    assert time.process_time() - begin < 20


# ---- what cannot be --------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**48), complaints=st.integers(1, 1500))
def test_no_step_comes_before_the_one_it_follows(seed: int, complaints: int) -> None:
    made = synthetic.agency(complaints, seed=seed)
    rows = made.complaints.set_index("complaint_id")
    assert rows.index.is_unique
    assert (rows["incident_date"] <= rows["received_date"]).all()
    closed = rows[rows["closed_date"] != ""]
    assert (closed["received_date"] <= closed["closed_date"]).all()
    assert (closed["closed_date"] <= made.design.observed_until.isoformat()).all()
    opened = made.steps[made.steps["step"] == "OPENED"].set_index("complaint_id")["date"]
    assert (opened >= rows.loc[opened.index, "received_date"]).all()
    assert (made.latent["net_days"] + made.latent["days_paused"] == made.latent["days"]).all()
    assert (made.latent[["net_days", "days_paused"]] >= 0).all(axis=None)
    key = ["complaint_id", "officer_id"]
    dates = made.steps[made.steps["officer_id"] != ""].drop_duplicates([*key, "step"]).set_index([*key, "step"])["date"]
    wide = dates.unstack().reindex(columns=["RECOMMENDED", "DECIDED", "IN EFFECT", "APPEALED", "APPEAL DECIDED"])
    for first, then in (
        ("RECOMMENDED", "DECIDED"),
        ("DECIDED", "IN EFFECT"),
        ("DECIDED", "APPEALED"),
        ("APPEALED", "APPEAL DECIDED"),
    ):
        both = wide[[first, then]].dropna()
        assert both.empty or (both[first] <= both[then]).all()
        assert wide.loc[wide[then].notna(), first].notna().all()
    sustained = made.accused["finding"] == "SUS"
    assert (made.accused.loc[~sustained, ["recommended_discipline", "final_discipline"]] == "").all(axis=None)
    assert (made.accused.loc[sustained, "final_discipline"] != "").all()
    assert not made.accused.duplicated(key).any()
    assert made.accused["officer_id"].isin(made.officers["officer_id"]).all()


def test_nobody_is_accused_after_dismissal(large: synthetic.Agency) -> None:
    final = large.accused[large.accused["final_discipline"] == "TERMINATION"]
    effect = large.steps[large.steps["step"] == "IN EFFECT"].merge(final, on=["complaint_id", "officer_id"])
    appeals = (
        large.steps[large.steps["step"].isin(["APPEALED", "APPEAL DECIDED"])]
        .groupby(["complaint_id", "officer_id"])
        .size()
    )
    pending = appeals[appeals == 1].index  # these may yet be taken back
    effect = effect[~pd.MultiIndex.from_frame(effect[["complaint_id", "officer_id"]]).isin(pending)]
    gone = effect.groupby("officer_id")["date"].min()
    rows = large.accused.merge(large.complaints[["complaint_id", "received_date"]], on="complaint_id")
    rows = rows[rows["officer_id"].isin(gone.index)]
    assert len(gone) > 200
    assert (rows["received_date"] <= rows["officer_id"].map(gone)).all()


def test_the_mass_closure_takes_only_old_complaints_of_its_body(large: synthetic.Agency) -> None:
    swept = whole(large).query("closed_by == 'administrative'")
    assert set(swept["investigated_by"]) == {"Oversight office"}
    assert set(swept["closed_date"]) == {"2017-06-30"}
    assert swept["days"].min() >= 540


def test_squads_share_supervisors_and_officers_differ(large: synthetic.Agency) -> None:
    squads = large.officers[["squad", "supervisor"]].drop_duplicates()
    assert squads["squad"].is_unique
    assert (squads.groupby("supervisor").size() == 2).all()
    counts = large.accused["officer_id"].value_counts().reindex(large.officers["officer_id"], fill_value=0)
    assert counts.var() > 3 * counts.mean()  # far from chance alone, where they are equal


def test_contagion_bunches_complaints_in_squads() -> None:
    def spread(contagion: float) -> float:
        design = dataclasses.replace(Design(), contagion=contagion, squad_sd=0.0, supervisor_sd=0.0)
        made = synthetic.agency(12_000, seed=4, design=design)
        first = made.accused.drop_duplicates("complaint_id").merge(made.officers, on="officer_id")
        counts = first["squad"].value_counts()
        return float(counts.var() / counts.mean())

    assert spread(0.0) < 1.6
    assert spread(0.08) > 2.5


def test_contagion_leaves_out_the_truths_it_would_make_false() -> None:
    made = synthetic.agency(50, design=dataclasses.replace(Design(), contagion=0.1))
    assert not (made.truth["quantity"] == "share_sustained").any()
    assert value(made, "contagion") == 0.1


# ---- publication and defects -----------------------------------------------------------------------------------

RULES: dict[str, tuple[str, Callable[[synthetic.Agency], bool]]] = {
    "everything": ("complete", lambda m: len(m.complaints) == 900),
    "closed_only": ("closed_only", lambda m: bool((m.complaints["closed_date"] != "").all())),
    "trailing_window": ("trailing_window", lambda m: m.complaints["received_date"].min() >= "2017-06-28"),
    "sustained_only": (
        "selected_on_outcome",
        lambda m: m.accused.groupby("complaint_id")["finding"].agg(lambda f: "SUS" in set(f)).all(),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_publication_rule_is_a_source_that_declares_it(rule: str, tmp_path: Path) -> None:
    made = synthetic.agency(900, seed=8, publication=rule)
    sampling, holds = RULES[rule]
    assert holds(made)
    assert 0 < made.latent["published"].sum() == len(made.complaints)
    data = accountability.load(source_files.write(made, tmp_path / "mine"))
    assert data.card.sampling.rule == sampling
    assert len(data.cases) == len(made.complaints)
    assert data.generated


def test_publication_changes_what_is_seen_and_not_the_truth() -> None:
    everything, closed = (synthetic.agency(900, seed=8, publication=p) for p in ("everything", "closed_only"))
    pd.testing.assert_frame_equal(everything.truth, closed.truth)
    both = everything.complaints[everything.complaints["closed_date"] != ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, closed.complaints)


def test_defects_strike_only_what_they_say() -> None:
    clean = synthetic.agency(4000, seed=9)
    bad = synthetic.agency(4000, seed=9, defects=Defects(0.5, date(2016, 1, 1), 0.2, 0.1, 0.05, 0.02, 0.3))
    struck = dict(zip(bad.struck["defect"], bad.struck["rows"], strict=True))
    for name in ("officers", "steps", "truth", "latent"):
        pd.testing.assert_frame_equal(getattr(clean, name), getattr(bad, name))
    other = bad.complaints["closed_date"] != clean.complaints["closed_date"]
    said = ("month_only", "first_of_month", "missing_closing", "closed_before_received")
    assert other.sum() == sum(struck[d] for d in said)
    assert min(struck[d] for d in said) > 10
    pd.testing.assert_frame_equal(
        bad.complaints.drop(columns="closed_date"), clean.complaints.drop(columns="closed_date")
    )
    assert (bad.complaints["closed_date"].str.len() == 7).sum() == struck["month_only"]
    early = (bad.complaints["closed_date"] != "") & (bad.complaints["closed_date"] < bad.complaints["received_date"])
    assert early[bad.complaints["closed_date"].str.len() == 10].sum() >= struck["closed_before_received"]
    assert bad.accused.duplicated().sum() == struck["duplicate_rows"] == len(bad.accused) - len(clean.accused)
    assert (clean.struck["rows"] == 0).all()


def test_heavily_damaged_releases_still_load_with_every_row_accounted_for(tmp_path: Path) -> None:
    defects = Defects(0.5, date(2017, 1, 1), 0.0, 0.1, 0.05, 0.05, 0.9)
    made = synthetic.agency(1500, seed=10, defects=defects)
    data = accountability.load(source_files.write(made, tmp_path / "damaged"))
    data.ledger.check()
    assert data.allegations["finding"].notna().all()


# ---- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"complaints": 0}, "complaints"),
        ({"complaints": True}, "complaints"),
        ({"seed": -1}, "seed"),
        ({"publication": "closed"}, "closed_only"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, int | str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        synthetic.agency(**wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"received_to": date(2013, 1, 1)}, "received_from < received_to"),
        ({"observed_until": date(2030, 1, 1)}, "eleven years"),
        ({"cuts": (1.0, 0.0, 2.0, 3.0, 4.0, 5.0)}, "rising"),
        ({"accused": (0.5, 0.2, 0.2)}, "add up to 1"),
        ({"accused": (0.5, 0.5)}, "1, 2, 3 officers"),
        ({"squad_size": 2}, "squad_size"),
        ({"shortened": 0.8}, "lowered"),
        ({"lowered": (0.1,) * 7}, "no rung is below"),
        ({"officer_shape": 0.0}, "officer_shape"),
        ({"leave_days": synthetic.Days(4.0, 2.0, 2000)}, "at most 999"),
        ({"month_weights": (1.0,)}, "12 values"),
        ({"mass_closures": (synthetic.MassClosure("Nobody", date(2016, 1, 1), 1, 0.5),)}, "Nobody"),
        ({"early": (synthetic.EarlyClosing("vanished", 0.1, 10.0, 1.0),)}, "vanished"),
    ],
)
def test_impossible_designs_are_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        dataclasses.replace(Design(), **wrong)


def test_a_share_of_defects_above_one_is_refused() -> None:
    with pytest.raises(ParameterError, match="missing_closing"):
        Defects(missing_closing=1.5)


def test_write_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SourceError, match="thesis"):
        source_files.write(synthetic.agency(20), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_truth_can_be_kept_from_the_class(tmp_path: Path) -> None:
    folder = source_files.write(synthetic.agency(20), tmp_path / "class", truth=tmp_path / "key.csv")
    assert not (folder / "truth.csv").exists()
    assert len(pd.read_csv(tmp_path / "key.csv")) > 100
