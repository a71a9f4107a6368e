"""The pages in a real browser: they open in silence, fetch nothing, sort, search, print, and everybody can use them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import chromium
import pytest
import toy_agency
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from accountability import publish
from accountability.publish import runner

STUDY = "how_long_cases_stay_open"
WIDE = """\
import pandas as pd

wide = {f"a_column_with_a_long_name_{i}": [i, -i] for i in range(20)}
keep("wide", pd.DataFrame(wide), caption="A table wider than a telephone")"""
MIXED = """\
import numpy as np

names = ["b", "Ä", "c", "a10", "a9"]
shares = ["5 %", "<10 %", "40 %", "9 %", ""]
keep("mixed", pd.DataFrame({"name": names, "n": [10, 9, np.nan, 1200, -3], "share": shares}))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of a toy agency that differ in two parameters, and one of a whole study on the generated agency."""
    base = tmp_path_factory.mktemp("site")
    notebooks, out = base / "notebooks", base / "out"
    cells = (toy_agency.SETUP, toy_agency.TABLE, WIDE, MIXED, toy_agency.FIGURE, toy_agency.LAST)
    toy_agency.notebook(notebooks, *cells)
    toy = str(toy_agency.source(base))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "notebooks_dir", lambda: notebooks)
        for given in ({}, {"confidence": 0.9}, {"confidence": 0.9, "cutoff": "2021-01-01"}):
            publish.run(STUDY, toy, given, out)
    publish.run(STUDY, "synthetic", {"group": "officer_race", "min_group": 100}, base / "whole")
    return base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": chromium.DESK[0], "height": chromium.DESK[1]})
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


def pages(site: Path) -> list[Path]:
    return [*site.glob("*/index.html"), *site.glob("*/*/report.html")]


def whole(site: Path) -> Path:
    return next(site.glob("whole/*/report.html"))


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def mixed(page: Page, number: int) -> list[str]:
    cells = page.locator(f"table:has(td:text-is('Ä')) tbody td:nth-child({number})").all_text_contents()
    return [cell.replace("\u00a0", " ") for cell in cells]


@pytest.mark.parametrize("size", [chromium.DESK, chromium.PHONE], ids=["desk", "phone"])
def test_every_page_opens_in_silence_asks_for_nothing_and_fits(
    browser: Browser, site: Path, size: tuple[int, int]
) -> None:
    assert len(pages(site)) == 6
    for path in pages(site):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        heard = chromium.listen(page, site.as_uri())
        page.goto(path.as_uri())
        assert heard == chromium.Heard(), path
        # A question as long as those of the studies must not widen the page.
        page.evaluate("document.querySelectorAll('select').forEach((one) => one.add(new Option('word '.repeat(30))))")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than its window"
        page.close()


@pytest.mark.parametrize(
    ("size", "scheme"), [(chromium.DESK, "light"), (chromium.PHONE, "dark")], ids=["desk light", "phone dark"]
)
def test_axe_finds_nothing(
    browser: Browser, site: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    for path in [site / "out" / "index.html", site / "whole" / "index.html", whole(site)]:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page.goto(path.as_uri())
        unfold(page)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert len(found.response["passes"]) > 20, "axe looked at the page"
        page.close()


@pytest.mark.parametrize(("size", "screens"), [(chromium.DESK, 1), (chromium.PHONE, 2)], ids=["desk", "phone"])
def test_answer_and_lead_figure_stand_on_the_first_screen(
    browser: Browser, site: Path, size: tuple[int, int], screens: int
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(whole(site).as_uri())
    for what in (".answer", "figure.lead img"):
        box = page.locator(what).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= screens * size[1], what
    page.close()


def test_a_whole_table_is_filtered_by_words(page: Page, site: Path) -> None:
    page.goto(whole(site).as_uri())
    unfold(page)
    table = page.locator("details.whole", has_text="the median, had the study been made earlier".capitalize())
    assert table.count() == 1
    long = page.locator("details.whole", has=page.get_by_label("Rows that hold")).first
    rows = long.locator("tbody tr:visible")
    before = rows.count()
    words = rows.first.locator("td").first.inner_text()
    long.get_by_label("Rows that hold").fill(words)
    assert 0 < rows.count() < before


def test_reports_are_found_by_words_and_by_parameters(page: Page, site: Path) -> None:
    page.goto((site / "out" / "index.html").as_uri())
    shown, said = page.locator("article.study:visible"), page.get_by_role("search").locator("output")
    expect(said).to_have_text("3 of 3 reports")
    search = page.get_by_role("searchbox")
    search.fill("2021-01-01 LONG")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("last day looked at: 2021-01-01")
    search.fill("nowhere to be found")
    expect(shown).to_have_count(0)
    expect(page.locator("#nothing")).to_be_visible()
    search.press("Escape")
    expect(said).to_have_text("3 of 3 reports")
    page.get_by_label("confidence").select_option("0.9")
    expect(said).to_have_text("2 of 3 reports")
    page.get_by_label("last day looked at").select_option("not set")
    expect(shown).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    expect(shown).to_have_count(3)
    assert page.get_by_label("question").count() == 0, "nothing to choose where all are of one study"


def test_a_table_sorts_by_number_by_name_and_back(page: Page, site: Path) -> None:
    page.goto((site / "out" / STUDY / "report.html").as_uri())
    unfold(page)
    written = mixed(page, 1)
    assert written == ["b", "Ä", "c", "a10", "a9"]
    n = page.get_by_role("button", name="number", exact=True)
    n.click()
    assert mixed(page, 2) == ["−3", "9", "10", "1,200", "–"]
    expect(page.locator("th", has=n)).to_have_attribute("aria-sort", "ascending")
    n.press("Enter")
    assert mixed(page, 2) == ["1,200", "10", "9", "−3", "–"], "what is missing stays last"
    n.press("Space")
    assert mixed(page, 1) == written
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    page.get_by_role("button", name="name", exact=True).click()
    assert mixed(page, 1) == ["Ä", "a9", "a10", "b", "c"]
    page.get_by_role("button", name="share", exact=True).click()
    assert mixed(page, 3) == ["5 %", "9 %", "<10 %", "40 %", "–"]


def test_the_keyboard_reaches_the_content_and_wide_tables(page: Page, site: Path) -> None:
    page.goto((site / "out" / STUDY / "report.html").as_uri())
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")
    unfold(page)
    box = page.locator(".scrolled[tabindex='0']").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(box) => box.scrollLeft > 0", arg=box.element_handle())


def test_without_scripts_everything_is_still_there(browser: Browser, site: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((site / "out" / "index.html").as_uri())
    expect(page.locator("article.study:visible")).to_have_count(3)
    expect(page.locator("[role=search]")).to_be_hidden()
    page.goto((site / "out" / STUDY / "report.html").as_uri())
    assert mixed(page, 1)[0] == "b"
    expect(page.locator("th button")).to_have_count(0)
    page.context.close()


def test_a_page_prints_with_page_numbers_and_without_controls(page: Page, site: Path) -> None:
    page.goto(whole(site).as_uri())
    printed = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    assert len(printed.pages) > 3
    texts = [one.extract_text() for one in printed.pages]
    for number, text in enumerate(texts, start=1):
        assert re.search(rf"\b{number} / {len(texts)}\b", text)
    assert "How long do complaints" in texts[0]
    assert "All reports" not in texts[0]
    page.goto((site / "out" / "index.html").as_uri())
    index = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    assert "Show all" not in index.pages[0].extract_text()


def test_every_link_leads_somewhere_and_every_figure_to_its_data(page: Page, site: Path) -> None:
    for path in pages(site):
        page.goto(path.as_uri())
        targets = page.eval_on_selector_all("a[href]", "(links) => links.map((link) => link.getAttribute('href'))")
        assert targets
        for target in targets:
            if target.startswith("#"):
                assert page.locator(f"[id='{target[1:]}']").count() == 1, f"{path}: {target}"
            else:
                assert (path.parent / unquote(target)).is_file(), f"{path}: {target}"
        figures = page.locator("figure")
        for number in range(figures.count()):
            assert figures.nth(number).locator("a[href$='.csv']").count() == 1
            assert figures.nth(number).locator("img").get_attribute("alt")


def test_without_a_browser_the_tests_say_so_and_in_ci_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium.program()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        chromium.program()
