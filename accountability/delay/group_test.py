"""Tests of equal closing curves in two or more groups: one function for five tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.coarse import cells_of, tally
from accountability.delay.competing import counted_causes
from accountability.delay.counts import Counts, case_counts, columns_of, count
from accountability.delay.interval import bounds
from accountability.delay.product_limit import survival
from accountability.errors import ParameterError, Refusal
from accountability.privacy import disclose
from accountability.results import Result, p_words, plural
from accountability.stats.arrays import Days, Floats
from accountability.stats.coarse_scores import coarse_scores
from accountability.stats.gray_scores import gray_scores
from accountability.stats.intervals import joint, p_chi2
from accountability.stats.npmle import interval_scores, solve
from accountability.stats.permutation import exchangeable, group_sums, p_value
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

Method = Literal["logrank", "interval", "coarse", "gray", "permutation"]

METHODS: Final = ("logrank", "interval", "coarse", "gray", "permutation")

FEWEST: Final = 19
"""With fewer permutations no p-value can reach 5 %."""

OPEN_ENDS: Final = "whether a case is still open at the cut-off tells nothing about how much longer it will take"
INDEPENDENT: Final = "cases are independent of each other"
ALIKE: Final = "the dates do not tell the cases apart (all intervals overlap), so no test of pace exists"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GroupTest(Result):
    """Test of equal closing curves.

    ``table``: the columns of `by`, ``n``, ``events`` (closings), ``expected`` (closings if all groups closed at the
    same pace), ``difference`` (closings minus expected, weighted).

    Attributes
    ----------
    statistic : float
        Chi-squared statistic.
    df : int
        Its degrees of freedom.
    p_value : float
        Probability of a statistic at least as large if the groups close at the same pace.
    by : tuple of str
        The grouping columns.
    because : str
        Why this test, where the data chose it; else empty.
    """

    statistic: float
    df: int
    p_value: float
    by: tuple[str, ...]
    because: str = ""

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide the closings of small groups."""
        return disclose(table, counts=("n", "events"), keep=self.by)

    def sentence(self) -> str:
        """State the statistic, degrees of freedom and p-value."""
        said = (
            f"{self.method}, {plural(len(self.table), 'group')}: chi-squared {self.statistic:.2f} on "
            f"{plural(self.df, 'degree')} of freedom, {p_words(self.p_value)}."
        )
        return f"{said} Test chosen because {self.because}." if self.because else said


