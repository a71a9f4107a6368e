"""Shares drawn from frames: stacked bars, a two-way table, and flows between steps; nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from accountability.figures.draw import COLOURS, groups_of, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HATCHES = ("", "//", "..", "xx", "\\\\", "++")


def stacked_shares(
    frame: pd.DataFrame, *, by: Sequence[str], term: str, share: str, label: str, ax: Axes | None = None
) -> Axes:
    """One horizontal bar a group, one segment a term; hidden shares leave the bar short, and the legend says so."""
    axes = new_axes(ax)
    groups = groups_of(frame, by)
    terms = [name for name in frame[term].unique() if (frame.loc[frame[term] == name, share] > 0).any()]
    left = [0.0] * len(groups)
    for number, name in enumerate(terms):
        widths = []
        for _, part in groups:
            value = part.loc[part[term] == name, share]
            widths.append(float(value.iloc[0]) if len(value) and pd.notna(value.iloc[0]) else 0.0)
        axes.barh(
            range(len(groups)),
            widths,
            left=left,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number // len(COLOURS) % len(HATCHES)],
            edgecolor="white",
            linewidth=0.5,
            label=str(name).replace("_", " "),
        )
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(groups)), [group or "all" for group, _ in groups])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(label)
    if terms:
        short = " (gaps: cells too small to show)" if frame[share].isna().any() else ""
        axes.legend(title=term + short, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes


def matrix(
    frame: pd.DataFrame, *, rows: str, columns: str, value: str, share: str, label: str, ax: Axes | None = None
) -> Axes:
    """A two-way table of counts, each cell written and shaded by its share of its row; a hidden cell is blank."""
    axes = new_axes(ax, width=8.0, height=5.0)
    down = list(dict.fromkeys(frame[rows]))
    across = list(dict.fromkeys(frame[columns]))
    shades = [[0.0] * len(across) for _ in down]
    for cell in frame.to_dict("records"):
        i, j = down.index(cell[rows]), across.index(cell[columns])
        shade = cell[share]
        shades[i][j] = 0.0 if pd.isna(shade) else float(shade)
        text = "·" if pd.isna(cell[value]) else f"{int(cell[value]):,}"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if shades[i][j] > 0.6 else "black")
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(across)), [str(t).replace("_", " ") for t in across], rotation=35, ha="right")
    axes.set_yticks(range(len(down)), [str(t).replace("_", " ") for t in down])
    axes.set_xlabel(columns)
    axes.set_ylabel(rows)
    axes.set_title(label, fontsize=9)
    return axes


def flow(states: pd.DataFrame, flows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Columns of states joined by bands whose thickness is a count; what is hidden is left blank."""
    axes = new_axes(ax, width=9.0, height=5.0)
    steps = list(dict.fromkeys(states["step"]))
    terms = [str(term) for term in dict.fromkeys(states["term"])]
    colours = {term: COLOURS[i % len(COLOURS)] for i, term in enumerate(terms)}
    hatches = {term: HATCHES[i // len(COLOURS) % len(HATCHES)] for i, term in enumerate(terms)}
    width = 0.12
    base: dict[tuple[str, str], float] = {}
    for place, step in enumerate(steps):
        height = 0.0
        for row in states.loc[states["step"] == step].to_dict("records"):
            if pd.isna(row["n"]):
                continue
            size = float(row["n"])
            base[step, row["term"]] = height
            axes.bar(
                place,
                size,
                width,
                bottom=height,
                color=colours[str(row["term"])],
                hatch=hatches[str(row["term"])],
                edgecolor="white",
            )
            height += size
    out, into = dict(base), dict(base)
    for row in flows.to_dict("records"):
        start, stop = (row["before"], row["term_before"]), (row["after"], row["term_after"])
        if pd.isna(row["n"]) or start not in base or stop not in base:
            continue
        size = float(row["n"])
        left, right = steps.index(str(row["before"])) + width / 2, steps.index(str(row["after"])) - width / 2
        middle = (left + right) / 2
        axes.fill_between(
            [left, middle, right],
            [out[start], (out[start] + into[stop]) / 2, into[stop]],
            [out[start] + size, (out[start] + into[stop]) / 2 + size, into[stop] + size],
            color=colours[str(row["term_before"])],
            alpha=0.3,
            linewidth=0,
        )
        out[start] += size
        into[stop] += size
    axes.set_xticks(range(len(steps)), steps)
    axes.set_ylabel("officer-complaints")
    for term in terms:
        label = term.replace("_", " ")
        axes.bar(0, 0, width, color=colours[term], hatch=hatches[term], edgecolor="white", label=label)
    axes.legend(title="cells too small are blank", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes
