"""What must not leave a report is found wherever it stands; a clean report leaves whole, and as the same bytes."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import toy_agency
from attack_plants import (
    AFTERWARDS,
    KEY,
    NOTEBOOK,
    SECRETS,
    STUDY,
    WRITTEN,
    clean_report,
    found_afterwards,
    found_in_written,
    in_record,
    vouched,
)
from conftest import ROOT, full
from hypothesis import given
from hypothesis import strategies as st
from leaky_agency import FIRST, LAST, source
from typer.testing import CliRunner

import accountability
from accountability import Cohort, delay, privacy, publish
from accountability.cli import app
from accountability.errors import ParameterError
from accountability.publish import runner, sharing
from accountability.publish.execute import StudyFailed
from accountability.publish.sharing.anew import notebook as rebuilt
from accountability.publish.sharing.anew import picture
from accountability.publish.sharing.count_rules import in_table
from accountability.publish.sharing.folder import of_csv
from accountability.publish.sharing.gate import in_piece
from accountability.publish.sharing.notebooks import of_notebook
from accountability.publish.sharing.packing import masked_path
from accountability.publish.sharing.pieces import Table
from accountability.records.dataset import Dataset
from accountability.records.leaving.known import known
from accountability.records.leaving.word_rules import in_text
from accountability.records.places import notebooks_dir, source_folder
from accountability.studies import registry
from accountability.study import clocks
from accountability.study.grouping import group_cases


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A report on an agency whose raw files hold names, numbers and stories, none of which it shows."""
    base = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCOUNTABILITY_SOURCES", str(base / "sources"))
        yield clean_report(base)


@pytest.fixture
def made(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "report"))


def record(key: str, value: object) -> Callable[[Path], None]:
    return lambda folder: in_record(lambda read, text: read["parameters"].update({key: value}))(folder, "")


def markdown(folder: Path, text: str) -> None:
    WRITTEN["text of a cell"](folder, text)
    vouched(folder)


@pytest.fixture
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY.secret.hex() + "\n", encoding="ascii")
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "key"))


def test_the_clean_report_holds_nothing(clean: Path, own_key: None) -> None:
    verdict = sharing.look_through(clean)
    assert [str(leak) for leak in verdict.leaks] == []
    assert verdict.notes == ()
    assert verdict.looked_at > 100


# ---- what is planted -------------------------------------------------------------------------------------------


def test_over_three_hundred_are_planted() -> None:
    assert sum(map(len, AFTERWARDS.values())) + len(WRITTEN) * len(SECRETS) >= 300


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="every plant by itself takes a quarter of an hour: make gates")
@pytest.mark.parametrize("channel", AFTERWARDS)
def test_every_file_that_was_put_there_is_named(channel: str, clean: Path, tmp_path: Path, own_key: None) -> None:
    assert [what for what, seen in found_afterwards(clean, channel, tmp_path).items() if not seen] == []


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="every plant by itself takes a quarter of an hour: make gates")
@pytest.mark.parametrize("channel", WRITTEN)
def test_every_secret_that_a_notebook_wrote_is_found(channel: str, clean: Path, tmp_path: Path, own_key: None) -> None:
    assert [what for what, seen in found_in_written(clean, channel, tmp_path).items() if not seen] == []


def test_what_was_put_there_is_named_file_by_file(made: Path, own_key: None) -> None:
    planted = [plant(made) for channel in ("other files", "Word", "PDF") for plant in AFTERWARDS[channel].values()]
    planted += [next(iter(AFTERWARDS[channel].values()))(made) for channel in ("PNG", "SVG", "page", "CSV", "metadata")]
    verdict = sharing.look_through(made)
    refused = {leak.place for leak in verdict.leaks if leak.kind == "not ours"}
    assert {masked_path(name) for name in planted} <= {*refused, *map(masked_path, refused)}
    assert LAST.casefold() not in str(verdict).casefold()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_however_it_is_written(secret: str, clean: Path, own_key: None) -> None:
    with_what = known(["leaky"])
    found = list(in_text("somewhere", SECRETS[secret], with_what))
    assert found, SECRETS[secret]
    assert not any(LAST.casefold() in leak.excerpt.casefold() for leak in found)


