"""Answer keys of lessons: questions, form of answers, and tolerances.

The questions are in ``lesson_keys.yaml``. The answers are not stored: they follow from the teacher's key and the
student's id.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from accountability.classroom.lessons.own_data import Own, seed
from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.records.yaml_text import read_yaml

_TYPED: Final = re.compile(
    r"\s*([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*(%|[A-Za-z ]*)\.?\s*"
)
#: Seeds tried until the answers of typical mistakes lie apart from the right one.
_ATTEMPTS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question with a number or a word for an answer.

    Attributes
    ----------
    name : str
        Key of the answer in the notebook; unique over all lessons.
    points : float
        Points for a right answer.
    asks : str
        The question in one line.
    unit : str
        Unit after the number: ``days``, ``as a share``; empty for a word.
    least, most : float
        Limits of a possible answer; the self-check reports answers outside.
    relative, absolute : float
        Tolerance: the larger of ``relative`` times the true value and ``absolute``, beyond the right answers.
    choices : tuple of str
        Allowed words; empty for a number.
    note : str
        For markers: the usual cause of a wrong answer.
    """

    name: str
    points: float
    asks: str
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf
    relative: float = 0.0
    absolute: float = 0.0
    choices: tuple[str, ...] = ()
    note: str = ""

    def read(self, value: object) -> float | str:
        """Parse an answer as a number or word; ``"141 days"`` and ``"7.4 %"`` are numbers too.

        Raises
        ------
        ParameterError
            If it is neither, or outside the possible range.
        """
        if self.choices:
            word = "_".join(value.split()).casefold() if isinstance(value, str) else value
            found = {re.sub(r"\W+", "_", one): one for one in self.choices}
            word = re.sub(r"\W+", "_", word).strip("_") if isinstance(word, str) else word
            if not isinstance(word, str) or word not in found:
                raise ParameterError(f"{self.name}: expected one of {', '.join(self.choices)}; found {_short(value)}.")
            return found[word]
        number = _typed(value, share=self.unit == "as a share") if isinstance(value, str) else _number(value)
        if number is None or not math.isfinite(number):
            raise ParameterError(f"{self.name}: expected a number {self.unit}".rstrip() + f"; found {_short(value)}.")
        if not self.least <= number <= self.most:
            raise ParameterError(
                f"{self.name}: expected a number {self.unit}".rstrip()
                + f" between {self.least:g} and {self.most:g}; found {number:g}."
            )
        return number

    def limits(self, right: Sequence[float | str]) -> tuple[float, float] | None:
        """Return the limits of a right answer; ``None`` for a word."""
        numbers = [one for one in right if not isinstance(one, str)]
        if not numbers:
            return None
        low, high = min(numbers), max(numbers)
        reach = max(self.relative * abs(low + high) / 2, self.absolute)
        return low - reach, high + reach

    def fits(self, found: float | str, right: Sequence[float | str]) -> bool:
        """Return whether a parsed answer is right."""
        limits = self.limits(right)
        if limits is None or isinstance(found, str):
            return found in right
        slack = 1e-9 * max(1.0, abs(found))
        return limits[0] - slack <= found <= limits[1] + slack

    def apart(self, mistake: float | str, right: Sequence[float | str]) -> bool:
        """Return whether the answer of a mistake is far enough from the right ones."""
        limits = self.limits(right)
        if limits is None or isinstance(mistake, str):
            return mistake not in right
        margin = 0.1 * (limits[1] - limits[0])
        return not limits[0] - margin <= mistake <= limits[1] + margin

    def near(self, found: float | str, mistakes: Mapping[str, float | str]) -> str:
        """Return the mistake that gives this answer, in words; empty if none is known."""
        for what, value in mistakes.items():
            if isinstance(value, str) or isinstance(found, str):
                if value == found:
                    return what
            elif abs(value - found) <= max(0.005 * abs(value), self.absolute / 2):
                return what
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One free-text question, marked by a person.

    Attributes
    ----------
    name : str
        The ``grade_id`` of its cell.
    points : float
    look_for : str
        Content of a full answer.
    """

    name: str
    points: float
    look_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The questions of one lesson.

    Attributes
    ----------
    lesson : str
        Name of the notebook.
    minutes : tuple of int
        Shortest and longest time in class.
    module : str
        The module whose ``make(seed)`` makes a student's data and their key.
    items : tuple of Item
    written : tuple of Written
    """

    lesson: str
    minutes: tuple[int, int]
    module: str
    items: tuple[Item, ...]
    written: tuple[Written, ...] = ()

    def own(self, secret: bytes, student: object) -> Own:
        """Generate a student's data and their key, such that no typical mistake gives a right answer.

        Parameters
        ----------
        secret : bytes
            The teacher's secret.
        student : str or int
            Id on the class list.
        """
        make = import_module(self.module).make
        for attempt in range(_ATTEMPTS):
            own: Own = make(seed(secret, self.lesson, student, attempt))
            if not self.confused(own):
                return own
        raise AssertionError(f"{self.lesson}: mistakes and right answers lie too near each other to be told apart")

    def confused(self, own: Own) -> list[str]:
        """Return the items for which a typical mistake would earn points on these data."""
        items = {one.name: one for one in self.items}
        return [
            name
            for name, mistakes in own.mistakes.items()
            if not all(items[name].apart(value, own.right[name]) for value in mistakes.values())
        ]


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
    """Return the answer key of a lesson.

    Raises
    ------
    ParameterError
        For an unknown lesson; the message names the nearest.
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


def _typed(text: str, *, share: bool) -> float | None:
    """A number as people type it: with a unit, a percent sign, commas between thousands."""
    found = _TYPED.fullmatch(text)
    if found is None or not any(letter.isdigit() for letter in found[1]):
        return None
    number = float(found[1].replace(",", ""))
    return number / 100 if share and found[2] in ("%", "percent", "per cent") else number


def _short(value: object) -> str:
    said = repr(value) if isinstance(value, (str, int, float, bool)) else f"a {type(value).__name__}"
    return said if len(said) <= 60 else said[:57] + "..."
