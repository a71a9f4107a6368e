"""The base class of all curves of delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.delay.counts import days_asked, label_of, pieces, shares_asked, stacked, with_groups
from accountability.privacy import MIN_CELL, coarse_steps, disclose
from accountability.records.case_ends import ends_unknown
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.arrays import ROUNDING, Flags, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_REACHED: Final = "not reached"
#: Days at which a curve is printed, as far as it was watched.
PRINTED_DAYS: Final = (30, 90, 180, 365, 730, 1095, 1825)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Curve(Result):
    """Share of cases by days since the start: the share still open or, with closed cases only, the share closed.

    A curve by groups shows steps of at least ten closings, and no group of fewer than ten cases; ``true_numbers()``
    gives every day.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    clock : str
        The clock.
    cases : pandas.DataFrame
        One row per group: its columns, ``n``, ``events`` (closings), ``open``.
    rows : tuple of int
        Rows of the true table in each group.
    confidence : float or None
        Level of the intervals; None where ``lower`` and ``upper`` are bounds from coarse dates, without sampling error.
    few : array of bool
        Which groups are too small to show.
    ends : tuple of Curve
        Where the end of some case is not known, or is smoothed over coarse dates: the curve with every such end as
        early, and as late, as possible. :meth:`at`, :meth:`quantiles` and the sentence then give both as bounds. Else
        empty.
    """

    by: tuple[str, ...]
    clock: str
    cases: pd.DataFrame
    rows: tuple[int, ...]
    confidence: float | None
    few: Flags = field(init=False)
    ends: tuple[Curve, ...] = field(init=False, default=())

    drawn_until: ClassVar[int | None] = None
    dates: ClassVar[str] = ""
    x_label: ClassVar[str] = "days"
    y_label: ClassVar[str] = "share still open"

    def __post_init__(self) -> None:
        shown = disclose(self.cases, counts=("n", "events", "open"), keep=self.by) if self.by else self.cases
        object.__setattr__(self, "few", shown["n"].isna().to_numpy(dtype=bool))
        super().__post_init__()
        self._hide("cases", shown)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The columns of `by`, one row per group."""
        return self.cases[list(self.by)]

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Thin a curve by groups to steps of at least ten closings."""
        if not self.by:
            return table
        if self.few.any():
            table = table.astype({name: "Int64" for name, column in table.items() if column.dtype == np.int64})
        if type(self)._in_steps is Curve._in_steps and not self.few.all():
            size, told, rows = self.cases["n"].to_numpy(), ~self.few, np.array(self.rows)
            left = np.repeat(self.cases["open"].to_numpy()[told], rows[told])
            steps = in_steps(table[np.repeat(told, rows)], rows[told], size[told], (left > 0) & (left < MIN_CELL))
            firsts = table.iloc[(np.cumsum(rows) - rows)[self.few & (rows > 0)]][list(self.by)]
            both = [steps.assign(hidden=False), *([firsts.assign(hidden=True)] if len(firsts) else [])]
            return pd.concat(both).sort_index(kind="stable").reset_index(drop=True)
        parts = [
            part.iloc[:1][list(self.by)].assign(hidden=True)
            if self.few[number]
            else self._in_steps(part, self.cases.iloc[number]).assign(hidden=False)
            for number, part in pieces(table, self.rows)
        ]
        shown = pd.concat(parts, ignore_index=True)
        return shown.reindex(columns=[*table.columns, "hidden"])

    def at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the curve at chosen days.

        Parameters
        ----------
        days : sequence of int
            Days of age.

        Returns
        -------
        pandas.DataFrame
            One row per group and day: ``day``; ``estimate``, the share after that day's closings; ``lower``, ``upper``.
            Missing beyond the last day on which any case was watched. The closing curve adds ``at_risk`` (cases watched
            and not yet closed as the day begins). A group's estimates from fewer than ten cases are ``hidden``.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        found = self.true_at(days)
        if not self.by:
            return found
        size = np.repeat(self.true_numbers("cases")["n"].to_numpy(), len(days_asked(days)))
        ends = ["estimate"] if self.confidence is not None else ["lower", "upper"]
        share = found[ends].to_numpy(float)
        few = np.repeat(self.few, len(days_asked(days)))
        return without(found, few | rests_on_few(share, size[:, None]).any(axis=1), (*self.by, "day"))

    def true_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the curve at chosen days with nothing hidden, as :meth:`true_numbers` gives the table."""
        asked = days_asked(days)
        columns = [{"day": asked} | self._at(number, part, asked) for number, part in self._parts()]
        return self._between(stacked(self.groups, columns), "day", lambda curve: curve.true_at(days))

    def quantiles(self, shares: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Return the days by which shares had closed.

        Parameters
        ----------
        shares : float or sequence of float
            Shares closed, between 0 and 1; 0.5 is the median.

        Returns
        -------
        pandas.DataFrame
            One row per group and share: ``share``; ``estimate``, the first day by which at least that share had closed;
            ``lower``, ``upper``, the days at which the curve's pointwise limits cross it (Brookmeyer and Crowley
            1982) or, without intervals, bounds of the day (Int64; missing when not reached); ``reads``, the same in
            words.

        Raises
        ------
        ParameterError
            If a share is not between 0 and 1.
        """
        found = self.true_quantiles(shares)
        few = np.repeat(self.few, len(found) // len(self.few))
        return without(found, few, (*self.by, "share")) if self.by else found

    def median(self) -> pd.DataFrame:
        """Return the day by which half had closed, one row per group."""
        return self.quantiles(0.5)

    def true_quantiles(self, shares: float | Sequence[float]) -> pd.DataFrame:
        """Return the days by which shares had closed with nothing hidden."""
        asked = tuple(shares_asked(shares))
        # A sentence, a title, a table and a picture ask for the same: it is read from the curve once.
        kept = self.__dict__.setdefault("_quantiles", {})
        if asked not in kept:
            kept[asked] = self._true_quantiles(asked)
        found: pd.DataFrame = kept[asked].copy()
        return found

    def _true_quantiles(self, asked: tuple[float, ...]) -> pd.DataFrame:
        parts = self._parts()
        lines = [(share, *self._quantile(number, part, share)) for number, part in parts for share in asked]
        kinds: dict[str, Any] = {"share": "float64", "estimate": "Int64", "lower": "Int64", "upper": "Int64"}
        columns = {
            name: pd.array([line[place] for line in lines], dtype=kind)
            for place, (name, kind) in enumerate([*kinds.items(), ("reads", "str")])
        }
        table = with_groups(self.groups, np.repeat(np.arange(len(parts)), len(asked)), columns)
        return self._between(table, "share", lambda curve: curve.true_quantiles(asked))

    def _between(self, table: pd.DataFrame, key: str, read: Callable[[Curve], pd.DataFrame]) -> pd.DataFrame:
        """The table with the two extremes beside it, where the end of some case is not known."""
        if not self.ends:
            return table
        found: dict[str, Any] = {}
        for name, curve in zip(("extreme_lower", "extreme_upper"), self.ends, strict=True):
            other = read(curve)
            value = _plain(other["estimate"])
            if curve.confidence is None:  # bounds of what is estimated, not limits of an interval about it
                value = np.where(np.isnan(value), _plain(other[name.removeprefix("extreme_")]), value)
            # Without groups, the rows are what was asked.
            if self.by and not other[[*self.by, key]].equals(table[[*self.by, key]]):
                place = self._rows_of(other, key).get_indexer(self._rows_of(table, key))
                value = np.where(place < 0, np.nan, value[place])
            found[name] = _whole_or_unknown(value) if key == "share" else value
        return table.assign(**found)

    def _rows_of(self, table: pd.DataFrame, key: str) -> pd.MultiIndex:
        """Groups and days, one asked for twice told apart."""
        names = table[[*self.by, key]]
        return pd.MultiIndex.from_frame(names.assign(again=names.groupby([*self.by, key]).cumcount()))

    def plot(self, ax: Axes | None = None, *, until: int | None = None) -> Axes:
        """Draw the curve with its interval.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure when left out.
        until : int, optional
            Last day shown. When left out, the closing curve stops on the last day on which at least 1 % of some group's
            cases were still open and watched.

        Returns
        -------
        Axes
            The closing curve has the numbers still open below it; 1 to 9 are written as "<10".
        """
        from accountability.figures.group_curves import Curves

        shown = self._drawn()
        last = self.drawn_until if until is None else until
        return Curves(
            frame=shown,
            by=self.by,
            last=float(shown["day"].max() if last is None else last),
            x=self.x_label,
            y=self.y_label,
            band=self.confidence is not None,
            halves=self.median(),
            **self._beside(),
        ).draw(ax)

    def sentence(self) -> str:
        """Say how many cases there were, how many are open, and when half had closed."""
        said = []
        for (number, part), median in zip(self._parts(), self.true_quantiles(0.5).to_dict("records"), strict=True):
            lead, row = label_of(self.groups, number), self.cases.iloc[number]
            said.append(f"{lead}too few cases to show" if self.few[number] else lead + self._said(row, part, median))
        return capitalised(f"{'; '.join(said)}{self.dates} [{self.clock}].") + self._bounds_said()

    def to_latex(self, days: Sequence[int] | None = None, **options: Any) -> str:
        """Return the curve at chosen days (default :data:`PRINTED_DAYS`) and its quartiles as LaTeX."""
        last = int(self.true_numbers()["day"].max())
        chosen = days if days is not None else [day for day in PRINTED_DAYS if day <= last] or [last]
        parts = [self.at(chosen), *([] if days is not None else [self.quantiles([0.25, 0.5, 0.75])])]
        printed = [Result(estimand="", assumptions=(), method="", table=part).to_latex(**options) for part in parts]
        return "\n".join(printed)

    def _bounds_said(self) -> str:
        """Say which ends are not known, and between which days the median lies wherever they are."""
        if not self.ends or self.states is None:
            return ""
        if not (unknown := ends_unknown(self.states)):
            return ""
        return self._ends_said(f"{capitalised(unknown)}: with all of these as early or as late as possible")

    def _ends_said(self, lead: str) -> str:
        """State the median at both ends of what is not known."""
        said = []
        for number, row in enumerate(self.median().to_dict("records")):
            low, high = (
                NOT_REACHED if pd.isna(day) else f"{day:,}" for day in (row["extreme_lower"], row["extreme_upper"])
            )
            shown = "too few cases to show" if self.few[number] else low if low == high else f"{low} to {high}"
            said.append(f"{label_of(self.groups, number)}{shown}")
        return f" {lead}, the median is {'; '.join(said)} days."

    def figure_title(self) -> str:
        """Return the figure's title; with several groups it names the fastest and the slowest."""
        reached = self.median().dropna(subset="estimate").sort_values("estimate", kind="stable")
        if not self.by or len(reached) < 2:
            return super().figure_title()
        ends = [(plural(int(row["estimate"]), "day"), ", ".join(str(row[name]) for name in self.by))
                for _, row in reached.iloc[[0, -1]].iterrows()]  # fmt: skip
        if ends[0][0] == ends[1][0]:
            return f"Half had closed within {ends[0][0]} in each of {len(reached)} groups"
        return f"Half had closed within {ends[0][0]} ({ends[0][1]}) to {ends[1][0]} ({ends[1][1]})"

    def _said(self, row: pd.Series, part: pd.DataFrame, median: Mapping[Any, Any]) -> str:
        still = "the number still open not shown" if pd.isna(row["open"]) else f"{row['open']:,} still open"
        return f"of {plural(row['n'], 'case')}, {still}, {self._half(part, median, exact=pd.notna(row['open']))}"

    def _half(self, part: pd.DataFrame, median: Mapping[Any, Any], *, exact: bool, about: str = "") -> str:
        if pd.isna(median["estimate"]):
            left = f" ({percent(part['estimate'].iloc[-1])} were still open at its end)" if exact else ""
            return f"half had not closed in the time watched{left}"
        day = plural(int(median["estimate"]), "day")
        return f"half had closed within {about}{day} ({self._ends(median['lower'], median['upper'])})"

    def _ends(self, lower: Any, upper: Any) -> str:
        """The interval of a day in words; where both ends are missing, none exists."""
        level = percent(self.confidence or 0)
        if pd.isna(lower) and pd.isna(upper):
            return f"no {level} interval exists: too few closings, or all on one day"
        return f"{level} interval " + " to ".join(NOT_REACHED if pd.isna(end) else f"{end:,}" for end in (lower, upper))

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        """Each group's number and true rows."""
        return pieces(self.true_numbers(), self.rows)

    def _in_steps(self, part: pd.DataFrame, cases: pd.Series) -> pd.DataFrame:
        """One group's rows as they are shown; no last step leaves fewer than ten open."""
        # Closings of all steps would give the cases left over, where these are few.
        return in_steps(part, [len(part)], [cases["n"]], np.full(len(part), 0 < cases["open"] < MIN_CELL))

    def _at(self, number: int, part: pd.DataFrame, asked: np.ndarray) -> dict[str, Any]:
        """The curve of a group at days: 1 before its first row, missing beyond its last."""
        place = np.searchsorted(part["day"].to_numpy(), asked, side="right") - 1
        before, place = place < 0, np.maximum(place, 0)
        beyond = (asked > part["day"].iloc[-1]) & (part["estimate"].iloc[-1] > 0)
        return {
            name: np.where(beyond, np.nan, np.where(before, 1.0, part[name].to_numpy()[place]))
            for name in ("estimate", "lower", "upper")
        }

    def _quantile(self, number: int, part: pd.DataFrame, share: float) -> tuple[Any, Any, Any, str]:
        """First days on which the curve and its pointwise limits are down to the share that is still open."""
        day, lower, upper = (_first_at_or_below(part, name, 1 - share) for name in ("estimate", "lower", "upper"))
        if day is None:
            return None, lower, upper, NOT_REACHED + ("" if lower is None else f" (interval from {lower:,})")
        ends = " to ".join(NOT_REACHED if end is None else f"{end:,}" for end in (lower, upper))
        ends = "no interval exists" if lower is None and upper is None else ends
        return day, lower, upper, f"{day:,} ({ends})"

    def _drawn(self) -> pd.DataFrame:
        """The rows that are drawn."""
        return self.table.dropna(subset="day") if self.by else self.table

    def _beside(self) -> dict[str, Any]:
        """What is drawn beside the line."""
        return {}


