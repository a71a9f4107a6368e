"""Why the numbers of two reports moved that were made from two releases of one agency."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

#: The steps from the first report's release to the second's, in their order.
STEPS: Final = ("records changed", "time passed", "cases were new")

_DATED: Final = re.compile(rf"\b(?:{'|'.join(month_name[1:])})\b|\d+")


def releases_of(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, str] | None:
    """The sources of two records that differ in the release alone; ``None`` where they differ otherwise."""
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


def moves(first: Mapping[str, Any], second: Mapping[str, Any]) -> pd.DataFrame:
    """Say of each key number how far it moved at each step from one release to the other.

    The study's finding is made anew on the releases and on the two datasets between them
    (:func:`accountability.releases.between`), so the steps add up to the whole.

    Parameters
    ----------
    first, second : mapping
        Records of two reports of one study, on two releases of one agency.

    Returns
    -------
    DataFrame
        ``number``, ``first``, one column a step, ``second``. A step from a later release back to an earlier has the
        opposite signs. Empty where a number cannot be had at some step.

    Raises
    ------
    AccountabilityError
        The releases are not at hand or cannot be compared.
    """
    import pandas as pd

    import accountability
    from accountability.publish.replay import Replay
    from accountability.releases import between, series

    found = releases_of(first, second)
    if found is None:
        return pd.DataFrame(columns=["number", "first", *STEPS, "second"])
    order = sorted(found, key=series(found[0]).index)
    older, newer = (accountability.load(one) for one in order)
    parameters = {name: value for name, value in first["parameters"].items() if name != "source"}
    made = []
    for data in (older, *between(older, newer), newer):
        finding = Replay({data.name: data}).finding(first["study"], {"source": data.name, **parameters}, whole=False)
        made.append([(one.label, one.estimate) for one in finding.numbers])
    rows = []
    for numbers in zip(*made, strict=False):
        values = [value for _, value in numbers]
        # A label may name another month, and no other group: those are other numbers.
        if any(value is None for value in values) or len({_DATED.sub("", label) for label, _ in numbers}) > 1:
            continue
        steps = dict(zip(STEPS, (b - a for a, b in pairwise(values)), strict=True))
        if tuple(order) != found:
            values, steps = values[::-1], {name: -step for name, step in steps.items()}
        rows.append({"number": numbers[-1][0], "first": values[0], **steps, "second": values[-1]})
    return pd.DataFrame(rows, columns=["number", "first", *STEPS, "second"])
