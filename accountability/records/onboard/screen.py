"""Screen the cells of an unknown file for damage, before its columns have a meaning.

Spreadsheets damage numbers, reports print totals, exports overlap, months are printed as days. Each such matter is one
line for a person to decide, with its count and rows. Nothing is repaired here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accountability.records.column import mended, seen
from accountability.records.onboard.matter import Matter, Texts
from accountability.records.onboard.screen_dates import heaped, mixed_order, offsets
from accountability.records.onboard.screen_rows import no_records, repeats_behind

_SCIENTIFIC: Final = r"(?i)^[+-]?\d(?:[.,]\d+)?E\+?\d+$"
_LONG: Final = r"^\d{15}0+$"
_MONTH: Final = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATED: Final = rf"(?i)^(?:(?:\d{{1,2}}|\d{{4}})-{_MONTH}|{_MONTH}-(?:\d{{2}}|\d{{4}}))$"
_LOST: Final = r"^(?:#+|#(?:VALUE!|REF!|NUM!|NAME\?|DIV/0!|NULL!|N/A|SPILL!|CALC!))$"
_SPREADSHEET: Final = (
    "in scientific notation (such as {}): a spreadsheet damaged these numbers and their last digits are lost"
)
_PARTED: Final = (
    (";", r"[^;]+(?:;[^;]+)+;?"), ("|", r"[^|]+(?:\|[^|]+)+\|?"), ("\n", r"[^\n]+(?:\n[^\n]+)+"),
    (",", r"[^,]+(?:,[^,]+)+"), ("&", r"[^&]+(?:&[^&]+)+"), ("/", r"[^/]+(?:/[^/]+)+"),
)  # fmt: skip
_NUMBERED: Final = re.compile(r"[A-Za-z]{0,4}[- ]?\d{2,8}")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_ASK: Final = "ask for the file as text: what is lost cannot be recovered from it"
_MEND: Final = "`normalise: [mend_encoding]` in its columns reads these cells as UTF-8"


def screen(frame: pd.DataFrame, masked: Collection[str] = ()) -> list[Matter]:
    """Screen one table of text.

    Parameters
    ----------
    frame : DataFrame of str
        Every cell as text; empty cells are missing.
    masked : collection of str
        Possibly identifying columns; their texts are not shown.

    Returns
    -------
    list of Matter
        In the order of the columns, matters of rows last.
    """
    found: list[Matter] = []
    for name in frame.columns:
        texts = Texts.of(frame[name], name in masked)
        for look in (_damaged, _zeros, _encoded, _variants, _lists, mixed_order, offsets, heaped):
            if len(texts.distinct) and (matter := look(texts)) is not None:
                found.append(matter)
    return found + no_records(frame, masked) + repeats_behind(frame)


def _damaged(texts: Texts) -> Matter | None:
    """Numbers and ids that a spreadsheet has changed."""
    for kind, pattern, what in (
        ("scientific", _SCIENTIFIC, _SPREADSHEET),
        ("lost", _LOST, "hold what a spreadsheet shows in place of a value (such as {})"),
        ("rounded", _LONG, "hold more than 15 digits, all zeros at the end (such as {}): a spreadsheet keeps only 15"),
    ):  # fmt: skip
        marked = texts.matching(pattern)
        if marked.any():
            said = what.format(texts.example(marked))
            return Matter(kind, texts.name, f"{texts.number(marked):,} cells {said}", texts.rows(marked), settle=_ASK)
    dated = texts.matching(_DATED)
    parts = texts.matching(r"^\d{1,4}-\d{1,6}$") if dated.any() else dated
    if dated.any() and parts.any() and texts.number(dated) < texts.number(parts):
        what = (
            f"{texts.number(dated):,} cells such as {texts.example(dated)} stand among numbers such as "
            f"{texts.example(parts)}: a spreadsheet has read a number as a date"
        )
        return Matter("dated_numbers", texts.name, what, texts.rows(dated), settle=_ASK)
    return None


def _zeros(texts: Texts) -> Matter | None:
    """Numbers written both with and without their leading zeros."""
    digits = texts.matching(r"^\d+$")
    if texts.number(digits) < 0.8 * texts.filled:
        return None
    bare = texts.distinct.where(digits).str.lstrip("0")
    twice = digits & bare.duplicated(keep=False) & bare.ne("")
    if twice.any() and texts.number(twice) < texts.filled:
        what = (
            f"{int(twice.sum()):,} numbers stand both with and without leading zeros (such as {texts.example(twice)})"
        )
        return Matter("zeros", texts.name, what, texts.rows(twice), settle="`extract: '0*(.+)'` reads both as one")
    padded = digits & texts.distinct.str.startswith("0")
    wide = texts.distinct.str.len()
    if not padded.any() or wide[padded].nunique() > 1:
        return None
    short = digits & (wide < wide[padded].iloc[0])
    if not short.any() or (wide[digits] > wide[padded].iloc[0]).any():
        return None
    what = (
        f"{texts.number(short):,} cells are shorter than the {wide[padded].iloc[0]} digits of those that begin with a "
        "zero: a spreadsheet has probably taken the zeros of some"
    )
    return Matter("zeros", texts.name, what, texts.rows(short), settle=_ASK)


def _lists(texts: Texts) -> Matter | None:
    """Cells that hold several values: a list is no value of its own, and its officers are no officer.

    Parts that stand elsewhere too are values; of what a comma, a slash or an ampersand parts, which a single name holds
    as well, most have to stand alone somewhere, or be numbers of one kind.
    """
    for by, pattern in _PARTED:
        listed = texts.matching(f"^(?:{pattern})$")
        if not max(2, 0 if by in ";|\n" else 0.02 * len(texts.distinct)) <= listed.sum() <= 50_000:
            continue
        cells = [[part.strip() for part in text.split(by)] for text in texts.distinct[listed]]
        parts = Counter(part for cell in cells for part in set(cell) if part)
        alone = set(texts.distinct[~listed].str.strip())
        numbers = all(_NUMBERED.fullmatch(part) for part in parts) and not all(
            map(_THOUSANDS.fullmatch, texts.distinct[listed])
        )
        loose = by in ";|\n" and any(len(cell) > 2 for cell in cells)
        known = sum(part in alone or ((loose or numbers) and n > 1) for part, n in parts.items())
        if by == "/" and numbers and all(len(part) < 3 or _YEAR.fullmatch(part) for part in parts):
            continue  # dates
        if known < 0.7 * len(parts) or max(map(len, parts)) > 60:
            continue
        what = (
            f"{texts.number(listed):,} cells hold several values parted by {by!r} (such as {texts.example(listed)}): "
            f"{len(texts.distinct):,} different texts are {len(alone | set(parts)):,} values"
        )
        settle = (
            f"`prepare: [{{explode: {{columns: [{texts.name}], by: {json.dumps(by)}}}}}]` makes a row of each value"
        )
        return Matter("lists", texts.name, what, texts.rows(listed), settle=settle)
    return None


def _encoded(texts: Texts) -> Matter | None:
    """Cells of another encoding than the rest of the file."""
    foreign = texts.matching(r"[^\x00-\x7f]")
    if not foreign.any():
        return None
    other = foreign.copy()
    other[foreign] = [mended(text) != text for text in texts.distinct[foreign]]
    if other.any():
        was = texts.number(other)
        what = f"{was:,} cells are UTF-8 read in another encoding: the file holds more than one, or was encoded twice"
        return Matter("encoding", texts.name, what, texts.rows(other), settle=_MEND)
    lost = texts.distinct.str.contains("[\ufffd\x80-\x9f]", regex=True)
    if not lost.any():
        return None
    what = f"{texts.number(lost):,} cells hold characters that no encoding of the file explains"
    return Matter("encoding", texts.name, what, texts.rows(lost), settle="say its `encoding`, or ask for it as UTF-8")


def plain(text: str) -> str:
    """Return a text without differences that are hard to see: blanks, invisible characters, width, case, lookalikes."""
    return seen(text).casefold()


def all_plain(texts: pd.Series | pd.Index) -> pd.Series:
    """Apply :func:`plain` to every text; visible ASCII is handled together."""
    held = pa.array(texts.to_numpy(dtype=object), pa.large_string())
    simple = np.asarray(pc.match_substring_regex(held, "^[ -~]*$"))
    made = pc.ascii_lower(pc.replace_substring_regex(pc.ascii_trim(held, " "), "  +", " "))
    found = pd.Series(made.to_numpy(zero_copy_only=False), dtype="object")
    found[~simple] = [plain(str(text)) for text in texts[~simple]]
    return found.astype("str")


def _variants(texts: Texts) -> Matter | None:
    """Texts that are the same to the eye, written in more than one way."""
    if len(texts.distinct) < 2:
        return None
    alike = all_plain(texts.distinct)
    twice = alike.duplicated(keep=False) & alike.ne("")
    if not twice.any():
        return None
    what = (
        f"{int(twice.sum()):,} spellings of {alike[twice].nunique():,} values differ only in blanks, invisible "
        f"characters or case; {len(alike):,} different texts are {alike.nunique():,}"
    )
    settle = "`normalise: [lookalikes, strip, collapse_blanks, casefold]` makes them one"
    return Matter("variants", texts.name, what, texts.rows(twice & alike.duplicated()), settle=settle)
