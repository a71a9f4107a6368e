"""Exercises of the closed-case trap: a student's own agency, an unlabelled release, and the answers."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from accountability import delay, synthetic
from accountability.classroom.lessons import own_data
from accountability.classroom.lessons.own_data import Files, Own
from accountability.records.dataset import Dataset
from accountability.study import clocks
from accountability.synthetic.release import window_start

LESSON: Final = "the_closed_case_trap"
COMPLAINTS: Final = 5000
#: The earlier day of an exercise.
EARLY: Final = "2017-01-31"
#: Rules an unlabelled release may follow: those that a look at whether open complaints are there does not give away.
SUBTLE: Final = ("trailing_window", "sustained_only", "months_only", "status_only")


@dataclass(frozen=True, eq=False, repr=False)
class OwnReleases:
    """The data of a student.

    Attributes
    ----------
    everything : Dataset
        Every complaint the agency received, open or closed.
    unlabelled : DataFrame
        Another release of the same agency, as text, without a card: ``complaint``, ``received``, ``closed``,
        ``state``, ``finding``.
    """

    everything: Dataset
    unlabelled: pd.DataFrame


def _taken(files: Files) -> OwnReleases:
    kept = {name: content for name, content in files.items() if name != "unlabelled.csv"}
    table = pd.read_csv(io.BytesIO(files["unlabelled.csv"]), dtype="str", keep_default_na=False)
    return OwnReleases(own_data.loaded(kept), table)


def _drawn(seed: int) -> tuple[Files, synthetic.Agency, str]:
    made = synthetic.agency(COMPLAINTS, seed, synthetic.Design().varied(seed))
    rule = SUBTLE[int(np.random.default_rng([seed, 5]).integers(len(SUBTLE)))]
    table = _unlabelled(made, rule)
    files = own_data.source_of(made)
    return {**files, "unlabelled.csv": table.to_csv(index=False, lineterminator="\n").encode()}, made, rule


def _unlabelled(made: synthetic.Agency, rule: str) -> pd.DataFrame:
    """One table of the complaints that a rule lets out, with what it says of them."""
    held = made.complaints
    sustained = made.accused["finding"].eq("SUS").groupby(made.accused["complaint_id"]).any()
    closed = held["closed_date"].ne("")
    finding = np.where(held["complaint_id"].map(sustained).fillna(False).astype(bool), "sustained", "not sustained")
    table = pd.DataFrame(
        {
            "complaint": held["complaint_id"],
            "received": held["received_date"],
            "closed": held["closed_date"],
            "state": np.where(closed, "closed", "pending"),
            "finding": np.where(closed, finding, ""),
        }
    )
    if rule == "trailing_window":
        return table[table["received"] >= window_start(made.design).isoformat()]
    if rule == "sustained_only":
        return table[table["finding"] == "sustained"]
    if rule == "months_only":
        return table.assign(received=table["received"].str[:7], closed=table["closed"].str[:7])
    return table.assign(closed="", finding="")


own = own_data.reader(LESSON, lambda seed: _drawn(seed)[0], _taken)


def make(seed: int) -> Own:
    """Generate the releases of one seed, and their key."""
    files, made, rule = _drawn(seed)
    everything = _taken(files).everything
    days = made.latent["days"].to_numpy()
    received, incident = (pd.to_datetime(made.complaints[f"{what}_date"]) for what in ("received", "incident"))
    closed = pd.to_datetime(made.complaints["closed_date"], errors="coerce")
    early, from_incident = pd.Timestamp(EARLY), days + (received - incident).dt.days.to_numpy()
    soon, by_then = (received <= early).to_numpy(), (closed <= early).to_numpy()
    done, last_years = closed.notna().to_numpy(), (received >= pd.Timestamp(window_start(made.design))).to_numpy()
    spells = {
        "received": clocks.durations(everything),
        "early": clocks.durations(everything, cutoff=EARLY),
        "incident": clocks.durations(everything, start="incident"),
    }
    counted = {name: float(delay.closing_curve(one).median()["estimate"].item()) for name, one in spells.items()}
    so_far = np.where(by_then, days, (early - received).dt.days)
    missing = float((~done).mean())
    return Own(
        files=files,
        right={
            "median_all": (counted["received"], float(np.median(days))),
            "share_not_published": (missing,),
            "closed_early": (float(np.median(days[by_then])),),
            "counted_early": (counted["early"], float(np.median(days[soon]))),
            "from_incident": (counted["incident"], float(np.median(from_incident))),
            "rule_unlabelled": (rule,),
        },
        mistakes={
            "median_all": {
                "the median of the closed complaints alone, without the open ones": float(np.median(days[done])),
                "a mean in the place of a median": float(days[done].mean()),
                "the median of the last years' closed complaints": float(np.median(days[done & last_years])),
                "days counted from the incident": counted["incident"],
            },
            "share_not_published": {
                "the share that is published": 1 - missing,
                "open complaints over closed ones, not over all": missing / (1 - missing),
                "a percentage in the place of a share": 100 * missing,
            },
            "closed_early": {
                "the median of all that closed until the end of the release": float(np.median(days[done])),
                "the median with the open ones counted": counted["early"],
                "complaints received by that day, but closed after it, too": float(np.median(days[done & soon])),
                "a mean in the place of a median": float(days[by_then].mean()),
            },
            "counted_early": {
                "the median of those that had closed, without the open ones": float(np.median(days[by_then])),
                "the days of the open ones taken as if they had closed on that day": float(np.median(so_far[soon])),
                "the median of all that closed until the end of the release": float(np.median(days[done])),
            },
            "from_incident": {
                "days counted from the receipt": counted["received"],
                "the closed complaints alone, without the open ones": float(np.median(from_incident[done])),
                "a mean in the place of a median": float(from_incident[done].mean()),
            },
            "rule_unlabelled": {
                "taken for complete, because open complaints are in it": "everything",
                "taken for all closed ones, because no open complaint is in it": "closed_only",
            },
        },
    )
