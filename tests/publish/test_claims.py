"""A manuscript's numbers are held against the reports: right as rounded, changed, stale, missing or not yet filled."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pandas as pd
import pypandoc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_values import GROUPS, QUANTILES, written
from typer.testing import CliRunner

from accountability import __version__, load
from accountability.cli import app
from accountability.errors import ParameterError, Refusal
from accountability.publish.claims import addresses, check, fill, shelf
from accountability.publish.manuscripts import marks
from accountability.publish.quoting import is_right, quote, rewritten
from accountability.publish.sidecar import declaration
from accountability.records.cache import sha256
from accountability.records.places import notebooks_dir, source_folder

NOT = float("nan")
SHARES = pd.DataFrame({"group": ["all cases", "'closed' set aside"], "share": [0.75147, 0.0004], "n": [4991, 12]})


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Two reports under reports/synthetic, made from what is here now."""
    base = tmp_path / "reports" / "synthetic"
    base.mkdir(parents=True)
    written(base / "how_long_cases_stay_open", quantiles=QUANTILES, groups=GROUPS, shares=SHARES)
    written(base / "how_long_cases_stay_open+group=category", groups=GROUPS.assign(cases=404))
    notebook = "how_long_cases_stay_open.ipynb"
    for folder in base.iterdir():
        path = folder / "provenance.json"
        made = {
            "notebook": notebook,
            "notebook_sha256": sha256(notebooks_dir() / notebook),
            "environment": {"packages": {"accountability": __version__}},
            "data": {"sha256": load("synthetic").sha256, "declaration": declaration(source_folder("synthetic"))},
            "files": {"tables/groups.csv": sha256(folder / "tables" / "groups.csv")},
        }
        path.write_text(json.dumps(json.loads(path.read_text()) | made))
    return tmp_path / "reports"


def paper(folder: Path, text: str, name: str = "paper.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def status(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(table[["quoted", "now", "status"]].itertuples(index=False, name=None))


# ---- what is right ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "number", "right"),
    [
        ("178", 178.4, True), ("178", 178.6, False), ("178.4", 178.44, True), ("178.40", 178.44, False),
        ("4,991", 4991, True), ("4 991", 4991, True), ("4\u00a0991", 4991, True), ("5,000", 4991, False),
        ("75.1 %", 0.75147, True), ("75.1%", 0.75147, True), ("75.2 %", 0.75147, False), ("75 %", 0.75147, True),
        ("0.75", 0.75147, True), ("75.1", 0.75147, False), ("75,1 %", 0.75147, True),
        ("−0.02", -0.0193, True), ("–0.02", -0.0193, True), ("0.02", -0.0193, False), ("-0.0", -0.04, True),
        ("0.12", 0.125, True), ("0.13", 0.125, True), ("0.1", 0.05, True), ("0.12", 0.1251, False),
        ("< 0.001", 0.0004, True), ("<0.001", 0.001, False), ("> 10", 10.5, True), ("> 10", 9.5, False),
        ("3.2e-19", 3.17e-19, True), ("3.3e-19", 3.17e-19, False), ("1.2E6", 1_234_567, True),
        ("$75.1\\,\\%$", 0.75147, True), ("4{,}991", 4991, True), ("\\num{4991}", 4991, True),
        ("-1{,}204.5", -1204.45, True),
        ("about 178", 178, False), ("", 178, False), ("178", NOT, False), ("inf", float("inf"), False),
        ("1", float("inf"), False),
    ],
)  # fmt: skip
def test_a_quoted_number_is_right_when_it_is_the_value_rounded_to_its_digits(
    quoted: str, number: float, right: bool
) -> None:
    assert is_right(quoted, number, "text of the cell") == right


def test_a_text_is_right_word_by_word() -> None:
    assert is_right("125 (119  to 134)", NOT, "125 (119 to 134)")
    assert not is_right("125 (119 to 135)", NOT, "125 (119 to 134)")


