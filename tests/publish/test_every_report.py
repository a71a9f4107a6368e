"""Page, PDF and Word of every study on every source hold the rules of a finding, and say the same finding."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import finding_rules
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT, full
from pypdf import PdfReader

import accountability
from accountability import publish
from accountability.publish.documents import export
from accountability.publish.finished import reports_in
from accountability.publish.runner import studies_of
from accountability.releases.release_line import series

OFFICE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: Files are named where their data are given away, and commands where a report is made again.
ALLOWED = re.compile(
    r"[\w/.-]*\.(?:csv|ipynb|yaml|json|zip|gz|xlsx)\b|[\w.-]+(?:/[\w.+=-]+)+|accountability (?:run|report) .*"
)
#: A word of the shell, which a caption does not tell its reader to write.
COMMAND = re.compile(r"\baccountability [a-z-]+ [A-Z]|\s--[a-z]")
WIDTH = re.compile(r'width="([\d.]+)pt"')
WHOLE = {"a raw name", "a Python literal", "six decimals", "an empty bracket"}


def of_page(path: Path) -> str:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for part in page.find_all(["script", "style", "code", "pre", "svg"]):
        part.decompose()
    return page.get_text("\n")


def of_pdf(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def of_word(path: Path) -> str:
    body = ElementTree.fromstring(zipfile.ZipFile(path).read("word/document.xml"))
    return "\n".join("".join(text.text or "" for text in part.iter(f"{OFFICE}t")) for part in body.iter(f"{OFFICE}p"))


def squeezed(text: str) -> str:
    """A text without what printing changes: spaces, soft hyphens, ligatures."""
    return re.sub(r"[\s\u00ad\u00a0-]+", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl"))


def faults(report: Path, place: Path) -> list[str]:
    """What no reader may meet in the three forms of one report."""
    found: dict[str, Any] = json.loads((report / "provenance.json").read_text(encoding="utf-8"))["finding"]
    wrong = finding_rules.faults(found)
    (pdf,), (word,) = export(report, "pdf", place), export(report, "docx", place)
    for form, text in (("page", of_page(report / "report.html")), ("pdf", of_pdf(pdf)), ("word", of_word(word))):
        plain = ALLOWED.sub(" ", text.replace("\u200b", ""))
        # A line broken within the name of a file leaves a part of it.
        plain = re.sub(r"\b(?:tables|figures)/\s*[\w-]+\s*\.?\s*csv", " ", plain)
        wrong += [
            f"{form}: {what} in {plain[max(0, at.start() - 40) : at.end() + 40]!r}"
            for what in sorted(WHOLE)
            for at in list(finding_rules.RAW[what].finditer(plain))[:3]
        ]
        if squeezed(found["answer"]) not in squeezed(text):
            wrong.append(f"{form}: the answer is not in it")
        if squeezed(text).find(squeezed(found["question"])) > squeezed(text).find(squeezed(found["answer"])):
            wrong.append(f"{form}: the question stands after the answer")
    page = (report / "report.html").read_text(encoding="utf-8")
    wrong += [
        f"page: a command in the caption {caption!r}"
        for caption in re.findall(r"<(?:fig)?caption[^>]*>(.*?)</(?:fig)?caption>", page, re.S)
        if COMMAND.search(caption)
    ]
    for narrow in report.glob("figures/*.narrow.svg"):
        # Drawn for a telephone: a wider one is shrunk until its letters cannot be read.
        if (wide := float(WIDTH.search(narrow.read_text(encoding="utf-8"))[1]) / 72) > 4.6:
            wrong.append(f"page: {narrow.name} is {wide:.1f} inches wide")
    return [f"{report.name}: {one}" for one in wrong]


@pytest.mark.slow
def test_page_pdf_and_word_of_a_report_keep_the_rules(tmp_path: Path) -> None:
    made = publish.run("were_deadlines_met", "synthetic", {}, tmp_path / "reports").parent
    assert faults(made, tmp_path / "left") == []


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="sixteen reports; the headlines of the stored sets are compared otherwise")
def test_two_points_of_a_sweep_share_a_headline_only_where_the_numbers_are_the_same(tmp_path: Path) -> None:
    made = [
        publish.run("how_long_cases_stay_open", source, {"within_days": days, "group": by, "cutoff": last}, tmp_path)
        for source in ("synthetic", "generated_2019")
        for days in (180, 365)
        for by in (None, "investigated_by")
        for last in (None, "2018-06-30")
    ]
    assert same_headlines([page.parent for page in made]) == []


def same_headlines(reports: list[Path]) -> list[tuple[str, str]]:
    """Reports of one headline whose key numbers are not the same."""
    records = {one.name: json.loads((one / "provenance.json").read_text(encoding="utf-8")) for one in reports}
    told: dict[str, tuple[str, Any]] = {}
    twice = []
    for name, record in records.items():
        numbers = [one["value"] for one in record["finding"]["numbers"]]
        first, same = told.setdefault(record["headline"], (name, numbers))
        if same != numbers:
            twice.append((first, name))
    return twice


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="every study on every source, in three forms, takes half an hour: make gates")
@pytest.mark.parametrize("name", sorted(one.parent.name for one in (ROOT / "data").glob("*/source.yaml")))
def test_every_study_of_a_source_keeps_the_rules_in_every_form(
    name: str, tmp_path: Path, real_data: Callable[[str], Path]
) -> None:
    for release in dict.fromkeys((name, *series(name))):  # what changed is asked of each release with another
        if not any((ROOT / "data" / release).glob("*.csv")):  # its files come with the package
            accountability.fetch(release, from_dir=real_data(release))
    assert studies_of(name)[1]
    publish.report(name, tmp_path / "reports")
    made = reports_in(tmp_path / "reports")  # what the data do not allow is listed on the index and has no documents
    assert [fault for report in made for fault in faults(report, tmp_path / "left")] == []
