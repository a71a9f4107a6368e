"""Follow the penalty of each officer-complaint from its recommendation to the last appeal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder, days_equivalent
from accountability.outcomes.moves import KINDS, kinds_of, symmetry
from accountability.outcomes.parsing import parse_table
from accountability.outcomes.small_counts import Disclosed, few, masked, small_terms
from accountability.outcomes.units_counted import ALIKE, method_of, term_shares
from accountability.privacy import hidden_cells
from accountability.records.units import check_terms
from accountability.results import interval_said, percent
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.vocabulary import PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS: Final = {
    "penalty_recommended": "recommended",
    "penalty_decided": "decided",
    "penalty_approved": "approved",
    "penalty_imposed": "imposed",
    "penalty_served": "served",
    "appeal_decided": "after appeal",
}
BESIDE: Final = ("left_agency", "appeal_filed")
UNIT: Final = ["case_id", "officer_id"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Waterfall(Disclosed):
    """Changes of penalties at each step.

    Attributes
    ----------
    table : DataFrame
        For each pair of neighbouring steps ``before``, ``after``: ``kind`` (see
        :data:`accountability.outcomes.moves.KINDS`), ``n``, ``events``, ``estimate`` (share), ``lower``, ``upper``,
        ``hidden``.
    states : DataFrame
        For each ``step``: ``term``, ``n``, ``estimate`` (share of all units), ``hidden``; ``pending`` is a separate
        term.
    flows : DataFrame
        ``before``, ``after``, ``term_before``, ``term_after``, ``n`` (missing where hidden), ``hidden``.
    net : DataFrame
        For each pair: ``quantity`` (rungs, days lost), ``n``, ``lost`` and ``gained`` and ``net``, ``hidden``.
    tests : DataFrame
        Bowker and Stuart–Maxwell for each pair of steps.
    times : DataFrame
        For each pair: ``n`` with both ends known to the day or still waiting, ``waiting``, ``median_days``, from the
        Kaplan–Meier curve with waiting units censored.
    confidence : float
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "table": ("n",),
        "states": (),
        "flows": (),
        "net": (),
        "tests": (),
        "times": (),
    }

    states: pd.DataFrame
    flows: pd.DataFrame
    net: pd.DataFrame
    tests: pd.DataFrame
    times: pd.DataFrame
    confidence: float
    min_cell: int

    def __post_init__(self) -> None:
        """Hide small numbers; of those waiting, a few are hidden and the rest of their row is not."""
        super().__post_init__()
        shown = self.times["waiting"].mask(few(self.times["waiting"], self.min_cell))
        object.__setattr__(self, "times", self.times.assign(waiting=shown))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without its hidden cells; a total of few pairs is not shown either."""
        return masked(table, ("n",)).assign(n=table["n"].astype("Int64").mask(few(table["n"], self.min_cell)))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the flow: one column per step, one band per move from one rung to another."""
        from accountability.figures.share_bars import flow

        return flow(self.states, self.flows, ax=ax)

    def sentence(self) -> str:
        """State the share that ended lighter and heavier at each step, and how many wait."""
        said = []
        for key, part in self.table.groupby(["before", "after"], sort=False):
            cells = {row["kind"]: row for row in part.to_dict("records")}
            moved = [
                f"{cells[kind]['events']:,} {word} ({percent(cells[kind]['estimate'], 1)}, "
                f"{interval_said(self.confidence, cells[kind]['lower'], cells[kind]['upper'], 1)})"
                for kind, word in (("lightened", "became lighter"), ("raised", "became heavier"))
                if not cells[kind]["hidden"] and cells[kind]["events"] > 0
            ]
            if moved:
                total = cells["kept"]["n"]
                said.append(f"From {key[0]} to {key[1]}, of {total:,} officer-complaints {' and '.join(moved)}.")
        waits = self.states.loc[(self.states["term"] == "pending") & ~self.states["hidden"] & (self.states["n"] > 0)]
        said += [
            f"{row['n']:,} had not got as far as {row['step']!r} when the records end."
            for row in waits.to_dict("records")
        ]
        few = self.table.loc[self.table["kind"].isin(["lightened", "raised"]), "hidden"].any()
        none = "Too few penalties changed to show." if few else "No penalty became lighter or heavier at any step."
        return " ".join(said) or none


