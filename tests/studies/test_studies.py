"""What may be asked of a study is decided before anything is loaded or started."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import toy_agency
from hypothesis import given
from hypothesis import strategies as st

from accountability import parameters
from accountability.errors import ParameterError, Refusal, SourceError
from accountability.records import capabilities
from accountability.records.contract import declared_source, read_source
from accountability.records.dataset import Dataset
from accountability.records.places import notebooks_dir, source_names
from accountability.studies import registry
from accountability.vocabulary import UNITS

DELAY = registry.get("how_long_cases_stay_open")
FINDING = registry.get("what_follows_a_finding")
DEADLINES = registry.get("were_deadlines_met")
BACKLOG = registry.get("how_the_backlog_moved")


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_agency.source(tmp_path)


def refused(study: registry.Study, given: dict[str, Any]) -> str:
    with pytest.raises(ParameterError) as error:
        registry.check(study, given)
    return str(error.value)


@pytest.mark.parametrize("study", registry.STUDIES.values(), ids=str)
def test_a_parameters_cell_gives_a_notebook_the_defaults_of_its_model(study: registry.Study) -> None:
    cell: dict[str, Any] = {}
    exec(parameters.cell(study.parameters), cell)
    defaults = study.parameters.model_validate({}).literals()
    assert {name: cell[name] for name in defaults} == defaults


@pytest.mark.parametrize("study", registry.STUDIES.values(), ids=lambda study: study.name)
def test_the_notebook_of_a_study_has_the_parameters_of_its_model(study: registry.Study) -> None:
    notebook = nbformat.read(notebooks_dir() / study.notebook, as_version=4)
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert [cell.source for cell in cells] == [parameters.cell(study.parameters)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cutof", "2020-06-30", "Did you mean 'cutoff'?"),
        ("zzz", "1", "Known: source, group, only, start, stop"),
        ("min_group", "thirty", "min_group='thirty'"),
        ("min_group", "9", "greater than or equal to 10"),
        ("min_group", 10.5, "min_group=10.5"),
        ("within_days", True, "expected a number"),
        ("confidence", "95", "less than or equal to 0.999"),
        ("confidence", math.nan, "confidence=nan"),
        ("confidence", "0.49", "greater than or equal to 0.5"),
        ("cutoff", "2020", "YYYY-MM-DD"),
        ("cutoff", 0, "YYYY-MM-DD"),
        ("cutoff", "31/12/2020", "YYYY-MM-DD"),
        ("cutoff", dt.datetime(2020, 6, 30, 12), "YYYY-MM-DD"),
        ("start", "recieved", "Did you mean 'received'?"),
        ("stop", "received", "no time passes between them"),
        ("cutoff", "2021-07-01", "2020-01-01 to 2021-06-30"),
        ("cutoff", "2019-12-31", "2020-01-01 to 2021-06-30"),
        ("group", "distric", "Did you mean 'district'?"),
        ("group", 3, "group=3"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_refused_and_named(toy: Path, name: str, value: Any, said: str) -> None:
    message = refused(DELAY, {"source": str(toy), name: value})
    assert said in message
    assert "how_long_cases_stay_open" in message


def test_every_fault_is_told_at_once(toy: Path) -> None:
    message = refused(DELAY, {"source": str(toy), "groop": "x", "min_group": 0, "confidence": 2})
    assert all(part in message for part in ("'groop'", "min_group=0", "confidence=2"))


def test_an_unknown_study_or_source_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'how_long_cases_stay_open'"):
        registry.get("how_long_cases_stay_opne")
    with pytest.raises(SourceError, match="did you mean 'news_cases'"):
        registry.check(DELAY, {"source": "news_case"})


def test_a_group_known_only_at_the_end_is_refused() -> None:
    source = read_source(notebooks_dir().parent / "data" / "chicago_2000_2016")
    assert "finding" in capabilities.columns(source)
    assert not set(capabilities.groups(source)) & {"finding", "imposed_penalty", "recommended_days", "officer_id"}
    message = refused(DELAY, {"source": "chicago_2000_2016", "group": "imposed_penalty"})
    assert "by how they end" in message


@pytest.mark.parametrize("rule", ["complete", "closed_only", "trailing_window", "selected_on_outcome"])
def test_how_long_is_asked_of_every_release_that_is_not_single_cases(tmp_path: Path, rule: str) -> None:
    registry.check(DELAY, {"source": str(toy_agency.source(tmp_path, rule))})


@pytest.mark.parametrize("study", [DEADLINES, BACKLOG], ids=lambda study: study.name)
@pytest.mark.parametrize("rule", ["case_files", "closed_only", "selected_on_outcome"])
def test_a_share_late_and_a_backlog_are_refused_where_the_sampling_would_mislead(
    tmp_path: Path, study: registry.Study, rule: str
) -> None:
    with pytest.raises(Refusal, match=f"'toy': its sampling rule is '{rule}'"):
        registry.check(study, {"source": str(toy_agency.source(tmp_path, rule))})


def test_a_source_without_open_cases_counts_as_closed_cases_only(toy: Path) -> None:
    declaration = (toy / "source.yaml").read_text()
    (toy / "source.yaml").write_text(declaration.replace("open_cases: included", "open_cases: excluded"))
    with pytest.raises(Refusal, match="leaves out open cases"):
        registry.check(BACKLOG, {"source": str(toy)})
    registry.check(DELAY, {"source": str(toy)})


def test_a_status_stands_for_a_closing_date_on_the_last_day_and_on_no_other() -> None:
    last = {"source": "philadelphia"}
    registry.check(DELAY, last)
    assert "nothing is known about an earlier day" in refused(DELAY, {**last, "cutoff": "2019-06-30"})
    with pytest.raises(Refusal, match="dates the stage 'findings'"):
        registry.check(DELAY, {**last, "stop": "findings"})


def test_a_limit_has_a_name_and_pauses_are_dated_or_not(toy: Path) -> None:
    assert "Did you mean 'florida'?" in refused(DEADLINES, {"rule": "floridda"})
    assert "no limit of that name has a number of days" in refused(DEADLINES, {"rule": "delaware"})
    assert "dates no pause of a clock" in refused(DEADLINES, {"source": str(toy), "rule": "florida", "pauses": "dated"})
    with pytest.raises(Refusal, match="declares no limit of law or policy"):
        registry.check(DEADLINES, {"source": str(toy)})
    registry.check(DEADLINES, {"source": "synthetic", "pauses": "dated", "rule": "new_york"})


def test_a_source_without_the_thing_studied_is_refused_by_its_name(toy: Path) -> None:
    with pytest.raises(Refusal, match="dates the stage 'assigned' \\(dated: closed, received\\)"):
        registry.check(DELAY, {"source": str(toy), "start": "assigned"})
    with pytest.raises(Refusal, match="no column 'finding'"):
        registry.check(FINDING, {"source": str(toy)})


def test_a_unit_finer_than_the_rows_is_refused() -> None:
    from accountability.records.units import FINENESS

    assert tuple(UNITS) == FINENESS
    assert "Known: officer_complaint, complaint, officer." in refused(FINDING, {"unit": "allegation"})
    assert "Did you mean 'complaint'?" in refused(FINDING, {"unit": "complaints"})
    for unit in (None, "officer_complaint", "officer"):
        registry.check(FINDING, {"unit": unit})


def test_the_stages_a_declaration_promises_are_those_of_the_loaded_events(toy: Path) -> None:
    from accountability.records.load import load

    for folder in (toy, notebooks_dir().parent / "data" / "synthetic"):
        promised = capabilities.stages(read_source(folder), folder)
        assert promised == set(load(folder).events["stage"])
    with pytest.raises(Refusal, match="dates the stage 'assigned'"):
        registry.check(DELAY, {"source": "synthetic", "start": "assigned"})


def test_single_case_files_carry_no_study_of_rates() -> None:
    news = read_source(notebooks_dir().parent / "data" / "news_cases")
    for study in registry.STUDIES.values():
        if study.name == "what_the_data_holds" or study.of_a_case:  # says of each part whether it holds; draws no rate
            continue
        reason = study.why_not(news, study.parameters.model_validate({}))
        assert reason is not None
        assert "no rate may be drawn" in reason


@given(
    cutoff=st.none() | st.dates(dt.date(2020, 1, 2), dt.date(2021, 6, 30)),
    within_days=st.integers(1, 10_000),
    confidence=st.floats(0.5, 0.999),
)
def test_typed_written_and_injected_values_mean_the_same(
    cutoff: dt.date | None, within_days: int, confidence: float
) -> None:
    typed = {"cutoff": cutoff, "within_days": within_days, "confidence": confidence}
    asked = parameters.read(DELAY.parameters, typed, "study")
    written = {name: str(value) for name, value in typed.items()}
    assert parameters.read(DELAY.parameters, written, "study") == asked
    assert parameters.read(DELAY.parameters, asked.literals(), "study") == asked


@given(name=st.sampled_from(sorted(DELAY.parameters.model_fields)), value=st.text(max_size=20))
def test_any_text_is_read_as_the_parameter_or_refused_by_its_name(name: str, value: str) -> None:
    try:
        got = parameters.read(DELAY.parameters, {name: value}, "study")
    except ParameterError as error:
        said = str(error)
    else:
        said = (
            f"study: {name}={value!r}: "
            if getattr(got, name) is not None or value.strip().casefold() in ("", "none")
            else ""
        )
    assert said.startswith(f"study: {name}=")


@pytest.mark.real_data
def test_every_group_a_declaration_promises_is_in_the_loaded_tables(
    real_source: Callable[[str], Dataset],
) -> None:
    data = real_source("chicago_2000_2016")
    promised = capabilities.groups(read_source(notebooks_dir().parent / "data" / "chicago_2000_2016"))
    assert set(promised) <= set(data.cases.columns) | set(data.allegations.columns)
    assert {"category", "beat", "officer_race"} <= set(promised)


def test_a_mix_held_alike_is_a_column_known_before_the_end() -> None:
    study = registry.get("who_is_disciplined")
    assert "Did you mean 'category'?" in refused(study, {"alike": "categroy"})
    assert "by how they end" in refused(study, {"alike": "finding"})
    registry.check(study, {"alike": "none"})


def test_the_line_between_lighter_and_heavier_is_a_sanction() -> None:
    study = registry.get("does_delay_lighten")
    assert "Did you mean 'suspension'?" in refused(study, {"heavier": "suspention"})
    assert "no such penalty" in refused(study, {"heavier": "none"})
    assert "heavier" in study.parameters.model_validate({"heavier": "dismissal"}).literals()


@pytest.mark.parametrize("source", source_names())
def test_a_study_that_a_source_is_said_to_answer_is_not_refused_as_it_comes(source: str) -> None:
    """A default that a source has no column for must not stop the report of all its studies."""
    declared = declared_source(source)
    for study in registry.STUDIES.values():
        if registry.why_not(study, source, declared) is None:
            registry.check(study, {"source": source})


def test_a_default_column_that_a_source_lacks_is_left_out() -> None:
    complete, _ = registry.check(registry.get("who_is_disciplined"), {"source": "generated_districts"})
    assert complete.alike is None
    with pytest.raises(ParameterError, match="no such column"):
        registry.check(registry.get("who_is_disciplined"), {"source": "generated_districts", "alike": "category"})
