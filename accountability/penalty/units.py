"""Rows counted as allegations, officer-complaints, complaints or officers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.penalty.ladder import Ladder
from accountability.vocabulary import FINDINGS, UNITS

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "officer_complaint": ("case_id", "officer_id"),
    "complaint": ("case_id",),
    "officer": ("officer_id",),
}
FINENESS: Final = ("allegation", "officer_complaint", "complaint", "officer")
# What several findings amount to: one sustained is enough; an undecided one keeps the rest open.
FINDING_PRECEDENCE: Final = (
    "sustained",
    "pending",
    "policy_failure",
    "not_sustained",
    "exonerated",
    "unfounded",
    "closed_without_finding",
)
WORDS: Final[Mapping[str, str]] = {
    "allegation": "allegations",
    "officer_complaint": "officer-complaints",
    "complaint": "complaints",
    "officer": "officers",
}
NOT_RECORDED: Final = "not recorded"


def grouping(cases: pd.DataFrame, allegations: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The allegations with the columns to group by, taken from the cases where they are not their own.

    Missing groups are kept, named ``not recorded``.

    Raises
    ------
    ParameterError
        For a column neither table holds.
    """
    unknown = [name for name in by if name not in allegations and name not in cases]
    if unknown:
        held = sorted({*allegations.columns, *cases.columns} - {"source_file", "source_row"})
        raise ParameterError(f"cannot group by {unknown[0]!r}: the allegations and cases hold {', '.join(held)}")
    table = allegations
    borrowed = [name for name in by if name not in allegations]
    if borrowed:
        table = table.merge(cases[["case_id", *borrowed]], on="case_id", how="left", validate="many_to_one")
    return table.assign(**{name: table[name].astype("str").fillna(NOT_RECORDED) for name in by})


def roll_up(
    rows: pd.DataFrame, held: str, unit: str, by: Sequence[str] = (), ladder: Ladder | None = None
) -> pd.DataFrame:
    """One row for each unit of counting.

    A unit's finding is the first of sustained, pending, policy failure, not sustained, exonerated, unfounded,
    closed without finding among its rows; its penalty is the highest (:meth:`Ladder.highest`), with the largest
    stated days of that penalty. Rows without an officer belong to no officer and no officer-complaint and are left
    out of those units. A unit whose rows fall in several groups of ``by`` counts once in each.

    Parameters
    ----------
    rows : DataFrame
        Allegations, one row each of unit ``held``.
    held, unit : str
        The unit of the rows, and the unit asked for.
    by : sequence of str
        Columns kept and grouped by.
    ladder : Ladder, optional
        Order of penalties; the default order if not given.

    Raises
    ------
    ParameterError
        For an unknown unit.
    Refusal
        If the rows are coarser than the unit asked for.
    """
    for name in (held, unit):
        if name not in UNITS:
            raise ParameterError(f"unit must be one of {', '.join(UNITS)}; found {name!r}")
    if unit == held:
        return rows
    if FINENESS.index(unit) < FINENESS.index(held):
        raise Refusal(
            f"this source has one row for each {held.replace('_', '-')}, so nothing can be counted per {unit}; "
            f"use unit={held!r} or a coarser one"
        )
    keys = list(dict.fromkeys([*KEYS[unit], *by]))
    table = rows.loc[rows["officer_id"].notna()] if "officer_id" in KEYS[unit] else rows
    grouped = table.groupby(keys, sort=False, dropna=False)
    out = grouped.size().rename("rows").reset_index()
    if "finding" in table:
        check_terms(table["finding"], FINDINGS, "finding")
        place = {term: i for i, term in enumerate(FINDING_PRECEDENCE)}
        first = table["finding"].map(place).groupby([table[k] for k in keys], sort=False, dropna=False).min()
        out["finding"] = first.map(dict(enumerate(FINDING_PRECEDENCE))).astype("str").to_numpy()
    rank = (ladder or Ladder()).severity_rank
    back = {i: term for term, i in rank.items()}
    for kind in ("recommended", "imposed"):
        column = f"{kind}_penalty"
        if column not in table:
            continue
        ranks = table[column].map(rank)
        highest = ranks.groupby([table[k] for k in keys], sort=False, dropna=False).transform("max")
        out[column] = (
            ranks.groupby([table[k] for k in keys], sort=False, dropna=False).max().map(back).astype("str").to_numpy()
        )
        if f"{kind}_days" in table:
            days = table[f"{kind}_days"].where((ranks == highest).fillna(False))
            out[f"{kind}_days"] = days.groupby([table[k] for k in keys], sort=False, dropna=False).max().to_numpy()
    return out


def check_terms(values: pd.Series, terms: Mapping[str, str], what: str) -> None:
    """Refuse words that are no terms.

    Raises
    ------
    ParameterError
        Names the first such word, its row and how many there are.
    """
    unknown = values.dropna().loc[lambda held: ~held.isin(list(terms))]
    if len(unknown):
        raise ParameterError(
            f"expected a {what} ({', '.join(terms)}), found {unknown.iloc[0]!r} in {len(unknown):,} rows, first at "
            f"row {unknown.index[0]}; map it in the source's codebook"
        )
