"""What all regressions of delays share: checking the cases, and the table of coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.privacy import disclose
from accountability.results import Result, p_words, percent, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import numbered
from accountability.stats.design import Design, Term, design
from accountability.stats.intervals import p_normal, p_student, wald, z_critical
from accountability.stats.optimise import Evaluation, Optimum, Separation, newton
from accountability.stats.sandwich import sandwich, weighed_clusters
from accountability.stats.separation import separated
from accountability.study.durations import RESERVED, Durations, group_codes
from accountability.study.known_late import refuse_known_late

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 6
"""Most coefficients named in a sentence."""

DESCRIBES = "columns not in the model may differ between the groups: the ratios describe, they do not explain"
STILL_OPEN = "whether a case is still open at the cut-off tells nothing about how much longer it will take"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Regression(Result):
    """A regression of delays on covariates.

    ``table``: ``term``, ``reference`` (level it is compared with), ``n`` and ``events`` (cases and closings where the
    term's column is not 0), ``estimate`` (the ratio), ``lower``, ``upper``, ``p_value``, ``coefficient`` (its
    logarithm) with its ``std_error``, ``hidden``.

    Attributes
    ----------
    terms : tuple of Term
        One per row of the table.
    coefficients : array
    covariance : array
        Covariance of the coefficients; clustered when `clusters` is a number.
    log_likelihood, null_log_likelihood : float
        At the estimate, and with every coefficient 0.
    cases, events : int
    clusters : int or None
        Number of clusters in the errors; ``None`` for model-based errors.
    confidence : float
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
    confidence: float
    ratio_word: str

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide terms that rest on few cases or closings."""
        return disclose(table, counts=["n", "events"], keep=["term", "reference"], parts=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every ratio with its interval on a logarithmic axis (a forest plot)."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        against = self.table["reference"].map(lambda level: f" (against {level})", na_action="ignore")
        labelled = self.table.assign(label=self.table["term"].str.replace("_", " ") + against.fillna(""))
        axes.set_xscale("log")
        draw.ranges(
            axes, labelled, label="label", estimate="estimate", lower="lower", upper="upper", null=1.0, kind="ratio"
        )
        axes.set_xlabel(f"{self.ratio_word} ({percent(self.confidence)} interval)")
        return axes

    def sentence(self) -> str:
        """State the ratios with their intervals."""
        said = []
        shown = self.table[~self.table["hidden"]]
        for row in shown.head(SHOWN).to_dict("records"):
            name = str(row["term"]).replace("_", " ")
            against = f" against {row['reference']}" if isinstance(row["reference"], str) else " (a unit more)"
            ratio, *ends = (_short(row[number]) for number in ESTIMATE)
            between = " to ".join(ends) if pd.notna(row["lower"]) else "no interval exists"
            said.append(f"{name}{against}: {ratio} ({between})")
        rest = len(self.table) - len(said)
        more = f"; {plural(rest, 'more term')} in the table" if rest > 0 else ""
        return (
            f"Among {plural(self.cases, 'case')}, {self.events:,} closed, {self.ratio_word} with "
            f"{percent(self.confidence)} interval, at equal values of the other columns: {'; '.join(said)}{more}. "
            "These are differences between groups, not effects."
        )


def changing_first(p_value: float, confidence: float, read: str, plain: str) -> str:
    """Return the sentence of a model, led by the test that its ratios change with age where that rejects."""
    if not p_value < 1 - confidence:
        return plain
    return (
        f"The ratios change as cases grow old ({p_words(p_value)}, score test of an interaction with age), so no one "
        f"ratio describes these cases: read {read} first. As an average over the ages at which cases closed: {plain}"
    )


Stated = pd.DataFrame | Sequence[Mapping[str, Any]] | Mapping[str, Any]

ESTIMATE = ("estimate", "lower", "upper")


def _short(number: float) -> str:
    return f"{number:.2f}" if 0.1 <= number < 100 else f"{number:.3g}"


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checked cases for a regression, with their columns and clusters."""

    durations: Durations
    event: Flags  # Whether each case closed (of the cause that is modelled)
    word: str  # What an event is
    design: Design
    cluster: Days | None  # Number of each case's cluster; None: each its own
    clusters: int | None  # How many there are; None: not asked for
    cluster_name: str | None
    confidence: float

    @cached_property
    def centre(self) -> Floats:
        """Means of the model's columns, subtracted before the fit."""
        made = self.design
        return made.count @ made.matrix / len(made.pattern)

    @cached_property
    def matrix(self) -> Floats:
        """The model's columns minus their means, one row per pattern."""
        return self.design.matrix - self.centre

    @cached_property
    def events(self) -> Floats:
        """Events of each pattern."""
        return np.bincount(self.design.pattern[self.event], minlength=len(self.design.matrix)).astype(float)

    @property
    def errors(self) -> str:
        """Name the errors."""
        if self.clusters is None:
            return "model-based errors"
        return f"errors clustered by {self.cluster_name} ({self.clusters:,} clusters)"

    def weighed(
        self,
        bread: Floats,
        scores: Floats,
        cell: Days,
        number: Days | Floats,
        information: Callable[[], Floats],
        power: float = -1.0,
        plain: Floats | None = None,
    ) -> tuple[Floats, Floats | None, Floats | None]:
        """Return the coefficients' covariance and, for clusters, degrees of freedom and effective number.

        `information` gives that of one case of each cell. The covariance is `plain` (by default without any factor)
        where every coefficient rests on many clusters. The correction is CR3 for a partial likelihood: with CR2 a true
        null was rejected in 7 to 8 % of samples of 8 officers at 5 %.
        """
        if plain is None:
            plain = sandwich(bread, scores, cell, self.cluster, self.clusters, number=number)
        if self.clusters is None:
            return plain, None, None
        there, each = cell >= 0, np.eye(len(bread))
        cluster = (np.arange(len(cell)) if self.cluster is None else self.cluster)[there]
        found = weighed_clusters(bread, scores, cell[there], cluster, information, power, plain)
        return found.covariance, found.free(each), found.effective(each)

    def maximise(self, evaluate: Callable[[Floats], Evaluation]) -> Optimum:
        """Maximise a likelihood of the coefficients, or name the terms that separate the cases."""
        try:
            return newton(evaluate, np.zeros(len(self.centre)), lambda step: float(np.abs(self.matrix @ step).max()))
        except Separation as endless:
            raise separated(self.design, endless.direction, self.word) from endless

    def require_events(self, what: str, terms: int | None = None) -> None:
        """Refuse a regression without closings, or with fewer closings than coefficients."""
        events, asked = int(self.event.sum()), len(self.design.terms) if terms is None else terms
        if events == 0:
            raise Refusal(
                f"none of {plural(len(self.durations), 'case')} is closed, so {what} has nothing to learn from; "
                "delay.caseload shows how old the open cases are"
            )
        if events <= asked:
            raise Refusal(
                f"{what} has {plural(asked, 'coefficient')} and only {plural(events, 'closing')}: leave columns out, "
                "or give exact rates with delay.exact_rates"
            )

    def assume(self, *first: str) -> tuple[str, ...]:
        """Return the assumptions, the model's own first."""
        apart = f"cases of different {self.cluster_name} are" if self.cluster_name else "cases are"
        rest = "independent" if self.cluster_name else "independent of each other"
        return (*first, STILL_OPEN, f"{apart} {rest}", DESCRIBES)

    def fields(
        self,
        coefficients: Floats,
        covariance: Floats,
        value: float,
        null: float,
        *,
        terms: tuple[Term, ...] | None = None,
        counts: tuple[Days, Days] | None = None,
        free: Floats | None = None,
        effective: Floats | None = None,
    ) -> dict[str, Any]:
        """Return the fields that every regression has."""
        named = terms or self.design.terms
        counted = counts or counts_by_term(self.design, self.events)
        table = table_of(named, coefficients, covariance, self.confidence, counted, free)
        if free is not None:
            table = table.assign(clusters=self.clusters, effective_clusters=effective, df=free)
        return {
            "table": table,
            "flow": self.durations.flow,
            "terms": named,
            "coefficients": coefficients,
            "covariance": covariance,
            "log_likelihood": float(value),
            "null_log_likelihood": float(null),
            "cases": len(self.durations),
            "events": int(self.event.sum()),
            "clusters": self.clusters,
            "confidence": self.confidence,
        }


