"""A report says whether its numbers come out again; two reports say where they part and what may have parted them."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import toy_agency
from hypothesis import given, settings
from hypothesis import strategies as st
from test_values import GROUPS, QUANTILES, written
from typer.testing import CliRunner

from accountability import load, publish
from accountability.cli import app, main
from accountability.delay import closing_curve
from accountability.errors import ParameterError, Refusal
from accountability.publish import runner, sidecar
from accountability.publish.compare_reports import compare, texts_agree, why
from accountability.publish.finished import altered, reports_in
from accountability.publish.verify import Verified, verify
from accountability.records import coded_cache
from accountability.records.cache import cache_dir, sha256
from accountability.study.clocks import durations

STUDY = "how_long_cases_stay_open"
SHARE = """\
import pandas as pd

keep("share", pd.DataFrame({"group": ["a", "b"], "share": [len(data.cases) / 3, group is None]}), "shares")"""
CELLS = (toy_agency.SETUP, SHARE, toy_agency.FIGURE, toy_agency.LAST)


@dataclasses.dataclass
class Made:
    """A report, where its notebook is and where its data are."""

    folder: Path
    notebooks: Path
    source: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    base = tmp_path_factory.mktemp("made")
    toy_agency.notebook(base / "notebooks", *CELLS)
    source = toy_agency.source(base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "notebooks_dir", lambda: base / "notebooks")
        page = publish.run(STUDY, str(source), {"cutoff": "2021-01-01"}, base / "out")
    return Made(page.parent, base / "notebooks", source)


@pytest.fixture
def copy(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The report and its notebook, to be changed by one test; its data too, and where they were they are no more."""
    for folder in (made.folder, made.notebooks, made.source):
        shutil.copytree(folder, tmp_path / folder.name)
    other = Made(tmp_path / made.folder.name, tmp_path / made.notebooks.name, tmp_path / made.source.name)
    record = json.loads((other.folder / "provenance.json").read_text())
    record["parameters"]["source"] = str(other.source)
    (other.folder / "provenance.json").write_text(json.dumps(record))
    monkeypatch.setattr(runner, "notebooks_dir", lambda: other.notebooks)
    return other


def status(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, re.sub(r"\s+", " ", done.output)


# ---- verify ----------------------------------------------------------------------------------------------------


def test_a_report_run_again_is_equal_in_every_value_and_figure(copy: Made) -> None:
    (found,) = verify([copy.folder])
    assert isinstance(found, Verified)
    assert found.equal, found.sentence()
    assert found.compared > 2
    assert found.sentence() == f"{found.compared} values compared: all equal."


def test_tables_kept_wrong_do_not_confirm_the_report_made_of_them(copy: Made) -> None:
    """What is verified is made from the raw files, whatever is kept of them."""
    whole = load(copy.source)
    (kept,) = (cache_dir() / "coded" / whole.name).iterdir()
    coded = coded_cache.read(kept.parent, kept.name)
    assert coded is not None
    coded_cache.keep(kept.parent, kept.name, dataclasses.replace(coded, cases=coded.cases.iloc[:5]))
    assert len(load(copy.source).cases) == 5
    (found,) = verify([copy.folder])
    assert isinstance(found, Verified)
    assert found.equal, found.sentence()


def test_a_notebook_wrong_by_one_per_cent_is_found_with_the_value_and_the_reason(copy: Made, tmp_path: Path) -> None:
    toy_agency.notebook(copy.notebooks, *(cell.replace("/ 3", "/ 3 * 1.01") for cell in CELLS))
    code, said = status("verify", copy.folder, "--csv", tmp_path / "differences.csv")
    assert code == 1
    assert "share/a/share" in said
    assert "+1 %" in said
    assert "notebook" in said
    table = pd.read_csv(tmp_path / "differences.csv")
    assert list(table["address"]) == ["share/a/share"]
    assert table.loc[0, "relative"] == pytest.approx(0.01)


def test_what_was_edited_by_hand_differs_and_is_named(copy: Made) -> None:
    page, table = copy.folder / "report.html", copy.folder / "tables" / "share.csv"
    page.write_text(page.read_text().replace("rises", "falls"))
    (copy.folder / "figures" / "rise.png").unlink()
    assert altered(copy.folder) == ("figures/rise.png", "report.html")
    table.write_text(table.read_text().replace("13.3", "14.3"))
    code, said = status("verify", copy.folder)
    assert code == 1
    assert "differs. " in said
    assert "1 differs; most of all share/a/share, 14.3333" in said
    assert "3 files of the report altered since it was made: figures/rise.png, report.html, tables/share.csv" in said


def test_a_page_edited_by_hand_is_not_equal_though_every_value_is(made: Made) -> None:
    values = compare(made.folder, made.folder)
    shown = {field.name: getattr(values, field.name) for field in dataclasses.fields(values)}
    assert Verified(**shown, folder=made.folder, altered=()).equal
    assert not Verified(**shown, folder=made.folder, altered=("report.html",)).equal


def test_other_data_cannot_be_verified_and_the_file_is_named(copy: Made) -> None:
    data = copy.source / "complaints.csv"
    before = sha256(data)
    data.write_text(data.read_text().replace("2021-01-15", "2021-01-16", 1))
    declared = copy.source / "source.yaml"
    declared.write_text(declared.read_text().replace(before, sha256(data)))
    code, said = status("verify", copy.folder)
    assert code == 2
    assert "complaints.csv has changed" in said


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("data", r"cannot be run again: .*expected a folder with a source\.yaml"),
        ("study", "cannot be run again: no study 'closed'"),
        ("parameter", "cannot be run again: .*'dawn'"),
        ("notebook", r"now stopped at cell \[3\]: KeyError"),
    ],
)
def test_what_cannot_be_run_again_is_said(what: str, said: str, copy: Made) -> None:
    path = copy.folder / "provenance.json"
    record = json.loads(path.read_text())
    if what == "data":
        shutil.rmtree(copy.source)
    elif what == "study":
        record["study"] = "closed"
    elif what == "parameter":
        record["parameters"]["start"] = "dawn"
    else:
        toy_agency.notebook(copy.notebooks, "{}['gone']")
    path.write_text(json.dumps(record))
    (found,) = verify([copy.folder])
    assert isinstance(found, Refusal)
    assert re.search(said, str(found)), str(found)