@takes("cohort")
def waterfall(
    data: Cohort,
    text: str | None = None,
    *,
    ladder: Ladder | None = None,
    confidence: float = 0.95,
    min_cell: int = 10,
) -> Waterfall:
    """Follow each officer-complaint's penalty through its dated steps.

    A step whose event states no penalty, or upholds it, keeps the last one stated. If the source skips a step and a
    later step is dated, the penalty is unchanged. A penalty of ``none`` needs no further step. An officer who left
    before a step is ``left_before_penalty`` from there on. Everything else that has not reached a step is ``pending``
    and in no share. A case that was not appealed keeps its penalty after appeals.

    Parameters
    ----------
    data : Cohort or Dataset
        Its events name an officer and hold ``penalty`` (and ``days``), or a column of text.
    text : str, optional
        The events' column of penalty texts, read by :func:`accountability.outcomes.parse`; by default their coded
        ``penalty`` and ``days``.
    ladder, confidence, min_cell
        As in :func:`accountability.outcomes.changes`.

    Returns
    -------
    Waterfall

    Raises
    ------
    Refusal
        If the events hold fewer than two steps of a penalty, or no coded penalty and no ``text`` is named.
    ParameterError
        For an unknown column, or texts that no wording matches (names the first).

    Examples
    --------
    >>> import accountability
    >>> found = accountability.outcomes.waterfall(accountability.load("synthetic"), "detail")
    >>> found.states["step"].unique().tolist()
    ['recommended', 'decided', 'imposed', 'after appeal']
    """
    cohort, order = data, ladder or Ladder()
    events = cohort.events.loc[cohort.events["officer_id"].notna()]
    stage = events["stage"].astype("str")
    steps = [name for name in STEPS if (stage == name).any()]
    if len(steps) < 2:
        raise Refusal(
            f"{cohort.name} dates {len(steps)} step(s) of a penalty; at least two of {', '.join(STEPS)} are needed. "
            "outcomes.changes compares recommended and imposed penalties without dates"
        )
    stated = _stated(events, text, cohort.name).assign(stage=stage)
    values, dates = _states(stated, steps)
    rows, nets, tests, times, flows = [], [], [], [], []
    for before, after in pairwise(steps):
        names = {"before": STEPS[before], "after": STEPS[after]}
        pairs = _pairs(values, before, after)
        if pairs.empty:
            continue
        rows.append(_shares(pairs, order, confidence, min_cell).assign(**names))
        nets.append(_net(pairs, order, min_cell).assign(**names))
        tests.append(symmetry(pairs, order).assign(hidden=lambda t: t["n"].lt(min_cell), **names))
        times.append(_time(values, dates, before, after, cohort) | names)
        flows.append(_flow(values, before, after, order, min_cell).assign(**names))
    if not rows:
        raise Refusal(f"{cohort.name}: no officer-complaint has a penalty at two neighbouring steps")
    lead = ["before", "after"]
    return Waterfall(
        estimand=f"penalties from {STEPS[steps[0]]} to {STEPS[steps[-1]]}, per officer-complaint, {cohort.name}",
        assumptions=(
            f"order of severity: {' < '.join(order.order)}",
            "a step that states nothing leaves the penalty as it was",
            f"{ALIKE} (intervals)",
            "pairs of different officers and complaints are independent (tests)",
            "those still waiting will take as long as others who have waited as long (times)",
        ),
        method=method_of(pairs, *rows),
        table=_lead(pd.concat(rows, ignore_index=True), lead),
        flow=cohort.flow(),
        states=_counted(values, steps, order, min_cell),
        flows=_lead(pd.concat(flows, ignore_index=True), lead),
        net=_lead(pd.concat(nets, ignore_index=True), lead),
        tests=_lead(pd.concat(tests, ignore_index=True), lead),
        times=_lead(pd.DataFrame(times), lead).assign(hidden=lambda t: t["n"].lt(min_cell)),
        confidence=confidence,
        min_cell=min_cell,
    )