def prepare(
    durations: Durations,
    covariates: str | Sequence[str],
    what: str,
    *,
    reference: Mapping[str, str] | None,
    confidence: float,
    cluster: str | None = None,
    causes: str | None = None,
    cause: str | None = None,
    exact: bool = True,
) -> Prepared:
    """Check that these cases allow a regression, and read its columns.

    Raises
    ------
    ParameterError
        For unknown columns, causes or confidence.
    Refusal
        When the source allows no closing curve, dates are coarser than needed, or there is only one cluster.
    """
    require_open_cases(durations, what)
    if exact:
        require_exact(durations, what)
    z_critical(confidence)
    event, word = closings(durations, causes, cause)
    known = [str(name) for name in durations.table.columns if name not in RESERVED]
    made = design(durations.table, covariates, reference, known=known, along=2 * durations.end + event)
    refuse_known_late(durations, made.columns)
    return Prepared(durations, event, word, made, *clusters_of(durations, cluster), cluster, confidence)


def table_of(
    terms: tuple[Term, ...],
    coefficients: Floats,
    covariance: Floats,
    confidence: float,
    counts: tuple[Days, Days],
    free: Floats | None = None,
) -> pd.DataFrame:
    """Return one row per coefficient with its Wald interval, by Student's t where degrees of freedom are given."""
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    # A term that one cluster alone determines, or whose closings all fell on one day, has no error.
    error = np.where((error > 0) & (free is None or free > 0), error, np.nan)
    lower, upper = wald(coefficients, error, confidence, np.inf if free is None else free)
    with np.errstate(over="ignore"):
        ratios = [np.exp(ends) for ends in (coefficients, lower, upper)]
    return pd.DataFrame(
        {
            "term": [term.name for term in terms],
            "reference": pd.Series([term.reference for term in terms], dtype="str"),
            "n": counts[0],
            "events": counts[1],
            "estimate": ratios[0],
            "lower": ratios[1],
            "upper": ratios[2],
            "p_value": p_student(coefficients / error, free) if free is not None else p_normal(coefficients / error),
            "coefficient": coefficients,
            "std_error": error,
        }
    )


