"""Find the releases of one agency's records, in order, and check whether two can be compared."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from accountability.errors import FetchError, ParameterError, Refusal, SourceError
from accountability.parameters import nearest
from accountability.privacy import MIN_CELL
from accountability.records.dataset import Dataset
from accountability.records.inherited import last_day, releases_like
from accountability.records.load import load
from accountability.records.lookup import places
from accountability.records.places import source_folder
from accountability.remembered import remembered
from accountability.results import percent
from accountability.stats.arrays import Days, Flags, Ints
from accountability.study.occurrences import FOREVER, NEVER, day_number, day_numbers, rows_places

#: From this share of the keys that two releases share, with another day of receipt, the keys were given out anew.
_ISSUED_ANEW = 0.5


def series(name: str | Path) -> list[str]:
    """Return all releases of the agency of a source, oldest first.

    Parameters
    ----------
    name : str or Path
        Any release.

    Returns
    -------
    list of str
        Names of the sources linked by ``like:``, ordered by the last day they cover.

    Examples
    --------
    >>> from accountability import releases
    >>> releases.series("new_orleans_2023")
    ['new_orleans', 'new_orleans_2023']
    """
    return releases_like(name)


def load_series(name: str | Path) -> list[Dataset]:
    """Load every release of an agency, oldest first.

    Parameters
    ----------
    name : str or Path
        Any release.

    Returns
    -------
    list of Dataset

    Raises
    ------
    Refusal
        If the source is the only release declared.

    Examples
    --------
    >>> from accountability import releases
    >>> from accountability.results import or_refusal
    >>> or_refusal(lambda: releases.load_series("synthetic")).sentence()
    "Not estimated: 'synthetic' is the only release declared; a later one begins with: accountability new-source NAME \
FILE --like synthetic."
    """
    names = series(name)
    if len(names) < 2:
        raise Refusal(
            f"{names[0]!r} is the only release declared; a later one begins with: accountability new-source NAME FILE "
            f"--like {names[0]}"
        )
    return [load(one) for one in names]


def release_of(name: str | Path, release: object) -> str:
    """Return the name of one release of an agency: by name, or the last that ends by a given day.

    Raises
    ------
    ParameterError
        For an unknown release, or none that early; the message lists them.
    """
    names = series(name)
    days = {one: str(last_day(source_folder(one))) for one in names}
    listed = ", ".join(f"{one} (up to {day})" for one, day in days.items())
    text = str(release).strip()
    if text in names:
        return text
    try:
        wanted = dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise ParameterError(
            f"release={text!r}: expected the name of a release or a day (YYYY-MM-DD). {nearest(text, names)} Releases: "
            f"{listed}"
        ) from None
    out = [one for one in names if days[one] and days[one] <= wanted]
    if not out:
        raise ParameterError(f"release={wanted}: no release of the agency ends by then. Releases: {listed}")
    return out[-1]


def loaded(other: str) -> Dataset:
    """Load another release; refused, with the command, where its files are not fetched."""
    try:
        return load(other)
    except FetchError:
        raise Refusal(
            f"another release, {other}, is declared and not fetched. Run accountability fetch {other}"
        ) from None


def other_releases(data: Dataset) -> tuple[list[Dataset], list[Dataset]]:
    """Return the agency's other releases that date closings: those before and those after a dataset, oldest first.

    Raises
    ------
    Refusal
        If no other release is declared, or one is not available.
    """
    try:
        names = series(data.name)
    except SourceError:  # a table of the user's own, or a folder outside the sources
        names = [data.name]
    if data.name not in names or len(names) < 2:
        raise Refusal(
            f"{data.name!r} is the only release declared; a later one begins with: accountability new-source NAME FILE "
            f"--like {data.name}"
        )
    place = names.index(data.name)
    held = []
    for other in names:
        held += [one for one in ([] if other == data.name else [loaded(other)]) if one.card.sampling.closing_date]
    before = [one for one in held if one.name in names[:place]]
    return before, [one for one in held if one.name in names[place:]]


def require_pair(older: Dataset, newer: Dataset, function: str) -> pd.Index:
    """Return the keys that two releases share, in the order of the older.

    Raises
    ------
    ParameterError
        If the second is not a dataset; the message has the line to write.
    Refusal
        If the older is declared newer (by its last day or content), rows have different units, few or no keys are
        shared, or the keys were reassigned.
    """
    if not isinstance(newer, Dataset):
        raise ParameterError(
            f"releases.{function} needs two datasets, and was given a {type(newer).__name__} as the second. Write:\n"
            f"    releases.{function}(accountability.load('new_orleans'), accountability.load('new_orleans_2023'))"
        )
    agencies = [(one.card.jurisdiction, one.card.agency) for one in (older, newer)]
    if agencies[0] != agencies[1]:
        raise Refusal(
            f"{older.name} is of {', '.join(agencies[0][::-1])}, {newer.name} of {', '.join(agencies[1][::-1])}: two "
            "agencies are no releases of one series. Compare their results, not their records"
        )
    before, after = older.card.observed_until, newer.card.observed_until
    if before is None or after is None:
        missing = older.name if before is None else newer.name
        raise Refusal(
            f"{missing} states no last day, so it has no place in the series. Write observed_until: in its card"
        )
    if before >= after:
        raise Refusal(
            f"{older.name} covers up to {before}, {newer.name} up to {after}: the older release comes first and ends "
            f"first. Swap them, or correct `observed_until` of the one that is wrong"
        )
    if older.sha256 == newer.sha256 and older.files:
        raise Refusal(
            f"{older.name} and {newer.name} hold the same files (sha256 {older.sha256[:12]}): one release was declared "
            "twice. Give one of them the files of its own release"
        )
    if older.card.unit != newer.card.unit:
        raise Refusal(
            f"a row is one {older.card.unit} in {older.name} and one {newer.card.unit} in {newer.name}; the two are "
            f"compared by complaint alone: merge the finer with `repeats` in its source.yaml and say unit: complaint"
        )
    old, new = pd.Index(older.cases["case_id"]), pd.Index(newer.cases["case_id"])
    shared = old[places(old, new) >= 0]
    expected = int(within_window(older, old, newer).sum())
    if len(shared) == 0 or 2 * len(shared) < expected:
        raise Refusal(
            f"{older.name} and {newer.name} share {len(shared):,} of {expected:,} complaint numbers that should be in "
            f"both (for instance {_examples(old)} and {_examples(new)}): they are no releases of one series, or the "
            f"number is written otherwise (give the column `extract` or `normalise` in one source.yaml), or the later "
            f"one keeps fewer years (state them: period: in its card)"
        )
    _require_order(older, newer, shared)
    first, then = (recorded_days(one, shared, "received") for one in (older, newer))
    ends = (recorded_days(one, shared, "received", "latest") for one in (older, newer))
    both = (first >= 0) & (then >= 0)
    other = int((both & apart(first, then, *ends)).sum())
    if other > _ISSUED_ANEW * both.sum():
        raise Refusal(
            f"{other:,} of {int(both.sum()):,} complaint numbers in both {older.name} and {newer.name} were received "
            f"on another day ({percent(other / both.sum())}): the numbers were given out anew, so they link nothing"
        )
    return shared


def _require_order(older: Dataset, newer: Dataset, shared: pd.Index) -> None:
    """Refuse a release declared newer whose records end before those of the other, and lack what it knows."""
    late, ends = [], []
    until = older.card.observed_until
    for one in (older, newer):
        assert until is not None
        assert one.card.observed_until is not None
        days = one.events["earliest"].dropna().to_numpy().astype("datetime64[D]").astype(np.int64)
        late.append(int((days > day_number(until)).sum()))
        ends.append(int(days[days <= day_number(one.card.observed_until)].max(initial=NEVER)))
    closed = [recorded_days(one, shared, "closed") >= 0 for one in (older, newer)]
    lost, won = int((closed[0] & ~closed[1]).sum()), int((closed[1] & ~closed[0]).sum())
    if (late[0] > late[1] and late[0] >= MIN_CELL) or (ends[1] < ends[0] and lost > won and lost >= MIN_CELL):
        raise Refusal(
            f"{older.name} is declared to end on {until} and holds {late[0]:,} dates after it, {newer.name} "
            f"{late[1]:,}; {lost:,} closings of {older.name} are missing in {newer.name}, {won:,} the other way round: "
            f"an older release is declared as the newer. Correct `observed_until` of both"
        )


def apart(first: Days, then: Days, first_end: Days, then_end: Days) -> Flags:
    """Return whether two dates (days or spans) cannot be the same day."""
    return np.asarray((first_end < then) | (then_end < first))


@remembered
def recorded_days(data: Dataset, keys: pd.Index, stage: str, end: str = "earliest") -> np.ndarray:
    """Return the first recorded day of a stage in each case, usable or set aside, as a day number; -1 if there is none.

    A coarse date has an `earliest` and a `latest` day.
    """
    day = day_numbers(data.events[end], FOREVER)
    rows = np.flatnonzero((data.events["stage"] == stage).to_numpy() & (day < FOREVER))
    place = key_places(data, data.events, keys)[rows]
    found = np.full(len(keys), FOREVER)
    np.minimum.at(found, place[place >= 0], day[rows][place >= 0])
    return np.where(found == FOREVER, -1, found)


def key_places(data: Dataset, table: pd.DataFrame, keys: pd.Index) -> Ints:
    """Return the place of the complaint of each row of a table among the keys, -1 if it is not among them."""
    own = rows_places(table, data.cases)
    return np.where(own >= 0, case_places(data, keys)[own], -1)


@remembered
def case_places(data: Dataset, keys: pd.Index) -> Ints:
    """Return the place of each complaint among the keys, -1 if it is not among them."""
    return places(data.cases["case_id"], keys)


def within_window(data: Dataset, keys: pd.Index, other: Dataset) -> np.ndarray:
    """Return the cases received within the period that the other release covers."""
    if other.card.period is None:
        return np.ones(len(keys), bool)
    day = recorded_days(data, keys, "received")
    first, last = (np.datetime64(one, "D").astype(np.int64) for one in (other.card.period.start, other.card.period.end))
    return np.asarray((day < 0) | ((day >= first) & (day <= last)))


def _examples(keys: pd.Index) -> str:
    return ", ".join(map(repr, keys[:2]))
