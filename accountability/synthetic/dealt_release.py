"""A generated agency whose investigators differ as planted, and whose complaints they are dealt by lot within cells.

Investigators are drawn after the complaints: within a cell (body, year, category), one is as likely as the exponential
of its effects on what became of the complaint. By Bayes' rule that is the agency in which complaints fall to
investigators by lot and each then raises the log odds of a slow file and of a sustained finding by its effects. So the
agency itself stays as :func:`accountability.synthetic.agency` makes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import yaml

from accountability.synthetic import BUNDLED_SEED, Agency, agency
from accountability.synthetic.release import FINDING_CODES
from accountability.synthetic.source_files import HEADER, number, write

NAME: Final = "generated_investigators"
SLOW_DAYS: Final = 180
#: Standard deviations of investigators' effects on the log odds, and investigators of each body.
PLANTED: Final = (0.7, 0.5)
HANDS: Final = 12
#: Complaints without an investigator on record, and with two.
NONE, TWO = 30, 20


@dataclass(frozen=True, slots=True, eq=False)
class Dealt:
    """A generated agency with its investigators.

    Attributes
    ----------
    agency : Agency
    investigators : DataFrame
        ``complaint_id, investigator_id``, a row an investigator of a complaint.
    spread : tuple of float
        Standard deviation of the effects on the shares slow and sustained, exactly, over cells of body, year and
        category.
    """

    agency: Agency
    investigators: pd.DataFrame
    spread: tuple[float, float]


def dealt(complaints: int = 3000, seed: int = BUNDLED_SEED, planted: tuple[float, float] = PLANTED) -> Dealt:
    """Generate an agency and deal its complaints to investigators.

    Parameters
    ----------
    complaints, seed : int
        As for :func:`accountability.synthetic.agency`.
    planted : tuple of float
        Standard deviations of the effects on the log odds of a slow file and of a sustained finding; 0 for none.

    Examples
    --------
    >>> [round(one, 2) for one in dealt(300, planted=(0.0, 0.0)).spread]
    [0.0, 0.0]
    """
    made = agency(complaints, seed)
    rng = np.random.default_rng([seed, 5])
    held = made.complaints
    received, closed = (pd.to_datetime(held[f"{name}_date"].replace("", None)) for name in ("received", "closed"))
    end = closed.fillna(pd.Timestamp(made.design.observed_until))
    slow = ((end - received).dt.days > SLOW_DAYS).to_numpy(dtype=float)
    upheld = held["complaint_id"].isin(made.accused.loc[made.accused["finding"] == FINDING_CODES[0], "complaint_id"])
    ended = np.stack([slow, upheld.to_numpy(dtype=float)], axis=1)
    bodies = sorted(held["investigated_by"].unique())
    effect = rng.normal(size=(len(bodies), HANDS, 2)) * planted
    hand = np.zeros(len(held), np.int64)
    moved = np.zeros((len(bodies), HANDS, 2))
    cell = held.groupby(["investigated_by", received.dt.year, "complaint_type"]).ngroup().to_numpy()
    for rows in (np.flatnonzero(cell == one) for one in range(cell.max() + 1)):
        body = bodies.index(held["investigated_by"].iloc[rows[0]])
        weight = np.exp(ended[rows] @ effect[body].T)  # complaints by hands
        chance = weight / weight.sum(axis=0)  # so that each hand is expected to have about as many
        chance /= chance.sum(axis=1, keepdims=True)
        by_hand = chance / chance.sum(axis=0)
        moved[body] += len(rows) * (by_hand.T @ ended[rows] - ended[rows].mean(axis=0))
        hand[rows] = body * HANDS + (rng.random((len(rows), 1)) > chance.cumsum(axis=1)).sum(axis=1).clip(max=HANDS - 1)
    total = np.array([(held["investigated_by"] == name).sum() for name in bodies], dtype=float)
    moved = moved / total[:, None, None]
    centred = moved - moved.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1).T @ total / total.sum() * HANDS / (HANDS - 1))
    code = rng.permutation(len(bodies) * HANDS) + 1
    listed = pd.DataFrame(
        {"complaint_id": held["complaint_id"], "investigator_id": [f"I{code[one]:03d}" for one in hand]}
    )
    struck = rng.permutation(len(listed))[: NONE + TWO]
    second = listed.iloc[np.sort(struck[NONE:])].assign(investigator_id="I000")
    kept = listed[~np.isin(np.arange(len(listed)), struck[:NONE])]
    both = pd.concat([kept, second]).sort_index(kind="stable").reset_index(drop=True)
    return Dealt(made, both, (float(spread[0]), float(spread[1])))


def write_dealt(folder: Path | str) -> Path:
    """Write the agency below a folder as source ``generated_investigators``.

    Parameters
    ----------
    folder : Path or str
        For instance ``data``.
    """
    made = dealt()
    place = Path(folder) / NAME
    (place / "investigators.csv").unlink(missing_ok=True)
    write(made.agency, place)
    content = made.investigators.to_csv(index=False, lineterminator="\n")
    (place / "investigators.csv").write_text(content, encoding="utf-8")
    said = yaml.safe_load((place / "source.yaml").read_text(encoding="utf-8"))
    said["title"] = "GENERATED agency (no real complaints) whose investigators differ as planted"
    said["card"]["row_is"] += "; one investigator of one complaint (investigators file)"
    said["card"]["traps"].insert(
        1, "Complaints fall to investigators by lot within body, year and category, as planted."
    )
    said["files"]["investigators"] = {
        "path": "investigators.csv",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "bytes": len(content.encode()),
        "rows": len(made.investigators),
        "table": "investigators",
        "columns": {
            "complaint_id": {"to": "case_id"},
            "investigator_id": {"to": "investigator_id", "pseudonym": True},
        },
    }
    text = HEADER + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=110)
    (place / "source.yaml").write_text(text, encoding="utf-8")
    truth = pd.read_csv(place / "truth.csv", dtype=str, keep_default_na=False)
    planted = pd.DataFrame(
        [
            (
                "investigator_spread",
                name,
                number(value),
                "share",
                f"Standard deviation of investigators' effects, {words}",
            )
            for name, value, words in zip(
                ("slow", "sustained"),
                made.spread,
                (f"share open more than {SLOW_DAYS} days.", "share sustained."),
                strict=True,
            )
        ],
        columns=truth.columns,
    )
    both = pd.concat([truth, planted], ignore_index=True)
    (place / "truth.csv").write_text(both.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    (place / "README.md").write_text(_NOTE.format(name=NAME), encoding="utf-8")
    return place


_NOTE: Final = """# {name}: a generated agency whose investigators differ

**Generated data. No real person, agency or complaint.** Drawn by `accountability.synthetic`; investigators differ
in how many of their complaints stay open more than 180 days and in how many they sustain, as planted (`truth.csv`,
quantity `investigator_spread`). A few complaints have no investigator on record, or two.

```sh
python -c 'from accountability.synthetic.dealt_release import write_dealt; write_dealt("data")'
accountability run does_it_matter_who_investigates --source {name}
```
"""
