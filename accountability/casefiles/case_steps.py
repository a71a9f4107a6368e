"""The timeline of a case, with each date as the range of its possible days, and the standing of each penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability.casefiles.casefile import CaseFile, of_a_case
from accountability.figures import draw
from accountability.results import Result, capitalised, plural
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STILL_TO_COME = "still to come"
NOT_DATED = "not dated"
RECOMMENDED = "recommended, not decided"
FILED = "decided, under appeal"
ANNOUNCED = "decided, appeal announced"
UNSAID = "decided; whether it is final is not said"
FINAL = "decided, final"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Timeline(Result):
    """Steps of a case with the possible days of each.

    ``table`` has one row per step: ``stage``, ``what``, ``officer``, ``date`` (as coded), ``earliest``, ``latest``
    (missing where that day is not known), ``status`` (``still to come`` for a step that has not happened),
    ``asserted_by``, ``cite``, ``reading``, ``chosen``.

    Attributes
    ----------
    case : str
        The case.
    published : pandas.DataFrame
        Reports with a date: ``report``, ``earliest``, ``latest``.
    drawn : pandas.DataFrame
        The bars: ``label``, ``note`` (date, status, citation, reading), ``first`` and ``last`` (days, filled up to the
        ends of the figure), ``starts`` and ``ends`` (whether that end is known), ``chosen``, ``kind``.
    """

    case: str
    published: pd.DataFrame
    drawn: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each step as a bar over its possible days.

        Returns
        -------
        Axes
            Blue: the chosen reading; grey: another reading; hatched: not dated, or still to come. An arrow marks an
            unknown end. Dotted lines: days on which reports appeared.
        """
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        axes = draw.new_axes(ax, width=9.5, height=1.8 + 0.42 * max(len(self.drawn), 2))
        for height, row in enumerate(self.drawn.to_dict("records")):
            colour = draw.COLOURS[0] if row["chosen"] else "0.65"
            width = row["last"] - row["first"]
            if row["kind"] == "dated":
                axes.barh(height, width, left=row["first"], height=0.5, color=colour)
                for known, day, marker in ((row["starts"], row["first"], "<"), (row["ends"], row["last"], ">")):
                    if not known:
                        axes.plot(day, height, marker=marker, color=colour, markersize=10, clip_on=False)
            else:
                axes.barh(
                    height, width, left=row["first"], height=0.5, facecolor="white", edgecolor="0.6", hatch="////"
                )
            place = axes.get_yaxis_transform()
            axes.text(1.02, height, row["note"], transform=place, ha="left", va="center", fontsize=8)
        for report in self.published.to_dict("records"):
            if not pd.isna(report["earliest"]) and not pd.isna(report["latest"]):
                axes.axvline(report["earliest"], color="0.3", linestyle=":", linewidth=1)
                place = axes.get_xaxis_transform()
                axes.text(report["earliest"], 1.01, report["report"], transform=place, ha="center", fontsize=8)
        axes.set_yticks(range(len(self.drawn)), list(self.drawn["label"]))
        days = pd.concat([self.drawn["first"], self.drawn["last"], self.published["earliest"]])
        room = (days.max() - days.min()) / 50
        axes.set_xlim(days.min() - room, days.max() + room)
        axes.invert_yaxis()
        if (self.drawn["kind"] == "dated").any():
            axes.xaxis.set_major_locator(AutoDateLocator())
            axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
            axes.set_xlabel("bars: every day the step can have been on")
        else:
            axes.set_xticks([])
            axes.set_xlabel("no report dates any step: each can lie anywhere on the line")
        return axes

    def sentence(self) -> str:
        """State how many steps are dated, to the day or more coarsely, and how many are still to come."""
        held = self.table[self.table["chosen"]]
        waits = held["status"] == STILL_TO_COME
        dated = held["earliest"].notna() | held["latest"].notna()
        exact = dated & (held["earliest"] == held["latest"])
        return (
            f"{self.case}: {plural(int((~waits).sum()), 'step')}, {int(exact.sum())} dated to the day, "
            f"{int((dated & ~exact).sum())} less finely, {int((~dated & ~waits).sum())} not at all; "
            f"{int(waits.sum())} still to come when reported."
        )


