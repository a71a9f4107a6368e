"""The letter to ask an agency for what its release lacks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from accountability.audit.part import is_case_files
from accountability.audit.study_needs import Needs, needs
from accountability.records.dataset import Dataset
from accountability.results import capitalised, plural

_NAMED = 3


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """A records request.

    Attributes
    ----------
    text : str
        The letter, in markdown that reads as plain text. What only the sender knows stands in brackets.
    asked : DataFrame
        ``field, state, asked, because, needed_for, now`` (how coarse it is): one row a field asked for; empty when
        nothing is lacking.
    """

    text: str
    asked: pd.DataFrame

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def request_letter(dataset: Dataset, wanted: Needs | None = None) -> Letter:
    """Write a records request for the fields that studies need and a release lacks.

    Parameters
    ----------
    dataset : Dataset
    wanted : Needs, optional
        :func:`accountability.audit.study_needs`, when it was computed already.

    Returns
    -------
    Letter
        When the release lacks nothing, the text says so and asks for nothing.
    """
    found = wanted or needs(dataset)
    short = found.lacking()
    unclear = _merged(dataset)
    asked = pd.DataFrame(
        [
            (row["field"], row["state"], field.asked, field.because, row["needed_for"], _now(row["state"], row["how"]))
            for row in short.to_dict("records")
            for field in (found.fields[row["field"]],)
        ],
        columns=["field", "state", "asked", "because", "needed_for", "now"],
        dtype="str",
    )
    if asked.empty and not unclear:
        text = (
            f"**Nothing to ask for.** The release “{dataset.title}” holds every field that the studies and estimators "
            "of this package need, each date to the day."
        )
        return Letter(text, asked)
    return Letter("\n\n".join(_paragraphs(dataset, asked, unclear)) + "\n", asked)


def _now(state: str, how: str) -> str:
    return f" (now: {how})" if state == "coarse" else ""


def _paragraphs(dataset: Dataset, asked: pd.DataFrame, unclear: list[str]) -> list[str]:
    card = dataset.card
    period = "[period]" if card.period is None else f"{card.period.start} to {card.period.end}"
    released = not is_case_files(dataset)
    text = []
    if dataset.generated:
        text.append("*Generated data: this letter shows the form; there is no such agency.*")
    text += [
        f"To the records officer of the {card.agency.removeprefix('The ')}, {card.jurisdiction}",
        "[date]",
        "**Request for public records: complaints against police officers**",
        "Dear records officer,",
        f"Under the public records law of {card.jurisdiction} I request the records below, for complaints received "
        f"{period}. "
        + (
            f"They complete a release I already have: “{dataset.title}” ({card.citation})."
            if released
            else f"I know of single cases from reports (“{dataset.title}”) and have no release of your own records."
        ),
    ]
    if len(asked):
        text.append(
            "Please add what the release does not hold, and give to the day what it dates less finely:"
            if released
            else "Please release, for every complaint:"
        )
        text.append(
            "\n".join(
                f"{number}. **{capitalised(row['asked'])}**{row['now']}. Why: {row['because']}. "
                f"Needed to study: {_questions(row['needed_for'])}."
                for number, row in enumerate(asked.to_dict("records"), 1)
            )
        )
    if unclear:
        text.append("Some words of the release stand for several things. Please say for each record which is meant:")
        text.append("\n".join(f"- {line}" for line in unclear))
    if released:
        text.append(
            "So that these records can be joined to those already released, please repeat the number of the complaint"
            + (", and that of the officer where there is one," if "officer_id" in dataset.allegations else "")
            + " in every row."
        )
    text += [
        "I ask for one row for each record in a plain electronic form (comma-separated text or a spreadsheet, not a "
        "printed or scanned page), with the list of codes and what they mean. Please leave a cell empty where nothing "
        "is recorded, and give dates as they were recorded, not filled in. Names, home addresses and the content of "
        "statements are not requested and may be removed.",
        "Should part of this be refused, please name the provision on which the refusal rests, and release the rest.",
        "With kind regards,",
        "[name and address]",
    ]
    return text


def _questions(joined: str) -> str:
    """Questions as clauses, the first few of them."""
    clauses = [question.rstrip("?") for question in joined.split("; ")]
    clauses = [clause[:1].lower() + clause[1:] for clause in clauses]
    more = len(clauses) - _NAMED
    return "; ".join(clauses[:_NAMED]) + (f"; and {plural(more, 'further question')}" if more > 0 else "")


def _merged(dataset: Dataset) -> list[str]:
    """Words that the agency uses for several things, with what they may be."""
    lossy = dataset.lossy
    if lossy.empty:
        return []
    used = lossy[(lossy["rows"] > 0) & (lossy["may_be"] != "")]
    lines = []
    for row in used.drop_duplicates(["block", "raw"]).to_dict("records"):
        terms = [term.replace("_", " ") for term in str(row["may_be"]).split(", ")]
        lines.append(f"“{row['raw']}” ({row['rows']:,} rows) may be {' or '.join(terms)}.")
    return lines
