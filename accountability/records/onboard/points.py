"""The result of checking a source: points by kind, to resolve or for information, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Kinds in the order they are shown, with what each table is called.
KINDS: Final = {
    "declaration": "Declaration",
    "decide": "To decide",
    "confirm": "To confirm: a wrong guess here is a wrong number (write CONFIRMED in place of CONFIRM)",
    "files": "Files",
    "columns": "Columns",
    "rows": "Rows",
    "values": "Values without exactly one term",
    "dates": "Dates as declared",
    "closing": "Closings that name no day",
    "keys": "Candidate keys",
    "order": "Impossible orders",
    "load": "Load",
    "citations": "Citations",
    "statuses": "Statuses, stages and findings",
    "conflicts": "Conflicts and readings",
    "names": "What may be a person's name",
    "ledger": "Raw rows = coded rows + rows accounted for",
    "guesses": "Guesses not yet confirmed",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing a check found.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    where : str
        File with line, column or block.
    what : str
        What was found, and what to do about it.
    count : int or None
        Rows or values concerned.
    open : bool
        Whether it must be resolved; else it is for information.
    paste : str
        Lines to paste, with their place as a comment.
    """

    kind: str
    where: str
    what: str
    count: int | None = None
    open: bool = True
    paste: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of checking a source.

    Attributes
    ----------
    source : str
    points : tuple of Point
    """

    source: str
    points: tuple[Point, ...]

    @property
    def unresolved(self) -> tuple[Point, ...]:
        """Points that must be resolved before a load."""
        return tuple(point for point in self.points if point.open)

    @property
    def clean(self) -> bool:
        """Whether nothing is left to resolve."""
        return not self.unresolved

    def __str__(self) -> str:
        """The whole as text: a table for each kind, lines to paste below it, and the verdict last."""
        parts = []
        for kind, title in KINDS.items():
            points = [point for point in self.points if point.kind == kind]
            if points:
                left = sum(point.open for point in points)
                parts.append("\n".join([f"{title}{f' ({left} to resolve)' if left else ''}", *_table(points)]))
        left = len(self.unresolved)
        verdict = f"{left} to resolve" if left else "nothing left to resolve"
        return "\n\n".join([*parts, f"{self.source}: {verdict}"])


def _table(points: Sequence[Point]) -> list[str]:
    """Rows of equal columns, counts flush right; what spans several lines and what is to paste stands below."""
    where = max(len(point.where) for point in points)
    counts = ["" if point.count is None else f"{point.count:,}" for point in points]
    width = max(map(len, counts))
    lines = []
    for point, count in zip(points, counts, strict=True):
        first, *rest = point.what.split("\n")
        mark = "!" if point.open else " "
        lines.append(f"{mark} {point.where:<{where}}  {count:>{width}}{'  ' if width else ''}{first}".rstrip())
        lines += [f"    {line}" for line in rest]
    pasted = list(dict.fromkeys(point.paste for point in points if point.paste))
    return lines + [f"    {line}" if line else "" for paste in pasted for line in ["", *paste.split("\n")]]
