"""Heaping: dates on the first or last day of a month, and round numbers of penalty days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.audit.closing_days import WEEKDAYS
from accountability.audit.part import Kind, NotHeld, Part, at_least, days_of, stages_held
from accountability.figures import draw
from accountability.privacy import hidden_cells
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.stats.arrays import Days, Flags
from accountability.stats.multiple_tests import holm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL: Final = 0.01
PLACES: Final = ("first of the month", "fifteenth of the month", "last of the month", "first of January")
RATIO: Final = 1.25
FEWEST: Final = 100
LINES: Final = 4
ROUND: Final = (1, 3, 5, 10, 15, 30)
LONGEST: Final = 60


def _draw_dates(axes: Axes, part: Part) -> None:
    # Stages that heap first, then those with most dates; more lines than these cannot be told apart.
    heaped = part.table.groupby("stage", sort=False)["heaped"].any()
    size = part.days.groupby("stage", sort=False)["dates"].sum()
    rank = pd.DataFrame({"heaped": heaped, "size": size}).sort_values(["heaped", "size"], ascending=False)
    shown = part.days[part.days["stage"].isin(rank.index[:LINES])]
    for number, (stage, days) in enumerate(shown.groupby("stage", sort=False)):
        colour, style = draw.COLOURS[number % len(draw.COLOURS)], draw.STYLES[number % len(draw.STYLES)]
        axes.plot(days["day"], days["ratio"], style, color=colour, label=str(stage).replace("_", " "))
    axes.axhline(1, color="0.6", linewidth=0.8)
    axes.set_ylim(bottom=0)
    draw.labelled(axes, "day of the month", "dates over what the calendar explains", y_kind="ratio")
    draw.lines_named(axes)


HEAPING: Final = Kind(
    title="Favoured days",
    what="dates of {name} that fall on favoured days",
    columns=("stage", "place", "dates", "expected", "ratio", "p_value", "heaped"),
    draw=_draw_dates,
    method="days exchanged within year and weekday (three moments, Pearson type III), corrected by Holm; heaped: "
    f"ratio at least {RATIO} and p below {LEVEL}",
    empty={"days": pd.DataFrame()},
)


@HEAPING
def heaping(dataset: Dataset, left_out: Mapping[str, Days] | None = None) -> Part:
    """Test whether dates heap on days of the month.

    Parameters
    ----------
    dataset : Dataset
    left_out : mapping of stage to array of int, optional
        Days (since 1970-01-01) not counted, such as those of mass closings.

    Returns
    -------
    Part
        ``table``: ``stage``, ``place`` (of the month, or a weekday), ``dates``, ``expected``, ``ratio``, ``p_value``
        (of at least as many, with the days of a weekday permuted within their year; corrected by Holm over all places
        of the month), ``heaped`` (a place of the month with a ratio of at least 1.25 and a p-value below 0.01).
        Weekdays have no p-value, because offices close on some. ``days``: ``stage``, ``day`` (of the month), ``dates``,
        ``expected``, ``ratio``.

    Notes
    -----
    Expected numbers spread each year's dates on a weekday evenly over the days of that kind, so that neither years nor
    closed days look like heaping. Days are permuted instead of dates, because dates come in batches: the sum over the
    days of a place has the mean, variance and skewness of this permutation, and a Pearson type III distribution. Only
    dates known to the day count, for stages with at least 100 of them.

    Examples
    --------
    >>> from accountability import audit, load
    >>> bool(audit.heaping(load("synthetic")).table["heaped"].any())
    False
    """
    out = left_out or {}
    frames, spreads = [], []
    for stage in stages_held(dataset):
        day = days_of(dataset, stage)["day"].to_numpy()
        day = day[~np.isin(day, out.get(stage, np.empty(0, np.int64)))]
        if len(day) >= FEWEST:
            table, spread = _stage(day)
            frames.append(table.assign(stage=stage))
            spreads.append(spread.assign(stage=stage))
    if not frames:
        raise NotHeld(f"no stage has {FEWEST} usable dates known to the day")
    table = pd.concat(frames, ignore_index=True)
    table["p_value"] = holm(table["p_value"].to_numpy(float))
    table["heaped"] = (table["p_value"] < LEVEL) & (table["ratio"] >= RATIO)
    days = pd.concat(spreads, ignore_index=True)
    return HEAPING.of(
        dataset,
        table,
        _said_dates(table),
        assumptions=(
            "within a year, dates of one weekday fall on its days alike",
            "days of one weekday in one year could be exchanged; dates of one day may belong together",
            *(f"{plural(len(gone), 'day')} left out of '{stage}'" for stage, gone in out.items() if len(gone)),
        ),
        days=days[["stage", "day", "dates", "expected", "ratio"]],
    )


def _stage(day: Days) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places and days of the month of one stage, against the calendar between its first and last date."""
    origin, size = int(day.min()), int(day.max() - day.min()) + 1
    counts = np.bincount(day - origin)
    date = (origin + np.arange(size)).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    of_month = (date - month).astype(np.int64) + 1
    last = (date + np.timedelta64(1, "D")).astype("datetime64[M]") != month
    year = date.astype("datetime64[Y]").astype(np.int64)
    weekday = (origin + np.arange(size) + 3) % 7
    january = (of_month == 1) & (month.astype(np.int64) % 12 == 0)
    expected = _spread(counts, year * 7 + weekday)
    evenly = _spread(counts, year)
    lines: list[dict[str, Any]] = []
    for place, here in zip(PLACES, (of_month == 1, of_month == 15, last, january), strict=True):
        seen, due = int(counts[here].sum()), float(expected[here].sum())
        # Fewer than five expected: too few days of the place are covered to say anything.
        chance = exchanged_tail(counts, here, year * 7 + weekday) if due >= 5 else np.nan
        lines.append({"place": place, "dates": seen, "expected": due, "p_value": chance})
    for number, name in enumerate(WEEKDAYS):
        here = weekday == number
        lines.append({"place": name, "dates": int(counts[here].sum()), "expected": float(evenly[here].sum())})
    spread = pd.DataFrame(
        {
            "day": np.arange(1, 32),
            "dates": np.bincount(of_month, counts, minlength=32)[1:].astype(np.int64),
            "expected": np.bincount(of_month, expected, minlength=32)[1:],
        }
    )
    return _ratio(pd.DataFrame(lines)), _ratio(spread)


