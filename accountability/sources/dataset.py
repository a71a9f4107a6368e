"""The dataset: three tables, a ledger, and the card that says what they can and cannot carry."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from accountability.ledger import Ledger
from accountability.sources.contract import Card

GENERATED = "GENERATED DATA: no real person, agency or complaint"


@dataclass(frozen=True, repr=False)
class Dataset:
    """One release, coded.

    Attributes
    ----------
    cases : DataFrame
        One row a complaint, ``case_id`` unique.
    allegations : DataFrame
        One row an accusation as published; ``card.unit`` says what one row is.
    events : DataFrame
        One row a dated step: ``earliest``, ``latest``, ``precision``, ``set_aside`` (why the date must not be used).
    ledger : Ledger
        What became of every raw row.
    card : Card
        The facts of the release.
    sha256 : str
        One hash over the hashes of all files.
    files : mapping
        File to its sha256.
    lossy : DataFrame
        Mappings that lose a distinction: ``block, raw, term, loses``.
    complainants : DataFrame
        One row a complainant, where published; else empty.
    """

    name: str
    title: str
    generated: bool
    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    ledger: Ledger
    card: Card
    sha256: str
    files: Mapping[str, str]
    lossy: pd.DataFrame
    complainants: pd.DataFrame = field(default_factory=pd.DataFrame)

    def facts(self) -> pd.DataFrame:
        """The source card as a table: ``fact, value``."""
        card, sampling = self.card, self.card.sampling
        until = "not stated" if card.observed_until is None else card.observed_until.isoformat()
        period = "not stated" if card.period is None else f"{card.period.start} to {card.period.end}"
        set_aside = int(self.events["set_aside"].notna().sum())
        facts = {
            "source": f"{self.title} ({self.name})",
            **({"generated": GENERATED} if self.generated else {}),
            "agency": f"{card.agency}, {card.jurisdiction}",
            "complaints": f"{len(self.cases):,}",
            "allegation rows": f"{len(self.allegations):,} ({card.unit.replace('_', ' × ')})",
            "dated steps": f"{len(self.events):,}, of them {set_aside:,} set aside",
            "one row is": card.row_is,
            "received": period,
            "observed until": until,
            "which complaints": sampling.window,
            "sampling rule": sampling.rule.replace("_", " "),
            "open cases": sampling.open_cases.replace("_", " "),
            "closing date": "published" if sampling.closing_date else "not published",
            "selected on": ", ".join(sampling.selected_on) or "nothing known",
            "internal complaints": card.internal_complaints,
            "publisher": card.publisher,
            "obtained": card.obtained,
            "licence": card.licence,
            "citation": card.citation,
            **({"checked": card.checked} if card.checked else {}),
            **{f"trap {i}": trap for i, trap in enumerate(card.traps, 1)},
            "ledger": f"{len(self.ledger)} entries; raw rows = coded rows + rows accounted for",
            "data hash": self.sha256,
        }
        return pd.DataFrame({"fact": list(facts), "value": list(facts.values())}, dtype="str")

    def __repr__(self) -> str:
        facts = self.facts()
        width = int(facts["fact"].str.len().max())
        return "\n".join(f"{row.fact:<{width}}  {row.value}" for row in facts.itertuples())

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{html.escape(str(row.fact))}</th>'
            f'<td style="text-align:left">{html.escape(str(row.value))}</td></tr>'
            for row in self.facts().itertuples()
        )
        return f"<table><tbody>{rows}</tbody></table>"
