"""Read federal pattern-or-practice matters as reforms, from the table published by The Marshall Project."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from accountability.errors import ParameterError
from accountability.reforms.reform import Reform, read_reform

SOURCE: Final = "themarshallproject/doj14141, data/doj_data.csv: matters of the Department of Justice 1994-2015"
CITATION: Final = "42 U.S.C. § 14141 (now 34 U.S.C. § 12601)"
#: Its columns that are read.
COLUMNS: Final = ("matter_case_name", "start_date", "agreement_date", "closed_date", "closure_type", "incident_state")
_WORDS: Final = {
    "consent decrees": "a consent decree",
    "consent decree": "a consent decree",
    "other settlement": "a settlement out of court",
    "moa/letter agreement resolving litigation": "a settlement out of court",
}


def federal_matters(table: pd.DataFrame, *, leave_out_unreadable: bool = False) -> list[Reform]:
    r"""Return a reform for each matter that ended in an agreement, from the day of the agreement.

    Parameters
    ----------
    table : DataFrame
        The published file, read as text. Its lines end in bare carriage returns:
        ``pandas.read_csv(path, dtype="str", lineterminator="\r")``.
    leave_out_unreadable : bool
        Leave out matters with an unreadable day (one is ``4-Jun``) instead of raising.

    Returns
    -------
    list of Reform
        In order of their days. ``announced`` is the day the matter began and ``anticipation_months`` the months since,
        because an agency under investigation may change before the agreement; ``end`` is the day it was closed.

    Raises
    ------
    ParameterError
        If a column is missing, or a date is invalid.

    Examples
    --------
    >>> import pandas as pd
    >>> from accountability import reforms
    >>> row = {"matter_case_name": "SPRINGFIELD POLICE DEPARTMENT", "start_date": "4/11/96",
    ...        "agreement_date": "4/16/97", "closed_date": None, "incident_state": "NO",
    ...        "closure_type": "Consent Decrees"}
    >>> reforms.federal_matters(pd.DataFrame([row]))[0].anticipation_months
    12
    """
    if missing := [name for name in COLUMNS if name not in getattr(table, "columns", ())]:
        raise ParameterError(
            f"the table of federal matters has no column {', '.join(missing)}. Write:\n"
            '    reforms.federal_matters(pandas.read_csv(path, dtype="str", lineterminator="\\r"))'
        )
    text = table[list(COLUMNS)].apply(lambda column: column.astype("str").str.strip())
    agreed = text.assign(kind=text["closure_type"].str.lower().map(_WORDS)).dropna(subset=["kind"])
    days = {name: pd.to_datetime(agreed[name], format="%m/%d/%y", errors="coerce") for name in COLUMNS[1:4]}
    unread = pd.DataFrame({name: day.isna() & ~agreed[name].fillna("").isin(["", "nan"]) for name, day in days.items()})
    if count := int(unread.any(axis=1).sum()):
        if not leave_out_unreadable:
            first = next(value for name in days for value in agreed.loc[unread[name], name])
            raise ParameterError(
                f"expected days such as 4/11/96, found others in {count} of {len(agreed):,} matters, first {first!r}. "
                "Mend them, or write leave_out_unreadable=True"
            )
        agreed = agreed[~unread.any(axis=1)]
    found = []
    for row in agreed.assign(**days).dropna(subset=["agreement_date"]).itertuples():
        begun, start, end = row.start_date, row.agreement_date, row.closed_date
        known = pd.notna(begun) and begun <= start
        waited = (start.year - begun.year) * 12 + start.month - begun.month if known else 0
        matter = re.sub(r"^U\.? ?S\.? V\.? ", "", str(row.matter_case_name))
        found.append(
            {
                "reform": re.sub(r"\W+", "_", f"{matter} {start.year}".lower()),
                "what": f"{row.kind} of {matter.title()} with the Department of Justice",
                "from": start.date(),
                "to": end.date() if pd.notna(end) and end >= start else None,
                "affects": f"the whole agency ({row.incident_state})",
                "announced": begun.date() if known else None,
                "anticipation_months": min(waited, 120),
                "source": SOURCE,
                "citation": CITATION,
            }
        )
    return sorted(map(read_reform, found), key=lambda one: (one.start, one.name))
