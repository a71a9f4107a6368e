"""Consequences of a guess at a column: the counts of complaints, officers and sustained findings, and days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from accountability.records.onboard.column_profile import Reading
from accountability.records.onboard.hints import FINDING_TERMS, tidy
from accountability.records.onboard.roles import Role
from accountability.stats.arrays import ROUNDING, share_left

_TENTH: Final = 0.1


def in_words(count: int, what: str) -> str:
    """Return a count in words: ``1 complaint``, ``1,204 complaints``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@dataclass(frozen=True, eq=False)
class Counted:
    """The rows of a file with the roles assumed for its columns.

    Attributes
    ----------
    frame : DataFrame of str
        The rows as published.
    roles : sequence of Role
    """

    frame: pd.DataFrame
    roles: Sequence[Role]

    def _role(self, key: str, value: str) -> Role | None:
        return next((role for role in self.roles if role.says(key) == value), None)

    @cached_property
    def sustained(self) -> pd.Series | None:
        """Return which rows have a sustained finding; None if no column holds findings."""
        role = self._role("to", "finding")
        if role is None:
            return None
        meant = {text: FINDING_TERMS.get(tidy(str(text))) == "sustained" for text in role.column.counts.index}
        return self.frame[role.column.name].map(meant).fillna(False).astype(bool)

    def cases(self, case: str) -> str:
        """State the complaints, officers and sustained complaints if a column is the case number."""
        return ", ".join([in_words(self.frame[case].nunique(), "complaint"), *self.more(case)])

    def more(self, case: str) -> list[str]:
        """State the officers, and the complaints with a sustained finding, if known."""
        said = []
        officer = self._role("to", "officer_id")
        if officer is not None and officer.column.name != case:
            said.append(in_words(officer.column.distinct, "officer"))
        if self.sustained is not None:
            said.append(f"{self.frame.loc[self.sustained, case].nunique():,} sustained")
        return said

    def officers(self, officer: str) -> str:
        """State the number of officers if a column is the officer id, and the share of rows of the top tenth."""
        return "; ".join(filter(None, [in_words(self.frame[officer].nunique(), "officer"), self.share(officer)]))

    def share(self, officer: str) -> str:
        """Return the share of the rows of the top tenth of officers."""
        counts = self.frame[officer].value_counts().to_numpy()
        top = int(np.ceil(_TENTH * len(counts)))
        return f"the tenth with most draws {counts[:top].sum() / counts.sum():.1%} of the rows" if len(counts) else ""

    def days(self, role: Role) -> pd.Series | None:
        """Return the day in each row of a date column; None if its format is not decided."""
        return days_of(role.column.values, role.column.counts.index, role.reading)

    def received(self, role: Role) -> str:
        """State the first and last day if a column is the day of receipt."""
        days = self.days(role)
        if days is None or days.isna().all():
            return "no day can be read yet"
        return f"{in_words(int(days.notna().sum()), 'row')} from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"

    def closed(self, role: Role) -> str:
        """State how many rows have a closing day, how many are before the receipt, and the median days."""
        days, start = self.days(role), self._role("stage", "received")
        if days is None:
            return "no day can be read yet"
        said = [f"{int(days.notna().sum()):,} rows name a day, {int(days.isna().sum()):,} do not"]
        begun = self.days(start) if start is not None and start.column is not role.column else None
        if begun is not None:
            took = (days - begun).dt.days.dropna()
            said.append(f"{int((took < 0).sum()):,} before the receipt")
            if (took >= 0).any():
                said.append(f"half of the dated closed within {took[took >= 0].median():,.0f} days")
        return ", ".join(said)

    def waits(self, until: pd.Timestamp | None = None) -> tuple[pd.Series, pd.Series] | None:
        """Return days from receipt to closing or to the last day covered, one per case, and whether it closed."""
        start, stop, case = self._role("stage", "received"), self._role("stage", "closed"), self._role("to", "case_id")
        if start is None or stop is None or case is None:
            return None
        begun, ended = self.days(start), self.days(stop)
        if begun is None or ended is None:
            return None
        table = pd.DataFrame({"case": self.frame[case.column.name], "begun": begun, "ended": ended})
        table = table.dropna(subset=["case", "begun"]).drop_duplicates("case")
        last = until if until is not None else table[["begun", "ended"]].max().max()
        wait = (table["ended"].fillna(last) - table["begun"]).dt.days
        return wait[wait >= 0], table["ended"].notna()[wait >= 0]

    def state(self, state: str, until: pd.Timestamp | None = None) -> str:
        """State what follows if closings without a day are cases in this state."""
        found = self.waits(until)
        if found is None:
            return "no receipt and closing to count from yet"
        wait, closed = found
        blank = int((~closed).sum())
        if state == "open":
            half = half_closed(wait, closed)
            took = "fewer than half closed" if half is None else f"half closed within {half:,.0f} days"
            return f"{blank:,} open cases of {len(wait):,}; {took}"
        if state == "closed_on_unknown_day":
            return f"0 open cases; {blank:,} of {len(wait):,} closed on a day within their bounds"
        took = f"; half of the {int(closed.sum()):,} dated closed within {wait[closed].median():,.0f} days"
        return f"{blank:,} cases left out of the estimate, in at both extremes of its bounds" + took

    def units(self) -> dict[str, int]:
        """State the number of each unit of counting."""
        case, officer = self._role("to", "case_id"), self._role("to", "officer_id")
        found = {"allegation": len(self.frame)}
        if case is not None:
            found["complaint"] = self.frame[case.column.name].nunique()
        if officer is not None:
            found["officer"] = officer.column.distinct
            if case is not None:
                found["officer_complaint"] = len(
                    self.frame[[case.column.name, officer.column.name]].dropna().drop_duplicates()
                )
        return found


def half_closed(wait: pd.Series, closed: pd.Series) -> float | None:
    """Return the Kaplan-Meier median days to closing; None if not reached."""
    gone, done = np.bincount(wait), np.bincount(wait[closed], minlength=int(wait.max()) + 1)
    reached = share_left(done, gone[::-1].cumsum()[::-1]) <= 0.5 + ROUNDING
    return float(reached.argmax()) if reached.any() else None


def days_of(values: pd.Series, texts: pd.Index, reading: Reading | None) -> pd.Series | None:
    """Return the day of each cell under a reading of the distinct texts."""
    if reading is None:
        return None
    return pd.to_datetime(values.map(dict(zip(texts, reading.days, strict=True))))
