"""Draw curves over days by group: named at their ends, with numbers at risk, in panels if there are many."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from accountability.figures.draw import direct
from accountability.figures.house_style import (
    COLOURS,
    CONTEXT,
    GREY,
    STYLES,
    WIDTH,
    day_axis,
    day_ticks,
    name_of,
    new_axes,
    numbers,
)
from accountability.figures.letters import broken
from accountability.figures.titles import with_most_cases
from accountability.privacy import MIN_CELL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More curves than these cannot be told apart in one drawing.
MOST: Final = 4
#: Points of a curve in the background of another's panel.
_THIN: Final = 80
_PANEL: Final = 1.75
#: Inches below which a figure stands in one column.
_NARROW: Final = 5.5


@dataclass(frozen=True, kw_only=True)
class Curves:
    """The data and options for drawing curves over days.

    Attributes
    ----------
    frame : DataFrame
        One row per step: the columns of `by`, ``day``, ``estimate`` and, with `band`, ``lower`` and ``upper``.
    by : sequence of str
        Columns that identify the curves.
    last : float
        Last day shown.
    x, y : str
        Axis labels; "days" in `x` become years for long spans.
    band : bool
        Whether the interval is drawn.
    where : str
        Whether a value holds until the day (``pre``) or from it on (``post``).
    halves : DataFrame, optional
        The columns of `by` and ``estimate``, the median day, which is marked.
    share : bool
        Whether values are shares.
    at_risk : callable, optional
        Function of days that returns the columns of `by`, ``day`` and ``at_risk``, for the table under the axis.
    boxes : DataFrame, optional
        Regions (``first_day`` to ``last_day``, ``estimate`` to ``estimate_before``) in which the curve is not
        identified; hatched.
    pointwise : DataFrame, optional
        Pointwise limits, dotted, if the band is simultaneous.
    """

    frame: pd.DataFrame
    by: Sequence[str]
    last: float
    x: str = "days"
    y: str = ""
    band: bool = True
    where: Literal["pre", "post"] = "post"
    halves: pd.DataFrame | None = None
    share: bool = True
    at_risk: Callable[[list[int]], pd.DataFrame] | None = None
    boxes: pd.DataFrame | None = None
    pointwise: pd.DataFrame | None = None

    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw the curves on an Axes or a new figure, and return the (first) Axes."""
        if self.frame.empty:
            axes = new_axes(ax, height=3.6)
            axes.set_axis_off()
            axes.text(0.5, 0.5, "too few cases to show", ha="center", va="center", transform=axes.transAxes)
            return axes
        groups = groups_of(self.frame, self.by)
        if ax is None and len(groups) > MOST:
            return self._panels(groups)
        axes = self._framed(new_axes(ax, height=3.6))
        for number, (label, part) in enumerate(groups):
            self._one(axes, label, part, number)
        if not self.share:
            axes.set_ylim(bottom=0)
        if len(groups) > 1:
            direct(axes, [self._named(axes, one, number) for number, one in enumerate(groups)])
        else:
            self._halved(axes, "", COLOURS[0], "half by day\u00a0{:,}")
        if ax is None and self.at_risk is not None:
            risk_table(axes, self)
        return axes

    def _framed(self, axes: Axes, *, few: bool = False) -> Axes:
        day_axis(axes, self.last, self.x, few=few)
        if self.share:
            axes.set_ylim(0, 1.02)
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1] if not few else [0, 0.5, 1])
            numbers(axes.yaxis, "share")
        else:
            numbers(axes.yaxis, "number")
        axes.set_ylabel(self.y)
        return axes

    def _one(self, axes: Axes, label: str, part: pd.DataFrame, number: int) -> None:
        colour, style = _look(number)
        axes.step(part["day"], part["estimate"], where=self.where, color=colour, linestyle=style, label=label or None)
        if self.band and part["lower"].notna().any():
            lower, upper = part["lower"].astype("float64"), part["upper"].astype("float64")
            axes.fill_between(part["day"], lower, upper, step=self.where, color=colour, alpha=0.16, linewidth=0)
        for name, found in [] if self.pointwise is None else groups_of(self.pointwise, self.by):
            for end in ("lower", "upper") if name == label else ():
                axes.step(found["day"], found[end], where="post", color=colour, linewidth=0.8, linestyle=":", label="_")
        if self.boxes is not None:
            for name, found in groups_of(self.boxes, self.by):
                if name == label:
                    _boxed(axes, found, colour)

    def _end(self, part: pd.DataFrame) -> float:
        inside = part[part["day"] <= self.last]
        return float(inside["estimate"].iloc[-1]) if len(inside) else 1.0

    def _middle(self, name: str) -> int | None:
        if self.halves is None:
            return None
        days = next((part["estimate"] for label, part in groups_of(self.halves, self.by) if label == name), None)
        return int(days.iloc[0]) if days is not None and days.notna().all() and days.iloc[0] <= self.last else None

    def _named(self, axes: Axes, one: tuple[str, pd.DataFrame], number: int) -> tuple[str, float, str, str]:
        name, part = one
        colour, style = _look(number)
        middle = self._middle(name)
        if middle is not None:
            axes.plot(middle, 0.5, "o", color=colour, markersize=4.5, label="_", gid=CONTEXT)
            name = f"{name}: half by day\u00a0{middle:,}"
        return name, self._end(part), colour, style

    def _begun(self, groups: list[tuple[str, pd.DataFrame]]) -> list[float]:
        """The cases of each group at its beginning; the steps of its curve where cases are not known."""
        if self.at_risk is None:
            return [float(len(part)) for _, part in groups]
        begun = self.at_risk([0])
        known = {name: part["at_risk"].iloc[0] for name, part in groups_of(begun, self.by)}
        return [float(known.get(name, 0)) if pd.notna(known.get(name)) else 0.0 for name, _ in groups]

    def _halved(self, axes: Axes, name: str, colour: str, text: str) -> None:
        middle = self._middle(name)
        if middle is None:
            return
        axes.plot([0, middle, middle], [0.5, 0.5, 0], color=GREY, linewidth=0.8, linestyle=":", label="_", gid=CONTEXT)
        axes.plot(middle, 0.5, "o", color=colour, markersize=5, label="_", gid=CONTEXT)
        right = middle < 0.62 * self.last
        axes.annotate(
            text.format(middle), (middle, 0.5), xytext=(6 if right else -6, 6 if right else -6),
            textcoords="offset points", ha="left" if right else "right", va="bottom" if right else "top", fontsize=8.5,
        )  # fmt: skip

    def _panels(self, groups: list[tuple[str, pd.DataFrame]]) -> Axes:
        """A panel a group, each with the others in grey behind it and its numbers at risk under its axis."""
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(WIDTH, _PANEL), layout="constrained")
        middles = [float("nan") if (day := self._middle(name)) is None else float(day) for name, _ in groups]
        groups = with_most_cases(figure, groups, self._begun(groups), middles)
        thinned = [_thin(part, self.last) for _, part in groups]
        panels = []
        for number, (_, part) in enumerate(groups):
            axes = self._framed(figure.add_subplot(len(groups), 1, number + 1), few=True)
            # One line with gaps: a line for each of many groups in each panel takes seconds to draw.
            days, height = np.hstack([one for other, one in enumerate(thinned) if other != number])
            axes.step(days, height, where=self.where, color="0.82", linewidth=0.8, label="_", gid=CONTEXT)
            self._one(axes, groups[number][0], part, 0)
            self._halved(axes, groups[number][0], COLOURS[0], "day {:,}")
            if self.at_risk is not None:
                _under(axes, self.at_risk(day_ticks(axes)), self.by, groups[number][0])
            panels.append(axes)
        names = [name for name, _ in groups]

        def fit(width: float) -> float:
            return _arrange(figure, panels, names, width, self.x, counted=self.at_risk is not None)

        figure.set_size_inches(WIDTH, fit(WIDTH))
        figure.fit = fit  # type: ignore[attr-defined]
        return panels[0]


