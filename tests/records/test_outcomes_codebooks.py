"""Every penalty and finding of the real extracts is coded exactly once, and as the parser reads it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from accountability.errors import CodebookError
from accountability.outcomes import Ladder, Penalty, parse
from accountability.records.codebook import Codebook
from accountability.vocabulary import PENALTIES

DATA = Path(__file__).resolve().parents[2] / "data"
BOARD = ["CCRB Substantiated Officer Disposition", "Board Discipline Recommendation"]
APU = ["APU CCRB Trial Recommended Penalty", "APU Trial Commissioner Recommended Penalty", "APU Plea Agreed Penalty"]
PENALTY_TEXTS = {
    "chicago_cms_2019_2022": ("*accused*.csv.gz", ["recommended_penalty", "final_penalty"]),
    "nashville": ("*.csv", ["FINAL DISPOSITION"]),
    "nyc_ccrb_penalties": ("*.csv", [*BOARD, *APU, "NYPD Officer Penalty"]),
    "nyc_ccrb_propublica": ("*.zip", ["board_disposition"]),
    "philadelphia": ("*disciplines.csv", ["disciplinary_findings"]),
    "chicago_2000_2016": ("*accused_2000-2016_2016-11.csv.gz", ["recommended_discipline", "final_discipline"]),
}
FINDING_TEXTS = {
    "chicago_cms_2019_2022": ("*accused*.csv.gz", ["recommended_finding", "final_finding"]),
    "nashville": ("*.csv", ["FINAL DISPOSITION"]),
    "nyc_ccrb_penalties": ("*.csv", BOARD),
    "nyc_ccrb_propublica": ("*.zip", ["board_disposition"]),
    "philadelphia": ("*disciplines.csv", ["investigative_findings"]),
    "chicago_2000_2016": ("*accused_2000-2016_2016-11.csv.gz", ["recommended_finding", "final_finding"]),
}
PENALTY_BLOCKS = sorted(PENALTY_TEXTS)


def block(source, name):
    declared = yaml.safe_load((DATA / source / "codebook.yaml").read_text(encoding="utf-8"))
    return Codebook.of(declared)[name]


def texts(folder, pattern, columns):
    (path,) = sorted(folder.glob(pattern))[:1]
    options = {"dtype": "str", "usecols": columns, "keep_default_na": False, "na_values": [""]}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            member = next(n for n in archive.namelist() if n.startswith("allegations"))
            with archive.open(member) as file:
                return pd.read_csv(file, **options)
    return pd.read_csv(path, **options)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "source", "where"),
    [("penalty", s, w) for s, w in PENALTY_TEXTS.items()] + [("finding", s, w) for s, w in FINDING_TEXTS.items()],
)
def test_every_raw_value_is_coded_exactly_once(name, source, where, real_data):
    raw = texts(real_data(source), *where)
    coding = block(source, name)
    for column in where[1]:
        coded = coding.apply(raw[column].where(raw[column].notna()), column)
        assert len(coded) == len(raw)


@pytest.mark.parametrize("source", PENALTY_BLOCKS)
def test_what_a_value_amounts_to_follows_from_its_parts(source):
    """The rung, the days and the probation days stated beside ``parts`` are those of the parts."""
    coding = block(source, "penalty")
    entries = [*coding.values.values(), *(e for rule in coding.rules for e in rule.examples.values())]
    stated = [entry for entry in entries if entry.get("parts")]
    for entry in stated:
        read = Penalty.read(entry["parts"])
        assert (read.term, read.days, read.probation_days) == (
            entry["penalty"],
            entry.get("days"),
            entry.get("probation_days"),
        ), entry
    assert all(entry.get("parts") or not entry.get("probation_days") for entry in entries)
    assert {entry.get("penalty") for entry in entries} <= {*PENALTIES, None}


@pytest.mark.real_data
def test_the_parser_and_the_codebook_read_new_york_alike(real_data):
    """Two readings made apart: patterns for English wording, and the list a person can review."""
    columns = ["NYPD Officer Penalty", *APU]
    raw = texts(real_data("nyc_ccrb_penalties"), "*.csv", columns)
    distinct = pd.unique(pd.concat([raw[c] for c in columns]).dropna())
    coding = block("nyc_ccrb_penalties", "penalty")
    assert len(distinct) > 170
    for text in distinct:
        coded = coding.code(text)
        read = parse(text)
        assert Penalty.read(coded["parts"]) == read, text
        assert (coded["penalty"], coded.get("days"), coded.get("probation_days")) == (
            read.term,
            read.days,
            read.probation_days,
        ), text


@pytest.mark.real_data
def test_a_code_printed_with_its_label_means_what_the_label_says(real_data):
    """Chicago prints "029 - 29 DAY SUSPENSION": the label, read apart, agrees with the codebook."""
    raw = texts(real_data("chicago_cms_2019_2022"), "*accused*.csv.gz", ["recommended_penalty"])
    coding = block("chicago_cms_2019_2022", "penalty")
    compared = 0
    for text in raw["recommended_penalty"].dropna().unique():
        label = text.partition(" - ")[2].split(" / ")[0]
        try:
            read = parse(label)
        except CodebookError:
            assert "ADMINISTRATIVELY" in label
            continue
        compared += 1
        coded = coding.code(text)
        assert (read.term, read.days) == (coded["penalty"], coded.get("days")), text
    assert compared >= 20


def test_a_number_that_is_a_code_is_never_days():
    coding = block("chicago_2000_2016", "penalty")
    assert [coding.code(c).get("days") for c in ("100.0", "200.0", "300.0", "400.0", "600.0", "900.0", "99.0")] == [
        None
    ] * 7
    assert [coding.code(c)["days"] for c in ("90.0", "180.0", "365.0")] == [90, 180, 365]


def test_a_command_discipline_without_days_is_marked_as_losing_something():
    lossy = block("nyc_ccrb_penalties", "penalty").lossy
    assert {"Command Discipline - A", "Command Discipline - B", "Dismissal Probation"} <= set(lossy)


def test_every_penalty_term_of_the_codebooks_has_a_place_in_the_order():
    rank = Ladder().severity_rank
    for source in PENALTY_BLOCKS:
        assert {entry.get("penalty") for entry in block(source, "penalty").values.values()} - {None} <= set(rank)


@pytest.mark.real_data
def test_chicago_changed_penalties_are_the_published_count(real_data):
    """Recommended and final both present in 117,898 rows, changed in 4,989 of them."""
    from types import SimpleNamespace

    from accountability import outcomes

    columns = ["cr_id", "recommended_discipline", "final_discipline", "final_finding"]
    raw = texts(real_data("chicago_2000_2016"), "*accused_2000-2016_2016-11.csv.gz", columns)
    coding = block("chicago_2000_2016", "penalty")
    table = pd.DataFrame({"case_id": raw["cr_id"], "officer_id": pd.Series(raw.index.astype("str"))})
    table["finding"] = block("chicago_2000_2016", "finding").apply(raw["final_finding"], "finding")["finding"]
    for kind, column in (("recommended", columns[1]), ("imposed", columns[2])):
        coded = coding.apply(raw[column], column)
        table[[f"{kind}_penalty", f"{kind}_days"]] = coded[["penalty", "days"]].to_numpy()
        table = table.astype({f"{kind}_penalty": "str", f"{kind}_days": "Float64"})
        table[f"raw_{kind}"] = raw[column]
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    made = SimpleNamespace(
        name="chicago_2000_2016",
        cases=pd.DataFrame({"case_id": table["case_id"].unique()}),
        allegations=table,
        events=pd.DataFrame(columns=["case_id", "officer_id"]),
        ledger=None,
        card=SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling),
    )
    found = outcomes.changes(made)
    changed = found.table.set_index(["what", "kind"]).loc[("as published", "changed")]
    assert (changed["events"], changed["n"]) == (4989, 117898)
    rungs = found.table.loc[found.table["what"] == "by rung"]
    assert (rungs["n"] == 117898).all()
    assert found.table["events"].sum() <= 2 * 117898
    assert found.matrix["n"].min() >= 0
