"""What a source's sampling allows: an estimator that would be biased refuses and names one that fits."""

from __future__ import annotations

from accountability.errors import Refusal
from accountability.results import plural
from accountability.study.durations import Durations, require_cases


def closed_cases_only(durations: Durations) -> bool:
    """Return whether the source holds closed cases only."""
    sampling = durations.sampling
    if sampling.rule in ("no_closing_date", "selected_on_outcome", "case_files"):
        return False
    hidden = sampling.open_cases == "excluded"
    doubtful = sampling.open_cases in ("unknown", "status_only") and durations.n_open == 0
    return sampling.rule == "closed_only" or hidden or doubtful


def require_open_cases(durations: Durations, what: str) -> None:
    """Refuse an estimate that needs open cases when the source holds none.

    Raises
    ------
    Refusal
        With the reason and the estimator that fits.
    """
    require_cases(durations, what)
    sampling = durations.sampling
    if sampling.rule == "no_closing_date" or durations.current_status:
        raise Refusal(
            f"{sampling.source} says which cases are closed and not when, so {what} has no day to count: use "
            "delay.current_status_curve(clocks.current_status(...))"
        )
    require_not_selected(durations, what)
    if closed_cases_only(durations):
        raise Refusal(
            f"{sampling.source} holds closed cases only: slow cases of recent years are missing, so {what} would "
            "show delays that are too short and seem to fall. Use delay.reverse_time_curve, which is conditional "
            "on closing within the longest observable time; delay.mean_of_closed_only says what it is"
        )


def require_not_selected(durations: Durations, what: str) -> None:
    """Refuse an estimate for complaints in general from records chosen by how they ended."""
    sampling = durations.sampling
    if sampling.rule == "selected_on_outcome":
        on = ", ".join(sampling.selected_on) or "the outcome"
        raise Refusal(
            f"the records of {sampling.source} were selected on {on}: {what} would describe the selection, not "
            "complaints. Use delay.mean_of_closed_only, which names whom it describes, or a complete release"
        )
    if sampling.rule == "case_files":
        raise Refusal(
            f"{sampling.source} holds single cases chosen because they were reported: no {what} can be drawn from "
            "them. Show their own days with durations.table"
        )


def require_exact(
    durations: Durations,
    what: str,
    instead: str = "delay.coarse_curve or, with nothing taken as smooth, delay.interval_curve",
) -> None:
    """Refuse an estimate that needs days, when some closing dates are intervals."""
    if durations.exact:
        return
    if (unknown := int(durations.unknown_day.sum())) and durations.known_days().exact:
        raise Refusal(
            f"{plural(unknown, 'case')} of {durations.sampling.source} closed on an unknown day and {what} would have "
            "to invent one: delay.closing_curve and delay.compare(durations, by, 'coarse') take them as they are; to "
            "leave them out and have them counted as left out, pass durations.known_days()"
        )
    wide = int(((durations.days_lower < durations.days_upper) & durations.event).sum())
    coarse = (
        f"{wide:,} of {int(durations.event.sum()):,} closed cases of {durations.sampling.source} are dated less "
        f"finely than a day and {what} would have to invent one"
    )
    if closed_cases_only(durations):
        raise Refusal(
            f"{coarse}; with closed cases only, no curve can be estimated from such dates. delay.mean_of_closed_only "
            "gives bounds and says what it is"
        )
    raise Refusal(f"{coarse}: use {instead}")
