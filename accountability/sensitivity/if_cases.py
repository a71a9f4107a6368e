"""Sensitivity of delays to the pace of open cases, unknown days and ends, and unrecorded groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.delay.choice import how_long
from accountability.delay.curve import ROUNDING, Curve
from accountability.delay.groups import Groups, compare_groups
from accountability.delay.reverse import ReverseTimeCurve
from accountability.labels import label
from accountability.privacy import MIN_CELL
from accountability.results import percent, plural
from accountability.sensitivity.open_pace import at_pace, daily
from accountability.sensitivity.turning import Tipping, row, tipping, turns
from accountability.stats.arrays import Floats
from accountability.study.durations import Durations
from accountability.study.extremes import placed
from accountability.study.grouping import NO_GROUP, NONE_STATED
from accountability.study.inputs import takes

#: Ratios of hazards tried between "never" and "at once", five per cent apart.
PACES: Final = (0.0, *np.exp(np.arange(-61, 62) * np.log(1.05)).round(4).tolist(), float("inf"))
PLACES: Final = tuple((np.arange(101) / 100).tolist())

Found = Curve | Floats


@takes("durations")
def if_cases_differ(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    within_days: int = 365,
    confidence: float = 0.95,
    *,
    paces: Sequence[float] = (0.5, 2.0),
) -> Tipping:
    """Estimate the values of unknowns at which a median, a share closed or an order of groups changes.

    One unknown varies at a time: the pace at which open cases close, as a hazard ratio to other cases of the same age
    (informative censoring); unknown ends, and ends known to a month or year, within their possible days (this also
    bounds the effect of heaping inside a month); and, for groups, the group of cases without a recorded one.

    Parameters
    ----------
    durations : Durations
    by : str or sequence of str, optional
        Columns to compare by. A further claim is then that the group with the shortest median closes faster than the
        one with the longest; the unknowns of the first group vary.
    within_days : int
        Day of the claim about the share closed.
    confidence : float
        A claim about all cases holds while the estimate stays inside its interval of this level, or inside its bounds
        from coarse dates.
    paces : sequence of float
        Hazard ratios at which estimates are also returned (``stated``).

    Returns
    -------
    Tipping
        In days and shares of cases; no rows if nothing is unknown.

    Raises
    ------
    Refusal
        As for :func:`accountability.delay.how_long`.

    Notes
    -----
    Hazard ratios of open cases: Jackson and others, Statistics in Medicine 33 (2014), in closed form instead of
    imputation.

    Examples
    --------
    >>> from accountability import sensitivity
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days([*range(60), *[20] * 30], [True] * 60 + [False] * 30)
    >>> found = sensitivity.if_cases_differ(made, within_days=40).table
    >>> found.loc[0, ["least", "most", "turns_at_most", "turns_at_least"]].tolist()
    [20.0, 44.0, 0.1904, 4.3219]
    """
    groups = compare_groups(durations, by, within_days, confidence)
    lines, stated = _of_all(durations, groups, paces)
    return tipping(
        [*lines, *(_of_groups(durations, groups) if groups.by else ())],
        stated,
        estimand=f"how what is not known would have to be for the finding to turn, {durations.clock}",
        assumptions=("one thing that is not known is varied at a time; the rest is as estimated",),
        method=f"{groups.method}; open cases close at a ratio of the hazard at their age; days that are not known lie "
        "at one place among those possible",
        flow=durations.flow,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Unknown:
    """What is not known of some cases, what is assumed of it, and what follows from a value of that."""

    what: str
    n: int
    assumed: str
    grid: tuple[float, ...]
    after: Callable[[float], Found]
    ends: str
    sides: tuple[Callable[[float], str], Callable[[float], str]]
    turned: str

    def line(
        self, claim: str, read: Callable[[Found], float], limits: tuple[float, float], leaves: str, stays: str
    ) -> dict[str, Any]:
        """Return a row of the table: the range of an estimate, and where its claim fails."""
        least, most, below, above = turns(lambda value: read(self.after(value)), self.grid, *limits)
        ends = [_share(end) if claim.startswith("share") else _days(end) for end in (least, most)]
        said = [words(at) for words, at in zip(self.sides, (below, above), strict=True) if not np.isnan(at)]
        moved = f"{ends[0].removesuffix(' days')} to {ends[1]}" if ends[0] != ends[1] else f"{ends[0]} throughout"
        turned = f"{leaves} if {self.turned.format(' or '.join(said))}" if said else f"{stays} even so"
        return row(
            claim=claim, unknown=self.what, n=self.n, assumed=self.assumed, lower=limits[0], upper=limits[1],
            least=least, most=most, turns_at_most=below, turns_at_least=above,
            reads=f"{plural(self.n, 'case')} {self.what}: {self.ends}, the {claim} is {moved}; it {turned}.",
        )  # fmt: skip


def _unknown(durations: Durations) -> list[_Unknown]:
    made: list[_Unknown] = []
    if durations.current_status:
        return made
    if durations.n_open and not isinstance(how_long(durations).curve, ReverseTimeCurve):
        still = daily(durations)
        made.append(
            _Unknown(
                what="still open",
                n=durations.n_open,
                assumed="pace at which open cases close, to that of others of their age (ratio of hazards)",
                grid=PACES,
                after=functools.cache(lambda ratio: at_pace(still, durations, ratio)),
                ends="were they never to close, or at once",
                sides=(
                    lambda at: f"at most {max(at, 0.05):.2f} times",
                    lambda at: f"at least {min(at, 20.0):.2f} times",
                ),
                turned="their pace is {} that of others of their age",
            )
        )
    coarse = durations.event & (durations.days_lower < durations.days_upper) | durations.unknown_day
    if count := int(coarse.sum()) + (0 if durations.unended is None else len(durations.unended)):
        made.append(
            _Unknown(
                what="with an end that is not known to the day",
                n=count,
                assumed="place of the end among the days it can have been on, from 0 (the first) to 1 (the last)",
                grid=PLACES,
                after=functools.cache(lambda place: how_long(placed(durations, place)).curve),
                ends="were all on the first, or all on the last, of the days they can have ended on",
                sides=(
                    lambda at: f"the first {percent(max(at, 0.01))}",
                    lambda at: f"the last {percent(max(1 - at, 0.01))}",
                ),
                turned="they lie in {} of those days",
            )
        )
    return made


def _of_all(durations: Durations, groups: Groups, paces: Sequence[float]) -> tuple[list[Any], list[Any]]:
    whole, day = groups.true_numbers().iloc[0], groups.within_days
    lines, stated = [], []
    claims = (
        ("median", "median", _median),
        (f"share closed within {plural(day, 'day')}", "closed_within", _share_by(day)),
    )
    for unknown in _unknown(durations):
        for claim, column, read in claims:
            lower, upper, value = (whole[name] for name in (f"{column}_lower", f"{column}_upper", column))
            if pd.isna(lower) and pd.isna(upper):
                continue
            limits = (-np.inf if pd.isna(lower) else float(lower), np.inf if pd.isna(upper) else float(upper))
            write = _days if column == "median" else _share
            ends = f"{write(limits[0]).removesuffix(' days')} to {write(limits[1])}"
            line = unknown.line(claim, read, limits, f"leaves {ends}", f"stays within {ends}")
            lines.append(line | {"estimate": np.nan if pd.isna(value) else float(value)})
            if unknown.grid is PACES:
                here = {"claim": claim, "unknown": unknown.what, "hidden": False}
                stated += [here | {"value": pace, "estimate": read(unknown.after(pace))} for pace in paces]
    return lines, stated


def _of_groups(durations: Durations, groups: Groups) -> list[dict[str, Any]]:
    """Whether the group with the shortest median stays ahead of that with the longest."""
    shown = groups.table.iloc[1:]
    ranked = shown[~shown["group"].isin(NO_GROUP)].dropna(subset="median")
    ranked = ranked.sort_values("median", kind="stable")
    if len(ranked) < 2 or ranked["median"].iloc[0] == ranked["median"].iloc[-1]:
        return []
    first, last = (str(ranked["group"].iloc[place]) for place in (0, -1))
    quick, slow = (float(ranked["median"].iloc[place]) for place in (0, -1))
    leaves, stays = (f"{verb} that of {label(last)} ({_days(slow)})" for verb in ("reaches", "stays below"))
    claim, own = f"median of {label(first)}", _part(durations, groups.by, first)
    lines = [one.line(claim, _median, (-np.inf, slow - 1), leaves, stays) for one in _unknown(own)]
    untold = _part(durations, groups.by, NONE_STATED)
    if len(untold):
        lines.append(
            _untold(own, _part(durations, groups.by, last), untold, (label(first), label(last)), ", ".join(groups.by))
        )
    return [line | {"estimate": quick, "hidden": line["n"] < MIN_CELL} for line in lines]


def _untold(quick: Durations, slow: Durations, untold: Durations, names: tuple[str, str], by: str) -> dict[str, Any]:
    """Whether the order holds when the slowest without a group are of the quick one, the quickest of the slow."""
    order = np.argsort(untold.ends[1], kind="stable")  # open cases after those that closed

    def lead(share: float) -> float:
        """Days by which the quick group is ahead."""
        size = round(share * len(order))
        longer, shorter = order[len(order) - size :], order[:size]
        return _of(slow, untold, shorter) - _of(quick, untold, longer)

    grid = tuple((np.arange(51) / 100).tolist())
    least, most, _, turned = turns(functools.cache(lead), grid, 1, np.inf)
    n = len(untold)
    return row(
        claim=f"lead of {names[0]} over {names[1]}", unknown=f"without a recorded {by}", n=n,
        assumed=f"share of them that is slowest and of {names[0]}; as many are quickest and of {names[1]}",
        lower=1.0, least=least, most=most, turns_at_least=turned,
        reads=f"{plural(n, 'case')} with no group recorded: the order of {names[0]} and {names[1]} "
        + (
            f"turns if the slowest {percent(turned)} of them are of {names[0]} and the quickest of {names[1]}."
            if not np.isnan(turned)
            else f"holds even if the slower half of them is of {names[0]} and the quicker of {names[1]}."
        ),
    )  # fmt: skip


def _of(group: Durations, others: Durations, which: np.ndarray) -> float:
    joined = pd.concat([group.table, others.table.iloc[which]], ignore_index=True)
    return _median(how_long(replace(group, table=joined)).curve)


def _part(durations: Durations, by: tuple[str, ...], name: str) -> Durations:
    """The cases of one group."""

    def own(table: pd.DataFrame) -> pd.DataFrame:
        said = table[by[0]].astype("str")
        for column in by[1:]:
            said = said + ", " + table[column].astype("str")
        return table[(said == name).to_numpy(bool)].reset_index(drop=True)

    unended = durations.unended
    return replace(durations, table=own(durations.table), unended=unended if unended is None else own(unended))


def _median(found: Found) -> float:
    """The day by which half had closed, infinite where it was not reached."""
    if isinstance(found, Curve):
        day = found.true_quantiles(0.5)["estimate"].iloc[0]
        return float(day) if pd.notna(day) else np.inf
    reached = np.flatnonzero(found <= 0.5 + ROUNDING)
    return float(reached[0]) if len(reached) else np.inf


def _share_by(day: int) -> Callable[[Found], float]:
    def share(found: Found) -> float:
        if not isinstance(found, Curve):
            return float(1 - found[day]) if day < len(found) else np.nan
        value = float(found.true_at([day])["estimate"].iloc[0])
        return value if isinstance(found, ReverseTimeCurve) else 1 - value

    return share


def _share(value: float) -> str:
    return percent(value, 1) if np.isfinite(value) else "not observed"


def _days(value: float) -> str:
    return f"{value:,.0f} days" if np.isfinite(value) else "not reached"
