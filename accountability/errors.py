"""The errors of the package: each message says what was expected, what was found, how many, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real


class AccountabilityError(ValueError):
    """Base of every error the package raises on purpose."""


class SourceError(AccountabilityError):
    """A source's declaration or one of its files is not what it should be."""


class CodebookError(AccountabilityError):
    """A raw value has no term, or more than one."""


class DateError(AccountabilityError):
    """A date declaration cannot be understood."""


class ParameterError(AccountabilityError):
    """A parameter has an unknown name, a wrong type or a value out of range."""


class FetchError(AccountabilityError):
    """A file could not be brought to the cache whole and unaltered."""


class Refusal(AccountabilityError):
    """The data cannot support the estimate asked for; the message names what can."""


def check_number(name: str, value: object, least: float, most: float, expected: str, *, whole: bool = True) -> None:
    """Refuse what is no number from `least` to `most`; `expected` says in words what is asked for.

    Raises
    ------
    ParameterError
        Also for a fraction where a whole number is asked for, and for True and False.
    """
    kind = Integral if whole else Real
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= float(value) <= most:
        raise ParameterError(f"{name}: expected {expected}, found {value!r}")


def nearest_of(word: object, known: Iterable[object]) -> str | None:
    """The known name that is spelt most like a word, whatever its case; ``None`` when none is near."""
    folded = {str(name).casefold(): str(name) for name in known}
    near = get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.5)
    return folded[near[0]] if near else None


def did_you_mean(word: object, known: Iterable[object], otherwise: str = "") -> str:
    """The question to add to a message, ``; did you mean 'x'?``, or what to say when no name is near."""
    near = nearest_of(word, known)
    return f"; did you mean {near!r}?" if near else otherwise
