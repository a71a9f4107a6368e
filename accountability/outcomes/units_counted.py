"""Units of counting with their columns, and shares of the terms among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.records.units import check_terms, ranks, roll_up
from accountability.remembered import remembered
from accountability.results import plural
from accountability.stats.arrays import Ints
from accountability.stats.clustered_rates import CLUSTERED as CLUSTERED_SHARES
from accountability.stats.clustered_rates import WILSON, clustered_shares
from accountability.stats.compress import grouped
from accountability.stats.sandwich import REPAIRED, ways_of
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED, OTHER, small_groups
from accountability.vocabulary import FINDINGS, PENALTIES

CLUSTERED: Final = "rows of one officer, and of one complaint, may be alike; others are independent"
ALIKE: Final = CLUSTERED
UNNAMED: Final = (
    "rows of one complaint may be alike; no officer is identified, so rows of one officer count as independent"
)
Line = tuple[Any, ...]
DAYS_AT: Final = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
UNSEEN: Final = "columns not in the model may differ between the levels"
NUMBERS: Final = ("n", "events", "estimate", "lower", "upper")
RESTS_ON: Final = ("clusters", "effective_clusters", "df")
"""What an interval rests on: clusters, the even ones they are worth, and degrees of freedom."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Units of counting with the columns that group them.

    Attributes
    ----------
    cohort : Cohort
    table : DataFrame
        One row per unit.
    columns : tuple of str
    unit : str
    """

    cohort: Cohort
    table: pd.DataFrame
    columns: tuple[str, ...]
    unit: str

    @property
    def word(self) -> str:
        """Name of the unit in prose."""
        return self.unit.replace("_", "-")


def held_unit(cohort: Cohort) -> str:
    """Return the unit of a row of a source."""
    return cohort.card.unit


def is_number(values: pd.Series) -> bool:
    """Return whether a column is numeric for a model."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


@remembered
def grouping(cases: pd.DataFrame, allegations: pd.DataFrame, by: Sequence[str], numbers: bool = False) -> pd.DataFrame:
    """Return the allegations with the columns to group by, taken from the cases if the allegations lack them.

    Missing groups are kept, named ``not recorded``. With `numbers`, numeric columns stay numeric.

    Raises
    ------
    ParameterError
        For a column in neither table.
    """
    unknown = [name for name in by if name not in allegations and name not in cases]
    if unknown:
        held = sorted({*allegations.columns, *cases.columns} - {"source_file", "source_row"})
        raise ParameterError(f"cannot group by {unknown[0]!r}: the allegations and cases hold {', '.join(held)}")
    table = allegations
    borrowed = [name for name in by if name not in allegations]
    if borrowed:
        table = table.merge(cases[["case_id", *borrowed]], on="case_id", how="left", validate="many_to_one")
    made = {
        name: table[name].astype("float64")
        if numbers and is_number(table[name])
        else table[name].astype("str").fillna(NOT_RECORDED)
        for name in by
    }
    return table.assign(**made)


def units_of(
    cohort: Cohort,
    columns: Sequence[str] = (),
    unit: str | None = None,
    ladder: Ladder | None = None,
    needs: Sequence[str] = ("finding",),
    without: str = "so it cannot be modelled",
    only: str | None = None,
    numbers: bool = False,
) -> Units:
    """Return the units of a cohort with the named columns.

    Parameters
    ----------
    cohort : Cohort
    columns : sequence of str
    unit : str, optional
        By default what a row of the source is.
    ladder : Ladder, optional
        Order that decides the highest penalty of a unit.
    needs : sequence of str
        Columns of findings and penalties that are needed.
    without : str
        Text of the refusal if one of them is missing.
    only : str, optional
        A finding: rows with another are left out before units are made.
    numbers : bool
        Whether numeric columns stay numeric; else every value is a group.

    Raises
    ------
    ParameterError
        For unknown columns, or terms that are not in the vocabulary.
    Refusal
        If the source lacks a needed column, or its rows are coarser than the unit.
    """
    rows = cohort.allegations
    missing = [name for name in needs if name not in rows]
    if missing:
        raise Refusal(f"{cohort.name} holds no {missing[0]}, {without}")
    for name in needs:
        check_terms(rows[name], FINDINGS if name == "finding" else PENALTIES, name.split("_")[-1])
    if only:
        rows = rows.loc[rows["finding"].eq(only).fillna(False)]
    held, names = held_unit(cohort), tuple(dict.fromkeys(columns))
    counted = unit or held
    rank = (ladder or Ladder()).severity_rank
    table = roll_up(grouping(cohort.cases, rows, names, numbers), held, counted, names, rank)
    return Units(cohort, table, names, counted)


