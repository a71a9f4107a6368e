"""Whether investigators' complaints were alike before anyone looked into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.investigators.case_hands import PERIODS, Investigated, case_column, investigated
from accountability.officers.shares import check_draws
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.permutation import beside_chance
from accountability.study.inputs import column_names, takes
from accountability.study.occurrences import stage_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What is known of a complaint when it is given to an investigator; those held are compared.
BEFORE: Final = (
    "complainant",
    "complaint_type",
    "category",
    "officer_race",
    "officer_gender",
    "officer_rank",
    "location",
    "quarter",
)
JOINT: Final = "all together"
#: Share of complaints below which a value is not compared by itself, and above which the rest are.
RARE: Final = 0.03


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Balance(Result):
    """Spread of investigators in what was settled before they were chosen.

    ``table``: ``column``, ``value`` (of all together: the column is ``all together``), ``estimate`` (standard deviation
    over complaints of the investigator's effect on the share with the value, with what chance adds; of all together,
    squares of spreads over what shuffles give, mean of all values), ``expected``, ``expected_lower``,
    ``expected_upper`` (of shuffles), ``p_value``, ``mean`` (share with the value), ``n``, ``clusters`` (investigators).

    Attributes
    ----------
    confidence : float
    """

    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the spread of each value against that of shuffles."""
        rows = self.table[self.table["column"] != JOINT]
        rows = rows.assign(label=rows["column"].str.replace("_", " ") + ": " + rows["value"])
        axes = draw.new_axes(ax, height=1.4 + 0.3 * len(rows))
        heights = draw.ranges(
            axes, rows, label="label", estimate="expected", lower="expected_lower", upper="expected_upper", beside=False
        )
        axes.plot(rows["estimate"], heights, "D", color=draw.COLOURS[1], markersize=4, label="as it is")
        draw.key_above(axes)
        return draw.labelled(axes, f"spread between investigators; bars: {percent(self.confidence)} of shuffles")

    def sentence(self) -> str:
        """Say whether complaints look dealt by lot."""
        row, parts = self.table.iloc[-1], self.table.iloc[:-1]
        none = row["p_value"] > 1 - self.confidence
        verdict = "do not differ more" if none else "differ more"
        compared = ", ".join(dict.fromkeys(parts["column"].str.replace("_", " ")))
        return (
            f"In what was known before ({compared}), complaints of "
            f"{plural(int(row['clusters']), 'investigator')} {verdict} than shuffles: their squared spread is "
            f"{row['estimate']:.2f} times that of shuffles ({percent(self.confidence)} of shuffles "
            f"{row['expected_lower']:.2f} to {row['expected_upper']:.2f}; p = {row['p_value']:.3f})."
        )


