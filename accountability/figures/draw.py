"""Draw a frame on an Axes: lines, bars, marks, ranges. Nothing here computes a statistic."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.decimals import decimals, share_decimals
from accountability.figures.house_style import (
    BESIDE,
    COLOURS,
    CONTEXT,
    GREY,
    HIDDEN,
    STYLES,
    UNKNOWN,
    Kind,
    labelled,
    name_of,
    new_axes,
    numbers,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "STYLES", "labelled", "name_of", "new_axes", "numbers"]

#: Letters in a line of a label beside a curve, and beside a row.
_BESIDE: Final = 22
_ROW: Final = 38
#: Where a line's label goes to its other side: in a narrow column it takes half of the width.
_MIDDLE: Final = 0.48
#: Marks the names beside the ends of lines.
_NAMED: Final = "named"


def direct(ax: Axes, names: Sequence[tuple[str, float, str, str]], *, size: float = 8.5) -> None:
    """Write line names at the right edge at the lines' ends, without overlap.

    Parameters
    ----------
    ax : Axes
        Axes with fixed limits.
    names : sequence of (name, height, colour, line style)
        Height in units of the axis.
    """
    if not names:
        return
    low, high = ax.get_ylim()
    place = ax.transScale.transform
    bottom, top = place((1, low))[1], place((1, high))[1]
    tall = max(_inches_high(ax), 1.0)
    said = [textwrap.fill(name, _BESIDE) for name, *_ in names]
    if sum(text.count("\n") + 1 for text in said) * size * 1.5 / 72 > tall:
        said, size = [name for name, *_ in names], 7.0
    ends = [float(np.clip((place((1, height))[1] - bottom) / (top - bottom), 0, 1)) for _, height, *_ in names]
    high_each = [(text.count("\n") + 1) * size * 1.5 / 72 / tall for text in said]
    middle = _apart(ends, high_each)
    for (_, _, colour, style), text, end, at in zip(names, said, ends, middle, strict=True):
        ax.plot(
            [1.0, 1.045], [end, at], color=colour, linestyle=style, linewidth=1.2, transform=ax.transAxes,
            clip_on=False, gid=CONTEXT, label="_",
        )  # fmt: skip
        ax.annotate(
            text, (1.055, at), xycoords="axes fraction", color=colour, fontsize=size, ha="left", va="center",
            annotation_clip=False, gid=_NAMED,
        )  # fmt: skip


def _inches_high(ax: Axes) -> float:
    """Height of axes, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that are drawn stand on one
    return ax.get_position().height * float(figure.get_size_inches()[1])


def apart(ax: Axes) -> None:
    """Separate the line names again after the height of the axes changed."""
    from matplotlib.text import Annotation

    named = [text for text in ax.texts if isinstance(text, Annotation) and text.get_gid() == _NAMED]
    leaders = [line for line in ax.get_lines() if line.get_transform() == ax.transAxes]
    tall = _inches_high(ax)
    high = [(text.get_text().count("\n") + 1) * float(text.get_fontsize()) * 1.5 / 72 / tall for text in named]
    ends = [float(np.asarray(line.get_ydata())[0]) for line in leaders[: len(named)]]
    for text, line, end, at in zip(named, leaders, ends, _apart(ends, high), strict=False):
        text.set_y(at)
        text.xy = (1.055, at)
        line.set_ydata([end, at])


