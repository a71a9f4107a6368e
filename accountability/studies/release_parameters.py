"""What may be asked of the study of a release itself."""

from __future__ import annotations

from pydantic import Field

from accountability.parameters import MaybeText, MinCell, Parameters, Whole


class WhatTheDataHolds(Parameters):
    """Parameters of ``what_the_data_holds``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        A column of the cases, allegations or officers whose mix is followed over the years; ``None`` is ``category``.
    many_closings : int
        Days with more closings than this are listed: 10 to 100,000, default 150.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    permutations : int
        Shuffles for each comparison of two years, at least: 99 to 100,000, default 499.
    seed : int
        Seed of the shuffles, default 20130206.
    """

    group: MaybeText = Field(default=None, description="column followed over the years, or None for category")
    many_closings: Whole = Field(default=150, description="list days with more closings", ge=10, le=100_000)
    min_cell: MinCell = 10
    permutations: Whole = Field(default=499, description="shuffles for each comparison of years", ge=99, le=100_000)
    seed: Whole = Field(default=20130206, description="seed of the shuffles", ge=0)
