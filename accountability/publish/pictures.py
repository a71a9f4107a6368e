"""Write a figure as PNG and SVG: laid out once for all its files, and identical each time it is drawn."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakMethod

from accountability.figures.narrow import narrowed
from accountability.figures.titles import words_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import BboxBase

DPI: Final = 144
# Shrunk to 3.5 inches, what is 10 points on this canvas is 8.
_NARROW_INCHES: Final = 4.375
#: The solver of a layout goes through its parts in no fixed order: places differ in the last of 16 digits.
_DECIMALS: Final = 9
#: Inches beside and over a figure with texts, which is laid out to its own edges.
_BESIDE, _OVER = 0.06, 0.02

# Unhinted letters are as wide in every file, and set in two thirds of the time; the day and random ids would make every
# run differ.
_SETTINGS: Final[Any] = {
    "svg.hashsalt": "accountability",
    "svg.fonttype": "none",
    "text.hinting": "no_hinting",
}
_STAMPS: Final[dict[str, dict[str, Any]]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
# As small as the usual level packs a figure, in two thirds of the time.
_LEVEL: Final = 3
_PACKED: Final[dict[str, dict[str, Any]]] = {"png": {"pil_kwargs": {"compress_level": _LEVEL}}, "svg": {}}
#: Width, height and depth of texts that were set, by kind of file, dots an inch, text and font.
_SET: Final[dict[tuple[Any, ...], tuple[float, float, float]]] = {}
_MOST_SET: Final = 5000


def rendered(image: Figure, kind: str, dpi: int = DPI) -> bytes:
    """Return the bytes of a figure as ``png`` or ``svg``, identical each time it is drawn."""
    (drawn,) = pictures(image, (kind,), dpi)
    return drawn


def narrow_pictures(image: Figure, kinds: Sequence[str]) -> list[bytes]:
    """Draw for a column; where the labels leave no room for the drawing in it, at the figure's own width."""
    with warnings.catch_warnings(), suppress(UserWarning), narrowed(image, _NARROW_INCHES):
        # Matplotlib only warns, and would draw axes of no size.
        warnings.filterwarnings("error", "constrained_layout not applied", UserWarning)
        return pictures(image, kinds)
    return pictures(image, kinds)


def pictures(image: Figure, kinds: Sequence[str], dpi: int = DPI) -> list[bytes]:
    """Return a figure in several formats, laid out once: that costs as much as drawing it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.transforms import Bbox

    engine, before, words = image.get_layout_engine(), image.dpi, words_of(image)
    canvas: Any = image.canvas if isinstance(image.canvas, FigureCanvasAgg) else FigureCanvasAgg(image)
    whole = engine is not None and words is not None and words.title != "" and bool(image.axes)
    dots = b""
    with mpl.rc_context(_SETTINGS):
        try:
            image.dpi = dpi
            _set_once(canvas.get_renderer(), ("png", dpi))
            if engine is not None and image.axes:
                engine.execute(image)
                _rounded(image)
            if whole:
                width, height = image.get_size_inches()
                box: BboxBase = Bbox.from_extents(-_BESIDE, -_OVER, width + _BESIDE, height + _OVER)
            else:
                tight = image.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
                box = Bbox(tight.get_points().round(_DECIMALS))
            if engine is not None:
                image.set_layout_engine("none")
            if whole and "png" in kinds:
                dots = _dots(canvas, dpi)
            return [dots if whole and kind == "png" else _saved(image, kind, dpi, box) for kind in kinds]
        finally:
            image.dpi = before
            if engine is not None:
                image.set_layout_engine(engine)


def _rounded(image: Figure) -> None:
    """Leave out of the places of a layout what differs from run to run, which the names of an SVG's parts depend on."""
    every: Sequence[Any] = image.axes
    for axes in every:
        place = axes.get_position(original=True)
        place.set_points(place.get_points().round(_DECIMALS))
        axes._set_position(place, which="original")


def _dots(canvas: Any, dpi: int) -> bytes:
    """Draw a figure that is laid out as PNG with its margins, once: a file is laid out, measured and then drawn."""
    import numpy as np
    from matplotlib.colors import to_hex
    from PIL import Image

    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    beside, over = round(_BESIDE * dpi), round(_OVER * dpi)
    shown = Image.new("RGB", (drawn.width + 2 * beside, drawn.height + 2 * over), to_hex(canvas.figure.get_facecolor()))
    shown.paste(drawn, (beside, over))
    packed = io.BytesIO()
    shown.save(packed, "png", compress_level=_LEVEL, dpi=(dpi, dpi))
    return packed.getvalue()


def _saved(image: Figure, kind: str, dpi: int, box: BboxBase) -> bytes:
    """Return a file of a figure that is laid out."""
    buffer = io.BytesIO()
    if image.get_layout_engine() is not None:
        vars(image)["draw"] = _but_the_first(image.draw, kind, dpi)
    try:
        image.savefig(buffer, format=kind, dpi=dpi, bbox_inches=box, metadata=_STAMPS[kind], **_PACKED[kind])
    finally:
        vars(image).pop("draw", None)
    return buffer.getvalue()


def _but_the_first(draw: Callable[[Any], None], kind: str, dpi: int) -> Callable[[Any], None]:
    """Leave out the first of two draws: Matplotlib makes it for every file, to lay out what is laid out here."""
    before: list[Any] = []

    def drawn(renderer: Any) -> None:
        if before:
            _set_once(renderer, (kind, dpi))
            draw(renderer)
        before.append(renderer)

    return drawn


def _set_once(renderer: Any, kind: tuple[str, int]) -> None:
    """Let a renderer look up how large a text is: it sets each anew, and a figure has the same ones in every file."""
    if "get_text_width_height_descent" in vars(renderer):
        return
    measure = WeakMethod(renderer.get_text_width_height_descent)

    def size(text: str, font: Any, ismath: Any) -> tuple[float, float, float]:
        key = (*kind, text, font, ismath)
        if key not in _SET:
            if len(_SET) >= _MOST_SET:
                _SET.clear()
            setting: Any = measure()
            _SET[key] = setting(text, font, ismath)
        return _SET[key]

    renderer.get_text_width_height_descent = size
