"""Counts by agency and year: state tables and scorecards, which hold no case, and shares estimated from them alone."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.privacy import disclose
from accountability.records.cache import cache_dir, located
from accountability.records.count_source import counted, declared_counts
from accountability.results import Result, percent
from accountability.stats.intervals import wald, z_critical
from accountability.study.inputs import takes_only

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HARMLESS: Final = ("agency", "name", "state", "kind", "year", "n", "events")


@dataclass(frozen=True, repr=False, eq=False)
class AgencyCounts:
    """Counts by agency and year. They are no cases: no estimate takes both.

    Attributes
    ----------
    source, title : str
    table : DataFrame
        ``agency``, ``name``, ``state``, ``kind`` (of complaint), ``year``, ``n`` (complaints reported), ``events``
        (sustained).
    left_out : DataFrame
        ``kind``, ``reason``, ``cells``: agency-years not in the table.
    traps : tuple of str
        What to know before a number is trusted.
    citation, sha256 : str
    """

    source: str
    title: str
    table: pd.DataFrame
    left_out: pd.DataFrame
    traps: tuple[str, ...] = ()
    citation: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        """Check that the table holds possible counts."""
        missing = [name for name in _HARMLESS if name not in self.table]
        if missing:
            raise ParameterError(f"a table of counts needs the columns {', '.join(_HARMLESS)}; it lacks {missing[0]!r}")
        wrong = self.table["n"].lt(0) | self.table["events"].lt(0) | self.table["events"].gt(self.table["n"])
        if self.table[["n", "events"]].isna().any(axis=None) or wrong.any():
            raise ParameterError(
                f"{int(wrong.sum()):,} rows of counts are missing, negative, or have more events than n"
            )
        twice = self.table.duplicated(["agency", "kind", "year"])
        if twice.any():
            raise ParameterError(
                f"{int(twice.sum()):,} agency-years stand twice, for instance "
                f"{self.table.loc[twice, 'agency'].iloc[0]!r}: "
                "their complaints would be counted twice; merge them, or leave one out"
            )

    def __repr__(self) -> str:
        counts = self.table.groupby("kind", sort=False)["agency"].nunique()
        kinds = ", ".join(f"{kind} ({many:,} agencies)" for kind, many in counts.items())
        years = f"{self.table['year'].min()} to {self.table['year'].max()}"
        left = "; ".join(
            f"{reason}: {int(part['cells'].sum()):,}" for reason, part in self.left_out.groupby("reason", sort=False)
        )
        lines = [f"{self.title} ({self.source}): counts by agency and year, no cases", f"kinds: {kinds}; {years}"]
        lines += [f"agency-years left out: {left}"] if left else []
        return "\n".join([*lines, *(f"trap {i}: {trap}" for i, trap in enumerate(self.traps, 1))])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def load_counts(name: str | Path) -> AgencyCounts:
    """Load a source of counts by agency and year.

    Parameters
    ----------
    name : str or Path
        Name or folder of a source with a ``counts.yaml``.

    Returns
    -------
    AgencyCounts

    Raises
    ------
    SourceError
        There is no such source, a column is missing, an agency stands in two rows, or a cell is no whole number.
    FetchError
        The file is not in the cache: ``accountability fetch NAME`` brings it.

    Examples
    --------
    >>> from accountability import agencies
    >>> counts = agencies.load_counts("aggregates")           # doctest: +SKIP
    >>> agencies.pooled_shares(counts).sentence()                   # doctest: +SKIP
    """
    source = declared_counts(name)
    path = located([source.remote], cache_dir() / source.counts, source.counts)[0]
    table, left_out = counted(source, path)
    return AgencyCounts(
        source.counts, source.title, table, left_out, tuple(source.traps), source.citation, source.file.sha256
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PooledShares(Result):
    """Shares of agencies, each drawn to those of all.

    Attributes
    ----------
    table : DataFrame
        One row an agency, in the order of the source: ``agency``, ``name``, ``state``, ``years``, ``n``, ``events``,
        ``crude`` (its share), ``estimate`` (partially pooled), ``lower``, ``upper``, ``hidden``.
    model : DataFrame
        ``term``, ``estimate``, ``std_error`` on the scale of the logit: the years, and ``log sd`` between agencies.
    places : DataFrame
        ``agency``, ``mode``, ``mode_error``: each agency's intercept on the scale of the logit, and its error before
        overdispersion.
    spread, spread_lower, spread_upper : float
        Standard deviation between agencies on the scale of the logit, with its interval.
    overdispersion : float
        How many times more an agency's years vary than the model says; errors are widened by its root.
    """

    model: pd.DataFrame
    places: pd.DataFrame
    spread: float
    spread_lower: float
    spread_upper: float
    overdispersion: float
    kind: str
    confidence: float
    min_cell: int

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide agencies with few complaints, or few that were sustained or not."""
        return disclose(table, counts=["n", "events"], keep=["years"], parts=False, min_cell=self.min_cell)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each agency's share as published against its share drawn to the others, small ones drawn most."""
        from accountability.figures import draw
        from accountability.figures.house_style import COLOURS, numbers

        axes = draw.new_axes(ax, height=3.8)
        frame = self.table[~self.table["hidden"]]
        size = np.clip(np.sqrt(frame["n"].astype(float)) / 1.5, 4, 90)
        axes.scatter(frame["crude"], frame["estimate"], s=size, color=COLOURS[0], alpha=0.55, linewidths=0)
        top = float(max(frame["crude"].max(), frame["estimate"].max())) * 1.05
        axes.plot([0, top], [0, top], color="0.6", linewidth=0.8)
        axes.set_xlabel("share sustained as published (larger dot: more complaints)")
        axes.set_ylabel("share drawn to that of all")
        for axis in (axes.xaxis, axes.yaxis):
            numbers(axis, "share")
        return axes

    def sentence(self) -> str:
        """Say how far agencies differ, and how far their years do."""
        middle = self.table["estimate"].quantile([0.1, 0.5, 0.9]).tolist()
        low, mid, high = (percent(one, 1) for one in middle)
        return (
            f"Of {len(self.table):,} agencies, half sustain at most {mid} of "
            "their "
            f"complaints, a tenth at most {low} and a tenth more than {high}, each drawn to the others; the standard "
            f"deviation between agencies is {self.spread:.2f} on the scale of the logit "
            f"({percent(self.confidence)} interval "
            f"{self.spread_lower:.2f} to {self.spread_upper:.2f}). Years of one agency vary "
            f"{self.overdispersion:.1f} times "
            "as much as chance."
        )


