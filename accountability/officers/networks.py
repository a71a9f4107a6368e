"""Who is accused with whom, as a network of which only summaries leave: how dense, how clustered, how repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.officers.chance_draws import check_draws
from accountability.officers.officer_events import FEWEST, Records
from accountability.officers.shuffles import dealt, periods
from accountability.results import Result, percent
from accountability.stats.arrays import Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "accused_together": "share of officers accused together with another",
    "pairs": "pairs of officers accused together at least once",
    "repeated": "share of those pairs accused together more than once",
    "clustered": "share of two peers of an officer who were themselves accused together (transitivity)",
    "largest": "share of officers accused together that hang together in the largest part",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Network(Result):
    """Summaries of a network of co-accusals, beside what lots within unit and period give.

    ``table``: ``measure``, ``says``, ``observed``, ``expected``, ``low``, ``high``, ``p`` (share of draws at least as
    large). Empty numbers where fewer than ten officers stand behind one.

    Attributes
    ----------
    within : str
        Where lots are drawn.
    level : float
    joint : float
        Share of accusations made in complaints against several officers.
    """

    within: str
    level: float
    joint: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shares observed beside those by lot."""
        axes = draw.new_axes(ax, height=2.8)
        rows = self.table[(self.table["measure"] != "pairs") & self.table["observed"].notna()]
        rows = rows.assign(label=rows["measure"].str.replace("_", " "))
        heights = draw.ranges(axes, rows, label="label", estimate="expected", lower="low", upper="high")
        axes.plot(rows["observed"], heights, "D", color=draw.COLOURS[1], label="observed")
        axes.set_xlabel(f"share (dots and lines: by lot {self.within})")
        axes.legend(frameon=False)
        return axes

    def sentence(self) -> str:
        """Say how many pairs are repeated beside what lots give."""
        rows = {row["measure"]: row for row in self.table.to_dict("records")}
        row = rows["repeated"]
        if not np.isfinite(row["observed"]):
            return "Too few officers are accused together for a summary of who is accused with whom."
        return (
            f"{percent(self.joint)} of the accusations stand in complaints against several officers; of the pairs "
            f"accused together, {percent(row['observed'], 1)} were so more than once, where lots drawn {self.within} "
            f"give {percent(row['expected'], 1)} ({percent(row['low'], 1)} to {percent(row['high'], 1)})."
        )


def co_accusals(
    data: Records, *, period: int | None = 1, draws: int = 199, level: float = 0.95, seed: int = 0
) -> Network:
    """Summarise who is accused with whom, beside lots that keep complaints' sizes and officers' numbers.

    Parameters
    ----------
    data : Records
    period : int or None
        Years of receipt within which the accused of a unit trade complaints; ``None`` for all together.
    draws : int
        99 to 100,000.
    level : float
    seed : int

    Returns
    -------
    Network

    Raises
    ------
    Refusal
        When no complaint accuses several officers.
    ParameterError
        For numbers out of range.
    """
    check_draws(draws, level)
    pairs = together(data)
    if not len(pairs):
        raise Refusal(f"{data.name}: no complaint accuses several officers, so nobody is accused with anybody")
    seen = _measures(data, pairs)
    cell = data.unit[data.officer] * 1_000 + periods(data.received, period)[data.case]
    rng = np.random.default_rng(seed)
    made = np.array([_measures(data, together(dealt(data, cell, rng))) for _ in range(draws)])
    low, high = np.quantile(made, [(1 - level) / 2, (1 + level) / 2], axis=0)
    p = (1 + (made >= np.array(seen) - 1e-12).sum(axis=0)) / (draws + 1)
    table = pd.DataFrame(
        {
            "measure": list(MEASURES),
            "says": list(MEASURES.values()),
            "observed": seen,
            "expected": made.mean(axis=0),
            "low": low,
            "high": high,
            "p": p,
        }
    )
    if len(np.unique(pairs[:, :2])) < FEWEST or len(pairs) < FEWEST:
        table[["observed", "expected", "low", "high", "p"]] = np.nan
    over = "all years" if period is None else "calendar year" if period == 1 else f"{period} calendar years"
    place = f"within {data.unit_word} and {over}" if data.units > 1 else f"within {over}"
    return Network(
        estimand=f"who is accused together with whom, as summaries, {data.name}",
        assumptions=(
            "to be accused together is not to have acted together",
            f"by lot, any accused of the same {data.unit_word} and period could have been in any of its complaints",
            "an officer dealt one complaint twice is in it once, which takes some pairs away by lot",
        ),
        method=f"pairs of officers in one complaint; {draws:,} draws {place}, seed {seed}",
        table=table,
        flow=data.flow,
        within=place,
        level=level,
        joint=data.joint,
    )


def unit_links(data: Records) -> pd.DataFrame:
    """Summarise which units are linked by complaints against officers of both.

    Returns
    -------
    DataFrame
        ``fact``, ``value``: units, pairs of units linked by ten complaints or more, share of the complaints
        against several officers that cross units, share of units in the largest part of the network.
    """
    import networkx as nx

    many = np.bincount(data.case, minlength=len(data.received))
    pairs = np.unique(np.stack([data.case, data.unit[data.officer]], axis=1), axis=0)
    crossing = np.bincount(pairs[:, 0], minlength=len(data.received)) > 1
    links = _pairs_of(pairs[:, 0], pairs[:, 1], data.units)
    strong = links[links[:, 2] >= FEWEST]
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(data.units))
    graph.add_edges_from(strong[:, :2].tolist())
    largest = max((len(part) for part in nx.connected_components(graph)), default=0)
    return pd.DataFrame(
        {
            "fact": [
                f"values of {data.unit_word}",
                f"pairs linked by {FEWEST} complaints or more",
                "share of complaints against several officers that cross units",
                "share of units in the largest linked part",
            ],
            "value": [
                float(data.units),
                float(len(strong)),
                float(crossing[many > 1].mean()) if (many > 1).any() else 0.0,
                largest / data.units,
            ],
        }
    )


def together(data: Records) -> Ints:
    """Pairs of officers accused in one complaint: two numbers of officers and how many complaints."""
    return _pairs_of(data.case, data.officer, data.officers)


def _pairs_of(case: Ints, member: Ints, members: int) -> Ints:
    order = np.argsort(case, kind="stable")
    case, member = case[order], member[order]
    size = np.bincount(case)
    later = np.cumsum(size)[case] - np.arange(len(case)) - 1
    one = np.repeat(np.arange(len(case)), later)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later) + 1
    a, b = member[one], member[one + offset]
    low, high = np.minimum(a, b), np.maximum(a, b)
    key, count = np.unique((low * members + high)[low != high], return_counts=True)
    return np.stack([key // members, key % members, count], axis=1)


def _measures(data: Records, pairs: Ints) -> list[float]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(pairs):
        return [0.0] * len(MEASURES)
    who, code = np.unique(pairs[:, :2], return_inverse=True)
    a, b = code.reshape(-1, 2).T
    many = len(who)
    ones = np.ones(2 * len(a))
    graph = coo_array((ones, (np.append(a, b), np.append(b, a))), shape=(many, many)).tocsr()
    degree = np.bincount(np.append(a, b), minlength=many)
    paths = float((degree * (degree - 1)).sum())
    closed = float((graph @ graph).multiply(graph).sum())
    parts = np.bincount(connected_components(graph, directed=False)[1])
    return [
        many / data.officers,
        float(len(pairs)),
        float((pairs[:, 2] > 1).mean()),
        closed / paths if paths else 0.0,
        float(parts.max()) / many,
    ]
