"""Whether complaints follow findings against squad-mates, beyond what the squad shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.officers.chance_draws import check_draws
from accountability.officers.fixed_effects_poisson import TwoWay, fit
from accountability.officers.officer_events import Records
from accountability.officers.peers import known, panel, reach, weights
from accountability.officers.shuffles import lots, periods
from accountability.results import Result, percent
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import t_critical

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

    ``table``: ``for_each``, ``compares`` (in words), ``coefficient``, ``ratio``, ``low``, ``high``, ``p`` (two-sided,
    clustered errors), ``p_permutation`` (that findings raise the rate; first row only).

    Attributes
    ----------
    statistic : float
        Complaints of peers above their expectation, summed over sustained findings while they are known.
    under_chance : array
        The same when lots are drawn for which decided complaints of a unit and period were sustained.
    officers, units, complaints : int
        Compared.
    joint : float
        Share of accusations made in complaints against several officers.
    window : int
        Days for which a finding counts.
    level : float
    unit_word : str
    """

    statistic: float
    under_chance: Floats
    officers: int
    units: int
    complaints: int
    joint: float
    window: int
    level: float
    unit_word: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratios with their intervals."""
        axes = draw.new_axes(ax, height=2.8)
        axes.set_xscale("log")
        draw.ranges(axes, self.table, label="for_each", estimate="ratio", lower="low", upper="high", null=1.0)
        axes.set_xlabel(f"ratio of the rate of complaints for each more ({percent(self.level)} interval)")
        return axes

    def sentence(self) -> str:
        """Say the ratio, its interval and its place among the lots."""
        row = self.table.to_dict("records")[0]
        return (
            f"For each finding sustained against a peer of the same {self.unit_word} in the {self.window} days before, "
            f"an officer's rate of complaints was {row['ratio']:.3f} times its own at other times, at equal numbers of "
            f"decided complaints against peers ({percent(self.level)} interval {row['low']:.3f} to {row['high']:.3f}; "
            f"p = {row['p_permutation']:.3f} when lots are drawn within {self.unit_word} and period). "
            f"{percent(self.joint)} of the accusations stand in complaints against several officers, which makes "
            "peers' records go together mechanically; those that name an officer are left out of its exposure."
        )


def contagion(
    data: Records,
    *,
    window: int = 365,
    period: int | None = 3,
    permutations: int = 999,
    level: float = 0.95,
    seed: int = 0,
) -> Contagion:
    """Compare officers' rates of complaints in months with more and with fewer findings against peers known.

    Parameters
    ----------
    data : Records
    window : int
        Days for which a finding counts, 30 to 3,650.
    period : int or None
        Years of closing within which lots are drawn; ``None`` for all of them together.
    permutations : int
        99 to 100,000.
    level : float
        Level of the intervals.
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
    Complaints of an officer in a month are Poisson, with an effect of every officer and of every month (a baseline
    constant within months: Holford 1980, Laird and Olivier 1981), errors clustered by unit. Beside the sustained
    findings stands the number of complaints against peers decided in the window: a busy time, a hard beat, a new
    supervisor, or an officer who draws off complaints from the others moves both. What is left is whether it
    matters that a complaint was sustained.

    The permutation keeps every complaint, its days and its accused, and draws lots for which decided complaints of a
    unit, a period of closing and a number of accused were sustained. Under no contagion these are exchangeable as
    far as what comes later goes, so the p-value is exact whatever the units share. It asks whether findings raise the
    rate (one-sided).
    """
    if isinstance(window, bool) or not 30 <= window <= 3650:
        raise ParameterError(f"window: expected 30 to 3,650 days, found {window!r}")
    check_draws(permutations, level, names=("permutations", "level"))
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
        _row(FINDING, "each officer with itself, at equal numbers of decided complaints", main, 0, level),
        _row(DECIDED, "each officer with itself, at equal numbers of sustained findings", main, 1, level),
        _row(KEPT_IN, "complaints shared with the peer counted: partly mechanical", other, 0, level),
        _row(PLAIN, "officers with each other: whatever units and officers share counts too", plain, 0, level),
    ]
    rows[0]["p_permutation"] = (1 + int((drawn >= seen - 1e-9).sum())) / (permutations + 1)
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
        level=level,
        unit_word=data.unit_word,
    )


def _lots(
    data: Records, weight: Floats, row: Ints, period: int | None, permutations: int, seed: int
) -> tuple[float, Floats]:
    """The statistic and its draws: complaints with as many accused trade their findings within unit and period."""
    flagged = data.sustained[row]
    case = data.case[row]
    many = np.bincount(case, minlength=len(data.received))[case]
    cell = data.unit[data.officer[row]] * 1_000 + periods(data.closed[case], period)
    rng = np.random.default_rng(seed)
    alone = many == 1
    drawn = lots(weight[alone], flagged[alone], cell[alone], permutations, rng)
    # Accused of one complaint share what made it sustained, so joint complaints trade all their findings at once.
    return float(weight[flagged].sum()), drawn + _joint(data, weight, row, cell, many, permutations, rng)


def _joint(
    data: Records, weight: Floats, row: Ints, cell: Ints, many: Ints, permutations: int, rng: np.random.Generator
) -> Floats:
    some = np.flatnonzero(many > 1)
    if not len(some):
        return np.zeros(permutations)
    order = some[np.lexsort((some, data.case[row][some]))]
    case = data.case[row][order]
    starts = np.flatnonzero(np.diff(case, prepend=-1))
    size = np.diff(np.append(starts, len(order)))
    flags, values = data.sustained[row][order].astype(float), weight[order]
    group = cell[order][starts] * 1_000 + np.minimum(size, 999)
    out = np.zeros(permutations)
    for one in np.unique(group):
        held = np.flatnonzero(group == one)
        at = starts[held][:, None] + np.arange(size[held[0]])
        # What complaint i would add with the findings of complaint j.
        cross = values[at] @ flags[at].T
        turns = np.argsort(rng.random((permutations, len(held))), axis=1)
        out += cross[np.arange(len(held)), turns].sum(axis=1)
    return out


def _row(name: str, compares: str, found: TwoWay, place: int, level: float) -> dict[str, object]:
    from scipy.special import stdtr

    free = found.clusters - 1
    estimate, error = float(found.coefficients[place]), float(np.sqrt(found.covariance[place, place]))
    reach = t_critical(level, free) * error
    return {
        "for_each": name,
        "compares": compares,
        "coefficient": estimate,
        "ratio": float(np.exp(estimate)),
        "low": float(np.exp(estimate - reach)),
        "high": float(np.exp(estimate + reach)),
        "p": float(2 * stdtr(free, -abs(estimate) / error)),
        "p_permutation": float("nan"),
    }