@takes_only(AgencyCounts, "agencies.pooled_shares(agencies.load_counts('aggregates'))")
def pooled_shares(
    counts: AgencyCounts, kind: str | None = None, *, confidence: float = 0.95, min_cell: int = 10
) -> PooledShares:
    """The share sustained of each agency, from counts alone, small agencies drawn to the others (partial pooling).

    Parameters
    ----------
    counts : AgencyCounts
    kind : str, optional
        Kind of complaint; by default the first.
    confidence : float
    min_cell : int
        Smallest count shown.

    Returns
    -------
    PooledShares

    Raises
    ------
    Refusal
        Fewer than five agencies, or agencies differ no more than chance.
    ParameterError
        There is no such kind, or cases are given in the place of counts.

    Notes
    -----
    A logit with a column for each year and an intercept of each agency that varies as a normal variable, by adaptive
    quadrature (:func:`accountability.stats.binary_logit.fit_random_intercept`); it is lme4's
    ``glmer(cbind(events, n - events) ~ factor(year) + (1 | agency), nAGQ = 15)``. An agency's share is that expected in
    its own years at its own intercept. Its interval holds coefficients fixed and is widened by the overdispersion of
    years. Agencies differ in what they count and whom they sustain: the shares describe what was published, and rank
    nobody.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from accountability import agencies
    >>> rng = np.random.default_rng(1)
    >>> size = rng.integers(20, 200, 40)
    >>> made = pd.DataFrame({"agency": range(40), "name": "", "state": "", "kind": "all", "year": 2020, "n": size})
    >>> table = made.assign(events=rng.binomial(size, rng.beta(2, 10, 40)))
    >>> shares = agencies.pooled_shares(agencies.AgencyCounts("made", "Made up", table, pd.DataFrame(
    ...     columns=["kind", "reason", "cells"])))
    >>> bool(shares.table["estimate"].std() < shares.table["crude"].std())
    True
    """
    from accountability.stats.binary_logit import fit_random_intercept, place_intercepts, spread_limits

    z_critical(confidence)
    kinds = list(dict.fromkeys(counts.table["kind"]))
    chosen = str(kinds[0] if kind is None and kinds else kind)
    if chosen not in kinds:
        raise ParameterError(f"{counts.source} counts no kind {kind!r}; it counts {', '.join(kinds) or 'nothing'}")
    rows = counts.table[counts.table["kind"].eq(chosen) & counts.table["n"].gt(0)].reset_index(drop=True)
    place, agency = pd.factorize(rows["agency"])
    if len(agency) < 5:
        raise Refusal(
            f"{counts.source}: {len(agency)} agencies with complaints are too few for partial pooling; five are "
            "the least"
        )
    year, years = pd.factorize(rows["year"], sort=True)
    n, events = rows["n"].to_numpy(np.int64), rows["events"].to_numpy(np.int64)
    design = np.eye(len(years))
    design[:, 0] = 1.0
    one_row = np.repeat(np.arange(len(rows)), n)
    first = np.repeat(np.cumsum(n) - n, n)
    hits = (np.arange(len(one_row)) - first < np.repeat(events, n)).astype(float)
    data = (design, year[one_row], hits, place[one_row])
    fit = fit_random_intercept(*data)
    mode, error = place_intercepts(fit, *data)
    lower, upper, _ = spread_limits(fit, *data, confidence)
    index = (design @ fit.coefficients[:-1])[year]
    fitted = _share(index + mode[place])
    free = max(len(rows) - len(agency) - len(years) + 1, 1)
    over = max(float(((events - n * fitted) ** 2 / (n * fitted * (1 - fitted))).sum() / free), 1.0)
    ends = wald(mode, error * np.sqrt(over), confidence)
    total = np.bincount(place, n)

    def of_agency(at: np.ndarray) -> np.ndarray:
        return np.asarray(np.bincount(place, n * _share(index + at[place])) / total)

    told = rows.groupby(place)[["name", "state"]].first()
    table = pd.DataFrame(
        {
            "agency": agency, "name": told["name"].to_numpy(), "state": told["state"].to_numpy(),
            "years": np.bincount(place), "n": total.astype(np.int64),
            "events": np.bincount(place, events).astype(np.int64), "crude": np.bincount(place, events) / total,
            "estimate": of_agency(mode), "lower": of_agency(ends[0]), "upper": of_agency(ends[1]),
        }
    )  # fmt: skip
    terms = [str(years[0]), *(f"{one} against {years[0]}" for one in years[1:]), "log sd between agencies"]
    return PooledShares(
        estimand=f"share sustained by agency, {chosen.replace('_', ' ')} complaints, {counts.title}",
        assumptions=(
            "agencies are draws from one normal law on the scale of the logit",
            "a year moves all agencies alike",
            "numbers are what agencies published; what they count as a complaint, and as sustained, differs",
        ),
        method=(
            f"logit with years and a random intercept of {len(agency):,} agencies, adaptive quadrature; intervals "
            "widened by "
            f"the root of the overdispersion of years ({over:.1f})"
        ),
        table=table,
        flow=counts.left_out[counts.left_out["kind"].eq(chosen)].drop(columns="kind").reset_index(drop=True),
        model=pd.DataFrame({"term": terms, "estimate": fit.coefficients, "std_error": np.sqrt(np.diag(fit.plain))}),
        places=pd.DataFrame({"agency": agency, "mode": mode, "mode_error": error}),
        spread=float(np.exp(fit.coefficients[-1])),
        spread_lower=lower,
        spread_upper=upper,
        overdispersion=over,
        kind=chosen,
        confidence=confidence,
        min_cell=min_cell,
    )


def _share(index: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(index))
