"""The result of a design for a reform, whose sentence claims no more than the design supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from accountability.privacy import disclose
from accountability.results import Result, capitalised, interval_said, percent, plural
from accountability.stats import intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Effect(Result):
    """The estimate of a design for a reform.

    Attributes
    ----------
    outcome : str
        The outcome in words.
    reform : str
        The reform in words.
    causal : bool
        Whether the design supports a causal verb.
    only_if : str
        The assumption under which it does, part of every sentence. Without a causal design, other possible causes.
    confidence : float
        Level of the intervals.

    Notes
    -----
    ``table`` has ``quantity`` (what the row estimates), ``estimate, std_error, lower, upper, p_value``, ``n`` (units)
    and ``clusters``. The sentence states the first row.
    """

    key: ClassVar[str] = "quantity"

    outcome: str
    reform: str
    causal: bool
    only_if: str
    confidence: float = 0.95

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide rows of fewer than ten units."""
        return disclose(table, counts=["n"], keep=[self.key], parts=False)

    def _said(self, row: Mapping[Any, Any]) -> str:
        """A row in words, from a verb on."""
        value, p = row["estimate"], row["p_value"]
        if value != value:
            return f"nothing is said of {self.outcome}: it rests on too few"
        change = f"{self.outcome} by {value:+.3g}" if self.causal else f"{self.outcome} differed by {value:+.3g}"
        interval = interval_said(self.confidence, row["lower"], row["upper"])
        if row["lower"] == row["lower"]:
            interval = f"{percent(self.confidence)} interval {row['lower']:+.3g} to {row['upper']:+.3g}"
        chance = f", p = {p:.2g}" if p == p else ""
        return f"{change} ({interval}{chance})"

    def sentence(self) -> str:
        """State the first row, with a causal verb and its assumption only if the design supports it."""
        return self.claim()

    def claim(self) -> str:
        """Return the sentence without its cautions."""
        row = self.table.iloc[0].to_dict()
        said = self._said(row)
        if row["estimate"] == row["estimate"] and row["lower"] <= 0 <= row["upper"]:
            said += "; the interval holds no change at all"
        if self.causal and row["estimate"] == row["estimate"]:
            return f"{capitalised(self.reform)} changed {said}. This holds if {self.only_if}."
        return f"After {self.reform}, {said}; that is no proof of an effect: {self.only_if}."

    def answer(self, *, recording_changed: bool = False) -> str:
        """State the first row in at most two sentences, and whether the recording also changed then."""
        said = self._said(self.table.iloc[0].to_dict())
        too = "; the recording changed at that time too" if recording_changed else ""
        if self.causal:
            return f"{capitalised(self.reform)} changed {said}. This holds if {self.only_if}{too}."
        return f"After {self.reform}, {said}. That is no proof of an effect: {self.only_if}{too}."

    @property
    def null(self) -> float:
        """No change, on the scale of the estimate."""
        return 0.0 if getattr(self, "scale", "difference") == "difference" else 1.0

    def figure_title(self) -> str:
        """Say the first row, or that it is within chance."""
        row = self.table.iloc[0]
        if row["lower"] <= self.null <= row["upper"]:
            return f"No change of {self.outcome} beyond chance after {self.reform}"
        return super().figure_title()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each row with its interval."""
        from accountability.figures.draw import ranges
        from accountability.figures.house_style import labelled, new_axes

        axes = new_axes(ax, height=1.2 + 0.4 * len(self.table))
        ranges(axes, self.table, label=self.key, estimate="estimate", lower="lower", upper="upper", null=0.0)
        return labelled(axes, f"change in {self.outcome}")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EventStudy(Effect):
    """The estimates of a design by months since a unit was first affected.

    Notes
    -----
    ``table`` has ``event_time`` (months since first affected, from 0) instead of ``quantity``. The sentence states
    ``overall``, the mean of the months from 0 on.

    Attributes
    ----------
    overall : Effect
        The mean over the months from 0 on.
    """

    key: ClassVar[str] = "event_time"
    #: What a row stands for.
    spans: ClassVar[str] = "month"
    begins: ClassVar[str] = "first affected"

    overall: Effect

    def sentence(self) -> str:
        """State the mean over the months since, and how many months before differ significantly from zero."""
        return self._mean_and_before()

    def _mean_and_before(self) -> str:
        before = self.table[self.table["event_time"] < 0]
        apart = before["p_value"] < 1 - self.confidence
        differ = "differs" if apart.sum() == 1 else "differ"
        spans = plural(len(before), self.spans)
        lead = f" Of {spans} before, {int(apart.sum())} {differ} from none." if len(before) else ""
        return self.overall.claim() + lead

    def figure_title(self) -> str:
        """Say the mean over the months since."""
        return self.overall.figure_title()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimate of each month with its interval, and the first month affected."""
        from accountability.figures.draw import limit
        from accountability.figures.house_style import COLOURS, GREY, labelled, new_axes

        axes = new_axes(ax)
        shown = self.table[self.table["estimate"].notna()]
        at = shown["event_time"].to_numpy(dtype=float)
        numbers = {name: shown[name].to_numpy(dtype=float) for name in ("estimate", "lower", "upper")}
        axes.axhline(0, color=GREY, linewidth=1.0)
        for later, colour in ((False, COLOURS[7]), (True, COLOURS[0])):
            some = (at >= 0) == later
            axes.vlines(at[some], numbers["lower"][some], numbers["upper"][some], color=colour, linewidth=2.0)
            axes.plot(at[some], numbers["estimate"][some], "o", color=colour, markersize=4.5)
        if len(at) and at.min() < 0:
            limit(axes, -0.5, self.begins)
        if len(at) <= 13:
            axes.set_xticks(at)
        return labelled(axes, f"months since {self.begins}", f"change in {self.outcome}")


def rows(
    names: Mapping[str, Any],
    estimate: Any,
    std_error: Any,
    confidence: float,
    *,
    n: Any,
    clusters: Any,
    free: Any = np.inf,
) -> pd.DataFrame:
    """Return the rows of a result: names first, then the numbers, by a normal or Student distribution.

    Parameters
    ----------
    names : mapping
        The key column with its values.
    estimate, std_error : array of float
    confidence : float
    n, clusters : int or array of int
        Numbers of units and clusters.
    free : float or array of float
        Degrees of freedom; infinite for the normal distribution.
    """
    value, error = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    lower, upper = intervals.wald(value, error, confidence, free)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value / error
    p_value = intervals.p_student(ratio, free)
    return pd.DataFrame(
        {
            **names, "estimate": value, "std_error": error, "lower": lower, "upper": upper, "p_value": p_value,
            "n": n, "clusters": clusters,
        }
    )  # fmt: skip


def null_of(scale: str) -> float:
    """Return the value of no effect on a scale."""
    return 0.0 if scale == "difference" else 1.0


def estimates_drawn(table: pd.DataFrame, label: str, scale: str, words: str, ax: Axes | None, row: float = 0.4) -> Axes:
    """Draw one estimate a row with its interval, on a scale, beside the line of no effect."""
    from accountability.figures import draw

    axes = draw.new_axes(ax, height=1.2 + row * len(table))
    draw.ranges(axes, table, label=label, estimate="estimate", lower="lower", upper="upper", null=null_of(scale))
    return draw.labelled(axes, words)
