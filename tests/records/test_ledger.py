"""Raw rows = coded rows + rows accounted for, or an error that says where not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import SourceError
from accountability.records.ledger import Entry, Ledger


def dropped(count: int, file: str = "a.csv") -> Entry:
    return Entry(file, "", "row dropped", "exact repeat", "printed twice", count, (3, 9))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_balance_is_exact(coded: int, gone: int, lost: int) -> None:
    ledger = Ledger.of([dropped(gone)], [("a.csv", "cases", coded + gone + lost, coded)])
    assert ledger.balance()["unexplained"].tolist() == [lost]
    if lost:
        with pytest.raises(SourceError, match=f"{coded + gone + lost} raw rows, {coded} coded, .*{lost} unexplained"):
            ledger.check()
    else:
        assert len(ledger.check()) == 1


def test_a_value_set_aside_is_not_a_row_lost() -> None:
    aside = Entry("a.csv", "closed", "value set aside", "order", "closed before received", 2, (4,))
    ledger = Ledger.of([aside], [("a.csv", "cases", 10, 10)])
    assert ledger.check()["accounted"].tolist() == [0]
    assert ledger.entries["example_rows"].tolist() == ["4"]


def test_entries_of_nothing_are_not_kept() -> None:
    assert len(Ledger.of([dropped(0)], [("a.csv", "cases", 1, 1)])) == 0


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown ledger action 'vanished'"):
        Entry("a.csv", "", "vanished", "", "", 1)