def groups_of(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Split a tidy frame into labelled groups, in order of appearance; no `by` gives one unlabelled group."""
    if not by:
        return [("", frame)]
    parts = frame.groupby(list(by), sort=False, observed=True, dropna=False)
    return [(", ".join(name_of(value) for value in key), part) for key, part in parts]


def _look(number: int) -> tuple[str, str]:
    return COLOURS[number % len(COLOURS)], STYLES[(number + number // len(COLOURS)) % len(STYLES)]


def _thin(part: pd.DataFrame, last: float) -> np.ndarray:
    """A few even points of a step curve, for the background, and a gap: days and heights."""
    day, height = part["day"].to_numpy(dtype=float), part["estimate"].to_numpy(dtype=float)
    asked = np.linspace(0, min(last, day[-1]) if len(day) else last, _THIN)
    place = np.searchsorted(day, asked, side="right") - 1
    return np.array([[*asked[place >= 0], np.nan], [*height[place[place >= 0]], np.nan]])


def _boxed(axes: Axes, found: pd.DataFrame, colour: str) -> None:
    """Hatch stretches where a curve is only known to pass from one height to another."""
    ends = found.loc[found["first_day"] < found["last_day"], ["first_day", "last_day", "estimate", "estimate_before"]]
    for first, last, low, high in ends.to_numpy(dtype="float64"):
        axes.fill_between([first, last], low, high, facecolor="none", hatch="////", edgecolor=colour, linewidth=0)


def count_written(count: float) -> str:
    """Return a count of people as text, without small ones."""
    return f"{count:,.0f}" if count == 0 or count >= MIN_CELL else f"<{MIN_CELL}"


def risk_table(above: Axes, curves: Curves) -> None:
    """Write the numbers at risk under an axis: one row per group, aligned with its days, names in the margin."""
    assert curves.at_risk is not None
    names = [name for name, _ in groups_of(curves.at_risk([0]), curves.by)]
    figure: Any = above.get_figure()
    width, tall = figure.get_size_inches()
    room = 0.2 * len(names) + 0.12
    grid = figure.add_gridspec(2, 1, height_ratios=(tall, room))
    above.set_subplotspec(grid[0])
    table = figure.add_subplot(grid[1], sharex=above)
    figure.set_size_inches(width, tall + room)
    table.set(ylim=(len(names) - 0.5, -0.5), facecolor="none")
    table.set_title("still open and watched", fontsize=8.5, color="0.35", loc="left", pad=3)
    table.grid(False)
    table.spines["bottom"].set_visible(False)
    table.tick_params(axis="x", bottom=False, labelbottom=False)
    table.tick_params(axis="y", pad=18)
    table.set_yticks(range(len(names)), shortened(names))
    colours = [_look(number)[0] if curves.by else "0.13" for number in range(len(names))]
    for label, colour in zip(table.get_yticklabels(), colours, strict=True):
        label.set_color(colour)

    def fit(width: float) -> float:
        day_axis(above, curves.last, curves.x, few=width < _NARROW and len(names) > 1)
        for text in list(table.texts):
            text.remove()
        assert curves.at_risk is not None
        for number, (_, part) in enumerate(groups_of(curves.at_risk(day_ticks(above)), curves.by)):
            for day, count in zip(part["day"], part["at_risk"], strict=True):
                table.text(
                    day, number, count_written(count), fontsize=8.5, ha="center", va="center", color=colours[number]
                )
        return float(tall + room)

    fit(float(width))
    figure.fit = fit


def shortened(names: Sequence[str], most: int = 26) -> list[str]:
    """Shorten names that would leave no room for the numbers beside them, so that they can still be told apart."""
    half = most // 2
    for start, end in ((most - 1, 0), (half, most - 1 - half)):
        short = [
            name if len(name) <= most else f"{name[:start].rstrip()}…{name[len(name) - end :].lstrip()}"
            for name in names
        ]
        if len(set(short)) == len(set(names)):
            return short
    return list(names)


def _under(axes: Axes, counts: pd.DataFrame, by: Sequence[str], name: str) -> None:
    """Write a panel's numbers at risk under the days of its axis."""
    part = next((part for label, part in groups_of(counts, by) if label == name), None)
    if part is None:
        return
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]]
    style = axes.xaxis.get_major_formatter()
    said = [f"{style(tick)}\n{count_written(count)}" for tick, count in zip(ticks, part["at_risk"], strict=True)]
    axes.set_xticks(ticks, said)


