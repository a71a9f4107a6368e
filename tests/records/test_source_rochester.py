"""Rochester, whole: three bodies on one allegation, against the file's own columns of who agreed with whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from accountability import outcomes
from accountability.records import readers
from accountability.records.dataset import Dataset

pytestmark = pytest.mark.real_data

SUSTAINED = {"CRB_Individual_Sustained": "board_finding", "Chief_Individual_Sustained": "finding"}


@pytest.fixture(scope="module")
def rochester(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("rochester")


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """The file read apart from the source's declaration."""
    return readers.read(real_data("rochester") / "CRB_Reviews.csv").frame


def test_the_file_s_own_concurrence_is_that_of_the_coded_findings(rochester: Dataset, raw: pd.DataFrame) -> None:
    coded = rochester.allegations
    assert len(coded) == len(raw) == 809
    alike = coded["board_finding"].eq(coded["finding"])
    assert alike.astype(int).astype(str).tolist() == raw["Concurrence"].tolist()
    for mark, column in SUSTAINED.items():
        assert coded[column].eq("sustained").astype(int).astype(str).tolist() == raw[mark].tolist()
    table = outcomes.concurrence(rochester).table.set_index(["first", "second"])
    assert table.loc[("board_finding", "finding"), "events"] == int((raw["Concurrence"] == "1").sum()) == 589


def test_the_matrix_counts_the_file_s_own_pairs(rochester: Dataset, raw: pd.DataFrame) -> None:
    word = {
        "sustained": "Sustained",
        "not_sustained": "Unprovable",
        "exonerated": "Exonerated",
        "unfounded": "Unfounded",
    }
    cells = outcomes.concurrence(rochester).true_numbers("matrix")
    own = cells[cells["first"].eq("board_finding") & cells["second"].eq("finding")]
    counted = {f"{word[row['before']]}-{word[row['after']]}": row["n"] for row in own.to_dict("records") if row["n"]}
    assert counted == raw["CRB_Chief"].value_counts().to_dict()


def test_the_chief_follows_internal_affairs_where_the_board_differs(rochester: Dataset) -> None:
    moves = outcomes.concurrence(rochester).moves.set_index(["given", "then"])
    given = "internal affairs and the board differ"
    assert moves.loc[(given, "takes that of internal affairs"), ["n", "events"]].tolist() == [213, 171]
    assert moves.loc[(given, "takes that of the board"), "events"] == 24
    assert moves.loc[(given, "takes that of internal affairs"), "clusters"] == 54


def test_other_agencies_bodies(real_source: Callable[[str], Dataset]) -> None:
    copa = outcomes.concurrence(real_source("chicago_cms_2019_2022")).table.iloc[0]
    assert (copa["n"], copa["events"]) == (1464, 1464)  # a final finding never differs there
    penalties = ["board_recommended_penalty", "imposed_penalty"]
    ccrb = outcomes.concurrence(real_source("nyc_ccrb_penalties"), penalties).table.iloc[0]
    assert ccrb["events"] / ccrb["n"] == pytest.approx(ccrb["share"])
    assert ccrb["upper"] < 0.25
