"""Outcomes of complaints: findings, penalties, changes from recommendation to penalty, and gaps between groups.

==========================================  ==================================================================
question                                    function
==========================================  ==================================================================
what follows a finding                      :func:`outcome_distribution`
from recommended to imposed, and beyond     :func:`changes`, :func:`waterfall`, :func:`penalty_reductions`
several bodies on one allegation            :func:`concurrence`
one rate under every unit of counting       :func:`sustained_by_unit`, :func:`by_unit`
sustained or not, by several columns        :func:`sustained_logit`; with places that differ
                                            :func:`sustained_mixed_logit`
how heavy                                   :func:`penalty_ordered_logit`, :func:`proportional_odds`
how many days                               :func:`days_hurdle`
by which cause it ends                      :func:`outcome_multinomial`
where a gap between two groups stands       :func:`decompose_gap`
what followed in like cases                 :func:`like_cases`, :func:`departures`
do slow cases end lighter                   :func:`delay_and_penalty`
==========================================  ==================================================================

Every model is an :class:`OutcomeModel`: coefficients in ``table``, numbers in absolute terms in ``margins`` and
``contrasts``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
