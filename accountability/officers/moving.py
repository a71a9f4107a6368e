"""Officers who change units: whether their complaints go along with the officer or with the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.officers.officer_events import EPOCH, FEWEST
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats, Ints, gram
from accountability.stats.intervals import p_normal, wald
from accountability.stats.optimise import Evaluation, NotConverged, Separation, invert, newton
from accountability.stats.sandwich import sandwich
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.occurrences import FOREVER, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("officer_id", "unit", "from", "to")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Movers(Result):
    """How movers' complaints change with the level of the unit they move to.

    ``table``: ``quantity`` ("elasticity"), ``estimate``, ``low``, ``high``, ``p``: by how many per cent an officer's
    rate of complaints differs after the move for one per cent by which the other officers' rate in the new unit
    exceeded that in the old one before. 0: complaints go along with the officer; 1: with the place.

    Attributes
    ----------
    by_change : DataFrame
        Movers in three parts by that ratio: ``ratio_of_units``, ``movers``, ``before``, ``after`` (complaints a year).
    movers : int
    around : int
        Days looked at on each side of the move.
    level : float
    """

    by_change: pd.DataFrame
    movers: int
    around: int
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw movers' rates before and after, by how the units compare."""
        axes = draw.new_axes(ax, width=5.4)
        draw.lines(axes, self.by_change, x="ratio_of_units", y="before", label="before the move")
        draw.lines(axes, self.by_change, x="ratio_of_units", y="after", label="after it", number=1)
        axes.set_xlabel("others' rate in the new unit over that in the old one, before the move")
        axes.set_ylabel("complaints a year")
        axes.legend(frameon=False)
        return axes

    def sentence(self) -> str:
        """Say the elasticity."""
        row = self.table.to_dict("records")[0]
        return (
            f"Over {plural(self.movers, 'move')}, an officer's rate of complaints changed by {row['estimate']:.2f} % "
            "for each 1 % by which the others' rate in the new unit exceeded that in the old one "
            f"({percent(self.level)} interval {row['low']:.2f} to {row['high']:.2f}; 0: complaints go along with the "
            "officer, 1: with the place)."
        )


def movers(
    data: Cohort | DatasetLike,
    assignments: pd.DataFrame,
    *,
    window: int = 730,
    around: int = 730,
    stage: str = "received",
    level: float = 0.95,
) -> Movers:
    """Compare officers with themselves before and after their first move.

    Parameters
    ----------
    data : Cohort or Dataset
    assignments : DataFrame
        ``officer_id`` (as in the data), ``unit``, ``from`` and ``to`` (dates; the day ``to`` is no longer in the
        unit), officers never accused included.
    window : int
        Days before the move in which the rates of both units are taken, from officers other than the mover.
    around : int
        Days looked at on each side.
    stage : str
        Stage that dates a complaint.
    level : float

    Returns
    -------
    Movers

    Raises
    ------
    ParameterError
        For missing columns, or stays that end before they begin or overlap.
    Refusal
        With fewer than ten movers with complaints, or when all units are alike.

    Notes
    -----
    Each mover is compared with itself: given how many complaints it drew on both sides, how many came after is
    binomial, with log odds of the days on each side plus the elasticity times the log ratio of the units' rates
    (conditional Poisson regression). Rates of units take half a complaint more, so that none is 0. Complaints that
    accused the mover beside others do not count towards the units. What else changes with a move, rank or work, is
    not told apart.
    """
    from scipy.special import expit

    cohort = Cohort.of(data)
    stays = _stays(assignments)
    day, who, shared = _complaints(cohort, stage)
    moves = _first_moves(stays)
    rows = []
    for officer, move, begin, old, new, end in moves:
        low, high = max(begin, move - around), min(end, move + around)
        own = day[(who == officer) & (day >= low) & (day < high)]
        if not len(own):
            continue
        rates = [_rate(stays, day, who, shared, officer, unit, move - window, move) for unit in (old, new)]
        if min(rates) <= 0:
            continue
        before = int((own < move).sum())
        rows.append((before, len(own) - before, move - low, high - move, np.log(rates[1] / rates[0])))
    if len(rows) < FEWEST:
        raise Refusal(f"{cohort.name}: {len(rows)} officers move and have complaints around it; {FEWEST} are the least")
    table = np.array(rows, float)
    before, after, days_before, days_after, gap = table.T
    if np.ptp(gap) < 1e-12:
        raise Refusal(
            f"{cohort.name}: every move is between units with the same ratio of rates, so nothing is compared"
        )
    offset, total = np.log(days_after / days_before), before + after
    design = np.stack([gap, np.ones_like(gap)], axis=1)

    def evaluate(at: Floats) -> Evaluation:
        index = design @ at + offset
        share = expit(index)
        value = float(after @ index - total @ np.logaddexp(0.0, index))
        return value, design.T @ (after - total * share), gram(design, total * share * (1 - share))

    try:
        top = newton(evaluate, np.zeros(2), lambda step: float(np.abs(design @ step).max()), tolerance=1e-14)
        bread = invert(top.information)
    except (Separation, NotConverged) as endless:
        raise Refusal(
            f"{cohort.name}: the ratio of the units tells without exception on which side of the move complaints lie "
            "(separation), so the elasticity has no finite estimate: look at more days with around=, or at more movers"
        ) from endless
    beta, each = top.at, np.arange(len(table))
    score = design * (after - total * expit(design @ beta + offset))[:, None]
    error = float(np.sqrt(sandwich(bread, score, each, None)[0, 0]))
    lower, upper = wald(float(beta[0]), error, level)
    return Movers(
        estimand=f"change of officers' rate of complaints with the level of the unit they move to, {cohort.name}",
        assumptions=(
            "officers move for reasons that do not foretell their own complaints",
            "what changes for every mover alike is left out; what changes with the unit besides its level is not",
            "complaints are dated by " + stage,
        ),
        method=(
            f"conditional Poisson regression of each mover's first move, {around} days on each side, units' rates from "
            f"{window} days before by other officers; robust errors, officers as clusters"
        ),
        table=pd.DataFrame(
            {
                "quantity": ["elasticity"],
                "estimate": [float(beta[0])],
                "low": [lower],
                "high": [upper],
                "p": [float(p_normal(beta[0] / error))],
            }
        ),
        flow=cohort.flow(),
        by_change=_by_change(table),
        movers=len(rows),
        around=around,
        level=level,
    )


