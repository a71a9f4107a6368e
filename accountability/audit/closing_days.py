"""Days of mass closing: many cases were closed together, and the work may have ended long before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Kind, NotHeld, Part, days_of
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.stats.arrays import Days, Flags, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WEEKS: Final = 13  # on each side: about a season, so that the rate may move and still rests on many days
LEAST: Final = 10
LEVEL: Final = 0.01
CALIBRATED: Final = 0.9  # beyond this quantile the agency's own days say how likely large days are
_ROUNDS: Final = 25
_FAR: Final = 10  # times the median: only where marking starts
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RULE: Final = (
    f"a day is marked when at least {LEAST} cases closed and so many or more have a chance below {LEVEL} over the "
    f"number of days (Bonferroni) under a negative binomial; its mean is that of the same weekday in the {WEEKS} weeks "
    "before and after, marked days left out, its dispersion that of all unmarked days by moments; no chance is smaller "
    "than the tail of the largest tenth of days says, since cases close in batches; marking starts from the median "
    "in place of the mean and is repeated until it settles"
)


def _draw(axes: Axes, part: Part) -> None:
    rest, top = part.days[~part.days["marked"]], part.days[part.days["marked"]]
    axes.plot(rest["day"], rest["closings"], ".", markersize=2, color="0.6", label="other days")
    axes.plot(top["day"], top["closings"], "o", markersize=4, color=draw.COLOURS[1], label="far above expectation")
    if part.days["closings"].max() > part.many:
        axes.axhline(part.many, color="0.3", linewidth=0.8, linestyle="--", label=f"{part.many} closings")
    axes.set_ylim(bottom=0)
    draw.labelled(axes, "day", "cases closed on the day", y_kind="number")
    draw.key_above(axes)


TOGETHER: Final = Kind(
    title="Closed together",
    what="days on which {name} closed many cases together",
    columns=("day", "weekday", "closings", "expected", "p_value", "by_the_rule", "by_the_count"),
    draw=_draw,
    method=RULE,
    empty={
        "days": pd.DataFrame(columns=["day", "closings", "expected", "p_value", "marked"]),
        "marked": np.empty(0, dtype=np.int64),
    },
)


@TOGETHER
def mass_closures(dataset: Dataset, many: int = 150) -> Part:
    """Find days on which far more cases closed than on comparable days.

    Parameters
    ----------
    dataset : Dataset
    many : int
        Days with more closings than this are also listed.

    Returns
    -------
    Part
        ``table``: one row per marked day, most closings first: ``day``, ``weekday``, ``closings`` (cases whose first
        usable closing date it is), ``expected``, ``p_value`` (of at least as many, for one day), ``by_the_rule`` (see
        ``method``), ``by_the_count`` (more than `many`). ``days``: every day between the first and the last closing
        (``day``, ``closings``, ``expected``, ``p_value``, ``marked``). ``marked``: the days marked by the rule, as
        numbers since 1970-01-01.

    Notes
    -----
    If days differ by chance alone, with the mean and dispersion of the rule, any day is marked with a probability of
    about 1 %. A marked day does not show why cases were closed together.

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.mass_closures(load("synthetic")).table[["day", "weekday", "closings"]]
             day weekday  closings
    0 2017-06-30  Friday        71
    """
    went = days_of(dataset, "closed").groupby("case_id")["day"].min().to_numpy()
    if not len(went):
        raise NotHeld("no closing is dated to the day")
    first = int(went.min())
    counts = np.bincount(went - first)
    expected, chance, marked = unusual(counts)
    number = first + np.arange(len(counts))
    day = number.astype("datetime64[D]").astype("datetime64[s]")
    days = pd.DataFrame({"day": day, "closings": counts, "expected": expected, "p_value": chance, "marked": marked})
    # 1970-01-01, day 0, was a Thursday.
    weekday = pd.Series(np.array(WEEKDAYS)[(number + 3) % 7], dtype="str")
    table = days.assign(weekday=weekday, by_the_rule=marked, by_the_count=counts > many)
    table = table[table["by_the_rule"] | table["by_the_count"]]
    table = table.sort_values(["closings", "day"], ascending=[False, True], ignore_index=True)
    return TOGETHER.of(
        dataset,
        table,
        _said(table, days, many),
        assumptions=(
            "the first usable closing date of a case counts, and it is known to the day",
            "the number of closings on a weekday changes slowly over the months",
            "days are independent of one another",
        ),
        days=days,
        marked=number[marked],
        many=many,
    )


def unusual(counts: Days) -> tuple[Floats, Floats, Flags]:
    """Mark days of a daily series that are far above the same weekday in nearby weeks.

    Parameters
    ----------
    counts : array of int
        One number per day, no day left out.

    Returns
    -------
    expected : array of float
        Mean of the same weekday in the weeks before and after, marked days left out.
    p_value : array of float
        Probability of at least as many.
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
        expected = _mean_around(counts, marked)
        chance = _calibrated(_tail(counts, expected, _dispersion(counts, expected, marked)), counts)
        marked = (counts >= LEAST) & (chance < limit)
    return expected, chance, marked