@takes("durations")
def compare(
    durations: Durations,
    by: str | Sequence[str],
    method: Method | None = None,
    *,
    causes: str | None = None,
    cause: str | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    cluster: str | None = None,
    seed: int | None = None,
    replicates: int = 999,
) -> GroupTest:
    """Test whether groups of cases close at the same pace.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases.
    by : str or sequence of str
        Columns that make the groups, two or more.
    method : {"logrank", "interval", "coarse", "gray", "permutation"}, optional
        The test. By default Gray's with `causes`, the log-rank test with dates known to the day, and "coarse"
        otherwise; ``because`` says why.

        - ``logrank``: dates known to the day; late entry is allowed. With `rho` and `gamma`, the tests of Fleming and
          Harrington. Hypergeometric variance on daily counts, as in R's ``survdiff``.
        - ``coarse``: closings and cases at risk are replaced by their expectation given the dates, under a common curve
          and starts spread evenly over their days (the score test for doubly interval-censored data; Sun, Liao and
          Pagano 1999), with the variance of the cases' contributions. Follow-up and coarseness may differ between
          groups.
        - ``interval``: each case's log-rank score (Finkelstein 1986) under the common non-parametric maximum
          likelihood curve; the groups' sums are compared with their permutation variance (Fay and Shih 1998). The
          groups must have similar follow-up and equally coarse dates. Otherwise it rejects too often (up to 40 % of
          simulations at 5 %, with groups received in different years).
        - ``gray``: the share closed by one cause, others competing (Gray 1988); dates known to the day. It compares
          subdistribution hazards; its variance allows for tied days, as R's cmprsk does.
        - ``permutation``: the log-rank test by permuting cases between groups, exact in small samples where the groups
          have the same follow-up.
    causes, cause : str, optional
        For Gray's test: the column that says how each case closed, and the cause tested.
    rho, gamma : float
        Weights ``S(t-)**rho * (1 - S(t-))**gamma`` of the log-rank test: rho = 1 gives early differences more weight
        (Peto and Peto), gamma = 1 late ones; of Gray's, ``(1 - F(t-))**rho``.
    cluster : str, optional
        Column of each case's cluster (:func:`accountability.delay.with_clusters`), for the log-rank test without
        weights: the variance is that of the clusters' scores (Lin and Wei 1989) with CR2, the reference Hotelling's F.
    seed : int, optional
        Seed of the random numbers, for permutations.
    replicates : int
        Number of permutations; the least possible p-value is 1 / (replicates + 1).

    Returns
    -------
    GroupTest

    Raises
    ------
    Refusal
        With fewer than two groups; when two of them cannot be compared (nothing closed while cases of both were open,
        or the dates do not order any cases); with late entry, except for the log-rank test; or when the closing curve
        cannot be estimated.
    ParameterError
        For an unknown method or cause, an argument the method does not take, or fewer than 19 permutations.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days(range(40), groups={"unit": ["north"] * 20 + ["south"] * 20})
    >>> delay.compare(made, "unit", "logrank").sentence()
    'log-rank test, 2 groups: chi-squared 46.54 on 1 degree of freedom, p < 0.001.'
    """
    because = ""
    if method is None:
        method, because = _chosen(durations, causes)
    if method not in METHODS:
        raise ParameterError(f"unknown method {method!r}; there are {', '.join(METHODS)}")
    if rho < 0 or gamma < 0:
        raise ParameterError(f"rho and gamma must not be negative, found {rho} and {gamma}")
    if ((rho or gamma) and method not in ("logrank", "gray")) or (gamma and method == "gray"):
        raise ParameterError(f"method {method!r} takes no such weights: rho is for logrank and gray, gamma for logrank")
    if (method == "gray") != (causes is not None and cause is not None) or (causes is None) != (cause is None):
        raise ParameterError(
            "causes= and cause= go together with Gray's test: delay.compare(durations, by, causes=COLUMN, cause=VALUE)"
        )
    if (method == "permutation") != (seed is not None):
        raise ParameterError("seed= goes together with method='permutation'")
    what = "the comparison of groups" if method != "gray" else "the comparison of causes of closing"
    require_open_cases(durations, what)
    if method in ("logrank", "gray", "permutation"):
        require_exact(durations, what, "delay.compare(durations, by, 'coarse')")
    if durations.left_truncated and method != "logrank":
        raise Refusal(
            "cases that enter late can be compared by the log-rank test alone: use method='logrank', or keep those "
            "watched from the start"
        )
    if len(group_codes(durations, by)[0]) < 2:
        raise Refusal("a comparison needs at least two groups, found one: choose another by=, or show the curve alone")
    if cluster is not None and (method != "logrank" or rho or gamma):
        raise ParameterError(
            f"cluster= goes with the log-rank test without weights, found method={method!r}, rho={rho}, gamma={gamma}: "
            f"delay.compare(durations, by, 'logrank', cluster={cluster!r})"
        )
    if cluster is not None:
        found = _clustered(durations, by, cluster)
    elif method == "logrank":
        found = _logrank(durations, by, rho, gamma)
    elif method == "gray":
        found = _gray(durations, by, str(causes), str(cause), rho)
    elif method == "permutation":
        found = _permuted(durations, by, int(seed or 0), replicates)
    else:
        found = (_interval if method == "interval" else _coarse)(durations, by)
    table = case_counts(durations, by).drop(columns="open")
    if found.events is not None:
        table["events"] = found.events
    estimand = "whether the groups close at the same pace"
    if method == "gray":
        estimand = f"whether the share of cases closed as {cause!r} grows alike in the groups"
    statistic, df = quadratic(found.difference, found.variance)
    if df == 0:
        raise Refusal(found.nothing)
    p = p_chi2(statistic, df) if found.chance is None else found.chance(statistic)
    statistic, df, p = found.clustered or (statistic, df, p)
    return GroupTest(
        estimand=f"{estimand}, by {durations.clock}",
        assumptions=found.assumptions,
        method=found.name,
        table=table.assign(expected=found.expected, difference=found.difference),
        flow=durations.flow,
        statistic=statistic,
        df=df,
        p_value=p,
        by=columns_of(by),
        because=because,
    )


