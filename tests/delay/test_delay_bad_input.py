"""Data no estimator may choke on: each gives an answer, a refusal with its reason or a parameter error, never inf."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest

from accountability import delay
from accountability.delay import deadlines
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import LONGEST, Durations, Sampling


def cases(days, closed=None, **more):
    number = len(days)
    groups = {"g": np.where(np.arange(number) % 2, "a", "b"), "way": np.where(np.arange(number) % 3, "x", "y")}
    return Durations.from_days(days, closed, groups=groups, longest=[LONGEST] * number, **more)


def of_one(number, alone=1):
    made = cases(np.arange(1, number + 1))
    group = np.where(np.arange(number) < alone, "alone", "rest")
    return dataclasses.replace(made, table=made.table.assign(g=group))


def monthly(apart, closed=None):
    """Cases closed so many months after the month they were received in."""
    closed = np.ones(len(apart), bool) if closed is None else closed
    made = cases(np.maximum(30 * apart - 29, 0), closed, days_upper=30 * apart + 29)
    spans = {"start_span": np.full(len(apart), 30), "stop_span": np.where(closed, 30, 0)}
    return dataclasses.replace(made, table=made.table.assign(**spans))


DATA = {
    "no case": cases(np.zeros(0, int)),
    "one case": cases([5]),
    "one open case": cases([5], [False]),
    "all open": cases([1, 5, 9, 9], [False] * 4),
    "all closed on one day": cases([7] * 6),
    "all closed on day 0": cases([0] * 6),
    "a group of one": of_one(8),
    "very long delays": cases([0, 1, LONGEST, LONGEST - 1], [True, True, True, False]),
    "a group all open": cases([3, 4, 5, 6, 7, 8], [True, False] * 3),
    "coarse": cases([1, 2, 3, 4], days_upper=[30, 2, 60, 4]),
    "coarse and all alike": cases([1, 1, 1, 1], days_upper=[9, 9, 9, 9]),
    "months": monthly(np.arange(200) * 3 // 30),
    "months, all within the first": monthly(np.zeros(120, int)),
    "months, all after years": monthly(np.full(120, 60)),
    "months, half at the start and half after years": monthly(np.repeat([0, 90], 100)),
    "months, very long": monthly(np.linspace(0, LONGEST // 30 - 3, 300).astype(int)),
    "months, nearly all open": monthly(np.arange(300) // 10, closed=np.arange(300) % 5 == 0),
    "in sight late": cases([5, 6, 7, 8], entry_time=[4, 0, 7, 0]),
    "closed only": cases([5, 6, 7, 8], sampling=Sampling("closed_only", "excluded")),
    "selected": cases([5, 6], sampling=Sampling("selected_on_outcome", "excluded", selected_on=("finding",))),
    "statuses": dataclasses.replace(
        cases([0, 9, 0, 9], [True, False] * 2, days_upper=[9, 9, 20, 9]), current_status=True
    ),
}

ESTIMATORS = {
    "how_long": lambda d: delay.how_long(d),
    "how_long by": lambda d: delay.how_long(d, "g"),
    "closing_curve": lambda d: delay.closing_curve(d, "g"),
    "quantile": lambda d: delay.closing_curve(d).quantiles([0.1, 0.5, 0.9]),
    "curve_band": lambda d: delay.curve_band(delay.closing_curve(d)),
    "hall_wellner": lambda d: delay.curve_band(delay.closing_curve(d), "hall-wellner"),
    "incidence_band": lambda d: delay.incidence_band(delay.competing_closings(d, "way"), 1, replicates=100),
    "competing_closings": lambda d: delay.competing_closings(d, "way", "g"),
    "interval_curve": lambda d: delay.interval_curve(d, "g"),
    "coarse_curve": lambda d: delay.coarse_curve(d, "g"),
    "coarse_curve, causes": lambda d: delay.coarse_curve(d, causes="way").causes_at([0, 5, 400]),
    "coarse_curve, mean": lambda d: delay.restricted_mean(d, 40),
    "bootstrap_coarse": lambda d: delay.bootstrap(d, 1, until=30, causes="way", days=[5], replicates=20),
    "current_status_curve": lambda d: delay.current_status_curve(d, "g"),
    "curve_limits": lambda d: delay.curve_limits(d, [0, 5, 400]),
    "quantile_limits": lambda d: delay.quantile_limits(d, 0.5),
    "reverse_time_curve": lambda d: delay.reverse_time_curve(d, "g"),
    "restricted_mean": lambda d: delay.restricted_mean(d, 4, "g"),
    "mean_of_closed_only": lambda d: delay.mean_of_closed_only(d, "g"),
    "logrank": lambda d: delay.compare(d, "g", "logrank"),
    "fleming_harrington": lambda d: delay.compare(d, "g", "logrank", rho=1, gamma=1),
    "permutation_logrank": lambda d: delay.compare(d, "g", "permutation", seed=1, replicates=19),
    "interval_logrank": lambda d: delay.compare(d, "g", "interval"),
    "coarse_logrank": lambda d: delay.compare(d, "g", "coarse"),
    "gray": lambda d: delay.compare(d, "g", causes="way", cause="x"),
    "compare_groups": lambda d: delay.compare_groups(d, "g"),
    "bootstrap": lambda d: delay.bootstrap(d, 1, until=4, replicates=20),
    "bootstrap by cluster": lambda d: delay.bootstrap(d, 1, cluster="g", replicates=20),
    "bootstrap of causes": lambda d: delay.bootstrap(d, 1, causes="way", days=[5], replicates=20),
    "bootstrap_closed_only": lambda d: delay.bootstrap(d, 1, replicates=20),
    "bunching": lambda d: delay.bunching(d, 180),
    "assess": lambda d: deadlines.assess(d, 180, "g"),
}


def numbers(found):
    frames = [found] if isinstance(found, pd.DataFrame) else [found.table]
    frames += [
        frame for name in ("difference", "convergence") if isinstance(frame := getattr(found, name, None), pd.DataFrame)
    ]
    for frame in frames:
        for column in frame.select_dtypes("number"):
            yield column, frame[column].astype("float64").to_numpy()
    for name in ("statistic", "p_value"):
        if hasattr(found, name):
            yield name, np.array([getattr(found, name)], dtype=float)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("data", DATA)
def test_an_answer_without_inf_or_a_reason(data, estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = ESTIMATORS[estimator](DATA[data])
        except (Refusal, ParameterError) as why:
            found, reason = None, str(why)
    if found is None:
        assert len(reason) > 20
        return
    for name, values in numbers(found):
        assert not np.isinf(values).any(), name
        if name == "p_value":
            assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()
    if hasattr(found, "sentence"):
        said = found.sentence()
        assert "inf " not in said
        assert "nan" not in said.lower().replace("finance", "")


UNGROUPED = ("bootstrap", "bunching", "quantile", "how_long", "curve_band", "hall_wellner", "curve_limits")
UNGROUPED += ("quantile_limits", "bootstrap_closed_only", "coarse_curve, mean")


@pytest.mark.parametrize("estimator", [name for name in ESTIMATORS if name not in UNGROUPED])
def test_an_unknown_group_is_named(estimator):
    made = Durations.from_days([1, 2, 3, 4], longest=[9] * 4)
    if "coarse_" in estimator or "_coarse" in estimator:
        months = DATA["months"]
        made = dataclasses.replace(months, table=months.table.drop(columns=["g", "way"]))
    with pytest.raises((ParameterError, Refusal), match=r"no column|closing days are known|statuses"):
        ESTIMATORS[estimator](made)


def test_groups_without_a_value_are_refused_with_the_way_out():
    made = Durations.from_days([1, 2, 3], groups={"g": ["a", None, "b"]})
    with pytest.raises(ParameterError, match="label_missing"):
        delay.closing_curve(made, "g")
    numeric = Durations.from_days([1, 2, 3], groups={"g": [1.0, np.nan, 2.0]})
    with pytest.raises(ParameterError, match="1 of 3 cases have no 'g'"):
        delay.compare(numeric, "g", "logrank")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"days": [-1, 2]}, "below 0"),
        ({"days": [5], "days_upper": [3]}, "longest delay below its shortest"),
        ({"days": [LONGEST + 1]}, "wrong date"),
        ({"days": [1.5]}, "whole days"),
        ({"days": [np.nan, 2]}, "whole days"),
        ({"days": [np.inf]}, "whole days"),
        ({"days": [5], "entry_time": [9]}, "last seen"),
        ({"days": [5], "entry_time": [-1]}, "below 0"),
        ({"days": [5], "event": [True, False]}, "different lengths"),
    ],
)
def test_impossible_days_never_become_durations(arguments, message):
    with pytest.raises(ParameterError, match=message):
        Durations.from_days(**arguments)
