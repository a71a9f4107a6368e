"""Test whether an officer's complaints rise after sustained findings against peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal, check_number
from accountability.figures import draw
from accountability.officers.officer_events import OfficerRecords, calendar_periods, records_of
from accountability.officers.peers import known, panel, reach, weights
from accountability.officers.shares import check_draws
from accountability.results import Result, percent
from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.fixed_effects_poisson import TwoWay, fit
from accountability.stats.intervals import t_critical
from accountability.stats.permutation import p_value, permute
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WARNING: Final = (
    "one complaint against two officers of a unit makes their complaints and findings go together whatever anybody "
    "did; only complaints that did not accuse the officer count towards what its peers were found to have done"
)
FINDING, DECIDED = "sustained finding against a peer", "decided complaint against a peer"
KEPT_IN, PLAIN = "the same, own complaints kept in", "the same, nothing left out"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Contagion(Result):
    """Ratio of an officer's rate of complaints for each sustained finding against a peer.

    ``table``: ``for_each``, ``compares`` (in words), ``coefficient``, ``estimate`` (the ratio), ``lower``, ``upper``,
    ``p_value`` (two-sided, clustered errors), ``permutation_p_value`` (that findings raise the rate; first row only).

    Attributes
    ----------
    statistic : float
        Peers' complaints minus expected ones, summed over the windows after sustained findings.
    under_chance : array
        The same with findings permuted over the decided complaints of a unit and period.
    officers, units, complaints : int
        Numbers compared.
    joint : float
        Share of accusations made in complaints against several officers.
    window : int
        Days for which a finding counts.
    confidence : float
    unit_word : str
    """

    statistic: float
    under_chance: Floats
    officers: int
    units: int
    complaints: int
    joint: float
    window: int
    confidence: float
    unit_word: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratios with their intervals."""
        axes = draw.new_axes(ax, height=2.8)
        axes.set_xscale("log")
        draw.ranges(
            axes,
            self.table,
            label="for_each",
            estimate="estimate",
            lower="lower",
            upper="upper",
            null=1.0,
            kind="ratio",
        )
        return draw.labelled(
            axes, f"ratio of the rate of complaints for each more ({percent(self.confidence)} interval)"
        )

    def sentence(self) -> str:
        """State the ratio, its interval and the permutation p-value."""
        row = self.table.iloc[0]
        return (
            f"For each finding sustained against a peer of the same {self.unit_word} in the {self.window} days before, "
            f"an officer's rate of complaints was {row['estimate']:.3f} times its own at other times, at equal numbers "
            f"of decided complaints against peers ({percent(self.confidence)} interval {row['lower']:.3f} to "
            f"{row['upper']:.3f}; p = {row['permutation_p_value']:.3f} by permutation within {self.unit_word} and "
            "period). "
            f"{percent(self.joint)} of the accusations stand in complaints against several officers, which makes "
            "peers' records go together mechanically; those that name an officer are left out of its exposure."
        )


