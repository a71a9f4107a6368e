"""The HTML pages: one for each report, one that lists them. Light, printable, nothing loaded from a network.

The only script is their own, allowed by its hash: it sorts tables and finds reports, and nothing depends on it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from accountability.parameters import Parameters
from accountability.publish.provenance import GENERATED
from accountability.publish.safe_html import inert, plain, prose, tidy_tables
from accountability.publish.templating import TEMPLATES, templates

_PARAMETER_TAGS: Final = {"parameters", "injected-parameters"}
_ERROR_TAGS: Final = {"papermill-error-cell-tag", "papermill-error-cell"}
_KEPT: Final = re.compile(r"\bkeep\(\s*[\"']([a-z0-9_]+)[\"']")
TABLE_TAG: Final = "parameter-table"


def parameter_rows(model: type[Parameters], values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Lay parameters out for a table: ``name``, ``value``, ``default``, ``help``, ``set`` (where not the default)."""
    defaults = model.model_validate({}).literals()
    return [
        {
            "name": name,
            "value": _said(values[name]),
            "default": _said(default),
            "help": model.model_fields[name].description or "",
            "set": "yes" if values[name] != default else "",
        }
        for name, default in defaults.items()
    ]


def _said(value: object) -> str:
    return "none" if value is None else str(value)


def parameter_markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Write the rows of :func:`parameter_rows` as a markdown table, for the executed notebook."""

    def cell(text: str) -> str:
        # A value of the reader's own must not become markup or break the table.
        return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", text.replace("\n", " "))

    lines = ["| parameter | value | default | meaning |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(cell(row[key]) for key in ('name', 'value', 'default', 'help'))} |" for row in rows]
    return "\n".join(lines)


def blocks(notebook: Mapping[str, Any], files: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Take an executed notebook apart into what a page shows.

    Each block has a ``kind`` (``prose``, ``code`` or ``parameters``), and ``html``, or ``source``, ``outputs`` and the
    ``tables`` that the cell kept. `files` is what the notebook kept, to which figures and tables link.
    """
    shown: list[dict[str, Any]] = []
    heading = ""
    figures = [file for file in files if file["kind"] == "figure"]
    tables = {file["name"]: file for file in files if file["kind"] == "table"}
    for cell in notebook["cells"]:
        tags = set(cell["metadata"].get("tags", ()))
        if tags & _ERROR_TAGS or "remove-cell" in tags:
            continue
        if TABLE_TAG in tags:
            shown.append({"kind": "parameters"})
        elif tags & _PARAMETER_TAGS:
            continue
        elif cell["cell_type"] == "markdown":
            found = re.findall(r"^#+\s+(.+)$", cell["source"], re.MULTILINE)
            heading = found[-1] if found else heading
            shown.append({"kind": "prose", "html": prose(cell["source"])})
        elif cell["cell_type"] == "code" and cell["source"].strip():
            outputs = [_output(output, heading, figures) for output in cell["outputs"]]
            kept = [tables[name] for name in _KEPT.findall(cell["source"]) if outputs and name in tables]
            count = cell.get("execution_count")
            shown.append({"kind": "code", "source": cell["source"], "count": count, "outputs": outputs, "tables": kept})
    return shown


def _output(output: Mapping[str, Any], heading: str, figures: list[Mapping[str, Any]]) -> str:
    kind = output["output_type"]
    if kind == "stream":
        return f'<pre class="stream">{plain(output["text"])}</pre>'
    if kind == "error":
        return f'<pre class="error">{plain(chr(10).join(output["traceback"]))}</pre>'
    data = output["data"]
    for mime, suffix in (("image/png", "png"), ("image/svg+xml", "svg+xml"), ("image/jpeg", "jpeg")):
        if mime in data:
            return _picture(data[mime], mime, suffix, output.get("metadata", {}), heading, figures)
    if "text/html" in data:
        return inert(data["text/html"])
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    return f"<pre>{plain(data.get('text/plain', ''))}</pre>"