def _apart(places: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Move places apart by as little as their heights ask for, upwards, then down again below the top."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    found = list(places)
    floor = -0.02
    for one in order:
        found[one] = max(places[one], floor + heights[one] / 2)
        floor = found[one] + heights[one] / 2
    ceiling = max(1.02, sum(heights) - 0.02)
    for one in reversed(order):
        found[one] = min(found[one], ceiling - heights[one] / 2)
        ceiling = found[one] - heights[one] / 2
    return found


def lines_named(ax: Axes) -> None:
    """Write the name of each labelled line at its right end; other artists go into a legend."""
    low, high = ax.get_xlim()
    chosen = []
    for line in ax.get_lines():
        if str(line.get_label()).startswith("_") or line.get_transform() != ax.transData:
            continue
        x = np.asarray(ax.convert_xunits(line.get_xdata(orig=False)), dtype=float)
        y = np.asarray(line.get_ydata(orig=False), dtype=float)
        inside = np.flatnonzero(~np.isnan(y) & (x <= max(low, high)))
        if line.get_linestyle() != "None" and len(inside):
            chosen.append(
                (str(line.get_label()), float(y[inside[-1]]), str(line.get_color()), str(line.get_linestyle()))
            )
    direct(ax, chosen)
    named = {name for name, *_ in chosen}
    handles, said = ax.get_legend_handles_labels()
    rest = [(handle, text) for handle, text in zip(handles, said, strict=True) if text not in named]
    if rest:
        key_above(ax, *zip(*rest, strict=True))


def key_above(ax: Axes, handles: Sequence[Any] = (), names: Sequence[str] = (), *, columns: int = 0) -> None:
    """Put the legend above the plot, left-aligned."""
    if not handles:
        handles, names = ax.get_legend_handles_labels()
    if handles:
        longest = max(len(name) for name in names)
        columns = columns or max(1, min(len(names), int(80 / (longest + 7))))
        ax.legend(
            handles, names, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2,
            handlelength=1.6, columnspacing=1.4,
        )  # fmt: skip


def bars(ax: Axes, frame: pd.DataFrame, *, x: str, y: str, label: str | None = None, number: int = 0) -> None:
    """Draw one bar per row."""
    ax.bar(frame[x], frame[y], color=COLOURS[number % len(COLOURS)], label=label)


def stacked(ax: Axes, frame: pd.DataFrame, *, x: str, height: str, by: str) -> None:
    """Draw one bar per value of `x`, a whole number, with a part for each value of `by`."""
    from matplotlib.ticker import MaxNLocator

    wide = frame.pivot_table(index=x, columns=by, values=height, aggfunc="sum", sort=False)
    at, base = wide.index.to_numpy(dtype="int64"), np.zeros(len(wide))
    for number, name in enumerate(frame[by].unique()):
        part = wide[name].fillna(0).to_numpy(dtype="float64")
        drawn: dict[str, Any] = UNKNOWN if name == HIDDEN else {"color": COLOURS[number % len(COLOURS)]}
        ax.bar(at, part, 0.85, bottom=base, label=name, **drawn)
        base = base + part
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    numbers(ax.yaxis, "number")
    key_above(ax)


def lines(ax: Axes, frame: pd.DataFrame, *, x: str, y: str, label: str | None = None, number: int = 0) -> None:
    """Draw one line through the rows."""
    colour, style = COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)]
    ax.plot(frame[x], frame[y], color=colour, linestyle=style, label=label)


def marks(ax: Axes, days: pd.Series, *, label: str, number: int = 0) -> None:
    """Mark days with a triangle at the top of the figure; nothing if there are none."""
    if len(days):
        height = [0.975] * len(days)
        ax.scatter(
            days, height, marker="v", s=28, color=COLOURS[number], transform=ax.get_xaxis_transform(), label=label
        )


def limit(ax: Axes, at: float, text: str) -> None:
    """Mark a limit, such as a legal one, with a labelled vertical line."""
    ax.axvline(at, color="0.2", linestyle="--", linewidth=1.0, gid="limit")
    low, high = ax.get_xlim()
    right = (at - low) / (high - low) > _MIDDLE
    ax.annotate(
        text, (at, 1.0), xycoords=ax.get_xaxis_transform(), xytext=(-4 if right else 4, -2),
        textcoords="offset points", ha="right" if right else "left", va="top", fontsize=8.5, color="0.2",
    )  # fmt: skip


def one_number(ax: Axes, name: str, value: str, below: str) -> None:
    """Write a single number as text instead of a figure with one point."""
    ax.set_yticks([])
    ax.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    ax.spines["bottom"].set_visible(False)
    ax.grid(False)
    across = ax.transAxes
    ax.text(0, 0.5, value, transform=across, fontsize=24, fontweight="bold", color=COLOURS[0], va="center", gid=BESIDE)
    for text, height, up in ((name, 1.0, "top"), (below, 0.0, "bottom")):
        if text:
            ax.text(0, height, text, transform=ax.transAxes, fontsize=9, color="0.3", va=up)


