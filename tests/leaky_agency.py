"""A made-up agency whose raw files name people who are not: nonsense names, numbers and narratives to look for."""

from __future__ import annotations

import random
from pathlib import Path

import toy_agency

_CHANCE = random.Random(5)
_SYLLABLES = ["zu", "qo", "vry", "xa", "bli", "dwo", "fju", "gry", "kve", "pfo"]


def _nonsense(syllables: int) -> str:
    return "".join(_CHANCE.choice(_SYLLABLES) for _ in range(syllables)).capitalize()


#: Sixty pairs of nonsense, the first of which the tests plant.
NAMES = [(_nonsense(3), _nonsense(4)) for _ in range(60)]
FIRST, LAST = NAMES[0]
#: Nonsense that is in no raw file.
STRANGER = _nonsense(5)
STORY = "the glass was carried over the hill before anybody had counted the seven lamps of the north gate"


def source(folder: Path, districts: tuple[str, str] = ("North", "South")) -> Path:
    """Write the agency into ``folder/leaky``."""
    own = [
        (first, last, 9000 + i, f"{STORY} {i}", f"03/{9 + i % 20:02d}/{1974 + i // 20}", f"{4412 + i} N {last} Ave",
         f"{first}.{last}@example.org", f"20-CV-{70000 + i}", 8_100_000 + i)
        for i, (first, last) in enumerate(NAMES)
    ]  # fmt: skip
    dropped = {
        "first": "name", "last": "name", "shield": "shield", "story": "free_text", "born": "birth_date",
        "home": "address", "mail": "contact", "docket": "docket", "employee": "shield",
    }  # fmt: skip
    return toy_agency.written(folder / "leaky", own, districts, dropped)
