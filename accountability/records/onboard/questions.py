"""The questions about a new source: at most twelve, each with masked samples and resulting counts.

A question has parts (a column in each file, a group of values); a group counts as one question. Nothing is asked that
the files decide. Everything else is proposed, marked, and listed for review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from accountability.records.onboard.case_number import placeholders
from accountability.records.onboard.closings import told_by
from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.consequences import Counted, in_words
from accountability.records.onboard.hints import FINDING_TERMS, PENALTY_TERMS, penalty_rules, tidy
from accountability.records.onboard.proposal import Proposal
from accountability.records.onboard.proposed_text import matter_key, named_by, unit_of
from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import FINDINGS, PENALTIES, SAMPLING_RULES, UNITS

ASKED: Final[Mapping[str, str]] = {
    "complaint": "Which column numbers the complaints?",
    "officer": "Which column tells officers apart?",
    "row": "What is one row, and which rows are no records?",
    "received": "Which column is the day a complaint was received?",
    "closed": "Which column is the day it was closed?",
    "blank": "What does a closing that names no day mean?",
    "finding": "Which column is the finding, and what do its words mean?",
    "penalty": "Which column is the penalty, and what do its words mean?",
    "names": "Whose names are these, and what is to become of texts of many values?",
    "rule": "By which rule were these complaints published?",
    "until": "Until which day would a closing be in the file?",
    "law": "Whose complaints are these, and under which law?",
}
NONE: Final = "none"
BY: Final = "by "
LEFT_OUT: Final = "leave_out"
_MOST: Final = 6
_SHOWN: Final = 3
_FEW: Final = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer and its consequences."""

    answer: str
    then: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a question.

    Attributes
    ----------
    key : str
        Key of the answer.
    about : str
        Its subject, with masked sample values.
    choices : tuple of Choice
        Answers with resulting counts; none for free text.
    proposed : str
        The proposed answer; empty if the files do not tell.
    """

    key: str
    about: str
    choices: tuple[Choice, ...] = ()
    proposed: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question."""

    key: str
    asks: str
    parts: tuple[Part, ...]


def questions(proposals: Sequence[Proposal], limits: Mapping[str, int] | None = None) -> list[Question]:
    """Return the questions that these proposals leave open.

    Parameters
    ----------
    proposals : sequence of Proposal
        The tables, with the answers so far.
    limits : mapping of str to int, optional
        Names of legal time limits, with their days.

    Returns
    -------
    list of Question
        At most twelve.
    """
    parts: dict[str, list[Part]] = {key: [] for key in ASKED}
    for proposal in proposals:
        counted = Counted(proposal.frame, proposal.roles)
        for key in ("complaint", "officer", "received", "closed", "finding", "penalty"):
            parts[key] += _of_column(key, proposal, counted)
        parts["row"] += _of_rows(proposal)
        parts["blank"] += _of_blank(proposal, counted)
        parts["names"] += _of_names(proposal)
    for key, terms in (("finding", FINDINGS), ("penalty", PENALTIES)):
        parts[key] += _of_words(key, proposals, terms)
    parts["row"].insert(0, _of_unit(proposals))
    parts["rule"], parts["until"], parts["law"] = _of_card(proposals, limits or {})
    return [Question(key, asks, tuple(parts[key])) for key, asks in ASKED.items() if parts[key]]


def as_text(asked: Sequence[Question]) -> str:
    """Return all questions as text."""
    lines = []
    for number, question in enumerate(asked, 1):
        lines.append(f"{number:2}. {question.asks}")
        for part in question.parts:
            lines.append(f"    [{part.key}] {part.about}".rstrip())
            for choice in part.choices[:_MOST]:
                mark = "*" if choice.answer == part.proposed else " "
                lines.append(f"     {mark} {choice.answer}: {choice.then}".rstrip(": "))
            if len(part.choices) > _MOST:
                rest = ", ".join(choice.answer for choice in part.choices[_MOST:])
                lines.append(f"       or {rest}")
    return "\n".join(lines)


def masked(text: str) -> str:
    """Return the form of a text: letters as x, digits as 9, cut if long."""
    form = re.sub(r"[^\W\d_]", lambda m: "X" if m[0].isupper() else "x", re.sub(r"\d", "9", " ".join(text.split())))
    return form if len(form) <= 24 else form[:23] + "…"


def samples(column: ColumnProfile) -> str:
    """Return sample values of a column: unmasked if few, repeated and not identifying; else their forms."""
    texts = [str(text) for text in column.counts.index]
    plain = column.person is None and not column.dates and len(texts) <= _FEW and 3 * len(texts) <= column.filled
    shown = dict.fromkeys(text[:24] if plain else masked(text) for text in texts[:40])
    return ", ".join(list(shown)[:_SHOWN])


_TARGETS: Final = {
    "complaint": ("to", "case_id"),
    "officer": ("to", "officer_id"),
    "received": ("stage", "received"),
    "closed": ("stage", "closed"),
    "finding": ("to", "finding"),
    "penalty": ("to", "imposed"),
}


