"""Write the codebook as a page, as DDI Codebook 2.5, and as a Frictionless Data Package."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as Xml

from accountability.records.leaving.coded_columns import LABEL, MISSING, Leaving
from accountability.records.leaving.table_files import CODES, TAGS, cut, numbered

_DDI: Final = "ddi:codebook:2_5"
_FORMS: Final = {"dta": "application/x-stata-dta", "sav": "application/x-spss-sav", "csv": "text/csv",
                 "parquet": "application/vnd.apache.parquet"}  # fmt: skip
_TYPES: Final = {"term": "string", "pseudonym": "string", "number": "number", "boolean": "boolean", "date": "date"}


def page(data: Any, columns: Sequence[Leaving], notes: Sequence[str]) -> str:
    """Return the codebook as a page: the source's facts, every column, every term with its code and meaning."""
    title = html.escape(f"Codebook: {data.title}")
    cells = [
        (column.table, column.column, column.name, column.label, _shortened(column), column.kind,
         ", ".join(column.missing))
        for column in columns
    ]  # fmt: skip
    heads = ("table", "column", "name in the files", "label", "label in Stata", "kind", "missing values")
    terms = [
        (column.table, column.name, f"{code:.0f}", term, column.defined(term))
        for column in columns
        for code, term in numbered(column).items()
    ]
    kinds = [(word, f".{TAGS[word]}", f"{CODES[word]:.0f}", meaning) for word, meaning in MISSING.items()]
    parts = [
        data.facts().to_html(index=False, border=0),
        "<h2>Columns</h2>\n<p>Ids are pseudonyms. A column that stays behind holds the agency's own text, ids or over "
        "400 different texts. A label over 80 letters ends in … in Stata and is whole here.</p>",
        _html(heads, cells),
        "<h2>Terms</h2>",
        _html(("table", "name", "code in Stata and SPSS", "term", "meaning"), terms),
        "<h2>Missing values</h2>\n<p>A date that cannot be has a reason in <code>set_aside</code>. In CSV and Parquet, "
        "a column with several kinds has one beside it that ends in <code>_missing</code>.</p>",
        _html(("kind", "Stata", "SPSS", "meaning"), kinds),
        *(f"<p>Not compared by the sharing gate: {html.escape(note)}.</p>" for note in notes),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<h1>{title}</h1>\n" + "\n".join(parts) + "</body></html>\n"
    )


def _shortened(column: Leaving) -> str:
    short = cut(column.label, LABEL)
    return short if short != column.label and column.name else ""


def _html(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def ddi(data: Any, columns: Sequence[Leaving], files: Mapping[str, int]) -> str:
    """Return the codebook as DDI Codebook 2.5: study, files, and each variable's labels, terms and kinds of missing."""
    card = data.card
    root = Xml.Element("codeBook", {"xmlns": _DDI, "version": "2.5"})
    study = Xml.SubElement(root, "stdyDscr")
    citation = Xml.SubElement(study, "citation")
    _said(Xml.SubElement(citation, "titlStmt"), "titl", data.title)
    _said(Xml.SubElement(citation, "rspStmt"), "AuthEnty", card.agency)
    _said(Xml.SubElement(citation, "distStmt"), "distrbtr", card.publisher)
    _said(citation, "biblCit", card.citation)
    info = Xml.SubElement(study, "stdyInfo")
    _said(info, "abstract", f"{card.row_is} Data hash: {data.sha256}.")
    summary = Xml.SubElement(info, "sumDscr")
    if card.period is not None:
        for event, day in (("start", card.period.start), ("end", card.period.end)):
            _said(summary, "timePrd", str(day), event=event, date=str(day))
    _said(summary, "geogCover", card.jurisdiction)
    _said(summary, "anlyUnit", card.unit.replace("_", "-"))
    _said(summary, "universe", card.sampling.window)
    _said(summary, "dataKind", "generated data" if data.generated else "administrative records data")
    _said(Xml.SubElement(Xml.SubElement(study, "dataAccs"), "useStmt"), "conditions", card.licence)
    for file, count in files.items():
        table = Path(file).stem
        text = Xml.SubElement(Xml.SubElement(root, "fileDscr", ID=f"F_{table}"), "fileTxt")
        _said(text, "fileName", file)
        size = Xml.SubElement(text, "dimensns")
        _said(size, "caseQnty", str(count))
        _said(size, "varQnty", str(sum(column.table == table and bool(column.name) for column in columns)))
        _said(text, "fileType", _FORMS[Path(file).suffix[1:]])
    described = Xml.SubElement(root, "dataDscr")
    for column in columns:
        if column.name:
            _variable(described, column, Path(next(iter(files))).suffix)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _variable(described: Xml.Element, column: Leaving, suffix: str) -> None:
    known = {"ID": f"V_{column.table}_{column.name}", "name": column.name, "files": f"F_{column.table}"}
    variable = Xml.SubElement(
        described, "var", known | {"intrvl": "contin" if column.kind in ("number", "date") else "discrete"}
    )
    _said(variable, "labl", column.label)
    coded = suffix in (".dta", ".sav")
    for code, term in numbered(column).items():
        category = Xml.SubElement(variable, "catgry")
        _said(category, "catValu", f"{code:.0f}" if coded else term)
        _said(category, "labl", term)
        if meaning := column.defined(term):
            _said(category, "txt", meaning)
    for word in column.missing if coded else []:
        category = Xml.SubElement(variable, "catgry", missing="Y")
        _said(category, "catValu", f".{TAGS[word]}" if suffix == ".dta" else f"{CODES[word]:.0f}")
        _said(category, "labl", word)
        _said(category, "txt", MISSING[word])
    words = column.kind == "pseudonym" or (column.kind == "term" and not coded)
    form = {"type": "character" if words else "numeric"} | ({"category": "date"} if column.kind == "date" else {})
    Xml.SubElement(variable, "varFormat", form)


def _said(parent: Xml.Element, name: str, text: str, **attributes: str) -> None:
    Xml.SubElement(parent, name, attributes).text = text


def data_package(data: Any, columns: Sequence[Leaving], folder: Path, files: Mapping[str, int]) -> str:
    """Return a description of the files as a Frictionless Data Package, version 1."""
    resources = []
    for file in files:
        raw, ending = (folder / file).read_bytes(), Path(file).suffix[1:]
        table = Path(file).stem
        fields: list[dict[str, Any]] = []
        for column in columns:
            if column.table == table and column.name:
                field: dict[str, Any] = {"name": column.name, "title": column.label, "type": _TYPES[column.kind]}
                if column.kind == "term":
                    field["constraints"] = {"enum": list(column.terms)}
                fields.append(field)
                if ending in ("csv", "parquet") and len(column.missing) > 1:
                    fields.append({"name": f"{column.name}_missing", "title": f"{column.label}: why missing",
                                   "type": "string", "constraints": {"enum": list(MISSING)}})  # fmt: skip
        resources.append(
            {"name": table, "path": file, "format": ending, "mediatype": _FORMS[ending], "bytes": len(raw),
             "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}",
             "profile": "tabular-data-resource" if ending == "csv" else "data-resource",
             **({"encoding": "utf-8"} if ending == "csv" else {}),
             "schema": {"fields": fields, "missingValues": [""]}}
        )  # fmt: skip
    said = {"name": data.name.replace("_", "-").lower(), "title": data.title, "profile": "data-package",
            "description": data.card.citation, "sources": [{"title": data.card.publisher}],
            "resources": resources}  # fmt: skip
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
