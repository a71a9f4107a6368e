"""Table one and models side by side: what a journal prints, with nothing small in it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import delay, outcomes, tables
from accountability.errors import ParameterError
from accountability.journal_cells import ABSENT, HIDDEN, decimals, with_interval
from accountability.records.dataset import Dataset
from accountability.tables.first_table import _difference


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def first(data: Dataset) -> tables.Printed:
    return tables.table_one(data, by="investigated_by", columns=["officer_gender", "finding", "imposed_days"])


def test_a_cell_is_the_count_and_share_of_its_group(data: Dataset, first: tables.Printed) -> None:
    rows = data.allegations.merge(data.cases[["case_id", "investigated_by"]], on="case_id")
    women = rows[rows["investigated_by"] == "District"]["officer_gender"].eq("F")
    line = first.table[first.table["Characteristic"].str.strip() == "F"].iloc[0]
    assert line.iloc[2] == f"{women.sum():,} ({100 * women.mean():.1f} %)"


def test_no_small_count_is_printed_and_the_mark_is_explained(first: tables.Printed) -> None:
    cells = first.table.iloc[:, 1:-1].to_numpy().ravel()
    counts = [int(cell.split(" ")[0].replace(",", "")) for cell in cells if "%" in cell]
    assert not [count for count in counts if 0 < count < 10]
    assert HIDDEN in cells
    assert any(HIDDEN in note for note in first.notes)


def test_the_standardised_difference_of_two_shares_is_the_textbooks() -> None:
    """Austin (2009): the difference over the root of the mean variance."""
    a, b = 0.3, 0.2
    expected = abs(a - b) / math.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    assert _difference(np.array([a, 1 - a]), np.array([b, 1 - b])) == pytest.approx(expected)


def test_labels_stand_in_the_place_of_names(first: tables.Printed) -> None:
    text = first.to_html()
    assert "officer&#x27;s gender" in text
    assert "officer_gender" not in text + first.to_latex()


def test_latex_is_booktabs_and_escapes(first: tables.Printed) -> None:
    text = first.to_latex()
    assert "\\toprule" in text
    assert "\\%" in text
    assert HIDDEN not in text


def test_word_holds_the_table(first: tables.Printed, tmp_path: Path) -> None:
    pytest.importorskip("pypandoc", reason="the extra 'documents' is not installed")
    path = first.to_word(tmp_path / "one.docx")
    assert b"<w:tbl>" in ZipFile(path).read("word/document.xml")
    with pytest.raises(ParameterError, match=r"\.docx"):
        first.to_word(tmp_path / "one.pdf")


def test_models_stand_side_by_side_with_digits_by_their_errors(data: Dataset) -> None:
    cox, logit = delay.cox(data, covariates="category"), outcomes.sustained_logit(data, covariates="category")
    printed = tables.models_side_by_side(cox, logit, names=["closing", "sustained"])
    row = cox.table.iloc[0]
    line = printed.table[printed.table["Term"].str.contains("Force")].iloc[0]
    assert line["closing"] == f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    assert line["sustained"].startswith(f"{logit.table.set_index('level').loc['Force', 'ratio']:.3f} (")
    assert {"cases", "log-likelihood"} <= set(printed.table["Term"])


@pytest.mark.parametrize(("error", "digits"), [(0.2, 2), (0.04, 3), (3.0, 1), (25.0, 0), (math.nan, 2), (0.0, 2)])
def test_digits_follow_the_standard_error(error: float, digits: int) -> None:
    assert decimals(error) == digits


def test_a_hidden_estimate_is_a_mark() -> None:
    assert with_interval(math.nan, math.nan, math.nan, math.nan) == HIDDEN


def test_what_is_no_model_is_refused(data: Dataset) -> None:
    with pytest.raises(ParameterError, match="needs models"):
        tables.models_side_by_side(delay.closing_curve(data))
    with pytest.raises(ParameterError, match="at least one"):
        tables.models_side_by_side()
    with pytest.raises(ParameterError, match="names="):
        tables.models_side_by_side(delay.cox(data, covariates="category"), names=["a", "b"])


def test_a_curve_prints_on_a_page(data: Dataset) -> None:
    text = delay.closing_curve(data).to_latex()
    assert len(text) < 3000
    assert text.count("\\begin{tabular}") == 2


#: Counts of 98 and 102 patients of the example of gtsummary's documentation (``tbl_summary(trial, by = trt)``).
PUBLISHED = {
    "stage": {"T1": (28, 25), "T2": (25, 29), "T3": (22, 21), "T4": (23, 27)},
    "grade": {"I": (35, 33), "II": (32, 36), "III": (31, 33)},
    "response": {"yes": (28, 33), "no": (67, 65), "not said": (3, 4)},
}
PER_CENT = {
    "stage": ("29 25", "26 28", "22 21", "23 26"),
    "grade": ("36 32", "33 35", "32 32"),
}


@pytest.fixture(scope="module")
def trial() -> tables.Printed:
    columns = {
        name: [word for drug in (0, 1) for word, counts in levels.items() for _ in range(counts[drug])]
        for name, levels in PUBLISHED.items()
    }
    frame = pd.DataFrame({"drug": ["Drug A"] * 98 + ["Drug B"] * 102, "received": "2020-01-01", **columns})
    made = accountability.from_frame(
        frame, observed_until="2021-01-01", received="received", columns=["drug", *PUBLISHED], unit="complaint"
    )
    return tables.table_one(made, by="drug", columns=list(PUBLISHED))


@pytest.mark.parametrize("name", PER_CENT)
def test_table_one_holds_what_the_published_table_of_gtsummary_holds(name: str, trial: tables.Printed) -> None:
    assert list(trial.table)[1:4] == ["Overall (n = 200)", "Drug A (n = 98)", "Drug B (n = 102)"]
    lines = {row.iloc[0].strip(): row for _, row in trial.table.iterrows()}
    for (level, counts), per_cent in zip(PUBLISHED[name].items(), PER_CENT[name], strict=True):
        found = [re.fullmatch(r"(\d+) \(([\d.]+) %\)", cell) for cell in lines[level].iloc[2:4]]
        assert [int(cell[1]) for cell in found if cell] == list(counts)
        whole = [float(share) for share in per_cent.split()]
        assert [float(cell[2]) for cell in found if cell] == pytest.approx(
            whole, abs=0.55
        )  # published without decimals
        assert lines[level].iloc[1].startswith(f"{sum(counts)} (")


def test_cells_of_the_published_table_that_are_small_are_hidden_here(trial: tables.Printed) -> None:
    """Three and four patients whose response is not known stand in the published table."""
    lines = {row.iloc[0].strip(): row for _, row in trial.table.iterrows()}
    assert lines["not said"].iloc[2] == lines["not said"].iloc[3] == HIDDEN


#: ``mtcars`` of R (Motor Trend 1974): manual gear (1), and seconds for the quarter mile, of its 32 cars in order.
MANUAL = [1, 1, 1, *[0] * 14, 1, 1, 1, *[0] * 5, *[1] * 7]
SECONDS = (
    "16.46 17.02 18.61 19.44 17.02 20.22 15.84 20 22.9 18.3 18.9 17.4 17.6 18 17.98 17.82 17.42 19.47 18.52 19.9 20.01 "
    "16.87 17.3 15.41 17.05 18.9 16.7 16.9 14.5 15.5 14.6 18.6"
)
#: What modelsummary prints of ``glm(am ~ qsec, mtcars, family = binomial())`` in its own published tests
#: (inst/tinytest/test-gof.R, https://rdrr.io/cran/modelsummary/src/inst/tinytest/test-gof.R): the coefficient, the
#: number of observations, and AIC, which is 2 x 2 coefficients - 2 log-likelihoods.
OF_MODELSUMMARY = {"qsec": -0.288, "Num.Obs.": 32, "AIC": 45.5}


@pytest.fixture(scope="module")
def cars() -> tables.Printed:
    finding = ["sustained" if gear else "not_sustained" for gear in MANUAL]
    seconds = [float(one) for one in SECONDS.split()]
    frame = pd.DataFrame({"seconds": seconds, "finding": finding, "received": "2020-01-01"})
    # A second column that is in one of the models only.
    frame["half"] = ["first"] * 16 + ["second"] * 16
    made = accountability.from_frame(
        frame,
        observed_until="2021-01-01",
        received="received",
        finding="finding",
        columns=["seconds", "half"],
        unit="complaint",
    )
    alone, both = (outcomes.sustained_logit(made, covariates=given) for given in ("seconds", ["seconds", "half"]))
    return tables.models_side_by_side(alone, both, names=["Logit", "Logit, by half"])


def test_models_side_by_side_hold_what_the_published_table_of_modelsummary_holds(cars: tables.Printed) -> None:
    assert list(cars.table) == ["Term", "Logit", "Logit, by half"]  # named models are the headings, in order
    lines = cars.table.set_index(cars.table["Term"].str.strip())["Logit"]
    (term,) = [name for name in lines.index if "econds" in name]
    estimate, interval = lines[term].split(" ", 1)
    assert math.log(float(estimate)) == pytest.approx(OF_MODELSUMMARY["qsec"], abs=0.007)  # printed with two decimals
    assert re.fullmatch(r"\([\d.]+ to [\d.]+\)", interval), "the uncertainty stands in brackets beside the estimate"
    assert lines["complaints"] == f"{OF_MODELSUMMARY['Num.Obs.']}"
    assert 2 * 2 - 2 * float(lines["log-likelihood"].replace("−", "-")) == pytest.approx(
        OF_MODELSUMMARY["AIC"], abs=0.11
    )


def test_as_in_modelsummary_a_term_of_another_model_is_left_blank_and_no_star_is_drawn(cars: tables.Printed) -> None:
    (half,) = [row for _, row in cars.table.iterrows() if "half" in row["Term"].lower()]
    assert half["Logit"] == ABSENT
    assert half["Logit, by half"] != ABSENT
    assert "*" not in cars.table.to_string()
    ratios_then_fit = list(cars.table["Term"])
    assert ratios_then_fit.index("complaints") > ratios_then_fit.index(half["Term"]), "goodness of fit stands below"


def test_how_many_a_model_rests_on_is_hidden_where_it_tells_of_a_few_left_out(data: Dataset) -> None:
    model = outcomes.sustained_logit(data, covariates="category")
    shown, hidden = (
        tables.models_side_by_side(
            replace(model, apart=pd.DataFrame({"what": ["pending"], "n": [n], "hidden": [n < 10]}))
        ).table.set_index("Term")
        for n in (40, 4)
    )
    assert model.fit.cell is not None
    assert shown.loc["officer-complaints"].iloc[0] == f"{len(model.fit.cell):,}"
    assert hidden.loc["officer-complaints"].iloc[0] == HIDDEN
