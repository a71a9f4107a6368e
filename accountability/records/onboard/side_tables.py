"""Files without records: labels of codes, and links between complaints and officers.

Each is proposed as a `lookup` in the file that uses it, so that its rows are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.layout import after_steps
from accountability.records.onboard.proposal import Proposal
from accountability.records.onboard.roles import roles

_MOST: Final = 2_000
_COVERS: Final = 0.9
_GENERIC: Final = frozenset(
    [
        "code",
        "codes",
        "id",
        "ids",
        "no",
        "number",
        "nbr",
        "num",
        "key",
        "type",
        "csv",
        "table",
        "list",
        "label",
        "labels",
        "lookup",
    ]
)


def with_side_tables(found: Sequence[Proposal], paths: Mapping[str, Path]) -> tuple[list[Proposal], list[str]]:
    """Join labels and links to the tables that use them, with one line per file used."""
    kept, lines = {p.key: p for p in found}, []
    for told in (_labels, _links):  # labels may be findings, and links belong to complaints that have them
        for side in found:
            others = [p for key, p in kept.items() if p.path != side.path]
            if side.key not in kept or not others or sum(p.path == side.path for p in found) > 1:
                continue
            for look, user, why in told(side, others):
                plain = bool(look) and side.fmt.model_dump(exclude_defaults=True) in ({}, {"type": "csv"})
                if plain:
                    kept[user.key] = _with_step(user, look, side, why, paths)
                del kept[side.key]
                how = "" if plain else "; save it as a plain CSV file with every code, and give all files anew"
                lines.append(f"{side.path}: {why}{how}")
    return list(kept.values()), lines


def _with_step(user: Proposal, look: dict[str, Any], side: Proposal, why: str, paths: Mapping[str, Path]) -> Proposal:
    step = {"lookup": {**look, "file": side.path}}
    frame = after_steps(user.frame, [step], user.fmt, paths[user.path], paths)
    columns = [ColumnProfile(name, frame[name]) for name in frame.columns]
    prepare = (*user.layout.prepare, ({"lookup": {"file": side.path, **look}}, why))
    layout = replace(user.layout, prepare=prepare, beside=(*user.layout.beside, (side.path, side.sha256)))
    return replace(user, frame=frame, columns=columns, roles=roles(columns), layout=layout)


def _links(side: Proposal, others: Sequence[Proposal]) -> list[tuple[dict[str, Any], Proposal, str]]:
    """A table of nothing but complaints' and officers' numbers, and the complaints with findings that it is of."""
    case, officer = side.column(to="case_id"), side.column(to="officer_id")
    if case is None or officer is None or any(role.says("stage") for role in side.roles) or len(side.roles) > 3:
        return []
    for user in others:
        ids = user.column(to="case_id")
        each = any(user.column(to=to) for to in ("finding", "recommended_finding", "imposed", "recommended"))
        if ids is None or user.column(to="officer_id") or not each or not ids.column.unique:
            continue
        linked = ids.column.counts.index.isin(case.column.counts.index)
        if linked.mean() < 0.2:
            continue
        look = {"column": ids.column.name, "match": case.column.name}
        take = {name: name for role in side.roles if (name := role.column.name) != case.column.name}
        lost = {} if linked.all() else {"unmatched": "blank"}
        why = (
            f"links {int(linked.sum()):,} of {ids.column.distinct:,} complaints of {user.path} to "
            f"{officer.column.distinct:,} officers in {len(side.frame):,} rows: one row for each officer of a complaint"
        )
        return [({**look, "take": take, "many": True, **lost}, user, why)]
    return []


def _labels(side: Proposal, others: Sequence[Proposal]) -> list[tuple[dict[str, Any], Proposal, str]]:
    """A short table of codes, each once, and their labels; the column of another file that holds the codes."""
    if len(side.frame) > _MOST or not 2 <= len(side.columns) <= 6 or any(c.dates for c in side.columns):
        return []
    stem = set(side.path.lower().replace(".", "_").replace("-", "_").split("_"))
    for codes in side.columns:
        if not codes.unique or codes.filled < len(side.frame):
            continue
        for user in others:
            for role in user.roles:
                held, used = role.column, role.column.counts
                if role.says("to") in ("case_id", "officer_id") or held.dates or held.distinct < 2:
                    continue
                known = used.index.isin(codes.counts.index)
                named = set(held.words) & ({*codes.words} | stem) - _GENERIC or {*held.words} == {*codes.words}
                letters = any(str(text)[:1].isalpha() for text in codes.counts.index)
                if used[known].sum() < _COVERS * held.filled or not (named or (letters and known.sum() > 2)):
                    continue
                labels = [c.name for c in side.columns if c is not codes]
                new = {name: name if name not in user.frame else f"{held.name} {name}" for name in labels}
                look = {"column": held.name, "match": codes.name, "take": new}
                why = f"labels of the {held.distinct:,} codes in {held.name!r} of {user.path}"
                if known.all():
                    return [(look, user, why)]
                why += f"; {int((~known).sum()):,} codes, in {int(used[~known].sum()):,} rows, are not among its labels"
                return [({}, user, why)]
    return []