def decided(values: pd.Series) -> pd.Series:
    """Return which rows have a recorded finding or penalty that is not pending."""
    return values.notna() & values.ne("pending").fillna(False)


def mark_ambiguous(table: pd.DataFrame, cohort: Cohort, coded: Mapping[str, str]) -> pd.DataFrame:
    """Mark the terms that the source merges; a merged term without a row has no count, never zero."""
    merged = {part: ambiguous_terms(cohort, column) for part, column in coded.items()}
    may_be = pd.Series(
        [merged.get(str(part), {}).get(str(term), "") for part, term in zip(table["part"], table["term"], strict=True)],
        index=table.index,
        dtype="str",
    )
    unsaid = may_be.ne("") & table["events"].eq(0)
    numbers = {name: table[name].mask(unsaid, np.nan) for name in ("estimate", "lower", "upper")}
    whole = table["events"].astype("Int64").mask(unsaid)
    return table.assign(**numbers, events=whole, ambiguous=may_be.ne(""), may_be=may_be)


def chosen_for_finding(data: Cohort) -> str:
    """Why a share upheld would be 100 % by choice: the records are there because of their finding; else empty."""
    sampling, finding = data.card.sampling, data.allegations.get("finding")
    if finding is None or sampling.rule != "selected_on_outcome" or set(finding[decided(finding)]) != {"sustained"}:
        return ""
    selected = "; ".join(sampling.selected_on)
    return f"every decided record is upheld because the records are chosen by it{f' ({selected})' if selected else ''}"


def pool_small_levels(rows: pd.DataFrame, columns: Sequence[str], min_group: int) -> pd.DataFrame:
    """Pool levels with fewer than ``min_group`` units, adding the next smallest while the pool is too small."""
    return rows.assign(
        **{name: rows[name].mask(rows[name].isin(small_groups(rows[name], min_group)), OTHER) for name in columns}
    )


def ambiguous_terms(cohort: Cohort, column: str) -> dict[str, str]:
    """Return each term that the agency's words merge with others, and the terms it may stand for.

    Parameters
    ----------
    cohort : Cohort
    column : str
        A coded column of the allegations.

    Returns
    -------
    dict of str to str
        Term to the terms it is merged with, including itself, joined by a comma; empty if none is ambiguous.
    """
    if cohort.lossy is None or not len(cohort.lossy):
        return {}
    lossy = cohort.lossy
    words = lossy.loc[(lossy["column"] == column) & lossy["may_be"].ne("") & lossy["rows"].gt(0), "may_be"]
    out: dict[str, set[str]] = {}
    for may_be in words:
        terms = set(str(may_be).split(", "))
        for term in terms:
            out.setdefault(term, set()).update(terms)
    return {term: ", ".join(sorted(terms)) for term, terms in out.items()}


def merged_said(cohort: Cohort, column: str) -> tuple[str, ...]:
    """Say which terms of a column the source does not tell apart."""
    return tuple(terms.replace("_", " ") for terms in dict.fromkeys(ambiguous_terms(cohort, column).values()))


def term_shares(
    values: pd.Series, terms: Iterable[str], rows: pd.DataFrame, confidence: float, name: str = "term"
) -> pd.DataFrame:
    """Return the count and share of the rows with each term, one row per term.

    The columns are :data:`NUMBERS` and :data:`RESTS_ON`. Intervals are clustered on the officers and complaints in
    ``rows``.
    """
    lines = term_lines(values, list(terms), rows, confidence)
    table = pd.DataFrame(lines, columns=[name, *NUMBERS, *RESTS_ON, "repaired"])
    return table if table["repaired"].any() else table.drop(columns="repaired")


