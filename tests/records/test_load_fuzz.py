"""Whatever stands in a source's folder, a load ends in a sound dataset or in an error of ours that says where."""

from __future__ import annotations

import copy
import csv
import gzip
import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import full
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import ACCUSED, CODEBOOK, COMPLAINTS, write_source

import accountability
from accountability.errors import AccountabilityError
from accountability.records.cache import sha256
from accountability.records.dataset import Dataset

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2500" if full() else "20"))  # a night's fuzzing asks for more
ROWS = "007,2020-01-01,2020-01-31,force,A\n008,2020-02-01,,conduct,B\n"


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCOUNTABILITY_KEY_FILE", str(home / "pseudonym.key"))
        patch.setenv("ACCOUNTABILITY_NO_CODED_CACHE", "1")  # a kept coding would hide what a cold load does
        yield


@contextmanager
def folder() -> Iterator[Path]:
    """A fresh folder for each example; ``tmp_path`` is one for all."""
    place = Path(tempfile.mkdtemp())
    try:
        yield place
    finally:
        shutil.rmtree(place)


def loaded(source: Path, *names: str) -> Dataset | None:
    """Load; ``None`` when it was refused with a message that holds one of the names."""
    try:
        data = accountability.load(source)
    except AccountabilityError as refusal:
        said = str(refusal)
    else:
        return sound(data)
    assert not names or any(name in said for name in names), said
    return None


def sound(data: Dataset) -> Dataset:
    """Every raw row is accounted for, and no row hangs in the air."""
    assert (data.ledger.check()["unexplained"] == 0).all()
    assert data.cases["case_id"].is_unique
    assert set(data.allegations["case_id"]) <= set(data.cases["case_id"])
    assert set(data.events["case_id"]) <= set(data.cases["case_id"])
    return data


def rewritten(source: Path, name: str, content: bytes) -> Path:
    """Put other bytes in a file's place, hash and all."""
    (source / name).write_bytes(content)
    path = source / "source.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    for file in declared["files"].values():
        if file["path"] == name:
            file["sha256"] = sha256(source / name)
    path.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    return source


# ---- cells, rows and bytes ---------------------------------------------------------------------------------------

ODD = [
    "", " ", "007", "008", "o1", "o2", "SUS", "NOT", "10 Days", "none", "2020-01-01", "2020-02-30", "0000-00-00",
    "=1+1", '=HYPERLINK("x")', "+1", "-1", "@x", "1e400", "nan", "NaN", "None", "True", "\ufeff", "\u00a0", "é",
    "9" * 400, "1.0", "2,5", "'", "''", "#VALUE!", "43831", "x" * 5000, "\x00", "\x1b[31m", "\u202e", "𐍈",
]  # fmt: skip
CELL = st.one_of(st.sampled_from(ODD), st.text(max_size=6))
ANY_CELLS = st.lists(st.lists(CELL, min_size=5, max_size=5), min_size=1, max_size=6)


def text_of(rows: list[list[str]], header: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return header + out.getvalue()


USES: list[dict[str, Any]] = [
    {"to": "kind"},
    {"to": "kind", "type": "integer"},
    {"to": "kind", "type": "number", "between": [0, 100]},
    {"to": "kind", "type": "number", "band": 10},
    {"to": "kind", "type": "number", "band": [18, 30]},
    {"to": "kind", "type": "code"},
    {"to": "kind", "type": "year"},
    {"to": "kind", "extract": "([a-z]+)"},
    {"to": "kind", "blank": ["none", "x"]},
    {"to": "kind", "normalise": ["strip", "casefold", "collapse_blanks"]},
    {"to": "kind", "aside": {"when": {"closed": [""]}, "because": "made for a test"}},
    {"to": "kind", "also": [{"to": "again", "type": "year"}]},
    {"to": "kind", "codebook": "finding"},
    {"to": "race", "of": "complainant"},
    {"to": "officer_id", "pseudonym": True},
    {"stage": "investigated", "date": "edtf"},
    {"stage": "closed", "date": "words"},
    {"stage": "closed", "date": "excel"},
    {"stage": "received", "date": ["%Y-%m-%d", "%m/%d/%y"]},
]
RULES: list[dict[str, Any]] = [
    {},
    {"blank_rows": "drop"},
    {"repeats": [{"exact": "drop", "because": "made for a test"}]},
    {"repeats": [{"exact": "keep", "because": "made for a test", "apart_from": ["kind"]}]},
    {"repeats": [{"by": ["id"], "because": "made for a test"}]},
    {"unusable": [{"blank": ["id"], "because": "made for a test"}], "key": []},
    {"key": []},
]


def with_uses(source: Path, use: dict[str, Any], rule: dict[str, Any], drop_key: bool) -> Path:
    path = source / "source.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    complaints = declared["files"]["complaints"]
    complaints |= copy.deepcopy(rule)
    complaints["columns"]["kind"] = copy.deepcopy(use)
    if "repeats" in rule:
        complaints["columns"]["received"] |= {"varies": "first"}
        complaints["columns"]["closed"] |= {"varies": "keep"}
        complaints["columns"]["kind"] |= {} if "to" not in use else {"varies": "first"}
    if drop_key:
        complaints["key"] = []
    path.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    return source


@settings(max_examples=EXAMPLES)
@given(
    ANY_CELLS,
    st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=4),
    *map(st.sampled_from, (USES, RULES)),
    st.booleans(),
)
def test_any_cells_under_any_declaration(
    complaints: list[list[str]],
    accused: list[list[str]],
    use: dict[str, Any],
    rule: dict[str, Any],
    drop_key: bool,
) -> None:
    with folder() as place:
        source = write_source(place / "small", text_of(complaints, COMPLAINTS), text_of(accused, ACCUSED))
        data = loaded(with_uses(source, use, rule, drop_key))
        if data is not None:
            counted = data.ledger.rows.set_index("file")["raw"]
            blank = sum(not any(row) for row in complaints)  # the writer quotes them, so they are rows and no gaps
            assert counted["complaints.csv"] in (len(complaints), len(complaints) - blank)


