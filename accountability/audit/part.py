"""One part of an audit: a table, a sentence, a figure, and the reason if it does not apply to a source.

A part is a counting function with a :class:`Kind`: its title, estimand, columns and figure.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.figures import draw
from accountability.records.case_ends import closing_states
from accountability.records.dataset import Dataset
from accountability.remembered import remembered
from accountability.results import Result, capitalised, four_figures
from accountability.study.cohort import Cohort
from accountability.study.grouping import small_groups
from accountability.study.inputs import takes
from accountability.study.occurrences import NEVER, day_numbers, rows_places
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

P = ParamSpec("P")

ROWS_SHOWN: Final = 60
CASE_FILES: Final = "these are single cases chosen because they were reported, and no rate may be drawn from them"
OTHER: Final = "other (few)"
NOT_STATED: Final = "not stated"


class NotHeld(Exception):
    """A part does not apply to this source; carries the reason and any results it still has."""

    def __init__(self, why: str, *, what: str = "", **held: Any) -> None:
        super().__init__(why)
        self.what = what
        self.held = held


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Part(Result):
    """One part of an audit. Its further results are attributes, named by the function that made it.

    Attributes
    ----------
    said : str
        The sentence, with computed numbers.
    kind : Kind
        The part's particulars.
    held : mapping of str to object
        Further results, by name.
    not_held : str
        Why this part does not apply to the source; empty when it does.
    """

    said: str
    kind: Kind
    held: Mapping[str, Any] = field(default_factory=dict)
    not_held: str = ""

    def __getattr__(self, name: str) -> Any:
        # A copy that is being made has no attributes yet, and asks for none of these.
        held = self.__dict__.get("held", {})
        if name not in held:
            raise AttributeError(f"the part {self.__dict__.get('estimand', '')!r} holds no {name!r}")
        return held[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.held})

    def sentence(self) -> str:
        """State the finding, or why the part does not apply."""
        return self.said

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the part; one that does not apply is an empty figure with the reason."""
        if self.not_held:
            axes = draw.new_axes(ax, height=1.2)
            axes.set_axis_off()
            axes.text(0.5, 0.5, f"Not counted:\n{self.not_held}", ha="center", va="center", wrap=True)
            return axes
        axes = draw.new_axes(ax, height=self.kind.height(self.table))
        self.kind.draw(axes, self)
        return axes

    def _repr_html_(self) -> str:
        """Show what was counted and how, and the table with its texts whole; or why nothing was counted."""
        head = f"<strong>{html.escape(capitalised(self.estimand))}</strong>"
        if self.not_held:
            return f"<p>{head}<br>Not counted: {html.escape(self.not_held)}.</p>"
        shown = self.table.head(ROWS_SHOWN)
        numbers = {
            str(name): shown[name].map(lambda x: "" if pd.isna(x) else four_figures(x)).astype("str")
            for name in shown
            if pd.api.types.is_float_dtype(shown[name])
        }
        with pd.option_context("display.max_colwidth", None):
            rows = shown.assign(**numbers).to_html(index=False, na_rep="", border=0, escape=True)
        more = len(self.table) - ROWS_SHOWN
        rest = f"<p>{more:,} more rows in <code>.table</code></p>" if more > 0 else ""
        return f"<p>{head}<br>{html.escape(capitalised(self.method))}.</p>\n{rows}\n{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The particulars of a part; as a decorator it turns a counting function into a part.

    Attributes
    ----------
    title : str
        Title in the list of the whole audit.
    what : str
        The estimand, ``{name}`` standing for the source.
    columns : sequence of str
        Columns of the table.
    method : str
        The method of counting.
    draw : callable
        Draws the part on axes.
    single_cases : bool
        Whether the part applies to a source of single cases, which allows no rates.
    empty : mapping of str to object
        Empty tables for a part that does not apply.
    height : callable
        Function of the table that returns the height of a new figure in inches.
    """

    title: str
    what: str
    columns: Sequence[str]
    draw: Callable[[Axes, Part], object]
    method: str = "counts; nothing is estimated"
    single_cases: bool = False
    empty: Mapping[str, Any] = field(default_factory=dict)
    height: Callable[[pd.DataFrame], float] = lambda table: 4.2

    def __call__(self, count: Callable[Concatenate[Dataset, P], Part]) -> Callable[Concatenate[Dataset, P], Part]:
        """Have the function refuse what is no release, and say why where it counts nothing."""

        @functools.wraps(count)
        def part(dataset: Dataset, *args: P.args, **more: P.kwargs) -> Part:
            try:
                if is_case_files(dataset) and not self.single_cases:
                    raise NotHeld(CASE_FILES)
                return count(dataset, *args, **more)
            except NotHeld as why:
                return self._without(dataset, why)

        return takes("dataset")(remembered(part))

    def of(
        self,
        dataset: Dataset,
        table: pd.DataFrame,
        said: str,
        *,
        assumptions: tuple[str, ...],
        what: str = "",
        method: str = "",
        **held: Any,
    ) -> Part:
        """Make the part from counted results."""
        return Part(
            estimand=what or self.what.format(name=dataset.name),
            assumptions=assumptions,
            method=method or self.method,
            table=table[list(self.columns)],
            # All cases of the source: an audit leaves none out.
            flow=Cohort.of(dataset).flow(),
            states=None if is_case_files(dataset) else closing_states(dataset),
            said=said,
            kind=self,
            held=held,
        )

    def _without(self, dataset: Dataset, why: NotHeld) -> Part:
        what = why.what or self.what.format(name=dataset.name)
        return Part(
            estimand=what,
            assumptions=(),
            method="not counted",
            table=pd.DataFrame({name: pd.Series(dtype="str") for name in self.columns}),
            said=f"{capitalised(what)}: not counted, because {why}.",
            kind=self,
            held=dict(self.empty) | why.held,
            not_held=str(why),
        )


def draw_bars(
    axes: Axes, table: pd.DataFrame, column: str, *, xlabel: str, colour: int = 0, counted: bool = True
) -> Axes:
    """Draw one bar per check, the first on top, with the number at its end where it is a count."""
    shown = table[::-1]
    axes.barh(shown["check"], shown[column].astype("float64"), color=draw.COLOURS[colour])
    if counted:
        for place, count in enumerate(shown[column]):
            axes.annotate(f"{count:,}", (count, place), xytext=(3, 0), textcoords="offset points", va="center")
        axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.set_xlabel(xlabel)
    return axes


def is_case_files(dataset: Dataset) -> bool:
    """Return whether the source holds single cases, which allow no shares."""
    return dataset.card.sampling.rule == "case_files"


def stages_held(dataset: Dataset) -> list[str]:
    """Return the stages with at least one date, in the order of the vocabulary."""
    present = set(dataset.events["stage"].dropna().unique())
    return [stage for stage in STAGES if stage in present]


def anchor(dataset: Dataset) -> str | None:
    """Return the stage that gives a case its year: the receipt if dated, else the stage most often dated."""
    events = dataset.events
    usable = events["set_aside"].isna() & events["earliest"].notna()
    if ((events["stage"] == "received") & usable).any():
        return "received"
    dated = events[usable].groupby("stage", observed=True)["case_id"].nunique()
    return str(dated.idxmax()) if len(dated) else None


@remembered
def days_of(dataset: Dataset, stage: str) -> pd.DataFrame:
    """Return usable dates known to the day (``case_id``, ``day`` since 1970-01-01), each day of a case once."""
    events = dataset.events
    exact = (events["stage"] == stage) & events["set_aside"].isna() & (events["earliest"] == events["latest"])
    rows = np.flatnonzero(exact.to_numpy(bool))
    case = rows_places(events, dataset.cases)[rows]
    day = day_numbers(events["earliest"].take(rows), NEVER)
    # The first row of each day of a case, in the order of the rows.
    one = pd.DataFrame({"case": case, "day": day}).drop_duplicates().index.to_numpy()
    return pd.DataFrame({"case_id": events["case_id"].array.take(rows[one]), "day": day[one]})


def gathered(values: pd.Series, least: int, missing: str | None = None) -> pd.Series:
    """Pool the text values with fewer than `least` rows under one name.

    If the pool is too small, the next larger value joins it, so that no group can be derived by subtraction. Missing
    values get the name `missing`, or stay missing.
    """
    text = values.astype("str")
    text = text.where(values.notna(), missing) if missing is not None else text.where(values.notna())
    return text.mask(text.isin(small_groups(text, least)), OTHER)


def at_least(count: npt.ArrayLike, trials: npt.ArrayLike, share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the exact binomial probability of `count` or more among `trials` with probability `share`."""
    from scipy.special import betainc

    k, n, p = (np.asarray(x, dtype=float) for x in (count, trials, share))
    some = np.maximum(k, 1)
    tail = betainc(some, np.maximum(n - some + 1, 1), p)
    return np.asarray(np.where(k <= 0, 1.0, tail))


def row_word(dataset: Dataset) -> str:
    """Return the word for one row of the allegations."""
    return dataset.card.unit.replace("_", "-")


def listed(words: Sequence[str]) -> str:
    """Return a list of words in prose: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"
