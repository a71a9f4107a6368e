"""Draw a frame on an Axes. Nothing here computes a statistic.

Groups differ by colour and by line style, so a figure survives a black-and-white printer and colour blindness.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, which stays apart under the common kinds of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
STYLES = ("-", "--", "-.", ":")

# Smaller counts of people are not written on a figure.
FEWEST = 10


def new_axes(ax: Axes | None = None, *, width: float = 7.0, height: float = 4.2) -> Axes:
    """Return `ax`, or a fresh Axes on a figure of its own."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, fresh = plt.subplots(figsize=(width, height), layout="constrained")
    return fresh


def labelled(ax: Axes, x: str = "", y: str = "", *, legend: bool = False) -> Axes:
    """Name the axes, add a legend without a frame if asked, and give the Axes back."""
    if x:
        ax.set_xlabel(x)
    if y:
        ax.set_ylabel(y)
    if legend:
        ax.legend(frameon=False)
    return ax


def groups_of(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Split a tidy frame into labelled groups, in order of appearance; no `by` gives one unlabelled group."""
    if not by:
        return [("", frame)]
    parts = frame.groupby(list(by), sort=False, observed=True, dropna=False)
    return [(", ".join(str(value) for value in key), part) for key, part in parts]


def steps(
    ax: Axes,
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    lower: str | None = None,
    upper: str | None = None,
    by: Sequence[str] = (),
    where: Literal["pre", "post"] = "post",
) -> None:
    """Draw one step curve a group, with a band where the frame has one."""
    for number, (label, part) in enumerate(groups_of(frame, by)):
        colour = COLOURS[number % len(COLOURS)]
        style = STYLES[number // len(COLOURS) % len(STYLES)] if number >= len(COLOURS) else STYLES[number % 4]
        ax.step(part[x], part[y], where=where, color=colour, linestyle=style, label=label or None)
        if lower and upper:
            ax.fill_between(
                part[x],
                part[lower],
                part[upper],
                step=where,
                color=colour,
                alpha=0.18,
                linewidth=0,
            )
    if by:
        ax.legend(title=", ".join(by), frameon=False)


def boxes(ax: Axes, frame: pd.DataFrame, *, low: str, high: str, y_low: str, y_high: str, number: int = 0) -> None:
    """Shade rectangles: stretches where a curve is only known to pass from one height to another."""
    for row in frame.itertuples(index=False):
        ax.fill_between(
            [getattr(row, low), getattr(row, high)],
            getattr(row, y_low),
            getattr(row, y_high),
            color=COLOURS[number % len(COLOURS)],
            alpha=0.25,
            linewidth=0,
        )


def numbers_below(ax: Axes, counts: pd.DataFrame, *, x: str, n: str, by: Sequence[str], title: str) -> None:
    """Write counts under the axis, one line a group, at the days they belong to."""
    line = 0.055
    top = -0.2
    ax.text(0, top, title, transform=ax.transAxes, fontsize=8, style="italic", ha="left", va="top")
    for number, (label, part) in enumerate(groups_of(counts, by)):
        height = top - line * (number + 1)
        colour = COLOURS[number % len(COLOURS)] if by else "black"
        if label:
            ax.text(-0.02, height, label, transform=ax.transAxes, fontsize=8, ha="right", va="top", color=colour)
        for day, count in zip(part[x], part[n], strict=True):
            ax.text(
                day,
                height,
                f"{count:,}" if count == 0 or count >= FEWEST else f"<{FEWEST}",
                transform=ax.get_xaxis_transform(),
                fontsize=8,
                ha="center",
                va="top",
                color=colour,
            )


def bars(ax: Axes, frame: pd.DataFrame, *, x: str, y: str, label: str | None = None, number: int = 0) -> None:
    """Draw one bar a row."""
    ax.bar(frame[x], frame[y], color=COLOURS[number % len(COLOURS)], label=label)


def stacked(ax: Axes, frame: pd.DataFrame, *, x: str, height: str, by: str) -> None:
    """Draw one bar a value of `x`, a whole number, with a part for each value of `by`."""
    import seaborn as sns
    from matplotlib.ticker import MaxNLocator

    parts = list(frame[by].unique())
    sns.histplot(
        frame.astype({x: "int64"}),
        x=x,
        weights=height,
        hue=by,
        hue_order=parts[::-1],
        multiple="stack",
        discrete=True,
        palette=list(COLOURS[: len(parts)])[::-1],
        shrink=0.85,
        alpha=1.0,
        linewidth=0,
        ax=ax,
    )
    sns.move_legend(ax, "best", title=None, frameon=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def lines(ax: Axes, frame: pd.DataFrame, *, x: str, y: str, label: str | None = None, number: int = 0) -> None:
    """Draw one line through the rows."""
    colour, style = COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)]
    ax.plot(frame[x], frame[y], color=colour, linestyle=style, label=label)


def marks(ax: Axes, days: pd.Series, *, label: str, number: int = 0) -> None:
    """Mark days with a triangle at the top of the figure; nothing when there are none."""
    if len(days):
        height = [0.975] * len(days)
        ax.scatter(
            days, height, marker="v", s=28, color=COLOURS[number], transform=ax.get_xaxis_transform(), label=label
        )


def ranges(
    ax: Axes,
    frame: pd.DataFrame,
    *,
    label: str,
    estimate: str,
    lower: str,
    upper: str,
    null: float | None = None,
    ends: bool = False,
) -> list[int]:
    """Draw one estimate with its interval a row, first row on top (a forest plot); `ends` marks those of each line.

    Returns
    -------
    list of int
        The height of each row, for what is drawn beside it.
    """
    heights = list(range(len(frame)))[::-1]
    ax.hlines(heights, frame[lower], frame[upper], color=COLOURS[0])
    ax.plot(frame[estimate], heights, "o", color=COLOURS[0])
    if ends:
        ax.plot(frame[[lower, upper]], [[height, height] for height in heights], "|", color=COLOURS[0])
    ax.set_yticks(heights, [str(text) for text in frame[label]])
    if null is not None:
        ax.axvline(null, color="0.6", linewidth=0.8)
    return heights
