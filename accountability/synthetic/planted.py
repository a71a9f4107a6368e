"""The design's coefficients and probabilities as rows of the truth table."""

from __future__ import annotations

from collections.abc import Iterator

from accountability.synthetic.agency_design import RUNGS, Design
from accountability.synthetic.inverse_draws import days_pmf
from accountability.synthetic.planted_curves import expected_caseload
from accountability.synthetic.staff import Staff

#: A quantity as ``files/truth.yaml`` names it, the group, the value, and what fills the braces of its words.
Row = tuple[str, str, float, dict[str, object]]


def planted(design: Design, staff: Staff) -> Iterator[Row]:
    """Return one row per number of the design."""
    yield from _delay(design)
    yield from _sustained(design, staff)
    yield from _severity(design)


def _delay(design: Design) -> Iterator[Row]:
    yield "delay_shape", "all", design.delay_shape, {}
    for body in design.bodies:
        yield "delay_median", f"investigated_by={body.name}", body.median_days, {}
    load = "for each unit of caseload (open complaints over normal, first of the month)"
    effects = [(f"complaint_type={c.name}", c.delay, "of the category") for c in design.categories]
    for group, effect, of in [*effects, ("caseload", design.caseload_effect, load)]:
        yield "delay_log_time_ratio", group, effect, {"of": of}
        yield "delay_log_hazard_ratio", group, -effect * design.delay_shape, {"of": of}
    for body, share in zip(design.bodies, expected_caseload(design).normal, strict=True):
        yield "normal_caseload", f"investigated_by={body.name}", float(share), {}
    for category in design.categories:
        yield "probability_paused", f"complaint_type={category.name}", category.paused, {}
    for early in design.early:
        yield "probability_early_closing", early.reason, early.share, {}
    for mass in design.mass_closures:
        words: dict[str, object] = {"on": mass.on, "older": mass.older_than_days}
        yield "probability_mass_closure", f"investigated_by={mass.body}", mass.share, words


def _sustained(design: Design, staff: Staff) -> Iterator[Row]:
    yield "sustained_intercept", "all", design.sustained_intercept, {}
    inside: dict[str, object] = {"of": "complaint from inside"}
    yield "sustained_coefficient", "complainant=internal", design.internal_sustained, inside
    listed: dict[str, object] = {"of": "category (all are listed, the intercept belongs to an effect of 0)"}
    for category in design.categories:
        yield "sustained_coefficient", f"complaint_type={category.name}", category.sustained, listed
    yield "sustained_squad_sd", "all", design.squad_sustained_sd, {}
    digits = max(2, len(str(staff.squads)))
    for squad in range(staff.squads):
        group = f"squad=Squad {squad + 1:0{digits}d}"
        yield "sustained_squad_effect", group, float(staff.effect[squad]), {}
        yield "squad_share", group, float(staff.rate[squad]), {}
    for name in ("supervisor_sd", "squad_sd", "officer_shape"):
        yield name, "all", getattr(design, name), {}
    yield "leaving_rate", "all", design.leaving_a_year, {}
    yield "contagion", "all", design.contagion, {}


def _severity(design: Design) -> Iterator[Row]:
    for rung, cut in zip(RUNGS, design.cuts, strict=False):
        yield "severity_cut", rung, cut, {}
    for group, effect, of in (
        ("complainant=internal", design.internal_severity, "complaint from inside"),
        ("race=Black", design.black_severity, "Black officer (planted for lessons on fairness)"),
        ("gender=F", 0.0, "women; not in the model"),
        *((f"complaint_type={c.name}", c.severity, "category") for c in design.categories),
    ):
        yield "severity_coefficient", group, effect, {"of": of}
    for rung, law in (("loss_of_leave", design.leave_days), ("suspension", design.suspension_days)):
        for inside, who in ((False, "public"), (True, "internal")):
            mean = float(sum((k + 1) * m for k, m in enumerate(days_pmf(law, inside))))
            yield "days_mean_{rung}", f"complainant={who}", mean, {"rung": rung, "most": law.most}
        yield "days_log_ratio_{rung}", "complainant=internal", law.internal, {"rung": rung}
    for place, rung in enumerate(RUNGS):
        for name in ("lowered", "appealed", "lightened"):
            yield f"probability_{name}", rung, getattr(design, name)[place], {}
    for name, value in (("raised", design.raised), ("shortened", design.shortened), ("reversed", design.reversed_)):
        yield f"probability_{name}", "all", value, {}
