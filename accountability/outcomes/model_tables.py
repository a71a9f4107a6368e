"""Tables of a fitted outcome model: coefficients with ratios, margins and contrasts, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from accountability.outcomes.small_counts import left_apart
from accountability.outcomes.sparse_cells import EVERY, Designed
from accountability.outcomes.units_counted import Units
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Fit
from accountability.stats.intervals import student, wald
from accountability.stats.penalised import Bools
from accountability.stats.sandwich import Clustered

Margin = Callable[[Floats, Floats], Floats]
"""From coefficients and a design, the mean of each outcome over the patterns."""
LEAD, LIMITS = ["column", "level"], ["estimate", "std_error", "lower", "upper"]
RATIO = ["ratio", "ratio_lower", "ratio_upper"]
MARGIN = ["margin", "margin_lower", "margin_upper"]
HELD = ["clusters", "effective_clusters", "df"]
LIMITS_BY = "delta-method intervals of shares on the log-odds scale, of differences by the limits of both shares"


class Lines(NamedTuple):
    """Estimates and their contrasts, collected so that degrees of freedom are computed together."""

    lead: list[dict[str, Any]]
    value: list[float]
    slopes: list[Floats]

    def add(self, lead: dict[str, Any], value: float, slopes: Floats) -> int:
        """Add one estimate and return its position."""
        self.lead.append(lead)
        self.value.append(float(value))
        self.slopes.append(slopes)
        return len(self.value) - 1

    def frame(self, errors: Clustered, confidence: float) -> pd.DataFrame:
        """One row per estimate, with its interval by Student's t."""
        slopes = np.reshape(self.slopes, (-1, len(errors.covariance))).T
        return pd.DataFrame(self.lead).assign(**student(np.array(self.value), slopes, errors, confidence))


def log_odds_limits(value: Floats, error: Floats, confidence: float, free: Floats) -> tuple[Floats, Floats]:
    """Return limits of shares by their log odds, which stay between 0 and 1."""
    from scipy.special import expit, logit

    inside = np.clip(value, 1e-12, 1 - 1e-12)
    lower, upper = wald(logit(inside), error / (inside * (1 - inside)), confidence, free)
    return expit(lower), expit(upper)


def within(frame: pd.DataFrame, shares: pd.Series, confidence: float) -> pd.DataFrame:
    """Limit intervals of means to their range: those of shares by their log odds."""
    value, error, free = (frame[name].to_numpy() for name in ("estimate", "std_error", "df"))
    lower, upper = log_odds_limits(value, error, confidence, free)
    return frame.assign(
        lower=frame["lower"].clip(lower=0.0).mask(shares, lower), upper=frame["upper"].mask(shares, upper)
    )


