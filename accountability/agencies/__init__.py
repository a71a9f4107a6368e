"""Agencies side by side: which sources can be compared, what their shares and delays are at one mix, counts by year.

==============================================  ==============================================================
question                                        function
==============================================  ==============================================================
which sources can be compared, and on what      :func:`comparability`
shares and delays of agencies at one case mix   :func:`side_by_side`
counts of agencies by year                      :func:`load_counts`, :func:`pooled_shares`
==============================================  ==============================================================

Whatever cannot be compared is refused with the reason. Nothing here ranks agencies.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
