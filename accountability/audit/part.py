"""What the parts of an audit share: a frame, a sentence, a figure, and the reason when a part does not hold."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import Result, capitalised, four_figures
from accountability.study.cohort import Cohort
from accountability.study.grouping import small_groups
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, occurrence
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS_SHOWN: Final = 60
CASE_FILES: Final = "these are single cases chosen because they were reported, and no rate may be drawn from them"
UNIT_WORDS: Final = {
    "allegation": "allegation",
    "officer_complaint": "officer-complaint",
    "complaint": "complaint",
    "officer": "officer",
}
OTHER: Final = "other (few)"
NOT_STATED: Final = "not stated"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Part(Result):
    """One part of an audit.

    Attributes
    ----------
    said : str
        The sentence, its numbers computed.
    not_held : str
        Why this part says nothing about this source; empty when it does.
    """

    said: str
    not_held: str = ""

    def sentence(self) -> str:
        """Say what was found, or why nothing was looked for."""
        return self.said

    @classmethod
    def without(cls, what: str, why: str, columns: Sequence[str], **more: Any) -> Self:
        """Give a part that holds nothing, with the reason.

        Parameters
        ----------
        what : str
            The estimand.
        why : str
            The reason, as the end of a sentence.
        columns : sequence of str
            Columns of the empty table.
        **more
            Further attributes of the part.
        """
        return cls(
            estimand=what,
            assumptions=(),
            method="not counted",
            table=pd.DataFrame({name: pd.Series(dtype="str") for name in columns}),
            said=f"{capitalised(what)}: not counted, because {why}.",
            not_held=why,
            **more,
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the part; one that says nothing is an empty figure with the reason."""
        if not self.not_held:
            return self._draw(draw.new_axes(ax, height=self._height()))
        axes = draw.new_axes(ax, height=1.2)
        axes.set_axis_off()
        axes.text(0.5, 0.5, f"Not counted:\n{self.not_held}", ha="center", va="center", wrap=True)
        return axes

    def _repr_html_(self) -> str:
        """Show what was counted and how, and the table with its texts whole; or why nothing was counted."""
        head = f"<strong>{html.escape(capitalised(self.estimand))}</strong>"
        if self.not_held:
            return f"<p>{head}<br>Not counted: {html.escape(self.not_held)}.</p>"
        with pd.option_context("display.max_colwidth", None):
            shown = self.table.head(ROWS_SHOWN).assign(**_readable(self.table.head(ROWS_SHOWN)))
            rows = shown.to_html(index=False, na_rep="", border=0, escape=True)
        more = len(self.table) - ROWS_SHOWN
        rest = f"<p>{more:,} more rows in <code>.table</code></p>" if more > 0 else ""
        return f"<p>{head}<br>{html.escape(capitalised(self.method))}.</p>\n{rows}\n{rest}"

    def _height(self) -> float:
        """Inches of a figure of its own."""
        return 4.2

    def _draw(self, axes: Axes) -> Axes:
        raise NotImplementedError(f"{type(self).__name__} has no figure: show its .table")


def _readable(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns of fractions as text with four digits that count."""
    return {
        str(name): table[name].map(_number).astype("str") for name in table if pd.api.types.is_float_dtype(table[name])
    }


def _number(value: float) -> str:
    return "" if pd.isna(value) else four_figures(value)


def is_case_files(dataset: Dataset) -> bool:
    """Whether the source holds single cases, of which no share may be taken."""
    return dataset.card.sampling.rule == "case_files"


def stages_held(dataset: Dataset) -> list[str]:
    """Stages with at least one date, in the order of the vocabulary."""
    present = set(dataset.events["stage"].dropna().unique())
    return [stage for stage in STAGES if stage in present]


def anchor(dataset: Dataset) -> str | None:
    """The stage whose year a case is counted under: the receipt if dated, else the stage most cases have a date of."""
    usable = dataset.events[dataset.events["set_aside"].isna() & dataset.events["earliest"].notna()]
    dated = usable.groupby("stage", observed=True)["case_id"].nunique()
    held = [stage for stage in STAGES if stage in dated.index and dated[stage] > 0]
    if "received" in held or not held:
        return "received" if held else None
    return max(held, key=lambda stage: int(dated[stage]))


def years_of(dataset: Dataset, stage: str) -> pd.Series:
    """Year of the earliest day a stage can have been first reached, by ``case_id``; missing without a usable date.

    Returns
    -------
    Series of Int64
    """
    cases = pd.Index(dataset.cases["case_id"])
    return pd.Series(year_of(occurrence(dataset.events, cases, stage, "first")), index=cases)


def year_of(found: Occurrence) -> pd.arrays.IntegerArray:
    """Years of the earliest days; missing where there is no bound."""
    known = (found.earliest < FOREVER) & (found.earliest > NEVER)
    day = np.where(known, found.earliest, 0).astype("datetime64[D]")
    return pd.arrays.IntegerArray(day.astype("datetime64[Y]").astype(np.int64) + 1970, ~known)


def days_of(dataset: Dataset, stage: str) -> pd.DataFrame:
    """Usable dates of a stage that are known to the day, each day of a case once.

    Returns
    -------
    DataFrame
        ``case_id``, ``day`` (days since 1970-01-01).
    """
    events = dataset.events
    exact = (events["stage"] == stage) & events["set_aside"].isna() & (events["earliest"] == events["latest"])
    rows = events.loc[exact.to_numpy(bool), ["case_id", "earliest"]]
    day = rows["earliest"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return pd.DataFrame({"case_id": rows["case_id"].to_numpy(), "day": day}).drop_duplicates(ignore_index=True)


def gathered(values: pd.Series, least: int, missing: str | None = None) -> pd.Series:
    """Text values, with those on fewer than `least` rows put together under one name.

    When these are themselves too few, the next larger value joins them, so that no group can be had by subtraction.

    Parameters
    ----------
    values : Series
    least : int
        Smallest group left under its own name.
    missing : str, optional
        Name of missing values; they stay missing when left out.
    """
    text = values.astype("str")
    text = text.where(values.notna(), missing) if missing is not None else text.where(values.notna())
    return text.mask(text.isin(small_groups(text, least)), OTHER)


def holm(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probabilities corrected for their number (Holm 1979); missing ones stay missing and do not count."""
    p = np.asarray(probabilities, dtype=float)
    out = np.full(len(p), np.nan)
    place = np.flatnonzero(~np.isnan(p))
    order = place[np.argsort(p[place], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return out


def at_least(count: npt.ArrayLike, trials: npt.ArrayLike, share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Exact binomial chance of `count` or more among `trials`, each with chance `share`."""
    from scipy.special import betainc

    k, n, p = (np.asarray(x, dtype=float) for x in (count, trials, share))
    some = np.maximum(k, 1)
    tail = betainc(some, np.maximum(n - some + 1, 1), p)
    return np.asarray(np.where(k <= 0, 1.0, tail))


def row_word(dataset: Dataset) -> str:
    """What one row of the allegations is, as prose writes it."""
    return UNIT_WORDS[dataset.card.unit]


def listed(words: Sequence[str]) -> str:
    """Words as prose lists them: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"


def flow_of(dataset: Dataset) -> pd.DataFrame:
    """All cases of the source: an audit leaves none out."""
    return Cohort.of(dataset).flow()
