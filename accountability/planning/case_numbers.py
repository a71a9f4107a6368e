"""Power and precision of four questions by number of cases and officers, follow-up and share still open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from accountability.delay import closing_curve
from accountability.errors import ParameterError, Refusal, check_number
from accountability.planning.model_of_cases import Delays, design_effect, follow_up_for, shape_of
from accountability.results import Result, percent
from accountability.stats.intervals import z_critical
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Question -> what is estimated, and the effect of none.
QUESTIONS: Final = {
    "median": ("median days to closing", None),
    "difference": ("difference of two medians, in days", 0.0),
    "hazard_ratio": ("hazard ratio of two groups", 1.0),
    "gap": ("difference of two shares sustained", 0.0),
}
_USUAL: Final = {"difference": 30.0, "hazard_ratio": 1.25, "gap": 0.05}
_METHODS: Final = {
    "median": "Greenwood's variance over the density at the median, times the design effect",
    "difference": "Greenwood's variances over the densities at the medians, times the design effect",
    "hazard_ratio": "Schoenfeld's variance from the numbers closed in each group, times the design effect",
    "gap": "binomial variances of the decided cases, times the design effect",
}
_STEPS: Final = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_MOST: Final = 10_000_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Plan(Result):
    """Power or precision by number of cases.

    ``table``: ``cases``, ``officers``, ``events`` (closed cases; for a gap, decided ones), ``estimate`` (the effect
    planned for), ``std_error`` (for a hazard ratio, of its logarithm), ``lower``, ``upper`` (the expected interval),
    ``power`` (missing for a median).

    Attributes
    ----------
    question : str
    cases : int
        The number of cases planned.
    needed : int or None
        The fewest cases with the target power; None for a median.
    power, confidence : float
        Target power; level of the intervals and of the test.
    """

    question: str
    cases: int
    needed: int | None
    power: float
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the power, or the expected interval width of a median, against the number of cases."""
        from accountability.figures import draw

        axes = draw.new_axes(ax)
        if self.question == "median":
            axes.fill_between(self.table["cases"], self.table["lower"], self.table["upper"], alpha=0.25,
                              color=draw.COLOURS[0])  # fmt: skip
            draw.lines(axes, self.table, x="cases", y="estimate")
            axes.set_ylabel("median days, with the interval to be expected")
            axes.set_ylim(bottom=0)
        else:
            draw.lines(axes, self.table, x="cases", y="power")
            axes.axhline(self.power, color=draw.COLOURS[1], linewidth=1)
            axes.set_ylim(0, 1.02)
            axes.set_ylabel("power")
        axes.set_xlabel("cases")
        return axes

    def at_cases(self) -> pd.Series:
        """Row of the planned number of cases."""
        return self.table[self.table["cases"] == self.cases].iloc[0]

    def sentence(self) -> str:
        """State the power or precision of the planned number of cases."""
        row = self.at_cases()
        digits = 2 if self.question in ("hazard_ratio", "gap") else 0
        ends = f"{row['lower']:,.{digits}f} to {row['upper']:,.{digits}f}"
        said = (
            f"With {self.cases:,} cases of {int(row['officers']):,} officers, {int(row['events']):,} of them counted "
            f"at the end, a {QUESTIONS[self.question][0]} of {row['estimate']:,.{digits}f} would have an interval of "
            f"about {ends} ({percent(self.confidence)})"
        )
        if self.needed is None:
            return f"{said}."
        return (f"{said}, and be told from none with a power of {percent(float(row['power']))}; {percent(self.power)} "
                f"take {self.needed:,} cases.")  # fmt: skip

    def paragraph(self) -> str:
        """Write the sample-size paragraph of a grant application: plan, assumptions and result."""
        return f"{self.sentence()} Assumed: {'; '.join(self.assumptions)}. Computed by: {self.method}."


