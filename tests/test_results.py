from dataclasses import dataclass

import pandas as pd
import pytest

from accountability.results import ROWS_SHOWN, Result, percent, plural


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Count(Result):
    """A result with nothing but its table."""


@pytest.fixture
def result():
    table = pd.DataFrame({"group": ["a<b>", "c_d"] * 10, "share": [0.123456789, 1.0] * 10})
    return Count(estimand="a share <of all>", assumptions=("cases are there",), method="counting", table=table)


def test_it_shows_estimand_method_assumptions_and_the_first_rows(result):
    shown = repr(result)
    assert shown.startswith("Count\nestimand: a share <of all>\nmethod: counting\nassumes: cases are there\n")
    assert f"{20 - ROWS_SHOWN} more rows" in shown


def test_html_is_escaped_and_holds_no_identifier(result):
    page = result._repr_html_()
    assert "<b>" not in page.replace("<strong>", "")
    assert "a share &lt;of all&gt;" in page
    assert "id=" not in page
    assert page == result._repr_html_()


def test_latex_is_escaped_and_csv_keeps_every_digit(result, tmp_path):
    assert "c\\_d" in result.to_latex()
    assert "0.1235" in result.to_latex()
    text = result.to_csv(tmp_path / "t.csv").read_bytes()
    assert b"0.123456789" in text
    assert b"\r" not in text


def test_a_result_without_a_figure_says_so(result):
    with pytest.raises(NotImplementedError, match="Count has no figure"):
        result.plot()


def test_it_cannot_be_changed(result):
    with pytest.raises(AttributeError):
        result.method = "guessing"


def test_words():
    assert [plural(1, "case"), plural(1204, "case")] == ["1 case", "1,204 cases"]
    assert [percent(0.476), percent(0.4762, 1)] == ["48 %", "47.6 %"]
