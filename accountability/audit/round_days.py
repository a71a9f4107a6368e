"""Penalties in round numbers of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.audit.part import CASE_FILES, Part, at_least, flow_of, holm, is_case_files
from accountability.figures import draw
from accountability.privacy import hidden_cells
from accountability.records.dataset import Dataset
from accountability.results import percent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUND: Final = (1, 3, 5, 10, 15, 30)
LEVEL: Final = 0.01
COLUMNS = ("column", "days", "penalties", "share", "over_neighbours", "p_value", "heaped")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltyDays(Part):
    """How often penalties have a round number of days.

    ``table``: ``column`` (recommended or imposed), ``days``, ``penalties`` and ``share`` of those with a whole number
    of days (not shown below `min_cell`), ``over_neighbours`` (ratio to the mean of the numbers one day below and one
    above), ``p_value`` (exact, corrected by Holm), ``heaped``. One day has no neighbour below and is not tested; where
    the neighbours are too few to be shown, only the verdict is.

    Attributes
    ----------
    counts : DataFrame
        Every number of days up to 60: ``column``, ``days``, ``penalties`` (missing where too few).
    """

    counts: pd.DataFrame

    def _draw(self, axes: Axes) -> Axes:
        groups = list(self.counts.groupby("column", sort=False))
        width = 0.8 / len(groups)
        for number, (column, part) in enumerate(groups):
            at = part["days"] + (number - (len(groups) - 1) / 2) * width
            height = part["penalties"].astype("float64")
            axes.bar(at, height, width=width, color=draw.COLOURS[number], label=column)
        axes.set_xlabel("days")
        axes.set_ylabel("penalties (small counts not shown)")
        axes.legend(frameon=False)
        return axes


def penalty_days(dataset: Dataset, min_cell: int = 10) -> PenaltyDays:
    """Count the days of suspensions and forfeited leave, and test round numbers against the days beside them.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Smaller counts are not shown, nor what rests on them.

    Returns
    -------
    PenaltyDays

    Notes
    -----
    Were penalties as common on a day as on the mean of the two days beside it, the number on it would be binomial with
    chance one third given the number on all three. Where penalties get rarer with more days ever more slowly, the
    chance is smaller, and the test errs on the safe side.
    """
    what = f"days of penalties of {dataset.name} in round numbers"
    none = pd.DataFrame(columns=["column", "days", "penalties"])
    if is_case_files(dataset):
        return PenaltyDays.without(what, CASE_FILES, COLUMNS, counts=none)
    rows = dataset.allegations
    frames, counts, seen = [], [], []
    for stem in ("recommended", "imposed"):
        if f"{stem}_days" not in rows:
            continue
        days = rows[f"{stem}_days"].dropna().astype("float64")
        whole = days[(days % 1 == 0) & (days > 0)].astype("int64").to_numpy()
        if len(whole) < min_cell:
            continue
        tally = np.bincount(whole, minlength=max(62, int(whole.max()) + 1))
        hidden = hidden_cells(tally, min_cell)
        frames.append(_round(stem, tally, hidden, len(whole)))
        counts.append(_counts(stem, tally, hidden))
        seen.append((stem, len(whole), int(tally[list(ROUND)].sum())))
    if not frames:
        return PenaltyDays.without(
            what, f"fewer than {min_cell} penalties state a whole number of days", COLUMNS, counts=none
        )
    table = pd.concat(frames, ignore_index=True)
    p = holm(table["p_value"].to_numpy(float))
    table["heaped"] = (p < LEVEL) & ~table["hidden"]
    # A p-value beside the count would give the neighbours away.
    table["p_value"] = pd.Series(p).where(table["over_neighbours"].notna())
    return PenaltyDays(
        estimand=what,
        assumptions=("one row is one penalty", "without a taste for round numbers, neighbouring days are alike"),
        method="exact binomial test of a day against the two beside it, chance one third, corrected by Holm; heaped: "
        f"p below {LEVEL}",
        table=table[list(COLUMNS)],
        flow=flow_of(dataset),
        said=_said(table, seen),
        counts=pd.concat(counts, ignore_index=True),
    )


def _round(stem: str, tally: np.ndarray, hidden: np.ndarray, total: int) -> pd.DataFrame:
    at = np.array(ROUND)
    here, beside = tally[at], tally[at - 1] + tally[at + 1]
    tested = (at > 1) & (here + beside > 0)
    # The ratio would give a small number beside it away; the verdict does not.
    shown = tested & ~hidden[at - 1] & ~hidden[at + 1] & (beside > 0)
    shut = hidden[at]
    ratio = np.divide(2 * here, beside, out=np.full(len(at), np.nan), where=shown & ~shut)
    return pd.DataFrame(
        {
            "column": stem,
            "days": at,
            "penalties": pd.Series(here, dtype="Int64").mask(shut),
            "share": pd.Series(here / total, dtype="Float64").mask(shut),
            "over_neighbours": ratio,
            "p_value": np.where(tested, at_least(here, here + beside, 1 / 3), np.nan),
            "hidden": shut,
        }
    )


def _counts(stem: str, tally: np.ndarray, hidden: np.ndarray) -> pd.DataFrame:
    days = np.arange(1, 61)
    return pd.DataFrame(
        {"column": stem, "days": days, "penalties": pd.Series(tally[days], dtype="Int64").mask(hidden[days])}
    )


def _said(table: pd.DataFrame, seen: list[tuple[str, int, int]]) -> str:
    texts = []
    for stem, total, at_round in seen:
        heaped = table.loc[(table["column"] == stem) & table["heaped"], "days"]
        text = f"Of {plural(total, f'{stem} penalty').replace('penaltys', 'penalties')} in whole days, "
        text += f"{percent(at_round / total, 1)} are of {', '.join(map(str, ROUND[:-1]))} or {ROUND[-1]} days"
        text += (
            f", with heaps at {', '.join(map(str, heaped))}."
            if len(heaped)
            else ", with no heap beside the days around."
        )
        texts.append(text)
    return " ".join(texts)
