"""Lay a figure out for a narrow column, such as a telephone's or a journal's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from accountability.figures.house_style import BESIDE, INSIDE, housed
from accountability.figures.letters import broken, wide
from accountability.figures.titles import (
    LINE,
    TITLE,
    Words,
    columns_of,
    legend_of,
    names_on,
    rewrapped,
    room_beside,
    words_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

#: Share of a narrow figure that the names of its rows may take.
_NAMES: Final = 0.34
#: Inches that a line of a legend is high.
_KEY: Final = 0.18


@contextmanager
def narrowed(figure: Figure, inches: float) -> Iterator[None]:
    """Lay a figure out for a narrow column, names of rows and the numbers beside them in two lines; then as it was."""
    width, height = figure.get_size_inches()
    if width <= inches:
        yield
        return
    single = [axes for axes in figure.axes if columns_of(axes) == 1]
    names = [(axes, list(axes.get_yticks()), names_on(axes.yaxis)) for axes in single if names_on(axes.yaxis)]
    beside = [(text, text.get_text()) for axes in single for text in axes.texts if text.get_gid() == BESIDE]
    keys: list[tuple[Axes, Any, int]] = [
        (axes, key, key._ncols) for axes in single for key in (legend_of(axes),) if key
    ]
    turned = [axes for axes in single if _crowded(axes, inches)]
    dated = _dated(single)
    tight = [text for axes in single for text in _without_room(axes, inches)]
    words = words_of(figure) or Words("", "", "", "", 0.0)
    try:
        figure.set_size_inches(inches, height)
        for axes, places, said in names:
            axes.set_yticks(places, [broken(one, _NAMES * inches, 8.5) for one in said])
        for axis, _, _ in dated:
            _fewer_dates(axis)
        for text in tight:
            text.set_visible(False)
        for axes in turned:
            axes.tick_params(axis="x", labelrotation=90)
            words.more += (
                max(wide(line, 8.5, "normal") for one in names_on(axes.xaxis) for line in one.split("\n")) - 0.3
            )
        for text, numbers in beside:
            size, weight = float(text.get_fontsize()), str(text.get_fontweight())
            lines = [broken(line, inches - 0.3, size, weight=weight) for line in numbers.split(" (")]
            text.set_text("\n(".join(lines))
            if size > TITLE:  # a number that stands alone, in a figure no higher than it
                words.more += text.get_text().count("\n") * size * LINE / 72
        for axes, legend, columns in keys:
            each = max(wide(text.get_text(), 8.5, "normal") for text in legend.get_texts()) + 0.45
            fewer = max(1, min(columns, int((room_beside(axes, inches) + 0.165) / each)))
            rows, before = (math.ceil(len(legend.get_texts()) / count) for count in (fewer, columns))
            words.more += (rows - before) * _KEY
            _key(axes, legend, fewer)
        rewrapped(figure)
        yield
    finally:
        for axes, places, said in names:
            axes.set_yticks(places, said)
        for text, numbers in beside:
            text.set_text(numbers)
        for text in tight:
            text.set_visible(True)
        for axes in turned:
            axes.tick_params(axis="x", labelrotation=0)
        for axis, locator, formatter in dated:
            axis.set_major_locator(locator)
            axis.set_major_formatter(formatter)
        for axes, legend, columns in keys:
            _key(axes, legend, columns)
        words.more = 0.0
        figure.set_size_inches(width, height)
        rewrapped(figure)


def _without_room(axes: Axes, inches: float) -> list[Text]:
    """The numbers within bars of shares that would stand over the one before."""
    room = max(room_beside(axes, inches), inches - 0.3 - _NAMES * inches)
    ends: dict[float, float] = {}
    tight = []
    for text in (each for each in axes.texts if each.get_gid() == INSIDE):
        (place, row), half = text.get_position(), wide(text.get_text(), float(text.get_fontsize()), "normal") / 2
        if place * room - half < ends.get(row, 0.0):
            tight.append(text)
        else:
            ends[row] = place * room + half
    return tight


def _key(axes: Axes, legend: Legend, columns: int) -> None:
    """Set a legend in columns."""
    from accountability.figures import draw

    if columns != legend_of(axes)._ncols:
        with housed():
            names = [text.get_text() for text in legend.get_texts()]
            draw.key_above(axes, legend.legend_handles, names, columns=columns)


def _dated(every: Sequence[Axes]) -> list[tuple[Axis, Any, Any]]:
    """The axes that choose their own dates, with what chooses and writes them."""
    from matplotlib.dates import AutoDateLocator

    found = [(one.xaxis, one.xaxis.get_major_locator(), one.xaxis.get_major_formatter()) for one in every]
    return [(axis, locator, written) for axis, locator, written in found if isinstance(locator, AutoDateLocator)]


def _fewer_dates(axis: Axis) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    few = AutoDateLocator(minticks=2, maxticks=3)
    axis.set_major_locator(few)
    axis.set_major_formatter(ConciseDateFormatter(few))


def _crowded(axes: Axes, inches: float) -> bool:
    """Whether the names of columns would stand over one another in a narrow figure."""
    names = names_on(axes.xaxis)
    each = room_beside(axes, inches) / max(len(names), 1)
    return any(wide(line, 8.5, "normal") > each for name in names for line in name.split("\n"))