def exchanged_tail(counts: Days, here: Flags, stratum: Days) -> float:
    """Return the probability of at least as large a sum over the days of a place, with days permuted within strata.

    It uses the first three moments of sampling without replacement, added over strata, and a Pearson type III
    distribution.
    """
    from scipy.special import gammaincc, ndtr

    _, place = np.unique(stratum, return_inverse=True)
    size, taken = np.bincount(place).astype(float), np.bincount(place, here)
    mean = np.bincount(place, counts) / size
    apart = counts - mean[place]
    square, cube = (np.bincount(place, apart**power) for power in (2, 3))
    left = size - taken
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(size > 1, taken * left / (size * (size - 1)) * square, 0.0).sum()
        third = np.where(size > 2, taken * left * (left - taken) / (size * (size - 1) * (size - 2)) * cube, 0.0).sum()
    if variance <= 0:
        return 1.0
    z = float((counts[here].sum() - 0.5 - (taken * mean).sum()) / np.sqrt(variance))
    skew = float(third / variance**1.5)
    if skew < 1e-3:
        return float(ndtr(-z))
    shape = 4 / skew**2
    return float(gammaincc(shape, max(shape + np.sqrt(shape) * z, 0.0)))


def _spread(counts: Days, stratum: Days) -> npt.NDArray[np.float64]:
    """Give every day of a stratum the same share of what the stratum holds."""
    _, place = np.unique(stratum, return_inverse=True)
    return (np.bincount(place, counts) / np.bincount(place))[place]


def _ratio(frame: pd.DataFrame) -> pd.DataFrame:
    expected = frame["expected"].where(frame["expected"] > 0)
    return frame.assign(ratio=frame["dates"] / expected)


def _said_dates(table: pd.DataFrame) -> str:
    stages = table["stage"].nunique()
    heaped = table[table["heaped"]].sort_values(["ratio", "stage"], ascending=[False, True])
    text = f"Of {plural(stages, 'stage')} dated to the day often enough to tell, "
    if heaped.empty:
        text += "none heaps on the first, the fifteenth or the last of the month."
    else:
        parts = [
            f"'{row['stage']}' on the {row['place']} ({row['ratio']:.1f} times what the calendar explains)"
            for row in heaped.head(3).to_dict("records")
        ]
        more = f" and {plural(len(heaped) - 3, 'other place')}" if len(heaped) > 3 else ""
        text += f"{heaped['stage'].nunique()} {'heaps' if heaped['stage'].nunique() == 1 else 'heap'}: "
        text += f"{'; '.join(parts)}{more}."
    rest = table[table["place"].isin(["Saturday", "Sunday"])].groupby("stage", sort=False)[["dates", "expected"]].sum()
    share = (rest["dates"] / rest["expected"]).sort_values(kind="stable")
    return f"{text} Weekends hold least of '{share.index[0]}' ({percent(share.iloc[0], 1)} of an even share)."


