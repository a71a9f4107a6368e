"""Coverage and rejection of the designs on the generated agency, in small; `make gates` runs more."""

from __future__ import annotations

import pytest
import reform_coverage
from conftest import full


@pytest.mark.parametrize("scenario", reform_coverage.SCENARIOS if full() else ("few squads",))
def test_a_planted_effect_is_covered_and_none_is_seldom_called_one(scenario: str) -> None:
    repeats = 400 if full() else 30
    table = reform_coverage.table(repeats, scenarios=(scenario,))
    # Within three standard errors of the 93.5-96.5 % and of the 6.5 % that are held.
    slack = 3 * (0.05 * 0.95 / repeats) ** 0.5
    assert 0.935 - slack <= table["covered"].max() <= 0.965 + slack
    assert table["rejected"].max() <= 0.065 + slack
