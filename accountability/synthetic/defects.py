"""Recording defects added to a clean release."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats

FINDING_DRIFT: Final = MappingProxyType(
    {
        "SUS": ("Sustained", "SUST.", "SUS "),
        "NOT SUST": ("Not sustained", "NS", "NOT  SUST"),
        "UNF": ("Unfounded", "UNFND", "unf"),
        "EXON": ("Exonerated", "EXON.", "EXON "),
        "POLICY": ("Policy failure", "POL", "policy"),
    }
)
PENALTY_DRIFT: Final = (
    (r"^SUSPENSION (\d+) DAYS?$", r"Suspended \1 days"),
    (r"^FORFEIT (\d+) DAYS? LEAVE$", r"\1 days leave forfeited"),
    (r"^WRITTEN REPRIMAND$", "Reprimand (written)"),
    (r"^COUNSELING$", "Counselling"),
    (r"^TERMINATION$", "Terminated"),
    (r"^NO PENALTY$", "None"),
)


@dataclass(frozen=True, slots=True)
class Defects:
    """Recording defects of a release, as shares of the rows that can have them.

    Attributes
    ----------
    month_only : float
        Share of closings before ``month_only_before`` published as ``2015-06``: true but coarse.
    first_of_month : float
        Share of closings published as the first day of their month.
    missing_closing : float
        Share of decided complaints without a closing date.
    closed_before_received : float
        Share of closings entered 1 to 60 days before receipt.
    duplicate_rows : float
        Share of rows of the accused that are published twice.
    spelling_drift : float
        Share of findings and penalties in another spelling.
    """

    month_only: float = 0.0
    month_only_before: date = date(2015, 7, 1)
    first_of_month: float = 0.0
    missing_closing: float = 0.0
    closed_before_received: float = 0.0
    duplicate_rows: float = 0.0
    spelling_drift: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not 0 <= value <= 1:
                raise ParameterError(f"Defects.{field.name}: expected a share from 0 to 1, found {value}.")

    @classmethod
    def none(cls) -> Defects:
        """Return defects of 0."""
        return cls()

    @classmethod
    def ordinary(cls) -> Defects:
        """Return the few defects of the bundled release, in which every closing is known to the day."""
        return cls(closed_before_received=0.002, duplicate_rows=0.001, spelling_drift=0.06)


@dataclass(frozen=True, slots=True)
class Struck:
    """The two tables with defects, and the number of rows with each: ``defect, rows``."""

    complaints: pd.DataFrame
    accused: pd.DataFrame
    counts: pd.DataFrame


def strike(complaints: pd.DataFrame, accused: pd.DataFrame, defects: Defects, rng: np.random.Generator) -> Struck:
    """Return a release with defects; the given tables are not changed.

    A row has at most one defect of its closing date, in the order of the fields of :class:`Defects`.
    """
    counts = {}
    closed = complaints["closed_date"]
    free = (closed != "").to_numpy()
    u = rng.random((4, len(closed)))
    early = free & (closed < defects.month_only_before.isoformat()).to_numpy()
    day = closed.str.slice(8, 10)

    struck = early & (u[0] < defects.month_only)
    closed = closed.mask(struck, closed.str.slice(0, 7))
    counts["month_only"] = int(struck.sum())
    free = free & ~struck

    struck = free & (u[1] < defects.first_of_month)
    closed = closed.mask(struck, closed.str.slice(0, 8) + "01")
    counts["first_of_month"] = int((struck & (day != "01").to_numpy()).sum())
    free = free & ~struck

    struck = free & (u[2] < defects.missing_closing)
    closed = closed.mask(struck, "")
    counts["missing_closing"] = int(struck.sum())
    free = free & ~struck

    struck = free & (u[3] < defects.closed_before_received)
    before = np.array(complaints["received_date"][struck].tolist(), dtype="datetime64[D]")
    before = before - (1 + np.floor(rng.random(len(before)) * 60)).astype(int)
    closed = closed.copy()
    closed[struck] = np.datetime_as_string(before)
    counts["closed_before_received"] = int(struck.sum())

    written = accused
    drifted = rng.random((2, len(accused)))
    if defects.spelling_drift:
        finding = _drift_finding(accused["finding"], drifted[0], defects.spelling_drift)
        penalties = {
            name: _drift_penalty(accused[name], drifted[1], defects.spelling_drift)
            for name in ("recommended_discipline", "final_discipline")
        }
        written = accused.assign(finding=finding, **penalties)
        counts["spelling_drift_finding"] = int((finding != accused["finding"]).sum())
        counts["spelling_drift_penalty"] = int(sum((written[n] != accused[n]).sum() for n in penalties))
    repeat = np.flatnonzero(rng.random(len(written)) < defects.duplicate_rows)
    if len(repeat):
        order = np.sort(np.concatenate([np.arange(len(written)), repeat]), kind="stable")
        written = written.iloc[order].reset_index(drop=True)
    counts["duplicate_rows"] = len(repeat)
    table = pd.DataFrame({"defect": pd.Series(list(counts), dtype="str"), "rows": list(counts.values())})
    return Struck(complaints.assign(closed_date=closed), written, table)


def _drift_finding(values: pd.Series, u: Floats, share: float) -> pd.Series:
    drifted = values.copy()
    for code, variants in FINDING_DRIFT.items():
        # The same uniform number says whether a row drifts and to which spelling.
        which = np.floor(u / share * len(variants)).astype(int) if share else np.zeros(len(u), int)
        for i, variant in enumerate(variants):
            drifted = drifted.mask((values == code) & (u < share) & (which == i), variant)
    return drifted


def _drift_penalty(values: pd.Series, u: Floats, share: float) -> pd.Series:
    hit = pd.Series(u < share, index=values.index) & (values != "")
    changed = values[hit]
    for pattern, other in PENALTY_DRIFT:
        changed = changed.str.replace(pattern, other, regex=True)
    return values.where(~hit, changed.reindex(values.index, fill_value=""))
