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
from accountability.delay.means import MeanOfClosedOnly, RestrictedMean, mean_of_closed_only, restricted_mean

__all__ = [
    "DelayCurve",
    "GroupTest",
    "MeanOfClosedOnly",
    "RestrictedMean",
    "closing_curve",
    "logrank",
    "mean_of_closed_only",
    "restricted_mean",
]
