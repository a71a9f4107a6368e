"""How much rates of complaints differ between supervisors, between their units, and between officers of a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.officers.officer_events import OfficerRecords, records_of
from accountability.officers.shares import check_draws
from accountability.results import Result, percent
from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.intervals import percentile
from accountability.stats.permutation import p_value, permute
from accountability.stats.resample import weights_at_once
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class VarianceComponents(Result):
    """Relative variance of rates between supervisors, units and officers.

    ``table``: ``between`` (whom), ``estimate`` (the relative variance: 0 when they are alike; 1 when the standard
    deviation of their rates is their mean), ``lower``, ``upper``, ``p_value`` (supervisors: share of shuffles of units
    among supervisors at least as large; missing elsewhere).

    Attributes
    ----------
    confidence : float
    """

    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the relative variances with their intervals."""
        axes = draw.new_axes(ax, height=2.4)
        draw.ranges(axes, self.table, label="between", estimate="estimate", lower="lower", upper="upper", null=0.0)
        return draw.labelled(axes, f"relative variance of rates ({percent(self.confidence)} interval)")

    def sentence(self) -> str:
        """Say each relative variance."""
        said = "; ".join(
            f"{row['between']} {row['estimate']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
            for row in self.table.to_dict("records")
        )
        return f"Relative variance of rates of complaints, luck taken off: {said}."


@takes(OfficerRecords, records_of)
def variance_components(
    data: OfficerRecords, *, draws: int = 999, confidence: float = 0.95, seed: int = 0
) -> VarianceComponents:
    """Estimate how much of the differences in rates lies between supervisors, units and officers.

    Parameters
    ----------
    data : OfficerRecords, Cohort or Dataset
        With supervisors where known.
    draws : int
        Bootstrap draws of supervisors (of units where no supervisor is known), and shuffles; 99 to 100,000.
    confidence : float
    seed : int

    Returns
    -------
    VarianceComponents

    Raises
    ------
    Refusal
        With fewer than five supervisors (units) to draw from.
    ParameterError
        For numbers out of range.

    Notes
    -----
    Moments of pairs: complaints of two officers multiply to one plus the variance of what they share. Pairs made by
    one complaint against both are taken off, because they go together whatever is shared. Officers never accused are
    not held, so what is counted are the complaints after an officer's first, by years from it.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> officers.variance_components(accountability.load("synthetic"), draws=99).table["between"].tolist()
    ['supervisors', 'squads', 'officers of one squad']
    """
    check_draws(draws, confidence, seed)
    nested = data.supervisors > 1
    top = data.supervisor if nested else data.unit
    word = "supervisors" if nested else f"values of {data.unit_word}"
    groups = int(top.max()) + 1
    if groups < 5:
        raise Refusal(f"{data.name}: {groups} {word} are too few to say how much they differ; five are the least")
    first = np.full(data.officers, np.iinfo(np.int64).max)
    np.minimum.at(first, data.officer, data.received[data.case])
    further = data.received[data.case] > first[data.officer]
    years = np.maximum(data.end - 1 - first, 0) / 365.25
    drawn = np.bincount(data.officer, further, data.officers).astype(float)
    if not drawn.any():
        raise Refusal(f"{data.name}: no officer drew a further complaint, so their rates cannot be told apart")
    sums = _sums(data, drawn, years, top, further)
    rng = np.random.default_rng(seed)
    seen = _variances(sums.sum(axis=0), nested)
    made = np.array([_variances(total, nested) for total in weights_at_once(groups, draws, rng) @ sums])
    lower, upper = percentile(made, confidence)
    names = [*(["supervisors"] if nested else []), f"{data.unit_word}s", f"officers of one {data.unit_word}"]
    p = [_shuffled(data, drawn, years, draws, rng)] if nested else []
    return VarianceComponents(
        estimand=f"relative variance of rates of complaints between {', '.join(names)}, {data.name}",
        assumptions=(
            "what supervisors, units and officers add multiplies, and each is drawn independently",
            "years of service stand for exposure; what units do differs besides",
            "only officers accused at least once are held, and their rates are those after the first complaint",
            "complaints against several officers are counted for each, their pairs taken off",
        ),
        method=(
            f"moments of pairs of complaints; percentile intervals from {draws:,} bootstrap draws of {groups} {word}, "
            f"seed {seed}" + ("; supervisors against shuffles of units among them" if nested else "")
        ),
        table=pd.DataFrame(
            {
                "between": names,
                "estimate": seen,
                "lower": lower,
                "upper": upper,
                "p_value": [*p, *[float("nan")] * (len(names) - len(p))],
            }
        ),
        flow=data.flow,
        confidence=confidence,
    )


def _sums(data: OfficerRecords, drawn: Floats, years: Floats, top: Ints, further: Flags) -> Floats:
    """By supervisor: totals, and sums over pairs of one officer, one unit, one supervisor; counted and exposed."""
    # Ordered pairs of accused of one unit in one complaint, credited to the officer who is one of them.
    key = (data.case * data.units + data.unit[data.officer])[further]
    _, code, size = np.unique(key, return_inverse=True, return_counts=True)
    together = np.bincount(data.officer[further], size[code] - 1.0, data.officers)
    columns: list[Floats] = [drawn, years, drawn * (drawn - 1), years**2]
    by_unit = [np.bincount(data.unit, one, data.units) for one in (drawn, years, drawn**2, years**2, together)]
    home = np.zeros(data.units, np.int64)
    home[data.unit] = top
    unit_pairs = [by_unit[0] ** 2 - by_unit[2] - by_unit[4], by_unit[1] ** 2 - by_unit[3]]
    groups = int(top.max()) + 1
    out = [np.asarray(np.bincount(top, one, groups), dtype=float) for one in columns]
    out += [np.asarray(np.bincount(home, one, groups), dtype=float) for one in unit_pairs]
    for own in (by_unit[0], by_unit[1]):
        total = np.bincount(home, own, groups)
        out.append(np.asarray(total**2 - np.bincount(home, own**2, groups), dtype=float))
    sums: Floats = np.array(out).T
    return sums


def _variances(total: Floats, nested: bool) -> list[float]:
    rate = _part(total[0], total[1])
    officer, unit, boss = (_part(total[k], rate**2 * total[k + 1]) for k in (2, 4, 6))
    if not nested:
        return [unit - 1, _part(officer, unit) - 1]
    return [boss - 1, _part(unit, boss) - 1, _part(officer, unit) - 1]


def _part(over: float, under: float) -> float:
    """A ratio; not a number where nothing is there to be compared with."""
    return float(over / under) if under > 0 else float("nan")


def _shuffled(data: OfficerRecords, drawn: Floats, years: Floats, draws: int, rng: np.random.Generator) -> float:
    """Share of shuffles of units among supervisors that make supervisors differ at least as much."""
    counted, exposed = (np.bincount(data.unit, one, data.units) for one in (drawn, years))
    home = np.zeros(data.units, np.int64)
    home[data.unit] = data.supervisor

    def differ(of: Ints) -> float:
        total, years_of = np.bincount(of, counted), np.bincount(of, exposed)
        expected = years_of * counted.sum() / exposed.sum()
        some = expected > 0
        return float(((total - expected)[some] ** 2 / expected[some]).sum())

    drawn_by_lot = [differ(of) for batch in permute(home, draws, rng) for of in batch]
    return p_value(np.array(drawn_by_lot), differ(home))
