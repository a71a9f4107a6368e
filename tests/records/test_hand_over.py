"""Tables handed over: labels, counts, dates and kinds of missing values come back; the agency's own text stays."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import accountability
from accountability.errors import ParameterError, Refusal
from accountability.records.case_ends import closing_state
from accountability.records.dataset import Dataset
from accountability.records.leaving.coded_columns import leaving
from accountability.tables import describe

KINDS = ("stata", "spss", "parquet", "csv")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def folders(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    path = tmp_path_factory.mktemp("handed")
    for kind in KINDS:
        data.export(kind, path / kind)
    return {kind: path / kind for kind in KINDS}


def counts(values: pd.Series) -> dict[Any, int]:
    return {key: int(n) for key, n in values.dropna().astype("str").value_counts().items() if n}


def in_words(path: Path) -> pd.DataFrame:
    """A Stata or SPSS file with terms for numbers; kinds of missing values are missing."""
    reader = pyreadstat.read_dta if path.suffix == ".dta" else pyreadstat.read_sav
    return reader(path, apply_value_formats=True, formats_as_category=False)[0]


@pytest.mark.parametrize(("kind", "ending"), [("stata", "dta"), ("spss", "sav")])
def test_counts_labels_and_dates_come_back(data: Dataset, folders: dict[str, Path], kind: str, ending: str) -> None:
    back = in_words(folders[kind] / f"allegations.{ending}")
    for column in ("finding", "category", "imposed_penalty"):
        assert counts(back[column]) == counts(data.allegations[column])
    reader = pyreadstat.read_dta if kind == "stata" else pyreadstat.read_sav
    _, told = reader(folders[kind] / f"allegations.{ending}", metadataonly=True)
    assert told.column_names_to_labels["officer_race"] == "officer's race"
    events = in_words(folders[kind] / f"events.{ending}")
    days = pd.to_datetime(events["earliest"]).dropna()
    assert sorted(days) == sorted(data.events["earliest"].dropna())


def test_missing_kinds_are_told_apart(data: Dataset, folders: dict[str, Path]) -> None:
    rows = data.allegations
    none = rows["imposed_penalty"].isna()
    expected = {
        "does not apply": int((none & rows["finding"].isin(["not_sustained", "exonerated", "unfounded"])).sum()),
        "not decided yet": int((none & rows["finding"].eq("pending")).sum()),
    }
    expected["not recorded"] = int(none.sum()) - sum(expected.values())
    assert min(expected.values()) > 0
    stata, told = pyreadstat.read_dta(folders["stata"] / "allegations.dta", user_missing=True)
    letters = {"a": "not recorded", "b": "does not apply", "c": "not decided yet"}
    assert {letters[v]: n for v, n in counts(stata["imposed_penalty"]).items() if v in letters} == expected
    assert told.value_labels[told.variable_to_label["imposed_penalty"]]["b"] == "does not apply"
    spss, told = pyreadstat.read_sav(folders["spss"] / "allegations.sav", user_missing=True)
    numbers = {-9991.0: "not recorded", -9992.0: "does not apply", -9993.0: "not decided yet"}
    held = spss["imposed_penalty"]
    assert {word: int((held == code).sum()) for code, word in numbers.items()} == expected
    assert len(told.missing_ranges["imposed_penalty"]) == 3
    for kind, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        assert counts(read(folders[kind] / f"allegations.{kind}")["imposed_penalty_missing"]) == expected


def test_a_number_written_as_text_is_a_number_and_no_code(data: Dataset, folders: dict[str, Path]) -> None:
    years = pd.to_numeric(data.allegations["officer_appointed_year"])
    for kind, ending in (("stata", "dta"), ("spss", "sav")):
        back = in_words(folders[kind] / f"allegations.{ending}")["officer_appointed_year"]
        assert back.astype(float).mean() == years.mean()


def test_every_case_says_what_is_known_of_its_end(data: Dataset, folders: dict[str, Path]) -> None:
    for kind, ending in (("stata", "dta"), ("spss", "sav")):
        assert counts(in_words(folders[kind] / f"cases.{ending}")["closing_state"]) == counts(closing_state(data))


def test_ids_are_pseudonyms_that_link_and_the_agencys_text_stays(data: Dataset, folders: dict[str, Path]) -> None:
    cases, rows, events = (pd.read_parquet(folders["parquet"] / f"{name}.parquet") for name in
                           ("cases", "allegations", "events"))  # fmt: skip
    for frame in (cases, rows, events):
        for name in {"case_id", "officer_id"} & set(frame):
            assert frame[name].dropna().str.fullmatch("p-[0-9a-f]{12}").all()
    assert cases["case_id"].nunique() == len(data.cases)
    assert set(rows["case_id"]) <= set(cases["case_id"])
    assert rows["officer_id"].nunique() == data.allegations["officer_id"].nunique()
    assert set(events["officer_id"].dropna()) <= set(rows["officer_id"])
    assert not [name for name in {*cases, *rows, *events} if name.startswith(("raw_", "source_", "_"))]
    assert "raw_text" in (folders["stata"] / "codebook.html").read_text(encoding="utf-8")


def test_a_roster_is_handed_over_with_the_same_pseudonyms(tmp_path: Path) -> None:
    accountability.load("generated_districts").export("parquet", tmp_path / "out")
    roster, rows = (pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("roster", "allegations"))
    assert list(roster) == ["officer_id", "starts", "ends", "district"]
    assert set(rows["officer_id"]) < set(roster["officer_id"])
    assert roster["officer_id"].is_monotonic_increasing, "nothing tells who stood first in the file"
    assert 'arrow::read_parquet("roster.parquet")' in (tmp_path / "out" / "read.R").read_text()


def test_the_data_package_is_valid_and_its_table_is_as_it_says(folders: dict[str, Path]) -> None:
    import frictionless

    path = folders["csv"] / "datapackage.json"
    report = frictionless.Package(str(path)).validate()
    assert report.valid, report.flatten(["title", "note"])
    for kind in KINDS:
        said = json.loads((folders[kind] / "datapackage.json").read_text(encoding="utf-8"))
        assert list(frictionless.Package.metadata_validate(said)) == []


#: DDI Codebook 2.5: the children of each element in their order, as far as we write them.
ORDER = {
    "codeBook": "docDscr stdyDscr fileDscr dataDscr otherMat",
    "stdyDscr": "citation studyAuthorization stdyInfo studyDevelopment method dataAccs othrStdyMat notes",
    "citation": "titlStmt rspStmt prodStmt distStmt serStmt verStmt biblCit holdings notes",
    "titlStmt": "titl subTitl altTitl parTitl IDNo",
    "rspStmt": "AuthEnty othId",
    "distStmt": "distrbtr contact depositr depDate distDate",
    "stdyInfo": "studyBudget subject abstract sumDscr qualityStatement notes exPostEvaluation",
    "sumDscr": "timePrd collDate nation geogCover geogUnit geoBndBox boundPoly anlyUnit universe dataKind",
    "dataAccs": "setAvail useStmt notes",
    "useStmt": "confDec specPerm restrctn contact citReq deposReq conditions disclaimer",
    "fileDscr": "fileTxt locMap notes",
    "fileTxt": "fileName fileCitation dataFingerprint fileCont fileStrc dimensns fileType format",
    "dimensns": "caseQnty varQnty logRecL recPrCas recNumTot",
    "dataDscr": "varGrp nCubeGrp var nCube notes",
    "var": "location labl imputation security embargo respUnit anlysUnit qstn valrng invalrng undocCod universe "
    "TotlResp sumStat txt stdCatgry catgryGrp catgry codInstr verStmt concept derivation varFormat geoMap notes",
    "catgry": "catValu labl txt catStat mrow",
}  # fmt: skip
ONE_OF = {"intrvl": {"contin", "discrete"}, "missing": {"Y", "N"}, "event": {"single", "start", "end"}}


@pytest.mark.parametrize("kind", KINDS)
def test_the_codebook_keeps_to_ddi(data: Dataset, folders: dict[str, Path], kind: str) -> None:
    space = "{ddi:codebook:2_5}"
    root = Xml.parse(folders[kind] / "codebook.xml").getroot()
    assert (root.tag, root.get("version")) == (f"{space}codeBook", "2.5")
    for element in root.iter():
        names = [child.tag.removeprefix(space) for child in element]
        order = ORDER.get(element.tag.removeprefix(space), "").split()
        assert set(names) <= set(order), element.tag
        assert names == sorted(names, key=order.index)
        assert all(element.get(name, next(iter(terms))) in terms for name, terms in ONE_OF.items())
        assert names or element.tag == f"{space}varFormat" or element.text
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    variables = list(root.iter(f"{space}var"))
    assert {variable.get("files") for variable in variables} <= set(ids)
    finding = next(v for v in variables if v.get("name") == "finding")
    assert "Neither" not in [c.findtext(f"{space}labl") for c in finding.iter(f"{space}catgry")]
    assert "sustained" in [c.findtext(f"{space}labl") for c in finding.iter(f"{space}catgry")]


def test_long_labels_are_shortened_and_whole_in_the_codebook(data: Dataset, tmp_path: Path) -> None:
    long = "the category of the complaint as the agency's intake désk first wrote it down on the day it came in; " * 4
    named = replace(data, labels={"category": long})
    for kind, ending, most in (("stata", "dta", 80), ("spss", "sav", 256)):
        named.export(kind, tmp_path / kind)
        reader = pyreadstat.read_dta if kind == "stata" else pyreadstat.read_sav
        label = reader(tmp_path / kind / f"allegations.{ending}", metadataonly=True)[1].column_names_to_labels[
            "category"
        ]
        assert label.endswith("…")
        assert long.startswith(label[:-1])
        assert len(label if kind == "stata" else label.encode()) <= most
        page = (tmp_path / kind / "codebook.html").read_text(encoding="utf-8").replace("&#x27;", "'")
        assert long in page


HARD = (
    "officer age (in years)",
    "Officer Age (in years)",
    "by",
    "2019",
    "_n",
    "str20",
    "é",
    "a" * 40,
    "a" * 33,
    "A" * 50,
)


def test_names_that_stata_or_spss_refuse_are_mended_and_told_apart() -> None:
    table = pd.DataFrame({"case_id": ["1", "2"], **{name: [1.5, 2.5] for name in HARD}})
    names = [column.name for column in leaving("cases", table, {})]
    assert len({name.casefold() for name in names}) == len(HARD) + 1
    assert all(len(name) <= 32 and name.isidentifier() and name[0].isalpha() and name.isascii() for name in names)
    assert not {"by", "_n", "str20"} & set(names)


def test_hard_columns_come_back_from_every_program(data: Dataset, tmp_path: Path) -> None:
    size = len(data.cases)
    later = pd.Series([np.nan] * (size - 5) + [1.0, 2.5, 1e6, -3.0, 0.0], dtype="float64")
    wide = data.cases.assign(
        **dict.fromkeys(HARD, 1.0), later=later.to_numpy(), yes=np.arange(size) % 2 == 0,
        word=[None] * (size - 2) + ["naïve – ü" * 13, "x"],
    )  # fmt: skip
    for kind, ending in (("stata", "dta"), ("spss", "sav")):
        replace(data, cases=wide).export(kind, tmp_path / kind)
        back = in_words(tmp_path / kind / f"cases.{ending}")
        assert sorted(back["later"].dropna()) == [-3.0, 0.0, 1.0, 2.5, 1e6]
        assert counts(back["yes"]) == {"no": size // 2, "yes": size // 2}
        assert back["word"].notna().sum() == 2


def test_what_spss_would_take_as_missing_is_refused(data: Dataset, tmp_path: Path) -> None:
    clash = data.allegations.assign(score=[-9992.0, *[np.nan] * (len(data.allegations) - 1)])
    with pytest.raises(Refusal, match="allegations, score: 1 value"):
        replace(data, allegations=clash).export("spss", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_kind_and_a_full_folder_are_refused(data: Dataset, folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="stata, spss, parquet, csv"):
        data.export("sas", tmp_path / "x")
    with pytest.raises(ParameterError, match="not empty"):
        data.export("csv", folders["csv"])


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"category": "write to someone@example.org"}, "contact"),
        ({"station": "12 North Elm Street"}, "address"),
        ({"badge_no": 4711}, "shield"),
        ({"last_name": "x"}, "name"),
    ],
)
def test_the_gate_stands_before_every_export(data: Dataset, tmp_path: Path, columns: dict[str, Any], kind: str) -> None:
    named = replace(data, allegations=data.allegations.assign(**columns))
    with pytest.raises(Refusal, match=f"allegations, {next(iter(columns))}: {kind}"):
        named.export("csv", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_ids_of_others_stay_behind_unless_they_are_pseudonyms(data: Dataset, tmp_path: Path) -> None:
    ids = data.allegations.assign(investigator_id="p-0123456789ab", witness_id="W12", squad_id=7)
    replace(data, allegations=ids).export("parquet", tmp_path / "x")
    back = pd.read_parquet(tmp_path / "x" / "allegations.parquet")
    assert {"investigator_id", "witness_id", "squad_id"} & set(back) == {"investigator_id"}


# ---- read back in R -------------------------------------------------------------------------------------------


@pytest.mark.needs_r
def test_r_reads_labels_counts_dates_and_missing_kinds(
    data: Dataset, folders: dict[str, Path], rscript: Callable[..., str]
) -> None:
    code = (
        'x <- haven::read_dta("allegations.dta"); e <- haven::read_dta("events.dta"); cat(nrow(x), '
        'sum(haven::as_factor(x$finding) == "sustained", na.rm = TRUE), attr(x$officer_race, "label"), '
        'sum(haven::na_tag(x$imposed_penalty) == "b", na.rm = TRUE), class(e$earliest), '
        'format(min(e$earliest, na.rm = TRUE)), format(max(e$earliest, na.rm = TRUE)), sep = "|")'
    )
    rows, days = data.allegations, data.events["earliest"]
    upheld_nothing = rows["imposed_penalty"].isna() & rows["finding"].isin(["not_sustained", "exonerated", "unfounded"])
    sustained = int(rows["finding"].eq("sustained").sum())
    expected = [len(rows), sustained, "officer's race", int(upheld_nothing.sum()), "Date", days.min().date(),
                days.max().date()]  # fmt: skip
    assert rscript(folders["stata"], "-e", code) == "|".join(map(str, expected))


@pytest.mark.needs_r
@pytest.mark.parametrize("kind", ["stata", "spss", "csv"])
def test_the_script_counts_table_one(
    data: Dataset, folders: dict[str, Path], rscript: Callable[..., str], kind: str
) -> None:
    line = 'invisible(capture.output(source("read.R"))); write.csv(table_one, row.names = FALSE)'
    again = pd.read_csv(StringIO(rscript(folders[kind], "-e", line)), keep_default_na=False)
    assert again["column"].nunique() > 5
    for column, part in again.groupby("column"):
        ours = describe(data, str(column)).true_numbers().set_index(str(column))["events"]
        assert part.set_index("level")["n"].to_dict() == ours.to_dict(), column
    median = rscript(folders[kind], "-e", 'invisible(capture.output(source("read.R"))); cat(medians$median)')
    assert float(median) == describe(data, "imposed_days").table["median"].iloc[0]


def test_the_do_file_names_what_is_there(folders: dict[str, Path]) -> None:
    text = (folders["stata"] / "read.do").read_text(encoding="utf-8")
    held = {*pyreadstat.read_dta(folders["stata"] / "allegations.dta", metadataonly=True)[1].column_names}
    held |= {*pyreadstat.read_dta(folders["stata"] / "cases.dta", metadataonly=True)[1].column_names}
    asked = [line.split()[1].rstrip(",") for line in text.splitlines() if line.startswith(("tabulate", "summarize"))]
    assert len(asked) > 5
    assert set(asked) <= held


@pytest.mark.needs_r
@pytest.mark.real_data
def test_a_real_source_is_handed_over_by_the_command_and_read_in_r(
    real_source: Callable[[str], Dataset], rscript: Callable[..., str], tmp_path: Path
) -> None:
    real = real_source("new_orleans")
    out = tmp_path / "new_orleans"
    command = [
        sys.executable,
        "-m",
        "accountability.cli",
        "export-data",
        "new_orleans",
        "--to",
        "stata",
        "--out",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.split()] == [
        "cases.dta", "allegations.dta", "events.dta", *(["complainants.dta"] if len(real.complainants) else []),
        "codebook.html", "codebook.xml", "datapackage.json", "read.R", "read.do",
    ]  # fmt: skip
    code = (
        'a <- haven::read_dta("allegations.dta"); c <- haven::read_dta("cases.dta"); '
        'e <- haven::read_dta("events.dta"); f <- table(haven::as_factor(a$finding)); '
        's <- haven::as_factor(c$closing_state) == "open"; '
        'cat(nrow(c), nrow(a), nrow(e), f[["sustained"]], sum(s), format(max(e$latest, na.rm = TRUE)), sep = "|")'
    )
    sustained = int(real.allegations["finding"].eq("sustained").sum())
    expected = [len(real.cases), len(real.allegations), len(real.events), sustained,
                int((closing_state(real) == "open").sum()), real.events["latest"].max().date()]  # fmt: skip
    assert rscript(out, "-e", code) == "|".join(map(str, expected))
    ids = pyreadstat.read_dta(out / "allegations.dta", usecols=["case_id"])[0]["case_id"]
    assert ids.str.fullmatch("p-[0-9a-f]{12}").all()
