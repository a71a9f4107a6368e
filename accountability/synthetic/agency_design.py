"""The design of a synthetic agency: every coefficient, probability and date."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from accountability.errors import ParameterError
from accountability.vocabulary import CLOSING_REASONS

RUNGS: Final = (
    "none",
    "counselling_or_training",
    "reprimand",
    "loss_of_leave",
    "suspension",
    "demotion",
    "dismissal",
)
OTHER_FINDINGS: Final = ("not_sustained", "unfounded", "exonerated", "policy_failure")
LONGEST_STUDY: Final = 4018
PUBLICATION_RULES: Final = ("everything", "closed_only", "trailing_window", "sustained_only")


@dataclass(frozen=True, slots=True)
class Body:
    """One investigating body, and the median days to a finding of its baseline case (caseload 1, effects 0)."""

    name: str
    median_days: float


@dataclass(frozen=True, slots=True)
class Category:
    """A category of allegations and its effects.

    Attributes
    ----------
    share : float
        Share of complaints received.
    internal : float
        Share of them from inside the agency.
    bodies : tuple of float
        Probability of each investigating body, in the order of ``Design.bodies``.
    delay : float
        Log time ratio of the days to a finding.
    sustained, severity : float
        Coefficients in the logit of a sustained finding and in the ordered logit of the penalty.
    paused : float
        Probability that the time limit is paused once.
    otherwise : tuple of float
        Split of the findings that are not sustained, in the order of ``OTHER_FINDINGS``.
    """

    name: str
    share: float
    internal: float
    bodies: tuple[float, ...]
    delay: float
    sustained: float
    severity: float
    paused: float
    otherwise: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class EarlyClosing:
    """A cause by which a public complaint ends without a finding.

    A share of complaints would end by it after a Weibull time, unless another cause comes first; the others never do.
    ``only`` restricts it to some categories (empty: all).
    """

    reason: str
    share: float
    scale_days: float
    shape: float
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MassClosure:
    """One day on which a body closes a share of its complaints older than ``older_than_days``."""

    body: str
    on: date
    older_than_days: int
    share: float


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a penalty: negative binomial, kept between 1 and ``most``; ``internal`` acts on the log mean."""

    mean: float
    size: float
    most: int
    internal: float = 0.0


