"""Regression of delays: which cases close sooner, by how much, and how sure that is.

=======================================  =====================================================================
what is asked                            function
=======================================  =====================================================================
ratios of daily rates, exact dates       :func:`cox` (late entry, ties, strata, clusters, one way of closing)
shares closed by a day, and differences  :func:`predicted_curves`, :func:`share_differences`
whether one ratio describes all ages     :func:`proportionality`
interval-dated delays, with a shape      :func:`parametric` (Weibull, log-normal, log-logistic)
closings too few for it                  :func:`cox` with ``penalty="firth"``, :func:`exact_rates`
=======================================  =====================================================================
"""

from accountability.hazard.changing import ChangingRatios, changing_ratios
from accountability.hazard.cox import Cox, cox
from accountability.hazard.finegray import FineGray, fine_gray
from accountability.hazard.parametric import Parametric, parametric
from accountability.hazard.prediction import PredictedCurves, ShareDifferences, predicted_curves, share_differences
from accountability.hazard.proportional import Proportionality, proportionality
from accountability.hazard.rates import ExactRates, exact_rates

__all__ = [
    "ChangingRatios",
    "Cox",
    "ExactRates",
    "FineGray",
    "Parametric",
    "PredictedCurves",
    "Proportionality",
    "ShareDifferences",
    "changing_ratios",
    "cox",
    "exact_rates",
    "fine_gray",
    "parametric",
    "predicted_curves",
    "proportionality",
    "share_differences",
]