def test_a_folder_of_reports_is_verified_whole_and_the_worst_decides(copy: Made, tmp_path: Path) -> None:
    both = tmp_path / "both"
    for name in ("good", "gone"):
        shutil.copytree(copy.folder, both / name)
    record = json.loads((both / "gone" / "provenance.json").read_text())
    (both / "gone" / "provenance.json").write_text(json.dumps(record | {"study": "closed"}))
    assert [path.name for path in reports_in(both)] == ["gone", "good"]
    code, said = status("verify", both)
    assert code == 2
    assert "good: equal." in said
    assert "gone: not verified" in said


def test_a_folder_without_a_report_is_refused_with_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["accountability", "verify", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "expected a report, or a folder of reports" in capsys.readouterr().err


# ---- what travels with a table ---------------------------------------------------------------------------------


def test_every_file_is_hashed_and_every_table_says_what_it_was_made_from(made: Made) -> None:
    record = json.loads((made.folder / "provenance.json").read_text())
    files = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert set(record["files"]) == files - {"provenance.json"}
    assert altered(made.folder) == ()
    for table in ("tables/share.csv", "figures/rise.csv"):
        said = json.loads((made.folder / f"{table}-metadata.json").read_text())
        (note,) = said["notes"]
        assert note["sha256"] == sha256(made.folder / table)
        assert note["data"]["sha256"] == load(made.source).sha256
        assert note["data"]["vintage"] == "made by the test"
        assert note["data"]["cutoff"] == "2021-01-01"
        assert note["parameters"]["cutoff"] == "2021-01-01"
        assert {"made", "commit", "python", "packages"} <= set(note["environment"])
    assert record["data"]["declaration"] == {"source.yaml": sha256(made.source / "source.yaml")}


def test_a_result_saved_from_python_carries_the_same(tmp_path: Path) -> None:
    data = load("synthetic")
    curve = closing_curve(durations(data))
    path = sidecar.save(curve, tmp_path / "curve.csv", data, {"start": "received"})
    assert len(pd.read_csv(path)) == len(curve.table)
    said = json.loads((tmp_path / "curve.csv-metadata.json").read_text())
    assert [column["titles"] for column in said["tableSchema"]["columns"]] == list(curve.table.columns)
    (note,) = said["notes"]
    assert note["data"]["sha256"] == data.sha256
    assert note["estimand"] == curve.estimand
    assert note["data"]["exclusions"][0] == ["step", "because", "kept", "excluded"]


# ---- two reports -----------------------------------------------------------------------------------------------


def test_another_order_of_rows_and_columns_is_no_difference(tmp_path: Path) -> None:
    first = written(tmp_path / "a", groups=GROUPS, quantiles=QUANTILES)
    second = written(tmp_path / "b", quantiles=QUANTILES, groups=GROUPS.iloc[::-1][["group", "median", "cases"]])
    found = compare(first, second)
    assert found.equal
    assert found.compared == 4 + 4


def test_what_differs_and_what_only_one_holds_is_told_apart(tmp_path: Path) -> None:
    other = pd.DataFrame({"group": ["Force", "Other"], "cases": [404, 9], "median": [125.0, 1.0]})
    found = compare(written(tmp_path / "a", groups=GROUPS), written(tmp_path / "b", groups=other, drawn_x=GROUPS))
    said = found.table.set_index("address")
    assert said.loc["groups/Force/cases", ["first", "second", "difference", "what"]].tolist() == [
        "400", "404", 4, "differs",
    ]  # fmt: skip
    assert "groups/Force/median" not in said.index
    assert set(said.loc[said["what"] == "only in first"].index) == {"groups/Search/cases", "groups/Search/median"}
    assert {"groups/Other/cases", "figure:x/Force/cases"} <= set(said.loc[said["what"] == "only in second"].index)
    assert "1 differs, 2 only in first, 6 only in second" in found.sentence()
    assert "groups/Force/cases, 400 and 404" in found.sentence()


def test_groups_with_swapped_labels_differ(tmp_path: Path) -> None:
    table = GROUPS.assign(cases=[10, 20])
    found = compare(
        written(tmp_path / "a", t=table), written(tmp_path / "b", t=table.assign(group=["Search", "Force"]))
    )
    assert len(found.table) == 4


def test_a_number_is_no_text_and_an_empty_cell_no_zero(tmp_path: Path) -> None:
    first, second = ({"k": ["x", "y"], "v": cells} for cells in (["0", "1"], ["", "one"]))
    found = compare(written(tmp_path / "a", t=pd.DataFrame(first)), written(tmp_path / "b", t=pd.DataFrame(second)))
    assert list(found.table["what"]) == ["differs", "differs"]


@pytest.mark.parametrize("finite", ["5", "-5", "0"])
def test_a_limit_that_has_become_infinite_is_the_widest_difference(finite: str, tmp_path: Path) -> None:
    cells = {"k": ["x", "y"], "upper": ["1", finite]}
    first = written(tmp_path / "a", t=pd.DataFrame(cells))
    second = written(tmp_path / "b", t=pd.DataFrame(cells | {"upper": ["2", "inf"]}))
    assert f"2 differ; most of all t/y/upper, {finite} and inf." in compare(first, second).sentence()
    alone = written(tmp_path / "c", t=pd.DataFrame(cells | {"upper": ["1", "inf"]}))
    assert f"1 differs; most of all t/y/upper, inf and {finite}." in compare(alone, first).sentence()


@settings(max_examples=20)
@given(number=st.floats(1e-3, 1e9), share=st.floats(-0.5, 0.5))
def test_the_tolerance_is_of_the_larger_number(
    number: float, share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("t")
    changed = number * (1 + share)
    first, second = (
        written(base / name, t=pd.DataFrame({"k": ["x"], "v": [n]})) for name, n in (("a", number), ("b", changed))
    )
    within = abs(changed - number) <= 0.1 * max(number, changed)
    assert compare(first, second, tolerance=0.1).equal == within == compare(second, first, tolerance=0.1).equal


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("125 (119 to 134)", "125 (119 to 134)", True),
        ("125.00000000001 days", "125 days", True),
        ("125 (119 to 134)", "126 (119 to 134)", False),
        ("125 days", "125 weeks", False),
        ("1 2", "12", False),
        ("commit 78e7066729", "commit 78e7066729", True),  # no number: larger than any
    ],
)
def test_texts_are_alike_when_their_words_are_and_their_numbers_nearly(first: str, second: str, same: bool) -> None:
    assert texts_agree(first, second) == same


