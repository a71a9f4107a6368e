"""Recognise fixed-width columns and printed reports: where columns begin, and which lines are not records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import SourceError
from accountability.records.onboard.screen_rows import NOTE, TOTAL
from accountability.records.readers.fixed_width import cut, runs_on
from accountability.records.yaml_text import DECIDE

_PAGE: Final = r"(?i:.*\bpage:? *\d+\b.*)"
_RULER: Final = r"[-=_+* ]*[-=_+*]{3}[-=_+* ]*"
_LABEL: Final = re.compile(r"([^\W\d][\w ./#'-]*?)(?:\s*[:=]\s*|\s+(?=\d)|\s+-+\s+|(?<=\w) (?=\w+$))(\S.*)")
_OF_A_RUN: Final = re.compile(r"\b(?:date|time|printed|run|report|user|as of|from|period|page|note|source)\b", re.I)
_END: Final = re.compile(
    r"\(?\d[\d,]* (?:rows?|records?|cases|complaints)\b\D*|.*\bend of (?:report|file|list|job)\b.*", re.I
)
_AGAIN: Final = r"(?: *\((?i:cont[\w.']*)\))?"
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of lines that are not records.

    Attributes
    ----------
    pattern : str
        Pattern that they match.
    what : str
        What they are; ``DECIDE`` if not known.
    into : str
        For group lines, the column they become; else empty.
    """

    pattern: str
    what: str
    into: str = ""


def fixed_width(lines: Sequence[str]) -> dict[str, Any] | None:
    """Return the format of a text with aligned columns.

    Parameters
    ----------
    lines : sequence of str
        Every line of the file, or its beginning, tabs as blanks.

    Returns
    -------
    dict or None
        ``starts``, ``header_row`` or ``names``, and ``whole`` if some lines are not records.
    """
    starts = _starts(lines)
    if len(starts) < 3:
        return None
    counts = Counter(_form(line.strip()) for line in lines)
    rows = [cut(line, starts) for line in lines]
    fits = [runs_on(line, starts) is None for line in lines]
    widest = max(sum(cell is not None for cell in row) for row in rows)
    header = next(
        (i for i, row in enumerate(rows) if fits[i] and _is_header(row, widest) and not _no_record(lines[i])), None
    )
    apart = {i for i, line in enumerate(lines) if line.strip() and not _is_record(rows[i], fits[i], line, counts)}
    if header is None:
        names = [f"column_{n}" for n in range(1, len(starts) + 1)]
        settings: dict[str, Any] = {"starts": starts, "header_row": 0, "names": names}
    else:
        above = header
        while above and fits[above - 1] and sum(map(bool, rows[above - 1])) > 1 and _words(rows[above - 1]):
            above -= 1
        heads = {lines[i].strip() for i in range(above, header + 1)}
        apart |= {i for i, line in enumerate(lines) if line.strip() and (i < above or line.strip() in heads)}
        if above == header and not any(_could_group(lines[i], lines) for i in apart if i < header):
            settings = {"starts": starts, "header_row": header + 1}
            apart = {i for i in apart if i > header}
        else:
            joined = [" ".join(filter(None, cells)) for cells in zip(*rows[above : header + 1], strict=True)]
            names = [name or f"column_{n}" for n, name in enumerate(joined, 1)]
            settings = {"starts": starts, "header_row": 0, "names": names}
    if kinds := kinds_of([lines[i].strip() for i in sorted(apart)]):
        settings["whole"] = "|".join(kind.pattern for kind in kinds)
        held = [i for i in range(settings["header_row"], len(lines)) if i not in apart and lines[i].strip()]
        texts = {lines[i].strip() for i in held} | {cell for i in held if (cell := rows[i][0])}
        if any(re.fullmatch(settings["whole"], text) for text in texts):
            return None  # records read like the lines between them
    return settings


