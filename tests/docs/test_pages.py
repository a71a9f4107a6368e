"""Every block of the documentation runs, its links lead somewhere, and the site builds and asks no other host."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from page_blocks import RUN, SHOWN, Block, blocks, environment, links, run, unknown_commands

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
        run(block, tmp_path, environment(tmp_path), page)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("page", pages_with("real data"))
def test_the_blocks_of_a_page_on_a_real_release_run(
    page: str, tmp_path: Path, real_data: Callable[[str], Path]
) -> None:
    held = environment(tmp_path)
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
    folder = tmp_path_factory.mktemp("site")
    site.assemble(folder / "source")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "source", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "site"


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


CALL = re.compile(
    r"\b(?:accountability\.)?(delay|outcomes|officers|audit|releases|casefiles|multiverse|tables|sensitivity|planning|"
    r"synthetic|publish)\.(\w+)\(([^`\n]*)\)"
)
KEYWORD = re.compile(r"(?:^|,)\s*(\w+)=")


@pytest.mark.parametrize("page", PAGES)
def test_a_call_that_a_page_names_exists_and_takes_the_keywords(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for door, name, inside in CALL.findall(text):
        held = getattr(importlib.import_module(f"accountability.{door}"), name, None)
        assert callable(held), f"{door}.{name}"
        outer = re.sub(r"[(\[{][^()\[\]{}]*[)\]}]", "", inside)
        taken = inspect.signature(held).parameters
        missing = [word for word in KEYWORD.findall(outer) if word not in taken]
        assert missing == [], f"{door}.{name} takes {list(taken)}"


@pytest.mark.parametrize("page", PAGES)
def test_a_command_that_a_page_names_in_a_line_exists_with_its_options(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = [
        found for found in re.findall(r"`(accountability [a-z][^`\n]*)`", text) if not re.search(r"[.…]{2}", found)
    ]
    assert [one for line in lines for one in unknown_commands(line)] == []
