"""The explorer shows what the notebook shows, computes only what changed, and is for this machine's user alone."""

from __future__ import annotations

import io
import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import chromium
import matplotlib.pyplot as plt
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT, full
from figures.overlaps import faults
from PIL import Image, ImageFilter
from playwright.sync_api import expect

import accountability
from accountability import Cohort, delay
from accountability.errors import ParameterError
from accountability.findings.finding import MIME, Finding
from accountability.outcomes import slow_case_views, stages
from accountability.publish.explorer import Explorer, explore
from accountability.publish.kept import lead_image
from accountability.publish.pictures import rendered
from accountability.publish.replay import Replay, later, sliced
from accountability.records.dataset import Dataset
from accountability.studies import registry
from accountability.study import occurrences
from accountability.study.clocks import durations
from accountability.study.restriction import only_where

STUDY = "how_long_cases_stay_open"
#: Every second study by `make test`; the notebooks' own tests run each of them.
SOME = list(registry.STUDIES)[:: 1 if full() else 2]
WAIT = 60_000
#: Mean difference in tones of grey of two pictures that are the same but for the drawing of letters.
ALIKE = 2.0


@pytest.fixture(scope="module")
def explorer() -> Iterator[Explorer]:
    explorer = explore("synthetic")
    yield explorer
    explorer.close()


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


def stored(study: str) -> dict[str, Any]:
    """The finding in the outputs of a notebook as it lies in the repository."""
    notebook = json.loads((ROOT / "notebooks" / f"{study}.ipynb").read_text(encoding="utf-8"))
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    found: dict[str, Any] = next(output["data"][MIME] for output in outputs if MIME in output.get("data", {}))
    return found


@cache
def presented(study: str, replay: Replay) -> Finding:
    """The finding of a study as it comes, for every test of it."""
    return replay.finding(study, registry.get(study).parameters.model_validate({}).literals())


@pytest.mark.parametrize("study", SOME)
def test_the_finding_is_the_one_that_the_notebook_presents(study: str, replay: Replay) -> None:
    assert presented(study, replay).as_json() == stored(study)


@pytest.mark.parametrize("study", SOME)
def test_the_lead_figure_can_be_read_and_is_the_one_that_is_stored(study: str, replay: Replay) -> None:
    """Compared in tones of grey at the size of a stamp; to renew: save over ``tests/figures/stored``."""
    figure = lead_image(presented(study, replay))
    stored_as = ROOT / "tests" / "figures" / "stored" / f"lead_{study}.png"
    assert (figure is not None) == stored_as.is_file()
    if figure is None:
        return
    assert faults(figure) == []
    now, before = stamp(io.BytesIO(rendered(figure, "png"))), stamp(stored_as)
    plt.close(figure)
    assert abs(now - before).mean() < ALIKE, "another picture: look at it, and store it where it is right"


def stamp(picture: Any) -> np.ndarray:
    """A picture so small and blurred that the face of its letters does not count: 0 to 255, 48 by 48."""
    grey = Image.open(picture).convert("L").resize((96, 96)).filter(ImageFilter.GaussianBlur(2)).resize((48, 48))
    return np.asarray(grey, dtype=float)


def test_another_picture_is_noticed() -> None:
    folder = ROOT / "tests" / "figures" / "stored"
    one, other = (stamp(folder / f"lead_{study}.png") for study in (STUDY, "how_the_backlog_moved"))
    assert abs(one - other).mean() > 2 * ALIKE


def test_only_what_changed_is_computed_anew(replay: Replay) -> None:
    literals = registry.get(STUDY).parameters.model_validate({}).literals()
    replay.finding(STUDY, literals)
    told: list[str] = []
    replay.finding(STUDY, literals, told=told.append)
    assert told == []
    replay.finding(STUDY, literals | {"within_days": 100}, told=told.append)
    assert "groups side by side" in told
    assert "reading the source" not in told
    assert "how long complaints take" not in told