def counts_by_term(made: Design, events: Floats) -> tuple[Days, Days]:
    """Count cases and closings where each column of the model is not 0."""
    both = np.stack([made.count, events]).astype(float)
    found = np.array([both @ (column != 0).astype(float) for column in made.matrix.T]).reshape(-1, 2)
    cases, closed = np.rint(found).astype(np.int64).T
    return cases, closed


def closings(durations: Durations, causes: str | None, cause: str | None) -> tuple[Flags, str]:
    """Return which cases closed (by one cause, if named), and the words for it.

    Raises
    ------
    ParameterError
        When only one of the two is given, or no case closed by that cause.
    """
    if (causes is None) != (cause is None):
        raise ParameterError("name both the column of causes of closing (causes=) and one cause (cause=), or neither")
    if causes is None or cause is None:
        return durations.event, "closing"
    if causes not in durations.table.columns:
        raise ParameterError(f"no column {causes!r} of causes of closing in these durations")
    code, held = numbered(durations.table[causes])
    unknown = int(((code < 0) & durations.event).sum())
    if unknown:
        raise ParameterError(f"{unknown:,} closed cases have no {causes!r}: use durations.label_missing({causes!r})")
    # The last place stands for open cases without a cause.
    of_cause = np.array([*(str(value) == str(cause) for value in held), False])[code] & durations.event
    if not of_cause.any():
        found = sorted({str(held[place]) for place in np.unique(code[durations.event])})
        raise ParameterError(f"no case closed as {cause!r}; {causes} holds {', '.join(found) or 'nothing'}")
    return of_cause, f"closing as {str(cause).replace('_', ' ')}"


def clusters_of(durations: Durations, cluster: str | None) -> tuple[Days | None, int | None]:
    """Return each case's cluster number (``None``: each its own), and their count (``None``: not asked for).

    Raises
    ------
    Refusal
        With fewer than two clusters.
    """
    if cluster is None:
        return None, None
    names, codes = group_codes(durations, cluster, clusters=True)
    if len(names) < 2:
        raise Refusal(f"clustered errors need at least two clusters, and {cluster} holds one")
    return (None if len(names) == len(durations) else codes), len(names)


def within_follow_up(model: Regression, table: pd.DataFrame, day: Days, stratum: Days | None = None) -> pd.DataFrame:
    """Remove the shares beyond the last day on which a case (of the stratum) was watched."""
    assert model.follow_up is not None
    last = model.follow_up["last_day"].to_numpy(dtype=np.int64)[0 if stratum is None else stratum]
    numbers = ["estimate", "std_error", "lower", "upper"]
    return table.assign(**{name: table[name].mask(day > last) for name in numbers})


def stated_cases(at: Stated) -> pd.DataFrame:
    """Return the given covariates as a frame, one row per case.

    Raises
    ------
    ParameterError
        When there are none.
    """
    if not isinstance(at, pd.DataFrame | Mapping | Sequence) or isinstance(at, str):
        raise ParameterError(f"state covariates as {{'column': value}} or a list of such, found {at!r}")
    frame = at if isinstance(at, pd.DataFrame) else pd.DataFrame([at] if isinstance(at, Mapping) else list(at))
    if not len(frame):
        raise ParameterError("state the covariates of at least one curve")
    return frame.reset_index(drop=True)
