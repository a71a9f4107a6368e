"""How long cases take: estimators that choose themselves from how the source came to be, or refuse.

=======================================  =====================================================================
what the source gives                    estimator
=======================================  =====================================================================
any                                      :func:`how_long` chooses among the curves below and says why
open and closed cases, days              :func:`closing_curve`, :func:`restricted_mean`, :func:`logrank`
the same, and how each case closed       :func:`competing_closings`, :func:`gray`
open and closed cases, months or years   :func:`coarse_curve`, :func:`restricted_mean`, :func:`coarse_logrank`
the same, nothing taken as smooth        :func:`interval_curve`, :func:`interval_logrank`
closed cases only                        :func:`reverse_time_curve`
status on one day, no closing dates      :func:`current_status_curve`
statuses or intervals, limits            :func:`curve_limits`, :func:`quantile_limits`
any but records selected on outcome      :func:`deadlines.assess <accountability.delay.deadlines.assess>`
closings that crowd before a limit       :func:`bunching`
a band for a whole curve at once         :func:`curve_band`, :func:`incidence_band`, :func:`plot_band`
cases that hang together                 :func:`bootstrap`, :func:`bootstrap_closings`, :func:`bootstrap_coarse`,
                                         :func:`bootstrap_closed_only` over :func:`with_clusters`
a whole release, day by day              :func:`caseload`, :func:`backlogs`
=======================================  =====================================================================

:func:`mean_of_closed_only` reproduces the usual published figure and says what it leaves out.
"""

from accountability.delay import deadlines, limits
from accountability.delay.bunching_test import Bunching, bunching
from accountability.delay.choice import HowLong, how_long
from accountability.delay.clearing import Backlogs, backlogs
from accountability.delay.cluster_bootstrap import Bootstrap, bootstrap
from accountability.delay.clusters import bootstrap_closed_only, bootstrap_closings, with_clusters
from accountability.delay.coarse import CoarseCurve, coarse_curve
from accountability.delay.coarse_bootstrap import bootstrap_coarse
from accountability.delay.coarse_limits import CurveLimits, curve_limits, quantile_limits
from accountability.delay.compare import GroupTest, logrank
from accountability.delay.compare_coarse import coarse_logrank
from accountability.delay.compare_competing import gray
from accountability.delay.compare_intervals import interval_logrank
from accountability.delay.competing import CompetingClosings, competing_closings
from accountability.delay.current_status import CurrentStatusCurve, current_status_curve
from accountability.delay.curve import DelayCurve, closing_curve
from accountability.delay.firmness import other_clocks, other_cutoffs
from accountability.delay.groups import Groups, compare_groups
from accountability.delay.interval import IntervalCurve, interval_curve
from accountability.delay.means import MeanOfClosedOnly, RestrictedMean, mean_of_closed_only, restricted_mean
from accountability.delay.monthly_caseload import Caseload, caseload
from accountability.delay.permute import permutation_logrank
from accountability.delay.reverse import ReverseTimeCurve, reverse_time_curve
from accountability.delay.simultaneous import curve_band, incidence_band, plot_band

__all__ = [
    "Backlogs",
    "Bootstrap",
    "Bunching",
    "Caseload",
    "CoarseCurve",
    "CompetingClosings",
    "CurrentStatusCurve",
    "CurveLimits",
    "DelayCurve",
    "GroupTest",
    "Groups",
    "HowLong",
    "IntervalCurve",
    "MeanOfClosedOnly",
    "RestrictedMean",
    "ReverseTimeCurve",
    "backlogs",
    "bootstrap",
    "bootstrap_closed_only",
    "bootstrap_closings",
    "bootstrap_coarse",
    "bunching",
    "caseload",
    "closing_curve",
    "coarse_curve",
    "coarse_logrank",
    "compare_groups",
    "competing_closings",
    "current_status_curve",
    "curve_band",
    "curve_limits",
    "deadlines",
    "gray",
    "how_long",
    "incidence_band",
    "interval_curve",
    "interval_logrank",
    "limits",
    "logrank",
    "mean_of_closed_only",
    "other_clocks",
    "other_cutoffs",
    "permutation_logrank",
    "plot_band",
    "quantile_limits",
    "restricted_mean",
    "reverse_time_curve",
    "with_clusters",
]
