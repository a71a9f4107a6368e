"""Answers in a lesson: handed in by the notebook, looked at for their form at once, marked by the teacher later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accountability.classroom.lessons.answer_key import KEYS, Item
from accountability.errors import ParameterError
from accountability.parameters import nearest

Listener = Callable[[str, Any], None]

_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a function told of every answer: its item and the value given. The grader uses it."""
    _LISTENERS.append(listener)


def answer(**given: object) -> str:
    """Hand in answers and see whether they have the form of one; whether they are right, this does not say.

    Parameters
    ----------
    **given : number or str
        Item to value, the items as the exercise names them. The last value given counts.

    Returns
    -------
    str
        A line for each: that it is noted, or what is odd about it, such as a share of 43 or text in place of a number.

    Raises
    ------
    ParameterError
        No lesson has such an item; the message names the nearest.
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
    """The item of that name, of whichever lesson.

    Raises
    ------
    ParameterError
        No lesson has it.
    """
    every = {one.name: one for key in KEYS.values() for one in key.items}
    if name not in every:
        raise ParameterError(f"no item {name!r}. {nearest(name, every)}")
    return every[name]
