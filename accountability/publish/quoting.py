"""Read quoted numbers such as ``4,991``, ``75.1 %``, ``−0.02``, ``< 0.001``, and compare them with computed values.

A quoted number is right if it is the computed one rounded to the quoted digits; exactly half-way, both neighbours are
right. ``%`` multiplies the computed share by 100; ``<`` and ``>`` are bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import isfinite
from typing import Final

#: What the arithmetic of a computer may add to a number, as a share of it.
_SLACK: Final = 1e-15
_SPACES: Final = "\u00a0\u202f\u2009 "
_NUMBER: Final = re.compile(
    r"(?P<sign>[-+]?)(?P<digits>\d{1,3}(?:(?P<comma>[,'" + _SPACES + r"])\d{3})(?:(?P=comma)\d{3})*(?!\d)|\d+)"
    r"(?:(?P<point>[.,])(?P<decimals>\d+))?(?P<power>[eE][-+]?\d+)?"
)
_TEX: Final = (
    ("{,}", ","),
    ("\\,", "\u2009"),
    ("~", " "),
    ("\\%", "%"),
    ("$", ""),
    ("\\num", ""),
    ("{", ""),
    ("}", ""),
)
_DASHES: Final = str.maketrans({"\u2212": "-", "\u2013": "-"})


@dataclass(frozen=True, slots=True)
class Quote:
    """A number parsed from prose.

    Attributes
    ----------
    number : Decimal
        As quoted; a percentage is not divided.
    decimals : int
        Digits after the point; below 0 if the power of ten omits units.
    percent : bool
        Whether a per-cent sign follows.
    bound : str
        ``<``, ``>`` or nothing.
    comma : str
        Thousands separator, or nothing.
    """

    number: Decimal
    decimals: int
    percent: bool
    bound: str
    comma: str


def quote(text: str) -> Quote | None:
    """Parse a number from prose or LaTeX; ``None`` if it is not one number."""
    plain = text.strip()
    for written, meant in _TEX:
        plain = plain.replace(written, meant)
    plain = plain.translate(_DASHES).strip()
    bound = plain[:1] if plain[:1] in ("<", ">") and plain else ""
    plain = plain[len(bound) :].strip()
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    comma = found["comma"] or ""
    whole = found["digits"].replace(comma, "") if comma else found["digits"]
    decimals = found["decimals"] or ""
    try:
        number = Decimal(f"{found['sign']}{whole}.{decimals or '0'}{found['power'] or ''}")
    except InvalidOperation:
        return None
    power = int((found["power"] or "e0")[1:])
    return Quote(number, len(decimals) - power, percent, bound, comma)


def is_right(quoted: str, number: float, text: str) -> bool:
    """Return whether a quotation is the computed value, rounded to the quoted digits.

    If the report has a text, it is compared word by word.
    """
    if not isfinite(number):
        return " ".join(quoted.split()) == " ".join(text.split())
    read = quote(quoted)
    if read is None:
        return False
    meant = 100 * number if read.percent else number
    stated = float(read.number)
    if read.bound:
        return meant < stated if read.bound == "<" else meant > stated
    return abs(stated - meant) <= 0.5 * 10.0**-read.decimals + _SLACK * abs(meant)


def rewritten(quoted: str | None, number: float, text: str) -> str:
    """Return a computed value in the form of a quotation: digits, per-cent sign and thousands separator.

    A quotation that is still right is unchanged; without one, whole numbers have thousands separators, others three
    digits.
    """
    if not isfinite(number):
        return text
    if quoted is not None and is_right(quoted, number, text):
        return quoted.strip()
    read = None if quoted is None else quote(quoted)
    if quoted is None or read is None:
        return f"{number:,.0f}" if number == int(number) else _plain(number)
    meant = Decimal(repr(float(number))) * (100 if read.percent else 1)
    decimals = max(read.decimals, 0)
    said = format(meant.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), ",f")
    said = said.replace(",", read.comma or ("," if abs(read.number) < 1000 else ""))
    sign = "\u2212" if "\u2212" in quoted else "-"
    tail = re.search(r"(?:[\s~" + _SPACES + r"]|\\,)*\\?%", quoted)
    return said.replace("-", sign) + (tail[0] if tail else "")


def _plain(number: float) -> str:
    return format(Decimal(f"{number:.3g}"), "f")
