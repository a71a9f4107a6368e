"""Delay and penalty in several views, with what each identifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.slow_case_views import (
    CAUSES,
    OF_FINDINGS,
    SUSTAINED,
    UNKNOWN,
    UPHELD,
    View,
    all_kinds,
    causes_hidden,
    clocked,
    kinds_of_case,
    with_cause,
)
from accountability.outcomes.small_counts import Disclosed
from accountability.records.case_ends import ends_unknown
from accountability.results import capitalised, interval_said, percent, plural
from accountability.study.cohort import Cohort
from accountability.study.follow_up import follow_up
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VIEWS: Final = {
    "naive": "closed cases by the days they took: a description of closed cases. How long a case takes is known only "
    "once it has ended, and open cases are in no row, so nothing follows for a case that is still open.",
    "landmark": "cases open on a given day of their age, from that day on: identified if cases still open at the last "
    "day covered are like others of their age. The cases left at a later landmark are other cases than those at "
    "an earlier one: a trend over landmarks is about who is left as well as about time.",
    "competing risks": "all cases, by the share that has ended each way by a day: identified under the same "
    "condition, without assuming that the ways have nothing to do with each other.",
    "at the same mix": "the landmark view with the kinds of case weighted alike at each landmark: what remains of a "
    "trend is not the mix of these kinds; it may be the mix of others.",
}
NOT_IDENTIFIED: Final = "which penalty the same case would have ended with, had it been closed sooner"
_USUAL: Final = Ladder()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SlowCases(Disclosed):
    """Delay and penalty in several views.

    Attributes
    ----------
    table : DataFrame
        Share with a heavier penalty among sustained cases with a recorded rung (of findings: share sustained among
        those with a finding on the merits): ``view``, ``at`` (days, in words),
        ``day``, ``n`` (cases in the row), ``estimate`` (share of heavier), ``lower``, ``upper``, ``hidden``.
    causes : DataFrame
        ``view``, ``at``, ``day``, ``cause``, ``estimate`` (share), ``lower``, ``upper``, ``hidden``: how the cases of a
        row end; the rest up to one are still open.
    identified : DataFrame
        ``view`` and ``says``: what each view identifies, and what none does.
    heavier : str
        The rung from which a penalty counts as heavier; ``sustained`` if findings are compared.
    confidence : float
    still_open : int
        Cases of the last landmark that have not ended.
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": ("day",), "causes": ("day",)}

    causes: pd.DataFrame
    identified: pd.DataFrame
    heavier: str
    confidence: float
    still_open: int

    @property
    def worse(self) -> str:
        """The heavier end, in words."""
        return worse_end(self.heavier)

    @property
    def whole(self) -> str:
        """Whose share it is, in words."""
        return whole_of(self.heavier)

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without rows of few lighter or heavier penalties, and without their counts."""
        return super().disclosed(table).drop(columns=["light", "heavy"])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of heavier penalties in every row of every view."""
        from accountability.figures.draw import new_axes, ranges

        shown = self.table
        axes = new_axes(ax, height=1.2 + 0.3 * len(shown))
        labelled = shown.assign(label=shown["view"] + ": " + shown["at"])
        ranges(axes, labelled, label="label", estimate="estimate", lower="lower", upper="upper", kind="share")
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"{self.worse}, of {self.whole}")
        return axes

    def statement(self) -> str:
        """Return a Markdown list of what each view identifies, and what none does."""
        return "\n".join(f"- **{view}**: {says}" for view, says in self.identified.itertuples(index=False))

    def sentence(self) -> str:
        """State the first and last row of each view, and what no view identifies."""
        said = []
        for view, part in self.table.loc[~self.table["hidden"]].groupby("view", sort=False):
            rows = part.to_dict("records")
            ends = rows[:1] if len(rows) == 1 else [rows[0], rows[-1]]
            told = ", ".join(
                f"{row['at']} {percent(row['estimate'], 1)} "
                f"({interval_said(self.confidence, row['lower'], row['upper'], 1)})"
                for row in ends
            )
            said.append(f"{view}: {told}")
        if not said:
            return "Every row rests on counts too small to show."
        return (
            f"{capitalised(self.worse)}, of {self.whole}; {'; '.join(said)}. No view identifies {_not(self.heavier)}."
        )


def worse_end(heavier: str) -> str:
    """Return the heavier end in words."""
    return "a sustained finding" if heavier == UPHELD else f"{heavier.replace('_', ' ')} or heavier"


def _not(heavier: str) -> str:
    """What no view identifies."""
    return NOT_IDENTIFIED if heavier != UPHELD else "how the same case would have ended, had it been closed sooner"


def whole_of(heavier: str) -> str:
    """Return whose share the heavier end is, in words."""
    return "those with a finding on the merits" if heavier == UPHELD else "the sustained with a rung on record"