@of_a_case
def timeline(case: CaseFile) -> Timeline:
    """Return the steps of a case in order, under the chosen reading and under others.

    Parameters
    ----------
    case : CaseFile
        One case.

    Returns
    -------
    Timeline

    Raises
    ------
    ParameterError
        For a case file of several cases.

    Examples
    --------
    >>> from accountability import casefiles
    >>> casefiles.timeline(casefiles.read("news_cases", "PINECREST")).sentence()
    'PINECREST: 3 steps, 0 dated to the day, 0 less finely, 3 not at all; 2 still to come when reported.'
    """
    name = case.one()
    events = case.every_event
    steps = pd.DataFrame(
        {
            "stage": events["stage"],
            "what": events["what"],
            "officer": events["officer_id"].str.removeprefix(f"{name}/").fillna(""),
            "date": events["raw_text"].fillna(""),
            "earliest": events["earliest"],
            "latest": events["latest"],
            "status": events["status"],
            "asserted_by": events["asserted_by"],
            "cite": events["cite"],
            "reading": events["reading"].fillna(""),
            "chosen": events["chosen"],
        }
    )
    blank = {**dict.fromkeys(steps.columns, ""), "earliest": pd.NaT, "latest": pd.NaT, "chosen": True}
    rows = [
        {**blank, "stage": stage, "what": STAGES.get(stage, ""), "status": STILL_TO_COME} for stage in case.awaiting()
    ]
    awaited = pd.DataFrame(rows, columns=steps.columns).astype(steps.dtypes.to_dict())
    table = _in_order(pd.concat([steps, awaited], ignore_index=True) if len(awaited) else steps)
    read = case.published()
    return Timeline(
        estimand=f"when the steps of {name} were, as far as the reports say",
        assumptions=("a step lies on some day of its bar; no day of the bar is likelier than another",),
        method="dates of the case file as intervals; no day is added",
        table=table,
        case=name,
        published=read,
        drawn=_drawn(table, read),
    )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Order of the vocabulary's stages, then of time, the chosen reading first."""
    place = table["stage"].map({stage: number for number, stage in enumerate(STAGES)})
    keys = table.assign(place=place, late=~table["chosen"]).sort_values(["place", "late", "earliest"], kind="stable")
    return keys.drop(columns=["place", "late"]).reset_index(drop=True)


