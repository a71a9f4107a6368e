"""The answer keys of all lessons: what is asked, for how many points, and how near the truth is near enough."""

from __future__ import annotations

from functools import partial
from typing import Final

from accountability.classroom.lessons.answer_key import Item, Key, Written
from accountability.errors import ParameterError
from accountability.parameters import nearest

_SHARE: Final = partial(Item, unit="as a share", low=0, high=1)
_DAYS: Final = partial(Item, unit="days", low=0, high=4000)
#: The day by which half are closed, of a sample.
_MEDIAN: Final = partial(Item, unit="days", low=1, high=4000, relative=0.05, by_chance=True)

_CLOSED_CASES: Final = Key(
    lesson="the_closed_case_trap",
    minutes=(60, 75),
    module="accountability.classroom.lessons.closed_cases",
    items=(
        _MEDIAN(
            name="median_all",
            points=3,
            asks="Half of all complaints are closed within how many days?",
            note="The median of the closed ones alone is about a tenth too short: the open ones were left out.",
        ),
        _SHARE(
            name="share_not_published",
            points=1,
            asks="What share of the complaints is missing from the release of closed ones?",
            absolute=0.0005,
            note="A count without a denominator, or a percentage where a share was asked for.",
        ),
        _DAYS(
            name="closed_early",
            points=1,
            asks="What is the median of the complaints that had closed by 31 January 2017?",
            absolute=1,
            note="A cut-off that also drops complaints received before it gives another number.",
        ),
        _MEDIAN(
            name="counted_early",
            points=2,
            asks="And the median on that day when the open ones are counted?",
            note="The same as closed_early: the open ones were not counted.",
        ),
        _MEDIAN(
            name="from_incident",
            points=2,
            asks="Half of all complaints are closed within how many days of the incident?",
            note="The same as median_all: the clock still starts with the receipt.",
        ),
        Item(
            name="no_answer_from",
            points=1,
            asks="Which release carries no answer at all?",
            choices=(
                "everything",
                "closed_only",
                "trailing_window",
                "sustained_only",
                "months_only",
                "status_only",
            ),
            note="closed_only does carry one, of the complaints that close in time to be seen.",
        ),
    ),
    written=(
        Written(
            name="sentence_and_request",
            points=3,
            look_for="The sentence says of whom it speaks (complaints that had closed by the day of the release) and "
            "does not say that the agency became faster. The request names the open complaints, their day of receipt, "
            "the day of the release, and asks for no name.",
        ),
    ),
)

_PRECINCTS: Final = ("east", "north", "west")

_MORE_THAN_CHANCE: Final = Key(
    lesson="more_than_chance",
    minutes=(75, 90),
    module="accountability.classroom.lessons.more_than_chance",
    items=(
        Item(
            name="made_by_luck",
            points=1,
            asks="In which precinct had every officer the same risk and the same years?",
            choices=_PRECINCTS,
            note="Taken for granted that some officers must differ: no precinct looks like luck without a benchmark.",
        ),
        Item(
            name="made_by_years",
            points=2,
            asks="In which had they the same risk a year and different years?",
            choices=_PRECINCTS,
            note="The one of differing risks: compared per officer only, the two look alike.",
        ),
        Item(
            name="made_by_risk",
            points=1,
            asks="In which did their risks differ?",
            choices=_PRECINCTS,
            note="The one of differing years, whose concentration goes once years are counted.",
        ),
        _SHARE(
            name="top_tenth_counted",
            points=1,
            asks="There, what share of the complaints did the tenth of officers with most draw?",
            absolute=0.003,
            note="Counted among the accused only, the officers never accused being forgotten.",
        ),
        _SHARE(
            name="top_tenth_by_luck",
            points=2,
            asks="And what share would luck alone have given the top tenth?",
            absolute=0.005,
            note="A tenth: equal risk does not give equal counts.",
        ),
        _SHARE(
            name="top_tenth_underlying",
            points=2,
            asks="And what share would the tenth with the highest risks be expected to draw?",
            relative=0.08,
            note="The counted share: luck is still in it.",
        ),
        Item(
            name="luck_afterwards",
            points=1,
            asks="In the precinct of luck: what did the first half's top tenth draw in the second, over the mean?",
            low=0,
            high=20,
            absolute=0.02,
            note="The ratio in the first half, in which they were chosen.",
        ),
    ),
    written=(
        Written(
            name="list_of_officers",
            points=3,
            look_for="That a list of officers with most complaints holds officers whom luck put there, how many years "
            "each was on duty, and that a complaint is no finding. What such a list could be used for all the same "
            "(looking at the work, not at the person), and who must not see it.",
        ),
    ),
)