def _picture(
    content: str,
    mime: str,
    suffix: str,
    metadata: Mapping[str, Any],
    heading: str,
    figures: list[Mapping[str, Any]],
) -> str:
    encoded = base64.b64encode(content.encode()).decode() if suffix == "svg+xml" else "".join(content.split())
    said = metadata.get(mime, {})
    alt = said.get("alt") or metadata.get("alt") or f"Figure for: {heading}"
    size = "".join(f' {side}="{said[side]}"' for side in ("width", "height") if isinstance(said.get(side), int))
    # Figures are kept in the order they are shown, so of two with one text the first comes first.
    kept = next((file for file in figures if file["caption"] == alt), None)
    links = ""
    if kept is not None:
        figures.remove(kept)
        named = {"SVG": kept["file"], "PNG": str(kept["file"]).replace(".svg", ".png"), "data (CSV)": kept.get("data")}
        places = [f'<a href="{html.escape(place)}">{kind}</a>' for kind, place in named.items() if place]
        links = f"<figcaption>This figure as {' '.join(places)}</figcaption>"
    image = f'<img src="data:image/{suffix};base64,{encoded}" alt="{html.escape(alt)}"{size}>'
    return f"<figure>{image}{links}</figure>"


def sections(shown: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Give every second-level heading of the blocks an anchor, and list anchors and titles."""
    found: list[tuple[str, str]] = []

    def anchored(match: re.Match[str]) -> str:
        anchor = f"s{len(found) + 1}"
        found.append((anchor, html.unescape(re.sub(r"<[^>]+>", "", match[1]))))
        return f'<h2 id="{anchor}">{match[1]}</h2>'

    for block in shown:
        if block["kind"] == "prose":
            block["html"] = re.sub(r"<h2>(.*?)</h2>", anchored, block["html"], flags=re.DOTALL)
    return found


def report_page(notebook: Mapping[str, Any], record: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> str:
    """Write the page of one report from its executed notebook, its record and :func:`parameter_rows`."""
    shown = blocks(notebook, record["tables"])
    left_out = exclusions_table(record["data"]["exclusions"])
    return render("report.html.j2", record=record, rows=rows, blocks=shown, sections=sections(shown), left_out=left_out)


def index_page(
    title: str, source: Mapping[str, Any], reports: Sequence[Mapping[str, Any]], not_run: Mapping[str, str]
) -> str:
    """Write the page that lists the reports on one source.

    `source` holds the facts of its card, `reports` each record with its ``folder``, `not_run` the studies that the
    source cannot answer, each with the reason.
    """
    filters = _filters(reports)
    listed = [{**report, "chosen": [filter_["of"](report) for filter_ in filters]} for report in reports]
    return render("index.html.j2", title=title, source=source, reports=listed, not_run=not_run, filters=filters)


def _filters(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List what the reports differ in: the study, each parameter that is not everywhere the default, completeness."""

    def parameter(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda report: _said(report["parameters"][name]) if name in report["parameters"] else ""

    changed = dict.fromkeys(text.split(" = ")[0] for report in reports for text in report["changed"])
    asked: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "study": lambda report: report["study"],
        **{name: parameter(name) for name in changed},
        "complete": lambda report: "no" if report["failure"] else "yes",
    }
    filters = []
    for label, of in asked.items():
        values = sorted({of(report) for report in reports} - {""}, key=_in_order)
        if len(values) > 1:
            filters.append({"label": label, "values": values, "of": of})
    return filters


def _in_order(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text


def exclusions_table(rows: Sequence[Sequence[str]]) -> str:
    """Write the steps of a cohort's flow, headings first, as a table; nothing when the notebook stated none."""
    if not rows:
        return ""
    head, *body = [[html.escape(cell) for cell in row] for row in rows]
    written = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body)
    headings = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    return tidy_tables(
        f"<table><caption>Who was left out</caption><thead><tr>{headings}</tr></thead><tbody>{written}</tbody></table>"
    )


def render(template: str, **values: Any) -> str:
    """Fill a template of a page; what is put in is escaped unless the template says that it is markup."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    # The browser runs this script and no other: whatever data bring into a page, its hash is not in the policy.
    guarded = {"style": style, "script": script, "style_hash": _policy_hash(style), "script_hash": _policy_hash(script)}
    filled = templates(markup=True).get_template(template)
    return filled.render(generated_label=GENERATED, **guarded, **values)


def _policy_hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