def _of_column(key: str, proposal: Proposal, counted: Counted) -> Iterator[Part]:
    said, value = _TARGETS[key]
    held = proposal.column(**{said: value})
    found = [held.column] if held is not None else []
    if key in ("complaint", "officer"):
        found += list(held.rivals) if held is not None else []
        found += [r.column for r in proposal.roles if r.declared == DECIDE and r.column.distinct > 1 and held is None]
    elif key in ("received", "closed"):
        dated = [role for role in proposal.roles if role.says("stage") and role.column.dates]
        found += [role.column for role in dated if role is not held]
    else:
        few = [r for r in proposal.roles if r.says("codebook") == key and r is not held]
        found += [role.column for role in few]
    if not found:
        return
    choices = [Choice(c.name, _then(key, c, proposal, counted)) for c in dict.fromkeys(found)][:_MOST]
    about = f"{proposal.path}: " + "; ".join(f"{c.name} ({samples(c)})" for c in dict.fromkeys(found[:_MOST]))
    yield Part(proposal.key, about, (*choices, Choice(NONE, _without(key))), held.column.name if held else "")
    if held is not None and held.column.ambiguous and held.says("date") == DECIDE:
        either = [
            Choice("day first" if r.layout.find("%d") < r.layout.find("%m") else "month first", _span(r.first, r.last))
            for r in held.column.ambiguous
        ]
        yield Part(f"order {proposal.key}", f"{held.column.name}: day first or month first?", tuple(either))
    if held is not None and held.says("blank") == DECIDE:
        texts, counts = placeholders(held.column), held.column.counts
        about = f"{held.column.name}: {'one text stands' if len(texts) == 1 else f'{len(texts)} texts stand'} in "
        about += f"{counts[texts].sum():,} rows, the next in {counts.drop(texts).max():,}"
        rest = held.column.values[~held.column.values.isin(texts)]
        without = Counted(rest.to_frame(), ()).officers(str(rest.name))
        with_it = counted.officers(held.column.name)
        drop = Choice("placeholder", f"stands for no number: {without}")
        yield Part(f"frequent {proposal.key}", about, (drop, Choice("number", f"is one: {with_it}")))


def _then(key: str, column: ColumnProfile, proposal: Proposal, counted: Counted) -> str:
    role = next(role for role in proposal.roles if role.column is column)
    if key == "complaint":
        return f"as case number: {counted.cases(column.name)}"
    if key == "officer":
        return f"as officer's number: {counted.officers(column.name)}"
    if key == "received":
        return counted.received(role)
    if key == "closed":
        return counted.closed(role)
    terms = FINDING_TERMS if key == "finding" else PENALTY_TERMS
    meant = pd.Series([_term(terms.get(tidy(str(t)))) for t in column.counts.index], index=column.counts.index)
    told = column.counts.groupby(meant).sum().sort_values(ascending=False)
    return ", ".join(f"{term} {count:,}" for term, count in told.head(4).items())


def _term(known: Any) -> str:
    return str(known.get("closing_reason", "closed")) if isinstance(known, dict) else str(known or "not established")


def _without(key: str) -> str:
    return {
        "complaint": "the rows cannot be counted as complaints",
        "officer": "no count of officers",
        "received": "no duration",
        "closed": "no duration; the source has no closing dates",
        "finding": "no share sustained",
        "penalty": "no penalties",
    }[key]


def _span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _of_unit(proposals: Sequence[Proposal]) -> Part:
    main = next((p for p in proposals if p.table in ("allegations", "cases")), proposals[0])
    held = Counted(main.frame, main.roles).units()
    choices = [Choice(u, f"{in_words(held[u], 'record')}: {UNITS[u]}" if u in held else UNITS[u]) for u in UNITS]
    unit, _ = unit_of(proposals)
    return Part("unit", f"{main.path}: {in_words(len(main.frame), 'row')}", tuple(choices), unit.replace(DECIDE, ""))


def _of_rows(proposal: Proposal) -> Iterator[Part]:
    frame = proposal.frame[~proposal.blank]
    key = proposal.key
    if proposal.table == DECIDE:
        choices = [Choice(LEFT_OUT, "its rows are not used"), Choice("complainants", "its rows describe complainants")]
        yield Part(f"table {key}", proposal.why, (*choices, Choice("allegations", "each row is an accusation")))
    if proposal.layout.confirm:
        yield Part(f"layout {key}", proposal.layout.why, (Choice("yes", in_words(len(frame), "row")),), "yes")
    again = int(frame.duplicated().sum())
    behind = [m.what for m in proposal.matters if m.kind == "repeats"]
    if again or behind:
        about = f"{proposal.path}: " + (f"{again:,} rows equal an earlier one" if again else behind[0])
        less = again or int(behind[0].split()[0].replace(",", ""))
        drop = Choice("drop", f"printed twice: {in_words(len(frame) - less, 'row')}")
        keep = Choice("keep", f"records that look alike: {in_words(len(frame), 'row')}")
        yield Part(f"repeats {key}", about, (drop, keep), "keep" if proposal.layout.alike else "")
    held = frame
    told = [m for m in proposal.matters if m.kind in ("total", "header", "note") and named_by(held, m)]
    if told:
        less = sum(len(m.rows) for m in told)
        about = f"{proposal.path}: " + "; ".join(m.what for m in told)
        yield Part(f"no_records {key}", about, (Choice("yes", in_words(len(frame) - less, "record")),), "yes")
    for matter in proposal.matters:
        if matter.kind == "overlap":
            yield Part(f"overlap {key}", matter.what, _overlap(matter.what))
        elif matter.kind != "repeats" and matter not in told:
            yield Part(f"{matter_key(matter)} {key}", f"{matter.what}; say in words how it was settled")


