"""What the shares, quantiles, means and intervals of one table say of counts that it does not show."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import numpy as np

from accountability.privacy import MIN_CELL
from accountability.publish.sharing.count_system import Cell, few
from accountability.publish.sharing.table_sums import NUMBER, Released, Row, leak_of, shares_of
from accountability.records.leaving.leak import Leak

_MEAN: Final = re.compile(r"(?:\w+_)?(?:mean|average|avg|sum|total)(?:_\w+)?")
#: A value of one case.
_EXTREME: Final = re.compile(r"(?:\w+_)?(?:min|max|minimum|maximum|shortest|longest|earliest|latest)(?:_\w+)?")
#: A place in the order of cases: so many of a hundred are below it.
_PLACE: Final = re.compile(r"(?:\w+_)?(?:[pq]|quantile_|percentile_)(\d\d)(?:_\w+)?")
_NO_SHARE: Final = re.compile(
    r"(?:\w+_)?(?:p_?value|std_error|lower|upper|level|confidence|probability|rounded_to)(?:_\w+)?"
)
#: A share read against a number says a count when this is all that rounding leaves open: in several rows, in one. A
#: share written to three places or fewer is a rounded one, whatever it leaves open.
_EXACT, _SURE, _ROUNDED = 0.1, 0.02, 0.0004
#: Numbers of cases that an interval is tried for.
_TRIED: Final = 60


def told_by_statistics(table: Released, counts: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """Return the rows of a table whose statistics say a count under ten, or are of so few cases."""
    if table.people:
        yield from _of_quantiles(table, counts)
        yield from _of_shares(table, counts)
        yield from _of_intervals(table, counts)


def _of_shares(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """A share that is one of so many in every row says how many, though no column does."""
    for at, half, shares in shares_of(table):
        name = list(table.kinds)[at]
        for whole in dict.fromkeys(of for _, of in cells) if not _NO_SHARE.fullmatch(name) else ():
            told = []
            for row, share in shares.items():
                n = cells.get((row, whole))
                if n is not None and not isinstance(n, Cell) and n:
                    slack = half * n + 1e-6
                    told.append((row, n, math.ceil(share * n - slack), math.floor(share * n + slack), slack))
            fits = bool(told) and all(least <= most for _, _, least, most, _ in told)
            widest = max((slack for *_, slack in told), default=1.0)
            levels = all(abs(20 * share - round(20 * share)) < 1e-9 for share in shares.values())  # asked, as 0.25 is
            sure = widest <= (_EXACT if len(told) > 1 else _SURE) or (half > _ROUNDED and not levels)
            for row, n, least, most, _ in told if fits and sure else ():
                if few(least, most) or few(n - most, n - least):
                    yield leak_of(table, f"{name}, a share beside its number", row)


def _of_quantiles(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """A quantile or mean of a hidden group is of its few cases; a median has half of a group on a side."""
    counts, names = table.columns("count"), list(table.kinds)
    numbers, quantiles = set(table.columns("number", "quantile")), set(table.columns("quantile"))
    for row in table.rows:
        filled = {at for at in range(len(names)) if NUMBER.fullmatch(row[at])}
        n = cells.get((table.key(row), names[counts[0]])) if counts else None
        hidden = isinstance(n, Cell) or (n is not None and 0 < n < MIN_CELL)
        on_a_side = [n * _side(names[at]) for at in filled & quantiles if n and not isinstance(n, Cell)]
        if any(_EXTREME.fullmatch(names[at]) for at in filled & numbers):
            yield leak_of(table, "the least or most of a group, which is of one case", table.key(row))
        elif (hidden and filled & quantiles) or any(0 < side < MIN_CELL for side in on_a_side):
            yield leak_of(table, "a quantile of a group too small to show", table.key(row))
        elif hidden and any(_MEAN.fullmatch(names[at]) for at in filled & numbers):
            yield leak_of(table, "a mean of a group too small to show", table.key(row))


def _side(name: str) -> float:
    """How much of a group is on the smaller side of a quantile."""
    at = _PLACE.fullmatch(name)
    return min(int(at[1]), 100 - int(at[1])) / 100 if at else 0.5


def _of_intervals(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """The limits of a share are those of one number of cases alone: of a hidden group, or of a hidden part of one."""
    counts, names = table.columns("count"), list(table.kinds)
    shares = {names[at]: (half, of) for at, half, of in shares_of(table)}
    for name in shares if counts else ():
        first, last = (next((n for n in (f"{name}_{e}", e) if n in shares), "") for e in ("lower", "upper"))
        if _NO_SHARE.fullmatch(name) or not first or not last:
            continue
        half = max(shares[column][0] for column in (name, first, last)) + 1e-9
        for row in dict.fromkeys(table.key(row) for row in table.rows):
            n, share, low, high = (
                cells.get((row, names[counts[0]])),
                *(shares[c][1].get(row) for c in (name, first, last)),
            )
            if low is None or high is None or n is None or (not isinstance(n, Cell) and share is not None):
                continue
            tried = range(1, _TRIED + 1) if isinstance(n, Cell) else [int(n)]
            table_of = np.concatenate([_limits(size) for size in tried]) if max(tried) <= 5_000 else np.empty((0, 5))
            fits = (abs(table_of[:, 3:] - [low, high]) <= half).all(axis=1)
            fits &= abs(table_of[:, 2] - share) <= half if share is not None else True
            asked = table_of[fits, 0 if isinstance(n, Cell) else 1]
            if len(asked) and few(asked.min(), asked.max()):
                yield leak_of(table, "the limits of a share, from which its number follows", row)


@cache
def _limits(n: int) -> np.ndarray:
    """Number, part, share, least and most of every share of so many: as Wald, Wilson, and Clopper and Pearson do it."""
    from scipy.stats import beta, norm

    part = np.arange(n + 1.0)
    share, found = part / n, []
    for outside in (0.05, 0.1, 0.01):
        z = norm.ppf(1 - outside / 2)
        wide = z * np.sqrt(share * (1 - share) / n)
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        wilson = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
        exact = beta.ppf(outside / 2, part, n - part + 1), beta.ppf(1 - outside / 2, part + 1, n - part)
        for low, high in ((share - wide, share + wide), (middle - wilson, middle + wilson), exact):
            ends = np.clip(np.nan_to_num(low), 0, 1), np.clip(np.nan_to_num(high, nan=1.0), 0, 1)
            found.append(np.column_stack([np.full(n + 1, float(n)), part, share, *ends]))
    return np.concatenate(found)
