"""Bounds of the days between two steps of a case under every reading, compared with a time limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.casefiles.casefile import CaseFile, of_a_case
from accountability.casefiles.register import combinations
from accountability.delay.deadlines import CANNOT_TELL, IN_TIME, LATE, assess, calendar_days
from accountability.delay.limits import of_source
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.parameters import nearest
from accountability.records.dates import day_bounds
from accountability.results import Result, capitalised
from accountability.study.durations import LONGEST, Durations
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.delay.limits import Limit


_SAID: Final = {LATE: LATE, IN_TIME: IN_TIME, CANNOT_TELL: "it cannot be told"}
NO_LONGEST: Final = "the dates give no longest length"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ByReading(Result):
    """A result with one row per combination of readings; ``chosen`` marks one."""

    @property
    def chosen(self) -> pd.Series:
        """Row of the chosen reading."""
        return self.table[self.table["chosen"]].iloc[0]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DelayBounds(ByReading):
    """Bounds of the days between two steps.

    ``table`` has one row per combination of the readings that affect the dates: one column per such conflict, ``start``
    and ``stop`` (the dates as coded), ``days_lower`` and ``days_upper`` (Int64; missing where there is no bound),
    ``chosen``.

    Attributes
    ----------
    case : str
        The case.
    start, stop : str
        Stages.
    by : tuple of str
        Conflicts whose readings affect the dates.
    days_lower, days_upper : int or None
        Bounds under the chosen reading.
    widest : tuple of (int or None, int or None)
        The lowest and the highest bound under any reading; ``None`` where some reading has no such bound.
    """

    case: str
    start: str
    stop: str
    by: tuple[str, ...]
    days_lower: int | None
    days_upper: int | None
    widest: tuple[int | None, int | None]

    def under(self, readings: Mapping[str, str]) -> tuple[int | None, int | None]:
        """Return the bounds under given readings of the conflicts in `by`."""
        for row in self.table.to_dict("records"):
            if all(row[conflict] == readings[conflict] for conflict in self.by):
                return _whole(row["days_lower"]), _whole(row["days_upper"])
        raise ParameterError(f"readings must be given of {', '.join(self.by)}, found {dict(readings)}")

    def labels(self) -> list[str]:
        """Return a label for each row, from its readings."""
        rows = self.table[list(self.by)].to_dict("records")
        return [
            ", ".join(f"{conflict}={reading}" for conflict, reading in row.items()) or "the only reading"
            for row in rows
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the bounds, one line per combination of readings, the chosen one marked; an arrow means no bound."""
        axes = draw.new_axes(ax, width=7.5, height=1.3 + 0.42 * len(self.table))
        ends = self.table[["days_lower", "days_upper"]].max().max()
        far = 1.25 * float(ends)
        for height, row in enumerate(self.table.to_dict("records")):
            colour = draw.COLOURS[0] if row["chosen"] else "0.6"
            known = (not pd.isna(row["days_lower"]), not pd.isna(row["days_upper"]))
            first, last = float(row["days_lower"]) if known[0] else 0.0, float(row["days_upper"]) if known[1] else far
            axes.hlines(height, first, last, color=colour, linewidth=6 if row["chosen"] else 4)
            if not known[1]:
                axes.plot(last, height, marker=">", color=colour, markersize=9)
        axes.set_yticks(range(len(self.table)), [draw.name_of(text).replace(", ", "\n") for text in self.labels()])
        axes.invert_yaxis()
        axes.margins(y=0.2)
        axes.set_xlim(0, 1.05 * far)
        axes.set_xlabel(f"days from {self.start} to {self.stop}; an arrow: no longest length")
        return axes

    def sentence(self) -> str:
        """State the bounds under the chosen reading, and under all."""
        lead = f"from {self.start} to {self.stop} lie {span(self.days_lower, self.days_upper)}"
        if not self.by:
            return capitalised(f"{lead}; no conflict changes that.")
        chosen = ", ".join(f"{conflict}={self.chosen[conflict]}" for conflict in self.by)
        return capitalised(f"{lead} under {chosen}; under every reading, {span(*self.widest)}.")


