"""Officers who change units: whether complaints depend on the officer or on the unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.officers.officer_events import EPOCH
from accountability.privacy import MIN_CELL
from accountability.records.lookup import places
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cross_product import gram
from accountability.stats.intervals import p_normal, wald
from accountability.stats.optimise import Evaluation, NotConverged, Separation, invert, newton
from accountability.stats.sandwich import sandwich
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, rows_places, stage_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("officer_id", "unit", "from", "to")
DRAWS: Final = 200
#: Below it the correction more than triples the estimate, and its interval no longer covers.
LEAST_RELIABLE: Final = 0.3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Movers(Result):
    """Change in movers' complaint rates with the rate of the unit they move to.

    ``table``: ``quantity``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``p_value``. ``elasticity``: the per
    cent change in an officer's complaint rate for a one per cent difference between the other officers' earlier rates
    in the new and the old unit. 0: complaints depend on the officer; 1: on the unit. ``uncorrected``: the same with the
    counted rates, which is biased towards 0.

    Attributes
    ----------
    by_change : DataFrame
        Movers in three groups by the ratio of units' rates: ``ratio_of_units``, ``n`` (movers), ``before``, ``after``
        (complaints a year).
    movers : int
    around : int
        Days compared on each side of the move.
    reliability : float
        Share of the variance between units' rates that is not chance.
    confidence : float
    """

    by_change: pd.DataFrame
    movers: int
    around: int
    reliability: float
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw movers' rates before and after, by the ratio of the units' rates."""
        axes = draw.new_axes(ax, width=5.4)
        draw.lines(axes, self.by_change, x="ratio_of_units", y="before", label="before the move")
        draw.lines(axes, self.by_change, x="ratio_of_units", y="after", label="after it", number=1)
        draw.lines_named(axes)
        return draw.labelled(
            axes,
            "others' rate in the new unit over that in the old one, before the move",
            "complaints an officer a year",
            x_kind="ratio",
            y_kind="number",
        )

    def sentence(self) -> str:
        """State the elasticity."""
        row = self.table.iloc[0]
        return (
            f"Over {plural(self.movers, 'move')}, an officer's rate of complaints changed by {row['estimate']:.2f} % "
            "for each 1 % by which the others' rate in the new unit exceeded that in the old one "
            f"({percent(self.confidence)} interval {row['lower']:.2f} to {row['upper']:.2f}; 0: complaints go along "
            f"with the officer, 1: with the place). {percent(self.reliability)} of the differences between units are "
            "more than chance, which the estimate allows for."
        )


