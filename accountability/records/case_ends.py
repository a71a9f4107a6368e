"""Closing states: what is known about the end of every case. The four states add up to all cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.records.lookup import places
from accountability.remembered import remembered
from accountability.vocabulary import CLOSING_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tables:
    """The tables of a source, as an interface."""

    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    card: Any


class Held(Protocol):
    """The interface shared by a dataset and a cohort."""

    @property
    def cases(self) -> pd.DataFrame:
        """One row per complaint."""
        ...

    @property
    def allegations(self) -> pd.DataFrame:
        """One row per accusation."""
        ...

    @property
    def events(self) -> pd.DataFrame:
        """One row per dated step."""
        ...

    @property
    def card(self) -> Any:
        """The source's card."""
        ...


@remembered
def closing_state(held: Held, stage: str = "closed") -> pd.Series:
    """Return the closing state of every case: whether it is closed, and whether the day is known.

    Parameters
    ----------
    held : Dataset or Cohort
        The cases.
    stage : str
        The stage that ends a case.

    Returns
    -------
    Series of str
        By ``case_id``: a term of :data:`accountability.vocabulary.CLOSING_STATES`. A case whose only closing date was
        set aside (unreadable, impossible, after the last day covered) is ``unknown``, and so is one without a closing
        date where the card does not say that open cases are included, or says that closing dates are not published.
        Under the rule ``no_closing_date`` the findings say which cases are closed (:func:`closed_by_status`).

    Examples
    --------
    >>> import accountability
    >>> sorted(closing_state(accountability.load("synthetic")).unique())
    ['dated', 'open', 'unknown']
    """
    state = pd.array(list(CLOSING_STATES), dtype="str").take(_state(held, stage))
    return pd.Series(state, index=pd.Index(held.cases["case_id"]), name="closing_state")


@remembered
def _state(held: Held, stage: str) -> Ints:
    """The closing state of every case, as :func:`state_of` numbers it."""
    cases, sampling = held.cases["case_id"], held.card.sampling
    if stage == "closed" and sampling.rule == "no_closing_date":
        closed = closed_by_status(held.allegations).reindex(pd.Index(cases))
        return state_of(closed.isna().to_numpy(bool), ~closed.fillna(False).to_numpy(bool), np.ones(len(cases), bool))
    of_stage = (held.events["stage"] == stage).to_numpy(dtype=bool)
    steps = held.events[["case_id", "earliest", "latest", "set_aside"]][of_stage]  # to pick rows, texts are copied
    usable = steps["set_aside"].isna().to_numpy(dtype=bool)
    day = (steps["earliest"].notna() | steps["latest"].notna()).to_numpy(dtype=bool)
    at = places(steps["case_id"], cases)
    none, with_day, aside = np.ones(len(cases), bool), np.zeros(len(cases), bool), np.zeros(len(cases), bool)
    for marked, which, value in ((none, usable, False), (with_day, usable & day, True), (aside, ~usable, True)):
        marked[at[which & (at >= 0)]] = value
    published = sampling.closing_date or sampling.rule == "case_files" or stage != "closed"
    return state_of(none & (aside | (sampling.open_cases != "included") | (not published)), none, ~with_day)


def state_of(unknown: Flags, is_open: Flags, no_day: Flags) -> Ints:
    """Return the closing state of cases, numbered as in :data:`accountability.vocabulary.CLOSING_STATES`.

    Parameters
    ----------
    unknown : array of bool
        Nobody knows whether the case is closed.
    is_open : array of bool
        The case is open, unless that is not known.
    no_day : array of bool
        A closed case's day is not known.
    """
    return np.select([unknown, is_open, no_day], [3, 2, 1], 0)


@remembered
def closing_states(held: Held, stage: str = "closed") -> pd.DataFrame:
    """Count the cases in each closing state.

    Parameters
    ----------
    held : Dataset or Cohort
        The cases.
    stage : str
        The stage that ends a case.

    Returns
    -------
    DataFrame
        ``state`` (a term of :data:`accountability.vocabulary.CLOSING_STATES`, all four), ``n``, ``meaning``. The
        counts add up to all cases.

    Examples
    --------
    >>> import accountability
    >>> counts = closing_states(accountability.load("synthetic"))
    >>> counts["state"].tolist()
    ['dated', 'closed_on_unknown_day', 'open', 'unknown']
    >>> int(counts["n"].sum())
    5000
    """
    return counted_states(_state(held, stage))


def counted_states(state: Ints) -> pd.DataFrame:
    """Count the closing states of :func:`state_of`, including those with none."""
    return pd.DataFrame(
        {
            "state": list(CLOSING_STATES),
            "n": np.bincount(state, minlength=len(CLOSING_STATES)),
            "meaning": list(CLOSING_STATES.values()),
        }
    )


def states_in_words(counts: pd.DataFrame) -> str:
    """State the four counts in one line, with their total."""
    n: Mapping[str, int] = dict(zip(counts["state"], counts["n"], strict=True))
    parts = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in n.items())
    return f"{parts} ({sum(n.values()):,} in all)"


def ends_unknown(counts: pd.DataFrame | None) -> str:
    """State how many cases closed on an unknown day, and how many may have closed; empty if none."""
    if counts is None:
        return ""
    n: Mapping[str, int] = dict(zip(counts["state"], counts["n"], strict=True))
    no_day, no_word = n["closed_on_unknown_day"], n["unknown"]
    parts = [f"{no_day:,} case{'' if no_day == 1 else 's'} closed on an unknown day"] if no_day else []
    parts += [f"whether {no_word:,} case{'' if no_word == 1 else 's'} closed is not known"] if no_word else []
    return " and ".join(parts)


def closed_by_status(allegations: pd.DataFrame) -> pd.Series:
    """Return whether each case is closed, from the findings of its allegations.

    Parameters
    ----------
    allegations : pandas.DataFrame
        ``case_id``, ``finding``.

    Returns
    -------
    pandas.Series of boolean
        By ``case_id``: false while any allegation is pending; missing when none is and one has no recorded finding.
    """
    found = allegations["finding"] if "finding" in allegations else pd.Series(None, allegations.index, dtype="str")
    marks = pd.DataFrame(
        {
            "case_id": allegations["case_id"],
            "pending": (found == "pending").fillna(False).astype(bool),
            "unknown": found.isna(),
        }
    )
    any_of = marks.groupby("case_id")[["pending", "unknown"]].any()
    return (~any_of["pending"]).astype("boolean").mask(any_of["unknown"] & ~any_of["pending"])