@of_a_case
def delay_bounds(case: CaseFile, start: str = "opened", stop: str = "penalty_imposed") -> DelayBounds:
    """Estimate bounds of the days between two steps of a case, under every combination of readings.

    Parameters
    ----------
    case : CaseFile
        One case.
    start, stop : str
        Stages of :data:`accountability.vocabulary.STAGES`. If a case has a step several times, the first counts.

    Returns
    -------
    DelayBounds

    Raises
    ------
    ParameterError
        For an unknown stage, the same stage twice, or a case file of several cases.
    Refusal
        If no reading gives a bound; the message says what the reports do not state.

    Notes
    -----
    The bounds are those of :func:`accountability.records.dates.day_bounds`, with the stop not before the start: from
    the last possible start to the first possible stop, and from the first possible start to the last possible stop.

    Examples
    --------
    >>> from accountability import casefiles
    >>> bounds = casefiles.delay_bounds(casefiles.read("news_cases", "MDPD-2010"))
    >>> bounds.days_lower, bounds.days_upper
    (610, 1003)
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
                "days_lower": low,
                "days_upper": high,
                "chosen": all(case.readings[conflict] == reading for conflict, reading in combination.items()),
            }
        )
    table = pd.DataFrame(rows).astype({"days_lower": "Int64", "days_upper": "Int64"})
    if table[["days_lower", "days_upper"]].isna().all(axis=None):
        raise Refusal(_undated(case, start, stop))
    reversed_ = table[(table["days_upper"] < 0).fillna(False)]
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
        days_lower=_whole(chosen["days_lower"]),
        days_upper=_whole(chosen["days_upper"]),
        widest=(
            None if table["days_lower"].isna().any() else int(table["days_lower"].min()),
            None if table["days_upper"].isna().any() else int(table["days_upper"].max()),
        ),
    )


def span(low: int | None, high: int | None) -> str:
    """State bounds in words: ``610 to 1,003 days``."""
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Verdict(ByReading):
    """The verdict on one case under one limit.

    ``table`` has one row per combination of readings: their columns, ``days_lower``, ``days_upper`` (missing where
    unbounded), ``by_calendar`` (``late``, ``in time`` or ``cannot tell``, if the clock never paused), ``verdict`` (the
    same if it is not known whether the clock paused), ``reason``, ``pause_fewest`` and ``pause_most`` (Int64: days of
    pause needed to keep the limit, at the shortest and longest possible delay), ``chosen``.

    Attributes
    ----------
    rule : Limit
        The limit.
    days : tuple of int
        Fewest and most calendar days of the limit.
    bounds : DelayBounds
        The delay judged.
    rescues : pandas.DataFrame
        Pauses that could make a late case timely under the chosen reading: ``ground``, ``fewest_days``, ``most_days``
        (missing if unbounded), ``what_is_known``.
    missing : pandas.DataFrame
        Facts that no report states, and the questions that need them.
    """

    rule: Limit
    days: tuple[int, int]
    bounds: DelayBounds
    rescues: pd.DataFrame
    missing: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the delay bounds of every reading with the limit as a line."""
        axes = self.bounds.plot(ax)
        draw.limit(axes, self.days[1], f"limit: {self.rule.length}")
        return axes

    def sentence(self) -> str:
        """State the verdict by the calendar and under the rule, and the pause that would make the case timely."""
        row = self.chosen
        law = f"{self.rule.length}" + (f" ({self.rule.citation})" if self.rule.citation else "")
        lasted = span(self.bounds.days_lower, self.bounds.days_upper)
        said = f"Against {law}, {lasted}: {_SAID[row['by_calendar']]} if no clock stopped"
        if row["verdict"] != row["by_calendar"]:
            said += f"; {_SAID[row['verdict']]} while that is not known"
        others = self.table["by_calendar"].unique()
        if len(self.table) > 1:
            said += (
                "; every reading gives the same"
                if len(others) == 1
                else f"; readings differ: {', '.join(_SAID[one] for one in others)}"
            )
        if not pd.isna(row["pause_fewest"]) and row["pause_fewest"] > 0:
            most = "" if pd.isna(row["pause_most"]) else f", or {row['pause_most']:,} if the delay was the longest"
            said += f". Pauses of {row['pause_fewest']:,} days in all would be needed to rescue it{most}"
        return f"{said}."


