"""The index page of reports on a source: a card for each, and tables of sweeps."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from accountability import labels
from accountability.findings import Finding, finding_html, wording
from accountability.publish.kept import LEAD
from accountability.publish.page import render, said

_THUMB: Final = 360
_AT_ONCE: Final = 2
_WIDTH, _HEIGHT = 220, 18


def index_page(
    title: str,
    source: Mapping[str, Any],
    reports: Sequence[Mapping[str, Any]],
    not_run: Mapping[str, str],
    base: Path,
) -> str:
    """Return the page that lists reports, grouped by question.

    Parameters
    ----------
    title : str
        Title of the page.
    source : mapping
        ``generated``, and ``facts`` of the source's card.
    reports : sequence of mapping
        Records with their ``folder``, in order of study.
    not_run : mapping
        Questions that the source cannot answer, with reasons.
    base : Path
        Folder of the reports' folders.
    """
    filters = _filters(reports)
    leads = [base / report["folder"] / "figures" / f"{LEAD}.png" for report in reports]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:  # making a picture small leaves Python free
        cards = [_card(*one, filters) for one in zip(reports, pool.map(_thumbnail, leads), strict=True)]
    questions = [
        {"question": question, "cards": group, "compared": _compared(group)}
        for question, members in groupby(cards, key=lambda card: card["question"])
        for group in [list(members)]
    ]
    refused = {one: wording.dated(labels.in_words(wording.reason(why))) for one, why in not_run.items()}
    return render(
        "index.html.j2",
        title=title,
        source=source,
        questions=questions,
        reports=reports,
        not_run=refused,
        filters=filters,
        part=finding_html,
    )


def _card(report: Mapping[str, Any], thumbnail: str, filters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    finding = Finding.from_json(report["finding"])
    # What is usual for the source stands at the head of the page; a card says what it was asked otherwise.
    varied = finding.setting.split(" · ")
    return {
        "question": report["question"],
        "folder": report["folder"],
        "notebook": report["notebook"],
        "failure": report["failure"],
        "finding": finding,
        "title": finding.lead.title if finding.lead else report["question"],
        "source": report["data"]["title"],
        "setting": varied,
        "changed": [_changed(one) for one in report["changed"]],
        "thumbnail": thumbnail,
        "chosen": [one["of"](report) for one in filters],
    }


def _changed(text: str) -> str:
    name, _, value = text.partition(" = ")
    return f"{labels.label(name)}: {labels.label(value)}"


def _thumbnail(path: Path) -> str:
    from PIL import Image

    if not path.is_file():
        return ""
    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_THUMB, _THUMB))
        written = io.BytesIO()
        small.quantize(32).save(written, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def _compared(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Set the first key number of several reports side by side, each with its interval drawn on one scale.

    Where they are not of the same (of other groups, or within other days), each row says what its number is; a share is
    not compared with days.
    """
    rows = [(card, card["finding"].numbers[0]) for card in cards if card["finding"].numbers and not card["failure"]]
    measured = [(card, one) for card, one in rows if one.estimate is not None or one.lower is not None]
    if len(measured) < 2 or len({one.value.endswith("%") for _, one in measured}) > 1:
        return None
    ends = [end for _, one in measured for end in (one.estimate, one.lower, one.upper) if end is not None]
    low, high = min(ends), max(ends)
    sources = {card["source"] for card in cards}
    common = set.intersection(*(set(card["setting"]) for card, _ in rows))
    made = []
    for card, one in rows:
        own = [part for part in card["setting"] if part not in common]
        named = [card["source"]] if len(sources) > 1 else []
        made.append(
            {
                "folder": card["folder"],
                "what": " · ".join(dict.fromkeys([*named, *own])) or "as usual",
                "value": one.value,
                "label": one.label,
                "note": one.note or "–",
                "drawn": _range(one.estimate, one.lower, one.upper, low, high),
            }
        )
    same = len({row["label"] for row in made}) == 1
    return {"rows": made, "same": same, "low": wording.number(low, low, high), "high": wording.number(high, low, high)}


def _range(estimate: float | None, lower: float | None, upper: float | None, low: float, high: float) -> str:
    """Draw an estimate with its interval as a small picture; the numbers stand beside it."""
    if estimate is None and (lower is None or upper is None):
        return ""

    def place(value: float) -> float:
        return round(6 + (_WIDTH - 12) * (value - low) / ((high - low) or 1), 1)

    middle = _HEIGHT / 2
    parts = [f'<line class="scale" x1="6" x2="{_WIDTH - 6}" y1="{middle}" y2="{middle}"/>']
    if lower is not None and upper is not None:
        parts.append(f'<line class="span" x1="{place(lower)}" x2="{place(upper)}" y1="{middle}" y2="{middle}"/>')
    if estimate is not None:
        parts.append(f'<circle cx="{place(estimate)}" cy="{middle}" r="4"/>')
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return f'<svg class="range" aria-hidden="true" focusable="false" {size}>{"".join(parts)}</svg>'


def _filters(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List what the reports differ in: question, parameters that are not everywhere the default, completeness."""

    def parameter(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda report: _value(report["parameters"][name]) if name in report["parameters"] else ""

    changed = dict.fromkeys(text.split(" = ")[0] for report in reports for text in report["changed"])
    asked: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "question": lambda report: html.unescape(report["question"]),
        **{labels.label(name): parameter(name) for name in changed},
        "complete": lambda report: "no" if report["failure"] else "yes",
    }
    filters = []
    for label, of in asked.items():
        values = sorted({of(report) for report in reports} - {""}, key=_in_order)
        if len(values) > 1:
            filters.append({"label": label, "values": values, "of": of})
    return filters


def _value(value: object) -> str:
    return labels.label(value) if isinstance(value, str) else said(value)


def _in_order(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text
