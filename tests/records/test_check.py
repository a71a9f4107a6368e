"""A check lists everything in one go, agrees with what a load does, and never ends in somebody else's traceback."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import ACCUSED, CODEBOOK, COMPLAINTS, write_source

import accountability
from accountability import cli
from accountability.errors import AccountabilityError, CodebookError, SourceError
from accountability.records.onboard.answer_lines import answer_lines
from accountability.records.onboard.check import check
from accountability.records.onboard.points import Checked

ROWS = COMPLAINTS + "007,2020-01-01,2020-01-31,force,A\n008,2020-02-01,,conduct,B\n"


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCOUNTABILITY_KEY_FILE", str(home / "pseudonym.key"))
        patch.setenv("ACCOUNTABILITY_CACHE", str(home / "cache"))
        yield


def said(checked: Checked, kind: str) -> list[str]:
    """What stands open of one kind."""
    return [f"{p.where}: {p.what}" for p in checked.unresolved if p.kind == kind]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["accountability", *words])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


# ---- what is found ----------------------------------------------------------------------------------------------


def test_a_sound_source_is_clean_and_its_facts_are_shown(tmp_path: Path) -> None:
    checked = check(write_source(tmp_path / "small"))
    assert checked.clean
    text = str(checked)
    assert (
        'complaints.csv, received  2  of 2 filled cells read as "%Y-%m-%d" (received), 2020-01-01 to 2020-02-01' in text
    )
    assert "complaints.csv  [id]" in text  # a candidate key; the complainant's name is none
    assert "[complainant]" not in text
    assert "complaints.csv  2 = 2 + 0  cases" in text
    assert text.endswith("small: nothing left to resolve")


def test_dates_in_parts_and_in_texts_are_listed_too(tmp_path: Path) -> None:
    folder = write_source(
        tmp_path / "small",
        "id,year,month,note\n007,2020,1,shut 2020-03-04\n008,2020,2,\n",
        **{
            "files.complaints.columns": {
                "id": {"to": "case_id"},
                "year": {"stage": "received", "date": "parts"},
                "month": {"month_of": "year"},
                "note": {"stage": "closed", "date": "%Y-%m-%d", "extract": r"shut (\S+)"},
            }
        },
    )
    listed = {p.where: (p.count, p.what) for p in check(folder).points if p.kind == "dates"}
    assert listed == {
        "complaints.csv, year, month": (2, "of 2 filled cells read as parts (received), 2020-01-01 to 2020-02-29"),
        "complaints.csv, note": (1, 'of 1 filled cells read as "%Y-%m-%d" (closed), 2020-03-04 to 2020-03-04'),
    }


def test_everything_is_listed_in_one_go(tmp_path: Path) -> None:
    folder = write_source(
        tmp_path / "small",
        COMPLAINTS
        + "007,2020-01-01,2019-12-31,force,A\n007,2020-01-05,2020-02-01,force,A\n008,bad,2020-03-01,x,B\n,,,,\n",
        ACCUSED + "007,o1,IC/S,10 Days\n008,o2,IC/S,fined\n008,o3,,\n",
        {**CODEBOOK, "finding": {k: v for k, v in CODEBOOK["finding"].items() if k != "blank"}},
        **{
            "order": [],
            "title": "DECIDE",
            "card.unit": "offcer",
            "files.complaints.rows": 5,
            "files.complaints.columns.kind": ...,
            "files.complaints.columns.gone": {"to": "gone"},
            "files.accused.columns.penalty": {"to": "imposed", "codebook": "penalties"},
        },
    )
    checked = check(folder)
    assert said(checked, "decide") == ["source.yaml, line 2: title"]
    assert any(
        "line 9: card.unit: Value error, 'offcer' is not a unit" in what for what in said(checked, "declaration")
    )
    (columns,) = said(checked, "columns")
    assert "missing 'gone'" in columns
    assert 'kind: {ignore: "why"}' in columns
    rows = said(checked, "rows")
    assert "complaints.csv: 5 rows declared; if the file is right, write the number found" in rows
    assert any("1 row(s) are wholly blank, first data row 4" in what for what in rows)
    assert "complaints.csv: key [id] is repeated, first data row 2" in rows
    values = said(checked, "values")
    assert "accused.csv, finding: 'IC/S' unmapped, first in data row 1 of accused.csv, finding" in values
    assert "accused.csv, finding: empty cells, first in data row 3; say `blank`" in values
    assert any("no codebook block 'penalties'" in what and "'penalty'" in what for what in values)
    counts = {p.where: p.count for p in checked.unresolved if p.kind == "values" and "IC/S" in p.what}
    assert counts == {"accused.csv, finding": 2}
    assert checked.points != checked.unresolved  # dates and keys are told as well
    unread = [p for p in checked.points if p.kind == "dates" and "unreadable" in p.what]
    assert [(p.count, p.open) for p in unread] == [(1, False)]
    assert "first 'bad' in data row 3" in unread[0].what
    with pytest.raises(AccountabilityError):
        accountability.load(folder)


def test_impossible_orders_are_counted_with_the_line_that_declares_them(tmp_path: Path) -> None:
    rows = COMPLAINTS + "007,2020-01-05,2020-01-01,x,A\n008,2020-01-05,2020-02-01,x,A\n"
    folder = write_source(tmp_path / "small", rows, order=[])
    (point,) = check(folder).unresolved
    assert (point.kind, point.count) == ("order", 1)
    assert point.what == "closed before received, first in data row 1; add it under `order`"
    declared = yaml.safe_load(point.paste.split("order:")[-1])
    checked = check(write_source(tmp_path / "small", rows, order=declared))
    assert checked.clean
    assert [p.what for p in checked.points if p.kind == "order"] == [
        "closed: closed before received; the date is kept and marked, not repaired, rows 1"
    ]


def test_the_lines_to_paste_are_what_the_codebook_needs(tmp_path: Path) -> None:
    odd = ["IC/S", "yes", "a: b", "  padded", 'say "x"', "'s", "#1", "[x]", "é\u2028"]
    accused = ACCUSED + "".join(f'007,o{i},"{text.replace(chr(34), chr(34) * 2)}",\n' for i, text in enumerate(odd))
    folder = write_source(tmp_path / "small", ROWS, accused)
    pasted = [p.paste.split("\n")[1] for p in check(folder).unresolved]
    assert len(pasted) == len(odd)
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    mended = text.replace("    NOT: not_sustained\n", "    NOT: not_sustained\n" + "\n".join(pasted) + "\n")
    (folder / "codebook.yaml").write_text(mended, encoding="utf-8")
    waiting = check(folder).unresolved
    assert {p.kind for p in waiting} == {"values"}
    assert all(p.where.startswith("codebook.yaml, line ") and "to decide" in p.what and not p.paste for p in waiting)
    with pytest.raises(SourceError, match=r"codebook.yaml: 9 value\(s\) are still DECIDE: finding.values"):
        accountability.load(folder)
    (folder / "codebook.yaml").write_text(mended.replace("DECIDE", "pending"), encoding="utf-8")
    assert check(folder).clean
    assert accountability.load(folder).allegations["finding"].tolist() == ["pending"] * len(odd)


def test_a_second_date_format_in_a_column_is_named(tmp_path: Path) -> None:
    rows = "".join(f"{i},2020-01-{i:02},,x,A\n" for i in range(1, 9)) + "".join(
        f"{i},{i}.1.2020,,x,A\n" for i in range(13, 17)
    )
    folder = write_source(tmp_path / "small", COMPLAINTS + rows, ACCUSED + "1,o,SUS,\n")
    (found,) = said(check(folder), "dates")
    assert "'13.1.2020' in data row 9" in found
    assert '4 of them read as "%d.%m.%Y"; add it to `date`' in found
    both = {"files.complaints.columns.received.date": ["%Y-%m-%d", "%d.%m.%Y"]}
    assert check(write_source(tmp_path / "small", COMPLAINTS + rows, ACCUSED + "1,o,SUS,\n", **both)).clean


def test_entries_of_a_codebook_are_judged_one_by_one(tmp_path: Path) -> None:
    values = {"SUS": "sustaned", "NOT": ["x"], "OK": "sustained", "ok ": "unfounded"}
    book = {"finding": {**CODEBOOK["finding"], "values": values, "normalise": ["strip", "casefold"]}, "penalty": 7}
    checked = check(write_source(tmp_path / "small", codebook=book))
    declared = said(checked, "declaration")
    assert len(declared) == 4
    assert "did you mean 'sustained'?" in declared[0]
    assert "codebook.yaml, line 7:" in declared[0]
    assert "finding must be text, found ['x']" in declared[1]
    assert "'ok ' is listed twice" in declared[2]
    assert "expected a mapping, found int" in declared[3]
    assert len(said(checked, "values")) == 2


# ---- exit status ------------------------------------------------------------------------------------------------


def test_the_command_says_clean_unresolved_and_unknown_by_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path))
    write_source(tmp_path / "good")
    write_source(tmp_path / "bad", accused=ACCUSED + "007,o1,IC/S,\n")
    assert run(monkeypatch, "check", "good") == 0
    assert run(monkeypatch, "check", str(tmp_path / "good")) == 0
    assert run(monkeypatch, "check", "bad") == 1
    out = capsys.readouterr().out
    assert "IC/S: DECIDE  # 1 row" in out
    assert out.endswith("bad: 1 to resolve\n")
    assert run(monkeypatch, "check", "godo") == 2
    assert "did you mean 'good'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["synthetic", "news_cases"])
def test_a_source_in_the_package_is_clean(name: str) -> None:
    checked = check(name)
    assert checked.clean, str(checked)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    ["chicago_2000_2016", "nashville", "new_orleans", "nyc_ccrb_penalties", "nyc_ccrb_propublica", "philadelphia"],
)
def test_a_real_source_is_clean(name: str, real_data: Callable[[str], Path]) -> None:
    accountability.fetch(name, from_dir=real_data(name))
    checked = check(name)
    assert checked.clean, str(checked)


# ---- faults of the YAML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", r"source.yaml, line 1: expected a YAML mapping .* found a list"),
        ("", r"source.yaml, line 1: expected a YAML mapping .* found nothing"),
        ("source: small\nsource: small\n", r"source.yaml, line 2: key 'source' is given twice"),
        ("source: small\n\tcard: x\n", r"source.yaml, line 2: "),
        ("source: small\ntitle: [x\n", r"source.yaml, line 3: "),
        ("source: small\ncard: {observed_until: 2020-02-30}\n", r"source.yaml, line 2: .*2020|day is out of range"),
        (
            "source: small\ntitle: !!python/object:os.system x\n",
            r"source.yaml, line 2: could not determine a constructor",
        ),
        ("? [a]\n: b\n", r"source.yaml, line 1: a key must be text"),
        ("a: &x\n  b: *x\n", r"source.yaml, line 2: the alias \*x stands before or inside what it names"),
        ("a: " + "[" * 5000, r"source.yaml"),
        (
            "source: small\ntitle: 7\n",
            r"source.yaml: 3 thing\(s\) to mend:\n  line 2: title: Input should be a valid string",
        ),
    ],
)
def test_a_fault_of_the_yaml_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    folder = write_source(tmp_path / "small")
    (folder / "source.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        accountability.load(folder)
    assert not check(folder).clean


def test_bytes_that_are_not_text_are_named(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small")
    (folder / "codebook.yaml").write_bytes(b"finding: \xff\xfe")
    with pytest.raises(SourceError, match=r"codebook.yaml, line 1: cannot be read as UTF-8 text"):
        accountability.load(folder)
    assert [p.where for p in check(folder).unresolved if p.kind == "declaration"] == ["codebook.yaml"]


def test_a_wrong_block_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small", codebook={**CODEBOOK, "more": {"authority": "x", "values": ["a"]}})
    with pytest.raises(
        CodebookError, match=r"codebook.yaml, line \d+: codebook block 'more', values: expected a mapping"
    ):
        accountability.load(folder)


# ---- whatever stands in the files, our error or a load ----------------------------------------------------------

VALUES = st.sampled_from(
    [
        *(
            None,
            True,
            0,
            -1,
            1.5,
            10**400,
            float("nan"),
            "",
            "x",
            "DECIDE",
            "id",
            "case_id",
            "cases",
            "officers",
            "date",
        ),
        *(
            "events",
            "%Y",
            "words",
            "parts",
            "excel",
            "received",
            "sustained",
            "finding",
            "penalty",
            "complainants",
            "*",
        ),
        *([], {}, [None], ["id"], ["x", "x"], {"to": "case_id"}, {"to": "date", "date": "%Y"}, {"ignore": "x"}),
        *({"drop": "name"}, {"stage": "closed", "date": "%Y-%m-%d", "of": "case"}, {"to": "stage"}, {"": ""}, [[1]]),
        *({"to": "officer_id", "pseudonym": True}, {"to": "n", "type": "number", "band": 2}, {"a": {"b": ["c"]}}),
        *(
            [{"exact": "drop", "because": "x"}],
            [{"blank": ["id"], "because": "x"}],
            {"when": {"id": [""]}, "because": "x"},
        ),
        *(
            [{"pattern": "(", "gives": "x", "examples": {"a": 1}}],
            [{"pattern": "(.)", "gives": "\\2", "examples": {"a": "x"}}],
        ),
    ]
)


def places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested mappings and lists."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*place, key)
        yield from places(value, (*place, key))


def _at(node: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        node = node[key]
    return node


@st.composite
def mutated(draw: st.DrawFn, declared: dict[str, Any]) -> dict[str, Any]:
    """A declaration with one to three places replaced, removed or added to."""
    made = copy.deepcopy(declared)
    for _ in range(draw(st.integers(1, 3))):
        every = list(places(made))
        if not every:
            break
        *above, last = draw(st.sampled_from(every))
        node = _at(made, tuple(above))
        what = draw(st.sampled_from(["replace", "replace", "remove", "add", "swap"]))
        if what == "remove":
            del node[last]
        elif what == "add" and isinstance(node, dict):
            key = draw(st.sampled_from(["id", "aside", "also", "extract", "table", "codebook", "band", "x", "of"]))
            node[key] = copy.deepcopy(draw(VALUES))
        elif what == "swap":
            node[last] = copy.deepcopy(_at(made, draw(st.sampled_from(every))))
        else:
            node[last] = copy.deepcopy(draw(VALUES))
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    folder = write_source(tmp_path_factory.mktemp("mutated") / "small")
    return folder, *(
        yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in ("source.yaml", "codebook.yaml")
    )


def outcome(folder: Path) -> str:
    """What a load does: nothing else than these may happen."""
    try:
        accountability.load(folder, anew=True)
    except AccountabilityError:
        return "refused"
    return "loaded"


@settings(max_examples=examples(60))
@given(data=st.data())
def test_a_mutated_declaration_is_refused_or_loads_and_the_check_agrees(
    data: st.DataObject, small: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    folder, source, book = small
    which = data.draw(st.sampled_from(["source", "codebook"]))
    changed = data.draw(mutated(source if which == "source" else book))
    texts = {"source": source, "codebook": book, which: changed}
    for name, declared in texts.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    checked = check(folder)
    str(checked)
    if outcome(folder) == "refused":
        assert not checked.clean


@settings(max_examples=examples(40))
@given(data=st.data())
def test_mutated_yaml_text_is_refused_or_loads(
    data: st.DataObject, small: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    folder, source, book = small
    texts = {
        "source.yaml": yaml.safe_dump(source, sort_keys=False),
        "codebook.yaml": yaml.safe_dump(book, sort_keys=False),
    }
    for name, text in texts.items():
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        put = data.draw(
            st.sampled_from(["", "\n", "\t", ":", "- ", "{", "'", '"', "#", "&a ", "*a", "!!set ", "|\n", "\x00", "é"])
        )
        (folder / name).write_text(text[:at] + put + text[at + cut :], encoding="utf-8")
    checked = check(folder)
    str(checked)
    if outcome(folder) == "refused":
        assert not checked.clean


def test_the_lines_written_out_keep_every_text_as_it_stands() -> None:
    line = '      Closed: {stage: closed, no_day: {"": DECIDE, "DECIDED": DECIDE, "to: DECIDE": DECIDE}}'
    (open_, *_) = [one for one in answer_lines(("f", "columns", "Closed", "no_day", ""), line, "") if "open" in one]
    assert open_ == line.replace("DECIDE,", "open,").replace("DECIDE}", "open}")
    said = "blank: 'UNKNOWN \"', '9999' stand in 63 rows, the next in 9: a placeholder?"
    first, second = answer_lines(("f", "columns", "Number", "blank"), "  Number: {to: officer_id, blank: DECIDE}", said)
    assert yaml.safe_load(first) == {"Number": {"to": "officer_id", "blank": ['UNKNOWN "', "9999"]}}
    assert yaml.safe_load(second) == {"Number": {"to": "officer_id", "blank": []}}