def _arrange(
    figure: Figure, panels: Sequence[Axes], names: Sequence[str], width: float, x: str, *, counted: bool
) -> float:
    """Lay panels out in as many columns as a width holds; their height in inches."""
    columns = 2 if width < _NARROW else 3 if len(panels) <= 9 else 4
    rows = math.ceil(len(panels) / columns)
    grid = figure.add_gridspec(rows, columns)
    label = panels[0].yaxis.label.get_text() or getattr(figure, "y_said", "")
    figure.y_said = label  # type: ignore[attr-defined]
    unit = getattr(figure, "x_said", "") or panels[0].get_xlabel()
    figure.x_said = unit  # type: ignore[attr-defined]
    most = 1
    for number, (axes, name) in enumerate(zip(panels, names, strict=True)):
        axes.set_subplotspec(grid[number // columns, number % columns])
        said = broken(name, (width - 0.6) / columns - 0.25, 8.5)
        most = max(most, said.count("\n") + 1)
        axes.set_title(said, fontsize=8.5, fontweight="bold", loc="left")
        first = number % columns == 0
        axes.tick_params(labelleft=first)
        axes.set_ylabel(label if first and number // columns == (rows - 1) // 2 else "")
        below = number + columns >= len(panels)
        axes.set_xlabel((f"{unit}, number still open" if counted else unit) if below else "", fontsize=7.5)
    return rows * (_PANEL + 0.15 * (most - 1)) + 0.2
