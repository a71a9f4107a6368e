"""Test of proportional hazards by term, and hazard ratios by age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.delay.regression.cox_model import Cox, require_model
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.figures.house_style import day_axis
from accountability.results import Result, p_words, percent
from accountability.stats.arrays import Floats
from accountability.stats.change_with_age import SCALES, PullOfAge, Scale, weighted_information
from accountability.stats.intervals import p_chi2, wald
from accountability.stats.partial_likelihood import Derivatives

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Proportionality(Result):
    """Test that hazard ratios do not change with age.

    ``table``: ``term`` (a column or part of the formula; the last row, "all", is the test of all together),
    ``statistic`` (chi-squared), ``df``, ``p_value``.

    Attributes
    ----------
    ratios : pandas.DataFrame
        ``term``, ``first_day``, ``last_day``, ``day`` (mean day of closing), ``events``, ``estimate``, ``lower``,
        ``upper``: each coefficient's ratio within periods of age with about equal numbers of closings (one-step
        estimates).
    confidence : float
    """

    ratios: pd.DataFrame
    confidence: float

    def plot(self, ax: Axes | None = None, term: str | None = None) -> Axes:
        """Draw the ratio of one term (the first, when left out) by age, with its intervals."""
        names = list(dict.fromkeys(self.ratios["term"]))
        chosen = names[0] if term is None else term
        if chosen not in names:
            raise ParameterError(f"no term {chosen!r} in this model; there are {', '.join(names)}")
        axes = draw.new_axes(ax)
        part = self.ratios[self.ratios["term"] == chosen]
        axes.set_yscale("log")
        axes.vlines(part["day"], part["lower"], part["upper"], color=draw.COLOURS[0])
        draw.lines(axes, part, x="day", y="estimate")
        axes.axhline(1, color="0.6", linewidth=0.8)
        day_axis(axes, float(part["day"].max()))
        draw.numbers(axes.yaxis, "ratio")
        axes.set_ylabel(f"ratio of rates, {chosen} ({percent(self.confidence)} interval)")
        return axes

    def sentence(self) -> str:
        """Say for which terms the ratio changes with age."""
        rows = self.table[self.table["term"] != "all"]
        changing = [
            f"{row['term']} ({p_words(row['p_value'])})"
            for row in rows.to_dict("records")
            if row["p_value"] < 1 - self.confidence
        ]
        whole = f"all terms together: {p_words(float(self.table['p_value'].iloc[-1]))}"
        if not changing:
            return f"No term's ratio is seen to change with age ({whole}); that is not proof that it does not."
        return (
            f"The ratio changes with age for {', '.join(changing)} ({whole}): one ratio does not describe these cases. "
            "See delay.changing_ratios, or make the term a stratum."
        )


def proportionality(model: Cox, scale: Scale = "km", pieces: int = 8) -> Proportionality:
    """Test whether each hazard ratio of a Cox model is constant over age.

    Parameters
    ----------
    model : Cox
        Without penalty.
    scale : {"km", "rank", "identity", "log"}
        Scale of age: the share closed before (robust to a few old cases), ranks, days, or the logarithm of days.
    pieces : int
        Number of periods of age for the figure.

    Returns
    -------
    Proportionality

    Raises
    ------
    Refusal
        When closings lie on too few days, on day 0 with "log", or the model is penalised.

    Notes
    -----
    The score test of an interaction with age (Grambsch and Therneau 1994, in its exact form), as R's ``cox.zph``; it
    uses model-based errors, also when the model's are clustered.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.cox(accountability.load("synthetic"), "category")
    >>> delay.proportionality(model).table["term"].tolist()
    ['category', 'all']
    """
    require_model(model, "proportionality")
    if scale not in SCALES:
        raise ParameterError(f"scale must be one of {', '.join(SCALES)}, found {scale!r}")
    if model.penalty:
        raise Refusal("the test of proportionality needs a model without penalty")
    sets = model.sets
    at = model.at_estimate()
    matrix = model.matrix
    held = PullOfAge.of(sets, matrix, at, scale)
    parts = model.design.parts
    rows = []
    for part in [*parts, "all"]:
        chosen = np.array([part in ("all", term.part) for term in model.terms])
        statistic = held.statistic(chosen, part)
        df = int(chosen.sum())
        rows.append({"term": part, "statistic": statistic, "df": df, "p_value": p_chi2(statistic, df)})
    return Proportionality(
        estimand=f"whether ratios of the daily rate of {model.event_word} change with age, by {model.clock}",
        assumptions=model.assumptions[1:],
        method=f"score test of an interaction with age ({scale} scale)",
        table=pd.DataFrame(rows),
        flow=model.flow,
        ratios=_ratios(model, matrix, at, held.each, pieces),
        confidence=model.confidence,
    )


def _ratios(model: Cox, matrix: Floats, at: Derivatives, each: Floats, pieces: int) -> pd.DataFrame:
    """One-step estimates within stretches of age that hold about as many closings each."""
    sets = model.sets
    days = np.unique(sets.day)
    so_far = np.cumsum(np.bincount(np.searchsorted(days, sets.day), sets.closings))
    piece = np.minimum((so_far - 1) * pieces // so_far[-1], pieces - 1)[np.searchsorted(days, sets.day)]
    rows = []
    for number in np.unique(piece):
        inside = piece == number
        information = weighted_information(sets, matrix, at, inside.astype(float))
        pull = inside @ each
        when = sets.day[inside]
        for place, term in enumerate(model.terms):
            size = information[place, place]
            known = size > 1e-9 * model.sets.closings[inside].sum() * max(matrix[:, place].var(), 1e-12)
            middle = model.coefficients[place] + pull[place] / size if known else np.nan
            ends = wald(middle, 1 / np.sqrt(size) if known else np.nan, model.confidence)
            rows.append(
                {
                    "term": term.name,
                    "first_day": int(when.min()),
                    "last_day": int(when.max()),
                    "day": float(np.average(when, weights=sets.closings[inside])),
                    "events": int(sets.closings[inside].sum()),
                    **dict(zip(("estimate", "lower", "upper"), np.exp([middle, *ends]), strict=True)),
                }
            )
    return pd.DataFrame(rows).sort_values("term", kind="stable", ignore_index=True)
