"""What a time limit on police discipline says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule that something must happen within some time.

    Attributes
    ----------
    name : str
        Short name.
    jurisdiction : str
        Where it holds.
    value : int or None
        The number of units; None when no limit was found.
    unit : str
        ``calendar days``, ``business days``, ``months`` or ``years``.
    limits : str
        What must be done in time.
    starts : str
        What starts the clock.
    pauses : str
        What stops or extends it; empty when nothing is known to.
    consequence : str
        What follows when the limit has passed.
    effective_from, effective_to : str
        Since when and until when, as far as known.
    citation : str
        The rule's own reference.
    seen_in : str
        Where it was read.
    confidence : str
        How firmly it is known.
    """

    name: str
    jurisdiction: str
    value: int | None
    unit: str
    limits: str
    starts: str = ""
    pauses: str = ""
    consequence: str = ""
    effective_from: str = ""
    effective_to: str = ""
    citation: str = ""
    seen_in: str = ""
    confidence: str = ""
