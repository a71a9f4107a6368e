"""Round rates where fewer than ten units are undecided, so that their number cannot be derived.

The number undecided at a stage is the number that passed the stage before, minus the number decided. So from such a
stage on no counts are shown, and every rate is rounded to a step of at least one decided unit: the rate shown is then
possible for every small number undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

STEPS: Final = (0.01, 0.02, 0.05, 0.1)
MORE: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SLACK: Final = 5
"""How many units a number that is not shown can lie off besides those undecided, over all stages."""


def step_of(units: pd.Series, min_cell: int, least: int = 1) -> pd.Series:
    """Return the step to which rates of so many units are rounded: at least `least` units; missing if there is none."""
    fewest = (units - min_cell - SLACK).astype("float64")
    place = np.searchsorted(STEPS, least / fewest.where(fewest > 0, 1e-9))
    return pd.Series(np.append(STEPS, np.nan)[place], index=units.index)


def step_for(rates: pd.Series, passed: int, decided: int, min_cell: int) -> float | None:
    """Return the smallest step of rounding with which the rates of all outcomes do not reveal the number decided.

    Parameters
    ----------
    rates : Series
        The rates shown; they add up to one, or less if some are hidden.
    passed, decided : int
        Units that reached the stage (shown), and units decided (not shown).
    min_cell : int
        For every number undecided from 1 to ``min_cell - 1``, whole counts must agree with all the rates.
    """
    least = step_of(pd.Series([decided]), min_cell).item()
    whole = rates.sum() > 1 - 1e-9
    units = passed - np.arange(1, min_cell)[:, None]
    for step in [one for one in STEPS if one >= least]:
        shown = nearest(rates.dropna(), pd.Series(step, rates.dropna().index)).to_numpy()
        fewest = np.ceil((shown - step / 2) * units + 1e-9).clip(0).sum(axis=1)
        most = np.floor((shown + step / 2) * units - 1e-9).sum(axis=1)
        if (fewest <= units[:, 0] - (0 if whole else min_cell)).all() and (not whole or (most >= units[:, 0]).all()):
            return float(step)
    return None


def nearest(values: pd.Series, step: pd.Series) -> pd.Series:
    """Round to the nearest multiple of the step."""
    return ((values / step).round() * step).round(9)


def outward(table: pd.DataFrame, name: str, step: pd.Series) -> dict[str, pd.Series]:
    """Round an interval's limits outward, so that it covers at least as much."""
    low, high = f"{name}_lower", f"{name}_upper"
    return {
        low: (np.floor((table[low] / step).round(9)) * step).round(9),
        high: (np.ceil((table[high] / step).round(9)) * step).round(9),
    }


def rounded_shares(table: pd.DataFrame, counts: Sequence[str]) -> pd.DataFrame:
    """Return shares for display: rows that are ``rounded_to`` a step have no counts."""
    step = table["rounded_to"]
    rough = step.notna()
    if not rough.any():
        return table
    ends = outward(table.rename(columns={"lower": "of_lower", "upper": "of_upper"}), "of", step)
    made = {"estimate": nearest(table["estimate"], step)}
    made |= {"lower": ends["of_lower"].clip(lower=0), "upper": ends["of_upper"].clip(upper=1)}
    whole = table.astype({name: "Int64" for name in counts if table[name].dtype.kind in "iu"})
    return whole.assign(
        **{name: table[name].mask(rough, value) for name, value in made.items()},
        **{name: whole[name].mask(rough) for name in counts},
    )


def compared_rounded(table: pd.DataFrame, step: pd.Series) -> pd.DataFrame:
    """Return two groups' rounded rates, and their difference and ratio, for rows that are rounded.

    Parameters
    ----------
    table : DataFrame
        ``rate_*``, ``lower_*``, ``upper_*`` of ``first`` and ``second``; ``difference`` and ``ratio`` with limits.
    step : Series
        Step of each row.

    Returns
    -------
    DataFrame
        Difference and ratio of the rounded rates; limits are rounded outward, those of a ratio by the step relative to
        it.
    """
    made: dict[str, Any] = {}
    for place in ("first", "second"):
        ends = table.rename(columns={f"{end}_{place}": f"of_{end}" for end in ("lower", "upper")})
        rounded = outward(ends, "of", step)
        made[f"rate_{place}"] = nearest(table[f"rate_{place}"], step)
        made[f"lower_{place}"] = rounded["of_lower"].clip(lower=0)
        made[f"upper_{place}"] = rounded["of_upper"].clip(upper=1)
    first, second = made["rate_first"], made["rate_second"]
    made["difference"] = (first - second).round(9)
    made["ratio"] = (first / second).where(second > 0)
    wide = (made["ratio"] * step / np.minimum(first, second).where(lambda low: low > 0)).fillna(MORE[-1])
    grid = np.array([*STEPS, *MORE])
    made |= outward(table, "difference", step)
    made |= outward(table, "ratio", pd.Series(grid[np.searchsorted(grid[:-1], wide)], index=table.index))
    return pd.DataFrame(made)
