"""Both groups' rates at every stage, with what keeps small counts from showing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.stages import STAGES
from accountability.stats import intervals
from accountability.stats.arrays import Floats, Ints
from accountability.stats.compress import tally
from accountability.stats.intervals import z_critical
from accountability.stats.sandwich import clusters_of

NAMED: Final = "named"
DRAWS: Final = 400


def settle(flags: pd.DataFrame, group: Ints, min_cell: int) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Count a few undecided at a stage as not passing it, for leaving them out would publish their number.

    Returns
    -------
    flags, few
        The stages so settled, and the ``(stage, group)`` where that was done.
    """
    out, settled = flags.copy(), []
    alive = np.ones(len(out), dtype=bool)
    for stage in out:
        waiting = out[stage].isna().to_numpy(dtype=bool) & alive
        for number in (0, 1):
            few = waiting & (group == number)
            if 0 < few.sum() < min_cell:
                out[stage] = out[stage].mask(few, 0)
                settled.append((str(stage), ("first", "second")[number]))
        alive &= out[stage].eq(1).fillna(False).to_numpy(dtype=bool)
    return out, settled


def draws(clusters: Ints, seed: int) -> Floats:
    """How often each officer is drawn in each bootstrap sample."""
    groups = int(clusters.max()) + 1
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), DRAWS).astype(float)


def stage_table(
    rows: pd.DataFrame,
    flags: pd.DataFrame,
    group: Ints,
    names: tuple[str, str],
    officers: Mapping[str, float] | None,
    level: float,
) -> pd.DataFrame:
    """Counts, rates and comparisons of both groups, one row a stage."""
    who = rows.get("officer_id")
    reach = z_critical(level)
    lines: list[dict[str, Any]] = []
    if officers:
        lines.append(_named_line(rows, group, names, officers, reach))
    before = np.ones(len(rows), dtype=bool)
    for stage in flags:
        decided = flags[stage].notna().to_numpy(dtype=bool)
        hit = flags[stage].eq(1).fillna(False).to_numpy(dtype=bool)
        line: dict[str, Any] = {"stage": stage, "what": STAGES[str(stage)]}
        influence = np.zeros(len(rows))
        for place, number in (("first", 0), ("second", 1)):
            mine = (group == number) & before
            here = mine & decided
            line |= {
                f"named_{place}": int((group == number).sum()),
                f"unresolved_{place}": int((mine & ~decided).sum()),
            }
            line |= {f"reached_{place}": int(here.sum()), f"passed_{place}": int((here & hit).sum())}
            if not here.any():
                line |= dict.fromkeys((f"rate_{place}", f"low_{place}", f"high_{place}"), np.nan)
                continue
            s = intervals.clustered_share(hit[here], None if who is None else who.loc[here], level)
            line |= {f"rate_{place}": s.share, f"low_{place}": s.lower, f"high_{place}": s.upper}
            influence[here] = (1 - 2 * number) * (hit[here] - s.share) / here.sum()
        lines.append(line | _apart(line, influence, group, clusters_of(rows.get("officer_id"), len(rows)), reach))
        before &= hit
    return pd.DataFrame(lines)


