"""Cells as a journal prints them: labels, an estimate and its interval in one, marks for what is hidden."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability import labels

HIDDEN: Final = "‡"
ABSENT: Final = "–"
#: Heading of the least and most that a number can be, and what that is.
LEAST_TO_MOST: Final = "least to most"
LEAST_SAID: Final = f"{LEAST_TO_MOST}: the cases whose end is not known taken to end as early or as late as they can."
HIDDEN_SAID: Final = f"{HIDDEN} not shown: fewer than ten, or it would give such a number away."
#: A normal interval of 95 % is so many standard errors wide.
_WIDE: Final = 3.92
#: P-values below are written as a bound.
_SMALL: Final = 0.001


def decimals(error: float) -> int:
    """Return the decimals that show two figures of the standard error: 0 to 4; 2 without one."""
    return 2 if not error > 0 or math.isinf(error) else min(max(1 - math.floor(math.log10(error)), 0), 4)


def with_interval(estimate: float, lower: float, upper: float, error: float, digits: int | None = None) -> str:
    """Return estimate and interval in one cell, digits by the standard error: ``1.24 (1.02 to 1.51)``."""
    if math.isnan(estimate):
        return HIDDEN
    digits = decimals(error) if digits is None else digits
    ends = "no interval" if math.isnan(lower) or math.isnan(upper) else f"{lower:,.{digits}f} to {upper:,.{digits}f}"
    return f"{estimate:,.{digits}f} ({ends})"


def latex(table: pd.DataFrame, options: Mapping[str, Any]) -> str:
    """Return a table for print as LaTeX; a mark is explained below it."""
    cells, form = for_print(table)
    settings: dict[str, Any] = {"index": False, "escape": True, "column_format": form, **options}
    text: str = cells.to_latex(**settings)
    for mark, said in ((HIDDEN, HIDDEN_SAID), (LEAST_TO_MOST, LEAST_SAID)):
        text += f"\\par\\footnotesize {said}\n" if mark in text else ""
    return text.replace(HIDDEN, r"\ddag{}").replace(ABSENT, "--")


def for_print(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return a table's cells as text under labels, and the alignment of its columns for LaTeX.

    An estimate (ratio, margin ...) stands with its limits in one column, without its standard error; the least and the
    most that it can be share another; ``hidden`` becomes a mark.
    """
    hidden = table["hidden"].fillna(False).astype(bool) if "hidden" in table else pd.Series(False, table.index)
    limits = {name: _limits(name) for name in table if set(_limits(name)) <= set(table)}
    extremes = {f"{name}_lower": name for name in _extremes(table)}
    left_out = {"hidden", "reads", "std_error", *(end for ends in limits.values() for end in ends)}
    left_out |= {f"{name}_upper" for name in extremes.values()}
    made, form = {}, ""
    for name in [str(name) for name in table if name not in left_out]:
        values = table[name]
        number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        between = limits.get(name)
        if name in extremes:
            cells = _between(table, extremes[name])
        else:
            cells = [_cell(value, name) for value in values] if between is None else _intervals(table, name, *between)
        shut = hidden.to_numpy() & number & values.isna().to_numpy()
        cells = [HIDDEN if one else cell for one, cell in zip(shut, cells, strict=True)]
        made[_heading(name, between, extremes.get(name))] = cells
        form += "r" if number else "l"
    return pd.DataFrame(made, index=table.index), form


def _limits(name: Any) -> tuple[str, str]:
    return ("lower", "upper") if name == "estimate" else (f"{name}_lower", f"{name}_upper")


def _extremes(table: pd.DataFrame) -> list[str]:
    """The stems of the least and most of a number: ``extreme``, or ``median_extreme``."""
    ends = [str(name) for name in table]
    stems = [name.removesuffix("_lower") for name in ends if name.endswith("extreme_lower")]
    return [stem for stem in stems if f"{stem}_upper" in ends]


def _heading(name: str, between: tuple[str, str] | None, extreme: str | None) -> str:
    if extreme is None:
        return labels.label(name) + (" (interval)" if between else "")
    of = extreme.removesuffix("extreme").rstrip("_")
    return f"{labels.label(of)}, {LEAST_TO_MOST}" if of else LEAST_TO_MOST


def _between(table: pd.DataFrame, stem: str) -> list[str]:
    """The least and the most in one cell, with the digits of the estimate that they belong to."""
    of = stem.removesuffix("extreme").rstrip("_") or "estimate"
    names = [f"{stem}_lower", f"{stem}_upper", *(end for end in _limits(of) if end in table)]
    low, high, *ends = (table[one].astype("float64").to_numpy(na_value=float("nan")) for one in names)
    whole = all(value != value or float(value).is_integer() for part in (low, high) for value in part)
    errors = (ends[1] - ends[0]) / _WIDE if len(ends) == 2 else np.full(len(table), float("nan"))
    made = []
    for least, most, error in zip(low, high, errors, strict=True):
        digits = 0 if whole else decimals(float(error)) if error == error else None
        said = [_cell(one, of) if digits is None or one != one else f"{one:,.{digits}f}" for one in (least, most)]
        made.append(said[0] if said[0] == said[1] else " to ".join(said))
    return made


def _intervals(table: pd.DataFrame, name: str, low: str, high: str) -> list[str]:
    parts = [table[one].astype("float64").to_numpy(na_value=float("nan")) for one in (name, low, high)]
    whole = all(value != value or float(value).is_integer() for part in parts for value in part)
    errors = table["std_error"] if name == "estimate" and "std_error" in table else (parts[2] - parts[1]) / _WIDE
    return [
        ABSENT if estimate != estimate else with_interval(estimate, lower, upper, float(error), 0 if whole else None)
        for estimate, lower, upper, error in zip(*parts, errors, strict=True)
    ]


def _cell(value: Any, name: str) -> str:
    """A cell for a reader: a label, a number with four figures, a small p-value as a bound."""
    if pd.isna(value):
        return ABSENT
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.integer | np.floating):
        return labels.in_words(str(value))
    value = float(value)
    if name.endswith("p_value"):
        return "< 0.001" if value < _SMALL else f"{value:.3f}"
    if value.is_integer():
        return f"{value:.0f}" if "year" in name or "decade" in name else f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
