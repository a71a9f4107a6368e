"""Split the changes between two reports on two releases of one agency."""

from __future__ import annotations

import ast
import io
import re
from calendar import month_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import Refusal
from accountability.publish.finished import Held
from accountability.publish.values import tidy
from accountability.results import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from accountability.publish.replay import Slice

#: The steps from the first report's release to the second's, in their order.
STEPS: Final = ("records changed", "time passed", "cases were new")

_DATED: Final = re.compile(rf"\b(?:{'|'.join(month_name[1:])})\b|\d+")


def releases_of(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the sources of two records that differ only in the release; else ``None``."""
    from accountability.errors import SourceError
    from accountability.releases import series

    asked = [dict(one["parameters"]) for one in (first, second)]
    sources = [str(one.pop("source", "")) for one in asked]
    if first.get("study") != second.get("study") or asked[0] != asked[1] or sources[0] == sources[1]:
        return None
    try:
        names = series(sources[0])
    except SourceError:
        return None
    return (sources[0], sources[1]) if set(sources) <= set(names) else None


@dataclass(frozen=True, eq=False)
class Moves:
    """Changes of numbers at each step from one release to the other.

    From a later to an earlier release, signs are reversed.

    Attributes
    ----------
    numbers : DataFrame
        Key numbers: ``number``, ``first``, one column per step, ``second``.
    cells : DataFrame
        Cells of the tables, by address: ``first``, one column per step, ``second``.
    unsplit : dict
        Table to the reason that its cells are not split.
    because : str
        Why nothing is split; empty if something is.
    """

    numbers: pd.DataFrame
    cells: pd.DataFrame
    unsplit: Mapping[str, str]
    because: str = ""


def moves(
    first: Mapping[str, Any], second: Mapping[str, Any], keys: Mapping[str, Sequence[str]] | None = None
) -> Moves | None:
    """Return the change of each number of two reports at each step from one release to the other.

    The study is run on the releases and on the two datasets between them (:func:`accountability.releases.between`), so
    the steps add up to the total change.

    Parameters
    ----------
    first, second : mapping
        Records of two reports of one study, on two releases of one agency.
    keys : mapping, optional
        The tables whose cells are split, by name, and the columns that identify their rows.

    Returns
    -------
    Moves or None
        ``None`` if the reports differ in more than the release. Numbers that cannot be computed at some step are left
        out, and so are studies and tables that load other releases themselves.
    """
    import pandas as pd

    import accountability
    from accountability.errors import AccountabilityError
    from accountability.publish.replay import Replay, sliced, sliced_tables
    from accountability.releases import between, series

    empty = pd.DataFrame(columns=["number", "first", *STEPS, "second"])
    found = releases_of(first, second)
    if found is None:
        return None
    study = first["study"]
    if _looks_up_releases(sliced(study, whole=False)):
        return Moves(empty, empty, {}, f"{study} itself holds releases against each other")
    order = sorted(found, key=series(found[0]).index)
    back = tuple(order) != found
    parameters = {name: value for name, value in first["parameters"].items() if name != "source"}
    try:
        older, newer = (accountability.load(one) for one in order)
        held = [(Replay({one.name: one}), {"source": one.name, **parameters})
                for one in (older, *between(older, newer), newer)]  # fmt: skip
        made = [replay.finding(study, values, whole=False).numbers for replay, values in held]
    except AccountabilityError as error:
        return Moves(empty, empty, {}, str(error))
    # A label may name another month, and no other group: those are other numbers.
    same = [one for one in zip(*made, strict=False) if len({_DATED.sub("", number.label) for number in one}) == 1]
    labels = [one[-1].label for one in same]
    rows = pd.DataFrame([[number.estimate for number in one] for one in same], labels, dtype="float64")
    parts, unsplit = [], {}
    for name, naming in (keys or {}).items():
        behind = sliced_tables(study).get(name)
        if behind is None or _looks_up_releases(behind):
            unsplit[name] = "it looks up the other releases itself" if behind else "the notebook keeps it otherwise"
            continue
        try:
            sides = [_cells(replay.kept(study, name, values), name, naming) for replay, values in held]
            parts.append(pd.concat(sides, axis=1, join="inner").set_axis(range(4), axis=1))
        except (AccountabilityError, pd.errors.EmptyDataError) as error:
            unsplit[name] = str(error)
    cells = pd.concat(parts) if parts else pd.DataFrame(columns=range(4), dtype="float64")
    return Moves(_steps(rows, back).rename_axis("number").reset_index(), _steps(cells, back), unsplit)


def _looks_up_releases(behind: Slice) -> bool:
    nodes = (node for one in behind.statements for node in ast.walk(one))
    return any(isinstance(node, ast.Name) and node.id == "releases" for node in nodes)


def _cells(result: Any, name: str, naming: Sequence[str]) -> pd.Series:
    """The numbers of a table by their addresses, as a report holds them."""
    import pandas as pd

    table = getattr(result, "table", result)
    written = io.StringIO()
    write_csv(table.to_frame() if isinstance(table, pd.Series) else table, written)
    written.seek(0)
    cells = pd.read_csv(written, dtype="str", keep_default_na=False)
    if missing := [one for one in naming if one not in cells]:
        raise Refusal(f"on a dataset between the releases it has no column {missing[0]!r}")
    if cells.duplicated(list(naming)).any() if naming else len(cells) > 1:
        raise Refusal("on a dataset between the releases its rows cannot be told apart")
    return tidy(Held("table", name, cells), naming).set_index("address")["number"]


def _steps(values: pd.DataFrame, back: bool) -> pd.DataFrame:
    """Four columns from the older release to the newer, as first, steps, second."""
    known = values.dropna()
    ends = known.set_axis(range(4), axis=1)
    steps = ends.diff(axis=1)[[1, 2, 3]].set_axis(list(STEPS), axis=1) * (-1 if back else 1)
    steps.insert(0, "first", ends[3 if back else 0])
    return steps.assign(second=ends[0 if back else 3])
