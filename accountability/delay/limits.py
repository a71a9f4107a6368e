"""Time limits on police discipline, as published law and policy: information with its citation, never legal advice.

Read in secondary copies; ``seen_in`` and ``confidence`` say how firmly. A limit without a number is listed because
looking and finding none is knowledge too.
"""

from __future__ import annotations

import pandas as pd

from accountability.delay.limit import Limit
from accountability.delay.limits_listed import LIMITS, VERSION
from accountability.errors import ParameterError

__all__ = ["LIMITS", "VERSION", "Limit", "limit", "numbered", "table"]


def limit(name: str) -> Limit:
    """Give a limit by its name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    for one in LIMITS:
        if one.name == name:
            return one
    raise ParameterError(f"no limit {name!r}; there are {', '.join(one.name for one in LIMITS)}")


def numbered() -> tuple[Limit, ...]:
    """All limits that have a number of days, months or years."""
    return tuple(one for one in LIMITS if one.value is not None)


def table() -> pd.DataFrame:
    """All limits, one row each."""
    fields = Limit.__slots__
    return pd.DataFrame([{field: getattr(one, field) for field in fields} for one in LIMITS])
