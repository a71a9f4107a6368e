"""Competing ways out, by several columns at once: a multinomial logit of how units end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ambiguous import merged_terms
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.modelled import (
    CLUSTERED,
    UNSEEN,
    delta,
    designed,
    put_together,
    rows_for,
    secret_levels,
)
from accountability.records.units import WORDS
from accountability.results import Result, percent
from accountability.stats.arrays import Floats
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import z_critical
from accountability.stats.multinomial import chances, fit_multinomial
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.grouping import small_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OTHER = "other ways"
Of = Literal["finding", "imposed_penalty"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WaysOut(Result):
    """How units end, by several columns.

    Attributes
    ----------
    table : DataFrame
        One row a level and way: ``column``, ``level``, ``reference``, ``way``, ``units`` (of the level), ``share``
        (raw), ``adjusted``, ``adjusted_low``, ``adjusted_high`` (the mean chance were all units of this level and all
        else as it is), ``difference``, ``difference_low``, ``difference_high`` (from the reference), ``coefficient``,
        ``error`` (log odds against the base way), ``hidden``.
    of, base, unit : str
        What ends, the way the odds are against, and what is counted.
    fit : Fit
        Coefficients way by way, in the order of ``ways`` without the base.
    ways, names : tuple of str
    level : float
    """

    of: str
    base: str
    unit: str
    fit: Fit
    ways: tuple[str, ...]
    names: tuple[str, ...]
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the chance of each way, one bar a level."""
        from accountability.figures.draw import new_axes
        from accountability.outcomes.outcome_figures import stacked_shares

        who = self.table["column"].str.replace("_", " ") + ": " + self.table["level"].str.replace("_", " ")
        axes = new_axes(ax, width=11.0, height=1.5 + 0.35 * who.nunique())
        label = f"chance of each way out, {WORDS[self.unit]}, all else as it is"
        shown = self.table.assign(who=who)
        return stacked_shares(shown, by=["who"], term="way", share="adjusted", label=label, ax=axes)

    def sentence(self) -> str:
        """Say, for each level, the way whose share differs most from the reference's."""
        shown = self.table.loc[~self.table["hidden"] & ~self.table["reference"] & self.table["difference"].notna()]
        named = self.table.loc[self.table["reference"]].drop_duplicates("column").set_index("column")["level"]
        said = []
        for (column, label), part in shown.groupby(["column", "level"], sort=False):
            (*_, row) = part.sort_values("difference", key=abs, kind="stable").to_dict("records")
            said.append(
                f"{str(column).replace('_', ' ')} {str(label).replace('_', ' ')} against {named[str(column)]}: "
                f"{row['way'].replace('_', ' ')} {100 * row['difference']:+.1f} points ({percent(self.level)} interval "
                f"{100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f})"
            )
        if not said:
            return "Every difference rests on counts too small to show."
        return (
            f"How {WORDS[self.unit]} end, at the same mix of the other columns, the way that differs most: "
            f"{'; '.join(said)}."
        )


