"""Compare the figures of a stored notebook with those of a run, which nbval leaves out: by what is seen."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

#: The first letters of every PNG in base64.
PNG = "iVBORw0KGgo"
#: Of 255: what a shade may differ by, as edges of letters do from machine to machine.
SHADES = 48
#: A digit that is another one differs in 20 pixels or more, at the size of the smallest letters.
PIXELS = 15


class Picture(str):
    """A PNG in base64, equal to one that looks the same."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Picture):
            return False
        here, there = (np.asarray(opened(one), dtype="int16") for one in (self, other))
        return here.shape == there.shape and int((np.abs(here - there).max(axis=2) > SHADES).sum()) <= PIXELS

    def __ne__(self, other: object) -> bool:
        return not self == other


def opened(picture: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")


def compared(cell: Any) -> None:
    """Have a cell of nbval compare its figures too."""
    cell.parent.skip_compare = tuple(key for key in cell.parent.skip_compare if key != "image/png")
    sanitize: Callable[[Any], Any] = cell.sanitize
    cell.sanitize = lambda value: (
        Picture(value) if isinstance(value, str) and value.startswith(PNG) else sanitize(value)
    )
