"""Columns of fixed width and printed reports become the rows they print, or are asked about by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from accountability.errors import SourceError
from accountability.records.onboard.first_look import looked_at
from accountability.records.onboard.propose import new_source
from accountability.records.onboard.proposed_text import source_text
from accountability.records.onboard.report_lines import filled_down
from accountability.records.readers import Format, read

HEAD = ("Case No", "Received", "Closed", "Finding", "Allegation")
WIDE, CLOSE = (10, 12, 12, 16, 18), (9, 11, 11, 14, 17)
FINDINGS = ("Sustained", "Not Sustained", "Unfounded", "Exonerated")
ROWS = [
    (
        f"2019-{n:03}",
        f"{n % 12 + 1:02}/{n % 28 + 1:02}/2019",
        f"{n % 12 + 1:02}/{n % 27 + 1:02}/2020",
        FINDINGS[n % 4],
        text,
    )
    for n, text in enumerate(["Courtesy", "Neglect of Duty", "Search", "Excessive Force", "Theft"] * 8)
]
RULER = tuple("-" * (wide - 2) for wide in WIDE)


def line(cells: tuple[str, ...], widths: tuple[int, ...] = WIDE) -> str:
    return "".join(cell.ljust(wide) for cell, wide in zip(cells, widths, strict=True)).rstrip()


def heading(page: int) -> list[str]:
    top = f"06/30/2021        SPRINGFIELD POLICE DEPARTMENT            PAGE   {page}"
    return [
        top,
        "                  COMPLAINT LOG BY DISTRICT",
        f"Run time: 10:{page:02}:07",
        "",
        line(HEAD),
        line(RULER),
    ]


def paged() -> list[str]:
    lines: list[str] = []
    for page in range(4):
        lines += heading(page + 1) if not page else ["\f" + heading(page + 1)[0], *heading(page + 1)[1:]]
        lines.append(
            f"District: {page // 2 + 1} - {'North' if page < 2 else 'South'}{' (continued)' if page % 2 else ''}"
        )
        lines += [line(row) for row in ROWS[10 * page : 10 * page + 10]]
        lines += [f"Total for district {page // 2 + 1}:   20", ""] if page % 2 else []
    return [*lines, "GRAND TOTAL:  40", "*** END OF REPORT ***"]


def stacked() -> list[str]:
    heads = [
        line(("Case", "Date", "Date", "", "Kind of")),
        line(("Number", "Received", "Closed", "Finding", "Complaint")),
    ]
    pages = [ROWS[:10], ROWS[10:20], ROWS[20:30], ROWS[30:]]
    return [text for rows in pages for text in ("CITY OF SPRINGFIELD", "", *heads, "=" * 60, *map(line, rows), "")]


def grouped() -> list[str]:
    parts = [ROWS[n : n + 10] for n in range(0, 40, 10)]
    return [
        text
        for n, rows in enumerate(parts)
        for text in (f"PRECINCT {7 * n + 7}", "", line(HEAD), *map(line, rows), "Precinct total     10", "")
    ]


FILES = {
    "plain": [line(HEAD), *map(line, ROWS)],
    "one blank between": [line(HEAD, CLOSE), *(line(row, CLOSE) for row in ROWS)],
    "a ruler and a count": [
        line(HEAD, CLOSE), line(tuple("-" * (w - 1) for w in CLOSE), CLOSE), *(line(row, CLOSE) for row in ROWS),
        "", "40 rows selected.",
    ],
    "pages and groups": paged(),
    "stacked headings": stacked(),
    "groups without a colon": grouped(),
    "no header": [line(row) for row in ROWS],
}  # fmt: skip


def put(lines: list[str], folder: Path, name: str = "log.txt") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("what", FILES)
def test_a_report_gives_the_rows_it_prints(what: str, tmp_path: Path) -> None:
    ((found,), _) = looked_at([(put(FILES[what], tmp_path), None)])
    assert found.fmt.type == "fixed"
    assert found.frame.iloc[:, :5].to_numpy().tolist() == [list(row) for row in ROWS]
    assert found.layout.confirm


def test_group_lines_become_a_column_and_every_line_has_its_step(tmp_path: Path) -> None:
    ((found,), _) = looked_at([(put(paged(), tmp_path), None)])
    assert found.frame["district"].tolist() == ["1 - North"] * 20 + ["2 - South"] * 20
    steps = [next(iter(step)) for step, _ in found.layout.prepare]
    assert steps == ["drop_rows"] * (len(steps) - 1) + ["group_lines"]
    assert found.raw_rows == sum(bool(text.strip()) for text in paged())


def test_headings_of_several_lines_are_put_together(tmp_path: Path) -> None:
    ((found,), _) = looked_at([(put(stacked(), tmp_path), None)])
    assert list(found.frame) == ["Case Number", "Date Received", "Date Closed", "Finding", "Kind of Complaint"]


def test_a_line_that_nothing_explains_is_asked_about(tmp_path: Path) -> None:
    lines = [line(HEAD), *map(line, ROWS[:20]), "see also the binder of the deputy chief", *map(line, ROWS[20:])]
    ((found,), _) = looked_at([(put(lines, tmp_path), None)])
    assert len(found.frame) == 40
    assert "DECIDE" in source_text("x", [found], []).split("prepare:")[1].split("\n")[0]


def test_columns_printed_only_where_they_change_are_filled_down(tmp_path: Path) -> None:
    more = [line(("", "", "", row[3], "Theft")) for row in ROWS]
    lines = [line(HEAD), *(text for row, again in zip(ROWS, more, strict=True) for text in (line(row), again))]
    ((found,), _) = looked_at([(put(lines, tmp_path), None)])
    assert [step for step, _ in found.layout.prepare] == [{"fill_down": ["Case No", "Received", "Closed"]}]
    assert found.frame["Case No"].tolist() == [row[0] for row in ROWS for _ in range(2)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["a", None, None, "a", None], list("vwxyz")),  # a text repeated: blanks are not "the same as above"
        ([None, "a", None, "b", None], list("vwxyz")),  # nothing above the first
        (["a", "b", "c", "d", None, "e", "f", "g", "h", "i"], list("qrstuvwxyz")),  # one blank
    ],
)
def test_blanks_that_are_no_repetitions_are_left(first: list[str | None], second: list[str]) -> None:
    assert filled_down(pd.DataFrame({"Case": first, "x": second, "y": second}, dtype="str"))[0] == []


def test_one_column_of_blanks_is_a_question(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Case,Received,Finding\n" + "".join(f"{r[0]},{r[1]},{r[3]}\n,{r[1]},Unfounded\n" for r in ROWS))
    text = (new_source("x", [path], tmp_path / "data") / "source.yaml").read_text(encoding="utf-8")
    assert "prepare: [{fill_down: DECIDE}]  # [Case] if a blank repeats the cell above" in text


def test_columns_without_blanks_between_need_the_layout_which_an_answer_gives(tmp_path: Path) -> None:
    tight = [f"{r[0]}{r[1]}{r[2]}{r[3]:<13}" for r in ROWS]
    path = put(tight, tmp_path, "log.dat")
    with pytest.raises(SourceError, match=r"fixed width without gaps(.|\n)*format log\.dat: \{type: fixed"):
        new_source("x", [path], tmp_path / "data")
    told = {"type": "fixed", "starts": [1, 9, 19, 29], "names": ["case", "received", "closed", "finding"]}
    said = {"row": {"format log.dat": {**told, "header_row": 0, "touching": True}}}
    folder = new_source("x", [path], tmp_path / "data", said)
    assert "case: {to: case_id}" in (folder / "source.yaml").read_text(encoding="utf-8")
    again = new_source("y", [path], tmp_path / "data", folder / "answers.yaml")
    assert (again / "answers.yaml").read_text().replace(" y ", " x ") == (folder / "answers.yaml").read_text()
    with pytest.raises(SourceError, match=r"answers: row: format log\.dat: .*starts"):
        new_source("z", [path], tmp_path / "data", {"row": {"format log.dat": {"type": "fixed", "starts": [9, 1]}}})


def test_text_across_the_beginning_of_a_column_is_refused_with_the_ways_out(tmp_path: Path) -> None:
    path = put([line(HEAD), *map(line, ROWS[:5])], tmp_path)
    with pytest.raises(SourceError, match=r"line 2: .*whole: PATTERN.*touching: true"):
        read(path, Format(type="fixed", starts=(1, 14, 23)))
    with pytest.raises(SourceError, match=r"starts: .* rising"):
        new_source("x", [path], tmp_path, {"row": {"format log.txt": {"type": "fixed"}}})


def test_a_comma_in_every_name_does_not_make_a_report_a_csv(tmp_path: Path) -> None:
    rows = [("N-" + row[0], "SMITH, JOHN A", *row[2:]) for row in ROWS]
    lines = [line(HEAD, (12, 20, 12, 16, 18)), *(line(row, (12, 20, 12, 16, 18)) for row in rows)]
    ((found,), _) = looked_at([(put(lines, tmp_path), None)])
    assert found.frame.iloc[:, 1].tolist() == ["SMITH, JOHN A"] * 40
