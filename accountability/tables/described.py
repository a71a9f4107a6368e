"""The result of a description: a table without small cells, the units outside it, and tests of its groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.small_counts import few, masked, small_terms
from accountability.privacy import MIN_CELL, disclose
from accountability.results import Result, interval_said, percent, plural
from accountability.tables.share_tests import Tested, tested

DAYS: Final = ("estimate", "lower", "upper", "lower_quartile", "upper_quartile")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Described(Result):
    """Counts, shares, means or days by group and window.

    ``table``: the groups; ``n`` (units of the denominator); and, by `kind`,

    - for shares: ``events`` (units with the condition), ``estimate``, ``lower``, ``upper``;
    - for a column of numbers: ``events`` (units with a number), ``estimate`` (the mean), ``std_error``, ``lower``,
      ``upper``, ``lower_quartile``, ``median``, ``median_lower``, ``median_upper``, ``upper_quartile``;
    - for days: ``events`` (closed), ``estimate`` (Kaplan-Meier median), ``lower``, ``upper`` and the quartiles; missing
      where not reached because too many are open;
    - for rates: ``exposure`` (a total times years), ``estimate`` (per so many of it a year), ``lower``, ``upper``;
    - for holders: ``n`` (holders), ``share_of_holders``, ``drawn`` (rows), ``share_drawn``, ``median``, ``mean``.

    ``hidden`` marks counts under ten, numbers from them, and numbers that would reveal them.

    Attributes
    ----------
    outside : pandas.DataFrame
        ``reason``, ``n``: units without a window for their date. With ``n`` of the table they add up to all.
    kind : {"count", "share", "terms", "number", "days", "holders", "rate"}
    unit : str
        What is counted, in the plural.
    by : tuple of str
        The columns of the groups; ``window`` is the last if there are windows.
    counted : pandas.DataFrame or None
        One row per unit of the denominator, for :meth:`test`.
    confidence : float
    rate : str
        What a rate is per, in words.
    """

    outside: pd.DataFrame
    kind: str
    unit: str
    by: tuple[str, ...]
    confidence: float
    counted: pd.DataFrame | None = field(default=None)
    rate: str = ""

    def __post_init__(self) -> None:
        """Hide what is small, in what lies outside too."""
        super().__post_init__()
        self._hide("outside", disclose(self.outside, counts=["n"], keep=["reason"]))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide counts from 1 to 9, numbers from them, and counts that would reveal them."""
        groups = list(self.by)
        if self.kind in ("share", "days"):
            shown = disclose(table, counts=["n", "events"], keep=groups, parts=bool(groups))
            if self.kind == "days":  # a quantile of many cases does not tell that few of them are open
                few_cases = shown["n"].isna()
                days = {name: table[name].mask(few_cases) for name in DAYS}
                shown = shown.assign(**days, hidden=few_cases)
            return shown
        if self.kind == "holders":
            return disclose(table, counts=["n"], keep=["holders"])
        if self.kind == "number":
            shown = masked(table.assign(hidden=few(table["events"], MIN_CELL)), (*groups, "n"))
            for name, small in (("n", table["n"]), ("events", table["n"] - table["events"])):
                shown[name] = shown[name].astype("Int64").mask(few(small, MIN_CELL))
            return shown
        if self.kind == "rate":  # the total is known outside, so a rate tells its count
            bare = replace(self, kind="count").disclosed(table[[*groups, "n"]])
            rest = table.drop(columns=[*groups, "n"])
            return bare.join(rest).assign(
                **{name: rest[name].mask(bare["hidden"]) for name in ("estimate", "lower", "upper")},
                hidden=bare["hidden"],
            )
        counts = table if self.kind == "terms" else table.assign(events=table["n"])
        if len(groups) > 1 or self.kind == "terms":
            hidden = small_terms(counts, groups[:-1], groups[-1], MIN_CELL)[0]
            shown = masked(table.assign(hidden=hidden), (*groups, "n") if self.kind == "terms" else groups)
            shown["n"] = shown["n"].astype("Int64").mask(few(table["n"], MIN_CELL))
            return shown
        return disclose(table, counts=["n"], keep=groups, parts=bool(groups))

    def test(self, kind: str = "chi_square") -> Tested:
        """Test whether a share or a distribution is the same in all groups.

        Parameters
        ----------
        kind : {"chi_square", "exact", "trend"}
            Pearson's chi-square, with the correction of Rao and Scott (1984) where officers or complaints repeat;
            Fisher's exact test of two groups, which assumes independent rows; or a linear trend of the share over the
            ordered groups, with errors clustered on officer and complaint.

        Returns
        -------
        Tested
            ``test, statistic, df, df_error, p_value, n, design_effect``, with the assumptions of each.
        """
        if self.counted is None or self.kind not in ("share", "terms"):
            raise ParameterError(
                f"a test compares shares between groups, and this describes {self.kind}; write "
                "describe(data, {'finding': 'sustained'}, by='category').test('chi_square')"
            )
        return tested(self.counted, kind, self.estimand)

    def sentence(self) -> str:
        """State the first rows in words."""
        said = []
        for row in self.table.head(4).to_dict("records"):
            lead = ", ".join(str(row[name]) for name in (*self.by, "holders") if name in row)
            said.append((f"{lead}: " if lead else "") + self._row_said(row))
        rest = len(self.table) - len(said)
        return "; ".join(said) + (f"; {plural(rest, 'more row')} in the table." if rest else ".")

    def _row_said(self, row: Mapping[Any, Any]) -> str:
        if pd.isna(row["n"]):
            return "too few to show"
        if self.kind == "count":
            return f"{row['n']:,} {self.unit}"
        if self.kind == "holders":
            return f"{row['n']:,} with {percent(float(str(row['share_drawn'])), 1)} of all"
        number = float(str(row["estimate"])) if pd.notna(row["estimate"]) else np.nan
        if np.isnan(number):
            return f"of {row['n']:,}, not shown or not reached"
        low, high = (float(str(row[end])) if pd.notna(row[end]) else np.nan for end in ("lower", "upper"))
        if self.kind == "rate":
            return f"{row['n']:,} {self.unit}, {number:,.2f} {self.rate} ({interval_said(self.confidence, low, high)})"
        if self.kind in ("share", "terms"):
            return f"{percent(number, 1)} of {row['n']:,} ({interval_said(self.confidence, low, high, 1)})"
        word = "median" if self.kind == "days" else "mean"
        held = row["events"] if self.kind == "number" else row["n"]  # a mean is of those that have a number
        many = "those with a number" if pd.isna(held) else f"{held:,}"
        return f"{word} {number:,.1f} of {many} ({interval_said(self.confidence, low, high)})"
