"""The parts of a finding: key numbers, reading tables and the lead figure."""

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
        What the number measures.
    note : str
        Its interval or context.
    estimate, lower, upper : float or None
        The same unrounded, for comparing reports; missing if the value is words.
    """

    value: str
    label: str
    note: str = ""
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, kw_only=True)
class ReadingTable:
    """A table for readers: labels, units in the headings, rounded numbers.

    Attributes
    ----------
    title : str
        Title of the table.
    head : tuple of str
        Headings; the first is that of the row labels.
    rows : tuple of tuple of str
        Cells as printed.
    notes : tuple of str
        Notes below the table.
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
    """The figure that shows the answer.

    Attributes
    ----------
    title : str
        The finding.
    subtitle : str
        Measure, population, unit and period.
    footer : str
        Source and number.
    alt : str
        Alternative text of the figure.
    drawn : Result, callable or None
        The result that draws it, or a function that returns its Axes; not stored with the finding.
    panel : str
        Name of the plotting method of `drawn`.
    """

    title: str
    subtitle: str
    footer: str
    alt: str
    drawn: Result | Callable[[], Axes] | None = field(default=None, compare=False, repr=False)
    panel: str = "plot"
