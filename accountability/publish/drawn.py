"""Read the data of a figure from the figure itself.

So a figure and its data always agree: points of curves, edges of bands, ends of bars, cells of images, and texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from accountability.figures.house_style import CONTEXT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

COLUMNS: Final = ("panel", "drawn", "series", "label", "x", "y", "x_end", "y_end", "value", "text", "x_tick", "y_tick")
_ALWAYS: Final = ("panel", "drawn", "series", "label", "x", "y")
_NEAR: Final = 1e-9

_PLACES: Final = ("x", "y", "x_end", "y_end")

#: Rows of one kind, by column.
Piece = dict[str, list[Any]]


def data_of(figure: Figure) -> pd.DataFrame:
    """Read the data drawn on a figure.

    Parameters
    ----------
    figure : Figure
        A drawn figure; not changed.

    Returns
    -------
    DataFrame
        One row per point, bar, segment, cell or text, in the order of drawing. ``panel`` numbers the figure's axes and
        ``series`` the artists of one, both from 1. ``drawn`` is ``line``, ``steps-pre``, ``steps-mid``, ``steps-post``,
        ``points``, ``band``, ``bar``, ``box``, ``segment``, ``cell``, ``area`` (corners of another shape) or ``text``.
        ``label`` is the series' name in the legend; a band without one has that of the curve with its colour. ``x`` and
        ``y`` are numbers in full precision, or days as ISO text on an axis of dates; empty if the artist has no
        position on that axis. ``x_end`` and ``y_end`` are the other end of a band, bar, box or segment; ``value`` is
        that of a cell; ``x_tick`` and ``y_tick`` are tick labels at the position. Columns after ``y`` exist only if
        filled.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for panel, axes in enumerate(_panels(figure), start=1):
        for piece in _pieces_of(axes):
            rows = len(piece["drawn"])
            piece["panel"] = [panel] * rows
            for name, cells in columns.items():
                cells += piece.get(name, [None] * rows)
    table = pd.DataFrame(columns, dtype=object)
    return table[[name for name in COLUMNS if name in _ALWAYS or table[name].notna().any()]]


def axes_of(figure: Figure) -> list[dict[str, str]]:
    """Return ``title``, ``x`` and ``y``, the axis texts, for each panel of a drawn figure."""
    return [{"title": axes.get_title(), "x": axes.get_xlabel(), "y": axes.get_ylabel()} for axes in _panels(figure)]


def _panels(figure: Figure) -> list[Axes]:
    """The axes of a figure, and those drawn inside others, where they hold data."""
    found: list[Any] = figure.get_axes()
    for axes in found:
        found += [inner for inner in axes.child_axes if inner.has_data() and inner not in found]
    return found


def _pieces_of(axes: Axes) -> Iterator[Piece]:
    """What each artist of a panel draws, column by column, in the order of drawing."""
    from matplotlib.container import BarContainer

    bars = {id(bar): box for box in axes.containers if isinstance(box, BarContainer) for bar in box}
    groups: dict[int, list[Artist]] = {}
    cells = [cell.get_text() for table in axes.tables for cell in table.get_celld().values()]
    singles: Sequence[Artist] = [*axes.lines, *axes.patches, *axes.collections, *axes.images, *axes.texts, *cells]
    for artist in singles:
        if artist.get_visible() and artist.get_gid() != CONTEXT:
            groups.setdefault(id(bars.get(id(artist), artist)), []).append(artist)
    known = _labels_by_colour(axes)
    ticks = {"x": _tick_names(axes.xaxis), "y": _tick_names(axes.yaxis)}
    for series, members in enumerate(groups.values(), start=1):
        box = bars.get(id(members[0]))
        label = _label(box) or _label(members[0]) or known.get(_colour(members[0]), "")
        for artist in members:
            for piece in _points(axes, artist, upright=box is None or box.orientation != "horizontal", bar=bool(box)):
                rows = len(piece["drawn"])
                for name, named in ticks.items():
                    if named and name in piece:
                        piece[f"{name}_tick"] = [_tick(named, place) for place in piece[name]]
                for name in _PLACES:
                    if name in piece:
                        piece[name] = _written(axes.xaxis if name.startswith("x") else axes.yaxis, piece[name])
                yield {**piece, "series": [series] * rows, "label": [label] * rows}


def _label(artist: Any) -> str:
    said = "" if artist is None else str(artist.get_label())
    # Matplotlib names what has no label itself, with an underscore first.
    return "" if said.startswith("_") else said


def _colour(artist: Any) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba_array

    for name in ("get_facecolor", "get_color", "get_edgecolor"):
        if hasattr(artist, name) and len(colours := to_rgba_array(getattr(artist, name)())):
            return tuple(colours[0][:3])
    return ()


def _labels_by_colour(axes: Axes) -> dict[tuple[float, ...], str]:
    legend = axes.get_legend()
    known: dict[tuple[float, ...], str] = {}
    shown = [] if legend is None else zip(legend.legend_handles, legend.get_texts(), strict=True)
    for handle, text in shown:
        known.setdefault(_colour(handle), text.get_text())
    for artist in [*axes.containers, *axes.lines, *axes.collections]:
        first = next(iter(artist), None) if isinstance(artist, tuple) else artist
        if _label(artist) and first is not None:
            known.setdefault(_colour(first), _label(artist))
    # Every word is black that is not told otherwise, and no more belongs to a black curve.
    for colour in ((), (0.0, 0.0, 0.0)):
        known.pop(colour, None)
    return known


