"""A report is whole or not there, shows what it was made from, and lets nothing out of the data act on its reader."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import html.parser
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
import toy_agency
from hypothesis import given
from hypothesis import strategies as st
from only_studies import only_studies

import accountability
from accountability import delay, publish
from accountability.errors import ParameterError, Refusal
from accountability.findings import conclude
from accountability.publish import finished, kept, page, provenance, runner
from accountability.publish.execute import StudyFailed
from accountability.publish.in_place import put_in_place
from accountability.publish.pictures import narrow_pictures
from accountability.publish.request import Request
from accountability.publish.safe_html import inert, plain, prose
from accountability.studies import registry

STUDY = "how_long_cases_stay_open"
ATTACK = """\
from IPython.display import HTML

HTML('<img src=x onerror=alert(3)><table onclick="alert(4)"><tr><td>-5</td></tr></table><style>p{}</style>')"""
WHO = "import sys\n\nprint(sys.executable)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One report, made where the machine does its worst: a foreign kernel, start-up files, a blind backend."""
    base = tmp_path_factory.mktemp("made")
    foreign = base / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "R"}))
    startup = base / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit('a user start-up file ran')")
    notebooks = base / "notebooks"
    toy_agency.notebook(notebooks, toy_agency.SETUP, toy_agency.TABLE, toy_agency.FIGURE, ATTACK, WHO, toy_agency.LAST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(base / "jupyter"))
        patch.setenv("IPYTHONDIR", str(base / "ipython"))
        patch.setenv("MPLBACKEND", "agg")
        patch.setattr(runner, "notebooks_dir", lambda: notebooks)
        return publish.run(STUDY, str(toy_agency.source(base)), {"cutoff": "2021-01-01"}, base / "out")


@pytest.fixture(scope="module")
def record(made: Path) -> dict[str, Any]:
    return json.loads((made.parent / "provenance.json").read_text())


