"""Guess the role of each column of an unknown file, from its cells and from known words in its name.

A guess has its evidence and needs confirmation. What the cells do not decide is left open; possibly identifying columns
are proposed for removal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from accountability.records.contract import MADE_COLUMNS
from accountability.records.onboard.case_number import case_number, counts_rows, nobody_said, without_points
from accountability.records.onboard.column_profile import ColumnProfile, Reading
from accountability.records.onboard.hints import (
    FINDING_TERMS,
    NAMED,
    PENALTY_TERMS,
    PERSON_WORDS,
    STAGE_WORDS,
    penalty_rules,
)
from accountability.records.onboard.screen import all_plain
from accountability.records.yaml_text import DECIDE

_AGES: Final = [18, 25, 35, 45, 55, 65]
_MANY: Final = 400


@dataclass(frozen=True, slots=True)
class Role:
    """A column's proposed declaration.

    Attributes
    ----------
    column : ColumnProfile
    declared : mapping or str
        The entry in ``source.yaml``; ``DECIDE`` if the cells do not tell.
    why : str
        The evidence.
    reading : Reading or None
        The format of its dates, if it holds dates and the format is known.
    confirm : bool
        Whether a wrong guess would silently give wrong numbers, so that a person must confirm it.
    rivals : tuple of ColumnProfile
        Other candidates for the role.
    said : bool
        Whether a person answered it.
    """

    column: ColumnProfile
    declared: dict[str, Any] | str
    why: str
    reading: Reading | None = None
    confirm: bool = False
    rivals: tuple[ColumnProfile, ...] = ()
    said: bool = False

    @property
    def decided(self) -> bool:
        """Whether it has no open decision."""
        return DECIDE not in str(self.declared)

    def says(self, key: str) -> Any:
        """Return one key of the declaration, if present."""
        return self.declared.get(key) if isinstance(self.declared, dict) else None

    def saying(self, **more: Any) -> Role:
        """Return the role with further declarations."""
        return replace(self, declared={**(self.declared if isinstance(self.declared, dict) else {}), **more})


def roles(columns: Sequence[ColumnProfile], given: Mapping[str, str | None] | None = None) -> list[Role]:
    """Propose a declaration for every column of a file.

    Parameters
    ----------
    columns : sequence of ColumnProfile
        The columns in file order.
    given : mapping of str to str or None, optional
        Answers: ``complaint``, ``officer``, ``received``, ``closed``, ``finding`` or ``penalty`` to the name of its
        column, or to None if there is none.

    Returns
    -------
    list of Role
        In the same order. At most one case id, one officer id, one column per stage; every ``to`` is used once.
    """
    given = given or {}
    by_name = {column.name: column for column in columns}
    parted = _in_parts(columns)
    free = [c for c in columns if c.name not in given.values() and c.name not in parted]
    officers = sorted((c for c in free if _is_officer_id(c)), key=lambda c: not c.named_exactly("officer"))
    officer = by_name.get(given["officer"] or "") if "officer" in given else next(iter(officers), None)
    numbering = [c for c in free if c is not officer and c not in officers and _may_number(c)]
    case, rivals, person = case_number(numbering, columns)
    if "officer" not in given and officer is None:
        officer = person
    if "complaint" in given:
        case = by_name.get(given["complaint"] or "")
    elif case is not None and officer is not None and officer.unique and not case.unique:
        case = None  # one row an officer
    could = [c for c in numbering if c.distinct > 0.1 * c.filled and not c.measured]
    could = list(dict.fromkeys([*rivals, *could]))
    stages = _stages(columns, given)
    coded = _coded_columns(columns, given)
    taken: set[str] = {*MADE_COLUMNS, "date", "stage", "case_id", "officer_id", *stages.values()}
    taken |= {declared["to"] for declared, _ in coded.values()}
    found: list[Role] = []
    for column in columns:
        said = column.name in given.values()
        if column is case:
            why = f"as case number: {column.distinct:,} complaints in {column.rows:,} rows" + (
                "" if column.filled == column.rows else f", {column.rows - column.filled:,} empty"
            )
            others = tuple(c for c in could if c is not column and c is not officer)[:4]
            found.append(_numbered(column, _joined(column), why, others, said))
        elif column is officer:
            why = f"as officer's number: {column.distinct:,} officers"
            others = tuple(c for c in [*officers, *([person] if person else [])] if c is not column and c is not case)
            role = _numbered(
                column, {"to": "officer_id", "pseudonym": True}, why, tuple(dict.fromkeys(others))[:4], said
            )
            if not said and column is person and not _has(column, NAMED["officer"] | NAMED["id"]):
                why = "its rows have several days, as a person's number has: {to: officer_id, pseudonym: true} where "
                why += f"it numbers officers, {{ignore: why}} where it is a place or a kind; {role.why}"
                role = replace(role, declared=DECIDE, why=why, confirm=False)
            found.append(role)
        elif column in officers and not said:
            found.append(_another_officer(column, officer, taken))
        elif column.name in parted:
            part = _part(column, parted[column.name], stages.get(column.name, DECIDE))
            found.append(replace(part, said=said))
        elif column.name in coded:
            declared, why = coded[column.name]
            found.append(Role(column, declared, why, said=said))
        else:
            role = _dated(column, stages.get(column.name, DECIDE)) or _other(column, taken)
            taken |= {str(role.says("to") or "")}
            found.append(replace(role, said=said))
    return found


def _numbered(
    column: ColumnProfile, declared: dict[str, Any], why: str, rivals: tuple[ColumnProfile, ...], said: bool
) -> Role:
    """The role of an id; texts that may stand for no number are for a person to decide."""
    if asked := nobody_said(column):
        why, declared = f"{asked}; {why}", {**declared, "blank": DECIDE}
    if plain := without_points(column):
        why, declared = f"{why}; {plain:,} with type: code, which reads 1012.0 as 1012", {**declared, "type": "code"}
    return Role(column, declared, why, confirm=True, rivals=rivals, said=said)


def _another_officer(column: ColumnProfile, officer: ColumnProfile | None, taken: set[str]) -> Role:
    """A further column of officers' numbers: of another officer of the row where only a number tells the two apart."""
    declared = {"to": _free("officer_number", column, taken), "pseudonym": True}
    taken.add(str(declared["to"]))
    held = f"{column.distinct:,} different texts"
    if officer is not None and re.sub(r"\d+", "", column.name) == re.sub(r"\d+", "", officer.name):
        why = f"a further officer of the row: only those in {officer.name} count; a script under `prepare` "
        return Role(column, DECIDE, f"{why}makes a row of each officer, or {{ignore: why}}; {held}")
    return Role(column, declared, f"also a number of officers; {held}", confirm=True)


