"""How accusations are spread over the officers who draw any: shares, never names, never ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, percent, plural
from accountability.study.cohort import Cohort, DatasetLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Spread(Result):
    """How many officers drew how many accusations.

    ``table`` has one row for each number of accusations that occurs: ``accusations``, ``officers``,
    ``share_officers``, ``officers_at_least`` and ``share_at_least`` (officers with that many or more), and
    ``accusations_at_least`` and ``share_of_accusations`` (what those officers drew).
    """

    def at_least(self, accusations: int) -> pd.Series:
        """Officers with at least so many accusations, their share, and the share of all accusations they drew.

        Returns
        -------
        Series
            ``officers``, ``share_officers``, ``share_of_accusations``.
        """
        if accusations < 1:
            raise ParameterError(f"accusations must be at least 1, found {accusations}")
        rows = self.table[self.table["accusations"] >= accusations]
        top = rows.iloc[0] if len(rows) else None
        return pd.Series(
            {
                "officers": 0 if top is None else int(top["officers_at_least"]),
                "share_officers": 0.0 if top is None else float(top["share_at_least"]),
                "share_of_accusations": 0.0 if top is None else float(top["share_of_accusations"]),
            }
        )

    def sentence(self) -> str:
        """Say how many officers drew one accusation, and what those with ten or more drew."""
        officers = int(self.table["officers"].sum())
        one, ten = self.table[self.table["accusations"] == 1], self.at_least(10)
        share_one = float(one["share_officers"].iloc[0]) if len(one) else 0.0
        return (
            f"Of {plural(officers, 'officer')} accused at least once, {percent(share_one, 1)} were accused once; "
            f"{percent(ten['share_officers'], 1)} were accused ten times or more and drew "
            f"{percent(ten['share_of_accusations'], 1)} of the accusations. Officers never accused are not held."
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of accused officers with at least so many accusations."""
        axes = draw.new_axes(ax)
        draw.lines(axes, self.table, x="accusations", y="share_at_least")
        axes.set_yscale("log")
        axes.set_xlabel("accusations")
        axes.set_ylabel("share of accused officers with at least so many")
        return axes


def accusations_per_officer(data: Cohort | DatasetLike) -> Spread:
    """Count accusations per identified officer, and officers per number of accusations.

    Parameters
    ----------
    data : Cohort or Dataset
        Every row of the allegations is one accusation, in the unit of the source.

    Returns
    -------
    Spread

    Raises
    ------
    Refusal
        When no row identifies an officer.
    """
    cohort = Cohort.of(data)
    ids = cohort.allegations["officer_id"].dropna()
    if ids.empty:
        raise Refusal(
            f"{cohort.name}: no row of {len(cohort.allegations):,} identifies an officer, so none can be counted"
        )
    counts = np.bincount(pd.factorize(ids)[0])
    number, officers = np.unique(counts, return_counts=True)
    at_least = officers[::-1].cumsum()[::-1]
    drawn = (number * officers)[::-1].cumsum()[::-1]
    table = pd.DataFrame(
        {
            "accusations": number,
            "officers": officers,
            "share_officers": officers / officers.sum(),
            "officers_at_least": at_least,
            "share_at_least": at_least / officers.sum(),
            "accusations_at_least": drawn,
            "share_of_accusations": drawn / counts.sum(),
        }
    )
    return Spread(
        estimand=f"how accusations are spread over the officers accused at least once, {cohort.name}",
        assumptions=("one officer has one id in this source", "an accusation is not a finding"),
        method="counts; no model, no allowance for chance or for years of service",
        table=table,
        flow=cohort.flow(),
    )
