"""The house style of figures: theme, palettes and readable axes.

Groups differ by colour and by line style, so figures work in black and white and with colour blindness. The font is
DejaVu Sans, which comes with Matplotlib (free licence) and covers most scripts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from accountability import labels
from accountability.decimals import share_written
from accountability.privacy import MIN_CELL
from accountability.vocabulary import PENALTIES, PENALTY_LADDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Kind = Literal["number", "share", "days", "ratio"]

# Okabe and Ito's palette, which stays apart under the common kinds of colour blindness.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
STYLES: Final = ("-", "--", "-.", ":")
HATCHES: Final = ("", "//", "..", "xx", "\\\\", "++")
#: What is drawn in the background, for comparison, and is no data of its own panel.
CONTEXT: Final = "context"
#: Marks the numbers beside rows.
BESIDE: Final = "beside"
#: Marks the numbers within bars.
INSIDE: Final = "inside"
GREY: Final = "0.45"
#: Inches: two columns of a journal, and the least that a drawing needs.
WIDTH: Final = 7.0
HIDDEN: Final = f"hidden: fewer than {MIN_CELL}"
UNKNOWN: Final[dict[str, Any]] = {"facecolor": "white", "edgecolor": "0.65", "hatch": "////", "linewidth": 0.0}

#: From light to dark, by lightness alone.
_LADDER: Final = ("#d9e6f2", "#b9d1e6", "#94b8d9", "#6a9cc9", "#3f7fb8", "#1f63a0", "#0b4884", "#062f5c")
_OFF: Final = ("#E69F00", "#CC79A7", "#D55E00", "#009E73", "#999999", "#000000")
_DAYS_A_YEAR: Final = 365.25
#: Beyond so many days an axis counts years.
YEARS_FROM: Final = 400

THEME: Final[MappingProxyType[Any, Any]] = MappingProxyType(
    {
        "font.family": ["DejaVu Sans"],
        "font.size": 9.0,
        "text.color": "0.13",
        "axes.labelsize": 9.0,
        "axes.labelcolor": "0.25",
        "axes.titlesize": 9.0,
        "axes.titlelocation": "left",
        "xaxis.labellocation": "left",
        "axes.edgecolor": "0.6",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": "0.9",
        "grid.linewidth": 0.8,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.color": "0.6",
        "ytick.color": "0.6",
        "xtick.labelcolor": "0.25",
        "ytick.labelcolor": "0.25",
        "ytick.major.size": 0.0,
        "lines.linewidth": 1.7,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "hatch.linewidth": 0.6,
        "hatch.color": "0.6",
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "axes.unicode_minus": True,
    }
)


def housed() -> AbstractContextManager[None]:
    """Draw in the house style inside this block; restore the user's settings after it."""
    import matplotlib as mpl

    return mpl.rc_context(dict(THEME))


def new_axes(ax: Axes | None = None, *, width: float = WIDTH, height: float = 3.9) -> Axes:
    """Return `ax`, or a new Axes on a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, fresh = plt.subplots(figsize=(width, height), layout="constrained")
    return fresh


def labelled(ax: Axes, x: str = "", y: str = "", *, x_kind: Kind | None = None, y_kind: Kind | None = None) -> Axes:
    """Label the axes, format their numbers by kind, and return the Axes."""
    if x:
        ax.set_xlabel(x)
    if y:
        ax.set_ylabel(y)
    for axis, kind in ((ax.xaxis, x_kind), (ax.yaxis, y_kind)):
        if kind:
            numbers(axis, kind)
    return ax


def written(value: float, kind: Kind = "number", digits: int | None = None) -> str:
    """Write a number for a reader: shares in per cent, thousands separated, few digits."""
    if value != value:
        return "not known"
    if math.isinf(value):
        return "no end"
    if kind == "share":
        return share_written(value, 1 if digits is None else digits)
    if kind == "days" or abs(value) >= 1000:
        return f"{value:,.0f}"
    if digits is None:
        return f"{value:.2f}" if kind == "ratio" else f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
    return f"{value:,.{digits}f}"


def numbers(axis: Axis, kind: Kind) -> None:
    """Format an axis's numbers as shares in per cent, or with thousands separated."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    def said(value: float, _: Any) -> str:
        if kind == "share":
            return f"{100 * value:.4g} %"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"

    if axis.get_scale() == "log":
        # Ratios: a few round numbers, not powers of ten.
        low, high = axis.get_view_interval()
        near = high < 4 * low
        axis.set_major_locator(MaxNLocator(5) if near else LogLocator(subs=(1.0, 2.0, 5.0), numticks=7))
        axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(said))


def day_axis(ax: Axes, last: float, label: str = "days", *, few: bool = False) -> None:
    """Format the lower axis as days from 0 to `last`, in years for long spans."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    last = max(float(last), 1.0)
    ax.set_xlim(0, last)
    most = 3 if few else 8
    if last <= YEARS_FROM:
        ax.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 3, 5, 6, 10], integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda day, _: f"{day:,.0f}"))
        ax.set_xlabel(label)
        return
    steps = (0.25, 0.5, 1, 2, 5, 10, 20)
    years = next((step for step in steps if last / _DAYS_A_YEAR / step <= most), 50)
    months = years < 1 and last < 2 * _DAYS_A_YEAR
    ax.xaxis.set_major_locator(MultipleLocator(years * _DAYS_A_YEAR))
    each = _DAYS_A_YEAR / 12 if months else _DAYS_A_YEAR
    ax.xaxis.set_major_formatter(FuncFormatter(lambda day, _: f"{round(day / each, 2):g}"))
    ax.set_xlabel(label.replace("days", "months" if months else "years", 1))


def day_ticks(ax: Axes) -> list[int]:
    """Return the tick days of the lower axis."""
    low, high = ax.get_xlim()
    return [round(tick) for tick in ax.get_xticks() if low <= tick <= high]


def colours_of(terms: Sequence[str]) -> dict[str, str]:
    """Return a colour per term: one hue for the penalty ladder, Okabe and Ito's palette for unordered terms."""
    found: dict[str, str] = {}
    on_ladder = [name for name in PENALTY_LADDER if name in terms]
    if len(on_ladder) > 1:
        ladder = list(PENALTY_LADDER)
        found = {name: _LADDER[min(ladder.index(name), len(_LADDER) - 1)] for name in on_ladder}
    rest = [name for name in terms if name not in found]
    palette = _OFF if found else COLOURS
    return found | {name: palette[number % len(palette)] for number, name in enumerate(rest)}


def in_order(terms: Sequence[str]) -> list[str]:
    """Return the terms of the ladder in its order, then the others unchanged."""
    ladder = list(PENALTIES)
    if sum(name in PENALTY_LADDER for name in terms) < 2:
        return list(terms)
    return sorted(terms, key=lambda name: ladder.index(name) if name in ladder else len(ladder))


def ink_on(colour: str) -> str:
    """Return a readable text colour on a colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else "0.1"


def name_of(value: object) -> str:
    """Return the words for a group or term, which may be several joined by a comma."""
    parts = str(value).replace("=", ": ").split(", ")
    return ", ".join(": ".join(labels.label(word) for word in part.split(": ")) for part in parts)
