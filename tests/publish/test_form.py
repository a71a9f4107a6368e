"""A form asks for what its study takes, says what is refused, and shows the report it made."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import toy_agency

from accountability import publish
from accountability.errors import ParameterError
from accountability.publish import runner
from accountability.studies import registry

STUDY = "how_long_cases_stay_open"


@pytest.mark.parametrize("study", registry.STUDIES)
def test_every_study_has_a_form_whose_first_values_are_its_defaults(study: str) -> None:
    model = registry.get(study).parameters
    asked = publish.form(study)
    assert list(asked.fields) == list(model.model_fields)
    assert model.model_validate(asked.values) == model.model_validate({})
    assert all(widget.description == name for name, widget in asked.fields.items())


def test_what_is_known_is_chosen_from_a_list_and_days_from_a_calendar() -> None:
    asked = publish.form(STUDY, source="synthetic", cutoff="2019-12-31", group="complainant")
    kinds = {name: type(widget).__name__ for name, widget in asked.fields.items()}
    assert kinds == {
        "source": "Dropdown",
        "group": "Dropdown",
        "start": "Dropdown",
        "stop": "Dropdown",
        "cutoff": "DatePicker",
        "within_days": "IntText",
        "min_group": "IntText",
        "confidence": "FloatText",
    }
    assert asked.fields["group"].options[0] == "none"
    assert asked.fields["group"].value == "complainant"
    assert asked.fields["cutoff"].value == date(2019, 12, 31)
    assert asked.command == f"accountability run {STUDY} --source synthetic -p group=complainant -p cutoff=2019-12-31"
    assert publish.form("were_deadlines_met").fields["pauses"].options == ("unknown", "none", "dated")


def test_another_source_brings_its_own_columns_and_stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    toy_agency.source(tmp_path)
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path))
    asked = publish.form(STUDY, group="complainant", start="opened")
    asked.fields["source"].value = "toy"
    assert asked.fields["group"].options == ("none", "district")
    assert (asked.fields["group"].value, asked.fields["start"].value) == ("none", "received")
    assert set(asked.fields["start"].options) == {"received", "closed"}
    assert asked.command == f"accountability run {STUDY} --source toy"


def test_a_value_out_of_range_is_said_and_nothing_runs(tmp_path: Path) -> None:
    asked = publish.form(STUDY, out=tmp_path)
    asked.fields["confidence"].value = 9
    texts = [widget.value for widget in asked.box.children if type(widget).__name__ == "HTML"]
    assert sum("less than or equal to 0.999" in text for text in texts) == 1
    assert asked.run() is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ParameterError, match="Did you mean"):
        publish.form("how_long_cases_stay_opn")


def test_a_run_shows_headline_figures_and_tables_and_nothing_of_the_data_acts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebooks = tmp_path / "notebooks"
    cells = (toy_agency.SETUP, toy_agency.TABLE, toy_agency.FIGURE, toy_agency.LAST)
    toy_agency.notebook(notebooks, *cells)
    monkeypatch.setattr(runner, "notebooks_dir", lambda: notebooks)
    asked = publish.form(STUDY, source=str(toy_agency.source(tmp_path)), out=tmp_path / "out")
    asked.fields["confidence"].value = 0.9
    page = asked.run()
    assert page == tmp_path / "out" / f"{STUDY}+confidence=0.9" / "report.html" == asked.page
    assert page is not None
    assert page.is_file()
    shown = asked.box.children[-1].value
    assert shown.count("<figure><img") == 1
    assert 'alt="A line that rises"' in shown
    assert "<summary>Complaints by district (tables/districts.csv)</summary>" in shown
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_a_study_that_stops_is_said_with_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy_agency.notebook(tmp_path / "notebooks", "1 / 0")
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    asked = publish.form(STUDY, source=str(toy_agency.source(tmp_path)), out=tmp_path / "out")
    assert asked.run() == asked.page
    said = asked.box.children[-2].value
    assert "ZeroDivisionError" in said
    assert "report.html" in said
    assert asked.box.children[-1].value == ""