@takes("cohort")
def how_many(
    data: Cohort,
    question: str,
    *,
    effect: float | None = None,
    cases: int | None = None,
    officers: int | None = None,
    median_days: float | None = None,
    share: float | None = None,
    follow_up: float | None = None,
    share_open: float | None = None,
    first_share: float = 0.5,
    likeness: float = 0.05,
    power: float = 0.8,
    confidence: float = 0.95,
) -> Plan:
    """Estimate the power or precision of a number of cases, and the number a question needs.

    Values left out are estimated from `data`, a pilot release or the synthetic agency.

    Parameters
    ----------
    data : Cohort or Dataset
        The pilot; ``accountability.load("synthetic")`` if there is none.
    question : {"median", "difference", "hazard_ratio", "gap"}
        Precision of the median days to closing; power for a difference of two medians, for a hazard ratio, for a
        difference of two shares sustained.
    effect : float, optional
        Effect to detect: difference in days (30), ratio (1.25) or difference of shares (0.05). A median has none.
    cases, officers : int, optional
        Numbers planned; cases per officer are constant over the numbers of cases shown.
    median_days, share : float, optional
        Median days to closing, and share sustained among the decided, in the second group.
    follow_up : float, optional
        Days from the first receipt to the last day of follow-up; cases are received evenly.
    share_open : float, optional
        Share of cases still open when last seen, instead of `follow_up`.
    first_share : float
        Share of the cases in the first group; an officer is in one group.
    likeness : float
        Intraclass correlation of two cases of one officer.
    power, confidence : float
        Target power; level of the intervals and of the two-sided test.

    Returns
    -------
    Plan
        With a figure (``plot``) and a paragraph for a grant (``paragraph``).

    Raises
    ------
    ParameterError
        For an unknown question, an effect of zero, a number out of range, or both `follow_up` and `share_open`.
    Refusal
        If no number of cases has the target power.

    Notes
    -----
    Days are Weibull with the quartiles of the pilot. Errors: a median by Greenwood's variance over the density, a
    hazard ratio by the numbers closed in each group (Schoenfeld 1981), shares by the binomial; each times the design
    effect of officers (Kish). `tests/planning` compares them with simulations.

    Examples
    --------
    >>> import accountability
    >>> from accountability import planning
    >>> plan = planning.how_many(accountability.load("synthetic"), "gap", effect=0.05, cases=3000, officers=600)
    >>> 2000 < plan.needed < 4000
    True
    """
    if question not in QUESTIONS:
        raise ParameterError(f"question must be one of {', '.join(QUESTIONS)}; found {question!r}")
    planned = _effect(question, effect)
    for name, value, least, most in (
        ("first_share", first_share, 0.01, 0.99), ("likeness", likeness, 0.0, 1.0), ("power", power, 0.05, 0.9999),
    ):  # fmt: skip
        check_number(name, value, least, most, f"a number from {least} to {most}", whole=False)
    pilot = _pilot(data, median_days is not None)
    count = _given("cases", cases, max(pilot["cases"], 10), 10, _MOST)
    staff = int(_given("officers", officers, max(round(count * pilot["officers_a_case"]), 2), 2, count))
    median = _given("median_days", median_days, pilot["median"], 1, 1e5)
    base = _given("share", share, pilot["share"], 0.001, 0.999)
    delays = _delays(median, pilot["shape"], follow_up, share_open, pilot["open"])
    enlarged = design_effect(count, staff, pilot["spread"], likeness)
    one, closed = _error_of_one(question, delays, planned, base, first_share, pilot["shape"])
    none = QUESTIONS[question][1]
    estimate = delays.median if planned is None else planned
    scale = math.log if question == "hazard_ratio" else float
    distance = None if none is None else abs(scale(estimate) - scale(none))
    z = z_critical(confidence)
    rows = []
    for number in sorted({max(round(count * step), 2) for step in _STEPS}):
        error = one * math.sqrt(enlarged / number)
        ends = [scale(estimate) - z * error, scale(estimate) + z * error]
        ends = [math.exp(end) for end in ends] if question == "hazard_ratio" else ends
        least, most = {"median": (0.0, math.inf), "gap": (-1.0, 1.0)}.get(question, (-math.inf, math.inf))
        ends = [min(max(end, least), most) for end in ends]
        told = np.nan if distance is None else float(norm.cdf(distance / error - z) + norm.cdf(-distance / error - z))
        rows.append(
            (number, max(round(number * staff / count), 1), round(number * closed), estimate, error, *ends, told)
        )
    needed = None
    if distance is not None:
        needed = math.ceil(enlarged * (one * (z + float(norm.ppf(power))) / distance) ** 2)
    columns = ["cases", "officers", "events", "estimate", "std_error", "lower", "upper", "power"]
    return Plan(
        estimand=f"{QUESTIONS[question][0]}: precision and power",
        assumptions=(
            f"half of the cases are closed within {median:,.0f} days" if question != "gap"
            else f"{percent(base, 1)} sustained in the second group",
            f"{percent(delays.share_open, 0)} of the cases are open when last seen, after at most "
            f"{delays.follow_up:,.0f} days",
            f"{count / staff:,.1f} cases an officer, two of one officer correlated by {likeness:g}: variances are "
            f"{enlarged:.2f} times those of independent cases",
            *(() if question == "median" else (f"{percent(first_share, 0)} of the cases in the first group",)),
            f"what is not said is that of {data.name}",
        ),
        method=_METHODS[question],
        table=pd.DataFrame(rows, columns=columns),
        question=question, cases=int(count), needed=needed, power=power, confidence=confidence,
    )  # fmt: skip


