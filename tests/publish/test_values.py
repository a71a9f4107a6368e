"""Every number of a report has one address, which does not depend on where in the table it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import ParameterError
from accountability.publish import appendix
from accountability.publish import values as reading
from accountability.publish.finished import Held
from accountability.publish.kept import write_csv
from accountability.publish.values import key_columns, tidy, value, values

QUANTILES = pd.DataFrame({"p": [0.25, 0.5], "day": [50, 125], "reads": ["50 (48 to 52)", "125 (119 to 134)"]})
GROUPS = pd.DataFrame({"group": ["Force", "Search"], "cases": [400, 400], "median": [125.0, float("nan")]})


def written(folder: Path, /, **tables: pd.DataFrame) -> Path:
    """A report's folder with these tables; ``drawn_x`` is the data of a figure ``x``."""
    folder.mkdir(exist_ok=True)
    entries = []
    for name, table in tables.items():
        drawn = name.startswith("drawn_")
        file = f"figures/{name.removeprefix('drawn_')}.csv" if drawn else f"tables/{name}.csv"
        (folder / file).parent.mkdir(exist_ok=True)
        write_csv(table, folder / file)
        if drawn:
            entries.append({"kind": "figure", "name": name[6:], "file": file.replace(".csv", ".svg"), "data": file})
        else:
            entries.append({"kind": "table", "name": name, "file": file})
    record = {"study": "a_study", "parameters": {"source": "synthetic"}, "tables": entries, "failure": None}
    (folder / "provenance.json").write_text(json.dumps(record))
    return folder


def text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype("object").astype("str")


def test_each_value_is_named_by_table_row_and_column(tmp_path: Path) -> None:
    report = written(tmp_path / "r", quantiles=QUANTILES, groups=GROUPS)
    assert value(report, "quantiles/0.5/day") == 125
    assert value(report, "quantiles/0.5/reads") == "125 (119 to 134)"
    assert value(report / "provenance.json", "groups/Force/median") == 125
    assert value(report, "groups/Search/median") == ""
    frame = values(report)
    assert list(frame.columns) == ["address", "kind", "table", "row", "column", "text", "number"]
    assert list(frame["address"][:2]) == ["quantiles/0.25/day", "quantiles/0.25/reads"]
    assert frame["number"].notna().sum() == 2 + 3


def test_the_data_of_a_figure_have_addresses_of_their_own(tmp_path: Path) -> None:
    report = written(tmp_path / "r", groups=GROUPS, drawn_groups=GROUPS.assign(cases=7))
    assert value(report, "groups/Force/cases") == 400
    assert value(report, "figure:groups/Force/cases") == 7


def test_the_row_of_a_table_of_one_row_may_be_left_out(tmp_path: Path) -> None:
    one = pd.DataFrame({"closed_cases": [4623], "mean_days": [213.17]})
    report = written(tmp_path / "r", mean=one, groups=GROUPS)
    assert value(report, "mean/mean_days") == value(report, "mean/all/mean_days") == 213.17
    with pytest.raises(ParameterError, match="has no row ''"):
        value(report, "groups/median")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("quantile/0.5/day", r"no table 'quantile'\. Did you mean 'quantiles'\?"),
        ("quantiles/0.4/day", r"no row '0.4'\. .*Known: 0.25, 0.5\."),
        ("quantiles/0.5/days", r"no column 'days'\. Did you mean 'day'\?"),
        ("curve/31x/open", r"no row '31x'\. Did you mean .*'31'.*There are 50, from '0' to '49'"),
    ],
)
def test_a_wrong_address_is_told_the_nearest(address: str, said: str, tmp_path: Path) -> None:
    curve = pd.DataFrame({"day": range(50), "open": [1 - day / 60 for day in range(50)]})
    with pytest.raises(ParameterError, match=said):
        value(written(tmp_path / "r", quantiles=QUANTILES, curve=curve), address)


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (GROUPS, ["group"]),
        (QUANTILES, ["p"]),  # a share with decimals names rows where it comes first
        ({"view": ["a", "a"], "at": ["x", "x"], "day": [3, 3], "way": ["m", "n"]}, ["view", "at", "way"]),
        ({"column": ["r", "r", "i"], "days": [1, 3, 1], "share": [0.1, 0.2, 0.3]}, ["column", "days"]),
        ({"group": ["a", "a"], "share": [0.25, 0.5]}, ["group"]),  # a measure never names a row
        ({"cases": [4991], "late": [3]}, []),
        ({"step": [0], "kept": [3]}, ["step"]),
        ({"reason": ["unknown"], "cases": [3]}, ["reason"]),
    ],
)
def test_rows_are_named_by_their_first_columns(table: dict[str, list[object]], keys: list[str]) -> None:
    assert key_columns(text(pd.DataFrame(table))) == keys


