"""Case files: single cases coded from news reports, with a source for each fact, compared with agency data.

>>> from accountability import casefiles
>>> squad = casefiles.read("news_cases", "MDPD-2010")
>>> squad.reading("discipline_date=late_2012").readings["discipline_date"]
'late_2012'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