def refuse_without_gaps(lines: Sequence[str], name: str, width: int) -> None:
    """Refuse lines of equal length without delimiters or blanks between columns; only the agency knows the columns.

    Raises
    ------
    SourceError
        If the file is of that kind; with the line to write.
    """
    sizes = {len(line) for line in lines}
    if (
        width == 1
        and len(lines) > 4
        and len(sizes) == 1
        and min(sizes) >= 20
        and sum(c.isdigit() for c in lines[-1]) > 7
    ):
        raise SourceError(
            f"{name}: expected a delimiter or blanks between columns, found {len(lines):,} lines of {min(sizes)} "
            "characters each: fixed width without gaps. The agency's record layout says where each column begins; "
            "write it into a file of answers and give it with --answers:\nrow:\n"
            f"  format {name}: {{type: fixed, starts: [1, 9, 17], names: [case, received, closed], header_row: 0, "
            "touching: true}"
        )


def kinds_of(texts: Sequence[str]) -> list[Kind]:
    """Group lines that are not records by kind, the patterns of group lines last."""
    found: dict[str, Kind] = {}
    left: list[str] = []
    for text in texts:
        if re.fullmatch(_RULER, text):
            found[_RULER] = Kind(_RULER, "rulers")
        elif re.fullmatch(_PAGE, text):
            found[_PAGE] = Kind(_PAGE, "page lines")
        else:
            left.append(text)
    told = [m for text in left if not TOTAL.fullmatch(text) if (m := _LABEL.fullmatch(text))]
    values: dict[str, set[str]] = {}
    for m in told:
        values.setdefault(m[1], set()).add(re.sub(_AGAIN + "$", "", m[2]))
    groups = {label for label, seen in values.items() if len(seen) > 1 and not _OF_A_RUN.search(label)}
    made: dict[str, Kind] = {}
    counts = Counter(_form(text) for text in left)
    strange = 0
    for text in left:
        m = _LABEL.fullmatch(text)
        form = _form(text)
        if TOTAL.fullmatch(text):
            first = re.escape(re.split(r"[\W\d]", text, maxsplit=1)[0])
            pattern = rf"{first}\b.*"
            found[pattern] = Kind(pattern, "totals")
        elif m and m[1] in groups and not re.search(r"\s{3,}", m[2]):
            between = re.sub(r" +", " *", re.escape(text[m.end(1) : m.start(2)]).replace(r"\ ", " "))
            pattern = rf"{re.escape(m[1])}{between}(.*?){_AGAIN}"
            made[pattern] = Kind(pattern, f"lines that say the {m[1]} of the rows below", _name(m[1]))
        elif form not in found:
            known = counts[form] > 1 or any(told.fullmatch(text) for told in (NOTE, _END))
            strange += not known
            if known:
                found[form] = Kind(form, "headings that repeat")
            elif strange <= _SHOWN:  # it may name somebody, so nothing of it is written down
                shape = rf"[^\d]{{{len(text)}}}" if form == _form(re.sub(r"\d", "x", text)) else f".{{{len(text)}}}"
                found[form] = Kind(shape, DECIDE)
    merged: dict[str, list[str]] = {}
    for kind in found.values():
        merged.setdefault(kind.what, []).append(kind.pattern)
    return [*(Kind("|".join(patterns), what) for what, patterns in merged.items()), *made.values()]


def steps_of(first: pd.Series, whole: str) -> list[tuple[dict[str, Any], str]]:
    """Return the steps of `prepare` that remove such lines, each with its evidence."""
    texts = first[first.str.fullmatch(re.compile(whole)).fillna(False)]
    steps = []
    for kind in kinds_of(texts.tolist()):
        held = int(texts.str.fullmatch(re.compile(kind.pattern)).sum())
        into = {"in": str(first.name), "matching": kind.pattern}
        step = (
            {"group_lines": {**into, "into": kind.into}} if kind.into else {"drop_rows": {**into, "because": kind.what}}
        )
        steps.append((step, f"{held:,} {kind.what if kind.what != DECIDE else 'line(s) that may be no records'}"))
    return steps