@takes("cohort")
def delay_and_penalty(
    data: Cohort,
    start: str = "received",
    stop: str = "closed",
    cutoff: str | None = None,
    *,
    heavier: str = "suspension",
    landmarks: Sequence[int] = (90, 180, 365),
    within: int = 1095,
    covariates: str | Sequence[str] = (),
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    seed: int = 20130206,
) -> SlowCases:
    """Estimate the share of heavier penalties by delay: naive, landmark and competing-risks views.

    A complaint ends by one cause: no finding on the merits, not sustained, or sustained, where the highest penalty of
    its officers is lighter, heavier, or not recorded.

    Parameters
    ----------
    data : Cohort or Dataset
        With closing dates known to the day, open cases included.
    start, stop, cutoff
        The clock, as in :func:`accountability.study.clocks.durations`.
    heavier : str
        The rung from which a penalty counts as heavier; ``sustained`` compares findings: the share sustained among
        those with a finding on the merits, for a source without penalties.
    landmarks : sequence of int
        Days of age; a landmark row takes the cases still open on that day.
    within : int
        Days of follow-up from the start and from each landmark; fewer if follow-up after the last landmark is shorter.
    covariates : str or sequence of str
        Columns of the cases or allegations whose mix is held equal over the landmarks.
    min_group : int
        Values of a covariate with fewer cases are pooled.
    confidence, min_cell
        As in :func:`accountability.outcomes.outcome_distribution`; rows with fewer lighter or heavier penalties are
        hidden.
    ladder : Ladder, optional
    seed : int
        Seed of the bootstrap over complaints for the intervals in the landmark and competing-risks views.

    Returns
    -------
    SlowCases

    Raises
    ------
    Refusal
        If the source holds no finding or penalty, dates are not known to the day, open cases are not in it, or no
        closed case was sustained with a recorded rung.
    ParameterError
        For a rung that is not on the ladder, landmarks that are not increasing positive days, or unknown columns.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.delay_and_penalty(data, landmarks=[180])
    >>> found.table["view"].unique().tolist()
    ['naive', 'competing risks', 'landmark']
    """
    order = ladder or _USUAL
    if heavier not in (*order.order[1:], UPHELD):
        raise ParameterError(f"heavier must be one of {', '.join(order.order[1:])}, {UPHELD}; found {heavier!r}")
    days = [int(day) for day in landmarks]
    if not days or days[0] < 1 or (np.diff(days) <= 0).any() or within < 1:
        raise ParameterError(
            f"landmarks must be days above zero in order and within above zero; found {days}, {within}"
        )
    cohort, alike = with_cause(data, heavier, order), column_names(covariates, "delay_and_penalty", "covariates")
    held = clocked(cohort, start, stop, cutoff)
    kind = kinds_of_case(cohort, held, alike, min_group)
    if held.unknown_day.any():
        raise Refusal(
            f"{plural(int(held.unknown_day.sum()), 'case')} of {cohort.name} closed on an unknown day, so the delay of "
            "these penalties is not known: delay.closing_curve(data) bounds the delays, and "
            "outcomes.outcome_distribution(data) has the penalties of all cases"
        )
    asked, last = within, int(held.end.max(initial=0))
    if held.n_open:
        # All rows are followed as long, and none longer than cases were watched.
        within = min(within, last - days[-1])
        if within < 1:
            raise Refusal(f"no case was watched beyond day {last:,}: choose landmarks= below it")
    view = View(held, kind, confidence, within, seed)
    if not view.counts(0)[:, SUSTAINED].sum():
        what = (
            "has a finding on the merits"
            if heavier == UPHELD
            else "was sustained with a penalty on record that can be ranked"
        )
        raise Refusal(f"{cohort.name}: no closed case {what}")
    lines, causes = all_kinds(held, confidence, within, seed, tuple(days))
    if alike:
        lines = lines + [
            {"view": "at the same mix", "at": f"open at day {day:,}" if day else "all", "day": day}
            | view.heavier(day, same_mix=True)
            for day in (0, *days)
        ]
    table = pd.DataFrame(lines)
    ended = pd.concat(causes, ignore_index=True)[["view", "at", "day", "cause", "estimate", "lower", "upper"]]
    if heavier == UPHELD:
        ended = ended[~ended["cause"].isin([UNKNOWN, CAUSES[1]])].reset_index(drop=True)
    merits = heavier == UPHELD
    among = "complaints with a finding on the merits" if merits else "sustained complaints with a rung on record"
    views = [name for name in VIEWS if name in set(table["view"])]
    says = [*((name, VIEWS[name]) for name in views), ("none", f"not identified: {_not(heavier)}.")]
    return SlowCases(
        estimand=f"share of {worse_end(heavier)} among {among}, by {held.clock}, {cohort.name}",
        assumptions=(
            "whether a case is still open at the last day covered tells nothing more than its age does",
            "a complaint ends one way: the highest finding and penalty among its officers",
            "complaints are independent of one another",
            *((f"kinds of case: {', '.join(alike)}",) if alike else ()),
            *((f"{ends_unknown(held.states)}: these are left out",) if held.unended is not None else ()),
        ),
        method="shares of closed cases (Wilson); Aalen–Johansen from each landmark; intervals of shares among the "
        "sustained by bootstrap over complaints",
        table=table.assign(hidden=table["light"].lt(min_cell) | table["heavy"].lt(min_cell)),
        flow=held.flow,
        follow_up=follow_up(held),
        states=held.states,
        cautions=(f"cases are followed for {within:,} days and not {asked:,}, as none was watched beyond day {last:,}",)
        if within < asked
        else (),
        causes=ended.assign(
            hidden=causes_hidden(ended, table, min_cell),
            cause=ended["cause"].replace(OF_FINDINGS) if heavier == UPHELD else ended["cause"],
        ),
        identified=pd.DataFrame(says, columns=["view", "says"]),
        heavier=heavier,
        confidence=confidence,
        still_open=int((view.seen(days[-1]) & ~held.event).sum()),
    )