@takes("cohort")
def movers(
    data: Cohort,
    assignments: pd.DataFrame,
    *,
    window: int = 730,
    around: int = 730,
    stage: str = "received",
    confidence: float = 0.95,
    seed: int = 20130206,
) -> Movers:
    """Estimate how officers' complaint rates change at their first move with the rate of the new unit.

    Parameters
    ----------
    data : Cohort or Dataset
    assignments : DataFrame
        ``officer_id`` (as in the data), ``unit``, ``from`` and ``to`` (dates; ``to`` is the first day no longer in the
        unit), including officers never accused.
    window : int
        Days before the move from which the rates of both units are counted, without the mover.
    around : int
        Days compared on each side.
    stage : str
        Stage that dates a complaint.
    confidence : float
    seed : int
        Seed of the bootstrap over moves.

    Returns
    -------
    Movers

    Raises
    ------
    ParameterError
        For missing columns, or stays that end before they begin or overlap.
    Refusal
        With fewer than ten movers with complaints, when units differ no more than by chance, or when the units' rates
        separate movers with complaints only before from those with complaints only after.

    Notes
    -----
    Conditional Poisson regression: given a mover's complaints on both sides, the number after is binomial, with log
    odds equal to the log ratio of days plus the elasticity times the log ratio of the units' rates. Half a complaint is
    added to the units' counts, so that no rate is 0. Complaints that also accused the mover do not count towards the
    units. Noise in rates from few complaints would bias the elasticity towards 0, so each ratio is shrunk towards the
    mean by the share of its variance that is chance, with complaints against several officers counted once (regression
    calibration: Carroll and others, Measurement Error in Nonlinear Models, 2006, chapter 4). Intervals are from a
    bootstrap over moves that repeats the calibration. Other changes at a move, as of rank or work, are not separated.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> import pandas as pd
    >>> data = accountability.load("synthetic")
    >>> known = data.allegations["officer_id"].dropna().drop_duplicates().head(400)
    >>> old = pd.DataFrame({"officer_id": known, "unit": (known.str[-1] > "5").map(str), "from": "2010-01-01"})
    >>> new = old.assign(unit=old["unit"].shift(1, fill_value="True"), **{"from": "2018-01-01", "to": "2021-01-01"})
    >>> stays = pd.concat([old.assign(to="2018-01-01"), new])
    >>> officers.movers(data, stays).table["quantity"].tolist()
    ['elasticity', 'uncorrected']
    """
    cohort = data
    stays, ids = _stays(assignments)
    seen = _complaints(cohort, stage, stays, ids)
    rows = []
    for officer, move, begin, old, new, end in _first_moves(stays):
        low, high = max(begin, move - around), min(end, move + around)
        own = seen.day[(seen.officer == officer) & (seen.day >= low) & (seen.day < high)]
        if not len(own):
            continue
        (was, first), (now, second) = (_rate(stays, seen, officer, unit, move - window, move) for unit in (old, new))
        if min(was, now) <= 0:
            continue
        before = int((own < move).sum())
        rows.append((before, len(own) - before, move - low, high - move, np.log(now / was), first + second))
    if len(rows) < MIN_CELL:
        raise Refusal(
            f"{cohort.name}: {len(rows)} officers move and have complaints around it; at least {MIN_CELL} are needed"
        )
    table = np.array(rows, float)
    if np.ptp(table[:, 4]) < 1e-12:
        raise Refusal(
            f"{cohort.name}: every move is between units with the same ratio of rates, so nothing is compared"
        )
    reliability = _reliability(table)
    if reliability < LEAST_RELIABLE:
        raise Refusal(
            f"{cohort.name}: {percent(max(reliability, 0.0))} of the differences between the rates of the units is "
            f"more than chance, so the elasticity has no estimate ({percent(LEAST_RELIABLE)} is the "
            "least): "
            "take the rates from more days with window=, or from larger units"
        )
    found = [_elasticity(table, cohort.name, calibrated) for calibrated in (True, False)]
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        part = table[rng.integers(0, len(table), len(table))]
        try:
            drawn.append(_elasticity(part, cohort.name)[0] if _reliability(part) > 0 else np.nan)
        except Refusal:
            drawn.append(np.nan)
    # The middle of the draws says how wide they lie; a few in which units hardly differ have no such error.
    error = float(np.subtract(*np.nanquantile(drawn, [0.841345, 0.158655])) / 2)
    errors = [max(error, found[0][1]), found[1][1]]
    limits = [wald(one[0], own, confidence) for one, own in zip(found, errors, strict=True)]
    return Movers(
        estimand=f"change of officers' rate of complaints with the level of the unit they move to, {cohort.name}",
        assumptions=(
            "officers move for reasons that do not foretell their own complaints",
            "what changes for every mover alike is left out; what changes with the unit besides its level is not",
            "complaints are dated by " + stage,
        ),
        method=(
            f"conditional Poisson regression of each mover's first move, {around} days on each side, units' rates from "
            f"{window} days before by other officers, calibrated for chance in their counts; errors by {DRAWS} "
            f"bootstrap draws of moves, seed {seed}; uncorrected: robust errors"
        ),
        table=pd.DataFrame(
            {
                "quantity": ["elasticity", "uncorrected"],
                "estimate": [one[0] for one in found],
                "std_error": errors,
                "lower": [float(lower) for lower, _ in limits],
                "upper": [float(upper) for _, upper in limits],
                "p_value": [float(p_normal(one[0] / own)) for one, own in zip(found, errors, strict=True)],
            }
        ),
        flow=cohort.flow(),
        by_change=_by_change(table),
        movers=len(rows),
        around=around,
        reliability=reliability,
        confidence=confidence,
    )


def _reliability(table: Floats) -> float:
    """Share of the variance of the log ratios of rates that is not chance in the counts; below 0 where all may be."""
    whole = float(table[:, 4].var(ddof=1))
    return 1 - float(table[:, 5].mean()) / whole if whole > 0 else 0.0


def _elasticity(table: Floats, name: str, calibrated: bool = True) -> tuple[float, float]:
    """Estimate and error: of complaints on both sides of a move, how many came after, by the ratio of the rates."""
    from scipy.special import expit

    before, after, days_before, days_after, gap, by_noise = table.T
    if calibrated:
        true = _reliability(table) * gap.var(ddof=1)
        weight = true / (true + by_noise)
        centre = float((weight * gap).sum() / weight.sum())
        gap = centre + weight * (gap - centre)
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
            f"{name}: the ratio of the units separates complaints before the move from those after it "
            "(separation), so the elasticity has no finite estimate: look at more days with around=, or at more movers"
        ) from endless
    score = design * (after - total * expit(design @ top.at + offset))[:, None]
    error = sandwich(bread, score, np.arange(len(table)), None)[0, 0]
    return float(top.at[0]), float(np.sqrt(error))


