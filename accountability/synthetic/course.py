"""Simulate the course of every complaint by month: receipt, accused officers, cause and day of closing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import OTHER_FINDINGS, Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.inverse_draws import NEVER, geometric, logistic, pause_pmf, pick, pick_rows, weibull
from accountability.synthetic.planted_curves import expected_caseload, finding_scale, mass_ages
from accountability.synthetic.staff import Staff

FINDING = 0  # ways of closing: a finding, the early closings as listed, officer left, a mass closure
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def ways_of_closing(design: Design) -> tuple[str, ...]:
    """Return the names of the causes of closing, by number."""
    return ("finding", *(early.reason for early in design.early), "officer_left", "administrative")


@dataclass(frozen=True, slots=True)
class Course:
    """The true course of all complaints, published or not. Days count from the first of receipt.

    Attributes
    ----------
    received, incident, opened, closed : array of int
        Per complaint, in order of receipt; `closed` may be after the release.
    way : array of int
        Cause of closing: an index into :func:`ways_of_closing`.
    pause, pause_from : array of int
        Days of the pause, 0 for none, and the day it began.
    case, officer, finding : array of int
        Per accused: complaint, officer, finding (0 sustained, then ``OTHER_FINDINGS``) of an investigation; it only
        counts if the cause of closing is a finding.
    """

    received: Ints
    incident: Ints
    opened: Ints
    closed: Ints
    way: Ints
    pause: Ints
    pause_from: Ints
    category: Ints
    body: Ints
    internal: Flags
    case: Ints
    officer: Ints
    finding: Ints

    @property
    def net_days(self) -> Ints:
        """Return the days from receipt to closing without paused days."""
        paused = np.clip(self.closed - self.pause_from, 0, self.pause)
        return self.closed - self.received - paused


def run(design: Design, complaints: int, calendar: Calendar, staff: Staff, rng: np.random.Generator) -> Course:
    """Simulate the course of `complaints` complaints and of the warm-up before them.

    Parameters
    ----------
    design : Design
    complaints : int
        Number received in the study's window.
    calendar : Calendar
    staff : Staff
    rng : numpy.random.Generator
        Only its uniform numbers are used.
    """
    early_weight = calendar.weight_from(calendar.first, 0)
    before = round(complaints * float(early_weight.sum()))
    received = np.concatenate(
        [
            _receipts(early_weight, before, calendar.first, rng),
            _receipts(calendar.weight_from(0, calendar.last + 1), complaints, 0, rng),
        ]
    )
    n = len(received)
    category = pick(rng.random(n), [c.share for c in design.categories])
    body = pick_rows(rng.random(n), category, [c.bodies for c in design.categories])
    internal = rng.random(n) < np.array([c.internal for c in design.categories])[category]
    accused = 1 + pick(rng.random(n), design.accused)
    gaps, paused = _gaps(design, category, rng)
    early = _early(design, category, internal, rng)
    u = {name: rng.random(n) for name in ("find", "squad", "place", "mass", "pause_at")}
    u_finding = rng.random((n, len(design.accused)))

    bodies = len(design.bodies)
    capacity = np.maximum(expected_caseload(design).normal * complaints, 1e-9)
    starts = calendar.month_start
    months = len(starts) - 1
    edges = np.searchsorted(received, starts)
    came, went = np.zeros(bodies), np.zeros((bodies, months + 1))
    closed, way, net = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    officers = np.full((n, len(design.accused)), -1, np.int64)
    found = np.full((n, len(design.accused)), -1, np.int64)
    offsets = np.array([c.sustained for c in design.categories])
    memory = _Contagion(design, staff)

    for month in range(months):
        rows = slice(int(edges[month]), int(edges[month + 1]))
        load = (came - went[:, :month].sum(axis=1)) / capacity
        day, kind, where = received[rows], category[rows], body[rows]
        duty = staff.on_duty(np.arange(len(memory.place_squad)), int(starts[month]), calendar.first)
        places = _places(staff, memory.weights(duty, int(starts[month])), u["squad"][rows], u["place"][rows])
        slots = _accused_places(staff, places, staff.weight[duty], accused[rows], rng)
        serving = np.where(slots >= 0, staff.on_duty(np.maximum(slots, 0), day[:, None], calendar.first), -1)
        officers[rows] = serving

        squad = memory.place_squad[places]
        logit = design.sustained_intercept + offsets[kind] + design.internal_sustained * internal[rows]
        found[rows] = _findings(design, logistic(logit + staff.effect[squad]), kind, u_finding[rows])

        scale = np.empty(len(day))
        for b in range(bodies):
            for c, made in enumerate(design.categories):
                cell = (where == b) & (kind == c)
                scale[cell] = finding_scale(design, b, made, load[b : b + 1])[0]
        net[rows] = weibull(u["find"][rows], scale, design.delay_shape)
        leaves = np.where(accused[rows] == 1, staff.days_to_leaving(serving[:, 0], day), NEVER)
        times = np.vstack([net[rows] + paused[rows], *(column[rows] for column in early), leaves])
        how = times.argmin(axis=0)  # the first of equal days: the order of the ways
        took = times.min(axis=0)
        for b in range(bodies):
            age, share = mass_ages(design, calendar, b, day)
            swept = (where == b) & (age >= 0) & (age < took) & (u["mass"][rows] < share)
            took, how = np.where(swept, age, took), np.where(swept, len(times), how)
        closed[rows], way[rows] = day + took, how

        came += np.bincount(where, minlength=bodies)
        ends = np.clip(np.searchsorted(starts, closed[rows], side="right") - 1, month, months)
        np.add.at(went, (where, ends), 1)
        memory.add(closed[rows], how == FINDING, slots, found[rows])

    kept = slice(before, n)
    slot = officers[kept] >= 0
    case, column = np.nonzero(slot)
    pause_from = received + np.floor(u["pause_at"] * net).astype(np.int64)
    paused = np.where(pause_from < closed, paused, 0)
    return Course(
        received=received[kept],
        incident=(received - gaps[0])[kept],
        opened=np.minimum(received + gaps[1], closed)[kept],
        closed=closed[kept],
        way=way[kept],
        pause=paused[kept],
        pause_from=pause_from[kept],
        category=category[kept],
        body=body[kept],
        internal=internal[kept],
        case=case.astype(np.int64),
        officer=officers[kept][case, column],
        finding=found[kept][case, column],
    )


def _receipts(weight: Floats, count: int, first: int, rng: np.random.Generator) -> Ints:
    return np.sort(first + pick(rng.random(count), weight / weight.sum()))


def _gaps(design: Design, category: Ints, rng: np.random.Generator) -> tuple[tuple[Ints, Ints], Ints]:
    """Days from incident to receipt and from receipt to opening, and days of the pause, 0 for none."""
    n = len(category)
    gaps = geometric(rng.random(n), 25.0), geometric(rng.random(n), 4.0)
    terms = 1 + pick(rng.random(n), pause_pmf(design.pause_terms, design.pause_go_on))
    has = rng.random(n) < np.array([c.paused for c in design.categories])[category]
    return gaps, np.where(has, terms * design.pause_term_days, 0)


def _early(design: Design, category: Ints, internal: Flags, rng: np.random.Generator) -> list[Ints]:
    """Days to each early closing, ``NEVER`` for complaints that do not end so."""
    columns = []
    for early in design.early:
        open_to = np.array([not early.only or c.name in early.only for c in design.categories])
        share = np.where(open_to[category] & ~internal, early.share, 0.0)
        ends = rng.random(len(category)) < share
        columns.append(np.where(ends, weibull(rng.random(len(category)), early.scale_days, early.shape), NEVER))
    return columns


def _places(staff: Staff, weights: tuple[Floats, Floats], u_squad: Floats, u_place: Floats) -> Ints:
    """The place a complaint falls on: a squad by its rate, then one of its officers by weight."""
    rate, within = weights
    squad = pick(u_squad, rate / rate.sum())
    edges = np.cumsum(within, axis=1)
    target = u_place * edges[squad, -1]
    spot = (edges[squad, :-1] <= target[:, None]).sum(axis=1)
    return squad * staff.size + spot


def _accused_places(staff: Staff, lead: Ints, weight: Floats, accused: Ints, rng: np.random.Generator) -> Ints:
    """Places of all accused, -1 beyond their number; the others are squad-mates of the first, by weight."""
    slots = np.full((len(lead), 3), -1, np.int64)
    slots[:, 0] = lead
    more = np.flatnonzero(accused > 1)
    if len(more):
        squad = lead[more] // staff.size
        waits = -np.log1p(-rng.random((len(more), staff.size))) / weight.reshape(-1, staff.size)[squad]
        waits[np.arange(len(more)), lead[more] % staff.size] = np.inf
        nearest = np.argsort(waits, axis=1, kind="stable")[:, :2] + squad[:, None] * staff.size
        slots[more, 1] = nearest[:, 0]
        slots[more, 2] = np.where(accused[more] > 2, nearest[:, 1], -1)
    return slots


def _findings(design: Design, sustained: Floats, category: Ints, u: Floats) -> Ints:
    """0 sustained, else 1 + the index in ``OTHER_FINDINGS``; one uniform number decides both."""
    rest = (u - sustained[:, None]) / (1 - sustained[:, None])
    edges = np.cumsum([c.otherwise for c in design.categories], axis=1)[category]
    other = np.zeros(u.shape, np.int64)
    for k in range(len(OTHER_FINDINGS) - 1):
        other += rest >= edges[:, k, None]
    return np.where(rest < 0, 0, 1 + other)


class _Contagion:
    """Findings sustained so far, by place and day, and what they do to the rates of squad-mates."""

    def __init__(self, design: Design, staff: Staff) -> None:
        self.design, self.staff = design, staff
        self.place_squad = np.repeat(np.arange(staff.squads), staff.size)
        self.days: list[Ints] = []
        self.places: list[Ints] = []

    def add(self, closed: Ints, by_finding: Flags, slots: Ints, found: Ints) -> None:
        if self.design.contagion == 0:
            return
        row, column = np.nonzero((found == 0) & (slots >= 0) & by_finding[:, None])
        self.days.append(closed[row])
        self.places.append(slots[row, column])

    def weights(self, duty: Ints, today: int) -> tuple[Floats, Floats]:
        """Return the rate of each squad, and the weight of each of its places."""
        within = self.staff.weight[duty].reshape(-1, self.staff.size)
        if self.design.contagion == 0 or not self.days:
            return self.staff.rate, within
        days, places = np.concatenate(self.days), np.concatenate(self.places)
        recent = places[(days < today) & (days >= today - 365)]
        own = np.bincount(recent, minlength=within.size).reshape(within.shape)
        raised = within * np.exp(self.design.contagion * (own.sum(axis=1, keepdims=True) - own))
        return self.staff.rate * raised.sum(axis=1) / within.sum(axis=1), raised
