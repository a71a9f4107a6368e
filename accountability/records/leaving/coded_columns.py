"""Columns to export, with their names, terms and kinds of missing values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.labels import label
from accountability.records.pseudonyms import Pseudonyms, key
from accountability.stats.arrays import Ints
from accountability.vocabulary import CLOSING_REASONS, CLOSING_STATES, FINDINGS, PENALTIES, PRECISIONS, STAGES

_STAYS: Final = re.compile(r"raw_.*|source_row|source_file|.*_note|.*narrative.*|.*summary.*|.*description.*")
_PSEUDONYM: Final = re.compile(r"p-[0-9a-f]{12}")
_WHOLE: Final = re.compile(r"0|-?[1-9]\d{0,8}")
_IDS: Final = ("case_id", "officer_id")
#: Limits of Stata and SPSS, in letters and bytes: a name, the label of a variable, and of a value.
NAME, LABEL, SPSS_LABEL, SPSS_TERM = 32, 80, 256, 120
_LONGEST, _LEVELS = 120, 400
_RESERVED: Final = re.compile(
    r"(?i)all|and|by|eq|ge|gt|le|lt|ne|not|or|to|with|byte|double|float|if|in|int|long|str(l|\d+)|using|_(all|b|coef|cons|n|pi"
    r"|pred|rc|skip)"
)
#: Kinds of missing values: extended missing values of Stata (.a to .c), user-missing values of SPSS.
MISSING: Final = MappingProxyType(
    {
        "not recorded": "The agency recorded nothing, or something that was set aside.",
        "does not apply": "The finding upholds nothing, the penalty has no days, or a finding stands in place of a "
        "closing reason.",
        "not decided yet": "The finding or the penalty is pending.",
    }
)
DEFINED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"finding": FINDINGS, "recommended_finding": FINDINGS, "closing_reason": CLOSING_REASONS, "stage": STAGES,
     "recommended_penalty": PENALTIES, "imposed_penalty": PENALTIES, "precision": PRECISIONS,
     "closing_state": CLOSING_STATES}
)  # fmt: skip
_NO_PENALTY: Final = ("not_sustained", "exonerated", "unfounded")
_WITH_DAYS: Final = ("suspension", "loss_of_leave", "not_recorded", "not_served", "reversed")


@dataclass(frozen=True, eq=False)
class Leaving:
    """A column of a table: whether and how it is exported.

    Attributes
    ----------
    table, column : str
        Its table and column.
    name : str
        Its name in the files; "" if it is not exported.
    label : str
    kind : str
        ``pseudonym``, ``term``, ``number``, ``boolean``, ``date``; ``empty`` or ``stays behind``.
    terms : tuple of str
        Every text exported.
    why : Ints or None
        Per row, 0 or the position of its kind in :data:`MISSING`, from 1.
    """

    table: str
    column: str
    name: str
    label: str
    kind: str
    terms: tuple[str, ...] = ()
    why: Ints | None = None

    @property
    def missing(self) -> list[str]:
        """Kinds of missing values that occur."""
        return [] if self.why is None else [kind for place, kind in enumerate(MISSING, 1) if (self.why == place).any()]

    def defined(self, term: str) -> str:
        """Return the meaning of a term of a closed vocabulary, or nothing."""
        return DEFINED.get(self.column, {}).get(term, "")


def hidden_ids(source: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with pseudonyms for ids, ordered by them, so that the file's order is lost."""
    hidden: dict[str, Any] = {"_row": np.arange(len(table))}
    if "case_id" in table:  # a roster has none
        hidden["case_id"] = Pseudonyms(f"{source}, cases", key())(table["case_id"])
    if "officer_id" in table and not _pseudonyms(table["officer_id"]):
        hidden["officer_id"] = Pseudonyms(f"{source}, officers", key())(table["officer_id"])
    by = "case_id" if "case_id" in table else "officer_id"
    return table.assign(**hidden).sort_values(by, kind="stable").reset_index(drop=True)


