"""Grids: parameter sets of one study, declared as a product and a list, and checked before a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

from accountability.errors import AccountabilityError, ParameterError
from accountability.parameters import nearest
from accountability.publish.request import Request, request
from accountability.records.yaml_text import read_yaml
from accountability.studies import registry

KEYS: Final = ("study", "always", "product", "sets")
MOST: Final = 10_000
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Grid:
    """The checked parameter sets of one study.

    Attributes
    ----------
    study : str
        Name of the study.
    requests : tuple of Request
        One per distinct set, in order: the product first, with its last name varying fastest.
    """

    study: str
    requests: tuple[Request, ...]

    @property
    def varied(self) -> tuple[str, ...]:
        """Return the parameters with more than one value, in the order of the model."""
        sets = [wanted.parameters.literals() for wanted in self.requests]
        return tuple(name for name in sets[0] if len({repr(one[name]) for one in sets}) > 1)


def read_grid(study: str, declared: str | Path | Mapping[str, Any], source: str | None = None) -> Grid:
    """Read a grid from a YAML file or mapping, and check every set.

    ``always``: parameters of every set. ``product``: names, each with a list of values, crossed with one another.
    ``sets``: a list of further parameter sets. ``study``: the study of the grid (optional). At least one of ``product``
    and ``sets`` is required. `source` is added to ``always``. The refusal lists every fault of the declaration or, if
    it is valid, every fault of its sets with their numbers.
    """
    where = "grid" if isinstance(declared, Mapping) else str(declared)
    said = dict(declared) if isinstance(declared, Mapping) else read_yaml(Path(declared))
    known = registry.get(study)
    faults = [*_shape(said, known.name)]
    if faults:
        raise ParameterError("\n".join(f"{where}: {fault}" for fault in faults))
    requests: dict[str, Request] = {}
    found: dict[str, list[int]] = {}
    for number, given in enumerate(_sets(said, source), start=1):
        try:
            wanted = request(study, None, given)
        except AccountabilityError as error:
            found.setdefault(str(error), []).append(number)
        else:
            requests.setdefault(repr(wanted.parameters.literals()), wanted)
    if found:
        listed = "\n".join(f"- {_numbers(sets)}: {fault}" for fault, sets in found.items())
        wrong = sum(map(len, found.values()))
        raise ParameterError(f"{where}: {wrong} of {number} sets cannot be run, so none was:\n{listed}")
    return Grid(study, tuple(requests.values()))


def _sets(said: Mapping[str, Any], source: str | None) -> Iterator[dict[str, Any]]:
    always = dict(said.get("always") or {})
    if source is not None:
        always["source"] = source
    crossed = said.get("product") or {}
    if crossed:
        for values in product(*crossed.values()):
            yield always | dict(zip(crossed, values, strict=True))
    for one in said.get("sets") or []:
        yield always | dict(one)


def _shape(said: Mapping[str, Any], study: str) -> Iterator[str]:
    for name in said:
        if name not in KEYS:
            yield f"no key {name!r}. {nearest(str(name), KEYS)}"
    if said.get("study", study) != study:
        yield f"it is declared for the study {said['study']!r} and was given to {study!r}"
    always, crossed, sets = (said.get(name) or {} for name in KEYS[1:])
    if not isinstance(always, Mapping):
        yield f"always: expected parameters with their values, found {always!r}"
    if not isinstance(crossed, Mapping):
        yield f"product: expected names, each with a list of values, found {crossed!r}"
    else:
        for name, values in crossed.items():
            if not isinstance(values, list | tuple) or not values:
                yield f"product: {name}: expected a list of values such as [180, 365], found {values!r}"
            elif isinstance(always, Mapping) and name in always:
                yield f"product: {name}: stands in always too; a parameter is fixed or varied"
    if not isinstance(sets, list | tuple | Mapping) or (isinstance(sets, Mapping) and sets):
        yield f"sets: expected a list of parameter sets, found {sets!r}"
    else:
        for number, one in enumerate(sets, start=1):
            if not isinstance(one, Mapping):
                yield f"sets: number {number}: expected parameters with their values, found {one!r}"
    if not crossed and not sets:
        yield "it declares nothing to run: give product, sets or both"
    elif isinstance(crossed, Mapping) and all(isinstance(values, list | tuple) for values in crossed.values()):
        count = (prod(map(len, crossed.values())) if crossed else 0) + len(sets)
        if count > MOST:
            yield f"it declares {count:,} sets; at most {MOST:,} are run at a time"


def _numbers(sets: list[int]) -> str:
    shown = ", ".join(map(str, sets[:_SHOWN]))
    more = len(sets) - _SHOWN
    return f"set{'s' if len(sets) > 1 else ''} {shown}" + (f" and {more} more" if more > 0 else "")
