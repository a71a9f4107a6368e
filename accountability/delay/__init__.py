"""How long cases take: estimators that choose themselves from how the source came to be, or refuse.

=============================  =========================================================================
what the source gives          estimator
=============================  =========================================================================
open and closed cases, days    :func:`closing_curve`, :func:`restricted_mean`, :func:`logrank`
=============================  =========================================================================

:func:`mean_of_closed_only` reproduces the usual published figure and says what it leaves out.
"""

from accountability.delay.compare import GroupTest, logrank
from accountability.delay.curve import DelayCurve, closing_curve
from accountability.delay.firmness import other_clocks, other_cutoffs
from accountability.delay.groups import Groups, compare_groups
from accountability.delay.means import MeanOfClosedOnly, RestrictedMean, mean_of_closed_only, restricted_mean

__all__ = [
    "DelayCurve",
    "GroupTest",
    "Groups",
    "MeanOfClosedOnly",
    "RestrictedMean",
    "closing_curve",
    "compare_groups",
    "logrank",
    "mean_of_closed_only",
    "other_clocks",
    "other_cutoffs",
    "restricted_mean",
]
