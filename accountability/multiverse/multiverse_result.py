"""The result of a multiverse: in how many specifications the answer holds, and on which choice it turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.results import Result, capitalised, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from accountability.multiverse.question import Question

_MIXED: Final = (
    "a share with a penalty mixes whose complaints are sustained with who is punished then: "
    "outcomes.where_a_gap_stands takes the stages apart"
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Multiverse(Result):
    """A difference between two groups under every combination of choices.

    ``table`` has one row a specification: its number, a column for each choice, ``effect`` (first group less second),
    ``first`` and ``second`` (what is compared), ``n_first`` and ``n_second`` (units), ``p_value`` (by shuffling),
    ``holds``, and ``not_estimated``: why there is no number, or nothing.

    Attributes
    ----------
    joint : DataFrame
        From :func:`accountability.multiverse.joint.joint_test`.
    by_choice : DataFrame
        One row an option: ``choice``, ``option``, ``specifications`` (with a number), ``holds`` (how many), ``share``,
        ``median_effect``, and ``turns``: the part of the variance of holding that the choice accounts for alone.
    choices : tuple of str
        The declared choices.
    unit : str
        Unit of the effects.
    claim : str
        What holds or does not, in words.
    """

    joint: pd.DataFrame
    by_choice: pd.DataFrame
    choices: tuple[str, ...]
    unit: str
    claim: str

    @classmethod
    def of(
        cls,
        asked: Question,
        table: pd.DataFrame,
        joint: pd.DataFrame,
        *,
        flow: pd.DataFrame,
        choices: tuple[str, ...],
        groups: tuple[str, str, str],
        sign: int,
        alpha: float,
        shuffles: int,
        seed: int,
        within: str | None,
        source: str,
    ) -> Multiverse:
        """Put words to the numbers of :func:`accountability.multiverse.holds`."""
        group, first, second = groups
        shuffled = f"{shuffles:,} shuffles of the groups' names between cases" + (
            f" of the same {within}" if within is not None else ""
        )
        return cls(
            estimand=f"difference in {asked.measure} ({asked.unit}) between {first!r} and {second!r} by {group} "
            f"in {source}",
            assumptions=(
                "every option of every choice is one that a careful reader could defend",
                "under no difference, cases of the two groups could be exchanged: they were watched for alike times"
                + (f" within {within}" if within is not None else ""),
                "nothing is adjusted for: the groups may differ in what they are about",
                *((_MIXED,) if asked.name == "share" else ()),
            ),
            method=f"every combination of {', '.join(choices)}; p-values and the joint test by {shuffled}, seed {seed} "
            "(Simonsohn, Simmons and Nelson 2020)",
            table=table,
            flow=flow,
            joint=joint,
            by_choice=_by_choice(table, choices),
            choices=choices,
            unit=asked.unit,
            claim=f"{asked.measure} is {asked.more if sign > 0 else asked.less} for {group} {first!r} "
            f"than for {second!r}, p at most {alpha:g}",
        )

    @property
    def estimated(self) -> pd.DataFrame:
        """The specifications that have a number."""
        return self.table.loc[self.table["not_estimated"] == ""]

    @property
    def turns_on(self) -> str | None:
        """The choice that accounts for most of where the answer holds; ``None`` when it holds everywhere or nowhere."""
        turns = self.by_choice.drop_duplicates("choice").set_index("choice")["turns"]
        return str(turns.idxmax()) if turns.max() > 0 else None

    def sentence(self) -> str:
        """Say in how many specifications the answer holds, on which choice it turns, and the joint test."""
        done = self.estimated
        held, count = int(done["holds"].sum()), len(done)
        said = f"{capitalised(self.claim)}: holds in {held:,} of {plural(count, 'specification')}; {self._turning()}."
        low, middle, high = done["effect"].quantile([0, 0.5, 1])
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
        """Draw the specification curve; on a figure of its own also which options made each point."""
        from accountability.multiverse.drawing import draw

        return draw(self, ax)


def _by_choice(table: pd.DataFrame, choices: tuple[str, ...]) -> pd.DataFrame:
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
                    "median_effect": float(done.loc[inside, "effect"].median()) if inside.any() else float("nan"),
                    "turns": spread / total if total > 0 else 0.0,
                }
            )
    return pd.DataFrame(rows)
