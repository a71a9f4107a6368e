"""Closed vocabularies: every term of the tables, with its definition.

Codebooks map an agency's words to these terms only; other terms are refused when a codebook is read.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

FINDINGS: Final = MappingProxyType(
    {
        "sustained": "The evidence supports the allegation and the conduct broke a rule.",
        "not_sustained": "The evidence neither proves nor disproves the allegation.",
        "exonerated": "The conduct happened and was lawful and proper.",
        "unfounded": "The conduct did not happen, or the officer was not involved.",
        "policy_failure": "The conduct followed a rule, and the rule is at fault.",
        "closed_without_finding": "The case ended without a decision on the allegation; closing_reason says how.",
        "pending": "No finding yet.",
    }
)

CLOSING_REASONS: Final = MappingProxyType(
    {
        "no_affidavit": "Closed because no sworn statement was signed.",
        "no_cooperation": "The complainant, victim or witness could not be reached or did not take part.",
        "withdrawn": "The complainant withdrew.",
        "mediated": "Settled by mediation.",
        "officer_unidentified": "The officer could not be identified.",
        "officer_left": "The officer left the agency, or died, before a finding.",
        "time_barred": "A time limit had passed.",
        "referred": "Sent to another body.",
        "administrative": "Closed by the agency for a reason of its own procedure.",
        "duplicate": "The same matter is held under another number.",
        "no_jurisdiction": "The body had no power over the matter.",
        "litigation": "Closed because of a court case.",
        "no_allegation": "Nothing alleged amounts to misconduct, or the record holds information only.",
        "not_stated": "Closed, and the release does not say why.",
    }
)

PENALTY_LADDER: Final = MappingProxyType(
    {
        "none": "Decided: no penalty.",
        "counselling_or_training": "Counselling, instruction, training, a noted violation.",
        "reprimand": "An oral or written reprimand.",
        "loss_of_leave": "Forfeited vacation or other leave.",
        "suspension": "Time off duty without pay.",
        "demotion": "Reduction in rank.",
        "dismissal": "Removal from the agency.",
    }
)

OFF_LADDER: Final = MappingProxyType(
    {
        "left_before_penalty": "Resigned, retired, or died before a penalty took effect.",
        "not_served": "A penalty was set and not served.",
        "pending": "Not decided yet.",
        "not_recorded": "Something happened that the release does not say.",
        "probation": "Kept on under probation, or with a dismissal held over the officer, and nothing else.",
        "reversed": "Set aside by a board, an arbitrator or a court; which penalty it undid is not in this cell.",
    }
)

PENALTIES: Final = MappingProxyType({**PENALTY_LADDER, **OFF_LADDER})

STAGES: Final = MappingProxyType(
    {
        "incident": "The conduct complained of.",
        "received": "The agency received the complaint.",
        "opened": "An investigation was opened.",
        "assigned": "The case was given to an investigator.",
        "suspended_clock": "A time limit stopped running.",
        "resumed_clock": "A time limit ran again.",
        "findings": "A finding was made.",
        "closed": "The agency closed the case.",
        "penalty_recommended": "A penalty was recommended.",
        "penalty_decided": "The deciding authority chose a penalty.",
        "penalty_approved": "An authority whose approval is needed gave it.",
        "penalty_imposed": "The penalty took effect.",
        "penalty_served": "The penalty was served.",
        "appeal_filed": "An appeal or grievance was filed.",
        "appeal_decided": "An appeal or grievance was decided.",
        "left_agency": "The officer left the agency.",
    }
)

PRECISIONS: Final = MappingProxyType(
    {
        "day": "A calendar day.",
        "week": "Seven days.",
        "part_of_month": "The early, middle or late part of a month.",
        "month": "A calendar month.",
        "season": "A season of a year.",
        "part_of_year": "The early, middle or late part of a year.",
        "year": "A calendar year.",
        "interval": "Two stated ends.",
        "open": "One end is not known.",
    }
)

UNITS: Final = MappingProxyType(
    {
        "allegation": "One accusation against one officer in one complaint.",
        "officer_complaint": "One officer in one complaint, however many accusations.",
        "complaint": "One complaint, however many officers.",
        "officer": "One officer, however many complaints.",
    }
)

# Columns that say where an officer works; of several, the first.
UNIT_COLUMNS: Final = ("squad", "officer_unit", "command")

#: Who takes part in a case beside the accused, and the table that holds them.
PEOPLE: Final = MappingProxyType(
    {"complainant": "complainants", "victim": "victims", "witness": "witnesses", "investigator": "investigators"}
)

#: Who served when: one row per spell, ``starts`` to ``ends`` (missing: still there), with unit or rank.
ROSTER: Final = "roster"
TOTALS: Final = "totals"

SAMPLING_RULES: Final = MappingProxyType(
    {
        "complete": "Every complaint received in the window, open or closed.",
        "closed_only": "Complaints are there only because they closed (right-truncated).",
        "selected_on_outcome": "Which records are there depends on how they ended.",
        "trailing_window": "Only complaints received in the last years before publication.",
        "no_closing_date": "Whether a case is closed may be known, when it closed is not.",
        "case_files": "Single cases chosen because they were reported; no rate may be drawn from them.",
    }
)

IDENTIFYING: Final = MappingProxyType(
    {
        "name": "A person's name or part of it.",
        "shield": "A badge, star or shield number.",
        "address": "A street address or other exact place.",
        "birth_date": "A full date of birth.",
        "contact": "A telephone number, an e-mail address.",
        "free_text": "Narrative that may hold any of these.",
        "docket": "A court or case number that leads to a public record with names.",
    }
)

#: What is known of the end of a case; every case has one of the four.
CLOSING_STATES: Final = MappingProxyType(
    {
        "dated": "Closed, on a day that is known or lies within stated days.",
        "closed_on_unknown_day": "Closed; the release does not say when.",
        "open": "Still open on the last day the release covers.",
        "unknown": "The release does not say whether it is closed, or gives a day that cannot be.",
    }
)
