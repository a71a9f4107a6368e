"""Cox's model against R's coxph and statsmodels; the R script lies beside its values in tests/reference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import Refusal
from accountability.stats.sandwich import sandwich
from accountability.study.durations import Durations

FOLDER = Path(__file__).resolve().parents[1] / "reference"
VALUES = pd.read_csv(FOLDER / "hazard.csv", keep_default_na=False, na_values={"value": ["NA"], "day": ["NA"]})
CLOSE = {"rel": 1e-6, "abs": 1e-6}


def reference(model, name):
    rows = VALUES[(VALUES["model"] == model) & (VALUES["name"] == name)]
    assert len(rows), f"no reference value {name!r} for {model}"
    return rows.set_index("term")["value"]


def read(name):
    table = pd.read_csv(FOLDER / f"hazard_{name}.csv", keep_default_na=False)
    known = {"day", "closed", "entry", "longest"}
    return Durations.from_days(
        table["day"],
        table["closed"] == 1,
        entry_time=table.get("entry"),
        longest=table.get("longest"),
        groups={column: table[column] for column in table.columns if column not in known},
    )


RELEASE, LUNG, VETERAN = read("data"), read("lung"), read("veteran")
BUREAU = {"unit": "bureau"}


def r_names(terms):
    """R writes unitdistrict where we write unit=district, and log(years) for np.log(years)."""
    return [term.replace("=", "").replace("np.", "") for term in terms]


def compare(model, fit, robust=False):
    table = fit.true_numbers()
    ours = table.set_index(pd.Index(r_names(table["term"])))
    if robust:  # R's errors have no correction for few clusters, ours have
        plain = sandwich(
            fit.model_covariance, fit.scores(), fit.sets.cell, fit.cluster, fit.clusters, number=fit.sets.number
        )
        ours = ours.assign(std_error=np.sqrt(np.diag(plain)))
    for column, name in (("coefficient", "coefficient"), ("std_error", "robust se" if robust else "se")):
        theirs = reference(model, name)
        assert sorted(theirs.index) == sorted(ours.index)
        assert ours.loc[theirs.index, column].tolist() == pytest.approx(theirs.tolist(), **CLOSE)
    if robust:
        naive = pd.Series(np.sqrt(np.diag(fit.model_covariance)), index=ours.index)
        assert naive[theirs.index].tolist() == pytest.approx(reference(model, "se").tolist(), **CLOSE)
    assert fit.log_likelihood == pytest.approx(reference(model, "loglik").item(), rel=1e-9)
    assert fit.null_log_likelihood == pytest.approx(reference(model, "null loglik").item(), rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
class TestAgainstR:
    def test_late_entry_and_ties(self, ties):
        fit = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU)
        compare(f"release.{ties}", fit)

    def test_clustered_errors(self, ties):
        fit = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU, cluster="officer")
        compare(f"release.cluster.{ties}", fit, robust=True)
        assert fit.clusters == 60

    def test_robust_errors(self, ties):
        fit = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU, cluster="case_id")
        compare(f"release.robust.{ties}", fit, robust=True)

    def test_strata_and_clusters(self, ties):
        fit = delay.cox(
            RELEASE,
            ["unit", "accused", "years"],
            ties=ties,
            reference=BUREAU,
            strata="office",
            cluster="officer",
        )
        compare(f"release.strata.{ties}", fit, robust=True)

    def test_one_way_of_closing(self, ties):
        fit = delay.cox(RELEASE, ["unit", "accused"], ties=ties, reference=BUREAU, causes="way", cause="decided")
        compare(f"release.way.{ties}", fit)

    def test_a_formula(self, ties):
        fit = delay.cox(RELEASE, "unit * accused + np.log(years)", ties=ties, reference=BUREAU)
        compare(f"release.formula.{ties}", fit)

    def test_classic_tables(self, ties):
        compare(f"lung.{ties}", delay.cox(LUNG, ["age", "sex", "ecog"], ties=ties))
        columns = ["trt", "celltype", "karno", "diagtime", "age", "prior"]
        compare(f"veteran.{ties}", delay.cox(VETERAN, columns, ties=ties, reference={"celltype": "squamous"}))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_statsmodels_agrees(ties):
    from statsmodels.duration.hazard_regression import PHReg

    table = RELEASE.table
    x = np.column_stack([table["unit"] == "district", table["unit"] == "oversight", table["accused"], table["years"]])
    theirs = PHReg(
        RELEASE.end.astype(float),
        x.astype(float),
        status=RELEASE.event.astype(int),
        # a case is at risk on the day of its entry, in statsmodels as here; in R from the day after
        entry=RELEASE.entry_time.astype(float),
        ties=ties,
    ).fit(tol=1e-12)
    ours = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU)
    assert ours.coefficients.tolist() == pytest.approx(theirs.params.tolist(), **CLOSE)
    assert ours.table["std_error"].tolist() == pytest.approx(theirs.bse.tolist(), **CLOSE)


def test_collapsing_changes_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    many = 1_500
    group, day = rng.integers(0, 4, many), rng.integers(1, 60, many)
    groups = {
        "group": [f"g{one}" for one in group],
        "number": rng.integers(0, 3, many),
        "officer": rng.integers(0, 90, many),
    }
    closed, entry = rng.random(many) < 0.8, np.minimum(day, rng.integers(0, 20, many))
    made = Durations.from_days(day, closed, entry_time=entry, groups=groups)
    by_pattern = delay.cox(made, ["group", "number"], cluster="officer")
    assert by_pattern.design.collapsed
    monkeypatch.setattr("accountability.stats.design.MANY", 0.0)
    by_case = delay.cox(made, ["group", "number"], cluster="officer")
    assert not by_case.design.collapsed
    assert by_case.coefficients.tolist() == pytest.approx(by_pattern.coefficients.tolist(), abs=1e-9)
    assert by_case.covariance.ravel().tolist() == pytest.approx(by_pattern.covariance.ravel().tolist(), abs=1e-11)
    assert by_case.log_likelihood == pytest.approx(by_pattern.log_likelihood, abs=1e-8)


rows = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 12), st.sampled_from("ab"), st.integers(0, 3)),
    min_size=8,
    max_size=40,
)


def built(cases, names=str, shift=0):
    day, closed, entry, group, number = (list(column) for column in zip(*cases, strict=True))
    entry = np.minimum(entry, day)
    groups = {"group": [names(one) for one in group], "number": number}
    return Durations.from_days(np.array(day) + shift, closed, entry_time=entry + shift, groups=groups)


def fitted(cases, **kind):
    try:
        return delay.cox(built(cases, **kind), ["group", "number"], reference={"group": kind.get("names", str)("a")})
    except ValueError:
        return None


@settings(max_examples=examples(60))
@given(rows, st.randoms(use_true_random=False), st.integers(0, 28))
def test_row_order_split_rows_day_shift_and_labels_change_nothing(cases, random, cut):
    whole = fitted(cases)
    shuffled = cases.copy()
    random.shuffle(shuffled)
    split = []
    for day, closed, entry, group, number in cases:
        entry = min(entry, day)
        if entry <= cut < day:
            split += [(cut, False, entry, group, number), (day, closed, cut + 1, group, number)]
        else:
            split.append((day, closed, entry, group, number))
    others = [fitted(shuffled), fitted(split), fitted(cases, shift=9), fitted(cases, names=lambda one: f"z{one}")]
    for other in others:
        assert (other is None) == (whole is None)
        if whole is not None and other is not None:
            assert other.coefficients.tolist() == pytest.approx(whole.coefficients.tolist(), rel=1e-6, abs=1e-7)
            assert other.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-8)
    if whole is not None:
        np.testing.assert_array_equal(whole.coefficients, others[0].coefficients)


def test_the_planted_ratio_is_found():
    rng = np.random.default_rng(12)
    many = 20_000
    group = rng.integers(0, 2, many)
    took = rng.exponential(200 / np.exp(0.5 * group)).astype(int)
    watched = rng.integers(100, 900, many)
    made = Durations.from_days(np.minimum(took, watched), took <= watched, groups={"group": group})
    row = delay.cox(made, ["group"]).table.iloc[0]
    assert abs(row["coefficient"] - 0.5) < 4 * row["std_error"]
    assert row["std_error"] < 0.02


def test_the_sentence_describes_and_the_plot_shows_every_ratio():
    fit = delay.cox(RELEASE, ["unit", "accused"], reference=BUREAU)
    said = fit.sentence()
    assert "unit=district against bureau: 1.78" in said
    assert "not effects" in said
    axes = fit.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "unit: district (against bureau)",
        "unit: oversight (against bureau)",
        "accused",
    ]
    assert repr(fit) == repr(delay.cox(RELEASE, ["unit", "accused"], reference=BUREAU))


def test_one_cluster_is_refused():
    table = RELEASE.table.assign(all="x")
    made = Durations.from_days(RELEASE.days_lower, RELEASE.event, groups=dict(table[["unit", "all"]]))
    with pytest.raises(Refusal, match="at least two clusters"):
        delay.cox(made, "unit", cluster="all")
