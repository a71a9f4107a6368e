"""The network of officers accused together, in summaries only: density, clustering and repetition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.officers.officer_events import OfficerRecords, calendar_periods, records_of
from accountability.officers.shares import check_draws
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent
from accountability.stats.arrays import Ints
from accountability.stats.permutation import beside_chance, permute
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

MEASURES = {
    "accused_together": "share of officers accused together with another",
    "pairs": "pairs of officers accused together at least once",
    "repeated": "share of those pairs accused together more than once",
    "clustered": "share of two peers of an officer who were themselves accused together (transitivity)",
    "largest": "share of officers accused together that hang together in the largest part",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Network(Result):
    """Summaries of the network of co-accusals, compared with permutations within unit and period.

    ``table``: ``measure``, ``says``, ``estimate`` (what is observed), ``expected``, ``expected_lower``,
    ``expected_upper``, ``p_value`` (share of draws at least as large), ``hidden``: no numbers from fewer than ten
    officers, or pairs of officers.

    Attributes
    ----------
    within : str
        Within what the accused are permuted.
    confidence : float
    joint : float
        Share of accusations made in complaints against several officers.
    rests_on : int
        The smaller number of officers accused together and of pairs; 0 when it is below ten.
    """

    within: str
    confidence: float
    joint: float
    rests_on: int

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide numbers from fewer than ten."""
        numbers = table.columns.drop(["measure", "says"])
        few = self.rests_on < MIN_CELL
        return table.assign(**{name: np.nan for name in numbers if few}, hidden=few)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the observed shares and those under permutation."""
        axes = draw.new_axes(ax, height=2.8)
        rows = self.table[(self.table["measure"] != "pairs") & ~self.table["hidden"]]
        rows = rows.assign(label=rows["measure"].str.replace("_", " "))
        heights = draw.ranges(
            axes,
            rows,
            label="label",
            estimate="expected",
            lower="expected_lower",
            upper="expected_upper",
            kind="share",
            beside=False,
        )
        axes.plot(rows["estimate"], heights, "D", color=draw.COLOURS[1], label="observed")
        draw.key_above(axes)
        return draw.labelled(axes, f"share (dots and lines: by lot {self.within})")

    def sentence(self) -> str:
        """State the number of repeated pairs, and the number under permutation."""
        row = self.table.set_index("measure").to_dict("index")["repeated"]
        if row["hidden"]:
            return "Too few officers are accused together for a summary of who is accused with whom."
        return (
            f"{percent(self.joint)} of the accusations stand in complaints against several officers; of the pairs "
            f"accused together, {percent(row['estimate'], 1)} were so more than once, where lots drawn {self.within} "
            f"give {percent(row['expected'], 1)} ({percent(row['expected_lower'], 1)} to "
            f"{percent(row['expected_upper'], 1)})."
        )


@takes(OfficerRecords, records_of)
def co_accusals(
    data: OfficerRecords, *, period: int | None = 1, draws: int = 199, confidence: float = 0.95, seed: int = 0
) -> Network:
    """Summarise the network of co-accusals, compared with random networks of equal complaint and officer counts.

    Parameters
    ----------
    data : OfficerRecords, Cohort or Dataset
    period : int or None
        Years of receipt within which accused officers of a unit are permuted; ``None`` for all years together.
    draws : int
        99 to 100,000.
    confidence : float
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

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> found = officers.co_accusals(accountability.load("synthetic"), draws=99).table.set_index("measure")
    >>> found.loc["repeated", ["estimate", "expected"]].round(3).tolist()
    [0.205, 0.169]
    """
    check_draws(draws, confidence, seed)
    pairs = together(data)
    if not len(pairs):
        raise Refusal(f"{data.name}: no complaint accuses several officers, so nobody is accused with anybody")
    cell = data.unit[data.officer] * 1_000 + calendar_periods(data.received, period)[data.case]
    rng = np.random.default_rng(seed)
    made = [
        _measures(data, together(dealt(data, officer)))
        for batch in permute(data.officer, draws, rng, blocks=cell)
        for officer in batch
    ]
    says = {"measure": list(MEASURES), "says": list(MEASURES.values())}
    beside = beside_chance(np.array(_measures(data, pairs)), np.array(made), confidence)
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
        table=pd.DataFrame(says | beside),
        flow=data.flow,
        within=place,
        confidence=confidence,
        joint=data.joint,
        rests_on=few if (few := min(len(np.unique(pairs[:, :2])), len(pairs))) >= MIN_CELL else 0,
    )


@takes(OfficerRecords, records_of)
def unit_links(data: OfficerRecords) -> pd.DataFrame:
    """Summarise which units are linked by complaints against officers of both.

    Returns
    -------
    DataFrame
        ``fact``, ``value``: units, pairs of units linked by ten complaints or more, share of the complaints
        against several officers that cross units, share of units in the largest part of the network.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> officers.unit_links(accountability.load("synthetic"))["value"].tolist()
    [40.0, 0.0, 0.0, 0.025]
    """
    many = np.bincount(data.case, minlength=len(data.received))
    pairs = np.unique(np.stack([data.case, data.unit[data.officer]], axis=1), axis=0)
    crossing = np.bincount(pairs[:, 0], minlength=len(data.received)) > 1
    links = _pairs_of(pairs[:, 0], pairs[:, 1], data.units)
    strong = links[links[:, 2] >= MIN_CELL]
    largest = int(np.bincount(_parts(strong, data.units)).max())
    return pd.DataFrame(
        {
            "fact": [
                f"values of {data.unit_word}",
                f"pairs linked by {MIN_CELL} complaints or more",
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


def dealt(data: OfficerRecords, officer: Ints) -> OfficerRecords:
    """Permute the accused over complaints; an officer assigned one complaint twice counts once."""
    keep = np.unique(officer * len(data.received) + data.case, return_index=True)[1]
    rows = {name: getattr(data, name)[keep] for name in ("case", "sustained", "decided")}
    return replace(data, officer=officer[keep], **rows)


def together(data: OfficerRecords) -> Ints:
    """Return pairs of officers accused in one complaint, and their numbers of shared complaints."""
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


def _measures(data: OfficerRecords, pairs: Ints) -> list[float]:
    if not len(pairs):
        return [0.0] * len(MEASURES)
    who, code = np.unique(pairs[:, :2], return_inverse=True)
    pairs = np.column_stack([code.reshape(-1, 2), pairs[:, 2]])
    many = len(who)
    graph = _graph(pairs, many)
    degree = np.bincount(pairs[:, :2].ravel(), minlength=many)
    paths = float((degree * (degree - 1)).sum())
    closed = float((graph @ graph).multiply(graph).sum())
    parts = np.bincount(_parts(pairs, many))
    return [
        many / data.officers,
        float(len(pairs)),
        float((pairs[:, 2] > 1).mean()),
        closed / paths if paths else 0.0,
        float(parts.max()) / many,
    ]


def _graph(pairs: Ints, members: int) -> csr_array:
    """Ones where two members are a pair, both ways."""
    from scipy.sparse import coo_array

    a, b = pairs[:, 0], pairs[:, 1]
    ones = np.ones(2 * len(pairs))
    return coo_array((ones, (np.append(a, b), np.append(b, a))), shape=(members, members)).tocsr()


def _parts(pairs: Ints, members: int) -> Ints:
    """The part of the network that each member hangs together with."""
    from scipy.sparse.csgraph import connected_components

    part: Ints = connected_components(_graph(pairs, members), directed=False)[1]
    return part
