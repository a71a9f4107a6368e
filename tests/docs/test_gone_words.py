"""Words and phrases that must not come back: riddles, translated idiom, idle words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT

GONE = [
    r"\bby lots\b",
    r"\bbeside lots\b",
    r"\bluck\b",
    r"\bfell like rain\b",
    r"questions? (?:it )?carr(?:y|ies|ied) whole",
    r"carried whole",
    r"has a usable date of it",
    r"dated too coarsely",
    r"does one number do\b",
    r"\bthe groups part\b",
    r"\bleverag(?:e|es|ed|ing) (?:the|our|this|a)\b",
    r"\butili[sz]e",
    r"\bseamless",
    r"\bstate[- ]of[- ]the[- ]art\b",
    r"\bcutting[- ]edge\b",
    r"\bdelve\b",
    r"\bin order to be able to\b",
    r"\bit should be noted that\b",
    r"\bfor want of\b",
    r"\bpeople and programs like\b",
    r"\bcannot be had\b",
    r"\bhad by subtraction\b",
    r"\bmargins? of chance\b",
    r"\bsays? nothing of chance\b",
    r"\brises? for ever\b",
    r"\b(?:comes?|came) into sight\b",
    r"\bheld against\b",
    r"\bas (?:early|late) as (?:it|they) can have been\b",
    r"\b(?:cases|rows|months|values) (?:that |do not )?hang together\b",
    r"\ba (?:level|date|stretch) that is none\b",
    r"\bsay the same thing twice\b",
    r"\bso manieth\b",
]
PROSE = re.compile("|".join(GONE), re.I)
STYLE = "docs/maintainers/style.md"  # shows what is gone, beside what stands for it


def texts() -> dict[str, str]:
    found = {}
    for pattern in ("*.md", "docs/**/*.md", "data/**/*.md", "accountability/**/*.py", "accountability/**/*.yaml"):
        for path in ROOT.glob(pattern):
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
    for path in Path(ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[str(path.relative_to(ROOT))] = "\n".join("".join(cell["source"]) for cell in cells)
    found.pop(STYLE, None)
    return found


def test_words_that_are_gone_stay_gone() -> None:
    assert {name: PROSE.findall(text) for name, text in texts().items() if PROSE.search(text)} == {}


@pytest.mark.parametrize(
    "said", ["drawn by lots", "more than luck", "We utilise it", "0 dated too coarsely", "it cannot be had"]
)
def test_the_check_sees_them(said: str) -> None:
    assert PROSE.search(said)
