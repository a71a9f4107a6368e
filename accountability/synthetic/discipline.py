"""Simulate discipline after a sustained finding: recommended, decided, in effect, appealed, or left before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.synthetic.agency_design import RUNGS, Design
from accountability.synthetic.course import FINDING, Course
from accountability.synthetic.inverse_draws import (
    NEVER,
    days_pmf,
    geometric,
    pick,
    pick_rows,
    rung_probabilities,
    weibull,
)
from accountability.synthetic.staff import BLACK, Staff

LEAVE, SUSPENSION, DISMISSAL = (RUNGS.index(r) for r in ("loss_of_leave", "suspension", "dismissal"))
NO_APPEAL, UPHELD, LIGHTENED, REVERSED = range(4)
TOOK_EFFECT, RESIGNED, NOT_SERVED, DISMISSED_ELSEWHERE = range(4)


@dataclass(frozen=True, slots=True)
class Penalty:
    """A rung of the ladder (index into ``RUNGS``) and its days, 0 if it has none."""

    rung: Ints
    days: Ints


@dataclass(frozen=True, slots=True)
class Discipline:
    """One entry per sustained finding; days of the calendar count from the first of receipt.

    Attributes
    ----------
    row : array of int
        Row of the accused in the course.
    recommended, decided, final : Penalty
        `final` is `decided` after an appeal that reduced it; `appeal` says if it was reversed.
    recommended_on, decided_on, imposed_on, filed_on, appeal_on : array of int
        ``NEVER`` if it did not happen.
    appeal, outcome : array of int
        Result of the appeal, and whether the penalty took effect.
    left_on : array of int
        Day the officer left the agency; ``NEVER`` if beyond follow-up.
    officer : array of int
        Per row of the accused: the officer, including successors of the dismissed.
    succeeds : array of int
        For each successor hired after a dismissal, in order: the officer who was dismissed.
    hired_on : array of int
        The day after which they serve.
    """

    row: Ints
    recommended: Penalty
    decided: Penalty
    final: Penalty
    recommended_on: Ints
    decided_on: Ints
    imposed_on: Ints
    filed_on: Ints
    appeal_on: Ints
    appeal: Ints
    outcome: Ints
    left_on: Ints
    officer: Ints
    succeeds: Ints
    hired_on: Ints


def impose(design: Design, course: Course, staff: Staff, rng: np.random.Generator) -> Discipline:
    """Simulate discipline after every sustained finding.

    After a final dismissal, later complaints go to a successor of the same race, gender and rank, so that the design's
    coefficients hold exactly.
    """
    row = np.flatnonzero((course.way[course.case] == FINDING) & (course.finding == 0))
    case, n = course.case[row], len(row)
    internal = course.internal[case]
    black = staff.race[course.officer[row]] == BLACK
    recommended = _recommended(design, course.category[case], internal, black, rng)
    decided = _decided(design, recommended, internal, rng)
    recommended_on = course.closed[case] + geometric(rng.random(n), design.recommended_lag)
    decided_on = recommended_on + geometric(rng.random(n), design.decided_lag)
    imposed_on = decided_on + geometric(rng.random(n), design.imposed_lag)
    asked = rng.random(n) < np.asarray(design.appealed)[decided.rung]
    filed_on = decided_on + 1 + np.floor(rng.random(n) * 30).astype(np.int64)
    appeal_on = filed_on + weibull(rng.random(n), design.appeal_days / 0.886227, 2.0)
    u = rng.random(n)
    lighter = np.asarray(design.lightened)[decided.rung]
    appeal = np.where(u < lighter, LIGHTENED, np.where(u < lighter + design.reversed_, REVERSED, UPHELD))
    appeal = np.where(asked, appeal, NO_APPEAL)
    softened = _with_days(design, np.maximum(decided.rung - 1, 0), internal, rng)

    resigns = np.where(np.isfinite(staff.left), np.floor(np.nan_to_num(staff.left, posinf=0.0)), NEVER).astype(np.int64)
    stands = (decided.rung == DISMISSAL) & (appeal != LIGHTENED) & (appeal != REVERSED)
    officer, succeeds, hired_on, fired_on = _successions(course, row, stands, imposed_on, resigns)
    resigned_on = np.concatenate([resigns, np.zeros(len(succeeds), np.int64)])
    for heir, old in enumerate(succeeds, start=len(resigns)):
        resigned_on[heir] = resigned_on[old]
    resigned, fired = resigned_on[officer[row]], fired_on[officer[row]]
    own = stands & (imposed_on == fired)
    left_on = np.minimum(resigned, np.where(own, NEVER, fired))
    penalised = decided.rung > 0
    outcome = np.where(left_on < decided_on, RESIGNED, TOOK_EFFECT)
    outcome = np.where((left_on >= decided_on) & (left_on < imposed_on) & penalised, NOT_SERVED, outcome)
    outcome = np.where((outcome == RESIGNED) & (fired < resigned), DISMISSED_ELSEWHERE, outcome)

    never_decided = (outcome == RESIGNED) | (outcome == DISMISSED_ELSEWHERE)
    appeal = np.where(outcome == TOOK_EFFECT, appeal, NO_APPEAL)
    down = appeal == LIGHTENED
    return Discipline(
        row=row,
        recommended=recommended,
        decided=decided,
        final=Penalty(np.where(down, softened.rung, decided.rung), np.where(down, softened.days, decided.days)),
        recommended_on=np.where(recommended_on <= left_on, recommended_on, NEVER),
        decided_on=np.where(never_decided, NEVER, decided_on),
        imposed_on=np.where((outcome == TOOK_EFFECT) & penalised, imposed_on, NEVER),
        filed_on=np.where(appeal > NO_APPEAL, filed_on, NEVER),
        appeal_on=np.where(appeal > NO_APPEAL, appeal_on, NEVER),
        appeal=appeal,
        outcome=outcome,
        left_on=left_on,
        officer=officer,
        succeeds=succeeds,
        hired_on=hired_on,
    )


def _with_days(design: Design, rung: Ints, internal: Flags, rng: np.random.Generator) -> Penalty:
    """Days for the rungs that have them; every penalty uses up one uniform number."""
    u = rng.random(len(rung))
    days = np.zeros(len(rung), np.int64)
    for which, law in ((LEAVE, design.leave_days), (SUSPENSION, design.suspension_days)):
        for inside in (False, True):
            cell = (rung == which) & (internal == inside)
            days[cell] = 1 + pick(u[cell], days_pmf(law, inside))
    return Penalty(rung, days)


def _recommended(design: Design, category: Ints, internal: Flags, black: Flags, rng: np.random.Generator) -> Penalty:
    cells = [
        rung_probabilities(design.cuts, c.severity + design.internal_severity * i + design.black_severity * b)
        for c in design.categories
        for i in (0, 1)
        for b in (0, 1)
    ]
    rung = pick_rows(rng.random(len(category)), 4 * category + 2 * internal + black, cells)
    return _with_days(design, rung, internal, rng)


def _decided(design: Design, recommended: Penalty, internal: Flags, rng: np.random.Generator) -> Penalty:
    """One rung down, one rung up, days halved (rounded up), or as recommended."""
    rung = recommended.rung
    u = rng.random(len(rung))
    lower: Floats = np.asarray(design.lowered)[rung]
    higher = lower + design.raised * (rung < DISMISSAL)
    step = np.where(u < lower, -1, np.where(u < higher, 1, 0))
    fresh = _with_days(design, rung + step, internal, rng)
    halved = (u >= higher) & (u < higher + design.shortened)
    same = np.where(halved, -(-recommended.days // 2), recommended.days)
    return Penalty(rung + step, np.where(step == 0, same, fresh.days))


def _successions(
    course: Course, row: Ints, stands: Flags, imposed_on: Ints, resigns: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Move complaints received after a dismissal to a successor, who may be dismissed in turn."""
    officer = course.officer.copy()
    received = course.received[course.case]
    fired_on = np.full(len(resigns), NEVER, np.int64)
    heir_of = np.full(len(resigns), -1, np.int64)
    succeeds: list[Ints] = []
    hired: list[Ints] = []
    leaves = resigns
    fresh = np.ones(len(resigns), dtype=bool)
    while True:
        who, when = officer[row], imposed_on
        counts = stands & fresh[who] & (when <= leaves[who])
        if not counts.any():
            return (
                officer,
                np.concatenate([*succeeds, np.empty(0, np.int64)]),
                np.concatenate([*hired, np.empty(0, np.int64)]),
                fired_on,
            )
        np.minimum.at(fired_on, who[counts], when[counts])
        gone = np.unique(who[counts])
        new = len(fired_on) + np.arange(len(gone))
        heir_of[gone] = new
        succeeds.append(gone)
        hired.append(fired_on[gone])
        moved = fresh[officer] & (heir_of[officer] >= 0) & (received > fired_on[officer])
        officer[moved] = heir_of[officer[moved]]
        fresh = np.concatenate([np.zeros(len(fired_on), bool), np.ones(len(gone), bool)])
        leaves = np.concatenate([leaves, leaves[gone]])
        fired_on = np.concatenate([fired_on, np.full(len(gone), NEVER, np.int64)])
        heir_of = np.concatenate([heir_of, np.full(len(gone), -1, np.int64)])
