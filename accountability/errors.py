"""The errors of the package: each message says what was expected, what was found, how many, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real


class AccountabilityError(ValueError):
    """Base of every error the package raises on purpose."""


class SourceError(AccountabilityError):
    """A source's declaration or one of its files is invalid."""


class CodebookError(AccountabilityError):
    """A raw value has no term, or more than one."""


class DateError(AccountabilityError):
    """A date declaration is invalid."""


class ParameterError(AccountabilityError):
    """A parameter has an unknown name, a wrong type or a value out of range."""


class FetchError(AccountabilityError):
    """A file could not be fetched to the cache complete and unaltered."""


class Refusal(AccountabilityError):
    """The data do not allow the estimate; the message names one that they allow."""


def check_number(name: str, value: object, least: float, most: float, expected: str, *, whole: bool = True) -> None:
    """Refuse anything but a number from `least` to `most`; `expected` describes it in words.

    Raises
    ------
    ParameterError
        Also for a fraction instead of a whole number, and for True and False.
    """
    kind = Integral if whole else Real
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= float(value) <= most:
        raise ParameterError(f"{name}: expected {expected}, found {value!r}")


def nearest_of(word: object, known: Iterable[object]) -> str | None:
    """Return the known name with the most similar spelling, ignoring case; ``None`` if none is near."""
    folded = {str(name).casefold(): str(name) for name in known}
    near = get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.5)
    return folded[near[0]] if near else None


def did_you_mean(word: object, known: Iterable[object], otherwise: str = "") -> str:
    """Return the question for a message, ``; did you mean 'x'?``, or `otherwise` if no name is near."""
    near = nearest_of(word, known)
    return f"; did you mean {near!r}?" if near else otherwise