@pytest.mark.parametrize("channel", ["output as HTML", "text of a drawing", "parameter", "cell of a table"])
def test_a_name_is_found_in_what_a_notebook_wrote(channel: str, made: Path, own_key: None) -> None:
    WRITTEN[channel](made, f"{FIRST} {LAST}")
    vouched(made)
    assert [leak for leak in sharing.look_through(made).leaks if leak.kind == "name"]


def test_a_published_level_is_looked_at_as_the_way_in_does(made: Path, own_key: None) -> None:
    people = ["James Miller", "Robert Johnson", "Mary Williams", "Linda Brown", "Patricia Davis", "John Wilson"]
    table = Table("t", ("officer", "size"), tuple((name, "40") for name in people))
    assert "name" in [leak.kind for leak in in_table(table)]
    places = Table("t", ("district", "size"), (("North", "40"), ("South", "41"), ("Airport", "50")))
    assert list(in_table(places)) == []


def test_a_file_leaves_as_it_is_only_by_its_name_and_is_listed(made: Path, tmp_path: Path, own_key: None) -> None:
    (made / "appendix.pdf").write_bytes(b"%PDF-1.7 by hand")
    assert not sharing.look_through(made).clean
    run = CliRunner().invoke(app, ["share", str(made), "--out", str(tmp_path / "a.zip"), "--pass", "appendix.pdf"])
    assert run.exit_code == 0, run.output
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        listed = json.loads(archive.read(f"{made.name}/passed.json"))
    assert list(listed) == ["appendix.pdf"]


def test_what_leaves_of_a_picture_is_its_pixels() -> None:
    from PIL import Image, PngImagePlugin

    noted = PngImagePlugin.PngInfo()
    noted.add_text("Author", LAST)
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, "PNG", pnginfo=noted, icc_profile=LAST.encode(), dpi=(72, 72))
    anew = picture(out.getvalue() + LAST.encode())
    assert re.findall(rb"[A-Za-z]{4}(?=[^A-Za-z])", anew)[0] != b""
    assert {anew[at : at + 4] for at in chunks(anew)} == {b"IHDR", b"IDAT", b"IEND"}
    assert Image.open(io.BytesIO(anew)).getpixel((0, 0)) == (255, 0, 0)


def chunks(raw: bytes) -> list[int]:
    at, places = 8, []
    while at < len(raw):
        places.append(at + 4)
        at += int.from_bytes(raw[at : at + 4], "big") + 12
    return places


def test_colours_under_what_cannot_be_seen_are_gone() -> None:
    from PIL import Image

    drawn = Image.new("RGBA", (2, 1), (9, 9, 9, 0))
    drawn.putpixel((1, 0), (7, 8, 9, 200))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    assert list(Image.open(io.BytesIO(picture(out.getvalue()))).convert("RGBA").tobytes()) == [0, 0, 0, 0, 7, 8, 9, 200]


def test_the_name_of_the_folder_leaves_too(clean: Path, tmp_path: Path, own_key: None) -> None:
    named = Path(shutil.copytree(clean, tmp_path / f"{FIRST}_{LAST}".lower()))
    verdict = sharing.look_through(named)
    assert {(leak.place, leak.kind) for leak in verdict.leaks} == {("the name of the folder", "name")}


def test_a_key_that_is_a_name_is_covered_wherever_it_names_a_place(made: Path, own_key: None) -> None:
    WRITTEN["key of a label"](made, f"{FIRST} {LAST}")
    vouched(made)
    verdict = sharing.look_through(made)
    assert "name" in {leak.kind for leak in verdict.leaks}
    assert LAST.casefold() not in str(verdict).casefold()