def _drawn(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Bars with ends on the figure: where a date has no end, the bar runs to the figure's edge."""
    days = pd.concat([table["earliest"], table["latest"], published["earliest"], published["latest"]]).dropna()
    first = days.min() if len(days) else pd.Timestamp("2000-01-01")
    last = days.max() if len(days) else pd.Timestamp("2001-01-01")
    room = max((last - first) / 12, pd.Timedelta(days=20))
    start, stop = first - room, last + room
    one_day = pd.Timedelta(days=1)
    dated = table["earliest"].notna() | table["latest"].notna()
    kind = pd.Series("dated", index=table.index, dtype="str").where(dated, NOT_DATED)
    kind = kind.mask(table["status"] == STILL_TO_COME, STILL_TO_COME)
    who = table["officer"].where(table["officer"] == "", " (" + table["officer"] + ")")
    other = table["reading"].where(~table["chosen"] & (table["reading"] != ""), "")
    seen = published["latest"].max()
    begins = table["earliest"].fillna(start).mask(kind == STILL_TO_COME, start if pd.isna(seen) else seen)
    told = (table["date"].where(dated, kind) + ", " + table["status"]).where(kind != STILL_TO_COME, kind)
    cited = table["cite"].where(table["cite"] == "", " (" + table["cite"] + ")")
    return pd.DataFrame(
        {
            "label": table["stage"].str.replace("_", " ") + who,
            "note": (told + cited + "\n" + other).str.strip(),
            "first": begins,
            "last": table["latest"].fillna(stop - one_day) + one_day,
            "starts": table["earliest"].notna() | ~dated,
            "ends": table["latest"].notna() | ~dated,
            "chosen": table["chosen"],
            "kind": kind,
        }
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltySteps(Result):
    """Penalties of a case with their standing (such as proposed or final).

    ``table`` has one row per officer and charge with a penalty: ``officer`` (a role), ``rank``, ``charge``,
    ``recommended``, ``imposed`` (in the words of the case file), ``days_lower``, ``days_upper`` (missing where not
    told), ``standing``, ``asserted_by``, ``cite``.

    Attributes
    ----------
    still_to_come : pandas.DataFrame
        Steps that have not happened: ``step``, ``meaning``.
    """

    still_to_come: pd.DataFrame

    def sentence(self) -> str:
        """State the number of penalties of each standing, and the steps still to come."""
        counts = self.table["standing"].value_counts(sort=False)
        said = "".join(f" {capitalised(str(standing))}: {number}." for standing, number in counts.items())
        awaited = ", ".join(self.still_to_come["step"])
        rest = f" Still to come when reported: {awaited}." if awaited else ""
        return f"{plural(self.table['officer'].nunique(), 'officer')} with a penalty.{said}{rest}"


@of_a_case
def penalties(case: CaseFile) -> PenaltySteps:
    """List the penalties of a case under the chosen reading, each with its standing.

    Parameters
    ----------
    case : CaseFile
        One case.

    Returns
    -------
    PenaltySteps

    Raises
    ------
    ParameterError
        For a case file of several cases.

    Examples
    --------
    >>> from accountability import casefiles
    >>> case = casefiles.read("news_cases", "PINECREST")
    >>> casefiles.penalties(case).table[["days_lower", "days_upper"]].values.tolist()
    [[5, 7]]
    """
    name = case.one()
    rows = case.allegations
    held = rows[rows["recommended_penalty"].notna() | rows["imposed_penalty"].notna()]
    events = case.events
    filed = set(events.loc[events["stage"] == "appeal_filed", "officer_id"].dropna())
    table = pd.DataFrame(
        {
            "officer": held["officer_id"].str.removeprefix(f"{name}/"),
            "rank": held.get("officer_rank"),
            "charge": held["category"],
            "recommended": held["raw_recommended"].fillna(""),
            "imposed": held["raw_imposed"].fillna(""),
            "days_lower": _days(held, "low"),
            "days_upper": _days(held, "high"),
            "standing": pd.Series([_standing(row, filed) for row in held.to_dict("records")], held.index, dtype="str"),
            "asserted_by": held["asserted_by"],
            "cite": held["cite"],
        }
    ).reset_index(drop=True)
    awaited = case.awaiting()
    return PenaltySteps(
        estimand=f"penalties in {name} and their standing when reported",
        assumptions=(
            "the reports tell every penalty there was by then",
            "what was decided later is not in the case file: no penalty here is the last word unless it says final",
        ),
        method="rows of the case file that carry a penalty, under the chosen reading",
        table=table,
        still_to_come=pd.DataFrame(
            {
                "step": pd.Series(awaited, dtype="str"),
                "meaning": pd.Series([STAGES.get(stage, "") for stage in awaited], dtype="str"),
            }
        ),
    )


def _days(held: pd.DataFrame, end: str) -> pd.Series:
    """Days of the imposed penalty, else of the recommended one."""
    found = pd.Series(pd.NA, index=held.index, dtype="Float64")
    for kind in ("imposed", "recommended"):
        for column in (f"{kind}_days_{end}", f"{kind}_days"):
            if column in held:
                found = found.fillna(held[column].astype("Float64"))
    return found.astype("Int64")


def _standing(row: dict[Any, Any], filed: set[str]) -> str:
    if row["status"] == "recommended" or row["imposed_penalty"] == "pending" or pd.isna(row["imposed_penalty"]):
        return RECOMMENDED
    if row["officer_id"] in filed:
        return FILED
    if row["status"] == "appealed":
        return ANNOUNCED
    return FINAL if row["final"] == "yes" else UNSAID
