"""Make the published tables of a synthetic agency: text as known on the last day, by a publication rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Flags, Ints
from accountability.synthetic.agency_design import Design
from accountability.synthetic.calendar import Calendar
from accountability.synthetic.course import Course, ways_of_closing
from accountability.synthetic.discipline import (
    DISMISSED_ELSEWHERE,
    LEAVE,
    LIGHTENED,
    NOT_SERVED,
    RESIGNED,
    REVERSED,
    SUSPENSION,
    Discipline,
    Penalty,
)
from accountability.synthetic.inverse_draws import NEVER
from accountability.synthetic.staff import GENDERS, RACES, RANKS, Staff

FINDING_CODES: Final = ("SUS", "NOT SUST", "UNF", "EXON", "POLICY")
PENDING: Final = "PENDING"
CLOSING_CODES: Final = MappingProxyType(
    {
        "no_affidavit": "NO AFF",
        "no_cooperation": "NO COOP",
        "withdrawn": "WITHDRAWN",
        "mediated": "MEDIATED",
        "officer_unidentified": "NO ID",
        "officer_left": "OFFICER SEP",
        "time_barred": "TIME BAR",
        "referred": "REFERRED",
        "administrative": "ADMIN CLOSED",
        "duplicate": "DUPLICATE",
        "no_jurisdiction": "NO JUR",
        "litigation": "LITIGATION",
        "no_allegation": "NO ALLEG",
        "not_stated": "CLOSED",
    }
)
PENALTY_TEXTS: Final = (
    "NO PENALTY",
    "COUNSELING",
    "WRITTEN REPRIMAND",
    "FORFEIT {} DAYS LEAVE",
    "SUSPENSION {} DAYS",
    "DEMOTION",
    "TERMINATION",
)
OFF_TEXTS: Final = MappingProxyType(
    {
        RESIGNED: "RESIGNED BEFORE DISCIPLINE",
        NOT_SERVED: "PENALTY NOT SERVED",
        DISMISSED_ELSEWHERE: "TERMINATED IN OTHER CASE",
    }
)
REVERSED_TEXT: Final = "REVERSED ON APPEAL"
PAUSE_REASONS: Final = MappingProxyType(
    {"Off duty": "criminal case", "Force": "prosecutor's review", "": "officer on leave"}
)


@dataclass(frozen=True, slots=True)
class Published:
    """The four published tables as text, and the true course of each complaint."""

    complaints: pd.DataFrame
    accused: pd.DataFrame
    officers: pd.DataFrame
    steps: pd.DataFrame
    latent: pd.DataFrame


def publish(
    design: Design, calendar: Calendar, staff: Staff, course: Course, discipline: Discipline, rule: str
) -> Published:
    """Make the tables as known on the last day, and keep the rows that the publication rule allows."""
    ids = _ids(course.received, calendar)
    days = _Days(calendar, course)
    known = course.closed <= calendar.until
    complaints = pd.DataFrame(
        {
            "complaint_id": ids,
            "incident_date": days.text(course.incident),
            "received_date": days.text(course.received),
            "closed_date": days.text(np.where(known, course.closed, NEVER)),
            "investigated_by": _text([b.name for b in design.bodies], course.body),
            "complaint_type": _text([c.name for c in design.categories], course.category),
            "complainant": _text(["public", "internal"], course.internal.astype(np.int64)),
        }
    )
    accused = _accused(design, calendar, course, discipline, ids, complaints["complaint_type"], known)
    officers, officer_ids = _officers(calendar, staff, discipline)
    accused.insert(1, "officer_id", officer_ids.take(discipline.officer).array)
    steps = _steps(design, calendar, course, discipline, ids, officer_ids, days)

    keep = _kept(design, calendar, course, rule, known)
    place = np.cumsum(keep) - 1
    in_accused, in_steps = keep[course.case], keep[steps["case"].to_numpy()]
    if rule == "sustained_only":
        named = np.unique(officer_ids.take(discipline.officer[in_accused]))
        officers = officers[officers["officer_id"].isin(named)]
    steps = steps[in_steps]
    # By complaint, then by day: as an agency's system would list them.
    order = np.lexsort((steps["day"].to_numpy(), place[steps["case"].to_numpy()]))
    latent = pd.DataFrame(
        {
            "complaint_id": ids,
            "days": course.closed - course.received,
            "net_days": course.net_days,
            "days_paused": course.closed - course.received - course.net_days,
            "closed_by": _text(ways_of_closing(design), course.way),
            "closed_in_release": known,
            "published": keep,
        }
    )
    return Published(
        complaints=complaints[keep].reset_index(drop=True),
        accused=accused[in_accused].reset_index(drop=True),
        officers=officers.reset_index(drop=True),
        steps=steps.drop(columns=["case", "day"]).iloc[order].reset_index(drop=True),
        latent=latent,
    )


def window_start(design: Design) -> date:
    """Return the first day of receipt under the rule ``trailing_window``."""
    until = design.observed_until
    day = min(until.day, 28)
    return date(until.year - design.trailing_years, until.month, day)


def _kept(design: Design, calendar: Calendar, course: Course, rule: str, known: Flags) -> Flags:
    if rule == "closed_only":
        return known
    if rule == "trailing_window":
        return course.received >= calendar.day(window_start(design))
    if rule == "sustained_only":
        row = (course.way[course.case] == 0) & (course.finding == 0)
        return known & (np.bincount(course.case[row], minlength=len(known)) > 0)
    return np.ones(len(known), dtype=bool)


class _Days:
    """Days as ISO text, looked up in one table."""

    def __init__(self, calendar: Calendar, course: Course) -> None:
        self.first = int(min(course.incident.min(initial=0), calendar.first))
        span = np.arange(self.first, calendar.until + 1)
        words = np.datetime_as_string(np.datetime64(calendar.origin) + span)
        self.until = calendar.until
        self.words = pd.Series([*words.tolist(), ""], dtype="str")

    def text(self, days: Ints) -> pd.Series:
        """Return ISO dates; empty for days after the release."""
        at = np.where(days > self.until, len(self.words) - 1, days - self.first)
        return self.words.take(at).reset_index(drop=True)


def _text(words: list[str] | tuple[str, ...], at: Ints) -> pd.Series:
    return pd.Series(list(words), dtype="str").take(at).reset_index(drop=True)


def _ids(received: Ints, calendar: Calendar) -> pd.Series:
    """``GEN-2014-0001``: labelled as generated, numbered by year in order of receipt."""
    years = (np.datetime64(calendar.origin) + received).astype("datetime64[Y]").astype(int) + 1970
    names: list[str] = []
    found, counts = np.unique(years, return_counts=True)
    width = max(4, len(str(counts.max(initial=0))))
    for year, count in zip(found.tolist(), counts.tolist(), strict=True):
        names.extend(f"GEN-{year}-{number:0{width}d}" for number in range(1, count + 1))
    return pd.Series(names, dtype="str")


def penalty_text(penalty: Penalty) -> pd.Series:
    """Return the words for each penalty."""
    code, back = np.unique(penalty.rung * 1000 + penalty.days, return_inverse=True)
    words = []
    for rung, days in zip((code // 1000).tolist(), (code % 1000).tolist(), strict=True):
        text = PENALTY_TEXTS[rung].format(days)
        words.append(text.replace("1 DAYS", "1 DAY") if rung in (LEAVE, SUSPENSION) and days == 1 else text)
    return _text(words, back.astype(np.int64))


def _accused(
    design: Design,
    calendar: Calendar,
    course: Course,
    discipline: Discipline,
    ids: pd.Series,
    types: pd.Series,
    known: Flags,
) -> pd.DataFrame:
    ways = ways_of_closing(design)
    words = [*FINDING_CODES, *(CLOSING_CODES[way] for way in ways[1:]), PENDING]
    way = course.way[course.case]
    code = np.where(way == 0, course.finding, len(FINDING_CODES) + way - 1)
    code = np.where(known[course.case], code, len(words) - 1)

    until = calendar.until
    case = course.case[discipline.row]
    out = known[case]
    recommended = penalty_text(discipline.recommended).where(discipline.recommended_on <= until, "")
    final = penalty_text(discipline.decided)
    changed = (discipline.appeal_on <= until) & (discipline.appeal == LIGHTENED)
    final = final.mask(changed, penalty_text(discipline.final))
    final = final.mask((discipline.appeal_on <= until) & (discipline.appeal == REVERSED), REVERSED_TEXT)
    gone = discipline.left_on <= until
    for outcome, text in OFF_TEXTS.items():
        final = final.mask((discipline.outcome == outcome) & gone, text)
    never = (discipline.outcome == RESIGNED) | (discipline.outcome == DISMISSED_ELSEWHERE)
    final = final.mask(np.where(never, ~gone, discipline.decided_on > until), PENDING)

    blank = np.full(len(code), "", dtype=object)
    said, closed = blank.copy(), blank
    said[discipline.row[out]] = recommended[out].to_numpy(object)
    closed[discipline.row[out]] = final[out].to_numpy(object)
    return pd.DataFrame(
        {
            "complaint_id": ids.take(course.case).array,
            "allegation": types.take(course.case).array,
            "finding": _text(words, code),
            "recommended_discipline": pd.Series(said, dtype="str"),
            "final_discipline": pd.Series(closed, dtype="str"),
        }
    )


def _officers(calendar: Calendar, staff: Staff, discipline: Discipline) -> tuple[pd.DataFrame, pd.Series]:
    """The roster of everyone who served within the study, and the id of every officer by number."""
    served = (staff.arrived <= calendar.until) & (staff.left >= 0)
    count = len(served)
    same = np.concatenate([np.arange(count), np.empty(len(discipline.succeeds), np.int64)])
    for heir, old in enumerate(discipline.succeeds, start=count):
        same[heir] = same[old]
    served = np.concatenate([served, discipline.hired_on <= calendar.until])
    served[np.unique(discipline.officer)] = True
    appointed = np.concatenate([staff.appointed, discipline.hired_on])
    born = np.concatenate([staff.born, staff.born[same[count:]] - staff.appointed[same[count:]] + discipline.hired_on])
    number = np.cumsum(served)
    width = max(4, len(str(int(number[-1]))))
    ids = pd.Series([f"G{i:0{width}d}" for i in number.tolist()], dtype="str")
    squad = staff.place[same] // staff.size
    digits = max(2, len(str(staff.squads)))
    squads = [f"Squad {i + 1:0{digits}d}" for i in range(staff.squads)]
    bosses = [f"Supervisor {i + 1:0{digits}d}" for i in range(int(staff.supervisor.max()) + 1)]
    year = np.datetime64(calendar.origin, "D")
    roster = pd.DataFrame(
        {
            "officer_id": ids,
            "squad": _text(squads, squad),
            "supervisor": _text(bosses, staff.supervisor[squad]),
            "rank": _text(RANKS, staff.rank[same]),
            "race": _text(RACES, staff.race[same]),
            "gender": _text(GENDERS, staff.gender[same]),
            "birth_year": pd.Series((year + born).astype("datetime64[Y]").astype(str), dtype="str"),
            "appointed": pd.Series((year + appointed).astype("datetime64[Y]").astype(str), dtype="str"),
        }
    )
    return roster[served].reset_index(drop=True), ids


def _steps(
    design: Design,
    calendar: Calendar,
    course: Course,
    discipline: Discipline,
    ids: pd.Series,
    officer_ids: pd.Series,
    days: _Days,
) -> pd.DataFrame:
    """Every dated step known on the last day but receipt, incident and closing."""
    everyone = np.arange(len(course.received))
    paused = np.flatnonzero(course.pause > 0)
    ends = course.pause_from + course.pause
    resumed = paused[ends[paused] <= course.closed[paused]]
    why = pd.Series([PAUSE_REASONS.get(c.name, PAUSE_REASONS[""]) for c in design.categories], dtype="str")
    reason = why.take(course.category).reset_index(drop=True)
    who = discipline.row
    case = course.case[who]
    final, decided = penalty_text(discipline.final), penalty_text(discipline.decided)
    verdict = pd.Series("UPHELD", index=final.index, dtype="str")
    verdict = verdict.mask(discipline.appeal == LIGHTENED, "REDUCED TO " + final)
    verdict = verdict.mask(discipline.appeal == REVERSED, "REVERSED")
    left = np.where(discipline.outcome > 0, discipline.left_on, NEVER)
    gone_early = np.flatnonzero(course.way == ways_of_closing(design).index("officer_left"))
    first_row = np.searchsorted(course.case, gone_early)

    blank = pd.Series("", index=everyone, dtype="str")
    parts = [
        ("OPENED", everyone, None, course.opened, blank),
        ("PAUSED", paused, None, course.pause_from[paused], reason[paused]),
        ("RESUMED", resumed, None, ends[resumed], reason[resumed]),
        ("LEFT AGENCY", gone_early, discipline.officer[first_row], course.closed[gone_early], blank[gone_early]),
    ]
    officer = discipline.officer[who]
    for step, on, detail in (
        ("RECOMMENDED", discipline.recommended_on, penalty_text(discipline.recommended)),
        ("DECIDED", discipline.decided_on, decided),
        ("IN EFFECT", discipline.imposed_on, pd.Series("", index=final.index, dtype="str")),
        ("APPEALED", discipline.filed_on, pd.Series("", index=final.index, dtype="str")),
        ("APPEAL DECIDED", discipline.appeal_on, verdict),
        ("LEFT AGENCY", left, pd.Series("", index=final.index, dtype="str")),
    ):
        parts.append((step, case, officer, on, detail))
    frames = []
    for step, cases, officers, on, detail in parts:
        told = np.flatnonzero(on <= calendar.until)
        names = pd.Series("", index=range(len(told)), dtype="str")
        if officers is not None:
            names = officer_ids.take(officers[told]).reset_index(drop=True)
        frames.append(
            pd.DataFrame(
                {
                    "complaint_id": ids.take(cases[told]).array,
                    "officer_id": names.array,
                    "step": pd.Series(step, index=range(len(told)), dtype="str").array,
                    "date": days.text(on[told]).array,
                    "detail": detail.iloc[told].array,
                    "case": cases[told],
                    "day": on[told],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