class Read(html.parser.HTMLParser):
    """The tags and attributes a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_page_loads_nothing_and_runs_its_own_script_alone(made: Path) -> None:
    tags = Read(made.read_text()).tags
    assert {tag for tag, _ in tags}.isdisjoint({"iframe", "object", "link", "form"})
    assert [attributes for tag, attributes in tags if tag == "script"] == [{}]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert all(attributes["src"].startswith("data:image/") for tag, attributes in tags if tag == "img")
    policy = next(attributes["content"] for tag, attributes in tags if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'")
    text = made.read_text()
    script = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    assert [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() in policy for one in script] == [True]
    assert "unsafe" not in policy
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in text


def test_a_figure_is_there_with_its_text(made: Path) -> None:
    shown = re.findall("<figure[^>]*>(.*?)</figure>", made.read_text(), re.DOTALL)
    assert [re.findall('href="([^"]*)"', one) for one in shown] == [
        ["figures/rise.svg", "figures/rise.png", "figures/rise.csv"]
    ]
    assert (made.parent / "figures" / "rise.csv").read_text().startswith("panel,drawn,series,label,x,y\n1,line,1,,")
    pictures = [attributes for tag, attributes in Read(made.read_text()).tags if tag == "img"]
    assert [picture["alt"] for picture in pictures] == ["A line that rises"]
    assert (made.parent / "figures" / "rise.png").stat().st_size > 2_000
    assert "<text" in (made.parent / "figures" / "rise.svg").read_text()


def test_parameters_show_as_a_table_and_not_as_code(made: Path) -> None:
    text = made.read_text()
    assert '<tr><th scope="row">last day looked at</th><td class="set">2021-01-01</td><td>not set</td>' in text
    assert "cutoff = &#34;2021-01-01&#34;" not in text
    notebook = nbformat.read(made.with_name(f"{STUDY}.ipynb"), as_version=4)
    nbformat.validate(notebook)
    tables = [cell for cell in notebook.cells if "parameter-table" in cell.metadata.get("tags", [])]
    assert len(tables) == 1
    assert "| cutoff | 2021-01-01 | not set |" in tables[0].source
    injected = [cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert [cell.metadata.jupyter.source_hidden for cell in injected] == [True]


def test_generated_data_is_labelled_on_every_page(made: Path) -> None:
    for path in (made, made.parents[1] / "index.html"):
        assert f' aria-label="About the data">{provenance.GENERATED}</aside>' in path.read_text()


def test_the_kernel_is_this_interpreter_and_the_users_start_up_files_do_not_run(made: Path) -> None:
    notebook = nbformat.read(made.with_name(f"{STUDY}.ipynb"), as_version=4)
    printed = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]
    assert printed == [sys.executable + "\n"]


def test_a_report_says_what_it_was_made_from(made: Path, record: dict[str, Any]) -> None:
    source = record["parameters"]["source"]
    data = accountability.load(source)
    assert record["data"]["sha256"] == data.sha256
    assert record["data"]["files"] == dict(data.files)
    assert record["data"]["cutoff"] == "2021-01-01"
    assert record["failure"] is None
    assert record["command"] == f"accountability run {STUDY} --source {source} -p cutoff=2021-01-01"
    assert record["environment"]["packages"]["pandas"] == pd.__version__
    text = made.read_text()
    assert "<caption>Who was left out</caption>" not in text
    for fact in (data.sha256, record["environment"]["commit"], record["environment"]["made"], "Python 3."):
        assert fact in text


def test_the_executed_notebook_names_no_folder_of_the_machine_in_its_metadata(made: Path) -> None:
    notebook = nbformat.read(made.with_name(f"{STUDY}.ipynb"), as_version=4)
    assert notebook.metadata.papermill.output_path == f"{STUDY}.ipynb"
    assert notebook.metadata.papermill.input_path == f"{STUDY}.ipynb"


def test_a_table_is_kept_as_csv_in_which_no_cell_is_a_formula(made: Path, record: dict[str, Any]) -> None:
    assert (made.parent / "tables" / "districts.csv").read_text() == (
        "district,size\n<script>alert(1)</script>,20\n'=1+1,20\n"
    )
    assert [entry["file"] for entry in record["tables"]] == ["tables/districts.csv", "figures/rise.svg"]
    assert 'href="tables/districts.csv"' in made.read_text()


def test_the_index_names_the_study_that_does_not_apply_and_why(made: Path) -> None:
    text = (made.parents[1] / "index.html").read_text()
    assert f'href="{made.parent.name}/report.html"' in text
    question = registry.get("what_follows_a_finding").question
    assert f'<th scope="row">{question}</th><td>it has no column finding' in text


def test_nothing_is_left_beside_the_reports(made: Path) -> None:
    assert sorted(path.name for path in made.parents[1].iterdir()) == [made.parent.name, "index.html"]
    assert sorted(path.name for path in made.parent.iterdir()) == sorted(
        ["figures", f"{STUDY}.ipynb", "provenance.json", "report.html", "tables"]
    )


def test_one_failing_study_is_kept_and_shown_and_the_other_still_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.get(STUDY)
    second = dataclasses.replace(first, name="second")
    notebooks = tmp_path / "notebooks"
    toy_agency.notebook(notebooks, "kept = 1\nprint('before')", "kept / 0", "print('after')")
    (notebooks / "second.ipynb").write_text((notebooks / f"{STUDY}.ipynb").read_text().replace("kept / 0", "kept"))
    monkeypatch.setattr(runner, "notebooks_dir", lambda: notebooks)
    told: list[tuple[str, int, int]] = []
    failing = pytest.raises(StudyFailed, match=rf"{STUDY} stopped at cell \[4\]: ZeroDivisionError")
    with only_studies([first, second]), failing as failed:
        publish.report(str(toy_agency.source(tmp_path)), tmp_path / "out", progress=lambda *now: told.append(now))
    index = failed.value.page.read_text()
    assert failed.value.page == tmp_path / "out" / "index.html"
    assert "stopped at cell [4]: ZeroDivisionError: division by zero" in index
    broken = (tmp_path / "out" / STUDY / "report.html").read_text()
    assert "This report is not complete." in broken
    assert "kept / 0" in broken
    assert (tmp_path / "out" / STUDY / f"{STUDY}.ipynb").is_file()
    assert "This report is not complete." not in (tmp_path / "out" / "second" / "report.html").read_text()
    assert ("second", 5, 5) in told


def test_what_the_data_do_not_allow_is_listed_with_its_reason_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.get(STUDY)
    second = dataclasses.replace(first, name="second")
    notebooks, toy, out = tmp_path / "notebooks", str(toy_agency.source(tmp_path)), tmp_path / "out"
    said = "no <sustained> case has a rung; compare findings"
    stop = f"raise Refusal({said!r})"
    toy_agency.notebook(notebooks, f"from accountability.errors import Refusal\n\n{stop}", "print('after')")
    (notebooks / "second.ipynb").write_text((notebooks / f"{STUDY}.ipynb").read_text().replace(stop, "Refusal"))
    monkeypatch.setattr(runner, "notebooks_dir", lambda: notebooks)
    with only_studies([first, second]):
        index = publish.report(toy, out)
        assert f'<th scope="row">{first.question}</th><td>{html.escape(said)}' in index.read_text()
        assert 'href="second/report.html"' in index.read_text()
        assert f'href="{STUDY}/report.html"' not in index.read_text()
        with pytest.raises(Refusal, match=f"{STUDY} cannot be answered from these data: {said}"):
            publish.run(STUDY, toy, {"cutoff": "2021-01-01"}, out)
        swept = publish.sweep(STUDY, {"product": {"cutoff": ["2020-06-30"]}}, out, source=toy)
    assert "(cutoff = 2021-01-01)" in (out / "index.html").read_text()
    assert (swept.failed, swept.refused, list(swept.table["state"])) == (0, 1, ["refused"])
    assert swept.sentence().endswith("0 failed, 1 refused by the data.")
    for told in (out / STUDY).iterdir():
        assert not told.is_file() or not re.search("Traceback|papermill-error|not complete", told.read_text())
    assert "cannot be answered from these data: no &lt;sustained&gt; case" in (out / STUDY / "report.html").read_text()
    assert finished.reports_in(out) == [out / "second"]


def test_a_study_whose_kernel_dies_fails_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy_agency.notebook(tmp_path / "notebooks", "import os\n\nos._exit(3)")
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    with pytest.raises(StudyFailed, match="the kernel: DeadKernelError"):
        publish.run(STUDY, str(toy_agency.source(tmp_path)), {}, tmp_path / "out")


def test_a_notebook_changed_while_it_runs_is_not_taken_for_the_one_that_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "notebooks" / f"{STUDY}.ipynb"
    toy_agency.notebook(place.parent, f"with open({str(place)!r}, 'a') as file:\n    print(file=file)")
    monkeypatch.setattr(runner, "notebooks_dir", lambda: place.parent)
    ran = hashlib.sha256(place.read_bytes()).hexdigest()
    made = publish.run(STUDY, str(toy_agency.source(tmp_path)), {}, tmp_path / "out")
    stated = json.loads((made.parent / "provenance.json").read_text())
    assert hashlib.sha256(place.read_bytes()).hexdigest() != ran
    assert stated["notebook_sha256"] == stated["inputs"]["notebook"] == ran


REFUSED = """\
from accountability.findings import conclude
from accountability.publish import present
from accountability.results import or_refusal
from accountability.errors import Refusal

