"""A made-up agency whose raw files name people who are not: nonsense names, numbers and narratives to look for."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

DECLARATION = """
source: leaky
title: Toy agency of the tests
generated: true
card:
  jurisdiction: Nowhere
  agency: Toy agency
  publisher: the test suite
  obtained: made by the test
  row_is: one complaint
  unit: complaint
  period: {from: 2020-01-01, to: 2020-12-31}
  observed_until: 2021-06-30
  sampling: {rule: complete, open_cases: included, closing_date: true, selected_on: [], window: all of 2020}
  internal_complaints: included
  licence: none needed
  citation: the test suite
files:
  complaints:
    path: complaints.csv
    sha256: HASH
    rows: 60
    table: cases
    key: [id]
    columns:
      id: {to: case_id}
      first: {drop: name}
      last: {drop: name}
      shield: {drop: shield}
      story: {drop: free_text}
      district: {to: district}
      received: {stage: received, date: "%Y-%m-%d"}
      closed: {stage: closed, date: "%Y-%m-%d"}
"""

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
    leaky = folder / "leaky"
    leaky.mkdir(parents=True)
    lines = ["id,first,last,shield,story,district,received,closed"]
    for i, (first, last) in enumerate(NAMES):
        district = '"' + districts[i % 2].replace('"', '""') + '"'
        closed = "" if i % 5 == 0 else "2021-01-15"
        lines.append(f"c{i},{first},{last},{9000 + i},{STORY} {i},{district},2020-{i % 12 + 1:02d}-01,{closed}")
    text = "\n".join(lines) + "\n"
    (leaky / "complaints.csv").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    (leaky / "source.yaml").write_text(DECLARATION.replace("HASH", digest), encoding="utf-8")
    return leaky
