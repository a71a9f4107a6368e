"""Staggered adoption under parallel trends, and bounds without them, by the package diff-diff."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.reforms.design_checks import compared, words
from accountability.reforms.effect import Effect, EventStudy, rows
from accountability.reforms.panel import Panel
from accountability.results import plural

Estimator = Literal["callaway_santanna", "sun_abraham", "stacked", "imputation"]

NAMED: Final = {
    "callaway_santanna": "Callaway and Sant'Anna (2021), with those not affected yet",
    "sun_abraham": "Sun and Abraham (2021)",
    "stacked": "stacked comparisons (Wing, Freedman and Hollingsworth 2024)",
    "imputation": "imputation (Borusyak, Jaravel and Spiess 2024)",
}
#: Fewer groups on a side give intervals that do not hold.
FEWEST: Final = 10
PARALLEL: Final = (
    "without it, those affected and those not affected yet would have moved in parallel, nobody acted on it before, "
    "and months not observed are missing for reasons that have nothing to do with it"
)


def staggered_months(
    panel: Panel,
    outcome: str,
    *,
    estimator: Estimator = "callaway_santanna",
    before: int = 6,
    after: int = 12,
    anticipation: int | None = None,
    accept_spillover: bool = False,
    confidence: float = 0.95,
) -> EventStudy:
    """Estimate the effect by months since each unit was first affected, under parallel trends.

    Parameters
    ----------
    panel : Panel
        Units affected at different times, or some never; a unit may be missing in some months.
    outcome : str
    estimator : {"callaway_santanna", "sun_abraham", "stacked", "imputation"}
    before, after : int
        Months shown before and after.
    anticipation, accept_spillover, confidence
        As for :func:`rollout_effect`.

    Returns
    -------
    EventStudy
        ``overall`` is the estimator's own mean. Errors are clustered by unit, or by the groups that were affected
        together; intervals by Student's t, with the number of groups on the smaller side minus one as degrees of
        freedom.

    Raises
    ------
    Refusal
        Without a comparison, with fewer than ten groups on a side, fewer than two months before, unhandled anticipation
        or spillover of the reform, or if diff-diff is not installed or fails.
    ParameterError
        If it is not a panel, or for an unknown choice.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from accountability import reforms
    >>> rng = np.random.default_rng(1)
    >>> roster = pd.DataFrame({"officer": np.arange(60), "trained": np.repeat([4, 6, np.inf], 20)})
    >>> kept = roster.merge(pd.DataFrame({"month": range(1, 9)}), how="cross")
    >>> kept["complaints"] = rng.poisson(1, len(kept))
    >>> panel = reforms.panel_from_frame(kept, ["complaints"], unit="officer", period="month", cohort="trained")
    >>> reforms.staggered_months(panel, "complaints", before=2, after=2).table["event_time"].tolist()
    [-2, 0, 1, 2]

    Notes
    -----
    The estimates and errors are those of the package diff-diff; only the degrees of freedom are ours.
    """
    used, spillover, early = _usable(panel, "staggered_months", outcome, estimator, anticipation, accept_spillover)
    for name, value in (("before", before), ("after", after)):
        check_number(name, value, 1, 600, "months from 1 to 600")
    found, said = _fit(used, estimator, early, before, after)
    table = _months(found, estimator)
    table = table[table["event_time"].between(-before, after) & (table["std_error"] > 0)]
    event_time = used["period"] - used["cohort"]
    observed = used[used["y"].notna() & np.isfinite(used["cohort"])].groupby(event_time)["unit"].nunique()
    groups, free = used["cluster"].nunique(), _smaller_side(used) - 1
    shown = rows(
        {"event_time": table["event_time"].astype(int).to_numpy()}, table["estimate"], table["std_error"], confidence,
        n=observed.reindex(table["event_time"]).fillna(0).astype(int).to_numpy(), clusters=groups, free=free,
    )  # fmt: skip
    whole = rows(
        {"quantity": ["mean since first affected"]}, [found.overall_att], [found.overall_se], confidence,
        n=used["unit"].nunique(), clusters=groups, free=free,
    )  # fmt: skip
    told = _words(panel, outcome, spillover, f"{NAMED[estimator]}, by diff-diff; Student's t, {free} degrees", said)
    overall = Effect(table=whole, confidence=confidence, **told)
    return EventStudy(table=shown, overall=overall, confidence=confidence, **told)


def honest_bounds(
    panel: Panel,
    outcome: str,
    *,
    ratios: Sequence[float] = (0.0, 0.5, 1.0, 2.0),
    after: int = 12,
    anticipation: int | None = None,
    accept_spillover: bool = False,
    confidence: float = 0.95,
) -> Effect:
    """Estimate bounds of the mean effect if trends differed afterwards by multiples of their difference before.

    Parameters
    ----------
    panel, outcome, anticipation, accept_spillover, confidence
        As for :func:`staggered_months`; the estimator is Callaway and Sant'Anna's.
    ratios : sequence of float
        Largest monthly change in the difference of trends, relative to the largest before; 0 is parallel trends.
    after : int
        Months from the first affected one over which the effect is averaged.

    Returns
    -------
    Effect
        One row per ratio: ``estimate`` (under parallel trends), ``lower`` and ``upper`` of the robust interval.

    Raises
    ------
    Refusal, ParameterError
        As for :func:`staggered_months`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from accountability import reforms
    >>> rng = np.random.default_rng(1)
    >>> roster = pd.DataFrame({"officer": np.arange(60), "trained": np.repeat([5, 7, np.inf], 20)})
    >>> kept = roster.merge(pd.DataFrame({"month": range(1, 9)}), how="cross")
    >>> kept["complaints"] = rng.poisson(1, len(kept))
    >>> panel = reforms.panel_from_frame(kept, ["complaints"], unit="officer", period="month", cohort="trained")
    >>> table = reforms.honest_bounds(panel, "complaints", ratios=[0, 1], after=1).table
    >>> bool(table["upper"].iloc[1] > table["upper"].iloc[0])
    True

    Notes
    -----
    Rambachan and Roth (2023), A More Credible Approach to Parallel Trends, Review of Economic Studies 90: bounds on
    relative magnitudes, computed by diff-diff.
    """
    asked = [ratios] if isinstance(ratios, (int, float)) else list(ratios)
    for ratio in asked:
        check_number("ratios", ratio, 0, 100, "numbers from 0 to 100", whole=False)
    if not asked:
        raise ParameterError("ratios: expected one number or more, found none")
    used, spillover, early = _usable(
        panel, "honest_bounds", outcome, "callaway_santanna", anticipation, accept_spillover
    )
    check_number("after", after, 0, 600, "months from 0 to 600")
    found, said = _fit(used, "callaway_santanna", early, 1, after)
    months = _quietly(lambda: found.aggregate("event_study"))[0]
    later = np.asarray(months.event_time)[~np.asarray(months.is_reference, dtype=bool)]
    later = later[later >= 0]
    shown = (later <= after).astype(float)
    from diff_diff import compute_honest_did

    level = {"alpha": 1 - confidence, "l_vec": shown / shown.sum()}
    bounds = [_quietly(compute_honest_did, months, M=float(ratio), **level)[0] for ratio in asked]
    table = pd.DataFrame(
        {
            "quantity": [f"trends part by at most {ratio:g} times what they did before" for ratio in asked],
            "estimate": [one.original_estimate for one in bounds],
            "std_error": [one.original_se for one in bounds],
            "lower": [one.ci_lb for one in bounds],
            "upper": [one.ci_ub for one in bounds],
            "p_value": np.nan,
            "n": used["unit"].nunique(),
            "clusters": used["cluster"].nunique(),
        }
    )
    told = _words(panel, outcome, spillover, "robust intervals of Rambachan and Roth (2023), by diff-diff", said)
    told["only_if"] = f"{table['quantity'].iloc[0]}, and nobody acted on it before"
    told["assumptions"] = (told["only_if"],)
    return Effect(table=table, confidence=confidence, **told)


def _usable(
    panel: object, function: str, outcome: str, estimator: str, anticipation: int | None, accept_spillover: bool
) -> tuple[pd.DataFrame, str, int]:
    """The rows that are compared, what the reform declares of spillover, and the months of anticipation."""
    held, spillover, early = compared(
        panel, function, outcome, estimator, NAMED, anticipation, accept_spillover, before=2
    )
    if find_spec("diff_diff") is None:
        raise Refusal(
            "this needs diff-diff, which cannot be imported. Install it: pip install 'accountability[reforms]'"
        )
    frame = held.frame
    used = frame.assign(y=frame[outcome], cluster=held.clusters)[["unit", "cluster", "period", "cohort", "y"]]
    used = used[used["y"].notna() & (used["cohort"] - early > held.periods[0])]
    used = used.assign(cohort=used["cohort"].where(used["cohort"] <= held.periods[1], np.inf))
    side = _smaller_side(used)
    if side < FEWEST:
        word = "groups affected together" if "cluster" in frame else held.units
        raise Refusal(
            f"expected at least {FEWEST} {word} on each side, affected within the panel and affected last or never; "
            f"found {side} on the smaller one: errors do not hold with so few. Take more and smaller units; where the "
            "order was drawn by lot, reforms.rollout_effect(panel, outcome, draws=999) tests without them"
        )
    return used, spillover, early


def _smaller_side(used: pd.DataFrame) -> int:
    """Groups on the smaller side: affected, and affected last or never."""
    cohort = used.groupby("cluster", observed=True)["cohort"].first()
    last = int((cohort == cohort.max()).sum())
    return min(last, len(cohort) - last)


def _fit(used: pd.DataFrame, estimator: str, early: int, before: int, after: int) -> tuple[Any, list[str]]:
    """What diff-diff finds, and what it warns of."""
    import diff_diff

    names = used.assign(
        unit=pd.factorize(used["unit"])[0],
        cluster=pd.factorize(used["cluster"])[0],
        first=used["cohort"].replace(np.inf, 0).astype("int64"),
    ).drop(columns="cohort")
    grouped = names["cluster"].nunique() < names["unit"].nunique()
    by = {"cluster": "cluster"} if grouped else {}
    if estimator == "callaway_santanna":
        model = diff_diff.CallawaySantAnna(
            control_group="not_yet_treated", anticipation=early, base_period="universal", **by
        )
    elif estimator == "sun_abraham":
        model = diff_diff.SunAbraham(control_group="not_yet_treated", anticipation=early, **by)
    elif estimator == "stacked":
        if grouped:
            raise Refusal(
                "stacked comparisons have errors by unit only, and units were affected in groups: take another"
            )
        model = diff_diff.StackedDiD(kappa_pre=before, kappa_post=after, anticipation=early)
    else:
        model = diff_diff.ImputationDiD(anticipation=early, pretrends=True, **by)
    found, said = _quietly(model.fit, names, outcome="y", unit="unit", time="period", first_treat="first")
    if not np.isfinite(found.overall_att) or not found.overall_se > 0:
        raise Refusal(
            f"diff-diff finds no estimate or no error for it ({'; '.join(said) or 'without a reason'}): show fewer "
            "months before= and after=, or take another estimator"
        )
    return found, said


def _quietly(function: Any, *given: Any, **more: Any) -> tuple[Any, list[str]]:
    """What a function of diff-diff gives, and the first sentence of each of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = function(*given, **more)
        except (ValueError, np.linalg.LinAlgError, ZeroDivisionError, KeyError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise Refusal(
                f"diff-diff cannot estimate this: {why}. Show fewer months (before=, after=), or take another estimator"
            ) from None
    told = [str(one.message) for one in caught if issubclass(one.category, UserWarning)]
    told = [text for text in told if not text.startswith("Unbalanced panel")]  # said of the panel itself
    return found, list(
        dict.fromkeys(re.split(r"(?<=[a-z)])\. ", " ".join(text.split()))[0].rstrip(".") for text in told)
    )


def _months(found: Any, estimator: str) -> pd.DataFrame:
    """``event_time, estimate, std_error`` of an estimator's own table."""
    if estimator == "sun_abraham":
        table = pd.DataFrame(
            [(time, one["effect"], one["se"]) for time, one in found.event_study_effects.items()],
            columns=["event_time", "estimate", "std_error"],
        )
        return table.sort_values("event_time", ignore_index=True)
    table = _quietly(lambda: found.aggregate("event_study").to_dataframe())[0]
    kept = table[~table["is_reference"].astype(bool)]
    return kept.rename(columns={"att": "estimate", "se": "std_error"})[["event_time", "estimate", "std_error"]]


def _words(panel: Panel, outcome: str, spillover: str, method: str, said: list[str]) -> dict[str, Any]:
    """What is said of every result of this design."""
    seen = panel.frame[outcome]
    cautions = [f"diff-diff says: {text}" for text in said]
    if missing := int(seen.isna().sum()):
        cautions.append(f"not observed, and counted in no month: {plural(missing, 'row')} of {len(seen):,}")
    return words(panel, outcome, spillover, PARALLEL, "month", method, cautions)
