"""A cache of results for the same tables: of the explorer, of a report, and of one call that needs them several times.

Elsewhere nothing is cached, so a table changed in place never gets a stale result.
"""

from __future__ import annotations

import functools
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Kept = OrderedDict[tuple[Any, ...], tuple[Any, Any]]

_MOST: Final = 60
_KEPT: ContextVar[Kept | None] = ContextVar("kept", default=None)
#: Set by the runner for the kernel of a report on one of the studies of this package, none of which changes a table.
REPORT_VARIABLE: Final = "ACCOUNTABILITY_OF_A_REPORT"
_OF_A_REPORT: Final[Kept] = OrderedDict()


@contextmanager
def remembering(kept: Kept | None = None) -> Iterator[None]:
    """Cache the latest results of functions under :func:`remembered` while the block runs, or as an outer one does."""
    held = _KEPT.get() if kept is None else kept
    token = _KEPT.set(OrderedDict() if held is None else held)
    try:
        yield
    finally:
        _KEPT.reset(token)


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Reuse a function's results for the same objects while results are kept; equal copies of a table count as new."""

    @functools.wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> T:
        kept = _KEPT.get()
        if kept is None and REPORT_VARIABLE in os.environ:
            kept = _OF_A_REPORT
        if kept is None:
            return function(*args, **options)
        key = (function, *map(_key, args), *((name, _key(value)) for name, value in sorted(options.items())))
        if key not in kept:
            # The arguments stay with the result: an address means its object only while that lives.
            kept[key] = (function(*args, **options), (args, options))
            while len(kept) > _MOST:
                kept.popitem(last=False)
        kept.move_to_end(key)
        found: T = kept[key][0]
        return found

    return call


def _key(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return (type(value), *map(_key, value))
    if isinstance(value, Mapping):
        return (dict, *((name, _key(one)) for name, one in value.items()))
    return (type(value), value) if value is None or isinstance(value, (str, int, float)) else id(value)