@given(number=st.floats(-1e6, 1e6), decimals=st.integers(0, 6), percent=st.booleans(), comma=st.sampled_from([",", ""]))
def test_what_was_rounded_is_right_and_one_in_the_last_digit_is_not(
    number: float, decimals: int, percent: bool, comma: str
) -> None:
    shown = 100 * number if percent else number
    tail = " %" if percent else ""
    assert is_right(f"{shown:{comma}.{decimals}f}{tail}", number, "")
    unit = 10.0**-decimals
    assert not is_right(f"{shown + 1.6 * unit:{comma}.{decimals}f}{tail}", number, "")


@given(
    number=st.floats(-1e9, 1e9),
    quoted=st.sampled_from(["1", "0.12", "75.1 %", "1,204", "12,345.6", "−0.5", "4{,}991", "< 0.001", "75\\,\\%"]),
)
def test_a_value_written_like_a_quotation_is_right(number: float, quoted: str) -> None:
    said = rewritten(quoted, number, repr(number))
    assert is_right(said, number, ""), said
    read, before = quote(said), quote(quoted)
    assert read is not None
    assert before is not None
    assert read.percent == before.percent


@pytest.mark.parametrize(
    ("quoted", "number", "said"),
    [
        (None, 4991.0, "4,991"), (None, 0.75147, "0.751"), (None, NOT, "the text"), ("178", 125.4, "125"),
        ("75.1 %", 0.6, "60.0 %"), ("1,204", 12_345.6, "12,346"), ("999", 12_345.6, "12,346"),
        ("4991", 12_345.6, "12346"), ("−0.5", -0.25, "−0.3"), ("75.1\\,\\%", 0.6, "60.0\\,\\%"),
        ("0.12", 0.125, "0.12"), ("n/a", 3.0, "3"),
    ],
)  # fmt: skip
def test_a_value_is_written_the_way_the_old_one_was(quoted: str | None, number: float, said: str) -> None:
    assert rewritten(quoted, number, "the text") == said


# ---- checking a manuscript -------------------------------------------------------------------------------------

MARKDOWN = """\
Half had closed within {{how_long_cases_stay_open:quantiles/0.5/day|125}} days
(of 4,991<!-- how_long_cases_stay_open:shares/all cases/n --> cases, interval 119–134), and
{{synthetic/how_long_cases_stay_open:shares/all cases/share|74.1 %}} within a year. <!-- see: the appendix/table -->
Set aside: {{ how_long_cases_stay_open:shares/'closed' set aside/n }}. Later
{{how_long_cases_stay_open:quantiles/0.9/day|600}}; {{how_long_case_stay_open:groups/Force/cases|400}}; {{ordinary}}
"""


def test_each_claim_is_told_by_line_with_the_value_now(reports: Path, tmp_path: Path) -> None:
    table = check(paper(tmp_path, MARKDOWN), shelf(reports)).table
    assert status(table) == [
        ("125", "125", "right"),
        ("4,991", "4,991", "right"),
        ("74.1 %", "75.1 %", "changed"),
        ("", "12", "unfilled"),
        ("600", "", "missing"),
        ("400", "", "missing"),
    ]
    assert list(table["place"]) == ["line 1", "line 2", "line 3", "line 4", "line 5", "line 5"]
    assert table["report"][2] == str(reports / "synthetic" / "how_long_cases_stay_open")
    assert "no row '0.9'" in table["because"][4]
    assert "Did you mean 'how_long_cases_stay_open'?" in table["because"][5]


def test_a_report_found_under_two_folders_must_be_told_apart(reports: Path, tmp_path: Path) -> None:
    (reports / "chicago").mkdir()
    written(reports / "chicago" / "how_long_cases_stay_open", groups=GROUPS)
    claim = "how_long_cases_stay_open:groups/Force/cases|400"
    text = f"{{{{{claim}}}}} {{{{chicago/{claim}}}}}"
    table = check(paper(tmp_path, text), shelf(reports)).table
    assert table["status"][0] == "missing"
    assert "2 reports are called 'how_long_cases_stay_open': say which" in table["because"][0]
    assert table["now"][1] == "400"


