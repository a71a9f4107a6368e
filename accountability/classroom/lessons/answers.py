"""Answers in a lesson: submitted by the notebook, checked for form at once, marked later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accountability.classroom.lessons.answer_key import KEYS, Item
from accountability.errors import ParameterError
from accountability.parameters import nearest

Listener = Callable[[str, Any], None]

_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call a function with every answer (item and value); used by the grader."""
    _LISTENERS.append(listener)


def answer(**given: object) -> str:
    """Submit answers and check their form, but not whether they are right.

    Parameters
    ----------
    **given : number or str
        Item to value, with the item names of the exercise. The last value counts.

    Returns
    -------
    str
        One line per answer: noted, or what is odd, such as a share of 43 or text instead of a number.

    Raises
    ------
    ParameterError
        For an unknown item; the message names the nearest.
    """
    lines = []
    for name, value in given.items():
        asked = item(name)
        for listener in _LISTENERS:
            listener(name, value)
        try:
            found = asked.read(value)
        except ParameterError as odd:
            lines.append(f"Look again. {odd}")
        else:
            said = found if isinstance(found, str) else f"{found:,.4g}"
            lines.append(f"{name} is noted: {said} {asked.unit}".rstrip())
    return "\n".join(lines)


def item(name: str) -> Item:
    """Return the item with a given name, of any lesson.

    Raises
    ------
    ParameterError
        For an unknown item.
    """
    every = {one.name: one for key in KEYS.values() for one in key.items}
    if name not in every:
        raise ParameterError(f"no item {name!r}. {nearest(name, every)}")
    return every[name]
