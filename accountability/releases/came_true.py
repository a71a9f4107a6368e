"""Backtest: compare the estimates of a release with what the next release shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.delay.counts import days_asked
from accountability.delay.product_limit import closing_curve
from accountability.errors import Refusal
from accountability.figures import draw
from accountability.figures.house_style import labelled
from accountability.records.dataset import Dataset
from accountability.releases.corrected_shares import corrected
from accountability.releases.late_closings import recording_lag
from accountability.releases.release_line import require_pair
from accountability.results import Result, percent
from accountability.stats.arrays import Days
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.follow_up import followed
from accountability.study.inputs import takes
from accountability.study.overview import year_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_COLUMNS: Final = (
    *("year", "day", "estimate", "lower", "upper", "realised", "held"),
    *("corrected", "corrected_lower", "corrected_upper", "corrected_held"),
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backtest(Result):
    """Predicted and realised shares closed.

    ``table``: one row per ``year`` of receipt and ``day``: ``estimate``, the share closed by that day in the older
    release, with ``lower`` and ``upper``; ``realised``, the same for the same complaints in the newer release;
    ``held``, whether the interval contains it; ``corrected``, the estimate corrected for late recording with the lag of
    complaints received before the previous year (``corrected_lower``, ``corrected_upper``, ``corrected_held``; missing
    without such a lag); ``n`` complaints. Years of fewer than ten complaints are left out.

    Attributes
    ----------
    medians : DataFrame
        The same for the median days: ``year``, ``estimate``, ``lower``, ``upper``, ``realised``, ``held``, ``n``;
        missing where half was not reached.
    """

    medians: pd.DataFrame
    confidence: float

    @property
    def share_held(self) -> float:
        """Share of the intervals that contain the realised value."""
        return float(self.table["held"].mean())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw realised against predicted shares, with the diagonal of equality."""
        axes = draw.new_axes(ax)
        table = self.table
        margin = [table["estimate"] - table["lower"], table["upper"] - table["estimate"]]
        axes.errorbar(table["estimate"], table["realised"], xerr=margin, fmt="o", color=draw.COLOURS[0], markersize=4)
        axes.plot([0, 1], [0, 1], color=draw.COLOURS[1], linewidth=1)
        fixed = table.dropna(subset="corrected")
        if len(fixed):
            axes.plot(
                fixed["corrected"], fixed["realised"], "s", color=draw.COLOURS[2], label="corrected for late recording"
            )
            axes.plot([], [], "o", color=draw.COLOURS[0], label="as published")
            draw.key_above(axes)
        return labelled(axes, "share closed, predicted", "realised", x_kind="share", y_kind="share")

    def sentence(self) -> str:
        """State how many intervals held, and the largest error."""
        gap = (self.table["realised"] - self.table["estimate"]).abs()
        worst = self.table.iloc[int(gap.to_numpy().argmax())]
        fixed = self.table.dropna(subset="corrected")
        both = int(fixed["corrected_held"].sum())
        also = f" Corrected for late recording, {both} of {len(fixed)} held." if len(fixed) else ""
        return (
            f"{int(self.table['held'].sum())} of {len(self.table)} intervals of {percent(self.confidence)} held what "
            f"the next release shows; the widest miss: of complaints received in {worst['year']}, "
            f"{percent(worst['estimate'], 1)} closed within {worst['day']:,} days was predicted "
            f"({percent(worst['lower'], 1)} to {percent(worst['upper'], 1)}), {percent(worst['realised'], 1)} "
            f"realised.{also}"
        )


