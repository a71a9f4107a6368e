"""Place the delay of a case among comparable cases of a reference agency, including open cases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.casefiles.case_delays import ByReading, DelayBounds, delay_bounds, span
from accountability.casefiles.casefile import CaseFile
from accountability.casefiles.register import pairs
from accountability.delay import closing_curve, curve_limits, how_long
from accountability.delay.access import require_open_cases
from accountability.delay.unknown_days import ends_of, extremes_said
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.records.capabilities import OUTCOMES
from accountability.results import capitalised, percent, plural
from accountability.study import clocks
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.durations import Durations
from accountability.study.inputs import takes
from accountability.study.restriction import rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 10
"""A case is not placed among fewer cases than this."""


@dataclass(frozen=True, eq=False)
class Comparable:
    """Delays of comparable cases.

    Attributes
    ----------
    slowest : Durations
        The comparable cases, including open ones; if the filter is known only when a case ends, all open cases are
        included.
    fastest : Durations
        The same without open cases if the filter is known only at the end; else the same object.
    words : str
        The filter in words.
    source : str
        Name of the reference.
    """

    slowest: Durations
    fastest: Durations
    words: str
    source: str

    @property
    def settled_late(self) -> bool:
        """Whether it is not known which open cases are comparable."""
        return self.fastest is not self.slowest


@takes("cohort")
def comparable(
    reference: Cohort,
    keep: str | None = None,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
) -> Comparable:
    """Select the comparable cases of a reference agency.

    Parameters
    ----------
    reference : Dataset or Cohort
        The reference agency's records.
    keep : str, optional
        ``column=value``, several joined by ``;``: cases with that value, or with an allegation that has it. All cases
        when left out. With a column that is known only when a case ends, such as ``finding``, both extremes are used:
        all open cases get the value, or none.
    start, stop, cutoff
        The clock, as in :func:`accountability.study.clocks.as_published`.

    Returns
    -------
    Comparable

    Raises
    ------
    ParameterError
        For a malformed filter, or an unknown column or value (with the nearest).
    Refusal
        If the reference holds closed cases only, was selected on the outcome, holds single case files, or has fewer
        than 10 comparable cases.

    Examples
    --------
    >>> from accountability import casefiles
    >>> import accountability
    >>> casefiles.comparable(accountability.load("synthetic"), "category=Neglect").words
    'category=Neglect'
    """
    cohort = reference
    if cohort.card.sampling.rule == "case_files":
        raise Refusal(
            f"{cohort.name} holds single cases chosen because they were reported: they have no distribution. Choose an "
            "agency's release"
        )
    late: list[pd.Series] = []
    for column, value in wanted(keep):
        of, having = rows_with(cohort, column, [value])
        met = having.groupby(getattr(cohort, of)["case_id"]).any()
        if column in OUTCOMES:
            late.append(met)
        else:
            cohort = cohort.keep_if(
                cohort.cases["case_id"].map(met).fillna(False).astype(bool),
                because=f"comparable: {column}={value}",
                decided_by=cohort.knows(column),
            )
    spells = clocks.as_published(cohort, start, stop, cutoff)
    if not spells.current_status:
        require_open_cases(spells, "the place of a case among others")
    slowest = spells
    for met in late:
        meets = slowest.table["case_id"].map(met).fillna(False).to_numpy(bool)
        slowest = _subset(slowest, meets | ~slowest.event)
    fastest = slowest
    if late:
        fastest = _subset(slowest, slowest.event)
        if fastest.unended is not None:
            who = fastest.unended["case_id"]
            meets = np.logical_and.reduce([who.map(met).fillna(False).to_numpy(bool) for met in late])
            fastest = replace(fastest, unended=fastest.unended[meets])
    words = keep.strip() if keep and keep.strip() else "all cases"
    if len(fastest) < FEWEST:
        raise Refusal(
            f"{cohort.name} has fewer than {FEWEST} comparable cases ({words}): a place among so few says little and "
            "may point at people. Choose a wider filter"
        )
    return Comparable(slowest, fastest, words, cohort.name)


def wanted(keep: str | None) -> list[tuple[str, str]]:
    """Parse a filter, ``column=value`` joined by ``;``.

    Raises
    ------
    ParameterError
        If a part is malformed.
    """
    return list(
        pairs(
            keep or "",
            lambda part: ParameterError(f"comparable {part!r}: expected column=value, for example category=Force"),
        )
    )


def _subset(spells: Durations, kept: np.ndarray) -> Durations:
    return replace(spells, table=spells.table[kept].reset_index(drop=True))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Placement(ByReading):
    """Share of comparable cases that closed faster than a case.

    ``table`` has one row per combination of readings: their columns, ``days_lower`` and ``days_upper`` (of the case);
    ``least`` and ``most`` (share of comparable cases that closed in fewer days, at the shortest and longest possible
    delay of the case); ``lower`` and ``upper`` (confidence limits of the two); ``beyond`` (whether the case may exceed
    the follow-up of all comparable cases; ``most`` is then 1 because nothing is known); ``chosen``. Where the end of
    some comparable case is not known, ``extreme_lower`` (least with every such end as late as possible) and
    ``extreme_upper`` (most with every such end as early as possible).

    Attributes
    ----------
    comparable : Comparable
        The comparable cases.
    cases, still_open : int
        Number of comparable cases, and of those still open.
    watched : int
        Longest follow-up of a comparable case, in days.
    confidence : float
        Confidence of the limits.
    """

    comparable: Comparable
    cases: int
    still_open: int
    watched: int
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the reference's closing curve, and the possible days of the case as a shaded range."""
        row, spells = self.chosen, self.comparable.slowest
        low, high = (np.nan if pd.isna(row[end]) else float(row[end]) for end in ("days_lower", "days_upper"))
        until = int(max(self.watched / 2, 1.3 * np.nanmax([low, high])))
        if spells.exact:
            axes = closing_curve(spells, confidence=self.confidence).plot(ax, until=until)
        else:
            axes = how_long(spells).plot(ax)
        last = axes.get_xlim()[1] if np.isnan(high) else high
        axes.axvspan(low, max(last, low), color=draw.COLOURS[1], alpha=0.25, linewidth=0)
        axes.axvline(low, color=draw.COLOURS[1], linewidth=1)
        axes.set_ylabel("share of comparable cases still open")
        return axes

    def sentence(self) -> str:
        """State the share of comparable cases that closed faster than the case, with its limits."""
        row = self.chosen
        low, high = (None if pd.isna(row[end]) else int(row[end]) for end in ("days_lower", "days_upper"))
        said = (
            f"{span(low, high)} are longer than {percent(row['least'], 1)} to {percent(row['most'], 1)} of "
            f"{plural(self.cases, 'comparable case')} of {self.comparable.source} ({self.comparable.words}), its "
            f"{self.still_open:,} still open counted ({percent(self.confidence)} limits {percent(row['lower'], 1)} to "
            f"{percent(row['upper'], 1)}"
            + extremes_said(row.to_dict(), "extreme", lambda share: percent(share, 1))
            + ")"
        )
        if row["beyond"]:
            said += f"; no case was watched for more than {self.watched:,} days, so the upper end is not known"
        if self.comparable.settled_late:
            said += "; whether open cases belong to these is known only when they end, so both are counted"
        return f"{capitalised(said)} [{self.comparable.slowest.clock}]."


