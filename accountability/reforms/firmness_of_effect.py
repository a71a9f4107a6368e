"""Sensitivity of an estimated change to other choices of the design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.privacy import disclose
from accountability.reforms.before_after import BeforeAfter, before_and_after
from accountability.reforms.discontinuity import Discontinuity, discontinuity_in_time
from accountability.reforms.effect import estimates_drawn, null_of
from accountability.reforms.interrupted import Interrupted, interrupted_series
from accountability.reforms.one_series import change_date, ready
from accountability.reforms.panel import Panel
from accountability.results import Refused, Result, or_refusal, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Design = Literal["series", "comparison", "discontinuity"]
NUMBERS: Final = ["estimate", "std_error", "lower", "upper", "p_value", "n", "clusters"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Variations(Result):
    """The main estimate of a design under other choices, or by unit.

    ``table``: ``choice``, the numbers of the design, and ``because`` (why a choice has no estimate).

    Attributes
    ----------
    scale : str
    """

    scale: str

    @property
    def null(self) -> float:
        """No change, on the scale of the estimates."""
        return null_of(self.scale)

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide rows of fewer than ten cases."""
        return disclose(table, counts=["n"], keep=["choice", "because"], parts=False)

    def sentence(self) -> str:
        """State the range of the estimates."""
        had = self.table.dropna(subset="estimate")
        if had.empty:
            return "None of the choices could be had."
        ends = [f"{had['estimate'].agg(end):.2f}" for end in ("min", "max")]
        apart = int(((had["lower"] > self.null) | (had["upper"] < self.null)).sum())
        if len(had) == 1:
            holds = "excludes" if apart else "includes"
            return f"Under one choice the {self.scale} is {ends[0]}; its interval {holds} no change."
        return (
            f"Under {len(had)} choices the {self.scale} goes from {ends[0]} to {ends[1]}; "
            f"the interval excludes no change under {apart or 'none'} of them."
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each estimate with its interval."""
        from accountability.figures.titles import axes_of_rows

        had = self.table.dropna(subset="estimate")
        axes, shown = axes_of_rows(ax, had, had["n"], had["estimate"], row=0.4)
        return estimates_drawn(shown, "choice", self.scale, self.scale, axes)


def by_design(
    panel: Panel, outcome: str, design: Design = "series", *, window: int | None = None, **options: Any
) -> Interrupted | BeforeAfter | Discontinuity:
    """Estimate a change by a named design.

    Parameters
    ----------
    panel, outcome
        As in :func:`interrupted_series`.
    design : {"series", "comparison", "discontinuity"}
        :func:`interrupted_series`, :func:`before_and_after` or :func:`discontinuity_in_time`.
    window : int, optional
        Months on each side; for a discontinuity, three times its bandwidth.
    **options
        ``of``, ``at``, ``donut``, ``confidence``.

    Returns
    -------
    Interrupted, BeforeAfter or Discontinuity

    Raises
    ------
    Refusal
        As for the design.
    ParameterError
        For an unknown design.

    Examples
    --------
    >>> import accountability
    >>> from accountability import reforms
    >>> reform = reforms.read_reform({"reform": "board", "what": "a board", "from": "2016-07-01",
    ...     "affects": "everybody", "source": "invented"})
    >>> panel = reforms.panel_of(accountability.load("synthetic"), "agency", "complaints", reform=reform)
    >>> reforms.by_design(panel, "complaints").at
    '2016-07'
    """
    panel = ready(panel, "reforms.by_design")
    if design not in get_args(Design):
        raise ParameterError(f"design: expected one of {', '.join(get_args(Design))}, found {design!r}")
    designs: dict[str, Callable[..., Interrupted | BeforeAfter | Discontinuity]] = {
        "series": interrupted_series,
        "comparison": before_and_after,
        "discontinuity": discontinuity_in_time,
    }
    function = designs[design]
    if unknown := sorted(set(options) - set(signature(function).parameters)):
        raise ParameterError(f"{', '.join(unknown)}: not asked of {function.__name__}, which design={design!r} calls")
    reach = {"bandwidth": max((window or 54) // 3, 8)} if design == "discontinuity" else {"window": window}
    return function(panel, outcome, **reach, **options)


def other_choices(
    panel: Panel, outcome: str, design: Design = "series", *, window: int | None = None, donut: int = 0, **options: Any
) -> Variations:
    """Estimate the same change under other windows, months left out and other choices.

    Parameters
    ----------
    panel, outcome, design, window, donut, **options
        As in :func:`by_design`.

    Returns
    -------
    Variations

    Raises
    ------
    ParameterError
        As for :func:`by_design`.

    Examples
    --------
    >>> import accountability
    >>> from accountability import reforms
    >>> reform = reforms.read_reform({"reform": "board", "what": "a board", "from": "2016-07-01",
    ...     "affects": "everybody", "source": "invented"})
    >>> panel = reforms.panel_of(accountability.load("synthetic"), "agency", "complaints", reform=reform)
    >>> reforms.other_choices(panel, "complaints").table["choice"].tolist()[:3]
    ['as asked', '24 months on each side', '3 months left out on each side']
    """
    panel = ready(panel, "reforms.other_choices")
    short = max((window or 48) // 2, 12)
    asked: dict[str, Any] = {"window": window, "donut": donut}
    choices: dict[str, dict[str, Any]] = {
        "as asked": asked,
        f"{short} months on each side": asked | {"window": short},
        f"{donut + 3} months left out on each side": asked | {"donut": donut + 3},
    }
    if design == "series":
        plain = or_refusal(lambda: interrupted_series(panel, outcome, **asked, **options), "the change at the date")
        if not isinstance(plain, Refused) and len(plain.table) > 1:
            choices["no change of the trend"] = asked | {"slope": False}
        choices |= {
            "no season": asked | {"waves": 0},
            "errors of Newey and West": asked | {"errors": "newey_west"},
        }
    return _varied(
        {name: partial(by_design, panel, outcome, design, **more, **options) for name, more in choices.items()},
        f"{panel.label(outcome)} after the date, under other choices",
    )


def each_unit(panel: Panel, outcome: str, **options: Any) -> Variations:
    """Estimate the interrupted series of each unit of a panel separately.

    Parameters
    ----------
    panel : Panel
        Panel of groups, such as districts or categories.
    outcome, **options
        As in :func:`interrupted_series`.

    Returns
    -------
    Variations
        A unit without an estimate has the reason.

    Examples
    --------
    >>> import accountability
    >>> from accountability import reforms
    >>> reform = reforms.read_reform({"reform": "board", "what": "a board", "from": "2016-07-01",
    ...     "affects": "everybody", "source": "invented"})
    >>> panel = reforms.panel_of(accountability.load("synthetic"), "unit", "complaints", unit="category", reform=reform)
    >>> len(reforms.each_unit(panel, "complaints").table)
    6
    """
    panel = ready(panel, "reforms.each_unit")
    frame, day = panel.frame, change_date(panel, options.get("at"), "reforms.each_unit")
    options["at"] = panel.month(day) if panel.calendar else day
    units = {str(name): replace(panel, frame=frame[frame["unit"] == name]) for name in frame["unit"].unique()}
    return _varied(
        {name: partial(interrupted_series, one, outcome, **options) for name, one in units.items()},
        f"{panel.label(outcome)} after the date, in each group by itself",
    )


def _varied(estimates: dict[str, Callable[[], Any]], estimand: str) -> Variations:
    rows, scale, confidence = [], "ratio", 0.95
    for name, estimate in estimates.items():
        try:
            result = estimate()
        except Refusal as refusal:
            rows.append({"choice": name, **dict.fromkeys(NUMBERS, np.nan), "because": str(refusal)})
            continue
        scale, confidence = result.scale, result.confidence
        rows.append({"choice": name, **{key: result.table[key].iloc[0] for key in NUMBERS}, "because": ""})
    table = pd.DataFrame(rows)
    return Variations(
        estimand=estimand,
        assumptions=("each of the choices could as well have been made",),
        method=f"the first number of the design, {percent(confidence)} intervals",
        table=table.astype({"n": "Int64", "clusters": "Int64"}),
        scale=scale,
    )