def _named_line(
    rows: pd.DataFrame, group: Ints, names: tuple[str, str], officers: Mapping[str, float], reach: float
) -> dict[str, Any]:
    line: dict[str, Any] = {"stage": NAMED, "what": "complaints that name an officer, for each officer on the roster"}
    for place, number, name in (("first", 0, names[0]), ("second", 1, names[1])):
        if name not in officers or not officers[name] > 0:
            raise ParameterError(f"officers must give a number above zero for {name!r}; found {dict(officers)}")
        mine = group == number
        totals = rows.loc[mine].groupby("officer_id")["case_id"].size() if "officer_id" in rows else pd.Series([0])
        rate = mine.sum() / officers[names[number]]
        # officers without a complaint are on the roster with none
        variance = (float((totals**2).sum()) - mine.sum() ** 2 / officers[name]) / officers[name] ** 2
        spread = float(np.sqrt(max(variance, 0.0)))
        line |= {f"named_{place}": int(mine.sum()), f"unresolved_{place}": 0, f"reached_{place}": int(mine.sum())}
        line |= {f"passed_{place}": int(mine.sum()), f"rate_{place}": rate}
        line |= {f"low_{place}": max(rate - reach * spread, 0.0), f"high_{place}": rate + reach * spread}
        line[f"spread_{place}"] = spread
    gap, ratio = line["rate_first"] - line["rate_second"], line["rate_first"] / line["rate_second"]
    wide = reach * float(np.hypot(line.pop("spread_first"), line.pop("spread_second")))
    parts = [(line[f"high_{p}"] - line[f"rate_{p}"]) / line[f"rate_{p}"] for p in ("first", "second")]
    log_wide = float(np.hypot(*parts))
    line |= {"difference": gap, "difference_low": gap - wide, "difference_high": gap + wide, "ratio": ratio}
    return line | {"ratio_low": ratio * np.exp(-log_wide), "ratio_high": ratio * np.exp(log_wide)}


def _apart(line: Mapping[str, Any], influence: Floats, group: Ints, clusters: Ints, reach: float) -> dict[str, float]:
    """Difference and ratio of two rates, with officer-clustered errors."""
    names = ("difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high")
    if np.isnan(line["rate_first"]) or np.isnan(line["rate_second"]):
        return dict.fromkeys(names, np.nan)
    groups = int(clusters.max()) + 1
    scale = groups / (groups - 1) if groups > 1 else np.nan
    gap = line["rate_first"] - line["rate_second"]
    wide = reach * float(np.sqrt(scale * (tally(clusters, influence, groups) ** 2).sum()))
    out = dict(zip(names, (gap, gap - wide, gap + wide, np.nan, np.nan, np.nan), strict=True))
    if line["passed_first"] and line["passed_second"]:
        ratio = line["rate_first"] / line["rate_second"]
        logs = influence / np.where(group == 0, line["rate_first"], line["rate_second"])
        log_wide = reach * float(np.sqrt(scale * (tally(clusters, logs, groups) ** 2).sum()))
        out |= {"ratio": ratio, "ratio_low": ratio * np.exp(-log_wide), "ratio_high": ratio * np.exp(log_wide)}
    return out


def rates(
    flags: pd.DataFrame,
    group: Ints,
    clusters: Ints,
    weights: Floats,
    officers: Mapping[str, float] | None,
    names: tuple[str, str],
) -> tuple[Floats, Floats]:
    """Rates by group and stage, and the same in every bootstrap sample."""
    groups = weights.shape[1]
    counts = []
    for number in (0, 1):
        mine = (group == number).astype(float)
        if officers:
            total = tally(clusters, mine, groups)
            counts.append((total, np.full(groups, officers[names[number]] / groups)))
        for stage in flags:
            decided = flags[stage].notna().to_numpy(dtype=float)
            hit = flags[stage].eq(1).fillna(False).to_numpy(dtype=float)
            counts.append((tally(clusters, mine * hit, groups), tally(clusters, mine * decided, groups)))
    tops, bottoms = (np.stack([pair[k] for pair in counts], axis=1) for k in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        here = tops.sum(axis=0) / bottoms.sum(axis=0)
        drawn = (weights @ tops) / (weights @ bottoms)
    return here.reshape(2, -1), drawn.reshape(len(drawn), 2, -1)


def first_small(table: pd.DataFrame, min_cell: int) -> pd.Series:
    """Every stage from the first with a small count on: later counts would give an earlier one away."""
    small = pd.Series(False, index=table.index)
    for place in ("first", "second"):
        failed = table[f"reached_{place}"] - table[f"passed_{place}"]
        for number in (table[f"reached_{place}"], table[f"passed_{place}"], failed, table[f"unresolved_{place}"]):
            small |= number.gt(0) & number.lt(min_cell)
    return small.cummax()
