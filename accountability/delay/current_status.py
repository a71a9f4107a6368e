"""The closing curve when a source says only which cases are closed by its last day, and never when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.access import require_not_selected
from accountability.delay.counts import columns_of, label_of, pieces, shares_asked, with_groups
from accountability.delay.curve import NOT_REACHED, ROUNDING
from accountability.errors import Refusal
from accountability.figures import draw
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.arrays import Floats
from accountability.study.durations import Durations, group_codes, require_cases

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CurrentStatusCurve(Result):
    """Share of cases still open by age, from their status on one day.

    ``table`` has one row a step of the curve: the columns of `by`; ``from_age``, ``to_age``, the ages (days since
    the start, on the day of the status) pooled into the step; ``cases``, ``closed``, ``still_open``.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    clock : str
        The clock.
    groups : pandas.DataFrame
        One row a group.
    rows : tuple of int
        Rows of the table in each group.
    kuhn_tucker_gap : float
        The mean log-likelihood a case is at most this much below its maximum.
    """

    by: tuple[str, ...]
    clock: str
    groups: pd.DataFrame
    rows: tuple[int, ...]
    kuhn_tucker_gap: float

    def quantile(self, p: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Age by which a share of cases had closed.

        Returns
        -------
        pandas.DataFrame
            One row a group and share: ``p``; ``after``, the last age at which fewer had closed; ``by_day``, the first
            at which at least that share had (Int64, missing when not reached; the day lies after the one and not
            after the other); ``reads``.

        Raises
        ------
        ParameterError
            If a share is not between 0 and 1.
        """
        shares = shares_asked(p)
        rows: list[tuple[Any, ...]] = []
        for number, part in self._parts():
            for share in shares:
                reached = np.flatnonzero(part["still_open"].to_numpy() <= 1 - share + ROUNDING)
                if not len(reached):
                    rows.append((number, share, int(part["to_age"].iloc[-1]), None, NOT_REACHED))
                    continue
                step = int(reached[0])
                after = int(part["to_age"].iloc[step - 1]) if step else None
                day = int(part["from_age"].iloc[step])
                reads = f"at most {day:,}" if after is None else f"more than {after:,}, at most {day:,}"
                rows.append((number, share, after, day, reads))
        numbers, p_out, after_out, by_day, reads_out = zip(*rows, strict=True)
        columns = {
            "p": np.array(p_out),
            "after": pd.array(after_out, dtype="Int64"),
            "by_day": pd.array(by_day, dtype="Int64"),
            "reads": pd.array(reads_out, dtype="str"),
        }
        return with_groups(self.groups, numbers, columns)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the steps over age."""
        axes = draw.new_axes(ax)
        last = self.table.groupby(list(self.by), sort=False).tail(1) if self.by else self.table.tail(1)
        ends = last.assign(from_age=last["to_age"])
        frame = pd.concat([self.table, ends], ignore_index=True)
        if self.by:
            frame = frame.sort_values([*self.by, "from_age"], kind="stable")
        draw.steps(axes, frame, x="from_age", y="still_open", by=self.by)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_xlabel("age of the case in days")
        axes.set_ylabel("share still open")
        return axes

    def sentence(self) -> str:
        """Say how many cases there were and between which ages half had closed."""
        said = []
        medians = self.quantile(0.5)
        for number, part in self._parts():
            cases, closed = int(part["cases"].sum()), int(part["closed"].sum())
            row = medians.iloc[number]
            if pd.isna(row["by_day"]):
                left = part["still_open"].iloc[-1]
                half = f"half had not closed at the oldest ages seen ({percent(left)} of the oldest are still open)"
            else:
                half = f"half had closed after {row['reads'].replace(', at most', ' and at most')} days"
            said.append(
                f"{label_of(self.groups, number)}of {plural(cases, 'case')}, {cases - closed:,} still open, {half}"
            )
        return capitalised(f"{'; '.join(said)} [{self.clock}].")

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        return pieces(self.table, self.rows)


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
    """
    require_cases(durations, "the current-status curve")
    if not durations.current_status:
        raise Refusal("closing days are known: use delay.closing_curve or delay.interval_curve, which use them")
    if durations.sampling.rule != "no_closing_date":
        require_not_selected(durations, "the current-status curve")
    groups, codes = group_codes(durations, by)
    age = np.where(durations.event, durations.days_upper, durations.days_lower)
    parts, gaps = [], []
    for number in range(len(groups)):
        of_group = codes == number
        part, gap = _steps(age[of_group], durations.event[of_group])
        parts.append(part)
        gaps.append(gap)
    numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    stacked = pd.concat(parts, ignore_index=True)
    return CurrentStatusCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=(
            "old and new cases close at the same pace: a curve over age is read off cases received at different times",
            "the day the release ends has nothing to do with how long a case takes",
            "a case counts as closed only when it is",
        ),
        method="non-parametric maximum likelihood for current-status data (isotonic regression), Kuhn-Tucker gap "
        f"{max(gaps):.1e}",
        table=with_groups(groups, numbers, {name: stacked[name] for name in stacked.columns}),
        flow=durations.flow,
        by=columns_of(by),
        clock=durations.clock,
        groups=groups,
        rows=tuple(len(part) for part in parts),
        kuhn_tucker_gap=max(gaps),
    )


def pooled(value: Floats, weight: Floats) -> tuple[Floats, np.ndarray]:
    """Isotonic (rising) weighted means by pooling adjacent violators, and each block's first position."""
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


def _steps(age: np.ndarray, closed: np.ndarray) -> tuple[pd.DataFrame, float]:
    """Steps of one group's curve, and the Kuhn-Tucker gap of the masses they stand for."""
    total = np.bincount(age)
    done = np.bincount(age[closed], minlength=len(total))
    ages = np.flatnonzero(total)
    n, k = total[ages], done[ages]
    share, first = pooled(k / n, n.astype(float))
    stop = np.append(first[1:], len(ages))
    table = pd.DataFrame(
        {
            "from_age": ages[first],
            "to_age": ages[stop - 1],
            "cases": np.add.reduceat(n, first),
            "closed": np.add.reduceat(k, first),
            "still_open": 1 - share,
        }
    )
    fitted = np.repeat(share, stop - first)
    with np.errstate(divide="ignore", invalid="ignore"):
        pull_closed = np.where(k > 0, k / fitted, 0)
        pull_open = np.where(n > k, (n - k) / (1 - fitted), 0)
    # Mass at an age helps cases seen closed at it or later, and cases seen open before it.
    gradient = np.append(np.cumsum(pull_closed[::-1])[::-1], 0) + np.insert(np.cumsum(pull_open), 0, 0)
    return table, max(float(gradient.max() / n.sum() - 1), 0.0)
