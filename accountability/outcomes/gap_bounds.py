"""Sensitivity of a gap between two groups to selection into a stage and to unrecorded confounders."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from accountability.outcomes.small_counts import few
from accountability.outcomes.stages import GROUPS, NAMED
from accountability.stats.arrays import Floats, Ints
from accountability.stats.decomposition import e_value, imbens_manski, trimmed, worst_case
from accountability.stats.row_draws import RowDraws

ASSUMING: Final = {
    "nothing, for all named": worst_case,
    "who gets there in the rarer group would in the other": trimmed,
}


def bounds(table: pd.DataFrame, flags: pd.DataFrame, group: Ints, draws: RowDraws, confidence: float) -> pd.DataFrame:
    """Return bounds of each stage's difference of rates, with intervals that add sampling error."""
    shown = [row for row in table.to_dict("records") if row["stage"] != NAMED and all(row[f"n_{p}"] for p in GROUPS)]
    parts = [np.ones(len(group), bool)]
    for row in shown:
        flag = flags[row["stage"]]
        parts += [flag.notna().to_numpy(bool), flag.eq(1).fillna(False).to_numpy(bool)]
    # All counts in one pass over the draws, which are many times as large.
    named, *counts = np.split(
        _added(draws, [part & (group == k) for part in parts for k in (0, 1)]), len(parts), axis=1
    )
    lines = []
    for row, units, hits in zip(shown, counts[::2], counts[1::2], strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            reached, rate = (
                np.where(under > 0, np.minimum(over / under, 1.0), np.nan)
                for over, under in ((units, named), (hits, units))
            )
        for words, of in ASSUMING.items():
            (low, *lows), (high, *highs) = (np.asarray(end) for end in of(reached, rate))
            ends = imbens_manski(low, high, _error(lows), _error(highs), confidence)
            lines.append((row["stage"], words, low, high, *ends))
    heads = ["stage", "assuming", "lower", "upper", "interval_lower", "interval_upper"]
    return pd.DataFrame(lines, columns=heads)


def _error(drawn: list[float]) -> float:
    known = np.array(drawn)[~np.isnan(drawn)]
    return float(known.std()) if len(known) else float("nan")


def _added(draws: RowDraws, parts: list[np.ndarray]) -> Floats:
    """Counts of both groups, as they are and in every bootstrap sample."""
    return np.maximum(draws.sums(np.stack(parts, axis=1).astype(float)), 0.0)


def sensitivity(table: pd.DataFrame) -> pd.DataFrame:
    """Return E-values of the stages' ratios."""
    lines = [
        (row["stage"], row["ratio"], *e_value(row["ratio"], row["ratio_lower"], row["ratio_upper"]))
        for row in table.to_dict("records")
        if row["ratio"] > 0
    ]
    return pd.DataFrame(lines, columns=["stage", "ratio", "e_value", "e_value_of_interval"])


def without_group(flags: pd.DataFrame, told: set[str], min_cell: int) -> tuple[pd.DataFrame, set[str], bool]:
    """Count units without a recorded group that reached and passed each stage, and say whether they are few."""
    counts = pd.DataFrame({"stage": list(flags), "n": flags.count().to_numpy(), "events": flags.sum().to_numpy(int)})
    few_here = [few(column, min_cell) for column in (counts["n"], counts["events"], counts["n"] - counts["events"])]
    return counts, told, bool(np.any(few_here))
