"""The words by which a column's name hints at what it holds; a guess from them is marked and confirmed by a person."""

from __future__ import annotations

from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


DATE_WORDS: Final = words(
    "date dates dt day datum fecha jour tag when received closed opened completed occurred reported incident"
)
AGE_WORDS: Final = words("age ages")
COMPLAINANT_WORDS: Final = words("complainant complainants citizen victim")
BIRTH_WORDS: Final = words("dob birth birthdate birthday birthyear yob")
STAGE_WORDS: Final = (  # the first line whose words are in the name gives the stage
    ("incident", words("incident occurred occurrence occurance offense offence happened event tatzeit vorfall")),
    ("appeal_filed", words("appeal appealed grievance")),
    ("penalty_served", words("served")),
    ("penalty_imposed", words("imposed discipline disciplined penalty sanction effective")),
    ("left_agency", words("resigned retired resignation retirement separation separated terminated termination")),
    ("findings", words("finding findings disposition adjudicated adjudication determination")),
    (
        "closed",
        words("closed close closing closure completed completion complete resolved concluded ended end finished"),
    ),
    ("assigned", words("assigned assignment")),
    ("opened", words("opened open opening started start initiated")),
    (
        "received",
        words("received receipt receive filed filing reported report complaint intake lodged created submitted"),
    ),
)
PERSON_WORDS: Final = (
    (
        "address",
        words("address addr street apartment apt zip zipcode postcode latitude longitude lat lon lng geometry"),
    ),
    ("name", words("name names firstname lastname fname lname mname surname forename initial initials suffix alias")),
    ("contact", words("phone telephone tel email mail fax mobile")),
    ("shield", words("badge shield star")),
    ("docket", words("docket court")),
)
PLACE_WORDS: Final = words(
    "agency unit district department dept category allegation type station precinct bureau division city state county "
    "area sector zone beat team squad charge status shift rule policy source"
)
TEXT_WORDS: Final = words(
    "narrative description summary synopsis notes note comments comment remarks details statement text"
)
CASE_WORDS: Final = words(
    "case complaint complaints cr log iad ia iab file incident matter record cms control investigation cases"
)
ID_WORDS: Final = words("id ids no number nr num nbr key ref reference identifier aktenzeichen")
OFFICER_WORDS: Final = words("officer officers employee accused member subject emp mos po beamter deputy")
OTHER_PEOPLE_WORDS: Final = words("complainant complainants victim citizen civilian investigator supervisor")
CATEGORY_WORDS: Final = words("allegation allegations category charge charges type classification")
FINDING_WORDS: Final = words("finding findings disposition dispositions outcome conclusion ruling result")
PENALTY_WORDS: Final = words("discipline disciplinary penalty sanction punishment corrective")
FIRST_SAID_WORDS: Final = words("recommended recommendation proposed initial preliminary board")
ROW_WORDS: Final = words("row index unnamed")
