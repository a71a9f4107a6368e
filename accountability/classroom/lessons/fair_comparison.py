"""Two stations of one synthetic agency, with Simpson's paradox in their sustained rates.

The complaints of a synthetic agency are assigned to two stations. Within every kind of complaint (category, and
internal or not) the odds of a sustained complaint differ between the stations by one known odds ratio. The kinds
sustained most often go to the station with the lower odds, so the crude rates point the other way.

Complaints are assigned after they were decided, with odds that depend on the kind and, by the odds ratio, on the
finding. This gives exactly that odds ratio within every kind (the symmetry of case-control studies; Cornfield 1951).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability import synthetic
from accountability.classroom.lessons.lesson import Shown, enough
from accountability.figures import draw
from accountability.records import units
from accountability.records.dataset import Dataset
from accountability.results import Result, capitalised, percent
from accountability.synthetic.source_files import loaded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pair = tuple[float, float]

STATIONS: Final = ("north", "south")
KIND: Final = ("complaint_type", "complainant")
#: How much more of the often sustained kinds one station gets: log odds for each unit of log odds sustained.
_PULL: Final = 2.2
_HIDDEN_BELOW: Final = 10


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CrudeRates(Shown):
    """Sustained complaints of each station, all kinds pooled.

    ``table``: ``station``, ``complaints``, ``decided``, ``sustained``, ``share`` (of those decided).
    ``ratio``: share of the north over share of the south.
    """

    ratio: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LikeWithLike(Shown):
    """The stations compared within each kind of complaint, and over all kinds.

    Attributes
    ----------
    table : DataFrame
        ``complaint_type``, ``complainant``; for each station ``decided_*`` and ``share_*``; ``hidden`` (no shares for a
        count below ten).
    odds_ratio, lower, upper : float
        Mantel-Haenszel odds ratio over the kinds, north to south, with its interval.
    crude_odds_ratio : float
        The same without kinds.
    true_odds_ratio : float, optional
        The true one, if known.
    standardised : mapping of str to float
        Share sustained of each station, standardised to the kinds of both together.
    """

    odds_ratio: float
    lower: float
    upper: float
    crude_odds_ratio: float
    true_odds_ratio: float | None
    standardised: Mapping[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class Stations:
    """A synthetic agency with two stations.

    Attributes
    ----------
    data : Dataset
        The release of all complaints; the cases have a column ``station``.
    log_odds_ratio : float, optional
        True log odds ratio of a sustained complaint, north to south, within every kind; not in a student's own agency.
    """

    data: Dataset
    log_odds_ratio: float | None = None

    def crude(self) -> CrudeRates:
        """Count each station's complaints and sustained ones, all kinds pooled."""
        rows = self.complaints()
        counted = rows.groupby("station").agg(
            complaints=("case_id", "size"), decided=("decided", "sum"), sustained=("sustained", "sum")
        )
        table = counted.assign(share=counted["sustained"] / counted["decided"]).reset_index()
        share = table.set_index("station")["share"]
        ratio = float(share["north"] / share["south"])
        said = " and ".join(f"{percent(float(share[name]), 1)} of the {name}'s" for name in STATIONS)
        return CrudeRates(
            estimand="share of decided complaints that are sustained, by station",
            assumptions=("to compare the stations: that they get the same kinds of complaints",),
            method="counts; a complaint is sustained when it is so against one officer or more",
            table=table,
            said=f"Of the complaints decided, {said} were sustained: a ratio of {ratio:.2f}.",
            ratio=ratio,
        )

    def mix(self) -> pd.DataFrame:
        """Return the kinds of complaints of each station, and the overall share sustained of each kind."""
        rows = self.complaints()
        rows = rows[rows["decided"]]
        by_kind = rows.groupby([*KIND, "station"]).size().unstack(fill_value=0)
        share = by_kind / by_kind.sum()
        sustained = rows.groupby(list(KIND))["sustained"].mean()
        table = pd.DataFrame({f"of_the_{name}": share[name] for name in STATIONS}).assign(sustained_anywhere=sustained)
        return table.sort_values("sustained_anywhere").reset_index()

    def mix_sentence(self) -> str:
        """State which kind is sustained least and most often, and which station has more of each."""
        table = self.mix()
        said = []
        for word, row in (("least", table.iloc[0]), ("most", table.iloc[-1])):
            more = max(STATIONS, key=lambda name: row[f"of_the_{name}"])
            said.append(
                f"{word} often sustained anywhere is {row['complaint_type']} ({row['complainant']}): "
                f"{percent(row['sustained_anywhere'], 1)}; it is {percent(row['of_the_north'], 1)} of the north's and "
                f"{percent(row['of_the_south'], 1)} of the south's complaints, more of the {more}'s"
            )
        return f"{capitalised('. '.join(map(capitalised, said)))}."

    def like_with_like(self) -> LikeWithLike:
        """Compare the stations within each kind, and pool the kinds by Mantel-Haenszel (statsmodels)."""
        from statsmodels.stats.contingency_tables import StratifiedTable

        rows = self.complaints()
        rows = rows[rows["decided"]]
        counts = rows.groupby([*KIND, "station"])["sustained"].agg(["sum", "size"])
        yes = counts["sum"].unstack(fill_value=0)[list(STATIONS)]
        all_ = counts["size"].unstack(fill_value=0)[list(STATIONS)]
        tables = np.stack([yes.to_numpy(), (all_ - yes).to_numpy()], axis=2)
        both = tables[(all_ > 0).all(axis=1).to_numpy()]
        pooled = StratifiedTable(both.transpose(1, 2, 0).astype(float))
        lower, upper = (float(limit) for limit in pooled.oddsratio_pooled_confint())
        weight = all_.sum(axis=1) / all_.to_numpy().sum()
        crude = tables.sum(axis=0)
        hidden = ((yes < _HIDDEN_BELOW) | (all_ - yes < _HIDDEN_BELOW)).any(axis=1)
        table = pd.DataFrame({f"decided_{name}": all_[name].astype("Int64").mask(hidden) for name in STATIONS})
        table = table.assign(**{f"share_{name}": (yes[name] / all_[name]).mask(hidden) for name in STATIONS})
        odds, plain = float(pooled.oddsratio_pooled), float(crude[0, 0] * crude[1, 1] / (crude[0, 1] * crude[1, 0]))
        true = None if self.log_odds_ratio is None else float(np.exp(self.log_odds_ratio))
        standard = {name: float(((yes[name] / all_[name]).fillna(0) * weight).sum()) for name in STATIONS}
        shares = " and ".join(f"{percent(standard[name], 1)} ({name})" for name in STATIONS)
        planted = "" if true is None else f"; planted {true:.2f}"
        return LikeWithLike(
            estimand="odds ratio of a sustained complaint, north to south, among complaints of one kind",
            assumptions=(
                "the ratio is the same in every kind",
                "complaints of one kind are alike in what else bears on the finding",
                "complaints are independent of one another",
            ),
            method="Mantel-Haenszel odds ratio, Robins-Breslow-Greenland variance; direct standardisation",
            table=table.assign(hidden=hidden).reset_index(),
            said=f"Among like complaints the odds of a sustained one in the north are {odds:.2f} times those in the "
            f"south (95 % interval {lower:.2f} to {upper:.2f}{planted}); with all kinds thrown together "
            f"{plain:.2f} times, {_sides(plain, lower, upper)}. Had both the same kinds of complaints, {shares} would "
            "be sustained.",
            picture=partial(_draw, odds=(plain, odds), lower=(plain, lower), upper=(plain, upper), true=true),
            height=2.2,
            odds_ratio=odds,
            lower=lower,
            upper=upper,
            crude_odds_ratio=plain,
            true_odds_ratio=true,
            standardised=standard,
        )

    def denominators(self) -> pd.DataFrame:
        """Return the share sustained under each denominator in use: ``denominator, complaints, sustained, share``."""
        rows = self.complaints()
        kept = {
            "received": rows["case_id"].notna(),
            "closed": rows["decided"],
            "investigated to a finding": rows["decided"] & rows["finding"].ne("closed_without_finding"),
        }
        sustained = int(rows["sustained"].sum())
        table = pd.DataFrame({"denominator": list(kept), "complaints": [int(part.sum()) for part in kept.values()]})
        return table.assign(sustained=sustained, share=sustained / table["complaints"])

    def complaints(self) -> pd.DataFrame:
        """One row per complaint: its kind, ``finding``, ``decided``, ``sustained``, ``station``."""
        rows = _decided(self.data)
        return rows.assign(station=rows["case_id"].map(self.data.cases.set_index("case_id")["station"]))