def _stages(columns: Sequence[ColumnProfile], given: Mapping[str, str | None]) -> dict[str, str]:
    """The stage that each column of dates names; of several for one stage, the one that says least else."""
    parts = {name for name, (part, _) in _in_parts(columns).items() if part == "year"}
    dated = [c for c in columns if c.name in parts or (c.dates and not NAMED["birth"] & set(c.words))]
    found = {name: stage for stage in ("received", "closed") if (name := given.get(stage)) is not None}
    ranked: list[tuple[int, int, str, str]] = []
    for at, column in enumerate(dated):
        words = set(column.words)
        for stage, named in STAGE_WORDS:
            if words & named:
                more = len(words - named - NAMED["date"] - {"of", "the", "de", "year"})
                ranked.append((more, at, column.name, stage))
                break
    for _, _, name, stage in sorted(ranked):
        if name not in found and name not in given.values() and stage not in (*found.values(), *given):
            found[name] = stage
    return found


def _in_parts(columns: Sequence[ColumnProfile]) -> dict[str, tuple[str, str]]:
    """Columns that hold the year, the month and the day of one date: each to its part and the column of the year."""
    limits = {"year": (1900, 2100), "month": (1, 12), "day": (1, 31)}
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for column in columns:
        part = next((name for name in limits if name in column.words), None)
        if part is None or not column.numeric or not column.filled:
            continue
        numbers = pd.to_numeric(pd.Series(column.counts.index), errors="coerce")
        if numbers.between(*limits[part]).all() and (numbers % 1 == 0).all():
            groups.setdefault(tuple(word for word in column.words if word != part), {})[part] = column.name
    whole = [group for group in groups.values() if "year" in group and "month" in group]
    return {name: (part, group["year"]) for group in whole for part, name in group.items()}


def _part(column: ColumnProfile, part: tuple[str, str], stage: str) -> Role:
    which, year = part
    why = f"the {which} of a date whose year stands in {year!r}"
    if which != "year":
        return Role(column, {f"{which}_of": year}, why, confirm=True)
    why = "the year of a date whose month stands beside it"
    return Role(column, {"stage": stage, "date": "parts"}, why, confirm=True)


def _has(column: ColumnProfile, words: frozenset[str]) -> bool:
    return bool(words & set(column.words))