def _stated(events: pd.DataFrame, text: str | None, name: str) -> pd.DataFrame:
    """Events with the penalty and days each states; missing where it states none."""
    if text is None:
        if "penalty" not in events:
            raise Refusal(
                f"the events of {name} hold no coded penalty; name their column of texts with text=, one of "
                f"{', '.join(str(c) for c in events if str(events[c].dtype) == 'str')}"
            )
        check_terms(events["penalty"], PENALTIES, "penalty")
        days = events["days"] if "days" in events else pd.Series(np.nan, index=events.index)
        return events[[*UNIT, "earliest", "latest", "set_aside"]].assign(penalty=events["penalty"], days=days)
    if text not in events:
        raise ParameterError(f"the events of {name} have no column {text!r}; they have {', '.join(map(str, events))}")
    of_penalty = events["stage"].astype("str").isin(list(STEPS))
    read = parse_table(events.loc[of_penalty, text])
    wrong = read.loc[read["leftover"].notna()]
    if len(wrong):
        raise ParameterError(
            f"{len(wrong):,} text(s) of {text!r} cannot be read; the first: {wrong['leftover'].iloc[0]}"
        )
    coded = read.set_index("raw")
    return events[[*UNIT, "earliest", "latest", "set_aside"]].assign(
        penalty=events[text].map(coded["penalty"]).where(of_penalty).astype("str"),
        days=events[text].map(coded["days"]).where(of_penalty).astype("float64"),
    )


