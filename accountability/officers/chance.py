"""Compare the observed concentration of complaints with simulations in which chance alone distributes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.officers.shares import TIES, check_draws, observed
from accountability.officers.tallies import Tally, tally
from accountability.results import Result, percent, plural
from accountability.stats.concentration import Measures, equal_risk, independent
from accountability.stats.count_laws import fit_negative_binomial, fit_poisson
from accountability.stats.permutation import beside_chance
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BENCHMARKS: Final = {
    "equal_risk": "the same complaints fall on the same holders at equal risk",
    "zero_truncated_poisson": "equal risk, among those who drew at least one",
    "negative_binomial": "risks differ as a fitted gamma law",
    "zero_truncated_negative_binomial": "risks differ as a fitted gamma law, among those who drew at least one",
}
_DRAWN: Final = {
    "equal_risk": "equal risk",
    "zero_truncated_poisson": "equal risk, at least one each",
    "negative_binomial": "fitted gamma law",
    "zero_truncated_negative_binomial": "fitted gamma law, at least one each",
}
ALONE: Final = "equal risk for those who drew at least one, of whom some then draw none"
BY_CHANCE: Final = ("equal_risk", "zero_truncated_poisson")
SERVED_ALIKE: Final = "officers who came late or left look like officers who draw few, which alone makes counts uneven"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AgainstChance(Result):
    """The observed concentration, compared with each benchmark.

    ``table``: ``benchmark``, ``says`` (in words), ``among`` ("all" held, or "accused": those with at least one),
    ``measure`` ("gini", "top_share"), ``estimate`` (what is observed), ``expected`` (mean of the draws),
    ``expected_lower``, ``expected_upper`` (the middle `confidence` of the draws), ``p_value`` (share of draws at least
    as concentrated, counting the observed one as a draw).

    Attributes
    ----------
    top : float
        Share of the holders who are the top.
    confidence : float
    draws : int
    shape : float
        Shape of the gamma distribution of risks in the fitted benchmark; infinite when counts vary no more than by
        chance; NaN when no such benchmark was asked for.
    tally : Tally
        What was counted.
    """

    top: float
    confidence: float
    draws: int
    shape: float
    tally: Tally

    def of(self, benchmark: str, measure: str = "top_share") -> pd.Series:
        """Return one row of the table.

        Raises
        ------
        ParameterError
            When there is no such row.
        """
        rows = self.table[(self.table["benchmark"] == benchmark) & (self.table["measure"] == measure)]
        if rows.empty:
            known = ", ".join(dict.fromkeys(self.table["benchmark"]))
            raise ParameterError(f"no row for benchmark {benchmark!r} and measure {measure!r}; benchmarks are {known}")
        return rows.iloc[0]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the top share each benchmark gives, and the observed one as a line."""
        rows = self.table[self.table["measure"] == "top_share"]
        rows = rows.assign(label=rows["benchmark"].map(_DRAWN))
        axes = draw.new_axes(ax, height=1.4 + 0.4 * len(rows))
        draw.ranges(
            axes,
            rows,
            label="label",
            estimate="expected",
            lower="expected_lower",
            upper="expected_upper",
            kind="share",
            beside=False,
        )
        for number, (among, part) in enumerate(rows.groupby("among", sort=False)):
            who = "all held" if among == "all" else "those with at least one"
            shown = float(part["estimate"].iloc[0])
            if number == 0 or shown != float(rows["estimate"].iloc[0]):
                axes.axvline(shown, color=draw.COLOURS[1], linestyle=draw.STYLES[number], label=f"observed, {who}")
        middle = f"{percent(self.confidence)} of draws"
        axes.set_xlabel(f"share of {self.tally.drawn}s drawn by the top {percent(self.top)} ({middle})")
        draw.key_above(axes)
        return axes

    def sentence(self) -> str:
        """State the observed top share and that under chance alone."""
        rows = self.table[self.table["measure"] == "top_share"].to_dict("records")
        by_chance = [row for row in rows if row["benchmark"] in BY_CHANCE] or rows
        first, said = by_chance[0], []
        for row in by_chance:
            same = row["estimate"] == first["estimate"]
            beside = "" if same else f", {percent(row['estimate'], 1)} observed among them"
            ends = f"({percent(row['expected_lower'], 1)} to {percent(row['expected_upper'], 1)})"
            said.append(f"{row['says']}: {percent(row['expected'], 1)} {ends}{beside}")
        who = "" if first["among"] == "all" else " who drew at least one"
        return (
            f"Of {plural(self.tally.size, self.tally.holder)}{who}, the {percent(self.top)} with most drew "
            f"{percent(first['estimate'], 1)} of {plural(self.tally.total, self.tally.drawn)}; {'; '.join(said)}."
        )


