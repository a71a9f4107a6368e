"""Dates that fall on the first, the fifteenth or the last of the month more often than the calendar explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.audit.closing_days import WEEKDAYS
from accountability.audit.part import CASE_FILES, Part, at_least, days_of, flow_of, holm, is_case_files, stages_held
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.stats.arrays import Days

if TYPE_CHECKING:
    from matplotlib.axes import Axes


PLACES: Final = ("first of the month", "fifteenth of the month", "last of the month", "first of January")
RATIO: Final = 1.25
LEVEL: Final = 0.01
FEWEST: Final = 100
LINES: Final = 4
COLUMNS = ("stage", "place", "dates", "expected", "ratio", "p_value", "heaped")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Heaping(Part):
    """How often dates fall on places of the calendar that people and programs like.

    ``table``: ``stage``, ``place`` (of the month, or a weekday), ``dates``, ``expected``, ``ratio``, ``p_value``
    (exact, of so many or more; corrected by Holm over all places of the month), ``heaped`` (a place of the month with
    a ratio of at least 1.25 and a p-value below 0.01). Weekdays have no p-value: offices keep days of rest.

    Attributes
    ----------
    days : DataFrame
        ``stage``, ``day`` (of the month), ``dates``, ``expected``, ``ratio``.
    """

    days: pd.DataFrame

    def _draw(self, axes: Axes) -> Axes:
        # Stages that heap first, then those with most dates; more lines than these cannot be told apart.
        heaped = self.table.groupby("stage", sort=False)["heaped"].any()
        size = self.days.groupby("stage", sort=False)["dates"].sum()
        rank = pd.DataFrame({"heaped": heaped, "size": size}).sort_values(["heaped", "size"], ascending=False)
        shown = self.days[self.days["stage"].isin(rank.index[:LINES])]
        for number, (stage, part) in enumerate(shown.groupby("stage", sort=False)):
            colour, style = draw.COLOURS[number % len(draw.COLOURS)], draw.STYLES[number % len(draw.STYLES)]
            axes.plot(part["day"], part["ratio"], style, color=colour, label=str(stage).replace("_", " "))
        axes.axhline(1, color="0.6", linewidth=0.8)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("day of the month")
        axes.set_ylabel("dates over what the calendar explains")
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return axes


def heaping(dataset: Dataset, left_out: Mapping[str, Days] | None = None) -> Heaping:
    """Compare dates with the calendar they fall on.

    Parameters
    ----------
    dataset : Dataset
    left_out : mapping of stage to array of int, optional
        Days (since 1970-01-01) not counted, such as those of mass closings.

    Returns
    -------
    Heaping

    Notes
    -----
    What is expected keeps the numbers of each weekday in each year as they are and spreads them evenly over the days
    of that kind, so that neither years nor days of rest look like heaping. The binomial test at the mean chance is
    exact for equal chances and errs on the safe side for unequal ones (Hoeffding 1956). Only dates to the day count,
    and stages with at least 100 of them.
    """
    what = f"dates of {dataset.name} that fall on favoured days"
    if is_case_files(dataset):
        return Heaping.without(what, CASE_FILES, COLUMNS, days=pd.DataFrame())
    frames, spreads = [], []
    for stage in stages_held(dataset):
        day = days_of(dataset, stage)["day"].to_numpy()
        day = day[~np.isin(day, (left_out or {}).get(stage, np.empty(0, np.int64)))]
        if len(day) >= FEWEST:
            table, spread = _stage(day)
            frames.append(table.assign(stage=stage))
            spreads.append(spread.assign(stage=stage))
    if not frames:
        return Heaping.without(
            what, f"no stage has {FEWEST} usable dates known to the day", COLUMNS, days=pd.DataFrame()
        )
    table = pd.concat(frames, ignore_index=True)
    table["p_value"] = holm(table["p_value"].to_numpy(float))
    table["heaped"] = (table["p_value"] < LEVEL) & (table["ratio"] >= RATIO)
    days = pd.concat(spreads, ignore_index=True)
    return Heaping(
        estimand=what,
        assumptions=(
            "within a year, dates of one weekday fall on its days alike",
            "dates are independent of one another",
            *(f"{plural(len(v), 'day')} left out of '{k}'" for k, v in (left_out or {}).items() if len(v)),
        ),
        method="exact binomial test given year and weekday, corrected by Holm; heaped: ratio at least "
        f"{RATIO} and p below {LEVEL}",
        table=table[list(COLUMNS)],
        flow=flow_of(dataset),
        said=_said(table),
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
    total = int(counts.sum())
    lines: list[dict[str, Any]] = []
    for place, here in zip(PLACES, (of_month == 1, of_month == 15, last, january), strict=True):
        seen, due = int(counts[here].sum()), float(expected[here].sum())
        # Fewer than five expected: too few days of the place are covered to say anything.
        chance = float(at_least(seen, total, due / total)) if due >= 5 else np.nan
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


def _spread(counts: Days, stratum: Days) -> npt.NDArray[np.float64]:
    """Give every day of a stratum the same share of what the stratum holds."""
    _, place = np.unique(stratum, return_inverse=True)
    return (np.bincount(place, counts) / np.bincount(place))[place]


def _ratio(frame: pd.DataFrame) -> pd.DataFrame:
    expected = frame["expected"].where(frame["expected"] > 0)
    return frame.assign(ratio=frame["dates"] / expected)


def _said(table: pd.DataFrame) -> str:
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