def _draw_penalties(axes: Axes, part: Part) -> None:
    groups = list(part.counts.groupby("column", sort=False))
    width = 0.8 / len(groups)
    for number, (column, counts) in enumerate(groups):
        at = counts["days"] + (number - (len(groups) - 1) / 2) * width
        height = counts["penalties"].astype("float64")
        axes.bar(at, height, width=width, color=draw.COLOURS[number], label=column)
    axes.set_xlabel("days")
    axes.set_ylabel("penalties (small counts not shown)")
    draw.key_above(axes)


PENALTIES: Final = Kind(
    title="Round penalties",
    what="days of penalties of {name} in round numbers",
    columns=("column", "days", "penalties", "share", "over_neighbours", "p_value", "heaped"),
    draw=_draw_penalties,
    method="exact binomial test of a day against the two beside it, chance one third, complaints counted once a day, "
    "corrected by Holm; heaped: "
    f"p below {LEVEL}",
    empty={"counts": pd.DataFrame(columns=["column", "days", "penalties"])},
)


@PENALTIES
def penalty_days(dataset: Dataset, min_cell: int = 10) -> Part:
    """Count the days of suspensions and forfeited leave, and test whether round numbers of days are heaped.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Smaller counts, and numbers computed from them, are hidden.

    Returns
    -------
    Part
        ``table``: ``column`` (recommended or imposed), ``days``, ``penalties`` and ``share`` of those with a whole
        number of days (not shown below `min_cell`), ``over_neighbours`` (ratio to the mean of the numbers one day
        below and one above), ``p_value`` (exact, corrected by Holm), ``heaped``. One day has no neighbour below and is
        not tested; where the neighbours' counts are hidden, only ``heaped`` is shown. ``counts``: every number of days
        up to 60 (``column``, ``days``, ``penalties``, missing where too few).

    Notes
    -----
    If a number of days is as common as the mean of its two neighbours, its count is binomial with probability one
    third, given the count of all three. Complaints are counted, once for each number of days: officers of one
    complaint are often given the same. Where counts fall with the number of days along a convex curve, the probability
    is smaller and the test is conservative.

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.penalty_days(load("synthetic")).table[["column", "days", "heaped"]].head(2)
            column  days  heaped
    0  recommended     1   False
    1  recommended     3   False
    """
    rows = dataset.allegations
    frames, counts, seen = [], [], []
    for stem in ("recommended", "imposed"):
        if f"{stem}_days" not in rows:
            continue
        days = rows[f"{stem}_days"].dropna().astype("float64")
        days = days[(days % 1 == 0) & (days > 0)]
        whole = days.astype("int64").to_numpy()
        if len(whole) < min_cell:
            continue
        tally = np.bincount(whole, minlength=max(LONGEST + 2, int(whole.max()) + 1))
        hidden = hidden_cells(tally, min_cell)
        # Officers of one complaint are often given the same days: it counts once in the test.
        each = pd.DataFrame({"case_id": rows["case_id"], "days": days}).dropna().drop_duplicates()["days"]
        complaints = np.bincount(each.astype("int64"), minlength=len(tally))
        frames.append(_round(stem, tally, complaints, hidden, len(whole)))
        shown = pd.Series(tally, dtype="Int64").mask(hidden).iloc[1 : LONGEST + 1]
        counts.append(pd.DataFrame({"column": stem, "days": shown.index, "penalties": shown.array}))
        seen.append((stem, len(whole), int(tally[list(ROUND)].sum())))
    if not frames:
        raise NotHeld(f"fewer than {min_cell} penalties state a whole number of days")
    table = pd.concat(frames, ignore_index=True)
    p = holm(table["p_value"].to_numpy(float))
    table["heaped"] = (p < LEVEL) & ~table["hidden"]
    # A p-value beside the count would give the neighbours away.
    table["p_value"] = pd.Series(p).where(table["over_neighbours"].notna())
    return PENALTIES.of(
        dataset,
        table,
        _said_penalties(table, seen),
        assumptions=(
            "one row is one penalty",
            "penalties of different complaints are independent",
            "without a taste for round numbers, neighbouring days are alike",
        ),
        counts=pd.concat(counts, ignore_index=True),
    )


def _round(stem: str, tally: np.ndarray, complaints: np.ndarray, hidden: np.ndarray, total: int) -> pd.DataFrame:
    at = np.array(ROUND)
    here, beside = tally[at], tally[at - 1] + tally[at + 1]
    tested = (at > 1) & (here + beside > 0)
    hits, trials = complaints[at], complaints[at - 1] + complaints[at] + complaints[at + 1]
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
            "p_value": np.where(tested, at_least(hits, trials, 1 / 3), np.nan),
            "hidden": shut,
        }
    )


def _said_penalties(table: pd.DataFrame, seen: list[tuple[str, int, int]]) -> str:
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
