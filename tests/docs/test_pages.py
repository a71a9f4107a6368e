"""Every block of the documentation runs, its links lead somewhere, and the site builds and asks no other host."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import chromium
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT, full
from front_doors import wrong_calls
from page_blocks import RUN, SHOWN, Block, blocks, environment, links, run, unknown_commands
from playwright.sync_api import Browser

DOCS = ROOT / "docs"
PAGES = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))
DIRECTIVES = {"{toctree}", "{figure}", "{eval-rst}", ""}

spec = importlib.util.spec_from_file_location("make_site", DOCS / "make_site.py")
assert spec is not None
assert spec.loader is not None
site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site)


def blocks_of(page: str, rule: str) -> list[Block]:
    found = blocks((DOCS / page).read_text(encoding="utf-8"))
    return [block for block in found if block.rule == rule and block.language in RUN]


def pages_with(rule: str) -> list[str]:
    return [page for page in PAGES if blocks_of(page, rule)]


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(""))
def test_the_blocks_of_a_page_run_in_order(page: str, tmp_path: Path) -> None:
    for block in blocks_of(page, ""):
        run(block, tmp_path, environment(), page)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("page", pages_with("real data"))
def test_the_blocks_of_a_page_on_a_real_release_run(
    page: str, tmp_path: Path, real_data: Callable[[str], Path]
) -> None:
    held = environment()
    for name in dict.fromkeys(block.said for block in blocks_of(page, "real data")):
        run(
            Block(0, "sh", f"accountability fetch {name} --from {shlex.quote(str(real_data(name)))}"),
            tmp_path,
            held,
            page,
        )
    for block in blocks_of(page, "real data"):
        run(block, tmp_path, held, page)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_the_language_of_its_blocks_and_what_it_names_exists(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert not {b.language for b in blocks(text)} - RUN - SHOWN - DIRECTIVES
    for block in blocks_of(page, "not run"):
        assert unknown_commands(block.code) == []


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    made = {f"reference/{name}.md" for name in [*site.DOORS, "studies", "vocabulary", "laws"]}
    made |= {f"reference/source_{name}.md" for name in site.sources()}
    lost = []
    for _, _, target in links((DOCS / page).read_text(encoding="utf-8")):
        path = ((DOCS / page).parent / target.partition("#")[0]).resolve()
        inside = str(path.relative_to(DOCS)) if path.is_relative_to(DOCS) else ""
        figure = inside.startswith(("notebooks/", "figures/")) and (ROOT / "notebooks" / path.name).exists()
        if not (path.exists() or inside in made or figure):
            lost.append(target)
    assert lost == []


def test_every_public_name_is_in_the_reference() -> None:
    for door in site.DOORS:
        page = site.door_page(door)
        assert [name for name in site.public_names(door) if name not in page] == []


def test_every_front_door_has_its_page() -> None:
    stubs = (ROOT / "accountability").glob("*/__init__.pyi")
    assert {f"accountability.{stub.parent.name}" for stub in stubs} <= set(site.DOORS)


def test_every_study_with_its_parameters_and_every_source_has_its_place() -> None:
    page = site.studies_page()
    assert all(f"## {name}" in page for name in site.registry.STUDIES)
    assert "`within_days`" in page
    assert all("## Card" in site.source_page(name) for name in site.sources())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for every test of it."""
    began = os.times()
    pages, complaints = site.build(tmp_path_factory.mktemp("site"))
    spent = sum(now - then for now, then in zip(os.times()[:4], began[:4], strict=True))
    assert complaints == ""
    assert spent < 60, f"the site took {spent:.0f} s of processor time"
    return pages


@pytest.mark.slow
def test_the_site_asks_no_other_host_and_finds_words_without_a_server(built: Path) -> None:
    asked = re.compile(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(https?:)?//', re.I)
    pages = list(built.rglob("*.html"))
    assert len(pages) > 60
    assert [page.name for page in pages if asked.search(page.read_text(encoding="utf-8"))] == []
    index = (built / "searchindex.js").read_text(encoding="utf-8")
    for word in ("kaplan", "sustain", "backlog", "censor", "pseudonym"):
        assert word in index


@pytest.mark.slow
def test_links_inside_the_site_lead_to_pages_and_headings(built: Path) -> None:
    lost = []
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r'<a\b[^>]*\bhref="([^"#:?]+\.html)(?:#[^"]*)?"', text):
            if not (page.parent / target).resolve().exists():
                lost.append((page.name, target))
    assert lost == []


