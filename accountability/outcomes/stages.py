"""The stages of a complaint against an officer, and which of them each unit reached and passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.moves import kinds_of
from accountability.outcomes.rounded_rates import step_of
from accountability.outcomes.small_counts import few
from accountability.remembered import remembered
from accountability.stats import intervals
from accountability.stats.arrays import Floats, Ints
from accountability.stats.clustered_rates import clustered_share, compared
from accountability.stats.row_draws import RowDraws
from accountability.stats.sandwich import among
from accountability.vocabulary import FINDINGS

STAGES: Final = {
    "investigated": "a finding on the merits, of all named in a complaint",
    "sustained": "sustained, of those with a finding on the merits",
    "penalty": "a penalty above none first on record, of the sustained",
    "kept": "not lighter, unserved or reversed at the last record, of those with a penalty",
}
STAGE_WORDS: Final = {
    "investigated": "investigated to a finding",
    "sustained": "upheld",
    "penalty": "given a penalty",
    "kept": "left with that penalty",
}
UNDECIDED: Final = ("pending", "not_recorded")
NAMED: Final = "named"
GROUPS: Final = ("first", "second")
COUNTS: Final = tuple(f"{what}_{place}" for place in GROUPS for what in ("named", "n", "events", "unresolved"))
LIMITS: Final = (
    *(f"{what}_{place}" for place in GROUPS for what in ("rate", "lower", "upper")),
    *(f"{what}{end}" for what in ("difference", "ratio") for end in ("", "_lower", "_upper")),
    "clusters",
    "effective_clusters",
    "df",
)


@remembered
def passed(rows: pd.DataFrame, ladder: Ladder | None = None) -> pd.DataFrame:
    """Return for each unit and stage whether it passed (1), did not (0), or is not known to have (missing).

    A unit that is not known to have passed a stage is missing at all later stages. The first penalty is the recommended
    one, or the imposed one if none was recommended. Pending and unrecorded outcomes are missing, not 0; an officer who
    left before a penalty has none.

    Parameters
    ----------
    rows : DataFrame
        Units with ``finding`` and, as far as held, ``recommended_penalty``, ``imposed_penalty`` and their days.
    ladder : Ladder, optional

    Returns
    -------
    DataFrame of Int8
        One column per stage the source holds.

    Raises
    ------
    Refusal
        If there is no finding.
    """
    if "finding" not in rows:
        raise Refusal("without findings no stage after the complaint can be seen")
    order = ladder or Ladder()
    finding = rows["finding"]
    merits = [term for term in FINDINGS if term not in ("pending", "closed_without_finding")]
    out = {
        "investigated": _said(finding.isin(merits), finding.isna() | finding.eq("pending")),
        "sustained": _said(finding.eq("sustained"), finding.isna()),
    }
    kinds = [kind for kind in ("recommended", "imposed") if f"{kind}_penalty" in rows]
    if kinds:
        first = rows[f"{kinds[0]}_penalty"]
        if len(kinds) == 2:
            first = first.where(first.notna() & ~first.isin(UNDECIDED), rows["imposed_penalty"])
        unsaid = first.isna() | first.isin(UNDECIDED)
        out["penalty"] = _said(~first.isin(["none", "left_before_penalty"]), unsaid)
    if len(kinds) == 2:
        before, after = rows["recommended_penalty"], rows["imposed_penalty"]
        unsaid = before.isna() | after.isna() | before.isin(UNDECIDED) | after.isin(UNDECIDED)
        move = pd.Series(pd.NA, index=rows.index, dtype="str")
        told = rows.loc[~unsaid]
        move[~unsaid] = kinds_of(told, order)
        out["kept"] = _said(move.isin(["kept", "raised", "same_rung_days_unknown", "joined_the_ladder"]), unsaid)
    table = pd.DataFrame(out, index=rows.index)
    alive = pd.Series(True, index=rows.index)
    for name in table:
        table[name] = table[name].where(alive)
        alive &= table[name].eq(1).fillna(False)
    return table


def _said(yes: pd.Series, unsaid: pd.Series) -> pd.Series:
    return yes.fillna(False).astype("Int8").mask(unsaid.fillna(True).astype(bool))


# ---- both groups' rates at every stage ---------------------------------------------------------------------------


def stage_table(
    rows: pd.DataFrame,
    ways: Mapping[str, Ints],
    flags: pd.DataFrame,
    group: Ints,
    names: tuple[str, str],
    officers: Mapping[str, float] | None,
    confidence: float,
) -> pd.DataFrame:
    """Return counts, rates and comparisons of both groups, one row per stage."""
    lines: list[dict[str, Any]] = []
    if officers:
        lines.append(_named_line(rows, group, names, officers, confidence))
    before = np.ones(len(rows), dtype=bool)
    for stage in flags:
        decided = flags[stage].notna().to_numpy(dtype=bool)
        hit = flags[stage].eq(1).fillna(False).to_numpy(dtype=bool)
        line: dict[str, Any] = {"stage": stage, "what": STAGES[str(stage)]}
        here = before & decided
        for number, place in enumerate(GROUPS):
            mine = group == number
            line |= {
                f"named_{place}": int(mine.sum()),
                f"n_{place}": int((mine & here).sum()),
                f"events_{place}": int((mine & here & hit).sum()),
                f"unresolved_{place}": int((mine & before & ~decided).sum()),
            }
        if line["n_first"] and line["n_second"]:
            found = compared(hit[here], group[here], among(ways, here), confidence)
            for place, share in zip(GROUPS, (found.first, found.second), strict=True):
                line |= {f"rate_{place}": share.share, f"lower_{place}": share.lower, f"upper_{place}": share.upper}
            line |= {name: getattr(found, name) for name in (*LIMITS[6:], *(["repaired"] if found.repaired else []))}
        else:
            for number, place in enumerate(GROUPS):
                inside = here & (group == number)
                if inside.any():
                    share = clustered_share(hit[inside], among(ways, inside), confidence)
                    line |= {f"rate_{place}": share.share, f"lower_{place}": share.lower, f"upper_{place}": share.upper}
        lines.append(line)
        before &= hit
    made = pd.DataFrame(lines)
    return made.reindex(columns=["stage", "what", *COUNTS, *LIMITS, *(["repaired"] if "repaired" in made else [])])


def _named_line(
    rows: pd.DataFrame, group: Ints, names: tuple[str, str], officers: Mapping[str, float], confidence: float
) -> dict[str, Any]:
    line: dict[str, Any] = {"stage": NAMED, "what": "complaints that name an officer, for each officer on the roster"}
    reach, errors = intervals.z_critical(confidence), []
    for number, (place, name) in enumerate(zip(GROUPS, names, strict=True)):
        if name not in officers or not officers[name] > 0:
            raise ParameterError(f"officers must give a number above zero for {name!r}; found {dict(officers)}")
        mine = group == number
        totals = rows.loc[mine].groupby("officer_id")["case_id"].size() if "officer_id" in rows else pd.Series([0])
        rate = mine.sum() / officers[name]
        # officers without a complaint are on the roster with none
        variance = (float((totals**2).sum()) - mine.sum() ** 2 / officers[name]) / officers[name] ** 2
        spread = float(np.sqrt(max(variance, 0.0)))
        line |= dict.fromkeys((f"named_{place}", f"n_{place}", f"events_{place}"), int(mine.sum()))
        line |= {f"unresolved_{place}": 0, f"rate_{place}": rate}
        line |= {f"lower_{place}": max(rate - reach * spread, 0.0), f"upper_{place}": rate + reach * spread}
        errors.append((spread, spread / rate))
    wide, log_wide = np.sqrt((np.array(errors) ** 2).sum(axis=0)) * reach
    return line | _limits(line, float(wide), float(log_wide))


def _limits(line: Mapping[str, Any], wide: float, log_wide: float) -> dict[str, float]:
    """Difference and ratio of two rates with their limits."""
    gap, ratio = line["rate_first"] - line["rate_second"], line["rate_first"] / line["rate_second"]
    out = {"difference": gap, "difference_lower": gap - wide, "difference_upper": gap + wide, "ratio": ratio}
    return out | {"ratio_lower": ratio * np.exp(-log_wide), "ratio_upper": ratio * np.exp(log_wide)}


def resampled_rates(
    flags: pd.DataFrame, group: Ints, draws: RowDraws, officers: Mapping[str, float] | None, names: tuple[str, str]
) -> tuple[Floats, Floats]:
    """Return rates by group and stage, and the same in every bootstrap sample."""
    tops, bottoms = [], []
    for number in (0, 1):
        mine = (group == number).astype(float)
        if officers:
            tops.append(mine)
            bottoms.append(np.full(len(mine), officers[names[number]] / len(mine)))
        for stage in flags:
            tops.append(mine * flags[stage].eq(1).fillna(False).to_numpy(dtype=float))
            bottoms.append(mine * flags[stage].notna().to_numpy(dtype=float))
    over, under = np.split(np.maximum(draws.sums(np.stack(tops + bottoms, axis=1)), 0.0), 2, axis=1)
    if officers:  # how many are on the roster is not drawn
        under[:, [0, len(tops) // 2]] = under[0, [0, len(tops) // 2]]
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.where(under > 0, over / under, np.nan).reshape(len(over), 2, -1)
    if not officers:
        rates = np.minimum(rates, 1.0)
    return rates[0], rates[1:]


def small_stages(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Return which stages have small counts, and the rounding of other stages from which a count could be derived.

    The number undecided at a stage follows from the number that passed the stage before, or from all named where these
    are shown. Small counts of a stage follow from the number that reaches the next. So from such a stage on no counts
    are shown, and rates are rounded.

    Returns
    -------
    DataFrame
        ``hidden`` and ``rounded_to``, missing where nothing is rounded.
    """
    hidden, waiting = (pd.Series(False, index=table.index) for _ in range(2))
    for place in GROUPS:
        waiting |= few(table[f"unresolved_{place}"], min_cell) & (table.index > 0)
        failed = table[f"n_{place}"] - table[f"events_{place}"]
        for number in (table[f"n_{place}"], table[f"events_{place}"], failed):
            hidden |= few(number, min_cell)
    after = (hidden | waiting).cummax()
    step = step_of(table[["n_first", "n_second"]].min(axis=1), min_cell).where(after & ~hidden)
    return pd.DataFrame({"hidden": hidden | (after & step.isna()), "rounded_to": step})
