"""The whole audit of a release, part by part."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from accountability.audit.category_drift import Drift, drift
from accountability.audit.closing_days import MassClosures, mass_closures
from accountability.audit.date_precision import Precision, precision
from accountability.audit.duplicate_rows import Alike, alike
from accountability.audit.heaped_dates import Heaping, heaping
from accountability.audit.impossible_dates import Impossible, impossible
from accountability.audit.letter import Letter, request_letter
from accountability.audit.missing_values import Missing, missing
from accountability.audit.officer_ids import Identity, identity
from accountability.audit.part import flow_of
from accountability.audit.round_days import PenaltyDays, penalty_days
from accountability.audit.study_needs import Needs, needs
from accountability.audit.years_covered import Coverage, coverage
from accountability.records.dataset import Dataset
from accountability.results import Result


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Audit(Result):
    """What a release holds, and what it lacks.

    ``table``: ``part``, ``found`` (the part's sentence), ``not_held`` (why it says nothing, else empty). Each part is a
    result of its own, under its name.
    """

    coverage: Coverage
    precision: Precision
    missing: Missing
    impossible: Impossible
    mass_closures: MassClosures
    heaping: Heaping
    penalty_days: PenaltyDays
    drift: Drift
    alike: Alike
    identity: Identity
    needs: Needs
    letter: Letter

    def sentence(self) -> str:
        """Say what stands out: coverage first, then what is needed."""
        return f"{self.coverage.sentence()} {self.needs.sentence()}"

    def in_words(self) -> str:
        """Every part's sentence, as a list in markdown."""
        lines = [f"- **{row['part']}.** {row['found']}" for row in self.table.to_dict("records") if not row["not_held"]]
        for why, rows in self.table[self.table["not_held"] != ""].groupby("not_held", sort=False):
            lines.append(f"- **Not counted.** {', '.join(rows['part'])}: {why}.")
        return "\n".join(lines)


def audit(
    dataset: Dataset,
    column: str | None = None,
    *,
    many: int = 150,
    min_cell: int = 10,
    permutations: int = 499,
    seed: int = 20130206,
) -> Audit:
    """Audit a release. Parts that do not hold for it say so and are empty.

    Parameters
    ----------
    dataset : Dataset
    column : str, optional
        Column whose mix is followed over the years; ``category`` when left out.
    many : int
        Days with more closings than this are listed.
    min_cell : int
        Smaller counts of people are not shown.
    permutations, seed : int
        See :func:`accountability.audit.category_drift`.

    Returns
    -------
    Audit
    """
    together = mass_closures(dataset, many)
    wanted = needs(dataset)
    parts = {
        "coverage": coverage(dataset, min_cell),
        "precision": precision(dataset),
        "missing": missing(dataset, min_cell),
        "impossible": impossible(dataset),
        "mass_closures": together,
        "heaping": heaping(dataset, {"closed": together.without_marked()}),
        "penalty_days": penalty_days(dataset, min_cell),
        "drift": drift(dataset, column, min_cell=min_cell, permutations=permutations, seed=seed),
        "alike": alike(dataset),
        "identity": identity(dataset, min_cell),
        "needs": wanted,
    }
    titles = {
        "coverage": "Years covered",
        "precision": "Precision of dates",
        "missing": "Blanks by outcome",
        "impossible": "Impossible orders",
        "mass_closures": "Closed together",
        "heaping": "Favoured days",
        "penalty_days": "Round penalties",
        "drift": "Categories over time",
        "alike": "Repeats",
        "identity": "Officers' ids",
        "needs": "What studies need",
    }
    table = pd.DataFrame(
        [(titles[name], part.sentence(), getattr(part, "not_held", "")) for name, part in parts.items()],
        columns=["part", "found", "not_held"],
        dtype="str",
    )
    return Audit(
        estimand=f"what {dataset.name} holds, and what it lacks",
        assumptions=("the source's declaration says truly what its columns mean",),
        method="see each part",
        table=table,
        flow=flow_of(dataset),
        letter=request_letter(dataset, wanted),
        **parts,  # type: ignore[arg-type]
    )
