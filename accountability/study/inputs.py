"""Convert the first argument of public functions: a dataset, a cohort or durations.

A function decorated with :func:`takes` accepts any of them. A dataset becomes the cohort of all its cases, a cohort
becomes durations from receipt to closing, and a column of the allegations becomes one value per case. Everything else
is refused with the missing step.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar

import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.results import Refused
from accountability.study.cohort import Cohort
from accountability.study.durations import RESERVED, Durations
from accountability.study.follow_up import followed, independent, shared_by, untold, warned

Kind = Literal["dataset", "cohort", "durations"]
P = ParamSpec("P")
R = TypeVar("R")

#: Names that the tables of results use themselves, so that no group can be named by them.
GRAMMAR: Final = frozenset(
    ("estimate", "std_error", "lower", "upper", "p_value", "n", "events", "at_risk", "clusters", "hidden")
)
_COLUMNS: Final = ("by", "covariates")
_ALSO: Final = ("strata", "cluster", "causes")


def takes(
    kind: Kind | type, make: Callable[[Any], Any] | None = None
) -> Callable[[Callable[Concatenate[Any, P], R]], Callable[Concatenate[Any, P], R]]:
    """Decorate a function to accept a dataset, a cohort or its own type as first argument.

    Parameters
    ----------
    kind : {"dataset", "cohort", "durations"} or type
        What the function works on; a type is its own prepared form.
    make : callable, optional
        Function that makes the type from a cohort, if `kind` is a type.

    Returns
    -------
    callable
        A decorator. The decorated function raises :class:`~accountability.errors.ParameterError` for any other
        object, and for a ``by`` or ``covariates`` that names no columns.
    """

    def decorate(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
        signature = inspect.signature(function)
        first = next(iter(signature.parameters))
        front_door = function.__module__.removeprefix("accountability.").split(".")[0]
        called = f"{front_door}.{function.__name__}"

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> R:
            if args:
                given, rest = args[0], args[1:]
            elif first in kwargs:
                given, rest = kwargs.pop(first), ()
            else:
                raise ParameterError(f"{called} needs {_wanted(kind)} as its first argument")
            _again(given)
            try:
                asked = signature.bind_partial(given, *rest, **kwargs).arguments
            except TypeError as wrong:
                raise ParameterError(f"{called} {wrong}; it takes {', '.join(signature.parameters)}") from None
            words = _formula_words(asked.get("covariates"))
            keys = _COLUMNS[:1] if words else _COLUMNS
            columns = [name for key in keys for name in column_names(asked.get(key), called, key)]
            if not isinstance(given, Durations):
                # A formula's columns are checked by the model; so are those that only some estimators have.
                columns += [*words, *(name for key in _ALSO for name in column_names(asked.get(key), called, key))]
            words = [text for value in asked.values() for text in _texts(value)] + words
            ready = _ready(_peopled(given, words), kind, make, called, columns)
            # What officers draw is clustered by them already.
            shared = shared_by(ready) if isinstance(ready, Durations) and front_door != "officers" else None
            if shared and _clusters(signature, asked, ready):
                kwargs["cluster"], shared = shared, None
            found = untold(function(ready, *rest, **kwargs), ready)
            if isinstance(ready, Durations):
                found = followed(found, ready, asked.get("by") or asked.get("strata"))
                found = independent(found, ready, shared) if shared and asked.get("cluster") is None else found
            timed = isinstance(ready, Durations) and not bool(ready.event.all())
            return warned(found) if timed or (front_door == "delay" and not isinstance(ready, Durations)) else found

        return call

    return decorate


def _clusters(signature: inspect.Signature, asked: Mapping[str, Any], durations: Durations) -> bool:
    """Whether an estimator clusters errors and was not told how: rows that belong together then count so."""
    if "cluster" not in signature.parameters or asked.get("cluster") is not None:
        return False
    # Of the tests of groups the log-rank test without weights does.
    other = (
        asked.get("method") not in (None, "logrank") or asked.get("causes") or asked.get("rho") or asked.get("gamma")
    )
    return "rho" not in signature.parameters or (durations.exact and not other)


def takes_only(
    kinds: type | tuple[type, ...], step: str
) -> Callable[[Callable[Concatenate[Any, P], R]], Callable[Concatenate[Any, P], R]]:
    """Decorate a function to accept only objects of given types as first argument.

    Parameters
    ----------
    kinds : type or tuple of type
        What the function works on.
    step : str
        The line to write, for the message.

    Returns
    -------
    callable
        A decorator. The decorated function raises :class:`~accountability.errors.ParameterError` for any other object.
    """
    named = " or ".join(f"a {kind.__name__}" for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))

    def decorate(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
        first = next(iter(inspect.signature(function).parameters))
        called = f"{function.__module__.removeprefix('accountability.').split('.')[0]}.{function.__name__}"

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> R:
            given = args[0] if args else kwargs.get(first)
            _again(given)
            if (args or first in kwargs) and not isinstance(given, kinds):
                what = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
                raise ParameterError(f"{called} needs {named}, and was given {what}. Write:\n    {step}")
            return function(*args, **kwargs)

        return call

    return decorate


def _again(given: object) -> None:
    """Refuse what rests on a refused estimate, for the same reason."""
    if isinstance(given, Refused):
        raise Refusal(given.because)


def column_names(value: object, called: str = "this function", parameter: str = "by") -> list[str]:
    """Return the columns that a ``by`` or ``covariates`` names: one string is one column.

    Parameters
    ----------
    value : str, iterable of str or None
    called, parameter : str
        The function and its parameter, for the message.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        For anything else, a repeated name, or a name that results use themselves.

    Examples
    --------
    >>> column_names("category"), column_names(["officer_race", "category"]), column_names(None)
    (['category'], ['officer_race', 'category'], [])
    """
    if value is None:
        return []
    if isinstance(value, str):
        names: list[object] = [value]
    elif isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping, pd.DataFrame)):
        names = list(value)
    else:
        names = [value]
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise ParameterError(
            f"{called}: {parameter}= takes the name of a column or a list of names, found "
            f"{type(wrong[0]).__name__}; write {parameter}='category' or {parameter}=['category', 'district']"
        )
    texts = [str(name) for name in names]
    if repeated := sorted({name for name in texts if texts.count(name) > 1}):
        raise ParameterError(f"{called}: {parameter}= names {', '.join(map(repr, repeated))} more than once")
    if taken := [name for name in texts if name in GRAMMAR]:
        raise ParameterError(
            f"{called}: {parameter}={taken[0]!r} is a column that results use themselves; give the column another "
            f"name first: frame.rename(columns={{{taken[0]!r}: 'group'}})"
        )
    return texts


def _formula_words(covariates: object) -> list[str]:
    """Words of a formula that may be columns; none where the covariates are columns."""
    if not isinstance(covariates, str) or covariates.isidentifier():
        return []
    return list(dict.fromkeys(re.findall(r"[^\W\d]\w*", covariates)))


def _texts(value: object) -> list[str]:
    """The texts of an argument that may name columns."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, (list, tuple)) else []


