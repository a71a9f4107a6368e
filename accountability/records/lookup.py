"""Look ids up among others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy.typing as npt


def places(ids: pd.Series | pd.Index, known: pd.Series | pd.Index) -> npt.NDArray[np.int64]:
    """Return the position of each id among the known ones (the first of equal ones), -1 if it is not among them."""
    if not all(isinstance(one.dtype, pd.StringDtype) for one in (ids, known)):
        return pd.Index(known).unique().get_indexer(pd.Index(ids)).astype(np.int64)
    # Pandas makes Python's texts of Arrow's: many times slower.
    found = pc.index_in(
        pa.array(ids.array, pa.large_string()), pa.array(known.array, pa.large_string()), skip_nulls=True
    )
    return np.asarray(pc.fill_null(found, -1), dtype=np.int64)
