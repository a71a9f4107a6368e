"""Find separated or collinear coefficients before or during a fit, and refuse them by name."""

from __future__ import annotations

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.design import Design

INSTEAD = (
    "Use delay.cox with penalty='firth' (its estimates are finite), delay.exact_rates for closings per day with "
    "exact intervals, or put small groups together"
)


def refuse_empty_levels(made: Design, cases: Floats | Days, events: Floats | Days, what: str) -> None:
    """Refuse a model in which a level of an indicator has no event.

    Parameters
    ----------
    made : Design
    cases, events : array
        Cases at risk and events of each pattern.
    what : str
        Word for an event.
    """
    for place, term in enumerate(made.terms):
        column = made.matrix[:, place]
        if not _two_valued(column[:1_000]) or not _two_valued(column):
            continue
        inside, there, every = column == 1, float(events @ column), float(events.sum())
        for chosen, side, closed in ((inside, term.name, there), (~inside, f"{term.name} = 0", every - there)):
            if closed > 0 or (side != term.name and _several(made, term.part)):
                continue
            raise Refusal(
                f"{side} has no {what} among {int(cases[chosen].sum()):,} cases, so its coefficient has no finite "
                f"estimate. {INSTEAD}"
            )
    for name, levels in made.levels.items():
        held = made.patterns[name].astype("str").to_numpy()
        for label in levels:
            if name in {term.part for term in made.terms} and events[held == label].sum() == 0:
                raise Refusal(
                    f"{name}={label} has no {what} among {int(cases[held == label].sum()):,} cases, so its coefficient "
                    f"has no finite estimate. {INSTEAD}"
                )


def _two_valued(column: Floats) -> bool:
    return bool(((column == 0) | (column == 1)).all())


def _several(made: Design, part: str) -> bool:
    """Whether a factor has several indicators: then 0 in one of them is not a group of its own."""
    return sum(term.part == part for term in made.terms) > 1


def separated(made: Design, direction: Floats, what: str) -> Refusal:
    """Return the error that names the terms with infinite estimates."""
    pull = np.abs(direction) * np.maximum(made.matrix.std(axis=0), 1e-12)
    named = [term.name for term, size in zip(made.terms, pull, strict=True) if size > 0.05 * pull.max()]
    return Refusal(
        f"{', '.join(named)} separate{'s' if len(named) == 1 else ''} the cases: on every day with a {what} those with "
        f"it come from the same side, so the likelihood increases without limit and the coefficient has no finite "
        f"estimate. {INSTEAD}"
    )


def refuse_collinear(made: Design, information: Floats, events: float, where: str = "") -> None:
    """Refuse collinear columns, by name.

    Raises
    ------
    Refusal
        If some combination of the coefficients has no information.
    """
    terms = made.terms
    # Only rounding is left of a column that never differs between cases compared.
    count = made.count.astype(float)
    every = count.sum()
    spread = np.array([count @ (column - count @ column / every) ** 2 for column in made.matrix.T]) / every
    size = np.diag(information)
    flat = [term.name for place, term in enumerate(terms) if not size[place] > 1e-12 * spread[place] * events]
    if flat:
        raise Refusal(f"no closing compares different values of {', '.join(flat)}{where}: leave it out of the model")
    scale = np.sqrt(size)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] > 1e-10:
        return
    weak = np.abs(vectors[:, 0])
    named = [term.name for term, size in zip(terms, weak, strict=True) if size > 1e-3 * weak.max()]
    raise Refusal(
        f"the columns {', '.join(named)} are collinear{where}, so their coefficients cannot be "
        "separated: leave one of them out"
    )