def test_reports_are_found_in_a_folder_above_and_not_in_hidden_ones(
    reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reports / "synthetic").rename(reports / ".half_made")
    text = "{{how_long_cases_stay_open:groups/Force/cases|400}}"
    assert list(check(paper(tmp_path, text), shelf(reports)).table["status"]) == ["missing"]
    (reports / ".half_made").rename(reports / "synthetic")
    (tmp_path / "paper").mkdir()
    monkeypatch.chdir(tmp_path / "paper")
    assert check(paper(tmp_path, text), shelf("../reports")).right


@pytest.mark.parametrize(
    ("what", "because"),
    [
        ("notebook_sha256", "its notebook has changed"),
        ("data", "its data have changed"),
        ("declaration", "what its source declares has changed"),
        ("environment", "it was made by another version of the package"),
        ("parameters", "its data are not here"),
        ("file", "tables/groups.csv was altered"),
    ],
)
def test_a_right_value_of_an_outdated_report_is_stale(what: str, because: str, reports: Path, tmp_path: Path) -> None:
    text = "{{how_long_cases_stay_open:groups/Force/cases|400}}"
    assert check(paper(tmp_path, text), shelf(reports)).right
    folder = reports / "synthetic" / "how_long_cases_stay_open"
    record = json.loads((folder / "provenance.json").read_text())
    changes = {"notebook_sha256": "0", "data": {"sha256": "0"}, "environment": {}, "parameters": {"source": "gone"}}
    if what == "file":
        (folder / "tables" / "groups.csv").write_text((folder / "tables" / "groups.csv").read_text() + "Other,1,1.0\n")
    elif what == "declaration":
        record["data"]["declaration"]["codebook.yaml"] = "0"
    else:
        record[what] = changes[what]
    (folder / "provenance.json").write_text(json.dumps(record))
    found = check(paper(tmp_path, text), shelf(reports))
    assert list(found.table["status"]) == ["stale"]
    assert found.table["because"][0] == because
    assert not found.right


def test_a_value_may_be_given_a_name(reports: Path, tmp_path: Path) -> None:
    names = tmp_path / "claims.yaml"
    names.write_text("median_days: how_long_cases_stay_open:quantiles/0.5/day\n")
    text = "{{median_days|126}} and 125<!-- claim median_days -->, {{medan_days|1}}"
    table = check(paper(tmp_path, text), shelf(reports, names)).table
    assert list(table["status"]) == ["changed", "right", "missing"]
    assert "Did you mean 'median_days'?" in table["because"][2]
    names.write_text("median_days: 125\n")
    with pytest.raises(ParameterError, match="median_days: expected NAME: REPORT:ADDRESS"):
        shelf(reports, names)


def test_a_manuscript_that_marks_nothing_is_not_passed(reports: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="expected marked values, found none"):
        check(paper(tmp_path, "178 days. {{ordinary}} <!-- a: note -->"), shelf(reports))
    with pytest.raises(ParameterError, match=r"ending with \.md"):
        check(paper(tmp_path, "x", "paper.rtf"), shelf(reports))
    with pytest.raises(ParameterError, match="cannot be read as a Word document"):
        check(paper(tmp_path, "x", "paper.docx"), shelf(reports))


LATEX = r"""
\newcommand{\claim}[2]{#2}
Half had closed within \claim{how_long_cases_stay_open:quantiles/0.5/day}{126} days, of
$\claim{how_long_cases_stay_open:shares/all cases/n}{4{,}991}$ cases
\claim{how_long_cases_stay_open:shares/all cases/share}{70.0\,\%}; {{\bf bold}} {{word}}
"""