@takes(Tally, tally)
def against_chance(
    data: Tally,
    benchmarks: Sequence[str] | None = None,
    *,
    top: float = 0.1,
    draws: int = 1_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> AgainstChance:
    """Compare the observed concentration of complaints with what chance alone gives.

    Parameters
    ----------
    data : Tally, Cohort or Dataset
    benchmarks : sequence of str, optional
        Names in :data:`BENCHMARKS`; by default all that fit: those that do not need holders with none and, if such
        holders are in the data, those that do.
    top : float
        Share of the holders (of exposure, where given) who are the top.
    draws : int
        Simulations of each benchmark, 99 to 1,000,000.
    confidence : float
        Central part of the draws shown.
    seed : int

    Returns
    -------
    AgainstChance

    Raises
    ------
    Refusal
        For ``negative_binomial`` without holders who drew none in the data; when everyone drew exactly one; when the
        top would be less than one holder.
    ParameterError
        For an unknown benchmark or numbers out of range.

    Notes
    -----
    ``equal_risk`` distributes the observed number of complaints over the holders in proportion to exposure
    (multinomial). If holders who drew none are not in the data, the accused are treated as the whole force, and some
    then draw none. The Gini coefficient of the draws includes these, the observed one cannot: compare it with the
    truncated distributions. ``zero_truncated_poisson`` is equal risk in a force of which only holders with at least one
    are seen: its rate is fitted by maximum likelihood, and holders draw independently, so the total varies. The two
    negative binomial distributions are not chance alone: they show the concentration under gamma-distributed risks
    fitted to these counts. Complaints fall one by one in the draws; where one accuses several officers, the draws are
    moved apart by how much more the unevenness of counts then varies (``Tally.together``).

    Examples
    --------
    >>> from accountability import officers
    >>> list(officers.BENCHMARKS)[:2]
    ['equal_risk', 'zero_truncated_poisson']
    >>> data = officers.Tally.of_counts([1, 2, 3, 1, 1, 9] * 10)
    >>> found = officers.against_chance(data, ["zero_truncated_poisson"], draws=99, seed=1).of("zero_truncated_poisson")
    >>> float(round(found["estimate"], 2)), float(found["p_value"])
    (0.32, 0.01)
    """
    for name in benchmarks or ():
        if name not in BENCHMARKS:
            raise ParameterError(f"benchmarks: expected some of {', '.join(BENCHMARKS)}; found {name!r}")
    check_draws(draws, confidence, seed, most=1_000_000)
    if benchmarks is not None and "negative_binomial" in benchmarks and not data.zeros:
        raise Refusal(
            f"{data.name}: the {data.holder}s who drew none are not held, so a distribution of all counts cannot be "
            "fitted; say how many there were with tally(officers=...), or use 'zero_truncated_negative_binomial'"
        )
    if data.size * top < 1:
        raise Refusal(
            f"{data.name}: the top {percent(top)} of {plural(data.size, data.holder)} is less than one of them. Write "
            f"top={math.ceil(100 / data.size) / 100:g} or more"
        )
    some = data.accused()
    fitting = ["equal_risk", *(["negative_binomial"] if data.zeros else [])]
    if some.count.max() > 1:
        fitting += ["zero_truncated_poisson", "zero_truncated_negative_binomial"]
    chosen = tuple(benchmarks or fitting)
    says = dict(BENCHMARKS) if data.zeros else BENCHMARKS | {"equal_risk": ALONE}
    rng = np.random.default_rng(seed)
    parts = []
    shape = float("nan")
    for name in chosen:
        truncated = name.startswith("zero_truncated")
        held = some if truncated else data
        seen = observed(held, top)
        made, of_law = _draw(name, held, draws, top, rng)
        shape = of_law if np.isfinite(of_law) and not np.isfinite(shape) else shape
        columns: dict[str, object] = {
            "benchmark": name,
            "says": says[name],
            "among": "accused" if truncated else "all",
            "measure": ["gini", "top_share"],
        }
        drawn = np.column_stack([made.gini, made.top])
        centre = drawn.mean(axis=0)
        drawn = np.clip(centre + (drawn - centre) * np.sqrt(held.together), 0, 1)
        columns |= beside_chance(np.append(seen.gini, seen.top), drawn, confidence)
        parts.append(pd.DataFrame(columns))
    table = pd.concat(parts, ignore_index=True)
    more = (table["benchmark"].isin(BY_CHANCE) & (table["estimate"] > table["expected_upper"])).any()
    return AgainstChance(
        estimand=f"concentration of {data.drawn}s over {data.among()}, beside what chance gives, {data.name}",
        assumptions=(
            *data.assumed(),
            "a complaint against several officers counts for each of them, which widens what chance alone gives",
            "under equal risk, years of service and kind of work differ only as far as exposure says",
        ),
        method=(
            f"Gini coefficient and share of the top {percent(top)}, {TIES}; {data.weighed()}; {draws:,} draws a "
            f"benchmark, seed {seed}"
        ),
        table=table,
        cautions=(SERVED_ALIKE,) if more and data.plain and data.holder == "officer" else (),
        flow=data.flow,
        top=top,
        confidence=confidence,
        draws=draws,
        shape=shape,
        tally=data,
    )


def _draw(name: str, held: Tally, draws: int, top: float, rng: np.random.Generator) -> tuple[Measures, float]:
    """Measures of the draws, and the shape of the gamma law where one is fitted."""
    level, code = np.unique(held.exposure, return_inverse=True)
    holders = np.rint(np.bincount(code, held.holders)).astype(np.int64)
    if name == "equal_risk":
        return equal_risk(held.total, holders, level, draws, top, rng), float("nan")
    fitted = fit_poisson if name == "zero_truncated_poisson" else fit_negative_binomial
    law = fitted(held.counts, name.startswith("zero_truncated")).law
    return independent(law, holders, level, draws, top, rng), law.shape
