"""Fine and Gray's regression of the share of cases that close in one way, when they can close in others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.regression.cox_model import errors_word
from accountability.delay.regression.regression_result import (
    Regression,
    closings,
    clusters_of,
    counts_by_term,
    covariates_of,
    require_events,
    table_of,
)
from accountability.errors import Refusal
from accountability.stats.arrays import Flags, Floats, gram
from accountability.stats.compress import compress
from accountability.stats.design import Design
from accountability.stats.intervals import z_critical
from accountability.stats.optimise import Separation, newton
from accountability.stats.sandwich import sandwich
from accountability.stats.separation import refuse_collinear, refuse_empty_levels, refuse_endless
from accountability.study.durations import Durations


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FineGray(Regression):
    """A fitted Fine-Gray model; ``table`` as :class:`Regression`.

    Attributes
    ----------
    way : str
        The way of closing.
    """

    way: str


def fine_gray(
    durations: Durations,
    covariates: str | Sequence[str],
    ways: str,
    way: str,
    *,
    cluster: str | None = None,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> FineGray:
    """Ratios that order the shares of cases closed in one way, when others close cases too.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day, watched from the start.
    covariates, cluster, reference, level
        As for :func:`accountability.delay.regression.cox_model`; errors are robust in any case.
    ways, way : str
        Column of the ways of closing, and the one modelled.

    Returns
    -------
    FineGray
        Ratios above 1 belong to cases of which more close in that way.

    Raises
    ------
    Refusal
        As :func:`accountability.delay.regression.cox_model`, and for late entry, which the method does not allow.

    Notes
    -----
    Late entry is refused: the weights of cases closed in another way need the chance of being watched from the start,
    and :func:`accountability.delay.regression.cox_model` with ``ways=`` and ``way=`` takes late entry as it stands.

    Fine and Gray (1999): a case closed in another way stays at risk with the chance that it would still be watched.
    Breslow's ties; errors include the estimate of that chance, as in R's ``cmprsk::crr``.
    """
    require_open_cases(durations, "Fine and Gray's model")
    require_exact(durations, "Fine and Gray's model")
    z_critical(level)
    if durations.left_truncated:
        raise Refusal(
            "Fine and Gray's model needs cases watched from the start: use delay.cox with ways= and way= (the rate of "
            "closing in that way), which allows late entry"
        )
    closed, event_word = closings(durations, ways, way)
    made = covariates_of(durations, covariates, reference)
    require_events(durations, closed, len(made.terms), "Fine and Gray's model")
    events = np.bincount(made.pattern[closed], minlength=len(made.matrix)).astype(float)
    refuse_empty_levels(made, made.count, events, event_word)
    code, clusters = clusters_of(durations, cluster)
    centre = made.count @ made.matrix / len(made.pattern)
    fit = _Fit(durations, made, closed, made.matrix - centre)
    null = fit.evaluate(np.zeros(len(made.terms)))
    refuse_collinear(made, null[2], float(closed.sum()))
    try:
        peak = newton(fit.evaluate, np.zeros(len(made.terms)), lambda step: float(np.abs(fit.matrix @ step).max()))
    except Separation as endless:
        raise refuse_endless(made, endless.direction, event_word) from endless
    bread: Floats = np.linalg.inv(peak.information).astype(float)
    covariance = sandwich(bread, fit.scores(peak.at), fit.cell, code, clusters, number=fit.number)
    return FineGray(
        estimand=f"ratio of the subdistribution rate of {event_word}, by {durations.clock}",
        assumptions=(
            "the ratio orders the shares closed in this way alike at every age",
            "being open at the cut-off tells nothing about the closing to come, and does not depend on the covariates",
            f"cases of different {cluster} are independent" if cluster else "cases are independent of each other",
            "columns not in the model may differ between the groups: the ratios describe, they do not explain",
        ),
        method="Fine and Gray's model, " + (errors_word(cluster, clusters) if cluster else "robust errors"),
        table=table_of(made.terms, peak.at, covariance, level, counts_by_term(made, events)),
        flow=durations.flow,
        terms=made.terms,
        coefficients=peak.at,
        covariance=covariance,
        log_likelihood=peak.value,
        null_log_likelihood=float(null[0]),
        cases=len(durations),
        events=int(closed.sum()),
        clusters=clusters,
        level=level,
        ratio_word=f"ratio of the subdistribution rate of {event_word}",
        way=str(way),
    )


class _Fit:
    """The weighted partial likelihood on cells of pattern, day and ending (0 open, 1 this way, 2 another)."""

    def __init__(self, durations: Durations, made: Design, closed: Flags, matrix: Floats) -> None:
        self.matrix = matrix
        ending = np.where(closed, 1, np.where(durations.event, 2, 0))
        end = durations.end
        days = int(end.max()) + 1
        if made.collapsed:
            cells = compress((made.pattern * days + end) * 3 + ending, len(matrix) * days * 3)
            left, self.ending = np.divmod(cells.found, 3)
            self.pattern, self.day = np.divmod(left, days)
            self.number, self.cell = cells.number, cells.code
        else:
            self.pattern, self.day, self.ending = made.pattern, end, ending
            self.number, self.cell = np.ones(len(end), np.int64), np.arange(len(end))
        count = [
            np.bincount(self.day[self.ending == kind], self.number[self.ending == kind], days) for kind in range(3)
        ]
        self.own = count[1]
        at_risk = np.cumsum((count[0] + count[1] + count[2])[::-1])[::-1]
        # Watches that end on a day end after its closings.
        watched = at_risk - count[1] - count[2]
        self.lost = np.where(watched > 0, count[0] / np.maximum(watched, 1), 0.0)
        after = np.cumprod(1 - self.lost)
        self.before = np.concatenate([[1.0], after[:-1]])
        self.at_risk_of_loss = watched
        self.other = self.ending == 2
        self.closed = np.bincount(self.pattern, self.number * (self.ending == 1), len(matrix))
        # Weight at day t of a case closed otherwise on day s: chance of being watched before t over that before s.
        self.share = np.where(self.other, 1 / np.maximum(self.before[self.day], 1e-300), 0.0)

    def _days_by_pattern(self, values: Floats) -> Any:
        """Sum values of cells by day and pattern."""
        from scipy.sparse import coo_array

        return coo_array((values, (self.day, self.pattern)), shape=(len(self.own), len(self.matrix))).tocsr()

    @cached_property
    def _here(self) -> Any:
        return self._days_by_pattern(self.number.astype(float))

    @cached_property
    def _gone(self) -> Any:
        return self._days_by_pattern(self.number.astype(float) * self.share)

    def _risk(self, weight: Floats) -> tuple[Floats, Floats]:
        """Sums, and means of the covariates, over those at risk on each day, the otherwise closed with their weight."""
        moments = np.column_stack([weight, weight[:, None] * self.matrix])
        gone = self._gone @ moments
        risk = np.cumsum((self._here @ moments)[::-1], axis=0)[::-1]
        risk = risk + self.before[:, None] * (np.cumsum(gone, axis=0) - gone)
        return risk[:, 0], risk[:, 1:] / np.where(risk[:, :1] > 0, risk[:, :1], 1)

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient and information of the weighted partial likelihood."""
        score = self.matrix @ beta
        on = self.own > 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            weight = np.exp(score)
            total, mean = self._risk(weight)
            rate = np.zeros(len(self.own))
            rate[on] = self.own[on] / total[on]
            late = np.cumsum(rate * self.before)
            held = weight * (self._here.T @ np.cumsum(rate) + self._gone.T @ (late[-1] - late))
            value = float(self.closed @ score - self.own[on] @ np.log(total[on]))
            gradient = self.matrix.T @ (self.closed - held)
            information = gram(self.matrix, held) - mean.T @ (self.own[:, None] * mean)
        return value, gradient, (information + information.T) / 2

    def _held(self, rate: Floats) -> Floats:
        """Summed daily rates each cell is exposed to, weights included."""
        plain = np.cumsum(rate, axis=0)
        late = np.cumsum((rate.T * self.before).T, axis=0)
        after = late[-1] - late[self.day]
        return plain[self.day] + (after.T * self.share).T

    def scores(self, beta: Floats) -> Floats:
        """Score of one case of each cell, with the part due to the estimated chance of being watched."""
        weight = np.exp(self.matrix @ beta)
        total, mean = self._risk(weight)
        on = self.own > 0
        rate = np.zeros(len(self.own))
        rate[on] = self.own[on] / total[on]
        own = weight[self.pattern][:, None]
        x = self.matrix[self.pattern]
        out = -own * (x * self._held(rate)[:, None] - self._held(rate[:, None] * mean))
        done = self.ending == 1
        out[done] += x[done] - mean[self.day[done]]
        return out + self._watch_part(x, own, rate, mean)

    def _watch_part(self, x: Floats, own: Floats, rate: Floats, mean: Floats) -> Floats:
        """What a case adds through the estimated chance of still being watched (psi of Fine and Gray)."""
        days = len(self.own)
        other = self.other
        # q(u): weighted residuals after day u of cases closed otherwise by day u.
        later = [np.cumsum((values.T * self.before).T[::-1], axis=0)[::-1] for values in (rate, rate[:, None] * mean)]
        share = (self.number * self.share)[other][:, None] * own[other]
        pulls = [
            np.column_stack([np.bincount(self.day[other], column, days) for column in values.T])
            for values in (share, share * x[other])
        ]
        # Closed otherwise on day s, weights fall with losses from day s on; those of day u act from day u + 1.
        held = [np.cumsum(pull, axis=0) for pull in pulls]
        tail = [np.concatenate([one[1:], np.zeros((1, *one.shape[1:]))]) for one in later]
        q = held[1] * tail[0][:, None] - held[0] * tail[1]
        risk = np.where(self.at_risk_of_loss > 0, self.at_risk_of_loss, 1)[:, None]
        each = q / risk
        run = np.cumsum(each * self.lost[:, None], axis=0)
        out = np.zeros(x.shape)
        open_ = self.ending == 0
        out[open_] = each[self.day[open_]] - run[self.day[open_]]
        # A case that closes on a day is not among those who could be lost on it.
        before = np.concatenate([np.zeros((1, x.shape[1])), run[:-1]])
        out[~open_] = -before[self.day[~open_]]
        return out