@pytest.mark.parametrize(
    "row", ["{first} | {last}", "{first} | 40 | {last}", "40 | {last} | 0.5 | {first}", "{last}|{first}"]
)
def test_a_name_over_two_cells_is_found(row: str, clean: Path, own_key: None) -> None:
    text = row.format(first=FIRST, last=LAST)
    assert [leak for leak in in_text("a.csv, row 1", text, known(["leaky"])) if leak.kind == "name"]


def test_two_short_parts_of_a_name_are_found_with_a_number_between(clean: Path, own_key: None) -> None:
    short = replace(known(["leaky"]), pairs=frozenset({("al", "kim")}))
    assert [leak.kind for leak in in_text("a.csv, row 1", "Al | 40 | Kim", short)] == ["name"]


def test_days_of_birth_of_a_spreadsheet_are_known_by_their_heading() -> None:
    assert [leak.kind for leak in in_table(Table("t", ("dob", "n"), (("27097", "40"), ("27098", "50"))))] == [
        "birth date"
    ]


def test_a_column_of_days_of_birth_as_a_spreadsheet_counts_them_is_known_by_its_numbers(
    clean: Path, own_key: None
) -> None:
    with_what = known(["leaky"])
    born = Table("t", ("x",), tuple((str(27097 + day),) for day in range(8)))
    assert [leak.kind for leak in in_piece(born, with_what)] == ["birth date"]
    others = Table("t", ("x",), tuple((str(27097 + 50 * day),) for day in range(8)))
    assert list(in_piece(others, with_what)) == []


GROUPS = "group,count,denominator,share\n"
TABLES = {
    "a small group": (GROUPS + "a,3,90,0.033\nb,87,90,0.967\n", "small cell"),
    "a hidden cell beside its total": ("group,cases\nx,\ny,40\nz,51\ntotal,95\n", "difference"),
    "a hidden cell beside its line": ("group,cases,closed,open\nx,60,40,20\nw,70,40,30\ny,50,,44\n", "difference"),
    "two hidden cells that hold few": (GROUPS + "a,,90,\nb,,90,\nc,83,90,0.92\n", "difference"),
    "the share of a hidden cell": (GROUPS + "a,,90,0.0444\nb,26,90,0.2889\nc,60,90,0.6667\n", "difference"),
    "a formula": ('x,y\n"=HYPERLINK(""https://example.org"")",1\n', "formula"),
    "a row for each case": ("case_id,x\nc1,a\n", "one case"),
    "a row for each officer": ("officer_id,share\n17,0.5\n", "pseudonym"),
    "shields": ("star_no,x\n90417,a\n", "shield"),
    "dates of birth": ("dob,x\n03/09/1974,a\n", "birth date"),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_is_looked_at(what: str) -> None:
    text, kind = TABLES[what]
    (table, *_) = of_csv("a.csv", text.encode())
    assert isinstance(table, Table)
    found = list(in_table(table))
    assert kind in [leak.kind for leak in found]


# ---- what hides, and what only seems to -------------------------------------------------------------------------


def with_total(counts: list[int], hidden: list[bool]) -> Table:
    cells = ["" if gone else str(count) for count, gone in zip(counts, hidden, strict=True)]
    rows = [(f"g{number}", text) for number, text in enumerate(cells)]
    return Table("t", ("group", "cases"), (*rows, ("total", str(sum(counts)))))


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8))
def test_what_hidden_cells_hides_stays_hidden_and_hiding_only_the_small_does_not_do(counts: list[int]) -> None:
    enough = privacy.hidden_cells(np.array(counts), 10).tolist()
    small = [0 < count < 10 for count in counts]
    kept = sum(counts[at] for at in range(len(counts)) if enough[at])
    if not any(enough) or kept >= 10:
        total_is_few = 0 < sum(counts) < 10
        assert [leak.kind for leak in in_table(with_total(counts, enough))] == ["small cell"] * total_is_few
    found = {leak.kind for leak in in_table(with_total(counts, small))}
    few = sum(count for count, gone in zip(counts, small, strict=True) if gone)
    assert ("difference" in found) == (0 < few < 10)


# ---- the archive ---------------------------------------------------------------------------------------------


