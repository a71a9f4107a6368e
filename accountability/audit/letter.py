"""A letter that asks an agency for the fields its release lacks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from accountability.audit.part import is_case_files
from accountability.audit.study_needs import Needs, needs
from accountability.records.dataset import Dataset
from accountability.results import plural
from accountability.study.inputs import takes

_NAMED = 3


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """A records request.

    Attributes
    ----------
    text : str
        The letter, in markdown that reads as plain text. Details that only the sender knows are in brackets.
    asked : DataFrame
        ``field, state, asked, because, needed_for, now`` (how coarse it is): one row per field asked for; empty when
        nothing is lacking.
    """

    text: str
    asked: pd.DataFrame

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


@takes("dataset")
def request_letter(dataset: Dataset, wanted: Needs | None = None) -> Letter:
    """Write a records request for the fields that studies need and a release lacks.

    Parameters
    ----------
    dataset : Dataset
    wanted : Needs, optional
        From :func:`accountability.audit.needs`, if already computed.

    Returns
    -------
    Letter
        When the release lacks nothing, the text says so and asks for nothing.

    Examples
    --------
    >>> from accountability import audit, load
    >>> letter = audit.request_letter(load("synthetic"))
    >>> letter.asked[["field", "state"]].head(2)
                  field    state
    0  who investigated  lacking
    1    date: assigned  lacking
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = wanted or needs(dataset)
    lines = [
        (row["field"], row["state"], field.asked, field.because, row["needed_for"], _now(row["state"], row["how"]))
        for row in found.lacking().to_dict("records")
        for field in (found.fields[row["field"]],)
    ]
    asked = pd.DataFrame(lines, columns=["field", "state", "asked", "because", "needed_for", "now"], dtype="str")
    unclear = _merged(dataset)
    if asked.empty and not unclear:
        text = (
            f"**Nothing to ask for.** The release “{dataset.title}” holds every field that the studies and estimators "
            "of this package need, each date to the day."
        )
        return Letter(text, asked)
    period = dataset.card.period
    plain = Environment(
        loader=PackageLoader("accountability.audit", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the letter is plain text
    )
    text = plain.get_template("request_letter.md.j2").render(
        dataset=dataset,
        card=dataset.card,
        period="[period]" if period is None else f"{period.start} to {period.end}",
        released=not is_case_files(dataset),
        asked=asked.to_dict("records"),
        unclear=unclear,
        questions=_questions,
    )
    return Letter(text, asked)


def _now(state: str, how: str) -> str:
    return f" (now: {how})" if state == "coarse" else ""


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
    used = lossy[(lossy["rows"] > 0) & (lossy["may_be"] != "")].drop_duplicates(["block", "raw"])
    return [
        f"“{row['raw']}” ({row['rows']:,} rows) may be {str(row['may_be']).replace(', ', ' or ').replace('_', ' ')}."
        for row in used.to_dict("records")
    ]
