"""Sensitivity of outcomes to undecided units and to units without a recorded group."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.labels import label
from accountability.outcomes.distribution import OutcomeDistribution
from accountability.outcomes.gap import StageGap
from accountability.outcomes.reductions import PenaltyReductions
from accountability.outcomes.slow_cases import SlowCases
from accountability.outcomes.stages import GROUPS, STAGE_WORDS
from accountability.privacy import MIN_CELL
from accountability.results import Refused, percent
from accountability.sensitivity.turning import Tipping, row, tipping, turns

SHARES: Final = tuple((np.arange(101) / 100).tolist())
_STANDS: Final = "the claim stands inside the interval of the estimate"


def if_outcomes_differ(found: OutcomeDistribution | PenaltyReductions | StageGap | SlowCases) -> Tipping:
    """Estimate the values of unknown outcomes at which a share, or a gap between two groups, changes.

    One unknown varies at a time: the share of the undecided (pending or not recorded; for a gap, all that may yet reach
    the stage) with the outcome, from none to all; and, for a gap, the share of units without a recorded group that
    passed a stage and belong to the first group.

    Parameters
    ----------
    found : OutcomeDistribution, PenaltyReductions, StageGap or SlowCases
        What :func:`accountability.outcomes.outcome_distribution`, :func:`accountability.outcomes.penalty_reductions`,
        :func:`accountability.outcomes.decompose_gap` or :func:`accountability.outcomes.delay_and_penalty` returned.

    Returns
    -------
    Tipping
        The claims: a share is inside its interval; two groups (or the first and last landmark) differ significantly, or
        do not. No rows if nothing is unknown; rows of few units are hidden.

    Raises
    ------
    ParameterError
        For any other result.
    Refusal
        If the result was refused, for the same reason.

    Notes
    -----
    The tipping-point analysis of missing binary outcomes (Yan, Lee and Li, Journal of Biopharmaceutical Statistics 19,
    2009), one group at a time. The interval of a ratio keeps its width on the log scale.

    Examples
    --------
    >>> import accountability
    >>> from accountability import outcomes, sensitivity
    >>> shares = outcomes.outcome_distribution(accountability.load("synthetic"))
    >>> sensitivity.if_outcomes_differ(shares).table[["claim", "n", "turns_at_least"]].values.tolist()[0]
    ['share upheld', 462, 0.29]
    """
    if isinstance(found, Refused):
        raise Refusal(found.because)
    if isinstance(found, StageGap):
        lines, varied = _of_gap(found), "interval of the ratio of the same width on the log scale"
    elif isinstance(found, OutcomeDistribution):
        lines, varied = _of_shares(found), _STANDS
    elif isinstance(found, PenaltyReductions):
        lines, varied = _of_reductions(found), _STANDS
    elif isinstance(found, SlowCases):
        lines, varied = _of_landmarks(found), "of the open cases as many are upheld as of those that closed"
    else:
        raise ParameterError(
            "if_outcomes_differ takes what outcome_distribution, penalty_reductions, decompose_gap or "
            f"delay_and_penalty gave, found {type(found).__name__}; write:\n"
            "    sensitivity.if_outcomes_differ(outcomes.outcome_distribution(data))"
        )
    return tipping(
        [line for line in lines if line["n"]],
        estimand=f"how what is not known would have to be for the finding to turn: {found.estimand}",
        assumptions=("one thing that is not known is varied at a time; the rest is as estimated",),
        method=f"every share of the unknown from none to all; {varied}",
        flow=found.flow,
    )


def _shares(claim: str, unknown: str, ends: str, waiting: int, part: pd.Series, hidden: bool) -> dict[str, Any]:
    """A row for a share of which some are undecided: `part` has its ``n``, ``events`` and limits."""
    n, events, lower, upper = (float(part[name]) for name in ("n", "events", "lower", "upper"))
    limits = (-np.inf if np.isnan(lower) else lower, np.inf if np.isnan(upper) else upper)
    least, most, below, above = turns(lambda share: (events + share * waiting) / (n + waiting), SHARES, *limits)
    said = _sides(below, above)
    span = f"{percent(lower, 1)} to {percent(upper, 1)}"
    turned = f"leaves {span} if {said} of them {ends}" if said else f"stays within {span} even so"
    return row(
        claim=claim, unknown=unknown, n=waiting, assumed=f"share of them that {ends}", estimate=events / n,
        lower=lower, upper=upper, least=least, most=most, turns_at_most=below, turns_at_least=above, hidden=hidden,
        reads=f"{waiting:,} {unknown}: if none or all of them {ends}, the {claim} is {percent(least, 1)} to "
        f"{percent(most, 1)}; it {turned}.",
    )  # fmt: skip


def _sides(below: float, above: float) -> str:
    said = [] if np.isnan(below) else [f"at most {percent(below)}" if below else "none"]
    return " or ".join([*said, *([] if np.isnan(above) else [f"at least {percent(above)}" if above < 1 else "all"])])


def _of_shares(found: OutcomeDistribution) -> list[dict[str, Any]]:
    table, apart = found.true_numbers(), found.true_numbers("apart")
    lines, shown = [], found.apart
    kinds = {"finding": ("pending", "finding_not_recorded"), "penalty": ("penalty_pending", "penalty_not_recorded")}
    for number, (_, waits) in enumerate(apart.iterrows()):
        own = table
        for name in found.by:
            own = own[own[name] == waits[name]]
        whose = f" ({', '.join(str(waits[name]) for name in found.by)})" if found.by else ""
        for kind, names in kinds.items():
            part = own[(own["part"] == kind) & (own["n"] > 0)]
            part = part[part["term"] == "sustained"] if kind == "finding" else part[~part["ambiguous"].astype(bool)]
            chosen = kind == "finding" and bool(found.no_share)
            if part.empty or chosen or not set(names) <= set(apart) or (kind == "penalty" and number):
                continue
            top = part.sort_values("events", ascending=False, kind="stable").iloc[0]
            waiting = int(sum(0 if pd.isna(waits[name]) else int(waits[name]) for name in names))
            ends = "are upheld" if kind == "finding" else f"end with {str(top['term']).replace('_', ' ')}"
            what = "without a decision" if kind == "finding" else "upheld without a decided penalty"
            claim = (
                "share upheld"
                if kind == "finding"
                else f"share with {str(top['term']).replace('_', ' ')} of the upheld"
            )
            hidden = bool(top["hidden"]) or pd.isna(top["lower"]) or bool(shown.iloc[number][[*names]].isna().any())
            lines.append(_shares(f"{claim}{whose}", what, ends, waiting, top, hidden))
    return lines


def _of_reductions(found: PenaltyReductions) -> list[dict[str, Any]]:
    whole = found.true_numbers().query("end == 'lighter'").iloc[0]
    hidden = bool(found.table["hidden"].iloc[0]) or 0 < found.waiting < found.min_cell
    return [
        _shares("share that ended lighter", "recommended and undecided", "end lighter", found.waiting, whole, hidden)
    ]


def _of_landmarks(found: SlowCases) -> list[dict[str, Any]]:
    """Whether cases open at the last landmark end otherwise than those open at the first."""
    marks = found.true_numbers().query("view == 'landmark'").dropna(subset="lower")
    if len(marks) < 2 or bool(marks["hidden"].any()):
        return []
    first, last = marks.iloc[0], marks.iloc[-1]
    waiting, size = found.still_open, int(last["light"] + last["heavy"])
    like = waiting * size / max(int(last["n"]) - waiting, 1)
    down, up = last["estimate"] - last["lower"], last["upper"] - last["estimate"]
    limits, apart = (first["lower"] - up, first["upper"] + down), True
    if last["lower"] > first["upper"]:
        limits = (limits[1], np.inf)
    elif last["upper"] < first["lower"]:
        limits = (-np.inf, limits[0])
    else:
        apart = False
    rest = float(last["estimate"])
    least, most, below, above = turns(lambda share: (rest * size + share * like) / (size + like), SHARES, *limits)
    worse, said = found.worse, _sides(below, above)
    whole = "decided" if found.heavier == "sustained" else "upheld"
    against = f"beyond chance of that {first['at']}"
    turned = f"{'is no longer' if apart else 'goes'} {against} if {said} of those {whole} end so"
    stays = f"stays {'' if apart else 'not '}{against} even so"
    return [
        row(
            claim=f"share with {worse}, {last['at']}", unknown="still open", n=waiting,
            assumed=f"share of the {whole} among them that ends with {worse}", estimate=rest, lower=limits[0],
            upper=limits[1], least=least, most=most, turns_at_most=below, turns_at_least=above,
            hidden=0 < waiting < MIN_CELL,
            reads=f"{waiting:,} still open: if none or all of those {whole} among them end with {worse}, the share "
            f"{last['at']} is {percent(least, 1)} to {percent(most, 1)}; it {turned if said else stays}.",
        )
    ]  # fmt: skip


def _of_gap(found: StageGap) -> list[dict[str, Any]]:
    lines, undecided = [], [0, 0]
    unrecorded = found.true_numbers("unrecorded").set_index("stage")
    for part in found.true_numbers().to_dict("records"):
        # Those undecided earlier may come so far too.
        undecided = [number + int(part[f"unresolved_{place}"]) for number, place in zip(undecided, GROUPS, strict=True)]
        if (
            any(pd.isna(part[name]) for name in ("ratio", "ratio_lower", "ratio_upper"))
            or part["stage"] not in unrecorded.index
        ):
            continue
        shut = bool(part["hidden"]) or pd.notna(part["rounded_to"])
        passed = [float(part[f"events_{place}"]) for place in GROUPS]
        failed = [float(part[f"n_{place}"]) - top for place, top in zip(GROUPS, passed, strict=True)]
        for number, name in enumerate((found.first, found.second)):
            at = partial(_decided, passed, failed, number, undecided[number])
            ends = "if none or all of them pass"
            lines.append(
                _gap_row(found, part, undecided[number], f"undecided of {label(name)}", ends, "of them pass", at, shut)
            )
        total, tops = (int(unrecorded.loc[part["stage"], name]) for name in ("n", "events"))
        ends = f"if none or all of their {tops:,} that pass are of {label(found.first)}"
        few = any(0 < count < found.min_cell for count in (total, tops, total - tops))
        at, what = (
            partial(_placed, passed, failed, tops, total - tops),
            f"with no {found.by.replace('_', ' ')} on record",
        )
        lines.append(_gap_row(found, part, total, what, ends, f"of those are of {label(found.first)}", at, shut or few))
    return lines


def _decided(passed: list[float], failed: list[float], number: int, waiting: int, share: float) -> float:
    """The ratio of two rates, had a share of one group's undecided passed."""
    more = [waiting * (place == number) for place in (0, 1)]
    return _ratio([k + share * u for k, u in zip(passed, more, strict=True)],
                  [f + (1 - share) * u for f, u in zip(failed, more, strict=True)])  # fmt: skip


