"""The hand a case was given to as an instrument: many weak ones, within cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Flags, Floats
from accountability.stats.assigned import Assigned


@dataclass(frozen=True, slots=True, eq=False)
class Instrumented:
    """Effect of a treatment by the hands that give it.

    Attributes
    ----------
    estimate, std_error : dict of str to float
        By ``least_squares`` (within cells), ``two_stage`` (hands as instruments), ``ujive``; clusters are hands.
    first_stage : float
        F of the hands in the treatment.
    accepted : tuple of (float, float)
        Effects that shuffles do not reject; none, or pieces that reach infinity, where the hands say so.
    best_p : float
        Largest p-value of any effect: small where no single effect fits all hands.
    """

    estimate: dict[str, float]
    std_error: dict[str, float]
    first_stage: float
    accepted: tuple[tuple[float, float], ...]
    best_p: float


def leave_one_out(made: Assigned, values: Floats) -> Floats:
    """Fit of each row by its hand, less that by its cell, both from the other rows (Kolesar 2013, UJIVE)."""
    by_hand = (made.fitted(values) - made.leverage * values) / (1 - made.leverage)
    size = made.of_cell[made.cell]
    by_cell = (np.bincount(made.cell, values)[made.cell] - values) / (size - 1)
    return by_hand - by_cell


def ratio(made: Assigned, instrument: Floats, treated: Floats, outcome: Floats) -> tuple[float, float]:
    """Effect by one instrument, and its error with hands as clusters.

    What is left of a row is taken beside the other rows of its cell, as the instrument leaves out the row itself.
    """
    slope = float(instrument @ treated)
    if abs(slope) < 1e-12:
        return np.nan, np.nan
    estimate = float(instrument @ outcome) / slope
    size = made.of_cell[made.cell]
    left = made.within(outcome - estimate * treated) * size / (size - 1)
    return estimate, _clustered(made, instrument * left) / abs(slope)


def by_others(made: Assigned, treated: Floats, which: Flags) -> tuple[float, float]:
    """Slope of the treatment of some rows on the effect of their hand in the others, within cells, and its error.

    Missing where hands cannot be compared. Chance in the effects draws the slope towards 0 and leaves its sign.
    """
    try:
        apart = Assigned.of(np.where(which, -1, made.who), made.cell)
    except Refusal:
        return np.nan, np.nan
    effect = np.full(made.hands, np.nan)
    effect[np.unique(made.who[apart.rows])] = apart.centred(apart.inverse @ apart.sums(treated[apart.rows]))
    kept = which & np.isfinite(effect[made.who])
    size = np.bincount(made.cell, kept)
    kept &= size[made.cell] > 1
    cell = made.cell[kept]

    def inside(values: Floats) -> Floats:
        return values - (np.bincount(cell, values, len(size)) / np.maximum(size, 1))[cell]

    x, y = inside(effect[made.who[kept]]), inside(treated[kept])
    squares = float(x @ x)
    if squares < 1e-12:
        return np.nan, np.nan
    slope = float(x @ y) / squares
    score = np.zeros(len(which))
    score[kept] = x * (y - slope * x)
    return slope, _clustered(made, score) / squares


def _clustered(made: Assigned, score: Floats) -> float:
    """Root of the sum of squares of what the rows of a hand add together, corrected for few hands."""
    summed = np.bincount(made.who, score, made.hands)
    return float(np.sqrt(made.hands / max(made.hands - 1, 1) * (summed @ summed)))


def instrumented(
    made: Assigned, treated: Floats, outcome: Floats, *, draws: int, confidence: float, seed: int
) -> Instrumented:
    """Estimate the effect of a treatment with hands as instruments.

    UJIVE (Kolesar 2013) leaves each row out of its own fits by hand and by cell, which takes off the bias towards least
    squares that many weak instruments bring. The interval is that of Anderson and Rubin: the effects under which what
    is left of the outcome does not go with hands, judged by shuffles within cells (Imbens and Rosenbaum, JRSS A 168,
    2005), so that it holds however many the hands and however weak.

    Parameters
    ----------
    made : Assigned
    treated, outcome : array
        Of the rows kept.
    draws : int
    confidence : float
    seed : int

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> who, cell, liking = rng.integers(0, 30, 6000), rng.integers(0, 40, 6000), rng.normal(size=6000)
    >>> treated = (liking + (who - 15) / 15 > 0).astype(float)
    >>> outcome = 2 * treated + liking + rng.normal(size=6000)
    >>> found = instrumented(Assigned.of(who, cell), treated, outcome, draws=199, confidence=0.95, seed=1)
    >>> {name: round(one) for name, one in found.estimate.items()}
    {'least_squares': 3, 'two_stage': 2, 'ujive': 2}
    >>> [low < 2 < high for low, high in found.accepted]
    [True]
    """
    inside, fit = made.within(treated), made.inverse @ made.sums(treated)
    by_hand = made.within(fit[made.who])
    found = {
        "least_squares": ratio(made, inside, treated, outcome),
        "two_stage": ratio(made, by_hand, treated, outcome),
        "ujive": ratio(made, leave_one_out(made, treated), treated, outcome),
    }
    left = inside - by_hand
    free = len(treated) - len(made.of_cell) - made.free
    first = float(by_hand @ by_hand / made.free / (left @ left / free)) if free > 0 and left.any() else np.nan
    accepted, best = _accepted(made, treated, outcome, draws, confidence, np.random.default_rng(seed))
    return Instrumented(
        {name: one[0] for name, one in found.items()},
        {name: one[1] for name, one in found.items()},
        first,
        accepted,
        best,
    )


def _accepted(
    made: Assigned, treated: Floats, outcome: Floats, draws: int, confidence: float, rng: np.random.Generator
) -> tuple[tuple[tuple[float, float], ...], float]:
    """Effects not rejected by shuffles, and the largest p-value there is.

    The statistic is a quadratic in the effect, and so is that of each shuffle: where they cross is known.
    """

    def forms(y: Floats, d: Floats) -> Floats:
        over_y, over_d = y @ made.inverse, d @ made.inverse
        return np.stack([(over_d * d).sum(-1), -2 * (over_d * y).sum(-1), (over_y * y).sum(-1)])

    seen = forms(made.sums(outcome), made.sums(treated))
    drawn = np.concatenate([forms(y, d) for y, d in made.shuffled(draws, rng, outcome, treated)], axis=1)
    a, b, c = drawn - seen[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b**2 - 4 * a * c)
        ends = np.concatenate([(-b - root) / (2 * a), (-b + root) / (2 * a)])
    ends = np.unique(ends[np.isfinite(ends)])
    if not len(ends):
        ends = np.zeros(1)
    reach = 1 + ends[-1] - ends[0]
    at = np.concatenate([[ends[0] - reach], (ends[1:] + ends[:-1]) / 2, [ends[-1] + reach]])
    slack = 1e-9 * float(np.abs(seen).max())
    least = np.array([1 + int((a * x * x + b * x + c >= -slack).sum()) for x in at]) / (1 + draws)
    return _pieces(least > 1 - confidence + 1e-12, np.concatenate([[-np.inf], ends, [np.inf]])), float(least.max())


def _pieces(kept: Flags, edges: Floats) -> tuple[tuple[float, float], ...]:
    """Stretches between edges that follow each other, put together."""
    change = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(int)))
    return tuple((float(edges[a]), float(edges[b])) for a, b in zip(change[::2], change[1::2], strict=True))