@pytest.mark.parametrize(
    ("study", "costly"),
    [
        ("does_delay_lighten", [(slow_case_views, "naive"), (occurrences, "occurrence")]),
        ("how_long_cases_stay_open", [(occurrences, "occurrence")]),
        ("who_is_disciplined", [(stages, "kinds_of"), (occurrences, "occurrence")]),
    ],
)
def test_what_no_group_changes_is_computed_once(study: str, costly: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    replay, calls = Replay(), []

    def counted(before: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            calls.append(before.__name__)
            return before(*args, **named)

        return call

    for module, name in costly:
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    literals = registry.get(study).parameters.model_validate({}).literals()
    replay.finding(study, literals, whole=False)
    first = len(calls)
    assert first, "what is costly is computed at all"
    for group in ("category", "officer_rank"):
        replay.finding(study, literals | {"group": group}, whole=False)
    assert len(calls) == first, calls[first:]


def test_the_answer_comes_before_how_firm_it_is(replay: Replay) -> None:
    literals = registry.get(STUDY).parameters.model_validate({}).literals()
    assert later(STUDY)
    early, whole = replay.finding(STUDY, literals, whole=False), replay.finding(STUDY, literals)
    assert early.firm_table is None
    assert whole.firm_table is not None
    assert (early.numbers, early.tables) == (whole.numbers, whole.tables[: len(early.tables)])


def test_the_code_copied_gives_what_is_seen(explorer: Explorer) -> None:
    seen = explorer.answer("were_deadlines_met", {"source": "synthetic", "group": "category"})
    assert seen["command"] == "accountability run were_deadlines_met --source synthetic -p group=category"
    space: dict[str, Any] = {}
    exec(seen["code"].replace("present(finding)", ""), space)
    assert space["finding"].to_html().split("\n")[1] == seen["answer"]


def test_a_control_goes_back_to_its_default_where_another_source_lacks_its_value(explorer: Explorer) -> None:
    seen = explorer.answer("how_the_backlog_moved", {"source": "synthetic", "group": "no_such_column"})
    assert {one["name"]: one["value"] for one in seen["controls"]}["group"] == "none"


@pytest.mark.parametrize("study", [name for name, one in registry.STUDIES.items() if one.of_officers])
def test_a_study_of_officers_offers_their_columns_alone(study: str, explorer: Explorer) -> None:
    # Its answer to values that it refuses holds the controls alone.
    seen = explorer.answer(study, {"source": "synthetic", "confidence": 7})
    offered = {one["name"]: one["options"] for one in seen["controls"]}["group"]
    names = {name for name, _ in offered} - {"none"}
    assert names <= set(accountability.load("synthetic").allegations)
    assert "officer_race" in names
    with pytest.raises(ParameterError, match="describes complaints, and this study compares officers"):
        registry.check(registry.get(study), {"source": "synthetic", "group": "investigated_by"})


def test_a_refusal_is_that_of_the_command_line(explorer: Explorer) -> None:
    seen = explorer.answer(STUDY, {"source": "news_cases"})
    assert "no rate may be drawn" in seen["refused"]
    assert seen["controls"][0]["value"] == "news_cases"


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_nothing_is_answered_without_the_token_or_under_another_name(explorer: Explorer) -> None:
    bare = explorer.address.partition("?")[0]
    assert bare.startswith("http://127.0.0.1:")
    with pytest.raises(OSError, match=r"refused|assign|timed"):  # another address of this machine is not listened on
        socket.create_connection(("127.0.0.2", int(bare.rpartition(":")[2].strip("/"))), 2)
    assert status(explorer.address) == 200
    assert status(bare) == 403
    assert status(f"{bare}?token=guess") == 403
    assert status(explorer.address, Host="evil.example") == 403
    asked = urllib.request.Request(f"{bare}answer", data=b"{}", headers={"X-Token": "guess"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked)


@pytest.mark.parametrize("size", [chromium.DESK, chromium.PHONE])
def test_in_a_browser_a_changed_group_changes_answer_figure_and_tables(
    explorer: Explorer, size: tuple[int, int]
) -> None:
    explorer.answer(STUDY, {"source": "synthetic"})
    with chromium.launched() as browser:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(WAIT)
        heard = chromium.listen(page, explorer.address.partition("?")[0])
        page.goto(explorer.address)
        expect(page.locator("body[data-shown$=synthetic]")).to_be_visible(timeout=WAIT)
        before = page.locator("#figure img").get_attribute("src")
        page.get_by_label("group", exact=True).focus()
        began = time.process_time()
        page.keyboard.type("offic")  # the keyboard alone chooses
        expect(page.locator("body[data-shown*='group=']")).to_be_visible(timeout=WAIT)
        # On a machine that is busy, what the warm process spent says more than the clock.
        assert time.process_time() - began < 3
        assert page.locator("#figure img").get_attribute("src") != before
        assert page.locator("#figure img").get_attribute("alt")
        assert page.get_by_label("group", exact=True).evaluate("field => field === document.activeElement")
        page.get_by_label("source", exact=True).select_option("news_cases")
        expect(page.get_by_role("alert")).to_contain_text("no rate may be drawn", timeout=WAIT)
        assert page.get_by_text("no rate may be drawn").count() == 1
        assert page.locator("#figure img").is_visible(), "the result before stays"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
    assert heard.outside == []
    assert heard.errors == []


def test_in_a_browser_a_filter_keeps_some_complaints_and_is_in_the_command(explorer: Explorer) -> None:
    with chromium.launched() as browser:
        page = browser.new_page(viewport={"width": chromium.PHONE[0], "height": chromium.PHONE[1]})
        heard = chromium.listen(page, explorer.address.partition("?")[0])
        page.goto(explorer.address)
        expect(page.locator("body[data-shown$=synthetic]")).to_be_visible(timeout=WAIT)
        before = page.locator("#answer").inner_text()
        page.get_by_label("only complaints where").focus()
        page.keyboard.type("kind")  # the keyboard alone chooses
        values = page.get_by_label("is any of")
        expect(values).to_be_visible(timeout=WAIT)
        assert page.locator("#answer").inner_text() == before, "a column alone restricts nothing"
        values.select_option(["Force", "Search"])
        expect(page.locator("#answer")).to_contain_text(
            "Only where kind of allegation is Force or Search", timeout=WAIT
        )
        assert "only=category=Force|Search" in page.locator("#command").text_content()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page).violations_count == 0
        page.get_by_label("only complaints where").select_option("none")
        expect(page.locator("#answer")).to_have_text(before, timeout=WAIT)
        page.close()
    assert heard.errors == []


def test_what_is_filtered_is_what_the_library_counts(explorer: Explorer) -> None:
    seen = explorer.answer(STUDY, {"source": "synthetic", "only": "category=Force"})
    cohort = only_where(Cohort.of(accountability.load("synthetic")), "category=Force")
    whole = delay.compare_groups(durations(cohort)).table.iloc[0]
    assert f"Half of the {whole['n']:,} complaints were closed within {whole['median']:.0f} days" in seen["answer"]


def test_values_on_fewer_than_ten_complaints_are_not_offered(explorer: Explorer) -> None:
    seen = explorer.answer(STUDY, {"source": "synthetic", "only": "squad="})
    (one,) = [control for control in seen["controls"] if control["name"] == "only"]
    data = accountability.load("synthetic")
    counts = data.allegations.groupby("squad")["case_id"].nunique()
    assert {value for value, _ in one["values"]} == set(counts.index[counts >= 10])


CHANGES = {"group": "officer_race", "cutoff": "2012-12-31", "within_days": "100", "only": "officer_race=white"}
DRAWN_BY = {STUDY: CHANGES} | {
    study: {"group": "officer_rank"}
    for study in ("how_the_backlog_moved", "what_follows_a_finding", "who_is_disciplined", "does_delay_lighten")
}


@pytest.mark.real_data
@pytest.mark.parametrize("study", DRAWN_BY)
def test_on_chicago_a_warm_explorer_answers_in_a_second(study: str, real_source: Callable[[str], Dataset]) -> None:
    warm = explore(real_source("chicago_2000_2016"))
    usual = {"source": "chicago_2000_2016"}
    before = warm.answer(study, usual, whole=False)
    for name, value in DRAWN_BY[study].items():
        began = time.process_time()
        seen = warm.answer(study, usual | {name: value}, whole=False)
        spent = time.process_time() - began
        assert "refused" not in seen
        assert f"{name}={value}" in seen["command"], "the change was taken"
        assert seen["figure"] != before["figure"] or seen["answer"] != before["answer"]
        # Processor time, twice the aim: the clock of a shared machine says nothing.
        assert spent < 2, name
    warm.close()


def test_every_statement_behind_a_finding_is_an_import_or_an_assignment() -> None:
    for study in registry.STUDIES:
        code = sliced(study).code({})
        assert not re.search(r"^(keep|figure|provenance)", code, re.MULTILINE), study
