"""What every regression of delays shows: one row a coefficient, a forest plot, a sentence without causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import numbered
from accountability.stats.design import Design, Term, design
from accountability.stats.intervals import z_critical
from accountability.study.durations import RESERVED, Durations, group_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 6
"""Most coefficients named in a sentence."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Regression(Result):
    """A regression of delays on covariates.

    ``table``: ``term``, ``reference`` (level it is compared with), ``cases`` and ``events`` (those with the term's
    column not 0), ``coefficient``, ``ratio``, ``se``, ``low``, ``high`` (interval of the ratio), ``p``.

    Attributes
    ----------
    terms : tuple of Term
        One a row of the table.
    coefficients : array
    covariance : array
        Of the coefficients; clustered when `clusters` is a number.
    log_likelihood, null_log_likelihood : float
        At the estimate, and with every coefficient 0.
    cases, events : int
    clusters : int or None
        Independent clusters behind the errors; ``None`` when cases are taken as independent and the model as right.
    level : float
    ratio_word : str
        What a ratio compares.
    """

    terms: tuple[Term, ...]
    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float
    cases: int
    events: int
    clusters: int | None
    level: float
    ratio_word: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every ratio with its interval on a logarithmic axis (a forest plot)."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        against = self.table["reference"].map(lambda level: f" (against {level})", na_action="ignore")
        labelled = self.table.assign(label=self.table["term"].str.replace("_", " ") + against.fillna(""))
        axes.set_xscale("log")
        draw.ranges(axes, labelled, label="label", estimate="ratio", lower="low", upper="high", null=1.0)
        axes.set_xlabel(f"{self.ratio_word} ({percent(self.level)} interval)")
        return axes

    def sentence(self) -> str:
        """Say the ratios with their intervals; differences are described, not explained."""
        said = []
        for row in self.table.head(SHOWN).to_dict("records"):
            name = str(row["term"]).replace("_", " ")
            against = f" against {row['reference']}" if isinstance(row["reference"], str) else " (a unit more)"
            said.append(f"{name}{against}: {_short(row['ratio'])} ({_short(row['low'])} to {_short(row['high'])})")
        rest = len(self.table) - SHOWN
        more = f"; {plural(rest, 'more term')} in the table" if rest > 0 else ""
        return (
            f"Among {plural(self.cases, 'case')}, {self.events:,} closed, {self.ratio_word} with {percent(self.level)} "
            f"interval, at equal values of the other columns: {'; '.join(said)}{more}. "
            "These are differences between groups, not effects."
        )


def _short(number: float) -> str:
    return f"{number:.2f}" if 0.1 <= number < 100 else f"{number:.3g}"


def table_of(
    terms: tuple[Term, ...], coefficients: Floats, covariance: Floats, level: float, counts: tuple[Days, Days]
) -> pd.DataFrame:
    """One row a coefficient with its Wald interval."""
    from scipy.special import ndtr

    reach = z_critical(level)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    with np.errstate(over="ignore"):
        ratios = [np.exp(coefficients + side * reach * error) for side in (0, -1, 1)]
    return pd.DataFrame(
        {
            "term": [term.name for term in terms],
            "reference": pd.Series([term.reference for term in terms], dtype="str"),
            "cases": counts[0],
            "events": counts[1],
            "coefficient": coefficients,
            "ratio": ratios[0],
            "se": error,
            "low": ratios[1],
            "high": ratios[2],
            "p": 2 * ndtr(-np.abs(coefficients) / np.where(error > 0, error, np.inf)),
        }
    )


def covariates_of(durations: Durations, covariates: str | Sequence[str], reference: Mapping[str, str] | None) -> Design:
    """Read the covariates of a regression from the columns of durations."""
    known = [str(name) for name in durations.table.columns if name not in RESERVED]
    return design(durations.table, covariates, reference, known=known, along=durations.end)


def counts_by_term(made: Design, events: Floats) -> tuple[Days, Days]:
    """Cases and closings with each column of the model not 0, from the closings of each pattern."""
    inside = made.matrix != 0
    return made.count @ inside, np.rint(events @ inside).astype(np.int64)


def closings(durations: Durations, ways: str | None, way: str | None) -> tuple[Flags, str]:
    """Which cases closed (in one way, when it is named), and the words for it.

    Raises
    ------
    ParameterError
        When only one of the two is given, or no case closed in that way.
    """
    if (ways is None) != (way is None):
        raise ParameterError("name both the column of the ways of closing (ways=) and one way (way=), or neither")
    if ways is None or way is None:
        return durations.event, "closing"
    if ways not in durations.table.columns:
        raise ParameterError(f"no column {ways!r} of ways of closing in these durations")
    code, held = numbered(durations.table[ways])
    unknown = int(((code < 0) & durations.event).sum())
    if unknown:
        raise ParameterError(f"{unknown:,} closed cases have no {ways!r}: use durations.label_missing({ways!r})")
    # The last place stands for open cases without a way.
    of_way = np.array([*(str(value) == str(way) for value in held), False])[code] & durations.event
    if not of_way.any():
        found = sorted({str(held[place]) for place in np.unique(code[durations.event])})
        raise ParameterError(f"no case closed as {way!r}; {ways} holds {', '.join(found) or 'nothing'}")
    return of_way, f"closing as {str(way).replace('_', ' ')}"


def require_events(durations: Durations, closed: Flags, terms: int, what: str) -> None:
    """Refuse a regression without closings, or with fewer than coefficients."""
    events = int(closed.sum())
    if events == 0:
        raise Refusal(
            f"none of {plural(len(durations), 'case')} is closed, so {what} has nothing to learn from; delay.caseload "
            "shows how old the open cases are"
        )
    if events <= terms:
        raise Refusal(
            f"{what} has {plural(terms, 'coefficient')} and only {plural(events, 'closing')}: leave columns out, or "
            "give exact rates with delay.exact_rates"
        )


def clusters_of(durations: Durations, cluster: str | None) -> tuple[Days | None, int | None]:
    """Number of each case's cluster (``None``: each its own), and how many there are (``None``: not asked for).

    Raises
    ------
    Refusal
        With fewer than two clusters.
    """
    if cluster is None:
        return None, None
    names, codes = group_codes(durations, cluster)
    if len(names) < 2:
        raise Refusal(f"clustered errors need at least two clusters, and {cluster} holds one")
    return (None if len(names) == len(durations) else codes), len(names)
