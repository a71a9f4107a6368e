"""Compare two reports number by number, with possible causes of differences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import ParameterError
from accountability.publish.finished import Held, record, tables
from accountability.publish.release_moves import STEPS, Moves, moves
from accountability.publish.values import COLUMNS, key_columns, tidy
from accountability.results import Result, four_figures, plural

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Relative tolerance: what another machine's arithmetic may change, and no estimator's fault would stay within.
TOLERANCE: Final = 1e-8
#: Numbers nearer to each other than this are equal, however small they are.
FLOOR: Final = 1e-12
DIFFERS: Final = "differs"
FIRST: Final = "only in first"
SECOND: Final = "only in second"
_INSIDE: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WHY: Final = ("what", "first", "second")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison(Result):
    """Differences between two reports.

    ``table`` has one row per unequal value: ``address``, ``kind``, ``table``, ``row``, ``column``, ``first``,
    ``second`` (as in the CSV files), ``difference`` (second minus first), ``relative`` (difference over first) and
    ``what``: ``differs``, ``only in first`` or ``only in second``. For two releases of one agency it also has the parts
    of each change due to ``records changed``, ``time passed`` and ``cases were new``, missing where it is not split
    (:attr:`unsplit` says why).

    Attributes
    ----------
    compared : int
        Number of values compared, or found in one report only.
    why : pandas.DataFrame
        Possible causes: ``what``, ``first``, ``second``: study, notebook, data, parameters, cut-off, versions, commit.
        Empty if all are equal.
    moved : pandas.DataFrame
        For two releases of one agency, the same for the key numbers
        (:func:`accountability.publish.release_moves.moves`).
    unsplit : pandas.DataFrame
        For two releases, the changed numbers that are not split: ``n`` and ``because``.
    """

    compared: int
    why: pd.DataFrame
    moved: pd.DataFrame
    unsplit: pd.DataFrame

    @property
    def equal(self) -> bool:
        """Whether both have the same values within the tolerance."""
        return self.table.empty

    def sentence(self) -> str:
        """State how many values differ, the largest difference, and possible causes."""
        if self.equal:
            return f"{plural(self.compared, 'value')} compared: all equal."
        counts = self.table["what"].value_counts().to_dict()
        verbs = {DIFFERS: DIFFERS if counts.get(DIFFERS) == 1 else "differ"}
        said = ", ".join(
            f"{counts[what]:,} {verbs.get(what, what)}" for what in (DIFFERS, FIRST, SECOND) if what in counts
        )
        widest = self.table.dropna(subset=["difference"])
        most = ""
        if not widest.empty:
            larger = widest[["first", "second"]].astype("float64").abs().max(axis=1)
            # A number and infinity are as far apart as can be; as a share of the larger that is no number.
            row = widest.iloc[int((widest["difference"].abs() / larger).fillna(float("inf")).argmax())]
            most = f"; most of all {row['address']}, {row['first']} and {row['second']}"
        why = ", ".join(self.why["what"]) or "nothing the records show"
        moved = ""
        if len(self.moved):
            row = self.moved.iloc[0]
            parts = ", ".join(f"{four_figures(row[step])} as {step}" for step in STEPS)
            moved = (
                f" '{row['number']}' moved from {four_figures(row['first'])} to {four_figures(row['second'])}: {parts}."
            )
        if STEPS[0] in self.table:
            moved += f" Of the numbers in tables {int(self.table[STEPS[0]].notna().sum()):,} are split so"
            left = [f"{row['n']:,} are not: {row['because']}" for row in self.unsplit.to_dict("records")]
            moved += f"; {'; '.join(left)}." if left else "."
        return (
            f"{plural(self.compared, 'value')} compared: {said}{most}. What the two were made from differs in: {why}."
            f"{moved}"
        )


def compare(first: str | Path, second: str | Path, *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare two reports, value by value with the same address.

    Parameters
    ----------
    first, second : path
        Folders of reports, or files in them.
    tolerance : float
        Relative difference up to which two numbers are equal; also for numbers inside a text.

    Returns
    -------
    Comparison
        The unequal values, with possible causes.

    Raises
    ------
    ParameterError
        If either is not a finished report, or the tolerance is below 0.
    """
    import pandas as pd

    if not tolerance >= 0:
        raise ParameterError(f"tolerance: expected 0 or more, such as {TOLERANCE:g}, found {tolerance}")
    held = tables(first), tables(second)
    keys = _keys(*held)
    merged = _beside(*held, keys)
    unequal = merged[~_equal(merged, tolerance)]
    difference = unequal["number_second"] - unequal["number_first"]
    table = pd.DataFrame(
        {
            **{name: unequal[name] for name in ("address", "kind", "table", "row", "column")},
            "first": unequal["text_first"].fillna(""),
            "second": unequal["text_second"].fillna(""),
            "difference": difference,
            "relative": difference / unequal["number_first"].abs().where(unequal["number_first"] != 0),
            "what": unequal["found"].map({"both": DIFFERS, "left_only": FIRST, "right_only": SECOND}),
        }
    )
    table = table.astype({name: "str" for name in table.columns if name not in ("difference", "relative")})
    alike = {held.name for side in held for held in side if held.kind == "table"}
    found = moves(record(first), record(second), {name: keys[name] for name in sorted(alike)})
    table, unsplit = _split(table.reset_index(drop=True), found, tolerance)
    return Comparison(
        estimand=f"values of {first} and of {second}",
        assumptions=("a row that both hold is called the same in both",),
        method=f"address by address; numbers equal within {tolerance:g} of the larger",
        table=table,
        compared=len(merged),
        why=why(record(first), record(second)),
        moved=pd.DataFrame(columns=["number", "first", *STEPS, "second"]) if found is None else found.numbers,
        unsplit=unsplit,
    )