def _stays(assignments: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in assignments.columns]
    if missing:
        raise ParameterError(f"assignments: expected columns {', '.join(COLUMNS)}; missing {', '.join(missing)}")
    epoch = np.datetime64(EPOCH, "D")
    stays = assignments[list(COLUMNS)].dropna()
    for name in ("from", "to"):
        days = pd.to_datetime(stays[name]).to_numpy().astype("datetime64[D]")
        stays = stays.assign(**{name: (days - epoch).astype(np.int64)})
    stays = stays.sort_values(["officer_id", "from"], kind="stable").reset_index(drop=True)
    wrong = (stays["to"] <= stays["from"]) | (
        (stays["officer_id"] == stays["officer_id"].shift(-1)) & (stays["to"] > stays["from"].shift(-1))
    )
    if wrong.any():
        raise ParameterError(
            f"assignments: {int(wrong.sum()):,} of {len(stays):,} stays end before they begin or overlap the next one"
        )
    return stays


def _complaints(cohort: Cohort, stage: str) -> tuple[Ints, np.ndarray, np.ndarray]:
    """Day, officer and complaint of every accusation with a day."""
    rows = cohort.allegations[cohort.allegations["officer_id"].notna()]
    rows = rows.drop_duplicates(["case_id", "officer_id"])
    cases = pd.Index(cohort.cases["case_id"])
    when = occurrence(cohort.events, cases, stage, "first")
    place = cases.get_indexer(pd.Index(rows["case_id"]))
    exact = ((when.earliest == when.latest) & (when.earliest != FOREVER))[place]
    return when.earliest[place][exact], rows["officer_id"].to_numpy(dtype=object)[exact], place[exact]


def _first_moves(stays: pd.DataFrame) -> list[tuple[object, int, int, object, object, int]]:
    """Officer, day of the move, first day in the old unit, old and new unit, end of the stay in the new one."""
    after = stays.groupby("officer_id", sort=False).shift(-1)
    moved = after["unit"].notna() & (after["unit"] != stays["unit"])
    first = stays[moved].assign(new=after["unit"], move=after["from"], end=after["to"])
    first = first.drop_duplicates("officer_id").astype({"move": "int64", "end": "int64"})
    columns = [first[name].tolist() for name in ("officer_id", "move", "from", "unit", "new", "end")]
    return list(zip(*columns, strict=True))


def _rate(
    stays: pd.DataFrame, day: Ints, who: np.ndarray, case: np.ndarray, mover: object, unit: object, low: int, high: int
) -> float:
    """Complaints an officer-day of a unit's other officers in [low, high), half a complaint more."""
    there = stays[
        (stays["unit"] == unit) & (stays["officer_id"] != mover) & (stays["from"] < high) & (stays["to"] > low)
    ]
    days = float((there["to"].clip(upper=high) - there["from"].clip(lower=low)).sum())
    if days <= 0:
        return 0.0
    inside = (day >= low) & (day < high) & ~np.isin(case, case[who == mover])
    spans = there.groupby("officer_id")[["from", "to"]]
    drawn = 0
    for officer, span in spans:
        own = day[inside & (who == officer)]
        for start, stop in span.to_numpy():
            drawn += int(((own >= start) & (own < stop)).sum())
    return (drawn + 0.5) / days


def _by_change(table: Floats) -> pd.DataFrame:
    """Movers in parts of at least ten by the ratio of the units' rates."""
    parts = max(1, min(3, len(table) // FEWEST))
    order = np.argsort(table[:, 4], kind="stable")
    rows = []
    for part in np.array_split(table[order], parts):
        before, after, days_before, days_after, gap = part.T
        rows.append(
            {
                "ratio_of_units": float(np.exp(gap.mean())),
                "movers": len(part),
                "before": 365.25 * before.sum() / days_before.sum(),
                "after": 365.25 * after.sum() / days_after.sum(),
            }
        )
    return pd.DataFrame(rows)