def test_every_cause_the_records_show_is_listed() -> None:
    one = {
        "study": "s", "notebook_sha256": "n1", "parameters": {"source": "a", "group": None},
        "data": {"source": "a", "sha256": "d1", "files": {"x.csv": "h1"}, "cutoff": "2020-06-30"},
        "environment": {"made": "now", "commit": "c1", "python": "3.11", "packages": {"numpy": "2.4"}},
    }  # fmt: skip
    other = {
        "study": "s", "notebook_sha256": "n2", "parameters": {"source": "a", "group": "category"},
        "data": {"source": "a", "sha256": "d2", "files": {"x.csv": "h2", "y.csv": "h3"}, "cutoff": "2019-06-30"},
        "environment": {"made": "then", "commit": "c2", "python": "3.11", "packages": {"numpy": "2.5"}},
    }  # fmt: skip
    assert list(why(one, other).itertuples(index=False, name=None)) == [
        ("data sha256", "d1", "d2"),
        ("sha256 of x.csv", "h1", "h2"),
        ("parameter group", "none", "category"),
        ("cut-off", "2020-06-30", "2019-06-30"),
        ("notebook", "n1", "n2"),
        ("version of numpy", "2.4", "2.5"),
        ("commit", "c1", "c2"),
        ("sha256 of y.csv", "not recorded", "h3"),
    ]
    assert why(one, one).empty


def test_diff_shows_values_and_causes_and_takes_markup_in_data_as_text(tmp_path: Path) -> None:
    marked = pd.DataFrame({"group": ["[red]x[/red]", "[/]"], "n": [1, 2]})
    first, second = written(tmp_path / "a", t=marked), written(tmp_path / "b", t=marked.assign(n=[1, 3]))
    code, said = status("diff", first, second)
    assert code == 1
    assert "t/[/]/n 2 3 +50 %" in said
    assert status("diff", first, first)[0] == 0


def test_a_tolerance_below_nothing_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", t=GROUPS)
    with pytest.raises(ParameterError, match="expected 0 or more"):
        compare(folder, folder, tolerance=-1)
