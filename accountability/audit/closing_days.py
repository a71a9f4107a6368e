"""Days on which many cases were closed together: the paper closed then, the work may have ended long before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.audit.part import CASE_FILES, Part, days_of, flow_of, is_case_files
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.stats.arrays import Days, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


WEEKS: Final = 13  # on each side: about a season, so that the rate may move and still rests on many days
LEAST: Final = 10
LEVEL: Final = 0.01
_ROUNDS: Final = 25
_FAR: Final = 10  # times the median: only where marking starts
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COLUMNS = ("day", "weekday", "closings", "expected", "probability", "by_the_rule", "by_the_count")
RULE: Final = (
    f"a day is marked when at least {LEAST} cases closed and so many or more have a chance below {LEVEL} over the "
    f"number of days (Bonferroni) under a negative binomial; its mean is that of the same weekday in the {WEEKS} weeks "
    "before and after, marked days left out, its dispersion that of all unmarked days by moments; marking starts from "
    "the median in place of the mean and is repeated until it settles"
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MassClosures(Part):
    """Days with many closings.

    ``table``: one row a marked day, most closings first: ``day``, ``weekday``, ``closings`` (cases whose first usable
    closing date it is), ``expected``, ``probability`` (of so many or more), ``by_the_rule`` (see ``method``),
    ``by_the_count`` (more than the number asked for).

    Attributes
    ----------
    days : DataFrame
        Every day between the first and the last closing: ``day``, ``closings``, ``expected``, ``probability``,
        ``marked``.
    many : int
        Days with more closings than this are listed whatever is expected.
    """

    days: pd.DataFrame
    many: int

    def _draw(self, axes: Axes) -> Axes:
        rest, top = self.days[~self.days["marked"]], self.days[self.days["marked"]]
        axes.plot(rest["day"], rest["closings"], ".", markersize=2, color="0.6", label="other days")
        axes.plot(top["day"], top["closings"], "o", markersize=4, color=draw.COLOURS[1], label="far above expectation")
        if self.days["closings"].max() > self.many:
            axes.axhline(self.many, color="0.3", linewidth=0.8, linestyle="--", label=f"{self.many} closings")
        axes.set_ylim(bottom=0)
        axes.set_ylabel("cases closed on the day")
        axes.legend(frameon=False)
        return axes

    def without_marked(self) -> Days:
        """Day numbers (since 1970-01-01) that are marked by the rule, to leave out elsewhere."""
        if self.days.empty:
            return np.empty(0, dtype=np.int64)
        marked = self.days.loc[self.days["marked"], "day"]
        return np.asarray(marked.to_numpy().astype("datetime64[D]").astype(np.int64))


def mass_closures(dataset: Dataset, many: int = 150) -> MassClosures:
    """Find the days on which far more cases closed than on comparable days.

    Parameters
    ----------
    dataset : Dataset
    many : int
        Days with more closings than this are listed as well.

    Returns
    -------
    MassClosures

    Notes
    -----
    On days that differ by chance alone, with the mean and dispersion of the rule, the chance that any is marked is
    about one in a hundred. A marked day says that cases were closed together, not why.
    """
    what = f"days on which {dataset.name} closed many cases together"
    empty = pd.DataFrame(columns=["day", "closings", "expected", "probability", "marked"])
    if is_case_files(dataset):
        return MassClosures.without(what, CASE_FILES, COLUMNS, days=empty, many=many)
    went = days_of(dataset, "closed").groupby("case_id")["day"].min().to_numpy()
    if not len(went):
        return MassClosures.without(what, "no closing is dated to the day", COLUMNS, days=empty, many=many)
    first = int(went.min())
    counts = np.bincount(went - first)
    expected, chance, marked = unusual(counts)
    day = (first + np.arange(len(counts))).astype("datetime64[D]")
    days = pd.DataFrame(
        {
            "day": day.astype("datetime64[s]"),
            "closings": counts,
            "expected": expected,
            "probability": chance,
            "marked": marked,
        }
    )
    # 1970-01-01, day 0, was a Thursday.
    weekday = pd.Series([WEEKDAYS[(first + i + 3) % 7] for i in range(len(counts))], dtype="str")
    table = days.assign(weekday=weekday, by_the_rule=marked, by_the_count=counts > many)
    table = table.loc[table["by_the_rule"] | table["by_the_count"], list(COLUMNS)]
    table = table.sort_values(["closings", "day"], ascending=[False, True], ignore_index=True)
    return MassClosures(
        estimand=what,
        assumptions=(
            "the first usable closing date of a case counts, and it is known to the day",
            "the number of closings on a weekday changes slowly over the months",
            "days are independent of one another",
        ),
        method=RULE,
        table=table,
        flow=flow_of(dataset),
        said=_said(table, days, many),
        days=days,
        many=many,
    )


def unusual(counts: Days) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Mark the days of a daily series that are far above the same weekday around them.

    Parameters
    ----------
    counts : array of int
        One number a day, no day left out.

    Returns
    -------
    expected : array of float
        Mean of the same weekday in the weeks before and after, marked days left out.
    probability : array of float
        Chance of so many or more.
    marked : array of bool
    """
    limit = LEVEL / len(counts)
    # Marked days next to one another would hide each other in a mean; a median they do not move.
    expected = _median_around(counts)
    marked = counts > _FAR * expected
    seen: set[bytes] = set()
    for _ in range(_ROUNDS):
        if marked.tobytes() in seen:
            break
        seen.add(marked.tobytes())
        expected = _around(counts, marked)
        chance = _tail(counts, expected, _dispersion(counts, expected, marked))
        marked = (counts >= LEAST) & (chance < limit)
    return expected, chance, marked


