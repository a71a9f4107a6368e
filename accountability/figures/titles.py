"""The texts of a figure: the finding as title, a subtitle, and source and number as footer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from accountability.figures.house_style import WIDTH, housed, new_axes
from accountability.figures.letters import broken, wide
from accountability.labels import in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

T = TypeVar("T")

#: More groups than these fit on no page and in no reader's head.
MOST_DRAWN: Final = 24
TITLE, _SUBTITLE, _FOOTER = 12.0, 9.0, 7.5
LINE: Final = 1.25
#: Inches kept free at the edges, and between the words and the drawing.
_EDGE, _GAP = 0.08, 0.1
#: Inches that an axis of numbers takes.
_NUMBERS: Final = 0.45
#: Inches that an axis under rows takes, with its label.
_AXIS: Final = 1.2
#: A figure on a slide: inches, and the smallest letters in points.
_HALL: Final = (4.4, 1.9)
_HALL_LETTERS: Final = 8.5


@dataclass(slots=True)
class Words:
    """Title, subtitle, footer and alternative text, without line breaks; and the height of the plot."""

    title: str
    subtitle: str
    footer: str
    alt: str
    drawing: float
    #: Lays the panels out anew for a width, and gives the height they need.
    fit: Callable[[float], float] | None = None
    #: Inches that a legend, or a number alone, takes in a narrow column more than at full width.
    more: float = 0.0


def words_of(figure: Figure) -> Words | None:
    """Return the texts of a figure, if it has any."""
    return getattr(figure, "words", None)


def titled(figure: Figure, title: str, subtitle: str = "", footer: str = "", alt: str = "") -> Figure:
    """Write title, subtitle and footer on a figure.

    Parameters
    ----------
    figure : Figure
        With ``constrained`` layout; it is changed, and grows by the height of the texts.
    title, subtitle, footer : str
        Texts, wrapped to the figure's width, also if it becomes narrower (:func:`rewrapped`).
    alt : str
        Alternative text; title and subtitle when left out.
    """
    before, left_out = words_of(figure), getattr(figure, "left_out", "")
    figure.words = Words(  # type: ignore[attr-defined]
        title,
        subtitle,
        f"{footer.rstrip('.')}. {left_out}" if footer and left_out else footer or left_out,
        alt or ". ".join(part for part in (title, subtitle) if part),
        float(figure.get_size_inches()[1]) if before is None else before.drawing,
        getattr(figure, "fit", None),
    )
    _relabelled(figure)
    return rewrapped(figure)


def with_most_cases(
    figure: Figure, groups: Sequence[T], cases: Sequence[float], values: Sequence[float] = (), most: int = MOST_DRAWN
) -> list[T]:
    """Return the groups that a reader can take in, those with the most cases, and have the figure's footer say so.

    Those with the least and the greatest of the values are among them: titles and answers name these.
    """
    if len(groups) <= most:
        return list(groups)
    known = sorted((place for place, value in enumerate(values) if not math.isnan(value)), key=lambda one: values[one])
    ends = dict(zip([*known[:1], *known[-1:]], ("least", "greatest"), strict=False))
    rest = sorted((place for place in range(len(groups)) if place not in ends), key=lambda place: -cases[place])
    most_cases = rest[: most - len(ends)]
    besides = [word for place, word in ends.items() if cases[place] < cases[most_cases[-1]]]
    also = (
        f" and {'those' if len(besides) > 1 else 'that'} with the {' and the '.join(besides)} value" if besides else ""
    )
    figure.left_out = (  # type: ignore[attr-defined]
        f"Drawn: the {most - len(besides)} groups with the most cases{also}, of {len(groups):,}; the tables hold all."
    )
    drawn = sorted([*ends, *most_cases])
    return [groups[place] for place in drawn]


def axes_of_rows(
    ax: Axes | None, table: pd.DataFrame, cases: pd.Series, values: pd.Series, *, head: int = 0, row: float = 0.32
) -> tuple[Axes, pd.DataFrame]:
    """Return `ax` and a table, or a new Axes as high as those of its rows that a reader can take in, and these.

    The first `head` rows are always among them.
    """
    axes = new_axes(ax)
    if ax is not None:
        return axes, table
    figure: Any = axes.get_figure()
    n, value = (column.astype("float64").iloc[head:] for column in (cases, values))
    rows = with_most_cases(figure, range(head, len(table)), n.fillna(0.0).tolist(), value.tolist())
    shown = table.iloc[[*range(head), *rows]].reset_index(drop=True)
    figure.set_size_inches(WIDTH, 1.2 + row * len(shown))
    return axes, shown


def _relabelled(figure: Figure) -> None:
    """Put labels in the place of raw names wherever the drawing writes some, at its ticks too."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            written = axis.get_major_formatter()
            if isinstance(written, FixedFormatter):
                written.seq = [in_words(str(one)) for one in written.seq]
            elif isinstance(written, StrCategoryFormatter):
                axis.set_ticks(
                    axis.get_ticklocs(), labels=[in_words(one) for one in written.format_ticks(axis.get_ticklocs())]
                )
    for text in _written(figure):
        if "_" in text.get_text():
            text.set_text(in_words(text.get_text()))


def _written(figure: Figure) -> list[Text]:
    """The texts of a figure but those of its ticks, which are made only to be looked at."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        found += [] if legend_of(axes) is None else [legend_of(axes).get_title(), *legend_of(axes).get_texts()]
    return found


def rewrapped(figure: Figure) -> Figure:
    """Wrap a figure's texts again to its current width; does nothing without such texts."""
    words = words_of(figure)
    if words is not None and figure.axes:
        with housed():
            _wrap(figure, words)
    return figure


