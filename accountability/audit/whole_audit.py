"""The whole audit of a release."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from accountability.audit.category_drift import drift
from accountability.audit.closing_days import mass_closures
from accountability.audit.favoured_days import heaping, penalty_days
from accountability.audit.impossible_dates import impossible
from accountability.audit.letter import Letter, request_letter
from accountability.audit.missing_values import missing
from accountability.audit.part import Part
from accountability.audit.release_dates import coverage, precision
from accountability.audit.repeated_rows import duplicates, identity
from accountability.audit.study_needs import Needs, needs
from accountability.records.case_ends import closing_states
from accountability.records.dataset import Dataset
from accountability.remembered import remembering
from accountability.results import Result
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Audit(Result):
    """The audit of a release: what it holds and what it lacks.

    ``table``: ``part``, ``found`` (the part's sentence), ``not_held`` (why it does not apply, else empty). Each part is
    also an attribute with its name.
    """

    coverage: Part
    precision: Part
    missing: Part
    impossible: Part
    mass_closures: Part
    heaping: Part
    penalty_days: Part
    drift: Part
    duplicates: Part
    identity: Part
    needs: Needs
    letter: Letter

    def sentence(self) -> str:
        """State the main findings: coverage first, then what is lacking."""
        return f"{self.coverage.sentence()} {self.needs.sentence()}"

    def in_words(self) -> str:
        """Return every part's sentence as a Markdown list."""
        lines = [f"- **{row['part']}.** {row['found']}" for row in self.table.to_dict("records") if not row["not_held"]]
        for why, rows in self.table[self.table["not_held"] != ""].groupby("not_held", sort=False):
            lines.append(f"- **Not counted.** {', '.join(rows['part'])}: {why}.")
        return "\n".join(lines)


@takes("dataset")
@remembering()
def audit(
    dataset: Dataset,
    column: str | None = None,
    *,
    many: int = 150,
    min_cell: int = 10,
    permutations: int = 499,
    seed: int = 20130206,
) -> Audit:
    """Audit a release. Parts that do not apply to it say so and are empty.

    Parameters
    ----------
    dataset : Dataset
    column : str, optional
        Column whose mix is compared over the years; ``category`` when left out.
    many : int
        Days with more closings than this are listed.
    min_cell : int
        Smaller counts of people are hidden.
    permutations, seed : int
        See :func:`accountability.audit.drift`.

    Returns
    -------
    Audit

    Examples
    --------
    >>> from accountability import audit, load
    >>> found = audit.audit(load("synthetic"), permutations=99)
    >>> found.mass_closures.table["day"].dt.strftime("%Y-%m-%d").tolist()
    ['2017-06-30']
    """
    together = mass_closures(dataset, many)
    wanted = needs(dataset)
    parts = {
        "coverage": coverage(dataset, min_cell),
        "precision": precision(dataset),
        "missing": missing(dataset, min_cell),
        "impossible": impossible(dataset),
        "mass_closures": together,
        "heaping": heaping(dataset, {"closed": together.marked}),
        "penalty_days": penalty_days(dataset, min_cell),
        "drift": drift(dataset, column, min_cell=min_cell, permutations=permutations, seed=seed),
        "duplicates": duplicates(dataset),
        "identity": identity(dataset, min_cell),
    }
    lines = [(part.kind.title, part.sentence(), part.not_held) for part in parts.values()]
    lines.append(("What studies need", wanted.sentence(), ""))
    return Audit(
        estimand=f"what {dataset.name} holds, and what it lacks",
        assumptions=("the source's declaration says truly what its columns mean",),
        method="see each part",
        table=pd.DataFrame(lines, columns=["part", "found", "not_held"], dtype="str"),
        flow=Cohort.of(dataset).flow(),
        needs=wanted,
        letter=request_letter(dataset, wanted),
        states=closing_states(dataset),
        **parts,  # type: ignore[arg-type]
    )
