"""The specification curve: effects in order of size, and under them the options that made each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.figures.draw import COLOURS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.multiverse.multiverse_result import Multiverse

_LINE: Final = 0.19  # inches an option


def draw(result: Multiverse, ax: Axes | None = None) -> Axes:
    """Draw a multiverse.

    Parameters
    ----------
    result : Multiverse
        What to draw.
    ax : Axes, optional
        Where to draw the curve alone; without it, a figure of two panels is made.

    Returns
    -------
    Axes
        That of the curve.
    """
    done = result.estimated.sort_values(["effect", "specification"], ignore_index=True)
    holds = done["holds"].to_numpy(dtype=bool)
    place = np.arange(1, len(done) + 1)
    below = None
    if ax is None:
        import matplotlib.pyplot as plt

        options = len(result.by_choice)
        _, (ax, below) = plt.subplots(
            2,
            1,
            figsize=(7.0, 3.2 + _LINE * (options + len(result.choices))),
            height_ratios=[2.4, _LINE * (options + len(result.choices)) + 0.3],
            sharex=True,
            layout="constrained",
        )
    top = new_axes(ax)
    top.axhline(0, color="0.6", linewidth=0.8)
    effects = done["effect"].to_numpy(dtype=float)
    for flags, filled, label in ((holds, True, "holds"), (~holds, False, "does not hold")):
        if flags.any():
            colour = COLOURS[0] if filled else COLOURS[1]
            face = colour if filled else "none"
            top.scatter(place[flags], effects[flags], s=18, facecolors=face, edgecolors=colour, label=label)
    top.set_ylabel(f"difference ({result.unit})")
    top.legend(frameon=False, loc="best")
    if below is None:
        top.set_xlabel("specifications, by size of the difference")
        return top
    lines, names = 0, []
    for name in result.choices:
        for option in result.by_choice.loc[result.by_choice["choice"] == name, "option"]:
            chosen = (done[name] == option).to_numpy(dtype=bool)
            for flags, colour in ((chosen & holds, COLOURS[0]), (chosen & ~holds, COLOURS[1])):
                below.scatter(place[flags], np.full(flags.sum(), -lines), s=9, marker="s", color=colour)
            names.append((-lines, f"{name}: {option}"))
            lines += 1
        lines += 1
    below.set_yticks([at for at, _ in names], [text for _, text in names], fontsize="small")
    below.set_xlabel("specifications, by size of the difference")
    below.spines[["top", "right"]].set_visible(False)
    return top
