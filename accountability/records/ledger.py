"""The ledger of raw rows: coded, merged, dropped or set aside, with reason and count.

The ledger holds two frames. ``rows`` counts each file's raw and coded rows. ``entries`` says what was done to each row
or value that was not coded one to one. :meth:`Ledger.check` verifies that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from accountability.errors import SourceError

ROW_ACTIONS = ("row dropped", "row merged", "row not linked")
VALUE_ACTIONS = ("value set aside", "column removed", "column not used", "value changed", "row kept", "cell dropped")
MADE = "row made"  # a step of `prepare` made more rows than it was given
ENTRY_COLUMNS = ["file", "column", "action", "rule", "reason", "count", "example_rows"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Parameters
    ----------
    file, column : str
        Where the rows or values are; ``column`` is empty for whole rows.
    action : str
        One of ``ROW_ACTIONS`` (the raw row did not become a coded row) or ``VALUE_ACTIONS`` (the row is coded, but a
        value is not, or the row is marked as doubtful).
    rule, reason : str
        The declared rule, and its reason in words.
    count : int
        Number of rows or values.
    example_rows : tuple of int
        Up to three data rows of the file, counted from 1.
    """

    file: str
    column: str
    action: str
    rule: str
    reason: str
    count: int
    example_rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.action not in (*ROW_ACTIONS, *VALUE_ACTIONS, MADE):
            known = (*ROW_ACTIONS, *VALUE_ACTIONS, MADE)
            raise ValueError(f"unknown ledger action {self.action!r}; expected one of {known}")


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of one file, collected while it is coded."""

    file: str
    entries: list[Entry] = field(default_factory=list)

    def note(self, column: str, action: str, rule: str, reason: str, rows: pd.Series | int) -> None:
        """Record what was done to rows, given their numbers or their count; see :class:`Entry`."""
        count, shown = (rows, ()) if isinstance(rows, int) else (len(rows), examples(rows))
        self.entries.append(Entry(self.file, column, action, rule, reason, count, shown))


def examples(source_rows: pd.Series) -> tuple[int, ...]:
    """Return the first three row numbers, for a ledger entry."""
    return tuple(int(row) for row in source_rows.iloc[:3])


@dataclass(frozen=True, slots=True)
class Ledger:
    """Raw and coded rows of each file, with every difference explained.

    Attributes
    ----------
    entries : DataFrame
        ``file, column, action, rule, reason, count, example_rows``.
    rows : DataFrame
        ``file, table, raw, coded``: raw data rows read and coded rows made, one line per file.
    """

    entries: pd.DataFrame
    rows: pd.DataFrame

    @classmethod
    def of(cls, entries: Iterable[Entry], rows: Iterable[tuple[str, str, int, int]]) -> Ledger:
        """Build a ledger from entries and ``(file, table, raw, coded)`` counts."""
        frame = pd.DataFrame(
            [
                (e.file, e.column, e.action, e.rule, e.reason, e.count, ", ".join(map(str, e.example_rows)))
                for e in entries
                if e.count
            ],
            columns=ENTRY_COLUMNS,
        ).astype({"count": "int64", **dict.fromkeys(set(ENTRY_COLUMNS) - {"count"}, "str")})
        counts = pd.DataFrame(list(rows), columns=["file", "table", "raw", "coded"])
        return cls(frame, counts.astype({"file": "str", "table": "str", "raw": "int64", "coded": "int64"}))

    def balance(self) -> pd.DataFrame:
        """Return the balance: raw rows = coded rows + rows accounted for, one line per file.

        Returns
        -------
        DataFrame
            ``file, table, raw, coded, accounted, unexplained``; rows added by ``prepare`` count negatively, and
            ``unexplained`` must be zero.
        """
        counted = self.entries[self.entries["action"].isin((*ROW_ACTIONS, MADE))]
        signed = counted["count"].mask(counted["action"] == MADE, -counted["count"])
        by_file = signed.groupby(counted["file"]).sum()
        balance = self.rows.assign(accounted=self.rows["file"].map(by_file).fillna(0).astype("int64"))
        return balance.assign(unexplained=balance["raw"] - balance["coded"] - balance["accounted"])

    def check(self) -> pd.DataFrame:
        """Verify that no row was lost or added without an entry.

        Returns
        -------
        DataFrame
            The balance, if every file's ``unexplained`` is zero.

        Raises
        ------
        SourceError
            If it is not.
        """
        balance = self.balance()
        wrong = balance[balance["unexplained"] != 0]
        if len(wrong):
            lines = "; ".join(
                f"{row.file}: {row.raw:,} raw rows, {row.coded:,} coded, {row.accounted:,} accounted for, "
                f"{row.unexplained:,} unexplained"
                for row in wrong.itertuples()
            )
            raise SourceError(f"the ledger does not balance: {lines}")
        return balance

    def __len__(self) -> int:
        return len(self.entries)

    def _repr_html_(self) -> str:
        return self.entries.to_html(index=False, border=0, escape=True)
