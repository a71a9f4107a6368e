"""Units of counting (allegations, officer-complaints, complaints, officers) and conversion to coarser ones.

Each row of a release is one unit. Counting in a coarser unit merges rows by the rules below, the same for every source
and study. A finer unit is not possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.remembered import remembered
from accountability.vocabulary import FINDINGS, OFF_LADDER, PENALTIES, PENALTY_LADDER, UNITS

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
WHERE_FROM: Final = ("source_file", "source_row")
KINDS: Final = ("recommended", "imposed")


def severity_rank(order: Sequence[str] = tuple(PENALTY_LADDER)) -> Mapping[str, int]:
    """Return the rank of every penalty term, for taking the highest of several.

    Sanctions keep the given order. Off-ladder terms rank between ``none`` and the first sanction: they are not a
    decision of no penalty, and a sanction is known to have been given.
    """
    off = ("not_recorded", "reversed", "not_served", "left_before_penalty", "pending")
    rest = tuple(term for term in OFF_LADDER if term not in off)
    return {term: i for i, term in enumerate((order[0], *rest, *off, *order[1:]))}


@remembered
def roll_up(
    rows: pd.DataFrame,
    held: str,
    unit: str,
    by: Sequence[str] = (),
    rank: Mapping[str, int] | None = None,
    carry: Iterable[str] = (),
) -> pd.DataFrame:
    """Return one row per unit of counting.

    A unit's finding is the first of sustained, pending, policy failure, not sustained, exonerated, unfounded,
    closed without finding among its rows; its penalty is the highest, with the largest stated days of that penalty:
    days are never added up, because rows may repeat one penalty. Rows without an officer are left out of officers and
    officer-complaints. A unit with rows in several groups of ``by`` counts once in each.

    Parameters
    ----------
    rows : DataFrame
        Rows of unit ``held``.
    held, unit : str
        The unit of the rows, and the target unit.
    by : sequence of str
        Columns kept and grouped by.
    rank : mapping of str to int, optional
        Rank of every penalty term; by default :func:`severity_rank`.
    carry : iterable of str
        Further columns to keep: the shared value of a unit's rows, missing where they differ.

    Returns
    -------
    DataFrame
        The keys of the unit, ``by``, ``rows`` (number of rows per unit), ``finding``, ``recommended_penalty``,
        ``recommended_days``, ``imposed_penalty``, ``imposed_days`` if present, and the columns of ``carry``; for
        complaints also ``officer_ids``, a tuple. The rows are unchanged if the unit is ``held``.

    Raises
    ------
    ParameterError
        For an unknown unit.
    Refusal
        If the rows are coarser than the target unit, or none identifies an officer.
    """
    _check_units(rows, held, unit)
    if unit == held:
        return rows
    keys = list(dict.fromkeys([*KEYS[unit], *by]))
    table = rows.loc[rows["officer_id"].notna()] if "officer_id" in KEYS[unit] else rows
    grouped = table.groupby(keys, sort=False, dropna=False)
    out = grouped.size().rename("rows").reset_index()
    member = grouped.ngroup().to_numpy()
    if unit == "complaint" and "officer_id" in table:
        out["officer_ids"] = _officers(table["officer_id"], member, len(out))
    if "finding" in table:
        check_terms(table["finding"], FINDINGS, "finding")
        out["finding"] = _first_of(table["finding"], FINDING_PRECEDENCE, member, len(out))
    rank = rank or severity_rank()
    heaviest_first = sorted(rank, key=lambda term: -rank[term])
    for kind in KINDS:
        column = f"{kind}_penalty"
        if column not in table:
            continue
        check_terms(table[column], PENALTIES, "penalty")
        out[column] = _first_of(table[column], heaviest_first, member, len(out))
        if f"{kind}_days" in table:
            of_the_highest = table[column].to_numpy() == out[column].to_numpy()[member]
            days = table[f"{kind}_days"].where(of_the_highest)
            out[f"{kind}_days"] = days.groupby(member).max().array
    made = {column: _shared(table[column], member, len(out)) for column in carry if column not in out.columns}
    return out.assign(**made)


def per(cases: pd.DataFrame, allegations: pd.DataFrame, held: str, unit: str) -> pd.DataFrame:
    """Return the allegations of a source in another unit, with all columns that can be carried over.

    As for :func:`roll_up`. In addition, a complaint without allegations is a row of unit ``complaint`` with ``rows`` 0,
    and ``closing_reason`` is shared by the rows with the unit's finding.

    Raises
    ------
    ParameterError, Refusal
        As for :func:`roll_up`.
    """
    _check_units(allegations, held, unit)
    if unit == held:
        return allegations
    ruled = ("finding", "closing_reason", *(f"{kind}_{what}" for kind in KINDS for what in ("penalty", "days")))
    carry = [c for c in allegations.columns if c not in (*ruled, *WHERE_FROM, "case_id", "officer_id")]
    out = roll_up(allegations, held, unit, carry=carry)
    if {"finding", "closing_reason"} <= set(allegations.columns):
        keys = list(KEYS[unit])
        of_unit = allegations[[*keys, "finding", "closing_reason"]].merge(
            out[[*keys, "finding"]], on=[*keys, "finding"]
        )
        member = of_unit.groupby(keys, sort=False).ngroup().to_numpy()
        first = of_unit.drop_duplicates(keys)[keys].reset_index(drop=True)
        reason = first.assign(closing_reason=_shared(of_unit["closing_reason"], member, len(first)))
        out = out.merge(reason, on=keys, how="left", validate="one_to_one")
    if unit == "complaint":
        out = cases[["case_id"]].merge(out, on="case_id", how="left", validate="one_to_one")
        out["rows"] = out["rows"].fillna(0).astype("int64")
    lead = [name for name in (*KEYS[unit], "officer_ids", "rows") if name in out.columns]
    return out[[*lead, *(c for c in allegations.columns if c in out.columns and c not in lead)]]


def countable(rows: pd.DataFrame, held: str) -> tuple[str, ...]:
    """Return the possible units of counting: the rows' own and coarser ones; officers only if any is identified."""
    named = bool(rows["officer_id"].notna().any())
    return tuple(
        unit for unit in FINENESS[FINENESS.index(held) :] if unit == held or named or "officer_id" not in KEYS[unit]
    )


