"""Units that are alike in all that a gap between two groups adds up, so that they are drawn together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.compress import combine


def kinds_alike(flags: pd.DataFrame, group: Ints, covariates: pd.DataFrame, days: Floats) -> Ints:
    """Number the units that are alike in group, stages passed, covariates and days of suspension."""
    columns = [group, *(flags[name].fillna(2).to_numpy(np.int64) for name in flags)]
    columns += [pd.factorize(covariates[name])[0] + 1 for name in covariates]
    columns.append(pd.factorize(days)[0] + 1)
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    return combine(columns, sizes, len(group)).code


def suspended(rows: pd.DataFrame) -> tuple[Flags, Floats]:
    """Return which sustained units were suspended for a known number of days, and for how many."""
    if "imposed_days" not in rows:
        return np.zeros(len(rows), dtype=bool), np.full(len(rows), np.nan)
    known = rows["imposed_penalty"].eq("suspension").fillna(False) & rows["finding"].eq("sustained").fillna(False)
    lengths = rows["imposed_days"].where(known).to_numpy(dtype=float, na_value=np.nan)
    return ~np.isnan(lengths), lengths