def room_beside(axes: Axes, inches: float) -> float:
    """The width right of the names of rows, or of an axis of numbers."""
    lines = "\n".join(names_on(axes.yaxis)).split("\n")
    return inches - 0.3 - max(_NUMBERS, *(wide(line, 8.5, "normal") for line in lines))


def legend_of(axes: Axes) -> Any:
    """The legend; its number of columns has no public name."""
    return axes.get_legend()


def _tall_enough(figure: Figure, inches: float) -> float:
    """The height of a drawing, or what its rows take if each is as high as the highest name."""
    named = [names for axes in figure.axes if columns_of(axes) == 1 and (names := names_on(axes.yaxis))]
    if len(named) != 1:
        return inches
    lines = max(name.count("\n") + 1 for name in named[0])
    return max(inches, _AXIS + len(named[0]) * (0.05 + lines * 8.5 * LINE / 72))


def names_on(axis: Axis) -> list[str]:
    """The names of rows or columns on an axis; none if it bears numbers."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedLocator

    written = axis.get_major_formatter()
    if not isinstance(axis.get_major_locator(), FixedLocator) and not isinstance(written, StrCategoryFormatter):
        return []
    return list(written.format_ticks([float(place) for place in axis.get_majorticklocs()]))


def for_hall(figure: Figure) -> float:
    """Resize a figure for a slide, without its texts and with large letters.

    On a slide 1,280 pixels wide it is shown at about 250 dots per inch, where 8.5 points are at least 28 pixels.

    Returns
    -------
    float
        The smallest font size, in points.
    """
    from accountability.figures import draw

    words = words_of(figure)
    if words is not None:
        words.title = words.subtitle = words.footer = ""
        words.drawing = min(words.drawing, _HALL[1])
        words.fit = partial(_as_high, words.drawing)  # a slide grows for no row
    for axes in figure.axes:
        spec: Any = axes.get_subplotspec()
        if spec is not None and len(inches := spec.get_gridspec().get_height_ratios()) == 2:  # numbers under a drawing
            spec.get_gridspec().set_height_ratios([_HALL[1] - inches[1], inches[1]])
    figure.set_size_inches(*_HALL)
    rewrapped(figure)
    figure.draw_without_rendering()  # only then is known where the axes lie
    for axes in figure.axes:
        place = axes.get_position()
        room = (1 - place.x0) * _HALL[0] if columns_of(axes) == 1 else place.width * _HALL[0]
        axes.xaxis.label.set_text(broken(axes.get_xlabel(), room - 0.05, 9.0))
        draw.apart(axes)
    said = [text for text in _texts(figure) if text.get_visible() and text.get_text().strip()]
    for text in said:
        text.set_fontsize(max(text.get_fontsize(), _HALL_LETTERS))
    return min((float(text.get_fontsize()) for text in said), default=_HALL_LETTERS)


def _as_high(inches: float, width: float) -> float:
    return inches


def _texts(figure: Figure) -> list[Text]:
    from matplotlib.text import Text

    return [text for text in figure.findobj(Text) if isinstance(text, Text)]


def _wrap(figure: Figure, words: Words) -> None:
    width = float(figure.get_size_inches()[0])
    body = words.more + (_tall_enough(figure, words.drawing) if words.fit is None else words.fit(width))
    for old in [old for old in figure.texts if old.get_gid() == "words"]:
        old.remove()
    room = width - 2 * _EDGE
    head = [
        (broken(said, room, size, weight=weight), size, colour, weight)
        for said, size, colour, weight in (
            (words.title, TITLE, "0.07", "bold"),
            (words.subtitle, _SUBTITLE, "0.35", "normal"),
        )
        if said
    ]
    foot = broken(words.footer, room, _FOOTER) if words.footer else ""
    above = _EDGE + sum(_tall(text, size) for text, size, _, _ in head) + _GAP
    below = _tall(foot, _FOOTER) + _EDGE if foot else 0.0
    height = above + body + below
    figure.set_size_inches(width, height)
    down = _EDGE
    for text, size, colour, weight in head:
        figure.text(
            _EDGE / width, 1 - down / height, text, fontsize=size, color=colour, fontweight=weight,
            ha="left", va="top", linespacing=LINE - 0.05, gid="words",
        )  # fmt: skip
        down += _tall(text, size)
    if foot:
        figure.text(
            _EDGE / width, _EDGE / height, foot, fontsize=_FOOTER, color="0.4", ha="left", va="bottom", gid="words",
        )  # fmt: skip
    # Axes over one another begin where the longest names end.
    across = min((room_beside(axes, width) for axes in figure.axes if columns_of(axes) == 1), default=width)
    for axes in figure.axes:
        each = across if columns_of(axes) == 1 else width / columns_of(axes) - 0.7
        axes.xaxis.label.set_text(broken(axes.get_xlabel(), each, 9.0))
        axes.yaxis.label.set_text(broken(axes.get_ylabel(), max(body - 0.5, 1.0), 9.0))
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, below / height, 1, body / height))  # type: ignore[call-arg]


def columns_of(axes: Axes) -> int:
    """Return the number of columns of the grid in which axes stand."""
    spec = axes.get_subplotspec()
    return 1 if spec is None else int(spec.get_geometry()[1])


def _tall(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * LINE / 72 + 0.03 if text else 0.0
