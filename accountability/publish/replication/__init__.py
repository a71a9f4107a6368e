"""Replication packages: code, environment, data or where to get them, reports, and a README.

:func:`package` builds it. The README follows the template of the social science data editors (Vilhuber, Connolly,
Koren, Llull and Morrow, *A template README for social science replication packages*, v1.1, 2022), the checklist the
STROBE statement (von Elm et al. 2007) and its extension for records collected for another purpose, RECORD (Benchimol
et al. 2015); both are in our own words.
"""

from __future__ import annotations

from accountability.publish.replication.build import package

__all__ = ["package"]
