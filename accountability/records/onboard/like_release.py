"""Propose a later release from an earlier one: its declaration is kept, and only differences are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accountability.errors import SourceError
from accountability.records.inherited import declared
from accountability.records.onboard.proposal import Proposal
from accountability.records.onboard.proposed_text import entry, scalar
from accountability.records.places import source_folder
from accountability.records.yaml_text import DECIDE


def like_text(name: str, like: str, proposals: Sequence[Proposal]) -> str:
    """Return the ``source.yaml`` of a release like another: dates of the release, files, new and missing columns.

    Raises
    ------
    SourceError
        If a file matches none of the other release's, or two files match the same one.
    """
    base = declared(source_folder(like))["files"]
    lines = [
        f"# {name} is like {like}; only what differs stands here. `accountability check {name}` lists what is left.",
        entry(0, "source", name),
        entry(0, "like", like),
        entry(0, "title", DECIDE, "", "one line: whose complaints, from when to when"),
        "card:",
        entry(2, "obtained", DECIDE, "", "how and when you got it"),
        entry(2, "period", DECIDE, "", "first and last day of receipt: {from: 2016-01-01, to: 2023-07-21}"),
        entry(2, "observed_until", DECIDE, "", "last day on which anything in it was recorded"),
        entry(2, "sampling", {"window": DECIDE}, "", "which complaints, in words; the rule too, where it differs"),
        "files:",
    ]
    matched: dict[str, Proposal] = {}
    for proposal in proposals:
        key = _most_alike(proposal, base, like)
        if key in matched:
            raise SourceError(
                f"{matched[key].path} and {proposal.path} have the layout of one file of {like}, {key!r}: rows of two "
                "releases are never pooled in one source. Declare one source for each release"
            )
        matched[key] = proposal
        lines += _file(key, proposal, base[key])
    lines += [f"  {scalar(key)}: null  # not in this release" for key in base if key not in matched]
    return "\n".join(lines) + "\n"


def _most_alike(proposal: Proposal, base: dict[str, Any], like: str) -> str:
    """The file of the other release that shares most columns, at least half of its own."""
    own = set(proposal.frame.columns)
    shared = {key: len(own & set(file["columns"])) for key, file in base.items()}
    best = max(shared, key=lambda key: shared[key])
    if 2 * shared[best] < len(base[best]["columns"]):
        raise SourceError(
            f"{proposal.path} shares {shared[best]} of the {len(base[best]['columns'])} columns of {like}'s file "
            f"{best!r}, the most alike: it is no release of it. Declare it anew, without --like"
        )
    return best


def _file(key: str, proposal: Proposal, base: dict[str, Any]) -> list[str]:
    own, known = list(proposal.frame.columns), base["columns"]
    lines = [
        f"  {scalar(key)}:",
        entry(4, "path", proposal.path),
        *([entry(4, "url", None)] if "url" in base else []),
        entry(4, "sha256", proposal.sha256),
        entry(4, "bytes", proposal.bytes),
        entry(4, "rows", len(proposal.frame)),
    ]
    changed = [entry(6, name, None, "", "not in this release") for name in known if name not in own]
    for role in proposal.roles:
        name, said = role.column.name, known.get(role.column.name)
        if said is None:
            changed.append(
                entry(6, name, DECIDE, "", f"new in this release; the cells suggest {scalar(role.declared)}")
            )
        elif isinstance(said, dict) and "date" in said and role.says("date") not in (None, DECIDE, said["date"]):
            new = {**said, "date": role.says("date")}
            changed.append(entry(6, name, new, "CONFIRM", f"dates were written {scalar(said['date'])}"))
    return [*lines, *(["    columns:", *changed] if changed else [])]