def _states(stated: pd.DataFrame, steps: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For each officer-complaint and step: penalty and days (pending and left are terms), and the step's days."""
    ordered = stated.sort_values("latest", kind="stable").drop_duplicates([*UNIT, "stage"], keep="last")
    frames = {name: part.set_index(UNIT) for name, part in ordered.groupby("stage")}
    units = pd.MultiIndex.from_frame(ordered.loc[ordered["stage"].isin(steps), UNIT].drop_duplicates())
    nowhere = np.zeros(len(units), dtype=bool)
    reached = {name: units.isin(frames[name].index) if name in frames else nowhere for name in (*STEPS, *BESIDE)}
    left, filed = (reached[name] for name in BESIDE)
    term = pd.Series(pd.NA, index=units, dtype="str")
    days = pd.Series(np.nan, index=units)
    values, dates = {}, {}
    for place, name in enumerate(steps):
        here = frames[name].reindex(units)
        says = here["penalty"].notna().to_numpy()
        later = np.logical_or.reduce([nowhere, *(reached[s] for s in steps[place:] if s != "appeal_decided")])
        if name == "appeal_decided":
            gone_on = reached[name] | ~filed
        else:
            gone_on = reached[name] | later | (term == "none").fillna(False).to_numpy(dtype=bool)
        new_term = term.mask(says, here["penalty"])
        new_days = days.mask(says, here["days"])
        settled = term.isin(["pending", "left_before_penalty"]).to_numpy() & ~reached[name]
        stop = ~gone_on & ~settled
        term = new_term.where(gone_on | settled).mask(stop & left, "left_before_penalty")
        term = term.mask(stop & ~left, "pending")
        days = new_days.where(gone_on & ~settled)
        values[name, "penalty"], values[name, "days"] = term, days
        dates[name, "earliest"], dates[name, "latest"] = here["earliest"], here["latest"]
        dates[name, "usable"] = pd.Series(reached[name], index=units) & here["set_aside"].isna()
    return pd.DataFrame(values), pd.DataFrame(dates)


def _pairs(values: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Units with a penalty before, and something other than waiting after."""
    pairs = pd.DataFrame(
        {
            "recommended_penalty": values[before, "penalty"],
            "recommended_days": values[before, "days"].astype("Float64"),
            "imposed_penalty": values[after, "penalty"],
            "imposed_days": values[after, "days"].astype("Float64"),
        }
    ).reset_index()
    gone = pairs["recommended_penalty"].isin(["pending", "left_before_penalty"])
    known = pairs["recommended_penalty"].notna() & pairs["imposed_penalty"].notna()
    return pairs.loc[known & ~gone & pairs["imposed_penalty"].ne("pending")]


def _shares(pairs: pd.DataFrame, order: Ladder, confidence: float, min_cell: int) -> pd.DataFrame:
    table = term_shares(kinds_of(pairs, order), KINDS, pairs, confidence, "kind")
    return table.assign(hidden=small_terms(table, (), "kind", min_cell)[0] | (len(pairs) < min_cell))


def _net(pairs: pd.DataFrame, order: Ladder, min_cell: int) -> pd.DataFrame:
    rungs = order.rungs(pairs["imposed_penalty"]) - order.rungs(pairs["recommended_penalty"])
    days = days_equivalent(pairs["imposed_penalty"], pairs["imposed_days"]) - days_equivalent(
        pairs["recommended_penalty"], pairs["recommended_days"]
    )
    rows = []
    for quantity, change in (("rungs", rungs), ("days lost", days)):
        known = change.dropna().astype("float64")
        sums = (float(known[known < 0].abs().sum()), float(known[known > 0].sum()), float(known.sum()))
        rows.append((quantity, len(known), *sums, 0 < len(known) < min_cell))
    return pd.DataFrame(rows, columns=["quantity", "n", "lost", "gained", "net", "hidden"])


def _time(values: pd.DataFrame, dates: pd.DataFrame, before: str, after: str, cohort: Cohort) -> dict[str, Any]:
    """Median days between two steps by Kaplan–Meier, the waiting censored on the last day covered."""
    from statsmodels.duration.survfunc import SurvfuncRight

    start_known = dates[before, "usable"] & (dates[before, "earliest"] == dates[before, "latest"])
    stop_known = dates[after, "usable"] & (dates[after, "earliest"] == dates[after, "latest"])
    waiting = values[after, "penalty"].eq("pending").fillna(False).astype(bool)
    until = cohort.card.observed_until
    if until is None:
        waiting &= False
    end = dates[after, "latest"].where(stop_known, pd.NaT if until is None else pd.Timestamp(until))
    days = (end - dates[before, "earliest"]).dt.days
    use = start_known & (stop_known | waiting) & (days >= 0)
    median = np.nan
    if use.any():
        median = float(SurvfuncRight(days[use].to_numpy(float), stop_known[use].to_numpy(int)).quantile(0.5))
    return {"n": int(use.sum()), "waiting": int((use & waiting).sum()), "median_days": median}


def _flow(values: pd.DataFrame, before: str, after: str, order: Ladder, min_cell: int) -> pd.DataFrame:
    terms = _terms(order)
    square = pd.crosstab(values[before, "penalty"], values[after, "penalty"]).reindex(
        index=terms, columns=terms, fill_value=0
    )
    square = square.loc[square.sum(axis=1) > 0, square.sum(axis=0) > 0]
    counts = square.to_numpy(dtype=np.int64)
    hidden = hidden_cells(counts, min_cell)
    cells = [
        (square.index[i], square.columns[j], int(counts[i, j]), bool(hidden[i, j])) for i, j in np.argwhere(counts > 0)
    ]
    return pd.DataFrame(cells, columns=["term_before", "term_after", "n", "hidden"])


def _counted(values: pd.DataFrame, steps: list[str], order: Ladder, min_cell: int) -> pd.DataFrame:
    terms = _terms(order)
    counts = np.array([[int((values[s, "penalty"] == t).sum()) for t in terms] for s in steps])
    hidden = np.vstack([hidden_cells(line, min_cell) for line in counts])
    rows = [
        (STEPS[s], t, counts[i, j], counts[i, j] / max(int(counts[i].sum()), 1), bool(hidden[i, j]))
        for i, s in enumerate(steps)
        for j, t in enumerate(terms)
        if counts[:, j].any()
    ]
    return pd.DataFrame(rows, columns=["step", "term", "n", "estimate", "hidden"])


def _terms(order: Ladder) -> list[str]:
    return [*order.order, *(term for term in PENALTIES if term not in order.order)]


def _lead(table: pd.DataFrame, lead: list[str]) -> pd.DataFrame:
    return table[[*lead, *(name for name in table if name not in lead)]]
