"""Penalties: their order and their parts, what follows a finding, and what becomes of a recommendation.

==========================================  ==================================================================
question                                    function
==========================================  ==================================================================
what follows a finding                      :func:`outcomes`
from recommended to imposed, and beyond     :func:`changes`, :func:`waterfall`, :func:`shrinking`
one rate under every unit of counting       :func:`sustained_by_unit`, :func:`by_unit`
sustained or not, by several columns        :func:`sustained_logit`; with places that differ
                                            :func:`sustained_by_place`
how heavy                                   :func:`rung_logit`, :func:`proportional_odds`
how many days                               :func:`days_hurdle`
which way out                               :func:`ways_out`
where a gap between two groups stands       :func:`where_a_gap_stands`
what followed in like cases                 :func:`like_cases`, :func:`departures`
do slow cases end lighter                   :func:`delay_and_penalty`
==========================================  ==================================================================
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
