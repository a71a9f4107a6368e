"""What the lessons share: a figure that stands beside the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Shown(Result):
    """One table of a lesson, with its sentence and its picture.

    Attributes
    ----------
    said : str
        The sentence, its numbers computed.
    picture : callable, optional
        Draws the table on axes.
    height : float
        Inches of a figure of its own.
    """

    said: str
    picture: Callable[[Axes], object] | None = None
    height: float = 4.2

    def sentence(self) -> str:
        """State the numbers in words."""
        return self.said

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the table, and the truth beside it."""
        if self.picture is None:
            return super().plot(ax)
        axes = draw.new_axes(ax, height=self.height)
        self.picture(axes)
        return axes


def enough(what: str, count: int, least: int) -> None:
    """Refuse an agency so small that the lesson could not be told from chance."""
    if count < least:
        raise ParameterError(f"{what}: expected {least:,} or more, found {count!r}")
