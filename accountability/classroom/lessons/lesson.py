"""The base of lessons: a table shown with the true value."""

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
    """One table of a lesson, with its sentence and figure.

    Attributes
    ----------
    said : str
        The sentence, with computed numbers.
    picture : callable, optional
        Draws the table on axes.
    height : float
        Height of a new figure in inches.
    """

    said: str
    picture: Callable[[Axes], object] | None = None
    height: float = 4.2

    def sentence(self) -> str:
        """State the numbers in words."""
        return self.said

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the table and the true value."""
        if self.picture is None:
            return super().plot(ax)
        axes = draw.new_axes(ax, height=self.height)
        self.picture(axes)
        return axes


def enough(what: str, count: int, least: int) -> None:
    """Refuse an agency too small for the lesson."""
    if count < least:
        raise ParameterError(f"{what}: expected {least:,} or more, found {count!r}")
