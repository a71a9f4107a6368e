import csv
from dataclasses import dataclass, replace

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accountability.errors import Refusal
from accountability.results import (
    ROWS_SHOWN,
    Refused,
    Result,
    _first_words,
    capitalised,
    in_plural,
    or_refusal,
    percent,
    plural,
    sentences,
)


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
    odd = replace(result, table=result.table.assign(group="50 % & more"))
    assert "50 \\% \\& more" in odd.to_latex()
    assert "0.1235" in result.to_latex()
    text = result.to_csv(tmp_path / "t.csv").read_bytes()
    assert b"0.123456789" in text
    assert b"\r" not in text


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("https://example.org")', "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"]
)
def test_no_cell_of_its_csv_is_a_formula(text, tmp_path):
    table = pd.DataFrame({text: [text, "a"], "number": ["-5", "+1.5"], "n": [-1, 2]})
    made = Count(estimand="e", assumptions=(), method="m", table=table)
    with made.to_csv(tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        head, first, second = csv.reader(file)
    shown = "'" + text.replace("\r", "\n")
    assert [head[0], *first] == [shown, shown, "-5", "-1"]
    assert second == ["a", "+1.5", "2"]


def test_a_result_without_a_figure_says_so(result):
    with pytest.raises(NotImplementedError, match="Count has no figure"):
        result.plot()


def test_it_cannot_be_changed(result):
    with pytest.raises(AttributeError):
        result.method = "guessing"


def test_words():
    assert [plural(1, "case"), plural(1204, "case")] == ["1 case", "1,204 cases"]
    assert [in_plural(noun) for noun in ("category", "agency", "day", "squad")] == [
        "categories", "agencies", "days", "squads"
    ]  # fmt: skip
    assert [percent(0.476), percent(0.4762, 1)] == ["48 %", "47.6 %"]


def test_a_refusal_becomes_a_result_that_gives_its_reason_and_other_errors_do_not(result):
    def refuse():
        raise Refusal("no <closing> day is known.")

    refused = or_refusal(refuse, "the curve")
    assert isinstance(refused, Refused)
    assert refused.sentence() == "Not estimated: no <closing> day is known."
    assert refused.table.iloc[0].to_dict() == {"not_estimated": "the curve", "because": "no <closing> day is known."}
    assert repr(refused) == "the curve\nNot estimated: no <closing> day is known."
    assert "&lt;closing&gt;" in refused._repr_html_()
    assert or_refusal(lambda: result) is result
    assert sentences(refused, result, refused) == f"{refused.sentence()} {result.sentence()}"
    with pytest.raises(ZeroDivisionError):
        or_refusal(lambda: 1 / 0)


def test_a_sentence_begins_with_a_capital_letter_and_keeps_the_rest():
    assert [capitalised("of McX"), capitalised("Of"), capitalised("")] == ["Of McX", "Of", ""]


def test_a_long_title_ends_with_a_whole_clause():
    late = (
        "Closed within 365 days: as published 72.1 %; corrected for late recording 73.5 %; cut-off moved back 392 days"
        ", as 3 of 4 closings are recorded by then"
    )
    assert _first_words(late) == "Closed within 365 days: as published 72.1 %; corrected for late recording 73.5 %"
    told = "From recommended to decided, of 827 officer-complaints 155 became lighter. 28 had not got as far as the end"
    assert (
        _first_words(f"{told} of their appeals when the records end") == f"{told} of their appeals when the records end"
    )
    few = "The share differs between the units north, south, and west, of which each has at least 40 cases a year, " * 2
    assert _first_words(few) == few.strip(), "no list loses its last item"
    assert _first_words("Short; and whole, and all") == "Short; and whole, and all"


WORDS = st.lists(
    st.sampled_from(["closed", "of 4,991 cases", "in 12 days", "open", "by rank", "the share"]), min_size=1
)
CLAUSES = st.lists(WORDS.map(" ".join), min_size=1, max_size=12)


@given(CLAUSES, st.lists(st.sampled_from(["; ", ", ", ", and "]), min_size=12, max_size=12))
@example(["x" * 20, "y 3" * 50], ["; "] * 12)
def test_a_title_is_the_sentence_or_its_first_clauses(clauses, pauses):
    whole = "".join(clause + pause for clause, pause in zip(clauses, pauses, strict=False))
    text = capitalised(whole.rstrip("; ,and"))
    title = _first_words(text)
    rest = text.removeprefix(title)
    assert text.startswith(title)
    assert not rest or rest.startswith(("; ", ", and "))
    assert not rest or (len(text) > 130 and len(title) >= 40)
    assert any(map(str.isdigit, title)) or not any(map(str.isdigit, text))
    # What could have stood in 130 letters, as whole clauses parted by semicolons, is not left out.
    parts = ["; ".join(text.split("; ")[:n]) for n in range(1, text.count("; ") + 1)]
    fit = [part for part in parts if 40 <= len(part) <= 130 and any(map(str.isdigit, part))]
    assert len(title) >= max(map(len, fit), default=0)