#: One page of each kind; all at both sizes under --full.
KINDS = [
    *("index", "tutorial", "which_question", "glossary", "search", "how_to/your_file", "explanation/closed_cases"),
    *("reference/accountability.planning", "reference/source_philadelphia", "stories/philadelphia_pending"),
    *("gallery/cases", "studies/index", "notebooks/case_pinecrest", "coming_from/stata"),
]
LOOKED_AT = (
    [(kind, size) for kind in KINDS for size in (chromium.DESK, chromium.PHONE)]
    if full()
    else [
        ("tutorial", chromium.DESK),
        ("which_question", chromium.PHONE),
        ("stories/philadelphia_pending", chromium.PHONE),
        ("reference/source_philadelphia", chromium.DESK),
    ]
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), LOOKED_AT, ids=str)
def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(
    name: str, size: tuple[int, int], built: Path, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    heard = chromium.listen(page, built.as_uri())
    page.goto((built / f"{name}.html").as_uri())
    found = Axe().run(page, options={"preload": False})  # it would fetch style sheets, from a file in vain
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20, "axe looked at the page"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert heard == chromium.Heard()
    page.close()


#: What has the focus: its words, and whether a reader sees that it has it.
FOCUSED = """() => { let one = document.activeElement; const name = one.getAttribute("aria-label") || one.textContent;
if (one.tagName === "SUMMARY") one = one.firstElementChild;
const box = one.getBoundingClientRect(), look = getComputedStyle(one);
return { said: name.trim(), tag: one.tagName, tall: box.height,
  shown: look.outlineStyle !== "none" || look.boxShadow !== "none" || look.textDecorationLine !== "none" }; }"""


@pytest.mark.slow
def test_a_page_is_read_by_keyboard_alone(built: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": chromium.DESK[0], "height": chromium.DESK[1]})
    page.goto((built / "tutorial.html").as_uri())
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    assert stops[0]["said"] == "Skip to main content"
    assert [one for one in stops if not (one["said"] and one["tall"] and one["shown"])] == []
    assert len({(one["said"], one["tag"]) for one in stops}) > 20, "the focus moves on"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.type") != "search"
    page.close()


#: What newcomers ask, and the page that answers.
ASKED = {
    "how long do complaints stay open": "which_question",
    "closed cases only": "how_to/closed_cases_only",
    "bring my own file": "how_to/your_file",
    "what is a sampling rule": "explanation/sampling_rules",
    "ask agency for what is missing": "how_to/ask_for_missing",
}


@pytest.mark.slow
@pytest.mark.parametrize("question", ASKED)
def test_the_search_answers_a_newcomer_in_two_clicks(question: str, built: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": chromium.DESK[0], "height": chromium.DESK[1]})
    heard = chromium.listen(page, built.as_uri())
    page.goto((built / "index.html").as_uri())
    page.locator("button.search-button__button:visible").first.click()
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    # The heading changes when all results stand; until then they move, and a click may meet what is beside them.
    page.wait_for_selector("#search-results h2:has-text('Search Results')")
    found = page.locator("#search-results li a")
    # Those on the first screen are seen without scrolling.
    first = found.evaluate_all("all => all.slice(0, 5).map((one) => one.pathname.split('/site/')[1])")
    assert f"{ASKED[question]}.html" in first
    found.nth(first.index(f"{ASKED[question]}.html")).click()
    page.wait_for_url(f"{(built / f'{ASKED[question]}.html').as_uri()}**")
    assert heard == chromium.Heard()
    page.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_call_that_a_page_names_exists_and_takes_the_keywords(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert wrong_calls(text) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_command_that_a_page_names_in_a_line_exists_with_its_options(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = [
        found for found in re.findall(r"`(accountability [a-z][^`\n]*)`", text) if not re.search(r"[.…]{2}", found)
    ]
    assert [one for line in lines for one in unknown_commands(line)] == []
