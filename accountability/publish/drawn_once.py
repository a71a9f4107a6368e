"""Draw a figure once for a grid: sets that do not change what it shows take its files from the set that drew it.

What was drawn is known by all that it was drawn from, so a figure taken is the figure that would have been drawn.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

#: Set by a sweep for the kernels of this package's studies, none of which changes how figures are drawn.
FIGURES_VARIABLE: Final = "ACCOUNTABILITY_FIGURES_IN"
_TOLD: Final = "told.json"


def place_of(*drawn_from: Any) -> Path | None:
    """Return the place of a figure by all that it is drawn from; none outside a grid, or for what has no bytes."""
    shared = os.environ.get(FIGURES_VARIABLE)
    if shared is None:
        return None
    try:
        written = pickle.dumps(drawn_from, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return Path(shared) / sha256(written).hexdigest()


def taken(place: Path | None, path: Path) -> dict[str, Any]:
    """Return what is told of a figure, if it is there, and copy its files to `path`: no report changes with another."""
    if place is None or not place.is_dir():
        return {}
    path.parent.mkdir(parents=True, exist_ok=True)
    for file in place.iterdir():
        if file.name != _TOLD:
            shutil.copyfile(file, path.with_name(file.name))
    return dict(json.loads((place / _TOLD).read_text(encoding="utf-8")))


def left(place: Path | None, path: Path, told: Mapping[str, Any]) -> None:
    """Leave the files of a figure for others: as links, which take no room, or not at all where a disk has none."""
    if place is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent))
    with suppress(OSError):  # of a disk without links, or of another set that was quicker
        for file in path.parent.glob(f"{path.name}.*"):
            os.link(file, made / file.name)
        (made / _TOLD).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        made.rename(place)
    shutil.rmtree(made, ignore_errors=True)
