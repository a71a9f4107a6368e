"""Whether a case was closed, from its findings alone, for sources that do not say when."""

from __future__ import annotations

import pandas as pd


def closed_by_status(allegations: pd.DataFrame) -> pd.Series:
    """Say whether each case is closed, from the findings of its allegations.

    Parameters
    ----------
    allegations : pandas.DataFrame
        ``case_id``, ``finding``.

    Returns
    -------
    pandas.Series of boolean
        By ``case_id``: false while any allegation is pending; missing when none is and one has no recorded finding.
    """
    marks = pd.DataFrame(
        {
            "case_id": allegations["case_id"],
            "pending": (allegations["finding"] == "pending").fillna(False).astype(bool),
            "unknown": allegations["finding"].isna(),
        }
    )
    any_of = marks.groupby("case_id")[["pending", "unknown"]].any()
    return (~any_of["pending"]).astype("boolean").mask(any_of["unknown"] & ~any_of["pending"])
