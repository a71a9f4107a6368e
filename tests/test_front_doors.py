"""Whatever a user hands to a public function, the answer is a result or an error of ours that says what to write."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import front_doors
import matplotlib as mpl
import pandas as pd
import pytest

from accountability import Cohort, delay, synthetic
from accountability.errors import AccountabilityError
from accountability.results import Result
from accountability.study import clocks
from accountability.synthetic.source_files import loaded

#: What a required parameter is given, by its name, where a function asks for more than what it works on.
GIVEN: dict[str, Any] = {
    "what": "complaints",
    "by": "category",
    "covariates": "category",
    "question": "median_delay",
    "choices": {"start": ["received"]},
    "first": "Oversight office",
    "second": "District",
    "seed": 1,
    "draws": 99,
    "shuffles": 19,
    "lesson": "the_closed_case_trap",
    "rule": 180,
    "until": 365,
    "changing": "category",
    "periods": [100],
    "of": "officer",
    "assignments": pd.DataFrame({"officer_id": ["a"], "unit": ["b"]}),
    "matrix": pd.DataFrame({"category": ["Force"], "penalty": ["reprimand"]}),
    "grid": {},
    "outcomes": ["complaints"],
}
#: Required parameters that take one of the objects.
OBJECTS = {"cohort": "a cohort", "curve": "a curve", "days": "a column"}
#: Front doors in which something still ends otherwise. This list only gets shorter, and is empty at the end.
STILL_RAW: set[str] = set()


@functools.cache
def objects() -> dict[str, Any]:
    """One of every kind of object that a user may hold; the sources among them are small."""
    data = loaded(synthetic.agency(400))
    frame = pd.DataFrame({"category": ["a", "b"], "days": [1, 2]})
    return {
        "None": None,
        "a number": 3,
        "a text": "text",
        "a list": [1, 2, 3],
        "a frame": frame,
        "a column": frame["days"],
        "a dict": {"a": 1},
        "a class": Result,
        "a result": Result(estimand="x", assumptions=(), method="none", table=frame),
        "a dataset": data,
        "a cohort": Cohort.of(data),
        "durations": clocks.durations(Cohort.of(data)),
        "a curve": delay.closing_curve(data),
    }


RIGHT = ("a dataset", "a cohort", "durations")
KINDS = (
    *("None", "a number", "a text", "a list", "a frame", "a column", "a dict", "a class", "a result"),
    *RIGHT,
)
#: Names that are no column of the agency, or a column that results use themselves, or no name at all.
WRONG_COLUMNS = ("no_such_column", ["category", "no_such_column"], "estimate", 3, ["category", 3])


def call(function: Callable[..., Any], given: Any, **more: Any) -> BaseException | None:
    """Call a function with something in its first place; give what it raised unless that is an error of ours."""
    parameters = list(inspect.signature(function).parameters.values())
    needed = {
        each.name: GIVEN.get(each.name, objects().get(OBJECTS.get(each.name, "")))
        for each in parameters[1:]
        if each.default is each.empty and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    }
    try:
        with warnings.catch_warnings(), mpl.rc_context({"backend": "agg"}):
            warnings.simplefilter("ignore")
            function(given, **(needed | more))
    except AccountabilityError as error:
        return None if str(error) else error
    except NotImplementedError as error:
        return None if "has no figure" in str(error) else error
    except Exception as error:
        return error
    return None


def raw(name: str) -> dict[str, str]:
    """Of one function: what was given, and how it ended otherwise than with a result or an error of ours."""
    function = front_doors.functions()[name]
    parameters = inspect.signature(function).parameters
    if not parameters:
        return {}
    found = {kind: call(function, objects()[kind]) for kind in KINDS}
    for parameter in ("by", "covariates"):
        if parameter in parameters:
            for column in WRONG_COLUMNS:
                for kind in RIGHT:
                    found[f"{kind}, {parameter}={column!r}"] = call(function, objects()[kind], **{parameter: column})
    return {given: f"{type(error).__name__}: {error}"[:120] for given, error in found.items() if error is not None}


@pytest.mark.parametrize("name", sorted(front_doors.functions()))
def test_every_kind_of_object_ends_in_a_result_or_an_error_of_ours(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write where they are called
    assert raw(name) == {} or name.split(".")[0] in STILL_RAW
