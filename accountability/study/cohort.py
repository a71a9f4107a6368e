"""Who is in a study: one condition after another, each with its reason and its count.

A cohort never changes. Every condition gives a new cohort, and the path from the source to the cases studied can
always be shown with :meth:`Cohort.flow`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from accountability.errors import ParameterError

Condition = pd.Series | Callable[[pd.DataFrame], pd.Series]
Table = Literal["cases", "allegations"]


class SamplingCard(Protocol):
    """How a source's records came to be in it; the estimators read it."""

    @property
    def rule(self) -> str:
        """One of the vocabulary's sampling rules."""
        ...

    @property
    def open_cases(self) -> str:
        """Whether open cases are there."""
        ...

    @property
    def selected_on(self) -> Sequence[str]:
        """What the records were selected on."""
        ...


class ReceiptPeriod(Protocol):
    """First and last day of receipt covered."""

    @property
    def end(self) -> dt.date:
        """Last day."""
        ...


class SourceCard(Protocol):
    """The facts of a source's card a cohort and its clocks need."""

    @property
    def period(self) -> ReceiptPeriod | None:
        """Days of receipt covered, when stated."""
        ...

    @property
    def observed_until(self) -> dt.date | None:
        """Last day covered."""
        ...

    @property
    def sampling(self) -> SamplingCard:
        """How the records came to be there."""
        ...


