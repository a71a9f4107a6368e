"""The parts of a finding: key numbers, tables made to be read, the figure that carries the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accountability.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.results import Result


@dataclass(frozen=True, kw_only=True)
class KeyNumber:
    """One number of a finding, written for a reader.

    Attributes
    ----------
    value : str
        The number with its unit: ``178 days``.
    label : str
        What it is the number of.
    note : str
        Its interval, or what it has to be read with.
    estimate, lower, upper : float or None
        The same unrounded, for setting several reports side by side; missing where the value is words.
    """

    value: str
    label: str
    note: str = ""
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, kw_only=True)
class ReadingTable:
    """A table made to be read: labels, units in the headings, rounded numbers.

    Attributes
    ----------
    title : str
        What the table shows.
    head : tuple of str
        Headings, the first that of the rows.
    rows : tuple of tuple of str
        Cells as they are printed.
    notes : tuple of str
        What stands under the table.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ParameterError(f"{self.title}: every row needs {len(self.head)} cells, one for each heading")


@dataclass(frozen=True, kw_only=True)
class LeadFigure:
    """The figure that carries the answer.

    Attributes
    ----------
    title : str
        The finding.
    subtitle : str
        Measure, population, unit and period.
    footer : str
        Source and number.
    alt : str
        What the figure says, for a reader who cannot see it.
    drawn : Result, callable or None
        The result that draws it, or what gives its Axes; it is not written with the finding.
    panel : str
        Name of the method of `drawn` that draws it.
    """

    title: str
    subtitle: str
    footer: str
    alt: str
    drawn: Result | Callable[[], Axes] | None = field(default=None, compare=False, repr=False)
    panel: str = "plot"