def refuse():
    raise Refusal("no officer is identified")

none = or_refusal(refuse, "squads")
parts = {"peers": none, "network": none, "differ": none, "again": none, "left_out": None}
present(conclude("do_squads_matter", data, {"source": source}, **parts))"""


@pytest.mark.parametrize("answered", [False, True])
def test_an_answer_that_is_a_refusal_is_led_by_no_figure_of_another_quantity(
    answered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [toy_agency.SETUP, toy_agency.FIGURE, *([] if answered else [REFUSED]), toy_agency.LAST]
    toy_agency.notebook(tmp_path / "notebooks", *cells)
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    made = publish.run(STUDY, str(toy_agency.source(tmp_path)), {}, tmp_path / "out")
    text = made.read_text()
    assert ("This release cannot say" in text) == (not answered)
    assert ('class="lead"' in text) == answered
    assert text.count("A line that rises") > 0, "the figure stands among the others"
    assert text.count("<strong>Figure 1.</strong>") == 1
    assert "Figure 2." not in text


def test_a_folder_that_is_not_a_report_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy_agency.notebook(tmp_path / "notebooks", "1")
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    precious = tmp_path / "out" / STUDY / "thesis.tex"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(ParameterError, match="not a report"):
        publish.run(STUDY, str(toy_agency.source(tmp_path)), {}, tmp_path / "out")
    assert precious.read_text() == "years of work"


def test_a_new_report_replaces_the_old_one_whole(tmp_path: Path) -> None:
    old, new = tmp_path / "report", tmp_path / ".making"
    for folder in (old, new):
        folder.mkdir()
        (folder / f"only_in_{folder.name.strip('.')}").write_text("x")
    put_in_place(new, old)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["only_in_making"]


def test_a_source_that_carries_no_study_is_refused_with_every_reason() -> None:
    carried = {"what_the_data_holds", *(study.name for study in registry.STUDIES.values() if study.of_a_case)}
    others = [study for study in registry.STUDIES.values() if study.name not in carried]
    every_reason = r"(?s)how_long_cases_stay_open: .*what_follows_a_finding: "
    with only_studies(others), pytest.raises(Refusal, match=every_reason):
        publish.report("news_cases")


def test_a_source_not_fetched_is_refused_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="accountability fetch chicago_2000_2016"):
        publish.run(STUDY, "chicago_2000_2016")


@given(
    first=st.fixed_dictionaries(
        {}, optional={"min_group": st.integers(10, 10**6), "confidence": st.floats(0.5, 0.999)}
    ),
    second=st.fixed_dictionaries({}, optional={"min_group": st.integers(10, 10**6), "group": st.text(max_size=90)}),
)
def test_different_requests_never_share_a_folder(first: dict[str, Any], second: dict[str, Any]) -> None:
    study = registry.get(STUDY)
    a, b = (Request(study, study.parameters.model_validate(given), source=None) for given in (first, second))
    assert (a.folder == b.folder) == (a.parameters == b.parameters)
    assert re.fullmatch(r"[A-Za-z0-9+=._-]{1,131}", b.folder)


@given(markup=st.text() | st.text(alphabet="<>/\"'= \nabscriptonloadimgtdl&#;-!", max_size=80))
def test_rebuilt_markup_holds_only_harmless_tags(markup: str) -> None:
    for tag, attributes in Read(inert(markup)).tags:
        assert tag not in {"script", "style", "img", "iframe", "svg", "object"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def in_table(cell: str) -> str:
    return f"<table><tbody><tr>{cell}</tr></tbody></table>"


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<script>alert(1)</script>seen", "seen"),
        ("<scr<script>ipt>x</script>seen", "ipt&gt;xseen"),
        ("<svg onload=alert(1)><text>gone</text></svg>seen", "seen"),
        # A paragraph ends a drawing in every browser; it is text then.
        ("<svg onload=alert(1)><p>out</p></svg>seen", "<p>out</p>seen"),
        ('<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '"&gt;'),
        ("<a href='//elsewhere.example/x'>x</a>", "<a>x</a>"),
        ("<a href='java&#115;cript:alert(1)'>x</a>", "<a>x</a>"),
        ("<b title=a href=x onclick=y style=z>q", '<b title="a">q</b>'),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="JaVa\tscript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="data:text/html,x">x</a>', "<a>x</a>"),
        ('<a href="https://example.org/a?b=c">x</a>', '<a href="https://example.org/a?b=c">x</a>'),
        ("<p>a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("</div></p>open<b>bold", "<p></p>open<b>bold</b>"),
        ('<table><tr><td title="&quot;><script>">x', in_table('<td title="&quot;&gt;&lt;script&gt;">x</td>')),
        ("<style scoped>td {color: red}</style><table><tr><td>1,204", in_table("<td>1,204</td>")),
    ],
)
def test_known_tricks_come_out_as_text_or_not_at_all(markup: str, left: str) -> None:
    assert inert(markup) == left


def test_a_table_of_pandas_loses_its_running_number_and_sets_numbers_flush_right() -> None:
    frame = pd.DataFrame({"year": ["2000", "2001"], "n": [1, -2], "share": [0.5, float("nan")], "who": ["a", "1"]})
    shown = inert(frame.to_html())
    number, short, head = ' class="num"', ' class="short"', ' scope="col" class="num"'
    last = ' scope="col" class="short"'
    assert re.sub(r"\s+", "", re.findall("<thead>.*</tbody>", shown, re.DOTALL)[0]) == re.sub(
        r"\s+",
        "",
        f"<thead><tr><th{head}>year</th><th{head}>n</th><th{head}>share</th><th{last}>who</th></tr></thead><tbody>"
        f"<tr><td{number}>2000</td><td{number}>1</td><td{number}>0.5</td><td{short}>a</td></tr>"
        f"<tr><td{number}>2001</td><td{number}>-2</td><td{number}>–</td><td{short}>1</td></tr></tbody>",
    )
    named = inert(frame.set_index("who").to_html())
    assert f"<th{short}>a</th>" in named
    assert f"<td{number}>2000</td>" in named
    assert inert("<table><tbody><tr><th>cases</th><td>3</td></tr></tbody></table>").count("num") == 0


def test_markdown_keeps_its_tables_and_shows_raw_html_as_text() -> None:
    assert '<td class="num">3</td>' in prose("|a|b|\n|---|---|\n|x|3|\n")
    assert prose("<img src=x onerror=alert(1)>").strip() == "<p>&lt;img src=x onerror=alert(1)&gt;</p>"
    assert "javascript" not in prose("[x](javascript:alert(1))")


def test_a_parameter_value_cannot_break_out_of_the_notebooks_table() -> None:
    row = {"name": "group", "value": "a|b<script>\n# x", "default": "none", "help": "h"}
    assert len(page.parameter_markdown([row]).splitlines()) == 3
    assert "<script>" not in prose(page.parameter_markdown([row]))


def test_terminal_colours_are_dropped_and_text_is_escaped() -> None:
    assert plain("\x1b[1;31mred\x1b[0m <b>") == "red &lt;b&gt;"


@given(texts=st.lists(st.text(alphabet="=+-@\t\r\n'a1. ,\"", max_size=6), min_size=1))
def test_no_cell_of_a_csv_is_a_formula_and_none_is_lost(texts: list[str], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    frame = pd.DataFrame({"cell": pd.Series(texts, dtype="str")})
    before = frame.copy()
    kept.write_csv(frame, path)
    pd.testing.assert_frame_equal(frame, before)
    import csv

    with path.open(newline="") as file:
        written = [row[0] if row else "" for row in csv.reader(file)][1:]
    assert len(written) == len(texts)
    for text, cell in zip(texts, written, strict=True):
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        assert cell in (text, f"'{text}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) or re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)


def test_keep_writes_only_under_a_run_and_gives_back_what_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"n": [-1, 2]}, index=pd.Index(["=a", "b"], name="=who"))
    assert kept.FOLDER_VARIABLE not in os.environ
    assert publish.keep("counts", frame) is frame
    monkeypatch.setenv(kept.FOLDER_VARIABLE, str(tmp_path))
    assert publish.keep("counts", frame, caption="Counts") is frame
    assert (tmp_path / "tables" / "counts.csv").read_text() == "'=who,n\n'=a,-1\nb,2\n"
    assert [entry["caption"] for entry in kept.kept_in(tmp_path)] == ["Counts"]
    with pytest.raises(ParameterError, match="kept twice"):
        publish.keep("counts", frame)
    with pytest.raises(ParameterError, match="small letters"):
        publish.keep("../counts", frame)
    with pytest.raises(ParameterError, match="found int"):
        publish.keep("number", 3)


def test_a_result_that_leads_is_drawn_once_and_the_others_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = accountability.load("synthetic")
    days = accountability.durations(data)
    answer, groups = delay.how_long(days), delay.compare_groups(days)
    found = conclude("how_long_cases_stay_open", data, {}, delays=days, answer=answer, groups=groups)
    monkeypatch.setenv(kept.FOLDER_VARIABLE, str(tmp_path))
    publish.present(found, closing_curve=answer, months=delay.caseload(data))
    assert [one["name"] for one in kept.kept_in(tmp_path)] == ["lead", "months"]
    assert not list(tmp_path.glob("figures/closing_curve*"))


@pytest.mark.parametrize(("words", "fits"), [(1, True), (5, True), (40, False)])
def test_a_figure_for_a_column_breaks_its_labels_and_stays_wide_only_where_they_leave_no_room(
    words: int, fits: bool
) -> None:
    import matplotlib.pyplot as plt

    from accountability.figures import draw
    from accountability.figures.house_style import housed
    from accountability.publish.drawn import data_of

    drawn, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    names = [f"{'a long label ' * words}{number}" for number in range(3)]
    rows = pd.DataFrame({"name": names, "estimate": [1.0, 2.0, 3.0], "lower": 0.5, "upper": 4.0})
    with housed():
        draw.ranges(axes, rows, label="name", estimate="estimate", lower="lower", upper="upper")
        axes.axvline(2.0, label="what was observed among all")
        axes.axvline(2.5, label="what was observed among some")
        draw.key_above(axes)
    before = data_of(drawn)
    (svg,) = narrow_pictures(drawn, ["svg"])
    assert (float(re.search(rb'width="([\d.]+)pt"', svg)[1]) < 4.6 * 72) == fits
    assert b"what was observed among all" in svg
    # Afterwards the figure is as it was.
    assert tuple(drawn.get_size_inches()) == (7, 3)
    pd.testing.assert_frame_equal(data_of(drawn), before)
    plt.close(drawn)


def test_a_number_alone_is_broken_in_a_narrow_figure() -> None:
    import matplotlib.pyplot as plt

    from accountability.figures import draw
    from accountability.figures.house_style import housed
    from accountability.figures.titles import titled

    drawn, axes = plt.subplots(figsize=(7, 1.4), layout="constrained")
    with housed():
        draw.one_number(axes, "all cases (3,404)", "more than 84, at most 86 days", "bounds: 80 to 90")
    (svg,) = narrow_pictures(titled(drawn, "Half had closed within 86 days"), ["svg"])
    assert float(re.search(rb'width="([\d.]+)pt"', svg)[1]) < 4.6 * 72
    plt.close(drawn)


def test_a_figure_with_an_axis_of_texts_is_as_it_was_after_a_narrow_one() -> None:
    import matplotlib.pyplot as plt

    from accountability.publish.drawn import data_of

    drawn, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    axes.barh(["closed after a long investigation by another agency", "closed at once"], [1, 2])
    before = data_of(drawn)
    (svg,) = narrow_pictures(drawn, ["svg"])
    assert float(re.search(rb'width="([\d.]+)pt"', svg)[1]) < 4.6 * 72
    pd.testing.assert_frame_equal(data_of(drawn), before)
    plt.close(drawn)


def test_a_figure_needs_a_text() -> None:
    with pytest.raises(ParameterError, match="alt="):
        publish.figure(object(), alt=" ")


def test_a_notebooks_own_provenance_is_the_same_on_every_machine_and_escapes_what_it_shows(tmp_path: Path) -> None:
    data = accountability.load(str(toy_agency.source(tmp_path)))
    flow = pd.DataFrame({"step": ["all"], "kept": [1234], "because": [None]})
    shown = provenance.show(data, {"group": "<script>"}, exclusions=flow)
    assert page.left_out(shown.exclusions)[1] == ["all", "1,234", "–"]
    assert page.left_out([]) == []
    assert shown == provenance.show(data, {"group": "<script>"}, exclusions=flow)
    for text in (repr(shown), shown._repr_html_()):
        assert data.sha256 in text
        assert "2021-06-30" in text
        assert "1,234" in text
        assert str(tmp_path) not in text
        assert pd.__version__ not in text
    assert "<script>" not in shown._repr_html_()


def test_the_commit_is_that_of_the_package_and_of_no_repository_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = provenance.commit()
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert provenance.commit() == here
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "lib" / "accountability" / "report" / "provenance.py"))
    assert provenance.commit() == f"installed package {accountability.__version__}"
