"""Days between two steps of a case, as bounds: under the chosen reading, and under every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability.casefiles.register import combinations
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.parameters import nearest
from accountability.records.dates import day_bounds
from accountability.results import Result, capitalised
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.casefiles.casefile import CaseFile


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DelayBounds(Result):
    """Fewest and most days between two steps.

    ``table`` has one row a combination of the readings that decide it: a column for each such conflict with its
    reading, ``start`` and ``stop`` (the dates as coded), ``low`` and ``high`` (Int64; missing where the dates give no
    such bound), ``chosen``.

    Attributes
    ----------
    case : str
        The case.
    start, stop : str
        Stages.
    by : tuple of str
        Conflicts whose readings decide the dates.
    low, high : int or None
        Bounds under the chosen reading.
    widest : tuple of (int or None, int or None)
        The lowest and the highest bound under any reading; ``None`` where some reading has no such bound.
    """

    case: str
    start: str
    stop: str
    by: tuple[str, ...]
    low: int | None
    high: int | None
    widest: tuple[int | None, int | None]

    @property
    def chosen(self) -> pd.DataFrame:
        """The row of the chosen reading."""
        return self.table[self.table["chosen"]]

    def under(self, readings: Mapping[str, str]) -> tuple[int | None, int | None]:
        """Bounds under given readings of the conflicts in `by`."""
        for row in self.table.to_dict("records"):
            if all(row[conflict] == readings[conflict] for conflict in self.by):
                return _whole(row["low"]), _whole(row["high"])
        raise ParameterError(f"readings must be given of {', '.join(self.by)}, found {dict(readings)}")

    def labels(self) -> list[str]:
        """Name each row by its readings."""
        rows = self.table[list(self.by)].to_dict("records")
        return [
            ", ".join(f"{conflict}={reading}" for conflict, reading in row.items()) or "the only reading"
            for row in rows
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the bounds, a line a combination of readings, the chosen one marked; an arrow where there is no end."""
        axes = draw.new_axes(ax, width=7.5, height=1.3 + 0.42 * len(self.table))
        ends = self.table[["low", "high"]].max().max()
        far = 1.25 * float(ends)
        for height, row in enumerate(self.table.to_dict("records")):
            colour = draw.COLOURS[0] if row["chosen"] else "0.6"
            known = (not pd.isna(row["low"]), not pd.isna(row["high"]))
            first, last = float(row["low"]) if known[0] else 0.0, float(row["high"]) if known[1] else far
            axes.hlines(height, first, last, color=colour, linewidth=6 if row["chosen"] else 4)
            if not known[1]:
                axes.plot(last, height, marker=">", color=colour, markersize=9)
        axes.set_yticks(range(len(self.table)), [text.replace(", ", "\n") for text in self.labels()])
        axes.invert_yaxis()
        axes.margins(y=0.2)
        axes.set_xlim(0, 1.05 * far)
        axes.set_xlabel(f"days from {self.start} to {self.stop}; an arrow: no longest length")
        return axes

    def sentence(self) -> str:
        """Say the bounds under the chosen reading, and under all."""
        lead = f"from {self.start} to {self.stop} lie {span(self.low, self.high)}"
        if not self.by:
            return capitalised(f"{lead}; no conflict changes that.")
        (row,) = self.chosen[list(self.by)].to_dict("records")
        chosen = ", ".join(f"{conflict}={reading}" for conflict, reading in row.items())
        return capitalised(f"{lead} under {chosen}; under every reading, {span(*self.widest)}.")


