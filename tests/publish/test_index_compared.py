"""Reports of one question are set side by side under what their numbers are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from accountability.findings.finding_parts import KeyNumber
from accountability.publish.index_page import _compared
from accountability.publish.page import render


def card(label: str, value: str, estimate: float | None, *setting: str) -> dict[str, Any]:
    number = KeyNumber(value=value, label=label, estimate=estimate)
    return {
        "folder": label, "source": "an agency", "setting": setting, "failure": None, "title": "", "changed": (),
        "finding": SimpleNamespace(numbers=(number,), answer=""), "thumbnail": "", "chosen": (),
    }  # fmt: skip


def page(compared: dict[str, Any] | None) -> str:
    asked = [{"question": "How?", "cards": [], "compared": compared}]
    return render(
        "index.html.j2", title="", source={"generated": True, "facts": []}, questions=asked, reports=[], not_run={},
        filters=[], part=None,
    )  # fmt: skip


def test_numbers_of_one_kind_stand_under_its_name() -> None:
    found = _compared([card("upheld", "12 %", 0.12, "as of 2018"), card("upheld", "15 %", 0.15, "as of 2020")])
    assert found is not None
    assert found["same"]
    assert "Side by side: upheld</caption>" in page(found)


def test_numbers_of_other_groups_say_whose_they_are() -> None:
    """The shares of three groups once stood under the name of the first."""
    found = _compared(
        [card("upheld, Force", "4.7 %", 0.047, "by category"), card("upheld, Black", "13.3 %", 0.133, "by race")]
    )
    assert found is not None
    shown = page(found)
    assert "Side by side</caption>" in shown
    assert "<td>upheld, Force</td>" in shown
    assert "<td>upheld, Black</td>" in shown


@pytest.mark.parametrize("cards", [
    [card("closed within a year", "75 %", 0.75), card("until half were closed", "125 days", 125.0)],
    [card("upheld", "12 %", 0.12)],
])  # fmt: skip
def test_a_share_is_not_compared_with_days_nor_one_report_with_itself(cards: list[dict[str, Any]]) -> None:
    assert _compared(cards) is None
