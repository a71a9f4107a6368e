"""How firm a number from coarse dates is when cases hang together: resample clusters, fit the smooth curve anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accountability.delay.cluster_bootstrap import Bootstrap, made_of
from accountability.delay.coarse import coarse_curve
from accountability.delay.coarse_dates import cells_of, tally
from accountability.delay.competing import causes
from accountability.delay.counts import columns_of, shares_asked
from accountability.delay.curve import ROUNDING
from accountability.delay.resample import by_row, draws_of, filled, replicated, summary
from accountability.errors import ParameterError
from accountability.results import percent
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.sieve import Model, Smooth
from accountability.study.durations import Durations, group_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def bootstrap_coarse(
    durations: Durations,
    seed: int,
    *,
    cluster: str | None = None,
    by: str | Sequence[str] | None = None,
    p: float | Sequence[float] = 0.5,
    until: int | None = None,
    way: str | None = None,
    days: Sequence[int] = (),
    replicates: int = 500,
    level: float = 0.95,
) -> Bootstrap:
    """Interval of quantiles, of the restricted mean and of shares closed in each way, from dates coarser than a day.

    Parameters
    ----------
    durations, by
        As :func:`~accountability.delay.coarse` takes them.
    seed : int
        Seed of the random numbers; the same seed gives the same table.
    cluster : str, optional
        Column that names the cluster of each case; each case is its own when left out.
    p : float or sequence of float
        Shares closed, for the quantiles.
    until : int, optional
        Horizon of the restricted mean, which is added when given.
    way : str, optional
        Column with the way a case closed, for `days`.
    days : sequence of int
        Days by which the shares closed in each way are added.
    replicates : int
        Number of resamples.
    level : float
        Level of the percentile intervals.

    Returns
    -------
    Bootstrap

    Raises
    ------
    Refusal
        As :func:`~accountability.delay.coarse`, and with fewer than two clusters.
    ParameterError
        For a missing column, a case without a cluster, days without a way or below 0, or fewer than 2 replicates.

    Notes
    -----
    Efron's percentile interval over the smooth curve, whose steps stay those of the data. The interval-dated curve
    and that of statuses converge too slowly for a bootstrap to hold its level (Abrevaya and Huang 2005; Kosorok 2008),
    so there is none of them: cases that hang together need this curve, or dates known to the day.
    """
    asked = np.asarray(days, dtype=np.int64)
    if (way is None) != (len(asked) == 0) or (asked < 0).any():
        raise ParameterError(f"days (from 0 on) and way go together, found days={list(days)} and way={way!r}")
    shares = shares_asked(p)
    curve = coarse_curve(durations, by, level, way=way)
    names = [f"day by which {percent(share)} had closed" for share in shares]
    if until is not None:
        curve.mean_open(until)  # refuses a horizon that was not watched
        names.append(f"mean days open within {until:,}")
    names += [f"closed as {name!r} by day {day:,}" for name in curve.ways for day in asked]
    groups, codes = group_codes(durations, by)
    cells, place = cells_of(durations)
    kinds, size = max(len(curve.ways), 1), len(groups)
    kind = codes * kinds
    if way is not None:
        kind += np.where(durations.event, causes(durations, way)[1], 0)
    rows = place * (size * kinds) + kind
    draws, clusters = draws_of(durations, cluster, rows, replicates, level)
    shape = (len(cells.low) * size * kinds, len(draws.size))
    held = by_row(rows[draws.first], draws.member[draws.first], shape)
    whole = tally(place, kind, size * kinds)
    parts = []
    for number, fitted in enumerate(curve.fits):
        own = slice(number * kinds, (number + 1) * kinds)
        has = whole[:, own].sum(axis=1) > 0
        model = Model.of(cells.part(has), whole[has, own], curve.method)
        statistics = partial(_statistics, held, (has, own, size * kinds), model, fitted, shares, until, asked)
        drawn = filled(replicated(statistics, draws, seed, replicates, shape[0]), groups, number)
        parts.append(summary(drawn, names, level))
    return made_of(
        durations,
        f"quantiles of the days to closing from coarse dates, by {durations.clock}",
        parts,
        (groups, columns_of(by)),
        (cluster, clusters),
        (seed, replicates, level),
        *curve.assumptions[:-1],
    )


def _statistics(
    held: csr_array,
    chosen: tuple[Flags, slice, int],
    model: Model,
    fitted: Smooth,
    shares: Floats,
    until: int | None,
    days: Days,
    weights: Floats,
) -> Floats:
    """The statistics (columns) of every replicate (rows); nothing where nobody was drawn."""
    has, own, kinds = chosen
    drawn = np.asarray(held @ np.ascontiguousarray(weights.T, dtype=held.dtype), dtype=float)
    number = np.rint(drawn.T).reshape(len(weights), -1, kinds)[:, has, own]
    by_day = np.cumsum(model.shape, axis=1)
    known = fitted.last + 1
    rows = []
    for own_number in number:
        if not own_number.any():
            rows.append(np.full(len(shares) + (until is not None) + own_number.shape[1] * len(days), np.nan))
            continue
        closed = model.masses(own_number, fitted.mass) @ by_day
        still = 1 - closed.sum(axis=0)
        below = still[None, :known] <= 1 - shares[:, None] + ROUNDING
        row = [np.where(below.any(axis=1), below.argmax(axis=1), np.inf)]
        if until is not None:
            row.append(still[:until].sum(keepdims=True))
        if len(days):
            row.append(np.where(days < known, closed[:, np.minimum(days, known - 1)], np.nan).ravel())
        rows.append(np.concatenate(row))
    return np.array(rows)
