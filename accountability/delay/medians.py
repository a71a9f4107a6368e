"""One row a group from any curve: the median and the share closed by a day, with what bounds them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from accountability.delay.choice import Curve
from accountability.delay.coarse import CoarseCurve
from accountability.delay.counts import pieces, with_groups
from accountability.delay.current_status import CurrentStatusCurve
from accountability.delay.curve import DelayCurve
from accountability.delay.interval import IntervalCurve
from accountability.delay.reverse import ReverseTimeCurve

COLUMNS: Final = (
    "cases",
    "still_open",
    "median",
    "lower",
    "upper",
    "reads",
    "closed_within",
    "within_lower",
    "within_upper",
)


def medians(curve: Curve, within_days: int) -> pd.DataFrame:
    """Read the median and the share closed by a day off a curve.

    Parameters
    ----------
    curve : DelayCurve, CoarseCurve, IntervalCurve, CurrentStatusCurve or ReverseTimeCurve
    within_days : int
        Day of the share closed.

    Returns
    -------
    pandas.DataFrame
        One row a group: its columns; ``cases``, ``still_open``; ``median``, ``lower``, ``upper`` (days, Int64) and
        ``reads``; ``closed_within``, ``within_lower``, ``within_upper`` (shares). Lower and upper are limits of the
        interval or, from an interval-dated curve and from statuses, the fewest and the most that the data allow: the
        median itself is then missing unless the two are equal.
    """
    if isinstance(curve, DelayCurve):
        closed, left = curve.counts.closed.sum(axis=1), curve.counts.left.sum(axis=1)
        return _one_line(curve, closed + left, left, within_days)
    if isinstance(curve, CoarseCurve):
        numbers = curve.convergence
        return _one_line(curve, numbers["cases"].to_numpy(), numbers["still_open_cases"].to_numpy(), within_days)
    if isinstance(curve, IntervalCurve):
        return _coarse(curve, within_days)
    if isinstance(curve, CurrentStatusCurve):
        return _status(curve, within_days)
    return _closed_only(curve, within_days)


def _one_line(curve: DelayCurve | CoarseCurve, cases: np.ndarray, still_open: np.ndarray, day: int) -> pd.DataFrame:
    share = curve.still_open_at([day])
    return curve.quantile(0.5).assign(
        median=lambda frame: frame["day"],
        cases=cases,
        still_open=still_open,
        closed_within=1 - share["still_open"],
        within_lower=1 - share["upper"],
        within_upper=1 - share["lower"],
    )[[*curve.by, *COLUMNS]]


def _coarse(curve: IntervalCurve, day: int) -> pd.DataFrame:
    share = curve.still_open_at([day])
    known = share["lowest"] == share["highest"]
    median = curve.quantile(0.5)
    return median.assign(
        cases=curve.convergence["cases"],
        still_open=curve.convergence["still_open_cases"],
        median=median["earliest"].where(median["earliest"] == median["latest"]),
        lower=median["earliest"],
        upper=median["latest"],
        closed_within=(1 - share["lowest"]).where(known),
        within_lower=1 - share["highest"],
        within_upper=1 - share["lowest"],
    )[[*curve.by, *COLUMNS]]


def _status(curve: CurrentStatusCurve, day: int) -> pd.DataFrame:
    median = curve.quantile(0.5)
    least = (median["after"].fillna(-1) + 1).where(median["by_day"].notna())
    rows = []
    for number, part in pieces(curve.table, curve.rows):
        heights = np.concatenate([[0.0], 1 - part["still_open"].to_numpy(), [1.0]])
        begun = int(np.searchsorted(part["from_age"].to_numpy(), day, side="right"))
        ended = int(np.searchsorted(part["to_age"].to_numpy(), day, side="left"))
        # Between the ages seen the share may be that before or that after; beyond the oldest, anything up to all.
        low, high = heights[begun], heights[min(ended + 1, len(heights) - 1)]
        cases, closed = int(part["cases"].sum()), int(part["closed"].sum())
        rows.append((number, cases, cases - closed, low if low == high else np.nan, low, high))
    numbers, cases_of, still, share, lower, upper = zip(*rows, strict=True)
    columns = {
        "cases": np.array(cases_of),
        "still_open": np.array(still),
        "median": median["by_day"].where(least == median["by_day"]),
        "lower": least,
        "upper": median["by_day"],
        "reads": median["reads"],
        "closed_within": np.array(share),
        "within_lower": np.array(lower),
        "within_upper": np.array(upper),
    }
    return with_groups(curve.groups, numbers, columns)


def _closed_only(curve: ReverseTimeCurve, day: int) -> pd.DataFrame:
    rows = []
    for _, part in pieces(curve.table, curve.rows):
        seen = part[part["day"] <= day]
        ends = ("closed_by", "lower", "upper")
        share = [float(seen[name].iloc[-1]) for name in ends] if len(seen) else [0.0, np.nan, np.nan]
        rows.append((int(part["closed"].sum()), 0, *(share if day < curve.within else [1.0, np.nan, np.nan])))
    cases, still, closed, lower, upper = zip(*rows, strict=True)
    return curve.quantile(0.5).assign(
        cases=cases, still_open=still, median=lambda f: f["day"], closed_within=closed, within_lower=lower,
        within_upper=upper,
    )[[*curve.by, *COLUMNS]]  # fmt: skip