@of_a_case
def verdict(
    case: CaseFile, rule: Limit | str | int | None = None, start: str = "opened", stop: str = "penalty_imposed"
) -> Verdict:
    """Judge whether a case kept a time limit, under every reading.

    Parameters
    ----------
    case : CaseFile
        One case.
    rule : Limit, name of one in :mod:`accountability.delay.limits`, or a number of calendar days, optional
        The limit; when left out, the one the source of the case declares.
    start, stop : str
        The steps closest to those of the rule.

    Returns
    -------
    Verdict

    Raises
    ------
    ParameterError
        For an unknown limit or stage.
    Refusal
        If no limit is given and the source declares none, the limit has no number, or no reading bounds the delay.

    Notes
    -----
    Each reading is judged by :func:`accountability.delay.deadlines.assess`. This is information, not legal advice.

    Examples
    --------
    >>> from accountability import casefiles
    >>> casefiles.verdict(casefiles.read("news_cases", "MDPD-2010"), 180).chosen["by_calendar"]
    'late'
    """
    law = of_source(case.dataset, rule)
    fewest, most = calendar_days(law)
    bounds = delay_bounds(case, start, stop)
    low = bounds.table["days_lower"].fillna(0).clip(lower=0).astype("int64").to_numpy()
    high = bounds.table["days_upper"].fillna(LONGEST).astype("int64").to_numpy()
    spells = Durations.from_days(low, [True] * len(low), days_upper=high, clock=f"days from {start} to {stop}")
    flat = assess(spells, law, pauses="none").verdicts
    unseen = assess(spells, law, pauses="unknown" if law.pauses else "none").verdicts
    unbounded = (
        bounds.table["days_upper"].isna().to_numpy() & (unseen["verdict"] == CANNOT_TELL).to_numpy() & (low <= most)
    )
    table = bounds.table.drop(columns=["start", "stop", "chosen"]).assign(
        by_calendar=flat["verdict"].astype("str").array,
        verdict=unseen["verdict"].astype("str").array,
        reason=unseen["reason"].astype("str").mask(pd.Series(unbounded), NO_LONGEST).array,
        pause_fewest=(bounds.table["days_lower"] - most).clip(lower=0),
        pause_most=(bounds.table["days_upper"] - fewest).clip(lower=0),
        chosen=bounds.table["chosen"],
    )
    return Verdict(
        estimand=f"whether {bounds.case} was past {law.length}, from {start} to {stop}",
        assumptions=(
            f"the rule times: {law.limits or 'not stated'}; it starts with: {law.starts or 'not stated'}",
            f"the steps dated here, {start} and {stop}, stand for those; where they do not, the days differ",
            "nothing that stops the clock is ruled out by silence of the reports",
        ),
        method=f"each reading against {fewest:,} calendar days"
        if fewest == most
        else f"each reading against {fewest:,} to {most:,} calendar days",
        table=table,
        rule=law,
        days=(fewest, most),
        bounds=bounds,
        rescues=_rescues(table[table["chosen"]].iloc[0], law, stop),
        missing=case.not_stated,
    )


def _rescues(row: pd.Series, law: Limit, stop: str) -> pd.DataFrame:
    """Everything that would make the days counted fewer, with how many days it would have to take away."""
    grounds = [ground.strip() for ground in law.pauses.split(";") if ground.strip()]
    known = ["a pause the rule lists; no step of this case file dates one"] * len(grounds)
    grounds.append(f"what the rule times was done before the {stop} dated here")
    known.append("no report dates it")
    frame = pd.DataFrame({"ground": pd.Series(grounds, dtype="str"), "what_is_known": pd.Series(known, dtype="str")})
    needed = {"fewest_days": row["pause_fewest"], "most_days": row["pause_most"]}
    for column, days in needed.items():
        frame[column] = pd.array([days] * len(frame), dtype="Int64")
    if pd.isna(row["pause_fewest"]) or row["pause_fewest"] == 0:
        frame = frame.iloc[:0]
    return frame[["ground", "fewest_days", "most_days", "what_is_known"]]