def place(
    case: CaseFile | DelayBounds, among: Comparable | DatasetLike | Cohort, confidence: float = 0.95
) -> Placement:
    """Estimate the share of comparable cases that closed faster than a case.

    Parameters
    ----------
    case : CaseFile or DelayBounds
        The case, timed from opening to penalty; or the days between other steps, from
        :func:`accountability.casefiles.delay_bounds`.
    among : Comparable, Dataset or Cohort
        From :func:`accountability.casefiles.comparable`; or a reference agency, with all its cases timed from receipt
        to closing.
    confidence : float
        Confidence of the limits.

    Returns
    -------
    Placement

    Raises
    ------
    Refusal
        As for :func:`accountability.delay.closing_curve` and :func:`accountability.delay.curve_limits`.

    Notes
    -----
    The share that closed in fewer than d days is one minus the closing curve at d - 1 days. With dates known to the day
    it is the Kaplan-Meier curve with pointwise limits; with coarser dates and statuses, the bounds and likelihood-ratio
    limits of :func:`accountability.delay.curve_limits`. The limits are for sampling error in the reference; the range
    from least to most comes from the reports' dates.

    Examples
    --------
    >>> from accountability import casefiles
    >>> import accountability
    >>> from accountability import casefiles
    >>> squad = casefiles.read("news_cases", "MDPD-2010")
    >>> placed = casefiles.place(squad, accountability.load("synthetic")).chosen
    >>> f"longer than {placed['least']:.0%} to {placed['most']:.0%}"
    'longer than 87% to 96%'
    """
    bounds = case if isinstance(case, DelayBounds) else delay_bounds(case)
    among = among if isinstance(among, Comparable) else comparable(among)
    low = (
        bounds.table["days_lower"].fillna(0).clip(lower=0).astype("int64").to_numpy()
    )  # unbounded below is 0 days or more
    high = bounds.table["days_upper"].fillna(-1).astype("int64").to_numpy()
    watched = int(among.slowest.end.max())
    longest = np.where(high < 0, low, high)
    slow, fast = _shorter(among.slowest, low, confidence), _shorter(among.fastest, longest, confidence)
    beyond = (high < 0) | (high - 1 > watched) & (fast["most"].to_numpy() < 1)
    table = bounds.table.drop(columns=["start", "stop", "chosen"]).assign(
        least=slow["least"].array,
        most=np.where(beyond, 1.0, fast["most"]),
        lower=slow["lower"].array,
        upper=np.where(beyond, 1.0, fast["upper"]),
        beyond=beyond,
        chosen=bounds.table["chosen"],
    )
    if late := ends_of(among.slowest):
        early = (ends_of(among.fastest) or late)[0]
        table["extreme_lower"] = _shorter(late[1], low, confidence)["least"].array
        table["extreme_upper"] = np.where(beyond, 1.0, _shorter(early, longest, confidence)["most"])
    spells = among.slowest
    exactly = "Kaplan-Meier" if spells.exact else "interval-dated or current-status curve"
    return Placement(
        estimand=f"share of comparable cases of {among.source} that took fewer days than {bounds.case}",
        assumptions=(
            f"the case is timed from {bounds.start} to {bounds.stop}, the others by: {spells.clock}",
            f"comparable means: {among.words}; nothing else about the cases is made alike",
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
            *(
                ("whether open cases meet the filter is not known: least as if all did, most as if none",)
                if among.settled_late
                else ()
            ),
        ),
        states=spells.states,
        method=f"{exactly}, read at the fewest and the most days of the case; {percent(confidence)} pointwise limits",
        table=table,
        flow=spells.flow,
        comparable=among,
        cases=len(spells),
        still_open=spells.n_open,
        watched=watched,
        confidence=confidence,
    )


