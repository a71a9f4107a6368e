"""No fixed sentence of a notebook states what the data show, and what is generated holds for other agencies too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from conftest import ROOT, full

from accountability.classroom.lessons import closed_cases, fair_comparison

STATES = re.compile(
    r"\b(faster|slower|higher|lower|larger|smaller|rarely|often|most of|few of|rose|rises|falls?|fell|grew|grows|"
    r"pulled|towards|every year|longer|shorter|quicker|heavier|lighter|older|increases?|decreases?|usually|mostly)\b",
    re.I,
)
#: A sentence with one of these asks, supposes or defines.
SUPPOSES = re.compile(
    r"\b(if|where|would|may|can|could|whoever|whether|when|wherever|how|what|which|had|were|unless|might|until)\b|\?",
    re.I,
)
STUDENTS = [str(number) for number in range(40 if full() else 1)]
#: Read one by one: definitions, instructions, and what is so in any data.
READ = (
    "they share a beat, a shift, a supervisor and often the very complaint",
    "the same with a reprimand as the line between lighter and heavier",
    "it grows with the years looked at",  # an officer looked at for longer has had more chances
    "the figure most often published",
    "are the fewest and the most days that the dates allow",
    "`lower` and `upper` are likelihood-ratio limits",
    "a backlog that grew",
    "**estimand.**",
    "the backlog is then larger than it looks",
    "a backlog that falls in a day fell on paper",
    "below one, the backlog grew",
    "while their age rises is a backlog",
    "complaints fall one by one",
    "officers who served longer or in busier places",
    "the line falls at exactly the share",
    "lets the same complaints fall",
    "rates shrunk towards the mean",
    "complaints fall on officers by chance",
    "is often written as the first",  # as one finds in any release; the table says of which dates here
    "officers who draw complaints often",
    "nobody is slower than a colleague",  # what has to hold, not what the data say
    "as many weak instruments else draw the answer towards least squares",
    "an investigator who is slow with other complaints is not quicker with any kind",
)


def fixed_sentences() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                for sentence in re.split(r"(?<=[.!?:;])\s+|\n", "".join(cell["source"])):
                    yield path.stem, sentence.strip()


def test_no_fixed_sentence_states_a_direction_of_the_data() -> None:
    found = [
        (name, sentence)
        for name, sentence in fixed_sentences()
        if STATES.search(sentence) and not SUPPOSES.search(sentence)
        if not any(words in sentence.lower() for words in READ)
    ]
    assert found == [], "make it from the data, or read it and add it to READ with the reason"


def test_every_sentence_read_still_stands() -> None:
    text = "\n".join(sentence.lower() for _, sentence in fixed_sentences())
    assert [words for words in READ if words not in text] == []


@pytest.mark.parametrize("student", STUDENTS)
def test_what_the_closed_case_lesson_says_is_true_of_other_agencies(student: str) -> None:
    releases = closed_cases.publish(1500 + 137 * int(student))
    usual, trend = releases.usual(), releases.trend()
    said = usual.sentence()
    below, _, above = said.partition("above it from ")
    below = below.partition("below it from ")[2]
    for row in usual.table.to_dict("records"):
        name = row["rule"].replace("_", " ")
        assert (name in below) == (row["off_by"] < 0)
        assert (name in above) == (row["off_by"] > 0)
    days = trend.table["closed_only"].dropna()
    assert ("not faster" in closed_cases.press_release(trend)) == (days.iloc[-1] >= days.iloc[0])


@pytest.mark.parametrize("student", STUDENTS)
def test_what_the_lesson_of_two_stations_says_is_true_of_other_agencies(student: str) -> None:
    agency = fair_comparison.stations(3000 + 311 * int(student))
    like = agency.like_with_like()
    told = re.search(r"thrown together ([\d.]+)", like.sentence())
    assert told is not None
    crude_odds = float(told[1])
    opposite = (like.odds_ratio > 1) != (crude_odds > 1)
    assert ("Simpson" in like.sentence()) == opposite
