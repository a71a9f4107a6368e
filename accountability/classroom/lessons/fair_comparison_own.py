"""Exercises of the fair comparison: two stations of a student's own agency, and the answers."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import StratifiedTable

from accountability import outcomes, synthetic
from accountability.classroom.lessons import own_data
from accountability.classroom.lessons.fair_comparison import KIND, STATIONS, Stations, dealt, with_stations
from accountability.classroom.lessons.own_data import Files, Own

LESSON: Final = "fair_comparisons"
COMPLAINTS: Final = 12_000


def _taken(files: Files) -> Stations:
    kept = {name: content for name, content in files.items() if name != "stations.csv"}
    table = pd.read_csv(io.BytesIO(files["stations.csv"]), dtype="str")
    return Stations(with_stations(own_data.loaded(kept), table.set_index("case_id")["station"]))


def _drawn(seed: int) -> tuple[Files, Stations]:
    made = synthetic.agency(COMPLAINTS, seed, synthetic.Design().varied(seed))
    files = own_data.source_of(made)
    held = dealt(made, own_data.loaded(files))
    table = held.data.cases[["case_id", "station"]]
    return {**files, "stations.csv": table.to_csv(index=False, lineterminator="\n").encode()}, held


own = own_data.reader(LESSON, lambda seed: _drawn(seed)[0], _taken)


def make(seed: int) -> Own:
    """Generate the stations of one seed, and their key."""
    files, held = _drawn(seed)
    rows = held.complaints()
    decided = rows[rows["decided"]]
    found = decided[decided["finding"].ne("closed_without_finding")]
    share, of_all = (part.groupby("station")["sustained"].mean() for part in (decided, rows))
    crude, pooled = float(share["north"] / share["south"]), _pooled(decided, list(KIND))
    like, planted = float(pooled.oddsratio_pooled), float(np.exp(held.log_odds_ratio or 0.0))
    plain = float(share["north"] / (1 - share["north"]) * (1 - share["south"]) / share["south"])
    standard = _standardised(decided)
    by_unit = outcomes.sustained_by_unit(held.data).set_index("unit")["estimate"]
    compared = outcomes.by_unit(held.data, "station", *STATIONS).table.set_index(["denominator", "unit"])["estimate"]
    ratios = compared["decided"]
    sustained = int(rows["sustained"].sum())
    higher = max(STATIONS, key=lambda name: (like > 1) == (name == "north"))
    received, closed, investigated = (sustained / len(part) for part in (rows, decided, found))
    return Own(
        files=files,
        right={
            "crude_ratio": (crude,),
            "like_odds_ratio": (like, planted),
            "higher_among_like": (higher,),
            "share_of_officers": (float(by_unit["officer"]),),
            "ratio_of_officers": (float(ratios["officer"]),),
            "share_of_received": (received,),
            "share_of_findings": (investigated,),
        },
        mistakes={
            "crude_ratio": {
                "the south's share over the north's": 1 / crude,
                "sustained complaints over all received, the pending ones among them": float(
                    of_all["north"] / of_all["south"]
                ),
                "the odds ratio in the place of the ratio of shares": plain,
                "counted by officers' rows and not by complaints": float(ratios["officer_complaint"]),
                "the difference of the shares, not their ratio": float(share["north"] - share["south"]),
            },
            "like_odds_ratio": {
                "all kinds thrown together": plain,
                "a ratio of shares (risk ratio) within the kinds, not of odds": _risk_ratio(decided),
                "the ratio of the standardised shares, not of odds": standard["north"] / standard["south"],
                "the south's odds over the north's": 1 / like,
                "the logarithm of the odds ratio": float(np.log(like)),
                "only the allegation held apart, not who complained": float(
                    _pooled(decided, [KIND[0]]).oddsratio_pooled
                ),
                "only who complained held apart, not the allegation": float(
                    _pooled(decided, [KIND[1]]).oddsratio_pooled
                ),
            },
            "higher_among_like": {
                "the station with the higher share of all kinds together": "south" if higher == "north" else "north"
            },
            "share_of_officers": {
                "a share of complaints": float(by_unit["complaint"]),
                "a share of officers' rows": float(by_unit["officer_complaint"]),
                "a percentage in the place of a share": 100 * float(by_unit["officer"]),
            },
            "ratio_of_officers": {
                "counted by complaints, not by officers": float(ratios["complaint"]),
                "counted by officers' rows, each officer as often as accused": float(ratios["officer_complaint"]),
                "all accused officers, not those with a decided complaint": float(compared["all", "officer"]),
                "the south's share over the north's": 1 / float(ratios["officer"]),
            },
            "share_of_received": {
                "pending complaints left out": closed,
                "only complaints investigated to a finding": investigated,
                "a percentage in the place of a share": 100 * received,
            },
            "share_of_findings": {
                "complaints closed without a finding left in": closed,
                "all complaints received": received,
                "a percentage in the place of a share": 100 * investigated,
            },
        },
    )


def _tables(rows: pd.DataFrame, by: list[str]) -> np.ndarray:
    """For each kind: sustained and not (rows) at the north and the south (columns)."""
    counts = rows.groupby([*by, "station"])["sustained"].agg(["sum", "size"])
    yes, all_ = (counts[name].unstack(fill_value=0)[list(STATIONS)].to_numpy() for name in ("sum", "size"))
    return np.stack([yes, all_ - yes], axis=1)[(all_ > 0).all(axis=1)].astype(float)


def _pooled(rows: pd.DataFrame, by: list[str]) -> StratifiedTable:
    return StratifiedTable(_tables(rows, by).transpose(1, 2, 0))


def _risk_ratio(rows: pd.DataFrame) -> float:
    """Mantel and Haenszel's ratio of shares."""
    (a, b), (c, d) = _tables(rows, list(KIND)).transpose(1, 2, 0)
    n = a + b + c + d
    return float((a * (b + d) / n).sum() / (b * (a + c) / n).sum())


def _standardised(rows: pd.DataFrame) -> dict[str, float]:
    """Share sustained of each station if its complaints were of the kinds of both together."""
    share = rows.groupby([*KIND, "station"])["sustained"].mean().unstack()
    weight = rows.groupby(list(KIND)).size() / len(rows)
    return {name: float((share[name].fillna(0) * weight).sum()) for name in STATIONS}
