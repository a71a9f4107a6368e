"""Answers to the few questions of a new source: read from a file, checked, and written into the proposal.

The same files and answers give the same declaration. Answers are marked ``CONFIRMED``; what follows from an answer is a
``GUESS``, listed for review; everything else stays to decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from accountability.errors import SourceError, did_you_mean
from accountability.records.onboard.case_number import placeholders
from accountability.records.onboard.closings import told_by
from accountability.records.onboard.hints import tidy
from accountability.records.onboard.proposal import Proposal, proposed
from accountability.records.onboard.proposed_text import entry, matter_key
from accountability.records.onboard.questions import ASKED, BY, LEFT_OUT, NONE, Question, questions
from accountability.records.onboard.roles import Role, kept
from accountability.records.readers import Format
from accountability.records.yaml_text import DECIDE, lines_of, read_yaml
from accountability.vocabulary import UNITS

NAME: Final = "answers.yaml"
_COLUMNS: Final = ("complaint", "officer", "received", "closed", "finding", "penalty")
_ONE: Final = ""
_HEAD: Final = "# Answers to the questions of `accountability new-source`. To replay them on the same files:\n"

Said = Mapping[str, Mapping[str, Any]]
Place = tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """A proposal with the answers filled in.

    Attributes
    ----------
    proposals : list of Proposal
        The tables that are used.
    source, codebook : mapping of place to value and mark
        Lines to rewrite in the two files.
    left : list of str
        One line per file left out.
    asked : list of Question
        The questions after the answers to the columns.
    """

    proposals: list[Proposal]
    source: dict[Place, tuple[Any, str]]
    codebook: dict[Place, tuple[Any, str]]
    left: list[str]
    asked: list[Question]


def read_answers(path: Path) -> dict[str, dict[str, Any]]:
    """Read a file of answers.

    Raises
    ------
    SourceError
        If it is not a mapping of questions to answers, or has an unknown question.
    """
    return checked(read_yaml(path), path.name)


def checked(given: Mapping[str, Any], name: str = "answers") -> dict[str, dict[str, Any]]:
    """Return answers by question and part; an answer that is not a mapping is for the whole question."""
    for key in given:
        if key not in ASKED:
            raise SourceError(
                f"{name}: {key!r} is none of the questions ({', '.join(ASKED)}){did_you_mean(key, ASKED)}"
            )
    return {
        key: {str(k): v for k, v in said.items()} if isinstance(said, Mapping) else {_ONE: said}
        for key, said in given.items()
        if said is not None and said != DECIDE
    }


def told_format(said: Said, name: str) -> Format | None:
    """Return the format of a file, if an answer gives it (``row``, part ``format FILE``).

    Raises
    ------
    SourceError
        If it is not a format.
    """
    told = said.get("row", {}).get(f"format {name}")
    try:
        return None if told is None else Format.model_validate(told)
    except ValidationError as error:
        raise SourceError(f"answers: row: format {name}: {'; '.join(one['msg'] for one in error.errors())}") from None


def answers_text(name: str, said: Said) -> str:
    """Return the text of the answers file."""
    plain = {key: part[_ONE] if set(part) == {_ONE} else dict(part) for key, part in said.items()}
    replay = f"#   accountability new-source {name} FILE... --answers {NAME}\n"
    return _HEAD + replay + yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120)


def answered(found: Sequence[Proposal], said: Said, limits: Mapping[str, int] | None = None) -> Answered:
    """Fill answers into the proposal for profiled tables.

    Raises
    ------
    SourceError
        If an answer names an unknown column, choice or part of its question.
    """
    first = proposed(found)
    used, left = _used(first, said)
    keys = {p.key for p in used}
    meant = {p.key: _columns(p, said) for p in found if p.key in keys}
    proposals = proposed([p for p in found if p.key in keys], meant)
    asked = questions(proposals, limits)
    _refuse_unknown([*questions(first, limits), *asked], said)
    made = [_marked(_with_roles(p, said), said) for p in proposals]
    return Answered(made, _source(made, said, limits or {}), _codebook(made, said), left, asked)


def _of(said: Said, question: str, part: str) -> Any:
    """The answer to a part, or to the whole question where no part is named."""
    parts = said.get(question, {})
    return parts.get(part, parts.get(_ONE))


def _used(proposals: Sequence[Proposal], said: Said) -> tuple[list[Proposal], list[str]]:
    """The tables that are not left out, in the tables that the answers put them in."""
    gone: dict[str, str] = {}
    for proposal in proposals:
        if _of(said, "row", f"table {proposal.key}") == LEFT_OUT:
            gone[proposal.key] = "not of accusations"
        only = str(said.get("row", {}).get(f"overlap {proposal.key}", ""))
        if only.startswith("only "):
            gone |= {p.key: f"the same records as {only[5:]}" for p in proposals if p.path != only[5:]}
    lines = [f"{p.path}: left out, as answered: {gone[p.key]}" for p in proposals if p.key in gone]
    return [p for p in proposals if p.key not in gone], lines


def _columns(proposal: Proposal, said: Said) -> dict[str, str | None]:
    """What was said of the columns of one table."""
    names = [column.name for column in proposal.columns]
    meant: dict[str, str | None] = {}
    for key in _COLUMNS:
        parts = said.get(key, {})
        value = parts.get(proposal.key, parts.get(_ONE))
        if value is None:
            continue
        if str(value) in names:
            meant[key] = str(value)
        elif value == NONE:
            meant[key] = None
        elif proposal.key in parts:
            raise SourceError(
                f"answers: {key}: {proposal.path} has no column {value!r}{did_you_mean(str(value), names)}; it has "
                f"{', '.join(names[:20])}"
            )
    for name, value in said.get("names", {}).items():
        if value == "officer" and name in names:
            meant["officer"] = name
    return meant


def _refuse_unknown(asked: Sequence[Question], said: Said) -> None:
    parts = {key: {p.key: p for q in asked if q.key == key for p in q.parts} for key in ASKED}
    for key, given in said.items():
        whole = given.get(_ONE)
        columns = key in _COLUMNS
        if columns and whole is not None and str(whole) != NONE:
            known = {c.answer for p in parts[key].values() for c in p.choices}
            if str(whole) not in known and not _is_column(asked, str(whole)):
                raise SourceError(_no_choice(key, whole, sorted(known)))
        for part, value in given.items():
            if part in (
                _ONE,
                "authority",
                "window",
                "open_cases",
                "title",
                "publisher",
                "obtained",
                "citation",
                "row_is",
            ) or part.startswith("format "):
                continue
            held = parts[key].get(part) or parts[key].get(f"= {tidy(part[2:])}" if part.startswith("= ") else part)
            if held is None:
                if key == "names":
                    raise SourceError(f"answers: names: {part!r} is not asked about{did_you_mean(part, parts[key])}")
                raise SourceError(
                    f"answers: {key}: {part!r} is no part of this question ({', '.join(parts[key]) or 'nothing asked'})"
                    f"{did_you_mean(part, parts[key])}"
                )
            choices = [choice.answer for choice in held.choices]
            free = not choices or key in _COLUMNS or isinstance(value, Mapping)
            if not free and str(value) not in choices:
                raise SourceError(_no_choice(f"{key}: {part}", value, choices))
        if not columns and whole is not None:
            choices = [c.answer for p in list(parts[key].values())[:1] for c in p.choices]
            if choices and str(whole) not in choices and key != "names":
                raise SourceError(_no_choice(key, whole, choices))


def _is_column(asked: Sequence[Question], name: str) -> bool:
    return any(name == p.key or f" {name} (" in p.about for q in asked for p in q.parts)


def _no_choice(where: str, value: Any, choices: Sequence[str]) -> str:
    return f"answers: {where}: {value!r} is none of {', '.join(choices)}{did_you_mean(str(value), choices)}"


def _with_roles(proposal: Proposal, said: Said) -> Proposal:
    """The roles with what was said of date orders, blanks, placeholders and names."""
    made: list[Role] = []
    for role in proposal.roles:
        name = role.column.name
        order = _order(proposal, role, said)
        if order is not None:
            role = replace(role.saying(date=order[0]), reading=order[1], said=True)
        if role.says("stage") == "closed" and role.says("no_day"):
            blanks = said.get("blank", {})
            states = {
                text: _state(proposal, name, text, blanks.get(text or "blank", blanks.get(_ONE, state)))
                for text, state in role.says("no_day").items()
            }
            answered_all = bool(blanks) and DECIDE not in states.values()
            role = replace(role.saying(no_day=states), said=role.said or answered_all)
        if role.says("blank") == DECIDE:
            key = "complaint" if role.says("to") == "case_id" else "officer"
            choice = said.get(key, {}).get(f"frequent {proposal.key}")
            if choice is not None:
                texts = placeholders(role.column) if choice == "placeholder" else []
                role = role.saying(blank=texts)
        value = _of(said, "names", name)
        if value is not None and (role.says("drop") or role.declared == DECIDE):
            new: dict[str, Any] = {
                "drop": {"drop": role.says("drop") or "free_text"},
                "ignore": {"ignore": "not used, as answered"},
                "keep": {"to": kept(role.column)},
            }.get(str(value), role.declared)  # type: ignore[arg-type]
            role = replace(role, declared=new, said=True)
        made.append(role)
    table = _of(said, "row", f"table {proposal.key}") if proposal.table == DECIDE else proposal.table
    return replace(
        proposal, roles=made, table=table if table in ("complainants", "allegations", "cases") else proposal.table
    )


def _state(proposal: Proposal, closed: str, text: str, state: Any) -> Any:
    """What cells without a day say: a state, or the column whose words tell (``by COLUMN``)."""
    if not isinstance(state, str) or not state.startswith(BY):
        return state
    rows = proposal.frame[closed].fillna("").str.strip() == text
    told = told_by(proposal.frame.drop(columns=closed), rows)
    other = state.removeprefix(BY)
    if other not in told:
        raise SourceError(_no_choice(f"blank: {text or 'blank'}", state, [f"{BY}{name}" for name in told]))
    return {other: told[other]}


def _order(proposal: Proposal, role: Role, said: Said) -> tuple[Any, Any] | None:
    """The reading of a column whose day and month could be either, once somebody said which."""
    if role.says("date") != DECIDE or not role.column.ambiguous:
        return None
    for key in ("received", "closed"):
        chosen = said.get(key, {}).get(f"order {proposal.key}")
        if chosen is not None:
            first = chosen == "day first"
            for reading in role.column.ambiguous:
                if (reading.layout.find("%d") < reading.layout.find("%m")) == first:
                    return reading.declared, reading
    return None


def _marked(proposal: Proposal, said: Said) -> Proposal:
    """Columns whose part of a question was answered no longer wait for a confirmation."""
    parts = {role.column.name for role in proposal.roles if role.said and role.says("date") == "parts"}
    made = []
    for role in proposal.roles:
        of = role.says("month_of") or role.says("day_of")
        made.append(replace(role, said=role.said or of in parts))
    return replace(proposal, roles=made)


def _source(proposals: Sequence[Proposal], said: Said, limits: Mapping[str, int]) -> dict[Place, tuple[Any, str]]:
    """What the answers say of the card, and of the rows of each file."""
    lines: dict[Place, tuple[Any, str]] = {}

    def put(value: Any, *place: str, follows: bool = False) -> None:
        if value is not None:
            lines[place] = (value, "GUESS" if follows else "CONFIRMED")

    unit, rule, law = _of(said, "row", "unit"), _of(said, "rule", "rule"), said.get("law", {})
    put(unit, "card", "unit")
    put(said.get("row", {}).get("row_is") or UNITS.get(str(unit)), "card", "row_is", follows=True)
    until = _of(said, "until", "until")
    put("null" if until == NONE else until, "card", "observed_until")
    put(rule, "card", "sampling", "rule")
    if rule is not None:
        states = [s for p in proposals for r in p.roles for s in (r.says("no_day") or {}).values()]
        some = "included" if any(s != "closed_on_unknown_day" for s in states) or not states else "unknown"
        cases = said.get("rule", {}).get("open_cases") or {"closed_only": "excluded"}.get(rule, some)
        put(cases, "card", "sampling", "open_cases", follows=True)
        window = said.get("rule", {}).get("window") or "the complaints of the file"
        put(window, "card", "sampling", "window", follows=True)
    agency = law.get("agency")
    for key in ("jurisdiction", "agency"):
        put(law.get(key), "card", key)
    if agency is not None:
        put(law.get("title") or f"Complaints against {agency}", "title", follows=True)
        put(law.get("publisher") or str(agency), "card", "publisher", follows=True)
        put(law.get("obtained") or "as given to new-source", "card", "obtained", follows=True)
        put(law.get("citation") or f"{agency}, complaint records", "card", "citation", follows=True)
    limit = law.get("limit")
    if limit not in (None, NONE):
        put([{"rule": limit, "because": "as answered"}], "card", "limits")
    for p in proposals:
        _rows(p, said.get("row", {}), {q.path: q.key for q in proposals}, lines)
    return lines


def _rows(p: Proposal, row: Mapping[str, Any], keys: Mapping[str, str], lines: dict[Place, tuple[Any, str]]) -> None:
    """What the answers say of the rows of one file."""
    place = ("files", p.key)
    if (choice := row.get(f"repeats {p.key}")) is not None:
        why = {"drop": "printed twice, as answered", "keep": "records that look alike, as answered"}[choice]
        behind = next((m.column for m in p.matters if m.kind == "repeats"), None)
        whole = not p.frame[~p.blank].duplicated().any() and behind
        told = {"exact": choice, **({"apart_from": [behind]} if whole else {}), "because": why}
        lines[*place, "repeats"] = ([told], "CONFIRMED")
    if row.get("unit", row.get(_ONE)) is not None:
        lines[*place, "table"] = (None, "CONFIRMED")  # so does what its rows are
        lines[*place, "key"] = (None, "CONFIRMED")  # how many rows a key holds follows from what one row is
    for key, where in (("layout", "format"), ("no_records", "unusable")):
        if row.get(f"{key} {p.key}") in ("yes", True):
            lines[*place, where] = (None, "CONFIRMED")
    for matter in p.matters:
        if matter.kind == "overlap":
            choice = row.get(f"overlap {p.key}")
            if choice is None:
                continue
            lines[*place, "settled", "overlap"] = (f"{choice}, as answered", "CONFIRMED")
            if choice == "same rows once":
                first, second = (keys[n] for n in matter.what.split(" have the same columns")[0].split(" and ", 1))
                told = {"exact": "drop", "also_in": [first], "because": "two exports that overlap, as answered"}
                lines["files", second, "repeats"] = ([told], "CONFIRMED")
        elif (words := row.get(f"{matter_key(matter)} {p.key}")) is not None:
            lines[*place, "settled", matter_key(matter)] = (words, "CONFIRMED")


def _codebook(proposals: Sequence[Proposal], said: Said) -> dict[Place, tuple[Any, str]]:
    """What the answers say of words."""
    lines: dict[Place, tuple[Any, str]] = {}
    for block in ("finding", "penalty"):
        given = said.get(block, {})
        if given:
            who = given.get("authority") or "established words, and the answers of who declared the source"
            lines[block, "authority"] = (who, "GUESS")
        meant = {tidy(key[2:]): value for key, value in given.items() if key.startswith("= ")}
        for role in (role for p in proposals for role in p.roles if role.says("codebook") == block):
            for text in role.column.counts.index:
                if tidy(str(text)) in meant:
                    lines[block, "values", str(text)] = (meant[tidy(str(text))], "CONFIRMED")
    return lines


def write_lines(path: Path, lines: Mapping[Place, tuple[Any, str]]) -> None:
    """Write values into a proposal file, each on its line, keeping the evidence beside it."""
    at, text = lines_of(path), path.read_text(encoding="utf-8").split("\n")
    below: list[tuple[int, str]] = []
    for place, (value, mark) in lines.items():
        number = at.get(place)
        if number is None:
            if value is not None and (above := at.get(place[:-1])) is not None and place[1:2] != ("values",):
                below.append((above, entry(2 * len(place) - 2, place[-1], value, mark, "as answered")))
            continue
        line = text[number - 1]
        pad, why = len(line) - len(line.lstrip()), line.partition("  # ")[2]
        why = re.sub(r"^(?:GUESS|CONFIRM|CONFIRMED): ?", "", why)
        if value is None:
            text[number - 1] = re.sub("  # CONFIRM: ", f"  # {mark}: ", line, count=1)
        else:
            text[number - 1] = entry(pad, place[-1], value, mark, why)
    for number, line in sorted(below, reverse=True):
        text.insert(number, line)
    path.write_text("\n".join(text), encoding="utf-8", newline="\n")
