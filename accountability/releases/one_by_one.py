"""Compare every release of an agency with the next: changes, lag and backtest, as the command prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.records.dataset import Dataset
from accountability.records.load import load
from accountability.records.places import source_folder
from accountability.releases.came_true import Backtest, backtest
from accountability.releases.late_closings import RecordingLag, recording_lag
from accountability.releases.record_changes import Changes, changes
from accountability.releases.release_line import load_series, loaded, series
from accountability.results import Refused, Result, or_refusal


@dataclass(frozen=True, eq=False)
class Pair:
    """Two successive releases and their comparison.

    Attributes
    ----------
    older, newer : str
    before, after : Dataset
    changes : Changes
    lag : RecordingLag or Refused
    backtest : Backtest or Refused
    """

    older: str
    newer: str
    before: Dataset
    after: Dataset
    changes: Changes
    lag: RecordingLag | Refused
    backtest: Backtest | Refused

    def facts(self) -> dict[str, Any]:
        """Return the sentence and table of each as plain values."""
        said: dict[str, Any] = {"older": self.older, "newer": self.newer}
        results: dict[str, Result] = {"changes": self.changes, "lag": self.lag, "backtest": self.backtest}
        for name, one in results.items():
            said[name] = {"answer": one.sentence(), "table": one.table.to_dict("records")}
        return said

    def __str__(self) -> str:
        parts = [
            f"{self.older} → {self.newer}",
            self.changes.sentence(),
            self.changes.table.to_string(index=False, na_rep=""),
        ]
        return "\n".join([*parts, self.lag.sentence(), self.backtest.sentence()])


def pairs(name: str | Path) -> list[Pair]:
    """Compare every release of an agency with the next.

    Parameters
    ----------
    name : str or Path
        Any release.

    Returns
    -------
    list of Pair
        Oldest first; a lag or backtest that cannot be estimated is replaced by its refusal.

    Raises
    ------
    Refusal
        If only one release is declared, or two cannot be compared.

    Examples
    --------
    >>> from accountability import releases
    >>> from accountability.results import or_refusal
    >>> or_refusal(lambda: releases.pairs("synthetic")).because[:43]
    "'synthetic' is the only release declared; a"
    """
    held = load_series(name)
    return [_pair(one, two) for one, two in pairwise(held)]


def pair(name: str | Path, against: str | None = None, days: Sequence[int] = (180, 365)) -> Pair:
    """Compare a release with the next one, or the last with the one before it.

    Parameters
    ----------
    name : str or Path
        A release.
    against : str, optional
        Another release of the agency instead of the next.
    days : sequence of int
        Days of age at which shares closed are compared with the newer release.

    Returns
    -------
    Pair

    Raises
    ------
    ParameterError
        If `against` is not a release of the same agency.
    Refusal
        If only one release is declared, or the two cannot be compared.

    Examples
    --------
    >>> from accountability import releases
    >>> found = releases.pair("generated_2021")
    >>> found.older, found.newer
    ('generated_2019', 'generated_2021')
    """
    names = series(name)
    own = source_folder(name).name
    if len(names) < 2:
        load_series(name)  # refuses, and says how to declare another
    others = [one for one in names if one != own]
    if against is not None and against not in others:
        raise ParameterError(f"no other release {against!r} of {own!r}. {nearest(against, others)}")
    place = names.index(own)
    other = against or names[place + 1 if place + 1 < len(names) else place - 1]
    held = {own: load(name), other: loaded(other)}
    first, second = sorted(held, key=names.index)
    return _pair(held[first], held[second], days)


def _pair(older: Dataset, newer: Dataset, days: Sequence[int] = (180, 365)) -> Pair:
    return Pair(
        older.name,
        newer.name,
        older,
        newer,
        changes(older, newer),
        or_refusal(lambda: recording_lag(older, newer), "how late closings are recorded"),
        or_refusal(lambda: backtest(older, newer, days), "whether estimates came true"),
    )
