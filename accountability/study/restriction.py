"""Restrict a study to complaints with some values of one column."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.parameters import nearest
from accountability.privacy import MIN_CELL
from accountability.study.cohort import Cohort, Table
from accountability.study.grouping import with_people

_KEYS = ("case_id", "officer_id", "source_row", "source_file")
_BETWEEN = "|"


def read_only(only: str) -> tuple[str, list[str]]:
    """Parse ``column=value``, several values joined by ``|``.

    Raises
    ------
    ParameterError
        For a malformed text.
    """
    column, _, said = (part.strip() for part in only.partition("="))
    values = [part.strip() for part in said.split(_BETWEEN) if part.strip()]
    if not (column and values):
        raise ParameterError(
            f"only={only!r}: expected column=value, several values joined by {_BETWEEN}, for example category=Force"
        )
    return column, values


def only_where(cohort: Cohort, only: str | None) -> Cohort:
    """Keep the complaints with one of some values of a column, and of their allegations those with it.

    The sampling rule does not change, unless the column is known only when a case ends. It is then that of records
    selected on the outcome, and estimators refuse as for such a source.

    Parameters
    ----------
    cohort : Cohort
    only : str or None
        ``column=value``, several values joined by ``|``; ``None`` changes nothing.

    Returns
    -------
    Cohort

    Raises
    ------
    ParameterError
        For a malformed text, or an unknown column or value (with the nearest).
    Refusal
        If fewer than 10 complaints would be kept or left out.

    Examples
    --------
    >>> import accountability
    >>> from accountability import Cohort
    >>> only_where(Cohort.of(accountability.load("synthetic")), "category=Force|Search").flow()["kept"].tolist()
    [5000, 1611]
    """
    if only is None:
        return cohort
    column, values = read_only(only)
    cohort = with_people(cohort, [column])
    of, met = rows_with(cohort, column, values)
    left = cohort.keep_if(met, because=f"{column} is {' or '.join(values)}", of=of, decided_by=cohort.knows(column))
    few = min((count for count in (len(left.cases), len(cohort.cases) - len(left.cases)) if count), default=0)
    if few < MIN_CELL and len(left.cases) < len(cohort.cases):
        raise Refusal(
            f"only={only!r} keeps or leaves out {few:,} of the {len(cohort.cases):,} complaints of {cohort.name}: at "
            f"least {MIN_CELL} are needed on both sides, or single complaints could be told apart. Add values."
        )
    return left


def rows_with(cohort: Cohort, column: str, values: Sequence[str]) -> tuple[Table, pd.Series]:
    """Return the table with a column, and which of its rows have one of the values, ignoring case."""
    tables: dict[Table, pd.DataFrame] = {"cases": cohort.cases, "allegations": cohort.allegations}
    held: list[Table] = [of for of, table in tables.items() if column in table and column not in _KEYS]
    if not held:
        known = dict.fromkeys(name for table in tables.values() for name in table.columns if name not in _KEYS)
        raise ParameterError(f"{cohort.name} has no column {column!r}. {nearest(column, known)}")
    stated = tables[held[0]][column]
    # Each distinct value is compared once: a column of 200,000 rows has few.
    kinds = {kind: str(kind).strip() for kind in stated.dropna().unique()}
    folded = {text.casefold() for text in kinds.values()}
    for value in values:
        if value.casefold() not in folded:
            frequent = [kinds[kind] for kind in stated.value_counts().index[:30]]
            raise ParameterError(f"no case of {cohort.name} has {column}={value!r}. {nearest(value, frequent)}")
    wanted = {value.casefold() for value in values}
    met = stated.isin([kind for kind, text in kinds.items() if text.casefold() in wanted])
    return held[0], met.fillna(False).astype(bool)
