"""Where the ids of one table stand in another: found by Arrow, several times faster on text than a pandas index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Places = npt.NDArray[np.int64]


def places(ids: pd.Series, among: pd.Series) -> Places:
    """Give the place of each id among others.

    Parameters
    ----------
    ids, among : Series of str

    Returns
    -------
    array of int
        From 0; -1 for an id that is missing or not there. Where an id stands among the others more than once, all
        its places are one and the same.
    """
    found = pc.index_in(_arrow(ids), value_set=_arrow(among), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1), dtype=np.int64)


def _arrow(values: pd.Series) -> pa.Array | pa.ChunkedArray:
    return pa.array(values.array, type=pa.large_string())
