"""The worked example of Chicago, and the study's calls on every real release: each gives a result or says why not."""

from __future__ import annotations

from functools import partial

import pytest
from conftest import ROOT, full, real_data_folder

import accountability
from accountability import audit, reforms
from accountability.errors import Refusal
from accountability.records.dataset import Dataset
from accountability.reforms.effect import Effect
from accountability.results import Refused, or_refusal

NAMES = sorted(path.name for path in (ROOT / "data").iterdir() if (path / "source.yaml").is_file())
PAGE = " ".join((ROOT / "docs" / "how_to" / "did_it_change.md").read_text(encoding="utf-8").split())


def as_the_study(data: Dataset, reform: reforms.Reform, outcome: str, design: str) -> list[object]:
    """What ``did_the_reform_work`` asks of a release, result by result."""
    of = None if outcome == "complaints" else "complaints"
    made = partial(reforms.panel_of, data, "agency", list(dict.fromkeys([outcome, "complaints"])), reform=reform)
    alike = or_refusal(lambda: audit.require_same_recording(data, reform.start, outcome, warn=True), "the recording")
    months = alike if isinstance(alike, Refused) else or_refusal(made, "the outcome by month")
    calls = [reforms.by_design, reforms.placebo_dates, reforms.other_choices]
    return [or_refusal(lambda one=one: one(months, outcome, design, window=48, of=of), one.__name__) for one in calls]


def check(data: Dataset, reform: reforms.Reform) -> list[str]:
    """Every outcome and design: a number, or a sentence that says what is missing."""
    said = []
    for outcome, design in (
        ("complaints", "series"), ("closed_share", "series"), ("sustained_share", "series"),
        ("complaints", "comparison"), ("complaints", "discontinuity"),
    ):  # fmt: skip
        for found in as_the_study(data, reform, outcome, design):
            text = found.because if isinstance(found, Refused) else found.sentence()
            assert len(text.split()) > 6, text
            assert not any(word in text for word in ("Traceback", "KeyError", "nan ", " None ")), text
            if isinstance(found, Effect):
                assert f"{reform.what} changed" not in text.lower(), text
            said.append(text)
    return said


@pytest.mark.real_data
def test_chicago_says_what_the_page_says(real_source) -> None:
    data = real_source("chicago_2000_2016")
    declared = reforms.reform_of("chicago_2000_2016")
    assert declared.start.isoformat() == "2007-09-01"
    assert "September 2007" in declared.source
    panel = reforms.panel_of(data, "agency", "complaints", reform=declared)
    row = reforms.interrupted_series(panel, "complaints", window=48).table.iloc[0]
    numbers = [f"{row[name]:.2f}" for name in ("estimate", "lower", "upper")]
    assert f"were {numbers[0]} times what the four years before would have led to" in PAGE
    assert f"interval {numbers[1]} to {numbers[2]})" in PAGE
    others = reforms.other_choices(panel, "complaints", window=48).table["estimate"].iloc[1:]
    assert f"{100 * others.min() - 100:.0f} to {100 * others.max() - 100:.0f} % more under other choices" in PAGE
    with pytest.raises(Refusal, match="75 complaints up to 180 days old were closed together on 2007-10-20; 243"):
        audit.require_same_recording(data, declared.start, "closed_share")
    with pytest.raises(Refusal, match=r"all are affected from 2007-09 on \(1 agency of the panel\)"):
        reforms.before_and_after(panel, "complaints")


@pytest.mark.parametrize("name", ["synthetic", "generated_2021", "news_cases"])
def test_a_release_of_the_repository_gives_a_result_or_says_why_not(name: str) -> None:
    data = accountability.load(name)
    assert len(check(data, midway(data))) == 15


@pytest.mark.skipif(not full(), reason="every release takes minutes: make gates")
@pytest.mark.parametrize("name", [name for name in NAMES if (real_data_folder() / name).is_dir()])
def test_a_real_release_gives_a_result_or_says_why_not(name: str, real_source) -> None:
    data = real_source(name)
    assert len(check(data, midway(data))) == 15


def midway(data: Dataset) -> reforms.Reform:
    """A reform half way through the days a release covers."""
    period = data.card.period
    known = period is not None and getattr(period, "start", None) is not None
    day = period.start + (period.end - period.start) / 2 if known else "2010-01-01"
    return reforms.read_reform(
        {"reform": "midway", "what": "a rule", "from": day, "affects": "all, at once", "source": "invented"}
    )