def ranges(
    ax: Axes,
    frame: pd.DataFrame,
    *,
    label: str,
    estimate: str,
    lower: str,
    upper: str,
    null: float | None = None,
    kind: Kind = "number",
    bounds: bool = False,
    beside: bool = True,
    unit: str = "",
    reads: str = "",
) -> list[int]:
    """Draw a forest plot: one estimate with its interval per row, the first on top, with its numbers beside it.

    Parameters
    ----------
    ax : Axes
    frame : DataFrame
        Rows with ``hidden`` are hatched and labelled as hidden.
    label, estimate, lower, upper : str
        Columns.
    null : float, optional
        Value of no difference, marked by a line.
    kind : str
        Kind of the numbers.
    bounds : bool
        Whether the limits are bounds (hatched) and not a confidence interval.
    beside : bool
        Whether to write each row's numbers; a single row is then only written. ``False`` if more is drawn on the rows.
    unit : str
        Unit of the single number.
    reads : str
        Column of the words beside each row, if not the numbers.

    Returns
    -------
    list of int
        The height of each row.
    """
    heights = list(range(len(frame)))[::-1]
    hidden = frame["hidden"].fillna(False).astype(bool).to_numpy() if "hidden" in frame else np.zeros(len(frame), bool)
    value, low, high = (frame[name].astype("float64").to_numpy(na_value=np.nan) for name in (estimate, lower, upper))
    names = [_row_name(text) for text in frame[label]]
    said = [
        HIDDEN
        if hidden[row]
        else str(frame[reads].iloc[row])
        if reads and np.isnan(value[row])
        else _said(value[row], low[row], high[row], kind)
        for row in range(len(frame))
    ]
    if len(frame) == 1 and beside:
        first, _, rest = said[0].partition(" (")
        rest = rest.removesuffix(")")
        one_number(
            ax,
            names[0],
            f"{first} {unit}".strip(),
            (f"bounds: {rest}" if bounds else f"interval: {rest}") if rest else "",
        )
        return heights
    place = np.array(heights, dtype=float)
    open_ended = ~np.isnan(low) & ~np.isnan(high) & ~hidden
    if bounds:
        wide = open_ended & (low < high)
        ax.barh(
            place[wide],
            (high - low)[wide],
            0.5,
            left=low[wide],
            facecolor="#dbe9f4",
            edgecolor=COLOURS[0],
            hatch="////",
        )
    else:
        ax.hlines(place[open_ended], low[open_ended], high[open_ended], color=COLOURS[0], linewidth=2.2)
    ax.plot(value[~hidden], place[~hidden], "o", color=COLOURS[0], markersize=5.5)
    ax.set_yticks(heights, names)
    ax.set_ylim(-0.6, max(len(frame) - 0.4, 0.6))
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    if null is not None:
        ax.axvline(null, color=GREY, linewidth=1.0)
    numbers(ax.xaxis, kind)
    across = ax.get_yaxis_transform()
    for row in np.flatnonzero(hidden):
        ax.barh(heights[row], 1.0, 0.5, facecolor="none", edgecolor="0.7", hatch="////", linewidth=0, transform=across)
    if beside:
        for height, text in zip(heights, said, strict=True):
            ax.text(1.02, height, text, transform=across, fontsize=8, va="center", color="0.25", gid=BESIDE)
    return heights


def _said(value: float, low: float, high: float, kind: Kind) -> str:
    """A row's numbers in words."""
    fine = share_decimals(value, low, high) if kind == "share" else 0 if kind == "days" else decimals(low, high)
    ends = "" if np.isnan(low) and np.isnan(high) else f"{written(low, kind, fine)} to {written(high, kind, fine)}"
    if np.isnan(value):
        return ends or "not known"
    if low == high == value:
        return written(value, kind)
    return f"{written(value, kind, fine)} ({ends})" if ends else written(value, kind)


def _row_name(text: object) -> str:
    return textwrap.fill(name_of(text), _ROW)
