"""The penalties of a case, each with how firm it is: recommended, decided, under appeal, still to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability.results import Result, capitalised, plural
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from accountability.casefiles.casefile import CaseFile

RECOMMENDED = "recommended, not decided"
FILED = "decided, under appeal"
ANNOUNCED = "decided, appeal announced"
UNSAID = "decided; whether it is final is not said"
FINAL = "decided, final"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltySteps(Result):
    """Penalties with their standing.

    ``table`` has one row an officer and charge with a penalty: ``officer`` (a role), ``rank``, ``charge``,
    ``recommended``, ``imposed`` (in the words of the case file), ``days_low``, ``days_high`` (missing where not told),
    ``standing``, ``asserted_by``, ``cite``.

    Attributes
    ----------
    still_to_come : pandas.DataFrame
        Steps the case waits for: ``step``, ``meaning``. No report dates them.
    """

    still_to_come: pd.DataFrame

    def sentence(self) -> str:
        """Say how many penalties there are of each standing, and what the case waits for."""
        counts = self.table["standing"].value_counts(sort=False)
        said = "".join(f" {capitalised(str(standing))}: {number}." for standing, number in counts.items())
        awaited = ", ".join(self.still_to_come["step"])
        rest = f" Still to come when reported: {awaited}." if awaited else ""
        return f"{plural(self.table['officer'].nunique(), 'officer')} with a penalty.{said}{rest}"


def penalty_steps(case: CaseFile) -> PenaltySteps:
    """List the penalties of a case under the chosen reading, none shown firmer than it is.

    Parameters
    ----------
    case : CaseFile
        One case.

    Returns
    -------
    PenaltySteps

    Raises
    ------
    ParameterError
        The case file is of several cases.
    """
    name = case.one()
    rows = case.allegations
    held = rows[rows["recommended_penalty"].notna() | rows["imposed_penalty"].notna()]
    events = case.events
    filed = set(events.loc[events["stage"] == "appeal_filed", "officer_id"].dropna())
    table = pd.DataFrame(
        {
            "officer": held["officer_id"].str.removeprefix(f"{name}/"),
            "rank": held.get("officer_rank"),
            "charge": held["category"],
            "recommended": held["raw_recommended"].fillna(""),
            "imposed": held["raw_imposed"].fillna(""),
            "days_low": _days(held, "low"),
            "days_high": _days(held, "high"),
            "standing": pd.Series([_standing(row, filed) for row in held.to_dict("records")], held.index, dtype="str"),
            "asserted_by": held["asserted_by"],
            "cite": held["cite"],
        }
    ).reset_index(drop=True)
    awaited = case.awaiting()
    return PenaltySteps(
        estimand=f"penalties in {name} and their standing when reported",
        assumptions=(
            "the reports tell every penalty there was by then",
            "what was decided later is not in the case file: no penalty here is the last word unless it says final",
        ),
        method="rows of the case file that carry a penalty, under the chosen reading",
        table=table,
        still_to_come=pd.DataFrame(
            {
                "step": pd.Series(awaited, dtype="str"),
                "meaning": pd.Series([STAGES.get(stage, "") for stage in awaited], dtype="str"),
            }
        ),
    )


def _days(held: pd.DataFrame, end: str) -> pd.Series:
    """Days of the imposed penalty, else of the recommended one."""
    found = pd.Series(pd.NA, index=held.index, dtype="Float64")
    for kind in ("imposed", "recommended"):
        for column in (f"{kind}_days_{end}", f"{kind}_days"):
            if column in held:
                found = found.fillna(held[column].astype("Float64"))
    return found.astype("Int64")


def _standing(row: dict[Any, Any], filed: set[str]) -> str:
    if row["status"] == "recommended" or row["imposed_penalty"] == "pending" or pd.isna(row["imposed_penalty"]):
        return RECOMMENDED
    if row["officer_id"] in filed:
        return FILED
    if row["status"] == "appealed":
        return ANNOUNCED
    return FINAL if row["final"] == "yes" else UNSAID
