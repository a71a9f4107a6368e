"""The proposal for the tables of undeclared files: the format and columns of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from accountability.records import readers
from accountability.records.dated_steps import BEGINNINGS
from accountability.records.onboard.births import without_births
from accountability.records.onboard.closings import propose_states
from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.consequences import Counted, in_words
from accountability.records.onboard.layout import Layout
from accountability.records.onboard.matter import Matter
from accountability.records.onboard.roles import Role, roles
from accountability.records.onboard.screen import screen
from accountability.records.onboard.screen_rows import no_records, overlaps
from accountability.records.yaml_text import DECIDE

_MOST_TABLES = 12
_PEOPLE = frozenset(("age", "race", "gender", "sex", "ethnicity", "injury", "birth"))
_PERSONS = frozenset(
    word + end
    for word in ("victim", "witness", "complainant", "civilian", "citizen", "person", "subject", "party")
    for end in ("", "s", "es")
) | {"people", "parties"}
_ATTRIBUTES = ("officer_id", "category", "finding", "recommended_finding", "imposed", "recommended")


@dataclass(frozen=True)
class Proposal:
    """One table of a file with its proposal.

    Attributes
    ----------
    key : str
        Name under ``files:``.
    path : str
        File name in the source's folder.
    fmt : Format
        Its format.
    frame : DataFrame
        Every cell as text.
    roles : list of Role
        One for each column.
    table : str
        The coded table of its rows, or ``DECIDE``.
    why : str
        The evidence for `table`.
    matters : tuple of Matter
        Matters in its cells that a person must decide.
    layout : Layout
        The evidence for ``fmt``.
    columns : sequence of ColumnProfile
        The profile of each column.
    raw_rows : int
        Rows of the file before any step of `prepare`.
    """

    key: str
    path: str
    sha256: str
    bytes: int
    fmt: readers.Format
    frame: pd.DataFrame
    roles: list[Role]
    table: str = DECIDE
    why: str = ""
    matters: tuple[Matter, ...] = ()
    layout: Layout = field(default_factory=Layout)
    columns: Sequence[ColumnProfile] = ()
    raw_rows: int = 0

    def column(self, **wanted: str) -> Role | None:
        """Return the column with this declaration, for instance ``to="case_id"``."""
        (key, value), *_ = wanted.items()
        return next((role for role in self.roles if role.says(key) == value), None)

    @property
    def blank(self) -> pd.Series:
        """Which rows are empty or blank."""
        empty = pd.Series(True, index=self.frame.index)
        for name in self.frame.columns:
            if not empty.any():
                break
            cells = self.frame[name]
            empty &= cells.isna() | (cells.str.strip() == "")
        return empty


def proposed(
    found: Sequence[Proposal], answers: Mapping[str, Mapping[str, str | None]] | None = None
) -> list[Proposal]:
    """Propose the meaning of each table's columns.

    Parameters
    ----------
    found : sequence of Proposal
        The tables from :func:`looked_at`.
    answers : mapping, optional
        Key of a table to a person's answers about its columns; see :func:`accountability.records.onboard.roles.roles`.
    """
    said = answers or {}
    made = [replace(p, roles=roles(p.columns, said[p.key])) if said.get(p.key) else p for p in found]
    made = [_without_births(p) for p in made]
    return _screened([_with_states(p) for p in with_consequences(_with_tables(made))])


def _with_tables(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Say which coded table each belongs to, and which of its columns describe the whole case."""
    made: list[Proposal] = []
    several = len(proposals) > 1
    for proposal in proposals:
        case, officer = proposal.column(to="case_id"), proposal.column(to="officer_id")
        alone = case is not None and several and not _belongs(proposal, case, proposals)
        has_cases = any(p.table == "cases" for p in made)
        each = any(proposal.column(to=name) for name in _ATTRIBUTES if name != "category")
        people = [] if each or officer is not None else _of_people(proposal, several)
        if case is None and officer is not None and several:
            table, why = "officers", "it has officer ids and no case numbers"
        elif case is not None and people:
            table = "complainants" if "complainant" in proposal.path.lower() else DECIDE
            why = (
                f"{proposal.path} holds people ({', '.join(people)}) and no officer, finding or penalty: its rows are "
                "not accusations; `complainants`, or take the file out"
            )
        elif alone and case is not None:
            table, why = DECIDE, _apart(proposal, case, proposals)
        elif case is None:
            table, why = DECIDE, "no column looks like a case number; give the column that does `to: case_id`"
        else:
            filled = proposal.frame.loc[~proposal.blank, case.column.name].dropna()
            rows = f"{len(filled):,} rows, {filled.nunique():,} case numbers"
            if filled.is_unique and not each and not has_cases:
                table, why = "cases", f"{rows}, and no column of officers, findings or penalties"
            else:
                table, why = "allegations", rows
        made.append(replace(proposal, table=table, why=why))
    return [_of_case(p, not any(o.table == "cases" for o in made)) if p.table == "allegations" else p for p in made]


