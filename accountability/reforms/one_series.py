"""Sum a panel to one monthly series: values, numbers of cases, and distance to the date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.reforms.panel import Panel
from accountability.results import Refused, plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.monthly_series import Kind

#: Months needed on each side, and more than the season's columns take.
LEAST = 12


@dataclass(frozen=True, eq=False)
class Series:
    """One outcome by month.

    Attributes
    ----------
    months : array of int
        Periods with values.
    values, size : array of float
        Counts with exposure, or shares or means with numbers of cases.
    kind : {"count", "share", "mean"}
    """

    months: Ints
    values: Floats
    size: Floats
    kind: Kind

    def within(self, keep: Any) -> Series:
        """Return the kept months."""
        return Series(self.months[keep], self.values[keep], self.size[keep], self.kind)

    @property
    def counted(self) -> Floats:
        """Number of cases per month."""
        return self.values if self.kind == "count" else self.size


def series_of(
    panel: Panel, outcome: str, of: str | None = None, *, affected: bool | None = None, what: str = "the series"
) -> Series:
    """Sum a panel to one series.

    Parameters
    ----------
    panel : Panel
    outcome : str
        A count per unit and month; with `of`, a share or a mean.
    of : str, optional
        Column of the numbers of cases of a share or mean.
    affected : bool, optional
        Only units ever affected, or only those never affected.
    what : str
        For the message.

    Raises
    ------
    ParameterError
        If it is not a panel, or for an unknown outcome or invalid counts.
    """
    panel = ready(panel, what)
    for name in (outcome, *([of] if of else ())):
        panel.require(name)
    frame = panel.frame
    if affected is not None:
        frame = frame[np.isfinite(frame["cohort"]) == affected]
    frame = frame[frame[outcome].notna() & (frame["exposure"] > 0)]
    if of is None:
        if len(wrong := frame.loc[(frame[outcome] < 0) | (frame[outcome] % 1 != 0), outcome]):
            raise ParameterError(
                f"{what}: {outcome!r} is no count: {len(wrong):,} of its {len(frame):,} values are not whole numbers "
                f"from 0 on, the first {wrong.iloc[0]:g}. Of a share or a mean, name the column of its cases: of='n'"
            )
        by = frame.groupby("period")[[outcome, "exposure"]].sum()
        return _series(by.set_axis(["values", "size"], axis=1), "count")
    frame = frame[frame[of] > 0]
    by = frame.assign(total=frame[outcome] * frame[of], size=frame[of]).groupby("period")[["total", "size"]].sum()
    share = bool(len(frame)) and bool(frame[outcome].between(0, 1).all())
    return _series(by.assign(values=by["total"] / by["size"]), "share" if share else "mean")


def ready(panel: object, what: str) -> Panel:
    """Return the panel, or raise the refusal that replaced it."""
    if isinstance(panel, Refused):
        raise Refusal(panel.because)
    if not isinstance(panel, Panel):
        raise ParameterError(
            f"{what} needs a Panel, and was given a {type(panel).__name__}. Write:\n"
            f"    {what}(reforms.panel_of(data, 'unit', 'complaints', reform=reform), 'complaints')"
        )
    return panel


def mixed(panel: Panel, outcome: str) -> tuple[str, ...]:
    """What has to be said where the units added up are not the same in every month."""
    held = panel.frame[panel.frame[outcome].notna() & (panel.frame["exposure"] > 0)]
    months = held.groupby("unit", observed=True)["period"].nunique()
    part = int((months < held["period"].nunique()).sum())
    if not part:
        return ()
    return (
        f"not observed in every month: {part:,} of {plural(len(months), panel.per)}, so their mix moves the series",
    )


def _series(by: pd.DataFrame, kind: Kind) -> Series:
    return Series(by.index.to_numpy(np.int64), by["values"].to_numpy(float), by["size"].to_numpy(float), kind)


def as_month(periods: Ints) -> Any:
    """Return calendar periods as the first days of months."""
    return periods.astype("datetime64[M]").astype("datetime64[s]")


def change_date(panel: Panel, at: str | int | None, what: str) -> int:
    """Return the period of the change: the given one, or the first affected.

    Raises
    ------
    ParameterError
        If no unit is affected and no month is given, or it is not a month.
    Refusal
        If units are affected at several dates.
    """
    if at is None:
        dates = [one for one in panel.cohorts if np.isfinite(one)]
        if not dates:
            raise ParameterError(f"{what}: no unit of the panel is ever affected; name the month: at='2007-09'")
        if len(dates) > 1:
            raise Refusal(
                f"{what}: {len(dates)} first months ({', '.join(panel.month(one) for one in sorted(dates)[:4])}"
                f"{', …' if len(dates) > 4 else ''}), and one was expected. Write: "
                "reforms.staggered_months(panel, outcome)"
            )
        return int(dates[0])
    try:
        if isinstance(at, str) and panel.calendar:
            return int(pd.Period(at, freq="M").ordinal)
        if int(at) != float(at):
            raise ValueError
        return int(at)
    except (ValueError, TypeError):
        shape = "a month such as '2007-09'" if panel.calendar else "a whole number"
        raise ParameterError(f"{what}: at: expected {shape}, found {at!r}") from None


def left_out(months: Ints, at: int, donut: int | tuple[int, int], anticipated: int, what: str) -> Any:
    """Return which months stay when some before and from the date on are left out.

    Raises
    ------
    ParameterError
        For invalid months.
    Refusal
        If the reform was anticipated for more months than are left out before it.
    """
    if isinstance(donut, (tuple, list)) and len(donut) != 2:
        raise ParameterError(
            f"donut: expected months, or a pair of months before and from the date on, found {donut!r}"
        )
    before, after = donut if isinstance(donut, (tuple, list)) else (donut, donut)
    for number in (before, after):
        check_number("donut", number, 0, 60, "whole months from 0 to 60")
    if before < anticipated:
        raise Refusal(
            f"{what}: the reform is declared to have been acted on {plural(anticipated, 'month')} before its date, "
            f"and {before} "
            f"{'is' if before == 1 else 'are'} left out, so the months before are no measure of what was. Write: "
            f"donut=({anticipated}, {after})"
        )
    return (months < at - before) | (months >= at + after)


def enough(months: Ints, at: int, least: int, what: str, month: Any) -> None:
    """Refuse a series with too few months on a side of the date."""
    before, after = int((months < at).sum()), int((months >= at).sum())
    if min(before, after) < least:
        raise Refusal(
            f"{what}: {plural(before, 'month')} before {month(at)} and {after} from it on are observed; {least} are "
            "needed on "
            "each side, or the season and the trend are told from nothing. Choose a longer release or an earlier date"
        )


def season(months: Ints, pairs: int) -> Floats:
    """Return `pairs` of cosine and sine of a year, half a year and so on."""
    turn = 2 * np.pi * (months[:, None] % 12) / 12
    return np.hstack([np.column_stack([np.cos(k * turn[:, 0]), np.sin(k * turn[:, 0])]) for k in range(1, pairs + 1)]
                     or [np.empty((len(months), 0))])  # fmt: skip


SCALE: dict[str, Literal["ratio", "odds ratio", "difference"]] = {
    "count": "ratio",
    "share": "odds ratio",
    "mean": "difference",
}


def told(kind: Kind, found: dict[str, float], per: float = 1.0) -> dict[str, float]:
    """Return an estimate on its reporting scale: a ratio of counts or odds, or a difference of means."""
    moved = {name: found[name] * per for name in ("estimate", "std_error", "lower", "upper")}
    if kind != "mean":
        ratio = float(np.exp(moved["estimate"]))
        moved = {"estimate": ratio, "std_error": ratio * moved["std_error"]} | {
            end: float(np.exp(min(moved[end], 500.0))) for end in ("lower", "upper")
        }
    return moved | {"p_value": found["p_value"]}
