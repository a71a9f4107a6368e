"""Table one and models side by side: what a journal prints, with nothing small in it."""

from __future__ import annotations

import math
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import accountability
from accountability import delay, outcomes, tables
from accountability.errors import ParameterError
from accountability.records.dataset import Dataset
from accountability.tables.first_table import _difference
from accountability.tables.print_form import HIDDEN, decimals, with_interval


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
