"""What a reader would see wrong in a figure: words over words, words cut at the edge, words that are missing."""

from __future__ import annotations

from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.text import Text

from accountability.figures.titles import words_of

#: Letters may touch by so many dots at 100 dots an inch.
_TOUCH = 2.0


def faults(figure: Figure) -> list[str]:
    """Every fault of a figure's words, in words."""
    figure.set_dpi(100)
    figure.canvas.draw()
    return [*_overlaps(figure), *_missing(figure)]


def _overlaps(figure: Figure) -> list[str]:
    edge = figure.bbox
    seen = []
    for text in figure.findobj(Text):
        if not text.get_text().strip() or not _shown(text, figure):
            continue
        box = text.get_window_extent()
        if box.width > 0 and box.height > 0:
            seen.append((text.get_text().replace("\n", " "), box))
    found = [
        f"cut at the edge: {said!r}"
        for said, box in seen
        if box.x0 < edge.x0 - _TOUCH
        or box.x1 > edge.x1 + _TOUCH
        or box.y0 < edge.y0 - _TOUCH
        or box.y1 > edge.y1 + _TOUCH
    ]
    for (one, a), (other, b) in combinations(seen, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > _TOUCH and high > _TOUCH:
            found.append(f"overlap: {one!r} and {other!r}")
    return found


def _shown(text: Text, figure: Figure) -> bool:
    """Whether a text is painted: ticks beyond the limits of an axis, and what is switched off, are not."""
    for axes in figure.axes:
        if not axes.axison and text in axes.findobj(Text) and text not in axes.texts:
            return False
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            for tick in ticks:
                if text in (tick.label1, tick.label2):
                    low, high = sorted(axis.get_view_interval())
                    room = 1e-6 * (high - low)
                    drawn = text.get_visible()
                    return bool(drawn) and axis.get_visible() and low - room <= tick.get_loc() <= high + room
    return bool(text.get_visible())


def _missing(figure: Figure) -> list[str]:
    words = words_of(figure)
    if words is None:
        return ["no title, subtitle and text for who cannot see"]
    found = [f"no {name}" for name in ("title", "subtitle", "alt") if not getattr(words, name).strip()]
    if not any(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes if axes.axison) and any(
        axes.axison for axes in figure.axes
    ):
        found.append("no axis says what it measures")
    return found
