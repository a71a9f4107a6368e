"""How long cases take: the estimator follows from how the source was made; one that would be biased refuses.

=======================================  =====================================================================
what the source gives                    estimator
=======================================  =====================================================================
any                                      :func:`how_long` chooses among the curves below and says why
open and closed cases, days              :func:`closing_curve`, :func:`restricted_mean`, :func:`compare`
the same, and how each case closed       :func:`competing_closings`, :func:`compare`
open and closed cases, months or years   :func:`coarse_curve`, :func:`restricted_mean`, :func:`compare`
the same, without smoothing              :func:`interval_curve`, :func:`compare`
closed cases only                        :func:`reverse_time_curve`
status on one day, no closing dates      :func:`current_status_curve`
statuses or intervals, limits            :func:`curve_limits`, :func:`quantile_limits`
any but records selected on outcome      :func:`deadlines.assess <accountability.delay.deadlines.assess>`
closings bunched before a limit          :func:`bunching`
simultaneous bands for a curve           :func:`curve_band`, :func:`incidence_band`, :func:`plot_band`
dependent cases (clusters)               :func:`bootstrap` over :func:`with_clusters`
a whole release, day by day              :func:`caseload`, :func:`backlogs`
hazard ratios, exact dates               :func:`cox` (late entry, ties, strata, clusters, one cause)
shares closed by a day, and differences  :func:`predicted_curves`, :func:`share_differences`
test of proportional hazards             :func:`proportionality`
hazard ratios that change with age       :func:`changing_ratios`
hazard ratios, dates known to a month    :func:`discrete_time`
cumulative incidence of one cause        :func:`fine_gray`
interval-censored delays, parametric     :func:`parametric` (Weibull, log-normal, log-logistic)
too few closings for a Cox model         :func:`cox` with ``penalty="firth"``, :func:`exact_rates`
=======================================  =====================================================================

:func:`mean_of_closed_only` reproduces the usual published figure and says what it leaves out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