@takes(Investigated, investigated)
def balance(
    data: Investigated,
    columns: str | Sequence[str] | None = None,
    *,
    draws: int = 499,
    confidence: float = 0.95,
    seed: int = 0,
) -> Balance:
    """Compare what was known of complaints before they were given out, between investigators of a cell.

    Parameters
    ----------
    data : Investigated, Cohort or Dataset
    columns : str or sequence of str, optional
        Columns of cases or allegations, and ``quarter`` or ``month`` of receipt; those of :data:`BEFORE` that are held
        and make no cell, when left out.
    draws : int
        Shuffles, 99 to 100,000.
    confidence : float
    seed : int

    Returns
    -------
    Balance

    Raises
    ------
    Refusal
        With fewer than ten investigators, or where nothing else is known of complaints.
    ParameterError
        For an unknown column or numbers out of range.

    Notes
    -----
    Shuffles deal complaints of a cell anew. All values are tested at once by the mean of their squared spreads, each
    over its own mean under shuffles. That nothing differs does not show that complaints fall by lot: only that they do
    not differ in these columns.

    Examples
    --------
    >>> import accountability
    >>> from accountability import investigators
    >>> held = investigators.investigated(accountability.load("generated_investigators"), least=20)
    >>> investigators.balance(held, ["complainant", "quarter"], draws=99).table["column"].unique().tolist()
    ['complainant', 'quarter', 'all together']
    """
    check_draws(draws, confidence, seed)
    made, rows = data.laid()
    values = known_before(data, columns).reindex(rows["case_id"])
    names, flags = flags_of(values)
    if not flags:
        raise Refusal(
            f"{data.name}: nothing known of complaints before they were given out tells them apart within cells. Write "
            "columns=[...] with columns of the cases or allegations that are not in cells="
        )
    rng = np.random.default_rng(seed)
    seen = np.array([float(made.squares(made.inverse @ made.sums(one))) for one in flags])
    batches = [
        np.stack([made.squares(sums @ made.inverse) for sums in batch], axis=1)
        for batch in made.shuffled(draws, rng, *flags)
    ]
    drawn = np.concatenate(batches)
    usual = drawn.mean(axis=0)
    some = usual > 1e-12
    if not some.any():
        raise Refusal(f"{data.name}: the columns compared are what cells are made of. Write other columns=")
    ratio = (drawn[:, some] / usual[some]).mean(axis=1)
    apart = beside_chance(np.sqrt(seen[some]), np.sqrt(drawn[:, some]), confidence)
    joint = beside_chance(np.array([(seen[some] / usual[some]).mean()]), ratio[:, None], confidence)
    table = pd.DataFrame(
        {
            "column": [*(names[k][0] for k in np.flatnonzero(some)), JOINT],
            "value": [*(names[k][1] for k in np.flatnonzero(some)), ""],
            **{key: np.concatenate([apart[key], joint[key]]) for key in apart},
            "mean": [*(float(flags[k].mean()) for k in np.flatnonzero(some)), np.nan],
            "n": len(rows),
            "clusters": made.hands,
        }
    )
    return Balance(
        estimand=f"spread between investigators of what was known before, within cells of {', '.join(data.cells)}, "
        f"{data.name}",
        assumptions=("what is compared was settled before the investigator was chosen", *data.assumed()[2:]),
        method=f"effects of investigators beside cells against {draws:,} shuffles within cells, seed {seed}",
        table=table,
        flow=data.cohort.flow(),
        confidence=confidence,
    )


def flags_of(values: pd.DataFrame) -> tuple[list[tuple[str, str]], list[Floats]]:
    """A column and value, and 1 where a complaint has it, for each value that is neither rare nor nearly all."""
    names: list[tuple[str, str]] = []
    flags: list[Floats] = []
    for column in values:
        for value, count in values[column].value_counts().sort_index().items():
            if RARE <= count / len(values) <= 1 - RARE:
                names.append((str(column), str(value)))
                flags.append((values[column] == value).to_numpy().astype(np.float64))
    return names, flags


@takes(Investigated, investigated)
def known_before(data: Investigated, columns: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Read what was known of complaints before they were given out.

    Parameters
    ----------
    data : Investigated, Cohort or Dataset
    columns : str or sequence of str, optional
        As for :func:`balance`.

    Returns
    -------
    DataFrame
        A row a complaint of the source, by ``case_id``; values as text, missing where none is on record.

    Raises
    ------
    ParameterError
        For an unknown column.

    Examples
    --------
    >>> import accountability
    >>> from accountability import investigators
    >>> list(investigators.known_before(accountability.load("generated_investigators"), "complainant"))
    ['complainant']
    """
    cohort = data.cohort
    held = {*cohort.cases, *cohort.allegations, *PERIODS}
    if columns is None:
        chosen = [name for name in BEFORE if name in held and name not in data.cells]
    else:
        chosen = column_names(columns, "investigators", "columns")
    when = stage_of(cohort, "received")
    dated = ~when.none & (when.earliest == when.latest)
    read = {name: case_column(cohort, name, None, when.earliest, dated) for name in chosen}
    if "quarter" in read:  # of any year: cells are of one
        read["quarter"] = read["quarter"].str[-2:]
    return pd.DataFrame(read).set_axis(cohort.cases["case_id"])
