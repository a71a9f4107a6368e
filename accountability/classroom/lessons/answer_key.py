"""What a lesson asks, how an answer has to look, and how near the truth it has to come.

The questions stand in ``lesson_keys.yaml``. The truth is not written down anywhere: a lesson computes it for the agency
of each student.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.records.yaml_text import read_yaml

#: Complaints for which the tolerances are stated; with fewer, chance moves an estimate further.
USUAL_SIZE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question with a number or a word for an answer.

    Attributes
    ----------
    name : str
        By which the notebook hands the answer in; unique over all lessons.
    points : float
        What a right answer is worth.
    asks : str
        The question in a line.
    unit : str
        Said after the number: ``days``, ``as a share``; empty for a word.
    least, most : float
        Between which a sensible answer lies. Outside, the self-check says so.
    relative, absolute : float
        A right answer is within the larger of ``relative`` times the truth and ``absolute`` of the truth.
    by_chance : bool
        The answer is an estimate from a sample: with fewer complaints than usual the tolerance grows with the root
        of their number.
    choices : tuple of str
        The words one may answer with; empty for a number.
    note : str
        For who marks: what a wrong answer usually comes from.
    """

    name: str
    points: float
    asks: str
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf
    relative: float = 0.0
    absolute: float = 0.0
    by_chance: bool = False
    choices: tuple[str, ...] = ()
    note: str = ""

    def read(self, value: object) -> float | str:
        """Take an answer as the number or the word it is to be.

        Raises
        ------
        ParameterError
            It is neither, or it lies outside what is possible.
        """
        if self.choices:
            word = value.strip().casefold() if isinstance(value, str) else value
            if word not in self.choices:
                raise ParameterError(f"{self.name}: expected one of {', '.join(self.choices)}; found {_short(value)}.")
            return str(word)
        number = _number(value)
        if number is None or not math.isfinite(number):
            raise ParameterError(f"{self.name}: expected a number {self.unit}".rstrip() + f"; found {_short(value)}.")
        if not self.least <= number <= self.most:
            raise ParameterError(
                f"{self.name}: expected a number {self.unit}".rstrip()
                + f" between {self.least:g} and {self.most:g}; found {number:g}."
            )
        return number

    def limits(self, truth: float | str, complaints: int | None = None) -> tuple[float, float] | None:
        """Between which numbers an answer is right; ``None`` for a word."""
        if isinstance(truth, str):
            return None
        grown = math.sqrt(USUAL_SIZE / complaints) if self.by_chance and complaints and complaints < USUAL_SIZE else 1.0
        reach = max(self.relative * abs(truth), self.absolute) * grown
        return truth - reach, truth + reach

    def fits(self, found: float | str, truth: float | str, complaints: int | None = None) -> bool:
        """Whether an answer that was read is right."""
        limits = self.limits(truth, complaints)
        if limits is None or isinstance(found, str):
            return found == truth
        slack = 1e-9 * max(1.0, abs(found))
        return limits[0] - slack <= found <= limits[1] + slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One question answered in words, marked by a person.

    Attributes
    ----------
    name : str
        The ``grade_id`` of its cell.
    points : float
    look_for : str
        What a full answer says.
    """

    name: str
    points: float
    look_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What one lesson asks.

    Attributes
    ----------
    lesson : str
        Name of the notebook.
    minutes : tuple of int
        The shortest and the longest it takes in class.
    module : str
        The module whose ``planted(**parameters)`` gives the truth of every item.
    items : tuple of Item
    written : tuple of Written
    """

    lesson: str
    minutes: tuple[int, int]
    module: str
    items: tuple[Item, ...]
    written: tuple[Written, ...] = ()

    def planted(self, parameters: Mapping[str, Any]) -> Mapping[str, float | str]:
        """Compute the truth of every item for one choice of the lesson's parameters."""
        return import_module(self.module).planted(**parameters)


def _key(lesson: str, said: Mapping[str, Any]) -> Key:
    items = (
        Item(name=name, **(one | {"choices": tuple(one.get("choices", ()))})) for name, one in said["items"].items()
    )
    written = (Written(name=name, **one) for name, one in said["written"].items())
    return Key(
        lesson=lesson,
        minutes=tuple(said["minutes"]),
        module=f"accountability.classroom.lessons.{said['module']}",
        items=tuple(items),
        written=tuple(written),
    )


#: What every lesson asks, by its name.
KEYS: Final = {
    lesson: _key(lesson, said) for lesson, said in read_yaml(Path(__file__).with_name("lesson_keys.yaml")).items()
}


def key_of(lesson: str) -> Key:
    """The answer key of a lesson.

    Raises
    ------
    ParameterError
        No such lesson; the message names the nearest.
    """
    if not isinstance(lesson, str) or lesson not in KEYS:
        raise ParameterError(f"no lesson {lesson!r}. {nearest(lesson, KEYS)}")
    return KEYS[lesson]


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if getattr(value, "size", None) == 1 or type(value).__module__ == "numpy":
        alone = getattr(value, "item", lambda: None)()
        return float(alone) if isinstance(alone, (int, float)) and not isinstance(alone, bool) else None
    return None


def _short(value: object) -> str:
    said = repr(value) if isinstance(value, (str, int, float, bool)) else f"a {type(value).__name__}"
    return said if len(said) <= 60 else said[:57] + "..."