def _points(axes: Axes, artist: Any, *, upright: bool, bar: bool) -> Iterator[Piece]:
    from matplotlib.collections import FillBetweenPolyCollection, LineCollection, PathCollection
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle
    from matplotlib.text import Text

    if isinstance(artist, Line2D):
        style = artist.get_drawstyle()
        kind = style if style.startswith("steps-") else "line" if artist.get_linestyle() != "None" else "points"
        yield _measured(axes, artist.get_transform(), kind, artist.get_xydata())
    elif isinstance(artist, Rectangle) and bar:
        (x, y), width, height = artist.get_xy(), artist.get_width(), artist.get_height()
        middle = {"x": [x + width / 2], "y": [y], "y_end": [y + height]}
        across = {"x": [x], "y": [y + height / 2], "x_end": [x + width]}
        yield {"drawn": ["bar"], **(middle if upright else across)}
    elif isinstance(artist, Rectangle):
        corners = [[*artist.get_xy(), artist.get_x() + artist.get_width(), artist.get_y() + artist.get_height()]]
        yield _measured(axes, artist.get_data_transform(), "box", corners)
    elif isinstance(artist, FillBetweenPolyCollection):
        yield from _band(artist)
    elif isinstance(artist, LineCollection):
        ends = [[*start, *stop] for part in artist.get_segments() for start, stop in pairwise(part)]
        yield _measured(axes, artist.get_transform(), "segment", ends)
    elif isinstance(artist, PathCollection):
        yield _measured(axes, artist.get_offset_transform(), "points", artist.get_offsets())
    elif isinstance(artist, AxesImage):
        yield _cells(artist)
    elif isinstance(artist, Text):
        if artist.get_text():
            place = _measured(axes, artist.get_transform(), "text", [artist.get_unitless_position()])
            yield {**place, "text": [artist.get_text()]}
    elif isinstance(artist, Patch):
        outline = artist.get_patch_transform().transform(artist.get_path().vertices)
        yield _measured(axes, artist.get_data_transform(), "area", outline)
    else:
        for path in artist.get_paths():
            yield _measured(axes, artist.get_transform(), "area", path.vertices)


def _measured(axes: Axes, transform: Any, kind: str, places: Any) -> Piece:
    """Return places; a coordinate that is not measured in the axis's own unit is left out."""
    import numpy as np

    on_x, on_y = transform.contains_branch_seperately(axes.transData)
    table: np.ndarray = np.ma.filled(np.ma.asarray(places, dtype="float64"), np.nan)
    piece: Piece = {"drawn": [kind] * len(table)}
    for name, column in zip(("x", "y", "x_end", "y_end"), table.T, strict=False):
        if on_x if name.startswith("x") else on_y:
            piece[name] = column.tolist()
    return piece


def _band(artist: Any) -> Iterator[Piece]:
    # A band is a closed outline: there along one edge, back along the other, a corner before each.
    for path in artist.get_paths():
        outline = path.vertices[:-1]
        half = len(outline) // 2
        there, back = outline[1:half], outline[half + 1 :][::-1]
        end = ("x_end", 0) if artist.t_direction == "y" else ("y_end", 1)
        low = {"x": there[:, 0].tolist(), "y": there[:, 1].tolist()}
        yield {"drawn": ["band"] * len(there), **low, end[0]: back[:, end[1]].tolist()}


def _cells(artist: Any) -> Piece:
    import numpy as np

    values: np.ndarray = np.ma.filled(np.ma.asarray(artist.get_array(), dtype="float64"), np.nan)
    if values.ndim != 2:
        return {"drawn": []}
    rows, columns = values.shape
    left, right, bottom, top = artist.get_extent()
    if artist.origin == "upper":
        bottom, top = top, bottom
    across = left + (np.arange(columns) + 0.5) * (right - left) / columns
    up = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    x, y = np.tile(across, rows), np.repeat(up, columns)
    return {"drawn": ["cell"] * values.size, "x": x.tolist(), "y": y.tolist(), "value": values.ravel().tolist()}


def _tick_names(axis: Axis) -> list[tuple[float, str]]:
    """Names written on an axis with their places, where the axis bears names and not numbers."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    formatter = axis.get_major_formatter()
    # Names set with the ticks stand in a function that looks them up; other functions only style a number.
    chosen = isinstance(formatter, FixedFormatter | FuncFormatter) and isinstance(
        axis.get_major_locator(), FixedLocator
    )
    if not (chosen or isinstance(formatter, StrCategoryFormatter)):
        return []
    ticks = [float(tick) for tick in axis.get_majorticklocs()]
    return list(zip(ticks, map(str, formatter.format_ticks(ticks)), strict=True))


def _tick(named: Sequence[tuple[float, str]], place: float) -> str | None:
    return next((name for tick, name in named if abs(tick - place) < _NEAR), "") or None


def _written(axis: Axis, values: Sequence[float]) -> list[Any]:
    """Places as they are written; none for what is not a number."""
    from datetime import date

    import numpy as np
    from matplotlib.dates import DateConverter, get_epoch, num2date
    from matplotlib.units import registry

    if not isinstance(axis.get_converter(), DateConverter | type(registry[date])):
        return [None if value != value else float(value) for value in values]

    def moment(value: float) -> str:
        if value % 1 == 0:  # thousands of days would each be made a date of the calendar first
            return str(np.datetime64(get_epoch(), "D") + int(value))
        at = num2date(float(value)).replace(tzinfo=None)
        return at.date().isoformat() if at.time().isoformat() == "00:00:00" else at.isoformat()

    return [None if value != value else moment(value) for value in values]