def delay_bounds(case: CaseFile, start: str = "opened", stop: str = "penalty_imposed") -> DelayBounds:
    """Bound the days between two steps of a case, under every combination of the readings that date them.

    Parameters
    ----------
    case : CaseFile
        One case.
    start, stop : str
        Stages of :data:`accountability.vocabulary.STAGES`. Where a case has a step several times, the first counts.

    Returns
    -------
    DelayBounds

    Raises
    ------
    ParameterError
        An unknown stage, the same stage twice, or a case file of several cases.
    Refusal
        No reading gives a bound: the message says what no report states.

    Notes
    -----
    The bounds are those of :func:`accountability.records.dates.day_bounds`, the stop taken as not before the start: the
    last possible start to the first possible stop, and the first possible start to the last possible stop.
    """
    name = case.one()
    for stage in (start, stop):
        if stage not in STAGES:
            raise ParameterError(f"no stage {stage!r}. {nearest(stage, STAGES)}")
    if start == stop:
        raise ParameterError(f"start and stop are both {start!r}; no time passes between them")
    by = case.matters(start, stop)
    rows: list[dict[str, Any]] = []
    for combination in combinations(case.register, by):
        events = case.reading(**combination).events
        first, last = _first(events, start), _first(events, stop)
        bounds = day_bounds(first, last, ordered=True)
        low, high = bounds["low"].iloc[0], bounds["high"].iloc[0]
        rows.append(
            {
                **combination,
                "start": first["said"].iloc[0],
                "stop": last["said"].iloc[0],
                "low": low,
                "high": high,
                "chosen": all(case.readings[conflict] == reading for conflict, reading in combination.items()),
            }
        )
    table = pd.DataFrame(rows).astype({"low": "Int64", "high": "Int64"})
    if table[["low", "high"]].isna().all(axis=None):
        raise Refusal(_undated(case, start, stop))
    reversed_ = table[(table["high"] < 0).fillna(False)]
    if len(reversed_):
        row = reversed_.iloc[0]
        raise Refusal(
            f"{name}: {stop} ({row['stop']}) lies before {start} ({row['start']}) for certain in {len(reversed_)} of "
            f"{len(table)} readings; `accountability check {case.source}` lists such orders"
        )
    chosen = table[table["chosen"]].iloc[0]
    return DelayBounds(
        estimand=f"days from {start} to {stop} in {name}",
        assumptions=(
            f"{stop} does not come before {start}",
            "the reports date what they say they date; no day inside an interval is likelier than another",
        ),
        method="bounds of the coded date intervals, once for every combination of the readings that date them",
        table=table,
        case=name,
        start=start,
        stop=stop,
        by=by,
        low=_whole(chosen["low"]),
        high=_whole(chosen["high"]),
        widest=(
            None if table["low"].isna().any() else int(table["low"].min()),
            None if table["high"].isna().any() else int(table["high"].max()),
        ),
    )


def span(low: int | None, high: int | None) -> str:
    """Say bounds in words: ``610 to 1,003 days``."""
    if low is None and high is None:
        return "a number of days that nothing bounds"
    if low is None:
        return f"at most {high:,} days"
    if high is None:
        return f"at least {low:,} days, with no longest length"
    return f"{low:,} days" if low == high else f"{low:,} to {high:,} days"


def _first(events: pd.DataFrame, stage: str) -> pd.DataFrame:
    """The days on which a step first happened can lie, one row."""
    held = events[events["stage"] == stage]
    earliest = pd.NaT if held.empty or held["earliest"].isna().any() else held["earliest"].min()
    said = "; ".join(held["raw_text"].fillna("not dated")) if len(held) else "no such step"
    made = pd.DataFrame({"earliest": [earliest], "latest": [held["latest"].min()], "said": [said]})
    return made.astype({"earliest": "datetime64[s]", "latest": "datetime64[s]"})


def _undated(case: CaseFile, start: str, stop: str) -> str:
    dated = case.every_event.dropna(subset=["earliest", "latest"], how="all")["stage"].unique()
    blocking = case.not_stated[case.not_stated["blocks"].str.contains("delay", case=False)]
    missing = "; ".join((blocking if len(blocking) else case.not_stated)["what"])
    return (
        f"{case.one()}: no reading bounds the days from {start} to {stop} (dated: {', '.join(dated) or 'no step'})."
        + (f" No report says: {missing}." if missing else "")
    )


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