def term_lines(values: pd.Series, wanted: Sequence[str], rows: pd.DataFrame, confidence: float) -> list[Line]:
    """Return the lines of :func:`term_shares`, and whether the errors of each were repaired."""
    whose = rows[[name for name in ("officer_ids", "officer_id", "case_id") if name in rows]]
    place = ranks(values, wanted)
    return share_lines(np.where(place < len(wanted), place, -1), wanted, whose.loc[values.index], confidence)


def share_lines(place: Ints, wanted: Sequence[str], whose: pd.DataFrame, confidence: float) -> list[Line]:
    """Return the same from the places of the terms (-1 for another) and the officers and complaints of the rows."""
    if not len(place):
        return [(term, 0, 0, np.nan, np.nan, np.nan, 0, np.nan, np.nan, False) for term in wanted]
    found = clustered_shares(place, len(wanted), ways_of(whose), confidence)
    return [
        (term, s.denominator, s.count, s.share, s.lower, s.upper, s.clusters, s.effective_clusters, s.df, s.repaired)
        for term, s in zip(wanted, found, strict=True)
    ]


def method_of(rows: pd.DataFrame, *tables: pd.DataFrame) -> str:
    """Return the name of the interval's method, by whether officers or complaints repeat, and its repairs."""
    ways = ways_of(rows)
    return WILSON if "row" in ways else f"{CLUSTERED_SHARES}, clusters: {' and '.join(ways)}{mended(*tables)}"


def mended(*tables: pd.DataFrame) -> str:
    """Say in how many shares two-way errors were repaired, from the column ``repaired`` where there is one."""
    many = sum(int(table["repaired"].eq(True).sum()) for table in tables if "repaired" in table)
    why = "officers and complaints together gave a negative variance, and the larger of the two is taken"
    return f"; {REPAIRED} in {plural(many, 'row')}: {why}" if many else ""


def groups_in(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[tuple[object, ...], pd.DataFrame]]:
    """Return the groups of a frame with their keys; without columns, the whole frame."""
    if not by:
        return [((), frame)] if len(frame) else []
    return grouped(frame, by, dropna=False)


def clusters_numbered(units: pd.DataFrame, but: Sequence[str]) -> pd.DataFrame:
    """Return units with numbers for officers and complaints, which each group tells apart faster than texts."""
    for name in {"officer_id", "case_id"}.intersection(units.columns).difference(but):
        code = pd.Series(pd.factorize(units[name])[0], units.index, dtype="float64")
        units = units.assign(**{name: code.where(code >= 0)})
    return units


def suspension_quartiles(rows: pd.DataFrame, min_cell: int) -> dict[str, Any]:
    """Return quartiles of the known days of suspensions, if enough, and how many are known and unknown."""
    if "imposed_days" not in rows:
        return known_quartiles(None, min_cell)
    return known_quartiles(rows.loc[rows["imposed_penalty"].eq("suspension").fillna(False), "imposed_days"], min_cell)


def known_quartiles(days: pd.Series | None, min_cell: int) -> dict[str, Any]:
    """Return the same from the days of the suspensions; no numbers without any.

    Counts are left out where few are unknown, because these could be derived from all suspensions.
    """
    out: dict[str, Any] = {"suspensions": pd.NA, "length_unknown": pd.NA, **dict.fromkeys(DAYS_AT, np.nan)}
    known = pd.Series(dtype="float64") if days is None else days.dropna().astype("float64")
    if days is None or len(known) < min_cell:
        return out
    unknown = len(days) - len(known)
    out |= dict(zip(DAYS_AT, known.quantile(list(DAYS_AT.values())).to_numpy(), strict=True))
    return out | ({"suspensions": len(known), "length_unknown": unknown} if not 0 < unknown < min_cell else {})
