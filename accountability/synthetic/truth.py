"""The true values of a synthetic agency, computed from its design and not from the simulated complaints.

Closing times come from the exact day-by-day distributions of :mod:`accountability.synthetic.planted_curves`, with the
limiting caseload of a large agency; findings and penalties come from the design's coefficients and the agency's squads.
They describe complaints as they happened: publication rules and recording defects do not change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
import yaml

from accountability.stats.arrays import Floats
from accountability.synthetic.agency_design import OTHER_FINDINGS, RUNGS, Design
from accountability.synthetic.course import ways_of_closing
from accountability.synthetic.discipline import LEAVE, SUSPENSION
from accountability.synthetic.exact import Closings, closings
from accountability.synthetic.inverse_draws import days_pmf, logistic, rung_probabilities
from accountability.synthetic.planted import Row, planted
from accountability.synthetic.planted_curves import GRID, finding_scale
from accountability.synthetic.staff import BLACK, RACE_SHARES, Staff

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
WITHIN = (90, 180, 365, 730)
COLUMNS = ["quantity", "group", "value", "unit", "definition"]
SHARED: Final = MappingProxyType(
    {
        "clock": "Days from receipt to closing, pauses counted, every complaint received",
        "stay": "were no officer to leave before the penalty takes effect",
        "leaves": "Of sustained findings in complaints against one officer, share where the officer leaves of their "
        "own accord",
        "weibull": "Weibull days to a finding net of pauses",
        "logit": "Logit of a sustained finding, given a finding",
        "ordered": "Ordered logit of the recommended rung, logit P(rung at most k) = cut k - effects",
    }
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A design with its exact closings and, by category and internal, P(sustained)."""

    design: Design
    staff: Staff
    exact: Closings
    sustained: Floats
    decided: Floats

    @classmethod
    def of(cls, design: Design, staff: Staff) -> Setting:
        """Compute the setting; an accused officer counts once, in complaints against one or several."""
        exact = closings(design)
        logit = np.array(
            [
                [design.sustained_intercept + c.sustained + i * design.internal_sustained for i in (0, 1)]
                for c in design.categories
            ]
        )
        sustained = np.tensordot(logistic(logit[:, :, None] + staff.effect), staff.rate, axes=1)
        many = (
            np.arange(2, len(design.accused) + 1) @ np.asarray(design.accused[1:]) / max(sum(design.accused[1:]), 1e-12)
        )
        decided = exact.ways[:, :, :, 0, 0] + exact.ways[:, :, :, 1, 0] * many
        return cls(design, staff, exact, sustained, decided)

    def cells(self) -> Iterator[tuple[str, tuple[slice | int, slice | int]]]:
        """Return every group of complaints with its cells (body, category)."""
        every = slice(None)
        yield "all", (every, every)
        for b, body in enumerate(self.design.bodies):
            yield f"investigated_by={body.name}", (b, every)
        for c, category in enumerate(self.design.categories):
            yield f"complaint_type={category.name}", (every, c)


def truth(design: Design, staff: Staff) -> pd.DataFrame:
    """Return the design's values and the true values that follow from them.

    Returns
    -------
    DataFrame
        ``quantity, group, value, unit, definition``; one row per quantity and group, values rounded to six places.
    """
    setting = Setting.of(design, staff)
    rows = [*_closing_rows(setting), *_finding_rows(setting), *_penalty_rows(setting), *planted(design, staff)]
    words = yaml.safe_load((Path(__file__).parent / "files" / "truth.yaml").read_text(encoding="utf-8"))
    shared = SHARED | {
        "until": design.observed_until,
        "decided": f"Among accused officers in complaints closed with a finding by {design.observed_until}",
    }
    said = []
    for name, group, value, own in rows:
        unit, definition = words[name]
        fields = shared | own
        said.append((name.format(**fields), group, value, unit, definition.format(**fields)))
    table = pd.DataFrame(said, columns=COLUMNS)
    return table.assign(value=table["value"].astype(float).round(6) + 0.0).astype(
        {name: "str" for name in COLUMNS if name != "value"}
    )


def _closing_rows(setting: Setting) -> Iterator[Row]:
    survival = setting.exact.survival
    groups = [(name, survival[cell].reshape(-1, GRID + 1).sum(axis=0)) for name, cell in setting.cells()]
    first = setting.design.received_from.year
    groups += [
        (f"received_year={first + y}", survival[:, :, y].reshape(-1, GRID + 1).sum(axis=0))
        for y in range(survival.shape[2])
    ]
    for name, curve in groups:
        by = 1 - curve[1:] / curve[0]  # P(days <= k)
        for p in QUANTILES:
            reached = np.flatnonzero(by >= p)
            days = float(reached[0]) if len(reached) else float("nan")
            yield "days_to_closing_q{percent}", name, days, {"percent": f"{p * 100:.0f}"}
        for k in WITHIN:
            yield "share_closed_within_{days}_days", name, by[k], {"days": k}
    for name, cell in setting.cells():
        ways = setting.exact.ways[cell].reshape(-1, setting.exact.ways.shape[-1]).sum(axis=0)
        total = survival[cell].reshape(-1, GRID + 1).sum(axis=0)[0]
        yield "share_open", name, 1 - ways.sum() / total, {}
        for way, share in zip(ways_of_closing(setting.design), ways, strict=True):
            yield "share_closed_by_{way}", name, share / total, {"way": way}
    for b, body in enumerate(setting.design.bodies):
        for category in setting.design.categories:
            if category.bodies[b]:
                scale = finding_scale(setting.design, b, category, np.ones(1))[0]
                value = scale * np.log(2) ** (1 / setting.design.delay_shape)
                group = f"investigated_by={body.name}, complaint_type={category.name}"
                yield "net_days_to_finding_median", group, value, {}