def _median_around(counts: Days) -> Floats:
    """Median of the same weekday in the weeks on both sides, half a closing added."""
    shifted = np.full((2 * WEEKS, len(counts)), np.nan)
    for week in range(1, WEEKS + 1):
        shift = 7 * week
        if shift < len(counts):
            shifted[2 * week - 2, shift:] = counts[:-shift]
            shifted[2 * week - 1, :-shift] = counts[shift:]
    median = np.zeros(len(counts))
    some = ~np.isnan(shifted).all(axis=0)
    median[some] = np.nanmedian(shifted[:, some], axis=0)
    return median + 0.5


def _around(counts: Days, marked: npt.NDArray[np.bool_]) -> Floats:
    """Mean of the same weekday in the weeks on both sides; half a closing is added, so that it is never zero."""
    used = ~marked
    total, number = np.zeros(len(counts)), np.zeros(len(counts))
    for week in range(1, WEEKS + 1):
        shift = 7 * week
        if shift >= len(counts):
            break
        taken = np.where(used, counts, 0)
        total[shift:] += taken[:-shift]
        number[shift:] += used[:-shift]
        total[:-shift] += taken[shift:]
        number[:-shift] += used[shift:]
    return (total + 0.5) / np.maximum(number, 1)


def _dispersion(counts: Days, expected: Floats, marked: npt.NDArray[np.bool_]) -> float:
    """Dispersion of a negative binomial by moments: variance = mean + dispersion * mean squared."""
    x, mean = counts[~marked].astype(float), expected[~marked]
    return max(float((((x - mean) ** 2) - mean).sum() / (mean**2).sum()), 0.0) if len(x) else 0.0


def _tail(counts: Days, expected: Floats, dispersion: float) -> Floats:
    from scipy.special import betainc, gammainc

    some = np.maximum(counts, 1).astype(float)
    if dispersion < 1e-9:
        tail = gammainc(some, expected)
    else:
        size = 1 / dispersion
        tail = betainc(some, size, expected / (size + expected))
    return np.asarray(np.where(counts == 0, 1.0, tail))


def _said(table: pd.DataFrame, days: pd.DataFrame, many: int) -> str:
    ruled, listed = table[table["by_the_rule"]], table[table["by_the_count"]]
    total = int(days["closings"].sum())
    text = f"{plural(len(listed), 'day')} with more than {many:,} closings"
    if ruled.empty:
        return f"{text}; no day stands far above the same weekday in the weeks around it."
    top = ruled.iloc[0]
    expected = f"{top['expected']:.1f}" if top["expected"] >= 0.1 else "less than 0.1"
    text += (
        f"; {plural(len(ruled), 'day')} far above the same weekday in the weeks around, with "
        f"{percent(ruled['closings'].sum() / total, 1)} of all closings. The largest is {top['weekday']} "
        f"{top['day']:%Y-%m-%d}: {int(top['closings']):,} closings, {expected} expected."
    )
    return text