def _around(counts: Floats) -> Floats:
    """The same weekday in each of the weeks before and after, a week a row; missing beyond the ends."""
    shifted = np.full((2 * WEEKS, len(counts)), np.nan)
    for week in range(1, min(WEEKS, (len(counts) - 1) // 7) + 1):
        shifted[2 * week - 2, 7 * week :] = counts[: -7 * week]
        shifted[2 * week - 1, : -7 * week] = counts[7 * week :]
    return shifted


def _median_around(counts: Days) -> Floats:
    """Median of the weeks on both sides, half a closing added."""
    shifted = _around(counts.astype(float))
    some = ~np.isnan(shifted).all(axis=0)
    median = np.zeros(len(counts))
    median[some] = np.nanmedian(shifted[:, some], axis=0)
    return median + 0.5


def _mean_around(counts: Days, marked: Flags) -> Floats:
    """Mean of the weeks on both sides, marked days left out; half a closing is added, so that it is never zero."""
    shifted = _around(np.where(marked, np.nan, counts))
    number = (~np.isnan(shifted)).sum(axis=0)
    return np.asarray((np.nansum(shifted, axis=0) + 0.5) / np.maximum(number, 1))


def _dispersion(counts: Days, expected: Floats, marked: Flags) -> float:
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


def _calibrated(chance: Floats, counts: Days) -> Floats:
    """Hold the chances against the agency's own large days: batches make them likelier than the law says.

    The largest tenth of a weekday's days (of all days, where that is too few) is taken as exponential beyond its
    lower end. Its scale is read from the median, which a few days of mass closing do not move. No day is less likely
    than that tail says.
    """
    out = chance.copy()
    weekday = np.arange(len(counts)) % 7
    whole = _tail_of_own(counts)
    for number in range(7):
        mine = weekday == number
        edge, scale, beyond = _tail_of_own(counts[mine]) or whole or (0.0, 0.0, 0.0)
        if scale:
            own = beyond * np.exp(-np.maximum(counts[mine] - edge, 0) / scale)
            out[mine] = np.maximum(chance[mine], own)
    return out


def _tail_of_own(counts: Days) -> tuple[float, float, float] | None:
    """Lower end and scale of the largest tenth of days, and their share; None where they are too few."""
    if not len(counts):
        return None
    edge = float(np.quantile(counts, CALIBRATED))
    beyond = counts > edge
    if beyond.sum() < 2 * LEAST:
        return None
    # Half a closing, for counts are whole, and about one standard error of a median, so that no short tail is chance.
    scale = (float(np.median(counts[beyond] - edge)) + 0.5) / np.log(2) * (1 + 1 / np.sqrt(beyond.sum()))
    return edge, scale, float(beyond.mean())


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
