"""Parse penalty texts into components; a text with an unread part is refused.

A text is cut into segments at slashes, commas, semicolons and brackets; each segment must be one wording of
:func:`wordings` with at most one number of days, or the text is refused with the leftover named. Bare numbers are
refused too: 200 is two hundred days in one agency and "over 30 days" in another, so codes belong in a codebook.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from accountability.errors import CodebookError
from accountability.outcomes.penalty_parts import Part, Penalty
from accountability.records.yaml_text import read_yaml
from accountability.study.inputs import takes_only

DAYS: Final = r"(?:\s*[:\-]?\s*(?:for\s+)?(?P<days>\d+(?:\.\d+)?)\s*-?\s*days?)?"
# "Reduced to a reprimand" is a reprimand: what it was before stands in another cell.
CHANGED: Final = re.compile(r"(?:reduced|lowered|raised|increased|changed|modified) to (?:an? )?", re.IGNORECASE)
CLOSED: Final = re.compile(r"closed administratively", re.IGNORECASE)
JOINT: Final = re.compile(r"\s+/\s+|/(?=[A-Za-z])|\s*[,;]\s*")


@cache
def wordings() -> tuple[tuple[re.Pattern[str], str, str | None], ...]:
    """Return each wording with its kind of part and its condition, from ``wordings.yaml``."""
    listed = read_yaml(Path(__file__).with_name("wordings.yaml"))["wordings"]
    return tuple(
        (re.compile(pattern.replace("DAYS", DAYS), re.IGNORECASE), kind, next(iter(condition), None))
        for pattern, kind, *condition in listed
    )


@takes_only(str, "outcomes.parse('Suspension: 30 days')")
def parse(text: str) -> Penalty:
    """Parse one penalty text.

    Parameters
    ----------
    text : str
        As published, for instance ``Command Discipline - B (Vacation: 5 days)``.

    Returns
    -------
    Penalty
        All its parts in the order of the text; ``.term`` is the highest rung, ``.days`` its days,
        ``.probation_days`` the days of probation, ``str()`` the notation for a codebook.

    Raises
    ------
    CodebookError
        Names the segment that no wording matches.

    Examples
    --------
    >>> from accountability import outcomes
    >>> str(outcomes.parse("Suspension: 30 days / Vacation: 15 days / Probation: 360 days"))
    'suspension:30d+loss_of_leave:15d+probation:360d'
    >>> outcomes.parse("Suspended over 30 days").days is None
    True
    """
    parts: list[Part] = []
    for segment in _outside_brackets(" ".join(text.split())):
        parts += _segment(segment, text)
    if not parts:
        raise CodebookError(f"no penalty in {text!r}: an empty cell is coded by the codebook's `blank`")
    return Penalty(tuple(parts))


@takes_only(pd.Series, "outcomes.parse_table(rows['imposed_penalty'])")
def parse_table(values: pd.Series) -> pd.DataFrame:
    """Parse every distinct text of a column; texts that cannot be read are kept.

    Parameters
    ----------
    values : Series of str
        Raw texts; missing cells are left out.

    Returns
    -------
    DataFrame
        ``raw``, ``rows``, ``parts``, ``penalty``, ``days``, ``probation_days``, ``condition``, ``leftover`` (the part
        no wording matches; missing where all was read), most frequent first.

    Examples
    --------
    >>> import pandas as pd
    >>> from accountability import outcomes
    >>> texts = pd.Series(["Suspension: 10 days", "Keelhauled", "Suspension: 10 days"])
    >>> outcomes.parse_table(texts)[["raw", "rows", "penalty", "days"]].values.tolist()
    [['Suspension: 10 days', 2, 'suspension', 10.0], ['Keelhauled', 1, nan, nan]]
    """
    counts = values.dropna().value_counts().rename_axis("raw").rename("rows").reset_index()
    rows: list[tuple[str | float | None, ...]] = []
    for raw in counts["raw"]:
        try:
            read = parse(raw)
        except CodebookError as error:
            rows.append((None, None, None, None, None, str(error)))
        else:
            rows.append((str(read), read.term, read.days, read.probation_days, read.condition, None))
    names = ["parts", "penalty", "days", "probation_days", "condition", "leftover"]
    parsed = pd.DataFrame(rows, columns=names, index=counts.index).astype(
        dict.fromkeys(names, "str") | dict.fromkeys(("days", "probation_days"), "float64")
    )
    return counts.join(parsed)


def _outside_brackets(text: str) -> list[str]:
    """Cut at joints that are not inside brackets."""
    out, depth, start, i = [], 0, 0, 0
    while i < len(text):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        joint = JOINT.match(text, i) if depth == 0 else None
        if joint:
            out.append(text[start:i])
            start = i = joint.end()
        else:
            i += 1
    return [piece for piece in (*out, text[start:]) if piece.strip()]


def _segment(segment: str, whole: str) -> list[Part]:
    outer, _, inner = CHANGED.sub("", segment.strip(), count=1).partition("(")
    outer, inner = outer.strip(), inner.removesuffix(")").strip()
    if CLOSED.fullmatch(outer):
        held = [part for piece in _outside_brackets(inner) for part in _segment(piece, whole)] if inner else []
        return [replace(part, condition="administratively closed") for part in held or [Part("not_recorded")]]
    if not inner:
        return [_wording(outer, whole)]
    frame = _wording(outer, whole)
    if inner.casefold() in ("verbally", "written"):
        return [Part(frame.kind, condition="written" if inner.casefold() == "written" else "verbal")]
    return [frame, *(part for piece in _outside_brackets(inner) for part in _segment(piece, whole))]


def _wording(segment: str, whole: str) -> Part:
    found = [(match, kind, cond) for pattern, kind, cond in wordings() if (match := pattern.fullmatch(segment))]
    kinds = {(kind, cond) for _, kind, cond in found}
    if len(kinds) != 1:
        why = "no wording covers it" if not found else f"{len(kinds)} wordings cover it"
        raise CodebookError(
            f"{segment!r} in the penalty {whole!r} cannot be read: {why}; code the text in the source's codebook"
        )
    match, kind, condition = found[0]
    given = match.groupdict()
    if given.get("over"):
        return Part(kind, days_lower=float(given["over"]) + 1, condition=condition)
    numbers = {name: float(given[name]) for name in ("days", "days_lower", "days_upper") if given.get(name)}
    return Part(kind, **numbers, condition=condition)
