"""Two groups at the same mix of covariates: what they hold in common first, then the split of their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.stages import kitagawa
from accountability.stats.arrays import Floats, Ints
from accountability.stats.compress import tally


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Overlap, balance and split of two groups; see :class:`accountability.outcomes.gap.StageGap`."""

    overlap: pd.DataFrame
    balance: pd.DataFrame
    mix: pd.DataFrame

    @classmethod
    def nothing(cls) -> Mixture:
        """No covariates."""
        return cls(
            pd.DataFrame(columns=["stage", "group", "units", "in_common"]),
            pd.DataFrame(columns=["column", "level", "share_first", "share_second", "difference"]),
            pd.DataFrame(
                columns=["stage", "difference", "mixed_differently", "at_the_same_mix", "outside", "withheld"]
            ),
        )


def mixture(
    rows: pd.DataFrame,
    flags: pd.DataFrame,
    group: Ints,
    given: tuple[str, ...],
    weights: Floats,
    clusters: Ints,
    least: float,
    level: float,
) -> Mixture:
    """Overlap, balance, and Kitagawa's split of every stage's difference.

    Raises
    ------
    ParameterError
        If ``least`` is not a share.
    """
    if not 0 < least <= 1:
        raise ParameterError(f"least_overlap must be above 0 and at most 1, found {least}")
    if not given:
        return Mixture.nothing()
    cell = np.asarray(rows.groupby(list(given), sort=False).ngroup(), dtype=np.int64)
    cells, ones = int(cell.max()) + 1, np.ones(len(rows))
    overlap, lines = [], []
    names = ("first", "second")
    for stage in flags:
        decided = flags[stage].notna().to_numpy(dtype=bool)
        hit = np.asarray(flags[stage].eq(1).fillna(False), dtype=np.float64)
        units = np.stack([tally(cell, ((group == k) & decided).astype(float), cells) for k in (0, 1)])
        hits = np.stack([tally(cell, ((group == k) & decided) * hit, cells) for k in (0, 1)])
        common = np.asarray((units > 0).all(axis=0))
        totals = units.sum(axis=1)
        if not totals.all():
            continue
        shared = units[:, common].sum(axis=1) / totals
        overlap += [(stage, names[k], int(totals[k]), float(shared[k])) for k in (0, 1)]
        gap = float(hits[0].sum() / totals[0] - hits[1].sum() / totals[1])
        line: dict[str, Any] = {"stage": stage, "difference": gap, "withheld": ""}
        if shared.min() < least:
            line["withheld"] = (
                f"only {shared.min():.0%} of a group has its like in the other; {least:.0%} are asked for"
            )
            lines.append(line)
            continue
        mixed, same = _split(units[:, common], hits[:, common])
        key = np.where(group == 0, 0, int(common.sum())) + (np.cumsum(common) - 1)[cell]
        kept = decided & common[cell]
        shape = (len(weights), 2, int(common.sum()))
        _, drawn = _split(
            *(_resampled(weights, clusters[kept], key[kept], values[kept], shape) for values in (ones, hit))
        )
        low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        line |= {"mixed_differently": float(mixed), "at_the_same_mix": float(same), "low": low, "high": high}
        rest = gap - float(mixed) - float(same)
        # what is left where every cell is common is rounding
        lines.append(line | {"outside": rest if abs(rest) > 1e-12 else 0.0})
    heads = ["stage", "difference", "mixed_differently", "at_the_same_mix", "low", "high", "outside", "withheld"]
    return Mixture(
        pd.DataFrame(overlap, columns=["stage", "group", "units", "in_common"]).astype({"units": "int64"}),
        _balance(rows, group, given),
        pd.DataFrame(lines).reindex(columns=heads),
    )


def _resampled(weights: Floats, clusters: Ints, key: Ints, values: Floats, shape: tuple[int, int, int]) -> Floats:
    """Values added up by cell in every bootstrap sample."""
    from scipy.sparse import coo_array

    size = (weights.shape[1], shape[1] * shape[2])
    made = coo_array((values, (clusters, key)), shape=size).tocsr()
    return np.asarray((made.T @ weights.T).T).reshape(shape)


def _split(units: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Kitagawa's split; a cell that a bootstrap sample leaves empty in one group takes the other group's rate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = hits / units
        shares = units / units.sum(axis=-1, keepdims=True)
    other = rates[..., ::-1, :]
    rates = np.where(np.isnan(rates), np.where(np.isnan(other), 0.0, other), rates)
    return kitagawa(shares, rates)


def _balance(rows: pd.DataFrame, group: Ints, given: tuple[str, ...]) -> pd.DataFrame:
    parts = []
    for name in given:
        shares = [rows.loc[group == k, name].value_counts(normalize=True) for k in (0, 1)]
        both = pd.concat(shares, axis=1, keys=["share_first", "share_second"]).fillna(0.0).sort_index()
        parts.append(both.rename_axis("level").reset_index().assign(column=name))
    table = pd.concat(parts, ignore_index=True)
    table["difference"] = table["share_first"] - table["share_second"]
    return table[["column", "level", "share_first", "share_second", "difference"]]
