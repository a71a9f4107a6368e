"""The published figures of the procedural justice training, to the printed digit, and what that costs."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from conftest import real_data_folder

from accountability import reforms

SHORT = {"cs": "callaway_santanna", "sa": "sun_abraham"}
COLUMN = {"": "estimate", "se": "std_error", "se_neyman": "neyman_error"}


def _published() -> pd.DataFrame:
    path = real_data_folder() / "chicago_training" / "published_values.csv"
    return pd.read_csv(path).set_index("id") if path.is_file() else pd.DataFrame({"value": [], "tolerance": []})


@pytest.fixture(scope="module")
def kept() -> pd.DataFrame:
    path = real_data_folder() / "chicago_training" / "officer_months.csv.gz"
    if not path.is_file():
        pytest.skip("the real extracts are not on this machine (set ACCOUNTABILITY_REAL_DATA)")
    return pd.read_csv(path)


def panel_of(kept: pd.DataFrame) -> reforms.Panel:
    return reforms.panel_from_frame(
        kept, ["complaints"], unit="uid", period="period", cohort="first_trained", per="officer"
    )


@pytest.fixture(scope="module")
def ours(kept: pd.DataFrame) -> dict[str, float]:
    """Every published figure as we have it, by its published name."""
    panel, found = panel_of(kept), {}
    for short in ("efficient", "cs", "sa"):
        for target in ("simple", "cohort", "calendar"):
            effect = reforms.rollout_effect(panel, "complaints", target=target, estimator=SHORT.get(short, short))
            row = effect.table.iloc[0]
            found |= {".".join(filter(None, (short, target, name))): row[column] for name, column in COLUMN.items()}
    months = reforms.rollout_months(panel, "complaints", before=0, after=5).table
    found |= {f"efficient.event.{row.event_time}": row.estimate for row in months.itertuples()}
    return found


@pytest.mark.real_data
def test_every_published_figure_is_ours_to_the_printed_digit(ours: dict[str, float]) -> None:
    published = _published()
    apart = {
        name: (row["value"], ours[name])
        for name, row in published.iterrows()
        if abs(ours[name] - row["value"]) > row["tolerance"]
    }
    assert len(published) == 18
    assert apart == {}


@pytest.mark.real_data
def test_half_a_million_rows_take_at_most_three_seconds(kept: pd.DataFrame) -> None:
    assert len(kept) == 560_520
    begun = time.process_time()
    reforms.rollout_effect(panel_of(kept), "complaints")
    assert time.process_time() - begun <= 3