def _placed(passed: list[float], failed: list[float], tops: int, rest: int, share: float) -> float:
    """The ratio, had a share of those without a group who passed been of the first; the others as those on record."""
    alike = failed[0] / sum(failed) if sum(failed) else 0.5
    return _ratio([passed[0] + share * tops, passed[1] + (1 - share) * tops],
                  [failed[0] + alike * rest, failed[1] + (1 - alike) * rest])  # fmt: skip


def _ratio(passed: list[float], failed: list[float]) -> float:
    first, second = (k / (k + f) if k else 0.0 for k, f in zip(passed, failed, strict=True))
    return first / second if second else np.inf


def _gap_row(
    found: StageGap,
    part: dict[Any, Any],
    n: int,
    what: str,
    ends: str,
    do: str,
    at: Callable[[float], float],
    shut: bool,
) -> dict[str, Any]:
    """A row for the ratio of two groups at a stage, which is beyond chance or not."""
    ratio, lower, upper = part["ratio"], part["ratio_lower"], part["ratio_upper"]
    limits = (ratio / upper, ratio / lower)
    apart = lower > 1 or upper < 1
    if apart:
        limits = (limits[1], np.inf) if lower > 1 else (0.0, limits[0])
    least, most, below, above = turns(at, SHARES, *limits)
    said = _sides(below, above)
    turned = f"{'is no longer' if apart else 'goes'} beyond chance if {said} {do}"
    claim = f"ratio of {label(found.first)} to {label(found.second)} in the share {STAGE_WORDS[part['stage']]}"
    stays = f"stays {'beyond' if apart else 'within'} chance even so"
    return row(
        claim=claim, unknown=what, n=n, assumed=f"share {do}", estimate=ratio, lower=limits[0], upper=limits[1],
        least=least, most=most, turns_at_most=below, turns_at_least=above, hidden=shut or 0 < n < found.min_cell,
        reads=f"{n:,} {what}: {ends}, the {claim} is {least:.2f} to {most:.2f}; it {turned if said else stays}.",
    )  # fmt: skip