def _split(table: pd.DataFrame, found: Moves | None, tolerance: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The differences with the steps of the cells that are split, and why others that moved are not."""
    import numpy as np
    import pandas as pd

    left = pd.DataFrame({"n": pd.Series(dtype="int64"), "because": pd.Series(dtype="str")})
    if found is None:
        return table, left
    cells = found.cells.reindex(table["address"])
    near = [
        np.isclose(cells[end].astype("float64"), table[end].where(table["difference"].notna()).astype("float64"),
                   rtol=tolerance, atol=FLOOR)
        for end in ("first", "second")
    ]  # fmt: skip
    held = near[0] & near[1] & (table["kind"] == "table").to_numpy()
    steps = cells[list(STEPS)].astype("float64").set_axis(table.index).mask(~np.outer(held, np.ones(3, bool)))
    rest = table[table["difference"].notna() & ~held]
    because = np.select(
        [np.full(len(rest), bool(found.because)), rest["kind"] == "figure", rest["table"].isin(found.unsplit),
         ~rest["address"].isin(found.cells.index)],
        [found.because, "they are points of figures, whose numbers are in the tables",
         [f"{name}: {found.unsplit.get(name)}" for name in rest["table"]],
         "a dataset between the two releases lacks them"],
        "made anew from the releases they are not what the report holds",
    )  # fmt: skip
    counts = pd.Series(because, dtype="str").value_counts(sort=False).rename_axis("because").reset_index(name="n")
    return table.join(steps), counts[["n", "because"]] if len(rest) else left


def _keys(one: list[Held], other: list[Held]) -> dict[str, list[str]]:
    """By the label of each table the columns that name its rows, alike on both sides."""
    held = [{table.label: table for table in side} for side in (one, other)]
    # Rows are named alike on both sides, by columns that tell them apart on both.
    return {
        label: key_columns(*(side[label].cells for side in held if label in side))
        for label in dict.fromkeys([*held[0], *held[1]])
    }


def _beside(one: list[Held], other: list[Held], keys: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    import pandas as pd

    held = [{table.label: table for table in side} for side in (one, other)]
    sides = [[tidy(side[label], naming) for label, naming in keys.items() if label in side] for side in held]
    empty = pd.DataFrame({name: [] for name in COLUMNS})
    left, right = (pd.concat(frames, ignore_index=True) if frames else empty for frames in sides)
    merged = left.merge(right, how="outer", on="address", suffixes=("_first", "_second"), indicator="found", sort=False)
    for name in ("kind", "table", "row", "column"):
        merged[name] = merged[f"{name}_first"].fillna(merged[f"{name}_second"])
    # An outer merge sorts; the order of the tables says more.
    order = {address: place for place, address in enumerate(dict.fromkeys([*left["address"], *right["address"]]))}
    return merged.iloc[merged["address"].map(order).argsort(kind="stable")]


def _equal(merged: pd.DataFrame, tolerance: float) -> np.ndarray:
    import numpy as np

    first, second = merged["number_first"].to_numpy(float), merged["number_second"].to_numpy(float)
    same = (merged["text_first"] == merged["text_second"]).to_numpy(bool, copy=True)
    same |= np.isclose(first, second, rtol=0, atol=FLOOR) | (
        np.isfinite(first)
        & np.isfinite(second)
        & (np.abs(first - second) <= tolerance * np.maximum(np.abs(first), np.abs(second)))
    )
    unsure = ~same & (merged["found"] == "both").to_numpy() & np.isnan(first) & np.isnan(second)
    for place in np.flatnonzero(unsure):
        row = merged.iloc[place]
        same[place] = texts_agree(str(row["text_first"]), str(row["text_second"]), tolerance)
    return same


def texts_agree(first: str, second: str, tolerance: float = TOLERANCE) -> bool:
    """Return whether two texts, such as ``125 (119 to 134)``, have the same words and equal numbers."""
    if first == second:
        return True
    if _INSIDE.split(first) != _INSIDE.split(second):
        return False
    pairs = zip(map(float, _INSIDE.findall(first)), map(float, _INSIDE.findall(second)), strict=True)
    return all(abs(a - b) <= max(tolerance * max(abs(a), abs(b)), FLOOR) for a, b in pairs)


def why(first: Mapping[str, Any], second: Mapping[str, Any]) -> pd.DataFrame:
    """Return the differences between two records except time: ``what``, ``first``, ``second``, likely causes first."""
    import pandas as pd

    one, other = _causes(first), _causes(second)
    rows = [
        (what, one.get(what, "not recorded"), other.get(what, "not recorded"))
        for what in dict.fromkeys([*one, *other])
        if one.get(what) != other.get(what)
    ]
    return pd.DataFrame(rows, columns=list(_WHY)).astype("str")


def _causes(record: Mapping[str, Any]) -> dict[str, str]:
    data, made = record.get("data", {}), record.get("environment", {})
    said: dict[str, Any] = {"study": record.get("study"), "data": data.get("source"), "data sha256": data.get("sha256")}
    said |= {f"sha256 of {file}": digest for file, digest in data.get("files", {}).items()}
    said |= {f"declaration {file}": digest for file, digest in data.get("declaration", {}).items()}
    said |= {f"parameter {name}": value for name, value in record.get("parameters", {}).items()}
    said["cut-off"] = data.get("cutoff")
    said["notebook"] = record.get("notebook_sha256")
    said |= {f"version of {name}": number for name, number in made.get("packages", {}).items()}
    said |= {"commit": made.get("commit"), "Python": made.get("python"), "platform": made.get("platform")}
    return {what: "none" if value is None else str(value) for what, value in said.items()}
