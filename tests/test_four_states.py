"""Every function of the front doors that takes a day, on one source that holds all four closing states.

Of each the four counts add up to all cases, and it shows both extremes, says who is left out, or refuses with what can
be had instead.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, audit, casefiles, delay, outcomes, releases
from accountability.delay import deadlines
from accountability.records.case_ends import closing_states
from accountability.results import Refused, or_refusal
from accountability.study.clocks import durations
from accountability.study.durations import Durations
from accountability.study.grouping import group_cases

DOORS: Final = ("delay", "audit", "casefiles", "releases", "outcomes")
STATES: Final = {"": "open", "no date": "closed_on_unknown_day", "?": "unknown"}


@cache
def rows() -> pd.DataFrame:
    """Complaints of a town, of which some closings have no date and some have a mark that nobody can read."""
    rng, n = np.random.default_rng(14), 500
    came = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1400, n), unit="D")
    done = came + pd.to_timedelta(np.rint(rng.exponential(150, n)), unit="D")
    luck, upheld = rng.random(n), rng.random(n) < 0.4
    mark = np.select([luck < 0.1, luck < 0.15], ["no date", "?"], "")
    return pd.DataFrame(
        {
            "no": [f"c{number}" for number in range(n)], "came": came, "done": done, "mark": mark,
            "officer": [f"o{number}" for number in rng.integers(0, 100, n)],
            "said": np.where(upheld, "sustained", "not_sustained"),
            "pen": np.where(upheld, rng.choice(["reprimand", "suspension"], n), "none"),
            "unit": rng.choice(["north", "south"], n),
        }
    )  # fmt: skip


@cache
def release(until: str) -> Any:
    """What a release that ends on a day shows of them."""
    frame = rows()[rows()["came"] <= until]
    closed = frame["done"] <= pd.Timestamp(until)
    shown = frame["mark"].where((frame["mark"] == "?") | closed, "")
    stop = frame["done"].dt.strftime("%Y-%m-%d").where(closed & (shown == ""), shown)
    told = frame.assign(
        came=frame["came"].dt.strftime("%Y-%m-%d"), done=stop, said=frame["said"].where(stop != "", "pending"),
        pen=frame["pen"].where(stop != "", "pending"),
    )  # fmt: skip
    return accountability.from_frame(
        told, case_id="no", received="came", closed="done", officer="officer", finding="said", penalty="pen",
        columns=["unit"], observed_until=until, no_day=STATES, unit="complaint", name=f"town_{until[:4]}",
        about={"agency": "Town Police", "jurisdiction": "Town"},
    )  # fmt: skip


@cache
def cohort() -> Cohort:
    return group_cases(group_cases(Cohort.of(release("2021-12-31")), "unit"), "finding")


@cache
def timed() -> Durations:
    return durations(cohort())


CALLS: Final[dict[str, Callable[[Any], Any]]] = {
    "delay.backlogs": lambda _: delay.backlogs(cohort(), "unit", months=24),
    "delay.bootstrap": lambda held: delay.bootstrap(held, seed=1, replicates=20),
    "delay.bunching": lambda held: delay.bunching(held, 180),
    "delay.caseload": lambda _: delay.caseload(cohort()),
    "delay.changing_ratios": lambda held: delay.changing_ratios(held, "unit", "unit", periods=[100]),
    "delay.closing_curve": delay.closing_curve,
    "delay.coarse_curve": delay.coarse_curve,
    "delay.compare": lambda held: delay.compare(held, "unit"),
    "delay.compare_groups": lambda held: delay.compare_groups(held, "unit", 180),
    "delay.competing_closings": lambda held: delay.competing_closings(held, "finding"),
    "delay.cox": lambda held: delay.cox(held, "unit"),
    "delay.current_status_curve": delay.current_status_curve,
    "delay.curve_limits": lambda held: delay.curve_limits(held, [100]),
    "delay.discrete_time": lambda held: delay.discrete_time(held, "unit"),
    "delay.exact_rates": lambda held: delay.exact_rates(held, "unit"),
    "delay.fine_gray": lambda held: delay.fine_gray(held, "unit", "finding", "sustained"),
    "delay.how_long": delay.how_long,
    "delay.interval_curve": delay.interval_curve,
    "delay.kaplan_meier": delay.kaplan_meier,
    "delay.mean_of_closed_only": delay.mean_of_closed_only,
    "delay.other_clocks": lambda _: delay.other_clocks(cohort()),
    "delay.other_cutoffs": lambda _: delay.other_cutoffs(cohort(), years_back=(0,)),
    "delay.parametric": lambda held: delay.parametric(held, "unit"),
    "delay.quantile_limits": delay.quantile_limits,
    "delay.restricted_mean": lambda held: delay.restricted_mean(held, 300),
    "delay.reverse_time_curve": delay.reverse_time_curve,
    "delay.deadlines.assess": lambda held: deadlines.assess(held, 180),
    "delay.deadlines.under_other_limits": lambda held: deadlines.under_other_limits(held, [90, 180]),
    "audit.audit": lambda _: audit.audit(release("2021-12-31")),
    "audit.coverage": lambda _: audit.coverage(release("2021-12-31")),
    "audit.heaping": lambda _: audit.heaping(release("2021-12-31")),
    "audit.impossible": lambda _: audit.impossible(release("2021-12-31")),
    "audit.mass_closures": lambda _: audit.mass_closures(release("2021-12-31")),
    "audit.precision": lambda _: audit.precision(release("2021-12-31")),
    "casefiles.place": lambda _: casefiles.place(casefiles.read("news_cases", "MDPD-2010"), cohort()),
    "releases.backtest": lambda _: releases.backtest(release("2020-12-31"), release("2021-12-31")),
    "releases.changes": lambda _: releases.changes(release("2020-12-31"), release("2021-12-31")),
    "releases.lag_over_releases": lambda _: releases.lag_over_releases(
        [release(day) for day in ("2019-12-31", "2020-12-31", "2021-12-31")], draws=5
    ),
    "releases.recording_lag": lambda _: releases.recording_lag(release("2020-12-31"), release("2021-12-31"), draws=9),
    "releases.corrected": lambda held: releases.corrected(
        held, releases.recording_lag(release("2020-12-31"), release("2021-12-31"), draws=9), draws=9
    ),
    "outcomes.delay_and_penalty": lambda _: outcomes.delay_and_penalty(cohort(), landmarks=[90]),
}  # fmt: skip
RESTS_ON_ANOTHER: Final = {
    "delay.curve_band": "a curve", "delay.incidence_band": "a curve", "delay.plot_band": "a curve",
    "delay.predicted_curves": "a model", "delay.share_differences": "a model", "delay.proportionality": "a model",
    "delay.with_clusters": "gives durations",
    "audit.figures": "the counts themselves", "audit.request_letter": "the fields", "audit.needs": "the fields",
    "casefiles.comparable": "its durations are read by place",
    "releases.load_series": "loads", "releases.pairs": "pairs", "releases.series": "names",
    "releases.pair": "one pair of releases.pairs", "releases.between": "two datasets",
    "releases.late_recording": "delay.closing_curve and releases.corrected",
    "audit.with_release_traps": "adds to the card",
    "audit.recording_changes": "audit.mass_closures", "audit.require_same_recording": "audit.recording_changes",
}  # fmt: skip
#: Functions that read findings, penalties and fields of rows, and no day on which a case closed.
NO_DAY: Final = {
    "audit.drift", "audit.duplicates", "audit.identity", "audit.missing", "audit.penalty_days",
    "casefiles.agreement", "casefiles.case_report", "casefiles.changes", "casefiles.delay_bounds",
    "casefiles.penalties", "casefiles.read", "casefiles.timeline", "casefiles.verdict", "casefiles.whole",
}  # fmt: skip


def public() -> list[str]:
    found = []
    for door in DOORS:
        module = importlib.import_module(f"accountability.{door}")
        found += [f"{door}.{name}" for name in module.__all__ if inspect.isfunction(getattr(module, name))]
    return found


def test_every_public_function_is_here_or_reads_no_closing_day() -> None:
    told = {*CALLS, *RESTS_ON_ANOTHER, *NO_DAY}
    missing = [name for name in public() if name not in told and not name.startswith("outcomes.")]
    assert missing == []
    # Of outcomes only one asks for a stage that ends a clock.
    clocked = [
        name for name in public()
        if name.startswith("outcomes.") and "stop" in inspect.signature(getattr(outcomes, name[9:])).parameters
    ]  # fmt: skip
    assert clocked == ["outcomes.delay_and_penalty"]


def test_the_source_holds_all_four() -> None:
    counts = closing_states(release("2021-12-31"))["n"]
    assert (counts > 0).all()
    assert counts.sum() == len(rows())


def frames(result: Any) -> list[pd.DataFrame]:
    made = [result] if isinstance(result, pd.DataFrame) else [result.table]
    return [*made, *([result.median()] if getattr(result, "ends", ()) else [])]


@pytest.mark.parametrize("name", CALLS)
def test_the_four_add_up_and_the_ends_not_known_are_said(name: str) -> None:
    result = or_refusal(lambda: CALLS[name](timed()))
    if isinstance(result, Refused):
        assert any(word in result.because for word in ("delay.", "outcomes.", "known_days()"))
        if "known_days()" not in result.because:
            return
        result = CALLS[name](timed().known_days())
    bounded = any("extreme_" in str(column) for frame in frames(result) for column in frame)
    if not isinstance(result, pd.DataFrame) and name.split(".")[0] != "releases":
        assert result.states is not None
        assert result.states["n"].tolist() == closing_states(release("2021-12-31"))["n"].tolist()
    if name.split(".")[0] == "audit" or name == "releases.changes":
        return  # counts what is there and estimates nothing
    said = [] if isinstance(result, pd.DataFrame) else [text for text in result.assumptions if "not known" in text]
    assert bounded or any("left out" in text for text in said), name