def _apart(proposal: Proposal, case: Role, others: Sequence[Proposal]) -> str:
    """Why a file seems to be of other complaints; numbers that another writes with or without zeros are named."""

    def bare(one: Proposal, role: Role) -> pd.Series:
        return one.frame[role.column.name].dropna().astype("str").str.strip().str.replace(r"^0+(?=\d)", "", regex=True)

    own = bare(proposal, case)
    for other in others:
        if other is not proposal and (theirs := other.column(to="case_id")) is not None:
            shared = int(own.isin(bare(other, theirs)).sum())
            if 2 * shared > len(own):
                return (
                    f"{case.column.name}: {shared:,} of its {len(own):,} numbers stand in {other.path} with other "
                    f"leading zeros: `extract: '0*(.+)'` in the line of both columns reads them as one; {proposal.path}"
                )
    return (
        f"{case.column.name}: none of its numbers stands in another file, and its columns are its own: {proposal.path}"
    )


def _belongs(proposal: Proposal, case: Role, others: Sequence[Proposal]) -> bool:
    """Whether another file has the same columns or shares a case number, or none has case numbers."""
    numbered = 0
    for other in others:
        theirs = other.column(to="case_id")
        if other.key == proposal.key:
            continue
        numbered += theirs is not None
        same = list(other.frame.columns) == list(proposal.frame.columns)
        shares = theirs is not None and case.column.counts.index.isin(theirs.column.counts.index).any()
        if same or shares:
            return True
    return not numbered


def _of_people(proposal: Proposal, several: bool) -> list[str]:
    """Columns that describe people, where a file has nothing else but its case numbers and dates.

    A file that stands alone and dates a step is of cases, whoever they describe.
    """
    if not several and any(role.says("stage") for role in proposal.roles):
        return []
    found = [role.column.name for role in proposal.roles if _PEOPLE & set(role.column.words)]
    found += [r.column.name for r in proposal.roles if r.says("drop") in ("name", "contact", "address", "birth_date")]
    rest = [role for role in proposal.roles if role.column.name not in found and role.says("to") != "case_id"]
    described = all(role.says("drop") or role.says("ignore") or role.says("stage") for role in rest)
    named = bool(_PERSONS & set(re.findall("[a-z]+", proposal.path.lower()))) and not any(
        role.says("stage") == "closed" for role in proposal.roles
    )
    return list(dict.fromkeys(found)) if (named and found) or (len(found) >= 2 and described) else []