def _may_number(column: ColumnProfile) -> bool:
    """Whether a column could number cases at all: short texts, mostly filled, that name no person and are no dates."""
    person = _identifying(column) is not None and (column.person is None or column.person.kind != "number")
    return column.filled >= 0.5 * column.rows > 0 and not column.dates and not person and column.lengths[1] <= 60


def _joined(column: ColumnProfile) -> dict[str, Any]:
    """The declaration of a case number; spellings that only the eye takes for one are made one."""
    texts = pd.Series(column.counts.index, dtype="str")
    blanks = texts.str.contains(r"^\s|\s$|[^\x00-\x7f]", regex=True)
    if blanks.any() and all_plain(texts).nunique() < column.distinct:
        return {"to": "case_id", "normalise": ["strip", "collapse_blanks"]}
    return {"to": "case_id"}


def _is_officer_id(column: ColumnProfile) -> bool:
    words = set(column.words)
    if not words & NAMED["officer"] or not words & NAMED["id"] or words & {"name", "badge", "star"}:
        return False
    if not column.filled or column.dates or _has(column, NAMED["other_people"] | NAMED["category"]):
        return False
    return not column.measured and not counts_rows(column)


def _identifying(column: ColumnProfile) -> tuple[str, str] | None:
    """Kind of identifying column and why, if it is one."""
    words = set(column.words)
    if not column.filled:
        return None
    if words & {"dob", "birthdate", "birthday"} or ({"birth", "date"} <= words):
        return "birth_date", "its name says a date of birth"
    for kind, named in PERSON_WORDS:
        if words & named and not (kind == "name" and (words & NAMED["place"] or column.coded)):
            return kind, f"its name says so; {column.distinct:,} different texts"
    if (seen := column.person) is not None and not (column.dates and seen.kind != "birth_date"):
        return ("shield" if seen.kind == "number" else seen.kind), seen.why
    mean, longest = column.lengths
    varied = column.distinct > 0.3 * column.filled and column.distinct > 5
    if (words & NAMED["text"] and varied and mean > 12) or (mean > 60 and varied) or longest > 400:
        return "free_text", f"texts of {mean:.0f} characters on average, the longest {longest:,}; may name people"
    if (
        words & NAMED["officer"]
        and varied
        and not column.numeric
        and not words & NAMED["place"]
        and not words & NAMED["id"]
    ):
        return "name", "its name says an officer; to tell officers apart: {to: officer_id, pseudonym: true}"
    return None


def _dated(column: ColumnProfile, stage: str) -> Role | None:
    """The declaration of a column of dates, its day and month order and its stage as far as they are settled."""
    if not column.dates or NAMED["birth"] & set(column.words):
        return None
    best, ambiguous = column.dates[0], column.ambiguous
    if ambiguous:
        date: Any = DECIDE
        either = " or ".join(r.layout for r in ambiguous)
        why = f"date: {either}, each fits {best.fits:,} of {column.filled:,} cells and gives other days; ask the agency"
    else:
        date = best.declared
        why = f"{best.layout} fits {best.fits:,} of {column.filled:,} cells"
        why += f", {best.first:%Y-%m-%d} to {best.last:%Y-%m-%d}"
        if best.above_12 and re.search("%d.%m|%m.%d", best.layout):
            why += f"; {best.above_12:,} have a day above 12"
    if column.filled < column.rows:
        why += f"; {column.rows - column.filled:,} empty"
    if stage == DECIDE:
        why = f"stage: which step? one of the stages listed above, or {{ignore: why}}; {why}"
    return Role(column, {"stage": stage, "date": date}, why, None if ambiguous else best)