def test_a_column_to_normalise_may_be_empty_throughout(tmp_path: Path) -> None:
    source = write_source(
        tmp_path / "small",
        COMPLAINTS + "007,2020-01-01,,,A\n",
        **{"files.complaints.columns.kind.normalise": ["strip"]},
    )
    data = accountability.load(source)
    assert data.cases["kind"].isna().all()
    assert str(data.cases["kind"].dtype) == "str"


WHOLE = (COMPLAINTS + ROWS).encode()
DRESSES = {
    "plain": lambda content: content,
    "gzip": lambda content: gzip.compress(content, mtime=0),
    "zip": lambda content: zipped(("complaints.csv", content)),
}


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from(sorted(DRESSES)),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 6)), max_size=3),
    st.floats(0, 1),
    st.binary(max_size=60),
)
def test_any_bytes_in_any_dress(
    dress: str, edits: list[tuple[float, bytes, int]], keep: float, anything: bytes
) -> None:
    content = bytearray(DRESSES[dress](WHOLE if len(anything) < 40 else WHOLE[:60] + anything))
    for at, new, width in edits:
        start = int(at * len(content))
        content[start : start + width] = new
    if keep < 0.5:
        del content[int(2 * keep * len(content)) :]
    with folder() as place:
        source = rewritten(write_source(place / "small"), "complaints.csv", bytes(content))
        loaded(source, "complaints.csv", "accused.csv", "codebook", "complaint")


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "cut gzip": (gzip.compress(WHOLE * 50, mtime=0)[:-20], r"complaints\.csv.*cut off"),
    "gzip of nothing": (gzip.compress(b"", mtime=0), r"complaints\.csv.*empty"),
    "a bomb": (gzip.compress(WHOLE + b"x" * 80_000_000, mtime=0), r"complaints\.csv.*times"),
    "a zip that would leave its folder": (zipped(("../../../etc/x.pdf", b"%PDF"), ("../y", WHOLE[:9])), r"complaints"),
    "two members": (zipped(("a.csv", WHOLE), ("b.csv", WHOLE)), r"complaints\.csv.*member"),
    "ragged": (WHOLE + b"009,2020-01-01\n", r"complaints\.csv, line 4: expected 5 fields"),
    "long and ragged": (WHOLE + b"009,2020-01-01,,,A,B\n" * 3, r"complaints\.csv, line 4: .*So do lines 5, 6"),
    "two encodings": (
        WHOLE + "009,2020-01-01,,é,A\n".encode() + b"010,2020-01-01,,\xe9,A\n",
        r"complaints\.csv, line 5",
    ),
    "an open quote": (WHOLE + b'009,2020-01-01,,"x,A\n', r"complaints\.csv, line 4: a quote is opened"),
    "NUL": (WHOLE + b"009,2020-01-01,,\x00,A\n", r"complaints\.csv, line 4.*NUL"),
    "a web page": (b"<!DOCTYPE html><html>Access denied</html>", r"complaints\.csv, line 1: .*web page"),
    "no bytes": (b"", r"complaints\.csv.*empty"),
    "a folder's worth of line ends": (b"\r\n" * 100_000, r"complaints\.csv, line 1"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_file_is_refused_by_name_and_line(what: str, tmp_path: Path) -> None:
    content, message = BAD_FILES[what]
    source = rewritten(write_source(tmp_path / "small"), "complaints.csv", content)
    with pytest.raises(AccountabilityError, match=message):
        accountability.load(source)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small"]


def test_huge_cells_and_formula_cells_are_text_like_any_other(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    rows = COMPLAINTS + f'007,2020-01-01,,"{long}",A\n008,2020-01-01,,"=HYPERLINK(""http://x"")",A\n'
    data = accountability.load(write_source(tmp_path / "small", rows))
    assert data.cases["kind"].tolist() == [long, '=HYPERLINK("http://x")']


# ---- declarations ------------------------------------------------------------------------------------------------

SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.dates(),
    st.text(max_size=5),
    st.sampled_from(
        ["case_id", "officer_id", "id", "received", "%Y", "edtf", "(", "DECIDE", "..", "/", "\0", "finding"]
    ),
)
ANYTHING = st.recursive(SCALAR, lambda t: st.lists(t, max_size=3) | st.dictionaries(st.text(max_size=4), t, max_size=3))


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a declaration, as the keys that lead to it."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


def small_source() -> dict[str, Any]:
    with folder() as place:
        source = write_source(place / "small")
        declared: dict[str, Any] = yaml.safe_load((source / "source.yaml").read_text(encoding="utf-8"))
    return declared


DECLARED = {"source.yaml": small_source(), "codebook.yaml": CODEBOOK}
PLACES = [(name, place) for name, declared in DECLARED.items() for place in places(declared)]


@settings(max_examples=2 * EXAMPLES)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), ANYTHING, st.sampled_from(["put", "remove", "rename"])),
        min_size=1,
        max_size=3,
    )
)
def test_any_value_anywhere_in_a_declaration(changes: list[tuple[tuple[str, tuple[Any, ...]], Any, str]]) -> None:
    spoiled = copy.deepcopy(DECLARED)
    for (name, place), value, how in changes:
        node: Any = spoiled[name]
        for key in place[:-1]:
            node = node[key] if isinstance(node, dict) and key in node else node
        if isinstance(node, dict) and place[-1] in node:
            kept = node.pop(place[-1])
            if how == "put":
                node[place[-1]] = value
            elif how == "rename":
                node[str(value)] = kept
    with folder() as at:
        source = write_source(at / "small")
        for name, declared in spoiled.items():
            (source / name).write_text(yaml.safe_dump(declared, sort_keys=False, allow_unicode=True), encoding="utf-8")
        loaded(source)


