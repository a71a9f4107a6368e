"""Outcomes of complaints: findings, penalties, changes from recommendation to penalty, and gaps between groups.

==========================================  ==================================================================
question                                    function
==========================================  ==================================================================
findings, and penalties after them          :func:`outcome_distribution`
changes from recommended to imposed         :func:`changes`, :func:`waterfall`, :func:`penalty_reductions`
several bodies on one allegation            :func:`concurrence`
one rate under every unit of counting       :func:`sustained_by_unit`, :func:`by_unit`
sustained, with several covariates          :func:`sustained_logit`; with a random intercept
                                            :func:`sustained_mixed_logit`
severity of the penalty                     :func:`penalty_ordered_logit`, :func:`proportional_odds`
days of the penalty                         :func:`days_hurdle`
cause by which a case ends                  :func:`outcome_multinomial`
a gap between two groups, by stage          :func:`decompose_gap`
penalties in like cases                     :func:`like_cases`, :func:`departures`
penalty by delay                            :func:`delay_and_penalty`
==========================================  ==================================================================

Every model is an :class:`OutcomeModel`: coefficients in ``table``, shares or means in ``margins`` and
``contrasts``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
