"""Cluster bootstrap of delays: resample whole clusters (officers, days, units).

Cases against one officer, or closed on one day by one supervisor, are dependent; intervals that assume independence are
too narrow. For curves, each resample only reweights counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.delay.access import closed_cases_only, require_exact, require_open_cases
from accountability.delay.bootstrap_result import Asked, Bootstrap, bootstrap_of, first_day, names_of
from accountability.delay.coarse import cells_of, coarse_curve, tally
from accountability.delay.competing import causes_of
from accountability.delay.counts import Counts, count, days_asked, shares_asked
from accountability.delay.means import area, require_watched
from accountability.delay.product_limit import survival
from accountability.delay.reverse import reverse_time_curve
from accountability.errors import ParameterError
from accountability.stats.arrays import ROUNDING, Days, Flags, Floats
from accountability.stats.intervals import z_critical
from accountability.stats.resample import DailySums, Draws, by_row
from accountability.stats.sieve import Model, Smooth
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PASSED: Final = 0.8
"""Share of the share still open at a quantile, at which resamples have passed it too unless clusters are few."""


@takes("durations")
def bootstrap(
    durations: Durations,
    seed: int,
    *,
    cluster: str | None = None,
    by: str | Sequence[str] | None = None,
    shares: float | Sequence[float] = 0.5,
    until: int | None = None,
    causes: str | None = None,
    days: Sequence[int] = (),
    within: int | None = None,
    statistic: Callable[[Durations], npt.ArrayLike] | None = None,
    replicates: int = 500,
    confidence: float = 0.95,
) -> Bootstrap:
    """Estimate quantiles and means with intervals by resampling clusters, using the estimator that the dates allow.

    Parameters
    ----------
    durations : Durations
        Open and closed cases dated to the day; or more coarsely, with :func:`coarse_curve
        <accountability.delay.coarse.coarse_curve>` fitted to each resample; or closed cases only, in reverse time.
    seed : int
        Seed of the random numbers; the same seed gives the same table.
    cluster : str, optional
        Column that names the cluster of each case; each case is its own when left out.
    by : str or sequence of str, optional
        Columns to group by. A cluster may have cases in several groups.
    shares : float or sequence of float
        Shares closed, whose days are estimated.
    until : int, optional
        Horizon of the restricted mean, which is added when given.
    causes, days : str and sequence of int, optional
        Column that says how a case closed, and the days for the share closed by each cause: with coarse dates in
        addition to the other statistics, otherwise instead of them.
    within : int, optional
        Horizon in days for closed cases only, as in :func:`reverse_time_curve
        <accountability.delay.reverse.reverse_time_curve>`.
    statistic : callable, optional
        Function of durations that returns one or more numbers; called on the resampled cases of each group,
        `replicates` times, instead of the other statistics.
    replicates : int
        Number of resamples.
    confidence : float
        Level of the percentile intervals.

    Returns
    -------
    Bootstrap

    Raises
    ------
    Refusal
        When there are fewer than two clusters, a resample holds no case of a group, or the curve cannot be estimated.
    ParameterError
        For a missing column, a case without a cluster, arguments that exclude each other, or fewer than 2 replicates.

    Notes
    -----
    Efron's percentile interval. A resample in which a quantile is not reached counts as later than any day. The smooth
    curve of coarse dates keeps the steps of the data. There is no bootstrap of interval-dated or current-status curves:
    they converge too slowly for it to hold its level (Abrevaya and Huang 2005; Kosorok 2008).

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days(range(100), groups={"officer": [day // 4 for day in range(100)]})
    >>> delay.bootstrap(made, 1, cluster="officer", replicates=200).table[["estimate", "lower", "upper"]].to_numpy()
    array([[49., 30., 68.]])
    """
    z_critical(confidence)
    if replicates < 2:
        raise ParameterError(f"replicates must be at least 2, found {replicates}")
    if (causes is None) != (len(days) == 0):
        raise ParameterError(f"days (from 0 on) and causes go together, found days={list(days)} and causes={causes!r}")
    known = days_asked(days) if len(days) else np.zeros(0, np.int64)
    asked = Asked(shares_asked(shares), until, causes, known, by, cluster, seed, replicates, confidence)
    if statistic is not None:
        return _of_any(durations, asked, statistic)
    if causes is None and (within is not None or closed_cases_only(durations)):
        if until is not None:
            raise ParameterError("a release of closed cases has no restricted mean: leave until= out")
        return _backwards(durations, asked, within)
    what = "the bootstrap of a closing curve"
    require_open_cases(durations, what)
    if not durations.exact or "start_span" in durations.table:
        return _coarse(durations, asked)
    require_exact(durations, what)
    return _by_day(durations, asked) if causes is None else _by_cause(durations, asked)


def _of_any(durations: Durations, asked: Asked, statistic: Callable[[Durations], npt.ArrayLike]) -> Bootstrap:
    """Any statistic: the cases drawn are put into a table of their own."""
    groups, codes = group_codes(durations, asked.by)
    clusters = asked.clusters(durations)
    member = np.arange(clusters) if asked.cluster is None else group_codes(durations, asked.cluster, clusters=True)[1]

    def statistics(own: Flags, weights: Floats) -> Floats:
        rows = []
        for row in weights:
            picked = np.repeat(np.flatnonzero(own), row[member[own]].astype(np.int64))
            if len(picked):
                taken = replace(durations, table=durations.table.iloc[picked].reset_index(drop=True), unended=None)
                rows.append(np.atleast_1d(np.asarray(statistic(taken), dtype=float)))
            else:
                rows.append(np.full(len(rows[0]), np.nan))
        return np.array(rows)

    draws = Draws.of_clusters(member, clusters)
    drawn = [asked.drawn(partial(statistics, codes == number), draws, 1) for number in range(len(groups))]
    name = getattr(statistic, "__name__", "statistic")
    many = drawn[0].shape[1]
    names = [name] if many == 1 else [f"{name} {place + 1}" for place in range(many)]
    return bootstrap_of(durations, asked, f"{name} of the cases", drawn, names)


def _by_day(durations: Durations, asked: Asked) -> Bootstrap:
    groups, codes = group_codes(durations, asked.by)
    end = durations.end
    length = int(end.max()) + 1
    kind = ((codes * length + durations.entry_time) * length + end) * 2 + durations.event
    draws = asked.draws(durations, kind)
    counts = count(durations, asked.by)
    if asked.until is not None:
        require_watched(counts, asked.until)
    still_open = survival(counts)[0]
    drawn = [_days_of(durations, codes == number, still_open[number], draws, asked) for number in range(len(groups))]
    what = "quantiles of the days to closing"
    open_ends = "whether a case is still open at the cut-off tells nothing about how much longer it will take"
    return bootstrap_of(durations, asked, what, drawn, names_of(asked), open_ends)


def _days_of(durations: Durations, group: Flags, still_open: Floats, draws: Draws, asked: Asked) -> Floats:
    """Statistics of one group, whose curve is given.

    Days after every resample has reached its quantiles are without effect on them, so a guess of where that is comes
    first; where it falls short, all days are used.
    """
    whole = int(durations.end[group].max()) + 1
    passed = np.flatnonzero(still_open <= PASSED * (1 - asked.shares.max()))
    days = min(int(passed[0]) + 1, whole) if len(passed) else whole
    if asked.until is not None:
        days = whole if asked.until > whole else max(days, asked.until)
    for guess in dict.fromkeys([days, whole]):
        sums = DailySums.of(
            draws, durations.end, durations.event.astype(np.int64), 2, durations.entry_time, group, guess
        )
        drawn = asked.drawn(partial(_of_resamples, sums, asked), draws, guess)
        if np.isfinite(drawn).all():
            break
    return drawn


def _of_resamples(sums: DailySums, asked: Asked, weights: Floats) -> Floats:
    entered, at_risk, (left, closed) = sums.counts(weights)
    counts = Counts(pd.DataFrame(index=pd.RangeIndex(len(weights))), entered, closed, left, at_risk)
    share, _ = survival(counts)
    columns = [first_day(share, limit) for limit in 1 - asked.shares]
    if asked.until is not None:
        columns.append(area(counts, asked.until)[0])
    # A resample without a case of the group has no statistic: it is not one in which nothing was reached.
    return np.where(entered.sum(axis=1, keepdims=True) > 0, np.column_stack(columns), np.nan)


def _by_cause(durations: Durations, asked: Asked) -> Bootstrap:
    names, cause = causes_of(durations, str(asked.causes))
    groups, codes = group_codes(durations, asked.by)
    end = durations.end
    length = int(end.max()) + 1
    kind = (((codes * (len(names) + 1) + cause) * length + durations.entry_time) * length + end) * 2 + durations.event
    draws = asked.draws(durations, kind)
    drawn, supported = [], count(durations, asked.by).supported
    for number in range(len(groups)):
        chosen = codes == number
        days = min(int(end[chosen].max()), int(asked.days.max())) + 1
        sums = DailySums.of(draws, end, cause, len(names) + 1, durations.entry_time, chosen, days)
        found = asked.drawn(partial(_shares_closed, sums, np.minimum(asked.days, days - 1)), draws, days)
        found[:, np.tile(asked.days > supported[number], len(names))] = np.inf  # nobody was watched so long
        drawn.append(found)
    what = f"share of cases closed by each cause ({asked.causes})"
    only = replace(asked, shares=np.zeros(0), until=None)
    return bootstrap_of(durations, asked, what, drawn, names_of(only, names))


def _shares_closed(sums: DailySums, place: Days, weights: Floats) -> Floats:
    """Share closed by each cause by each place; nothing where nobody was drawn."""
    entered, at_risk, ended = sums.counts(weights)
    closed, watched = ended[:-1], np.maximum(at_risk, 1)
    after = np.cumprod(1 - closed.sum(axis=0) / watched, axis=1)
    before = np.concatenate([np.ones((len(weights), 1)), after[:, :-1]], axis=1)
    share = np.cumsum(before * closed / watched, axis=2)[:, :, place]
    found = share.transpose(1, 0, 2).reshape(len(weights), -1)
    return np.where(entered.sum(axis=1, keepdims=True) > 0, found, np.nan)


def _backwards(durations: Durations, asked: Asked, within: int | None) -> Bootstrap:
    horizon = reverse_time_curve(durations, asked.by, within=within).within
    seen: Flags = durations.event & (durations.days_upper <= horizon)
    kept = replace(durations, table=durations.table[seen].reset_index(drop=True))
    back = horizon - kept.days_upper
    into = horizon - np.minimum(kept.longest, horizon)
    groups, codes = group_codes(kept, asked.by)
    length = int(kept.end.max()) + 1
    draws = asked.draws(kept, (codes * (horizon + 1) + into) * length + kept.end)
    drawn = []
    for number in range(len(groups)):
        sums = DailySums.of(draws, back, np.zeros_like(back), 1, into, codes == number, horizon + 1)
        drawn.append(asked.drawn(partial(_days_backwards, sums, asked.shares), draws, horizon + 1))
    what = f"quantiles of the days to closing among cases that close within {horizon:,} days"
    return bootstrap_of(
        kept, asked, what, drawn, [f"{name}, of those closing within {horizon:,}" for name in names_of(asked)]
    )


def _days_backwards(sums: DailySums, shares: Floats, weights: Floats) -> Floats:
    """Days by which shares had closed, read in reverse time; nothing where nobody was drawn."""
    entered, at_risk, (closed,) = sums.counts(weights)
    counts = Counts(pd.DataFrame(index=pd.RangeIndex(len(weights))), entered, closed, np.zeros_like(closed), at_risk)
    open_share = survival(counts)[0]
    before = np.concatenate([np.ones((len(weights), 1)), open_share[:, :-1]], axis=1)
    found = np.column_stack([(before[:, ::-1] >= share - ROUNDING).argmax(axis=1) for share in shares]).astype(float)
    return np.where(entered.sum(axis=1, keepdims=True) > 0, found, np.nan)


def _coarse(durations: Durations, asked: Asked) -> Bootstrap:
    curve = coarse_curve(durations, asked.by, asked.confidence, causes=asked.causes)
    if asked.until is not None:
        curve.mean_open(asked.until)  # refuses a horizon that was not watched
    groups, codes = group_codes(durations, asked.by)
    cells, place = cells_of(durations)
    kinds, size = max(len(curve.causes), 1), len(groups)
    kind = codes * kinds
    if asked.causes is not None:
        kind += np.where(durations.event, causes_of(durations, asked.causes)[1], 0)
    rows = place * (size * kinds) + kind
    draws = asked.draws(durations, rows)
    shape = (len(cells.low) * size * kinds, len(draws.size))
    held = by_row(rows[draws.first], draws.member[draws.first], shape)
    whole = tally(place, kind, size * kinds)
    drawn = []
    for number, fitted in enumerate(curve.fits):
        own = slice(number * kinds, (number + 1) * kinds)
        has = whole[:, own].sum(axis=1) > 0
        model = Model.of(cells.part(has), whole[has, own], curve.method)
        statistics = partial(_refitted, held, (has, own, size * kinds), model, fitted, asked)
        drawn.append(asked.drawn(statistics, draws, shape[0]))
    what = "quantiles of the days to closing from coarse dates"
    return bootstrap_of(durations, asked, what, drawn, names_of(asked, curve.causes), *curve.assumptions[:-1])


def _refitted(
    held: csr_array,
    chosen: tuple[Flags, slice, int],
    model: Model,
    fitted: Smooth,
    asked: Asked,
    weights: Floats,
) -> Floats:
    """Statistics of every resample, the smooth curve fitted anew; nothing where nobody was drawn."""
    has, own, kinds = chosen
    drawn = np.asarray(held @ np.ascontiguousarray(weights.T, dtype=held.dtype), dtype=float)
    number = np.rint(drawn.T).reshape(len(weights), -1, kinds)[:, has, own]
    by_day = np.cumsum(model.shape, axis=1)
    known = fitted.last + 1
    rows = []
    for own_number in number:
        if not own_number.any():
            columns = len(asked.shares) + (asked.until is not None) + own_number.shape[1] * len(asked.days)
            rows.append(np.full(columns, np.nan))
            continue
        closed = model.masses(own_number, fitted.mass) @ by_day
        still = 1 - closed.sum(axis=0)
        row = [np.concatenate([first_day(still[None, :known], limit) for limit in 1 - asked.shares])]
        if asked.until is not None:
            row.append(still[: asked.until].sum(keepdims=True))
        if len(asked.days):
            last = np.minimum(asked.days, known - 1)
            row.append(np.where(asked.days < known, closed[:, last], np.inf).ravel())
        rows.append(np.concatenate(row))
    return np.array(rows)