YAML_BITS = st.sampled_from([
    "a: 1\n", "a: ", "- ", "  ", "\n", "&x ", "*x ", "<<: *x\n", "!!python/object:os.system ", "!!binary ", "? ", ": ",
    "{", "}", "[", "]", "'", '"', "|\n", ">\n", "#", "%YAML 9.9\n", "---\n", "...\n", "\t", "2020-02-30", "1e999", "é",
    "card:\n", "files:\n", "source: small\n", "\u2028", "\ufeff", "0x", "1:60", "!!set {a}", "!!timestamp x", "~",
])  # fmt: skip


@settings(max_examples=2 * EXAMPLES)
@given(
    st.sampled_from(["source.yaml", "codebook.yaml"]),
    st.lists(YAML_BITS, max_size=12),
    st.binary(max_size=6),
    st.booleans(),
)
def test_any_text_for_a_declaration(name: str, bits: list[str], end: bytes, instead: bool) -> None:
    with folder() as place:
        source = write_source(place / "small")
        before = b"" if instead else (source / name).read_bytes()
        (source / name).write_bytes(before + "".join(bits).encode() + end)
        loaded(source, name, "codebook block")


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
BAD_YAML: dict[str, tuple[bytes, str]] = {
    "a billion laughs": (LAUGHS.encode(), r"source\.yaml, line \d+: with its aliases written out"),
    "an alias of itself": (b"card: &x [*x]\n", r"source\.yaml, line 1: the alias \*x"),
    "deep nesting": (b"card: " + b"[" * 50_000 + b"\n", r"source\.yaml, line 1: nested"),
    "deep and closed": (b"card: " + b"[" * 3_000 + b"]" * 3_000 + b"\n", r"source\.yaml, line 1: nested"),
    "a key twice": (b"source: small\ntitle: x\ntitle: y\n", r"source\.yaml, line 3: key 'title' is given twice"),
    "not UTF-8": ("title: é\n".encode("latin-1"), r"source\.yaml, line 1.*UTF-8"),
    "UTF-16": ("title: é\n".encode("utf-16"), r"source\.yaml, line 1.*UTF-8"),
    "a Python object": (b"title: !!python/object/apply:os.system ['true']\n", r"source\.yaml, line 1"),
    "a list": (b"- title\n", r"source\.yaml, line 1: expected a YAML mapping"),
    "nothing": (b"", r"source\.yaml, line 1: expected a YAML mapping"),
    "a control character": (b"title: a\x07b\n", r"source\.yaml"),
    "a day that never was": (b"title: x\ncard: {observed_until: 2020-02-30}\n", r"source\.yaml, line 2"),
}


@pytest.mark.parametrize("what", BAD_YAML)
def test_a_bad_declaration_is_refused_by_name_and_line(what: str, tmp_path: Path) -> None:
    source = write_source(tmp_path / "small")
    content, message = BAD_YAML[what]
    (source / "source.yaml").write_bytes(content)
    begin = time.process_time()
    with pytest.raises(AccountabilityError, match=message):
        accountability.load(source)
    assert time.process_time() - begin < 2