def _overlap(what: str) -> tuple[Choice, ...]:
    first, second = what.split(" have the same columns")[0].split(" and ", 1)
    return (
        Choice("same rows once", "rows that both files hold are one record"),
        Choice(f"only {first}", f"{second} is an older or partial release, and is not used"),
        Choice(f"only {second}", f"{first} is an older or partial release, and is not used"),
        Choice("all", "each row of each file is a record of its own"),
    )


def _of_blank(proposal: Proposal, counted: Counted) -> Iterator[Part]:
    closed = proposal.column(stage="closed")
    states = closed.says("no_day") if closed is not None else None
    for text, state in (states or {}).items():
        assert closed is not None  # it has states
        named = "a blank" if text == "" else repr(text[:40])
        number = int((closed.column.values.fillna("").str.strip() == text).sum())
        choices = [Choice(s, counted.state(s)) for s in ("open", "closed_on_unknown_day", "unknown")]
        rows = closed.column.values.fillna("").str.strip() == text
        for name, words in told_by(proposal.frame.drop(columns=closed.column.name), rows).items():
            told = proposal.frame.loc[rows, name].str.strip().map(words).fillna("unknown").value_counts()
            counts = ", ".join(f"{count:,} {state}" for state, count in told.items())
            choices.append(Choice(f"{BY}{name}", f"{name} tells: {counts}"))
        about = f"{closed.column.name}: {number:,} cells are {named}"
        yield Part(text or "blank", about, tuple(choices), "" if state == DECIDE else str(state))


def _of_names(proposal: Proposal) -> Iterator[Part]:
    for role in proposal.roles:
        kind, column = role.says("drop"), role.column
        if kind is None and role.declared != DECIDE:
            continue
        about = f"{proposal.path}: {column.name} ({samples(column)}): {role.why}"
        choices = (
            Choice("drop", f"{column.distinct:,} texts are removed when the file is read"),
            Choice("officer", f"tells officers apart, by pseudonym: {column.distinct:,} officers"),
            Choice("ignore", "not used"),
            Choice("keep", "published as it is: say so only where it names nobody"),
        )
        yield Part(column.name, about, choices, "drop" if kind else "")


def _of_words(key: str, proposals: Sequence[Proposal], terms: Mapping[str, str]) -> Iterator[Part]:
    known = FINDING_TERMS if key == "finding" else PENALTY_TERMS
    counts: dict[str, int] = {}
    for role in (role for p in proposals for role in p.roles if role.says("codebook") == key):
        for text, count in role.column.counts.items():
            if tidy(str(text)) and tidy(str(text)) not in known and not penalty_rules([str(text)]):
                counts[tidy(str(text))] = counts.get(tidy(str(text)), 0) + int(count)
    for text, count in counts.items():
        yield Part(f"= {text}", in_words(count, "row"), tuple(Choice(t, meant) for t, meant in terms.items()))


def _of_card(proposals: Sequence[Proposal], limits: Mapping[str, int]) -> tuple[list[Part], list[Part], list[Part]]:
    main = next((p for p in proposals if p.column(stage="closed") and p.column(stage="received")), None)
    counted = Counted(main.frame, main.roles) if main is not None else None
    waits = counted.waits() if counted is not None else None
    still = f"{int((~waits[1]).sum()):,} of {len(waits[1]):,} cases name no closing day" if waits else ""
    rule = Part("rule", still, tuple(Choice(r, meaning) for r, meaning in SAMPLING_RULES.items()))
    last = max(
        (r.reading.last for p in proposals for r in p.roles if r.reading is not None and pd.notna(r.reading.last)),
        default=None,
    )
    until = Part("until", f"the last date in the files is {last:%Y-%m-%d}" if last is not None else "a day, or none")
    late = []
    for name, days in sorted(limits.items()):
        over = f", {int((waits[0][waits[1]] > days).sum()):,} dated closings took longer" if waits else ""
        late.append(Choice(name, f"{days:,} days{over}"))
    return (
        [rule],
        [until],
        [
            Part("jurisdiction", "city, county or state"),
            Part("agency", "whose officers are complained of"),
            Part(
                "limit",
                "the time limit of law the cases are judged by",
                (*late, Choice(NONE, "no limit")) if late else (),
            ),
        ],
    )
