"""A table in memory becomes a dataset as a declared file does: the same tables, ledger and refusals."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import delay
from accountability.errors import AccountabilityError, CodebookError, ParameterError, Refusal, SourceError
from accountability.records.case_ends import closing_state
from accountability.records.dataset import Dataset

FINDINGS = {
    "Sustained": "sustained",
    "IC/S": {"finding": "closed_without_finding", "closing_reason": "no_cooperation"},
}
PENALTIES = {"5 days": {"penalty": "suspension", "days": 5}, "Reprimand": "reprimand"}


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": ["a", "a", "b", "c"],
            "badge": [101.0, 102.0, None, 101.0],
            "came": pd.to_datetime(["2020-01-05 10:30", "2020-01-05 10:30", "2020-02-01 00:00", "2020-03-01 00:00"]),
            "done": ["03/05/2020", "03/05/2020", None, "07/01/2020"],
            "said": ["Sustained", "IC/S", None, "unfounded"],
            "given": ["5 days", None, None, "Reprimand"],
            "kind": pd.Categorical(["Force", "Force", "Search", "Force"]),
            "age": pd.array([31, 40, None, 31], dtype="Int64"),
            "notes": ["x", "y", "z", "w"],
        },
        index=[11, 12, 13, 14],
    )


def dataset(frame: pd.DataFrame | None = None, **changes: object) -> Dataset:
    settings: dict[str, object] = {
        "case_id": "number",
        "officer": "badge",
        "received": "came",
        "closed": "done",
        "finding": "said",
        "findings": FINDINGS,
        "penalty": "given",
        "penalties": PENALTIES,
        "columns": {"category": "kind", "officer_age": "age"},
        "unit": "officer_complaint",
        "date": "%m/%d/%Y",
        "observed_until": "2020-12-31",
        "no_day": {"": "open"},
    }
    return accountability.from_frame(rows() if frame is None else frame, **{**settings, **changes})


def test_the_tables_are_those_of_a_declared_file() -> None:
    data = dataset(about={"agency": "Riverton PD"})
    assert data.cases["case_id"].tolist() == ["a", "b", "c"]
    held = data.allegations
    assert held["finding"].tolist()[:2] == ["sustained", "closed_without_finding"]
    assert held["closing_reason"].tolist()[1] == "no_cooperation"
    assert held["finding"].tolist()[3] == "unfounded"
    assert held["imposed_penalty"].tolist()[0] == "suspension"
    assert held["imposed_days"].tolist()[0] == 5
    assert held["category"].tolist() == ["Force", "Force", "Search", "Force"]
    assert held["officer_age"].tolist() == [31, 40, pd.NA, 31]
    closed = data.events[data.events["stage"] == "closed"]
    assert closed["earliest"].dt.date.tolist() == [dt.date(2020, 3, 5), dt.date(2020, 7, 1)]
    assert data.card.agency == "Riverton PD"
    assert data.card.observed_until == dt.date(2020, 12, 31)
    assert "Of 3 cases" in delay.closing_curve(accountability.durations(data)).sentence()


def test_no_row_is_lost_officers_are_hidden_and_unused_columns_are_named() -> None:
    data = dataset()
    assert data.ledger.check()[["raw", "coded"]].iloc[0].tolist() == [4, 4]
    officers = data.allegations["officer_id"]
    assert officers.iloc[0] == officers.iloc[3] != officers.iloc[1]
    assert pd.isna(officers.iloc[2])
    assert not officers.dropna().str.contains("10[12]$").any()
    unused = data.ledger.entries.query("action == 'column not used'")
    assert unused["column"].tolist() == ["notes"]


def test_the_ledger_names_rows_by_an_index_of_whole_numbers() -> None:
    late = rows().assign(done=["03/05/2020", "03/05/2020", "01/01/2031", "07/01/2020"])
    entries = dataset(late).ledger.entries
    assert entries.query("rule == 'observed_until'")["example_rows"].tolist() == ["13"]
    entries = dataset(late.set_index("notes")).ledger.entries
    assert entries.query("rule == 'observed_until'")["example_rows"].tolist() == ["3"]


def test_without_a_number_each_row_is_a_complaint_and_the_table_is_not_changed() -> None:
    frame = rows()
    data = accountability.from_frame(frame, received="came", observed_until=None)
    assert len(data.cases) == 4
    assert data.card.unit == "complaint"
    assert not data.card.sampling.closing_date
    pd.testing.assert_frame_equal(frame, rows())


def test_the_same_table_has_the_same_hash_and_another_one_another() -> None:
    assert dataset().sha256 == dataset().sha256
    assert dataset().sha256 != dataset(rows().assign(kind="Other")).sha256


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"finding": "sad"}, ParameterError, "no column 'sad'; did you mean 'said'.* It has number"),
        (
            {"findings": {"Sustained": "sustained"}},
            CodebookError,
            r"'IC/S': 1 row\(s\)\n.*\n  findings=\{'IC/S': \.\.\.",
        ),
        ({"findings": None}, CodebookError, "findings={'Sustained': 'sustained', 'IC/S': ...}"),
        ({"findings": FINDINGS | {"x": "guilty"}}, CodebookError, "'guilty' is not a term of finding"),
        ({"penalties": {}}, CodebookError, "penalties={"),
        ({"unit": None}, ParameterError, r"1 row\(s\) repeat a 'number': say .* unit='allegation'"),
        ({"unit": "complaint"}, ParameterError, "drop the repeats first"),
        ({"unit": "offcer"}, ParameterError, "'offcer' is no unit; did you mean 'officer'"),
        ({"rule": "closed"}, ParameterError, "no sampling rule; did you mean 'closed_only'"),
        ({"stages": {"recieved": "came"}}, ParameterError, "no stage; did you mean 'received'"),
        ({"stages": {"incident": "came"}}, ParameterError, "the column 'came' is named twice"),
        ({"date": "%Y-%m-%d"}, SourceError, "2 of 3 cells|3 of 3 cells cannot be read as '%Y-%m-%d'.*correct `date`"),
        ({"observed_until": "soon"}, ParameterError, "observed_until"),
        ({"about": {"agncy": "x"}}, ParameterError, "did you mean 'agency'"),
        ({"columns": {"source_row": "kind"}}, ParameterError, "made by the loader"),
    ],
)
def test_what_is_not_said_is_refused_with_the_line_to_write(
    changes: dict[str, object], kind: type[AccountabilityError], message: str
) -> None:
    with pytest.raises(kind, match=f"(?s){message}"):
        dataset(**changes)


def test_dates_that_differ_within_a_complaint_are_refused_or_declared() -> None:
    frame = rows().assign(done=["03/05/2020", "03/09/2020", None, "07/01/2020"])
    with pytest.raises(SourceError, match="differs within 1 case"):
        dataset(frame)
    first = dataset(frame, varies="first")
    assert (first.events["stage"] == "closed").sum() == 2
    assert "varies" in first.ledger.entries["rule"].tolist()


@pytest.mark.parametrize("wrong", [None, [1], {"a": [1]}, np.zeros(3)])
def test_what_is_no_table_is_refused(wrong: object) -> None:
    with pytest.raises(ParameterError, match="expected a pandas DataFrame"):
        accountability.from_frame(wrong, observed_until=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", [None, " ", "\u00a0", "N/A", "NULL", "Open", "0", "02/30/2020"])
def test_a_closing_that_names_no_day_is_never_open_in_silence(cell: str | None) -> None:
    frame = pd.DataFrame({"came": ["01/05/2020"] * 4, "done": ["02/05/2020", "03/05/2020", "04/05/2020", cell]})
    given = {"received": "came", "closed": "done", "date": "%m/%d/%Y", "observed_until": "2020-12-31"}
    with pytest.raises(ParameterError, match=r"name no day in done:\n.*1 row\(s\)\n.*\n  no_day=\{.*: \.\.\.\}"):
        accountability.from_frame(frame, **given)  # type: ignore[arg-type]
    text = (cell or "").strip().strip("\u00a0")
    for state in ("open", "closed_on_unknown_day", "unknown"):
        data = accountability.from_frame(frame, **given, no_day={text: state})  # type: ignore[arg-type]
        assert closing_state(data).tolist() == ["dated", "dated", "dated", state]


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match="'shut' is no state"):
        dataset(no_day={"": "shut"})


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame(
        {"came": ["2020-01-05", "2020-02-01"], "done": ["2020-03-05", "2020-03-06"]},
        index=pd.Index(["a", "b"], name="no"),
    )
    data = accountability.from_frame(frame, case_id="no", received="came", closed="done", observed_until="2020-12-31")
    assert data.cases["case_id"].tolist() == ["a", "b"]
    assert list(frame.columns) == ["came", "done"], "what was given is not changed"
    with pytest.raises(ParameterError, match="both called 'no' and differ"):
        accountability.from_frame(frame.assign(no=["x", "y"]), case_id="no", observed_until=None)


def test_without_a_closing_column_no_case_is_open() -> None:
    frame = pd.DataFrame({"no": ["a", "b"], "came": ["2020-01-05", "2020-02-01"]})
    data = accountability.from_frame(frame, case_id="no", received="came", observed_until="2021-01-01")
    assert closing_state(data).tolist() == ["unknown", "unknown"]
    with pytest.raises(Refusal, match="dates no closing, so that none of 2 cases is known to be open"):
        accountability.durations(data)
