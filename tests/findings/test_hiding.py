"""Hiding never changes a number that a finding shows: every study, under several least counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import full

import accountability
from accountability import privacy
from accountability.findings import Finding, wording
from accountability.publish.replay import Replay
from accountability.studies import registry

LEAST = (1, 5, 10, 20)
GROUP = "officer_race"
SLOW = ("do_squads_matter", "what_changed_between_releases", "agencies_side_by_side")  # compared by `make gates`


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return {"synthetic": accountability.load("synthetic")}


@pytest.fixture(scope="module")
def replay(given: dict[str, Any]) -> Replay:
    """One replay for all, so that what does not depend on the least count is computed once."""
    return Replay(given)


def asked(study: str, **values: Any) -> dict[str, Any]:
    known = registry.get(study).parameters
    held = {name: value for name, value in values.items() if name in known.model_fields}
    # A report takes no least count below ten; what is compared with it is.
    study_of = registry.get(study)
    own = {} if study_of.needs_release or study_of.needs_people else {"source": "synthetic"}
    return known.model_validate(own).literals() | held


def cells(finding: Finding) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every number that a finding shows, by its place."""
    for one in finding.numbers:
        yield ("number", one.label), one.value
    for table in (*finding.tables, *([finding.firm_table] if finding.firm_table else [])):
        numbers = [place for place, head in enumerate(table.head) if head.endswith(": number")]
        for row in table.rows:
            # From a stage on where few are undecided shares stand rounded, with no number beside them.
            if any(untold(row[place]) for place in numbers):
                continue
            for head, cell in zip(table.head[1:], row[1:], strict=True):
                yield (table.title, row[0], head), cell


def untold(cell: str) -> bool:
    return wording.HIDDEN in cell or cell in (wording.MISSING, "not observed", "not reached", "too few to show")


@pytest.mark.parametrize(
    "study", [name for name, one in registry.STUDIES.items() if not one.of_a_case and (full() or name not in SLOW)]
)
def test_no_least_count_changes_a_number_that_a_study_shows(
    study: str, given: dict[str, Any], replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[tuple[str, ...], set[str]] = {}
    asks = "min_cell" in registry.get(study).parameters.model_fields
    for least in LEAST if full() else LEAST[::3]:
        # What has no such parameter hides by the one rule alone.
        monkeypatch.setitem(privacy.disclose.__kwdefaults__, "min_cell", least)
        fresh = replay if asks else Replay(given)
        finding = fresh.finding(study, asked(study, group=GROUP, min_cell=least), whole=False)
        places = [place for place, _ in cells(finding)]
        for place, cell in cells(finding):
            if places.count(place) == 1 and not untold(cell):
                shown.setdefault(place, set()).add(cell)
    assert shown
    assert {place: found for place, found in shown.items() if not alike(found)} == {}


def alike(found: set[str]) -> bool:
    """Whether texts are the same but for shares rounded to whole per cents, which give no small count away."""
    if len(found) < 2:
        return True
    numbers = [re.findall(r"\d+(?:\.\d+)?", text) for text in found]
    if len({len(one) for one in numbers}) > 1 or len({re.sub(r"[\d.]+", "", text) for text in found}) > 1:
        return False
    return all(any("." not in one for one in same) and _near(same) for same in zip(*numbers, strict=True))


def _near(same: tuple[str, ...]) -> bool:
    # An end of an interval is rounded outwards.
    return max(map(float, same)) - min(map(float, same)) <= 1


def test_a_share_is_alike_to_its_rounding_alone() -> None:
    assert alike({"35.1 % (28.4 to 40.2)", "35 % (28 to 41)"})
    assert not alike({"35.1 % (28.4 to 40.2)", "35.2 % (28.4 to 40.2)"})
    assert not alike({"35.1 % (28.4 to 40.2)", "37 % (28 to 41)"})
    assert not alike({"35.1 %", "35.1 % (28.4 to 40.2)"})