def _effect(question: str, effect: float | None) -> float | None:
    none = QUESTIONS[question][1]
    if question == "median":
        if effect is not None:
            raise ParameterError(f"a median has no effect to detect, found effect={effect!r}; leave it out")
        return None
    value = _USUAL[question] if effect is None else effect
    low, high = {"difference": (-1e5, 1e5), "hazard_ratio": (0.01, 100), "gap": (-0.99, 0.99)}[question]
    check_number("effect", value, low, high, f"a number from {low:g} to {high:g}", whole=False)
    if value == none:
        raise ParameterError(f"effect={value:g} is no effect: no number of cases can detect it; give another")
    return float(value)


def _given(name: str, value: float | None, otherwise: float, least: float, most: float) -> float:
    if value is None:
        return otherwise
    check_number(name, value, least, most, f"a number from {least:g} to {most:g}", whole=False)
    return value


def _pilot(data: Cohort, told: bool) -> dict[str, float]:
    """What the pilot says of days, open cases, officers and findings."""
    timed = durations(data)
    found = closing_curve(timed).true_quantiles([0.25, 0.5, 0.75])["estimate"].to_numpy(dtype=float)
    if np.isnan(found[1]) and not told:
        raise Refusal(f"{data.name}: half of the cases were never closed while watched; say median_days=")
    if found[1] < 1 and not told:
        raise Refusal(f"{data.name}: half of the cases closed on the day they came; say median_days= of those you plan")
    held = data.allegations.dropna(subset=["officer_id"]) if "officer_id" in data.allegations else data.allegations[:0]
    sizes = held.groupby("officer_id")["case_id"].nunique().to_numpy(dtype=float) if len(held) else np.ones(1)
    says = data.allegations["finding"] if "finding" in data.allegations else pd.Series(dtype="str")
    settled = says[says.notna() & ~says.eq("pending").fillna(False)]
    return {
        "cases": float(len(data.cases)),
        "officers_a_case": len(sizes) / max(len(data.cases), 1) if len(held) else 1.0,
        "spread": float(sizes.std() / sizes.mean()),
        "median": float(found[1]),
        "shape": shape_of(*found),
        "open": float(1 - timed.table["event"].mean()),
        "share": float(settled.eq("sustained").mean()) if len(settled) else 0.5,
    }


def _delays(median: float, shape: float, follow_up: float | None, share_open: float | None, usual: float) -> Delays:
    if follow_up is not None and share_open is not None:
        raise ParameterError("follow_up= and share_open= say the same twice; give one of them")
    if follow_up is not None:
        check_number("follow_up", follow_up, 1, 1e6, "days from 1 to 1,000,000", whole=False)
        return Delays(median, shape, float(follow_up))
    if share_open is not None:
        check_number("share_open", share_open, 0.001, 0.999, "a share from 0.001 to 0.999", whole=False)
    return Delays(median, shape, follow_up_for(median, shape, share_open or float(np.clip(usual, 0.001, 0.999))))


def _error_of_one(
    question: str, delays: Delays, effect: float | None, base: float, first: float, shape: float
) -> tuple[float, float]:
    """The standard error for one independent case, and the share of cases that count."""
    if effect is None:
        return delays.median_error(), 1 - delays.share_open
    if question == "gap":
        if not 0 < base + effect < 1:
            raise ParameterError(f"a share of {base:g} and a difference of {effect:g} make {base + effect:g}, no share")
        decided = 1 - delays.share_open
        parts = [(base + effect) * (1 - base - effect) / first, base * (1 - base) / (1 - first)]
        return math.sqrt(sum(parts) / decided), decided
    other = delays.median + effect if question == "difference" else delays.median * effect ** (-1 / shape)
    if other <= 0:
        raise ParameterError(f"a median of {delays.median:,.0f} days and a difference of {effect:,.0f} make no median")
    groups = [(first, delays.with_median(other)), (1 - first, delays)]
    closed = sum(part * (1 - group.share_open) for part, group in groups)
    if question == "difference":
        return math.sqrt(sum(group.median_error() ** 2 / part for part, group in groups)), closed
    return math.sqrt(sum(1 / (part * (1 - group.share_open)) for part, group in groups)), closed
