"""One grammar: what groups, what is estimated and how sure it is have one name each, at every front door."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator

import front_doors
import pytest

#: Another spelling of a parameter, with the word to use.
PARAMETERS = {
    **dict.fromkeys(("level", "ci", "alpha", "conf", "conf_level", "confidence_level", "coverage_level"), "confidence"),
    **dict.fromkeys(("groupby", "group_by", "group", "groups", "grouping"), "by"),
    **dict.fromkeys(("covars", "regressors", "controls", "adjust", "adjust_for"), "covariates"),
    **dict.fromkeys(("random_state", "random_seed", "rng"), "seed"),
}
#: Another spelling of a column, alone or at the end of a name, with the word to use.
COLUMNS = {
    **dict.fromkeys(("low", "lo", "ci_low", "ci_lower", "lower_ci", "least_plausible"), "lower"),
    **dict.fromkeys(("high", "hi", "ci_high", "ci_upper", "upper_ci"), "upper"),
    **dict.fromkeys(("se", "stderr", "std_err", "standard_error"), "std_error"),
    **dict.fromkeys(("p", "pvalue", "p_val", "pval"), "p_value"),
    **dict.fromkeys(("level_of", "confidence_level"), "confidence"),
}
#: A difference of a figure from the truth, in a lesson, is no standard error.
ALONE = {"error": "std_error"}

#: Front doors in which something is still spelt otherwise. This list only gets shorter, and is empty at the end.
STILL_WRONG: set[str] = set()


def _wrong_column(name: object) -> str | None:
    """The word to use in place of a column's name, if it is another spelling of one."""
    if not isinstance(name, str):
        return None
    if name in ALONE:
        return ALONE[name]
    for spelling, word in COLUMNS.items():
        if name == spelling or name.endswith(f"_{spelling}"):
            return word
    return None


def _signatures() -> Iterator[tuple[str, list[str]]]:
    for name, function in front_doors.functions().items():
        yield name, list(inspect.signature(function).parameters)
    for name, thing in front_doors.classes().items():
        for method, function in inspect.getmembers(thing, inspect.isfunction):
            if not method.startswith("_") and function.__module__.startswith("accountability"):
                yield f"{name}.{method}", list(inspect.signature(function).parameters)


def wrong_parameters(door: str) -> set[str]:
    return {
        f"{name}({parameter}=) for {PARAMETERS[parameter]}"
        for name, parameters in _signatures()
        if name.startswith(f"{door}.")
        for parameter in parameters
        if parameter in PARAMETERS
    }


def wrong_columns(door: str) -> set[str]:
    """In the tables of every result that the examples make, also those a step makes on the way."""
    return {
        f"{type(result).__name__}.{attribute}[{column!r}] for {_wrong_column(column)}"
        for name, ran in front_doors.ran().items()
        if name.startswith(f"{door}.")
        for result in ran.results
        for attribute, frame in front_doors.frames(result).items()
        for column in frame.columns
        if _wrong_column(column)
    }


def wrong_words(door: str) -> set[str]:
    """Fields of public result classes, and columns that a docstring names."""
    found = set()
    for name, thing in front_doors.public().items():
        if not name.startswith(f"{door}."):
            continue
        if dataclasses.is_dataclass(thing):
            fields = [field.name for field in dataclasses.fields(thing)]
            found |= {f"{name}.{field} for {_wrong_column(field)}" for field in fields if _wrong_column(field)}
        text = inspect.getdoc(thing) if inspect.isclass(thing) or inspect.isfunction(thing) else ""
        said = re.findall(r"``([A-Za-z_]+(?:, [A-Za-z_]+)*)``", text or "")
        columns = [column for group in said for column in group.split(", ")]
        found |= {f"{name} says {column} for {_wrong_column(column)}" for column in columns if _wrong_column(column)}
    return found


@pytest.mark.parametrize("door", front_doors.DOORS)
@pytest.mark.parametrize("where", [wrong_parameters, wrong_columns, wrong_words], ids=lambda where: where.__name__)
def test_every_front_door_speaks_one_grammar(door: str, where) -> None:
    assert where(door) == set() or door in STILL_WRONG


@pytest.mark.parametrize("column", ["low", "mean_high", "se", "p", "median_ci_low", "error"])
def test_another_spelling_is_noticed(column: str) -> None:
    assert _wrong_column(column)


@pytest.mark.parametrize("column", ["lower", "median_upper", "std_error", "p_value", "share", "below", "step", 3])
def test_the_grammar_itself_is_not(column: object) -> None:
    assert _wrong_column(column) is None