def test_a_clean_report_is_packed_whole_and_as_the_same_bytes(clean: Path, tmp_path: Path, own_key: None) -> None:
    run = CliRunner().invoke(app, ["share", str(clean), "--out", str(tmp_path / "a.zip")])
    assert run.exit_code == 0, run.output
    assert run.stdout.strip() == str(tmp_path / "a.zip")
    _, again = sharing.share(clean / "report.html", tmp_path / "b.zip")
    assert again is not None
    assert again.read_bytes() == (tmp_path / "a.zip").read_bytes()
    # Neither when files were written, nor in which order, nor who has them, is in it.
    touched = Path(shutil.copytree(clean, tmp_path / "touched" / clean.name))
    for number, path in enumerate(sorted(touched.rglob("*"), reverse=True)):
        os.utime(path, (number * 1e6, number * 1e6))
        path.chmod(0o700)
    _, third = sharing.share(touched, tmp_path / "c.zip")
    assert third is not None
    assert third.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(again) as archive:
        entries = archive.infolist()
        assert archive.comment == b""
        assert {(one.extra, one.comment, one.date_time, one.external_attr) for one in entries} == {
            (b"", b"", (1980, 1, 1, 0, 0, 0), 0o644 << 16)
        }
        assert [one.filename for one in entries] == sorted(archive.namelist())
        held = {name.removeprefix(f"{clean.name}/"): archive.read(name) for name in archive.namelist()}
    assert set(held) == {path.relative_to(clean).as_posix() for path in clean.rglob("*") if path.is_file()}
    assert held["tables/districts.csv"] == (clean / "tables/districts.csv").read_bytes()
    # What was unpacked is a report of ours again.
    with zipfile.ZipFile(again) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert sharing.look_through(tmp_path / "unpacked" / clean.name).leaks == ()


def test_a_leaking_report_is_listed_and_not_packed(made: Path, own_key: None) -> None:
    WRITTEN["cell of a table"](made, f"{FIRST} {LAST}")
    vouched(made)
    run = CliRunner().invoke(app, ["share", str(made)])
    assert run.exit_code == 1
    assert run.stdout == ""
    assert "tables/districts.csv, row 3\n  name: " in run.stderr
    assert [path.name for path in made.parent.glob("*.zip")] == []