def test_columns_that_name_the_rows_of_two_tables_serve_both() -> None:
    short = text(pd.DataFrame({"stage": ["a", "b"], "group": ["x", "x"], "n": [1, 2]}))
    long = text(pd.DataFrame({"stage": ["a", "a"], "group": ["x", "y"], "n": [1, 2]}))
    assert key_columns(short) == ["stage"]
    assert key_columns(short, long) == ["stage", "group"]


def test_an_address_survives_another_order_and_more_rows(tmp_path: Path) -> None:
    more = pd.concat([GROUPS.iloc[::-1], pd.DataFrame({"group": ["Other"], "cases": [9], "median": [1.0]})])
    first, second = written(tmp_path / "a", groups=GROUPS), written(tmp_path / "b", groups=more)
    assert value(first, "groups/Force/median") == value(second, "groups/Force/median")
    assert set(values(first)["address"]) < set(values(second)["address"])


@given(rows=st.lists(st.tuples(st.sampled_from(["a", "a #2", "", "b/c", "1"]), st.sampled_from(["", "0.5", "x"]))))
def test_no_two_values_share_an_address(rows: list[tuple[str, str]]) -> None:
    held = Held("table", "t", pd.DataFrame(rows, columns=["k", "v"], dtype="str"))
    frame = tidy(held)
    assert frame["address"].is_unique
    assert len(frame) == len(rows) * (2 - len(key_columns(held.cells)))


@given(number=st.floats(allow_nan=False) | st.integers())
def test_a_number_is_read_back_as_it_was_written(number: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = written(tmp_path_factory.mktemp("r"), t=pd.DataFrame({"name": ["x", "y"], "n": [number, number]}))
    assert value(report, "t/x/n") == float(number)


def test_what_is_no_finished_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"found no provenance\.json"):
        values(tmp_path)
    report = written(tmp_path / "r", groups=GROUPS)
    (report / "tables" / "groups.csv").unlink()
    with pytest.raises(ParameterError, match="the report lists this table"):
        values(report)
    record = json.loads((report / "provenance.json").read_text())
    (report / "provenance.json").write_text(json.dumps(record | {"failure": {"where": "cell [4]"}}))
    with pytest.raises(ParameterError, match=r"stopped at cell \[4\]"):
        values(report)
    (report / "provenance.json").write_text("[1]")
    with pytest.raises(ParameterError, match="expected a report's record"):
        values(report)


def test_a_table_without_a_column_and_a_report_without_a_table_hold_no_value(tmp_path: Path) -> None:
    assert values(written(tmp_path / "a", empty=pd.DataFrame())).empty
    none = values(written(tmp_path / "b"))
    assert list(none.columns) == list(reading.COLUMNS)


def test_an_unbounded_limit_leaves_its_column_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("place,upper\na,1.1828568586668324\nb,inf\nc,-inf\n", encoding="utf-8")
    table = appendix.shown(tmp_path / "t.csv", {})
    assert [row[1] for row in table.rows] == ["1.183", "∞", "−∞"]
    assert table.right == [False, True]
