"""How often intervals of reform designs hold a planted effect, and how often no effect is called one.

Squads of the generated agency are given a first half-year by lot, and an effect is planted in what is theirs from then
on: few squads, squads that leave, closings that are recorded late, findings that are pending.

Run ``python benchmarks/reform_coverage.py [REPEATS]``; ``tests/reforms/test_reform_coverage.py`` runs it in small.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pandas as pd

import accountability
from accountability import reforms
from accountability.reforms.month_outcomes import by_month, case_values
from accountability.reforms.panel_making import _rows, _Window
from accountability.stats.recording_lag import RecordedShare
from accountability.study.cohort import Cohort

DAYS, LAST = 180, 18_443  # 30 June 2020
SCENARIOS = ("forty squads", "few squads", "leaving", "late recording", "pending findings")
SHARE = RecordedShare(np.arange(0, 4000), 1 - 0.5 * np.exp(-np.arange(0, 4000) / 250), 0)


@cache
def agency() -> pd.DataFrame:
    """One row a complaint and squad of the generated agency, by half-years."""
    data = Cohort.of(accountability.load("synthetic"))
    rows, _ = _rows(data, "unit", "squad", ["sustained_share", "closed_share"], _Window(528, 599, LAST), DAYS)
    return rows.assign(period=(rows["period"] - 528) // 6)


def drawn(scenario: str, effect: float, rng: np.random.Generator) -> tuple[reforms.Panel, str, float]:
    """A panel with an effect planted, its outcome, and the effect that is to be found."""
    rows = agency()
    squads = np.sort(rows["unit"].unique())
    if scenario == "few squads":
        squads = rng.choice(squads, 20, replace=False)
        rows = rows[rows["unit"].isin(squads)]
        cohorts = np.repeat([6.0, np.inf], 10)
    else:
        cohorts = np.repeat([4.0, 6.0, 8.0, np.inf], 10)
    cohort = pd.Series(rng.permutation(cohorts), index=squads)
    rows = rows.reset_index(drop=True)
    affected = (rows["period"] >= rows["unit"].map(cohort)).to_numpy()
    if scenario in ("forty squads", "few squads", "leaving"):
        keys = pd.MultiIndex.from_product([squads, range(12)], names=["unit", "period"])
        counted = rows.groupby(["unit", "period"]).size().reindex(keys, fill_value=0).rename("y").astype(float)
        frame = counted.reset_index()
        frame["cohort"] = frame["unit"].map(cohort)
        after = frame["period"] >= frame["cohort"]
        frame.loc[after, "y"] += rng.poisson(abs(effect) * 20, int(after.sum())) * np.sign(effect)
        if scenario == "leaving":
            gone = pd.Series(rng.integers(6, 30, len(squads)), index=squads)
            frame.loc[frame["period"] >= frame["unit"].map(gone), "y"] = np.nan
        return reforms.panel_from_frame(frame, ["y"], per="unit"), "y", effect * 20
    # Cases: some of those affected close, sustained, on a day before the 180th, who would not have.
    outcome = "closed_share" if scenario == "late recording" else "sustained_share"
    whole, counts = case_values(rows, outcome, DAYS, LAST, None)
    turned = affected & (whole == 0) & (rng.random(len(rows)) < effect)
    rows.loc[turned, ["event", "finding"]] = [True, "sustained"]
    rows.loc[turned, ["low", "high"]] = 150
    share = None
    if scenario == "late recording":
        closed = rows["event"].to_numpy(dtype=bool)
        age = LAST - rows["received"].to_numpy() - rows["high"].to_numpy()
        hidden = closed & (rng.random(len(rows)) > SHARE.at(np.maximum(age, 0)))
        rows.loc[hidden, "event"] = False
        rows.loc[hidden, "low"] = LAST - rows["received"][hidden]
        rows.loc[hidden, "high"] = -1
        share = SHARE
    else:
        hidden = rows["event"].to_numpy(dtype=bool) & (rng.random(len(rows)) < 0.3)
        rows.loc[hidden, "finding"] = "pending"
    value, counts = case_values(rows, outcome, DAYS, LAST, share)
    frame = by_month(rows, value, counts, outcome).rename("y").reset_index()
    frame["cohort"] = frame["unit"].map(cohort)
    # What could have turned, each squad and half-year counting as it does in the estimate.
    could = pd.DataFrame({"unit": rows["unit"], "period": rows["period"], "could": whole == 0})
    could = could[affected & ~np.isnan(whole)].groupby(["unit", "period"])["could"].mean()
    return reforms.panel_from_frame(frame, ["y"], per="unit"), "y", effect * float(could.mean())


def table(repeats: int, seed: int = 1, scenarios: tuple[str, ...] = SCENARIOS) -> pd.DataFrame:
    """Coverage of a planted effect and rejection of none, by scenario."""
    found = []
    for scenario in scenarios:
        for effect in (0.2, 0.0):
            rng = np.random.default_rng([seed, SCENARIOS.index(scenario), int(effect > 0)])
            held = []
            for _ in range(repeats):
                panel, outcome, truth = drawn(scenario, effect, rng)
                if scenario == "leaving":
                    design = reforms.staggered_months(panel, outcome, estimator="imputation", before=2, after=3).overall
                else:
                    design = reforms.rollout_effect(panel, outcome)
                row = design.true_numbers().iloc[0]
                held.append(bool(row["lower"] <= truth <= row["upper"]))
            found.append(
                (scenario, effect, np.mean(held) if effect else np.nan, np.nan if effect else 1 - np.mean(held))
            )
    return pd.DataFrame(found, columns=["scenario", "effect", "covered", "rejected"])


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 1000).to_string(index=False))