def test_an_archive_never_stands_in_the_report_it_packs(made: Path) -> None:
    with pytest.raises(ParameterError, match="inside the report"):
        sharing.share(made, made / "all.zip")


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ParameterError, match="expected a report"):
            sharing.look_through(place)
    (tmp_path / "provenance.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ParameterError, match="run the study again"):
        sharing.look_through(tmp_path)


def test_a_source_that_is_not_here_is_said(made: Path, monkeypatch: pytest.MonkeyPatch, own_key: None) -> None:
    monkeypatch.delenv("ACCOUNTABILITY_SOURCES")
    assert sharing.look_through(made).notes == (
        "leaky: the source is not here, so its names and narratives were not compared",
    )


def test_names_of_the_source_a_case_is_placed_on_are_found_too(made: Path, own_key: None) -> None:
    record("source", "news_cases")(made)
    markdown(made, f"{FIRST} {LAST}")
    assert "name" not in {leak.kind for leak in sharing.look_through(made).leaks}
    record("reference", "leaky")(made)
    assert "name" in {leak.kind for leak in sharing.look_through(made).leaks}


def test_the_reports_of_case_files_tell_them_one_by_one_and_that_of_an_agency_does_not(
    made: Path, tmp_path: Path, own_key: None
) -> None:
    both = tmp_path / "reports"
    few = "1 officer with a penalty."
    shutil.copytree(made, both / "case")
    record("source", "news_cases")(both / "case")
    markdown(both / "case", few)
    shutil.copytree(made, both / "agency")
    markdown(both / "agency", few)
    told = {leak.place.partition("/")[0] for leak in sharing.look_through(both).leaks if leak.kind == "small cell"}
    assert told == {"agency"}


# ---- clean reports -------------------------------------------------------------------------------------------


def stored() -> list[Path]:
    """Notebooks of studies; those of single cases tell each case by itself, lessons are no reports."""
    return [notebooks_dir() / f"{name}.ipynb" for name, one in registry.STUDIES.items() if not one.of_a_case]


def told_from(notebook: Path) -> str:
    """The source that a notebook's provenance names last."""
    found = re.findall(r"source +[^\n]*\((\w+)\)\\n", notebook.read_text(encoding="utf-8"))
    return found[-1] if found else "synthetic"


@pytest.mark.parametrize("notebook", stored(), ids=lambda path: path.stem)
def test_every_stored_notebook_may_leave(notebook: Path) -> None:
    with_what = known([told_from(notebook)])
    pieces = of_notebook(notebook.name, rebuilt(notebook.read_bytes()).decode())
    assert [leak for piece in pieces for leak in in_piece(piece, with_what)] == []


#: Of the sources, some with `make test` and all by `make gates`: that of closed cases only is one of them.
SOME = (
    {"philadelphia": 1}
    | ({"chicago_2000_2016": 1} if full() else {})
    | {
        path.parent.name: 0
        for path in sorted((ROOT / "data").glob("*/source.yaml"))
        if full() and path.parent.name not in ("synthetic", "chicago_2000_2016", "philadelphia")
    }
)
GROUPED = {"how_long_cases_stay_open": "category", "who_is_disciplined": None, "what_the_data_holds": None}


def reports_of(source: str, out: Path, some: int) -> sharing.Verdict:
    """Look through reports on a source: every study's by `make gates`, else some that tell people and places apart."""
    if full():
        with suppress(StudyFailed):
            publish.report(source, out)
        return sharing.look_through(out)
    for study, group in list(GROUPED.items())[:some]:
        publish.run(study, source, {"group": group} if group else {}, out)
    return sharing.look_through(out)


@pytest.mark.slow
def test_nothing_is_found_in_any_study_of_the_bundled_agency(tmp_path: Path) -> None:
    assert reports_of("synthetic", tmp_path / "out", 1).leaks == ()


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("name", "some"), SOME.items())
def test_nothing_is_found_in_any_study_of_a_real_release(
    name: str, some: int, tmp_path: Path, real_source: Callable[[str], Dataset]
) -> None:
    if not source_folder(name).joinpath("truth.csv").exists() and name != "news_cases":
        real_source(name)
    verdict = reports_of(name, tmp_path / "out", some)
    assert verdict.leaks == ()
    assert verdict.notes == ()


@pytest.mark.real_data
def test_a_name_of_a_real_release_is_found_and_not_shown(
    made: Path, real_source: Callable[[str], Dataset], real_data: Callable[[str], Path]
) -> None:
    real_source("chicago_2000_2016")
    names = known(["chicago_2000_2016"])
    assert len(names.pairs) > 10_000
    first, last = min(pair for pair in names.pairs if min(map(len, pair)) > 5)
    record("source", "chicago_2000_2016")(made)
    markdown(made, f"{first.title()} {last.title()}")
    found = [leak for leak in sharing.look_through(made).leaks if leak.kind == "name"]
    assert found
    assert not any(part in leak.excerpt.casefold() for leak in found for part in (first, last))


# ---- data that would act -------------------------------------------------------------------------------------

BAD = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://example.org")',
    "]]><svg onload=alert(1)>",
)
DRAWN = """\\
import matplotlib.pyplot as plt

sizes = data.cases.groupby("district").size()
fig, ax = plt.subplots()
ax.barh(sizes.index.astype(str), sizes)
ax.set_title(data.title)
figure(ax, alt=f"Complaints in {', '.join(sizes.index)}", name="rise")"""
SHOWN = """\\
from accountability.results import Result

made = Result(
    estimand=f"complaints of {data.cases['district'].iloc[0]}", assumptions=(), method=data.title,
    table=data.cases.groupby("district", as_index=False).size(),
)
keep("sizes", made, caption=made.estimand)"""


