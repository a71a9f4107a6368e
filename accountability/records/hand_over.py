"""Hand the coded tables over: Stata, Parquet or CSV, with labels, a codebook, a data package and scripts.

What leaves is coded: pseudonyms of persons, dates, terms. The agency's own text (``raw_`` columns, notes, long texts)
and the place of a row in the published file stay behind; the codebook lists them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.errors import ParameterError
from accountability.labels import label
from accountability.records.pseudonyms import Pseudonyms, key

KINDS: Final = {"stata": "dta", "parquet": "parquet", "csv": "csv"}
TABLES: Final = ("cases", "allegations", "events", "complainants")
_STAYS: Final = re.compile(r"raw_.*|source_row|source_file|.*_note|.*narrative.*|.*summary.*|.*description.*")
_IDS: Final = ("case_id", "officer_id")
#: Stata's limits, in letters: a name, and the label of a variable.
_NAME, _LABEL = 32, 80
_LONGEST, _LEVELS = 120, 400


def write_tables(data: Any, kind: str, folder: str | Path) -> list[Path]:
    """Write the coded tables and what explains them; :meth:`Dataset.export` says what."""
    if kind not in KINDS:
        raise ParameterError(f"data.export writes {', '.join(KINDS)}, found {kind!r}; SPSS reads the Stata files")
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ParameterError(f"{target} is there already and not empty; name a new folder")
    target.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    cases = Pseudonyms(f"{data.name}, cases", key())
    written: list[Path] = []
    for name in TABLES:
        table = getattr(data, name)
        if len(table):
            # In the order of the pseudonyms, which says nothing of the file's.
            hidden = table.assign(case_id=cases(table["case_id"])).sort_values("case_id", kind="stable")
            kept = _leaving(name, hidden.reset_index(drop=True), data.labels, lines)
            written.append(target / f"{name}.{KINDS[kind]}")
            _write(kept, written[-1], kind, {line["column"]: line for line in lines if line["table"] == name})
    codebook = pd.DataFrame(lines)
    texts = {
        "codebook.html": _page(data, codebook),
        "datapackage.json": json.dumps(_package(data, codebook, kind), indent=1, ensure_ascii=False) + "\n",
        "read.R": _script_r(kind, written),
        "read.do": _script_stata(kind, written),
    }
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")
    return [*written, *(target / name for name in texts)]


def leaving_terms(data: Any) -> list[tuple[str, str, list[str]]]:
    """Table, column and terms of every column of words that leaves."""
    lines: list[dict[str, Any]] = []
    for name in TABLES:
        if len(table := getattr(data, name)):
            _leaving(name, table, data.labels, lines)
    return [(line["table"], line["column"], line["terms"]) for line in lines if line["terms"]]


def _leaving(name: str, table: pd.DataFrame, labels: Mapping[str, str], lines: list[dict[str, Any]]) -> pd.DataFrame:
    """The columns that leave, and a line of the codebook for every column."""
    kept: dict[str, pd.Series] = {}
    names: set[str] = set()
    for column in map(str, table):
        values = table[column]
        words = not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values))
        long = words and int(values.astype("str").str.len().max() or 0) > _LONGEST
        line: dict[str, Any] = {"table": name, "column": column, "label": label(column, labels), "missing": int(
            values.isna().sum()), "name": "", "kind": "stays behind", "terms": []}  # fmt: skip
        lines.append(line)
        many = words and column not in _IDS and values.nunique() > _LEVELS
        if _STAYS.fullmatch(column) or long or many or values.isna().all():
            line["kind"] = "empty" if values.isna().all() else line["kind"]
            continue
        short = column[:_NAME]
        while short in names:
            short = f"{column[: _NAME - 4]}_{len(names):03d}"
        names.add(short)
        line["name"] = short
        if words and column not in _IDS:
            line["terms"] = sorted(map(str, values.dropna().unique()))
            values = pd.Series(pd.Categorical(values.astype("str").where(values.notna()), categories=line["terms"]))
        line["kind"] = "term" if line["terms"] else "text" if words else "number"
        if pd.api.types.is_datetime64_any_dtype(values):
            line["kind"] = "date"
        kept[short] = values.reset_index(drop=True)
    return pd.DataFrame(kept)


def _write(table: pd.DataFrame, path: Path, kind: str, lines: Mapping[str, Mapping[str, Any]]) -> None:
    if kind == "parquet":
        table.to_parquet(path, index=False)
        return
    dates = [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
    if kind == "csv":
        days = {str(name): table[name].dt.strftime("%Y-%m-%d") for name in dates}
        from accountability.results import write_csv

        write_csv(table.assign(**days), path)
        return
    plain = {}
    for name, values in table.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            plain[name] = values
        elif pd.api.types.is_bool_dtype(values):
            plain[name] = values.astype("float64")
        elif pd.api.types.is_numeric_dtype(values):
            whole = isinstance(values.dtype, pd.api.extensions.ExtensionDtype)
            plain[name] = values.astype("float64") if whole else values
        elif name in dates:
            plain[name] = values.astype("datetime64[ns]")
        else:
            plain[name] = values.astype("object").where(values.notna(), "")
    told = {line["name"]: _cut(str(line["label"])) for line in lines.values() if line["name"]}
    pd.DataFrame(plain).to_stata(
        path, write_index=False, version=118, variable_labels=told, convert_dates=dict.fromkeys(dates, "td")
    )


def _cut(text: str) -> str:
    """A label as long as Stata takes; the codebook has the whole."""
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"


def _page(data: Any, codebook: pd.DataFrame) -> str:
    shown = codebook.assign(terms=codebook["terms"].map(lambda terms: ", ".join(terms)))
    facts = data.facts().to_html(index=False, border=0)
    title = html.escape(f"Codebook: {data.title}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<h1>{title}</h1>\n{facts}\n<h2>Columns</h2>\n"
        f"<p>A missing value is one that the agency did not record, or that was set aside. Ids are pseudonyms. A "
        f"column that stays behind holds the agency's own text.</p>\n"
        f"{shown.to_html(index=False, border=0)}</body></html>\n"
    )


def _package(data: Any, codebook: pd.DataFrame, kind: str) -> dict[str, Any]:
    """A description after the Frictionless Data Package."""
    types = {"term": "string", "text": "string", "number": "number", "date": "date"}
    resources = []
    for name, part in codebook[codebook["name"] != ""].groupby("table", sort=False):
        fields = [
            {"name": row.name_, "title": row.label, "type": types[str(row.kind)]}
            | ({"constraints": {"enum": row.terms}} if row.terms else {})
            for row in part.rename(columns={"name": "name_"}).itertuples(index=False)
        ]
        resources.append(
            {"name": name, "path": f"{name}.{KINDS[kind]}", "profile": "tabular-data-resource",
             "schema": {"fields": fields, "missingValues": [""]}}
        )  # fmt: skip
    return {"name": data.name.replace("_", "-"), "title": data.title, "profile": "data-package", "resources": resources,
            "sources": [{"title": data.card.publisher}], "description": data.card.citation}  # fmt: skip


def _script_r(kind: str, files: list[Path]) -> str:
    reader = {"stata": "haven::read_dta", "parquet": "arrow::read_parquet", "csv": "read.csv"}[kind]
    lines = [f'{path.stem} <- {reader}("{path.name}")' for path in files]
    as_term = "haven::as_factor(allegations$finding)" if kind == "stata" else "allegations$finding"
    first = f'if ("finding" %in% names(allegations)) print(table({as_term}, useNA = "ifany"))'
    return "\n".join(["# Read the tables and count the findings.", *lines, first, ""])


def _script_stata(kind: str, files: list[Path]) -> str:
    lines = {
        "stata": "use allegations.dta, clear", "csv": "import delimited allegations.csv, clear",
        "parquet": "* Stata reads no Parquet: write data.export('stata', folder)",
    }  # fmt: skip
    return f"* Read the allegations and count the findings.\n{lines[kind]}\ncapture noisily tabulate finding, missing\n"
