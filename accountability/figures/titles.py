"""The texts of a figure: the finding as title, a subtitle, and source and number as footer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from accountability.figures.house_style import BESIDE, housed
from accountability.labels import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

T = TypeVar("T")

#: More groups than these fit on no page and in no reader's head.
MOST_DRAWN: Final = 24
_TITLE, _SUBTITLE, _FOOTER = 12.0, 9.0, 7.5
_LINE: Final = 1.25
#: A screen sets letters to whole dots, which makes some lines longer.
_WHOLE_DOTS: Final = 0.96
#: Points at which letters are measured.
_SIZE: Final = 12.0
#: Inches kept free at the edges, and between the words and the drawing.
_EDGE, _GAP = 0.08, 0.1
#: Share of a narrow figure that the names of its rows may take.
_NAMES: Final = 0.34
#: Inches that an axis of numbers takes.
_NUMBERS: Final = 0.45
#: Inches that a line of a legend is high.
_KEY: Final = 0.18
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
    before = words_of(figure)
    figure.words = Words(  # type: ignore[attr-defined]
        title,
        subtitle,
        " ".join(part for part in (footer, getattr(figure, "left_out", "")) if part),
        alt or ". ".join(part for part in (title, subtitle) if part),
        float(figure.get_size_inches()[1]) if before is None else before.drawing,
        getattr(figure, "fit", None),
    )
    _relabelled(figure)
    return rewrapped(figure)


def with_most_cases(figure: Figure, groups: Sequence[T], cases: Sequence[float], most: int = MOST_DRAWN) -> list[T]:
    """Return the groups that a reader can take in, those with the most cases, and have the figure's footer say so."""
    if len(groups) <= most:
        return list(groups)
    order = sorted(range(len(groups)), key=lambda place: -cases[place])
    figure.left_out = f"Drawn: the {most} groups with the most cases, of {len(groups):,}; the tables hold all."  # type: ignore[attr-defined]
    return [groups[place] for place in sorted(order[:most])]


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
        found += [] if _legend(axes) is None else [_legend(axes).get_title(), *_legend(axes).get_texts()]
    return found


def rewrapped(figure: Figure) -> Figure:
    """Wrap a figure's texts again to its current width; does nothing without such texts."""
    words = words_of(figure)
    if words is not None and figure.axes:
        with housed():
            _wrap(figure, words)
    return figure


@contextmanager
def narrowed(figure: Figure, inches: float) -> Iterator[None]:
    """Lay a figure out for a narrow column, names of rows and the numbers beside them in two lines; then as it was."""
    width, height = figure.get_size_inches()
    if width <= inches:
        yield
        return
    single = [axes for axes in figure.axes if _columns(axes) == 1]
    names = [(axes, list(axes.get_yticks()), _names(axes.yaxis)) for axes in single if _names(axes.yaxis)]
    beside = [(text, text.get_text()) for axes in single for text in axes.texts if text.get_gid() == BESIDE]
    keys: list[tuple[Axes, Any, int]] = [(axes, key, key._ncols) for axes in single for key in (_legend(axes),) if key]
    turned = [axes for axes in single if _crowded(axes, inches)]
    dated = _dated(single)
    words = words_of(figure) or Words("", "", "", "", 0.0)
    try:
        figure.set_size_inches(inches, height)
        for axes, places, said in names:
            lines = [broken(figure, one, _NAMES * inches, 8.5) for one in said]
            axes.set_yticks(places, lines)
            words.more += max(0.0, _rows(lines) - max(words.drawing - 1.2, 0.0)) if len(names) == 1 else 0.0
        for axis, _, _ in dated:
            _fewer_dates(axis)
        for axes in turned:
            axes.tick_params(axis="x", labelrotation=90)
            words.more += (
                max(_wide(line, 8.5, "normal") for one in _names(axes.xaxis) for line in one.split("\n")) - 0.3
            )
        for text, numbers in beside:
            size, weight = float(text.get_fontsize()), str(text.get_fontweight())
            lines = [broken(figure, line, inches - 0.3, size, weight=weight) for line in numbers.split(" (")]
            text.set_text("\n(".join(lines))
            if size > _TITLE:  # a number that stands alone, in a figure no higher than it
                words.more += text.get_text().count("\n") * size * _LINE / 72
        for axes, legend, columns in keys:
            each = max(_wide(text.get_text(), 8.5, "normal") for text in legend.get_texts()) + 0.45
            fewer = max(1, min(columns, int((_room(axes, inches) + 0.165) / each)))
            rows, before = (math.ceil(len(legend.get_texts()) / count) for count in (fewer, columns))
            words.more += (rows - before) * _KEY
            _key(axes, legend, fewer)
        rewrapped(figure)
        for axes, *_ in names:
            axes.xaxis.label.set_text(broken(figure, axes.get_xlabel(), _room(axes, inches), 9.0))
        yield
    finally:
        for axes, places, said in names:
            axes.set_yticks(places, said)
        for text, numbers in beside:
            text.set_text(numbers)
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


def _room(axes: Axes, inches: float) -> float:
    """The width right of the names of rows, or of an axis of numbers."""
    lines = "\n".join(_names(axes.yaxis)).split("\n")
    return inches - 0.3 - max(_NUMBERS, *(_wide(line, 8.5, "normal") for line in lines))