def of_two(
    margins: pd.DataFrame, pairs: Ints, slopes: Floats, covariance: Floats, free: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Return limits of differences from the limits of two shares (Zou and Donner, Statistics in Medicine 27, 2008).

    The shares' limits use the degrees of freedom of the difference, so that an interval holds 0 where the test of the
    log odds keeps it.
    """
    own, base = (margins.iloc[place] for place in pairs.T)
    (value, error), (other, noise) = ((one["estimate"].to_numpy(), one["std_error"].to_numpy()) for one in (own, base))
    lower, upper = log_odds_limits(value, error, confidence, free)
    least, most = log_odds_limits(other, noise, confidence, free)
    shared = np.einsum("ki,ij,kj->k", slopes[pairs[:, 0]], covariance, slopes[pairs[:, 1]])
    both = error * noise
    alike = np.divide(shared, both, out=np.zeros_like(both), where=both > 0)

    def reach(one: Floats, two: Floats) -> Floats:
        return np.sqrt(np.maximum(one**2 + two**2 - 2 * alike * one * two, 0.0))

    apart = value - other
    return apart - reach(value - lower, most - other), apart + reach(upper - value, other - least)


def without_limits(frame: pd.DataFrame, some: Bools) -> pd.DataFrame:
    """Return estimates of which some have no error and no interval."""
    gone = [name for name in ("std_error", "lower", "upper", "p_value", *RATIO[1:]) if name in frame]
    return frame.assign(**{name: frame[name].mask(some) for name in gone}, df=frame["df"].mask(some, 0.0))


def with_slopes(function: Margin, theta: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Return numbers computed from coefficients, and their numerical derivatives (coefficients by numbers)."""
    slopes = []
    for i in range(len(theta)):
        nudge = np.zeros(len(theta))
        nudge[i] = 1e-5
        slopes.append((function(theta + nudge, design) - function(theta - nudge, design)) / 2e-5)
    return function(theta, design), np.array(slopes)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted outcome model, from which its tables are made.

    Attributes
    ----------
    made : Units
    rows : DataFrame
        The units, with small levels pooled.
    shape : Designed
    fits : sequence of Fit
        Its parts; the first is the result's own.
    errors : Clustered
        Errors of the coefficients of all parts.
    margin : callable
        Function of coefficients and a design that returns the mean of each outcome.
    outcomes : sequence of str
        The outcomes of margins and contrasts.
    hidden : callable
        Function of column, level and outcome that returns whether to hide the numbers.
    confidence : float
    unbounded : sequence of str
        Outcomes that are not shares.
    """

    made: Units
    rows: pd.DataFrame
    shape: Designed
    fits: Sequence[Fit]
    errors: Clustered
    margin: Margin
    outcomes: Sequence[str]
    hidden: Callable[[str, str, str], bool]
    confidence: float
    unbounded: Sequence[str] = ()

    @property
    def theta(self) -> Floats:
        """The coefficients of all parts."""
        return np.concatenate([fit.coefficients for fit in self.fits])

    @property
    def penalised(self) -> bool:
        """Whether any part has a penalty."""
        return any(fit.limits is not None for fit in self.fits)

    def shut(self, column: str, label: str, base: str, outcome: str) -> bool:
        """Return whether a level or its reference must be hidden."""
        return any(self.hidden(column, self.shape.key(column, name), outcome) for name in (label, base))

    def frames(
        self,
        starts: Mapping[str, int],
        counted: Mapping[str, Any],
        sums: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, pd.DataFrame]:
        """Return the tables of coefficients, margins and contrasts.

        Parameters
        ----------
        starts : mapping of str to int
            For each outcome with its own coefficients, the position of the first.
        counted : mapping of str to array of bool
            For each counted outcome, which rows have it.
        sums : mapping of str to sequence of str, optional
            The outcomes whose margins add up to that of an outcome of the table.
        """
        names = ("table", "sums", "margins", "contrasts")
        table, added, margins, contrasts = (Lines([], [], []) for _ in names)
        pairs, places, unit = [], [], np.eye(len(self.theta))
        for name in self.shape.made.columns:
            held = {label: with_slopes(self.margin, self.theta, at) for label, at in self.shape.shown(name).items()}
            base, *_ = held
            sizes: dict[str, tuple[int, dict[str, int]]] = {}
            origin: list[int] = []
            for label, (value, slopes) in held.items():
                inside = self.rows[name].eq(self.shape.key(name, label)).to_numpy(dtype=bool)
                events = {one: int(np.asarray(flags)[inside].sum()) for one, flags in counted.items()}
                sizes[label] = (int(inside.sum()), events)
                for k, one in enumerate(self.outcomes):
                    lead = {"column": name, "level": label, "outcome": one, "n": sizes[label][0]}
                    lead |= {"events": events.get(one), "hidden": self.shut(name, label, label, one)}
                    place = margins.add(lead, value[k], slopes[:, k])
                    if label == base:
                        origin.append(place)
                        continue
                    lead = {"column": name, "level": label, "against": base, "outcome": one}
                    lead["hidden"] = self.shut(name, label, base, one)
                    contrasts.add(lead, value[k] - held[base][0][k], slopes[:, k] - held[base][1][:, k])
                    pairs.append((place, origin[k]))
            for k in self.shape.places(name):
                label = self.shape.terms[k][1]
                at = label if label in held else list(held)[len(held) // 2]
                n, events = sizes[at]
                for one, start in starts.items():
                    lead = {"column": name, "level": label, "against": base if label in held else EVERY, "outcome": one}
                    lead |= {"n": n, "events": events.get(one), "hidden": self.shut(name, at, base, one)}
                    table.add(lead, self.theta[start + k], unit[start + k])
                    places.append(start + k)
                    added.add({}, *self.of_sum(*held[at], (sums or {}).get(one, [one])))
        first = self.with_ratios(table, np.array(places, dtype=np.int64), added)
        made = margins.frame(self.errors, self.confidence)
        made = within(made, ~made["outcome"].isin(self.unbounded), self.confidence)
        apart = contrasts.frame(self.errors, self.confidence)
        limits = of_two(
            made,
            np.array(pairs),
            np.array(margins.slopes),
            self.errors.covariance,
            apart["df"].to_numpy(),
            self.confidence,
        )
        share = ~apart["outcome"].isin(self.unbounded)
        for end, limit in zip(("lower", "upper"), limits, strict=True):
            apart[end] = apart[end].mask(share, limit)
        if self.penalised:
            # A penalty hides that one cluster alone determines a level; its own mean, which has no interval, tells.
            none = made["lower"].isna()
            apart = without_limits(apart, none.to_numpy()[np.array(pairs)].any(axis=1))
            alone = set(zip(made["column"][none], made["level"][none], strict=True))
            named = ((line["column"], line["level"], line["against"]) for line in table.lead)
            lost = [(column, one) in alone or (column, other) in alone for column, one, other in named]
            first = without_limits(first, np.array(lost)) if lost else first
        whole, counts = {"events": "Int64"}, ["outcome", "n", "events"]
        order = [*LEAD, "against", *counts, *LIMITS, "p_value", *RATIO, *MARGIN, *HELD, "hidden"]
        return {
            "table": first.reindex(columns=order).astype(whole),
            "margins": made[[*LEAD, *counts, *LIMITS, *HELD, "hidden"]].astype(whole),
            "contrasts": apart[[*LEAD, "against", "outcome", *LIMITS, *HELD, "hidden"]],
        }

    def with_ratios(self, table: Lines, places: Ints, added: Lines) -> pd.DataFrame:
        """Return coefficients with their exponentials and their means.

        Parameters
        ----------
        table : Lines
        places : array of int
            Position of each line's coefficient, whose limits may come from a profile; -1 for none.
        added : Lines
            The mean of each line.
        """
        out = table.frame(self.errors, self.confidence)
        if self.penalised and len(out):
            parts = [np.full((3, len(f.coefficients)), np.nan) if f.limits is None else f.limits for f in self.fits]
            limits = np.hstack([*parts, np.full((3, 1), np.nan)])[:, places]
            for end, limit in zip(("lower", "upper", "p_value"), limits, strict=True):
                out[end] = out[end].where(np.isnan(limit) | (out["df"] <= 0), limit)
        if not len(out):
            return out
        means = added.frame(self.errors, self.confidence)
        shares = pd.Series(np.isin([line["outcome"] for line in table.lead], self.unbounded), means.index)
        means = within(means, ~shares, self.confidence)
        ends = ("estimate", "lower", "upper")
        with np.errstate(over="ignore"):
            ratios = {name: np.exp(out[end]) for name, end in zip(RATIO, ends, strict=True)}
        return out.assign(**ratios, **{name: means[end] for name, end in zip(MARGIN, ends, strict=True)})

    def of_sum(self, value: Floats, slopes: Floats, parts: Sequence[str]) -> tuple[float, Floats]:
        """Return the mean of the sum of several outcomes, and its derivatives."""
        pick = np.isin(list(self.outcomes), parts)
        return float(value[pick].sum()), slopes[:, pick].sum(axis=1)

    def fields(
        self,
        of: str,
        assumes: Sequence[str],
        apart: Mapping[str, int],
        min_cell: int,
        frames: Mapping[str, pd.DataFrame],
        shrunk: Sequence[Fit] | None = None,
    ) -> dict[str, Any]:
        """Return the fields shared by the results of all outcome models.

        Parameters
        ----------
        of : str
            What is estimated.
        assumes : sequence of str
        apart : mapping of str to int
            Units left out.
        min_cell : int
        frames : mapping of str to DataFrame
        shrunk : sequence of Fit, optional
            Fits that may have a log-F penalty; by default all.
        """
        return {
            "estimand": f"{of}, {self.made.cohort.name}",
            "assumptions": (
                f"unit: {self.made.word}",
                *assumes,
                *self.shape.assumed(*(self.fits if shrunk is None else shrunk)),
            ),
            "flow": self.made.cohort.flow(),
            "apart": left_apart(apart, min_cell),
            "unit": self.made.unit,
            "fit": self.fits[0],
            "names": self.shape.names,
            "confidence": self.confidence,
            **frames,
        }