def _other(column: ColumnProfile, taken: set[str]) -> Role:
    words = set(column.words)
    if not column.filled:
        return Role(column, {"ignore": "empty in every row"}, f"all {column.rows:,} cells are empty")
    held = f"{column.distinct:,} different texts in {column.filled:,} filled cells"
    of_person = any(words & named for _, named in PERSON_WORDS)
    if column.unique and not of_person and (words & NAMED["row"] or counts_rows(column)):
        return Role(column, {"ignore": "running number"}, "it counts the rows, and no two rows share it")
    identifying = _identifying(column)
    if identifying is not None:
        return Role(column, {"drop": identifying[0]}, identifying[1], confirm=column.person is not None)
    if column.distinct == 1 and column.filled == column.rows > 1:
        return Role(column, {"ignore": "the same in every row"}, f"one text in {column.filled:,} filled cells")
    if words & NAMED["age"] and column.numeric:
        made: dict[str, Any] = {"to": _free("age", column, taken), "type": "number", "band": _AGES}
        return Role(column, _of(made, words), "numbers; ages are published in bands")
    if {"birth", "year"} <= words or words & {"birthyear", "yob"}:
        return Role(
            column, {"to": _free("birth_decade", column, taken), "type": "number", "band": 10}, "years in bands"
        )
    for what in ("race", "gender", "sex", "ethnicity", "rank"):
        if what in words and column.distinct <= _MANY:
            whose = "officer_" if words & NAMED["officer"] else ""
            target = _free(f"{whose}{'gender' if what == 'sex' else what}", column, taken)
            whom = (
                ""
                if words & (NAMED["officer"] | NAMED["other_people"])
                else "; whose is it? a complainant's needs of: complainant"
            )
            return Role(column, _of({"to": target}, words), held + whom)
    if words & NAMED["category"] and column.distinct <= _MANY and "category" not in taken:
        return Role(column, {"to": "category"}, held)
    own = column.filled >= 20 and column.distinct >= 0.9 * column.filled and not column.numeric
    few = (column.distinct <= 50 and not own) or (column.distinct <= 0.05 * column.filled and column.distinct <= _MANY)
    if few and words & NAMED["complainant"] and not words & NAMED["place"]:
        return Role(column, _of({"to": _free(_slug(column.name), column, taken)}, words), held)
    if few and not _has(column, NAMED["other_people"]):
        return Role(column, {"to": _free(_slug(column.name), column, taken)}, held)
    target = _free(_slug(column.name), column, taken)
    choices = f"{{drop: kind}} if it identifies people, {{ignore: why}}, or {{to: {target}}}"
    return Role(column, DECIDE, f"{choices}; {held}")


def _of(declared: dict[str, Any], words: set[str]) -> dict[str, Any]:
    return {**declared, "of": "complainant"} if words & NAMED["complainant"] else declared


_BLOCKS: Final = (
    ("finding", "finding", "recommended_finding", "finding", frozenset(FINDING_TERMS)),
    ("penalty", "imposed", "recommended", "penalty", frozenset(PENALTY_TERMS)),
)


def _coded_columns(
    columns: Sequence[ColumnProfile], given: Mapping[str, str | None]
) -> dict[str, tuple[dict[str, Any], str]]:
    """Findings and penalties, known by their texts or by a name whose texts are few: declaration and evidence of each.

    Of a pair the one that says it was recommended is the recommendation; of several the final word is the finding.
    """
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for block, final, first, named, texts in _BLOCKS:
        meant = given.get(block)
        held = []
        for at, column in enumerate(columns):
            if column.name in given.values() and column.name != meant:
                continue
            words, few = set(column.words), column.distinct <= _MANY and column.lengths[1] <= 200
            if column.filled and column.name != meant and not few:
                continue
            known = column.share(set(texts))
            if block == "penalty" and column.filled and (few or column.name == meant):  # many texts cost minutes
                ruled = [str(text) for text in column.counts.index if penalty_rules([str(text)])]
                known += sum(int(column.counts[text]) for text in ruled) / column.filled
            likely = known >= 0.5 or (words & NAMED[named] and not column.numeric and column.distinct <= 100)
            if column.filled and column.name != meant and (not likely or column.dates):
                continue
            if column.filled and column.name not in found:
                last = bool(words & NAMED["last_said"])
                early = bool(words & NAMED["first_said"]) and not last
                held.append((column.name != meant, early, not last, at, column, known))
        if block in given and meant is None:
            held = [one for one in held if one[1]]
        for _, early, _, _, column, known in sorted(held, key=lambda one: one[:4]):
            target = first if early and column.name != meant else final
            if target in [declared["to"] for declared, _ in found.values()]:
                continue
            why = f"{column.distinct:,} different texts, {known:.0%} of the filled cells are established words"
            found[column.name] = ({"to": target, "codebook": block}, why)
    return found


def kept(column: ColumnProfile) -> str:
    """Return the name under which a kept column is published."""
    return _free(_slug(column.name), column, {*MADE_COLUMNS, "date", "stage", "case_id", "officer_id"})


def _slug(name: str) -> str:
    slug = "_".join(ColumnProfile(name, _NOTHING).words) or "column"
    return slug if slug[0].isalpha() else f"column_{slug}"


def _free(wanted: str, column: ColumnProfile, taken: set[str]) -> str:
    """A target nobody has yet."""
    if wanted not in taken:
        return wanted
    slug = _slug(column.name)
    return next(name for n in range(len(taken) + 2) if (name := f"{slug}_{n}" if n else slug) not in taken)


_NOTHING: Final = pd.Series([], dtype="str")