class _Stays(NamedTuple):
    """Stays as numbers, by officer and first day."""

    officer: Ints
    unit: Ints
    first: Ints
    stop: Ints


class _Seen(NamedTuple):
    """Day, officer (-1 where no stay is known), complaint and unit on that day (-1 for none) of every accusation."""

    day: Ints
    officer: Ints
    case: Ints
    unit: Ints


def _stays(assignments: pd.DataFrame) -> tuple[_Stays, pd.Index]:
    held = assignments.columns if isinstance(assignments, pd.DataFrame) else []
    missing = [name for name in COLUMNS if name not in held]
    if missing:
        raise ParameterError(f"assignments: expected columns {', '.join(COLUMNS)}; missing {', '.join(missing)}")
    known = assignments[list(COLUMNS)].dropna()
    officer, ids = pd.factorize(known["officer_id"])
    columns = [officer, pd.factorize(known["unit"])[0]]
    for name in ("from", "to"):
        days = pd.to_datetime(known[name]).to_numpy().astype("datetime64[D]")
        columns.append((days - np.datetime64(EPOCH, "D")).astype(np.int64))
    stays = _Stays(*np.stack(columns)[:, np.lexsort((columns[2], officer))])
    wrong = stays.stop <= stays.first
    wrong[:-1] |= (stays.officer[1:] == stays.officer[:-1]) & (stays.stop[:-1] > stays.first[1:])
    if wrong.any():
        raise ParameterError(
            f"assignments: {int(wrong.sum()):,} of {len(wrong):,} stays end before they begin or overlap the next one"
        )
    return stays, pd.Index(ids)


def _complaints(cohort: Cohort, stage: str, stays: _Stays, ids: pd.Index) -> _Seen:
    rows = cohort.allegations[cohort.allegations["officer_id"].notna()]
    rows = rows.drop_duplicates(["case_id", "officer_id"])
    when = stage_of(cohort, stage)
    case = rows_places(rows, cohort.cases)
    exact = ((when.earliest == when.latest) & (when.earliest != FOREVER))[case]
    case = case[exact]
    day = when.earliest[case].astype(np.int64)
    officer = places(rows["officer_id"], ids)[exact]
    wide = 2**32
    if not len(stays.officer):
        return _Seen(day, officer, case, np.full(len(day), -1))
    at = np.searchsorted(stays.officer * wide + stays.first, officer * wide + day, side="right") - 1
    there = (at >= 0) & (stays.officer[at] == officer) & (day < stays.stop[at])
    return _Seen(day, officer, case, np.where(there, stays.unit[at], -1))


def _first_moves(stays: _Stays) -> list[tuple[int, ...]]:
    """Officer, day of the move, first day in the old unit, old and new unit, end of the stay in the new one."""
    moved = np.flatnonzero((stays.officer[1:] == stays.officer[:-1]) & (stays.unit[1:] != stays.unit[:-1]))
    moved = moved[np.unique(stays.officer[moved], return_index=True)[1]]
    after = moved + 1
    columns = (stays.officer[moved], stays.first[after], stays.first[moved], stays.unit[moved], stays.unit[after])
    return list(zip(*(column.tolist() for column in (*columns, stays.stop[after])), strict=True))


def _rate(stays: _Stays, seen: _Seen, mover: int, unit: int, low: int, high: int) -> tuple[float, float]:
    """Complaints an officer-day of a unit's others in [low, high), half a complaint more; variance of its log."""
    there = (stays.unit == unit) & (stays.officer != mover)
    days = float(np.maximum(np.minimum(stays.stop[there], high) - np.maximum(stays.first[there], low), 0).sum())
    if days <= 0:
        return 0.0, 0.0
    drawn = (seen.unit == unit) & (seen.officer != mover) & (seen.day >= low) & (seen.day < high)
    drawn &= ~np.isin(seen.case, seen.case[seen.officer == mover])
    together = np.unique(seen.case[drawn], return_counts=True)[1].astype(float)
    count = together.sum() + 0.5
    return count / days, float(((together**2).sum() + 0.5) / count**2)


def _by_change(table: Floats) -> pd.DataFrame:
    """Movers in parts of at least ten by the ratio of the units' rates."""
    parts = max(1, min(3, len(table) // MIN_CELL))
    order = np.argsort(table[:, 4], kind="stable")
    rows = []
    for part in np.array_split(table[order], parts):
        before, after, days_before, days_after, gap, _ = part.T
        rows.append(
            {
                "ratio_of_units": float(np.exp(gap.mean())),
                "n": len(part),
                "before": 365.25 * before.sum() / days_before.sum(),
                "after": 365.25 * after.sum() / days_after.sum(),
            }
        )
    return pd.DataFrame(rows)
