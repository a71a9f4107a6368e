"""What may be asked of the studies of findings and penalties."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from accountability.parameters import (
    Confidence,
    Cutoff,
    MaybeText,
    MinCell,
    Parameters,
    Start,
    Stop,
    Unit,
    Whole,
    nearest,
)
from accountability.vocabulary import PENALTY_LADDER


def _rung(value: object) -> object:
    sanctions = tuple(PENALTY_LADDER)[1:]
    if value not in sanctions:
        raise ValueError(f"no such penalty. {nearest(str(value), sanctions)}")
    return value


Rung = Annotated[str, BeforeValidator(_rung)]


class WhatFollowsAFinding(Parameters):
    """Parameters of ``what_follows_a_finding``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    unit : str or None
        What is counted: a term of :data:`accountability.vocabulary.UNITS`, not finer than a row of the source;
        ``None`` is what one row of the source is.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    unit: Unit = None
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class HowPenaltiesShrink(Parameters):
    """Parameters of ``how_penalties_shrink``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    unit : str or None
        As in :class:`WhatFollowsAFinding`.
    step_text : str or None
        The events' column with the text of each step's penalty; ``None``: their coded penalties. Default ``detail``.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    unit: Unit = None
    step_text: MaybeText = Field(default="detail", description="column of the events with penalties as text, or None")
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class WhoIsDisciplined(Parameters):
    """Parameters of ``who_is_disciplined``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column that holds the groups; ``None``: the first of officer's race, gender, rank and who complained that the
        source holds.
    first, second : str or None
        The two groups compared; ``None``: the second largest and the largest.
    alike : str or None
        Column whose mix is held alike; ``None`` for none. Default ``category``.
    unit : str or None
        As in :class:`WhatFollowsAFinding`.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    first: MaybeText = Field(default=None, description="first group compared, or None for the second largest")
    second: MaybeText = Field(default=None, description="second group compared, or None for the largest")
    alike: MaybeText = Field(default="category", description="column whose mix is held alike, or None")
    unit: Unit = None
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class DoesDelayLighten(Parameters):
    """Parameters of ``does_delay_lighten``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column whose kinds of case are held alike over the landmarks; ``None`` for none.
    start, stop : str
        Stages between which days are counted.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    heavier : str
        The rung from which a penalty counts as heavier. Default ``suspension``.
    landmark : int
        Days of age at which cases are looked at, with half and twice as many: 2 to 3,650, default 180.
    within_days : int
        Days followed from each landmark: 1 to 10,000, default 1,095.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    start: Start = "received"
    stop: Stop = "closed"
    cutoff: Cutoff = None
    heavier: Rung = Field(default="suspension", description="a penalty this heavy or heavier counts as heavier")
    landmark: Whole = Field(
        default=180, description="look at cases open at this age, at half and twice it", ge=2, le=3650
    )
    within_days: Whole = Field(default=1095, description="days followed from each landmark", ge=1, le=10_000)
    min_cell: MinCell = 10
    confidence: Confidence = 0.95
