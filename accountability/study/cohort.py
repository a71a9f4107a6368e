"""Cohorts: the cases of a study after successive conditions, each with its reason and count.

A cohort never changes: every condition returns a new one. :meth:`Cohort.flow` shows the path from the source to the
cases studied.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.case_ends import Held
from accountability.records.lookup import places
from accountability.remembered import remembered

Condition = pd.Series | pd.DataFrame | Callable[[pd.DataFrame], pd.Series]
Table = Literal["cases", "allegations"]


class SamplingCard(Protocol):
    """How a source's records were selected; estimators check it."""

    @property
    def rule(self) -> str:
        """One of the vocabulary's sampling rules."""
        ...

    @property
    def open_cases(self) -> str:
        """Whether open cases are included."""
        ...

    @property
    def selected_on(self) -> Sequence[str]:
        """What the records were selected on."""
        ...

    @property
    def closing_date(self) -> bool:
        """Whether the day of closing is published."""
        ...


class ReceiptPeriod(Protocol):
    """First and last day of receipt covered."""

    @property
    def end(self) -> dt.date:
        """Last day."""
        ...


class SourceCard(Protocol):
    """The facts of a source's card that cohorts and clocks need."""

    @property
    def unit(self) -> str:
        """Unit of a row."""
        ...

    @property
    def period(self) -> ReceiptPeriod | None:
        """Days of receipt covered, if stated."""
        ...

    @property
    def observed_until(self) -> dt.date | None:
        """Last day covered."""
        ...

    @property
    def sampling(self) -> SamplingCard:
        """How the records were selected."""
        ...


