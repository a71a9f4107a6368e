"""Classify officers, or other holders of rows, by their number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number

_LINE: Final = "Holders(top=0.1), Holders(at_least=10), Holders(exactly=1) or Holders(ntiles=10)"


@dataclass(frozen=True, slots=True)
class Holders:
    """A selection of holders by their number of rows, for ``what`` of :func:`accountability.tables.describe`.

    Parameters
    ----------
    top : float or int, optional
        Holders with most rows: a share (rounded down to whole holders) or a number.
    at_least, exactly : int, optional
        Holders with at least, or exactly, this number of rows.
    ntiles : int, optional
        Number of groups of holders, as equal as whole holders allow, those with fewest rows first.
    per : str
        Column of the holder's id.

    Examples
    --------
    >>> import accountability
    >>> from accountability import tables
    >>> accountability.describe(accountability.load("synthetic"), tables.Holders(top=0.1)).table["holders"].tolist()
    ['top', 'others']
    """

    top: float | None = None
    at_least: int | None = None
    exactly: int | None = None
    ntiles: int | None = None
    per: str = "officer_id"

    def __post_init__(self) -> None:
        """Check that one question is asked."""
        asked = [name for name in ("top", "at_least", "exactly", "ntiles") if getattr(self, name) is not None]
        if len(asked) != 1:
            raise ParameterError(f"holders are told apart in one way, found {len(asked)}; write {_LINE}")
        value = getattr(self, asked[0])
        if asked == ["top"] and isinstance(value, float):
            check_number("top", value, 0, 1, "a share between 0 and 1", whole=False)
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ParameterError(f"{asked[0]} must be a whole number of at least 1, found {value!r}; write {_LINE}")

    def table(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Count rows by holder, and holders by group: ``holders, n, share_of_holders, drawn, share_drawn, ...``."""
        if self.per not in rows:
            raise ParameterError(f"no column {self.per!r} that could hold rows")
        held = rows[self.per].dropna().value_counts().sort_values(ascending=False, kind="stable").to_numpy()
        if not len(held):
            raise Refusal(f"no row says its {self.per}, so nobody holds any")
        size = len(held)
        notes: tuple[str, ...] = ()
        if self.ntiles is not None:
            if self.ntiles > size:
                raise Refusal(f"{size:,} holders cannot make {self.ntiles:,} groups")
            group = [str(self.ntiles - k) for k in range(self.ntiles)]
            code = np.repeat(np.arange(self.ntiles), [len(part) for part in np.array_split(held, self.ntiles)])
            edges = np.flatnonzero(np.diff(code)) + 1
        else:
            line = self.top if self.top is not None else 0
            most = int(size * line + 1e-9) if isinstance(line, float) else int(line)
            if self.top is not None and not 1 <= most <= size:
                raise Refusal(f"the top {self.top} of {size:,} holders is {most:,}; nobody or more than all")
            first = np.arange(size) < most if self.top is not None else held >= (self.at_least or 1)
            if self.exactly is not None:
                first = held == self.exactly
            word = "top" if self.top is not None else f"at least {self.at_least}"
            group = [word if self.exactly is None else f"exactly {self.exactly}", "others"]
            code = np.where(first, 0, 1)
            edges = np.array([most]) if self.top is not None and most < size else np.array([], np.int64)
        tied = [int(edge) for edge in edges if held[edge - 1] == held[edge]]
        if tied:
            count = int((held == held[tied[0]]).sum())
            notes = (f"{count:,} holders with {int(held[tied[0]]):,} rows each stand on both sides of a line; which of "
                     "them are above it changes no number here",)  # fmt: skip
        lines = []
        for k, name in enumerate(group):
            own = held[code == k]
            middle, mean = (float(np.median(own)), float(own.mean())) if len(own) else (np.nan, np.nan)
            lines.append((name, len(own), len(own) / size, int(own.sum()), own.sum() / held.sum(), middle, mean))
        columns = ["holders", "n", "share_of_holders", "drawn", "share_drawn", "median", "mean"]
        return pd.DataFrame(lines, columns=columns), notes