def _chosen(durations: Durations, causes: str | None) -> tuple[Method, str]:
    source = durations.sampling.source
    if causes is not None:
        return "gray", "causes of closing compete"
    if durations.exact:
        return "logrank", f"the dates of {source} are known to the day"
    return "coarse", f"dates of {source} are coarser than a day, and this test holds whatever each group's dates"


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What a test finds: sums by group, their covariance, and what it says of itself."""

    expected: Floats
    difference: Floats
    variance: Floats
    name: str
    assumptions: tuple[str, ...]
    nothing: str
    events: Days | None = None
    clustered: tuple[float, int, float] | None = None  # statistic, its degrees of freedom, p-value
    chance: Callable[[float], float] | None = None


def _logrank(durations: Durations, by: str | Sequence[str], rho: float, gamma: float) -> _Found:
    counts = count(durations, by)
    expected, difference, variance = _scores(counts, _weights(counts, rho, gamma))
    compared = (counts.closed.sum(axis=0) > 0) & ((counts.at_risk > 0).sum(axis=0) > 1)
    nothing = (
        "no day compares two groups: nothing closed while cases of more than one group were open, so no test of "
        "their pace exists. Show the curves side by side"
    )
    if compared.any():
        day = int(np.flatnonzero(compared)[0])
        nothing = (
            f"the log-rank test has no variance: on every day that compares two groups (the first is day {day}) each "
            "case still open closed, so how the closings fell on the groups could not have been otherwise. Show the "
            "curves side by side"
        )
    return _Found(
        expected,
        difference,
        variance,
        "log-rank test" if rho == gamma == 0 else f"Fleming-Harrington test (rho {rho:g}, gamma {gamma:g})",
        (f"{OPEN_ENDS}, in each group", INDEPENDENT),
        nothing,
    )


def _clustered(durations: Durations, by: str | Sequence[str], cluster: str) -> _Found:
    from accountability.stats.clustered_logrank import one_step

    plain, clusters = _logrank(durations, by, 0, 0), group_codes(durations, cluster, clusters=True)
    if quadratic(plain.difference, plain.variance)[1] == 0:
        return plain
    codes = group_codes(durations, by)[1]
    values, errors = one_step(durations.end, durations.entry_time, durations.event, codes, clusters[1])
    statistic, p = joint(values, np.eye(len(values)), errors)
    if np.isnan(p):
        worth = float(errors.effective(np.eye(len(values))).min())
        raise Refusal(
            f"{len(clusters[0]):,} clusters of {cluster} are worth {worth:.1f} even ones to a comparison of "
            f"{len(values) + 1} groups, too few for a test: put groups together, or show the curves side by side"
        )
    return replace(
        plain,
        name=f"log-rank test with errors clustered by {cluster} ({len(clusters[0]):,} clusters)",
        assumptions=(
            plain.assumptions[0],
            f"cases of one {cluster} may close together; those of different ones do not",
        ),
        clustered=(statistic, len(values), p),
    )


def _gray(durations: Durations, by: str | Sequence[str], causes: str, cause: str, rho: float) -> _Found:
    names, counts, of_cause = counted_causes(durations, causes, by)
    if cause not in names:
        raise ParameterError(f"no case closed as {cause!r}; the causes are {', '.join(names)}")
    own = of_cause[:, names.index(cause)]
    difference, variance, expected = gray_scores(counts.at_risk, counts.closed, own, rho)
    return _Found(
        expected,
        difference,
        variance,
        f"Gray's test of closings as {cause!r}" + (f" (rho {rho:g})" if rho else ""),
        ("whether a case is still open at the cut-off tells nothing about when or how it will close", INDEPENDENT),
        f"no day compares two groups in closings as {cause!r}: show delay.competing_closings side by side",
        own.sum(axis=1),
    )


def _coarse(durations: Durations, by: str | Sequence[str]) -> _Found:
    groups, codes = group_codes(durations, by)
    cells, place = cells_of(durations)
    difference, expected, variance = coarse_scores(cells, tally(place, codes, len(groups)))
    return _Found(
        expected,
        difference,
        variance,
        "log-rank test for delays coarse at both ends (expected counts, variance of the contributions)",
        ("starts are spread evenly over the days they may have been on", OPEN_ENDS, INDEPENDENT),
        ALIKE,
    )


def _interval(durations: Durations, by: str | Sequence[str]) -> _Found:
    low, high = bounds(durations)
    difference, variance = exchangeable(group_codes(durations, by)[1], interval_scores(low, high, solve(low, high)))
    return _Found(
        case_counts(durations, by)["events"].to_numpy() - difference,
        difference,
        variance,
        "log-rank test for interval-dated delays (permutation variance)",
        ("in each group alike: how long cases were watched, and how coarsely they are dated", OPEN_ENDS, INDEPENDENT),
        ALIKE,
    )


def _permuted(durations: Durations, by: str | Sequence[str], seed: int, replicates: int) -> _Found:
    """The log-rank scores of cases, permuted: equal cases share one, so kinds of cases are."""
    if replicates < FEWEST:
        raise ParameterError(f"replicates must be at least {FEWEST}, found {replicates}")
    plain = _logrank(durations, by, 0, 0)
    if quadratic(plain.difference, plain.variance)[1] == 0:
        raise Refusal(plain.nothing)
    counts = count(durations)
    pace = np.cumsum(counts.closed[0] / np.maximum(counts.at_risk[0], 1))
    kinds = np.column_stack([counts.left[0], counts.closed[0]]).ravel()
    score = np.column_stack([-pace, 1 - pace]).ravel()
    score = score - float(kinds @ score) / kinds.sum()
    codes = group_codes(durations, by)[1]
    difference, variance = exchangeable(codes, score[durations.end * 2 + durations.event])
    sums = group_sums(kinds, score, np.bincount(codes), replicates, np.random.default_rng(seed))
    values, vectors = np.linalg.eigh(variance)
    real = values > max(values.max(), 0) * 1e-10
    drawn = ((sums @ vectors[:, real]) ** 2 / values[real]).sum(axis=1)
    return _Found(
        plain.expected,
        difference,
        variance,
        f"log-rank test by {replicates:,} permutations, seed {seed}",
        (*plain.assumptions, "the groups are watched for alike times, so that cases may be exchanged"),
        plain.nothing,
        chance=lambda statistic: p_value(drawn, statistic, statistic * 1e-9),
    )


def quadratic(difference: Floats, variance: Floats) -> tuple[float, int]:
    """Return the chi-squared statistic of a vector that sums to zero, and its rank."""
    values, vectors = np.linalg.eigh(variance)
    real = values > max(values.max(initial=0), 0) * 1e-10
    if not real.any():
        return 0.0, 0
    turned = vectors[:, real].T @ difference
    return float((turned**2 / values[real]).sum()), int(real.sum())


def _weights(counts: Counts, rho: float, gamma: float) -> Floats:
    """Weight of each day from the pooled curve just before it."""
    pooled = Counts(
        pd.DataFrame(index=pd.RangeIndex(1)),
        *(part.sum(axis=0, keepdims=True) for part in (counts.entered, counts.closed, counts.left, counts.at_risk)),
    )
    before = np.concatenate([[1.0], survival(pooled)[0][0, :-1]])
    return before**rho * (1 - before) ** gamma


def _scores(counts: Counts, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Expected closings, weighted closed minus expected, and its covariance, over days with a closing."""
    days = np.flatnonzero(counts.closed.sum(axis=0) > 0)
    closed, at_risk, weight = counts.closed[:, days], counts.at_risk[:, days].astype(float), weights[days]
    total, all_closed = at_risk.sum(axis=0), closed.sum(axis=0)
    share = at_risk / total
    expected = share * all_closed
    spread = np.where(total > 1, all_closed * (total - all_closed) / np.maximum(total - 1, 1), 0) * weight**2
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return expected.sum(axis=1), ((closed - expected) * weight).sum(axis=1), variance
