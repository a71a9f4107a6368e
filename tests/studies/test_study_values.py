"""Every number and every point drawn of every study, at three sets of parameters, against values kept.

nbval compares what a stored notebook shows, as text. This compares what the studies hand on, as numbers: tables,
scalars and figures' data, at parameters the stored notebooks were not run at.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import finding_rules
import pandas as pd
import pytest
import study_values
from conftest import full
from study_values import DEFAULT, REFERENCE, condensed, finding_of, reference, run, sets_of

from accountability import publish
from accountability.publish.compare_reports import compare, texts_agree
from accountability.publish.finished import Held
from accountability.remembered import remembering
from accountability.studies import registry

# Numbers are kept in full; this is what other versions of the libraries and other processors may change.
RELATIVE = 1e-6
NOTHING = 1e-9
# What a study gives as it comes, its stored notebook proves in `make test`; there, one of the two other sets of every
# second study is run (the explorer's tests take the others).
ALL = [
    (study, name)
    for study in registry.STUDIES
    for name in (list(sets_of(study)) if full() else list(sets_of(study))[1:2])
]


def near(found: str, kept: str) -> bool:
    try:
        one, other = float(found), float(kept)
    except ValueError:
        return texts_agree(found, kept, RELATIVE)
    return abs(one - other) <= max(RELATIVE * max(abs(one), abs(other)), NOTHING)


def differing(found: pd.Series, kept: pd.Series) -> list[str]:
    """What is not as it was kept, one line a value."""
    lines = [f"{address}: was {kept[address]!r}, is gone" for address in kept.index if address not in found.index]
    lines += [f"{address}: is new, {found[address]!r}" for address in found.index if address not in kept.index]
    return lines + [
        f"{address}: was {kept[address]!r}, is {found[address]!r}"
        for address in kept.index
        if address in found.index and not near(found[address], kept[address])
    ]


@pytest.mark.parametrize(("study", "name"), ALL, ids=[f"{study}-{name}" for study, name in ALL])
def test_a_study_hands_on_the_numbers_it_did(study: str, name: str, tmp_path: Path) -> None:
    kept = reference(study)
    kept = kept[kept["set"] == name].set_index("address")["value"]
    assert len(kept), f"no values are kept of {study} at {name}: run `python tests/study_values.py {study}`"
    with remembering():  # as in a report; the values were kept without, as a notebook is run in JupyterLab
        made = run(study, sets_of(study)[name], tmp_path)
    lines = differing(condensed(made), kept)
    assert finding_rules.faults(finding_of(tmp_path)) == []
    more = [f"… and {len(lines) - 20:,} more"] if len(lines) > 20 else []
    assert not lines, "\n".join([*lines[:20], *more, "if meant: `python tests/study_values.py`, and read the diff"])


def test_a_report_made_by_a_kernel_holds_the_same(tmp_path: Path) -> None:
    page = publish.run("were_deadlines_met", "synthetic", out=tmp_path / "reports")
    here = run("were_deadlines_met", {}, tmp_path / "here")
    found = compare(page, here, tolerance=0)
    assert found.equal, found.table.to_string()
    assert {held.kind for held in study_values.tables(page)} == {"table", "figure"}


def test_nothing_is_kept_of_studies_that_are_no_more() -> None:
    assert {path.stem for path in REFERENCE.glob("*.csv")} <= set(registry.STUDIES)


@pytest.mark.parametrize("study", registry.STUDIES)
def test_three_sets_of_parameters_give_three_sets_of_numbers(study: str) -> None:
    kept = reference(study)
    assert list(dict.fromkeys(kept["set"])) == list(sets_of(study))
    assert DEFAULT in sets_of(study)
    held = {name: frozenset(zip(rows["address"], rows["value"], strict=True)) for name, rows in kept.groupby("set")}
    assert len(set(held.values())) == 3
    said = kept[kept["address"].isin(["finding/answer", "finding/setting"])].groupby("set")["value"].agg(" ".join)
    assert said.nunique() == 3, "two sets of parameters share a headline"
    assert any(address.startswith("figure:") for address in kept["address"])


# ---- the comparison itself -------------------------------------------------------------------------------------

LONG = pd.DataFrame({"day": [str(day) for day in range(100)], "open": [str(1 / (1 + day)) for day in range(100)]})


def kept_of(cells: pd.DataFrame) -> pd.Series:
    return pd.concat(study_values._condensed(Held("table", "curve", cells)))


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (lambda cells: cells.assign(open=[str(float(n) * 1.01) for n in cells["open"]]), "curve/0/open"),
        (lambda cells: cells.assign(open=cells["open"].where(cells["day"] != "57", "0.02")), "curve/sum/open"),
        (lambda cells: cells.assign(open=[*cells["open"][1::-1], *cells["open"][2:]]), "curve/sum by place/open"),
        (lambda cells: cells[cells["day"] != "57"], "curve/rows"),
        (lambda cells: cells.rename(columns={"open": "closed"}), "curve/columns"),
    ],
)
def test_a_fault_anywhere_in_a_long_table_is_seen(fault, seen: str) -> None:
    lines = differing(kept_of(fault(LONG)), kept_of(LONG))
    assert any(line.startswith(f"{seen}:") for line in lines), lines
    assert not differing(kept_of(LONG), kept_of(LONG))


def test_a_tenth_of_a_millionth_is_no_difference_and_ten_millionths_are() -> None:
    kept = pd.Series({"t/a/n": "0.25", "t/a/reads": "125 (119 to 134)", "t/a/none": ""})
    assert not differing(kept.replace("0.25", "0.250000025"), kept)
    assert differing(kept.replace("0.25", "0.2500025"), kept)
    assert differing(kept.replace("125 (119 to 134)", "125 (119 to 135)"), kept)
    assert differing(kept.replace("", "0"), kept)


def test_a_swapped_label_in_a_notebook_turns_the_comparison_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "were_deadlines_met.ipynb"
    shutil.copy(study_values.ROOT / "notebooks" / path.name, path)
    text = path.read_text(encoding="utf-8")
    assert text.count('keep(\\"no_pauses\\", unpaused.table') == 1
    path.write_text(text.replace('keep(\\"no_pauses\\", unpaused.table', 'keep(\\"no_pauses\\", verdict.table'))
    monkeypatch.setattr(study_values, "ROOT", tmp_path)
    kept = reference("were_deadlines_met")
    kept = kept[kept["set"] == DEFAULT].set_index("address")["value"]
    lines = differing(condensed(run("were_deadlines_met", {}, tmp_path / "kept")), kept)
    assert lines
    assert all(line.startswith("no_pauses/all/") for line in lines)
