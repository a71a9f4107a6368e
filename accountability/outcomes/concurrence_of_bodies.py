"""Several bodies on the same allegation: how far they agree beyond chance, and whose finding the later one takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.labels import label
from accountability.outcomes.hidden_ways import few_hidden
from accountability.outcomes.small_counts import Disclosed
from accountability.outcomes.units_counted import ambiguous_terms, method_of, term_shares
from accountability.privacy import disclose
from accountability.results import capitalised, interval_said, percent
from accountability.stats.chance_agreement import ROUNDING, cohens_kappa
from accountability.stats.clustered_rates import clustered_share
from accountability.stats.intervals import student
from accountability.stats.sandwich import clustered, ways_of
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.vocabulary import FINDINGS, PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAITS: Final = ("pending", "not_recorded")
"""Terms that say that a body has not decided, or not what."""
NUMBERS: Final = (
    "n", "events", "share", "estimate", "std_error", "lower", "upper", "clusters", "effective_clusters",
)  # fmt: skip
_UNSUSTAINED: Final = "not sustained, or no finding"
_NAMES: Final = {"finding": "the final finding", "recommended_finding": "the recommended finding"}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Concurrence(Disclosed):
    """How far bodies agree on the same allegations.

    Attributes
    ----------
    table : DataFrame
        One row a pair of bodies: ``first``, ``second`` (their columns), ``n`` (rows both decided), ``events`` (alike),
        ``share``, ``estimate`` (Cohen's kappa; missing where both hold one term throughout), ``std_error``, ``lower``,
        ``upper``, ``clusters``, ``effective_clusters``, ``hidden``. Limits are missing where the rows rest on too few
        complaints.
    matrix : DataFrame
        ``first``, ``second``, ``before`` and ``after`` (the term of either), ``n``, ``estimate`` (share of the row),
        ``hidden``.
    moves : DataFrame
        Who moves whom: ``body`` (the later one), ``given`` (what came before), ``then`` (what it did), ``n``,
        ``events``, ``estimate``, ``lower``, ``upper``, ``clusters``, ``hidden``.
    bodies : mapping
        Column to the body's name for a reader, in the order in which they decide.
    confidence : float
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": (), "matrix": (), "moves": ()}

    matrix: pd.DataFrame
    moves: pd.DataFrame
    bodies: Mapping[str, str]
    confidence: float
    min_cell: int

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table without shares that tell a small number of rows on which two bodies differ."""
        return disclose(table, counts=["n", "events"], parts=False, min_cell=self.min_cell)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw kappa with its interval, a pair of bodies a line; the line at 0 is what chance alone would give."""
        axes = draw.new_axes(ax, height=1.4 + 0.5 * len(self.table))
        frame = self.table.dropna(subset=["estimate"])
        frame = frame.assign(pair=[self._pair(row) for row in frame.to_dict("records")])
        draw.ranges(axes, frame, label="pair", estimate="estimate", lower="lower", upper="upper", null=0)
        axes.set_xlabel(f"Cohen's kappa, {percent(self.confidence)} interval")
        axes.set_xlim(min(-0.05, float(frame["lower"].min())), 1.02)
        return axes

    def plot_matrix(self, first: str | None = None, second: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw what the second of two bodies, by default of the first pair, made of the first one's terms."""
        from accountability.figures.share_bars import matrix

        first, second = first or str(self.table["first"].iloc[0]), second or str(self.table["second"].iloc[0])
        part = self.matrix.loc[self.matrix["first"].eq(first) & self.matrix["second"].eq(second)]
        if part.empty:
            pairs = "; ".join(f"{a}, {b}" for a, b in zip(self.table["first"], self.table["second"], strict=True))
            raise ParameterError(f"no pair {first!r}, {second!r}; there are: {pairs}")
        named = part.rename(columns={"before": self.bodies[first], "after": self.bodies[second]})
        down, across = self.bodies[first], self.bodies[second]
        return matrix(named, rows=down, columns=across, value="n", share="estimate", label="allegations", ax=ax)

    def sentence(self) -> str:
        """Say how far each pair agrees, and whom the last body follows where those before it differ."""
        said = []
        for row in self.table.to_dict("records"):
            head = f"{self._pair(row)}:"
            if row["hidden"] or pd.isna(row["n"]):
                said.append(f"{head} too few to show.")
                continue
            alike = f"{head} alike in {row['events']:,} of {row['n']:,} ({percent(row['share'])})"
            if pd.isna(row["estimate"]):
                said.append(f"{alike}, one term throughout, so that nothing can be said beyond chance.")
                continue
            reach = interval_said(self.confidence, row["lower"], row["upper"])
            if pd.isna(row["lower"]) and row["clusters"] > 1 and row["estimate"] == 0:
                reach = "no interval: a body held one term throughout"
            said.append(f"{alike}, kappa {row['estimate']:.2f} ({reach}).")
        apart = self.moves.loc[self.moves["given"].str.endswith("differ") & ~self.moves["hidden"].astype(bool)]
        for (body, given), part in apart.groupby(["body", "given"], sort=False):
            did = " and ".join(
                f"{row['then']} in {int(row['events']):,} ({percent(row['estimate'])}, "
                f"{interval_said(self.confidence, row['lower'], row['upper'], 0)})"
                for row in part.to_dict("records")
            )
            said.append(f"Where {given} ({int(part['n'].iloc[0]):,}), {body} {did}.")
        return " ".join(map(capitalised, said))

    def _pair(self, row: Mapping[Any, Any]) -> str:
        return f"{self.bodies[row['first']]} and {self.bodies[row['second']]}"


@takes("cohort")
def concurrence(
    data: Cohort,
    bodies: Sequence[str] | None = None,
    *,
    sustained_or_not: bool = False,
    confidence: float = 0.95,
    min_cell: int = 10,
) -> Concurrence:
    """How far bodies agree on the same allegations, and who moves whom.

    Parameters
    ----------
    data : Cohort or Dataset
        Each row as published is one decision of each body.
    bodies : sequence of str, optional
        Columns of the allegations that hold the bodies' findings, or their penalties, in the order in which they
        decide. By default every column of findings, in the order of the declaration, ``finding`` last.
    sustained_or_not : bool
        Whether to compare only if a finding is sustained; needed where a body's words merge the other findings.
    confidence : float
    min_cell : int
        Smallest count shown.

    Returns
    -------
    Concurrence

    Raises
    ------
    ParameterError
        A column is missing or named twice, or fewer than two are named.
    Refusal
        The source holds one body's findings only; no row was decided by two; or the words of one body merge what
        another's tell apart.

    Notes
    -----
    Cohen's kappa (1960). Its error sums the influences of the rows of a complaint (and of an officer, where known)
    with the correction CR2 and Student's t at Satterthwaite's degrees of freedom: with each row a complaint of its own
    it is that of Fleiss, Cohen and Everitt (1969) but for n/(n-1). Rows that a body has not decided are in no share.
    Bodies that read one another do not judge apart; kappa then says how far they end alike, not how well they see.

    Examples
    --------
    >>> import accountability
    >>> from accountability import outcomes
    >>> found = outcomes.concurrence(accountability.load("synthetic"), ["recommended_penalty", "imposed_penalty"])
    >>> found.table[["n", "events", "estimate"]].round(2).values.tolist()
    [[827.0, 641.0, 0.72]]
    """
    rows = data.allegations
    columns = _bodies(data, bodies)
    named = {column: _name(column, data.labels) for column in columns}
    merged = {column: ambiguous_terms(data, column) for column in columns}
    coded = rows[list(columns)].astype("str").mask(rows[list(columns)].isin(WAITS))
    if sustained_or_not:
        if not all(_are(rows[column], FINDINGS) for column in columns):
            raise ParameterError("outcomes.concurrence: sustained_or_not=True compares findings; these are penalties")
        coded = coded.where(coded.isna() | coded.isin(["sustained"]), _UNSUSTAINED)
    _told_apart(data, coded, merged, sustained_or_not)
    whose = rows[[name for name in ("officer_ids", "officer_id", "case_id") if name in rows]]
    pairs = list(combinations(columns, 2))
    lines, cells = [], []
    for first, second in pairs:
        both = coded[[first, second]].dropna()
        lines.append({"first": first, "second": second} | pair_agreement(both, whose, confidence))
        if len(both):
            cells.append(_matrix(both))
    table = pd.DataFrame(lines, columns=["first", "second", *NUMBERS]).astype(
        {"n": int, "events": int, "clusters": int}
    )
    if not table["n"].any():
        raise Refusal(
            f"{data.name}: none of {len(rows):,} rows was decided by two of {', '.join(columns)}; "
            "outcome_distribution() describes each"
        )
    moves, counted = _moves(coded, whose, named, confidence)
    matrix = pd.concat(cells, ignore_index=True)[["first", "second", "before", "after", "n", "estimate"]]
    few_cells, few_moves = few_hidden(coded, table, matrix, counted, min_cell)
    return Concurrence(
        estimand=f"agreement of {', '.join(named.values())} on the same allegation, {data.name}",
        assumptions=(
            "rows of one complaint, and of one officer, may be alike; others are independent",
            "a body that reads another's finding does not judge apart: agreement beyond chance is not accuracy",
            "rows that a body has not decided are in no share of it",
        ),
        method=f"Cohen's kappa; errors CR2 of the rows' influences, Student's t; {method_of(whose)}",
        table=table,
        flow=data.flow(),
        matrix=matrix.assign(hidden=few_cells),
        moves=moves.assign(hidden=few_moves),
        bodies=named,
        confidence=confidence,
        min_cell=min_cell,
    )


def _bodies(data: Cohort, bodies: Sequence[str] | None) -> tuple[str, ...]:
    rows = data.allegations
    held = [str(name) for name in rows if str(name).endswith("_finding") and not str(name).startswith("raw_")]
    held += ["finding"] if "finding" in rows else []
    if bodies is None and len(held) < 2:
        raise Refusal(
            f"{data.name} holds the findings of one body ({', '.join(held) or 'none'}); two are needed. Penalties of "
            "two bodies are compared with bodies=['recommended_penalty', 'imposed_penalty'], where it holds them"
        )
    chosen = tuple(held if bodies is None else ([bodies] if isinstance(bodies, str) else bodies))
    if missing := [name for name in chosen if name not in rows]:
        coded = [str(n) for n in rows if str(n).endswith(("finding", "_penalty")) and not str(n).startswith("raw_")]
        raise ParameterError(
            f"outcomes.concurrence: {data.name} has no column {missing[0]!r}; findings and penalties it holds: "
            f"{', '.join(coded) or 'none'}"
        )
    if len(set(chosen)) < max(len(chosen), 2):
        raise ParameterError(f"outcomes.concurrence: name two bodies or more, each once; found {list(chosen)}")
    if not any(all(_are(rows[name], terms) for name in chosen) for terms in (FINDINGS, PENALTIES)):
        raise ParameterError(
            f"outcomes.concurrence: {', '.join(chosen)} are not all coded as findings, nor all as penalties; bodies "
            "are compared in the same terms"
        )
    return chosen


def _are(values: pd.Series, terms: Mapping[str, str]) -> bool:
    return set(values.dropna().unique()) <= set(terms)


def _name(column: str, declared: Mapping[str, str]) -> str:
    """The body as a reader is told: what the declaration calls the column, without what it decides."""
    return declared.get(column, "").removeprefix("finding of ") or _NAMES.get(column) or f"the {label(column)}"


def _told_apart(
    data: Cohort, coded: pd.DataFrame, merged: Mapping[str, Mapping[str, str]], sustained_or_not: bool
) -> None:
    """Refuse a comparison in which one body's words merge what another's tell apart."""
    for column, blurred in merged.items():
        for terms in dict.fromkeys(blurred.values()):
            parts = set(terms.split(", "))
            if sustained_or_not and "sustained" not in parts:
                continue
            for other in map(str, coded):
                apart = parts & set(coded[other].dropna())
                if other == column or terms in merged[other].values() or not apart:
                    continue
                raise Refusal(
                    f"{data.name}: a word of {column} stands for {terms}, which {other} tells apart "
                    f"({', '.join(sorted(apart))}), so that they would differ by their words alone. "
                    + (
                        "Compare other bodies"
                        if "sustained" in parts
                        else "Compare whether it is sustained: outcomes.concurrence(data, sustained_or_not=True)"
                    )
                )


def pair_agreement(both: pd.DataFrame, whose: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Agreement of two columns of terms, with errors for rows of one complaint or officer (`whose`, by row)."""
    rows = len(both)
    found = dict.fromkeys(NUMBERS, np.nan) | {"n": rows, "events": 0, "clusters": 0}
    if not rows:
        return found
    terms = sorted({*both.iloc[:, 0], *both.iloc[:, 1]})
    first, second = (pd.Categorical(both[name], categories=terms).codes.astype(np.int64) for name in both)
    kappa, influence = cohens_kappa(first, second)
    alike = first == second
    ways = ways_of(whose.loc[both.index])
    share = clustered_share(alike, ways, confidence)
    found |= {"events": int(alike.sum()), "share": share.share, "estimate": kappa, "clusters": share.clusters}
    found["effective_clusters"] = share.effective_clusters
    if alike.all() and kappa == 1:  # no row says how far they differ: the least agreement that is not unusual does
        chance = float((np.bincount(first) / rows) @ (np.bincount(first) / rows))
        return found | {"lower": max((share.lower - chance) / (1 - chance), -1.0), "upper": 1.0}
    if share.clusters < 2 or not (np.abs(influence) > ROUNDING).any():
        return found
    errors = clustered(np.array([[1 / rows]]), influence[:, None], np.arange(rows), ways, np.ones((rows, 1)))
    made = {name: float(value[0]) for name, value in student(np.array([kappa]), np.eye(1), errors, confidence).items()}
    ends = {"lower": np.maximum(made["lower"], -1.0), "upper": np.minimum(made["upper"], 1.0)}
    return found | {name: made[name] for name in ("std_error", "clusters", "effective_clusters")} | ends


def _matrix(both: pd.DataFrame) -> pd.DataFrame:
    held = {*both.iloc[:, 0], *both.iloc[:, 1]}
    order = [term for term in dict.fromkeys((*FINDINGS, *PENALTIES, _UNSUSTAINED)) if term in held]
    cells = pd.MultiIndex.from_product([order, order], names=["before", "after"])
    long = both.value_counts().rename_axis(["before", "after"]).reindex(cells, fill_value=0).reset_index(name="n")
    totals = long.groupby("before", sort=False)["n"].transform("sum")
    return long.assign(estimate=long["n"] / totals.where(totals > 0), first=both.columns[0], second=both.columns[1])


def _moves(
    coded: pd.DataFrame, whose: pd.DataFrame, named: Mapping[str, str], confidence: float
) -> tuple[pd.DataFrame, list[pd.Series]]:
    """What each body did with what came before it, and for each line the rows it counts."""
    columns = [str(name) for name in coded]
    parts: list[pd.DataFrame] = []
    counted: list[pd.Series] = []

    def add(body: str, given: str, rows: pd.Index, did: pd.Series, kinds: Sequence[str]) -> None:
        if len(rows):
            shares = term_shares(did.loc[rows], kinds, whose, confidence, "then")
            parts.append(shares.assign(body=named[body], given=given))
            counted.extend(did.loc[rows].eq(kind) for kind in kinds)

    for earlier, later in pairwise(columns):
        both = coded[[earlier, later]].dropna()
        before, after = both[earlier].eq("sustained"), both[later].eq("sustained")
        if (before | after).any():
            did = after.map({True: "sustains", False: "does not sustain"})
            for rows, word in ((before, "sustained"), (~before, "did not sustain")):
                add(later, f"{named[earlier]} {word}", both.index[rows], did, ("sustains", "does not sustain"))
    for one, two, last in zip(columns, columns[1:], columns[2:], strict=False):
        all_three = coded[[one, two, last]].dropna()
        first, second, third = (all_three[name] for name in (one, two, last))
        theirs, other = f"takes that of {named[two]}", f"takes that of {named[one]}"
        takes = np.select([(third == first) & (third == second), third == second, third == first],
                          ["takes theirs", theirs, other], "takes another")  # fmt: skip
        did, pair, same = pd.Series(takes, index=all_three.index), f"{named[one]} and {named[two]}", first == second
        add(last, f"{pair} agree", all_three.index[same], did, ("takes theirs", "takes another"))
        add(last, f"{pair} differ", all_three.index[~same], did, (theirs, other, "takes another"))
    names = ["body", "given", "then", "n", "events", "estimate", "lower", "upper", "clusters"]
    return (pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)), counted
