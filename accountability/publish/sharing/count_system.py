"""Bounds of sums of unknown counts under linear constraints, by mixed-integer programming."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from accountability.privacy import MIN_CELL


@dataclass(frozen=True, slots=True)
class Cell:
    """A hidden count."""

    at: int


@dataclass(slots=True)
class System:
    """Unknown counts, with constraints: sums of counts between two bounds."""

    unknown: int = 0
    sums: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)
    top: list[int] = field(default_factory=list)

    def new(self) -> int:
        """Add an unknown count."""
        self.unknown += 1
        return self.unknown - 1

    def add(self, terms: Iterable[tuple[float, float | int | Cell]], least: float, most: float) -> None:
        """Add the constraint that a weighted sum of counts is between two bounds."""
        parts: dict[int, float] = defaultdict(float)
        for factor, count in terms:
            if isinstance(count, Cell):
                parts[count.at] += factor
            else:
                least, most = least - factor * count, most - factor * count
        if parts:
            self.sums.append((dict(parts), least, most))

    def _touching(self, wanted: Mapping[int, float]) -> list[tuple[dict[int, float], float, float]]:
        """The constraints that have to do with some counts, directly or through others."""
        if len(self.joined) != len(self.sums):
            root = list(range(self.unknown))

            def top(at: int) -> int:
                while root[at] != at:
                    root[at] = at = root[root[at]]
                return at

            for parts, _, _ in self.sums:
                first, *rest = parts
                for other in rest:
                    root[top(other)] = top(first)
            self.top = [top(at) for at in range(self.unknown)]
            self.joined = [self.top[next(iter(parts))] for parts, _, _ in self.sums]
        tops = {self.top[at] for at in wanted} if self.sums else set()
        return [one for one, at in zip(self.sums, self.joined, strict=True) if at in tops]

    def bounds(self, wanted: Mapping[int, float], seconds: float) -> tuple[float, float] | None:
        """Return the least and most of a sum of unknown counts; ``None`` if not proven within the time."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        sums = self._touching(wanted)
        if not sums:
            return 0.0, np.inf
        near = {*wanted, *(at for parts, _, _ in sums for at in parts)}
        order = {at: place for place, at in enumerate(sorted(near))}
        matrix = np.zeros((len(sums), len(order)))
        for line, (parts, _, _) in enumerate(sums):
            for at, factor in parts.items():
                matrix[line, order[at]] = factor
        held = LinearConstraint(matrix, [least for _, least, _ in sums], [most for _, _, most in sums])
        aim = np.zeros(len(order))
        for at, factor in wanted.items():
            aim[order[at]] = factor
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * aim, constraints=held, integrality=np.ones(len(order)), bounds=Bounds(0, np.inf),
                options={"time_limit": seconds},
            )  # fmt: skip
            if found.status in (3, 4):  # unbounded, as HiGHS says it with and without presolve
                ends.append(np.inf)
            elif found.status == 2:
                return self._one_by_one(wanted, seconds)
            elif found.status != 0:
                return None
            else:
                ends.append(round(sign * found.fun))
        return ends[0], ends[1]

    def _one_by_one(self, wanted: Mapping[int, float], seconds: float) -> tuple[float, float] | None:
        """Where constraints contradict each other, not all are of the same cases: each is asked by itself."""
        ends: tuple[float, float] | None = (0.0, np.inf)
        sums = self._touching(wanted)
        for one in sums if len(sums) > 1 else ():
            ends = System(self.unknown, [one]).bounds(wanted, seconds)
            if ends is None or few(*ends):
                break
        return ends


def few(least: float, most: float) -> bool:
    """Return whether bounds show that a group exists and is under ten."""
    return least > 0 and most < MIN_CELL