def test_latex_macros_hold_claims_and_other_braces_do_not(reports: Path, tmp_path: Path) -> None:
    path = paper(tmp_path, LATEX, "paper.tex")
    assert [row[2] for row in status(check(path, shelf(reports)).table)] == ["changed", "right", "changed"]
    assert fill(path, tmp_path / "filled.tex", shelf(reports)) == 3
    filled = (tmp_path / "filled.tex").read_text()
    assert filled == LATEX.replace("{126}", "{125}").replace(r"{70.0\,\%}", r"{75.1\,\%}")
    assert check(tmp_path / "filled.tex", shelf(reports)).right


def test_filling_markdown_leaves_marks_in_comments_and_nothing_of_placeholders(reports: Path, tmp_path: Path) -> None:
    text = (
        "{{how_long_cases_stay_open:quantiles/0.5/day|1}} of 5,000<!-- how_long_cases_stay_open:shares/all cases/n -->."
    )
    assert fill(paper(tmp_path, text), tmp_path / "filled.md", shelf(reports)) == 2
    filled = (tmp_path / "filled.md").read_text()
    assert filled == "125 of 4,991<!-- how_long_cases_stay_open:shares/all cases/n -->."
    with pytest.raises(ParameterError, match="expected another file"):
        fill(tmp_path / "paper.md", tmp_path / "paper.md", shelf(reports))
    with pytest.raises(ParameterError, match=r"2 of 6 claims cannot be filled, for example .* \(line 5\)"):
        fill(paper(tmp_path, MARKDOWN), tmp_path / "not_written.md", shelf(reports))
    assert not (tmp_path / "not_written.md").exists()


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("interval 119–134<!-- r:t/a -->", "134"),
        ("a fall of −1.2 %<!-- r:t/a -->", "−1.2 %"),
        ("p < 0.001 <!-- r:t/a -->", "< 0.001"),
        ("in 2019, 4,991<!-- claim: r:t/a -->", "4,991"),
        ("none<!-- r:t/a -->", None),
    ],
)
def test_the_number_before_a_comment_is_the_one_it_marks(text: str, quoted: str | None, tmp_path: Path) -> None:
    (mark,) = marks(paper(tmp_path, text))
    assert mark.quoted == quoted
    assert mark.reference == "r:t/a"


# ---- Word ------------------------------------------------------------------------------------------------------


