"""The investigator as an instrument: what a slow file does to its finding, and what would have to hold for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.investigators.case_hands import OUTCOMES, Investigated, investigated
from accountability.investigators.hands_alike import known_before
from accountability.officers.shares import check_draws
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.assigned import Assigned
from accountability.stats.intervals import wald
from accountability.stats.many_hands import by_others, instrumented, leave_one_out, ratio
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAYS: Final = {
    "least_squares": "least squares within cells",
    "two_stage": "two-stage least squares, investigators as instruments",
    "ujive": "each complaint left out of its investigator's mean (UJIVE)",
    "anderson_rubin": "effects that shuffles do not reject (Anderson and Rubin)",
}
#: Complaints of a kind below which its first stage is not looked at.
FEWEST: Final = 200


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Leniency(Result):
    """Effect of a slow file (or of a finding) by the investigator it fell to.

    ``table``: ``way`` (a key of ``WAYS``), ``says``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``n``,
    ``clusters`` (investigators). The row ``anderson_rubin`` has limits alone: those that hold however weak the
    instruments; they may be infinite, or missing where no effect fits all investigators.

    Attributes
    ----------
    implied : DataFrame
        What monotonicity and exclusion imply: ``implication``, ``of``, ``estimate``, ``std_error``, ``lower``,
        ``upper``, ``least``, ``most`` (where it would have to lie; missing: no bound), ``fails`` (the interval, widened
        for their number by Bonferroni, lies outside).
    accepted : tuple of (float, float)
        All stretches of effects that shuffles do not reject.
    best_p : float
        Largest p-value that any one effect has.
    first_stage : float
        F of investigators in the treatment, beside cells.
    treatment, outcome : str
    confidence : float
    """

    implied: pd.DataFrame
    accepted: tuple[tuple[float, float], ...]
    best_p: float
    first_stage: float
    treatment: str
    outcome: str
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimates with their intervals; limits at infinity are cut."""
        rows = self.table[np.isfinite(self.table["lower"]) & np.isfinite(self.table["upper"])]
        rows = rows.assign(middle=rows["estimate"].fillna((rows["lower"] + rows["upper"]) / 2))
        axes = draw.new_axes(ax, height=1.4 + 0.5 * len(rows), width=6.5)
        draw.ranges(axes, rows, label="says", estimate="middle", lower="lower", upper="upper", null=0.0)
        return draw.labelled(axes, f"change of the share {self.outcome} ({percent(self.confidence)} interval)")

    def sentence(self) -> str:
        """Say the effect, its interval, how strong the instruments are, and what fails."""
        row = self.table.set_index("way").loc["ujive"]
        failed = self.implied[self.implied["fails"]]
        told = (
            f"{len(failed)} of {len(self.implied)} implications of monotonicity and exclusion fail"
            if len(failed)
            else f"none of {plural(len(self.implied), 'implication')} of them fails, which proves neither"
        )
        return (
            f"If complaints fell to investigators by lot within cells, monotonicity and exclusion held, being "
            f"{self.treatment} would change the share {self.outcome} by {100 * row['estimate']:.0f} points (UJIVE); "
            f"{self._anderson_rubin()} The first stage has F {self.first_stage:.1f}; {told}."
        )

    def _anderson_rubin(self) -> str:
        middle = percent(self.confidence)
        if not self.accepted:
            return f"no one effect fits all investigators (shuffles reject every one; largest p = {self.best_p:.3f})."
        said = ", or ".join(_stretch(low, high) for low, high in self.accepted)
        return f"the {middle} interval that holds with weak instruments is {said}."


def _stretch(low: float, high: float) -> str:
    if np.isinf(low) and np.isinf(high):
        return "all numbers: these investigators say nothing about it"
    if np.isinf(low):
        return f"below {100 * high:.0f} points"
    return f"above {100 * low:.0f} points" if np.isinf(high) else f"{100 * low:.0f} to {100 * high:.0f} points"


