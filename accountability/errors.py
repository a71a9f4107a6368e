"""The errors of the package: each message says what was expected, what was found, how many, and what to do."""

from __future__ import annotations


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