class DatasetLike(Protocol):
    """What a loaded source offers to a cohort."""

    @property
    def name(self) -> str:
        """Name of the source."""
        ...

    @property
    def cases(self) -> pd.DataFrame:
        """One row a complaint."""
        ...

    @property
    def allegations(self) -> pd.DataFrame:
        """One row an accusation."""
        ...

    @property
    def events(self) -> pd.DataFrame:
        """One row a dated step."""
        ...

    @property
    def card(self) -> SourceCard:
        """The source's card."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of a cohort and what it left.

    Attributes
    ----------
    because : str
        Why the condition was set, in words for a reader.
    cases, allegations : int
        Rows left after it.
    """

    because: str
    cases: int
    allegations: int


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """The cases of a study, their allegations and their dated events.

    Attributes
    ----------
    name : str
        Name of the source.
    cases, allegations, events : pandas.DataFrame
        The source's tables, reduced to the cases kept.
    card : SourceCard
        The source's card, unchanged by any condition.
    steps : tuple of Step
        The source itself, then every condition in the order it was set.
    lossy : pandas.DataFrame or None
        The source's mappings that lose a distinction, where it lists them
        (:attr:`accountability.records.dataset.Dataset.lossy`).

    Examples
    --------
    >>> cohort = Cohort.of(dataset).keep_if(                              # doctest: +SKIP
    ...     lambda cases: cases["beat"].notna(), because="the place of the incident is recorded")
    >>> cohort.flow()                                                     # doctest: +SKIP
    """

    name: str
    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    card: SourceCard
    steps: tuple[Step, ...]
    lossy: pd.DataFrame | None = None

    @classmethod
    def of(cls, dataset: DatasetLike | Cohort) -> Cohort:
        """All cases of a loaded source; a cohort is returned as it is."""
        if isinstance(dataset, Cohort):
            return dataset
        first = Step(f"all cases of {dataset.name}", len(dataset.cases), len(dataset.allegations))
        lossy = getattr(dataset, "lossy", None)
        return cls(dataset.name, dataset.cases, dataset.allegations, dataset.events, dataset.card, (first,), lossy)

    def keep_if(self, condition: Condition, *, because: str, of: Table = "cases") -> Cohort:
        """Keep the rows for which a condition holds.

        Parameters
        ----------
        condition : pandas.Series of bool, or a function of the table that gives one
            Must have the table's index and no missing value: a row whose answer is not known is neither kept
            nor dropped by guess.
        because : str
            The reason, shown in :meth:`flow`.
        of : {"cases", "allegations"}
            The table the condition is about. After a condition on allegations, a case stays if at least one of
            its allegations does, and an officer's own events stay if that officer does.

        Returns
        -------
        Cohort

        Raises
        ------
        ParameterError
            If `because` is blank, or the condition is not boolean, has missing values or another index.
        """
        if not because.strip():
            raise ParameterError("keep_if needs because=: a reason a reader of the report can understand")
        table = self.cases if of == "cases" else self.allegations
        keep = _boolean(condition(table) if callable(condition) else condition, table, because, of)
        if of == "cases":
            cases = self.cases[keep]
            allegations = self.allegations[self.allegations["case_id"].isin(cases["case_id"])]
            events = self.events[self.events["case_id"].isin(cases["case_id"])]
        else:
            allegations = self.allegations[keep]
            cases = self.cases[self.cases["case_id"].isin(allegations["case_id"])]
            events = self.events[self.events["case_id"].isin(cases["case_id"])]
            if len(events) and events["officer_id"].notna().any():
                pair = ["case_id", "officer_id"]
                kept = pd.MultiIndex.from_frame(allegations[pair].dropna().drop_duplicates())
                own = events["officer_id"].notna().to_numpy()
                events = events[~own | pd.MultiIndex.from_frame(events[pair]).isin(kept)]
        step = Step(because.strip(), len(cases), len(allegations))
        return replace(self, cases=cases, allegations=allegations, events=events, steps=(*self.steps, step))

    def with_case_column(self, name: str, values: pd.Series | Callable[[Cohort], pd.Series]) -> Cohort:
        """Add a column to the cases, for grouping or for the way a case closed.

        Parameters
        ----------
        name : str
            Name of the new column.
        values : pandas.Series, or a function of the cohort that gives one
            Indexed by ``case_id`` (each at most once), as ``allegations.groupby("case_id")...`` gives. A case
            without a value gets a missing one.

        Returns
        -------
        Cohort

        Raises
        ------
        ParameterError
            If the column exists, or a ``case_id`` occurs twice in `values`.
        """
        if name in self.cases.columns:
            raise ParameterError(f"the cases already have a column {name!r}: choose another name")
        series = values(self) if callable(values) else values
        if not series.index.is_unique:
            twice = series.index[series.index.duplicated()][0]
            raise ParameterError(
                f"values for {name!r} must be indexed by case_id, each once; {twice!r} occurs more than once: "
                "group them first, e.g. values.groupby('case_id').first()"
            )
        column = series.reindex(self.cases["case_id"]).set_axis(self.cases.index)
        return replace(self, cases=self.cases.assign(**{name: column}))

    def flow(self) -> pd.DataFrame:
        """How the source became this cohort.

        Returns
        -------
        pandas.DataFrame
            One row a step: ``step`` (0 is the source), ``because``, ``kept`` and ``excluded`` (cases),
            ``allegations_kept`` and ``allegations_excluded``.
        """
        cases = np.array([step.cases for step in self.steps])
        allegations = np.array([step.allegations for step in self.steps])
        return pd.DataFrame(
            {
                "step": np.arange(len(self.steps)),
                "because": pd.Series([step.because for step in self.steps], dtype="str"),
                "kept": cases,
                "excluded": -np.diff(cases, prepend=cases[0]),
                "allegations_kept": allegations,
                "allegations_excluded": -np.diff(allegations, prepend=allegations[0]),
            }
        )

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        return (
            f"Cohort of {self.name}: {len(self.cases):,} cases, {len(self.allegations):,} allegations, "
            f"{len(self.events):,} events after {len(self.steps) - 1} conditions"
        )


def _boolean(answer: pd.Series, table: pd.DataFrame, because: str, of: str) -> np.ndarray:
    """Check a condition's answer and return it as a plain array, in the table's order."""
    if not isinstance(answer, pd.Series):
        raise ParameterError(f"the condition {because!r} must give a pandas Series, not {type(answer).__name__}")
    if len(answer) != len(table) or not answer.index.equals(table.index):
        if answer.index.has_duplicates or not table.index.isin(answer.index).all():
            raise ParameterError(
                f"the condition {because!r} has {len(answer):,} rows with another index than the {len(table):,} "
                f"{of}: build it from the table it is about, or pass of='allegations'"
            )
        answer = answer.reindex(table.index)
    unknown = int(answer.isna().sum())
    if unknown:
        where = answer.index[answer.isna()][0]
        raise ParameterError(
            f"the condition {because!r} is unknown for {unknown:,} of {len(answer):,} {of} (first: "
            f"{table.loc[where, 'case_id']!r}): say what to do with them, e.g. .fillna(False)"
        )
    if not pd.api.types.is_bool_dtype(answer.dtype):
        raise ParameterError(f"the condition {because!r} must be true or false, found dtype {answer.dtype}")
    return answer.to_numpy(dtype=bool)