@takes(Investigated, investigated)
def leniency(
    data: Investigated,
    treatment: str = "slow",
    outcome: str = "sustained",
    *,
    columns: str | Sequence[str] | None = None,
    draws: int = 499,
    confidence: float = 0.95,
    seed: int = 0,
) -> Leniency:
    """Estimate what a treatment does to an outcome with investigators as instruments.

    Parameters
    ----------
    data : Investigated, Cohort or Dataset
    treatment, outcome : str
        Of :data:`OUTCOMES`.
    columns : str or sequence of str, optional
        Columns whose kinds of complaints the first stage is looked at in, as for :func:`balance`.
    draws : int
        Shuffles, 99 to 100,000.
    confidence : float
    seed : int

    Returns
    -------
    Leniency

    Raises
    ------
    Refusal
        With fewer than ten investigators.
    ParameterError
        For the same outcome twice, an unknown one, or numbers out of range.

    Notes
    -----
    For a number of this to be an effect, four things must hold. Complaints of a cell fall to investigators by lot, or
    by a rota that knows nothing of the complaint. Investigators move the outcome by the treatment alone (exclusion):
    one who is slow must not be milder besides. No investigator is slower than another with some complaints and quicker
    with others (monotonicity). And one complaint's investigator does not change what another does. The effect is then
    that on the complaints whose treatment depends on the investigator.

    UJIVE is that of Kolesar (2013), errors clustered by investigator. The limits of Anderson and Rubin come from
    shuffles within cells (Imbens and Rosenbaum, JRSS A 168, 2005), for one effect common to all. Implications that
    can be looked at: investigators slow with other complaints are not quicker with any kind (Bhuller et al., JPE
    128, 2020), and the shares with the outcome among complaints moved, with and without the treatment, lie between 0
    and 1 (Balke and Pearl 1997; Kitagawa, Econometrica 83, 2015).

    Examples
    --------
    >>> import accountability
    >>> from accountability import investigators
    >>> held = investigators.investigated(accountability.load("generated_investigators"), least=20)
    >>> investigators.leniency(held, draws=99).table["way"].tolist()
    ['least_squares', 'two_stage', 'ujive', 'anderson_rubin']
    """
    check_draws(draws, confidence, seed)
    if treatment == outcome:
        raise ParameterError(
            f"treatment and outcome: expected two different ones of {', '.join(OUTCOMES)}, found {outcome!r}"
        )
    data.outcomes([treatment, outcome])
    made, rows = data.laid(treatment, outcome)
    treated, result = (rows[name].to_numpy(dtype=float) for name in (treatment, outcome))
    found = instrumented(made, treated, result, draws=draws, confidence=confidence, seed=seed)
    table = pd.DataFrame(
        {
            "way": list(WAYS),
            "says": list(WAYS.values()),
            "estimate": [*found.estimate.values(), np.nan],
            "std_error": [*found.std_error.values(), np.nan],
        }
    )
    limits = wald(table["estimate"], table["std_error"], confidence, made.hands - 1)
    for name, ends, last in zip(("lower", "upper"), limits, _outer(found.accepted), strict=True):
        table[name] = [*ends[:3], last]
    kinds = known_before(data, columns).reindex(rows["case_id"])
    return Leniency(
        estimand=f"change of the share {data.words(outcome)} by being {data.words(treatment)}, for complaints whose "
        f"treatment depends on the investigator, {data.name}",
        assumptions=(
            *data.assumed(),
            "the investigator moves the outcome by the treatment alone (exclusion)",
            "no investigator gives the treatment more often than another in some complaints and less in others",
            "one effect is common to all, as far as the Anderson-Rubin limits go",
        ),
        method=f"UJIVE, errors clustered by investigator; Anderson-Rubin limits from {draws:,} shuffles, seed {seed}",
        table=table.assign(n=len(rows), clusters=made.hands),
        flow=data.cohort.flow(),
        implied=_implied(made, rows, kinds, treated, result, confidence),
        accepted=found.accepted,
        best_p=found.best_p,
        first_stage=found.first_stage,
        treatment=data.words(treatment).split(",")[0],
        outcome=outcome.replace("_", " "),
        confidence=confidence,
    )


def _outer(accepted: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    return (accepted[0][0], accepted[-1][1]) if accepted else (np.nan, np.nan)


def _implied(
    made: Assigned, rows: pd.DataFrame, kinds: pd.DataFrame, treated: Floats, result: Floats, confidence: float
) -> pd.DataFrame:
    """What would have to hold, and what is found."""
    instrument = leave_one_out(made, treated)
    lines = []
    for said, turned in (("with", result * treated), ("without", -result * (1 - treated))):
        estimate, error = ratio(made, instrument, treated, turned)
        lines.append((f"share with the outcome, {said} the treatment", "complaints moved", estimate, error, 0.0, 1.0))
    for column in kinds:
        for value, count in kinds[column].value_counts().sort_index().items():
            if FEWEST <= count <= len(rows) - FEWEST:
                which = (kinds[column] == value).to_numpy()
                slope = by_others(made, treated, which)
                lines.append(
                    ("more often treated where other complaints are", f"{column}: {value}", *slope, 0.0, np.nan)
                )
    table = pd.DataFrame(lines, columns=["implication", "of", "estimate", "std_error", "least", "most"])
    lower, upper = wald(table["estimate"], table["std_error"], confidence, made.hands - 1)
    table.insert(4, "lower", lower)
    table.insert(5, "upper", upper)
    all_told = 1 - (1 - confidence) / max(len(table), 1)
    low, high = wald(table["estimate"], table["std_error"], all_told, made.hands - 1)
    return table.assign(fails=(high < table["least"]) | (low > table["most"]))
