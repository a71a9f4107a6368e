"""What a release holds and lacks: the finding of ``what_the_data_holds``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber
from accountability.findings.frame_tables import counts, raw, reading
from accountability.labels import moment
from accountability.results import plural

if TYPE_CHECKING:
    import pandas as pd

    from accountability.audit import Audit


def found(asked: Asked, *, held: Audit) -> Finding:
    """State the complaints and years it holds, the questions it can answer in full, and what is lacking."""
    questions = held.needs.by_question()
    whole = questions[(questions["lacking"] == 0) & (questions["coarse"] == 0)]
    lacking = held.needs.lacking()
    cases = len(asked.data.cases)
    years = held.coverage.table
    span = f" received from {years['year'].min()} to {years['year'].max()}" if "year" in years and len(years) else ""
    closing = _closing(asked, years, cases)
    fields = [_field(asked, str(field)) for field in lacking["field"].head(3)]
    first = f"The release holds {plural(cases, 'complaint')}{span}{closing}."
    second = f"It can answer {len(whole)} of {len(questions)} questions in full"
    second += (
        f"; {plural(len(lacking), 'fact')} they need {'is' if len(lacking) == 1 else 'are'} missing or too "
        f"coarse, among them {wording.joined(fields)}."
        if fields
        else "."
    )
    drift = _drift(asked, held)
    third = drift or _traps(asked, held)
    title = f"{plural(cases, 'complaint')}; {len(whole)} of {len(questions)} questions can be answered in full"
    return asked.finding(
        " ".join(text for text in (first, second, third) if text),
        lead=asked.lead(
            held.drift,
            drift.rstrip("."),
            "Share of rows that would have to change for the year to be like the one before",
            f"{len(asked.data.allegations):,} allegation rows",
        )
        if drift
        else asked.lead(
            held.coverage,
            title,
            "Complaints by the year they were received, with and without a closing date",
            plural(cases, "complaint"),
        )
        if not held.coverage.not_held
        else None,
        numbers=(
            KeyNumber(value=f"{cases:,}", label="complaints held", note=asked.period, **raw(cases)),
            KeyNumber(value=f"{len(whole)} of {len(questions)}", label="questions it can answer in full"),
            KeyNumber(value=f"{len(lacking)}", label="facts missing or too coarse"),
            KeyNumber(value=f"{len(asked.data.allegations):,}", label="allegation rows"),
        ),
        tables=(
            reading(
                "Questions the release can carry",
                questions,
                {
                    "question": lambda row: asked.plain(str(row["question"])),
                    "fields needed": counts("needed"),
                    "held": counts("held"),
                    "too coarse": counts("coarse"),
                    "lacking": counts("lacking"),
                },
            ),
            reading(
                "What is lacking or too coarse",
                lacking,
                {
                    "field": lambda row: _field(asked, str(row["field"])),
                    "state": lambda row: asked.plain(str(row["state"])),
                    "needed for": lambda row: _some(asked.plain(str(row["needed_for"]))),
                },
            ),
        )
        if len(lacking)
        else (),
        firm=tuple(
            asked.sentence(str(row["found"]))
            for row in held.table.to_dict("records")
            if not row["not_held"] and str(row["found"]) and row["part"] != held.table["part"].iloc[0]
        )[:6],
        breaks=tuple(asked.sentence(trap) for trap in asked.data.card.traps[:4])
        or ("It does not say why a record is as it is, nor that anybody meant it to be.",),
        method=asked.method(held),
    )


def _closing(asked: Asked, years: pd.DataFrame, cases: int) -> str:
    """Say how many have no closing date, as far as the release tells."""
    if not asked.data.card.sampling.closing_date:
        return "; it publishes no day of closing"
    if "no_closing_date" not in years or not cases or bool(years["no_closing_date"].isna().any()):
        return ""
    without = int(years["no_closing_date"].sum())
    if not without:
        return "; each has a closing date"
    return f"; {without:,} ({wording.share(without / cases)}) have no closing date"


def _field(asked: Asked, field: str) -> str:
    """Say a field as a reader would: a date by its moment, a column by its label."""
    kind, _, stage = field.rpartition(": ")
    return f"the day of {moment(stage)}" if kind == "date" else asked.plain(asked.label(field))


_LISTED = 3


def _some(questions: str) -> str:
    """The first questions of a list, and how many more there are."""
    listed = questions.split("; ")
    more = f"; and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return "; ".join(listed[:_LISTED]) + more


def _drift(asked: Asked, held: Audit) -> str:
    """Say whether the mix of the group asked for changed over the years, where it can be told."""
    if not asked.group or held.drift.not_held or not len(held.drift.table):
        return ""
    steps = held.drift.table
    moved = steps[steps["moved"]]
    if moved.empty:
        return f"The mix of {asked.group} moved no more from year to year than chance does."
    top = moved.sort_values("distance", kind="stable").iloc[-1]
    return (
        f"The mix of {asked.group} moved more than chance in {len(moved)} of {plural(len(steps), 'step')} from year to "
        f"year, most from {int(top['from_year'])} to {int(top['to_year'])} ({wording.share(top['distance'])} of rows)."
    )


def _traps(asked: Asked, held: Audit) -> str:
    days = held.mass_closures.table
    if not len(days) or "closings" not in days:
        return ""
    top = days.sort_values("closings", kind="stable").iloc[-1]
    if not wording.known(top["closings"]):
        return ""
    return (
        f"{int(top['closings']):,} were closed on one day, {wording.date(top['day'])}: closing dates there "
        f"may be administrative."
    )