def ways_out(
    data: Cohort | DatasetLike,
    on: Sequence[str],
    unit: str | None = None,
    *,
    of: Of = "finding",
    base: str | None = None,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> WaysOut:
    """A multinomial logit of the way units end, errors clustered on the officer.

    Unlike one logit a way, the chances of all ways add up to one. Pending and unrecorded units have not ended and
    are left out. Ways that fewer than ``min_cell`` units took are put together.

    Parameters
    ----------
    data : Cohort or Dataset
    on, unit, reference, level, min_cell
        As in :func:`accountability.outcomes.sustained_logit`.
    of : {"finding", "imposed_penalty"}
        How an investigation ends, or what became of the penalty of the sustained (leaving, not serving and reversal
        beside the rungs).
    base : str, optional
        The way the odds are against; by default the most frequent.
    ladder : Ladder, optional
        Order in which the highest penalty of a unit is taken.

    Returns
    -------
    WaysOut

    Raises
    ------
    Refusal
        If fewer than two ways occur, a level holds one unit, or no finite estimate exists.
    ParameterError
        For no or unknown columns, a column with one value, or a reference or base that does not occur.
    """
    if of not in ("finding", "imposed_penalty"):
        raise ParameterError(f"of must be 'finding' or 'imposed_penalty', found {of!r}")
    needed = ("finding",) if of == "finding" else ("finding", "imposed_penalty")
    made = rows_for(data, on, unit, ladder, *needed)
    rows = made.table
    if of == "imposed_penalty":
        rows = rows.loc[rows["finding"].eq("sustained").fillna(False)]
    rows = rows.loc[rows[of].notna() & rows[of].ne("pending")]
    way = rows[of].astype("str")
    way = way.mask(way.isin(small_groups(way, min_cell)), OTHER)
    counts = way.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) < 2:
        raise Refusal(f"{len(rows):,} ended units of {made.cohort.name} hold {len(counts)} way(s); two are needed")
    if base is not None and base not in counts.index:
        raise ParameterError(f"no unit ended as {base!r}; they ended as {', '.join(counts.index)}")
    first = base or str(counts.index[0])
    ways = [first, *(str(name) for name in counts.index if name != first)]
    rows = put_together(rows, made.columns, min_cell)
    shape = designed(rows, made.columns, reference)
    category = pd.Categorical(way, ways).codes.astype(np.int64)
    fit = fit_multinomial(shape.design, shape.pattern, category, shape.clusters)
    secret = secret_levels(rows, made.columns, way, min_cell).set_index(["column", "level"])
    reach = z_critical(level)
    lines = []
    for name, labels in shape.levels.items():
        origin = shape.at(name, 0)
        for j, label in enumerate(labels):
            here = shape.at(name, j)

            def numbers(theta: Floats, here: Floats = here, origin: Floats = origin) -> Floats:
                own = shape.weight @ chances(theta, here)
                return np.concatenate([own, own - shape.weight @ chances(theta, origin)])

            value, spread = delta(numbers, fit.coefficients, fit.covariance)
            inside = (rows[name] == label).to_numpy(dtype=bool)
            for k, one in enumerate(ways):
                place = (k - 1) * shape.design.shape[1] + 1 + shape.names.index((name, label)) if j and k else None
                apart, wide = value[len(ways) + k], reach * spread[len(ways) + k]
                lines.append(
                    {
                        "column": name,
                        "level": label,
                        "reference": j == 0,
                        "way": one,
                        "units": int(inside.sum()),
                        "share": float((category[inside] == k).mean()),
                        "adjusted": value[k],
                        "adjusted_low": max(value[k] - reach * spread[k], 0.0),
                        "adjusted_high": min(value[k] + reach * spread[k], 1.0),
                        "difference": apart,
                        "difference_low": apart - wide,
                        "difference_high": apart + wide,
                        "coefficient": 0.0 if place is None else float(fit.coefficients[place]),
                        "error": 0.0 if place is None else math.sqrt(fit.covariance[place, place]),
                        "hidden": bool(secret.loc[(name, label), one]),
                    }
                )
    return WaysOut(
        estimand=f"how units end ({of.replace('_', ' ')}) by {', '.join(made.columns)}, {made.cohort.name}",
        assumptions=(
            f"unit: {made.unit.replace('_', '-')}",
            "the log odds of each way against the base add up over the columns",
            CLUSTERED,
            "those still pending will end as those that have ended",
            *(
                f"not told apart by the source: {terms.replace('_', ' ')}"
                for terms in dict.fromkeys(merged_terms(made.cohort, of).values())
            ),
            UNSEEN,
        ),
        method="multinomial logit, maximum likelihood on collapsed patterns; officer-clustered errors; delta-method "
        "intervals",
        table=_hide(pd.DataFrame(lines), min_cell),
        flow=made.cohort.flow(),
        of=of,
        base=first,
        unit=made.unit,
        fit=fit,
        ways=tuple(ways),
        names=("constant", *(f"{name}={label}" for name, label in shape.names)),
        level=level,
    )


def _hide(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    numbers = [str(n) for n in table if n not in ("column", "level", "reference", "way", "units", "hidden")]
    out = table.assign(**{name: table[name].mask(table["hidden"]) for name in numbers})
    return out.assign(units=out["units"].astype("Int64").mask(out["units"] < min_cell))
