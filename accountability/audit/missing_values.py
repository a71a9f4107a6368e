"""Missing values by finding: a column filled only for some outcomes biases comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.audit.part import NOT_STATED, Kind, NotHeld, Part, gathered, row_word, stages_held
from accountability.figures.share_bars import matrix
from accountability.privacy import hidden_cells
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.study.occurrences import rows_places, stage_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Filled only where another column has a certain value, so that blanks say nothing.
_PARTIAL: Final = ("closing_reason", "_days", "_days_low", "_days_high")
_KEYS: Final = frozenset({"case_id", "finding", "jurisdiction", "repeats_a_row"})
#: Due only after a finding of some kind; a blank elsewhere is what one expects.
_DUE_WHEN_SUSTAINED: Final = ("recommended_", "imposed_")
_DUE_WHEN_DECIDED: Final = ("recommended_finding", "date: closed")
_STAGES: Final = ("incident", "received", "closed")


def _draw(axes: Axes, part: Part) -> None:
    # The hidden cells of the two-way table are hatched; a share is written in per cent.
    matrix(
        part.table, rows="field", columns="finding", value="share", share="share", label="share missing", ax=axes,
        kind="share",
    )  # fmt: skip


BLANKS: Final = Kind(
    title="Blanks by outcome",
    what="share of rows without a value, by finding, in {name}",
    columns=("field", "finding", "rows", "missing", "share", "due"),
    draw=_draw,
    height=lambda table: max(3.0, 0.3 * table["field"].nunique() + 1.6),
)


@BLANKS
def missing(dataset: Dataset, min_cell: int = 10) -> Part:
    """Count missing values of every coded column by the finding of the row.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Smaller numbers of rows are hidden.

    Returns
    -------
    Part
        ``table``: ``field`` (a coded column, or ``date: stage``), ``finding`` (``not stated`` where there is none;
        findings with few rows are pooled), ``rows``, ``missing`` and ``share`` (hidden where fewer than `min_cell` rows
        are missing or filled, or where such a number could be derived by subtraction), ``due`` (whether a value is
        expected: a penalty after a sustained finding, a closing date and a recommended finding once decided).

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.missing(load("synthetic")).table[["field", "finding", "share"]].head(2)
            field                 finding  share
    0  officer_id           not_sustained    0.0
    1  officer_id  closed_without_finding    0.0
    """
    rows = dataset.allegations
    if "finding" not in rows or not rows["finding"].notna().any():
        raise NotHeld("the release states no finding")
    if len(rows) < min_cell:
        raise NotHeld(f"it would rest on fewer than {min_cell} rows")
    finding = gathered(rows["finding"], min_cell, NOT_STATED)
    names = list(finding.value_counts().sort_index().sort_values(ascending=False, kind="stable").index)
    group = pd.Categorical(finding, names).codes
    size = np.bincount(group, minlength=len(names))
    frames = []
    for field, blank in _blanks(dataset).items():
        gone = np.bincount(group[blank], minlength=len(names))
        hidden = pd.Series(hidden_cells(np.column_stack([gone, size - gone]), min_cell).any(axis=1))
        frames.append(
            pd.DataFrame(
                {
                    "field": field,
                    "finding": pd.Series(names, dtype="str"),
                    "rows": size,
                    "missing": pd.Series(gone, dtype="Int64").mask(hidden),
                    "share": pd.Series(gone / size, dtype="Float64").mask(hidden),
                    "due": [_due(field, name) for name in names],
                }
            )
        )
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(BLANKS.columns))
    return BLANKS.of(
        dataset,
        table,
        _said(table, row_word(dataset), size.sum()),
        assumptions=(
            f"one row is one {row_word(dataset)}",
            "columns that hold only where another has a certain value (reasons of closing, days) are left out",
            "columns of the complaint are repeated on each of its rows",
        ),
        method=f"counts; numbers below {min_cell} and those that would give them away are not shown",
    )


def _blanks(dataset: Dataset) -> dict[str, np.ndarray]:
    """For each field, whether each row of the allegations has no value."""
    rows, cases = dataset.allegations, dataset.cases
    fields = {str(name): rows[name].isna().to_numpy(bool) for name in rows if _counts(str(name))}
    place = rows_places(rows, cases)
    for name in cases:
        if _counts(str(name)) and name not in fields:
            fields[str(name)] = cases[name].isna().to_numpy(bool)[place]
    for stage in stages_held(dataset):
        if stage in _STAGES:
            fields[f"date: {stage}"] = stage_of(dataset, stage).none[place]
    return fields


def _counts(name: str) -> bool:
    return name not in _KEYS and not name.startswith(("raw_", "source_")) and not name.endswith(_PARTIAL)


def _due(field: str, finding: str) -> bool:
    if field.startswith(_DUE_WHEN_SUSTAINED) and field not in _DUE_WHEN_DECIDED:
        return finding == "sustained"
    return finding not in ("pending", NOT_STATED) if field in _DUE_WHEN_DECIDED else True


def _said(table: pd.DataFrame, word: str, total: int) -> str:
    due = table[table["due"] & table["share"].notna()]
    if due.empty:
        return f"No column of the {plural(int(total), word)} can be shown by finding."
    spread = due.groupby("field", sort=False)["share"].agg(["min", "max"])
    gap = spread["max"] - spread["min"]
    full = int((spread["max"] == 0).sum())
    text = f"Of {plural(len(spread), 'field')} of {plural(int(total), word + ' row')}, {full:,} are never blank"
    if float(gap.max()) <= 0:
        return f"{text}; none is blank more often for one finding than for another."
    name = str(gap.idxmax())
    part = due[due["field"] == name]
    ranked = part.sort_values("share", kind="stable")
    high, low = ranked.iloc[-1], ranked.iloc[0]
    return (
        f"{text}; blanks depend most on the outcome in '{name}': missing in {percent(high['share'], 1)} of rows "
        f"{_with(high['finding'])}, {percent(low['share'], 1)} of rows {_with(low['finding'])}."
    )


def _with(finding: str) -> str:
    return "without a stated finding" if finding == NOT_STATED else f"found {finding.replace('_', ' ')}"
