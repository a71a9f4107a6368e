"""Categories over the years: shares that change, and categories that appear or vanish."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.audit.part import (
    CASE_FILES,
    OTHER,
    Kind,
    NotHeld,
    Part,
    anchor,
    gathered,
    is_case_files,
    listed,
)
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.privacy import hidden_cells
from accountability.records.dataset import Dataset
from accountability.results import capitalised, percent, plural
from accountability.stats.compress import combine, numbered, reading_order
from accountability.stats.multiple_tests import holm
from accountability.study import overview
from accountability.study.cohort import Cohort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counts = npt.NDArray[np.int64]

LEVEL: Final = 0.05
#: Kinds of so many complaints are shuffled one by one, so many numbers at once.
_FEW, _AT_ONCE = 4, 2_000_000
_STEPS_AT_ONCE: Final = 2
_TURNOVER: Final = ("category", "change", "year", "rows", "p_value")


def _draw(axes: Axes, part: Part) -> None:
    at = part.table["to_year"].astype("int64")
    axes.plot(at, part.table["by_chance"], "--", color="0.5", label="by chance (median)")
    axes.plot(at, part.table["distance"], color=draw.COLOURS[0])
    for moved, marker, label in ((True, "o", "more than chance"), (False, "x", "within chance")):
        steps = part.table[part.table["moved"] == moved]
        if len(steps):
            axes.plot(steps["to_year"].astype("int64"), steps["distance"], marker, color=draw.COLOURS[0], label=label)
    axes.locator_params(axis="x", integer=True)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("year")
    axes.set_ylabel(f"share of rows whose {part.column}\nwould have to change from the year before")
    draw.numbers(axes.yaxis, "share")
    draw.lines_named(axes)


DRIFT: Final = Kind(
    title="Categories over time",
    what="drift of categories in {name} over the years",
    columns=("from_year", "to_year", "rows_from", "rows_to", "distance", "by_chance", "p_value", "moved"),
    draw=_draw,
    single_cases=True,  # said below, with the column
    empty={"column": "category", "shares": pd.DataFrame(), "turnover": pd.DataFrame(columns=list(_TURNOVER))},
)


@DRIFT
def drift(
    dataset: Dataset, column: str | None = None, *, min_cell: int = 10, permutations: int = 499, seed: int = 20130206
) -> Part:
    """Test whether the mix of categories changed from each year to the next.

    Parameters
    ----------
    dataset : Dataset
    column : str, optional
        A column of the allegations or cases; ``category`` when left out.
    min_cell : int
        Categories with fewer rows are pooled; smaller numbers of a year are hidden; years with fewer rows are not
        compared.
    permutations : int
        Least number of permutations of the two years' complaints; more where the correction needs them.
    seed : int
        Seed of the permutations.

    Returns
    -------
    Part
        ``table``: ``from_year``, ``to_year``, ``rows_from``, ``rows_to`` (with a category), ``distance`` (total
        variation: the share of rows that would have to change category), ``by_chance`` (its median if the years were
        exchangeable), ``p_value`` (permutation, corrected by Holm), ``moved`` (p below 0.05). ``column``: the column
        compared. ``shares``: ``year``, ``category``, ``rows``, ``share`` (not shown for small numbers). ``turnover``:
        categories that appear or vanish (``category``, ``change``, ``year`` (first or last with any), ``rows``,
        ``p_value`` of no complaint in the years without, if complaints could be exchanged between years).

    Raises
    ------
    ParameterError
        For an unknown column, or fewer than 99 permutations.

    Notes
    -----
    Whole complaints are permuted, with all their rows, because the officers of one complaint share its category.

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.drift(load("synthetic"), permutations=99).sentence()
    "'category' holds 6 categories; its mix moves no more from year to year than chance does."
    """
    if permutations < 99:
        raise ParameterError(f"permutations: expected at least 99, found {permutations}")
    name = column or "category"
    what = f"drift of '{name}' in {dataset.name} over the years"
    frame, left_out = _rows(dataset, column, name, what, min_cell)
    tally, year, labels = _tally(frame)
    distances = _compare(tally, year, permutations, seed, min_cell)
    if distances.empty:
        raise NotHeld(f"no two years in a row hold {min_cell} rows each", what=what, column=name)
    turnover = _turnover(frame)
    return DRIFT.of(
        dataset,
        distances,
        _said(name, distances, turnover, labels),
        what=what,
        assumptions=(
            "under chance, the complaints of two neighbouring years could be exchanged",
            f"{left_out:,} rows without a category or a year are left out",
        ),
        method=f"total variation distance; at least {permutations} shuffles of whole complaints, seed {seed}; Holm",
        column=name,
        shares=_shares(frame, min_cell),
        turnover=turnover,
    )


def turnover_of(dataset: Dataset, column: str, min_cell: int = 10) -> pd.DataFrame:
    """Return the ``turnover`` of :func:`drift` without comparing the years; none where it would count nothing."""
    with suppress(NotHeld):
        frame, _ = _rows(dataset, column, column, "", min_cell)
        tally, year, _ = _tally(frame)
        rows = np.bincount(np.unique(year, return_inverse=True)[1], tally.sum(axis=1))
        if (np.minimum(rows[1:], rows[:-1]) >= min_cell).any():
            return _turnover(frame)
    return pd.DataFrame(columns=list(_TURNOVER))


def _rows(dataset: Dataset, column: str | None, name: str, what: str, min_cell: int) -> tuple[pd.DataFrame, int]:
    """The rows with a category and a year, and the number of those left out."""
    if is_case_files(dataset):
        raise NotHeld(CASE_FILES, what=what, column=name)
    table = dataset.allegations if name in dataset.allegations else dataset.cases
    if name not in table:
        if column is not None:
            known = sorted({*map(str, dataset.allegations), *map(str, dataset.cases)})
            raise ParameterError(f"{dataset.name} has no column {name!r}; its tables hold {', '.join(known)}")
        raise NotHeld("the release has no column 'category'", what=what)
    start = anchor(dataset)
    years = None
    if start is not None:
        study, of_rows = Cohort.of(dataset), name in dataset.allegations
        years = overview.year_of(study, start, of="allegations" if of_rows else "cases", which="first")
        years = years if of_rows else table["case_id"].map(years)
    if years is None or years[table[name].notna()].nunique() < 2:
        raise NotHeld("fewer than two years are dated", what=what, column=name)
    kept = table[name].notna() & years.notna()
    frame = pd.DataFrame(
        {
            "case_id": table.loc[kept, "case_id"],
            "year": years[kept].astype("int64"),
            "category": gathered(table.loc[kept, name], min_cell),
        }
    )
    return frame, int((~kept).sum())


def _tally(frame: pd.DataFrame) -> tuple[Counts, Counts, list[str]]:
    """Rows of each category by complaint, and the year of each complaint."""
    place, ids = pd.factorize(frame["case_id"])
    code, labels = numbered(frame["category"])
    flat = np.bincount(place * len(labels) + code, minlength=len(ids) * len(labels))
    year = frame["year"].to_numpy()[np.unique(place, return_index=True)[1]]
    return flat.reshape(len(ids), len(labels)), year, [str(label) for label in labels]


def _compare(tally: Counts, year: Counts, permutations: int, seed: int, least: int) -> pd.DataFrame:
    """Distance of each year to the year before, and where it lies among shuffles of whole complaints."""
    from scipy.sparse import csc_array

    steps = list(pairwise(np.unique(year)))
    # Holm's correction cannot fall below steps / draws, so few draws could never show that anything moved.
    draws = max(permutations, int(2 * len(steps) / LEVEL))
    # Complaints alike in their categories are interchangeable, so a shuffle is a draw of how many of each kind.
    alike = combine(list(tally.T), (tally.max(axis=0, initial=0) + 1).tolist(), len(tally))
    kinds = tally[alike.first]
    held = csc_array(kinds.T)  # few complaints are of several categories

    def step(between: tuple[int, int], rng: np.random.Generator) -> dict[str, Any] | None:
        size, late = (np.bincount(alike.code[year == some], minlength=len(kinds)) for some in between)
        size += late
        total, new = size @ kinds, late @ kinds
        if min(new.sum(), total.sum() - new.sum()) < least:
            return None
        here = size > 0
        drawn = _distance((held[:, here] @ _shuffled(rng, size[here], int(late.sum()), draws)).T, total)
        seen = float(_distance(new, total)[0])
        return {
            "from_year": int(between[0]),
            "to_year": int(between[1]),
            "rows_from": int(total.sum() - new.sum()),
            "rows_to": int(new.sum()),
            "distance": seen,
            "by_chance": float(np.median(drawn)),
            # A hair's breadth of rounding must not make a tie look smaller.
            "p_value": (1 + int((drawn >= seen - 1e-12).sum())) / (draws + 1),
        }

    with ThreadPoolExecutor(max_workers=_STEPS_AT_ONCE) as pool:  # drawing leaves Python free
        made = pool.map(step, steps, np.random.default_rng(seed).spawn(len(steps)))
    lines = [line for line in made if line is not None]
    table = pd.DataFrame(lines, columns=list(DRIFT.columns[:-1]))
    table["p_value"] = holm(table["p_value"].to_numpy(float))
    return table.assign(moved=table["p_value"] < LEVEL)


def _shuffled(rng: np.random.Generator, size: Counts, taken: int, draws: int) -> Counts:
    """Return how many of each kind are among `taken` drawn without replacement (kinds by draws).

    Of kinds with many the number is drawn; the others are shuffled one by one, which takes a tenth of the time each.
    """
    few = size <= _FEW
    out = np.empty((len(size), draws), dtype=np.int64)
    left, rest = np.full(draws, taken), int(size.sum())
    for kind in np.flatnonzero(~few).tolist():
        out[kind] = rng.hypergeometric(size[kind], rest - size[kind], left)
        left -= out[kind]
        rest -= int(size[kind])
    if not few.any():
        return out
    one, starts = np.arange(rest), np.cumsum(size[few]) - size[few]
    step = max(_AT_ONCE // rest, 1)
    for begin in range(0, draws, step):
        some = slice(begin, min(begin + step, draws))
        chosen = rng.permuted(np.tile(one, (some.stop - begin, 1)), axis=1) < left[some, None]
        out[few, some] = np.add.reduceat(chosen, starts, axis=1, dtype=np.int64).T
    return out


def _distance(new: Counts | npt.NDArray[np.float64], total: Counts) -> npt.NDArray[np.float64]:
    """Total variation distance between part of the rows and the rest of them, one a line."""
    part = np.array(new, dtype=float, order="C", ndmin=2)
    some = part.sum(axis=1, keepdims=True)
    sizes = np.maximum(some, 1), np.maximum(total.sum() - some, 1)
    apart = part / sizes[0]
    part -= total
    part /= sizes[1]
    apart += part
    return np.asarray(np.abs(apart, out=apart).sum(axis=1) / 2)


def _shares(frame: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    wide = _crossed(frame)
    hidden = hidden_cells(wide.to_numpy(dtype=np.int64), min_cell)
    share = wide.div(wide.sum(axis=1), axis=0).to_numpy(dtype=float).ravel()
    flat = pd.Series(hidden.ravel())
    return pd.DataFrame(
        {
            "year": np.repeat(wide.index.to_numpy(), wide.shape[1]),
            "category": np.tile(wide.columns.to_numpy(), len(wide)),
            "rows": pd.Series(wide.to_numpy(dtype=np.int64).ravel(), dtype="Int64").mask(flat),
            "share": pd.Series(share, dtype="Float64").mask(flat),
        }
    )


def _crossed(frame: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(frame["year"], frame["category"])
    return counts.iloc[:, reading_order(counts.columns)]


def _turnover(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories with none in the first or last years, which complaints put in any order would seldom leave out.

    The chance is exact: that all complaints with the category fall outside these years if each was as likely in any
    year as the others. Rows of one complaint count once.
    """
    from scipy.special import gammaln

    years, rows = np.unique(frame["year"]), frame["category"].value_counts()
    cases = frame.drop_duplicates("case_id")["year"].value_counts().reindex(years, fill_value=0).to_numpy(float)
    each = frame.drop_duplicates(["case_id", "category"])
    wide = _crossed(each).reindex(years, fill_value=0)
    limit = LEVEL / (2 * wide.shape[1])
    lines = []
    for category in wide.columns.drop(OTHER, errors="ignore"):
        counts = wide[category].to_numpy()
        held, number = np.flatnonzero(counts), counts.sum()
        for change, gap, year in (
            ("appears", slice(0, held[0]), years[held[0]]),
            ("vanishes", slice(held[-1] + 1, None), years[held[-1]]),
        ):
            every, inside = cases.sum(), max(cases.sum() - cases[gap].sum(), number)
            ways = [gammaln(size + 1) - gammaln(size - number + 1) for size in (inside, every)]
            chance = float(np.exp(ways[0] - ways[1]))
            if inside < every and chance < limit:
                lines.append((category, change, int(year), int(rows[category]), chance))
    return pd.DataFrame(lines, columns=list(_TURNOVER))


def _said(name: str, table: pd.DataFrame, turnover: pd.DataFrame, labels: list[str]) -> str:
    moved = table[table["moved"]]
    text = f"'{name}' holds {plural(len(labels), 'category')}; "
    if moved.empty:
        text += "its mix moves no more from year to year than chance does."
    else:
        top = table.sort_values("distance", kind="stable").iloc[-1]
        text += (
            f"its mix moves more than chance in {len(moved)} of {plural(len(table), 'step')} from year to year, most "
            f"from {int(top['from_year'])} to {int(top['to_year'])} ({percent(top['distance'], 1)} of rows, "
            f"{percent(top['by_chance'], 1)} by chance)."
        )
    for change, when in (("appears", "not there from the start"), ("vanishes", "not there to the end")):
        part = turnover[turnover["change"] == change]
        if len(part):
            shown = [f"{row['category']} ({row['year']})" for row in part.head(4).to_dict("records")]
            more = [f"{len(part) - 4} more"] if len(part) > 4 else []
            text += f" {capitalised(when)}: {listed([*shown, *more])}."
    return text