@lru_cache(maxsize=2)
def stations(complaints: int = 12_000) -> Stations:
    """Generate the class's agency with two stations; the exercises have another.

    Parameters
    ----------
    complaints : int
        Complaints received, 1,000 or more, so that the stations differ significantly.

    Returns
    -------
    Stations

    Raises
    ------
    ParameterError
        When fewer complaints are asked for.
    """
    enough("complaints", complaints, 1000)
    made = synthetic.agency(complaints)
    return dealt(made, loaded(made))


def dealt(made: synthetic.Agency, data: Dataset) -> Stations:
    """Assign the complaints of a synthetic agency to two stations, at random from its seed."""
    rng = np.random.default_rng([made.seed, 4])
    lower = 1.0 if rng.random() < 0.5 else -1.0
    planted = -lower * round(float(rng.uniform(0.7, 0.9)), 2)
    rows = _decided(data)
    kinds = {category.name: category.sustained for category in made.design.categories}
    inside = rows["complainant"].eq("internal") * made.design.internal_sustained
    often = rows["complaint_type"].map(kinds) + inside
    log_odds = lower * _PULL * (often - often.mean()) + planted * rows["sustained"]
    north = rng.random(len(rows)) < 1 / (1 + np.exp(-log_odds.to_numpy(dtype=float)))
    station = pd.Series(np.where(north, *STATIONS), index=rows["case_id"])
    return Stations(with_stations(data, station), planted)


