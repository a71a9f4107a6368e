"""In a grid, sets whose figures show the same take them from the set that drew them: the same files, to the byte."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

import accountability
from accountability import delay, publish
from accountability.findings import Finding
from accountability.findings.finding_parts import LeadFigure
from accountability.publish import drawn_once, kept
from accountability.publish.drawn_once import FIGURES_VARIABLE
from accountability.publish.kept import FOLDER_VARIABLE

STUDY = "how_long_cases_stay_open"


def curve(confidence: float = 0.95) -> delay.HowLong:
    # Estimated anew: what counts is what it holds, not where it lies; one that has been asked holds what it answered.
    return delay.how_long(accountability.load("synthetic"), confidence=confidence)


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FIGURES_VARIABLE, str(tmp_path / "figures"))
    return tmp_path / "figures"


def saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch, result: Any, name: str = "curve"
) -> tuple[dict[str, bytes], list[Any], int]:
    """The files that a notebook saves of a figure, what is recorded of them, and how many times it was drawn."""
    folder.mkdir()
    drawn = []
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(kept, "pictures", lambda *a, real=kept.pictures: (drawn.append(a), real(*a))[1])
        publish.figure(result, name=name)
    assert plt.get_fignums() == []
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob(f"{name}.*")}
    return files, kept.kept_in(folder), len(drawn)


def test_a_figure_of_the_same_result_is_drawn_once(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(tmp_path / "first", monkeypatch, curve())
    again = saved(tmp_path / "again", monkeypatch, curve())
    assert (first[2], again[2]) == (1, 0)
    assert first[:2] == again[:2]
    assert sorted(first[0]) == [f"figures/curve.{ending}" for ending in ("csv", "narrow.svg", "png", "svg")]
    monkeypatch.delenv(FIGURES_VARIABLE)
    assert saved(tmp_path / "alone", monkeypatch, curve()) == first
    assert len(list(shared.iterdir())) == 1


def test_another_result_or_name_is_another_figure(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(tmp_path / "first", monkeypatch, curve())
    for number, (result, name) in enumerate([(curve(0.9), "curve"), (curve(), "other")]):
        files, _, drawn = saved(tmp_path / str(number), monkeypatch, result, name)
        assert drawn == 1
        assert (sorted(files.values()) == sorted(first[0].values())) == (name == "other")


def test_no_report_changes_with_another(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = saved(tmp_path / "first", monkeypatch, curve())
    saved(tmp_path / "again", monkeypatch, curve())
    for path in (tmp_path / "again" / "figures").iterdir():
        path.write_text("changed by its owner")
    assert saved(tmp_path / "third", monkeypatch, curve()) == (*first[:2], 0)
    assert (tmp_path / "first" / "figures" / "curve.png").read_bytes() == first[0]["figures/curve.png"]


def test_a_name_given_twice_is_refused_also_where_nothing_is_drawn(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "first", monkeypatch, curve())
    with pytest.raises(accountability.errors.ParameterError, match=r"curve\.svg is kept twice"):
        publish.figure(curve(), name="curve")


def test_a_blank_text_is_refused_for_results_and_leads_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    lead = LeadFigure(title="Half closed", subtitle="a share", footer="Source", alt=" ", drawn=curve())
    finding = Finding(study=STUDY, question="?", setting="all", answer="Half.", generated=True, lead=lead)
    for show in (lambda: publish.figure(curve(), " ", "curve"), lambda: publish.present(finding)):
        with pytest.raises(accountability.errors.ParameterError, match="figure needs alt="):
            show()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_links_has_each_draw_its_own(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError("not on this disk")

    monkeypatch.setattr(os, "link", no_links)
    first, again = (saved(tmp_path / name, monkeypatch, curve()) for name in ("first", "again"))
    assert first == again
    assert first[2] == 1
    assert list(shared.iterdir()) == []


def test_what_is_no_bytes_has_no_place(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def within() -> None:
        """A function within another."""

    assert drawn_once.place_of("lead", within) is None
    assert drawn_once.place_of("lead", curve()) == drawn_once.place_of("lead", curve())
    monkeypatch.delenv(FIGURES_VARIABLE)
    assert drawn_once.place_of("lead", curve()) is None


def test_a_lead_is_the_same_only_with_the_same_words(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lead(subtitle: str) -> LeadFigure:
        return LeadFigure(title="Half closed", subtitle=subtitle, footer="Source", alt="A curve.", drawn=curve())

    finding = Finding(
        study=STUDY, question="How long?", setting="all", answer="Half closed.", generated=True, lead=None
    )
    seen = []
    for number, subtitle in enumerate(["a share", "a share", "another subtitle"]):
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / str(number)))
        (tmp_path / str(number)).mkdir()
        publish.present(dataclasses.replace(finding, lead=lead(subtitle)))
        seen.append((tmp_path / str(number) / "figures" / "lead.narrow.svg").read_text(encoding="utf-8"))
        assert (tmp_path / str(number) / "figures" / "lead.narrow.png").is_file()
    assert seen[0] == seen[1]
    assert "another subtitle" in seen[2]
    assert len(list(shared.iterdir())) == 2


def test_a_set_of_a_grid_has_the_files_of_a_report_made_alone(tmp_path: Path) -> None:
    """Of two sets, the second takes what the first drew; one at a time, so that there is something to take."""
    grid = {"sets": [{"within_days": 90}, {"within_days": 180}]}
    swept = publish.sweep(STUDY, grid, tmp_path / "swept", jobs=1)
    page = publish.run(STUDY, "synthetic", {"within_days": 180}, tmp_path / "alone")
    assert (swept.made, swept.failed) == (2, 0)
    there = tmp_path / "swept" / page.parent.name
    records = [json.loads((one / "provenance.json").read_text(encoding="utf-8")) for one in (there, page.parent)]
    pictures, others = (
        {name: digest for name, digest in record["files"].items() if name.endswith((".csv", ".svg", ".png"))}
        for record in records
    )
    assert len(pictures) > 20
    assert pictures == others
    assert records[0]["tables"] == records[1]["tables"]
    # What a set left for others is gone with the sweep.
    assert {path.stat().st_nlink for path in (tmp_path / "swept").rglob("figures/*")} == {1}


def test_a_figure_is_the_same_each_time_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layout differs in the last digit from time to time, and with it did the names of parts of an SVG."""
    result = curve()
    drawn = [saved(tmp_path / str(number), monkeypatch, result)[0] for number in range(12)]
    assert all(one == drawn[0] for one in drawn[1:])
