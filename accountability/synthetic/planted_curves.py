"""Exact distributions of the design's closing times in whole days, and the resulting caseload.

A survival array holds P(days ≥ k) for k = 0, 1, …, ``GRID``. The causes of closing compete on whole days; if two are on
one day, the first in the order (finding, early closings as listed, officer left) counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import Category, Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.inverse_draws import pause_pmf

GRID = 4096
_K = np.arange(GRID + 1, dtype=float)


def finding_scale(design: Design, body: int, category: Category, load: Floats) -> Floats:
    """Return the Weibull scale of the days to a finding, net of pauses, at a caseload."""
    median = design.bodies[body].median_days * np.exp(category.delay + design.caseload_effect * (load - 1))
    return median / np.log(2) ** (1 / design.delay_shape)


def finding_survival(design: Design, body: int, category: Category, load: Floats) -> Floats:
    """Return P(days to a finding ≥ k), including pauses, one row per caseload."""
    net = np.exp(-((_K / finding_scale(design, body, category, load)[:, None]) ** design.delay_shape))
    if category.paused == 0:
        return net
    total = (1 - category.paused) * net
    for term, share in enumerate(pause_pmf(design.pause_terms, design.pause_go_on), start=1):
        shift = min(term * design.pause_term_days, GRID + 1)
        total[:, :shift] += category.paused * share
        total[:, shift:] += category.paused * share * net[:, : GRID + 1 - shift]
    return total


def other_survivals(design: Design, category: Category, internal: bool, alone: bool) -> dict[str, Floats]:
    """Return P(days ≥ k) of every other cause of closing, in order."""
    ways = {}
    for early in design.early:
        share = 0.0 if internal or (early.only and category.name not in early.only) else early.share
        ways[early.reason] = 1 - share * -np.expm1(-((_K / early.scale_days) ** early.shape))
    ways["officer_left"] = np.exp(-design.leaving_a_year / 365.25 * _K * alone)
    return ways


def kinds(design: Design, category: Category) -> list[tuple[bool, bool, float]]:
    """Return whether internal, whether one officer is accused, and the probability of both in a category."""
    one = design.accused[0]
    return [
        (internal, alone, (category.internal if internal else 1 - category.internal) * (one if alone else 1 - one))
        for internal in (False, True)
        for alone in (True, False)
    ]


def product(ways: dict[str, Floats]) -> Floats:
    """Return P(no cause before day k)."""
    return np.prod(np.stack(list(ways.values())), axis=0)


def other_survival(design: Design, category: Category) -> Floats:
    """Return P(no other cause of closing before day k) in a category."""
    return sum(
        (
            p * product(other_survivals(design, category, internal, alone))
            for internal, alone, p in kinds(design, category)
        ),
        start=np.zeros(GRID + 1),
    )


def mass_ages(design: Design, calendar: Calendar, body: int, days: Ints) -> tuple[Ints, float]:
    """Return the age of complaints received on `days` at the body's mass closure, -1 if not affected."""
    for mass in design.mass_closures:
        if mass.body == design.bodies[body].name:
            age = calendar.day(mass.on) - days
            return np.where(age >= mass.older_than_days, age, -1), mass.share
    return np.full(len(days), -1), 0.0


@dataclass(frozen=True, slots=True)
class Caseload:
    """The limiting caseload of a large agency of this design.

    Attributes
    ----------
    normal : array of float
        By body: expected open complaints, as a share of the study's complaints, at even intake and caseload 1.
    load : array of float
        By body and month from the warm-up on: expected open complaints on the first of the month over normal.
    """

    normal: Floats
    load: Floats


@lru_cache(maxsize=16)
def expected_caseload(design: Design) -> Caseload:
    """Compute the expected caseload from intake and closings by month.

    Returns
    -------
    Caseload
        The limit for many complaints; a small agency varies around it.
    """
    calendar = Calendar.of(design)
    starts = calendar.month_start
    months = len(starts) - 1
    days = np.arange(calendar.first, calendar.last + 1)
    month_of = np.searchsorted(starts, days, side="right") - 1
    others = [other_survival(design, c) for c in design.categories]

    def survival(body: int, load: float) -> Floats:
        total = np.zeros(GRID + 1)
        for category, other in zip(design.categories, others, strict=True):
            joint = category.share * category.bodies[body]
            if joint:
                total += joint * finding_survival(design, body, category, np.array([load]))[0] * other
        return total

    normal = np.empty(len(design.bodies))
    load = np.zeros((len(design.bodies), months))
    for body in range(len(design.bodies)):
        normal[body] = survival(body, 1.0)[1:].sum() / (calendar.last + 1)
        curves = np.empty((months, GRID + 1))
        mass_age, mass_share = mass_ages(design, calendar, body, days)
        for month in range(months):
            before = days < starts[month]
            age = starts[month] - days[before]
            still = curves[month_of[before], np.minimum(age, GRID)]
            hit = (mass_age[before] >= 0) & (mass_age[before] < age)
            still = still * np.where(hit, 1 - mass_share, 1.0)
            load[body, month] = (calendar.weight[before] * still).sum() / max(normal[body], 1e-12)
            curves[month] = survival(body, load[body, month])
    return Caseload(normal, load)