def leaving(name: str, table: pd.DataFrame, labels: Mapping[str, str]) -> list[Leaving]:
    """Decide for each column of a table whether and how it is exported."""
    found: list[Leaving] = []
    taken: set[str] = set()
    for column in map(str, table):
        values, said = table[column], label(column, labels)
        if values.isna().all():
            found.append(Leaving(name, column, "", said, "empty"))
            continue
        kind, terms = _kind(column, values)
        if kind == "stays behind":
            found.append(Leaving(name, column, "", said, kind))
            continue
        short = _name(column, taken)
        taken.add(short.casefold())
        told = kind in ("term", "number", "boolean") and column != "set_aside"
        why = None if not told or not values.isna().any() else _why(table, column)
        found.append(Leaving(name, column, short, said, kind, terms, why))
    return found


def _kind(column: str, values: pd.Series) -> tuple[str, tuple[str, ...]]:
    if _STAYS.fullmatch(column):
        return "stays behind", ()
    if column in _IDS or (column.endswith("_id") and _pseudonyms(values)):
        return "pseudonym", ()
    if column.endswith("_id"):
        return "stays behind", ()
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date", ()
    if pd.api.types.is_bool_dtype(values):
        return "boolean", ()
    if pd.api.types.is_numeric_dtype(values):
        return "number", ()
    if _pseudonyms(values):
        return "pseudonym", ()
    held = values.dropna().astype("str").unique()
    if len(held) > _LEVELS or max(map(len, held)) > _LONGEST:
        return "stays behind", ()
    order = list(DEFINED.get(column, ()))
    terms = sorted(held, key=lambda term: (order.index(term) if term in order else len(order), term))
    # A year written as text is a number elsewhere: coded 1, 2, 3 it would be averaged as such.
    return "number" if all(map(_WHOLE.fullmatch, terms)) else "term", tuple(terms)


def _pseudonyms(values: pd.Series) -> bool:
    return bool(values.dropna().astype("str").str.fullmatch(_PSEUDONYM.pattern).all())


def _name(column: str, taken: set[str]) -> str:
    """A name that Stata and SPSS take, told apart from the others whatever the case of its letters."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", column)
    plain = plain if re.match(r"[A-Za-z]", plain) else f"v_{plain}"
    plain = f"{plain}_" if _RESERVED.fullmatch(plain) else plain
    short, number = plain[:NAME], 1
    while short.casefold() in taken:
        number += 1
        short = f"{plain[: NAME - 1 - len(str(number))]}_{number}"
    return short


def _why(table: pd.DataFrame, column: str) -> Ints:
    """Of each missing value its kind: what the finding and the penalty beside it say, else not recorded."""
    none = table[column].isna().to_numpy(dtype=bool)
    why: Ints = none.astype(np.int64)
    finding = table.get("finding", pd.Series(pd.NA, index=table.index, dtype="str"))
    pending = finding.eq("pending").fillna(False).to_numpy(dtype=bool)
    if column == "closing_reason":
        settled = finding.notna().to_numpy(dtype=bool) & ~finding.eq("closed_without_finding").to_numpy(dtype=bool)
        why[none & settled], why[none & pending] = 2, 3
    if column in ("recommended_penalty", "imposed_penalty", "recommended_days", "imposed_days"):
        why[none & finding.isin(_NO_PENALTY).to_numpy(dtype=bool)], why[none & pending] = 2, 3
    if column in ("recommended_days", "imposed_days") and (penalty := column.replace("days", "penalty")) in table:
        told = table[penalty].notna().to_numpy(dtype=bool)
        waits = table[penalty].eq("pending").fillna(False).to_numpy(dtype=bool)
        why[none & told & ~table[penalty].isin(_WITH_DAYS).to_numpy(dtype=bool)] = 2
        why[none & waits] = 3
    return why
