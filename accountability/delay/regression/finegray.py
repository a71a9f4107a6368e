"""Fine-Gray regression of the cumulative incidence of one cause of closing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from accountability.delay.regression.regression_result import Prepared, Regression, changing_first, prepare
from accountability.errors import Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.compress import combine
from accountability.stats.cross_product import gram
from accountability.stats.sandwich import by_cluster
from accountability.stats.separation import refuse_collinear, refuse_empty_levels
from accountability.study.durations import Durations
from accountability.study.inputs import takes

WHAT = "Fine and Gray's model"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FineGray(Regression):
    """A fitted Fine-Gray model; ``table`` as in :class:`Regression`.

    Attributes
    ----------
    cause : str
        The cause of closing.
    change_p_value : float
        Of the score test that no ratio changes with age; missing where there are too few clusters or closing days.
    """

    cause: str
    change_p_value: float

    def sentence(self) -> str:
        """State first where the ratios change with age, then the ratios with their intervals."""
        read = "delay.competing_closings by group"
        return changing_first(self.change_p_value, self.confidence, read, super().sentence())


@takes("durations")
def fine_gray(
    durations: Durations,
    covariates: str | Sequence[str],
    causes: str,
    cause: str,
    *,
    cluster: str | None = None,
    reference: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> FineGray:
    """Estimate subdistribution hazard ratios for one cause of closing (Fine-Gray model).

    Parameters
    ----------
    durations : Durations, Cohort or Dataset
        With closing dates known to the day, watched from the start.
    covariates, cluster, reference, confidence
        As for :func:`accountability.delay.cox`; errors are robust in any case.
    causes, cause : str
        Column of the causes of closing, and the one modelled.

    Returns
    -------
    FineGray
        Ratios above 1 mean that more cases close by that cause.

    Raises
    ------
    Refusal
        As for :func:`accountability.delay.cox`, and for late entry.

    Notes
    -----
    Late entry is refused, because the weights of cases closed by another cause need the censoring distribution from the
    start; :func:`accountability.delay.cox` with ``causes=`` and ``cause=`` allows late entry.

    Fine and Gray (1999): a case closed by another cause stays at risk with the probability that it would still be
    watched. Breslow's ties; the errors include the estimation of that probability, as in R's ``cmprsk::crr``. Whether
    ratios change with age is tested by the score of an interaction with the share of this cause's closings that came
    before (the age scale of Grambsch and Therneau 1994), with the same errors.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.fine_gray(accountability.load("synthetic"), "category", "finding", "sustained")
    >>> model.table[["term", "n", "events"]].head(2).to_dict("list")
    {'term': ['category=Force', 'category=Neglect'], 'n': [1010, 1141], 'events': [33, 242]}
    """
    asked = prepare(
        durations, covariates, WHAT, reference=reference, confidence=confidence, cluster=cluster, causes=causes,
        cause=cause,
    )  # fmt: skip
    if durations.left_truncated:
        raise Refusal(
            "Fine and Gray's model needs cases watched from the start: use delay.cox with causes= and cause= (the rate "
            "of closing of that cause), which allows late entry"
        )
    asked.require_events(WHAT)
    refuse_empty_levels(asked.design, asked.design.count, asked.events, asked.word)
    fit = _Fit(asked)
    null = fit.evaluate(np.zeros(len(asked.design.terms)))
    refuse_collinear(asked.design, null[2], float(asked.event.sum()))
    top = asked.maximise(fit.evaluate)
    bread: Floats = np.linalg.inv(top.information).astype(float)
    covariance, free, effective = asked.weighed(
        bread, fit.scores(top.at), fit.cell, fit.number, lambda: fit.cell_information(top.at)
    )
    return FineGray(
        estimand=f"ratio of the subdistribution rate of {asked.word}, by {durations.clock}",
        assumptions=(
            "the ratio orders the shares closed of this cause alike at every age",
            "being open at the cut-off tells nothing about the closing to come, and does not depend on the covariates",
            *asked.assume()[1:],
        ),
        method="Fine and Gray's model, " + (asked.errors if cluster else "robust errors"),
        ratio_word=f"ratio of the subdistribution rate of {asked.word}",
        cause=str(cause),
        change_p_value=fit.change_with_age(top.at, asked.cluster, asked.clusters),
        **asked.fields(top.at, covariance, top.value, null[0], free=free, effective=effective),
    )


class _Fit:
    """The weighted partial likelihood on cells of pattern, day and ending (0 open, 1 this cause, 2 another)."""

    def __init__(self, asked: Prepared) -> None:
        made, end = asked.design, asked.durations.end
        self.matrix = asked.matrix
        ending = np.where(asked.event, 1, np.where(asked.durations.event, 2, 0))
        days = int(end.max()) + 1
        if made.collapsed:
            cells = combine((made.pattern, end, ending), (len(self.matrix), days, 3), len(end))
            self.number, self.cell, first = cells.number, cells.code, cells.first
        else:
            self.number, self.cell, first = np.ones(len(end), np.int64), np.arange(len(end)), np.arange(len(end))
        self.pattern, self.day, self.ending = made.pattern[first], end[first], ending[first]
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
        self.closed = np.bincount(self.pattern, self.number * (self.ending == 1), len(self.matrix))
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
        """Return value, gradient and information of the weighted partial likelihood."""
        score = self.matrix @ beta
        on = self.own > 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            weight = np.exp(score)
            total, mean = self._risk(weight)
            held = weight * self._exposed(self._rate(total))
            value = float(self.closed @ score - self.own[on] @ np.log(total[on]))
            gradient = self.matrix.T @ (self.closed - held)
            information = gram(self.matrix, held) - mean.T @ (self.own[:, None] * mean)
        return value, gradient, (information + information.T) / 2

    def _rate(self, total: Floats) -> Floats:
        """Closings of each day over the sum of weights at risk."""
        return np.divide(self.own, total, out=np.zeros(len(self.own)), where=self.own > 0)

    def _exposed(self, rate: Floats) -> Floats:
        """Summed daily rates all cases of each pattern are exposed to, weights included."""
        late = np.cumsum(rate * self.before)
        return np.asarray(self._here.T @ np.cumsum(rate) + self._gone.T @ (late[-1] - late))

    def change_with_age(self, beta: Floats, cluster: Days | None, clusters: int | None) -> float:
        """p-value of the score test that no coefficient changes with the share of closings that came before."""
        from scipy.special import betainc

        groups, terms = clusters or int(self.number.sum()), len(beta)
        if groups <= terms or (self.own > 0).sum() < 3:
            return np.nan
        weight = np.exp(self.matrix @ beta)
        total, mean = self._risk(weight)
        before = (np.cumsum(self.own) - self.own) / self.own.sum()
        age = before - self.own @ before / self.own.sum()
        plain, mixed = (
            gram(self.matrix, weight * self._exposed(self._rate(total) * pace))
            - mean.T @ ((self.own * pace)[:, None] * mean)
            for pace in (np.ones(len(age)), age)
        )
        pull = self.scores(beta, age) - self.scores(beta) @ np.linalg.solve(plain, mixed)
        if clusters is None or cluster is None:
            square = pull.T @ (pull * self.number[:, None])
        else:
            summed = by_cluster(pull, self.cell, cluster, clusters)
            square = summed.T @ summed
        if np.linalg.matrix_rank(square) < terms:
            return np.nan
        whole = self.number @ pull
        # With even clusters of normal scores the statistic over their number has this beta law (Hotelling's test).
        found = whole @ np.linalg.solve(square, whole) / groups
        return float(betainc((groups - terms) / 2, terms / 2, 1 - found))

    def _held(self, rate: Floats) -> Floats:
        """Summed daily rates each cell is exposed to, weights included."""
        plain = np.cumsum(rate, axis=0)
        late = np.cumsum((rate.T * self.before).T, axis=0)
        after = late[-1] - late[self.day]
        return plain[self.day] + (after.T * self.share).T

    def scores(self, beta: Floats, pace: Floats | None = None) -> Floats:
        """Return the score of one case of each cell, with the part due to the estimated censoring probability.

        With `pace`, one number a day, it is the score of the coefficients of the covariates times that number.
        """
        weight = np.exp(self.matrix @ beta)
        total, mean = self._risk(weight)
        pace = np.ones(len(self.own)) if pace is None else pace
        rate = self._rate(total) * pace
        own = weight[self.pattern][:, None]
        x = self.matrix[self.pattern]
        out = -own * (x * self._held(rate)[:, None] - self._held(rate[:, None] * mean))
        done = self.ending == 1
        out[done] += (x[done] - mean[self.day[done]]) * pace[self.day[done]][:, None]
        return out + self._watch_part(x, own, rate, mean)

    def cell_information(self, beta: Floats) -> Floats:
        """Return what one case of each cell adds to the information, with the censoring probability taken as known."""
        own = np.exp(self.matrix @ beta)
        total, mean = self._risk(own)
        rate = self._rate(total)
        x, square = self.matrix[self.pattern], (mean[:, :, None] * mean[:, None, :]).reshape(len(mean), -1)
        first, second = (self._held(rate[:, None] * one) for one in (mean, square))
        mixed = x[:, :, None] * first[:, None, :]
        whole = self._held(rate)[:, None, None] * x[:, :, None] * x[:, None, :] - mixed - mixed.transpose(0, 2, 1)
        return np.asarray(own[self.pattern][:, None, None] * (whole + second.reshape(whole.shape)))

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
