"""Regression of delays: which cases close sooner, by how much, and how sure that is.

=======================================  =====================================================================
what is asked                            function
=======================================  =====================================================================
ratios of daily rates, exact dates       :func:`cox` (late entry, ties, strata, clusters, one way of closing)
shares closed by a day, and differences  :func:`predicted_curves`, :func:`share_differences`
whether one ratio describes all ages     :func:`proportionality`
ratios that change with age              :func:`changing_ratios`
dates known to the month                 :func:`discrete_time`
share closed in one way                  :func:`fine_gray`
interval-dated delays, with a shape      :func:`parametric` (Weibull, log-normal, log-logistic)
closings too few for it                  :func:`cox` with ``penalty="firth"``, :func:`exact_rates`
=======================================  =====================================================================
"""

from accountability.delay.regression.changing import ChangingRatios, changing_ratios
from accountability.delay.regression.cox_model import Cox, cox
from accountability.delay.regression.discrete import DiscreteTime, discrete_time
from accountability.delay.regression.finegray import FineGray, fine_gray
from accountability.delay.regression.parametric_model import Parametric, parametric
from accountability.delay.regression.prediction import (
    PredictedCurves,
    ShareDifferences,
    predicted_curves,
    share_differences,
)
from accountability.delay.regression.proportional_hazards import Proportionality, proportionality
from accountability.delay.regression.rates import ExactRates, exact_rates

__all__ = [
    "ChangingRatios",
    "Cox",
    "DiscreteTime",
    "ExactRates",
    "FineGray",
    "Parametric",
    "PredictedCurves",
    "Proportionality",
    "ShareDifferences",
    "changing_ratios",
    "cox",
    "discrete_time",
    "exact_rates",
    "fine_gray",
    "parametric",
    "predicted_curves",
    "proportionality",
    "share_differences",
]