def with_consequences(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Add to each id its consequences, those of the other candidates, and its links."""
    made = []
    for proposal in proposals:
        counted, ids = Counted(proposal.frame, proposal.roles), []
        for role in proposal.roles:
            target = role.says("to")
            if target == "case_id":
                others = [f"{c.name!r} as case number: {counted.cases(c.name)}" for c in role.rivals]
                rows = f"as row number: {in_words(len(proposal.frame), 'complaint')}"
                said = [role.why, *counted.more(role.column.name), *others, rows, *_links(proposal, role, proposals)]
                role = replace(role, why="; ".join(said))
            elif target == "officer_id":
                others = [f"{c.name!r} as officer's number: {counted.officers(c.name)}" for c in role.rivals]
                said = [role.why, counted.share(role.column.name), *others, *_links(proposal, role, proposals)]
                role = replace(role, why="; ".join(filter(None, said)))
            ids.append(role)
        made.append(replace(proposal, roles=ids))
    return made


def _links(proposal: Proposal, role: Role, others: Sequence[Proposal]) -> list[str]:
    """How many of its ids stand in each other file, for the link between the two."""
    said = []
    for other in others:
        theirs = other.column(to=role.says("to")) if other.key != proposal.key else None
        if theirs is not None:
            held = int(role.column.counts.index.isin(theirs.column.counts.index).sum())
            where = f"{other.path} ({theirs.column.name!r})"
            said.append(f"links {held:,} of {in_words(role.column.distinct, 'number')} to {where}")
    return said


def _without_births(proposal: Proposal) -> Proposal:
    frame, roles_ = without_births(proposal.frame, proposal.roles)
    return replace(proposal, frame=frame, roles=roles_)


def _with_states(proposal: Proposal) -> Proposal:
    """Propose what the closings that name no day say of their cases."""
    made = []
    for role in proposal.roles:
        if (
            role.says("stage") not in (None, DECIDE, *BEGINNINGS)
            and role.reading is not None
            and isinstance(role.declared, dict)
        ):
            frame = proposal.frame[~proposal.blank].reset_index(drop=True)
            none = [m for m in no_records(frame, masked_in(proposal.roles)) if m.kind != "note"]
            frame = frame.drop(index=[row - 1 for m in none for row in m.rows])
            states, why = propose_states(frame, role.column.name, role.declared["date"])
            if states:
                declared = {**role.declared, "no_day": states}
                role = replace(role, declared=declared, why=f"{why}; {role.why}", confirm=True)
        made.append(role)
    return replace(proposal, roles=made)


def _screened(proposals: Sequence[Proposal]) -> list[Proposal]:
    """What the cells show: a month dressed as a day is declared so, everything else is for a person to settle."""
    paths = [p.path for p in proposals]
    shown = [p.path if paths.count(p.path) == 1 else f"{p.path} ({p.key})" for p in proposals]
    frames = {name: p.frame for name, p in zip(shown, proposals, strict=True)}
    numbered = [(name, p.column(to="case_id")) for name, p in zip(shown, proposals, strict=True)]
    keys = {name: [role.column.name] for name, role in numbered if role is not None}
    shared = overlaps(frames, keys) if len(frames) > 1 else []
    made = []
    for at, proposal in enumerate(proposals):
        filled = np.flatnonzero(~proposal.blank) + 1
        matters = screen(proposal.frame[~proposal.blank].reset_index(drop=True), masked_in(proposal.roles))
        matters = [replace(m, rows=tuple(int(filled[row - 1]) for row in m.rows)) for m in matters]
        heaped = {m.column: m for m in matters if m.kind == "heaped"}
        mixed = {m.column: m for m in matters if m.kind == "mixed_order"}
        roles_ = [_with_precision(_with_order(role, mixed), heaped) for role in proposal.roles]
        kept = [m for m in matters if m.kind not in ("heaped", "mixed_order") and _matters(m, proposal)]
        made.append(
            replace(proposal, roles=roles_, matters=(*proposal.layout.matters, *kept, *(shared if at == 0 else ())))
        )
    return made


def masked_in(roles_: Sequence[Role]) -> set[str]:
    """Return the possibly identifying columns, of which no text is shown."""
    return {r.column.name for r in roles_ if r.says("drop") or r.says("pseudonym") or r.column.person}


def _matters(matter: Matter, proposal: Proposal) -> bool:
    """Spellings matter where rows are counted or linked by them; everything else always does."""
    if matter.kind != "variants":
        return True
    role = next(role for role in proposal.roles if role.column.name == matter.column)
    return role.says("to") in ("case_id", "officer_id") and not role.says("normalise")


def _with_order(role: Role, mixed: Mapping[str | None, Matter]) -> Role:
    """Where cells are in more than one order of day and month, nobody but the agency can tell."""
    matter = mixed.get(role.column.name)
    if matter is None:
        return role
    stage = role.says("stage") or DECIDE
    return replace(role, declared={"stage": stage, "date": DECIDE}, why=matter.what, reading=None, confirm=False)


def _with_precision(role: Role, heaped: Mapping[str | None, Matter]) -> Role:
    """A day of the month that nearly all dates share stands for the month."""
    matter = heaped.get(role.column.name)
    if matter is None or not role.says("stage") or not isinstance(role.declared, dict) or role.reading is None:
        return role
    date = role.declared["date"]
    plain = date if isinstance(date, dict) else {"date": date}
    declared = {**role.declared, "date": {**plain, "lies": [dict(matter.lie)]}}
    return replace(role, declared=declared, why=f"{matter.what}; {role.why}", confirm=True)


def _of_case(proposal: Proposal, alone: bool) -> Proposal:
    """Mark the columns of an allegations table that say the same in every row of a case."""
    case = proposal.column(to="case_id")
    assert case is not None  # only a table with case numbers is of allegations
    ids = case.column.name
    repeats = proposal.frame[ids].dropna().duplicated().any()
    marked: list[Role] = []
    for role in proposal.roles:
        described = isinstance(role.declared, dict) and (role.says("stage") or role.says("to"))
        free = not (role.says("of") or role.says("to") in (*_ATTRIBUTES, "case_id"))
        of_officer = str(role.says("to")).startswith("officer_")
        if not (described and free and (role.says("stage") or repeats)) or of_officer:
            marked.append(role)
            continue
        pairs = proposal.frame.loc[proposal.frame[ids].notna(), [ids, role.column.name]].drop_duplicates()
        distinct = pairs.dropna() if role.says("stage") else pairs  # an empty cell dates nothing; it is a value else
        differ = int(distinct.loc[distinct[ids].duplicated(), ids].nunique())
        if differ and role.says("stage") == "closed" and not role.said:
            why = (
                f"the rows of {differ:,} case(s) close on different days: `of: row` closes each on its own, and a case "
            )
            why += f"on the first of them; `of: case, varies: first` on that of its first row; {role.why}"
            marked.append(replace(role.saying(of=DECIDE), why=why))
        elif differ:
            marked.append(replace(role, why=f"{role.why}; differs between the rows of {differ:,} case(s)"))
        elif role.says("stage") or (alone and role.says("to")):
            assert isinstance(role.declared, dict)
            why = f"{role.why}; the same in every row of a case" if repeats else role.why
            marked.append(replace(role, declared={**role.declared, "of": "case"}, why=why))
        else:
            marked.append(role)
    return replace(proposal, roles=marked)
