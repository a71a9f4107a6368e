"""Every number a study hands to its report, at three sets of parameters, and the values kept to hold them against.

A study is run here as plain code, cell after cell in this process: what it keeps is what a kernel would keep (one test
compares the two), in a tenth of the time. ``python tests/study_values.py [STUDY ...]`` writes the reference anew into
``tests/reference/study_values/``; read the difference before committing it, for it says which published numbers change.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd

from accountability.errors import AccountabilityError
from accountability.publish import kept
from accountability.publish.finished import Held, tables
from accountability.publish.values import key_columns, tidy
from accountability.studies import registry

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(__file__).parent / "reference" / "study_values"
SOURCES = ("synthetic", "news_cases", "generated_2021", "generated_investigators")
DEFAULT = "default"
# Of a longer table some rows are kept one by one, and of all rows two sums a column.
MOST_ROWS, KEPT_ROWS = 20, 6
# Of a longer text its beginning is kept, and a hash of the whole.
LONGEST = 60

#: What is asked of a study beside its defaults; a study that is not here takes the first two of USUAL that suit it.
SETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what_the_data_holds": ({"group": "investigated_by", "seed": 7}, {"many_closings": 10, "permutations": 199}),
    "how_long_cases_stay_open": (
        {"group": "investigated_by", "within_days": 180},
        {"start": "incident", "cutoff": "2018-06-30", "confidence": 0.8},
    ),
    "what_changed_between_releases": ({"group": "investigated_by"}, {"within_days": 90, "confidence": 0.8}),
    "were_deadlines_met": ({"rule": "california", "pauses": "none"}, {"group": "category", "cutoff": "2018-06-30"}),
    "how_the_backlog_moved": ({"group": "category", "pace_months": 6}, {"cutoff": "2018-06-30", "start": "opened"}),
    "what_follows_a_finding": ({"group": "officer_race"}, {"unit": "complaint", "confidence": 0.8, "min_cell": 30}),
    "how_penalties_shrink": ({"group": "category"}, {"unit": "complaint", "confidence": 0.8}),
    "who_is_disciplined": ({"group": "officer_gender", "alike": None}, {"unit": "complaint", "confidence": 0.8}),
    "does_delay_lighten": (
        {"heavier": "reprimand", "landmark": 90},
        {"cutoff": "2018-06-30", "group": "category", "within_days": 730},
    ),
    "is_it_more_than_chance": (
        {"group": "squad", "top": 0.05, "draws": 199},
        {"headcount": 5000, "confidence": 0.8, "draws": 199, "seed": 7},
    ),
    "do_squads_matter": (
        {"window_days": 180, "permutations": 199, "seed": 7},
        {"period_years": 1, "confidence": 0.8, "permutations": 199},
    ),
    "does_it_matter_who_investigates": (
        {"cells": "investigated_by; quarter", "within_days": 90, "draws": 99},
        {"least": 60, "first_year": 2015, "last_year": 2018, "confidence": 0.8, "draws": 99, "seed": 7},
    ),
    "when_does_the_next_complaint_come": (
        {"group": "officer_gender", "within_days": 180},
        {"start": "incident", "confidence": 0.8},
    ),
    "agencies_side_by_side": (
        {"outcome": "sustained_share", "group": "complaint_type"},
        {"outcome": "closed_share", "within_days": 180, "confidence": 0.8},
    ),
    "case_miami_dade_2010": (
        {"discipline_date": "late_2012", "headline": "headline"},
        {"start_of_investigation": "by_2010", "rule": "california", "comparable": "category=Neglect"},
    ),
    "case_pinecrest": (
        {"week_days": "five", "group": "report"},
        {"who_decides": "one_step", "rule": "california", "comparable": "category=Neglect"},
    ),
    "case_file": ({"group": "category", "confidence": 0.8}, {"rule": "california", "comparable": "category=Neglect"}),
}
USUAL: tuple[dict[str, Any], ...] = (
    {"group": "category"},
    {"confidence": 0.8},
    {"cutoff": "2018-06-30"},
    {"seed": 7},
    {"min_cell": 20},
    {"min_group": 50},
)


@cache
def source_of(study: str) -> str:
    """The bundled source a study is run on: the first that can answer it."""
    for source in SOURCES:
        try:
            registry.check(registry.get(study), {"source": source})
        except AccountabilityError:
            continue
        return source
    raise LookupError(f"{study}: no bundled source can answer it")


def sets_of(study: str) -> dict[str, dict[str, Any]]:
    """Name to parameters of the sets a study is checked at: its defaults and two others."""
    others = SETS.get(study) or tuple(changes for changes in USUAL if _suits(study, changes))[:2]
    assert len(others) == 2, f"{study}: declare two sets of parameters for it in {Path(__file__).name}"
    named = {",".join(f"{name}={value}" for name, value in changes.items()): changes for changes in others}
    return {DEFAULT: {}, **named}


def _suits(study: str, changes: Mapping[str, Any]) -> bool:
    try:
        registry.check(registry.get(study), {"source": source_of(study), **changes})
    except AccountabilityError:
        return False
    return True


def run(study: str, changes: Mapping[str, Any], folder: Path) -> Path:
    """Run a study's cells in this process and leave in the folder what a report would hold of numbers."""
    import matplotlib as mpl

    asked, _ = registry.check(registry.get(study), {"source": source_of(study), **changes})
    book = nbformat.read(ROOT / "notebooks" / registry.get(study).notebook, as_version=4)
    names: dict[str, Any] = {"__name__": "__main__"}
    before = dict(mpl.rcParams)
    mpl.use("agg")
    try:
        with kept_in(folder), _not_painted(), contextlib.redirect_stdout(io.StringIO()):
            for cell in book.cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"{study}.ipynb", "exec"), names)
                if "parameters" in cell.metadata.get("tags", []):
                    names.update(asked.literals())
    finally:
        mpl.rcParams.update(before)
    record = {"study": study, "parameters": asked.literals(), "tables": kept.kept_in(folder)}
    (folder / "provenance.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@contextlib.contextmanager
def _not_painted():
    # A figure's pictures take most of a study's time; what is compared are the points that its artists hold.
    painted = kept.pictures, kept.narrow_pictures
    kept.pictures = kept.narrow_pictures = lambda image, kinds: [b"" for _ in kinds]
    try:
        yield
    finally:
        kept.pictures, kept.narrow_pictures = painted


@contextlib.contextmanager
def kept_in(folder: Path):
    """Let ``keep`` and ``figure`` write into a folder."""
    before = os.environ.get(kept.FOLDER_VARIABLE)
    os.environ[kept.FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        del os.environ[kept.FOLDER_VARIABLE]
        if before is not None:
            os.environ[kept.FOLDER_VARIABLE] = before


def condensed(folder: Path) -> pd.Series:
    """Address to value of a report, long tables by some of their rows and by sums over all of them."""
    parts = [_answered(folder), *(frame for held in tables(folder) for frame in _condensed(held))]
    return pd.concat(parts).map(_shortened) if parts else pd.Series(dtype="str")


def finding_of(folder: Path) -> dict[str, Any]:
    """The finding a study presented."""
    presented: dict[str, Any] = json.loads((folder / kept.FOUND).read_text(encoding="utf-8"))
    return presented


def _answered(folder: Path) -> pd.Series:
    """What the study answers, by its words: two sets of parameters may only share them where the answer is the same."""
    if not (folder / kept.FOUND).is_file():
        return pd.Series(dtype="str")
    presented = finding_of(folder)
    return pd.Series({"finding/answer": presented["answer"], "finding/setting": presented["setting"]})


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:24]}… {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _condensed(held: Held) -> list[pd.Series]:
    cells = held.cells
    size = pd.Series({f"{held.label}/rows": str(len(cells)), f"{held.label}/columns": ", ".join(cells.columns)})
    frame = tidy(held, key_columns(cells))
    if frame["number"].isna().all():
        return [size]  # words alone: nbval compares those
    if len(cells) <= MOST_ROWS:
        return [size, frame.set_index("address")["text"]]
    rows = list(dict.fromkeys(frame["row"]))
    some = {rows[place] for place in np.linspace(0, len(rows) - 1, KEPT_ROWS).round().astype(int)}
    place = frame["row"].map({row: place for place, row in enumerate(rows, start=1)})
    numbers = frame.assign(placed=frame["number"] * place / len(rows)).groupby("column", sort=False)
    # The second sum weighs each row by its place, so that rows which change places are seen.
    sums = {
        f"{held.label}/{what}/{column}": repr(float(total))
        for what, name in (("sum", "number"), ("sum by place", "placed"))
        for column, total in numbers[name].sum(min_count=1).dropna().items()
    }
    shown = frame[frame["row"].isin(some)].set_index("address")["text"]
    return [size, pd.Series(sums, dtype="str"), shown]


def reference(study: str) -> pd.DataFrame:
    """The values kept of a study: ``set``, ``address``, ``value``."""
    path = REFERENCE / f"{study}.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: run `python tests/study_values.py {study}`, and read what it wrote")
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def write(study: str, base: Path) -> Path:
    """Run a study at its sets and keep the values as reference."""
    frames = []
    for place, (name, changes) in enumerate(sets_of(study).items()):
        (base / f"{study}-{place}").mkdir()
        found = condensed(run(study, changes, base / f"{study}-{place}"))
        frames.append(pd.DataFrame({"set": name, "address": found.index, "value": found.to_numpy()}))
    REFERENCE.mkdir(parents=True, exist_ok=True)
    path = REFERENCE / f"{study}.csv"
    pd.concat(frames).to_csv(path, index=False, lineterminator="\n")
    return path


def main(names: list[str]) -> None:
    """Write the reference values of these studies, or of all."""
    import tempfile

    for name in names or registry.STUDIES:
        with tempfile.TemporaryDirectory() as base:
            path = write(registry.get(name).name, Path(base))
        print(f"{path.relative_to(ROOT)}: {len(pd.read_csv(path)):,} values at {', '.join(sets_of(name))}")


if __name__ == "__main__":
    main(sys.argv[1:])
