"""Squads with supervisors, places in squads, and the officers who fill each place in succession."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.inverse_draws import NEVER, normal_points, pick

RACES = ("White", "Black", "Hispanic", "Asian", "Other")
RACE_SHARES = (0.48, 0.23, 0.22, 0.05, 0.02)
GENDERS = ("M", "F")
GENDER_SHARES = (0.82, 0.18)
RANKS = ("Officer", "Detective", "Sergeant")
RANK_SHARES = (0.76, 0.14, 0.10)
BLACK = RACES.index("Black")
_FAR = 1_000_000.0  # more days than any agency is followed


@dataclass(frozen=True, slots=True)
class Staff:
    """All officers, including the warm-up and years after the release.

    A place is one of ``squad_size`` in a squad. Officers are numbered place by place in order of service. They
    leave at a constant rate and are followed at once by a successor.

    Attributes
    ----------
    rate, effect, supervisor : array
        Per squad: share of complaints, effect on the logit of a sustained finding, supervisor number.
    place, arrived, left : array
        Per officer: place, day of arrival, day of leaving (``NEVER`` if after the horizon).
    weight : array of float
        Per officer: gamma weight for the squad's complaints.
    """

    rate: Floats
    effect: Floats
    supervisor: Ints
    size: int
    departures: Floats
    place: Ints
    arrived: Ints
    left: Floats
    weight: Floats
    race: Ints
    gender: Ints
    rank: Ints
    appointed: Ints
    born: Ints

    @classmethod
    def of(cls, design: Design, complaints: int, calendar: Calendar, rng: np.random.Generator) -> Staff:
        """Generate the officers of an agency of this size."""
        from scipy.special import gammaincinv

        squads = max(8, round(complaints / design.complaints_per_squad))
        bosses = -(-squads // design.squads_per_supervisor)
        supervisor = np.arange(squads) // design.squads_per_supervisor
        log_rate = normal_points(bosses, design.supervisor_sd, rng.random(bosses))[supervisor]
        log_rate = log_rate + normal_points(squads, design.squad_sd, rng.random(squads))
        rate = np.exp(log_rate)
        effect = normal_points(squads, design.squad_sustained_sd, rng.random(squads))

        places = squads * design.squad_size
        begin, end = calendar.first, calendar.until + 4096
        # A Poisson number of departures from each place, by counting exponential waits.
        hazard = design.leaving_a_year / 365.25
        turns: list[Floats] = []
        time = np.full(places, float(begin))
        where = np.arange(places)
        while hazard > 0 and len(where):
            time = time + -np.log1p(-rng.random(len(where))) / hazard
            where, time = where[time < end], time[time < end]
            turns.append(where * _FAR + (time - begin))
        departures = np.sort(np.concatenate(turns)) if turns else np.empty(0)

        gone_from = (departures // _FAR).astype(np.int64)
        gone_at = departures % _FAR + begin
        heirs = np.bincount(gone_from, minlength=places)
        place = np.repeat(np.arange(places), heirs + 1)
        last = np.zeros(len(place), dtype=bool)
        last[np.cumsum(heirs + 1) - 1] = True
        left = np.full(len(place), np.inf)
        left[~last] = gone_at
        first = np.roll(last, 1)
        arrived = np.full(len(place), begin, dtype=np.int64)
        arrived[~first] = np.floor(gone_at).astype(np.int64)

        count = len(place)
        weight = np.maximum(gammaincinv(design.officer_shape, rng.random(count)), 1e-12)
        # Those who serve at the start have served up to twenty-five years, successors are new.
        served = np.where(first, np.floor(rng.random(count) * 25 * 365), 0).astype(np.int64)
        appointed = arrived - served
        return cls(
            rate=rate / rate.sum(),
            effect=effect,
            supervisor=supervisor,
            size=design.squad_size,
            departures=departures,
            place=place,
            arrived=arrived,
            left=left,
            weight=weight,
            race=pick(rng.random(count), RACE_SHARES),
            gender=pick(rng.random(count), GENDER_SHARES),
            rank=pick(rng.random(count), RANK_SHARES),
            appointed=appointed,
            born=appointed - np.floor((21 + rng.random(count) * 12) * 365.25).astype(np.int64),
        )

    @property
    def squads(self) -> int:
        """Number of squads."""
        return len(self.rate)

    def on_duty(self, place: Ints, day: Ints | int, begin: int) -> Ints:
        """Return the officer in each place on a day (`begin` is the first day of the warm-up)."""
        return place + np.searchsorted(self.departures, place * _FAR + (np.asarray(day) - begin), side="left")

    def days_to_leaving(self, officer: Ints, day: Ints) -> Ints:
        """Return whole days until each officer leaves, ``NEVER`` if after the horizon."""
        wait = self.left[officer] - day
        return np.where(np.isfinite(wait), np.floor(np.where(np.isfinite(wait), wait, 0)), NEVER).astype(np.int64)
