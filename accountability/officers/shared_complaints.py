"""How much complaints that accuse several holders at once move counts together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.stats.arrays import Ints


def accused_together(case: Ints, holder: Ints, counts: Ints) -> float:
    """How much more a measure of unevenness varies because complaints fall on several holders at once, at least 1.

    One plus the mean over holders of the sum of squared correlations of their count with those of others, for counts
    that share complaints: that is how much the variance of a sum of squares grows. Each squared number of shared
    complaints s is estimated by s (s - 1), which chance does not raise.

    Parameters
    ----------
    case, holder : array of int
        Complaint and holder of each accusation.
    counts : array of int
        Accusations of each holder.
    """
    from scipy.sparse import coo_array

    held = pd.DataFrame({"case": case, "holder": holder}).drop_duplicates()
    held = held[held["case"].duplicated(keep=False)]
    if held.empty:
        return 1.0
    member = coo_array(
        (np.ones(len(held)), (held["holder"], pd.factorize(held["case"])[0])), shape=(len(counts), len(held))
    ).tocsr()
    shared = (member @ member.T).tocoo()
    apart = shared.row != shared.col
    one, two, number = shared.row[apart], shared.col[apart], shared.data[apart]
    return 1.0 + float((number * (number - 1) / (counts[one] * counts[two])).sum() / len(counts))
