"""What may be asked of the studies of concentration and of squads."""

from __future__ import annotations

from pydantic import Field

from accountability.parameters import Confidence, MaybeText, Parameters, Real, Whole


class IsItMoreThanChance(Parameters):
    """Parameters of ``is_it_more_than_chance``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column of units or supervisors that are looked at besides the officers; ``None`` for none.
    officers : int
        How many officers there were, those never accused included: 0 to 10,000,000; 0 takes the number the source
        lists, and where it lists only the accused, says that the others are not held. Default 0.
    top : float
        Share of the officers that is the top: 0.01 to 0.5, default 0.1.
    draws : int
        Draws of each benchmark: 99 to 100,000, default 1,000.
    confidence : float
        Middle part of the draws shown: 0.5 to 0.999, default 0.95.
    seed : int
        Seed of the draws, default 20130206.
    """

    group: MaybeText = Field(default=None, description="column of units or supervisors looked at besides, or None")
    headcount: Whole = Field(default=0, description="officers on the force, or 0 for those listed", ge=0, le=10_000_000)
    top: Real = Field(default=0.1, description="share of the officers that is the top", ge=0.01, le=0.5)
    draws: Whole = Field(default=1000, description="draws of each benchmark", ge=99, le=100_000)
    confidence: Real = Field(default=0.95, description="middle part of the draws shown", ge=0.5, le=0.999)
    seed: Whole = Field(default=20130206, description="seed of the draws", ge=0)


class DoSquadsMatter(Parameters):
    """Parameters of ``do_squads_matter``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column with the officers' unit; ``None``: the first of squad, officer_unit and command that the source holds.
    window_days : int
        Days for which a finding against a peer counts: 30 to 3,650, default 365.
    period_years : int
        Years within which lots are drawn in a unit: 1 to 50, default 3.
    permutations : int
        99 to 100,000, default 499.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    seed : int
        Seed of the lots, default 20130206.
    """

    group: MaybeText = Field(default=None, description="column with the officers' unit, or None for the usual one")
    window_days: Whole = Field(default=365, description="days a finding against a peer counts", ge=30, le=3650)
    period_years: Whole = Field(default=3, description="years within which lots are drawn in a unit", ge=1, le=50)
    permutations: Whole = Field(default=499, description="permutations, at least", ge=99, le=100_000)
    confidence: Confidence = 0.95
    seed: Whole = Field(default=20130206, description="seed of the lots", ge=0)
