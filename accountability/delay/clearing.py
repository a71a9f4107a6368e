"""What would clear the backlog of each group, at the pace at which it closed cases lately."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.delay.monthly_caseload import Caseload, caseload
from accountability.errors import ParameterError
from accountability.privacy import disclose
from accountability.results import Result, percent, plural
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

ALL = "all cases"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backlogs(Result):
    """Open cases and the pace at which they close, one row a group, the overall row first.

    ``table``: ``group``; ``received``, ``closed`` (cases, in the months of the pace); ``open`` (at their end);
    ``received_a_month``, ``closed_a_month``; ``clearance`` (closed over received; missing with none received);
    ``months_to_clear`` (missing when as many come in as go out, or more); ``closed_a_month_to_halve_in_a_year``. Of a
    group too small to show, every number is missing.

    Attributes
    ----------
    by : str or None
        The grouping column.
    months : int
        How many of the last complete months give the pace.
    clock : str
        The two stages and the cut-off.
    """

    by: str | None
    months: int
    clock: str

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups small in any count, and those that would give them away beside the overall row."""
        shown = table.iloc[1:].assign(hidden=False)
        for name in ("received", "closed", "open"):
            shown["hidden"] |= disclose(table.iloc[1:], counts=(name,), keep=("group",))["hidden"]
        if shown["hidden"].any():
            large = shown.astype(dict.fromkeys(("received", "closed", "open"), "Int64"))
            numbers = table.columns.drop("group")
            shown = large.assign(**large[numbers].mask(shown["hidden"]))
        return pd.concat([table.iloc[:1].assign(hidden=False), shown], ignore_index=True)

    def sentence(self) -> str:
        """Say the overall pace, what it would clear, and which groups fall behind."""
        whole = self.table.iloc[0]
        cleared = whole["months_to_clear"]
        months = plural(self.months, "month")
        text = (
            f"In the last {months if self.months > 1 else 'month'} that the release covers wholly, "
            f"{plural(int(whole['received']), 'case')} came in and {int(whole['closed']):,} closed"
        )
        if pd.notna(whole["clearance"]):
            text += f" ({percent(whole['clearance'])} of those received)"
        if pd.isna(cleared):
            text += f"; at that pace the {plural(int(whole['open']), 'open case')} would never be cleared"
        else:
            still = plural(int(whole["open"]), "open case")
            text += f"; at that pace the {still} would be cleared in {cleared:,.0f} months"
        text += (
            f"; to halve them in a year, {whole['closed_a_month_to_halve_in_a_year']:,.0f} would have to close a month"
        )
        groups = self.table.iloc[1:].dropna(subset="open")
        behind = groups.loc[groups["closed"] < groups["received"], "group"]
        if len(groups):
            text += f"; {len(behind):,} of {plural(len(groups), 'group')} closed fewer than came in"
        if withheld := len(self.table) - 1 - len(groups):
            text += f" ({plural(withheld, 'group')} too small to show or kept back with them)"
        return f"{text} [{self.clock}]."


@takes("cohort")
def backlogs(
    cohort: Cohort,
    by: str | None = None,
    months: int = 12,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
) -> Backlogs:
    """Say what would clear the open cases of each group at the pace observed lately.

    Parameters
    ----------
    cohort : Cohort or Dataset
        Open and closed cases.
    by : str, optional
        A column of the cases without missing values; see :func:`accountability.study.grouping.group_cases`.
    months : int
        How many of the last complete months give the pace.
    start, stop : str
        Stages at which a case comes in and goes out.
    cutoff : date, optional
        Last day to count; ``card.observed_until`` when left out.

    Returns
    -------
    Backlogs

    Raises
    ------
    Refusal
        As :func:`accountability.delay.monthly_caseload`, or with fewer complete months than asked for.
    ParameterError
        When there is no such column.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.backlogs(accountability.load("synthetic")).table[["received", "closed", "open"]].to_numpy().tolist()
    [[819, 864, 643]]

    Notes
    -----
    Open cases over the mean surplus of closings a month. The pace is taken to last and intake to stay as it is: it is
    arithmetic, not a forecast.
    """
    if by is not None and not isinstance(by, str):
        raise ParameterError(f"delay.backlogs: by= takes the name of one column, found a {type(by).__name__}")
    study = cohort
    whole = caseload(study, start, stop, cutoff)
    whole.clearing(months)  # refuses when the release covers fewer months
    window = whole.table.loc[whole.table["complete"], "month"].tail(months)
    rows = [_row(ALL, whole, window)]
    if by is not None:
        if by not in study.cases.columns:
            raise ParameterError(f"no column {by!r} to group by; there are {', '.join(study.cases.columns)}")
        for name in sorted(study.cases[by].dropna().unique()):
            part = study.keep_if((study.cases[by] == name).fillna(False).astype(bool), because=f"{by} is {name}")
            rows.append(_row(str(name), caseload(part, start, stop, cutoff), window))
    return Backlogs(
        estimand="open cases and months to clear them, at the pace of the last "
        f"{months} complete months, by {whole.clock}",
        assumptions=(
            *whole.assumptions,
            "the pace of closing and the intake stay as they were: arithmetic, not a forecast",
        ),
        method="open cases over the mean surplus of closings a month",
        table=pd.DataFrame(rows),
        flow=study.flow(),
        by=by,
        months=months,
        clock=whole.clock,
    )


def _row(group: str, of: Caseload, window: pd.Series) -> dict[str, object]:
    """One group's pace over the months that count for the whole release; a month before its first case had none."""
    shown = of.table[of.table["month"].isin(window)]
    months = len(window)
    received, closed = int(shown["received"].sum()), int(shown["closed"].sum())
    still = int(shown["open_at_end"].iloc[-1]) if len(shown) else 0
    surplus = (closed - received) / months
    return {
        "group": group,
        "received": received,
        "closed": closed,
        "open": still,
        "received_a_month": received / months,
        "closed_a_month": closed / months,
        "clearance": closed / received if received else np.nan,
        "months_to_clear": still / surplus if surplus > 0 else np.nan,
        "closed_a_month_to_halve_in_a_year": received / months + still / 24,
    }
