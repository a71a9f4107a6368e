"""Two releases of one synthetic agency, with late recording and known changes of records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml

from accountability.synthetic import BUNDLED_SEED, Agency, Design, agency
from accountability.synthetic.release import PENDING
from accountability.synthetic.source_files import HEADER, write

NAMES: Final = ("generated_2019", "generated_2021")
LAST_DAYS: Final = (date(2019, 6, 30), date(2021, 6, 30))
#: What is planted: mean days (exponential) until a closing is recorded; days by which closings of complaints received
#: before 2016 moved earlier, when the day of approval gave way to the day of the decision; a word that was replaced;
#: complaints that went, closings taken back, findings revised.
LAG_DAYS: Final = 60.0
RULE: Final[dict[str, Any]] = {"received_before": "2016-01-01", "days": 21}
RENAMED: Final = ("Oversight office", "Civilian oversight office")
PLANTED: Final = {"gone": 6, "closings_taken_back": 5, "findings_revised": 15}


def looks(complaints: int = 1500, seed: int = BUNDLED_SEED) -> tuple[Agency, Agency]:
    """Generate the releases of June 2019 and June 2021 of an agency.

    Parameters
    ----------
    complaints, seed : int
        As for :func:`accountability.synthetic.agency`.

    Returns
    -------
    tuple of Agency
        The older release and the newer. The true values are those of the agency without a lag.
    """
    made = agency(complaints, seed, replace(Design(), observed_until=LAST_DAYS[1]))
    rng = np.random.default_rng([seed, 3])
    held = made.complaints
    closed = pd.to_datetime(held["closed_date"].replace("", None))
    recorded = closed + pd.to_timedelta(rng.exponential(LAG_DAYS, len(held)).astype(int), unit="D")
    seen = [(recorded <= pd.Timestamp(day)).to_numpy(copy=True) for day in LAST_DAYS]
    order = rng.permutation(np.flatnonzero(seen[0]))
    gone, back, revised = np.split(order[: sum(PLANTED.values())], np.cumsum(list(PLANTED.values()))[:-1])
    approved = closed + pd.Timedelta(days=RULE["days"])
    ruled = (held["received_date"] < RULE["received_before"]) & (approved <= pd.Timestamp(LAST_DAYS[0]))
    first = replace(
        _look(made, seen[0], (held["received_date"] <= LAST_DAYS[0].isoformat()).to_numpy(), LAST_DAYS[0]),
        design=replace(made.design, received_to=LAST_DAYS[0], observed_until=LAST_DAYS[0]),
    )
    days = approved.dt.strftime("%Y-%m-%d").where(ruled, held["closed_date"])
    day = first.complaints["complaint_id"].map(pd.Series(days.to_numpy(), held["complaint_id"].to_numpy()))
    first.complaints["closed_date"] = first.complaints["closed_date"].where(first.complaints["closed_date"] == "", day)
    seen[1][back] = False
    kept = np.ones(len(held), bool)
    kept[gone] = False
    last = _look(made, seen[1], kept, LAST_DAYS[1])
    last.complaints["investigated_by"] = last.complaints["investigated_by"].replace(*RENAMED)
    again = last.accused["complaint_id"].isin(held["complaint_id"].iloc[revised])
    last.accused["finding"] = last.accused["finding"].mask(again, "POLICY")
    return first, last


def _look(made: Agency, seen: np.ndarray, kept: np.ndarray, day: date) -> Agency:
    """What is shown of some complaints on a day: a closing that is not recorded is open, its findings pending."""
    ids = made.complaints["complaint_id"]
    complaints = made.complaints[kept].reset_index(drop=True)
    complaints["closed_date"] = complaints["closed_date"].where(seen[kept], "")
    accused = made.accused[made.accused["complaint_id"].isin(ids[kept])].reset_index(drop=True)
    still_open = ~accused["complaint_id"].isin(ids[seen])
    accused["finding"] = accused["finding"].mask(still_open, PENDING)
    for column in ("recommended_discipline", "final_discipline"):
        accused[column] = accused[column].mask(still_open, "")
    steps = made.steps[made.steps["complaint_id"].isin(ids[kept]) & (made.steps["date"] <= day.isoformat())]
    ended = ~steps["step"].isin(["OPENED", "PAUSED", "RESUMED"]) & ~steps["complaint_id"].isin(ids[seen])
    return replace(made, complaints=complaints, accused=accused, steps=steps[~ended].reset_index(drop=True))


def write_pair(folder: Path | str) -> list[Path]:
    """Write both releases below a folder; the newer declares ``like:`` and only differences.

    Parameters
    ----------
    folder : Path or str
        For instance ``data``.

    Returns
    -------
    list of Path
        The folders of the sources ``generated_2019`` and ``generated_2021``.
    """
    places = [write(made, Path(folder) / name) for made, name in zip(looks(), NAMES, strict=True)]
    said: list[dict[str, Any]] = []
    for place, day in zip(places, LAST_DAYS, strict=True):
        one = yaml.safe_load((place / "source.yaml").read_text(encoding="utf-8"))
        one["title"] = f"GENERATED agency (no real complaints), as released in {day:%B %Y}"
        one["card"]["traps"].insert(0, "Closings are recorded late, as planted: days later, exponential, mean 60.")
        said.append(one)
    said[1] = {"source": NAMES[1], "like": NAMES[0]} | _differs(said[1], said[0])
    for place, one in zip(places, said, strict=True):
        text = HEADER + yaml.safe_dump(one, sort_keys=False, allow_unicode=True, width=110)
        (place / "source.yaml").write_text(text, encoding="utf-8")
        (place / "README.md").write_text(_NOTE.format(name=place.name, day=one["card"]["observed_until"]), "utf-8")
    (places[1] / "codebook.yaml").unlink()
    return places


def _differs(own: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """What one declaration says otherwise than another with the same keys."""
    made = {}
    for key, value in own.items():
        if value != base.get(key):
            inside = isinstance(value, dict) and isinstance(base.get(key), dict)
            made[key] = _differs(value, base[key]) if inside else value
    return made


_NOTE: Final = """# {name}: a release of a generated agency

**Generated data. No real person, agency or complaint.** One of two releases of an agency drawn by
`accountability.synthetic` (as known on {day}), so that what changes from release to release can be tried without real
records. Closings are recorded late; what is planted stands in `accountability/synthetic/release_pair.py`.

```sh
python -c 'from accountability.synthetic.release_pair import write_pair; write_pair("data")'
accountability releases {name}
```
"""