def _finding_rows(setting: Setting) -> Iterator[Row]:
    design = setting.design
    if design.contagion:
        return  # the squads' shares of complaints then drift, and the shares below with them
    split = np.array([c.otherwise for c in design.categories])
    for name, cell in setting.cells():
        weight = _to_two(setting.decided, cell)
        yes = (weight * setting.sustained[cell[1]]).sum()
        if not weight.sum():
            continue
        yield "share_sustained", name, yes / weight.sum(), {}
        rest = (weight * (1 - setting.sustained[cell[1]])).sum(axis=-1)
        others = (rest[..., None] * split[cell[1]]).reshape(-1, len(OTHER_FINDINGS)).sum(axis=0)
        for finding, part in zip(OTHER_FINDINGS, others, strict=True):
            words: dict[str, object] = {"finding": finding, "words": finding.replace("_", " ")}
            yield "share_{finding}", name, part / weight.sum(), words


def _to_two(decided: Floats, cell: tuple[slice | int, slice | int]) -> Floats:
    """Weights by (category, internal), or by internal when one category is asked for; bodies summed."""
    body, category = cell
    chosen = decided[body] if not isinstance(body, int) else decided[body : body + 1]
    return chosen.sum(axis=0)[category]


def recommended_shares(design: Design, category: int, internal: int) -> Floats:
    """Return the probabilities of recommended rungs for one kind of sustained finding, over officers' races."""
    severity = design.categories[category].severity + design.internal_severity * internal
    black = RACE_SHARES[BLACK]
    return (1 - black) * rung_probabilities(design.cuts, severity) + black * rung_probabilities(
        design.cuts, severity + design.black_severity
    )


def _penalty_rows(setting: Setting) -> Iterator[Row]:
    design = setting.design
    rungs = len(RUNGS)
    decide = np.diag(1 - np.asarray(design.lowered) - design.raised * (np.arange(rungs) < rungs - 1))
    for r in range(rungs):
        if r:
            decide[r, r - 1] = design.lowered[r]
        if r < rungs - 1:
            decide[r, r + 1] = design.raised
    shares = np.array([[recommended_shares(design, c, i) for i in (0, 1)] for c in range(len(design.categories))])
    can_halve = np.zeros((2, rungs))
    for i in (0, 1):
        for rung, law in ((LEAVE, design.leave_days), (SUSPENSION, design.suspension_days)):
            can_halve[i, rung] = 1 - days_pmf(law, bool(i))[0]
    if not design.contagion:
        for name, cell in setting.cells():
            if cell[0] != slice(None):
                continue
            weight = _to_two(setting.decided, cell) * setting.sustained[cell[1]]
            if not weight.sum():
                continue
            inside = (weight[..., None] * shares[cell[1]]).reshape(-1, 2, rungs).sum(axis=0) / weight.sum()
            yield from _outcome_rows(design, name, inside, decide, can_halve)
    yield from _leaving_rows(design)


def _outcome_rows(design: Design, name: str, inside: Floats, decide: Floats, can_halve: Floats) -> Iterator[Row]:
    """Rungs recommended, decided and after appeal, of `inside`: shares by internal and rung recommended."""
    recommended = inside.sum(axis=0)
    decided = recommended @ decide
    asked, lighter = np.asarray(design.appealed), np.asarray(design.lightened)
    down = decided * asked * lighter
    final = decided * (1 - asked * design.reversed_) - down + np.append(down[1:], 0.0)
    for place, rung in enumerate(RUNGS):
        for stage, shares in (("recommended", recommended), ("decided", decided), ("after_appeal", final)):
            yield f"{stage}_{{rung}}", name, shares[place], {"rung": rung}
    appeals = float(decided @ asked)
    halved = float((inside * can_halve).sum() * design.shortened)
    lowered = float(recommended @ np.asarray(design.lowered))
    yield "after_appeal_reversed", name, float((decided * asked).sum() * design.reversed_), {}
    yield "share_lightened_by_decision", name, lowered + halved, {}
    yield "share_raised_by_decision", name, design.raised * (1 - recommended[-1]), {}
    yield "share_appealed", name, appeals, {}
    yield "share_lightened_on_appeal", name, float(down.sum() / max((decided * asked).sum(), 1e-300)), {}


def _leaving_rows(design: Design) -> Iterator[Row]:
    stay = float(np.exp(-design.leaving_a_year / 365.25))

    def still_there(mean: float) -> float:
        again = mean / (1 + mean)
        return (1 - again) / (1 - again * stay)

    decided = still_there(design.recommended_lag) * still_there(design.decided_lag)
    yield "share_left_before_decision", "accused=1", 1 - decided, {}
    yield "share_left_before_effect", "accused=1", decided * (1 - still_there(design.imposed_lag)), {}
