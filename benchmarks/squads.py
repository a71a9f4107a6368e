"""How often the study of contagion finds some, on generated agencies where it was planted and where it was not.

Run from the checkout: ``python benchmarks/squads.py [--setting NAME] [--agencies N] [--first SEED]``; all
settings and 500 agencies by default, a few minutes each. Prints a Markdown table; benchmarks/RESULTS_squads.md holds
the last full run.

Settings without contagion: squads, supervisors and officers that differ as in the bundled agency ("shared"), differ
much more, in complaints and in findings ("shared much"), and squads whose complaints besides rise and fall from year to
year ("shared shocks"). Settings with contagion: each sustained finding multiplies the rate of complaints of each
squad-mate by exp(0.02) or exp(0.05) for a year.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import Any

import numpy as np

from accountability.officers import OfficerRecords, contagion
from accountability.officers.officer_events import EPOCH, UNDATED
from accountability.synthetic.agency_design import Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.course import FINDING, run
from accountability.synthetic.staff import Staff

COMPLAINTS = 5_000
SHOCK = 0.6
"""Standard deviation of the logarithm of a squad's rate from year to year, in "shared shocks"."""

MUCH = {"squad_sd": 0.6, "supervisor_sd": 0.5, "squad_sustained_sd": 1.0, "officer_shape": 0.5}
SETTINGS: dict[str, dict[str, Any]] = {
    "shared": {},
    "shared much": MUCH,
    "shared shocks": {},
    "contagion 0.02": {"contagion": 0.02},
    "contagion 0.05": {"contagion": 0.05},
}


def agency(setting: str, seed: int) -> OfficerRecords:
    """Generate one agency of a setting, as its complete release would show it."""
    design = dataclasses.replace(Design(), **SETTINGS[setting])
    calendar = Calendar.of(design)
    rng = np.random.default_rng([seed, 0])
    staff = Staff.of(design, COMPLAINTS, calendar, rng)
    course = run(design, COMPLAINTS, calendar, staff, rng)
    ids, officer = np.unique(course.officer, return_inverse=True)
    unit = staff.place[ids] // staff.size
    day0 = (design.received_from - EPOCH).days
    closed = np.where(course.closed <= calendar.until, course.closed + day0, UNDATED)
    decided = (course.way == FINDING)[course.case] & (closed < UNDATED)[course.case]
    appointed = np.datetime64(design.received_from, "D") + staff.appointed[ids].astype("timedelta64[D]")
    hired = appointed.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    made = OfficerRecords(
        officer=officer.astype(np.int64),
        case=course.case,
        sustained=(course.finding == 0) & decided,
        decided=decided,
        received=course.received + day0,
        closed=closed,
        unit=unit,
        supervisor=staff.supervisor[unit],
        begin=np.clip(hired, day0, day0 + calendar.last),
        end=np.full(len(ids), day0 + calendar.last + 1),
        first=day0,
        last=day0 + calendar.last,
        units=staff.squads,
        supervisors=int(staff.supervisor.max()) + 1,
        unit_word="squad",
        name=setting,
    )
    return thinned(made, np.random.default_rng([seed, 1])) if setting == "shared shocks" else made


def thinned(data: OfficerRecords, rng: np.random.Generator) -> OfficerRecords:
    """Leave complaints out with chances that a squad's members share and that change from year to year."""
    first = np.full(len(data.received), -1, np.int64)
    first[data.case[::-1]] = data.officer[::-1]
    year = (np.datetime64(EPOCH, "D") + data.received.astype("timedelta64[D]")).astype("datetime64[Y]").astype(int)
    level = np.exp(SHOCK * rng.standard_normal((data.units, int(np.ptp(year)) + 1)))
    chance = np.minimum(level / np.exp(SHOCK * 1.5), 1)[data.unit[first], year - year.min()]
    keep = rng.random(len(chance)) < chance
    row = keep[data.case]
    return dataclasses.replace(
        data,
        officer=data.officer[row],
        case=(np.cumsum(keep) - 1)[data.case[row]],
        sustained=data.sustained[row],
        decided=data.decided[row],
        received=data.received[keep],
        closed=data.closed[keep],
    )


def simulate(setting: str, agencies: int, first: int = 0, permutations: int = 199) -> dict[str, float]:
    """Run the study on so many agencies of a setting.

    Returns
    -------
    dict
        ``found`` (share with a permutation p-value of at most 0.05, one-sided), ``model`` (share with a clustered
        two-sided p-value of at most 0.05), ``naive`` (the same where nothing is left out), ``mean`` and ``sd`` of the
        coefficient, ``held`` (share of 95 % intervals that hold the planted coefficient).
    """
    planted = SETTINGS[setting].get("contagion", 0.0)
    rows = []
    for seed in range(first, first + agencies):
        result = contagion(agency(setting, seed), permutations=permutations, seed=seed)
        main, naive = result.table.iloc[0], result.table.iloc[3]
        held = np.log(main["lower"]) <= planted <= np.log(main["upper"])
        row = (
            main["permutation_p_value"] <= 0.05,
            main["p_value"] <= 0.05,
            naive["p_value"] <= 0.05,
            main["coefficient"],
            held,
        )
        rows.append([float(value) for value in row])
    table = np.array(rows)
    return {
        "found": table[:, 0].mean(),
        "model": table[:, 1].mean(),
        "naive": table[:, 2].mean(),
        "mean": table[:, 3].mean(),
        "sd": table[:, 3].std(),
        "held": table[:, 4].mean(),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setting", choices=list(SETTINGS), action="append")
    parser.add_argument("--agencies", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="seed of the first agency, to run in pieces")
    asked = parser.parse_args()
    print(
        "| setting | agencies | found (permutation, 5 %) | found (model, 5 %) | found (naive) | mean (sd) | held | s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for setting in asked.setting or SETTINGS:
        start = time.process_time()
        got = simulate(setting, asked.agencies, asked.first)
        print(
            f"| {setting} | {asked.agencies} | {100 * got['found']:.1f} % | {100 * got['model']:.1f} % | "
            f"{100 * got['naive']:.1f} % | {got['mean']:.4f} ({got['sd']:.4f}) | {100 * got['held']:.1f} % | "
            f"{time.process_time() - start:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
