"""Exercises of more than chance: a student's own three precincts by the class's three processes, and the answers."""

from __future__ import annotations

import io
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.classroom.lessons import own_data
from accountability.classroom.lessons.more_than_chance import TOP, Force, Precinct, drawn
from accountability.classroom.lessons.own_data import Files, Own
from accountability.officers import top_share
from accountability.stats.count_laws import gamma_concentration

LESSON: Final = "more_than_chance"
OFFICERS: Final = 1200


def _taken(files: Files) -> Force:
    table = pd.read_csv(io.BytesIO(files["precincts.csv"]))
    parts = {
        str(name): Precinct(str(name), *(part[column].to_numpy() for column in ("first", "second", "years")))
        for name, part in table.groupby("precinct")
    }
    return Force(MappingProxyType(parts))


def _drawn(seed: int) -> tuple[Files, Force]:
    held = drawn(OFFICERS, seed)
    parts = [
        pd.DataFrame({"precinct": name, "first": one.first, "second": one.second, "years": one.years})
        for name, one in held.precincts.items()
    ]
    return {"precincts.csv": pd.concat(parts).to_csv(index=False, lineterminator="\n").encode()}, held


own = own_data.reader(LESSON, lambda seed: _drawn(seed)[0], _taken)


def make(seed: int) -> Own:
    """Generate the precincts of one seed, and their key."""
    files, held = _drawn(seed)
    shown = _taken(files)
    per_officer: Any
    after: Any
    per_officer, after = (table.table.set_index("precinct") for table in (shown.beside_chance(), shown.afterwards()))
    under: Any = shown.underlying().table.set_index("precinct")
    by = held.made_by or {}
    chance, years, risk = (by[way] for way in ("chance", "years", "risk"))
    one = shown.precincts[risk]
    counted, dealt = float(per_officer.loc[risk, "observed"]), float(per_officer.loc[risk, "expected"])
    underlying, accused = float(under.loc[risk, "underlying"]), float(top_share(one.by_officer.accused(), TOP))
    top = np.argsort(-shown.precincts[chance].first, kind="stable")[: OFFICERS // 10]
    first, second = shown.precincts[chance].first, shown.precincts[chance].second
    top_later = np.argsort(-second, kind="stable")[: OFFICERS // 10]
    return Own(
        files=files,
        right={
            "made_by_chance": (chance,),
            "made_by_years": (years,),
            "made_by_risk": (risk,),
            "top_tenth_counted": (counted,),
            "top_tenth_by_chance": (dealt,),
            "top_tenth_underlying": (underlying, float(gamma_concentration(np.array([held.shape]), TOP)[1][0])),
            "chance_afterwards": (float(after.loc[chance, "observed"]),),
        },
        mistakes={
            "made_by_chance": {
                "the precinct with the highest share of the top tenth": str(per_officer["observed"].idxmax()),
                "compared by years on duty only, where two precincts look like chance": years,
            },
            "made_by_years": {
                "compared per officer only: the precinct farthest above chance": str(
                    (per_officer["observed"] - per_officer["expected"]).idxmax()
                ),
                "the precinct where the top tenth comes down to the mean": str(after["observed"].idxmin()),
            },
            "made_by_risk": {"the precinct of different years, which is above chance per officer only": years},
            "top_tenth_counted": {
                "a tenth of the accused, not of all officers": accused,
                "what chance would have given": dealt,
                "a share of the first half's complaints only": float(
                    np.sort(one.first)[::-1][: OFFICERS // 10].sum() / one.first.sum()
                ),
            },
            "top_tenth_by_chance": {
                "a tenth: equal risk does not give equal counts": TOP,
                "the share that was counted": counted,
                "the share of the highest risks, without what chance adds": underlying,
            },
            "top_tenth_underlying": {
                "the share that was counted: what chance adds is still in it": counted,
                "counted less what chance gives": counted - dealt,
                "a tenth of the accused, not of all officers": accused,
            },
            "chance_afterwards": {
                "the ratio in the first half, in which they were chosen": float(first[top].mean() / first.mean()),
                "those at the top of the second half": float(second[top_later].mean() / second.mean()),
                "the precinct of different risks": float(after.loc[risk, "observed"]),
                "the share of complaints, not the ratio to the mean": float(second[top].sum() / second.sum()),
            },
        },
    )
