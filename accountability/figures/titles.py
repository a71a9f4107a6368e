"""A figure's own words: the finding as its title, what is shown below it, source and number at its foot."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Letters of each line's size that fit in an inch.
_TITLE, _SUBTITLE, _FOOTER = 11.0, 14.5, 17.0
_NAME: Final = "accountability-words"


@dataclass(frozen=True, slots=True)
class Words:
    """Title, subtitle and footer, unbroken."""

    title: str
    subtitle: str
    footer: str


def titled(figure: Figure, title: str, subtitle: str = "", footer: str = "") -> Figure:
    """Write the finding over a figure, what is shown below it, and source and number at its foot.

    Parameters
    ----------
    figure : Figure
        Laid out with ``constrained``; it is changed.
    title, subtitle, footer : str
        Broken to the figure's width, also when it is drawn narrower (:func:`rewrapped`).
    """
    for axes in figure.axes:
        axes.set_title("")
        axes.set_title("", loc="left")
    figure.set_label(_NAME)
    figure.words = Words(title, subtitle, footer)  # type: ignore[attr-defined]
    return rewrapped(figure)


def rewrapped(figure: Figure) -> Figure:
    """Break a figure's words anew for the width it has now; a figure without such words is left alone."""
    words: Words | None = getattr(figure, "words", None)
    if words is None or not figure.axes:
        return figure
    width = float(figure.get_size_inches()[0])
    head = figure.suptitle(
        textwrap.fill(words.title, max(int(width * _TITLE), 12)), x=0.01, ha="left", fontsize=12.5, fontweight="bold"
    )
    head.set_linespacing(1.15)
    if words.subtitle:
        # Over the first axes: constrained layout keeps the room of titles, and of nothing else, above them.
        figure.axes[0].set_title(
            textwrap.fill(words.subtitle, max(int(width * _SUBTITLE), 16)), loc="left", x=0, fontsize=9, color="0.35"
        )
    if words.footer:
        figure.supxlabel(
            textwrap.fill(words.footer, max(int(width * _FOOTER), 18)), x=0.01, ha="left", fontsize=7.5, color="0.4"
        )
    return figure
