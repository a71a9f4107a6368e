"""Regression of delays: which cases close sooner, by how much, and how sure that is.

=======================================  =====================================================================
what is asked                            function
=======================================  =====================================================================
ratios of daily rates, exact dates       :func:`cox` (late entry, ties, strata, clusters, one way of closing)
closings too few for it                  :func:`cox` with ``penalty="firth"``, :func:`exact_rates`
=======================================  =====================================================================
"""

from accountability.hazard.cox import Cox, cox
from accountability.hazard.rates import ExactRates, exact_rates

__all__ = ["Cox", "ExactRates", "cox", "exact_rates"]
