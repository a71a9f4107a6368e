"""What the top of a first period drew in the second: chosen before the fact, in hindsight, and at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.figures import draw
from accountability.officers.chance_draws import batches, check_draws
from accountability.officers.periods import Periods, at_the_top
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE, HINDSIGHT, RANDOM = "before the fact", "in hindsight", "at random"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Removal(Result):
    """Complaints of the second period that fall on officers chosen in three ways.

    ``table``: ``chosen`` ("before the fact": on first-period counts; "in hindsight": on second-period counts; "at
    random"), ``counted`` ("officer_complaints"; "complaints": those whose every accused was chosen), ``total`` (of the
    second period), ``share`` and, at random, ``low`` and ``high``.

    Attributes
    ----------
    top, level : float
    removed : float
        Officers chosen; a fraction where some are tied at the line.
    unknown : float
        Share of the second period's officer-complaints drawn by officers outside the population, whom a ranking of
        the first period cannot choose.
    who : str
    """

    top: float
    level: float
    removed: float
    unknown: float
    who: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of officer-complaints and of complaints for each way of choosing."""
        axes = draw.new_axes(ax, height=3.2)
        rows = self.table.assign(
            label=self.table["chosen"] + ", " + self.table["counted"].str.replace("_", "-"),
            low=self.table["low"].fillna(self.table["share"]),
            high=self.table["high"].fillna(self.table["share"]),
        )
        draw.ranges(axes, rows, label="label", estimate="share", lower="low", upper="high")
        axes.set_xlabel("share of the second period's")
        return axes

    def sentence(self) -> str:
        """Say what the three choices would have held; no word on what removal would have changed besides."""
        rows = self.table.set_index(["chosen", "counted"])["share"]
        return (
            f"The {percent(self.top)} of {self.who} with most complaints in the first period drew "
            f"{percent(rows[BEFORE, 'officer_complaints'], 1)} of the second period's officer-complaints; a "
            f"{percent(self.top)} chosen at random would hold {percent(rows[RANDOM, 'officer_complaints'], 1)}, one "
            f"chosen in hindsight {percent(rows[HINDSIGHT, 'officer_complaints'], 1)}. "
            f"{percent(rows[BEFORE, 'complaints'], 1)} of the complaints accused nobody else."
        )


def removal(periods: Periods, *, top: float = 0.1, draws: int = 199, level: float = 0.95, seed: int = 0) -> Removal:
    """Count in the second period what was drawn by those at the top of the first.

    Parameters
    ----------
    periods : Periods
        Where officers accused in neither period are not held, the population is those accused in the first.
    top : float
        Share of the population that is chosen; officers tied at the line are chosen in equal fractions, and a
        complaint against several of them in the product of their fractions.
    draws : int
        Random choices of as many officers.
    level : float
        Middle part of the random choices shown.
    seed : int

    Returns
    -------
    Removal

    Raises
    ------
    Refusal
        When fewer than ten officers would be chosen.
    ParameterError
        For numbers out of range.
    """
    check_draws(draws, level)
    chosen = periods.population
    weight = {
        BEFORE: at_the_top(periods.first[chosen], top),
        HINDSIGHT: at_the_top(periods.second[chosen], top),
    }
    order = np.argsort(periods.case, kind="stable")
    officer = periods.officer[order]
    starts = np.flatnonzero(np.diff(periods.case[order], prepend=-1))
    complaints, total = len(starts), int(periods.second.sum())
    rows: list[dict[str, object]] = []

    def shares(each: Floats) -> tuple[Floats, Floats]:
        whole = np.zeros((len(each), len(periods.first)))
        whole[:, chosen] = each
        every = np.multiply.reduceat(whole[:, officer], starts, axis=1).sum(axis=1)
        return whole @ periods.second / total, every / complaints

    for way, each in weight.items():
        held, alone = shares(each[None, :])
        rows += [_row(way, "officer_complaints", total, held), _row(way, "complaints", complaints, alone)]
    rng = np.random.default_rng(seed)
    made = [
        shares(rng.permuted(np.broadcast_to(weight[BEFORE], (many, len(chosen))), axis=1))
        for many in batches(draws, max(len(chosen), len(officer)))
    ]
    held, alone = (np.concatenate([part[i] for part in made]) for i in (0, 1))
    ends = [(1 - level) / 2, (1 + level) / 2]
    for counted, number, drawn in (("officer_complaints", total, held), ("complaints", complaints, alone)):
        low, high = np.quantile(drawn, ends)
        rows.append(_row(RANDOM, counted, number, drawn) | {"low": float(low), "high": float(high)})
    removed = float(weight[BEFORE].sum())
    inside = int(periods.second[chosen].sum())
    return Removal(
        estimand=f"second-period complaints of officers chosen on the first period, {periods.name}",
        assumptions=(
            "the count is of complaints as they fell: whoever would have worked in a chosen officer's place would "
            "have drawn some too, so the shares are the most that could have been spared",
            f"officers outside the population ({periods.who()}) cannot be chosen on the first period",
            "one complaint against several officers counts for each; as a complaint only if every accused was chosen",
        ),
        method=(
            f"{periods.halves()}; top {percent(top)} ({removed:,.1f} officers), those tied at the line in equal "
            f"fractions; {draws:,} random choices, seed {seed}; {plural(periods.left_out, 'officer-complaint')} left "
            "out for its date"
        ),
        table=pd.DataFrame(rows),
        flow=periods.flow,
        top=top,
        level=level,
        removed=removed,
        unknown=1 - inside / total,
        who=periods.who(),
    )


def _row(chosen: str, counted: str, total: int, share: Floats) -> dict[str, object]:
    return {
        "chosen": chosen,
        "counted": counted,
        "total": total,
        "share": float(share.mean()),
        "low": float("nan"),
        "high": float("nan"),
    }
