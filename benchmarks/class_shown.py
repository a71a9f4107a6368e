"""A class of thirty with ten who cheat, mistakes by agencies, and the slides of a lesson on one sheet.

Run ``python benchmarks/class_shown.py [AGENCIES] [SHEET.png]``; by default 60 and ``slides.png``. Takes four minutes.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
from PIL import Image

from accountability import classroom
from accountability.classroom import grading
from accountability.classroom.lessons.answer_key import KEYS
from accountability.classroom.submission import Ran

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "classroom")]

import chromium  # noqa: E402  of the tests, like the cheats
from test_cheating import CHEATS, LESSON  # noqa: E402

SECRET = b"a class of thirty"
CHOSEN = [names[len(names) // 3] for names in ([n for n in CHEATS if n.startswith(g)] for g in
          ("oracle", "marking", "report", "read", "room"))] + ["oracle: nan, for whatever is compared",
          "marking: Item.fits", "report: a million items", "room: memory in a list", "room: a daemon"]  # fmt: skip


def of_thirty() -> pd.DataFrame:
    """Twenty hand in the solved notebook, ten a notebook that cheats; what each earns."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        solved = classroom.build(LESSON, place / "class", students=["s0"], key=place / "class.key")[0]
        (place / "submitted").mkdir()
        for number in range(20):
            shutil.copy(solved, place / "submitted" / f"s{number}.ipynb")
        names = f"KEY = OTHER = {str(place / 'class.key')!r}\nNEIGHBOUR = {{}}\n"
        for number, cheat in enumerate(CHOSEN):
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(names + CHEATS[cheat])])
            nbformat.write(book, place / "submitted" / f"c{number}.ipynb")
        scores = classroom.grade(place / "submitted", LESSON, key=place / "class.key", seconds=20)
    table = scores.table.groupby("student", sort=False)["points"].sum().rename("points").reset_index()
    return table.assign(what=[CHOSEN[int(s[1:])] if s.startswith("c") else "solved" for s in table["student"]])


def mistakes(agencies: int) -> pd.DataFrame:
    """Every typical mistake of every lesson: in how many agencies it earned a point."""
    earned: dict[tuple[str, str, str], int] = {}
    for lesson, key in KEYS.items():
        for student in range(agencies):
            own = key.own(SECRET, f"s{student}")
            for item, part in own.mistakes.items():
                for what, value in part.items():
                    rows = grading.Marked(Ran({item: value}, (), "", ()), own, ()).rows(key)
                    points = next(row["points"] for row in rows if row["item"] == item)
                    earned[lesson, item, what] = earned.get((lesson, item, what), 0) + bool(points)
    return pd.Series(earned, name="agencies").rename_axis(["lesson", "item", "mistake"]).reset_index()


def sheet(lesson: str, path: Path) -> int:
    """Draw the slides of a lesson, 1,280 wide, on one sheet; give how many."""
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        page = next(one for one in classroom.build(lesson, folder) if one.parent.name == "slides")
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.goto(page.as_uri())
        tab.wait_for_selector("section.now")
        shots = []
        for _ in range(tab.locator("section").count()):
            shots.append(Image.open(io.BytesIO(tab.screenshot())).convert("RGB").resize((640, 360)))
            tab.keyboard.press("ArrowRight")
    whole = Image.new("RGB", (4 * 650, 370 * -(-len(shots) // 4)), "#888")
    for at, shot in enumerate(shots):
        whole.paste(shot, (650 * (at % 4) + 5, 370 * (at // 4) + 5))
    whole.save(path)
    return len(shots)


def main(agencies: str = "60", path: str = "slides.png") -> None:
    print(of_thirty().to_string(index=False))
    table = mistakes(int(agencies))
    table["earning"] = table["agencies"] > 0
    told = table.groupby("lesson").agg(mistakes=("mistake", "size"), earning=("earning", "sum"))
    print(told.to_string())
    print(f"of {agencies} agencies a lesson")
    print(f"{sheet('the_closed_case_trap', Path(path))} slides on {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
