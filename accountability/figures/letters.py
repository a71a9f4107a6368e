"""How wide letters are, and where a line is broken: the same for every kind of file."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

#: A screen sets letters to whole dots, which makes some lines longer.
_WHOLE_DOTS: Final = 0.96
#: Points at which letters are measured.
_SIZE: Final = 12.0


def broken(text: str, inches: float, size: float, *, weight: str = "normal") -> str:
    """Break a text into lines of at most some width in inches; a number and its % stay together."""
    lines: list[str] = []
    for word in re.split(r"\s+(?!%)", text.strip()) if text.strip() else ():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and wide(longer, size, weight) <= _WHOLE_DOTS * inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def wide(text: str, size: float, weight: str) -> float:
    """Return the inches of a line: the sum of its letters, as a file with text sets them."""
    return size * sum(_em(letter, weight) for letter in text) / 72


@lru_cache(2000)
def _em(letter: str, weight: str) -> float:
    """Return a letter's width in letter sizes; of one that the face lacks, that of the widest."""
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.ft2font import LoadFlags

    # The face is the same for every kind of file.
    face = get_font(findfont(FontProperties(family=["DejaVu Sans"], weight=weight)))
    if not face.get_char_index(ord(letter)):
        return 1.0
    face.set_size(_SIZE, 72)
    return float(face.load_char(ord(letter), LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / _SIZE
