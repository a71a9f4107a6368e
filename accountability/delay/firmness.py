"""Sensitivity of a median delay to the last day and to the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from accountability.delay.choice import how_long
from accountability.delay.groups import median_of
from accountability.errors import AccountabilityError
from accountability.remembered import remembering
from accountability.study.clocks import as_published
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import as_date

NUMBERS: Final = ("n", "open", "median", "median_lower", "median_upper")


@takes("cohort")
def other_cutoffs(
    cohort: Cohort,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
    years_back: Sequence[int] = (0, 1, 2, 4),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the median delay as it would have been estimated at earlier last days.

    Parameters
    ----------
    cohort : Cohort
    start, stop : str
        The clock.
    cutoff : date, optional
        The last day; the source's own when left out.
    years_back : sequence of int
        Years before `cutoff` at which follow-up is cut.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per last day: ``last_day``, ``n``, ``open``, ``median``, ``median_lower``, ``median_upper`` (days,
        Int64, missing when not reached), ``note`` (why there is no estimate, else empty). Where the end of some case is
        not known, ``median_extreme_lower`` and ``median_extreme_upper``: the median with every such end early, and
        late.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.other_cutoffs(accountability.load("synthetic"), years_back=(0, 2))["median"].tolist()
    [125, 123]
    """
    last = cutoff if cutoff is not None else cohort.card.observed_until
    if last is None:
        return pd.DataFrame(columns=["last_day", *NUMBERS, "note"])
    end = pd.Timestamp(as_date(last, "cutoff"))
    days = [(end - pd.DateOffset(years=back)).date() for back in years_back]
    bare = _bare(cohort)
    with remembering():
        rows = [{"last_day": day.isoformat(), **_median(bare, start, stop, day, confidence)} for day in days]
    return _whole(pd.DataFrame(rows))


@takes("cohort")
def other_clocks(
    cohort: Cohort,
    clocks: Sequence[tuple[str, str]] = (("incident", "closed"), ("received", "closed"), ("opened", "closed")),
    cutoff: dt.date | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the median delay between other stages; clocks whose stages the cohort does not date are left out.

    Returns
    -------
    DataFrame
        ``clock``, ``n``, ``open``, ``median``, ``median_lower``, ``median_upper``, ``note``, and the extremes as in
        :func:`other_cutoffs`.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.other_clocks(accountability.load("synthetic"))["clock"].tolist()
    ['incident to closed', 'received to closed', 'opened to closed']
    """
    dated = set(map(str, cohort.events["stage"].unique()))
    if cohort.published.sampling.rule == "no_closing_date":
        dated.add("closed")  # its findings say whether a case was
    usable = [pair for pair in clocks if set(pair) <= dated]
    bare = _bare(cohort)
    with remembering():
        rows = [
            {"clock": f"{start} to {stop}", **_median(bare, start, stop, cutoff, confidence)} for start, stop in usable
        ]
    return _whole(pd.DataFrame(rows)) if rows else pd.DataFrame(columns=["clock", *NUMBERS, "note"])


def _bare(cohort: Cohort) -> Cohort:
    """The cohort with nothing of its cases but their ids: their other columns would be copied for every estimate."""
    return replace(cohort, cases=cohort.cases[["case_id"]])


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Days as whole numbers, the note last."""
    days = [name for name in table if name in NUMBERS or "_extreme_" in str(name)]
    return table.astype(dict.fromkeys(days, "Int64"))[[name for name in table if name != "note"] + ["note"]]


def _median(cohort: Cohort, start: str, stop: str, cutoff: dt.date | str | None, confidence: float) -> dict[str, Any]:
    counted = list(NUMBERS)
    try:
        spells = as_published(cohort, start=start, stop=stop, cutoff=cutoff)
        curve = how_long(spells, confidence=confidence).curve
        found = median_of(curve)
    except AccountabilityError as why:
        return {**dict.fromkeys(counted, pd.NA), "note": str(why).splitlines()[0].split(": ")[0]}
    extremes = curve.median().filter(like="extreme_").add_prefix("median_").iloc[0]
    return {**{name: found[name] for name in counted}, **{str(k): v for k, v in extremes.items()}, "note": ""}