def _peopled(given: Any, names: list[str]) -> Any:
    """What was given, its cases with the columns of people that are asked for."""
    people = getattr(given, "people", None)
    if not isinstance(people, Mapping) or not (isinstance(given, Cohort) or _is_dataset(given)):
        return given
    held = {name for table in people.values() if "case_id" in table for name in table} & set(names)
    if not held:
        return given
    from accountability.study.grouping import with_people

    found = with_people(Cohort.of(given), sorted(held))
    if isinstance(given, Cohort):
        return found
    return replace(given, cases=found.cases)


def _ready(given: Any, kind: Kind | type, make: Callable[[Any], Any] | None, called: str, columns: list[str]) -> Any:
    if kind == "durations":
        if isinstance(given, Durations):
            return _with_columns(given, called, columns)
        return _timed(_cohort(given, kind, called), columns)
    if kind == "cohort":
        return _cohort(given, kind, called)
    if kind == "dataset":
        if _is_dataset(given):
            return given
        raise ParameterError(_refusal(given, kind, called))
    assert isinstance(kind, type)
    if isinstance(given, kind):
        return given
    if make is None:
        raise ParameterError(_refusal(given, kind, called))
    return make(_cohort(given, kind, called))


def _is_dataset(given: object) -> bool:
    return all(hasattr(given, name) for name in ("name", "card", "cases", "allegations", "events", "ledger"))


def _cohort(given: Any, kind: Kind | type, called: str) -> Cohort:
    if isinstance(given, Cohort):
        return given
    if _is_dataset(given):
        return Cohort.of(given)
    raise ParameterError(_refusal(given, kind, called))


def _timed(cohort: Cohort, columns: list[str]) -> Durations:
    from accountability.study.clocks import durations

    for column in columns:
        if column not in cohort.cases.columns and column in cohort.allegations.columns:
            from accountability.study.grouping import group_cases

            cohort = group_cases(cohort, column)
    return durations(cohort)


def _with_columns(given: Durations, called: str, columns: list[str]) -> Durations:
    own = {"case_id", *RESERVED}
    lacking = [name for name in columns if name not in given.table.columns or name in own]
    if lacking:
        known = ", ".join(str(name) for name in given.table.columns if name not in own)
        raise ParameterError(
            f"{called}: no column {lacking[0]!r} in these durations; there are {known or 'no columns to group by'}. "
            f"A column of the allegations gets one value a case before the clock is read:\n"
            f"    durations = accountability.durations(accountability.study.grouping.group_cases(cohort, "
            f"{lacking[0]!r}))"
        )
    return given


def _wanted(kind: Kind | type) -> str:
    if isinstance(kind, type):
        return f"a {kind.__name__}, a cohort or a dataset"
    return {
        "dataset": "a dataset, as accountability.load gives",
        "cohort": "a cohort or a dataset",
        "durations": "durations, a cohort or a dataset",
    }[kind]


def _refusal(given: object, kind: Kind | type, called: str) -> str:
    found = f"{called} needs {_wanted(kind)}, and was given "
    if isinstance(given, pd.DataFrame):
        step = (
            "data = accountability.from_frame(frame, received='...', closed='...', observed_until='...')\n"
            f"    {called}(data)"
        )
        if kind == "durations":
            step += "\nor, where the days are counted already:\n    Durations.from_days(frame['days'], frame['event'])"
        return f"{found}a frame of {len(given):,} rows. Say what its columns mean:\n    {step}"
    if isinstance(given, Durations):
        return (
            f"{found}durations, which hold one row a case and no allegations. Pass the cohort or the dataset that "
            f"they were made from:\n    {called}(cohort)"
        )
    if isinstance(given, Cohort) and kind == "dataset":
        return f"{found}a cohort, which is part of one. Pass the dataset itself:\n    {called}(data)"
    if isinstance(given, str):
        name = repr(given[:40])
        return f"{found}the text {name}. Load the source of that name first:\n    {called}(accountability.load({name}))"
    what = f"the class {given.__name__}" if isinstance(given, type) else f"an object of type {type(given).__name__}"
    return f"{found}{what}. Begin with a source:\n    {called}(accountability.load('synthetic'))"
