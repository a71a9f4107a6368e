"""Officers round a sustained finding: no effect is made out of how they were chosen, and a planted one is found."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import full
from scipy import stats

import accountability
from accountability import reforms
from accountability.errors import ParameterError, Refusal
from accountability.reforms import after_discipline as ad


def force(rng: np.random.Generator, effect: float = 1.0, officers: int = 250, months: int = 72) -> ad._Laid:
    """Officers who draw complaints at rates of their own; some complaints are sustained months later."""
    rate, unit = rng.gamma(3, 1 / 3, officers) * 0.08, rng.integers(0, 10, officers)
    rows, hits, step, led = [], [], np.full(officers, ad.NEVER_MONTH), []
    for one in range(officers):
        at, first = 0.0, np.inf
        while (at := at + rng.exponential(1 / rate[one])) < months:
            if at >= first and rng.random() > effect:
                continue
            closed, hit = at + rng.exponential(6), rng.random() < 0.15
            rows.append((one, at, max(at - rng.exponential(1), 0), closed))
            hits.append(hit and closed < months)
            if hit and closed < min(first, months):
                first, step[one] = closed, int(closed)
                led.append((one, len(rows) - 1))
    officer, received, incident, closed = (np.array(column) for column in zip(*rows, strict=True))
    flags = np.zeros(len(rows), dtype=bool)
    flags[list(dict(led).values())] = True
    return ad._Laid(
        officer=officer, received=received.astype(int), incident=incident.astype(int), closed=closed.astype(int),
        led=flags, hit=np.array(hits), unit=unit, begin=np.zeros(officers, int), end=np.full(officers, months),
        step=step, left=np.zeros(officers, bool), leaving=False,
    )  # fmt: skip


def mean_after(laid: ad._Laid) -> tuple[float, float]:
    value, error, n = ad._bin(ad._stacks(laid, 12, 12), -1, laid)
    return value, 2 * stats.t.sf(abs(value / error), n - 1)


def test_no_effect_is_found_where_there_is_none() -> None:
    rng, times = np.random.default_rng(7), 400 if full() else 25
    found = np.array([mean_after(force(rng)) for _ in range(times)])
    assert (found[:, 1] < 0.05).mean() <= 0.065 + 2.6 * np.sqrt(0.05 * 0.95 / times)
    assert abs(found[:, 0].mean()) < 0.02 + 2.6 * found[:, 0].std() / np.sqrt(times)


def test_a_planted_fall_is_found() -> None:
    rng = np.random.default_rng(8)
    found = np.array([mean_after(force(rng, effect=0.5, officers=400)) for _ in range(5)])
    assert found[:, 0].mean() < -0.25


def test_the_complaint_that_led_to_the_step_is_no_complaint_before_it() -> None:
    laid = force(np.random.default_rng(9))
    counted = laid.counts(np.arange(len(laid.unit)), 0, 72).sum()
    assert counted == len(laid.officer) - laid.hit.sum()
    assert laid.led.sum() < laid.hit.sum()  # nor any later one: none before a first step is in the months before


@pytest.mark.parametrize("step", ["sustained", "penalty"])
def test_the_synthetic_agency_is_followed(step: str) -> None:
    found = reforms.discipline_effect(accountability.load("synthetic"), step)
    assert found.table["event_time"].tolist() == [-12, -9, -6, -3, 0, 3, 6, 9]
    assert found.apart["reason"].tolist()[0] == "led to the step"
    assert found.leaving is not None
    assert "the share who left within 12 months" in found.sentence()
    assert "if officers would otherwise have moved as their peers" in found.sentence().replace("This holds ", "")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"step": "fired"}, "step: expected one of sustained, penalty, found 'fired'"),
        ({"before": 10}, "before: expected a multiple of 3 months, found 10"),
        ({"after": 0}, "after: expected whole months from 3 to 60"),
        ({"unit": "planet"}, "no column 'planet'"),
        ({"before": 36, "after": 36}, "expected at least 20 officers"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(asked: dict, said: str) -> None:
    with pytest.raises((Refusal, ParameterError), match=said):
        reforms.discipline_effect(accountability.load("synthetic"), **asked)