@takes(OfficerRecords, records_of)
def contagion(
    data: OfficerRecords,
    *,
    window: int = 365,
    period: int | None = 3,
    permutations: int = 999,
    confidence: float = 0.95,
    seed: int = 0,
) -> Contagion:
    """Estimate the rate ratio of an officer's complaints per sustained finding against a peer in the window.

    Parameters
    ----------
    data : OfficerRecords, Cohort or Dataset
    window : int
        Days for which a finding counts, 30 to 3,650.
    period : int or None
        Years of closing within which findings are permuted; ``None`` for all years together.
    permutations : int
        99 to 100,000.
    confidence : float
        Of the intervals.
    seed : int

    Returns
    -------
    Contagion

    Raises
    ------
    Refusal
        When the release is too short, has no dated sustained finding, or one unit only.
    ParameterError
        For numbers out of range.

    Notes
    -----
    A Poisson regression of complaints per officer and month, with officer and month effects (a piecewise constant
    baseline: Holford 1980, Laird and Olivier 1981) and errors clustered by unit. The model also holds the number of
    decided complaints against peers in the window, because a busy time, a hard beat or a new supervisor changes both.
    What remains is the effect of complaints being sustained.

    The permutation keeps every complaint, its days and its accused, and permutes which decided complaints of a unit, a
    period of closing and a number of accused were sustained. Without contagion these are exchangeable with respect to
    later complaints, so the p-value is exact whatever the units share. It is one-sided: findings raise the rate.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> found = officers.contagion(accountability.load("synthetic"), permutations=99).table.iloc[0]
    >>> [round(float(found[name]), 3) for name in ("estimate", "lower", "upper")]
    [1.01, 0.989, 1.031]
    """
    check_number("window", window, 30, 3650, "30 to 3,650 days")
    check_draws(permutations, confidence, seed, name="permutations")
    if data.units < 2:
        raise Refusal(f"{data.name}: one {data.unit_word} only, so there are no units to compare or to cluster by")
    laid = panel(data, window)
    found = reach(data, laid)
    sustained, decided = known(data, laid, found, "sustained"), known(data, laid, found, "decided")
    mixed = reach(data, laid, own_complaints=True)
    both = [known(data, laid, mixed, "sustained"), known(data, laid, mixed, "decided")]
    main = fit(laid.complaints, laid.exposed, [sustained, decided], data.unit)
    other = fit(laid.complaints, laid.exposed, both, data.unit)
    plain = fit(laid.complaints, laid.exposed, [sustained], data.unit, "none")
    rest = fit(laid.complaints, laid.exposed, [decided], data.unit)
    seen, drawn = _lots(data, weights(data, found, rest.residual), found.row, period, permutations, seed)
    rows = [
        _row(FINDING, "each officer with itself, at equal numbers of decided complaints", main, 0, confidence),
        _row(DECIDED, "each officer with itself, at equal numbers of sustained findings", main, 1, confidence),
        _row(KEPT_IN, "complaints shared with the peer counted: partly mechanical", other, 0, confidence),
        _row(PLAIN, "officers with each other: whatever units and officers share counts too", plain, 0, confidence),
    ]
    rows[0]["permutation_p_value"] = p_value(drawn, seen, 1e-9)
    over = "all years" if period is None else f"{period} years of closing"
    return Contagion(
        estimand=(
            "ratio of an officer's monthly rate of complaints for each sustained finding against a peer of the same "
            f"{data.unit_word}, {data.name}"
        ),
        assumptions=(
            WARNING,
            "an officer's level of complaints and the months' levels multiply",
            f"within a {data.unit_word} and period, which decided complaints are sustained is not foretold by what "
            "also foretells later complaints",
            f"officers stay in the {data.unit_word} recorded; those recorded in several are left out",
            "a finding is known to peers from the day after the complaint closed, and for the window",
            "officers could be accused from their year of appointment until a dated leaving",
        ),
        method=(
            f"Poisson rates by officer and month, window of {window} days, errors clustered by {data.unit_word} "
            f"({main.clusters}); {permutations:,} permutations within {data.unit_word} and {over}, seed {seed}"
        ),
        table=pd.DataFrame(rows),
        flow=data.flow,
        statistic=seen,
        under_chance=drawn,
        officers=main.officers,
        units=main.clusters,
        complaints=int(main.events),
        joint=data.joint,
        window=window,
        confidence=confidence,
        unit_word=data.unit_word,
    )


def _lots(
    data: OfficerRecords, weight: Floats, row: Ints, period: int | None, permutations: int, seed: int
) -> tuple[float, Floats]:
    """The statistic and its draws: complaints with as many accused trade their findings within unit and period."""
    flagged = data.sustained[row]
    case = data.case[row]
    many = np.bincount(case, minlength=len(data.received))[case]
    cell = data.unit[data.officer[row]] * 1_000 + calendar_periods(data.closed[case], period)
    rng = np.random.default_rng(seed)
    alone = many == 1
    drawn = lots(weight[alone], flagged[alone], cell[alone], permutations, rng)
    some = np.flatnonzero(many > 1)
    order = some[np.lexsort((some, case[some]))]
    return float(weight[flagged].sum()), drawn + _joint(
        weight[order], flagged[order].astype(float), case[order], cell[order], permutations, rng
    )


def lots(value: Floats, flag: Flags, cell: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Return, per draw, the sum of values when as many of each cell are drawn as are flagged."""
    order = np.lexsort((~flag, cell))
    cells = cell[order]
    taken = flag[order]
    values = value[np.argsort(cell, kind="stable")]
    return np.concatenate([made[:, taken].sum(axis=1) for made in permute(values, draws, rng, blocks=cells)])


def _joint(
    weight: Floats, flags: Floats, case: Ints, cell: Ints, permutations: int, rng: np.random.Generator
) -> Floats:
    """The same for complaints against several: what made one sustained is shared, so all its findings go at once."""
    starts = np.flatnonzero(np.diff(case, prepend=-1))
    size = np.diff(np.append(starts, len(case)))
    group = cell[starts] * 1_000 + np.minimum(size, 999)
    out = np.zeros(permutations)
    for one in np.unique(group):
        held = np.flatnonzero(group == one)
        at = starts[held][:, None] + np.arange(size[held[0]])
        # What complaint i would add with the findings of complaint j.
        cross = weight[at] @ flags[at].T
        places = np.arange(len(held))
        turns = np.concatenate(list(permute(places, permutations, rng, blocks=np.zeros_like(places))))
        out += cross[places, turns].sum(axis=1)
    return out


def _row(name: str, compares: str, found: TwoWay, place: int, confidence: float) -> dict[str, object]:
    from scipy.special import stdtr

    free = found.clusters - 1
    coefficient, error = float(found.coefficients[place]), float(np.sqrt(found.covariance[place, place]))
    half = t_critical(confidence, free) * error
    return {
        "for_each": name,
        "compares": compares,
        "coefficient": coefficient,
        "estimate": float(np.exp(coefficient)),
        "lower": float(np.exp(coefficient - half)),
        "upper": float(np.exp(coefficient + half)),
        "p_value": float(2 * stdtr(free, -abs(coefficient) / error)),
        "permutation_p_value": float("nan"),
    }
