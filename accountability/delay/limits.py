"""Time limits on police discipline, as published law and policy: information with its citation, never legal advice.

Read in secondary copies; ``seen_in`` and ``confidence`` say how firmly. A limit without a number is listed because
looking and finding none is knowledge too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from accountability.errors import ParameterError

VERSION: Final = "1"
"""Version of the list below; a report that uses a limit names it."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule that something must happen within some time.

    Attributes
    ----------
    name : str
        Short name.
    jurisdiction : str
        Where it holds.
    value : int or None
        The number of units; None when no limit was found.
    unit : str
        ``calendar days``, ``business days``, ``months`` or ``years``.
    limits : str
        What must be done in time.
    starts : str
        What starts the clock.
    pauses : str
        What stops or extends it; empty when nothing is known to.
    consequence : str
        What follows when the limit has passed.
    effective_from, effective_to : str
        Since when and until when, as far as known.
    citation : str
        The rule's own reference.
    seen_in : str
        Where it was read.
    confidence : str
        How firmly it is known.
    """

    name: str
    jurisdiction: str
    value: int | None
    unit: str
    limits: str
    starts: str = ""
    pauses: str = ""
    consequence: str = ""
    effective_from: str = ""
    effective_to: str = ""
    citation: str = ""
    seen_in: str = ""
    confidence: str = ""


LIMITS: Final = (
    Limit(
        name="florida",
        jurisdiction="Florida",
        value=180,
        unit="calendar days",
        limits="complete investigation AND give notice of intended discipline",
        starts="agency receives notice of allegation by a person authorized to initiate an investigation",
        pauses=(
            "written waiver; criminal investigation/prosecution pending; officer "
            "incapacitated/unavailable; multijurisdictional; Governor-declared emergency; officer's"
            " compliance-hearing period (6 listed exceptions)"
        ),
        consequence="no discipline/demotion/dismissal",
        effective_from="2005-07-01 (approx; 2004 bill filed)",
        citation="Fla. Stat. 112.532(6)(a)",
        seen_in="AGO 2006-25 quoting statute; flsenate bill text 2004; floridacopattorney.com",
        confidence="high",
    ),
    Limit(
        name="california",
        jurisdiction="California",
        value=1,
        unit="years",
        limits="complete investigation AND notify of proposed discipline",
        starts="agency's discovery by a person authorized to initiate an investigation",
        pauses=(
            "criminal investigation/prosecution pending; written waiver; multijurisdictional "
            "reasonable extension; multi-employee reasonable extension; incapacitated/unavailable; "
            "civil litigation naming officer; civil/criminal litigation with complainant defendant;"
            " workers' comp fraud; body-worn-video/other later amendments not checked"
        ),
        consequence="no punitive action",
        effective_from="1998-01-01",
        citation="Cal. Gov. Code 3304(d)(1)-(2)",
        seen_in=("CDCR DOM 33030.12.1; PORAC LDF text; Garcia v. DDS (2023) 88 Cal.App.5th 460 (per-act discovery)"),
        confidence="high",
    ),
    Limit(
        name="louisiana_2020",
        jurisdiction="Louisiana",
        value=60,
        unit="calendar days",
        limits="complete investigation",
        starts=(
            "formal written complaint -> initiate within 14 days; AG: investigation begins when an "
            "authorized person starts inquiry with a view to discipline"
        ),
        pauses=(
            "civil-service-board extension after hearing (up to 60 more days); written agreement; "
            "criminal investigation carve-out (2014 SB294)"
        ),
        consequence="discipline is an absolute nullity (R.S. 40:2531(C))",
        effective_to="2021-07-31",
        citation="La. R.S. 40:2531(B)(7) before Act 451 of 2021",
        seen_in="AG Op. 07-0073; SB294 (2014) enrolled; HB430 digest",
        confidence="high",
    ),
    Limit(
        name="louisiana",
        jurisdiction="Louisiana",
        value=75,
        unit="calendar days",
        limits="complete investigation",
        starts=(
            "formal written complaint -> initiate within 14 days; AG: investigation begins when an "
            "authorized person starts inquiry with a view to discipline"
        ),
        pauses=(
            "civil-service-board extension after hearing (up to 60 more days); written agreement; "
            "criminal investigation carve-out (2014 SB294)"
        ),
        consequence="discipline is an absolute nullity (R.S. 40:2531(C))",
        effective_from="2021-08-01",
        citation="La. R.S. 40:2531(B)(7) as amended by Acts 2021 No. 451 (HB 430)",
        seen_in="HB430 resume digest",
        confidence="high",
    ),
    Limit(
        name="new_york",
        jurisdiction="New York",
        value=18,
        unit="months",
        limits="commence removal/disciplinary proceeding",
        starts="occurrence of the act",
        pauses="acts that would constitute a crime if proven in court",
        consequence="charges time-barred",
        citation="N.Y. Civ. Serv. Law 75(4)",
        seen_in="vLex 13.9 summary; nysenate.gov text; ProPublica 2024 (NYPD)",
        confidence="high",
    ),
    Limit(
        name="maryland_leobr",
        jurisdiction="Maryland (LEOBR)",
        value=1,
        unit="years",
        limits="file administrative charges",
        starts="act comes to attention of appropriate agency official",
        pauses="criminal activity or excessive force: no limit",
        consequence="charges barred",
        effective_to="2022-06-30",
        citation="Md. Pub. Safety 3-106 (repealed)",
        seen_in="statutes.laws.com text",
        confidence="high",
    ),
    Limit(
        name="maryland_mpaa",
        jurisdiction="Maryland (MPAA)",
        value=366,
        unit="calendar days",
        limits="complete review by investigating unit through ACC disposition",
        starts="filing of a complaint by a citizen",
        pauses=("criminal investigation handling changed/proposed (HB 238/SB 533 of 2025: outcome not checked)"),
        consequence="statute silent / litigated",
        effective_from="2022-07-01",
        citation="Md. Pub. Safety 3-113",
        seen_in="bill titles HB238 & HB139 (2025) name the section; day count from memory",
        confidence="medium",
    ),
    Limit(
        name="texas_cities",
        jurisdiction="Texas (ch.143 cities under 1.5M)",
        value=180,
        unit="calendar days",
        limits="suspension: may not complain of older act",
        starts="occurrence of the act; for alleged criminal acts: discovery of the act",
        pauses="criminal-activity acts run from discovery",
        consequence="act cannot be charged",
        citation="Tex. Loc. Gov't Code 143.052(h)",
        seen_in="HB1087 (2021 introduced) shows current text bracketed",
        confidence="high",
    ),
    Limit(
        name="texas_houston",
        jurisdiction="Texas (Houston 1.5M+)",
        value=180,
        unit="calendar days",
        limits="impose suspension",
        starts="department discovers or becomes aware of violation",
        pauses="criminal variant not checked",
        consequence="suspension void",
        citation="Tex. Loc. Gov't Code 143.117(d)(2)",
        seen_in="Dunbar v. City of Houston (Tex. App. 14th 2018)",
        confidence="high",
    ),
    Limit(
        name="arizona_2011",
        jurisdiction="Arizona (old)",
        value=120,
        unit="business days",
        limits="complete investigation (good faith)",
        starts="employer receives notice by person authorized to initiate",
        pauses="see next row",
        consequence="appeal body may dismiss discipline",
        effective_to="2014-12-31",
        citation="A.R.S. 38-1105(B) (2011)",
        seen_in="justia 2011; MCSO v. MCLEO (2018)",
        confidence="high",
    ),
    Limit(
        name="arizona",
        jurisdiction="Arizona",
        value=180,
        unit="calendar days",
        limits=(
            "complete investigation (served notice of discipline/findings); one extension <=180 "
            "days if more time needed for evidence, then mandatory dismissal"
        ),
        starts="employer receives notice by person authorized to initiate",
        pauses=(
            "criminal investigation/prosecution; officer unavailable; written waiver; Governor "
            "emergency; multijurisdictional; court-monitored agencies longer extension"
        ),
        consequence="matter dismissed after extension (since 2022-09-24)",
        effective_from="2015-01-01",
        citation="A.R.S. 38-1110",
        seen_in="casetext 2024; azleg fact sheets SB1301 (2023)",
        confidence="high",
    ),
    Limit(
        name="new_jersey",
        jurisdiction="New Jersey",
        value=45,
        unit="calendar days",
        limits="file complaint charging internal-rule violation",
        starts="person filing the complaint has sufficient information",
        pauses=(
            "concurrent criminal investigation: starts day after disposition; not for private-"
            "citizen complaints; not for misconduct charges grounded outside internal rules"
        ),
        consequence="dismissal of complaint",
        citation="N.J.S.A. 40A:14-147 (also 40A:9-117.6a; 30:8-18.2)",
        seen_in="njcopsmagazine text; Rutgers db",
        confidence="high",
    ),
    Limit(
        name="district_of_columbia",
        jurisdiction="District of Columbia (MPD)",
        value=90,
        unit="business days",
        limits="commence corrective or adverse action",
        starts="MPD knew or should have known (to ~2016); later: date an IS tracking number is generated",
        pauses="criminal investigation; OIG/Auditor/OPC investigation",
        consequence="action barred",
        effective_from="2004-09-30",
        effective_to="repealed for MPD (a-1) - 2023, date not checked",
        citation="D.C. Code 5-1031",
        seen_in="code.dccouncil.gov; 2012 elaws; lexace older text",
        confidence="high on rule / medium on repeal date",
    ),
    Limit(
        name="illinois_chicago_force",
        jurisdiction="Illinois (Chicago)",
        value=5,
        unit="years",
        limits="bring Police Board charge based on unreasonable force",
        starts="commission of the act",
        pauses="other charges not covered (Castro v. Police Board 2016)",
        consequence="charge barred",
        effective_from="1993 (P.A. 87-1239)",
        citation="65 ILCS 5/10-1-18.1",
        seen_in="ilga text; Castro 2016 IL App (1st) 142050",
        confidence="high",
    ),
    Limit(
        name="chicago_copa",
        jurisdiction="Chicago (COPA)",
        value=6,
        unit="months",
        limits="conclude investigation, else written notice of reasons, repeated every 6 months",
        starts="initiation of investigation",
        consequence="notice only",
        effective_from="2016-10-05",
        citation="MCC 2-78-135",
        seen_in="amlegal text",
        confidence="high",
    ),
    Limit(
        name="rhode_island",
        jurisdiction="Rhode Island",
        value=3,
        unit="years",
        limits="institute disciplinary action for rule violation",
        starts="incident",
        pauses="potential criminal offence: criminal limitations period",
        consequence="barred",
        citation="R.I. Gen. Laws 42-28.6-4(a)",
        seen_in="statutes.laws.com text (pre-2024 LEOBOR reform not checked)",
        confidence="high (text) / medium (current)",
    ),
    Limit(
        name="nevada_2019",
        jurisdiction="Nevada (2019)",
        value=1,
        unit="years",
        limits="no investigation if conduct older than",
        starts="conduct -> complaint filing",
        pauses="alleged crime",
        consequence="no investigation",
        effective_from="2019",
        effective_to="~2021",
        citation="NRS 289.057(1) (2019)",
        seen_in="nevada.public.law",
        confidence="high",
    ),
    Limit(
        name="nevada",
        jurisdiction="Nevada (current)",
        value=5,
        unit="years",
        limits="no investigation if complaint filed more than",
        starts="conduct -> complaint filing",
        pauses="must commence within reasonable time",
        consequence="no investigation",
        effective_from="~2021",
        citation="NRS 289.057(1)",
        seen_in="getpocketlaw text",
        confidence="high (text) / medium (date)",
    ),
    Limit(
        name="kentucky",
        jurisdiction="Kentucky",
        value=60,
        unit="calendar days",
        limits="hold hearing after charges",
        starts="filing of charges",
        consequence="reinstatement/dismissal of charges",
        citation="KRS 15.520 (day count from memory; text seen lacks it)",
        seen_in="laws9 partial",
        confidence="low-medium",
    ),
    Limit(
        name="delaware",
        jurisdiction="Delaware",
        value=None,
        unit="",
        limits="no general completion deadline seen",
        citation="11 Del. C. ch. 92",
        seen_in="statutes.laws.com partial",
        confidence="low",
    ),
    Limit(
        name="seattle",
        jurisdiction="Seattle WA (CBA)",
        value=180,
        unit="calendar days",
        limits="OPA investigation to proposed discipline",
        starts="receipt/initiation by OPA or sworn supervisor",
        pauses="criminal referral; extensions by guild",
        consequence="no discipline",
        citation="SPOG CBA Art. 3.6; OIG SPD disciplinary roadmap (180-day notice)",
        seen_in="documentcloud roadmap (name only)",
        confidence="medium",
    ),
    Limit(
        name="oregon",
        jurisdiction="Oregon",
        value=None,
        unit="",
        limits="no statewide clock found; OAR 265-010 sets presumptive sanctions",
        effective_from="2022-10-01",
        citation="ORS 243.812; OAR 265-010",
        seen_in="justia",
        confidence="medium",
    ),
    Limit(
        name="los_angeles_sheriff",
        jurisdiction="Los Angeles Co. Sheriff",
        value=240,
        unit="calendar days",
        limits=("administrative investigation completed (non-sworn; sworn: 120 calendar days before the statute date)"),
        starts="department knowledge",
        consequence="internal deadline only",
        citation="LASD MPP (internal policy)",
        seen_in="pars.lasd.org manual 10008 content 10855",
        confidence="high",
    ),
)


def limit(name: str) -> Limit:
    """Give a limit by its name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    for one in LIMITS:
        if one.name == name:
            return one
    raise ParameterError(f"no limit {name!r}; there are {', '.join(one.name for one in LIMITS)}")


def table() -> pd.DataFrame:
    """All limits, one row each."""
    fields = Limit.__slots__
    return pd.DataFrame([{field: getattr(one, field) for field in fields} for one in LIMITS])
