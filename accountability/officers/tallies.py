"""Complaints per officer, unit or supervisor, kept as counts of holders without names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.officers.officer_events import years_watched
from accountability.officers.served_time import how_many
from accountability.officers.shared_complaints import accused_together
from accountability.privacy import MIN_CELL
from accountability.records.units import WORDS
from accountability.results import plural
from accountability.stats.arrays import Floats, Ints
from accountability.stats.count_laws import Counts
from accountability.study.cohort import Cohort
from accountability.study.exposure import years_of
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, rows_places, stage_of
from accountability.vocabulary import ROSTER

Exposure = pd.Series | str | None

OFFICER = "officer_id"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tally:
    """Numbers of holders (officers, units, supervisors) by count and exposure, one cell each.

    Attributes
    ----------
    count : array of int
        Complaints of each holder in the cell.
    exposure : array of float
        Exposure of each holder in the cell; 1 when none was given.
    holders : array of int
        Holders in the cell.
    zeros : bool
        Whether holders who drew none are included. If not, results describe holders with at least one.
    holder, drawn : str
        Words for a holder and for what is counted, singular.
    exposure_word : str or None
        Unit of exposure; ``None`` when holders have equal weight.
    name : str
        Name of the source.
    flow : DataFrame or None
        Who was excluded at each step.
    unexposed : int
        Holders left out because their exposure is not known.
    together : float
        How much more the unevenness of counts varies because complaints accuse several holders at once; 1 if none does.
    """

    count: Ints
    exposure: Floats
    holders: Ints
    zeros: bool
    holder: str = "officer"
    drawn: str = "complaint"
    exposure_word: str | None = None
    name: str = "numbers as given"
    flow: pd.DataFrame | None = None
    unexposed: int = 0
    together: float = 1.0

    @classmethod
    def of_counts(
        cls,
        counts: npt.ArrayLike,
        exposure: npt.ArrayLike | None = None,
        *,
        zeros: bool | None = None,
        exposure_word: str = "exposure",
        **about: Any,
    ) -> Tally:
        """Make a tally from one number per holder.

        Parameters
        ----------
        counts : array of int
            Complaints of each holder, including 0 where known.
        exposure : array of float, optional
            Exposure of each holder, above 0.
        zeros : bool, optional
            Whether all holders who drew none are included; by default, whether any is.
        exposure_word : str
            Unit of exposure.
        **about
            Other attributes: ``holder``, ``drawn``, ``name``, ``flow``, ``unexposed``, ``together``.

        Raises
        ------
        ParameterError
            For no holders, negative numbers or fractions, exposures not above 0, unequal lengths, or zeros in a tally
            without holders who drew none.
        Refusal
            When all counts are 0.
        """
        raw, holder, name = np.asarray(counts), about.get("holder", "officer"), about.get("name", "numbers as given")
        if raw.ndim != 1 or not len(raw):
            raise ParameterError(f"counts: expected one number for each of at least one {holder}, found {raw.shape}")
        each = np.ones(len(raw)) if exposure is None else np.asarray(exposure, dtype=float)
        if each.shape != raw.shape:
            raise ParameterError(f"exposure: expected {len(raw):,} numbers, one a {holder}, found {each.shape}")
        whole = np.round(raw.astype(float))
        _all(raw, np.isfinite(whole) & (raw == whole) & (whole >= 0), "counts: expected whole numbers from 0 on")
        _all(each, np.isfinite(each) & (each > 0), "exposure: expected numbers above 0 (leave out the never exposed)")
        values = whole.astype(np.int64)
        held = bool((values == 0).any()) if zeros is None else zeros
        if not held and (values == 0).any():
            raise ParameterError(f"zeros=False, but {int((values == 0).sum()):,} of {len(values):,} drew none")
        if not values.any():
            drawn = about.get("drawn", "complaint")
            raise Refusal(f"{name}: none of {plural(len(values), holder)} drew a {drawn}, so nothing is spread")
        levels, code = np.unique(each, return_inverse=True)
        pairs, number = np.unique(values * len(levels) + code, return_counts=True)
        return cls(
            count=pairs // len(levels),
            exposure=levels[pairs % len(levels)],
            holders=number.astype(np.int64),
            zeros=held,
            exposure_word=None if exposure is None else exposure_word,
            **about,
        )

    @property
    def size(self) -> int:
        """Number of holders."""
        return int(self.holders.sum())

    @property
    def total(self) -> int:
        """Number of complaints drawn by all."""
        return int((self.count * self.holders).sum())

    @property
    def plain(self) -> bool:
        """Whether all holders have equal weight."""
        return self.exposure_word is None

    @property
    def counts(self) -> Counts:
        """The counts, for fitting a distribution."""
        return Counts(self.count.astype(float), self.exposure, self.holders.astype(float))

    def accused(self) -> Tally:
        """The holders who drew at least one."""
        some = self.count > 0
        return replace(
            self, count=self.count[some], exposure=self.exposure[some], holders=self.holders[some], zeros=False
        )

    def among(self) -> str:
        """The holders the numbers describe, in words."""
        if self.zeros:
            return f"{plural(self.size, self.holder)}, those who drew none included"
        return f"{plural(self.size, self.holder)} who drew at least one (those who drew none are not held)"

    def assumed(self) -> tuple[str, ...]:
        """The assumptions of every measure of concentration."""
        zeros = f"nothing is said of {self.holder}s who drew none: they are not held"
        if self.zeros:
            zeros = f"every {self.holder} who drew none is counted in"
        lost = (f"{plural(self.unexposed, self.holder)} without known exposure are left out",)
        return (
            f"one {self.holder} has one id in this source",
            zeros,
            *(lost if self.unexposed else ()),
            "a complaint is not a finding",
        )

    def weighed(self) -> str:
        """Weights of the holders."""
        return "holders count alike" if self.plain else f"holders ordered and weighed by {self.exposure_word}"

    def __repr__(self) -> str:
        exposed = "" if self.plain else f", by {self.exposure_word}"
        return f"Tally of {self.name}: {plural(self.total, self.drawn)} of {self.among()}{exposed}"


def _all(values: npt.NDArray[Any], right: npt.NDArray[np.bool_], expected: str) -> None:
    """Refuse numbers that are not all right, with how many are wrong and an example."""
    if not right.all():
        wrong = values[~right]
        raise ParameterError(f"{expected}; {len(wrong):,} of {len(values):,} are not, for instance {wrong[0]}")


@takes("cohort")
def tally(
    data: Cohort,
    by: str | None = OFFICER,
    *,
    unit: Literal["officer_complaint", "allegation"] = "officer_complaint",
    officers: int | str | None = None,
    exposure: Exposure = None,
) -> Tally:
    """Count complaints per officer, or per unit or supervisor of the accused.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str
        ``officer_id``, or a column of the allegations whose values are the holders: a unit, a squad, a supervisor.
    unit : {"officer_complaint", "allegation"}
        Whether an officer's complaint counts once, or once per row of the source.
    officers : int or str, optional
        Number of officers, including those never accused (:func:`officers_listed` returns it for a source that lists
        them), or the name of an outside total that counts them (``data.totals``): its largest in any year. When left
        out, officers never accused are not included, and every result says so.
    exposure : Series, "years", "officers", "throughout" or the name of a total, optional
        A Series indexed by holder (including holders who drew none); ``"years"``: years each accused officer served
        while the source watched (:func:`years_watched`), summed per unit, over officers whose years are known. With a
        roster, officers never accused are included;
        ``"officers"``: accused officers of a unit; ``"throughout"``: complaints in the middle third (by date) of
        officers accused in both the first and the last third. These officers served throughout the middle third, and at
        equal risk their selection is independent of it. So unknown dates of leaving do not matter. Officers with none
        in the middle third are included. An outside total of the source by the column `by`: its years.

    Returns
    -------
    Tally

    Raises
    ------
    Refusal
        When no column is named, no row identifies an officer, or the years are not known.
    ParameterError
        For an unknown column or unit, fewer officers than are accused, or exposures that lack a holder.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> accused, force = officers.tally(data), officers.tally(data, officers=officers.officers_listed(data))
    >>> accused.size, accused.total, force.size
    (826, 6191, 1051)
    """
    if by is None:
        raise Refusal(
            "no column of units or supervisors is named: name one that the source holds, for instance as group"
        )
    cohort = data
    rows = counted_rows(cohort, by, unit)
    codes, found = pd.factorize(rows[by])
    counts = np.bincount(codes, minlength=len(found))
    holder = "officer" if by == OFFICER else by.replace("_", " ")
    words: dict[str, Any] = {
        "holder": holder,
        "drawn": WORDS[unit].removesuffix("s"),
        "name": cohort.name,
        "flow": cohort.flow(),
        "together": accused_together(pd.factorize(rows["case_id"])[0], codes, counts),
    }
    if officers is not None:
        if by != OFFICER or exposure is not None:
            raise ParameterError(
                "officers= says how many officers there were, and gives no exposure of those never accused: it goes "
                "with by='officer_id'; pass exposure= as a Series that holds every officer"
            )
        officers = how_many(cohort, officers, len(counts))
        return Tally.of_counts(np.pad(counts, (0, officers - len(counts))), zeros=True, **words)
    if exposure is None:
        return Tally.of_counts(counts, zeros=False, **words)
    if isinstance(exposure, str) and exposure in cohort.totals:
        exposure = years_of(cohort, exposure, by)
    if isinstance(exposure, pd.Series):
        if not exposure.index.is_unique:
            raise ParameterError("exposure: the index names a holder twice; add the exposures up first")
        if lost := len(pd.Index(found).difference(exposure.index)):
            raise ParameterError(
                f"exposure: {lost:,} of {len(found):,} that drew complaints are not in its index; give each an "
                "exposure, or keep_if those who have one"
            )
        every = pd.Series(counts, index=found).reindex(exposure.index, fill_value=0).to_numpy()
        return Tally.of_counts(every, exposure, exposure_word=str(exposure.name or "exposure"), **words)
    if exposure == "officers":
        if by == OFFICER:
            raise ParameterError("exposure='officers' is for units and supervisors: every officer is one officer")
        each = rows.drop_duplicates([by, OFFICER]).groupby(by, sort=False).size().reindex(found)
        return Tally.of_counts(counts, each.to_numpy(), zeros=False, exposure_word="accused officers", **words)
    if exposure == "throughout":
        if by != OFFICER:
            raise ParameterError("exposure='throughout' is of officers: leave by= out")
        counts = _middle_third(cohort, rows, codes, len(found))
        return Tally.of_counts(counts, zeros=True, **words | {"holder": "longer-serving officer"})
    if exposure != "years":
        known = "".join(f", {name!r}" for name in cohort.totals)
        raise ParameterError(
            f"exposure: expected a Series, 'years', 'officers', 'throughout'{known}; found {exposure!r}"
        )
    years = years_watched(cohort)
    if ROSTER in cohort.people and by == OFFICER:  # those never accused are on it too
        on_roster = pd.Series(counts, index=found).reindex(years.index, fill_value=0)
        words |= {
            "exposure_word": "years of service watched",
            "unexposed": len(found) - int(years.index.isin(found).sum()),
        }
        return Tally.of_counts(on_roster.to_numpy(), years.to_numpy(), zeros=True, **words)
    # Complaints of officers whose years are not known would fall on the years of the others.
    served = rows.assign(years=rows[OFFICER].map(years)).dropna(subset="years")
    if served.empty:
        raise Refusal(f"{cohort.name}: of none of {plural(len(found), holder)} are the years of service known")
    drawn = served.groupby(by, sort=False).size()
    total = served.drop_duplicates([by, OFFICER]).groupby(by, sort=False)["years"].sum()
    words |= {"exposure_word": "years of service watched", "unexposed": len(found) - len(drawn)}
    return Tally.of_counts(drawn.to_numpy(), total[drawn.index].to_numpy(), zeros=False, **words)


def _middle_third(cohort: Cohort, rows: pd.DataFrame, officer: Ints, size: int) -> Ints:
    """What those accused in the first and in the last third drew in the middle one.

    Raises
    ------
    Refusal
        When complaints are not dated, or hardly anybody is accused in both.
    """
    when = stage_of(cohort, "received")
    case = rows_places(rows, cohort.cases)
    low, high = when.earliest[case], when.latest[case]
    dated = (low != FOREVER) & (low != NEVER) & (high != FOREVER)
    if not dated.any():
        raise Refusal(f"{cohort.name}: no complaint of an identified officer has a date of 'received' to divide by")
    first, last = np.quantile(low[dated], [1 / 3, 2 / 3], method="nearest")
    before, after = (
        np.bincount(officer[part], minlength=size) > 0 for part in (dated & (high < first), dated & (low >= last))
    )
    between = np.bincount(officer[dated & (low >= first) & (high < last)], minlength=size)
    there = between[before & after].astype(np.int64)
    if len(there) < 10 * MIN_CELL:
        raise Refusal(
            f"{cohort.name}: {plural(len(there), 'officer')} of {size:,} are accused in the first and in the last "
            f"third of the complaints; at least {10 * MIN_CELL} are needed"
        )
    return there


def stretches(count: Ints, holders: Ints, fewest: int) -> tuple[Ints, pd.DataFrame]:
    """Pool counts from the lowest on until each range has enough holders; the last takes the rest.

    Parameters
    ----------
    count, holders : array of int
        Count of each cell, and its number of holders.
    fewest : int
        Least number of holders in a range.

    Returns
    -------
    array of int, DataFrame
        The range of each cell; ``from_count`` and ``to_count`` of each range (``to_count`` is missing in the last,
        because the largest count may be one holder's).
    """
    found, code = np.unique(count, return_inverse=True)
    number = np.bincount(code, holders)
    part, held, current = np.zeros(len(found), np.int64), 0.0, 0
    for i in range(len(found)):
        part[i] = current
        held += number[i]
        if held >= fewest and number[i + 1 :].sum() >= fewest:
            current, held = current + 1, 0.0
    first = np.flatnonzero(np.diff(part, prepend=-1))
    last = pd.array(found[np.append(first[1:], len(found)) - 1], dtype="Int64")
    last[-1] = pd.NA
    return part[code], pd.DataFrame({"from_count": found[first], "to_count": last})


def counted_rows(cohort: Cohort, by: str, unit: str) -> pd.DataFrame:
    """Return the rows that count: with an identified officer and a value of `by`, once per unit.

    Raises
    ------
    ParameterError
        For an unknown column or unit.
    Refusal
        When no row identifies an officer or states `by`.
    """
    if unit not in ("officer_complaint", "allegation"):
        raise ParameterError(f"unit: expected 'officer_complaint' or 'allegation', found {unit!r}")
    table = cohort.allegations
    if not isinstance(by, str) or by not in table.columns:
        raise ParameterError(
            f"no column {by!r} in the allegations of {cohort.name}; there are {', '.join(map(str, table))}"
        )
    rows = table[["case_id", OFFICER] if by == OFFICER else ["case_id", OFFICER, by]]
    rows = rows[rows[OFFICER].notna()]
    if rows.empty:
        raise Refusal(f"{cohort.name}: no row of {len(table):,} identifies an officer, so none can be counted")
    rows = rows[rows[by].notna()]
    if rows.empty:
        raise Refusal(f"{cohort.name}: no row of {len(table):,} states {by!r}")
    return rows.drop_duplicates(["case_id", OFFICER]) if unit == "officer_complaint" else rows