def _first_at_or_below(part: pd.DataFrame, column: str, limit: float) -> int | None:
    values = part[column].to_numpy()
    below = np.flatnonzero(np.nan_to_num(values, nan=np.inf) <= limit + ROUNDING)
    return int(part["day"].iloc[below[0]]) if len(below) else None


def in_steps(table: pd.DataFrame, rows: Iterable[int], cases: Iterable[int], unsaid: Flags | bool) -> pd.DataFrame:
    """Thin curves to steps of ten closings, none of which leaves fewer than ten open; no closings where `unsaid`."""
    events, estimate, stop = table["events"].to_numpy(np.int64), table["estimate"].to_numpy(), 0
    places, sums = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size, whole in zip(rows, cases, strict=True):
        start, stop = stop, stop + size
        own = events[start:stop]
        shown = coarse_steps(own)
        first = np.flatnonzero(np.concatenate([[True], shown[:-1]]))[: shown.sum()]
        many = np.add.reduceat(own, first) if len(first) else own[:0]
        kept = (many >= MIN_CELL) & ~rests_on_few(estimate[start:stop][shown], whole)
        places.append(start + np.flatnonzero(shown)[kept])
        sums.append(many[kept])
    place = np.concatenate(places)
    closings = pd.arrays.IntegerArray(np.concatenate(sums), np.broadcast_to(unsaid, len(table))[place])
    blank = {name: unknown(len(place)) for name in ("at_risk", "last_seen_open") if name in table}
    return table.iloc[place].assign(events=closings, **blank)