class Tags(html.parser.HTMLParser):
    """Every tag and attribute that a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.acting: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "object"} or (
            tag == "img" and not (dict(attrs)["src"] or "").startswith("data:")
        ):
            self.acting.append(tag)
        self.acting += [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("pair", [BAD[:2], BAD[2:]], ids=["script and picture", "formula and drawing"])
def test_text_that_would_act_is_inert_in_every_channel(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_key: None
) -> None:
    folder = source(tmp_path / "sources", pair)
    declared = (folder / "source.yaml").read_text(encoding="utf-8")
    (folder / "source.yaml").write_text(
        declared.replace("title: Toy agency of the tests", f"title: {json.dumps('Toy ' + pair[0] + pair[1])}"),
        encoding="utf-8",
    )
    toy_agency.notebook(
        tmp_path / "notebooks", toy_agency.SETUP, "data", toy_agency.TABLE, SHOWN, DRAWN, toy_agency.LAST
    )
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    made = publish.run(STUDY, "leaky", {}, tmp_path / "out")
    texts = {path.relative_to(made.parents[1]).as_posix(): path.read_text(encoding="utf-8")
             for path in made.parents[1].rglob("*") if path.suffix in {".html", ".svg"}}  # fmt: skip
    document = nbformat.read(made.with_name(NOTEBOOK), as_version=4)
    for number, shown in enumerate(document.cells):
        for held in shown.get("outputs", []):
            if "text/html" in held.get("data", {}):
                texts[f"cell {number}"] = held.data["text/html"]
    assert len(texts) >= 6
    ours = {name: Tags(text).acting for name, text in texts.items()}
    assert {name: acting for name, acting in ours.items() if set(acting) - {"script"}} == {}
    for text in texts.values():
        assert "alert(1)</script>" not in text
    for path in made.parent.glob("tables/*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            cells = [cell for row in csv.reader(lines) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    assert any(
        pair[0].replace('"', '""') in text
        for text in (path.read_text("utf-8") for path in made.parent.glob("tables/*.csv"))
    )
    assert sharing.look_through(made.parents[1]).leaks == ()


def test_the_few_cases_that_a_group_has_open_are_not_shown_and_not_given_away() -> None:
    delays = clocks.durations(Cohort.of(accountability.load("synthetic")))
    groups = delay.compare_groups(delays, "investigated_by")
    shown, every = groups.table, groups.true_numbers()
    few = every["open"].between(1, 9)
    assert few.any()
    hidden = shown["open"].isna()
    assert hidden[few].all()
    assert hidden.sum() >= 2
    assert every["open"][hidden].sum() >= 10
    # A share of few cases goes with them; nothing else is lost, and what is shown is the true estimate.
    shares = ["closed_within", "closed_within_lower", "closed_within_upper"]
    others = every.columns.drop(["open", *shares])
    pd.testing.assert_frame_equal(shown[others], every[others])
    kept = shown["closed_within"].notna()
    pd.testing.assert_frame_equal(shown.loc[kept, shares], every.loc[kept, shares])
    assert delay.compare_groups(delays).table["open"].tolist() == every["open"].tolist()[:1]


def test_the_backlog_of_a_small_group_is_not_shown_and_not_given_away() -> None:
    cases = group_cases(Cohort.of(accountability.load("synthetic")), "category")
    shown = delay.backlogs(cases, "category", months=1)
    every = shown.true_numbers()
    counts = ["received", "closed", "open"]
    few = (every[counts].gt(0) & every[counts].lt(10)).any(axis=1)
    assert few.any()
    hidden = shown.table["open"].isna()
    assert hidden[few].all()
    assert not hidden[0]
    assert (every.loc[hidden, counts].sum() >= 10).all()
    assert shown.table.loc[hidden].drop(columns=["group", "hidden"]).isna().all(axis=None)
    assert "too small to show" in shown.sentence()
    assert "too small" not in delay.backlogs(cases, months=1).sentence()
