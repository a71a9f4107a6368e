"""Ask the questions about a new source on the terminal, each with its choices and their consequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from accountability.records.onboard.proposal import Proposal
    from accountability.records.onboard.questions import Part

_MOST = 8


def ask(found: Sequence[Proposal]) -> Mapping[str, Mapping[str, Any]]:
    """Ask the questions one by one; an answer changes the counts of later questions.

    Enter accepts the starred choice; a blank answer without a starred choice leaves the question open.
    """
    from accountability.publish.new_source_form import limits_of_law
    from accountability.records.onboard.answer_file import answered, checked
    from accountability.records.onboard.questions import as_text

    said: dict[str, dict[str, Any]] = {}
    limits = limits_of_law()
    asked = answered(found, said, limits).asked
    typer.echo(as_text(asked))
    typer.echo("\nEnter takes what is marked *; an empty answer without a mark leaves the matter to decide.\n")
    for key in [question.key for question in asked]:
        question = next((q for q in answered(found, checked(said), limits).asked if q.key == key), None)
        for part in question.parts if question is not None else ():
            if (value := _one(key, part)) is not None:
                said.setdefault(key, {})[part.key] = value
    return said


def _one(key: str, part: Part) -> str | None:
    typer.echo(f"{key} [{part.key}] {part.about}")
    known = [choice.answer for choice in part.choices]
    for choice in part.choices[:_MOST]:
        typer.echo(f"   {choice.answer}: {choice.then}")
    while True:
        told = str(typer.prompt(key, default=part.proposed, show_default=bool(part.proposed))).strip()
        if not told:
            return None
        if not known or told in known:
            return told
        typer.echo(f"{told!r} is none of {', '.join(known)}")
