"""The lines that resolve an open decision of a declaration: the line, once per possible answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import CLOSING_STATES, PEOPLE, SAMPLING_RULES, STAGES, UNITS

ANSWERS: Final[Mapping[str, Sequence[str]]] = {
    "no_day": [state for state in CLOSING_STATES if state != "dated"],
    "exact": ["drop", "keep"],
    "of": ["row", "case, varies: first"],
    "table": ["cases", "allegations", "officers", "events", *PEOPLE.values()],
    "unit": list(UNITS),
    "rule": list(SAMPLING_RULES),
    "stage": list(STAGES),
}
_WRITTEN_OUT: Final = 6


def answer_lines(place: Sequence[str], line: str, comment: str) -> list[str]:
    """Return a line once for each possible answer.

    Parameters
    ----------
    place : sequence of str
        Keys that lead to the ``DECIDE``.
    line : str
        The line of the declaration that holds it, without its comment.
    comment : str
        The proposal's comment beside it.

    Returns
    -------
    list of str
        Whole lines. With more than six answers, a list of them and one line with ``DECIDE``; none if only free text can
        answer. A free-text value on the same line keeps its ``DECIDE``.
    """
    above, asked = place[-2] if len(place) > 1 else "", place[-1]
    if above == "columns":
        answers, key = _of_column(comment), ""
    elif above == "no_day":  # every text of the column that names no day: one answer settles all
        answers, key = list(ANSWERS[above]), ""
    else:
        answers, key = (
            _of_blank(comment) if asked == "blank" else list(ANSWERS.get(asked, ())),
            rf"\b{re.escape(asked)}",
        )
    if len(answers) > _WRITTEN_OUT:
        return [f"# with one of {', '.join(answers)} for {DECIDE}", line]
    at = re.compile(rf"({key}: ){DECIDE}(?=\s*(?:[,}}\]]|$))")

    def with_(answer: str) -> str:
        return at.sub(lambda found: f"{found[1]}{answer}", line)

    return [with_(answer) for answer in answers]


def _of_blank(comment: str) -> list[str]:
    """The texts that may stand for no number, which the comment lists, as none and as numbers."""
    texts = re.findall(r"'([^']*)'(?=,| stands?)", comment.split("the next in")[0])
    return [json.dumps(texts, ensure_ascii=False), "[]"] if texts else []


def _of_column(comment: str) -> list[str]:
    """What may be said of a whole column: the forms that its comment offers, as they can be written."""
    forms = re.findall(r"\{(?:drop|ignore|to|stage): [^}]*\}", comment)
    return [form.replace("drop: kind", "drop: name").replace("ignore: why", "ignore: not used") for form in forms]
