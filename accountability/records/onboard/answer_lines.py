"""The lines that settle what a declaration leaves to decide: the line as it stands, once for each answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import CLOSING_STATES, SAMPLING_RULES, STAGES, UNITS

ANSWERS: Final[Mapping[str, Sequence[str]]] = {
    "no_day": [state for state in CLOSING_STATES if state != "dated"],
    "exact": ["drop", "keep"],
    "of": ["row", "case, varies: first"],
    "table": ["cases", "allegations", "officers", "events", "complainants"],
    "unit": list(UNITS),
    "rule": list(SAMPLING_RULES),
    "stage": list(STAGES),
}
_WRITTEN_OUT: Final = 6


def answer_lines(place: Sequence[str], line: str, comment: str) -> list[str]:
    """Write a line once for each answer.

    Parameters
    ----------
    place : sequence of str
        Keys that lead to the ``DECIDE``.
    line : str
        The line of the declaration that holds it, without its comment.
    comment : str
        What the proposal says beside it.

    Returns
    -------
    list of str
        Whole lines. One line that still says ``DECIDE`` after a list of the answers where they are more than six; none
        where only words of the user's own can answer. An answer in words beside it keeps its ``DECIDE``.
    """
    asked = place[-2] if "no_day" in place[-2:-1] else place[-1]
    answers = _of_column(comment) if place[-2:-1] == ("columns",) else list(ANSWERS.get(asked, ()))
    if asked == "blank":
        texts = re.findall(r"'([^']*)'(?=,| stands?)", comment.split("the next in")[0])
        answers = ["[" + ", ".join(f'"{text}"' for text in texts) + "]", "[]"] if texts else []
    if len(answers) > _WRITTEN_OUT:
        return [f"# with one of {', '.join(answers)} for {DECIDE}", line]
    if asked == "no_day":
        head, _, states = line.partition("no_day:")
        return [f"{head}no_day:{states.replace(DECIDE, answer)}" for answer in answers]
    pattern = rf": {DECIDE}(?=\s*$)" if place[-2:-1] == ("columns",) else rf"\b{re.escape(asked)}: {DECIDE}\b"
    written = [re.sub(pattern, f": {a}" if place[-2:-1] == ("columns",) else f"{asked}: {a}", line) for a in answers]
    return [one for one in written if one != line]


def _of_column(comment: str) -> list[str]:
    """What may be said of a whole column: the forms that its comment offers, as they can be written."""
    forms = re.findall(r"\{(?:drop|ignore|to|stage): [^}]*\}", comment)
    return [form.replace("drop: kind", "drop: name").replace("ignore: why", "ignore: not used") for form in forms]