def test_a_word_file_of_pandoc_is_read_and_filled(reports: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "paper.docx", tmp_path / "filled.docx"
    text = "Half in {{how_long_cases_stay_open:quantiles/0.5/day|178}} days.[^1]\n\n[^1]: Set aside: " + (
        "{{how_long_cases_stay_open:shares/'closed' set aside/n|12}}, "
        "of {{how_long_cases_stay_open:groups/Force/cases|400}}"
    )
    pypandoc.convert_text(text, "docx", format="markdown", outputfile=str(path))
    table = check(path, shelf(reports)).table
    assert status(table) == [("178", "125", "changed"), ("12", "12", "right"), ("400", "400", "right")]
    assert table["place"][0] == "paragraph 1 of the document"
    assert table["place"][1].endswith("of the footnotes")
    assert fill(path, target, shelf(reports)) == 3
    plain = pypandoc.convert_file(str(target), "plain", extra_args=["--wrap=none"])
    assert "Half in 125 days." in plain
    assert "Set aside: 12, of 400" in plain


BODY = """<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>Half in {{how_long_cases_stay</w:t></w:r>
<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">_open:quantiles/0.5/day|17</w:t></w:r><w:proofErr w:type="x"/>
<w:r><w:t>8}} days &amp; more</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">Of </w:t></w:r><w:commentRangeStart w:id="3"/>
<w:r><w:t>5,0</w:t></w:r><w:r><w:t>00</w:t></w:r>
<w:commentRangeEnd w:id="3"/><w:r><w:t xml:space="preserve"> cases</w:t></w:r>
<w:commentRangeStart w:id="4"/><w:r><w:t>7</w:t></w:r>
<w:commentRangeEnd w:id="4"/>
<w:del><w:r><w:delText>{{gone:a/b|1}}</w:delText></w:r></w:del></w:p></w:body></w:document>"""
COMMENTS = """<w:comments><w:comment w:id="3" w:author="x"><w:p><w:r><w:t>Claim: how_long_cases_stay_open:</w:t></w:r>
<w:r><w:t>shares/all cases/n</w:t></w:r></w:p></w:comment>
<w:comment w:id="4"><w:p><w:r><w:t>Why 7?</w:t></w:r></w:p></w:comment>
</w:comments>"""


def test_in_word_runs_are_joined_and_comments_mark_values(reports: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "paper.docx", tmp_path / "filled.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", BODY)
        archive.writestr("word/comments.xml", COMMENTS)
    table = check(path, shelf(reports)).table
    assert status(table) == [("178", "125", "changed"), ("5,000", "4,991", "changed")]
    assert list(table["place"]) == ["paragraph 1 of the document", "paragraph 2 of the document"]
    fill(path, target, shelf(reports))
    with zipfile.ZipFile(target) as archive:
        body = archive.read("word/document.xml").decode()
        assert archive.read("[Content_Types].xml") == b"<Types/>"
        assert archive.read("word/comments.xml").decode() == COMMENTS
    assert "".join(re.findall(r"<w:t[^>]*>([^<]*)<", body)) == "Half in 125 days &amp; moreOf 4,991 cases7"
    assert body.count("<w:r>") == BODY.count("<w:r>")
    assert not [row for row in status(check(target, shelf(reports)).table) if row[2] != "right"]


# ---- the command line ------------------------------------------------------------------------------------------


def command(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["claims", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_the_command_says_where_the_new_value_is_and_leaves_with_1(reports: Path, tmp_path: Path) -> None:
    path = paper(tmp_path, MARKDOWN)
    code, said = command("check", path, "-r", reports, "--csv", tmp_path / "claims.csv")
    assert code == 1
    assert said.startswith("6 claims: 2 right, 1 unfilled, 1 changed, 2 missing.\n")
    assert "line 3: changed: quoted 74.1 %, now 75.1 %\n" in said
    assert f"  {reports / 'synthetic' / 'how_long_cases_stay_open'}: the report holds 0.75147\n" in said
    assert len(pd.read_csv(tmp_path / "claims.csv")) == 6
    good = paper(tmp_path, "{{median|125}}", "good.md")
    paper(tmp_path, "median: how_long_cases_stay_open:quantiles/0.5/day\n", "claims.yaml")
    assert command("check", good, "-r", reports) == (0, "1 claim: 1 right.\n")
    assert command("fill", good, "--out", tmp_path / "out.md", "-r", reports)[0] == 0
    assert (tmp_path / "out.md").read_text() == "125"


def test_what_is_listed_can_be_quoted(reports: Path, tmp_path: Path) -> None:
    folder = reports / "synthetic" / "how_long_cases_stay_open+group=category"
    code, said = command("list", folder, "-c", "CASES")
    assert code == 0
    assert said.splitlines()[0] == "how_long_cases_stay_open+group=category:groups/Force/cases\t404"
    listed = addresses(folder)
    text = "\n\n".join(f"{{{{{row.claim}|{row.value}}}}}" for row in listed.itertuples() if row.value)
    assert check(paper(tmp_path, text), shelf(reports)).right
    drawn = written(tmp_path / "drawn", groups=GROUPS, drawn_groups=GROUPS)
    assert not addresses(drawn, "groups")["claim"].str.contains("figure:").any()
    assert addresses(drawn, "figure:")["claim"][0] == "drawn:figure:groups/Force/cases"
    with pytest.raises(Refusal, match=r"no address holds 'gruops'\. The nearest is groups/"):
        addresses(folder, "gruops")