@takes("dataset")
def backtest(
    older: Dataset,
    newer: Dataset,
    days: int | Sequence[int] = (180, 365),
    *,
    stop: str = "closed",
    confidence: float = 0.95,
) -> Backtest:
    """Compare the shares closed predicted by a release with those in the next, by year of receipt.

    Parameters
    ----------
    older, newer : Dataset
        The earlier and the later release.
    days : int or sequence of int
        Days of age.
    stop : str
        The stage that ends the clock; it starts with the receipt.
    confidence : float

    Returns
    -------
    Backtest

    Raises
    ------
    Refusal
        If the releases cannot be compared, or no year has ten complaints with that much follow-up.

    Notes
    -----
    The estimate is the closing curve (Kaplan and Meier 1958) of the complaints of a year that are in both releases.

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> from accountability.results import or_refusal
    >>> data = accountability.load("synthetic")
    >>> or_refusal(lambda: releases.backtest(data, data)).because[:27]
    'synthetic covers up to 2020'
    """
    keys = require_pair(older, newer, "backtest")
    asked = days_asked([days] if isinstance(days, int) else days)
    both = [durations(one, "received", stop) for one in (older, newer)]
    begun = year_of(Cohort.of(older), "received", which="first")
    year = pd.Series(begun.to_numpy(), index=older.cases["case_id"].to_numpy()).reindex(keys).dropna()
    rows, halves = [], []
    for one in sorted(year.unique()):
        inside = set(year.index[year == one])
        parts = [replace(d, table=d.table[d.table["case_id"].isin(inside)], unended=None) for d in both]
        common = set(parts[0].table["case_id"]) & set(parts[1].table["case_id"])
        if len(common) < 10:
            continue
        parts = [replace(d, table=d.table[d.table["case_id"].isin(common)].reset_index(drop=True)) for d in parts]
        curves = [closing_curve(part, confidence=confidence) for part in parts]
        found = [curve.true_at(asked.tolist()) for curve in curves]
        made = found[0][["day", "estimate", "lower", "upper"]].assign(
            year=int(one), realised=found[1]["estimate"].to_numpy(), n=len(common)
        )
        rows.append(made.join(_corrected(older, newer, parts[0], int(one), asked, stop, confidence)))
        half = [curve.median()[["estimate", "lower", "upper"]].astype("float64").to_numpy()[0] for curve in curves]
        halves.append([int(one), *half[0], half[1][0], len(common)])
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    table = table.dropna(subset=["estimate", "realised"]) if len(table) else table
    if not len(table):
        raise Refusal(f"no year of receipt has ten complaints that {older.name} watched for {asked.min():,} days")
    closed = {"estimate": 1 - table["estimate"], "lower": 1 - table["upper"], "upper": 1 - table["lower"]}
    table = table.assign(**closed, realised=1 - table["realised"]).reset_index(drop=True)
    near = 1e-9
    table["held"] = _holds(table, "", near)
    table["corrected_held"] = _holds(table, "corrected_", near).astype("boolean").mask(table["corrected"].isna())
    medians = pd.DataFrame(halves, columns=["year", "estimate", "lower", "upper", "realised", "n"])
    known = medians[["estimate", "realised"]].notna().all(axis=1)
    medians["held"] = _holds(medians.fillna({"upper": np.inf}), "", near).astype("boolean").mask(~known)
    backtested = Backtest(
        estimand=f"share closed, as {older.name} had it and as {newer.name} shows it",
        assumptions=("what the later release shows is how it was",),
        method="closing curve by year of receipt (Kaplan-Meier) of the complaints in both releases",
        table=table[[*_COLUMNS, "n"]],
        medians=medians,
        confidence=confidence,
    )
    return followed(backtested, both[0], None)


def _holds(table: pd.DataFrame, of: str, near: float) -> pd.Series:
    return (table["realised"] >= table[f"{of}lower"] - near) & (table["realised"] <= table[f"{of}upper"] + near)


def _corrected(
    older: Dataset, newer: Dataset, part: Durations, year: int, asked: Days, stop: str, confidence: float
) -> pd.DataFrame:
    """The year's shares corrected by the lag of complaints received before the year before it; missing without one."""
    names = ["corrected", "corrected_lower", "corrected_upper"]
    try:
        lag = recording_lag(older, newer, received_before=f"{year - 1}-01-01", stop=stop, draws=2)
        found = corrected(part, lag, asked.tolist(), draws=200, confidence=confidence).table
    except Refusal:
        return pd.DataFrame(np.nan, index=range(len(asked)), columns=names)
    return found[["estimate", "lower", "upper"]].set_axis(names, axis=1)
