"""Typed parameters of a study: checked before a kernel starts, refused with the nearest valid name.

A model declares each parameter's name, type, range, default and help once; types that several models share are here.
The notebook's ``parameters`` cell is written from it (:func:`cell`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from accountability.errors import ParameterError, nearest_of
from accountability.vocabulary import STAGES, UNITS

Scalar = str | int | float | bool | None


def nearest(word: object, known: Iterable[str]) -> str:
    """Return a message with the known name nearest to a word, and all known ones.

    Parameters
    ----------
    word : object
        The given value.
    known : iterable of str
        The accepted names.

    Returns
    -------
    str
        ``Did you mean 'x'? Known: x, y.``; without the question if nothing is near.
    """
    names = list(known)
    near = nearest_of(word, names)
    question = f"Did you mean {near!r}? " if near else ""
    return f"{question}Known: {', '.join(names) if names else 'none'}."


def _no_flag(value: object) -> object:
    # True is 1 to Python and would pass for a number.
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


def maybe_text(value: object) -> object:
    """Convert ``none`` and empty text to no value."""
    return None if isinstance(value, str) and value.strip().casefold() in {"", "none"} else value


def _maybe_day(value: object) -> object:
    value = maybe_text(value)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    # Left to pydantic, "2015" would become seconds since 1970.
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected a day written YYYY-MM-DD, for example 2015-12-31") from None


def _stage(value: object) -> object:
    if value not in STAGES:
        raise ValueError(f"no such stage. {nearest(str(value), STAGES)}")
    return value


def _maybe_unit(value: object) -> object:
    value = maybe_text(value)
    if value is not None and value not in UNITS:
        raise ValueError(f"no such unit. {nearest(str(value), UNITS)}")
    return value


Whole = Annotated[int, BeforeValidator(_no_flag)]
Real = Annotated[float, BeforeValidator(_no_flag)]
MaybeDay = Annotated[date | None, BeforeValidator(_maybe_day)]
MaybeText = Annotated[str | None, BeforeValidator(maybe_text)]
Stage = Annotated[str, BeforeValidator(_stage)]
MaybeUnit = Annotated[str | None, BeforeValidator(_maybe_unit)]

# What several studies ask in the same words and within the same limits.
Start = Annotated[Stage, Field(description="stage at which the clock starts")]
Stop = Annotated[Stage, Field(description="stage at which the clock stops")]
Cutoff = Annotated[MaybeDay, Field(description="last day looked at (YYYY-MM-DD), or None for the source's own")]
MinGroup = Annotated[
    int, Field(description="smaller groups are put together as other", ge=10, le=1_000_000), BeforeValidator(_no_flag)
]
Unit = Annotated[MaybeUnit, Field(description="what is counted, or None for what one row of the source is")]
MinCell = Annotated[
    int, Field(description="smaller counts are not shown", ge=10, le=1_000_000), BeforeValidator(_no_flag)
]
Confidence = Annotated[float, Field(description="level of the intervals", ge=0.5, le=0.999), BeforeValidator(_no_flag)]


class Asked(BaseModel):
    """Parameters of a notebook: checked, frozen, and passed to it as plain literals."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    def literals(self) -> dict[str, Scalar]:
        """Return the values as plain literals for a notebook, with days as ISO text.

        Returns
        -------
        dict
            Parameter name to value, in the order of the model.
        """
        return self.model_dump(mode="json")


class Parameters(Asked):
    """Parameters of every study; a study's own model adds to them.

    Attributes
    ----------
    source : str
        A source's name (``accountability list`` shows them) or the path of a folder with ``source.yaml``.
    group : str or None
        A declared column of the cases, allegations or officers to compare by, not dependent on the outcome; ``None``
        for no comparison.
    """

    source: str = Field(default="synthetic", description="name of a source, or the path of its folder", min_length=1)
    group: MaybeText = Field(default=None, description="column to compare by, or None")


class OfComplaints(Parameters):
    """Parameters of every study of an agency's complaints.

    Attributes
    ----------
    only : str or None
        ``column=value``, several values joined by ``|``: use only these complaints
        (:func:`accountability.study.restriction.only_where`).

    The others are as in :class:`Parameters`.
    """

    only: MaybeText = Field(default=None, description="only complaints with column=value|value, or None for all")


P = TypeVar("P", bound=Parameters)


def read(model: type[P], given: Mapping[str, Any], study: str) -> P:
    """Make a model from values; text is parsed as the parameter's type.

    Parameters
    ----------
    model : type of Parameters
        The study's parameter model.
    given : mapping of str to object
        Names and values.
    study : str
        Name of the study, for the message.

    Returns
    -------
    P
        The complete, typed parameters.

    Raises
    ------
    ParameterError
        For unknown names (with the nearest), wrong types and values out of range; the message lists all.
    """
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise ParameterError("\n".join(f"{study}: {fault}" for fault in _faults(model, error))) from None


def _faults(model: type[Parameters], error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors(include_url=False):
        name = str(fault["loc"][0])
        if fault["type"] == "extra_forbidden":
            faults.append(f"no parameter {name!r}. {nearest(name, model.model_fields)}")
        else:
            said = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{name}={fault['input']!r}: {said}")
    return faults


def cell(model: type[Asked]) -> str:
    """Return the text of a notebook's ``parameters`` cell: annotated literals, with help as comments.

    Parameters
    ----------
    model : type of Asked
        The notebook's parameter model.

    Returns
    -------
    str
        Python source, one line per parameter.
    """
    words = {str: "str", int: "int", float: "float", bool: "bool"}
    lines = []
    for name, default in model.model_validate({}).literals().items():
        field = model.model_fields[name]
        # Whatever may be absent reaches the notebook as text or None.
        kinds = (
            {type(option) for option in get_args(field.annotation)} if get_origin(field.annotation) is Literal else {}
        )
        annotation = next(
            (word for kind, word in words.items() if field.annotation is kind or kinds == {kind}), "str | None"
        )
        literal = f'"{default}"' if isinstance(default, str) else repr(default)
        lines.append(f"{name}: {annotation} = {literal}  # {field.description}")
    return "\n".join(lines)
