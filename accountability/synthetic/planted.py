"""The planted coefficients and probabilities as rows of the truth table."""

from __future__ import annotations

from collections.abc import Iterator

from accountability.synthetic.agency_design import RUNGS, Design
from accountability.synthetic.inverse_draws import days_pmf
from accountability.synthetic.planted_curves import expected_caseload
from accountability.synthetic.staff import Staff


def planted(design: Design, staff: Staff) -> Iterator[tuple[str, str, float, str, str]]:
    """Give one row a planted number: ``quantity, group, value, unit, definition``."""
    yield from _delay(design)
    yield from _sustained(design, staff)
    yield from _severity(design)


def _delay(design: Design) -> Iterator[tuple[str, str, float, str, str]]:
    weibull = "Weibull days to a finding net of pauses"
    yield "delay_shape", "all", design.delay_shape, "number", f"{weibull}: shape, the same everywhere."
    for body in design.bodies:
        group = f"investigated_by={body.name}"
        yield "delay_median", group, body.median_days, "days", f"{weibull}: median at caseload 1, category effect 0."
    effects = [(f"complaint_type={c.name}", c.delay) for c in design.categories]
    for group, effect in [*effects, ("caseload", design.caseload_effect)]:
        of = (
            "for each unit of caseload (open complaints over normal, first of the month)"
            if group == "caseload"
            else "of the category"
        )
        yield "delay_log_time_ratio", group, effect, "log ratio", f"{weibull}: log time ratio {of}."
        yield (
            "delay_log_hazard_ratio",
            group,
            -effect * design.delay_shape,
            "log ratio",
            f"{weibull}: log hazard ratio {of} within a body, minus the shape times the log time ratio.",
        )
    expected = expected_caseload(design)
    for body, share in zip(design.bodies, expected.normal, strict=True):
        yield (
            "normal_caseload",
            f"investigated_by={body.name}",
            float(share),
            "per complaint of the study",
            "Open complaints of the body at even intake and caseload 1, over the complaints of the whole study.",
        )
    for category in design.categories:
        group = f"complaint_type={category.name}"
        yield (
            "probability_paused",
            group,
            category.paused,
            "probability",
            "The investigation is paused once if it goes on for long enough.",
        )
    for early in design.early:
        yield (
            "probability_early_closing",
            early.reason,
            early.share,
            "probability",
            "A complaint from the public (of a category it applies to) would end so, if nothing closed it first.",
        )
    for mass in design.mass_closures:
        yield (
            "probability_mass_closure",
            f"investigated_by={mass.body}",
            mass.share,
            "probability",
            f"On {mass.on} an open complaint older than {mass.older_than_days} days (or as old) is closed.",
        )


def _sustained(design: Design, staff: Staff) -> Iterator[tuple[str, str, float, str, str]]:
    logit = "Logit of a sustained finding, given a finding"
    yield "sustained_intercept", "all", design.sustained_intercept, "log odds", f"{logit}: intercept."
    yield (
        "sustained_coefficient",
        "complainant=internal",
        design.internal_sustained,
        "log odds",
        f"{logit}: complaint from inside.",
    )
    for category in design.categories:
        yield (
            "sustained_coefficient",
            f"complaint_type={category.name}",
            category.sustained,
            "log odds",
            f"{logit}: category (all are listed, the intercept belongs to an effect of 0).",
        )
    yield (
        "sustained_squad_sd",
        "all",
        design.squad_sustained_sd,
        "log odds",
        f"{logit}: standard deviation of the squads' effects.",
    )
    digits = max(2, len(str(staff.squads)))
    for squad in range(staff.squads):
        group = f"squad=Squad {squad + 1:0{digits}d}"
        yield "sustained_squad_effect", group, float(staff.effect[squad]), "log odds", f"{logit}: effect of the squad."
        yield (
            "squad_share",
            group,
            float(staff.rate[squad]),
            "share",
            "Share of complaints whose first accused is in the squad (without contagion).",
        )
    yield (
        "supervisor_sd",
        "all",
        design.supervisor_sd,
        "log rate",
        "Standard deviation of supervisors' effects on the log complaint rate of their squads.",
    )
    yield (
        "squad_sd",
        "all",
        design.squad_sd,
        "log rate",
        "Standard deviation of squads' own effects on their log complaint rate.",
    )
    yield (
        "officer_shape",
        "all",
        design.officer_shape,
        "number",
        "Shape of the gamma weights by which a squad's complaints fall on its officers.",
    )
    yield (
        "leaving_rate",
        "all",
        design.leaving_a_year,
        "per year",
        "Rate at which an officer leaves of their own accord.",
    )
    yield (
        "contagion",
        "all",
        design.contagion,
        "log rate ratio",
        "For each finding sustained against a squad-mate in the past 365 days, effect on the rate of being accused.",
    )


def _severity(design: Design) -> Iterator[tuple[str, str, float, str, str]]:
    logit = "Ordered logit of the recommended rung, logit P(rung at most k) = cut k - effects"
    for rung, cut in zip(RUNGS, design.cuts, strict=False):
        yield "severity_cut", rung, cut, "log odds", f"{logit}: cut above this rung."
    yield (
        "severity_coefficient",
        "complainant=internal",
        design.internal_severity,
        "log odds",
        f"{logit}: complaint from inside.",
    )
    yield (
        "severity_coefficient",
        "race=Black",
        design.black_severity,
        "log odds",
        f"{logit}: Black officer (planted for lessons on fairness).",
    )
    yield "severity_coefficient", "gender=F", 0.0, "log odds", f"{logit}: women; not in the model."
    for category in design.categories:
        yield (
            "severity_coefficient",
            f"complaint_type={category.name}",
            category.severity,
            "log odds",
            f"{logit}: category.",
        )
    for rung, law in (("loss_of_leave", design.leave_days), ("suspension", design.suspension_days)):
        for inside, who in ((False, "public"), (True, "internal")):
            mass = days_pmf(law, inside)
            mean = float(sum((k + 1) * m for k, m in enumerate(mass)))
            yield (
                f"days_mean_{rung}",
                f"complainant={who}",
                mean,
                "days",
                f"Mean days recommended on this rung: negative binomial kept between 1 and {law.most}.",
            )
        yield (
            f"days_log_ratio_{rung}",
            "complainant=internal",
            law.internal,
            "log ratio",
            "Effect on the log mean before days are kept in bounds.",
        )
    for rung, lower, appeal, light in zip(RUNGS, design.lowered, design.appealed, design.lightened, strict=True):
        yield "probability_lowered", rung, lower, "probability", "Decided one rung below this recommended rung."
        yield (
            "probability_appealed",
            rung,
            appeal,
            "probability",
            "A decided penalty on this rung is appealed once it took effect.",
        )
        yield (
            "probability_lightened",
            rung,
            light,
            "probability",
            "An appeal against this decided rung lowers it a rung.",
        )
    yield (
        "probability_raised",
        "all",
        design.raised,
        "probability",
        "Decided one rung above the recommended one (below dismissal).",
    )
    yield (
        "probability_shortened",
        "all",
        design.shortened,
        "probability",
        "Decided with half the days, rounded up, on the same rung.",
    )
    yield "probability_reversed", "all", design.reversed_, "probability", "An appeal sets the penalty aside."
