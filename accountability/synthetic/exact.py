"""Exact closing times of a design: survival by kind of complaint, and causes of closing by the last day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.course import ways_of_closing
from accountability.synthetic.planted_curves import (
    GRID,
    expected_caseload,
    finding_survival,
    kinds,
    mass_ages,
    other_survivals,
    product,
)


@dataclass(frozen=True, slots=True)
class Closings:
    """Exact closing times of a design.

    Attributes
    ----------
    survival : array of float
        By body, category, year of receipt and k: probability of the cell and days ≥ k.
    ways : array of float
        By body, category, internal, alone and way: probability of the cell and of having closed by the cause by the
        last day; the rest of the cell's probability is still open.
    """

    survival: Floats
    ways: Floats


@lru_cache(maxsize=4)
def closings(design: Design) -> Closings:
    """Compute the closing times of every kind of complaint, received on every day of the study."""
    calendar = Calendar.of(design)
    load = expected_caseload(design).load
    days = np.arange(calendar.last + 1)
    weight = calendar.weight_from(0, calendar.last + 1)
    begin = int(np.searchsorted(calendar.month_start, 0, side="right")) - 1
    starts = calendar.month_start[begin:]
    month_of = np.searchsorted(starts, days, side="right").astype(np.int64) - 1
    months = len(starts) - 1
    year_of = (
        (np.datetime64(calendar.origin) + days).astype("datetime64[Y]").astype(int) + 1970
    ) - calendar.origin.year
    years = int(year_of.max()) + 1
    month_weight = np.bincount(month_of, weight, minlength=months).astype(np.float64)
    by_year = np.zeros((years, months))
    np.add.at(by_year, (year_of, month_of), weight)
    ages = np.minimum(calendar.until - days, GRID - 1)
    names = ways_of_closing(design)
    bodies, categories = len(design.bodies), len(design.categories)
    survival = np.zeros((bodies, categories, years, GRID + 1))
    ways = np.zeros((bodies, categories, 2, 2, len(names)))
    for b in range(bodies):
        mass_age, share = mass_ages(design, calendar, b, days)
        reached = mass_age >= 0
        swept = _swept(mass_age, share, weight, month_of, month_weight)
        in_sight = _in_sight(ages, mass_age, share, weight, month_of, months)
        for c, category in enumerate(design.categories):
            cell = category.share * category.bodies[b]
            if not cell:
                continue
            reach = finding_survival(design, b, category, load[b, begin:])
            by_years = by_year @ (reach * swept)
            on_day = ((reach[:, :-1] - reach[:, 1:]) * in_sight).sum(axis=0)
            after_day = (reach[:, 1:] * in_sight).sum(axis=0)
            at_mass = weight[reached] * share * reach[month_of[reached], mass_age[reached] + 1]
            for internal, alone, p in kinds(design, category):
                others = other_survivals(design, category, internal, alone)
                rest = product(others)
                survival[b, c] += cell * p * by_years * rest
                i, j = int(internal), int(not alone)
                ways[b, c, i, j, 0] = cell * p * (on_day @ rest[:-1])
                for w, daily in enumerate(_daily(others), start=1):
                    ways[b, c, i, j, w] = cell * p * (after_day @ daily)
                ways[b, c, i, j, -1] = cell * p * (at_mass @ rest[mass_age[reached] + 1])
    return Closings(survival, ways)


def _daily(others: dict[str, Floats]) -> list[Floats]:
    """P(this way on day k and no other of these before it): earlier ways in the order win equal days."""
    ordered = list(others.values())
    daily = []
    for i, way in enumerate(ordered):
        chance = way[:-1] - way[1:]
        for before in ordered[:i]:
            chance = chance * before[1:]
        for after in ordered[i + 1 :]:
            chance = chance * after[:-1]
        daily.append(chance)
    return daily


def _in_sight(ages: Ints, mass_age: Ints, share: float, weight: Floats, month_of: Ints, months: int) -> Floats:
    """By month of receipt and k: weight of the days whose age k the release covers and no mass closure cut off."""
    change = np.zeros((months, GRID + 2))
    change[:, 0] = np.bincount(month_of, weight, minlength=months)
    np.add.at(change, (month_of, ages + 1), -weight)
    cut = (mass_age >= 0) & (mass_age < ages)
    np.add.at(change, (month_of[cut], mass_age[cut] + 1), -share * weight[cut])
    np.add.at(change, (month_of[cut], ages[cut] + 1), share * weight[cut])
    return np.cumsum(change, axis=1)[:, :GRID]


def _swept(mass_age: Ints, share: float, weight: Floats, month_of: Ints, month_weight: Floats) -> Floats:
    """By month of receipt and k: P(no mass closure before day k)."""
    hit = np.zeros((len(month_weight), GRID + 2))
    reached = mass_age >= 0
    np.add.at(hit, (month_of[reached], np.minimum(mass_age[reached] + 1, GRID + 1)), weight[reached])
    return 1 - share * np.cumsum(hit, axis=1)[:, : GRID + 1] / np.maximum(month_weight, 1e-300)[:, None]
