"""The result of a multiverse: the share of specifications in which the answer holds, and the choices that decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.figures.draw import COLOURS, key_above, new_axes
from accountability.results import Result, capitalised, plural
from accountability.stats.arrays import Flags, Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE: Final = 0.19  # inches an option


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Multiverse(Result):
    """A difference between two groups under every combination of choices.

    ``table`` has one row per specification: its number, a column for each choice, ``estimate`` (first minus second
    group), ``first`` and ``second`` (the numbers compared), ``n_first`` and ``n_second`` (units), ``p_value`` (by
    permutation), ``holds``, and ``not_estimated`` (why there is no estimate, else empty).

    Attributes
    ----------
    joint : DataFrame
        From :func:`accountability.multiverse.joint.joint_test`.
    by_choice : DataFrame
        One row per option: ``choice``, ``option``, ``specifications`` (with an estimate), ``holds`` (their number),
        ``share``, ``median_estimate``, and ``turns``: the share of the variance of ``holds`` that the choice alone
        explains.
    choices : tuple of str
        The declared choices.
    unit : str
        Unit of the differences.
    claim : str
        The claim that holds or not, in words.
    """

    joint: pd.DataFrame
    by_choice: pd.DataFrame
    choices: tuple[str, ...]
    unit: str
    claim: str

    @property
    def estimated(self) -> pd.DataFrame:
        """The specifications with an estimate."""
        return self.table.loc[self.table["not_estimated"] == ""]

    @property
    def turns_on(self) -> str | None:
        """The choice that explains most of whether the claim holds; ``None`` if it holds everywhere or nowhere."""
        turns = self.by_choice.drop_duplicates("choice").set_index("choice")["turns"]
        return str(turns.idxmax()) if turns.max() > 0 else None

    def sentence(self) -> str:
        """State in how many specifications the claim holds, the choice that decides most, and the joint test."""
        done = self.estimated
        held, count = int(done["holds"].sum()), len(done)
        said = f"{capitalised(self.claim)}: holds in {held:,} of {plural(count, 'specification')}; {self._turning()}."
        low, middle, high = done["estimate"].quantile([0, 0.5, 1])
        said += f" Differences run from {low:.4g} to {high:.4g} {self.unit}, median {middle:.4g}."
        said += (
            f" Jointly p = {self.joint['p_value'].iloc[0]:.3g} (median), {self.joint['p_value'].iloc[1]:.3g} (share)."
        )
        refused = self.table.loc[self.table["not_estimated"] != "", "not_estimated"]
        if len(refused):
            reason = refused.value_counts().index[0].removesuffix(".")
            said += f" {plural(len(refused), 'specification')} could not be estimated (most often: {reason})."
        return said

    def _turning(self) -> str:
        name = self.turns_on
        if name is None:
            return "turns on none of the choices"
        options = self.by_choice.loc[self.by_choice["choice"] == name]
        counts = [
            f"{row.holds:,} of {row.specifications:,} with {row.option}" for row in options.itertuples(index=False)
        ]
        return f"turns on {name} ({', '.join(counts)})"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the specification curve; without `ax` also the options of each point."""
        done = self.estimated.sort_values(["estimate", "specification"], ignore_index=True)
        holds = done["holds"].to_numpy(dtype=bool)
        place = np.arange(1, len(done) + 1)
        below = None
        if ax is None:
            ax, below = self._panels()
        top = new_axes(ax)
        top.axhline(0, color="0.6", linewidth=0.8)
        differences = done["estimate"].to_numpy(dtype=float)
        for flags, filled, label in ((holds, True, "holds"), (~holds, False, "does not hold")):
            if flags.any():
                colour = COLOURS[0] if filled else COLOURS[1]
                face = colour if filled else "none"
                top.scatter(place[flags], differences[flags], s=18, facecolors=face, edgecolors=colour, label=label)
        top.set_ylabel(f"difference ({self.unit})")
        key_above(top)
        lowest = below or top
        lowest.set_xlabel("specifications, by size of the difference")
        if below is not None:
            self._options(below, done, place, holds)
        return top

    def _panels(self) -> tuple[Axes, Axes]:
        import matplotlib.pyplot as plt

        lines = _LINE * (len(self.by_choice) + len(self.choices))
        _, (top, below) = plt.subplots(
            2, 1, figsize=(7.0, 3.2 + lines), height_ratios=[2.4, lines + 0.3], sharex=True, layout="constrained"
        )
        return top, below

    def _options(self, below: Axes, done: pd.DataFrame, place: Ints, holds: Flags) -> None:
        """Draw which options made each point, a line an option."""
        lines, names = 0, []
        for name in self.choices:
            for option in self.by_choice.loc[self.by_choice["choice"] == name, "option"]:
                chosen = (done[name] == option).to_numpy(dtype=bool)
                for flags, colour in ((chosen & holds, COLOURS[0]), (chosen & ~holds, COLOURS[1])):
                    below.scatter(place[flags], np.full(flags.sum(), -lines), s=9, marker="s", color=colour)
                names.append((-lines, f"{name}: {option}"))
                lines += 1
            lines += 1
        below.set_yticks([at for at, _ in names], [text for _, text in names], fontsize="small")


def by_choice(table: pd.DataFrame, choices: tuple[str, ...]) -> pd.DataFrame:
    """Count how often the claim holds with each option, and the variance each choice alone explains."""
    done = table.loc[table["not_estimated"] == ""]
    held = done["holds"].astype("float64")
    rows: list[dict[str, Any]] = []
    for name in choices:
        shares = held.groupby(done[name]).mean()
        spread = float(((done[name].map(shares) - held.mean()) ** 2).mean())
        total = float(((held - held.mean()) ** 2).mean())
        for option in dict.fromkeys(table[name]):
            inside = done[name] == option
            rows.append(
                {
                    "choice": name,
                    "option": option,
                    "specifications": int(inside.sum()),
                    "holds": int(held[inside].sum()),
                    "share": float(held[inside].mean()) if inside.any() else float("nan"),
                    "median_estimate": float(done.loc[inside, "estimate"].median()) if inside.any() else float("nan"),
                    "turns": spread / total if total > 0 else 0.0,
                }
            )
    return pd.DataFrame(rows)