class DatasetLike(Held, Protocol):
    """The interface of a loaded source for a cohort."""

    @property
    def name(self) -> str:
        """Name of the source."""
        ...

    @property
    def card(self) -> SourceCard:
        """The source's card."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of a cohort and the rows left.

    Attributes
    ----------
    because : str
        Reason for the condition, for a reader.
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
        The source's card. A condition on the outcome changes its sampling rule, so that estimators refuse as for a
        source published so.
    steps : tuple of Step
        The source, then every condition in order.
    lossy : pandas.DataFrame or None
        The source's mappings that lose a distinction, where it lists them
        (:attr:`accountability.records.dataset.Dataset.lossy`).
    published : SourceCard
        The source's original card.
    decided : tuple of str
        Stages of the outcome on which the conditions depend.
    origins : mapping
        Columns added to the cases, with the stages of the outcome on which they depend; None if not known.
    people : mapping
        The source's complainants, victims, witnesses and investigators, of all its cases, each role's table.
    labels : mapping
        Column to its declared label.
    totals : mapping
        The source's outside totals, by name.

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
    published: SourceCard = None  # type: ignore[assignment]  # the card itself, when left out
    decided: tuple[str, ...] = ()
    origins: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    people: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the card as the published one."""
        if self.published is None:
            object.__setattr__(self, "published", self.card)

    @classmethod
    @remembered
    def of(cls, dataset: DatasetLike | Cohort, *, decided_by: str | Sequence[str] | None = None) -> Cohort:
        """Return all cases of a loaded source as a cohort; a cohort is returned unchanged.

        If cases were removed from its tables before, `decided_by` says on what that depended, as for :meth:`keep_if`.
        """
        if isinstance(dataset, Cohort):
            last = dataset.steps[-1]
            if len(dataset.cases) >= last.cases and len(dataset.allegations) >= last.allegations:
                return dataset
            return _cut(dataset, last, last.allegations, decided_by)
        if not hasattr(dataset, "cases"):
            raise ParameterError(
                f"a cohort is made of a dataset, and was given a {type(dataset).__name__}. Write:\n"
                "    accountability.load(NAME)"
            )
        cases, name = dataset.cases, dataset.name
        lossy = getattr(dataset, "lossy", None)
        first = Step(f"all cases of {name}", len(cases), len(dataset.allegations))
        whole = cls(name, cases, dataset.allegations, dataset.events, dataset.card, (first,), lossy)
        told = {key: getattr(dataset, key) for key in ("people", "labels", "totals") if hasattr(dataset, key)}
        whole = replace(whole, **told)
        # The ledger tells a source whose cases have all closed from one that was cut.
        rows = getattr(getattr(dataset, "ledger", None), "rows", None)
        loaded = 0 if rows is None else int(rows.loc[rows["table"] == "allegations", "coded"].sum())
        return _cut(whole, first, loaded, decided_by)

    def keep_if(
        self,
        condition: Condition,
        *,
        because: str,
        of: Table = "cases",
        decided_by: str | Sequence[str] | None = None,
    ) -> Cohort:
        """Keep the rows for which a condition holds.

        Parameters
        ----------
        condition : Series of bool, a function of the table that gives one, or a frame
            Must have the table's index and no missing value. With a frame, its rows are kept.
        because : str
            The reason, shown in :meth:`flow`.
        of : {"cases", "allegations"}
            The table of the condition. After a condition on allegations, a case stays if one of its allegations does,
            and an officer's events stay if that officer does.
        decided_by : str or sequence of str, optional
            The stages on which the condition depends; ``()`` means none. For a function this is detected. For a mask, a
            frame or a list of ids it cannot be: without `decided_by`, one that removes every open case, or only ended
            or only open ones, or separates findings or penalties, counts as decided by them; results name any other.

        Returns
        -------
        Cohort

        Raises
        ------
        ParameterError
            If `because` is blank, or the condition is not boolean, has missing values or another index.
        """
        from accountability.study import selection

        if not because.strip():
            raise ParameterError("keep_if needs because=: a reason a reader of the report can understand")
        table = self.cases if of == "cases" else self.allegations
        knew: tuple[str, ...] | None = None
        if callable(condition):
            answer, knew = selection.asked(condition, table, selection.columns_known(self, of))
        else:
            answer = _rows_of(condition, table, of) if isinstance(condition, pd.DataFrame) else condition
        keep = _boolean(answer, table, because, of)
        if decided_by is not None:
            told = selection.stages_named(decided_by)
            knew = tuple(stage for stage in selection.OUTCOME_STAGES if stage in {*told, *(knew or ())})
        if of == "cases":
            cases = self.cases[keep]
            allegations = self.allegations[places(self.allegations["case_id"], cases["case_id"]) >= 0]
            events = self.events[places(self.events["case_id"], cases["case_id"]) >= 0]
        else:
            allegations = self.allegations[keep]
            cases = self.cases[places(self.cases["case_id"], allegations["case_id"]) >= 0]
            events = self.events[places(self.events["case_id"], cases["case_id"]) >= 0]
            if len(events) and events["officer_id"].notna().any():
                pair = ["case_id", "officer_id"]
                kept = pd.MultiIndex.from_frame(allegations[pair].dropna().drop_duplicates())
                own = events["officer_id"].notna().to_numpy()
                events = events[~own | pd.MultiIndex.from_frame(events[pair]).isin(kept)]
        left = replace(self, cases=cases, allegations=allegations, events=events)
        said = because.strip()
        if not keep.all():
            ends, stays = selection.ends_of(self), places(self.cases["case_id"], cases["case_id"]) >= 0
            if knew is None:
                knew, words = selection.by_effect(self, of, keep, ends, stays)
                said += f" ({words})"
            elif knew:
                said += f" (decided by {', '.join(map(repr, knew))})"
            if knew:
                left = selection.marked(left, knew, said, ends, stays)
        return replace(left, steps=(*self.steps, Step(said, len(cases), len(allegations))))

    def with_case_column(
        self,
        name: str,
        values: pd.Series | Callable[[Cohort], pd.Series],
        *,
        decided_by: str | Sequence[str] | None = None,
    ) -> Cohort:
        """Add a column to the cases, for grouping or for causes of closing.

        Parameters
        ----------
        name : str
            Name of the new column.
        values : pandas.Series, or a function of the cohort that gives one
            Indexed by ``case_id`` (each at most once), as from ``allegations.groupby("case_id")...``. Cases without a
            value get a missing one.
        decided_by : str or sequence of str, optional
            The stages on which the values depend, as for :meth:`keep_if`; detected for a function.

        Returns
        -------
        Cohort

        Raises
        ------
        ParameterError
            If the column exists, a ``case_id`` occurs twice in `values`, or its index names none of the cases.
        """
        from accountability.study import selection

        if name in self.cases.columns:
            raise ParameterError(f"the cases already have a column {name!r}: choose another name")
        series, knew = selection.computed(values, self) if callable(values) else (values, None)
        if decided_by is not None:
            knew = (*selection.stages_named(decided_by), *(knew or ()))
        column = selection.by_case(series, self.cases["case_id"], name)
        return replace(self, cases=self.cases.assign(**{name: column}), origins={**self.origins, name: knew})

    def knows(self, column: str) -> tuple[str, ...] | None:
        """Return the stages of the outcome on which a column depends; None if not known."""
        from accountability.study import selection

        of = "cases" if column in self.cases.columns else "allegations"
        return selection.columns_known(self, of, column).get(column, ())

    def flow(self) -> pd.DataFrame:
        """Return the flow from the source to this cohort.

        Returns
        -------
        pandas.DataFrame
            One row per step: ``step`` (0 is the source), ``because``, ``kept`` and ``excluded`` (cases),
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


def _cut(whole: Cohort, first: Step, loaded: int, decided_by: str | Sequence[str] | None) -> Cohort:
    """Return a cohort from whose tables rows may have been taken out, with what is known of that."""
    most = max(whole.events["case_id"].nunique(), whole.allegations["case_id"].nunique())
    if most <= len(whole.cases) and loaded <= len(whole.allegations) and decided_by is None:
        return whole
    from accountability.study import selection

    return selection.cut(whole, first, loaded, decided_by)


def _rows_of(frame: pd.DataFrame, table: pd.DataFrame, of: str) -> pd.Series:
    """Which rows of a table a frame filtered outside holds: by case or, of allegations, by row."""
    ours, theirs = table.index, frame.index
    if of == "cases" and "case_id" in frame:
        ours, theirs = pd.Index(table["case_id"]), pd.Index(frame["case_id"])
    inside, known = pd.Series(ours.isin(theirs), index=table.index), theirs.isin(ours)
    if not known.all():
        raise ParameterError(
            f"{int((~known).sum()):,} of the {len(frame):,} rows of the frame are not among the {len(table):,} {of}: "
            "filter the cohort's own table"
        )
    return inside


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