def _legend(axes: Axes) -> Any:
    """The legend; its number of columns has no public name."""
    return axes.get_legend()


def _key(axes: Axes, legend: Legend, columns: int) -> None:
    """Set a legend in columns."""
    from accountability.figures import draw

    if columns != _legend(axes)._ncols:
        with housed():
            names = [text.get_text() for text in legend.get_texts()]
            draw.key_above(axes, legend.legend_handles, names, columns=columns)


def _rows(names: Sequence[str]) -> float:
    """The inches that rows as high as their highest name take."""
    return len(names) * (0.05 + max(name.count("\n") + 1 for name in names) * 8.5 * _LINE / 72)


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
    names = _names(axes.xaxis)
    each = _room(axes, inches) / max(len(names), 1)
    return any(_wide(line, 8.5, "normal") > each for name in names for line in name.split("\n"))


def _names(axis: Axis) -> list[str]:
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
        words.drawing, words.fit = min(words.drawing, _HALL[1]), None
    for axes in figure.axes:
        spec: Any = axes.get_subplotspec()
        if spec is not None and len(inches := spec.get_gridspec().get_height_ratios()) == 2:  # numbers under a drawing
            spec.get_gridspec().set_height_ratios([_HALL[1] - inches[1], inches[1]])
    figure.set_size_inches(*_HALL)
    rewrapped(figure)
    figure.draw_without_rendering()  # only then is known where the axes lie
    for axes in figure.axes:
        place = axes.get_position()
        room = (1 - place.x0) * _HALL[0] if _columns(axes) == 1 else place.width * _HALL[0]
        axes.xaxis.label.set_text(broken(figure, axes.get_xlabel(), room - 0.05, 9.0))
        draw.apart(axes)
    said = [text for text in _texts(figure) if text.get_visible() and text.get_text().strip()]
    for text in said:
        text.set_fontsize(max(text.get_fontsize(), _HALL_LETTERS))
    return min((float(text.get_fontsize()) for text in said), default=_HALL_LETTERS)


def _texts(figure: Figure) -> list[Text]:
    from matplotlib.text import Text

    return [text for text in figure.findobj(Text) if isinstance(text, Text)]


def _wrap(figure: Figure, words: Words) -> None:
    width = float(figure.get_size_inches()[0])
    body = words.more + (words.drawing if words.fit is None else words.fit(width))
    for old in [old for old in figure.texts if old.get_gid() == "words"]:
        old.remove()
    room = width - 2 * _EDGE
    head = [
        (broken(figure, said, room, size, weight=weight), size, colour, weight)
        for said, size, colour, weight in (
            (words.title, _TITLE, "0.07", "bold"),
            (words.subtitle, _SUBTITLE, "0.35", "normal"),
        )
        if said
    ]
    foot = broken(figure, words.footer, room, _FOOTER) if words.footer else ""
    above = _EDGE + sum(_tall(text, size) for text, size, _, _ in head) + _GAP
    below = _tall(foot, _FOOTER) + _EDGE if foot else 0.0
    height = above + body + below
    figure.set_size_inches(width, height)
    down = _EDGE
    for text, size, colour, weight in head:
        figure.text(
            _EDGE / width, 1 - down / height, text, fontsize=size, color=colour, fontweight=weight,
            ha="left", va="top", linespacing=_LINE - 0.05, gid="words",
        )  # fmt: skip
        down += _tall(text, size)
    if foot:
        figure.text(
            _EDGE / width, _EDGE / height, foot, fontsize=_FOOTER, color="0.4", ha="left", va="bottom", gid="words",
        )  # fmt: skip
    for axes in figure.axes:
        axes.xaxis.label.set_text(broken(figure, axes.get_xlabel(), width / _columns(axes) - 0.7, 9.0))
        axes.yaxis.label.set_text(broken(figure, axes.get_ylabel(), max(body - 0.5, 1.0), 9.0))
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, below / height, 1, body / height))  # type: ignore[call-arg]


def _columns(axes: Axes) -> int:
    spec = axes.get_subplotspec()
    return 1 if spec is None else int(spec.get_geometry()[1])


def broken(figure: Figure, text: str, inches: float, size: float, *, weight: str = "normal") -> str:
    """Break a text into lines of at most some width in inches."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _wide(longer, size, weight) <= _WHOLE_DOTS * inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _wide(text: str, size: float, weight: str) -> float:
    """Return the inches of a line: the sum of its letters, as a file with text sets them."""
    return size * sum(_em(letter, weight) for letter in text) / 72


@lru_cache(2000)
def _em(letter: str, weight: str) -> float:
    """Return a letter's width in letter sizes; of one that the face lacks, that of the widest."""
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.ft2font import LoadFlags

    # The face is the same for every kind of file.
    face = get_font(findfont(FontProperties(family=["DejaVu Sans"], weight=weight)))
    if not face.get_char_index(ord(letter)):
        return 1.0
    face.set_size(_SIZE, 72)
    return float(face.load_char(ord(letter), LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / _SIZE


def _tall(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * _LINE / 72 + 0.03 if text else 0.0
