"""Draw shares from frames: stacked bars, two-way tables and flows between steps, without computing anything."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.figures.draw import direct, key_above
from accountability.figures.group_curves import groups_of
from accountability.figures.house_style import (
    COLOURS,
    CONTEXT,
    HATCHES,
    HIDDEN,
    INSIDE,
    UNKNOWN,
    WIDTH,
    Kind,
    colours_of,
    in_order,
    ink_on,
    name_of,
    new_axes,
    numbers,
    written,
)
from accountability.figures.titles import with_most_cases

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A part of a bar narrower than this has no room for its number.
_ROOM = 0.055


def stacked_shares(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    term: str,
    share: str,
    label: str,
    named: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal bar per group and one segment per term with its share; hidden ones are hatched.

    On a figure of its own, of more than 24 groups those with the most cases, and those with the least and the greatest
    share of the term that texts name.
    """
    groups = groups_of(frame, by)
    shown = [name for name in frame[term].unique() if (frame.loc[frame[term] == name, share] > 0).any()]
    terms = in_order(shown)
    axes = new_axes(ax)
    if ax is None:
        figure: Any = axes.get_figure()
        if "n" in frame:
            cases = [float(part["n"].max()) if part["n"].notna().any() else 0.0 for _, part in groups]
            of_named = [part.loc[part[term] == named, share].astype("float64") for _, part in groups]
            groups = with_most_cases(figure, groups, cases, [float(one.max()) for one in of_named])
        figure.set_size_inches(WIDTH, 1.3 + 0.42 * len(groups) + 0.2 * (len(terms) // 4))
    colours = colours_of(terms)
    left = np.zeros(len(groups))
    for number, name in enumerate(terms):
        widths = np.zeros(len(groups))
        for row, (_, part) in enumerate(groups):
            value = part.loc[part[term] == name, share]
            widths[row] = float(value.iloc[0]) if len(value) and pd.notna(value.iloc[0]) else 0.0
        axes.barh(
            range(len(groups)), widths, 0.68, left=left, color=colours[name], edgecolor="white", linewidth=0.8,
            hatch=HATCHES[number // len(COLOURS) % len(HATCHES)], label=name_of(name),
        )  # fmt: skip
        for row in np.flatnonzero(widths >= _ROOM).tolist():
            axes.text(
                left[row] + widths[row] / 2, row, f"{100 * widths[row]:.0f} %", ha="center", va="center", fontsize=8,
                color=ink_on(colours[name]), gid=INSIDE,
            )  # fmt: skip
        left += widths
    short = np.array([part[share].isna().any() for _, part in groups]) & (left < 1)
    if short.any():
        rows = np.flatnonzero(short)
        axes.barh(rows, (1 - left)[rows], 0.68, left=left[rows], label=HIDDEN, **UNKNOWN)
    axes.set_yticks(range(len(groups)), [textwrap.fill(group or "all", 30) for group, _ in groups])
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(label)
    axes.grid(False)
    numbers(axes.xaxis, "share")
    key_above(axes)
    return axes


def matrix(
    frame: pd.DataFrame,
    *,
    rows: str,
    columns: str,
    value: str,
    share: str,
    label: str,
    ax: Axes | None = None,
    kind: Kind = "number",
) -> Axes:
    """Draw a two-way table of counts, each cell shaded by its share of the row; hidden cells are hatched."""
    down = in_order(list(dict.fromkeys(frame[rows])))
    across = in_order(list(dict.fromkeys(frame[columns])))
    axes = new_axes(ax, width=8.0, height=1.4 + 0.34 * len(down))
    shades = np.zeros((len(down), len(across)))
    hidden = False
    for cell in frame.to_dict("records"):
        i, j = down.index(cell[rows]), across.index(cell[columns])
        shades[i, j] = 0.0 if pd.isna(cell[share]) else float(cell[share])
        if pd.isna(cell[value]):
            axes.bar(j, 0.9, 0.9, bottom=i - 0.45, label="_" if hidden else HIDDEN, zorder=2, **UNKNOWN)
            hidden = True
        else:
            ink = "white" if shades[i, j] > 0.6 else "0.1" if cell[value] else "0.6"
            axes.text(j, i, written(float(cell[value]), kind, 0), ha="center", va="center", fontsize=8, color=ink)
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xlim(-0.5, len(across) - 0.5)
    axes.set_ylim(len(down) - 0.5, -0.5)
    axes.set_xticks(range(len(across)), [textwrap.fill(name_of(name), 11) for name in across], fontsize=8)
    axes.set_yticks(range(len(down)), [name_of(name) for name in down])
    axes.tick_params(bottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(False)
    axes.set_xlabel(f"{name_of(columns)} ({label})")
    axes.set_ylabel(name_of(rows))
    key_above(axes)
    return axes


def flow(states: pd.DataFrame, flows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw columns of states joined by bands with widths by count; hidden flows are hatched."""
    axes = new_axes(ax, height=4.6)
    steps = list(dict.fromkeys(states["step"]))
    terms = in_order([str(term) for term in dict.fromkeys(states["term"])])
    colours = colours_of(terms)
    width = 0.12
    base: dict[tuple[str, str], float] = {}
    size: dict[tuple[str, str], float] = {}
    for place, step in enumerate(steps):
        height = 0.0
        known = states.loc[(states["step"] == step) & states["n"].notna()].set_index("term")["n"].astype(float)
        for term in (name for name in terms if name in known.index):
            base[step, term], size[step, term] = height, known[term]
            axes.bar(
                place, known[term], width, bottom=height, color=colours[term], edgecolor="white",
                hatch=HATCHES[terms.index(term) // len(COLOURS) % len(HATCHES)], label=name_of(term),
            )  # fmt: skip
            height += known[term]
    out, into = dict(base), dict(base)
    for row in flows.to_dict("records"):
        start, stop = (row["before"], row["term_before"]), (row["after"], row["term_after"])
        if pd.isna(row["n"]) or start not in base or stop not in base:
            continue
        count = float(row["n"])
        left, right = steps.index(str(row["before"])) + width / 2, steps.index(str(row["after"])) - width / 2
        at = np.linspace(0, 1, 25)
        path = out[start] + (into[stop] - out[start]) * (3 * at**2 - 2 * at**3)
        axes.fill_between(
            left + at * (right - left),
            path,
            path + count,
            color=colours[str(row["term_before"])],
            alpha=0.4,
            linewidth=0,
        )
        out[start] += count
        into[stop] += count
    # What leaves or enters a state on a way too rare to be shown is neither lost nor an end.
    said = False
    for (step, term), low in base.items():
        place, top = steps.index(step), low + size[step, term]
        for ends, inner, side in ((out, place + width / 2, 0.16), (into, place - width / 2, -0.16)):
            if step == (steps[-1] if ends is out else steps[0]) or top - ends[step, term] <= 0:
                continue
            axes.fill_between(
                [inner, inner + side],
                ends[step, term],
                top,
                label="_" if said else "ways hidden: too few",
                gid=CONTEXT,
                **UNKNOWN,
            )
            said = True
    axes.set_xticks(range(len(steps)), [name_of(step) for step in steps])
    axes.set_xlim(-0.12, len(steps) - 1 + 0.12)
    axes.set_ylim(0, max((low + size[key] for key, low in base.items()), default=1.0))
    axes.set_ylabel("officer-complaints")
    axes.set_xlabel("step")
    numbers(axes.yaxis, "number")
    axes.grid(False)
    last = [(term, low) for (step, term), low in base.items() if step == steps[-1]]
    named = {term for term, _ in last}
    direct(axes, [(name_of(term), low + size[steps[-1], term] / 2, _dark(colours[term]), "-") for term, low in last])
    handles, names = axes.get_legend_handles_labels()
    unnamed = {name_of(term) for term in terms if term not in named} | {"ways hidden: too few"}
    rest = {name: handle for handle, name in zip(handles, names, strict=True) if name in unnamed}
    if rest:
        key_above(axes, list(rest.values()), list(rest))
    return axes


def _dark(colour: str) -> str:
    """A colour in which letters can be read on white."""
    return "0.25" if ink_on(colour) != "white" else colour
