"""Like cases: penalties in the most comparable officer-complaints on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import Disclosed, left_apart, small_terms
from accountability.outcomes.units_counted import (
    ALIKE,
    decided,
    method_of,
    suspension_quartiles,
    term_shares,
    units_of,
)
from accountability.results import interval_said, percent
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import column_names, takes
from accountability.vocabulary import OFF_LADDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LikeCases(Disclosed):
    """Penalties of the officer-complaints most similar to one case.

    Attributes
    ----------
    table : DataFrame
        ``term``, ``n``, ``events``, ``estimate`` (share), ``lower``, ``upper``, ``hidden``: decided penalties of the
        like cases.
    criteria : DataFrame
        In the order asked: ``column``, ``value``, ``within`` (for numbers), ``held`` (whether every like case shares
        it), ``n`` (sustained units with a decided penalty that share it and all criteria before it), ``hidden``
        where this count, or its difference from a shown count, is small.
    days : DataFrame
        Quartiles of the days of suspension among the like cases, if ``min_cell`` or more have known days.
    apart : DataFrame
        Like cases without a decided penalty.
    found : int
        Number of like cases with a decided penalty.
    confidence : float
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": ("n",), "criteria": ("within",), "days": (), "apart": ()}

    criteria: pd.DataFrame
    days: pd.DataFrame
    apart: pd.DataFrame
    found: int
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of each penalty with its interval."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.table.loc[self.table["hidden"] | (self.table["events"] > 0)]
        axes = new_axes(ax, height=1.2 + 0.35 * len(shown))
        labelled = shown.assign(label=shown["term"].str.replace("_", " "))
        ranges(axes, labelled, label="label", estimate="estimate", lower="lower", upper="upper", kind="share")
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"share of {self.found:,} like cases")
        return axes

    def sentence(self) -> str:
        """Say which criteria are shared, how many cases there are, and the most frequent penalties."""
        held = self.criteria.loc[self.criteria["held"]]
        shared = ", ".join(f"{row['column'].replace('_', ' ')} {row['value']}" for row in held.to_dict("records"))
        given_up = self.criteria.loc[~self.criteria["held"], "column"].str.replace("_", " ").tolist()
        shown = self.table.loc[~self.table["hidden"] & (self.table["events"] > 0)]
        few = self.table.loc[self.table["hidden"], "term"].astype("str").str.replace("_", " ").tolist()
        said = [
            f"{row['term'].replace('_', ' ')} {percent(row['estimate'], 1)} "
            f"({interval_said(self.confidence, row['lower'], row['upper'], 1)})"
            for row in shown.sort_values("estimate", ascending=False, kind="stable").head(3).to_dict("records")
        ]
        said += [f"{' and '.join(few)} not shown, as too few"] if few and said else []
        text = f"In {self.found:,} like cases ({shared}): {'; '.join(said) or 'cells too small'}."
        return text + (f" Not asked to agree, so that there are enough: {', '.join(given_up)}." if given_up else "")