@dataclass(frozen=True, slots=True)
class Design:
    """The design of an agency. Frozen and hashable; change it with ``dataclasses.replace``.

    Days to a finding, net of pauses, are Weibull with one ``delay_shape``: log scale is that of the body, plus the
    category's ``delay``, plus ``caseload_effect`` × (caseload − 1). So every effect is both a log time ratio and,
    times minus the shape, a log hazard ratio. The caseload of a body is its open complaints on the first of the
    month of receipt over its normal number (what it would hold at even intake and caseload 1). A finding is
    sustained with logit ``sustained_intercept`` + category + ``internal_sustained`` + the squad's effect. A
    sustained finding draws a recommended rung from an ordered logit, logit P(rung ≤ k) = cut k − (category +
    ``internal_severity`` + ``black_severity`` for a Black officer), which the deciding authority and an appeal may
    change.

    Attributes
    ----------
    received_from, received_to, observed_until : date
        First and last day of receipt, last day the release covers.
    month_weights, year_growth : tuple of float
        Relative daily intake by calendar month, and by year from ``received_from`` on (the last one continues).
    delay_shape, caseload_effect : float
    pause_terms, pause_term_days, pause_go_on : int, int, float
        A pause lasts 1 to ``pause_terms`` terms, and continues to the next with probability ``pause_go_on``.
    accused : tuple of float
        Probability of one, two, three accused officers.
    complaints_per_squad, squad_size, squads_per_supervisor : int
    supervisor_sd, squad_sd : float
        Standard deviations of the log complaint rate of supervisors and of squads under them.
    officer_shape : float
        Shape of the gamma weights that distribute a squad's complaints over its officers; small is concentrated.
    leaving_a_year : float
        Yearly rate of leaving of an officer.
    contagion : float
        Log rate ratio of being accused for each finding sustained against a squad-mate in the past 365 days.
    squad_sustained_sd : float
        Standard deviation of the squads' effects on the logit of a sustained finding.
    cuts : tuple of float
        Six cut points of the ordered logit.
    recommended_lag, decided_lag, imposed_lag : float
        Mean days from closing to recommendation to decision to effect (geometric, from 0).
    lowered, shortened, raised : float
        Probabilities that the deciding authority lowers the penalty by one rung (by rung), halves the days, raises it
        by one rung.
    appealed, lightened, reversed_ : tuple of float, tuple of float, float
        By rung decided, the probability of an appeal, of an appeal that lowers the penalty a rung, and of an
        appeal that sets it aside.
    appeal_days : float
        Mean days from filing to decision.
    trailing_years : int
        Years of receipts left by the publication rule ``trailing_window``.
    """

    received_from: date = date(2014, 1, 1)
    received_to: date = date(2019, 12, 31)
    observed_until: date = date(2020, 6, 30)
    month_weights: tuple[float, ...] = (0.86, 0.88, 0.98, 1.02, 1.10, 1.14, 1.16, 1.12, 1.04, 1.0, 0.88, 0.82)
    year_growth: tuple[float, ...] = (1.0, 1.0, 1.05, 1.25, 1.35, 1.15)
    bodies: tuple[Body, ...] = (
        Body("Internal affairs", 220.0),
        Body("Oversight office", 480.0),
        Body("District", 85.0),
    )
    categories: tuple[Category, ...] = (
        Category("Force", 0.20, 0.05, (0.15, 0.75, 0.10), 0.30, -0.5, 0.6, 0.15, (0.35, 0.25, 0.37, 0.03)),
        Category("Search", 0.12, 0.02, (0.15, 0.70, 0.15), 0.15, -0.2, 0.0, 0.06, (0.40, 0.25, 0.28, 0.07)),
        Category("Courtesy", 0.30, 0.03, (0.20, 0.20, 0.60), -0.25, 0.0, -0.8, 0.02, (0.50, 0.35, 0.14, 0.01)),
        Category("Neglect", 0.22, 0.45, (0.45, 0.05, 0.50), 0.0, 0.5, 0.0, 0.03, (0.50, 0.30, 0.15, 0.05)),
        Category("Untruth", 0.06, 0.55, (0.85, 0.15, 0.00), 0.35, 0.8, 1.8, 0.10, (0.60, 0.35, 0.04, 0.01)),
        Category("Off duty", 0.10, 0.50, (0.80, 0.05, 0.15), 0.10, 0.4, 0.7, 0.25, (0.55, 0.40, 0.04, 0.01)),
    )
    delay_shape: float = 1.3
    caseload_effect: float = 0.35
    pause_terms: int = 12
    pause_term_days: int = 30
    pause_go_on: float = 0.8
    early: tuple[EarlyClosing, ...] = (
        EarlyClosing("no_affidavit", 0.18, 55.0, 2.0),
        EarlyClosing("withdrawn", 0.05, 120.0, 1.0),
        EarlyClosing("mediated", 0.12, 80.0, 1.8, only=("Courtesy",)),
    )
    mass_closures: tuple[MassClosure, ...] = (MassClosure("Oversight office", date(2017, 6, 30), 540, 0.7),)
    accused: tuple[float, float, float] = (0.82, 0.14, 0.04)
    complaints_per_squad: int = 125
    squad_size: int = 20
    squads_per_supervisor: int = 2
    supervisor_sd: float = 0.25
    squad_sd: float = 0.25
    officer_shape: float = 1.0
    leaving_a_year: float = 0.045
    contagion: float = 0.0
    sustained_intercept: float = -1.9
    internal_sustained: float = 0.9
    squad_sustained_sd: float = 0.5
    cuts: tuple[float, ...] = (-2.6, -0.9, 0.9, 1.5, 3.2, 3.6)
    internal_severity: float = 0.5
    black_severity: float = 0.0
    leave_days: Days = Days(4.0, 2.0, 30, internal=0.0)
    suspension_days: Days = Days(9.0, 1.2, 180, internal=0.4)
    recommended_lag: float = 20.0
    decided_lag: float = 45.0
    imposed_lag: float = 14.0
    lowered: tuple[float, ...] = (0.0, 0.05, 0.15, 0.2, 0.2, 0.3, 0.25)
    shortened: float = 0.15
    raised: float = 0.03
    appealed: tuple[float, ...] = (0.0, 0.0, 0.1, 0.25, 0.5, 0.6, 0.8)
    lightened: tuple[float, ...] = (0.0, 0.0, 0.2, 0.25, 0.3, 0.3, 0.35)
    reversed_: float = 0.05
    appeal_days: float = 240.0
    trailing_years: int = 3

    def __post_init__(self) -> None:
        if not self.received_from < self.received_to <= self.observed_until:
            raise ParameterError(
                "Design: expected received_from < received_to <= observed_until, found "
                f"{self.received_from}, {self.received_to}, {self.observed_until}."
            )
        for name, values, length in (
            ("month_weights", self.month_weights, 12),
            ("cuts", self.cuts, len(RUNGS) - 1),
            ("lowered", self.lowered, len(RUNGS)),
            ("appealed", self.appealed, len(RUNGS)),
            ("lightened", self.lightened, len(RUNGS)),
        ):
            if len(values) != length:
                raise ParameterError(f"Design.{name}: expected {length} values, found {len(values)}.")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ParameterError(f"Design.cuts: expected rising cut points, found {self.cuts}.")
        if len(self.accused) != 3:
            raise ParameterError(f"Design.accused: expected probabilities of 1, 2, 3 officers, found {self.accused}.")
        sums = {"accused": self.accused, "category shares": tuple(c.share for c in self.categories)}
        for category in self.categories:
            sums[f"bodies of {category.name}"] = category.bodies
            sums[f"otherwise of {category.name}"] = category.otherwise
            if len(category.bodies) != len(self.bodies):
                raise ParameterError(
                    f"Category {category.name}: expected {len(self.bodies)} bodies, found {len(category.bodies)}."
                )
        for name, shares in sums.items():
            if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
                raise ParameterError(f"Design: expected {name} to add up to 1, found {shares}.")
        self._check_numbers()
        names = [b.name for b in self.bodies]
        for mass in self.mass_closures:
            if mass.body not in names:
                raise ParameterError(f"MassClosure: expected a body among {names}, found {mass.body!r}.")
            if not self.received_from <= mass.on <= self.observed_until:
                raise ParameterError(f"MassClosure: expected a day of the study, found {mass.on}.")
        if (self.observed_until - self.received_from).days > LONGEST_STUDY:
            raise ParameterError(
                f"Design: expected at most {LONGEST_STUDY:,} days (eleven years) from received_from to "
                f"observed_until, found {(self.observed_until - self.received_from).days:,}; beyond them the exact "
                "truth is not computed."
            )
        for early in self.early:
            if early.reason not in CLOSING_REASONS:
                raise ParameterError(
                    f"EarlyClosing: expected one of {', '.join(CLOSING_REASONS)}; found {early.reason!r}."
                )
        if len({m.body for m in self.mass_closures}) < len(self.mass_closures):
            raise ParameterError("Design.mass_closures: expected at most one for each body.")

    def _check_numbers(self) -> None:
        for name, largest in (
            ("lowered", max(self.lowered) + self.raised + self.shortened),
            ("lightened", max(self.lightened) + self.reversed_),
            ("appealed", max(self.appealed)),
            ("pause_go_on", self.pause_go_on),
        ):
            if not 0 <= largest <= 1 or min(np.atleast_1d(getattr(self, name))) < 0:
                raise ParameterError(
                    f"Design.{name}: expected probabilities from 0 to 1, together with those of the same draw, found "
                    f"{getattr(self, name)}."
                )
        if self.lowered[0] or self.lightened[0]:
            raise ParameterError("Design: expected 0 for `none` in lowered and lightened; no rung is below it.")
        for name in ("delay_shape", "officer_shape", "pause_terms", "pause_term_days", "complaints_per_squad"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"Design.{name}: expected more than 0, found {getattr(self, name)}.")
        if self.squad_size < len(self.accused):
            raise ParameterError(
                f"Design.squad_size: expected at least {len(self.accused)}, as many as can be accused together, found "
                f"{self.squad_size}."
            )
        for law in (self.leave_days, self.suspension_days):
            if not 1 <= law.most <= 999 or law.mean <= 0 or law.size <= 0:
                raise ParameterError(f"Design: expected days with mean and size above 0 and at most 999, found {law}.")

    def varied(self, seed: int) -> Design:
        """Return a varied design: the same agency with other numbers, so that answers cannot be copied.

        Median days change by up to a quarter either way; the intercept and the internal coefficient of a sustained
        finding, the caseload effect, and the chances of lightening by up to a third.

        Parameters
        ----------
        seed : int
            The same seed gives the same design.
        """
        draw = np.random.default_rng([seed, 1]).random(5 + len(self.bodies))
        part = [round(float(2 * u - 1), 2) for u in draw]
        return dataclasses.replace(
            self,
            bodies=tuple(
                dataclasses.replace(body, median_days=float(round(body.median_days * (1 + part[5 + i] / 4))))
                for i, body in enumerate(self.bodies)
            ),
            sustained_intercept=round(self.sustained_intercept * (1 + part[0] / 5), 2),
            internal_sustained=round(self.internal_sustained * (1 + part[1] / 3), 2),
            caseload_effect=round(self.caseload_effect * (1 + part[2] / 3), 2),
            lowered=tuple(round(p * (1 + part[3] / 3), 3) for p in self.lowered),
            lightened=tuple(round(p * (1 + part[4] / 3), 3) for p in self.lightened),
        )
