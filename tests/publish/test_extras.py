"""What needs an extra that is not installed says which one to install, and nothing else stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accountability import publish
from accountability.cli import main
from accountability.errors import Refusal
from accountability.publish import extras
from accountability.publish.documents import export

STUDY = "how_long_cases_stay_open"
GRID = {"product": {"within_days": [180, 365]}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished report's folder, of which only the record is read before the refusal."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "provenance.json").write_text(
        '{"study": "' + STUDY + '", "parameters": {"source": "synthetic"}, "tables": [], "failure": null}'
    )
    return folder


NEEDED: dict[str, Callable[[Path], object]] = {
    "lab": lambda made: publish.source_form("springfield", [made / "complaints.csv"]),
    "documents": lambda made: export(made, "pdf", made / "out"),
    "dask": lambda made: publish.sweep(STUDY, GRID, made / "out", executor="dask", scheduler="tcp://localhost:9"),
}


@pytest.mark.parametrize("extra", extras.EXTRAS)
def test_the_refusal_names_the_extra_and_the_line_that_installs_it(
    extra: str, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(Refusal, match=rf"pip install 'accountability\[{extra}\]'"):
        NEEDED[extra](made)
    assert not (made / "out").exists()


@pytest.mark.parametrize(
    ("extra", "words"), [("lab", ["lab"]), ("documents", ["export", "REPORT", "--to", "pdf", "--out", "OUT"])]
)
def test_the_command_says_it_with_status_2(
    extra: str, words: list[str], made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    places = {"REPORT": str(made), "OUT": str(made / "out")}
    monkeypatch.setattr("sys.argv", ["accountability", *(places.get(word, word) for word in words)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert f"pip install 'accountability[{extra}]'" in capsys.readouterr().err
