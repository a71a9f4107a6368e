"""Was a limit kept in one case: late, in time, or cannot be told; and what pause could rescue it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from accountability.casefiles.delay_bounds import DelayBounds, delay_bounds, span
from accountability.delay.deadlines import CANNOT_TELL, IN_TIME, LATE, assess, calendar_days, limit_of
from accountability.figures import draw
from accountability.results import Result
from accountability.study.durations import LONGEST, Durations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.casefiles.casefile import CaseFile
    from accountability.delay.limits import Limit

_SAID: Final = {LATE: LATE, IN_TIME: IN_TIME, CANNOT_TELL: "it cannot be told"}
NO_LONGEST: Final = "the dates give no longest length"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Verdict(Result):
    """One case against one limit.

    ``table`` has one row a combination of readings: their columns, ``low``, ``high`` (days, missing where unbounded),
    ``by_calendar`` (``late``, ``in time`` or ``cannot tell``, if no clock stopped), ``verdict`` (the same where it is
    not known whether a clock stopped), ``reason``, ``pause_fewest`` and ``pause_most`` (Int64: the days a clock would
    have to have stood still for the limit to be kept, if the delay was as short and as long as it can have been),
    ``chosen``.

    Attributes
    ----------
    rule : Limit
        The limit.
    days : tuple of int
        Fewest and most calendar days it can mean.
    bounds : DelayBounds
        The delay judged.
    rescues : pandas.DataFrame
        What could rescue a late case under the chosen reading: ``ground``, ``fewest_days``, ``most_days`` (missing
        where nothing bounds them), ``what_is_known``.
    missing : pandas.DataFrame
        What no report says, and what cannot be answered without it.
    """

    rule: Limit
    days: tuple[int, int]
    bounds: DelayBounds
    rescues: pd.DataFrame
    missing: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the delay bounds of every reading with the limit as a line."""
        axes = self.bounds.plot(ax)
        axes.axvline(
            self.days[1], color=draw.COLOURS[1], linestyle="--", label=f"limit: {self.rule.value} {self.rule.unit}"
        )
        axes.legend(frameon=False, loc="lower right")
        return axes

    def sentence(self) -> str:
        """Say the verdict by the calendar, the verdict under the rule, and the pause that would rescue the case."""
        row = self.table[self.table["chosen"]].iloc[0]
        law = f"{self.rule.value} {self.rule.unit}" + (f" ({self.rule.citation})" if self.rule.citation else "")
        said = (
            f"Against {law}, {span(self.bounds.low, self.bounds.high)}: {_SAID[row['by_calendar']]} if no clock stopped"
        )
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


def verdict(
    case: CaseFile, rule: Limit | str | int = "florida", start: str = "opened", stop: str = "penalty_imposed"
) -> Verdict:
    """Judge the days between two steps of a case against a limit, under every reading.

    Parameters
    ----------
    case : CaseFile
        One case.
    rule : Limit, name of one in :mod:`accountability.delay.limits`, or a number of calendar days
        The limit.
    start, stop : str
        The steps nearest to those the rule times.

    Returns
    -------
    Verdict

    Raises
    ------
    ParameterError
        An unknown limit or stage.
    Refusal
        The limit has no number, or no reading bounds the delay.

    Notes
    -----
    Each reading is judged by :func:`accountability.delay.deadlines.assess`. Information, not legal advice.
    """
    law = limit_of(rule)
    fewest, most = calendar_days(law)
    bounds = delay_bounds(case, start, stop)
    low = bounds.table["low"].fillna(0).clip(lower=0).astype("int64").to_numpy()
    high = bounds.table["high"].fillna(LONGEST).astype("int64").to_numpy()
    spells = Durations.from_days(low, [True] * len(low), days_upper=high, clock=f"days from {start} to {stop}")
    flat = assess(spells, law, pauses="none").verdicts
    unseen = assess(spells, law, pauses="unknown" if law.pauses else "none").verdicts
    unbounded = bounds.table["high"].isna().to_numpy() & (unseen["verdict"] == CANNOT_TELL).to_numpy() & (low <= most)
    table = bounds.table.drop(columns=["start", "stop", "chosen"]).assign(
        by_calendar=flat["verdict"].astype("str").array,
        verdict=unseen["verdict"].astype("str").array,
        reason=unseen["reason"].astype("str").mask(pd.Series(unbounded), NO_LONGEST).array,
        pause_fewest=(bounds.table["low"] - most).clip(lower=0),
        pause_most=(bounds.table["high"] - fewest).clip(lower=0),
        chosen=bounds.table["chosen"],
    )
    return Verdict(
        estimand=f"whether {bounds.case} was past {law.value} {law.unit}, from {start} to {stop}",
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
