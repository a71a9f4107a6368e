"""Screen the dates of a column: mixed orders of day and month, times in UTC, months printed as days."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.records.onboard.matter import Matter, Texts

_SLASHED: Final = r"^\s*(\d{1,2})([/.-])(\d{1,2})[/.-](?:\d{4}|\d{2})\b"
_ANY_DATE: Final = r"^\s*\d{1,4}[/.-]\d{1,2}[/.-]\d"
_YEAR_FIRST: Final = r"^\s*\d{4}[/.-](\d{1,2})[/.-](\d{1,2})(?!\d)"
_OFFSET: Final = r"\d[Tt ]\s*(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)\s*$"
_TIMED: Final = r"\d[Tt ]\s*\d{1,2}:\d{2}"
_LAYOUTS: Final = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m-%d-%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d")
_SAMPLE: Final = 200
_FEWEST: Final = 20
_HEAPED: Final = 0.6
_A_DAY: Final = {10: 86_400, 13: 86_400_000}


def mixed_order(texts: Texts) -> Matter | None:
    """Find dates that are partly day first and partly month first, or partly converted by a spreadsheet."""
    if texts.number(texts.matching(_ANY_DATE)) < 0.5 * texts.filled:
        return None
    slashed = texts.distinct.str.extract(_SLASHED)
    year_first = texts.distinct.str.extract(_YEAR_FIRST).astype("Float64").fillna(0)
    first, second = (slashed[at].astype("Float64").fillna(0) for at in (0, 2))
    dated, real = first > 0, year_first[0] > 0
    if texts.number(dated | real) < 0.5 * texts.filled or not texts.filled:
        return None
    day_first, month_first = (first > 12) & (second <= 12) & dated, (second > 12) & (first <= 12) & dated
    swapped = (year_first[0] > 12) & (year_first[1] <= 12)
    either = dated & ~day_first & ~month_first
    settle = "ask which rows are in which order; a script under `prepare` can rewrite them once it is known"
    if day_first.any() and month_first.any():
        few = day_first if texts.number(day_first) < texts.number(month_first) else month_first
        what = (
            f"{texts.number(day_first):,} cells can only be day first (%d/%m) and {texts.number(month_first):,} only "
            f"month first (%m/%d); {texts.number(either):,} could be read either way"
        )
        return Matter("mixed_order", texts.name, what, texts.rows(few), settle=settle)
    if swapped.any() and (real & ~swapped).any():
        what = f"{texts.number(swapped):,} cells hold the day before the month after the year, the others do not"
        return Matter("mixed_order", texts.name, what, texts.rows(swapped), settle=settle)
    if dated.any() and real.any():
        low = (year_first[1] <= 12)[real].all()
        days = " and no day above 12" if low else ""
        what = (
            f"{texts.number(real):,} cells are dates of the year-first kind{days} and {texts.number(dated):,} are text "
            f"such as {texts.example(dated)}: a spreadsheet has probably read the cells it could, perhaps with day and "
            "month exchanged"
        )
        few = dated if texts.number(dated) < texts.number(real) else real
        return Matter("mixed_order", texts.name, what, texts.rows(few), settle=settle)
    signs = slashed.loc[dated, 1]
    if signs.nunique() > 1 and either.any() and not (day_first.any() or month_first.any()):
        rare = dated & slashed[1].eq(signs.value_counts().index[-1])
        what = (
            f"two signs stand between the parts of a date ({', '.join(map(repr, signs.unique()))}), and no cell tells"
        )
        return Matter("mixed_order", texts.name, f"{what} the order of day and month", texts.rows(rare), settle=settle)
    return None


def offsets(texts: Texts) -> Matter | None:
    """Find times in UTC that are not midnight, or several UTC offsets: the local day may differ."""
    settle = (
        "`zone: America/New_York` (the agency's) in `date` takes the local day; `strip_time: true` alone keeps the day "
        "printed"
    )
    if not texts.matching(_OFFSET).any():
        return _epoch(texts, settle)
    found = texts.distinct.str.extract(_OFFSET)
    zoned = found[2].notna()
    plain = found[2].str.upper().replace({"Z": "+00", "UTC": "+00", "GMT": "+00"}).str.replace(r":?00$", "", regex=True)
    plain = plain.mask(plain.isin(["", "+", "-"]) & zoned, "+00")
    bare = texts.distinct.str.contains(_TIMED) & ~zoned
    several = sorted(set(plain[zoned])) + (["none"] if bare.any() else [])
    clock = found[0].astype("Float64") * 60 + found[1].astype("Float64")
    awake = (zoned & (clock > 0)).fillna(False).astype(bool)
    if len(several) > 1:
        rare = zoned & plain.eq(plain[zoned].value_counts().index[-1]) if not bare.any() else bare
        what = (
            f"times at {len(several)} distances from UTC ({', '.join(several)}): the day printed may not be the local"
        )
        return Matter("offsets", texts.name, what, texts.rows(rare), settle=settle)
    if not awake.any() or plain[zoned].iloc[0] != "+00":
        return None
    early = (awake & (clock < 8 * 60)).fillna(False).astype(bool)
    return Matter("offsets", texts.name, _utc(texts, awake, early), texts.rows(awake), settle=settle)


def _utc(texts: Texts, awake: pd.Series, early: pd.Series) -> str:
    return (
        f"{texts.number(awake):,} cells have a time in UTC that is not midnight; {texts.number(early):,} of them lie "
        "before 08:00, where the day in America is still the one before"
    )


def _epoch(texts: Texts, settle: str) -> Matter | None:
    """Milliseconds or seconds since 1970 that are not whole days."""
    dated = any(word in texts.name.lower() for word in ("date", "time", "received", "closed", "opened", "_dt"))
    if not dated:
        return None
    width = texts.matching(r"^(?:\d{12,13}|\d{9,10})$")
    if texts.number(width) < max(3, 0.8 * texts.filled):
        return None
    unit = _A_DAY[13 if texts.distinct[width].str.len().median() > 11 else 10]
    rest = pd.to_numeric(texts.distinct.where(width)) % unit
    awake, early = rest.gt(0), rest.gt(0) & rest.lt(unit / 3)
    shifts = rest[awake].nunique()
    if not awake.any() or (shifts <= 2 and not early.any()):
        return None  # one clock time for all, as in winter and in summer: midnight somewhere else
    return Matter("offsets", texts.name, _utc(texts, awake, early), texts.rows(awake), settle=settle)


def heaped(texts: Texts) -> Matter | None:
    """Find dates heaped on one day of the month or year, in all or some months."""
    days = _days(texts)
    known = days.notna().to_numpy()
    if texts.counts[known].sum() < _FEWEST:
        return None
    table = pd.DataFrame({"n": texts.counts[known], "date": days[known]})
    table = table.assign(day=table["date"].dt.day, month=table["date"].dt.to_period("M"))
    annual = table.groupby([table["date"].dt.month, "day"])["n"].sum()
    place: Any = annual.idxmax()
    same = table[(table["date"].dt.month == place[0]) & (table["day"] == place[1])]
    total = int(table["n"].sum())
    if annual.max() >= _HEAPED * total and same["date"].dt.year.nunique() >= 3:
        what = (
            f"{int(annual.max()):,} of {total:,} dates are {same['date'].iloc[0]:%d %B}: the year is known, the day not"
        )
        lie = {"month": int(place[0]), "day": int(place[1]), "precision": "year"}
        return Matter("heaped", texts.name, what, texts.rows(days.isin(same["date"])), lie)
    marks: list[tuple[Any, pd.Series]] = [(int(day), table["day"] == day) for day in sorted(table["day"].unique())]
    marks.append(("last", table["date"].dt.is_month_end))
    found = [(day, stretch) for day, marked in marks if (stretch := _stretch(table, marked)) is not None]
    if not found:
        return None
    day, (start, end, n, of) = max(found, key=lambda item: item[1][2])
    whole = start <= table["month"].min() and end >= table["month"].max()
    span = "" if whole else f" from {start} to {end}"
    what = f"{n:,} of {of:,} dates{span} fall on day {day} of the month: the month is known and the day is not"
    lie = {"day": day, "precision": "month"}
    if not whole:
        lie |= {"since": start.start_time.date(), "before": (end + 1).start_time.date()}
    on = days.dt.is_month_end if day == "last" else days.dt.day.eq(day)
    inside = on & days.between(start.start_time, end.end_time)
    return Matter("heaped", texts.name, what, texts.rows(inside.fillna(False)), lie)


def _stretch(table: pd.DataFrame, marked: pd.Series) -> tuple[Any, Any, int, int] | None:
    """The months over which most dates are marked: first, last, marked dates, all dates; None where there are few."""
    months = table.groupby("month")["n"].sum()
    held = table[marked].groupby("month")["n"].sum().reindex(months.index, fill_value=0)
    score = (held - _HEAPED * months).to_numpy()
    sums = np.concatenate([[0.0], np.cumsum(score)])
    low = np.minimum.accumulate(sums)[:-1]
    stop = int(np.argmax(sums[1:] - low))
    start = int(np.argmin(sums[: stop + 1]))
    part, of = held.iloc[start : stop + 1], months.iloc[start : stop + 1]
    if int((part >= _HEAPED * of).sum()) < 3 or of.sum() < _FEWEST or part.sum() < _HEAPED * of.sum():
        return None
    return part.index[0], part.index[-1], int(part.sum()), int(of.sum())


def _days(texts: Texts) -> pd.Series:
    """The day of each distinct text under the plain layout that reads most; missing where none reads half."""
    none = pd.Series(pd.NaT, index=texts.distinct.index, dtype="datetime64[us]")
    head = texts.distinct.iloc[:_SAMPLE]
    if not len(head) or head.str.contains(r"\d.*\d", regex=True).mean() < 0.5:
        return none
    fits = {layout: _read(head, layout).notna().sum() for layout in _LAYOUTS}
    layout = max(fits, key=lambda key: fits[key])
    return _read(texts.distinct, layout) if fits[layout] >= 0.5 * len(head) else none


def _read(texts: pd.Series, layout: str) -> pd.Series:
    """The days under a layout, times aside; missing outside 1900 to 2100."""
    read = pd.to_datetime(texts.str.strip().str.slice(0, 10).str.rstrip(" T"), format=layout, errors="coerce")
    return read.where(read.dt.year.between(1900, 2100))