def rests_on_few(share: Floats, cases: Any) -> Flags:
    """Return whether a share stands for 1 to 9 cases, or for all but 1 to 9."""
    number = np.rint(np.stack([share, 1 - share]) * cases)
    return np.asarray(((number > 0) & (number < MIN_CELL)).any(axis=0))


def _plain(column: pd.Series) -> Floats:
    """A column of numbers, those missing as NaN."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _whole_or_unknown(days: Floats) -> pd.arrays.IntegerArray:
    missing = np.isnan(days)
    return pd.arrays.IntegerArray(np.where(missing, 0, days).astype(np.int64), missing)


def unknown(size: int) -> pd.arrays.IntegerArray:
    """Return a column of missing whole numbers."""
    return pd.arrays.IntegerArray(np.zeros(size, np.int64), np.ones(size, bool))


def without(table: pd.DataFrame, hidden: Flags, keep: Sequence[str]) -> pd.DataFrame:
    """Return the table with the numbers of some rows set to missing."""
    ints = {name: "Int64" for name, column in table.items() if column.dtype == np.int64 and name not in keep}
    shown = table.astype(ints) if hidden.any() else table.copy()
    numbers = [str(name) for name in shown if name not in keep]
    shown[numbers] = shown[numbers].mask(pd.Series(hidden, index=shown.index), axis=0)
    return shown.assign(hidden=hidden)
