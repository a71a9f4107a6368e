"""Whether an officer's id stands for one officer: placeholders, implausible numbers, contradictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.audit.part import CASE_FILES, Part, anchor, flow_of, is_case_files, row_word, years_of
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("check", "counted", "of", "share", "unit")
#: What agencies write where a number should be; seen only in ids that are not pseudonyms.
PLACEHOLDER: Final = r"(?i)^\W*(?:unknown|unk|none|n/?a|null|nil|test|tbd|unidentified|not identified|x+|0+|9{3,})\W*$"
#: More complaints in one calendar year than any one person is plausibly named in.
MOST_A_YEAR: Final = 30
_ATTRIBUTES: Final = ("officer_race", "officer_gender", "officer_birth_year", "officer_birth_decade")
ROWS_WITHOUT = "rows that name no officer"
CASES_WITHOUT = "complaints in which no row names an officer"
PATTERN = "rows whose id looks like a placeholder"
BUSY = f"ids named in more than {MOST_A_YEAR} complaints of one year"
ROWS_BUSY = "rows of these ids"
CONTRADICT = "ids with contradicting race, gender or birth"
AT_LOAD = "values left out at load as placeholders"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Identity(Part):
    """Signs that an id is no person, or several.

    ``table``: ``check``, ``counted`` (ids and rows of people are not shown from 1 to `min_cell` - 1), ``of`` (how many
    were looked at), ``share``, ``unit`` (rows, complaints or ids). No id is listed.
    """

    def _draw(self, axes: Axes) -> Axes:
        shown = self.table[self.table["share"].notna()][::-1]
        axes.barh(shown["check"], shown["share"].astype("float64"), color=draw.COLOURS[0])
        axes.set_xlim(0, 1)
        axes.set_xlabel("share")
        return axes


def identity(dataset: Dataset, min_cell: int = 10) -> Identity:
    """Count rows without an officer, and ids that may be placeholders or more than one person.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Smaller numbers of ids are not shown.

    Returns
    -------
    Identity
    """
    what = f"whether an officer's id in {dataset.name} is one officer"
    rows = dataset.allegations
    if is_case_files(dataset):
        return Identity.without(what, CASE_FILES, COLUMNS)
    if "officer_id" not in rows or not rows["officer_id"].notna().any():
        return Identity.without(what, "no row names an officer", COLUMNS)
    named = rows[rows["officer_id"].notna()]
    ids = int(named["officer_id"].nunique())
    if ids < min_cell:
        return Identity.without(what, f"fewer than {min_cell} officers are named", COLUMNS)
    without = set(dataset.cases["case_id"]) - set(named["case_id"])
    looks = int(named["officer_id"].str.fullmatch(PLACEHOLDER).sum())
    busy, busiest = _busy(dataset, named)
    torn, with_attributes = _contradicting(named)
    entries = dataset.ledger.entries
    left_out = (entries["action"] == "value set aside") & entries["reason"].str.contains("left out of officer_id")
    at_load = int(entries.loc[left_out, "count"].sum())
    lines = [
        _line(ROWS_WITHOUT, len(rows) - len(named), len(rows), "rows"),
        _line(CASES_WITHOUT, len(without), len(dataset.cases), "complaints"),
        _line(PATTERN, looks, len(named), "rows"),
        _line(AT_LOAD, at_load, len(rows), "rows"),
        _line(BUSY, len(busy), ids, "ids", min_cell),
        # The rows of a few ids would say how often these few were accused.
        _line(ROWS_BUSY, int(named["officer_id"].isin(busy).sum()), len(named), "rows", hide=0 < len(busy) < min_cell),
    ]
    if with_attributes:
        lines.append(_line(CONTRADICT, torn, with_attributes, "ids", min_cell))
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"counted": "Int64", "share": "Float64"})
    return Identity(
        estimand=what,
        assumptions=(
            "an id that two people share in every attribute looks like one person",
            "ids are pseudonyms where the source declares them so: their own spelling is then not seen",
        ),
        method=f"counts; {BUSY} are marked as implausible; numbers of ids below {min_cell} are not shown",
        table=table,
        flow=flow_of(dataset),
        said=_said(dataset, table, busiest),
    )


def _line(check: str, count: int, of: int, unit: str, min_cell: int = 1, *, hide: bool = False) -> dict[str, Any]:
    shut = hide or 0 < count < min_cell
    share = count / of if of else np.nan
    return {
        "check": check,
        "counted": pd.NA if shut else count,
        "of": of,
        "share": pd.NA if shut else share,
        "unit": unit,
    }


def _busy(dataset: Dataset, named: pd.DataFrame) -> tuple[set[str], bool]:
    """Ids named in more complaints of one year than plausible, and whether any year could be told."""
    start = anchor(dataset)
    if start is None:
        return set(), False
    pairs = named[["case_id", "officer_id"]].drop_duplicates()
    year = pairs["case_id"].map(years_of(dataset, start))
    counts = pairs.groupby(["officer_id", year]).size()
    return set(counts[counts > MOST_A_YEAR].index.get_level_values(0)), True


def _contradicting(named: pd.DataFrame) -> tuple[int, int]:
    held = [name for name in _ATTRIBUTES if name in named]
    if not held:
        return 0, 0
    distinct = named.groupby("officer_id")[held].nunique()
    return int((distinct > 1).any(axis=1).sum()), int((distinct > 0).any(axis=1).sum())


def _said(dataset: Dataset, table: pd.DataFrame, dated: bool) -> str:
    found = {row["check"]: row for row in table.to_dict("records")}
    rows, cases = found[ROWS_WITHOUT], found[CASES_WITHOUT]
    text = (
        f"{percent(rows['share'], 1)} of {plural(rows['of'], row_word(dataset) + ' row')} and "
        f"{percent(cases['share'], 1)} of {plural(cases['of'], 'complaint')} name no officer."
    )
    if found[PATTERN]["counted"]:
        text += f" {plural(found[PATTERN]['counted'], 'row')} carry an id that looks like a placeholder."
    if dated:
        text += f" {_some(found[BUSY]['counted'])} named in more than {MOST_A_YEAR} complaints of one year."
    if CONTRADICT in found:
        text += f" {_some(found[CONTRADICT]['counted'])} given more than one race, gender or birth."
    return text


def _some(count: Any) -> str:
    if pd.isna(count):
        return "A few ids (too few to count here) are"
    return "No id is" if count == 0 else f"{plural(int(count), 'id')} {'is' if count == 1 else 'are'}"