def with_stations(data: Dataset, station: pd.Series) -> Dataset:
    """Return the release with a column ``station``."""
    return replace(data, cases=data.cases.assign(station=data.cases["case_id"].map(station).astype("str")))


def nearer_to_one(ratios: Result) -> str:
    """Say whether the ratio of the stations is closer to one when counted by officers than by rows.

    Examples
    --------
    >>> from accountability import outcomes
    >>> from accountability.classroom.lessons import fair_comparison
    >>> agency = fair_comparison.stations(3000)
    >>> fair_comparison.nearer_to_one(outcomes.by_unit(agency.data, "station", "north", "south"))[:45]
    'Counted by officers the ratio is 0.85, nearer'
    """
    table = ratios.table[ratios.table["denominator"] == "decided"].set_index("unit")["estimate"]
    rows, officers = float(table["officer_complaint"]), float(table["officer"])
    nearer = "nearer to one than" if abs(np.log(officers)) < abs(np.log(rows)) else "no nearer to one than"
    return f"Counted by officers the ratio is {officers:.2f}, {nearer} the {rows:.2f} counted by rows."


def _decided(data: Dataset) -> pd.DataFrame:
    """One row per complaint: its kind, ``finding``, ``decided``, ``sustained``."""
    rows = units.roll_up(data.allegations, data.card.unit, "complaint")[["case_id", "finding"]]
    rows = data.cases[["case_id", *KIND]].merge(rows, on="case_id", how="left", validate="1:1")
    finding = rows["finding"]
    decided = finding.notna() & finding.ne("pending")
    return rows.assign(decided=decided.astype(bool), sustained=finding.eq("sustained").fillna(False).astype(bool))


def _draw(axes: Axes, odds: Pair, lower: Pair, upper: Pair, true: float | None) -> None:
    """The odds ratio of all together and of like with like, the planted one, and the line of no difference."""
    which = ["all together", "like with like"]
    frame = pd.DataFrame({"which": which, "estimate": odds, "lower": lower, "upper": upper})
    draw.ranges(
        axes,
        frame,
        label="which",
        estimate="estimate",
        lower="lower",
        upper="upper",
        null=1.0,
        kind="ratio",
        beside=False,
    )
    if true is not None:
        axes.plot([true], [0], "x", color=draw.COLOURS[1], label="planted")
    axes.set_xscale("log")
    draw.numbers(axes.xaxis, "ratio")
    axes.set_ylim(-0.6, 1.6)
    if true is not None:
        draw.key_above(axes)
    axes.set_xlabel("odds ratio of a sustained complaint, north to south (1: no difference)")


def _sides(plain: float, lower: float, upper: float) -> str:
    crossed = (lower > 1 > plain) or (upper < 1 < plain)
    return "on the other side of one, which is Simpson's paradox" if crossed else "not on the other side beyond chance"