def check_terms(values: pd.Series, terms: Mapping[str, str], what: str) -> None:
    """Refuse words that are not terms.

    Raises
    ------
    ParameterError
        For unknown words; names the first, its row and their number.
    """
    unknown = values.dropna().loc[lambda held: ~held.isin(list(terms))]
    if len(unknown):
        raise ParameterError(
            f"expected a {what} ({', '.join(terms)}), found {unknown.iloc[0]!r} in {len(unknown):,} rows, first at "
            f"row {unknown.index[0]}; map it in the source's codebook"
        )


def _check_units(rows: pd.DataFrame, held: str, unit: str) -> None:
    for name in (held, unit):
        if name not in UNITS:
            raise ParameterError(f"unit must be one of {', '.join(UNITS)}; found {name!r}")
    if FINENESS.index(unit) < FINENESS.index(held):
        raise Refusal(
            f"this source has one row for each {held.replace('_', '-')}, so nothing can be counted per {unit}; "
            f"use unit={held!r} or a coarser one"
        )
    if unit != held and "officer_id" in KEYS[unit] and not rows["officer_id"].notna().any():
        raise Refusal(
            f"no row of {len(rows):,} says which officer it is about, so nothing can be counted per "
            f"{unit.replace('_', '-')}; use unit={held!r} or unit='complaint'"
        )


def _officers(officers: pd.Series, member: npt.NDArray[np.integer[Any]], count: int) -> pd.Series:
    """The officers of each group of rows, a tuple each."""
    codes, known = pd.factorize(officers)
    pairs = pd.unique((member * len(known) + codes)[codes >= 0])  # in the order of the rows
    whose, code = np.divmod(pairs[np.argsort(pairs // max(len(known), 1), kind="stable")], max(len(known), 1))
    names = known.take(code).tolist()
    ends = [0, *np.searchsorted(whose, np.arange(1, count)).tolist(), len(names)]
    return pd.Series([tuple(names[start:end]) for start, end in pairwise(ends)], dtype=object)


def _first_of(values: pd.Series, order: Sequence[str], member: npt.NDArray[np.integer[Any]], count: int) -> pd.Series:
    """The term that stands first in an order, among the rows of each group; missing where all are."""
    place = ranks(values, order)
    best = np.full(count, len(order), dtype="int64")
    np.minimum.at(best, member, place)
    pool = pd.array([*order, None], dtype="str")
    return pd.Series(pool.take(best))


def ranks(values: pd.Series, order: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the place of each term in an order, after the last where it has none; looks up distinct terms only."""
    codes, terms = pd.factorize(values)
    place = {term: i for i, term in enumerate(order)}
    return np.array([*(place.get(term, len(order)) for term in terms), len(order)], dtype=np.int64)[codes]


def _shared(values: pd.Series, member: npt.NDArray[np.integer[Any]], count: int) -> pd.Series:
    """The value all rows of a group have, missing where they differ or some have none."""
    codes = pd.factorize(values)[0]
    _, first = np.unique(member, return_index=True)
    same = np.ones(count, dtype=bool)
    np.logical_and.at(same, member, codes == codes[first][member])
    shared = pd.Series(values.array.take(first))
    return shared.where(same)
