"""Questions of delay: the difference in how long cases of two groups stay open.

The measure is the median, or the restricted mean within a horizon, both from the Kaplan-Meier curve (1958).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.multiverse.choices import Choice, one_of
from accountability.multiverse.question import Prepared, Question, summed
from accountability.stats.arrays import Flags, Floats
from accountability.study import clocks
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.occurrences import as_date
from accountability.vocabulary import STAGES

UNITS: Final = ("complaint", "officer_complaint", "allegation")
_TOUCHES: Final = 1e-12


def _maybe_day(option: Any) -> dt.date | None:
    return None if option in (None, "none") else as_date(option, "cutoff")


def _horizon(option: object) -> int:
    if isinstance(option, bool) or not isinstance(option, int) or not 1 <= option <= 10_000:
        raise ParameterError(f"horizon={option!r}: expected a number of days from 1 to 10,000")
    return option


def _prepare(cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
    """Count the days once; refuses where the release allows no closing curve under this clock."""
    timed = clocks.durations(cohort, values["start"], values["stop"], values["cutoff"], days=values["days"])
    delay.closing_curve(timed)  # refuses what no curve may be drawn of, and names what can be had
    if timed.entry_time.any():
        raise Refusal("cases with late entry cannot be permuted between groups")
    weights = _weights(cohort, timed, values["unit"])
    place = np.array([positions[case] for case in timed.table["case_id"]], dtype=np.int64)
    units = summed(place, weights, len(positions))
    horizon = values["horizon"] if values["estimator"] == "restricted_mean" else None
    missing = (
        "in one of the groups fewer than half closed while they were watched"
        if horizon is None
        else f"in one of the groups no case was watched for {horizon} days"
    )
    return Prepared(units, None, _curves(timed, place, weights, horizon), missing)


def _weights(cohort: Cohort, timed: Durations, unit: str) -> Floats:
    if unit == "complaint":
        return np.ones(len(timed))
    held = str(getattr(cohort.card, "unit", ""))
    if held not in UNITS or UNITS.index(unit) > UNITS.index(held):
        raise Refusal(f"a row of this source is one {held!r}, so delays cannot be counted by {unit}")
    rows = cohort.allegations
    if unit == "officer_complaint":
        rows = rows.loc[rows["officer_id"].notna()].drop_duplicates(["case_id", "officer_id"])
    counted = rows.groupby("case_id").size()
    return np.asarray(counted.reindex(timed.table["case_id"]).fillna(0), dtype=np.float64)


def _curves(
    timed: Durations, place: npt.NDArray[np.int64], weights: Floats, horizon: int | None
) -> Callable[[Flags], Floats]:
    end, closed = timed.end, timed.event
    days = max(int(end.max(initial=0)), horizon or 0) + 1

    def counts(inside: Flags) -> tuple[Floats, Floats]:
        shut = inside & closed
        return summed(end[shut], weights[shut], days), summed(end[inside], weights[inside], days)

    everyone = counts(np.ones(len(end), dtype=bool))

    def compare(first: Flags) -> Floats:
        one = counts(first[place])
        other = (everyone[0] - one[0], everyone[1] - one[1])
        return np.array([_number(*one, horizon), _number(*other, horizon)])

    return compare


def _number(closed: Floats, gone: Floats, horizon: int | None) -> float:
    at_risk = gone[::-1].cumsum()[::-1]
    watched = at_risk > 0.5
    if not watched.any():
        return float("nan")
    still = np.cumprod(1 - np.divide(closed, at_risk, out=np.zeros_like(closed), where=watched))
    if horizon is not None:
        # Beyond the last day watched the curve is unknown, unless all had closed by then.
        seen = int(np.flatnonzero(watched)[-1])
        return float(still[:horizon].sum()) if seen >= horizon or still[seen] < _TOUCHES else float("nan")
    reached = still <= 0.5 + _TOUCHES
    return float(np.argmax(reached)) if reached.any() else float("nan")


MEDIAN_DELAY: Final = Question(
    name="median_delay",
    measure="delay",
    unit="days",
    more="longer",
    less="shorter",
    choices={
        "start": one_of("start", tuple(STAGES), "received"),
        "stop": one_of("stop", tuple(STAGES), "closed"),
        "cutoff": Choice(None, _maybe_day),
        "days": one_of("days", ("calendar", "business")),
        # Each complaint once, or once for each officer or allegation in it.
        "unit": one_of("unit", UNITS),
        "estimator": one_of("estimator", ("median", "restricted_mean")),
        "horizon": Choice(730, _horizon),
    },
    prepare=_prepare,
    moot=lambda values: {"horizon"} if values["estimator"] == "median" else set(),
)
