"""Where a case stands among comparable cases of a reference agency, those still open counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.casefiles.delay_bounds import DelayBounds, span
from accountability.casefiles.reference_filter import Comparable
from accountability.delay import closing_curve, curve_limits, how_long
from accountability.figures import draw
from accountability.results import Result, capitalised, percent, plural
from accountability.study.durations import Durations

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Placement(Result):
    """The place of a case on a reference's delays.

    ``table`` has one row a combination of readings: their columns, ``low`` and ``high`` (days of the case); ``least``
    and ``most`` (share of comparable cases that closed in fewer days, if the case took as few and as many days as it
    can have); ``lower`` and ``upper`` (limits of the two from chance); ``beyond`` (whether the case can be longer than
    any comparable case was watched, so that ``most`` is 1 for want of knowledge); ``chosen``.

    Attributes
    ----------
    comparable : Comparable
        The cases compared with.
    cases, still_open : int
        How many there are, and how many of them are still open.
    watched : int
        The longest any of them was watched, in days.
    level : float
        Level of the limits.
    """

    comparable: Comparable
    cases: int
    still_open: int
    watched: int
    level: float

    @property
    def chosen(self) -> pd.Series:
        """The row of the chosen reading."""
        return self.table[self.table["chosen"]].iloc[0]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the reference's closing curve, and the days the case can have taken as a shaded stretch."""
        row, spells = self.chosen, self.comparable.slowest
        until = int(
            max(self.watched / 2, 1.3 * np.nanmax([row["low"], row["high"] if not pd.isna(row["high"]) else 0]))
        )
        if spells.exact:
            axes = closing_curve(spells, confidence=self.level).plot(ax, until=until)
        else:
            axes = how_long(spells).plot(ax)
        last = axes.get_xlim()[1] if pd.isna(row["high"]) else float(row["high"])
        axes.axvspan(float(row["low"]), max(last, float(row["low"])), color=draw.COLOURS[1], alpha=0.25, linewidth=0)
        axes.axvline(float(row["low"]), color=draw.COLOURS[1], linewidth=1)
        axes.set_ylabel("share of comparable cases still open")
        return axes

    def sentence(self) -> str:
        """Say which share of comparable cases the case was longer than, with the limits."""
        row = self.chosen
        low, high = (None if pd.isna(row[end]) else int(row[end]) for end in ("low", "high"))
        said = (
            f"{span(low, high)} are longer than {percent(row['least'], 1)} to {percent(row['most'], 1)} of "
            f"{plural(self.cases, 'comparable case')} of {self.comparable.source} ({self.comparable.words}), its "
            f"{self.still_open:,} still open counted ({percent(self.level)} limits {percent(row['lower'], 1)} to "
            f"{percent(row['upper'], 1)})"
        )
        if row["beyond"]:
            said += f"; no case was watched for more than {self.watched:,} days, so the upper end is not known"
        if self.comparable.settled_late:
            said += "; whether open cases belong to these is known only when they end, so both are counted"
        return f"{capitalised(said)} [{self.comparable.slowest.clock}]."


def place(bounds: DelayBounds, among: Comparable, level: float = 0.95) -> Placement:
    """Place the delay of a case on the delays of comparable cases.

    Parameters
    ----------
    bounds : DelayBounds
        From :meth:`CaseFile.delay <accountability.casefiles.casefile.CaseFile.delay>`.
    among : Comparable
        From :func:`accountability.casefiles.reference_filter.comparable`.
    level : float
        Level of the limits.

    Returns
    -------
    Placement

    Raises
    ------
    Refusal
        As :func:`accountability.delay.closing_curve` and :func:`accountability.delay.curve_limits`.

    Notes
    -----
    A case of d days is longer than the share that closed in fewer than d: one less the closing curve at d - 1 days. For
    days the curve is that of Kaplan and Meier with its pointwise limits; for coarser dates and for statuses the bounds
    and the likelihood-ratio limits of :func:`accountability.delay.curve_limits`. Limits are of chance in the reference,
    pointwise; the span from least to most is what the reports leave open, and no chance.
    """
    low = bounds.table["low"].fillna(0).clip(lower=0).astype("int64").to_numpy()  # unbounded below is 0 days or more
    high = bounds.table["high"].fillna(-1).astype("int64").to_numpy()
    watched = int(among.slowest.end.max())
    slow = _shorter(among.slowest, low, level)
    fast = _shorter(among.fastest, np.where(high < 0, low, high), level)
    beyond = (high < 0) | (high - 1 > watched) & (fast["most"].to_numpy() < 1)
    table = bounds.table.drop(columns=["start", "stop", "chosen"]).assign(
        least=slow["least"].array,
        most=np.where(beyond, 1.0, fast["most"]),
        lower=slow["lower"].array,
        upper=np.where(beyond, 1.0, fast["upper"]),
        beyond=beyond,
        chosen=bounds.table["chosen"],
    )
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
        method=f"{exactly}, read at the fewest and the most days of the case; {percent(level)} pointwise limits",
        table=table,
        flow=spells.flow,
        comparable=among,
        cases=len(spells),
        still_open=spells.n_open,
        watched=watched,
        level=level,
    )


def _shorter(spells: Durations, days: np.ndarray, level: float) -> pd.DataFrame:
    """Bounds and limits of the share that closed in fewer than so many days."""
    asked = np.maximum(days - 1, 0)
    nothing = days == 0
    if spells.exact:
        curve = closing_curve(spells, confidence=level).table
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
        still = curve_limits(spells, asked.tolist(), confidence=level).table
    turned = {"least": "highest", "most": "lowest", "lower": "upper", "upper": "lower"}
    return pd.DataFrame({end: np.where(nothing, 0.0, 1 - still[of]) for end, of in turned.items()})