def filled_down(frame: pd.DataFrame) -> tuple[list[str], str]:
    """Return the columns printed only where they change, with the evidence."""
    first, held = str(frame.columns[0]), frame.notna()
    blank = ~held.iloc[:, 0].to_numpy()
    if len(frame) < 4 or blank[0] or blank.sum() < max(2, 0.1 * len(frame)):
        return [], ""
    if (held.sum(axis=1).to_numpy()[blank] < 2).any():
        return [], ""  # a line that goes on with the one above it
    columns = []
    for name in frame.columns:
        empty = ~held[name].to_numpy()
        if empty[0] or not empty.any() or (empty & ~blank).any():
            continue
        columns.append(str(name))
    ids = frame.iloc[:, 0].dropna()
    if first not in columns or ids.eq(ids.shift()).mean() > 0.1:  # a page may begin with the text of the last
        return [], ""
    return columns, (
        f"{int(blank.sum()):,} rows are blank in {', '.join(columns)}, never the first: "
        f"printed only where it changes; filled down, {ids.nunique():,} texts of {first!r} are in {len(frame):,} rows"
    )


def _starts(lines: Sequence[str]) -> list[int]:
    """Where columns begin: under a ruler of several parts, else behind blanks that most records share."""
    ruler = next((line for line in lines if re.fullmatch(r" *(?:[-=]+ +)+[-=]+", line.rstrip())), None)
    if ruler is not None:
        return [m.start() + 1 for m in re.finditer(r"[-=]+", ruler)]
    counts = Counter(line.strip() for line in lines)
    filled = [line for line in lines if line.strip()]
    lines = [line for line in dict.fromkeys(filled) if not _no_record(line) and counts[line.strip()] < 5]
    rows = [line for line in lines if len(re.split(r"\s{2,}", line.strip())) >= 3]
    if len(rows) < 0.4 * len(filled):
        long = 0.6 * max(map(len, lines), default=0)
        rows = [line for line in lines if len(line) >= long and len(line.split()) >= 3]
    if len(rows) < 4 or len(rows) < 0.4 * len(filled):
        return []
    size = max(map(len, rows))
    filled_at = np.array([[char != " " for char in line.ljust(size)] for line in rows])
    gap = filled_at.mean(axis=0) <= 0.05
    edges = np.flatnonzero(np.diff(np.concatenate([[True], gap, [True]]).astype("int8")))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    named = next((line for line in rows if not any(char.isdigit() for char in line)), "")
    starts = []
    for at, (begin, end) in enumerate(runs):
        unnamed = named and (not named[begin:end].strip() or named[begin - 1 : begin].strip())
        alone = at and begin - runs[at - 1][1] == 1 and unnamed
        if not alone:
            starts.append(begin + 1)
    return starts


def _is_header(row: Sequence[str | None], widest: int) -> bool:
    cells = [cell for cell in row if cell]
    return len(cells) >= 0.8 * widest and len(set(cells)) == len(cells) and _words(row)


def _words(row: Sequence[str | None]) -> bool:
    return not any(re.search(r"\d{2,}|:", cell) for cell in row if cell) and any(row)


def _is_record(row: Sequence[str | None], fits: bool, line: str, counts: Mapping[str, int]) -> bool:
    text, filled = line.strip(), sum(cell is not None for cell in row)
    if not fits or _no_record(line) or (filled == 1 and (row[0] is not None or counts[_form(text)] > 1)):
        return False
    label = _LABEL.fullmatch(text)
    group = label is not None and sum(n for form, n in counts.items() if form.startswith(_form(label[1]))) > 1
    note = group or any(told.fullmatch(text) for told in (NOTE, _END))
    return not (note and 2 * filled <= len(row) and "  " not in text)


def _no_record(line: str) -> bool:
    text = line.strip()
    return any(re.fullmatch(pattern, text) for pattern in (_RULER, _PAGE)) or bool(TOTAL.fullmatch(text))


def _could_group(line: str, lines: Sequence[str]) -> bool:
    m = _LABEL.fullmatch(line.strip())
    return m is not None and not _OF_A_RUN.search(m[1]) and sum(other.strip().startswith(m[1]) for other in lines) > 1


def _form(text: str) -> str:
    """A pattern for a line: its words, any number and any blanks."""
    parts = re.split(r"(\d+|\s+)", text)
    return "".join(r"\d+" if p.isdigit() else " +" if p.isspace() else re.escape(p) for p in parts)


def _name(label: str) -> str:
    return "_".join(re.findall(r"\w+", label.lower()))
