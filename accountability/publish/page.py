"""The HTML pages of reports and their index, built from findings.

They are printable and load nothing from a network. Their only script, allowed by its hash, sorts and filters tables and
searches reports; the pages work without it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from accountability import labels
from accountability.findings import Finding, finding_html
from accountability.parameters import Parameters
from accountability.publish import appendix
from accountability.publish.kept import LEAD, NARROW, NARROW_PNG
from accountability.publish.provenance import GENERATED
from accountability.publish.safe_html import prose
from accountability.publish.templating import TEMPLATES, templates
from accountability.results import capitalised

TABLE_TAG: Final = "parameter-table"
_PERCENT: Final = re.compile(r"(\d) %")
_LIMITS: Final = re.compile(r"^## What this does not show\s*$(.*)", re.M | re.S)


def parameter_rows(model: type[Parameters], values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return parameters for a table: ``name``, ``value``, ``default``, ``help``, ``set`` (if not the default)."""
    defaults = model.model_validate({}).literals()
    return [
        {
            "name": name,
            "value": said(values[name]),
            "default": said(default),
            "help": meaning(model.model_fields[name].description or ""),
            "set": "yes" if values[name] != default else "",
        }
        for name, default in defaults.items()
    ]


def meaning(description: str) -> str:
    """Return the meaning of a parameter for readers who do not write Python."""
    return re.sub(r"\bNone\b", "none", description)


def said(value: object) -> str:
    """Return a parameter's value for readers."""
    return "not set" if value is None else "yes" if value is True else "no" if value is False else str(value)


def in_words(row: Mapping[str, str], key: str) -> str:
    """Return a cell of :func:`parameter_rows` for readers; the name of a source is what is typed, and stays."""
    return row[key] if row["name"] == "source" else labels.label(row[key])


def parameter_markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the rows of :func:`parameter_rows` as a Markdown table, for the executed notebook."""

    def cell(text: str) -> str:
        # A value of the reader's own must not become markup or break the table.
        return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", text.replace("\n", " "))

    lines = ["| parameter | value | default | meaning |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(cell(row[key]) for key in ('name', 'value', 'default', 'help'))} |" for row in rows]
    return "\n".join(lines)


def limits_of(notebook: Mapping[str, Any]) -> str:
    """Return the limits of a study from its notebook, as inert HTML; empty if not stated."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (match := _LIMITS.search(cell["source"])):
            return prose(match[1])
    return ""


def figures_of(record: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the figures of a report for its page, the lead figure first.

    Each has ``caption``, ``alt``, ``image`` and ``narrow`` (as data, or empty) and ``links``.
    """
    entries = [entry for entry in record["tables"] if entry["kind"] == "figure"]
    entries.sort(key=lambda entry: entry["name"] != LEAD)
    # The figure that carries the finding is not shown twice: another that draws the same numbers is left to its file.
    drawn = [(folder / entry["data"]).read_bytes() if entry.get("data") else b"" for entry in entries]
    led = drawn[0] if entries and entries[0]["name"] == LEAD else b""
    entries = [entry for place, entry in enumerate(entries) if place == 0 or not led or drawn[place] != led]
    return [_figure(entry, folder) for entry in entries]


def _figure(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    png = Path(str(entry["file"])).with_suffix(".png")
    # For a telephone; dots only of the lead figure, whose letters must be those of every reader.
    narrow = next((one for end in (NARROW_PNG, NARROW) if (folder / (one := png.with_suffix(end))).is_file()), None)
    alt = capitalised(labels.in_words(str(entry["caption"])))
    return {
        "name": entry["name"],
        "lead": entry["name"] == LEAD,
        "alt": alt,
        "image": _data(folder / png),
        "narrow": _data(folder / narrow) if narrow else "",
        "size": _size(folder / png),
        "links": {"SVG": entry["file"], "PNG": png.as_posix(), "data (CSV)": entry.get("data", "")},
    }


def _data(path: Path) -> str:
    kind = "svg+xml" if path.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _size(path: Path) -> tuple[int, int]:
    # Width and height stand in the first chunk of every PNG.
    head = path.read_bytes()[16:24]
    return int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")


def tables_of(record: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the tables of a report for the page's appendix: ``caption``, ``html``, ``file``, ``rows``."""
    return [
        {
            "caption": caption_of(entry),
            "file": entry["file"],
            "rows": entry["rows"],
            "shown": min(entry["rows"], appendix.MOST_ROWS),
            "html": appendix.table_html(entry, folder, record.get("labels", {}), caption_of(entry)),
        }
        for entry in record["tables"]
        if entry["kind"] == "table" and (folder / entry["file"]).is_file()
    ]


def caption_of(entry: Mapping[str, Any]) -> str:
    """Return a saved table's caption for readers."""
    return capitalised(labels.in_words(str(entry["caption"]) or str(entry["name"])))


def left_out(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the steps of a cohort's flow for readers, headings first; nothing if the notebook has none."""
    return [[labels.in_words(cell) if cell else "–" for cell in row] for row in rows]


def leads(finding: Finding, figures: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the first figure stands with the answer.

    It does where it is the finding's own or, in a notebook that presents no finding, the first that was kept. An answer
    that is a refusal says what is missing; a figure of another quantity would seem to show it.
    """
    return bool(figures) and (bool(figures[0]["lead"]) or (finding.lead is None and not finding.breaks))


def report_page(
    notebook: Mapping[str, Any], record: Mapping[str, Any], rows: Sequence[Mapping[str, str]], folder: Path
) -> str:
    """Return the page of one report from its finding, record, tables and figures."""
    finding = Finding.from_json(record["finding"])
    figures = figures_of(record, folder)
    lead = figures[0] if leads(finding, figures) else None
    return render(
        "report.html.j2",
        record=record,
        finding=finding,
        rows=rows,
        lead=lead,
        figures=[one for one in figures if one is not lead],
        tables=tables_of(record, folder),
        limits=limits_of(notebook),
        left_out=left_out(record["data"]["exclusions"]),
        part=finding_html,
        label=labels.label,
        asked=in_words,
    )


def render(template: str, **values: Any) -> str:
    """Fill a page template; values are escaped unless the template marks them as markup."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    # The browser runs this script and no other: whatever data bring into a page, its hash is not in the policy.
    guarded = {"style": style, "script": script, "style_hash": _policy_hash(style), "script_hash": _policy_hash(script)}
    filled = templates(markup=True).get_template(template).render(generated_label=GENERATED, **guarded, **values)
    head, main, rest = filled.partition("<main")
    # A per cent sign is not left alone on a line.
    return head + main + _PERCENT.sub("\\1\u00a0%", rest) if main else filled


def make_ready() -> None:
    """Compile the pages' templates and import what fills them; a program that waits for a notebook has the time."""
    for template in ("report.html.j2", "index.html.j2"):
        templates(markup=True).get_template(template)
    prose("")


def _policy_hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
