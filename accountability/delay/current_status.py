"""The closing curve from current status: the source says which cases are closed by its last day, not when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from accountability.delay.access import closed_cases_only, require_not_selected
from accountability.delay.counts import case_counts, columns_of, stacked
from accountability.delay.curve import NOT_REACHED, Curve
from accountability.errors import Refusal
from accountability.privacy import disclose
from accountability.results import percent
from accountability.stats.arrays import ROUNDING, Floats
from accountability.stats.compress import in_reading_order
from accountability.study.durations import Durations, group_codes, require_cases
from accountability.study.inputs import takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CurrentStatusCurve(Curve):
    """Share of cases still open by age, from their status on one day.

    ``table`` has one row per step of the curve: the columns of `by`; ``from_age``, ``to_age``, the ages (days since
    the start, on the day of the status) pooled into the step; ``n``, ``events`` (cases closed), ``estimate`` (share
    still open). In :meth:`at` and :meth:`quantiles`, ``lower`` and ``upper`` are bounds, not a confidence interval.

    Attributes
    ----------
    kuhn_tucker_gap : float
        Upper bound on how far the mean log-likelihood per case is below its maximum.
    """

    kuhn_tucker_gap: float

    x_label: ClassVar[str] = "age of the case in days"

    def _half(self, part: pd.DataFrame, median: Mapping[Any, Any], *, exact: bool, about: str = "") -> str:
        if pd.isna(median["upper"]):
            left = f" ({percent(part['estimate'].iloc[-1])} of the oldest are still open)" if exact else ""
            return f"half had not closed at the oldest ages seen{left}"
        return f"half had closed after {median['reads'].replace(', at most', ' and at most')} days"

    def _in_steps(self, part: pd.DataFrame, cases: pd.Series) -> pd.DataFrame:
        """Hide the steps of few cases: each is a share of its own cases, and cannot be joined to another."""
        shown = disclose(part, counts=("n", "events"), keep=(*self.by, "from_age", "to_age"))
        return shown[~shown["hidden"]].drop(columns="hidden")

    def _at(self, number: int, part: pd.DataFrame, asked: np.ndarray) -> dict[str, Any]:
        # Between the ages seen the share may be that before or that after; beyond the oldest, anything down to none.
        heights = np.concatenate([[1.0], part["estimate"].to_numpy(), [0.0]])
        begun = np.searchsorted(part["from_age"].to_numpy(), asked, side="right")
        ended = np.searchsorted(part["to_age"].to_numpy(), asked, side="left")
        lower, upper = heights[np.minimum(ended + 1, len(heights) - 1)], heights[begun]
        return {"estimate": np.where(lower == upper, lower, np.nan), "lower": lower, "upper": upper}

    def _quantile(self, number: int, part: pd.DataFrame, share: float) -> tuple[Any, Any, Any, str]:
        reached = np.flatnonzero(part["estimate"].to_numpy() <= 1 - share + ROUNDING)
        if not len(reached):
            return None, int(part["to_age"].iloc[-1]) + 1, None, NOT_REACHED
        step = int(reached[0])
        least = int(part["to_age"].iloc[step - 1]) + 1 if step else 0
        day = int(part["from_age"].iloc[step])
        reads = f"at most {day:,}" if not step else f"more than {least - 1:,}, at most {day:,}"
        return day if day == least else None, least, day, reads

    def _drawn(self) -> pd.DataFrame:
        """Draw the steps over age, the last to the oldest age seen."""
        last = self.table.groupby(list(self.by), sort=False).tail(1) if self.by else self.table.tail(1)
        frame = pd.concat([self.table, last.assign(from_age=last["to_age"])], ignore_index=True)
        if self.by:
            frame = in_reading_order(frame.dropna(subset="from_age"), [*self.by, "from_age"])
        return frame.rename(columns={"from_age": "day"})


@takes("durations")
def current_status_curve(durations: Durations, by: str | Sequence[str] | None = None) -> CurrentStatusCurve:
    """Estimate the share of cases still open by age, when only their status on one day is known.

    Parameters
    ----------
    durations : Durations
        From :func:`accountability.study.clocks.current_status`.
    by : str or sequence of str, optional
        Columns to group by.

    Returns
    -------
    CurrentStatusCurve

    Raises
    ------
    Refusal
        When closing days are known (a better estimator exists), or the records were selected on the outcome.

    Notes
    -----
    The non-parametric maximum likelihood estimate: isotonic regression of "closed" on age by pooling adjacent
    violators (Ayer and others 1955; Groeneboom and Wellner 1992). The estimate converges with the cube root of the
    number of cases, so no pointwise interval is given: :func:`~accountability.delay.curve_limits` and
    :func:`~accountability.delay.quantile_limits` give likelihood-ratio limits.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> from accountability.study.clocks import current_status
    >>> status = current_status(accountability.load("synthetic"))
    >>> delay.current_status_curve(status).sentence().split(" [")[0]
    'Of 5,000 cases, 368 still open, half had closed after more than 196 and at most 197 days'
    """
    require_cases(durations, "the current-status curve")
    if not durations.current_status:
        raise Refusal("closing days are known: use delay.closing_curve or delay.interval_curve, which use them")
    if durations.sampling.rule != "no_closing_date":
        require_not_selected(durations, "the current-status curve")
    if closed_cases_only(durations):
        raise Refusal(
            f"{durations.sampling.source} holds closed cases only, so every status says closed: a current-status curve "
            "needs the open cases beside them"
        )
    groups, codes = group_codes(durations, by)
    age = np.where(durations.event, durations.days_upper, durations.days_lower)
    parts, gaps = [], []
    for number in range(len(groups)):
        of_group = codes == number
        part, gap = _steps(age[of_group], durations.event[of_group])
        parts.append(part)
        gaps.append(gap)
    return CurrentStatusCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=(
            "old and new cases close at the same pace: a curve over age is read off cases received at different times",
            "the day the release ends has nothing to do with how long a case takes",
            "a case counts as closed only when it is",
        ),
        method="non-parametric maximum likelihood for current-status data (isotonic regression); likelihood "
        f"within {max(gaps):.0e} of its maximum",
        table=stacked(groups, parts),
        flow=durations.flow,
        by=columns_of(by),
        clock=durations.clock,
        cases=case_counts(durations, by),
        rows=tuple(len(part["n"]) for part in parts),
        confidence=None,
        kuhn_tucker_gap=max(gaps),
    )


def pooled(value: Floats, weight: Floats) -> tuple[Floats, np.ndarray]:
    """Return isotonic (rising) weighted means by pooling adjacent violators, and each block's first position."""
    means: list[float] = []
    weights: list[float] = []
    firsts: list[int] = []
    for position, (mean, mass) in enumerate(zip(value.tolist(), weight.tolist(), strict=True)):
        first = position
        while means and means[-1] >= mean:
            before = weights.pop()
            mean = (means.pop() * before + mean * mass) / (before + mass)
            mass += before
            first = firsts.pop()
        means.append(mean)
        weights.append(mass)
        firsts.append(first)
    return np.array(means), np.array(firsts, dtype=np.int64)


def _steps(age: np.ndarray, closed: np.ndarray) -> tuple[dict[str, Any], float]:
    """Steps of one group's curve, and the Kuhn-Tucker gap of the masses they stand for."""
    total = np.bincount(age)
    done = np.bincount(age[closed], minlength=len(total))
    ages = np.flatnonzero(total)
    n, k = total[ages], done[ages]
    share, first = pooled(k / n, n.astype(float))
    stop = np.append(first[1:], len(ages))
    table = {
        "from_age": ages[first],
        "to_age": ages[stop - 1],
        "n": np.add.reduceat(n, first),
        "events": np.add.reduceat(k, first),
        "estimate": 1 - share,
    }
    fitted = np.repeat(share, stop - first)
    with np.errstate(divide="ignore", invalid="ignore"):
        pull_closed = np.where(k > 0, k / fitted, 0)
        pull_open = np.where(n > k, (n - k) / (1 - fitted), 0)
    # Mass at an age helps cases seen closed at it or later, and cases seen open before it.
    gradient = np.append(np.cumsum(pull_closed[::-1])[::-1], 0) + np.insert(np.cumsum(pull_open), 0, 0)
    return table, max(float(gradient.max() / n.sum() - 1), 0.0)
