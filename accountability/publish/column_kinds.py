"""Kinds of columns of a result's table: counts, shares, quantiles and keys."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: Numbers in a table that say which row it is, and where an order statistic stands.
_ASKED: Final = re.compile(
    r"year|month|day|days|step|rank|order|at|level|from_\w+|to_\w+|within\w*|last_day|df|count|specification"
)
_QUANTILE: Final = re.compile(
    r"(?:least|most|first|last|(?:\w+_)?(?:median|quantile|quartile|percentile|[pq]\d\d|min|max|minimum|maximum|shortest"
    r"|longest))(?:_(?!extreme)\w+)?"
)


def column_kinds(table: pd.DataFrame) -> dict[str, str]:
    """Return the kind of each column of a result's table, for disclosure control.

    Parameters
    ----------
    table : DataFrame
        A result's table, with the count columns of :func:`accountability.privacy.disclose` attached.

    Returns
    -------
    dict of str to str
        ``count``, ``share``, ``quantile``, ``asked`` (a key of the row), ``flag``, ``number`` or ``text``.
    """
    counted = set(table.attrs.get("counts", ()))
    kinds = {}
    for position, (name, stored) in enumerate(zip(map(str, table.columns), table.dtypes, strict=True)):
        if stored.kind == "b":
            kind = "flag"
        elif stored.kind not in "iuf":
            kind = "text"
        elif _ASKED.fullmatch(name) and name not in counted:
            kind = "asked"
        elif _QUANTILE.fullmatch(name) and name not in counted:
            kind = "quantile"
        elif name in counted:
            kind = "count"
        else:
            values = table.iloc[:, position].to_numpy(float, na_value=math.nan)
            known = values[~np.isnan(values)]
            if stored.kind in "iu" and (known >= 0).all():
                kind = "count"
            else:
                kind = "share" if len(known) and ((known >= 0) & (known <= 1)).all() else "number"
        kinds[name] = kind
    return kinds
