"""Write numbers for readers: rounded by their precision, with unit and denominator."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any, Final

from accountability.decimals import decimals, share_decimals, share_written
from accountability.results import p_words

HIDDEN: Final = "hidden"
HIDDEN_NOTE: Final = "hidden: rests on fewer than ten, or would give such a number away."
MISSING: Final = "–"


#: Where a refusal turns to the analyst: what to write, name or use instead.
_ADVICE: Final = re.compile(
    r"\. (?:Use|Write|Run|Name) | Write:|[;:,] (?:use|name|write|run|another begins with)\b|: \w+ it |: facts\.csv"
    r"| \(in its declaration"
)
_DAY: Final = re.compile(r"\b\d{4}-[01]\d-[0-3]\d\b")


def reason(refusal: str) -> str:
    """Return what a refusal says of the data, without what it tells an analyst to write.

    Examples
    --------
    >>> reason("it declares no reform: write reform.yaml beside its source.yaml, or name one: reform=PATH")
    'it declares no reform'
    >>> reason("no column says which unit it was (squad, command; name another as group)")
    'no column says which unit it was (squad, command)'
    """
    told = _ADVICE.split(refusal)[0]
    return told + ")" * (told.count("(") - told.count(")"))


def dated(text: str) -> str:
    """Write every day of a text as a reader would: ``2016-10-05`` as ``5 October 2016``."""
    return _DAY.sub(lambda day: date(day[0]), text)


def known(value: Any) -> bool:
    """Return whether a cell of a frame is filled."""
    return value is not None and str(value) not in ("nan", "<NA>", "NaT")


def count(value: Any) -> str:
    """Write a count: ``4,991``; a hidden one as hidden."""
    return f"{int(value):,}" if known(value) else HIDDEN


def _share_decimals(value: Any, lower: Any, upper: Any) -> int:
    return share_decimals(*(float(one) if known(one) else math.nan for one in (value, lower, upper)))


def share(value: Any, lower: Any = None, upper: Any = None) -> str:
    """Write a share as per cent, with as many decimals as its interval allows."""
    if not known(value):
        return HIDDEN
    return share_written(float(value), _share_decimals(value, lower, upper))


def number(value: Any, lower: Any = None, upper: Any = None) -> str:
    """Write a ratio or a mean, with as many decimals as its interval allows."""
    if not known(value):
        return HIDDEN
    if not known(lower) and float(value).is_integer() and abs(float(value)) >= 10:
        return f"{int(value):,}".replace("-", "−")
    fine = decimals(float(lower), float(upper)) if known(lower) and known(upper) else 2
    return f"{float(value):,.{fine}f}".replace("-", "−")


def days(value: Any) -> str:
    """Write a number of days with its unit."""
    if not known(value):
        return "not reached"
    whole = round(float(value))
    return f"{whole:,} day" if whole == 1 else f"{whole:,} days"


def interval(lower: Any, upper: Any, write: Any = count) -> str:
    """Write the limits of an interval: ``119 to 134``."""
    ends = [write(end) if known(end) else "not reached" for end in (lower, upper)]
    return f"{ends[0]} to {ends[1]}" if known(lower) or known(upper) else ends[0]


def share_interval(value: Any, lower: Any, upper: Any) -> str:
    """Write a share with its interval for a table: ``75.1 % (73.9 to 76.3)``."""
    if not known(value):
        return HIDDEN
    if not known(lower) or not known(upper) or float(lower) == float(upper):  # known without doubt: no interval
        return share(value)
    fine = _share_decimals(value, lower, upper)
    return f"{share(value, lower, upper)} ({100 * float(lower):.{fine}f} to {100 * float(upper):.{fine}f})"


def share_ends(lower: Any, upper: Any) -> str:
    """Write the limits of a share's interval: ``73.9 % to 76.3 %``."""
    return f"{share(lower, lower, upper)} to {share(upper, lower, upper)}"


def number_ends(lower: Any, upper: Any) -> str:
    """Write the limits of a ratio's or a mean's interval: ``0.5 to 1.2``."""
    return f"{number(lower, lower, upper)} to {number(upper, lower, upper)}"


def number_interval(value: Any, lower: Any, upper: Any) -> str:
    """Write a ratio or mean with its interval for a table."""
    if not known(value):
        return HIDDEN
    if not known(lower) or not known(upper):
        return number(value)
    return f"{number(value, lower, upper)} ({number_ends(lower, upper)})"


def p_value(value: Any) -> str:
    """Write a p-value: ``p < 0.001`` or ``p = 0.04``."""
    if not known(value):
        return ""
    return p_words(float(value))


def date(value: Any) -> str:
    """Write a day: ``27 October 2016``."""
    day = dt.date.fromisoformat(str(value)[:10])
    return f"{day.day} {day:%B %Y}"


def month(value: Any) -> str:
    """Write a month: ``October 2016``."""
    text = str(value)
    return f"{dt.date.fromisoformat(f'{text[:7]}-01'):%B %Y}"


def joined(words: Sequence[str]) -> str:
    """Join words in prose: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 2 else list(words))


def level(confidence: float) -> str:
    """Write the level of an interval: ``95 %``."""
    return f"{100 * confidence:.0f} %"