_FAIR_COMPARISONS: Final = Key(
    lesson="fair_comparisons",
    minutes=(75, 90),
    module="accountability.classroom.lessons.fair_comparison",
    items=(
        Item(
            name="crude_ratio",
            points=1,
            asks="Share of decided complaints sustained, all kinds together: the north's over the south's.",
            low=0,
            high=20,
            absolute=0.01,
            note="The south's over the north's, or sustained complaints over all received.",
        ),
        Item(
            name="like_odds_ratio",
            points=3,
            asks="Odds ratio of a sustained complaint, north to south, among complaints of one kind.",
            low=0,
            high=50,
            relative=0.35,
            by_chance=True,
            note="The crude odds ratio lies on the other side of 1: the kinds were not held apart.",
        ),
        Item(
            name="higher_among_like",
            points=1,
            asks="Which station sustains more of like complaints?",
            choices=("north", "south"),
            note="The one with the higher crude share: the answer that the mix of complaints gives.",
        ),
        _SHARE(
            name="share_of_officers",
            points=2,
            asks="What share of officers with a decided complaint had one sustained?",
            absolute=0.005,
            note="The share of complaints, or of officer-complaints.",
        ),
        Item(
            name="no_such_unit",
            points=1,
            asks="In which unit can this release not be counted?",
            choices=("allegation", "officer_complaint", "complaint", "officer"),
            note="Rows can be merged and never split: a row is one officer in one complaint.",
        ),
        _SHARE(
            name="share_of_received",
            points=1,
            asks="What share of the complaints received was sustained?",
            absolute=0.0005,
            note="Pending ones were left out.",
        ),
        _SHARE(
            name="share_of_findings",
            points=1,
            asks="What share of the complaints investigated to a finding was sustained?",
            absolute=0.0005,
            note="Complaints closed without a finding were left in.",
        ),
    ),
    written=(
        Written(
            name="two_sentences",
            points=3,
            look_for="Each sentence names its unit, its denominator and the kinds it holds apart or not. Neither says "
            "that a station is lenient or harsh, and neither gives a cause. That complaints of one kind are alike in "
            "everything else is said to be assumed.",
        ),
    ),
)

_CASE_FILE: Final = Key(
    lesson="reading_a_case_file",
    minutes=(75, 90),
    module="accountability.classroom.lessons.case_reading",
    items=(
        Item(
            name="officers_dismissed",
            points=1,
            asks="How many of the squad were dismissed, by the body of the reports?",
            unit="people",
            low=0,
            high=6,
            note="Six: the headline's number, which its own report contradicts.",
        ),
        Item(
            name="accusations_found",
            points=2,
            asks="How many of the coded accusations carry a finding, under the default readings?",
            unit="accusations",
            low=0,
            high=100,
            note="All of them: what is told was counted as found.",
        ),
        _DAYS(
            name="fewest_days",
            points=1,
            asks="From the start of the investigation to the discipline lie at least how many days?",
            note="A day was made up for a year or a month, such as 1 January or the 15th.",
        ),
        _DAYS(
            name="most_days",
            points=1,
            asks="And at most how many?",
            note="A day was made up for a year or a month.",
        ),
        _DAYS(
            name="most_days_late",
            points=1,
            asks="At most how many, if the discipline came late in 2012?",
            note="The bound under September, or the end of some other month than December.",
        ),
        Item(
            name="within_180_days",
            points=2,
            asks="Was the investigation within the 180 days of the Florida rule?",
            choices=("in time", "late", "cannot tell"),
            note="Late: by the calendar it was, and whether the clock had been paused no report says.",
        ),
        Item(
            name="kappa_status",
            points=2,
            asks="Cohen's kappa of the two codings of the status.",
            low=-1,
            high=1,
            absolute=0.005,
            note="The share of facts coded alike, which chance alone makes large, or the kappa of the category.",
        ),
    ),
    written=(
        Written(
            name="said_found_decided",
            points=3,
            look_for="Three sentences that keep apart what is alleged and by whom, what is reported as found, and what "
            "was decided and is open to appeal. Each names its report and paragraph. Nobody is named; no sentence says "
            "of an officer without a finding that they did it.",
        ),
    ),
)

KEYS: Final[dict[str, Key]] = {
    key.lesson: key for key in (_CLOSED_CASES, _CASE_FILE, _MORE_THAN_CHANCE, _FAIR_COMPARISONS)
}


def key_of(lesson: str) -> Key:
    """The answer key of a lesson.

    Raises
    ------
    ParameterError
        No such lesson; the message names the nearest.
    """
    if lesson not in KEYS:
        raise ParameterError(f"no lesson {lesson!r}. {nearest(lesson, KEYS)}")
    return KEYS[lesson]
