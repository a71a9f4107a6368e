"""Agencies side by side at one case mix: shares and days under their contract, a funnel, and partial pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, get_args

import numpy as np
import pandas as pd

from accountability.agencies.agency_counts import AgencyCounts
from accountability.agencies.comparability_contract import Contract, contract
from accountability.agencies.under_contract import complaints, facts_of_data
from accountability.errors import ParameterError, Refusal
from accountability.privacy import disclose
from accountability.records.dataset import Dataset
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.intervals import p_student, student, wald, z_critical
from accountability.stats.random_effects import LEAST_PLACES, spread_of
from accountability.stats.sandwich import clustered, ways_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Outcome = Literal["days", "closed_share", "sustained_share"]
_WORDS: Final = {
    "days": "mean days to closing, counted up to {days}",
    "closed_share": "share closed within {days} days",
    "sustained_share": "share sustained of complaints closed within {days} days",
}
_LEAST_CELL: Final = 5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SideBySide(Result):
    """Agencies at one case mix.

    Attributes
    ----------
    table : DataFrame
        One row an agency: ``agency``, ``n`` (complaints under the contract), ``events`` (closed or sustained; missing
        for days), ``crude``, ``estimate`` (at the common mix), ``std_error``, ``df``, ``lower``, ``upper``,
        ``funnel_lower``, ``funnel_upper`` (where an agency of its size lies that is like the others, overdispersion
        allowed for), ``outside``, ``drawn``, ``drawn_lower``, ``drawn_upper`` (partially pooled; missing with fewer
        than five agencies), ``hidden``.
    differences : DataFrame
        ``first``, ``second``, ``estimate`` (first less second, at the common mix), ``std_error``, ``lower``, ``upper``,
        ``p_value``.
    mix : DataFrame
        ``level``, ``weight``, and each agency's share of complaints of that level.
    contract : Contract
        What all were restricted to.
    alike : str or None
        The column whose mix is held alike.
    overdispersion : float
        Cochran's Q over its degrees of freedom; 1 where agencies differ no more than chance.
    between : float
        Standard deviation between agencies.
    p_value : float
        Of the test that all agencies are equal.
    """

    differences: pd.DataFrame
    mix: pd.DataFrame
    contract: Contract
    outcome: str
    within_days: int
    alike: str | None
    overdispersion: float
    between: float
    p_value: float
    confidence: float
    min_cell: int

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide agencies whose numbers rest on few complaints."""
        counts = ["n"] if self.outcome == "days" else ["n", "events"]
        return disclose(table, counts=counts, parts=False, min_cell=self.min_cell)

    def pooled(self) -> NoReturn:
        """Refuse one number for all agencies.

        Raises
        ------
        Refusal
            Always, with what there is instead.
        """
        raise Refusal(
            f"agencies are not pooled into one number: {len(self.table)} agencies differ {self.overdispersion:.1f} "
            "times as much as chance (Cochran's Q over its degrees of freedom), and none is a sample of the others. "
            "Read .table, a row an agency, and .differences"
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the funnel: each agency at its precision, with the limits for one like the others."""
        from accountability.figures import draw
        from accountability.figures.house_style import COLOURS, numbers

        axes = draw.new_axes(ax, height=3.8)
        frame = self.table[~self.table["hidden"]].sort_values("std_error")
        size = 1 / frame["std_error"].to_numpy(float)
        axes.fill_between(size, frame["funnel_lower"], frame["funnel_upper"], color="0.9", label="like the others")
        axes.errorbar(
            size, frame["estimate"], yerr=[frame["estimate"] - frame["lower"], frame["upper"] - frame["estimate"]],
            fmt="o", color=COLOURS[0], elinewidth=1, markersize=4,
        )  # fmt: skip
        for place, row in zip(size, frame.to_dict("records"), strict=True):
            axes.annotate(str(row["agency"]).replace("_", " "), (place, row["estimate"]), xytext=(5, 4),
                          textcoords="offset points", fontsize=8)  # fmt: skip
        axes.set_xlim(0, float(size.max()) * 1.35)
        axes.set_xlabel("precision (1 / standard error)")
        axes.set_ylabel(self._words())
        if self.outcome != "days":
            numbers(axes.yaxis, "share")
        return axes

    def _words(self) -> str:
        return _named(self.outcome, self.within_days, self.contract)

    def sentence(self) -> str:
        """Say each agency's number at the common mix, whether they differ, and under which restrictions."""
        said = []
        for row in self.table.to_dict("records"):
            if row["hidden"]:
                said.append(f"{row['agency']} rests on too few to show")
                continue
            one, low, high = (self._number(row[name]) for name in ("estimate", "lower", "upper"))
            said.append(f"{row['agency']} {one} ({percent(self.confidence)} interval {low} to {high})")
        among = self.contract.restrictions()
        limits = f" Compared are {', '.join(among)}." if among else ""
        differ = f"p = {self.p_value:.2g} for no difference"
        mix = "at one case mix" if self.alike else "with each agency's own cases"
        return f"{self._words().capitalize()}, {mix}: {'; '.join(said)}; {differ}.{limits}"

    def _number(self, value: float) -> str:
        return f"{value:.0f}" if self.outcome == "days" else percent(value, 1)


def side_by_side(
    sources: Sequence[Dataset],
    outcome: Outcome = "days",
    *,
    within_days: int = 365,
    alike: str | None = "category",
    words: Mapping[str, str] | None = None,
    least_overlap: float = 0.8,
    confidence: float = 0.95,
    min_cell: int = 10,
) -> SideBySide:
    """Compare agencies under a contract that makes them comparable, at one case mix.

    Parameters
    ----------
    sources : sequence of Dataset
        Two agencies or more, loaded.
    outcome : {"days", "closed_share", "sustained_share"}
        Mean days to closing counted up to `within_days`; the share closed by then; or the share sustained of the
        complaints closed by then.
    within_days : int
        Every complaint compared was received at least so many days before the last day its agency's records cover.
    alike : str, optional
        Column whose mix is held alike (direct standardisation); ``None`` compares as is.
    words : mapping of str to str, optional
        What an agency's words in that column are called in common, where they differ.
    least_overlap : float
        Share of each agency's complaints whose word all agencies use; below it there is no common mix.
    confidence : float
    min_cell : int
        Smallest count shown.

    Returns
    -------
    SideBySide

    Raises
    ------
    Refusal
        Agencies cannot be compared, with each reason; no complaint is left; words have too little in common; counts by
        year stand beside cases.
    ParameterError
        Fewer than two sources, or an unknown outcome.

    Notes
    -----
    Standardised to the mean of the agencies' mixes over the words all use. Complaints that share an officer are
    clustered. Funnel limits with the variance between agencies added (Spiegelhalter, Statistics in Medicine 24, 2005),
    by the moments of Paule and Mandel (1982), as is partial pooling. A complaint is sustained where any of its
    allegations is.

    Examples
    --------
    >>> import accountability
    >>> from accountability import agencies
    >>> two = [accountability.load("synthetic"), accountability.load("generated_2021")]
    >>> agencies.side_by_side(two, within_days=365).table["agency"].tolist()
    ['synthetic', 'generated_2021']
    """
    held: list[Any] = list(sources) if isinstance(sources, list | tuple) else [sources]
    if any(isinstance(one, AgencyCounts) for one in held):
        raise Refusal(
            "counts by agency and year never stand in one estimate with cases: a count says neither when a complaint "
            "came nor how it ended. agencies.pooled_shares(counts) estimates from counts alone"
        )
    if len(held) < 2 or not all(isinstance(one, Dataset) for one in held):
        found = ", ".join(f"a {type(one).__name__}" for one in held) or "none"
        raise ParameterError(
            f"agencies.side_by_side needs two datasets or more, and was given {found}. Write:\n"
            "    agencies.side_by_side([accountability.load(one), accountability.load(another)])"
        )
    if outcome not in get_args(Outcome):
        raise ParameterError(f"outcome: expected one of {', '.join(get_args(Outcome))}; found {outcome!r}")
    z_critical(confidence)
    if isinstance(within_days, bool) or not isinstance(within_days, int) or within_days < 1:
        raise ParameterError(f"within_days: expected a whole number of days from 1 on, found {within_days!r}")
    terms = contract([facts_of_data(one) for one in held], "sustained" if outcome == "sustained_share" else "delay")
    if terms.why_not:
        raise Refusal(f"these agencies cannot be compared: {'; '.join(terms.why_not)}")
    if terms.closed_only and outcome == "closed_share":
        raise Refusal(
            "one agency holds closed complaints only, so no share closed can be had; outcome='days' compares those "
            "closed "
            f"within {within_days} days"
        )
    rows, flow = _rows(held, terms, outcome, within_days, alike)
    mix = _mix(rows, words or {}, least_overlap, alike)
    table = at_one_mix(rows, mix, outcome, confidence)
    spread = spread_of(table["estimate"].to_numpy(float), table["std_error"].to_numpy(float))
    lower, upper = wald(table["estimate"], table["std_error"], confidence, table["df"])
    reach = z_critical(confidence) * np.sqrt(table["std_error"] ** 2 + spread.variance)
    enough = len(held) >= LEAST_PLACES
    drawn = spread.drawn if enough else np.full(len(held), np.nan)
    ends = wald(drawn, spread.drawn_error, confidence)
    top = np.inf if outcome == "days" else 1.0
    table = table.assign(
        lower=np.maximum(lower, 0), upper=np.minimum(upper, top),
        funnel_lower=np.maximum(spread.mean - reach, 0), funnel_upper=np.minimum(spread.mean + reach, top),
        outside=(table["estimate"] - spread.mean).abs() > reach,
        drawn=drawn, drawn_lower=np.maximum(ends[0], 0), drawn_upper=np.minimum(ends[1], top),
    )  # fmt: skip
    return SideBySide(
        estimand=f"{_named(outcome, within_days, terms)}, by agency" + (" at one case mix" if alike else ""),
        assumptions=(
            "complaints of one word are alike in every agency; what the column does not say may differ",
            "cards are true: the same complaints come in, and the same event closes them",
            "complaints of different officers are independent",
            *terms.cautions,
        ),
        method=(
            f"direct standardisation to the mean mix of {alike or 'nothing'}; errors clustered by officer, corrected "
            "for few, Student's t; funnel and partial pooling with the variance between agencies of Paule and Mandel"
            + ("" if enough else f"; no partial pooling with fewer than {LEAST_PLACES} agencies")
        ),
        table=table,
        flow=pd.DataFrame(flow, columns=["because", "cases"]),
        differences=apart(table, confidence),
        mix=mix,
        contract=terms,
        outcome=outcome,
        within_days=within_days,
        alike=alike,
        overdispersion=spread.overdispersion,
        between=float(np.sqrt(spread.variance)),
        p_value=spread.p_value,
        confidence=confidence,
        min_cell=min_cell,
    )


def _named(outcome: str, within_days: int, terms: Contract) -> str:
    if outcome == "sustained_share" and not terms.closings_dated:
        return f"share sustained of complaints decided, received {within_days} days or more before the last day"
    return _WORDS[outcome].format(days=within_days)


def _rows(
    held: Sequence[Dataset], terms: Contract, outcome: str, within_days: int, alike: str | None
) -> tuple[pd.DataFrame, list[Any]]:
    parts, flow = [], []
    for data in held:
        frame, steps = complaints(data, terms, within_days, alike)
        value = {"days": "days", "closed_share": "closed", "sustained_share": "sustained"}[outcome]
        if value not in frame:
            raise Refusal(f"{data.name} holds no finding, so no share sustained can be had")
        frame = frame.assign(agency=data.name, value=frame[value].astype(float)).dropna(subset="value")
        flow += [*steps, (f"{data.name}: compared", len(frame))]
        if len(frame) < 2:
            raise Refusal(
                f"{data.name}: {plural(len(frame), 'complaint')} left of {len(data.cases):,} under the contract ("
                f"{'; '.join(f'{why} {many:,}' for why, many in steps[1:])}); a smaller within_days keeps more"
            )
        parts.append(frame)
    return pd.concat(parts, ignore_index=True), flow


def _mix(rows: pd.DataFrame, words: Mapping[str, str], least: float, alike: str | None) -> pd.DataFrame:
    """The common mix: words that all agencies use often enough, weighted by the mean of their shares."""
    level = rows["mix"].replace(dict(words)) if alike else pd.Series("all", index=rows.index)
    rows["mix"] = level
    counts = pd.crosstab(level, rows["agency"])[list(rows["agency"].unique())]
    common = counts[(counts >= _LEAST_CELL).all(axis=1)]
    covered = common.sum() / counts.sum()
    if (covered < least).any():
        lists = "; ".join(
            f"{agency}: {', '.join(map(str, counts[agency].nlargest(4).index))}" for agency in covered.index
        )
        raise Refusal(
            f"agencies share too few words of {alike!r} to hold its mix alike: they cover {percent(covered.min())} "
            "of the "
            f"complaints of {covered.idxmin()}, {percent(least)} are asked for ({lists}). Use words="
            "{'an agency word': 'common word'}, or compare as is with alike=None"
        )
    shares = common / common.sum()
    weight = shares.mean(axis=1)
    return pd.DataFrame(
        {"level": shares.index, "weight": weight.to_numpy()} | {a: shares[a].to_numpy() for a in shares}
    )


def at_one_mix(rows: pd.DataFrame, mix: pd.DataFrame, outcome: str, confidence: float) -> pd.DataFrame:
    """Standardise each agency's mean or share to the common mix, with errors clustered by officer."""
    lines, weight = [], mix.set_index("level")["weight"]
    for agency, part in rows.groupby("agency", sort=False):
        kept = part[part["mix"].isin(weight.index)]
        by_level = kept.groupby("mix")["value"]
        size, mean = by_level.transform("size").to_numpy(float), by_level.transform("mean").to_numpy(float)
        share: Floats = kept["mix"].map(weight).to_numpy(float) / size
        left = (kept["value"].to_numpy(float) - mean) * np.sqrt(size / (size - 1))
        # The estimate is a weighted mean, from whose parts of one word the mean of that word is taken.
        errors = clustered(
            np.ones((1, 1)), (share * left)[:, None], np.arange(len(kept)), ways_of(kept), np.sqrt(share)[:, None]
        )
        found = student(np.array([(share * kept["value"]).sum()]), np.ones((1, 1)), errors, confidence)
        estimate, error, free = (float(found[name][0]) for name in ("estimate", "std_error", "df"))
        if not free > 0:
            worth = f"{found['effective_clusters'][0]:.1f} even officers"
            raise Refusal(
                f"{agency}: {plural(len(kept), 'complaint')} rest on {worth}, too few for an interval; leave it "
                "out, or compare more of its complaints"
            )
        if outcome != "days":  # no word is certain
            cell = by_level.agg(["sum", "size"]).query("sum == 0 or sum == size")
            held = (cell["sum"] + 0.5) / (cell["size"] + 1)
            error = float(np.sqrt(error**2 + (weight[cell.index] ** 2 * held * (1 - held) / cell["size"]).sum()))
        lines.append(
            {
                "agency": agency,
                "n": len(kept),
                "events": pd.NA if outcome == "days" else int(kept["value"].sum()),
                "crude": float(kept["value"].mean()),
                "estimate": estimate,
                "std_error": max(error, 1e-9),
                "df": free,
            }
        )
    return pd.DataFrame(lines).astype({"events": "Int64"})


def apart(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Subtract every agency's estimate from those of the ones before it."""
    lines = []
    for one, other in combinations(table.to_dict("records"), 2):
        gap, error = one["estimate"] - other["estimate"], float(np.hypot(one["std_error"], other["std_error"]))
        # Welch and Satterthwaite: of two agencies whose officers are others
        free = error**4 / (one["std_error"] ** 4 / one["df"] + other["std_error"] ** 4 / other["df"])
        lower, upper = wald(gap, error, confidence, free)
        lines.append((one["agency"], other["agency"], gap, error, lower, upper, float(p_student(gap / error, free))))
    columns = ["first", "second", "estimate", "std_error", "lower", "upper", "p_value"]
    return pd.DataFrame(lines, columns=columns)
