"""Whether anything changed with a reform: the finding of ``did_the_reform_work``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.findings.frame_tables import counts, ends_of, ratios, raw, reading
from accountability.results import Refused, capitalised, plural
from accountability.stats.multiple_tests import holm

if TYPE_CHECKING:
    import pandas as pd

    from accountability.reforms import BeforeAfter, Discontinuity, Interrupted, Placebo, Reform, Variations


def found(
    asked: Asked,
    *,
    reform: Reform,
    effect: Interrupted | BeforeAfter | Discontinuity | Refused,
    placebo: Placebo | Refused,
    choices: Variations | Refused | None = None,
    groups: Variations | Refused,
    changed: pd.DataFrame | Refused,
) -> Finding:
    """State the estimate of the design, the share of placebo dates with as large an effect, and other changes then."""
    breaks = _breaks(reform, changed)
    if isinstance(effect, Refused):
        plain = replace(effect, because=re.sub(r"^(reforms\.)?\w+: ", "", effect.because))
        return asked.not_answered(plain, f"whether anything changed with {reform.what}", breaks=breaks)
    first = effect.table.iloc[0].to_dict()
    none = first["lower"] <= effect.null <= first["upper"]
    title = (
        f"No change of {effect.outcome} beyond chance at {effect.reform}"
        if none
        else f"{capitalised(effect.outcome)} changed at {effect.reform}, which is no proof of an effect"
        if not effect.causal
        else f"{capitalised(effect.reform)} changed {effect.outcome}, under parallel trends"
    )
    apart = _apart(asked, groups)
    if apart:
        title = f"{apart[0]} at {effect.reform}"
    says = effect.answer(recording_changed=not isinstance(changed, Refused) and len(changed) > 0)
    if apart:
        says += f" {apart[1]}"
    elif not isinstance(placebo, Refused):
        says += (
            f" At {placebo.false} of {plural(len(placebo.table) - 1, 'date')} before it, the same would have been "
            "called a change."
        )
    return asked.finding(
        says,
        lead=asked.lead(
            groups if apart else effect,
            title,
            f"{capitalised(effect.outcome)}, by {asked.group}: {effect.scale} to what would have been, after the date"
            if apart
            else f"{capitalised(effect.outcome)}, by month"
            if hasattr(effect, "series")
            else "The step by window and curve",
            f"{int(groups.table['n'].sum()) if apart else int(first['n']):,} complaints in "
            f"{plural(int(first['clusters']), 'month')}",
            alt=f"{title}. {says}",
        ),
        numbers=(
            KeyNumber(
                value=_as_answered(effect.scale, first["estimate"]),
                label=f"{effect.scale}: {first['quantity']}",
                note=f"{asked.confidence} interval {_as_answered(effect.scale, first['lower'])} to "
                f"{_as_answered(effect.scale, first['upper'])}",
                **raw(first["estimate"], first["lower"], first["upper"]),
            ),
            *(
                ()
                if isinstance(placebo, Refused)
                else (
                    KeyNumber(
                        value=f"{placebo.false} of {len(placebo.table) - 1}",
                        label="dates before would have been called a change",
                    ),
                )
            ),
        ),
        tables=tuple(
            [_rows("What the design says", effect.table, "quantity", effect.scale)]
            + (
                []
                if isinstance(groups, Refused)
                else [_rows(f"By {asked.group}", groups.table, "choice", groups.scale)]
            )
        ),
        firm=tuple(
            one.sentence()
            for one in (placebo, choices, groups if asked.group and not apart else None)
            if one and not isinstance(one, Refused)
        ),
        firm_table=None
        if choices is None or isinstance(choices, Refused)
        else _rows("Other choices", choices.table, "choice", choices.scale),
        breaks=breaks,
        method=asked.method(effect, *(() if isinstance(placebo, Refused) else (placebo,))),
    )


def _as_answered(scale: str, value: float) -> str:
    """A number as the answer writes it."""
    if not wording.known(value):
        return wording.HIDDEN
    return f"{value:+.3g}" if scale == "difference" else f"{value:.2f}"


def _apart(asked: Asked, groups: Variations | Refused) -> tuple[str, str] | None:
    """Title and sentence that name the groups with the least and the greatest change; none of fewer than two."""
    if not asked.group or isinstance(groups, Refused):
        return None
    ends = ends_of(groups.table.to_dict("records"), "choice")
    if ends is None:
        return None
    p_values = holm(groups.table["p_value"].to_numpy(float))
    tested = int((~np.isnan(p_values)).sum())
    changed = int((p_values < 1 - float(asked.parameters.get("confidence", 0.95))).sum())
    said = " to ".join(
        f"{wording.number(row['estimate'], row['lower'], row['upper'])} ({asked.label(str(row['choice']))})"
        for row in ends
    )
    which = f"{changed} of {tested} groups" if changed else "no group"
    return (
        f"By {asked.group}, {which} changed beyond chance",
        f"By {asked.group}, the {groups.scale} was {said}; {which} changed beyond chance (corrected for "
        f"{tested} tests).",
    )


def _rows(title: str, table: pd.DataFrame, name: str, scale: str) -> ReadingTable:
    return reading(
        title,
        table.dropna(subset="estimate"),
        {
            "": lambda one: capitalised(str(one[name])),
            scale: ratios(),
            "p": lambda one: "below 0.001" if one["p_value"] < 0.001 else f"{one['p_value']:.3f}",
            "complaints": counts("n"),
            "months": counts("clusters"),
        },
    )


def _breaks(reform: Reform, changed: pd.DataFrame | Refused) -> tuple[str, ...]:
    said = [
        "Whatever else happened at that time is in the number: other rules, other chiefs, other years.",
        "A reform that came slowly, or was awaited, shows no step.",
    ]
    if not isinstance(changed, Refused) and len(changed):
        said.insert(0, f"The recording changed too: {'; '.join(changed['what'])}.")
    said.append(f"The date is as declared: {reform.source}.")
    return tuple(said)