@takes("cohort")
def like_cases(
    data: Cohort,
    criteria: Mapping[str, Any] | str | Sequence[str],
    case: str | None = None,
    *,
    officer: str | None = None,
    within: Mapping[str, float] | None = None,
    at_least: int = 30,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> LikeCases:
    """Estimate the distribution of penalties in the officer-complaints most similar to a real or hypothetical case.

    You state the criteria in order of importance. All must match; from the last on they are dropped one by one until
    ``at_least`` sustained officer-complaints with a decided penalty remain. The case itself and the other officers of
    its complaint are excluded.

    Parameters
    ----------
    data : Cohort or Dataset
    criteria : mapping of str to value, or str or sequence of str
        Columns in order of importance with the values of a hypothetical case; columns alone, with ``case``.
    case : str, optional
        The ``case_id`` whose values are taken.
    officer : str, optional
        The pseudonym, where a case has several officers whose values differ.
    within : mapping of str to float, optional
        For a column of numbers, the largest difference allowed.
    at_least : int
        Least number of like cases.
    confidence, min_cell
        As in :func:`accountability.outcomes.outcome_distribution`.
    ladder : Ladder, optional

    Returns
    -------
    LikeCases
        Counts and shares; no case and no officer is listed.

    Raises
    ------
    ParameterError
        For no criteria, unknown columns, an unknown case, several officers with different values, values that no case
        has, or ``at_least`` below ``min_cell``.
    Refusal
        If fewer than ``at_least`` match on the first criterion alone.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> accountability.outcomes.like_cases(data, {"complaint_type": "Untruth", "complainant": "internal"}).found
    76
    """
    if at_least < min_cell:
        raise ParameterError(f"at_least must be {min_cell} (min_cell) or more, found {at_least}")
    asked = list(criteria) if isinstance(criteria, Mapping) else column_names(criteria, "like_cases", "criteria")
    widths = dict(within or {})
    if wrong := [name for name in widths if name not in asked]:
        raise ParameterError(f"within={wrong[0]!r} is no criterion; they are {', '.join(asked)}")
    if not asked:
        raise ParameterError("name at least one column that like cases share, the most important first")
    order = ladder or Ladder()
    made = units_of(data, asked, "officer_complaint", order, ("finding", "imposed_penalty"))
    rows = made.table
    if isinstance(criteria, Mapping):
        if case is not None:
            raise ParameterError("give values of a hypothetical case, or case= and the names of columns; not both")
        wanted = {name: str(value) for name, value in criteria.items()}
    elif case is None:
        raise ParameterError("name a case, or give the criteria with the values of a hypothetical one")
    else:
        wanted = _values(rows, case, officer, asked)
        rows = rows.loc[rows["case_id"] != case]
    for name, value in wanted.items():
        held = set(rows[name])
        if name not in widths and value not in held:
            shown = ", ".join(sorted(held)[:12])
            raise ParameterError(f"no officer-complaint has {name} = {value!r}; there are {shown}")
    rows = rows.loc[rows["finding"].eq("sustained").fillna(False)]
    ended = decided(rows["imposed_penalty"])
    agrees = {name: _agrees(rows[name], value, widths.get(name)) for name, value in wanted.items()}
    kept, lines = pd.Series(True, index=rows.index), []
    nested = []
    for name in asked:
        kept = kept & agrees[name]
        nested.append(kept)
        lines.append((name, wanted[name], widths.get(name, np.nan), int((kept & ended).sum())))
    enough = [k for k, line in enumerate(lines) if line[3] >= at_least]
    if not enough:
        few = "fewer than that" if lines[0][3] < min_cell else f"{lines[0][3]:,}"
        raise Refusal(
            f"{at_least:,} sustained officer-complaints with a decided penalty are asked for, and {few} have "
            f"{asked[0]} = {wanted[asked[0]]!r}; put a broader criterion first"
        )
    depth = enough[-1]
    chosen = rows.loc[nested[depth]]
    table = pd.DataFrame(lines, columns=["column", "value", "within", "n"])
    settled = chosen.loc[ended.loc[chosen.index]]
    terms = [*order.order, *(term for term in OFF_LADDER if term != "pending")]
    shares = term_shares(settled["imposed_penalty"], terms, settled, confidence)
    hidden = small_terms(shares, (), "term", min_cell)[0]
    days = pd.DataFrame([suspension_quartiles(chosen, min_cell)])
    return LikeCases(
        estimand=f"penalties of sustained officer-complaints like one, {made.cohort.name}",
        assumptions=(
            f"like means the same {', then '.join(name.replace('_', ' ') for name in asked[: depth + 1])}",
            "what the records do not hold may differ: what was done, and how grave it was",
            ALIKE,
        ),
        method=method_of(settled, shares),
        table=shares.assign(hidden=hidden),
        flow=made.cohort.flow(),
        criteria=table.assign(held=table.index <= depth, hidden=_untold(table["n"].tolist(), depth, min_cell)),
        days=days.assign(hidden=bool(hidden[shares["term"] == "suspension"].any())),
        apart=left_apart({"penalty pending or not recorded": len(chosen) - len(settled)}, min_cell),
        found=len(settled),
        confidence=confidence,
    )


def _values(rows: pd.DataFrame, case: str, officer: str | None, asked: Sequence[str]) -> dict[str, str]:
    own = rows.loc[rows["case_id"] == case]
    if officer is not None:
        own = own.loc[own["officer_id"] == officer]
    if own.empty:
        raise ParameterError(
            f"no officer-complaint of case {case!r} is held" + (" for that officer" if officer else "")
        )
    for name in asked:
        if own[name].nunique() > 1:
            raise ParameterError(f"the {len(own)} officers of case {case!r} differ in {name}: name one with officer=")
    missing = [name for name in asked if own[name].iloc[0] == NOT_RECORDED]
    if missing:
        raise ParameterError(f"case {case!r} has no {missing[0]} on record; leave that criterion out")
    return {name: str(own[name].iloc[0]) for name in asked}


def _agrees(values: pd.Series, value: str, width: float | None) -> pd.Series:
    if width is None:
        return values.eq(value)
    numbers = pd.to_numeric(values, errors="coerce")
    try:
        middle = float(value)
    except ValueError:
        raise ParameterError(f"{values.name} = {value!r} is no number, so within= cannot be used for it") from None
    return (numbers - middle).abs().le(width).fillna(False)


def _untold(counts: Sequence[int], depth: int, min_cell: int) -> list[bool]:
    """Small counts, and those that differ by a small number from one shown: above all, the found."""
    shown = {depth: counts[depth]}
    for k in (*reversed(range(depth)), *range(depth + 1, len(counts))):
        if counts[k] >= min_cell and all(abs(counts[k] - other) not in range(1, min_cell) for other in shown.values()):
            shown[k] = counts[k]
    return [k not in shown for k in range(len(counts))]