def _shorter(spells: Durations, days: np.ndarray, confidence: float) -> pd.DataFrame:
    """Bounds and limits of the share that closed in fewer than so many days."""
    asked = np.maximum(days - 1, 0)
    nothing = days == 0
    if spells.exact:
        curve = closing_curve(spells, confidence=confidence).true_numbers()
        # Where everybody has closed there is no interval: the limit of the day before holds, as the curve only falls.
        shares = curve["estimate"].to_numpy()
        upper = np.where(shares > 0, curve["upper"], np.nan)
        upper = pd.Series(upper).ffill().fillna(1.0).to_numpy()
        lower = np.where(shares > 0, curve["lower"], 0.0)
        at = np.searchsorted(curve["day"].to_numpy(), asked, side="right") - 1
        nothing |= at < 0
        at = np.maximum(at, 0)
        held = {"highest": shares[at], "lowest": shares[at], "upper": upper[at], "lower": np.nan_to_num(lower[at])}
        still = pd.DataFrame(held)
    else:
        still = curve_limits(spells, asked.tolist(), confidence=confidence).true_numbers()
    turned = {"least": "highest", "most": "lowest", "lower": "upper", "upper": "lower"}
    return pd.DataFrame({end: np.where(nothing, 0.0, 1 - still[of]) for end, of in turned.items()})
