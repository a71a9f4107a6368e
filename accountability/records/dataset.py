"""The dataset: the coded tables, a ledger, and the card of the source."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.coded_cache import Coded
from accountability.records.contract import Card, Source, data_hash
from accountability.records.ledger import Ledger
from accountability.vocabulary import TOTALS

GENERATED = "GENERATED DATA: no real person, agency or complaint"


@dataclass(frozen=True, repr=False)
class Dataset:
    """One release, coded.

    Attributes
    ----------
    cases : DataFrame
        One row per complaint, ``case_id`` unique.
    allegations : DataFrame
        One row per accusation as published; ``card.unit`` says what one row is.
    events : DataFrame
        One row per dated step: ``earliest``, ``latest``, ``precision``, ``set_aside`` (why the date must not be used).
    ledger : Ledger
        What happened to every raw row.
    card : Card
        The facts of the release.
    sha256 : str
        One hash over the hashes of all files.
    files : mapping
        File to its sha256.
    lossy : DataFrame
        Mappings that lose a distinction: ``column`` (of the tables), ``block``, ``raw`` and ``term`` it becomes,
        ``loses`` (in words), ``may_be`` (the terms it may stand for, joined by a comma), ``rows`` coded by it.
    people : mapping
        ``complainants``, ``victims``, ``witnesses`` and ``investigators``, if published: one row per person in a case;
        ``roster``: one row per spell of an officer (``starts``, ``ends``), accused or not.
    labels : mapping
        Column to its declared label.
    totals : mapping
        Outside totals by name (residents, officers by place and year), for rates: ``tables.describe(per=NAME)``.
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
    people: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complainants(self) -> pd.DataFrame:
        """One row per complainant, where published; else empty."""
        return self.people.get("complainants", pd.DataFrame())

    def per(self, unit: str) -> pd.DataFrame:
        """Return the allegations in another unit of counting, each counted once.

        The finding of a unit is the first of sustained, pending, policy failure, not sustained, exonerated,
        unfounded, closed without finding among its rows. Its penalty is the highest rung, its days the largest
        stated for that rung and never a sum. Every other column holds the value that all rows of the unit share and
        is missing where they differ. Rows without an officer belong to no officer and no officer-complaint.

        Parameters
        ----------
        unit : {"allegation", "officer_complaint", "complaint", "officer"}

        Returns
        -------
        DataFrame
            One row per unit, with ``rows``, the number of published rows it was made of; ``unit="complaint"`` includes
            every complaint of ``cases``. The source's own unit returns the allegations.

        Raises
        ------
        Refusal
            If the source has a coarser unit, or identifies no officer; the message names the available units.
        ParameterError
            For an unknown unit.
        """
        from accountability.records import units

        return units.per(self.cases, self.allegations, self.card.unit, unit)

    def export(self, kind: str, folder: str | Path) -> list[Path]:
        """Write the coded tables for other programs, with codebooks, a data package, an R script and a do-file.

        Ids of persons and cases are pseudonyms. The agency's own text is not exported: ``raw_`` columns, notes, texts
        over 120 letters or with over 400 distinct values. The sharing gate checks every heading and term first.
        ``cases`` have a column ``closing_state``.

        Parameters
        ----------
        kind : {"stata", "spss", "parquet", "csv"}
            Stata and SPSS files have labels of variables and values, and distinguish kinds of missing values; Stata
            labels over 80 letters are cut with ``…`` and are complete in the codebook (a page, and DDI Codebook 2.5). R
            reads the files with haven.
        folder : path
            A new or empty folder.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        ParameterError
            For an unknown kind, or a folder that is not empty.
        Refusal
            If something must not be exported; the message lists what, and what to do.
        """
        from accountability.records.leaving.hand_over import write_tables  # a load needs none of it

        return write_tables(self, kind, folder)

    def require_unambiguous(self, column: str, *terms: str) -> None:
        """Refuse a comparison that needs a distinction this release has lost.

        Parameters
        ----------
        column : str
            A coded column, for instance ``finding``.
        *terms : str
            The terms that must not be merged with others, for instance ``exonerated``.

        Raises
        ------
        Refusal
            If a word of the agency merges one of the terms with others. The message names the word, its rows, and the
            terms that are distinguished.
        ParameterError
            For an unknown column, or without a term.
        """
        held = self.allegations if column in self.allegations else self.cases
        if column not in held:
            columns = sorted({*self.allegations.columns, *self.cases.columns})
            raise ParameterError(f"{self.name} has no column {column!r}; its tables hold {', '.join(columns)}")
        if not terms:
            raise ParameterError(f"say which terms of {column!r} have to be told apart")
        merged = self.lossy[(self.lossy["column"] == column) & (self.lossy["may_be"] != "") & (self.lossy["rows"] > 0)]
        blurred = {term for terms_of_one in merged["may_be"] for term in terms_of_one.split(", ")}
        lost = [term for term in terms if term in blurred]
        if not lost:
            return
        line = next(row for row in merged.to_dict("records") if lost[0] in str(row["may_be"]).split(", "))
        clear = sorted(set(held[column].dropna()) - blurred)
        raise Refusal(
            f"{self.name} does not tell {lost[0]!r} apart in {column}: its {line['raw']!r} ({line['rows']:,} rows, "
            f"coded {line['term']}) may be {line['may_be']} ({line['loses']}). Compare what it tells apart: "
            f"{', '.join(clear) or 'nothing in this column'}"
        )

    def facts(self) -> pd.DataFrame:
        """The source card as a table: ``fact, value``."""
        from accountability.records.case_ends import closing_states, states_in_words  # a load needs none of it

        card, sampling = self.card, self.card.sampling
        until = "not stated" if card.observed_until is None else card.observed_until.isoformat()
        period = "not stated" if card.period is None else f"{card.period.start} to {card.period.end}"
        set_aside = int(self.events["set_aside"].notna().sum())
        ends = states_in_words(closing_states(self))
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
            "ends of complaints": ends,
            "open cases": sampling.open_cases.replace("_", " "),
            "closing date": "published" if sampling.closing_date else "not published",
            "selected on": ", ".join(sampling.selected_on) or "nothing known",
            "internal complaints": card.internal_complaints,
            "publisher": card.publisher,
            "obtained": card.obtained,
            "licence": card.licence,
            "citation": card.citation,
            **({"checked": card.checked} if card.checked else {}),
            **{f"total: {one.name}": _said(one) for one in self.totals.values()},
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


def _said(total: Any) -> str:
    """What a total counts, in words."""
    when = f"as of {total.as_of}" if total.as_of else f"{total.table['year'].min()} to {total.table['year'].max()}"
    place = f"by {' and '.join(total.by)}" if total.by else "of the agency"
    return f"{place}, {when}; {total.citation} ({total.file})"


def dataset_of(source: Source, coded: Coded) -> Dataset:
    """Make a dataset from coded tables and their source's declaration."""
    return Dataset(
        name=source.source,
        title=source.title,
        generated=source.generated,
        cases=coded.cases,
        allegations=coded.allegations,
        events=coded.events,
        ledger=coded.ledger,
        card=source.card,
        sha256=data_hash(source.files),
        files={path: sha for f in source.files.values() for path, sha in {f.path: f.sha256, **f.beside}.items()},
        lossy=coded.lossy,
        people={role: table for role, table in coded.people.items() if len(table) and role != TOTALS},
        labels=source.labels,
        totals=coded.totals_of(source.totals),
    )
